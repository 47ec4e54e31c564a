/**
 * @file deadline.h
 * Timers that cost a list link.
 *
 * All timers of one length sit in one first-in-first-out queue: started last
 * means due last, so starting, stopping and finding the next one are O(1). A
 * clock holds the queues of one thread. It never reads the time: callers pass
 * it, monotonic milliseconds.
 */
#ifndef BASE_DEADLINE_H
#define BASE_DEADLINE_H

#include "base/list.h"

#include <stdint.h>

/** One running timer, embedded in what it times. */
struct deadline {
	struct list link;
	uint64_t due_ms;
};

/**
 * A timer ran out; it is already stopped and may be started again.
 *
 * @param d       the timer
 * @param now_ms  monotonic time [ms]
 * @param arg     as given to deadline_queue_init()
 */
typedef void deadline_fn(struct deadline *d, uint64_t now_ms, void *arg);

/** All queues of one thread. */
struct deadline_clock {
	struct list queues;
};

/** The timers of one length. */
struct deadline_queue {
	struct list link; /* on the clock */
	struct list head;
	uint32_t len_ms;
	deadline_fn *fn;
	void *arg;
};

/**
 * Make a clock without queues.
 *
 * @param c  clock, embedded in its owner
 */
void deadline_clock_init(struct deadline_clock *c);

/**
 * Add a queue to a clock.
 *
 * @param q       queue, embedded in its owner
 * @param c       clock; must outlive the queue
 * @param len_ms  length of every timer in it [ms]
 * @param fn      called when one runs out
 * @param arg     passed to fn
 */
void deadline_queue_init(struct deadline_queue *q, struct deadline_clock *c,
			 uint32_t len_ms, deadline_fn *fn, void *arg);

/**
 * Change the length for timers started from now on.
 *
 * @param q       queue
 * @param len_ms  new length [ms]; a shorter one may fire up to the old
 *                length late, since the queue stays in order
 */
void deadline_queue_set(struct deadline_queue *q, uint32_t len_ms);

/**
 * Start, or start over, a timer.
 *
 * @param q       queue, which says how long
 * @param d       timer; zeroed or initialised before its first use
 * @param now_ms  monotonic time [ms]
 */
void deadline_start(struct deadline_queue *q, struct deadline *d,
		    uint64_t now_ms);

/**
 * Stop a timer; one that is not running is left alone.
 *
 * @param d  timer
 */
void deadline_stop(struct deadline *d);

/**
 * Is the timer running?
 *
 * @param d  timer
 * @return   true when started and neither stopped nor run out
 */
bool deadline_running(const struct deadline *d);

/**
 * When is the next one due?
 *
 * @param c  clock
 * @return   monotonic time [ms], UINT64_MAX when none is running
 */
uint64_t deadline_next(const struct deadline_clock *c);

/**
 * Run every timer that is due.
 *
 * @param c       clock
 * @param now_ms  monotonic time [ms]
 */
void deadline_run(struct deadline_clock *c, uint64_t now_ms);

#endif
