/*
 * lock.c: a thin coat over the system's mutex; its calls fail only through
 * bugs of ours.
 */
#include "base/lock.h"

#include <assert.h>

void lock_init(struct lock *l)
{
	int err = pthread_mutex_init(&l->mutex, NULL);

	assert(err == 0);
	(void)err;
}

void lock_fini(struct lock *l)
{
	pthread_mutex_destroy(&l->mutex);
}

void lock_take(struct lock *l)
{
	int err = pthread_mutex_lock(&l->mutex);

	assert(err == 0);
	(void)err;
}

void lock_give(struct lock *l)
{
	pthread_mutex_unlock(&l->mutex);
}
