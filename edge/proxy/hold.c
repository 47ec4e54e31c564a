/*
 * hold.c: what waits for DNS before it can be judged.
 */
#include "hold.h"

#include "intake.h"
#include "reply.h"
#include "txn.h"

#include <errno.h>
#include <stdlib.h>

#define HOLD_MS	      5000 /* as long as a lookup takes at most */
#define QUESTIONS_MAX 256  /* domains asked about at once, a worker */
#define HELD_MAX      16   /* requests that wait, a connection */
#define HELD_ALL_MAX  1024 /* and in all, a worker */
#define STRANGE_HALF  2	   /* of these, for domains that are not listed */
#define STRANGE_BYTES 4	   /* and of limits.held_bytes */

/* A domain whose edges are asked for. */
struct question {
	struct list link;
	struct proxy *p;
	struct slice domain; /* owned text */
	bool listed;	     /* among our partners when it was asked */
	struct resolve_wait wait;
	struct deadline late;
	struct list held;
};

/* A request that waits for it. */
struct held {
	struct list link;
	conn_id conn;
	uint64_t key; /* of its transaction */
	size_t n;
	char bytes[];
};

static void held_free(struct proxy *p, struct held *h)
{
	list_remove(&h->link);
	p->held_bytes -= h->n;
	p->held_n--;
	free(h);
}

static void question_free(struct question *q)
{
	while (!list_empty(&q->held))
		held_free(q->p, LIST_OWNER(q->held.next, struct held, link));
	resolve_cancel(&q->wait);
	deadline_stop(&q->late);
	list_remove(&q->link);
	q->p->questions_n--;
	free((char *)(uintptr_t)q->domain.p);
	free(q);
}

static struct question *question_of(struct proxy *p, struct slice domain)
{
	struct list *it, *tmp;

	LIST_EACH (&p->questions, it, tmp) {
		struct question *q = LIST_OWNER(it, struct question, link);

		if (slice_same_host(q->domain, domain))
			return q;
	}
	return NULL;
}

/* Everybody who waited comes in again; a message may bring a new question up,
 * but none for this domain. */
static void question_ends(struct question *q, int err,
			  const struct resolve_service *s)
{
	struct proxy *p = q->p;
	struct list all = q->held;

	if (list_empty(&q->held)) {
		question_free(q);
		return;
	}
	all.next->prev = all.prev->next = &all;
	list_init(&q->held);
	question_free(q);
	while (!list_empty(&all)) {
		struct held *h = LIST_OWNER(all.next, struct held, link);
		struct conn *c = conn_find(p->w, h->conn);

		if (c && c->open && c->user)
			intake_again(p, c->user,
				     (struct slice){.p = h->bytes, .n = h->n},
				     err, s);
		held_free(p, h);
	}
}

static void edges_told(int err, const struct resolve_service *s, void *arg)
{
	question_ends(arg, err, s);
}

static void on_late(struct deadline *d, uint64_t now_ms, void *arg)
{
	(void)now_ms;
	(void)arg;
	question_ends(LIST_OWNER(&d->link, struct question, late.link),
		      ETIMEDOUT, NULL);
}

static struct question *question_make(struct proxy *p, struct slice domain)
{
	struct question *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->domain.p = slice_dup(domain);
	q->domain.n = domain.n;
	if (!q->domain.p) {
		free(q);
		return NULL;
	}
	q->p = p;
	q->listed = settings_partner(p->w->settings, domain) != NULL;
	q->wait.service_fn = edges_told;
	q->wait.arg = q;
	list_init(&q->held);
	list_append(&p->questions, &q->link);
	p->questions_n++;
	return q;
}

static unsigned count_held(struct proxy *p, conn_id conn)
{
	struct list *it, *tmp, *at, *next;
	unsigned n = 0;

	LIST_EACH (&p->questions, it, tmp) {
		struct question *q = LIST_OWNER(it, struct question, link);

		LIST_EACH (&q->held, at, next)
			n += LIST_OWNER(at, struct held, link)->conn == conn;
	}
	return n;
}

static struct held *held_find(struct proxy *p, uint64_t key)
{
	struct list *it, *tmp, *at, *next;

	LIST_EACH (&p->questions, it, tmp) {
		struct question *q = LIST_OWNER(it, struct question, link);

		LIST_EACH (&q->held, at, next) {
			struct held *h = LIST_OWNER(at, struct held, link);

			if (h->key == key)
				return h;
		}
	}
	return NULL;
}

