/**
 * @file b64.h
 * base64url without padding (RFC 4648 §5): what tokens are written in.
 */
#ifndef BASE_B64_H
#define BASE_B64_H

#include "base/slice.h"

/** Length of n bytes in base64url. */
#define B64_LEN(n) (((n)*4 + 2) / 3)

/**
 * Encode.
 *
 * @param out  room for B64_LEN(n) characters; no NUL is added
 * @param in   bytes
 * @param n    how many [bytes]
 * @return     characters written
 */
size_t b64_encode(char *out, const uint8_t *in, size_t n);

/**
 * Decode; only the one canonical spelling is accepted.
 *
 * @param out  room for cap bytes
 * @param cap  its size [bytes]
 * @param n    bytes written
 * @param in   characters
 * @return     0, EINVAL on a stray character, wrong length or non-zero spare
 *             bits, ENOSPC when out is too small
 */
int b64_decode(uint8_t *out, size_t cap, size_t *n, struct slice in);

#endif
