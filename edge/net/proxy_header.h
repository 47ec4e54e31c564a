/**
 * @file proxy_header.h
 * The PROXY header: how a load balancer says who is at the other end.
 *
 * Both forms of "The PROXY protocol, versions 1 & 2" (HAProxy): a line of text,
 * and binary. Bytes in, an answer out; nothing is kept.
 */
#ifndef NET_PROXY_HEADER_H
#define NET_PROXY_HEADER_H

#include "base/addr.h"

/** The longest that is read [bytes]; one of text has 107 at most. */
#define PROXY_HEADER_MAX 536

/** What bytes come to. */
enum proxy_header_answer {
	PROXY_HEADER_MORE, /* good so far: all of it is header, and not whole */
	PROXY_HEADER_WHOLE, /* what is behind its length is no header */
	PROXY_HEADER_BAD,
};

/** What was read. */
struct proxy_header {
	size_t n;	   /* WHOLE: its length [bytes] */
	bool named;	   /* WHOLE: source is set; else the balancer speaks for
			      itself, as its health checks do */
	union addr source; /* IPv4 when it is IPv4 in the clothes of IPv6 */
	const char *fault; /* BAD: what is wrong, constant text */
};

/**
 * Read a header.
 *
 * @param out  filled
 * @param in   the first bytes of a connection, from the very first
 * @return     which fields of out are good
 */
enum proxy_header_answer proxy_header_read(struct proxy_header *out,
					   struct slice in);

#endif
