/*
 * chars.h - the character classes of RFC 3261 §25.1, one look-up a byte.
 */
#ifndef EDGE_SIP_CHARS_H
#define EDGE_SIP_CHARS_H

#include "base/slice.h"

enum char_class {
	CHAR_TOKEN = 1,	 /* token */
	CHAR_USER = 2,	 /* unreserved / user-unreserved */
	CHAR_PARAM = 4,	 /* paramchar, but for escapes */
	CHAR_HOST = 8,	 /* hostname, and "_" which DNS has and SIP has not */
	CHAR_VALUE = 16, /* unquoted value of a header parameter, leniently */
	CHAR_DIGIT = 32,
	CHAR_ALPHA = 64,
	CHAR_HEX = 128,
};

extern const uint8_t chars_table[256];

/* Is a byte of (one of) these classes? */
static inline bool char_is(char c, unsigned classes)
{
	return chars_table[(unsigned char)c] & classes;
}

/* How many bytes at the front are of these classes? */
static inline size_t chars_span(struct slice s, unsigned classes)
{
	size_t i = 0;

	while (i < s.n && char_is(s.p[i], classes))
		i++;
	return i;
}

/*
 * Steps of sixteen bytes at the front in which all are letters, digits, "-",
 * "." or "_", which are of every class but those of digits and letters. Long
 * words, such as our tokens, are mostly made of them.
 */
size_t chars_plain(struct slice s);

/* chars_span() for what may be long; not for CHAR_DIGIT and those behind it. */
static inline size_t chars_span_long(struct slice s, unsigned classes)
{
	size_t i = s.n < 16 ? 0 : chars_plain(s);

	while (i < s.n && char_is(s.p[i], classes))
		i++;
	return i;
}

/* Is there a control byte (RFC 5234 §B.1: CTL), white space like HT too? */
bool chars_have_control(struct slice s);

/*
 * Do CR and LF stand only side by side, and is there no NUL? For the lines of
 * a head, that begin with neither; false for less than 17 bytes.
 */
bool chars_lines_clean(struct slice s);

/* White space as it may stand inside a folded field (LWS). */
static inline bool char_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Drop bytes from the front of a slice. */
static inline struct slice slice_from(struct slice s, size_t n)
{
	return (struct slice){s.p + n, s.n - n};
}

/* Drop white space from the front of a slice. */
static inline struct slice slice_skip_space(struct slice s)
{
	while (s.n > 0 && char_is_space(s.p[0]))
		s = slice_from(s, 1);
	return s;
}

#endif
