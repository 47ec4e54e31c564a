/*
 * sanity_private.h - the steps of sanity_check() that walk lists.
 */
#ifndef EDGE_SIP_SANITY_PRIVATE_H
#define EDGE_SIP_SANITY_PRIVATE_H

#include "sip/sanity.h"
#include "wire_private.h"

/* An objection; rule is NULL when there is none. */
struct fault {
	uint16_t status;
	const char *rule;
};

#define SOUND ((struct fault){0, NULL})

static inline struct fault fault(uint16_t status, const char *rule)
{
	return (struct fault){status, rule};
}

/* Each Via reads, the top branch is one, and there are not too many. */
struct fault sanity_vias(struct msg *m, const struct sanity_limits *lim);

/* The top Via reads; the others are not looked at. */
struct fault sanity_top_via(struct msg *m, const struct sanity_limits *lim);

/* Route, Record-Route, Path and Service-Route. */
struct fault sanity_routes(struct msg *m, const struct sanity_limits *lim);

/* Contact. */
struct fault sanity_contacts(struct msg *m, const struct sanity_limits *lim);

/* RFC 3261 §16.3 step 5: we support no extension that asks proxies. */
struct fault sanity_proxy_require(struct msg *m,
				  const struct sanity_limits *lim);

#endif
