/*
 * token_hmac.h: HMAC-SHA256 with the key's half of the work done beforehand.
 *
 * libcrypto's SHA-256 under the construction of RFC 2104. EVP_MAC gives the
 * same bytes; it walks through four times the code for a short message, and a
 * paced edge pays for code that is not in the cache.
 */
#ifndef TOKEN_HMAC_H
#define TOKEN_HMAC_H

#include <stddef.h>
#include <stdint.h>

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

/* The hash after the first block, inner and outer. */
struct token_hmac {
	SHA256_CTX inner, outer;
};

/* Take a key of at most 64 bytes. */
void token_hmac_init(struct token_hmac *h, const uint8_t *key, size_t n);

/* Sign bytes. */
void token_hmac_sign(const struct token_hmac *h, const void *p, size_t n,
		     uint8_t out[SHA256_DIGEST_LENGTH]);

#endif
