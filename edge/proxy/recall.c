/*
 * recall.c: a ring of records a worker, the oldest overwritten first.
 *
 * Writing is on the way of every request: texts are copied as they stand, and
 * nothing is printed, hashed or looked for until somebody asks.
 */
#include "proxy/recall.h"

#include "hop.h"
#include "recall_notes.h"
#include "round.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The front of a text, by value. */
struct note {
	uint32_t n; /* of all of it */
	char text[RECALL_TEXT_MAX - 1];
};

struct
try {
	union addr addr;
	char host[40]; /* NUL-terminated, cut */
	uint16_t status;
	const char *reason;
};

struct record {
	uint32_t number; /* 0: nothing */
	uint64_t wall_s, began_ms, final_ms;
	struct note call_id, from, uri, method;
	union addr peer;
	enum leg leg;
	enum peer_class class;
	enum verdict_kind kind;
	enum verdict_to to;
	uint16_t status, answered;
	const char *rule, *ended;
	unsigned tries;
	struct try try[RECALL_TRIES_MAX];
};

struct recall {
	uint32_t n, last; /* size; number of the newest record */
	struct record record[];
};

int recall_start(struct proxy *p)
{
	uint32_t n = p->w->settings->limits.recent_requests;

	p->recall = NULL;
	if (!n)
		return 0;
	p->recall =
		calloc(1, sizeof(struct recall) + n * sizeof(struct record));
	if (!p->recall)
		return ENOMEM;
	p->recall->n = n;
	return 0;
}

void recall_stop(struct proxy *p)
{
	free(p->recall);
	p->recall = NULL;
}

/* Of another size it begins anew, with numbers that no transaction has. */
void recall_reload(struct proxy *p)
{
	uint32_t last = p->recall ? p->recall->last : 0;

	if ((p->recall ? p->recall->n : 0) ==
	    p->w->settings->limits.recent_requests)
		return;
	recall_stop(p);
	if (recall_start(p))
		log_event(LOG_LEVEL_ERROR, "proxy", "recall-off",
			  "reason=out-of-memory");
	if (p->recall)
		p->recall->last = last;
}

static size_t note_len(const struct note *n)
{
	return n->n < sizeof(n->text) ? n->n : sizeof(n->text);
}

static void note(struct note *n, struct slice s)
{
	n->n = (uint32_t)s.n;
	memcpy(n->text, s.p ? s.p : "", note_len(n));
}

static struct record *record_at(struct recall *r, uint32_t number)
{
	struct record *at = r ? &r->record[number % r->n] : NULL;

	return at && number && at->number == number ? at : NULL;
}

void recall_request(struct job *j, const struct verdict *v)
{
	struct recall *r = j->p->recall;
	const struct facts *f = j->f;
	struct record *at;

	if (!r)
		return;
	r->last += r->last == UINT32_MAX ? 2 : 1; /* never 0 */
	at = &r->record[r->last % r->n];
	at->number = j->recalled = r->last;
	at->wall_s = j->p->w->wall_s;
	at->began_ms = j->p->w->now_ms;
	at->final_ms = v->kind == VERDICT_REFUSE ? at->began_ms : 0;
	note(&at->call_id, f->call_id);
	note(&at->from, f->from.raw);
	note(&at->uri, f->ruri.raw);
	note(&at->method, f->method_name);
	at->peer = j->flow->conn->peer;
	at->leg = f->origin.leg;
	at->class = f->origin.peer;
	at->kind = v->kind;
	at->to = v->to;
	at->status = v->status;
	at->answered = v->kind == VERDICT_REFUSE ? v->status : 0;
	at->rule = v->rule;
	at->ended = NULL;
	at->tries = 0;
}

void recall_try(struct txn *t, const union addr *to)
{
	struct record *r = record_at(t->p->recall, t->recalled);
	struct slice host = {0};
	struct try *last;

	if (!r)
		return;
	if (r->tries == RECALL_TRIES_MAX)
		memmove(r->try, r->try + 1, sizeof(r->try) - sizeof(r->try[0]));
	else
		r->tries++;
	last = &r->try[r->tries - 1];
	if (t->hop && t->hop->at)
		host = hop_host(t->hop)->host;
	if (host.n >= sizeof(last->host))
		host.n = sizeof(last->host) - 1;
	memcpy(last->host, host.p ? host.p : "", host.n);
	last->host[host.n] = '\0';
	last->addr = *to;
	last->status = 0;
	last->reason = NULL;
}

