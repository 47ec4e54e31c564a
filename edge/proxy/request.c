/*
 * request.c: who is to get a request, and its way there.
 */
#include "request.h"

#include "ferry.h"
#include "hop.h"
#include "partner.h"
#include "partners_book.h"
#include "redirect.h"
#include "register.h"
#include "reply.h"
#include "route.h"

#include <errno.h>

static bool forms_dialog(const struct facts *f)
{
	if (f->to_tag.n)
		return false;
	switch (f->method) {
	case METHOD_INVITE:
	case METHOD_SUBSCRIBE:
	case METHOD_REFER:
	case METHOD_NOTIFY:
		return true;
	default:
		return false;
	}
}

/* The party that the token of a request names. A partner's seals its domain,
 * in front of its routes. */
static void far_of_token(struct txn *t, const struct token *token)
{
	struct slice domain = token->sealed;
	size_t end = slice_index(domain, '\n');

	t->far_conn = token->conn;
	t->far_who = token->who;
	t->door = token->door & FAR_DOOR;
	if (end != SIZE_MAX)
		domain.n = end;
	if (t->door == FAR_PARTNER && domain.n)
		t->far_domain = slice_dup(domain);
}

/* The party that sent the request in hand. */
static void far_of_sender(struct txn *t, struct job *j)
{
	const struct facts *f = j->f;
	struct slice edge;

	t->far_conn = j->flow->conn->id;
	t->far_who = f->from_who;
	t->door = flow_door(j->flow);
	if (t->door == FAR_PARTNER) {
		t->far_who = f->from_domain_who;
		edge = partners_edge(j->p->w->settings, f);
		t->partner = partners_key(edge.n ? edge : f->from.host);
	}
	if (f->origin.device)
		t->line_bytes = f->origin.device->line_bytes;
	/* An unregistered device goes by its own name. */
	if (f->origin.device && !flow_has(j->flow, f->from_who))
		t->far_who = flow_device_who(j->p, f->origin.device);
}

/* Who is the party outside, and how is it reached? */
static void set_far_party(struct txn *t, struct job *j)
{
	const struct facts *f = j->f;

	if (t->outward)
		far_of_token(t, &f->token);
	else
		far_of_sender(t, j);
	if (forms_dialog(f))
		t->dialog = t->talk =
			token_dialog(j->p->pen, f->call_id, f->from_tag);
	else if (f->token.kind == TOKEN_DIALOG)
		t->talk = f->token.dialog;
}

static bool read_hop(struct slice text, struct hop_host *out)
{
	size_t space = slice_index(text, ' ');
	uint32_t port;

	if (space == SIZE_MAX ||
	    slice_to_u32(&port, (struct slice){.p = text.p + space + 1,
					       .n = text.n - space - 1}))
		return false;
	out->host = (struct slice){.p = text.p, .n = space};
	out->port = (uint16_t)port;
	return out->host.n > 0;
}

/* What is sealed for the far side begins with a server of ours, "host port";
 * what near is shown has no such word, and leads nowhere in other hands. */
static int unseal_far(struct slice sealed, struct route_set *set,
		      struct hop_host *hop)
{
	return route_unseal(sealed, set) || !read_hop(set->hop, hop) ? EBADMSG
								     : 0;
}

/* Inward inside a dialog: to the first sealed route, else the sealed hop. */
static int begin_sealed(struct txn *t, struct job *j)
{
	struct slice sealed = j->f->token.sealed;
	struct hop_host host;
	struct route_set set;
	struct uri_facts u;

	if (hop_create(&t->hop, t, LEG_INSIDE, true) ||
	    !(t->hop->text = slice_dup(sealed)))
		return ENOMEM;
	t->hop->source = HOP_SEALED;
	sealed.p = t->hop->text;
	if (unseal_far(sealed, &set, &host))
		return EBADMSG;
	if (set.n) {
		if (facts_uri(&u, set.route[0]))
			return EBADMSG;
		hop_add(t->hop, u.host, u.port);
	} else {
		hop_add(t->hop, host.host, host.port);
	}
	hop_next(t);
	return 0;
}

/* Down a flow: on this worker or another's; inside a dialog the party's newest
 * flow serves when the one named is gone, as after a restart of the edge. */
static void begin_flow(struct txn *t, conn_id id, bool may_follow)
{
	struct proxy *p = t->p;
	unsigned worker = CONN_ID_WORKER(id);
	struct conn *c = NULL;

	if (!id || worker == p->w->index)
		c = id ? conn_find(p->w, id) : NULL;
	else if (worker_exists(p->w, worker)) {
		ferry_request(t, id, may_follow);
		return;
	}
	if (c && c->open && !c->retired && c->user) {
		txn_join_hop(t, c->user);
		hop_transmit(t);
		return;
	}
	request_flow_gone(t, id, may_follow);
}

static const struct device_settings *device_of(const struct settings *s,
					       const char *aor)
{
	for (size_t i = 0; i < s->devices; i++)
		if (settings_device_is(&s->device[i], slice_of(aor)))
			return &s->device[i];
	return NULL;
}

static const struct device_settings *device_named(struct proxy *p, uint64_t who)
{
	const struct settings *s = p->w->settings;

	for (size_t i = 0; i < s->devices; i++)
		if (flow_device_who(p, &s->device[i]) == who)
			return &s->device[i];
	return NULL;
}

/* Out to the contact of a device that holds no connection. */
static int begin_contact(struct txn *t, const struct device_settings *d)
{
	struct uri_facts u;

	if (!d || !d->contact)
		return ENOENT;
	if (hop_create(&t->hop, t, t->p->w->settings->device_leg, false))
		return ENOMEM;
	t->hop->source = HOP_DEVICE;
	if (facts_uri(&u, slice_of(d->contact)))
		return EBADMSG;
	hop_add(t->hop, u.host, u.port);
	hop_next(t);
	return 0;
}

