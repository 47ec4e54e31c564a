/*
 * sanity_lists.c - the steps of sanity_check() that walk lists of values.
 *
 * Each value is read by us, and must be the one that Sofia has at the same
 * place; so the counts are the same too.
 */
#include "sanity_private.h"

#include "chars.h"
#include "views.h"

/* Where we are in the values of one field, over all its lines. */
struct walk {
	const struct frame *f;
	enum field field;
	int line;
	struct slice rest;
};

static struct walk walk_from(const struct msg *m, enum field field)
{
	struct walk w = {.f = m->frame, .field = field, .line = -1};

	if (!said_has(&m->said, field))
		return w;
	w.line = m->said.first[field];
	w.rest = frame_value(m->frame, (unsigned)w.line);
	return w;
}

/* The next value; false at the end. An empty one is a value, a bad one. */
static bool walk_next(struct walk *w, struct slice *value)
{
	if (w->line < 0)
		return false;
	if (!w->rest.p) {
		w->line = frame_find(w->f, w->field, (unsigned)w->line + 1);
		if (w->line < 0)
			return false;
		w->rest = frame_value(w->f, (unsigned)w->line);
	}
	*value = frame_list_next(&w->rest);
	return true;
}

/* RFC 4475 §3.2.1: a cookie with nothing behind it names no transaction. */
static bool empty_branch(const struct msg *m, const struct part_via *via)
{
	return !m->frame->response && slice_eq(via->branch, SLICE("z9hG4bK"));
}

struct fault sanity_vias(struct msg *m, const struct sanity_limits *lim)
{
	struct walk w = walk_from(m, FIELD_VIA);
	const sip_via_t *theirs = m->sip ? m->sip->sip_via : NULL;
	struct part_via via;
	struct slice value;

	while (walk_next(&w, &value)) {
		if (parts_via(&via, value))
			return fault(400, "via-syntax");
		if (m->sip && !views_same_via(&via, theirs))
			return fault(400, "views-differ");
		if (m->said.vias++ == 0)
			m->said.via = via;
		if (m->said.vias > lim->vias)
			return fault(513, "too-many-vias");
		theirs = m->sip ? theirs->v_next : NULL;
	}
	if (theirs)
		return fault(400, "views-differ");
	return empty_branch(m, &m->said.via) ? fault(400, "via-branch") : SOUND;
}

struct fault sanity_top_via(struct msg *m, const struct sanity_limits *lim)
{
	struct slice rest = frame_value(m->frame, m->said.first[FIELD_VIA]);

	(void)lim;
	m->said.vias = 1;
	return parts_via(&m->said.via, frame_list_next(&rest))
		       ? fault(400, "via-syntax")
		       : SOUND;
}

/* RFC 3261 §20.34: a route is a name-addr, never without <>. */
static bool read_route(struct uri_facts *uri, struct slice value)
{
	struct part_addr addr;

	return parts_addr(&addr, value) == 0 && addr.uri.p > value.p &&
	       addr.uri.p[-1] == '<' && facts_uri(uri, addr.uri) == 0;
}

/* One field that holds routes; counts its values. */
static struct fault check_routes(struct msg *m, enum field field,
				 const sip_route_t *theirs, unsigned *count)
{
	struct walk w = walk_from(m, field);
	struct uri_facts uri;
	struct slice value;

	for (*count = 0; walk_next(&w, &value); ++*count) {
		if (!read_route(&uri, value))
			return fault(400, "route-syntax");
		if (field == FIELD_ROUTE && *count == 0)
			m->said.route = uri;
		if (!m->sip)
			continue;
		if (!theirs || !views_same_uri(&uri, theirs->r_url))
			return fault(400, "views-differ");
		theirs = theirs->r_next;
	}
	return theirs ? fault(400, "views-differ") : SOUND;
}

