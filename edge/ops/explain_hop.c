/*
 * explain_hop.c: where it would go, and what would be changed on the way.
 */
#include "explain_room.h"

#include "policy/boundary.h"

#define HOP(w, name, ...) explain_say(w, EXPLAIN_HOP, name, __VA_ARGS__)

static void say_server(struct walk *w, const char *name,
		       const struct host_port *h)
{
	if (h->port)
		HOP(w, name, "%s:%u", h->host, h->port);
	else
		HOP(w, name, "%s", h->host);
}

/* A registered caller is served by its own home. */
static bool is_callers(const struct facts *f)
{
	for (size_t i = 0; i < f->origin.whos; i++)
		if (f->origin.who[i] == f->from_who)
			return true;
	return false;
}

/* As proxy/redirect chooses them when nothing is remembered yet. */
static void say_home(struct walk *w)
{
	const struct settings *s = w->ask->settings;
	const struct facts *f = &w->facts;
	struct slice domain = f->method != METHOD_REGISTER && is_callers(f)
				      ? f->from.host
				      : f->ruri.host;

	if (s->directors.n) {
		HOP(w, "home",
		    "the home remembered for the address; else a "
		    "director");
		for (size_t i = 0; i < s->directors.n; i++)
			say_server(w, "director", &s->directors.v[i]);
		return;
	}
	for (size_t i = 0; i < s->domain_homes; i++) {
		if (!slice_same_host(slice_of(s->domain_home[i].domain),
				     domain))
			continue;
		say_server(w, "home", &s->domain_home[i].home);
		return;
	}
	for (size_t i = 0; i < s->home_servers.n; i++)
		say_server(w, "home", &s->home_servers.v[i]);
}

static void say_partner(struct walk *w)
{
	const struct settings *s = w->ask->settings;
	const struct partner_settings *partner = NULL;
	struct slice domain = w->facts.ruri.host;

	switch (federation_way(&partner, s, domain)) {
	case WAY_PROXY:
		say_server(w, "partner", &partner->proxy);
		break;
	case WAY_SERVICE:
		HOP(w, "partner",
		    "the targets of SRV _sipfederationtls._tcp.%.*s, else "
		    "_sips._tcp.%.*s",
		    SLICE_ARG(domain), SLICE_ARG(domain));
		if (s->federation.route.host)
			say_server(w, "without SRV", &s->federation.route);
		break;
	case WAY_ROUTE:
		say_server(w, "default route", &s->federation.route);
		break;
	default:
		/* Inside a dialog its token leads there. */
		HOP(w, "partner",
		    "the connection that the dialog's token "
		    "names");
		return;
	}
	HOP(w, "must prove", "%.*s", SLICE_ARG(domain));
}

static void say_device(struct walk *w)
{
	const struct settings *s = w->ask->settings;
	struct slice aor = slice_of(w->facts.ruri_aor);

	for (size_t i = 0; i < s->devices; i++) {
		const struct device_settings *d = &s->device[i];

		if (!settings_device_is(d, aor))
			continue;
		HOP(w, "device", "%s, by its connection%s%s", d->name,
		    d->contact ? ", else " : "", d->contact ? d->contact : "");
		return;
	}
}

void explain_hop(struct walk *w, const struct verdict *v)
{
	if (v->kind != VERDICT_FORWARD)
		return;
	switch (v->to) {
	case TO_HOME:
		say_home(w);
		break;
	case TO_HOP:
		HOP(w, "inside", "the server sealed in the Route");
		break;
	case TO_FLOW:
		HOP(w, "flow", "worker %u, connection %u",
		    (unsigned)(w->facts.token.conn >> 56),
		    (unsigned)(w->facts.token.conn >> 32) & 0xffffff);
		break;
	case TO_DEVICE:
		say_device(w);
		break;
	case TO_PARTNER:
		say_partner(w);
		break;
	case TO_SELF:
		HOP(w, "edge", "the edge answers it");
		break;
	case TO_NOWHERE:
		break;
	}
}

/* The party outside. A flow's owner is taken for a user: a token does not say
 * what its connection is. */
static enum peer_class far_of(const struct walk *w, const struct verdict *v)
{
	if (w->facts.origin.peer != PEER_SERVER)
		return w->facts.origin.peer;
	if (v->to == TO_PARTNER)
		return PEER_PARTNER;
	return v->to == TO_DEVICE ? PEER_DEVICE : PEER_USER;
}

static const char *act_word(enum boundary_act act, bool spared)
{
	switch (act) {
	case BOUNDARY_KEEP:
		return NULL;
	case BOUNDARY_DROP:
		return spared ? "kept: its domain was proved" : "removed";
	case BOUNDARY_REWRITE:
		return "rewritten";
	case BOUNDARY_ADD:
		return spared ? "kept: its domain was proved"
			      : "removed, ours takes its place";
	}
	return NULL;
}

