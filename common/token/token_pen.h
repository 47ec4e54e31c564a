/**
 * @file token_pen.h
 * What the files of this room know of a pen.
 */
#ifndef TOKEN_TOKEN_PEN_H
#define TOKEN_TOKEN_PEN_H

#include "token_hmac.h"
#include "token_ring.h"

#include <openssl/evp.h>

/** A drawn nonce, or the first bytes of a counter block. */
#define PEN_NONCE_LEN 12

/** One thread's contexts, keyed once and then only rewound. */
struct token_pen {
	const struct token_keys *keys;
	struct token_hmac mac[RING_MAX]; /* as keys->key[] */
	EVP_CIPHER_CTX *seal[RING_MAX];	 /* as keys->key[], keyed once too */
	struct token_hmac hide_mac;	 /* of a key that is never rotated, */
	EVP_CIPHER_CTX *hide;		 /* as is this one's */
	/* A nonce is drawn bytes, then a count: no two pens, no two tokens. */
	uint8_t nonce[PEN_NONCE_LEN - 4];
	uint32_t sealed_count;
};

/**
 * Make a context that is keyed for good.
 *
 * @param aes  AES-256-CTR
 * @param key  RING_KEY_BYTES
 * @return     owned by the caller, NULL when out of memory
 */
EVP_CIPHER_CTX *pen_cipher(const EVP_CIPHER *aes, const uint8_t *key);

/**
 * Encrypt or decrypt: CTR is its own inverse.
 *
 * @param ctx  from pen_cipher()
 * @param iv   16 bytes, the first counter block
 * @param in   n bytes
 * @param n    how many [bytes]
 * @param out  n bytes
 * @return     false when libcrypto failed
 */
bool pen_apply(EVP_CIPHER_CTX *ctx, const uint8_t iv[16], const void *in,
	       size_t n, void *out);

/**
 * Fill in what token_hide() needs.
 *
 * @param pen  keys are set
 * @param aes  AES-256-CTR
 * @return     false when out of memory
 */
bool pen_fill_hide(struct token_pen *pen, const EVP_CIPHER *aes);

#endif
