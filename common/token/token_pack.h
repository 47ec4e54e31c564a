/**
 * @file token_pack.h
 * Makes a sealed text smaller: a user part that is base64url, such as the
 * token of another edge, is kept as the bytes that it stands for. Without
 * this each company that a call passes would cost a third of all before it.
 */
#ifndef TOKEN_TOKEN_PACK_H
#define TOKEN_TOKEN_PACK_H

#include "base/slice.h"

/**
 * Pack a text.
 *
 * @param out   room for text.n bytes
 * @param text  any bytes, at most TOKEN_SEALED_MAX
 * @return      bytes written, fewer than text.n; 0 when nothing is gained
 */
size_t token_pack(uint8_t *out, struct slice text);

/**
 * Get a text back, byte for byte.
 *
 * @param out  room for TOKEN_SEALED_MAX bytes
 * @param in   what token_pack() wrote
 * @param n    how many [bytes]
 * @return     length of the text; 0 when token_pack() cannot have written this
 */
size_t token_unpack(char *out, const uint8_t *in, size_t n);

#endif
