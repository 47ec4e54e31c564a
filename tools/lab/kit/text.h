/**
 * @file text.h
 * A growing piece of text: how the lab programs write their messages.
 *
 * Memory that cannot be had ends the program: these are test peers.
 */
#ifndef LAB_KIT_TEXT_H
#define LAB_KIT_TEXT_H

#include <stddef.h>

/** Text of any length, always closed by a NUL; all zero is an empty one. */
struct text {
	char *data;
	size_t len;
	size_t room;
};

/**
 * Append formatted text.
 *
 * @param t    where to, may be all zero
 * @param fmt  as for printf
 */
void text_add(struct text *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * Append bytes as they are.
 *
 * @param t     where to
 * @param data  borrowed for this call
 * @param len   [bytes]
 */
void text_add_bytes(struct text *t, const void *data, size_t len);

/**
 * Forget the first bytes.
 *
 * @param t    the text
 * @param len  how many [bytes], at most t->len
 */
void text_drop(struct text *t, size_t len);

/**
 * Release the memory; the text is empty afterwards and may be used again.
 *
 * @param t  the text
 */
void text_fini(struct text *t);

/**
 * Duplicate a string.
 *
 * @param s  borrowed, may be NULL
 * @return   owned by the caller, NULL only for NULL
 */
char *text_copy(const char *s);

#endif
