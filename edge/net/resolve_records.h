/**
 * @file resolve_records.h
 * The SRV records of a domain's federation, and the order in which to try
 * their targets.
 */
#ifndef NET_RESOLVE_RECORDS_H
#define NET_RESOLVE_RECORDS_H

#include "net/service.h"
#include "resolve_name.h"
#include "resolve_set.h"

/** Counted by the one thread that has it. */
struct resolve_records {
	unsigned refs;
	uint32_t ttl_s;
	bool secure;
	unsigned n;
	struct resolve_rank rank[SERVICE_EDGES_MAX];
	struct service_edge edge[SERVICE_EDGES_MAX];
};

/**
 * Keep records; when there are too many, those that one draw puts first.
 *
 * @param out  one reference; ttl_s and secure are the caller's to set
 * @param srv  records
 * @param n    how many, at most RESOLVE_SRV_MAX
 * @param rng  generator
 * @return     0 or ENOMEM
 */
int resolve_records_make(struct resolve_records **out,
			 const struct resolve_srv *srv, unsigned n,
			 struct resolve_rng *rng);

/**
 * List the targets in the order of one draw.
 *
 * @param out  filled
 * @param r    records
 * @param rng  generator
 */
void resolve_records_draw(struct resolve_service *out,
			  const struct resolve_records *r,
			  struct resolve_rng *rng);

/**
 * Let go.
 *
 * @param r  set to NULL; NULL inside is fine
 */
void resolve_records_unref(struct resolve_records **r);

#endif
