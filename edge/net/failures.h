/**
 * @file failures.h
 * How often each peer failed its handshake within a minute: the first few are
 * told, the rest is counted.
 *
 * One table of fixed size for all workers, with a lock of its own that is
 * taken when a handshake fails and never else. A peer is an address, or an
 * IPv6 /64. Owner: workers.
 */
#ifndef NET_FAILURES_H
#define NET_FAILURES_H

#include "base/addr.h"

#include <stdbool.h>

/** Of one peer, told one by one within a minute. */
#define FAILURES_TOLD 3
/** What a minute is [ms]. */
#define FAILURES_MS 60000

struct failures;

/** A peer whose minute is over. */
struct failures_sum {
	const union addr *peer; /* of its last failure; NULL: all for whom the
				   table had no room */
	const char *rule;	/* of its last failure */
	uint64_t suppressed;	/* not told; never 0 */
};

/**
 * Told of one.
 *
 * @param sum  borrowed for this call
 * @param arg  as given
 */
typedef void failures_fn(const struct failures_sum *sum, void *arg);

/**
 * Make a table.
 *
 * @param out    owned by the caller
 * @param peers  how many are known at once
 * @return       0 or ENOMEM
 */
int failures_create(struct failures **out, unsigned peers);

/**
 * Destroy.
 *
 * @param f  set to NULL; NULL inside is fine
 */
void failures_destroy(struct failures **f);

/**
 * A peer failed; may that be told? Any thread.
 *
 * @param f       table; NULL: always
 * @param peer    its address
 * @param rule    constant text
 * @param now_ms  monotonic
 * @return        true: yes; false: it was counted
 */
bool failures_tell(struct failures *f, const union addr *peer, const char *rule,
		   uint64_t now_ms);

/**
 * Forget those whose minute is over, and say what was counted. Any thread.
 *
 * @param f       table
 * @param now_ms  monotonic; UINT64_MAX: all of them
 * @param fn      called for each of whom something was not told
 * @param arg     passed to fn
 * @return        true while some are left
 */
bool failures_end(struct failures *f, uint64_t now_ms, failures_fn *fn,
		  void *arg);

#endif
