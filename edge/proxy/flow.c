/*
 * flow.c: connections as the proxy sees them.
 */
#include "flow.h"

#include "txn.h"

#include "base/hash.h"
#include "proxy/class.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int flow_create(struct flow **out, struct proxy *p, struct conn *c)
{
	struct flow *f = calloc(1, sizeof(*f));

	if (!f)
		return ENOMEM;
	f->conn = c;
	f->loaded = p->loaded - 1;
	list_init(&f->served);
	list_init(&f->sent);
	c->user = f;
	count_up(&p->count.flows);
	*out = f;
	return 0;
}

void flow_destroy(struct flow **fp, struct proxy *p)
{
	struct flow *f = *fp;

	*fp = NULL;
	if (!f)
		return;
	for (uint32_t i = 0; i < f->whos; i++)
		homes_unbind(p->shared->homes, f->who[i], f->conn->id);
	deadline_stop(&f->sweep);
	deadline_stop(&f->leave);
	f->conn->user = NULL;
	count_down(&p->count.flows);
	free(f->who);
	free(f->grant);
	free(f);
}

void flow_prove(struct flow *f)
{
	if (f->proved || f->base != PEER_PARTNER)
		return;
	f->proved = true;
	conn_trust(f->conn, CONN_PROVEN);
}

uint64_t flow_device_who(struct proxy *p, const struct device_settings *d)
{
	char text[300];
	int n = snprintf(text, sizeof(text), "device:%s", d->name);

	if (n >= (int)sizeof(text))
		n = sizeof(text) - 1;
	return token_who(p->pen, (struct slice){.p = text, .n = (size_t)n});
}

static bool is_believed(enum peer_class c)
{
	return c == PEER_SERVER || c == PEER_PARTNER;
}

static void say_retired(const struct flow *f, enum peer_class was)
{
	static const char *const words[PEER_CLASSES] = {
		[PEER_STRANGER] = "stranger",
		[PEER_SERVER] = "server",
		[PEER_PARTNER] = "partner",
	};
	const struct conn *c = f->conn;
	char name[24], peer[ADDR_TEXT_MAX];

	log_event(LOG_LEVEL_NOTICE, conn_name(c, name), "retire",
		  "peer=%s leg=%s was=%s certificate=%s closes=when-idle",
		  addr_text(&c->peer, peer), settings_leg_word(c->leg),
		  words[was], c->names ? c->names->fingerprint : "disbelieved");
}

/* Whoever was believed, and is no longer, gets nothing new from us, and is
 * closed once nothing is under way. */
static void flow_retire(struct flow *f, struct proxy *p, enum peer_class was)
{
	f->base = PEER_STRANGER;
	f->proved = false;
	if (f->conn->retired && deadline_running(&f->leave))
		return;
	say_retired(f, was);
	conn_retire(f->conn);
	f->left_ms = p->w->now_ms;
	deadline_start(&p->leave, &f->leave, p->w->now_ms);
}

static void flow_enroll(struct flow *f, struct proxy *p)
{
	const struct settings *s = p->w->settings;
	const struct device_settings *d =
		s->devices_enabled ? settings_device_at(s, &f->conn->peer)
				   : NULL;

	if (!d)
		return;
	flow_bind(f, p, flow_device_who(p, d),
		  (struct grant){.until_ms = UINT64_MAX});
	conn_trust(f->conn, CONN_PROVEN);
}

static void flow_learn_class(struct flow *f, struct proxy *p)
{
	enum peer_class was = f->base;

	f->loaded = p->loaded;
	if (is_believed(was))
		conn_rejudge(f->conn);
	f->base = class_of(p->w->settings, f->conn);
	if (f->conn->retired || (is_believed(was) && f->base != was))
		flow_retire(f, p, was);
	else if (f->base == PEER_SERVER)
		conn_trust(f->conn, CONN_PROVEN);
	else if (f->base == PEER_DEVICE)
		flow_enroll(f, p);
}

void flow_judged(struct flow *f, struct proxy *p)
{
	if (f->loaded != p->loaded || f->conn->retired)
		flow_learn_class(f, p);
}

static bool any_under_way(const struct flow *f)
{
	const struct list *it;

	for (it = f->served.next; it != &f->served; it = it->next)
		if (txn_under_way(LIST_OWNER(it, struct txn, up_link)))
			return true;
	for (it = f->sent.next; it != &f->sent; it = it->next)
		if (txn_under_way(LIST_OWNER(it, struct txn, down_link)))
			return true;
	return conn_queued(f->conn) > 0;
}

/* Of requests that other workers sent down it we know only that there were
 * some: their answers have as long as any. */
static bool is_idle(const struct flow *f, const struct proxy *p,
		    uint64_t now_ms)
{
	uint64_t wait_ms =
		p->w->settings->limits.transaction_s * UINT64_C(1000);

	if (f->abroad && now_ms - f->left_ms < wait_ms)
		return false;
	return !any_under_way(f);
}

