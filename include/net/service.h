/**
 * @file service.h
 * Who serves a domain's federation, by its SRV records; plain data.
 */
#ifndef NET_SERVICE_H
#define NET_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

/** Most targets looked at. */
#define SERVICE_EDGES_MAX 8

/** One SRV target. */
struct service_edge {
	char host[256]; /* lower case, no trailing dot */
	uint16_t port;
};

/** What DNS says, best first. */
struct resolve_service {
	bool secure; /* DNSSEC-validated */
	unsigned n;  /* 0: no such record */
	struct service_edge edge[SERVICE_EDGES_MAX];
};

#endif