static struct slice line_name(const struct frame *f, unsigned i)
{
	struct slice s = {.p = f->bytes.p + f->line[i].start,
			  .n = f->line[i].end - f->line[i].start};
	size_t colon = slice_index(s, ':');

	if (colon != SIZE_MAX)
		s.n = colon;
	return slice_trim(s);
}

static void say_lines(struct walk *w, enum boundary_way way,
		      enum peer_class far, uint64_t spare)
{
	const struct frame *f = &w->frame;

	for (unsigned i = 0; i < f->lines; i++) {
		enum field field = f->line[i].field;
		const char *what = act_word(boundary_act(way, far, field),
					    spare & FIELD_BIT(field));

		/* say_always() has told its number. */
		if (what && field != FIELD_MAX_FORWARDS)
			explain_tell(w, EXPLAIN_CHANGE, line_name(f, i),
				     slice_of(what));
	}
}

/* "Name: value CRLF" lines that the edge adds. */
static void say_added(struct walk *w, struct slice lines)
{
	while (lines.n) {
		size_t end = slice_index(lines, '\n');
		size_t n = end == SIZE_MAX ? lines.n : end + 1;
		struct slice line = {lines.p, n};
		size_t colon = slice_index(line, ':');

		lines.p += n;
		lines.n -= n;
		if (colon == SIZE_MAX)
			continue;
		line.p += colon + 1;
		line.n -= colon + 1;
		line = slice_trim(line);
		explain_say(w, EXPLAIN_CHANGE, "added", "%.*s: %.*s",
			    (int)colon, lines.p - n, SLICE_ARG(line));
	}
}

static void say_asserted(struct walk *w, const struct proof *proof)
{
	struct buf out = {0};

	boundary_assert(&out, w->ask->settings, &w->facts, proof);
	if (!out.failed)
		say_added(w, buf_slice(&out));
	buf_fini(&out);
}

static bool forms_dialog(const struct facts *f)
{
	return !f->to_tag.n &&
	       (f->method == METHOD_INVITE || f->method == METHOD_SUBSCRIBE ||
		f->method == METHOD_REFER || f->method == METHOD_NOTIFY);
}

/* What every request gets (RFC 3261 §16.6, RFC 3327 §5.1). */
static void say_always(struct walk *w, bool inward)
{
	const struct facts *f = &w->facts;

	explain_say(w, EXPLAIN_CHANGE, "added", "Via: ours, its branch signed");
	if (f->max_forwards > 0)
		explain_say(w, EXPLAIN_CHANGE, "Max-Forwards", "%d",
			    f->max_forwards - 1);
	if (f->routes)
		explain_say(w, EXPLAIN_CHANGE, "Route", "ours is taken off%s",
			    inward && f->token.kind == TOKEN_DIALOG
				    ? ", what it seals comes in its place"
				    : "");
	if (f->digest == DIGEST_GOOD)
		explain_say(w, EXPLAIN_CHANGE, "Proxy-Authorization",
			    "left out: it answers a question of ours");
	if (f->method == METHOD_REGISTER)
		explain_say(w, EXPLAIN_CHANGE, "added",
			    "Path: ours, with a token of this connection");
	if (forms_dialog(f))
		explain_say(w, EXPLAIN_CHANGE, "added", "Record-Route: %s",
			    inward ? "ours, one a leg"
				   : "ours, the rest of the set sealed in it");
}

void explain_changes(struct walk *w, const struct verdict *v)
{
	const struct proof *proof = w->proved ? &w->proof : NULL;
	bool inward = w->facts.origin.peer != PEER_SERVER;
	bool passes = v->kind == VERDICT_FORWARD && v->to != TO_SELF;

	if (!passes && !(v->kind == VERDICT_PASS && w->facts.response))
		return;
	if (!passes) {
		say_lines(w, inward ? BOUNDARY_INWARD : BOUNDARY_OUTWARD,
			  far_of(w, v), 0);
		return;
	}
	if (v->to == TO_FLOW)
		explain_say(w, EXPLAIN_NOTE, "headers",
			    "its connection is taken for a user's; a partner "
			    "or a device is shown less");
	if (inward && (w->facts.origin.device ||
		       (proof && proof->kind == PARTNER_DISCOVERED)))
		explain_say(w, EXPLAIN_NOTE, "limits",
			    "how much it asked lately is not known here");
	say_always(w, inward);
	say_lines(w, inward ? BOUNDARY_INWARD : BOUNDARY_OUTWARD, far_of(w, v),
		  inward ? boundary_spare(&w->facts, proof) : 0);
	if (inward)
		say_asserted(w, proof);
}
