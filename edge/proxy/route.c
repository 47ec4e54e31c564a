/*
 * route.c: writes and reads what leads back through the edge.
 */
#include "route.h"

#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>

#define SIPS_PORT 5061

/* The leg address that a device of this family talks to. */
static const union addr *device_address(const struct settings *s,
					enum far_door door)
{
	const struct leg_settings *leg = &s->leg[s->device_leg];
	int family = door == FAR_DEVICE6 ? AF_INET6 : AF_INET;

	for (size_t i = 0; i < leg->addresses; i++)
		if (leg->address[i].sa.sa_family == family)
			return &leg->address[i];
	return &leg->address[0];
}

bool route_to_device(enum far_door door)
{
	return door == FAR_DEVICE4 || door == FAR_DEVICE6;
}

static void add_port(struct buf *out, uint16_t port)
{
	buf_puts(out, ":");
	buf_u64(out, port);
}

/* Devices get an address, for they may know no DNS; all others the FQDN that
 * is in the certificate of the leg. */
static void add_host_port(struct buf *out, const struct settings *s,
			  enum far_door door)
{
	const union addr *a;
	char text[ADDR_TEXT_MAX];

	if (route_to_device(door)) {
		a = device_address(s, door);
		buf_puts(out, a->sa.sa_family == AF_INET6 ? "[" : "");
		buf_puts(out, addr_host_text(a, text));
		buf_puts(out, a->sa.sa_family == AF_INET6 ? "]" : "");
		add_port(out, s->device_port);
		return;
	}
	if (door == FAR_NONE) {
		buf_puts(out, s->leg[LEG_INSIDE].fqdn);
		add_port(out, s->leg[LEG_INSIDE].tls_port);
		return;
	}
	buf_puts(out, s->leg[LEG_OUTSIDE].fqdn);
	add_port(out, door == FAR_USERS ? s->leg[LEG_OUTSIDE].users_port
					: s->leg[LEG_OUTSIDE].tls_port);
}

void route_via(struct buf *out, const struct txn *t, enum far_door door)
{
	buf_puts(out, route_to_device(door) ? "SIP/2.0/TCP " : "SIP/2.0/TLS ");
	add_host_port(out, t->p->w->settings, door);
	buf_puts(out, ";branch=");
	buf_add(out, (struct slice){.p = t->branch, .n = sizeof(t->branch)});
}

void route_contact(struct buf *out, const struct settings *s,
		   enum far_door door, struct slice token, bool sips)
{
	buf_puts(out, sips ? "sips:" : "sip:");
	buf_add(out, token);
	buf_puts(out, token.n ? "@" : "");
	add_host_port(out, s, door);
	buf_puts(out,
		 route_to_device(door) ? ";transport=tcp" : ";transport=tls");
}

/* "<sip:TOKEN@host:port;transport=tls;lr" and what else, and ">". */
static void add_uri(struct buf *out, const struct settings *s,
		    enum far_door door, struct slice token, const char *more)
{
	buf_puts(out, "<");
	route_contact(out, s, door, token, false);
	buf_puts(out, ";lr");
	buf_puts(out, more);
	buf_puts(out, ">");
}

void route_path(struct buf *out, struct proxy *p, const struct flow *f,
		uint64_t who, bool outbound)
{
	struct token t = {
		.kind = TOKEN_FLOW,
		.door = (uint8_t)flow_door(f),
		.conn = f->conn->id,
		.who = who,
		.issued_s = p->w->wall_s,
	};
	char text[TOKEN_MAX];
	size_t n = token_mint(p->pen, &t, text);

	buf_puts(out, "Path: ");
	/* RFC 5626 §5.1: "ob" only when the edge is the first hop. */
	add_uri(out, p->w->settings, FAR_NONE,
		(struct slice){.p = text, .n = n}, outbound ? ";ob" : "");
	buf_puts(out, "\r\n");
}

