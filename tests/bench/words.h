/**
 * @file words.h
 * The SIP that the benchmark programs speak: cut, look up, answer.
 */
#ifndef BENCH_WORDS_H
#define BENCH_WORDS_H

#include "wire.h"

/** Bytes inside a message. */
struct piece {
	const char *at; /* NULL: not there */
	size_t len;
};

/**
 * Length of the first whole message.
 *
 * @param bytes  what was read, no leading CRLF
 * @param len    [bytes]
 * @return       [bytes], 0 when more is needed
 */
size_t words_length(const char *bytes, size_t len);

/**
 * The next header field of a name.
 *
 * @param from  where to look; moved behind what was found
 * @param end   end of the message
 * @param name  long name
 * @return      its value, trimmed
 */
struct piece words_next(const char **from, const char *end, const char *name);

/**
 * The first header field of a name.
 *
 * @param m     message
 * @param name  long name
 * @return      its value, trimmed
 */
struct piece words_field(struct piece m, const char *name);

/** What a response adds to what it copies. */
struct words_answer {
	const char *status; /* "200 OK" */
	unsigned long tag;  /* for To, when the request has none */
	const char *extra;  /* whole lines, or "" */
	const char *body;   /* SDP, or "" */
};

/**
 * Append the response to a request.
 *
 * @param out      where to
 * @param request  whole message
 * @param a        what to add
 */
void words_reply(struct heap *out, struct piece request,
		 const struct words_answer *a);

/** An SDP as a phone says it. */
extern const char words_sdp[];

#endif
