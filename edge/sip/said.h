/*
 * said.h - what sanity read of a message, kept so that facts need not read it
 * again. All slices point into the frame.
 */
#ifndef EDGE_SIP_SAID_H
#define EDGE_SIP_SAID_H

#include "parts.h"
#include "sip/facts.h"
#include "sip/framer.h"

struct said {
	bool checked;		     /* sanity_check() had no objection */
	uint64_t present;	     /* FIELD_BIT of each field that is there */
	uint64_t twice;		     /* ... on more than one line */
	uint16_t first[FIELD_COUNT]; /* its first line, when present */
	struct slice method, request_uri; /* requests */
	struct uri_facts ruri;
	uint16_t status;     /* responses */
	struct part_via via; /* the top one */
	struct part_addr from, to;
	struct uri_facts from_uri, to_uri;
	struct slice call_id, cseq_method;
	uint32_t cseq;
	int max_forwards; /* -1 when absent */
	unsigned vias, routes, contacts;
	struct uri_facts route; /* the first one's, when routes > 0 */
};

/* Is the field there? */
static inline bool said_has(const struct said *s, enum field field)
{
	return s->present & FIELD_BIT(field);
}

#endif
