/**
 * @file slice.h
 * A piece of somebody else's bytes: pointer and length, never owned.
 *
 * Everything read from a message is a slice into that message's buffer and is
 * good only as long as the buffer is. Not NUL-terminated.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Bytes borrowed from elsewhere; {NULL, 0} is "absent". */
struct slice {
	const char *p;
	size_t n;
};

/** A slice of a string literal. */
#define SLICE(lit) ((struct slice){.p = (lit), .n = sizeof(lit) - 1})

/** printf arguments for "%.*s". */
#define SLICE_ARG(s) (int)(s).n, (s).p ? (s).p : ""

/**
 * Make a slice of a NUL-terminated string.
 *
 * @param text  borrowed; NULL gives an absent slice
 * @return      the slice, without the NUL
 */
struct slice slice_of(const char *text);

/**
 * Compare byte for byte.
 *
 * @param a  one
 * @param b  other
 * @return   true when equal
 */
bool slice_eq(struct slice a, struct slice b);

/**
 * Compare ASCII case-insensitively.
 *
 * @param a  one
 * @param b  other
 * @return   true when equal but for case
 */
bool slice_ieq(struct slice a, struct slice b);

/**
 * Compare two host names as DNS does: case-insensitive, one trailing dot
 * ignored.
 *
 * @param a  one; an absent or empty name equals nothing
 * @param b  other
 * @return   true when they name the same host
 */
bool slice_same_host(struct slice a, struct slice b);

/**
 * Is a name below a domain ("sip.example.com" below "example.com")?
 *
 * @param name    host name
 * @param domain  domain name; itself counts as below
 * @return        true when name equals domain or ends in "." domain
 */
bool slice_host_within(struct slice name, struct slice domain);

/**
 * Cut white space (SP, HT, CR, LF) from both ends.
 *
 * @param s  slice
 * @return   the shorter slice
 */
struct slice slice_trim(struct slice s);

/**
 * Read an unsigned decimal number: digits only, the whole slice.
 *
 * @param out  the value; untouched on failure
 * @param s    1*DIGIT
 * @return     0, EINVAL when not a number, ERANGE above 2^32-1
 */
int slice_to_u32(uint32_t *out, struct slice s);

/**
 * Find a byte.
 *
 * @param s  slice to search
 * @param c  byte wanted
 * @return   its index, or SIZE_MAX when it is not there
 */
size_t slice_index(struct slice s, char c);

/**
 * Copy as a NUL-terminated string.
 *
 * @param s  slice
 * @return   owned by the caller (free), or NULL when out of memory
 */
char *slice_dup(struct slice s);

#endif
