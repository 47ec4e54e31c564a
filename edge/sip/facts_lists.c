/*
 * facts_lists.c - Route and Contact values.
 */
#include "facts_private.h"

#include "chars.h"

#include <errno.h>

/* RFC 5626 §5.3: believe only what we signed. */
static enum route_mark mark_token(struct facts *out, struct slice user,
				  const struct facts_self *self)
{
	char scratch[TOKEN_SEALED_MAX];
	bool first = out->token.kind == 0;
	struct token token;
	int error;

	error = token_check(self->pen, &token, user, self->wall_s,
			    self->settings->limits.dialog_token_s,
			    first ? out->sealed : scratch);
	if (error == ETIME)
		return ROUTE_STALE;
	if (error || token.kind == TOKEN_CONTACT)
		return ROUTE_FORGED;
	if (first)
		out->token = token;
	return ROUTE_SIGNED;
}

/* The same token once more holds as it did (double Record-Route). */
static const struct route_facts *same_before(const struct facts *f,
					     struct slice user)
{
	for (unsigned i = 0; i < f->routes; i++) {
		const struct route_facts *r = &f->route[i];

		if (r->mark != ROUTE_FOREIGN && slice_eq(r->uri.user, user))
			return r;
	}
	return NULL;
}

static enum route_mark mark_of(struct facts *out, const struct uri_facts *uri,
			       const struct facts_self *self)
{
	const struct route_facts *before;

	if (!facts_names_us(self, &out->origin, uri))
		return ROUTE_FOREIGN;
	if (uri->user.n == 0)
		return ROUTE_OURS;
	before = same_before(out, uri->user);
	return before ? before->mark : mark_token(out, uri->user, self);
}

/* Sanity read the first one already. */
static int read_route_uri(struct uri_facts *uri, unsigned index,
			  struct slice value, const struct said *s)
{
	struct part_addr addr;

	if (index == 0) {
		*uri = s->route;
		return 0;
	}
	return parts_addr(&addr, value) || facts_uri(uri, addr.uri) ? EBADMSG
								    : 0;
}

static int read_route(struct facts *out, struct slice value,
		      const struct said *s, const struct facts_self *self)
{
	struct route_facts *r = &out->route[out->routes];

	if (out->routes == FACTS_ROUTES_MAX ||
	    read_route_uri(&r->uri, out->routes, value, s))
		return EBADMSG;
	r->value = value;
	r->mark = mark_of(out, &r->uri, self);
	out->routes++;
	return 0;
}

int facts_read_routes(struct facts *out, const struct msg *m,
		      const struct facts_self *self)
{
	int i = said_has(&m->said, FIELD_ROUTE) ? m->said.first[FIELD_ROUTE]
						: -1;

	for (; i >= 0; i = frame_find(m->frame, FIELD_ROUTE, (unsigned)i + 1)) {
		struct slice rest = frame_value(m->frame, (unsigned)i);

		while (rest.p) {
			if (read_route(out, frame_list_next(&rest), &m->said,
				       self))
				return EBADMSG;
		}
	}
	return 0;
}

/* RFC 3261 §25.1: qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )
 * What is none comes last. */
static uint32_t read_q(struct slice s)
{
	uint32_t q, unit = 100;

	if (s.n == 0 || s.n > 5 || (s.p[0] != '0' && s.p[0] != '1') ||
	    (s.n > 1 && s.p[1] != '.'))
		return 0;
	q = (uint32_t)(s.p[0] - '0') * 1000;
	for (size_t i = 2; i < s.n; i++, unit /= 10) {
		if (!char_is(s.p[i], CHAR_DIGIT))
			return 0;
		q += (uint32_t)(s.p[i] - '0') * unit;
	}
	return q > 1000 ? 0 : q;
}

static void know_param(struct contact_facts *c, const struct part_param *p)
{
	if (slice_ieq(p->name, SLICE("q")))
		c->q = read_q(p->value);
	else if (slice_ieq(p->name, SLICE("expires")))
		c->expires = facts_seconds(p->value);
	else if (slice_ieq(p->name, SLICE("+sip.instance")))
		c->instance = p->value;
	else if (slice_ieq(p->name, SLICE("reg-id")))
		c->has_reg_id = true;
}

/* Of a binding the URI is compared, and never followed: its text will do. */
static int read_contact(struct contact_facts *c, struct slice value,
			bool followed)
{
	struct part_param p;
	struct part_addr addr;

	*c = (struct contact_facts){
		.value = value, .q = 1000, .expires = UINT32_MAX};
	if (parts_addr(&addr, value) ||
	    (followed && facts_uri(&c->uri, addr.uri)))
		return EBADMSG;
	c->uri.raw = addr.uri;
	while (parts_param(&addr.params, &p) == 0)
		know_param(c, &p);
	return 0;
}

static int add_contact(struct facts *out, struct slice value)
{
	if (value.n == 1 && value.p[0] == '*') {
		out->contact_star = true;
		return 0;
	}
	/* An answer may list more bindings than anybody here asks for. */
	if (out->contacts == FACTS_CONTACTS_MAX)
		return out->response ? 0 : EBADMSG;
	if (read_contact(&out->contact[out->contacts], value,
			 out->method != METHOD_REGISTER || out->status >= 300))
		return EBADMSG;
	out->contacts++;
	return 0;
}

int facts_read_contacts(struct facts *out, const struct msg *m)
{
	int i = said_has(&m->said, FIELD_CONTACT) ? m->said.first[FIELD_CONTACT]
						  : -1;

	for (; i >= 0;
	     i = frame_find(m->frame, FIELD_CONTACT, (unsigned)i + 1)) {
		struct slice rest = frame_value(m->frame, (unsigned)i);

		while (rest.p) {
			if (add_contact(out, frame_list_next(&rest)))
				return EBADMSG;
		}
	}
	return 0;
}
