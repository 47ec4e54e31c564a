/*
 * partner.c: from a domain to the edge that takes a request for it.
 */
#include "partner.h"

#include "ferry.h"
#include "hop.h"
#include "partners_book.h"
#include "reply.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define PARTNER_PORT 5061

/* How a domain is reached. */
struct way {
	enum way_out out;
	const struct partner_settings *partner;
	const struct host_port *edge; /* named by the settings, else NULL */
	struct slice name;	      /* what its certificate must prove */
};

/* An edge that serves many domains is known by its own name, one that serves a
 * single one by the domain (its own name will do, see way_also()). */
static void way_find(struct way *w, const struct settings *s,
		     struct slice domain)
{
	*w = (struct way){.name = domain};
	w->out = federation_way(&w->partner, s, domain);
	if (w->out == WAY_PROXY)
		w->edge = &w->partner->proxy;
	if (w->out == WAY_ROUTE)
		w->edge = &s->federation.route;
	if (w->out == WAY_ROUTE ||
	    (w->edge && w->partner->kind == PARTNER_PROVIDER))
		w->name = slice_of(w->edge->host);
}

/* Why it could not be reached, as the operator would put it. */
__attribute__((format(printf, 3, 4))) static void say(struct hop *h,
						      const char *rule,
						      const char *fmt, ...)
{
	va_list ap;

	h->rule = rule;
	va_start(ap, fmt);
	vsnprintf(h->why, sizeof(h->why), fmt, ap);
	va_end(ap);
	/* It becomes a quoted string. */
	for (char *p = h->why; *p; p++)
		if (*p < ' ' || *p > '~' || *p == '"' || *p == '\\')
			*p = '?';
}

