/**
 * @file postbox.h
 * How one thread hands a job to another: a lock-free list and a wake-up.
 *
 * Each thread with a loop (main and the workers) has one. Jobs run on the
 * owner's thread in the order in which each sender posted them.
 */
#ifndef NET_POSTBOX_H
#define NET_POSTBOX_H

#include <uv.h>

struct postbox;
struct post;

/**
 * A job arrived; it belongs to the receiver now.
 *
 * @param p    the job, usually embedded in what it carries
 * @param arg  as given to postbox_create()
 */
typedef void post_fn(struct post *p, void *arg);

/** One job. */
struct post {
	struct post *next;
	post_fn *fn;
};

/**
 * Make a postbox on a loop, before its thread runs.
 *
 * @param out   postbox
 * @param loop  loop of the owner's thread
 * @param arg   passed to each job
 * @return      0 or an errno
 */
int postbox_create(struct postbox **out, uv_loop_t *loop, void *arg);

/**
 * Close it, on the owner's thread or after that ended; jobs still inside run
 * first. The memory goes when the loop has closed the handle.
 *
 * @param b  set to NULL; NULL inside is fine
 */
void postbox_close(struct postbox **b);

/**
 * Hand over a job; any thread.
 *
 * @param b  receiver
 * @param p  job with fn set
 */
void postbox_put(struct postbox *b, struct post *p);

/**
 * Run the jobs that are inside now, on the owner's thread. The loop does this
 * by itself; a thread that no longer runs its loop asks for it.
 *
 * @param b  postbox
 * @return   how many ran
 */
size_t postbox_run(struct postbox *b);

/**
 * Have a function called before each batch of jobs, on the owner's thread.
 *
 * @param b       postbox, before its thread runs
 * @param before  called with the postbox's arg; NULL for none
 */
void postbox_before(struct postbox *b, void (*before)(void *arg));

#endif
