/**
 * @file sanity.h
 * RFC 3261 §16.3 and RFC 4475: what no honest peer sends.
 *
 * Looks at the message alone: no connection, no policy, no state.
 */
#ifndef SIP_SANITY_H
#define SIP_SANITY_H

#include "sip/verdict.h"
#include "sip/wire.h"

/** Counts that are still good; one more is refused. */
struct sanity_limits {
	uint32_t vias, routes, contacts;
};

/**
 * Check a request or a response.
 *
 * Requests: 400 for syntax errors (also those that Sofia lets pass: white
 * space in the Request-URI or around the start line, `?headers` in a
 * Request-URI, a Contact with unquoted `?`, spaces in an addr-spec), a CSeq
 * method that differs (501 when the method is unknown to us, else 400), header
 * fields that must be single but are not, or that are missing; 505; 416 for a
 * Request-URI scheme other than sip and sips (tel is 416 too); 483; 420 with
 * Unsupported naming exactly the tags of Proxy-Require; 513 or 400 for too
 * many Via, Route or Contact. Responses: dropped instead.
 *
 * @param m    message
 * @param lim  counts
 * @return     VERDICT_PASS, VERDICT_REFUSE, or VERDICT_DROP for a response.
 *             `extra` may point into a buffer owned by m
 */
struct verdict sanity_check(struct msg *m, const struct sanity_limits *lim);

/**
 * Check a response taken by wire_adopt(): what is needed to match it.
 *
 * @param m  message
 * @return   VERDICT_PASS or VERDICT_DROP
 */
struct verdict sanity_answer(struct msg *m);

/**
 * Check that a frame the parser gave up on can be answered at all.
 *
 * @param f  frame
 * @return   true when it is a request with one Via, From, To, Call-ID and CSeq
 */
bool sanity_answerable(const struct frame *f);

#endif
