/*
 * token_hmac.c: RFC 2104 over SHA-256.
 */
#include "token_hmac.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <string.h>

static void start(SHA256_CTX *c, const uint8_t *key, size_t n, uint8_t pad)
{
	uint8_t block[SHA256_CBLOCK];

	memset(block, pad, sizeof(block));
	for (size_t i = 0; i < n; i++)
		block[i] ^= key[i];
	SHA256_Init(c);
	SHA256_Update(c, block, sizeof(block));
	OPENSSL_cleanse(block, sizeof(block));
}

void token_hmac_init(struct token_hmac *h, const uint8_t *key, size_t n)
{
	assert(n <= SHA256_CBLOCK);
	start(&h->inner, key, n, 0x36);
	start(&h->outer, key, n, 0x5c);
}

void token_hmac_sign(const struct token_hmac *h, const void *p, size_t n,
		     uint8_t out[SHA256_DIGEST_LENGTH])
{
	SHA256_CTX c = h->inner;

	SHA256_Update(&c, p, n);
	SHA256_Final(out, &c);
	c = h->outer;
	SHA256_Update(&c, out, SHA256_DIGEST_LENGTH);
	SHA256_Final(out, &c);
}
