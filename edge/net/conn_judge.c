/*
 * conn_judge.c - certificates in use: which are believed still, and which of
 * ours are shown.
 *
 * Ten thousand chains take seconds to verify, so a few are done at a time: who
 * speaks in the meantime is judged before it is heard (conn_rejudge).
 */
#include "conn_state.h"
#include "pool.h"
#include "tlsctx_room.h"
#include "worker_state.h"

#include "cert/certificate.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#define STEP_MS	      1
#define REST_MS	      3600000 /* a certificate may expire, or a list */
#define CHAINS_A_STEP 8
#define SLOTS_A_STEP  1024

static bool has_chain(const struct conn_inner *c)
{
	return c && c->ssl && c->pub.open && SSL_get0_peer_certificate(c->ssl);
}

static void judge(struct conn_inner *c)
{
	struct conns *cs = conn_home(c);

	if (conn_rejudge(&c->pub))
		conn_retire(&c->pub);
	if (cs->events.judged)
		cs->events.judged(&c->pub, cs->arg);
	else if (c->pub.retired)
		conn_close(&c->pub, CONN_END_DISTRUST);
}

/* True when there is more. */
static bool judge_some(struct conns *cs)
{
	unsigned chains = 0, slots = 0;

	while (cs->judge_at < cs->slots.n && slots++ < SLOTS_A_STEP) {
		struct conn_inner *c = cs->slots.v[cs->judge_at++].conn;

		if (!has_chain(c) || c->pub.retired)
			continue;
		judge(c);
		if (++chains == CHAINS_A_STEP)
			break;
	}
	return cs->judge_at < cs->slots.n;
}

static void on_step(struct deadline *d, uint64_t now_ms, void *arg)
{
	struct conns *cs = arg;

	deadline_start(judge_some(cs) ? &cs->judge_queue : &cs->judge_rest, d,
		       now_ms);
}

static void on_rested(struct deadline *d, uint64_t now_ms, void *arg)
{
	(void)d, (void)now_ms;
	conns_judge(arg);
}

void conns_judge_init(struct conns *cs)
{
	deadline_queue_init(&cs->judge_queue, &cs->worker->clock, STEP_MS,
			    on_step, cs);
	deadline_queue_init(&cs->judge_rest, &cs->worker->clock, REST_MS,
			    on_rested, cs);
	deadline_start(&cs->judge_rest, &cs->judging, cs->worker->now_ms);
}

void conns_judge(struct conns *cs)
{
	cs->judge++;
	cs->judge_at = 0;
	deadline_start(&cs->judge_queue, &cs->judging, cs->worker->now_ms);
}

void conn_retire(struct conn *c)
{
	c->retired = true;
	pool_leave(conn_inner(c));
}

/* Most connections show the same few certificates. */
#define KNOWN 8

/** What was found out of the certificate that a context shows. */
struct known {
	const X509 *ours;
	enum tls_door door;
	const char *asked; /* by the client; "" nothing */
	struct conn_shown shown;
};

struct census {
	struct conns *cs;
	struct known known[KNOWN];
	unsigned next;
};

static uint64_t ends_at(const X509 *cert)
{
	struct tm tm;

	if (!ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm))
		return 0;
	return (uint64_t)timegm(&tm);
}

/* By a client that came to us. */
static const char *name_asked(const struct conn_inner *c)
{
	const char *name = NULL;

	if (c->pub.door != DOOR_OUT)
		name = SSL_get_servername(c->ssl, TLSEXT_NAMETYPE_host_name);
	return name ? name : "";
}

static const struct conn_shown *look(struct census *n,
				     const struct conn_inner *c,
				     const X509 *ours)
{
	enum tls_door door = conn_tls_door(c->pub.leg, c->pub.door);
	const char *asked = name_asked(c);
	struct known *k;

	for (unsigned i = 0; i < KNOWN; i++) {
		k = &n->known[i];
		if (k->ours == ours && k->door == door &&
		    !strcmp(k->asked, asked))
			return &k->shown;
	}
	k = &n->known[n->next++ % KNOWN];
	*k = (struct known){.ours = ours, .door = door, .asked = asked};
	cert_fingerprint(k->shown.ours, ours);
	k->shown.ends_s = ends_at(ours);
	k->shown.old = !tlsctx_shows(n->cs->tls, door, slice_of(asked), ours);
	return &k->shown;
}

static void show(struct census *n, const struct conn_inner *c, conn_each_fn *fn,
		 void *arg)
{
	const struct worker *w = n->cs->worker;
	const X509 *ours = c->ssl ? SSL_get_certificate(c->ssl) : NULL;
	struct conn_shown shown = {0};

	if (ours)
		shown = *look(n, c, ours);
	shown.since_s = w->wall_s - (w->now_ms - c->born_ms) / 1000;
	fn(&c->pub, &shown, arg);
}

void conn_each(struct worker *w, conn_each_fn *fn, void *arg)
{
	struct conns *cs = &worker_inner(w)->conns;
	struct census n = {.cs = cs};

	for (uint32_t i = 0; i < cs->slots.n; i++) {
		const struct conn_inner *c = cs->slots.v[i].conn;

		if (c && c->pub.open)
			show(&n, c, fn, arg);
	}
}
