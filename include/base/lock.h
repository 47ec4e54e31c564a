/**
 * @file lock.h
 * A mutex, for the few tables that all workers share.
 *
 * Held for one look-up or change, never across a call into another module.
 */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <pthread.h>

/** Embedded in what it guards. */
struct lock {
	pthread_mutex_t mutex;
};

/**
 * Make it ready, open.
 *
 * @param l  lock
 */
void lock_init(struct lock *l);

/**
 * Destroy an open lock.
 *
 * @param l  lock
 */
void lock_fini(struct lock *l);

/**
 * Close it, waiting while another thread holds it.
 *
 * @param l  lock
 */
void lock_take(struct lock *l);

/**
 * Open it.
 *
 * @param l  lock, held by this thread
 */
void lock_give(struct lock *l);

#endif
