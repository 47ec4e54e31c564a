/**
 * @file resolve_set.h
 * What DNS knows of one name, and the order in which to try it.
 *
 * Targets stay apart so that each lookup draws anew by their weights
 * (RFC 2782); the addresses inside a target have their order for good.
 */
#ifndef NET_RESOLVE_SET_H
#define NET_RESOLVE_SET_H

#include "net/resolve.h"

/** Most SRV records looked at. */
#define RESOLVE_SRV_MAX 64

/** Randomness for load sharing; nobody's secret. */
struct resolve_rng {
	uint64_t state;
};

/** Which families a leg can use, and which comes first. */
struct resolve_families {
	bool v4, v6, v6_first;
};

/** How an SRV record wants to be ranked. */
struct resolve_rank {
	uint16_t priority, weight;
};

/** One target: its addresses are addr[first .. first + n). */
struct resolve_target {
	struct resolve_rank rank;
	uint16_t first, n;
};

/** Counted by the one thread that has it. */
struct resolve_set {
	unsigned refs;
	uint32_t ttl_s;
	unsigned targets;
	struct resolve_target target[RESOLVE_MAX];
	union addr addr[]; /* with ports */
};

/**
 * Seed from the kernel.
 *
 * @param rng  generator
 */
void resolve_rng_init(struct resolve_rng *rng);

/**
 * The families of a leg's own addresses.
 *
 * @param leg  settings of the leg
 * @return     families
 */
struct resolve_families resolve_families_of(const struct leg_settings *leg);

/**
 * Choose the addresses that the leg can reach: IPv4 and IPv6 by turns,
 * nothing that cannot be one host (unspecified, multicast, IPv4-mapped).
 *
 * @param out   room for max
 * @param max   most to write
 * @param in    addresses of any family
 * @param n     how many
 * @param fam   families
 * @param port  port to put in
 * @return      how many were written
 */
unsigned resolve_choose(union addr *out, unsigned max, const union addr *in,
			size_t n, struct resolve_families fam, uint16_t port);

/**
 * Rank SRV records: by priority, inside it drawn by weight.
 *
 * @param order  room for n; indices, best first
 * @param rank   ranks
 * @param n      how many, at most RESOLVE_SRV_MAX
 * @param rng    generator
 */
void resolve_rank(uint8_t *order, const struct resolve_rank *rank, unsigned n,
		  struct resolve_rng *rng);

/**
 * List a set's addresses in the order of one draw.
 *
 * @param out  at most RESOLVE_MAX addresses
 * @param set  set
 * @param rng  generator
 */
void resolve_set_draw(struct resolved *out, const struct resolve_set *set,
		      struct resolve_rng *rng);

/**
 * Let go of a set.
 *
 * @param set  set to NULL; NULL inside is fine
 */
void resolve_set_unref(struct resolve_set **set);

#endif