void flow_leave(struct deadline *d, uint64_t now_ms, void *arg)
{
	struct flow *f = LIST_OWNER(&d->link, struct flow, leave.link);
	struct proxy *p = arg;

	if (!is_idle(f, p, now_ms)) {
		deadline_start(&p->leave, &f->leave, now_ms);
		return;
	}
	count_up(&p->count.distrusted);
	conn_close(f->conn, CONN_END_DISTRUST);
}

static void flow_drop(struct flow *f, struct proxy *p, uint32_t i)
{
	homes_unbind(p->shared->homes, f->who[i], f->conn->id);
	f->whos--;
	f->who[i] = f->who[f->whos];
	f->grant[i] = f->grant[f->whos];
	if (!f->whos && f->base == PEER_STRANGER)
		conn_trust(f->conn, CONN_UNPROVEN);
}

/* Drop what ran out; a grant of seconds ends in seconds. */
static void flow_prune(struct flow *f, struct proxy *p, uint64_t now_ms)
{
	f->soonest_ms = UINT64_MAX;
	for (uint32_t i = f->whos; i-- > 0;) {
		if (f->grant[i].until_ms <= now_ms)
			flow_drop(f, p, i);
		else if (f->grant[i].until_ms < f->soonest_ms)
			f->soonest_ms = f->grant[i].until_ms;
	}
}

void flow_origin(struct flow *f, struct proxy *p, struct origin *out)
{
	const struct settings *s = p->w->settings;

	if (f->whos && f->soonest_ms <= p->w->now_ms)
		flow_prune(f, p, p->w->now_ms);
	if (f->loaded != p->loaded)
		flow_learn_class(f, p);
	*out = (struct origin){
		.leg = f->conn->leg,
		.peer = f->base,
		.source = &f->conn->peer,
		.conn = f->conn->id,
		.who = f->who,
		.whos = f->whos,
	};
	if (f->base == PEER_PARTNER) {
		out->names = f->conn->names;
		out->opened = f->conn->door == DOOR_OUT;
	}
	if (f->base == PEER_DEVICE && s->devices_enabled)
		out->device = settings_device_at(s, &f->conn->peer);
	if (f->base == PEER_STRANGER && f->whos && f->conn->leg == LEG_OUTSIDE)
		out->peer = PEER_USER;
}

enum far_door flow_door(const struct flow *f)
{
	if (class_is_device_side(f->conn))
		return f->conn->peer.sa.sa_family == AF_INET6 ? FAR_DEVICE6
							      : FAR_DEVICE4;
	if (f->base == PEER_PARTNER)
		return FAR_PARTNER;
	return f->conn->door == DOOR_USERS ? FAR_USERS : FAR_TLS;
}

bool flow_has(const struct flow *f, uint64_t who)
{
	for (uint32_t i = 0; i < f->whos; i++)
		if (f->who[i] == who)
			return true;
	return false;
}

static int flow_grow(struct flow *f)
{
	uint32_t room = f->room ? f->room * 2 : 1;
	uint64_t *who = realloc(f->who, room * sizeof(*who));
	struct grant *grant;

	if (!who)
		return ENOMEM;
	f->who = who;
	grant = realloc(f->grant, room * sizeof(*grant));
	if (!grant)
		return ENOMEM;
	f->grant = grant;
	f->room = room;
	return 0;
}

int flow_bind(struct flow *f, struct proxy *p, uint64_t who, struct grant grant)
{
	uint32_t i = 0;

	while (i < f->whos && f->who[i] != who)
		i++;
	if (i == f->room && flow_grow(f))
		return ENOMEM;
	f->who[i] = who;
	f->grant[i] = grant;
	if (!f->whos || grant.until_ms < f->soonest_ms)
		f->soonest_ms = grant.until_ms;
	if (i == f->whos) {
		f->whos++;
		homes_bind(p->shared->homes, who, f->conn->id);
	}
	if (!deadline_running(&f->sweep))
		deadline_start(&p->sweep, &f->sweep, p->w->now_ms);
	return 0;
}

void flow_unbind(struct flow *f, struct proxy *p, uint64_t who,
		 uint64_t contact)
{
	for (uint32_t i = 0; i < f->whos; i++) {
		if (f->who[i] != who)
			continue;
		if (!contact || f->grant[i].contact == contact)
			flow_drop(f, p, i);
		return;
	}
}

void flow_sweep(struct deadline *d, uint64_t now_ms, void *arg)
{
	struct flow *f = LIST_OWNER(&d->link, struct flow, sweep.link);
	struct proxy *p = arg;

	flow_prune(f, p, now_ms);
	if (f->whos)
		deadline_start(&p->sweep, &f->sweep, now_ms);
}

void flow_send(struct flow *f, struct slice bytes)
{
	if (conn_send(f->conn, bytes) == ENOBUFS)
		conn_close(f->conn, CONN_END_OVERFLOW);
}
