/*
 * proxy.c: a worker's proxy: how it starts and ends, and what the events of
 * its connections set going.
 */
#include "proxy/proxy.h"

#include "cancel.h"
#include "devices.h"
#include "ferry.h"
#include "flow.h"
#include "hold.h"
#include "hop.h"
#include "intake.h"
#include "partner.h"
#include "partners_book.h"
#include "recall_notes.h"
#include "reply.h"

#include "base/lock.h"

#include <errno.h>
#include <stdlib.h>

int proxy_shared_create(struct proxy_shared **out, const struct settings *s,
			const struct token_keys *keys)
{
	struct proxy_shared *p = calloc(1, sizeof(*p));

	if (!p)
		return ENOMEM;
	if (homes_create(&p->homes, s->limits.registrations) ||
	    partners_create(&p->partners, s->limits.discovered_partners) ||
	    devices_create(&p->devices)) {
		partners_destroy(&p->partners);
		homes_destroy(&p->homes);
		free(p);
		return ENOMEM;
	}
	lock_init(&p->lock);
	list_init(&p->proxies);
	p->keys = token_keys_ref(keys);
	*out = p;
	return 0;
}

void proxy_shared_keys(struct proxy_shared *p, const struct token_keys *keys)
{
	const struct token_keys *old;

	lock_take(&p->lock);
	old = p->keys;
	p->keys = token_keys_ref(keys);
	lock_give(&p->lock);
	token_keys_unref(&old);
}

void proxy_shared_destroy(struct proxy_shared **pp)
{
	struct proxy_shared *p = *pp;

	*pp = NULL;
	if (!p)
		return;
	token_keys_unref(&p->keys);
	homes_destroy(&p->homes);
	partners_destroy(&p->partners);
	devices_destroy(&p->devices);
	lock_fini(&p->lock);
	free(p);
}

/* Limits into the shapes that the sip room takes. */
static void read_limits(struct proxy *p)
{
	const struct limits *l = &p->w->settings->limits;

	p->frame_limits = (struct framer_limits){
		.message_bytes = l->message_bytes,
		.header_bytes = l->header_bytes,
		.line_bytes = l->line_bytes,
		.headers = l->headers,
	};
	p->device_frame_limits = p->frame_limits;
	p->device_frame_limits.message_bytes = l->device_message_bytes;
	p->sanity_limits = (struct sanity_limits){
		.vias = l->vias,
		.routes = l->routes,
		.contacts = l->contacts,
	};
	p->loaded++;
}

/* A new ring means a new pen; what the old one signed still holds. */
static int renew_pen(struct proxy *p)
{
	struct token_pen *pen;
	const struct token_keys *keys;
	int err;

	lock_take(&p->shared->lock);
	keys = token_keys_ref(p->shared->keys);
	lock_give(&p->shared->lock);
	if (keys == p->keys) {
		token_keys_unref(&keys);
		return 0;
	}
	err = token_pen_create(&pen, keys);
	if (err) {
		token_keys_unref(&keys);
		return err;
	}
	token_pen_destroy(&p->pen);
	token_keys_unref(&p->keys);
	p->pen = pen;
	p->keys = keys;
	return 0;
}

static int on_start(struct worker *w, void *arg)
{
	struct proxy_shared *shared = arg;
	struct proxy *p = calloc(1, sizeof(*p));

	if (!p)
		return ENOMEM;
	p->w = w;
	p->shared = shared;
	list_init(&p->abroad);
	if (renew_pen(p) || recall_start(p)) {
		token_pen_destroy(&p->pen);
		token_keys_unref(&p->keys);
		free(p);
		return ENOMEM;
	}
	read_limits(p);
	txn_start(p);
	partner_start(p);
	hold_start(p);
	deadline_queue_init(&p->sweep, &w->clock, SWEEP_MS, flow_sweep, p);
	deadline_queue_init(&p->leave, &w->clock, LEAVE_MS, flow_leave, p);
	lock_take(&shared->lock);
	list_append(&shared->proxies, &p->link);
	lock_give(&shared->lock);
	w->user = p;
	return 0;
}

static void on_reloaded(struct worker *w, void *arg)
{
	struct proxy *p = w->user;

	(void)arg;
	read_limits(p);
	txn_reload(p);
	partner_reload(p);
	recall_reload(p);
	if (renew_pen(p))
		log_event(LOG_LEVEL_ERROR, "proxy", "keys-kept",
			  "reason=out-of-memory");
}