static size_t mint(const struct txn *t, enum far_door door, struct slice sealed,
		   char *text)
{
	struct token tok = {
		.kind = TOKEN_DIALOG,
		.door = (uint8_t)(door | (t->hides ? FAR_HIDES : 0)),
		.conn = t->far_conn,
		.who = t->far_who,
		.dialog = t->dialog,
		.issued_s = t->p->w->wall_s,
		.sealed = sealed,
	};

	return token_mint(t->p->pen, &tok, text);
}

static void add_record(struct buf *out, const struct settings *s,
		       enum far_door door, struct slice token)
{
	buf_puts(out, "Record-Route: ");
	add_uri(out, s, door, token, "");
	buf_puts(out, "\r\n");
}

/* The token, made once for 18x and 2xx alike. 0 when it cannot be made. */
static size_t seal(struct txn *t, enum far_door door,
		   const struct route_set *set, char *text)
{
	struct buf sealed = {0};
	uint64_t h;
	size_t n;

	buf_add(&sealed, set->hop);
	buf_puts(&sealed, set->contact.n ? "\t" : "");
	buf_add(&sealed, set->contact);
	for (unsigned i = 0; i < set->n; i++) {
		buf_puts(&sealed, "\n");
		buf_add(&sealed, set->route[i]);
	}
	h = hash_bytes((uint64_t)door, buf_slice(&sealed));
	if (t->shown && t->shown_of == h) {
		n = strlen(t->shown);
		memcpy(text, t->shown, n);
	} else {
		n = sealed.failed ? 0 : mint(t, door, buf_slice(&sealed), text);
		free(t->shown);
		t->shown = slice_dup((struct slice){.p = text, .n = n});
		t->shown_of = h;
	}
	buf_fini(&sealed);
	return n;
}

static size_t sealed_size(const struct route_set *set)
{
	size_t n = set->hop.n + set->contact.n + (set->contact.n > 0);

	for (unsigned i = 0; i < set->n; i++)
		n += 1 + set->route[i].n;
	return n;
}

/* RFC 5658 §3: one Record-Route a leg, so that each side finds its own. The
 * inside one is met first, so it alone has something to say of the rest. */
int route_record_near(struct buf *out, struct txn *t, enum far_door door,
		      bool towards_near, const struct route_set *set)
{
	const struct settings *s = t->p->w->settings;
	char text[TOKEN_MAX], full[TOKEN_MAX];
	struct slice outer = {.p = text}, inner;

	if (set && sealed_size(set) > TOKEN_SEALED_MAX)
		return EBADMSG;
	outer.n = mint(t, door, (struct slice){0}, text);
	inner = outer;
	if (set)
		inner = (struct slice){.p = full,
				       .n = seal(t, door, set, full)};
	if (!inner.n || !outer.n)
		return ENOBUFS;
	add_record(out, s, towards_near ? FAR_NONE : door,
		   towards_near ? inner : outer);
	add_record(out, s, towards_near ? door : FAR_NONE,
		   towards_near ? outer : inner);
	return 0;
}

static int record_far(struct buf *out, struct txn *t, enum far_door door,
		      const struct route_set *set)
{
	char text[TOKEN_MAX];
	size_t n, start = out->n;

	if (sealed_size(set) > TOKEN_SEALED_MAX)
		return EBADMSG;
	n = seal(t, door, set, text);
	if (!n)
		return ENOBUFS;
	add_record(out, t->p->w->settings, door,
		   (struct slice){.p = text, .n = n});
	if (!t->line_bytes || out->n - start <= t->line_bytes)
		return 0;
	out->n = start;
	return EBADMSG;
}

bool route_is_ours(const struct proxy *p, const struct uri_facts *u)
{
	const struct settings *s = p->w->settings;
	union addr a;

	if (!u->user.n)
		return false;
	for (int leg = 0; leg < LEG_COUNT; leg++) {
		if (slice_same_host(u->host, slice_of(s->leg[leg].fqdn)))
			return true;
		if (!u->literal || addr_parse(&a, u->host, 0))
			continue;
		for (size_t i = 0; i < s->leg[leg].addresses; i++)
			if (addr_same_host(&a, &s->leg[leg].address[i]))
				return true;
	}
	return false;
}

