/**
 * @file proxy.h
 * The only room that acts: one request, one pass, from bytes to bytes.
 *
 * It plugs into the workers by the callbacks of struct worker_setup; each
 * worker gets its own proxy, and all share the table of homes and the token
 * keys.
 */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include "net/worker.h"
#include "proxy/homes.h"
#include "token/token.h"

/** What the proxies of all workers share. */
struct proxy_shared;

/** Counters of one worker, or their sum. */
struct proxy_counters {
	uint64_t requests, responses; /* read */
	uint64_t forwarded, answered; /* requests sent on; answers sent back */
	uint64_t refused, dropped;    /* by policy or sanity */
	uint64_t stray;		      /* responses that matched nothing */
	uint64_t redirects, failovers;
	uint64_t undecided;	      /* bugs: policy said PASS */
	uint64_t transactions, flows; /* now */
	uint64_t handshakes_failed;
	uint64_t revoked;    /* certificates that were shown, or in use */
	uint64_t distrusted; /* connections closed: believed no longer */
};

/**
 * Make what all proxies share.
 *
 * @param out   shared state; must outlive the workers
 * @param s     settings snapshot, for sizes
 * @param keys  key ring; referenced
 * @return      0 or ENOMEM
 */
int proxy_shared_create(struct proxy_shared **out, const struct settings *s,
			const struct token_keys *keys);

/**
 * Use another key ring from the workers' next reload on.
 *
 * @param p     shared state
 * @param keys  key ring; referenced
 */
void proxy_shared_keys(struct proxy_shared *p, const struct token_keys *keys);

/**
 * Destroy, after the workers ended.
 *
 * @param p  set to NULL; NULL inside is fine
 */
void proxy_shared_destroy(struct proxy_shared **p);

/**
 * Fill the callbacks of a worker set-up.
 *
 * @param setup  events, arg, start, reloaded, idle and stop are written
 * @param p      shared state, borrowed
 */
void proxy_setup(struct worker_setup *setup, struct proxy_shared *p);

/**
 * Add up the counters of all workers; any thread.
 *
 * @param p    shared state
 * @param out  the sums
 */
void proxy_count(struct proxy_shared *p, struct proxy_counters *out);

#endif
