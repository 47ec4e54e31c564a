/**
 * @file buf.h
 * A growing byte buffer; the one place where bytes are appended.
 *
 * Running out of memory makes it `failed` and every later append a no-op, so
 * that a builder checks once, at the end.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/slice.h"

/** Bytes owned; zero-initialised is an empty buffer. */
struct buf {
	char *p;
	size_t n, cap;
	bool failed;
};

/**
 * Free the bytes and make it empty again.
 *
 * @param b  buffer
 */
void buf_fini(struct buf *b);

/**
 * Make it empty again but keep its memory, for use as scratch; a buffer that
 * grew beyond 64 KiB or failed gives it back.
 *
 * @param b  buffer
 */
void buf_reset(struct buf *b);

/**
 * Make room for more bytes at the end.
 *
 * @param b  buffer
 * @param n  how many [bytes]
 * @return   where to write them (b->n is not moved), NULL when out of memory
 */
char *buf_reserve(struct buf *b, size_t n);

/**
 * Append bytes.
 *
 * @param b  buffer
 * @param s  bytes, copied
 */
static inline void buf_add(struct buf *b, struct slice s)
{
	/* Room is made beforehand, for most of what is written. */
	bool room = s.n < b->cap - b->n && !b->failed;
	char *to = room ? b->p + b->n : buf_reserve(b, s.n);

	if (!to || s.n == 0)
		return;
	memcpy(to, s.p, s.n);
	b->n += s.n;
}

/**
 * Append a string literal or other NUL-terminated text.
 *
 * @param b     buffer
 * @param text  copied
 */
static inline void buf_puts(struct buf *b, const char *text)
{
	buf_add(b, (struct slice){text, strlen(text)});
}

/**
 * Append a decimal number.
 *
 * @param b  buffer
 * @param v  value
 */
void buf_u64(struct buf *b, uint64_t v);

/**
 * Drop bytes from the front.
 *
 * @param b  buffer
 * @param n  how many [bytes], at most b->n
 */
void buf_consume(struct buf *b, size_t n);

/**
 * The bytes held.
 *
 * @param b  buffer
 * @return   borrowed until the next change
 */
static inline struct slice buf_slice(const struct buf *b)
{
	return (struct slice){.p = b->p, .n = b->n};
}

#endif
