/*
 * txn.c: the table of transactions, their states and what ends them.
 */
/* Out of memory the element is not added, and its hh.tbl is NULL. */
#define HASH_NONFATAL_OOM 1

#include "txn.h"

#include "cancel.h"
#include "hop.h"
#include "recall_notes.h"
#include "reply.h"

#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const state_name[TXN_STATES] = {
	[TXN_ROUTING] = "routing",	 [TXN_SENT] = "sent",
	[TXN_PROCEEDING] = "proceeding", [TXN_ACCEPTED] = "accepted",
	[TXN_COMPLETED] = "completed",
};

/* Bit n of row m: state n may follow state m. */
static const uint8_t legal[TXN_STATES] = {
	[TXN_ROUTING] = 1 << TXN_SENT | 1 << TXN_COMPLETED,
	[TXN_SENT] = 1 << TXN_ROUTING | 1 << TXN_PROCEEDING |
		     1 << TXN_ACCEPTED | 1 << TXN_COMPLETED,
	[TXN_PROCEEDING] =
		1 << TXN_ROUTING | 1 << TXN_ACCEPTED | 1 << TXN_COMPLETED,
	[TXN_ACCEPTED] = 0,
	[TXN_COMPLETED] = 1 << TXN_ACCEPTED,
};

/* REGISTERs that one who is nobody yet may have under way. */
#define STRANGER_PENDING_MAX 8

static bool is_under_way(enum txn_state s)
{
	return s <= TXN_PROCEEDING;
}

bool txn_under_way(const struct txn *t)
{
	return is_under_way(t->state);
}

void txn_enter(struct txn *t, enum txn_state state)
{
	assert(legal[t->state] >> state & 1);
	(void)legal;
	t->p->under_way -= is_under_way(t->state);
	t->p->under_way += is_under_way(state);
	if (log_wanted(LOG_LEVEL_DEBUG)) {
		char name[40];

		log_event(LOG_LEVEL_DEBUG, txn_name(t, name), "state",
			  "from=%s to=%s", state_name[t->state],
			  state_name[state]);
	}
	t->state = state;
}

const char *txn_name(const struct txn *t, char out[40])
{
	snprintf(out, 40, "w%ut%u", t->p->w->index, t->slot);
	return out;
}

uint64_t txn_key(const struct facts *f, enum method method)
{
	uint64_t h = f->origin.conn ^ ((uint64_t)method << 56);

	/* ACK and CANCEL belong to an INVITE; methods we do not know differ by
	 * name. */
	if (method == METHOD_OTHER)
		h = hash_bytes(h, f->method_name);
	h = hash_icase(h, f->sent_by);
	h = hash_bytes(h, f->branch);
	if (f->branch_rfc3261)
		return h;
	/* RFC 3261 §17.2.3, for what RFC 2543 clients send. */
	h = hash_bytes(h, f->ruri.raw);
	h = hash_bytes(h, f->call_id);
	h = hash_bytes(h, f->from_tag);
	return hash_bytes(h ^ f->cseq, SLICE("2543"));
}

static int slot_grow(struct proxy *p)
{
	uint32_t more = p->slots ? p->slots * 2 : 64;
	struct txn **slot = realloc(p->slot, more * sizeof(struct txn *));

	if (!slot)
		return ENOMEM;
	for (uint32_t i = p->slots; i < more; i++)
		slot[i] = NULL;
	p->slot = slot;
	p->slots = more;
	return 0;
}

/* The next empty slot behind the one taken last; a quarter is always empty, so
 * the search is short. */
static int slot_take(struct proxy *p, struct txn *t)
{
	if (p->txns + 1 > p->slots / 4 * 3 && slot_grow(p))
		return ENOMEM;
	while (p->slot[p->free_slot % p->slots])
		p->free_slot++;
	t->slot = p->free_slot++ % p->slots;
	p->slot[t->slot] = t;
	return 0;
}

bool is_in_dialog(const struct facts *f)
{
	return f->to_tag.n && f->method != METHOD_REGISTER;
}

/* Requests of a flow that wait for an answer; looked at for strangers only,
 * who have few. */
static unsigned unanswered(const struct flow *f)
{
	const struct list *it;
	unsigned n = 0;

	for (it = f->served.next; it != &f->served; it = it->next)
		n++;
	return n;
}