/* Anybody with a certificate can name domains that are not listed, as many as
 * it likes and slow ones too; so room is left for partners that are. */
static bool has_room_for_strange(struct proxy *p, bool new_question)
{
	unsigned questions = new_question, held = 1;
	struct list *it, *tmp, *at, *next;
	size_t bytes = 0;

	LIST_EACH (&p->questions, it, tmp) {
		struct question *q = LIST_OWNER(it, struct question, link);

		if (q->listed)
			continue;
		questions++;
		LIST_EACH (&q->held, at, next) {
			bytes += LIST_OWNER(at, struct held, link)->n;
			held++;
		}
	}
	return questions <= QUESTIONS_MAX / STRANGE_HALF &&
	       held <= HELD_ALL_MAX / STRANGE_HALF &&
	       bytes < p->w->settings->limits.held_bytes / STRANGE_BYTES;
}

static bool has_room(struct proxy *p, const struct job *j,
		     const struct question *q)
{
	const struct limits *l = &p->w->settings->limits;
	const struct facts *f = j->f;

	if ((!q && p->questions_n >= QUESTIONS_MAX) ||
	    p->held_bytes >= l->held_bytes || p->held_n >= HELD_ALL_MAX ||
	    count_held(p, f->origin.conn) >= HELD_MAX)
		return false;
	return settings_partner(p->w->settings, f->from.host) ||
	       has_room_for_strange(p, !q);
}

static int hold(struct question *q, struct job *j)
{
	struct slice bytes = wire_frame(j->msg)->bytes;
	struct held *h = malloc(sizeof(*h) + bytes.n);

	if (!h)
		return ENOMEM;
	*h = (struct held){
		.conn = j->f->origin.conn,
		.key = txn_key(j->f, j->f->method),
		.n = bytes.n,
	};
	memcpy(h->bytes, bytes.p, bytes.n);
	list_append(&q->held, &h->link);
	q->p->held_bytes += h->n;
	q->p->held_n++;
	return EINPROGRESS;
}

int hold_request(struct job *j, struct resolve_service *out)
{
	struct proxy *p = j->p;
	struct question *q = question_of(p, j->f->from.host);
	int err = EINPROGRESS;

	/* RFC 3261 §17.2.3: seen before, and waiting. */
	if (held_find(p, txn_key(j->f, j->f->method)))
		return EINPROGRESS;
	if (!has_room(p, j, q))
		return ENOBUFS;
	if (!q) {
		q = question_make(p, j->f->from.host);
		if (!q)
			return ENOMEM;
		err = resolve_edges(p->w->resolve, q->domain, p->w->now_ms, out,
				    &q->wait);
		if (err == EINPROGRESS)
			deadline_start(&p->hold, &q->late, p->w->now_ms);
	}
	if (err == EINPROGRESS)
		err = hold(q, j);
	if (err != EINPROGRESS && list_empty(&q->held))
		question_free(q);
	return err;
}

bool hold_known(struct proxy *p, struct slice domain,
		struct resolve_service *out)
{
	struct question *q = question_make(p, domain);
	int err;

	if (!q)
		return false;
	err = resolve_edges(p->w->resolve, q->domain, p->w->now_ms, out,
			    &q->wait);
	question_free(q);
	return err == 0;
}

bool hold_cancel(struct job *j)
{
	static _Thread_local struct frame kept;
	struct held *h = held_find(j->p, txn_key(j->f, METHOD_INVITE));
	struct verdict v = verdict_refuse(487, "cancelled");

	if (!h)
		return false;
	reply_now(j, 200, (struct slice){0});
	if (!framer_index(&kept, (struct slice){.p = h->bytes, .n = h->n}))
		reply_frame(j->flow, &kept, &v);
	held_free(j->p, h);
	return true;
}

void hold_closed(struct proxy *p, const struct flow *f)
{
	struct list *it, *tmp, *at, *next;

	LIST_EACH (&p->questions, it, tmp) {
		struct question *q = LIST_OWNER(it, struct question, link);

		LIST_EACH (&q->held, at, next) {
			struct held *h = LIST_OWNER(at, struct held, link);

			if (h->conn == f->conn->id)
				held_free(p, h);
		}
	}
}

void hold_start(struct proxy *p)
{
	list_init(&p->questions);
	deadline_queue_init(&p->hold, &p->w->clock, HOLD_MS, on_late, p);
}

void hold_stop(struct proxy *p)
{
	while (!list_empty(&p->questions))
		question_free(
			LIST_OWNER(p->questions.next, struct question, link));
}
