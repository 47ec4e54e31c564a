/**
 * @file worker_state.h
 * What the room itself keeps of a worker.
 *
 * workers.c has the set of them and their threads, worker.c the one.
 */
#ifndef NET_WORKER_STATE_H
#define NET_WORKER_STATE_H

#include "conn_state.h"
#include "listener.h"
#include "net/worker.h"
#include "turns.h"

#include <stdatomic.h>

/** One worker. */
struct worker_inner {
	struct worker pub; /* first: the two are cast to each other */
	struct workers *set;
	const struct worker_setup *setup; /* the set's */
	const struct tlsctx *tls;	  /* referenced */
	uv_loop_t loop;
	uv_prepare_t prepare;
	int timer_fd; /* one timer for all deadlines, see worker.c */
	uv_poll_t timer;
	uint64_t armed_ms; /* when timer fires; UINT64_MAX when off */
	bool fresh;	   /* now_ms was taken in this turn */
	struct conns conns;
	struct listener *listener; /* of set->doors */
	unsigned listeners;
	int spare_fd; /* given up to close what cannot be accepted */
	struct deadline_queue accept_queue, drain_queue;
	struct deadline drain;
	uint64_t drain_until_ms;
	struct post stop_post, drain_post;
	uv_thread_t thread;
	struct turn_taker taker;
	bool started;
	int start_err;
};

/** All workers. */
struct workers {
	struct worker_setup setup;
	struct gate *gate;
	struct failures *failures;
	unsigned count;
	unsigned running;    /* threads */
	struct turns *turns; /* NULL when there is but one */
	uv_sem_t started;
	uv_barrier_t barrier;
	atomic_uint draining; /* not yet done */
	atomic_uint ran[2];   /* jobs in a round of the last clearing */
	void (*drained)(void *arg);
	void *drained_arg;
	struct worker_inner *worker[];
};

/**
 * The inside of a worker.
 *
 * @param w  worker
 * @return   the same
 */
static inline struct worker_inner *worker_inner(const struct worker *w)
{
	return (struct worker_inner *)w;
}

/**
 * Make a worker that has not begun to run.
 *
 * @param out    worker
 * @param set    its set
 * @param index  its number
 * @return       0 or an errno
 */
int worker_create(struct worker_inner **out, struct workers *set,
		  unsigned index);

/**
 * Close listeners and connections; take no new ones.
 *
 * @param w  worker
 */
void worker_shut(struct worker_inner *w);

/**
 * Free everything, on its own thread or after that.
 *
 * @param w  worker that was shut; set to NULL, NULL inside is fine
 */
void worker_destroy(struct worker_inner **w);

/**
 * A whole turn, when there is something to do: poll, act, write.
 *
 * @param w  struct worker_inner
 * @return   true when there is more to do
 */
bool worker_turn(void *w);

/**
 * Take the time, once a turn; the first callback of a turn does it.
 *
 * @param w  worker
 */
void worker_tick(struct worker *w);

/**
 * Close its listeners, and look until it is idle or limits.drain_s is over.
 *
 * @param w     worker
 * @param done  called once
 */
void worker_drain(struct worker_inner *w);

#endif