static bool is_at_limit(const struct proxy *p, const struct job *j)
{
	uint32_t max = p->w->settings->limits.transactions;

	if (is_in_dialog(j->f))
		return false;
	if (j->f->origin.peer == PEER_STRANGER &&
	    unanswered(j->flow) >= STRANGER_PENDING_MAX)
		return true;
	return p->txns >= max ||
	       p->held_bytes >= p->w->settings->limits.held_bytes;
}

static void txn_start_timer(struct txn *t)
{
	struct proxy *p = t->p;

	if (t->method == METHOD_INVITE)
		deadline_start(&p->trying, &t->life, p->w->now_ms);
	else if (t->method == METHOD_ACK)
		deadline_start(&p->life, &t->life, p->w->now_ms);
	else
		deadline_start(&p->nudge, &t->life, p->w->now_ms);
}

static int txn_enlist(struct txn *t, const struct facts *f)
{
	struct proxy *p = t->p;

	if (t->method == METHOD_ACK)
		return 0;
	t->key = txn_key(f, t->method);
	HASH_ADD(hh, p->by_key, key, sizeof(t->key), t);
	t->keyed = t->hh.tbl != NULL;
	return t->keyed ? 0 : ENOMEM;
}

struct txn *txn_create(struct job *j, const struct verdict *v)
{
	static uint32_t generation; /* unique enough a worker: see branch MAC */
	struct proxy *p = j->p;
	struct txn *t;

	if (is_at_limit(p, j))
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t || slot_take(p, t)) {
		free(t);
		return NULL;
	}
	t->p = p;
	t->generation = __atomic_add_fetch(&generation, 1, __ATOMIC_RELAXED);
	t->method = j->f->method;
	t->recalled = j->recalled;
	t->to = v->to;
	t->cseq = j->f->cseq;
	t->asker = (uint8_t)j->f->origin.peer;
	t->from_near = t->asker == PEER_SERVER;
	t->outward =
		v->to == TO_FLOW || v->to == TO_DEVICE || v->to == TO_PARTNER;
	if (txn_enlist(t, j->f)) {
		p->slot[t->slot] = NULL;
		free(t);
		return NULL;
	}
	t->up = j->flow;
	list_append(&j->flow->served, &t->up_link);
	p->txns++;
	count_up(&p->count.transactions);
	p->under_way++;
	txn_start_timer(t);
	return t;
}

struct txn *txn_find(struct proxy *p, uint64_t key)
{
	struct txn *t;

	HASH_FIND(hh, p->by_key, &key, sizeof(key), t);
	return t;
}

struct txn *txn_at(struct proxy *p, uint32_t slot, uint32_t generation)
{
	struct txn *t = slot < p->slots ? p->slot[slot] : NULL;

	return t && t->generation == generation ? t : NULL;
}

void txn_leave_hop(struct txn *t)
{
	list_remove(&t->down_link);
	t->down = NULL;
	t->down_id = 0;
	deadline_stop(&t->hop_timer);
}

void txn_join_hop(struct txn *t, struct flow *down)
{
	txn_leave_hop(t);
	t->down = down;
	t->down_id = down->conn->id;
	recall_try(t, &down->conn->peer);
	list_append(&down->sent, &t->down_link);
}

void txn_forget_sent(struct txn *t)
{
	t->p->held_bytes -= t->sent_len;
	free(t->sent);
	t->sent = NULL;
	t->sent_len = 0;
}

void txn_destroy(struct txn *t)
{
	struct proxy *p = t->p;

	if (t->keyed)
		HASH_DEL(p->by_key, t);
	p->slot[t->slot] = NULL;
	p->txns--;
	count_down(&p->count.transactions);
	p->under_way -= is_under_way(t->state);
	deadline_stop(&t->life);
	txn_leave_hop(t);
	list_remove(&t->up_link);
	hop_destroy(&t->hop);
	txn_forget_sent(t);
	free(t->rr);
	free(t->shown);
	free(t->rr_far);
	free(t->far_domain);
	veil_fini(&t->veil);
	free(t->reg.aor);
	free(t);
}

/* 200 ms without a word (RFC 3261 §17.2.1); Timer C runs from here. */
static void on_trying(struct deadline *d, uint64_t now_ms, void *arg)
{
	struct txn *t = LIST_OWNER(&d->link, struct txn, life.link);
	struct proxy *p = arg;

	reply_trying(t);
	deadline_start(&p->timer_c, &t->life, now_ms);
}

