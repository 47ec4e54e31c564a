/*
 * connections.c: a question that goes from worker to worker, and each adds its
 * connections to it.
 *
 * Nothing is kept for it while nobody asks.
 */
#include "proxy/connections.h"

#include "flow.h"
#include "round.h"

#include <errno.h>
#include <stdlib.h>

struct question {
	struct round round;
	connections_fn *fn;
	void *arg;
	bool old_only;
	struct connections_told told;
};

static struct question *question_of(struct round *r)
{
	return (struct question *)(void *)r;
}

static void question_free(struct question *q)
{
	free(q->told.entry);
	free(q);
}

static void question_answered(struct round *r)
{
	struct question *q = question_of(r);

	q->fn(&q->told, q->arg);
	question_free(q);
}

static bool is_same(const struct connections_ours *o, enum leg leg,
		    const struct conn_shown *s)
{
	return o->leg == leg && o->old == s->old &&
	       !memcmp(o->fingerprint, s->ours, sizeof(s->ours));
}

static void count_ours(struct connections_told *t, enum leg leg,
		       const struct conn_shown *s)
{
	unsigned i = 0;

	while (i < t->n_ours && !is_same(&t->ours[i], leg, s))
		i++;
	if (i == CONNECTIONS_OURS_MAX) {
		t->other++;
		return;
	}
	if (i == t->n_ours) {
		t->ours[i] = (struct connections_ours){
			.leg = leg, .ends_s = s->ends_s, .old = s->old};
		memcpy(t->ours[i].fingerprint, s->ours, sizeof(s->ours));
		t->n_ours++;
	}
	t->ours[i].n++;
}

static void list_names(char out[CONNECTIONS_NAMES_MAX],
		       const struct cert_names *names)
{
	size_t at = 0;

	out[0] = '\0';
	for (size_t i = 0; names && i < names->n; i++) {
		size_t n = strlen(names->name[i].text);

		/* Room for a comma, "+" and the end. */
		if (at + n + 3 > CONNECTIONS_NAMES_MAX) {
			memcpy(out + at, "+", 2);
			return;
		}
		if (at)
			out[at++] = ',';
		memcpy(out + at, names->name[i].text, n + 1);
		at += n;
	}
}

static struct connections_entry *entry_add(struct connections_told *t)
{
	unsigned room = t->room ? t->room * 2 : 16;
	struct connections_entry *more;

	if (t->n_entry == CONNECTIONS_TOLD_MAX)
		return NULL;
	if (t->n_entry == t->room) {
		more = realloc(t->entry, room * sizeof(*more));
		if (!more)
			return NULL;
		t->entry = more;
		t->room = room;
	}
	return &t->entry[t->n_entry++];
}

static enum peer_class class_now(const struct conn *c)
{
	const struct flow *f = c->user;

	if (!f)
		return PEER_STRANGER;
	return f->base == PEER_STRANGER && f->whos && c->leg == LEG_OUTSIDE
		       ? PEER_USER
		       : f->base;
}

static void tell(struct connections_told *t, const struct conn *c,
		 const struct conn_shown *shown)
{
	struct connections_entry *e = entry_add(t);

	if (!e) {
		t->untold++;
		return;
	}
	*e = (struct connections_entry){
		.leg = c->leg,
		.door = c->door,
		.class = class_now(c),
		.tls = c->tls,
		.retired = c->retired,
		.shown = *shown,
	};
	conn_name(c, e->name);
	addr_text(&c->peer, e->peer);
	list_names(e->names, c->names);
	if (c->names)
		memcpy(e->fingerprint, c->names->fingerprint,
		       sizeof(e->fingerprint));
}

static void question_add(const struct conn *c, const struct conn_shown *shown,
			 void *arg)
{
	struct question *q = arg;

	q->told.n++;
	q->told.plain += !c->tls;
	q->told.old += shown->old;
	if (shown->ours[0])
		count_ours(&q->told, c->leg, shown);
	if (!q->old_only || shown->old)
		tell(&q->told, c, shown);
}

static void question_visits(struct round *r, struct worker *w)
{
	conn_each(w, question_add, question_of(r));
}

int connections_ask(struct proxy_shared *p, struct postbox *box, bool old_only,
		    connections_fn *fn, void *arg)
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
		.old_only = old_only,
	};
	err = round_begin(&q->round, p);
	if (err)
		question_free(q);
	return err;
}
