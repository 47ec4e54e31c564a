/*
 * resolve_records.c - who serves a domain's federation (RFC 2782).
 */
#include "resolve_records.h"

#include <errno.h>
#include <stdlib.h>

static void keep(struct resolve_records *r, const struct resolve_srv *srv)
{
	struct service_edge *e = &r->edge[r->n];

	r->rank[r->n++] = (struct resolve_rank){srv->priority, srv->weight};
	memcpy(e->host, srv->target.text, srv->target.n + 1U);
	e->port = srv->port;
}

int resolve_records_make(struct resolve_records **out,
			 const struct resolve_srv *srv, unsigned n,
			 struct resolve_rng *rng)
{
	struct resolve_rank rank[RESOLVE_SRV_MAX] = {{0}};
	uint8_t order[RESOLVE_SRV_MAX];
	struct resolve_records *r = calloc(1, sizeof(*r));

	if (!r)
		return ENOMEM;
	r->refs = 1;
	for (unsigned i = 0; i < n; i++)
		rank[i] = (struct resolve_rank){srv[i].priority, srv[i].weight};
	resolve_rank(order, rank, n, rng);
	for (unsigned i = 0; i < n && i < SERVICE_EDGES_MAX; i++)
		keep(r, &srv[order[i]]);
	*out = r;
	return 0;
}

void resolve_records_draw(struct resolve_service *out,
			  const struct resolve_records *r,
			  struct resolve_rng *rng)
{
	uint8_t order[SERVICE_EDGES_MAX];

	resolve_rank(order, r->rank, r->n, rng);
	out->secure = r->secure;
	out->n = r->n;
	for (unsigned i = 0; i < r->n; i++)
		out->edge[i] = r->edge[order[i]];
}

void resolve_records_unref(struct resolve_records **rp)
{
	struct resolve_records *r = *rp;

	*rp = NULL;
	if (r && --r->refs == 0)
		free(r);
}
