/**
 * @file verdict.h
 * What was decided about a message, and by which rule.
 *
 * The rule is a fixed word: log value, metric label and test expectation.
 */
#ifndef SIP_VERDICT_H
#define SIP_VERDICT_H

#include "base/slice.h"

#include <stdint.h>

/** What to do. */
enum verdict_kind {
	VERDICT_PASS,	 /* this rule has no objection; ask the next one */
	VERDICT_FORWARD, /* send it on, see verdict_to */
	VERDICT_REFUSE,	 /* answer `status` */
	VERDICT_DROP,	 /* say nothing */
	VERDICT_ASK,	 /* DNS must first say who serves the From domain
			    (origin.service); then decide again */
};

/** Where a forwarded request goes. */
enum verdict_to {
	TO_NOWHERE,
	TO_HOME,    /* the home step: home server or director, inward */
	TO_HOP,	    /* the next hop sealed in our Route, inward */
	TO_FLOW,    /* down the flow that our Route names, outward */
	TO_DEVICE,  /* an enrolled device, by its connection or contact */
	TO_PARTNER, /* the edge of the Request-URI's domain, outward */
	TO_SELF,    /* addressed to the edge itself: it answers */
};

/** A decision. */
struct verdict {
	enum verdict_kind kind;
	uint16_t status;    /* for VERDICT_REFUSE */
	enum verdict_to to; /* for VERDICT_FORWARD */
	const char *rule;   /* constant word; NULL only for VERDICT_PASS */
	struct slice extra; /* REFUSE: whole header lines with CRLF, such as
			       Unsupported; borrowed from the message */
};

/**
 * A refusal.
 *
 * @param status  SIP status code, 400 to 699
 * @param rule    constant word for log and metric
 * @return        the verdict
 */
struct verdict verdict_refuse(uint16_t status, const char *rule);

/**
 * Silence.
 *
 * @param rule  constant word for log and metric
 * @return      the verdict
 */
struct verdict verdict_drop(const char *rule);

/**
 * Consent.
 *
 * @param to    where to
 * @param rule  constant word for log and metric
 * @return      the verdict
 */
struct verdict verdict_forward(enum verdict_to to, const char *rule);

/**
 * Not yet: DNS has to be asked.
 *
 * @param rule  constant word for log and metric
 * @return      the verdict
 */
struct verdict verdict_ask(const char *rule);

/**
 * The reason phrase that goes with a status (RFC 3261 §21 and later); the
 * same for every refusal of a status, so that it tells an outsider nothing.
 *
 * @param status  SIP status code
 * @return        constant text
 */
const char *verdict_reason(uint16_t status);

#endif