static int set_domain(struct txn *t, struct slice domain)
{
	char *text;

	if (domain.n && domain.p[domain.n - 1] == '.')
		domain.n--;
	text = slice_dup(domain);
	if (!text)
		return ENOMEM;
	for (char *p = text; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	free(t->far_domain);
	t->far_domain = text;
	return 0;
}

int partner_party(struct txn *t, struct job *j)
{
	struct proxy *p = t->p;
	struct conn *c;
	struct way w;

	if (set_domain(t, j->f->ruri.host))
		return ENOMEM;
	way_find(&w, p->w->settings, slice_of(t->far_domain));
	c = conn_opened_for(p->w, LEG_OUTSIDE, w.name);
	t->door = FAR_PARTNER;
	t->far_conn = c ? c->id : 0;
	/* RFC 3261 §12.2.1.1: its From in this dialog is what To is now, though
	 * the call was passed on and To names one of us. */
	t->far_who = facts_domain_who(p->pen, j->f->to.host);
	partners_asked(p->shared->partners, slice_of(t->far_domain),
		       p->w->now_ms);
	return 0;
}

/* It goes down a connection that is there, or on its way. */
static void take(struct txn *t, struct conn *c)
{
	txn_join_hop(t, c->user);
	if (c->open)
		hop_transmit(t);
}

/* Is it still the partner's, by what is set now? */
static bool is_good(struct proxy *p, struct conn *c)
{
	struct origin o;

	if (!c->user)
		return false;
	if (!c->open)
		return true;
	flow_origin(c->user, p, &o);
	return o.peer == PEER_PARTNER;
}

/* Down a connection that this worker has. */
static bool reuse(struct txn *t)
{
	struct hop *h = t->hop;
	struct conn *c = conn_opened_for(t->p->w, LEG_OUTSIDE, h->name);

	if (!c || !is_good(t->p, c))
		return false;
	h->addr = c->peer;
	take(t, c);
	return true;
}

static void add_edge(struct hop *h, struct slice host, uint16_t port,
		     bool proves)
{
	if (settings_blocked(h->settings, host)) {
		say(h, "way-blocked", "%.*s is on the block list",
		    SLICE_ARG(host));
		return;
	}
	hop_add(h, host, port ? port : PARTNER_PORT);
	h->candidate[h->n - 1].proves = proves;
}

/* RFC 5922 §7.1, RFC 3263 §4: a target outside of the domain speaks for it only
 * when nobody could have forged the record that names it. */
static void add_service(struct hop *h, const struct resolve_service *s)
{
	size_t at = 0;

	h->text = malloc(sizeof(s->edge));
	if (!h->text) {
		say(h, "out-of-memory", "out of memory");
		return;
	}
	for (unsigned i = 0; i < s->n && h->n < HOP_CANDIDATES_MAX; i++) {
		struct slice host = slice_of(s->edge[i].host);

		memcpy(h->text + at, host.p, host.n);
		host.p = h->text + at;
		at += host.n;
		add_edge(h, host, s->edge[i].port,
			 s->secure || slice_host_within(host, h->name));
	}
}

static void edges_found(int err, const struct resolve_service *s, void *arg)
{
	struct txn *t = arg;
	struct hop *h = t->hop;
	const struct host_port *route = &h->settings->federation.route;

	if (err) {
		say(h, "way-dns-fails", "%s: DNS %s", t->far_domain,
		    err == ETIMEDOUT ? "did not answer" : "does not work");
	} else if (s->n) {
		add_service(h, s);
	} else if (route->host) {
		h->name = slice_of(route->host);
		add_edge(h, h->name, route->port, true);
	} else {
		say(h, "way-no-srv", "%s: no SRV record", t->far_domain);
	}
	hop_next(t);
}

static void look_up(struct txn *t)
{
	struct hop *h = t->hop;
	struct resolve_service s;
	struct way w;
	int err;

	h->looked_up = true;
	way_find(&w, h->settings, slice_of(t->far_domain));
	if (w.edge) {
		add_edge(h, slice_of(w.edge->host), w.edge->port, true);
		hop_next(t);
		return;
	}
	h->wait.service_fn = edges_found;
	h->wait.arg = t;
	err = resolve_edges(t->p->w->resolve, h->name, t->p->w->now_ms, &s,
			    &h->wait);
	if (err != EINPROGRESS)
		edges_found(err, &s, t);
}

int partner_begin(struct txn *t)
{
	struct proxy *p = t->p;
	struct way w;

	if (hop_create(&t->hop, t, LEG_OUTSIDE, true))
		return ENOMEM;
	way_find(&w, t->hop->settings, slice_of(t->far_domain));
	if (w.out == WAY_NONE || w.out == WAY_BLOCKED) {
		reply_final(t, w.out == WAY_NONE ? 404 : 403,
			    w.out == WAY_NONE ? "no-way-out"
					      : "domain-blocked");
		return 0;
	}
	t->hop->source = HOP_PARTNER;
	t->hop->name = w.name;
	deadline_start(&p->partner_answer, &t->hop->late, p->w->now_ms);
	if (!reuse(t))
		look_up(t);
	return 0;
}

int partner_again(struct txn *t, struct slice domain)
{
	if (t->hop) {
		hop_next(t);
		return 0;
	}
	if (!t->far_domain || !slice_eq(slice_of(t->far_domain), domain)) {
		if (set_domain(t, domain))
			return ENOMEM;
	}
	return partner_begin(t);
}

bool partner_is_shut(struct txn *t)
{
	const struct settings *s = t->p->w->settings;

	if (!t->far_domain || t->method == METHOD_ACK ||
	    t->method == METHOD_BYE)
		return false;
	if (settings_blocked(s, slice_of(t->far_domain)))
		reply_final(t, 403, "domain-blocked");
	else if (!s->federation.enabled)
		reply_final(t, 404, "no-way-out");
	else
		return false;
	return true;
}

void partner_sift(struct hop *h)
{
	unsigned kept = 0;
	char name[40], addr[ADDR_TEXT_MAX], host[LOG_TEXT_MAX];

	if (h->source != HOP_PARTNER)
		return;
	for (unsigned i = 0; i < h->list.n; i++) {
		const union addr *a = &h->list.addr[i];

		if (settings_partner_address(h->settings, a)) {
			h->list.addr[kept++] = *a;
			continue;
		}
		log_event(LOG_LEVEL_NOTICE, txn_name(h->t, name),
			  "partner-address-refused", "host=%s address=%s",
			  log_text(host, hop_host(h)->host),
			  addr_text(a, addr));
		say(h, "way-not-public",
		    "%.*s: its address is not a public one",
		    SLICE_ARG(hop_host(h)->host));
	}
	h->list.n = kept;
}

/* Which of both it proves is all the same where the second one can be
 * trusted. */
static struct slice way_also(const struct hop *h)
{
	const struct hop_host *host = hop_host(h);

	if (!host->proves || slice_same_host(host->host, h->name))
		return (struct slice){0};
	return host->host;
}

/* Who judges its certificate in place of the leg's authorities: by the settings
 * of now, for the net room knows no older ones. */
static const struct partner_settings *judge_of(const struct txn *t)
{
	const struct partner_settings *p =
		settings_partner(t->p->w->settings, slice_of(t->far_domain));

	return p && (p->trust || p->pins.n || p->purpose == PURPOSE_SIP) ? p
									 : NULL;
}

static int connect_to(struct txn *t, const struct partners_line *line)
{
	struct hop *h = t->hop;
	struct proxy *p = t->p;
	struct conn_way way = {
		.leg = LEG_OUTSIDE,
		.tls = true,
		.to = &h->addr,
		.name = h->name,
		.also = way_also(h),
		.partner = judge_of(t),
	};
	struct partners_line made = *line;
	struct conn *c;
	struct flow *f;
	int err = conn_reach(&c, p->w, &way);

	if (!err && !c->user)
		err = flow_create(&f, p, c);
	if (err) {
		partners_line_ends(p->shared->partners, partners_key(h->name),
				   line);
		return err;
	}
	f = c->user;
	f->partner = partners_key(h->name);
	made.id = c->id;
	partners_line_is(p->shared->partners, f->partner, &made);
	take(t, c);
	return 0;
}

/* At the limit of connections it goes down another worker's. */
int partner_connect(struct txn *t)
{
	struct hop *h = t->hop;
	struct proxy *p = t->p;
	struct partners_line line = {.worker = p->w->index, .addr = h->addr};
	char name[40], text[ADDR_TEXT_MAX];
	conn_id other;
	int err;

	err = partners_line_begins(p->shared->partners, h->name,
				   p->w->settings->limits.partner_connections,
				   &line, &other, p->w->now_ms);
	if (err == EBUSY && other) {
		ferry_request(t, other, false);
		return 0;
	}
	if (!err)
		err = connect_to(t, &line);
	if (!err)
		return 0;
	if (err == EBUSY)
		say(h, "way-busy", "%s: no connection is free", t->far_domain);
	else
		say(h, "way-unreachable", "%.*s: cannot connect: %s",
		    SLICE_ARG(hop_host(h)->host), strerror(err));
	log_event(LOG_LEVEL_NOTICE, txn_name(t, name), "hop-unreachable",
		  "target=%s errno=%d", addr_text(&h->addr, text), err);
	return err;
}

void partner_closed(const struct flow *f, struct proxy *p)
{
	struct partners_line line = {
		.worker = p->w->index,
		.addr = f->conn->peer,
		.id = f->conn->id,
	};

	if (f->partner)
		partners_line_ends(p->shared->partners, f->partner, &line);
}

void partner_lost(struct txn *t, enum conn_end why)
{
	struct hop *h = t->hop;
	struct slice host;

	if (!h || h->source != HOP_PARTNER)
		return;
	host = h->at ? hop_host(h)->host : h->name;
	switch (why) {
	case CONN_END_NAME:
		say(h, "way-certificate",
		    "certificate of %.*s does not prove %s", SLICE_ARG(host),
		    t->far_domain);
		break;
	case CONN_END_HANDSHAKE: /* after it was open: by TLS 1.3 */
		say(h, "way-tls", "%.*s: %s", SLICE_ARG(host),
		    t->state == TXN_SENT ? "does not believe our certificate"
					 : "TLS refused");
		break;
	case CONN_END_DEADLINE_HANDSHAKE:
		say(h, "way-tls", "%.*s: TLS did not finish in time",
		    SLICE_ARG(host));
		break;
	case CONN_END_CONNECT:
		say(h, "way-unreachable", "%.*s: cannot connect",
		    SLICE_ARG(host));
		break;
	default:
		say(h, "way-unreachable", "%.*s: connection lost",
		    SLICE_ARG(host));
		break;
	}
}

/* RFC 3261 §16.9 would have 503 count as 500; 504 tells our users, and only
 * them, that the fault lies with another domain. */
static void give_up(struct txn *t)
{
	struct hop *h = t->hop;
	uint16_t status = t->best == 503 ? 500 : 504;
	char name[40], line[sizeof(h->why) + 64] = "";

	if (!h->rule)
		say(h, "way-silent", "%s: its edge does not answer",
		    t->far_domain);
	log_event(LOG_LEVEL_NOTICE, txn_name(t, name), "partner-unreachable",
		  "rule=%s reason=\"%s\"", h->rule, h->why);
	if (t->from_near) /* RFC 3326 §2 */
		snprintf(line, sizeof(line),
			 "Reason: SIP;cause=%u;text=\"%s\"\r\n", status,
			 h->why);
	reply_final_with(t, t->cancel_wanted ? 487 : status, h->rule,
			 slice_of(line));
}

void partner_exhausted(struct txn *t)
{
	if (t->hop->looked_up)
		give_up(t);
	else
		look_up(t);
}

/* It took too long to reach it, or it took an INVITE and says nothing. */
static void on_late(struct deadline *d, uint64_t now_ms, void *arg)
{
	struct txn *t = LIST_OWNER(&d->link, struct hop, late.link)->t;

	(void)now_ms;
	(void)arg;
	if (t->state == TXN_ROUTING ||
	    (t->state == TXN_SENT && t->method == METHOD_INVITE))
		give_up(t);
}

void partner_start(struct proxy *p)
{
	deadline_queue_init(&p->partner_answer, &p->w->clock,
			    p->w->settings->limits.partner_answer_s * 1000,
			    on_late, p);
}

void partner_reload(struct proxy *p)
{
	deadline_queue_set(&p->partner_answer,
			   p->w->settings->limits.partner_answer_s * 1000);
}

/* RFC 3261 §16.7 step 7 has a proxy pass challenges on; one of another domain
 * would ask our users for the password that they have here. A redirect is not
 * followed (step 4: "MAY"), and would name a next hop to servers of ours. */
bool partner_answer(struct txn *t, struct job *j)
{
	uint16_t status = j->f->status;

	if (!t->from_near || !t->far_domain)
		return false;
	if (status == 401 || status == 407) {
		reply_final(t, 403, "partner-challenges");
		return true;
	}
	if (status >= 300 && status < 400) {
		reply_final(t, t->cancel_wanted ? 487 : 480,
			    "partner-redirects");
		return true;
	}
	return false;
}

void partner_count(const struct txn *t, uint16_t status)
{
	struct proxy *p = t->p;

	if (t->partner)
		partners_answered(p->shared->partners, &p->w->settings->limits,
				  t->partner, status, p->w->now_ms);
}
