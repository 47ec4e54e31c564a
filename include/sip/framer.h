/**
 * @file framer.h
 * Cuts exactly one SIP message out of a byte stream and indexes its lines.
 *
 * This is the byte scan that comes before any parser: what it lets through has
 * CRLF line ends, no NUL, no bare CR or LF in its head, exactly one decimal
 * Content-Length (long or compact), and sizes within the limits. It does not
 * judge SIP beyond that. One pass, no allocation, never quadratic: what was
 * scanned once is not scanned again when more bytes arrive.
 *
 * RFC 3261 §7, §18.3, §20.14; RFC 5626 §3.5.1 (keep-alive).
 */
#ifndef SIP_FRAMER_H
#define SIP_FRAMER_H

#include "base/slice.h"
#include "sip/verdict.h"

#include <stdint.h>

/** Most header fields that any setting allows. */
#define FRAMER_LINES_MAX 256

/** Header fields that the edge knows by name, long and compact. */
enum field {
	FIELD_OTHER,
	FIELD_VIA,
	FIELD_FROM,
	FIELD_TO,
	FIELD_CALL_ID,
	FIELD_CSEQ,
	FIELD_CONTACT,
	FIELD_MAX_FORWARDS,
	FIELD_ROUTE,
	FIELD_RECORD_ROUTE,
	FIELD_PATH,
	FIELD_SERVICE_ROUTE,
	FIELD_CONTENT_LENGTH,
	FIELD_CONTENT_TYPE,
	FIELD_EXPIRES,
	FIELD_REQUIRE,
	FIELD_PROXY_REQUIRE,
	FIELD_SUPPORTED,
	FIELD_FLOW_TIMER,
	FIELD_AUTHORIZATION,
	FIELD_PROXY_AUTHORIZATION,
	FIELD_WWW_AUTHENTICATE,
	FIELD_PROXY_AUTHENTICATE,
	FIELD_RETRY_AFTER,
	FIELD_WARNING,
	FIELD_SERVER,
	FIELD_USER_AGENT,
	FIELD_P_ASSERTED_IDENTITY,
	FIELD_P_PREFERRED_IDENTITY,
	FIELD_REMOTE_PARTY_ID,
	FIELD_DIVERSION,
	FIELD_HISTORY_INFO,
	FIELD_DATE,
	FIELD_TIMESTAMP,
	FIELD_EDGE_MARK,      /* X-Edge-Source: our source mark */
	FIELD_MS_TRUST,	      /* ms-edge-*, ms-user-*: trust marks */
	FIELD_MS_DIAGNOSTICS, /* ms-diagnostics, ms-diagnostics-* */
	FIELD_P_CHARGING,     /* P-Charging-* */
	FIELD_P_ACCESS_NETWORK_INFO,
	FIELD_P_NETWORK, /* the other fields of RFC 7315 and 5502 */
	FIELD_REFERRED_BY,
	FIELD_PRIVACY,
	FIELD_REASON,
	FIELD_ALERT_INFO,
	FIELD_CALL_INFO,
	FIELD_ERROR_INFO,
	FIELD_ORGANIZATION,
	FIELD_AUTHENTICATION_INFO, /* and Proxy-Authentication-Info */
	FIELD_REPLACES,
	FIELD_JOIN,
	FIELD_IN_REPLY_TO,
	FIELD_COUNT, /* at most 64: sets of fields are uint64_t masks */
};

/** The bit of a field in a set. */
#define FIELD_BIT(f) (UINT64_C(1) << (f))

/** One header field with its folded continuation lines. */
struct frame_line {
	uint32_t start; /* first byte of the name, from the message's start */
	uint32_t end;	/* behind the CRLF that ends it */
	uint32_t value; /* first byte of the value, white space skipped */
	uint8_t field;	/* enum field */
};

/** One whole message, indexed; bytes are borrowed from the caller. */
struct frame {
	struct slice bytes; /* start line to the end of the body */
	uint32_t start_end; /* behind the start line's CRLF */
	uint32_t head_end;  /* behind the empty line; the body begins here */
	bool response;	    /* the start line begins with "SIP/" */
	uint16_t lines;
	struct frame_line line[FRAMER_LINES_MAX];
};

/** Sizes that are still good; one more is refused. */
struct framer_limits {
	uint32_t message_bytes, header_bytes, line_bytes;
	uint32_t headers; /* at most FRAMER_LINES_MAX */
};

/** What is remembered of an unfinished message between reads. */
struct framer {
	uint32_t scanned;    /* no end of head before here */
	uint32_t total;	     /* length of the message once its head is known */
	uint32_t line_start; /* of the line being scanned */
	uint32_t lines;	     /* whole lines before it */
};

/** What framer_next() found at the front of the bytes. */
enum framer_result {
	FRAMER_EMPTY,	/* nothing there: not even a first byte */
	FRAMER_HEAD,	/* part of a head: the header deadline runs */
	FRAMER_BODY,	/* a head, part of its body: the body deadline runs */
	FRAMER_MESSAGE, /* a whole message: frame is filled, used = its length */
	FRAMER_PING,	/* CRLF CRLF: answer with one CRLF; used = 4 */
	FRAMER_PONG,	/* a single CRLF in front of something else: skip it */
	FRAMER_REFUSE,	/* broken: answer v if frame can carry it, then close */
};

/**
 * Look at the front of a connection's unread bytes.
 *
 * A lone CRLF at the very end of the bytes is FRAMER_HEAD (a second may
 * follow), so that a ping split over two reads is still a ping.
 *
 * @param fr    state of this connection; zeroed at first, reset by itself
 *              after a message
 * @param lim   sizes
 * @param in    all unread bytes, always from the start of the message
 * @param used  bytes to drop from the front, for MESSAGE, PING and PONG
 * @param out   filled for MESSAGE; for REFUSE as far as the head was read
 *              (lines = 0 when an answer cannot be built from it); may be
 *              touched by any call
 * @param v     filled for REFUSE: 400, 413 (body too large), 431-like sizes
 *              as 400, 505; rule names the scan that failed
 * @return      what lies there
 */
enum framer_result framer_next(struct framer *fr,
			       const struct framer_limits *lim, struct slice in,
			       size_t *used, struct frame *out,
			       struct verdict *v);

/**
 * Index a message that this edge wrote itself and kept.
 *
 * @param out    frame
 * @param bytes  one whole message
 * @return       0, or EBADMSG (our bug)
 */
int framer_index(struct frame *out, struct slice bytes);

/**
 * The value of a header field, folded lines included, CRLF cut off.
 *
 * @param f  frame
 * @param i  line, < f->lines
 * @return   borrowed from f->bytes
 */
struct slice frame_value(const struct frame *f, unsigned i);

/**
 * Find a field.
 *
 * @param f      frame
 * @param field  which
 * @param from   first line to look at
 * @return       its line, or -1
 */
int frame_find(const struct frame *f, enum field field, unsigned from);

/**
 * Cut the first element off a comma-separated list, mindful of quoted
 * strings, <...> and comments (RFC 3261 §7.3.1).
 *
 * @param rest  the list; what follows the comma afterwards, absent at the end
 * @return      the element, trimmed
 */
struct slice frame_list_next(struct slice *rest);

#endif
