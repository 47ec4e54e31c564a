/**
 * @file keeper_room.h
 * What the keeper's files share: its tasks, one a source.
 */
#ifndef REVOCATION_KEEPER_ROOM_H
#define REVOCATION_KEEPER_ROOM_H

#include "revocation/keeper.h"

#include "board_room.h"
#include "fetch.h"
#include "files.h"

#define ISSUER_TEXT 200

/** How a source did, and when it is asked again. */
struct crl_task {
	struct crl_point *point;
	X509 *issuer;	      /* learnt: signs the list; else NULL */
	char fingerprint[65]; /* staple: of which certificate; else "" */
	size_t at;	      /* which of the point's addresses was asked */
	uint64_t tried_s, got_s, this_s, next_s;
	uint64_t due_ms; /* 0: now */
	uint32_t revoked;
	unsigned fails; /* in a row */
	char name[ISSUER_TEXT];
	struct crl_fault fault;
	struct crl_stamp stamp; /* files */
};

/** What was said of a leg. */
struct crl_said {
	enum crl_standing standing;
	uint64_t at_s; /* 0: never */
	bool again;    /* settings were loaded since */
};

struct crl_keeper {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t woken;
	bool stop, again; /* again: look at what the board has */
	bool reloaded;	  /* and try what failed; say all once more */
	atomic_bool give_up;
	struct crl_board *board;
	struct crl_task *task; /* of its thread alone */
	size_t tasks;
	struct crl_said said[LEG_COUNT];
	struct crl_said staples_said; /* at_s, again */
	void (*changed)(void *arg);
	void *arg;
};

/** What a task is done with: of the set that was there when it began. */
struct crl_job {
	const struct crl_set *set;
	const struct settings *settings;
	const atomic_bool *stop;
};

/**
 * Get a list once: fetch, read, judge who signed it, compare.
 *
 * @param out    one reference held by the caller; NULL: failed
 * @param raw    its bytes, for the cache
 * @param t      task: its address `at` is asked; state is filled
 * @param job    by what
 * @param have   the list that is there already; NULL: none
 * @return       0; ECANCELED; another errno, told in t->fault
 */
int crl_task_list(struct crl **out, struct buf *raw, struct crl_task *t,
		  const struct crl_job *job, const struct crl *have);

/**
 * Get an OCSP answer once.
 *
 * @param out  one reference held by the caller; NULL: failed
 * @param raw  its bytes
 * @param t    task; state is filled
 * @param job  by what
 * @param of   whose
 * @return     as crl_task_list()
 */
int crl_task_staple(struct staple **out, struct buf *raw, struct crl_task *t,
		    const struct crl_job *job, const struct staple *of);

/**
 * Write down what a list is.
 *
 * @param t     task
 * @param list  NULL: none
 */
void crl_task_describe(struct crl_task *t, const struct crl *list);

/**
 * When is it asked again?
 *
 * @param t       task, done or failed
 * @param wall_s  now [s since 1970]
 * @param now_ms  now, monotonic
 */
void crl_task_plan(struct crl_task *t, uint64_t wall_s, uint64_t now_ms);

/**
 * Does it come from a file?
 *
 * @param t  task
 * @return   path; NULL when it does not
 */
const char *crl_task_path(const struct crl_task *t);

/**
 * Let go of what it holds.
 *
 * @param t  emptied
 */
void crl_task_fini(struct crl_task *t);

/**
 * Fill a report.
 *
 * @param out  borrowed from the task and settings
 * @param t    task
 * @param s    snapshot
 */
void crl_task_report(struct crl_report *out, const struct crl_task *t,
		     const struct settings *s);

/**
 * Make the list of tasks fit what the board has; what was known is kept.
 *
 * @param k  keeper, of its thread, not locked
 */
void crl_keeper_gather(struct crl_keeper *k);

/**
 * Which task comes next? Of those that are due, ours before strangers'.
 *
 * @param k       keeper, of its thread, not locked
 * @param now_ms  now, monotonic
 * @return        one of its tasks, due or not; NULL: there is none
 */
struct crl_task *crl_keeper_next(struct crl_keeper *k, uint64_t now_ms);

/**
 * Do one task, and put what it gave on the board.
 *
 * @param k  keeper, of its thread, not locked
 * @param t  one of its tasks
 */
void crl_keeper_run(struct crl_keeper *k, struct crl_task *t);

/**
 * Say how each leg stands, when that changed, a day has passed or settings were
 * loaded: at once, but of a leg that may stand well as soon as its sources in
 * the network were asked, then.
 *
 * @param k  keeper, of its thread, not locked
 */
void crl_keeper_say(struct crl_keeper *k);

/**
 * Say how a task did.
 *
 * @param s    snapshot
 * @param t    task
 * @param err  0 or an errno
 */
void crl_keeper_say_task(const struct settings *s, const struct crl_task *t,
			 int err);

/**
 * Say that the cache takes nothing: after a restart there is no list.
 *
 * @param s    snapshot
 * @param err  errno
 */
void crl_keeper_say_cache(const struct settings *s, int err);

/**
 * Say that proxies of the environment are ignored, if there are any.
 */
void crl_keeper_say_environment(void);

#endif
