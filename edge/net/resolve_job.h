/**
 * @file resolve_job.h
 * One name being asked for on the main thread, and the main thread's half.
 *
 * A job is made by a front, travels to the main thread, asks (SRV, then each
 * target's A and AAAA; for the edges of a domain two SRV at most), and travels
 * back with its answer. Who holds it owns
 * it; it is never in two places.
 */
#ifndef NET_RESOLVE_JOB_H
#define NET_RESOLVE_JOB_H

#include "base/deadline.h"
#include "resolve_ask.h"
#include "resolve_hosts.h"
#include "resolve_link.h"
#include "resolve_name.h"
#include "resolve_records.h"
#include "resolve_set.h"

#include <stdatomic.h>

/** A lookup as a whole ends within this [ms]. */
#define RESOLVE_JOB_MS 5000

struct resolve_job;
struct job_target;

/** What is asked for, and later the answer. */
struct resolve_job {
	struct post post;
	struct resolve_link *link; /* referenced */
	struct resolver *resolver; /* referenced until answered */
	void *entry;		   /* the front's own */
	post_fn *answered;	   /* the front's own */
	enum leg leg;
	bool tls;
	bool edges;    /* the federation service of a domain, no addresses */
	uint16_t port; /* 0: SRV first */
	struct resolve_name host;

	/* On the main thread. */
	struct list all; /* on resolver.jobs */
	struct deadline deadline;
	struct resolve_ask srv;
	struct job_target *target;
	unsigned targets, open; /* open: questions without an answer */
	bool troubled;		/* some server failed or was too slow */
	uint32_t ttl_s;

	/* The answer. */
	int err;
	struct resolve_set *set;	 /* when err is 0, and not edges */
	struct resolve_records *records; /* when err is 0, and edges */
};

/** The main thread's half. */
struct resolver {
	atomic_uint refs; /* creator, timer, each job not answered */
	bool closed;
	uv_loop_t *loop;
	struct postbox *box;
	const struct settings *settings;
	struct resolve_hosts *hosts;
	struct resolve_view *view[LEG_COUNT];
	struct resolve_families families[LEG_COUNT];
	struct resolve_rng rng;
	struct list jobs;
	struct deadline_clock clock;
	struct deadline_queue deadlines;
	uv_timer_t timer;
};

/**
 * Hand a job to the main thread; any thread.
 *
 * @param r  resolver
 * @param j  job; comes back through its link with `answered`
 */
void resolver_ask(struct resolver *r, struct resolve_job *j);

/**
 * A job ended: send it home.
 *
 * @param j  job with err and set filled
 */
void resolver_done(struct resolve_job *j);

/**
 * End the jobs that are overdue.
 *
 * @param r       resolver
 * @param now_ms  monotonic time [ms]
 */
void resolver_expire(struct resolver *r, uint64_t now_ms);

/**
 * Begin asking, or begin again with another view; main thread.
 *
 * @param j  job
 */
void resolve_job_begin(struct resolve_job *j);

/**
 * Time is up: answer with what there is.
 *
 * @param j  job
 */
void resolve_job_expire(struct resolve_job *j);

/**
 * Stop asking and forget what came.
 *
 * @param j  job
 */
void resolve_job_reset(struct resolve_job *j);

/**
 * Free a job wherever it is.
 *
 * @param j  job, not asking
 */
void resolve_job_destroy(struct resolve_job *j);

#endif