struct fault sanity_routes(struct msg *m, const struct sanity_limits *lim)
{
	static const sip_t unread;
	const sip_t *sip = m->sip ? m->sip : &unread;
	const struct {
		enum field field;
		const sip_route_t *theirs;
	} lists[] = {
		{FIELD_ROUTE, sip->sip_route},
		{FIELD_RECORD_ROUTE, sip->sip_record_route},
		{FIELD_PATH, sip->sip_path},
		{FIELD_SERVICE_ROUTE, sip->sip_service_route},
	};
	struct fault bad;
	unsigned count;

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		bad = check_routes(m, lists[i].field, lists[i].theirs, &count);
		if (bad.rule)
			return bad;
		if (i == 0)
			m->said.routes = count;
		/* RFC 3261 §20.30 sets no bound; each hop adds but a few. */
		if (count > (i == 0 ? lim->routes : lim->vias * 2))
			return fault(400, "too-many-routes");
	}
	return SOUND;
}

/* RFC 3261 §10.2.2: "*" stands for all bindings, in a REGISTER alone. */
static bool good_star(const struct msg *m, struct slice value)
{
	return value.n == 1 && value.p[0] == '*' && !m->frame->response &&
	       facts_method(m->said.method) == METHOD_REGISTER;
}

/* RFC 3261 §20.10 */
static struct fault check_contact(const struct msg *m, struct slice value,
				  const sip_contact_t *theirs)
{
	struct part_addr addr;
	struct uri_facts uri;

	if (good_star(m, value))
		return !m->sip || (theirs && theirs->m_url->url_type == url_any)
			       ? SOUND
			       : fault(400, "views-differ");
	if (parts_addr(&addr, value) || facts_uri(&uri, addr.uri))
		return fault(400, "contact-syntax");
	if (!m->sip)
		return SOUND;
	if (!theirs || !views_same_uri(&uri, theirs->m_url))
		return fault(400, "views-differ");
	return SOUND;
}

struct fault sanity_contacts(struct msg *m, const struct sanity_limits *lim)
{
	struct walk w = walk_from(m, FIELD_CONTACT);
	const sip_contact_t *theirs = m->sip ? m->sip->sip_contact : NULL;
	struct slice value;

	while (walk_next(&w, &value)) {
		struct fault bad = check_contact(m, value, theirs);

		if (bad.rule)
			return bad;
		/* A registrar's answer lists as many as there are. */
		if (++m->said.contacts > lim->contacts && !m->frame->response)
			return fault(400, "too-many-contacts");
		theirs = m->sip ? theirs->m_next : NULL;
	}
	return theirs ? fault(400, "views-differ") : SOUND;
}

/* Append to the line that the answer will carry. */
static bool add_extra(struct msg *m, size_t *n, struct slice s)
{
	if (s.n >= WIRE_EXTRA_MAX - *n)
		return false;
	memcpy(m->extra + *n, s.p, s.n);
	*n += s.n;
	m->extra[*n] = '\0';
	return true;
}

static bool add_tag(struct msg *m, size_t *n, struct slice tag)
{
	bool first = *n == 0;

	return tag.n > 0 && chars_span(tag, CHAR_TOKEN) == tag.n &&
	       add_extra(m, n, first ? SLICE("Unsupported: ") : SLICE(", ")) &&
	       add_extra(m, n, tag);
}

struct fault sanity_proxy_require(struct msg *m,
				  const struct sanity_limits *lim)
{
	struct walk w = walk_from(m, FIELD_PROXY_REQUIRE);
	struct slice tag;
	size_t n = 0;

	(void)lim;
	if (m->frame->response || !said_has(&m->said, FIELD_PROXY_REQUIRE))
		return SOUND;
	while (walk_next(&w, &tag)) {
		if (!add_tag(m, &n, tag))
			return fault(400, "proxy-require-syntax");
	}
	if (!add_extra(m, &n, SLICE("\r\n")))
		return fault(400, "proxy-require-syntax");
	return fault(420, "proxy-require");
}
