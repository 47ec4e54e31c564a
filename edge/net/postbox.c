/*
 * postbox.c - jobs from thread to thread.
 *
 * Senders push onto a stack; whoever finds it empty rings the bell. The owner
 * takes the whole stack at once and turns it round, so that jobs run in the
 * order in which they came.
 */
#include "net/postbox.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

struct postbox {
	uv_async_t bell;
	_Atomic(struct post *) last; /* the youngest job, or NULL */
	void *arg;
	void (*before)(void *arg);
};

static struct post *turn_round(struct post *p)
{
	struct post *first = NULL;

	while (p) {
		struct post *next = p->next;

		p->next = first;
		first = p;
		p = next;
	}
	return first;
}

size_t postbox_run(struct postbox *b)
{
	struct post *p = turn_round(atomic_exchange(&b->last, NULL));
	size_t n = 0;

	if (p && b->before)
		b->before(b->arg);
	while (p) {
		struct post *next = p->next;

		p->fn(p, b->arg);
		p = next;
		n++;
	}
	return n;
}

static void on_bell(uv_async_t *bell)
{
	postbox_run(bell->data);
}

static void on_closed(uv_handle_t *bell)
{
	free(bell->data);
}

int postbox_create(struct postbox **out, uv_loop_t *loop, void *arg)
{
	struct postbox *b = calloc(1, sizeof(*b));
	int err;

	if (!b)
		return ENOMEM;
	err = uv_async_init(loop, &b->bell, on_bell);
	if (err) {
		free(b);
		return -err;
	}
	b->bell.data = b;
	b->arg = arg;
	*out = b;
	return 0;
}

void postbox_before(struct postbox *b, void (*before)(void *arg))
{
	b->before = before;
}

void postbox_close(struct postbox **b)
{
	if (!*b)
		return;
	while (postbox_run(*b) > 0)
		;
	uv_close((uv_handle_t *)&(*b)->bell, on_closed);
	*b = NULL;
}

void postbox_put(struct postbox *b, struct post *p)
{
	struct post *last = atomic_load(&b->last);

	assert(p->fn);
	do {
		p->next = last;
	} while (!atomic_compare_exchange_weak(&b->last, &last, p));
	if (!last)
		uv_async_send(&b->bell);
}
