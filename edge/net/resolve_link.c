/*
 * resolve_link.c - the way back to a worker's front.
 *
 * The lock makes "is the front still there" and "post to it" one step.
 */
#include "resolve_link.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct resolve_link {
	atomic_uint refs;
	pthread_mutex_t lock;
	struct postbox *box;	     /* NULL once cut; under the lock */
	struct resolve_front *front; /* its thread's alone */
	struct list told;	     /* its thread's alone */
};

int resolve_link_create(struct resolve_link **out, struct resolve_front *front,
			struct postbox *box)
{
	struct resolve_link *l = calloc(1, sizeof(*l));

	if (!l)
		return ENOMEM;
	if (pthread_mutex_init(&l->lock, NULL)) {
		free(l);
		return ENOMEM;
	}
	atomic_init(&l->refs, 1);
	l->box = box;
	l->front = front;
	list_init(&l->told);
	*out = l;
	return 0;
}

struct resolve_link *resolve_link_ref(struct resolve_link *l)
{
	atomic_fetch_add(&l->refs, 1);
	return l;
}

void resolve_link_unref(struct resolve_link **lp)
{
	struct resolve_link *l = *lp;

	*lp = NULL;
	if (!l || atomic_fetch_sub(&l->refs, 1) != 1)
		return;
	pthread_mutex_destroy(&l->lock);
	free(l);
}

void resolve_link_cut(struct resolve_link *l)
{
	pthread_mutex_lock(&l->lock);
	l->box = NULL;
	pthread_mutex_unlock(&l->lock);
	l->front = NULL;
}

bool resolve_link_put(struct resolve_link *l, struct post *p)
{
	bool open;

	pthread_mutex_lock(&l->lock);
	open = l->box;
	if (open)
		postbox_put(l->box, p);
	pthread_mutex_unlock(&l->lock);
	return open;
}

struct resolve_front *resolve_link_front(const struct resolve_link *l)
{
	return l->front;
}

struct list *resolve_link_told(struct resolve_link *l)
{
	return &l->told;
}
