/*
 * digest.c: MD5 over words with colons between them (RFC 7616 §3.4.1).
 *
 * MD5 is no proof against somebody on the path, who can change what follows
 * anyway: the door is plain TCP. It keeps out who only shares the address.
 */
#include "token/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#define MD5_LEN	  (DIGEST_HEX_LEN / 2)
#define WORDS_MAX 6

static bool add_word(EVP_MD_CTX *ctx, struct slice word, bool first)
{
	return (first || EVP_DigestUpdate(ctx, ":", 1) == 1) &&
	       (!word.n || EVP_DigestUpdate(ctx, word.p, word.n) == 1);
}

static void put_hex(char out[DIGEST_HEX_LEN], const uint8_t *raw)
{
	static const char digit[] = "0123456789abcdef";

	for (unsigned i = 0; i < MD5_LEN; i++) {
		out[2 * i] = digit[raw[i] >> 4];
		out[2 * i + 1] = digit[raw[i] & 15];
	}
}

static bool md5_of(char out[DIGEST_HEX_LEN], const struct slice word[],
		   unsigned n)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t raw[EVP_MAX_MD_SIZE];
	bool good = ctx && EVP_DigestInit_ex(ctx, EVP_md5(), NULL) == 1;

	for (unsigned i = 0; good && i < n; i++)
		good = add_word(ctx, word[i], i == 0);
	good = good && EVP_DigestFinal_ex(ctx, raw, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	if (good)
		put_hex(out, raw);
	return good;
}

bool digest_fits(const struct digest_claim *c, struct slice ha1,
		 struct slice method)
{
	char ha2[DIGEST_HEX_LEN], want[DIGEST_HEX_LEN];
	const struct slice second = {ha2, sizeof(ha2)};
	const struct slice asked[] = {method, c->uri};
	const struct slice with[WORDS_MAX] = {ha1,	 c->nonce, c->nc,
					      c->cnonce, c->qop,   second};
	/* RFC 2069 §2.1.2: what answers so knows no qop. */
	const struct slice without[] = {ha1, c->nonce, second};

	if (ha1.n != DIGEST_HEX_LEN || c->response.n != DIGEST_HEX_LEN ||
	    !md5_of(ha2, asked, 2))
		return false;
	if (!(c->qop.n ? md5_of(want, with, WORDS_MAX)
		       : md5_of(want, without, 3)))
		return false;
	return CRYPTO_memcmp(want, c->response.p, sizeof(want)) == 0;
}
