/*
 * hop.c: from candidates to a connection that took the request.
 */
#include "hop.h"

#include "flow.h"
#include "partner.h"
#include "recall_notes.h"
#include "redirect.h"
#include "reply.h"
#include "request.h"

#include <errno.h>
#include <stdlib.h>

int hop_create(struct hop **out, struct txn *t, enum leg leg, bool tls)
{
	struct hop *h = calloc(1, sizeof(*h));

	if (!h)
		return ENOMEM;
	h->t = t;
	h->settings = settings_ref(t->p->w->settings);
	h->leg = leg;
	h->tls = tls;
	*out = h;
	return 0;
}

void hop_destroy(struct hop **hp)
{
	struct hop *h = *hp;

	*hp = NULL;
	if (!h)
		return;
	resolve_cancel(&h->wait);
	deadline_stop(&h->late);
	settings_unref(&h->settings);
	free(h->text);
	free(h);
}

void hop_restart(struct hop *h, enum hop_source source)
{
	resolve_cancel(&h->wait);
	h->source = source;
	h->n = h->at = h->next = h->skips = 0;
	h->last_resort = false;
	h->list.n = 0;
}

void hop_add(struct hop *h, struct slice host, uint16_t port)
{
	if (h->n == HOP_CANDIDATES_MAX)
		return;
	h->candidate[h->n++] = (struct hop_host){.host = host, .port = port};
}

const struct hop_host *hop_host(const struct hop *h)
{
	return &h->candidate[h->at ? h->at - 1 : 0];
}

/* Nobody took it. */
static void hop_exhausted(struct txn *t)
{
	uint16_t status = t->best;

	if (t->to == TO_HOME && redirect_exhausted(t))
		return;
	if (t->hop->source == HOP_PARTNER) {
		partner_exhausted(t);
		return;
	}
	/* RFC 3261 §16.7 step 6: a 503 is not passed on; §16.9: a transport
	 * error counts as one. RFC 4320 §4.2: no 408 but for INVITE. */
	if (status == 0 || status == 503)
		status = 500;
	if (status == 408 && t->method != METHOD_INVITE)
		status = 504;
	reply_final(t, status, "no-next-hop");
}

static int hop_connect(struct txn *t)
{
	struct hop *h = t->hop;
	struct proxy *p = t->p;
	struct conn_way way = {
		.leg = h->leg,
		.tls = h->tls,
		.to = &h->addr,
		.name = h->tls ? hop_host(h)->host : (struct slice){0},
	};
	struct conn *c;
	struct flow *f;
	int err;

	if (h->source == HOP_PARTNER)
		return partner_connect(t);
	err = conn_reach(&c, p->w, &way);
	if (!err && !c->user)
		err = flow_create(&f, p, c);
	if (err) {
		char name[40], text[ADDR_TEXT_MAX];

		log_event(LOG_LEVEL_NOTICE, txn_name(t, name),
			  "hop-unreachable", "target=%s errno=%d",
			  addr_text(&h->addr, text), err);
		return err;
	}
	txn_join_hop(t, c->user);
	if (c->open)
		hop_transmit(t);
	return 0;
}

static void hop_put_aside(struct txn *t)
{
	struct worker *w = t->p->w;
	uint64_t aside_ms = w->settings->limits.target_aside_s * 1000ull;
	char name[40], text[ADDR_TEXT_MAX];

	if (!aside_has(&t->p->aside, &t->hop->addr, w->now_ms))
		log_event(LOG_LEVEL_NOTICE, txn_name(t, name), "hop-aside",
			  "target=%s", addr_text(&t->hop->addr, text));
	aside_put(&t->p->aside, &t->hop->addr, w->now_ms + aside_ms, w->now_ms);
}

static void log_unresolved(struct txn *t, int err)
{
	char name[40], text[LOG_TEXT_MAX];

	log_event(LOG_LEVEL_NOTICE, txn_name(t, name), "hop-unresolved",
		  "host=%s errno=%d", log_text(text, hop_host(t->hop)->host),
		  err);
}

static void hop_resolved(int err, const struct resolved *list, void *arg)
{
	struct txn *t = arg;

	t->hop->list.n = 0;
	if (err)
		log_unresolved(t, err);
	else
		t->hop->list = *list;
	partner_sift(t->hop);
	hop_next(t);
}

