/**
 * @file partners.h
 * What the edge keeps of the domains it federates with: how much they ask, how
 * it ends, and which connections lead to them; for all workers.
 */
#ifndef PROXY_PARTNERS_H
#define PROXY_PARTNERS_H

#include "policy/federation.h"
#include "proxy/proxy.h"

/** One partner, as it stands. */
struct partner_account {
	struct slice domain; /* borrowed for the call */
	bool discovered;     /* not listed: the limits count for it */
	bool slow;	     /* demoted to limits.discovered_slow_rate */
	bool watched;	     /* asked for too many addresses: refused */
	uint64_t requests;   /* of it, that policy let through */
	uint64_t outward;    /* to it */
	uint64_t refused;    /* of it, by the limits for discovered ones */
	uint64_t successes, failures; /* final answers to its requests */
	uint32_t addresses;   /* distinct local ones asked for, this hour */
	uint32_t connections; /* of ours to it */
};

/**
 * Told one partner.
 *
 * @param a    borrowed for this call
 * @param arg  as given
 */
typedef void partners_fn(const struct partner_account *a, void *arg);

/**
 * Go through all, the one with the most requests first; any thread.
 *
 * @param p    shared state
 * @param fn   called for each, without a lock held
 * @param arg  passed to fn
 * @return     0 or ENOMEM
 */
int partners_each(struct proxy_shared *p, partners_fn *fn, void *arg);

#endif