/* RFC 4320 §4.1: one 100 for a slow answer; then the rest of Timer F. */
static void on_nudge(struct deadline *d, uint64_t now_ms, void *arg)
{
	struct txn *t = LIST_OWNER(&d->link, struct txn, life.link);
	struct proxy *p = arg;

	reply_trying(t);
	deadline_start(&p->timer_f, &t->life, now_ms);
}

/* RFC 3261 §16.8: "If the client transaction has received a provisional
 * response, the proxy MUST generate a CANCEL"; else it is as if 408 came. */
static void on_timer_c(struct deadline *d, uint64_t now_ms, void *arg)
{
	struct txn *t = LIST_OWNER(&d->link, struct txn, life.link);

	(void)now_ms;
	(void)arg;
	if (t->state == TXN_PROCEEDING)
		cancel_send(t);
	else
		reply_final(t, 408, "timer-c");
}

static void on_life(struct deadline *d, uint64_t now_ms, void *arg)
{
	struct txn *t = LIST_OWNER(&d->link, struct txn, life.link);

	(void)now_ms;
	(void)arg;
	if (t->state == TXN_PROCEEDING)
		reply_final(t, t->cancel_wanted ? 487 : 408, "no-final-answer");
	else if (t->state == TXN_ROUTING && t->method == METHOD_INVITE)
		reply_final(t, 408, "no-final-answer");
	else /* Timer F, H, L; RFC 4320 §4.2: a late 408 helps nobody */
		txn_destroy(t);
}

/* Does a server answer it by itself, at once? Others wait for a user agent,
 * whose silence says nothing of the server. */
static bool is_prompt(const struct txn *t)
{
	return t->method == METHOD_INVITE || t->method == METHOD_REGISTER;
}

static void on_hop_answer(struct deadline *d, uint64_t now_ms, void *arg)
{
	struct txn *t = LIST_OWNER(&d->link, struct txn, hop_timer.link);

	(void)now_ms;
	(void)arg;
	t->best = 408;
	if (t->hop && is_prompt(t))
		hop_lost(t);
	else if (t->method == METHOD_INVITE) /* Timer B */
		reply_final(t, t->cancel_wanted ? 487 : 408, "flow-silent");
	else
		txn_destroy(t);
}

void txn_await(struct txn *t)
{
	struct proxy *p = t->p;

	txn_enter(t, TXN_SENT);
	deadline_start(t->hop && is_prompt(t) ? &p->hop_answer
					      : &p->flow_answer,
		       &t->hop_timer, p->w->now_ms);
}

static uint32_t timer_f_ms(const struct limits *l)
{
	uint32_t all_ms = l->transaction_s * 1000;

	return all_ms > NUDGE_MS ? all_ms - NUDGE_MS : 1;
}

void txn_start(struct proxy *p)
{
	const struct limits *l = &p->w->settings->limits;
	struct deadline_clock *c = &p->w->clock;

	deadline_queue_init(&p->trying, c, TRYING_MS, on_trying, p);
	deadline_queue_init(&p->nudge, c, NUDGE_MS, on_nudge, p);
	deadline_queue_init(&p->timer_f, c, timer_f_ms(l), on_life, p);
	deadline_queue_init(&p->life, c, l->transaction_s * 1000, on_life, p);
	deadline_queue_init(&p->timer_c, c, l->timer_c_s * 1000, on_timer_c, p);
	deadline_queue_init(&p->hop_answer, c, l->hop_answer_s * 1000,
			    on_hop_answer, p);
	deadline_queue_init(&p->flow_answer, c, l->transaction_s * 1000,
			    on_hop_answer, p);
}

void txn_reload(struct proxy *p)
{
	const struct limits *l = &p->w->settings->limits;

	deadline_queue_set(&p->timer_f, timer_f_ms(l));
	deadline_queue_set(&p->life, l->transaction_s * 1000);
	deadline_queue_set(&p->timer_c, l->timer_c_s * 1000);
	deadline_queue_set(&p->hop_answer, l->hop_answer_s * 1000);
	deadline_queue_set(&p->flow_answer, l->transaction_s * 1000);
}

void txn_stop(struct proxy *p)
{
	for (uint32_t i = 0; i < p->slots; i++)
		if (p->slot[i])
			txn_destroy(p->slot[i]);
	free(p->slot);
	p->slot = NULL;
	p->slots = 0;
}