static bool on_idle(struct worker *w, void *arg)
{
	const struct proxy *p = w->user;

	(void)arg;
	return p->under_way == 0;
}

static void on_stop(struct worker *w, void *arg)
{
	struct proxy_shared *shared = arg;
	struct proxy *p = w->user;

	lock_take(&shared->lock);
	list_remove(&p->link);
	lock_give(&shared->lock);
	hold_stop(p);
	txn_stop(p);
	recall_stop(p);
	token_pen_destroy(&p->pen);
	token_keys_unref(&p->keys);
	buf_fini(&p->via);
	buf_fini(&p->top);
	buf_fini(&p->end);
	buf_fini(&p->word);
	buf_fini(&p->out);
	free(p);
	w->user = NULL;
}

static struct flow *need_flow(struct proxy *p, struct conn *c)
{
	struct flow *f = c->user;

	if (!f && flow_create(&f, p, c)) {
		conn_close(c, CONN_END_REFUSED);
		return NULL;
	}
	return f;
}

/* Send what waits for this connection: all of it, or as much as fits. */
static void send_waiting(struct flow *f)
{
	struct list *it, *tmp;

	LIST_EACH (&f->sent, it, tmp) {
		struct txn *t = LIST_OWNER(it, struct txn, down_link);

		if (t->state != TXN_ROUTING)
			continue;
		if (!hop_transmit(t))
			return;
	}
}

static void on_open(struct conn *c, void *arg)
{
	struct proxy *p = c->worker->user;
	struct flow *f = need_flow(p, c);
	struct origin known;

	(void)arg;
	if (!f)
		return;
	flow_origin(f, p, &known);
	send_waiting(f);
}

static size_t on_bytes(struct conn *c, struct slice in, void *arg)
{
	struct proxy *p = c->worker->user;
	struct flow *f = need_flow(p, c);

	(void)arg;
	return f ? intake_bytes(p, f, in) : in.n;
}

static void on_drained(struct conn *c, void *arg)
{
	(void)arg;
	if (c->user)
		send_waiting(c->user);
}

/* RFC 3261 §9.1: nobody is left who wants the answer. */
static void client_gone(struct txn *t)
{
	list_remove(&t->up_link);
	t->up = NULL;
	if (t->method == METHOD_INVITE)
		cancel_txn(t);
}

static void on_closed(struct conn *c, enum conn_end why, void *arg)
{
	struct proxy *p = c->worker->user;
	struct flow *f = c->user;

	(void)arg;
	if (!f)
		return;
	while (!list_empty(&f->served))
		client_gone(LIST_OWNER(f->served.next, struct txn, up_link));
	hold_closed(p, f);
	partner_closed(f, p);
	while (!list_empty(&f->sent)) {
		struct txn *t = LIST_OWNER(f->sent.next, struct txn, down_link);

		partner_lost(t, why);
		hop_gone(t);
	}
	ferry_closed(p, f, why);
	flow_destroy(&f, p);
}

static void on_judged(struct conn *c, void *arg)
{
	(void)arg;
	if (c->user)
		flow_judged(c->user, c->worker->user);
	else if (c->retired)
		conn_close(c, CONN_END_DISTRUST);
}

void proxy_setup(struct worker_setup *setup, struct proxy_shared *p)
{
	setup->events = (struct conn_events){
		.open = on_open,
		.bytes = on_bytes,
		.drained = on_drained,
		.closed = on_closed,
		.judged = on_judged,
	};
	setup->arg = p;
	setup->start = on_start;
	setup->reloaded = on_reloaded;
	setup->idle = on_idle;
	setup->stop = on_stop;
}

void proxy_count(struct proxy_shared *shared, struct proxy_counters *out)
{
	uint64_t *sum = (uint64_t *)out;
	struct list *it, *tmp;

	*out = (struct proxy_counters){0};
	lock_take(&shared->lock);
	LIST_EACH (&shared->proxies, it, tmp) {
		struct proxy *p = LIST_OWNER(it, struct proxy, link);
		const uint64_t *one = (const uint64_t *)&p->count;
		const struct worker_counters *net = &p->w->counters;

		for (size_t i = 0; i < sizeof(*out) / sizeof(*one); i++)
			sum[i] += __atomic_load_n(&one[i], __ATOMIC_RELAXED);
		out->handshakes_failed += __atomic_load_n(
			&net->handshakes_failed, __ATOMIC_RELAXED);
		out->revoked +=
			__atomic_load_n(&net->revoked, __ATOMIC_RELAXED);
	}
	lock_give(&shared->lock);
}