static struct try *last_try(struct txn *t)
{
	struct record *r = record_at(t->p->recall, t->recalled);

	return r && r->tries ? &r->try[r->tries - 1] : NULL;
}

void recall_lost(struct txn *t, const char *reason)
{
	struct try *last = last_try(t);

	if (last)
		last->reason = reason;
}

void recall_answer(struct txn *t, uint16_t status)
{
	struct try *last = last_try(t);

	if (last)
		last->status = status;
}

void recall_final(struct txn *t, uint16_t status, const char *rule)
{
	struct record *r = record_at(t->p->recall, t->recalled);

	if (!r)
		return;
	r->answered = status;
	r->ended = rule;
	r->final_ms = t->p->w->now_ms;
}

struct question {
	struct round round;
	recall_fn *fn;
	void *arg;
	struct slice call_id; /* owned text */
	unsigned told;
	struct recall_entry *entry; /* owned */
};

static struct question *question_of(struct round *r)
{
	return (struct question *)(void *)r;
}

static void question_free(struct question *q)
{
	free((char *)(uintptr_t)q->call_id.p);
	free(q->entry);
	free(q);
}

static void question_answered(struct round *r)
{
	struct question *q = question_of(r);

	q->fn(q->entry, q->told, q->arg);
	question_free(q);
}

static void tell_text(char *out, size_t cap, const struct note *n)
{
	size_t len = note_len(n) < cap ? note_len(n) : cap - 1;

	memcpy(out, n->text, len);
	out[len] = '\0';
}

static void tell_try(struct recall_try *out, const struct try *t)
{
	char addr[ADDR_TEXT_MAX];

	out->status = t->status;
	out->reason = t->reason;
	if (t->addr.sa.sa_family)
		addr_text(&t->addr, addr);
	if (!t->addr.sa.sa_family)
		snprintf(out->target, sizeof(out->target), "another worker's");
	else if (t->host[0])
		snprintf(out->target, sizeof(out->target), "%s (%s)", t->host,
			 addr);
	else
		snprintf(out->target, sizeof(out->target), "%s", addr);
}

static void tell(struct recall_entry *out, const struct record *r)
{
	*out = (struct recall_entry){
		.wall_ms = r->wall_s * 1000,
		.leg = r->leg,
		.class = r->class,
		.kind = r->kind,
		.to = r->to,
		.status = r->status,
		.answered = r->answered,
		.rule = r->rule,
		.ended = r->ended,
		.tries = r->tries,
	};
	if (r->final_ms)
		out->final_ms = out->wall_ms + r->final_ms - r->began_ms;
	tell_text(out->call_id, sizeof(out->call_id), &r->call_id);
	tell_text(out->from, sizeof(out->from), &r->from);
	tell_text(out->uri, sizeof(out->uri), &r->uri);
	tell_text(out->method, sizeof(out->method), &r->method);
	addr_text(&r->peer, out->peer);
	for (unsigned i = 0; i < r->tries; i++)
		tell_try(&out->target[i], &r->try[i]);
}

/* What is longer than a note is compared by length and by its front. */
static bool is_about(const struct record *r, struct slice call_id)
{
	return r->number && r->call_id.n == call_id.n &&
	       !memcmp(r->call_id.text, call_id.p, note_len(&r->call_id));
}

static void question_add(struct question *q, const struct record *r)
{
	struct recall_entry *more;

	if (!is_about(r, q->call_id) || q->told == RECALL_TOLD_MAX)
		return;
	more = realloc(q->entry, (q->told + 1) * sizeof(*more));
	if (!more)
		return;
	q->entry = more;
	tell(&more[q->told++], r);
}

static void question_visits(struct round *round, struct worker *w)
{
	const struct recall *r = ((struct proxy *)w->user)->recall;

	for (uint32_t i = 1; r && i <= r->n; i++)
		question_add(question_of(round),
			     &r->record[(r->last + i) % r->n]);
}

int recall_ask(struct proxy_shared *p, struct postbox *box,
	       struct slice call_id, recall_fn *fn, void *arg)
{
	struct question *q = calloc(1, sizeof(*q));
	int err;

	if (!q)
		return ENOMEM;
	*q = (struct question){
		.round = {.box = box,
			  .visit = question_visits,
			  .back = question_answered},
		.fn = fn,
		.arg = arg,
		.call_id = {.p = slice_dup(call_id), .n = call_id.n},
	};
	err = q->call_id.p ? round_begin(&q->round, p) : ENOMEM;
	if (err)
		question_free(q);
	return err;
}