/* Turn to the next candidate host. EINPROGRESS: hop_resolved() goes on. */
static int hop_resolve(struct txn *t)
{
	struct hop *h = t->hop;
	const struct hop_host *host = &h->candidate[h->at++];
	struct resolve_key key = {
		.leg = h->leg,
		.tls = h->tls,
		.host = host->host,
		.port = host->port,
	};
	int err;

	if (h->source == HOP_REDIRECT && h->tried < HOP_CANDIDATES_MAX)
		h->tried_host[h->tried++] = host->host.p;
	h->next = 0;
	h->list.n = 0;
	h->wait.fn = hop_resolved;
	h->wait.arg = t;
	err = resolve_lookup(t->p->w->resolve, &key, t->p->w->now_ms, &h->list,
			     &h->wait);
	if (err && err != EINPROGRESS) {
		h->list.n = 0;
		log_unresolved(t, err);
	}
	if (!err)
		partner_sift(h);
	return err;
}

static void hop_skip(struct hop *h)
{
	if (h->skips == HOP_CANDIDATES_MAX)
		return;
	h->skip[h->skips].candidate = h->at;
	h->skip[h->skips++].addr = h->addr;
}

/* The next address into h->addr. 0, EINPROGRESS, or ENOENT at the end. */
static int hop_advance(struct txn *t)
{
	struct hop *h = t->hop;

	for (;;) {
		if (h->next < h->list.n) {
			h->addr = h->list.addr[h->next++];
			if (!aside_has(&t->p->aside, &h->addr, t->p->w->now_ms))
				return 0;
			hop_skip(h);
		} else if (!h->last_resort && h->at < h->n) {
			if (hop_resolve(t) == EINPROGRESS)
				return EINPROGRESS;
		} else if (h->skips) {
			h->last_resort = true;
			h->at = h->skip[0].candidate;
			h->addr = h->skip[0].addr;
			h->skips--;
			memmove(h->skip, h->skip + 1,
				h->skips * sizeof(*h->skip));
			return 0;
		} else {
			return ENOENT;
		}
	}
}

void hop_next(struct txn *t)
{
	int err;

	txn_leave_hop(t);
	if (t->state != TXN_ROUTING)
		txn_enter(t, TXN_ROUTING);
	while ((err = hop_advance(t)) == 0) {
		int why = hop_connect(t);

		if (!why)
			return;
		recall_try(t, &t->hop->addr);
		recall_lost(t, "unreachable");
		if (why != EBUSY)
			hop_put_aside(t);
	}
	if (err != EINPROGRESS)
		hop_exhausted(t);
}

/* Down a flow it went, or should have gone. A partner's edge is no flow: it can
 * be reached anew, if nothing was sent. */
static void flow_lost(struct txn *t)
{
	if (t->far_domain && t->state == TXN_ROUTING &&
	    !partner_again(t, slice_of(t->far_domain)))
		return;
	/* RFC 5626 §5.3: "If the flow no longer exists ... 430". */
	reply_final(t, t->far_domain ? 504 : 430, "flow-gone");
}

void hop_lost(struct txn *t)
{
	count_up(&t->p->count.failovers);
	recall_lost(t, t->state == TXN_SENT ? "no-answer" : "unreachable");
	if (t->cancel_wanted) {
		reply_final(t, 487, "cancelled");
		return;
	}
	if (!t->hop) {
		flow_lost(t);
		return;
	}
	hop_put_aside(t);
	hop_next(t);
}

void hop_gone(struct txn *t)
{
	txn_leave_hop(t);
	switch (t->state) {
	case TXN_ROUTING:
	case TXN_SENT:
		hop_lost(t);
		break;
	case TXN_PROCEEDING:
		reply_final(t,
			    t->cancel_wanted ? 487
			    : t->hop	     ? 500
					     : 430,
			    "hop-gone");
		break;
	default: /* answered: nothing more is expected of it */
		break;
	}
}

bool hop_transmit(struct txn *t)
{
	struct proxy *p = t->p;
	int err;

	if (t->attempts++ > 0)
		request_rebranch(t);
	err = conn_send(t->down->conn,
			(struct slice){.p = t->sent, .n = t->sent_len});
	if (err == ENOBUFS)
		return false;
	if (err) {
		hop_lost(t);
		return true;
	}
	count_up(&p->count.forwarded);
	if (t->method == METHOD_ACK)
		txn_destroy(t);
	else
		txn_await(t);
	return true;
}