void request_flow_gone(struct txn *t, conn_id id, bool may_follow)
{
	struct proxy *p = t->p;
	conn_id newest = homes_flow(p->shared->homes, t->far_who);

	if (t->cancel_wanted) {
		reply_final(t, 487, "cancelled");
		return;
	}
	if (may_follow && newest && newest != id) {
		begin_flow(t, newest, false);
		return;
	}
	if (t->far_domain && !partner_again(t, slice_of(t->far_domain)))
		return;
	if (t->door >= FAR_DEVICE4 && t->door <= FAR_DEVICE6 &&
	    !begin_contact(t, device_named(p, t->far_who)))
		return;
	reply_final(t, 430, "flow-gone");
}

static void device_party(struct txn *t, const struct device_settings *d)
{
	struct uri_facts u;
	bool six = d->addresses && d->address[0].addr.sa.sa_family == AF_INET6;

	if (d->contact && !facts_uri(&u, slice_of(d->contact)) && u.literal)
		six = slice_index(u.host, ':') != SIZE_MAX;
	t->door = six ? FAR_DEVICE6 : FAR_DEVICE4;
	t->far_who = flow_device_who(t->p, d);
	t->far_conn = homes_flow(t->p->shared->homes, t->far_who);
}

static void request_begin(struct txn *t, struct job *j)
{
	int err = 0;

	switch (t->to) {
	case TO_HOME:
		err = redirect_begin(t, j);
		break;
	case TO_HOP:
		err = begin_sealed(t, j);
		break;
	case TO_FLOW:
		if (!partner_is_shut(t))
			begin_flow(t, j->f->token.conn,
				   j->f->token.kind == TOKEN_DIALOG);
		break;
	case TO_PARTNER:
		err = partner_begin(t);
		break;
	default:
		begin_flow(t, t->far_conn, true);
		break;
	}
	if (err)
		reply_final(t, 500, "no-next-hop");
}

/* The device that a request goes to: by its connection, by where its contact
 * lies, or by its name. NULL: none, or who knows. */
static const struct device_settings *far_device(struct txn *t, struct job *j)
{
	struct proxy *p = t->p;
	const struct settings *s = p->w->settings;
	const struct device_settings *d = NULL;
	struct conn *c = NULL;
	union addr a;

	if (!t->outward || !route_to_device(t->door))
		return NULL;
	if (t->to == TO_DEVICE)
		return device_named(p, t->far_who);
	if (CONN_ID_WORKER(t->far_conn) == p->w->index)
		c = conn_find(p->w, t->far_conn);
	if (c)
		d = settings_device_at(s, &c->peer);
	if (!d && j->f->ruri.literal && !addr_parse(&a, j->f->ruri.host, 0))
		d = settings_device_at(s, &a);
	return d ? d : device_named(p, t->far_who);
}

static enum peer_class class_asked(const struct txn *t)
{
	if (!t->outward)
		return PEER_SERVER;
	if (route_to_device(t->door))
		return PEER_DEVICE;
	return t->door == FAR_PARTNER ? PEER_PARTNER : PEER_USER;
}

/* A party outside calls another: where no server of ours stayed in the dialog,
 * the first sealed route is our own, and leads straight out again. */
static void turn_around(struct job *j, struct verdict *v)
{
	struct route_set set;
	struct hop_host host;
	struct uri_facts u;
	struct token t;
	char scratch[TOKEN_SEALED_MAX];

	if (v->to != TO_HOP || unseal_far(j->f->token.sealed, &set, &host) ||
	    !set.n || facts_uri(&u, set.route[0]) || !route_is_ours(j->p, &u))
		return;
	if (token_check(j->p->pen, &t, u.user, j->p->w->wall_s,
			j->p->w->settings->limits.dialog_token_s, scratch))
		return;
	/* Of a partner it says domain and routes. */
	memcpy(j->f->sealed, t.sealed.p ? t.sealed.p : "", t.sealed.n);
	t.sealed.p = j->f->sealed;
	j->f->token = t;
	v->to = TO_FLOW;
}

/* Both ends, before anything is written. */
static const struct device_settings *set_parties(struct txn *t, struct job *j)
{
	const struct device_settings *device;

	set_far_party(t, j);
	if (t->to == TO_DEVICE)
		device_party(t, device_of(j->p->w->settings, j->f->ruri_aor));
	if (t->to == TO_PARTNER)
		t->door = FAR_PARTNER;
	t->asked = (uint8_t)class_asked(t);
	device = far_device(t, j);
	if (device)
		t->line_bytes = device->line_bytes;
	return device;
}

void request_forward(struct job *j, const struct verdict *verdict)
{
	const struct device_settings *device;
	struct verdict v = *verdict;
	struct txn *t;
	int err;

	/* RFC 3261 §17.2.3: a request seen before is absorbed. */
	if (j->f->method != METHOD_ACK &&
	    txn_find(j->p, txn_key(j->f, j->f->method)))
		return;
	turn_around(j, &v);
	t = txn_create(j, &v);
	if (!t) {
		reply_now(j, 503, SLICE("Retry-After: 5\r\n"));
		return;
	}
	device = set_parties(t, j);
	if (j->f->method == METHOD_REGISTER)
		register_begin(t, j);
	err = t->to == TO_PARTNER ? partner_party(t, j) : 0;
	if (!err)
		err = request_write(t, j, device);
	if (err) {
		txn_destroy(t);
		v = err == EBADMSG ? verdict_refuse(400, "route-set-too-long")
				   : verdict_refuse(500, "out-of-memory");
		reply_verdict(j, &v);
		return;
	}
	request_begin(t, j);
}
