/*
 * deadline.c - queues of timers of equal length.
 */
#include "base/deadline.h"

static struct deadline *first(const struct deadline_queue *q)
{
	if (list_empty(&q->head))
		return NULL;
	return LIST_OWNER(q->head.next, struct deadline, link);
}

void deadline_clock_init(struct deadline_clock *c)
{
	list_init(&c->queues);
}

void deadline_queue_init(struct deadline_queue *q, struct deadline_clock *c,
			 uint32_t len_ms, deadline_fn *fn, void *arg)
{
	list_init(&q->head);
	q->len_ms = len_ms;
	q->fn = fn;
	q->arg = arg;
	list_init(&q->link);
	list_append(&c->queues, &q->link);
}

void deadline_queue_set(struct deadline_queue *q, uint32_t len_ms)
{
	q->len_ms = len_ms;
}

void deadline_start(struct deadline_queue *q, struct deadline *d,
		    uint64_t now_ms)
{
	list_remove(&d->link);
	d->due_ms = now_ms + q->len_ms;
	list_append(&q->head, &d->link);
}

void deadline_stop(struct deadline *d)
{
	list_remove(&d->link);
}

bool deadline_running(const struct deadline *d)
{
	return !list_empty(&d->link);
}

uint64_t deadline_next(const struct deadline_clock *c)
{
	const struct list *it, *tmp;
	uint64_t next = UINT64_MAX;

	LIST_EACH (&c->queues, it, tmp) {
		const struct deadline *d =
			first(LIST_OWNER(it, struct deadline_queue, link));

		if (d && d->due_ms < next)
			next = d->due_ms;
	}
	return next;
}

/*
 * The due ones are set apart first: one that starts itself again inside its
 * callback waits for the next run, whatever its length.
 */
static void queue_run(struct deadline_queue *q, uint64_t now_ms)
{
	struct list due;
	struct deadline *d;

	list_init(&due);
	while ((d = first(q)) && d->due_ms <= now_ms) {
		list_remove(&d->link);
		list_append(&due, &d->link);
	}
	while (!list_empty(&due)) {
		d = LIST_OWNER(due.next, struct deadline, link);
		list_remove(&d->link);
		q->fn(d, now_ms, q->arg);
	}
}

void deadline_run(struct deadline_clock *c, uint64_t now_ms)
{
	struct list *it, *tmp;

	LIST_EACH (&c->queues, it, tmp)
		queue_run(LIST_OWNER(it, struct deadline_queue, link), now_ms);
}