/* "<sip:token@name" as add_record() spells it: is the name one of ours? */
static bool as_written(const struct proxy *p, struct slice value)
{
	static const char begin[] = "<sip:";
	const size_t user = sizeof(begin) - 1;
	size_t at = slice_index(value, '@');

	if (at == SIZE_MAX || at <= user || memcmp(value.p, begin, user) != 0)
		return false;
	value = (struct slice){value.p + at + 1, value.n - at - 1};
	for (int leg = 0; leg < LEG_COUNT; leg++) {
		struct slice own = slice_of(p->w->settings->leg[leg].fqdn);

		if (value.n > own.n && !memcmp(value.p, own.p, own.n) &&
		    strchr(":;>", value.p[own.n]))
			return true;
	}
	return false;
}

/* Servers echo what we wrote: only another spelling is read as a URI. */
static bool names_us(const struct proxy *p, struct slice value)
{
	struct uri_facts u;

	return as_written(p, value) ||
	       (facts_uri(&u, value) == 0 && route_is_ours(p, &u));
}

/* A caller outside, by way of a server that stayed in the dialog, calls one
 * outside: our two are there already, and the inner one says it all. */
static void drop_outer(const struct proxy *p, struct route_set *set)
{
	if (set->n >= 2 && names_us(p, set->route[set->n - 2]) &&
	    names_us(p, set->route[set->n - 1]))
		set->n--;
}

int route_record_far(struct buf *out, struct txn *t, enum far_door door,
		     struct route_set *set)
{
	size_t start = out->n;
	int err;

	drop_outer(t->p, set);
	err = record_far(out, t, door, set);
	if (err != EBADMSG || !set->contact.n)
		return err;
	out->n = start;
	set->contact = (struct slice){0};
	return record_far(out, t, door, set);
}

static int collect_line(struct slice list, struct route_set *set)
{
	while (list.n) {
		struct slice value = frame_list_next(&list);

		/* A line end would end the sealed value too. */
		if (set->n == ROUTE_INNER_MAX ||
		    slice_index(value, '\n') != SIZE_MAX)
			return EBADMSG;
		set->route[set->n++] = value;
	}
	return 0;
}

int route_collect(const struct frame *f, struct route_set *set)
{
	int i = -1;

	set->n = 0;
	set->contact = (struct slice){0};
	while ((i = frame_find(f, FIELD_RECORD_ROUTE, (unsigned)(i + 1))) >= 0)
		if (collect_line(frame_value(f, (unsigned)i), set))
			return EBADMSG;
	return 0;
}

void route_turn(const struct proxy *p, struct route_set *set)
{
	for (int own = 0; own < 2 && set->n; own++, set->n--)
		if (!names_us(p, set->route[set->n - 1]))
			break;
	for (unsigned a = 0, b = set->n; a + 1 < b; a++) {
		struct slice last = set->route[--b];

		set->route[b] = set->route[a];
		set->route[a] = last;
	}
}

/* "hop\tcontact" */
static void split_hop(struct route_set *set)
{
	size_t tab = slice_index(set->hop, '\t');

	set->contact = (struct slice){0};
	if (tab == SIZE_MAX)
		return;
	set->contact = (struct slice){
		.p = set->hop.p + tab + 1,
		.n = set->hop.n - tab - 1,
	};
	set->hop.n = tab;
}

int route_unseal(struct slice sealed, struct route_set *set)
{
	size_t end = slice_index(sealed, '\n');

	set->n = 0;
	set->hop = sealed;
	while (end != SIZE_MAX) {
		struct slice *last =
			set->n ? &set->route[set->n - 1] : &set->hop;

		if (set->n == ROUTE_INNER_MAX)
			return EBADMSG;
		last->n = end;
		set->route[set->n++] = (struct slice){
			.p = last->p + end + 1,
			.n = (size_t)(sealed.p + sealed.n - last->p) - end - 1,
		};
		end = slice_index(set->route[set->n - 1], '\n');
	}
	split_hop(set);
	return 0;
}
