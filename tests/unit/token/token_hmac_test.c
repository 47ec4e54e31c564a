/*
 * token_hmac_test.c: HMAC-SHA256 against the vectors of RFC 4231, and against
 * libcrypto's own at every length.
 */
#include "cunit_main.h"

#include "token_hmac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

static void expect(const char *key, const char *text, const uint8_t want[32])
{
	struct token_hmac h;
	uint8_t got[32];

	token_hmac_init(&h, (const uint8_t *)key, strlen(key));
	token_hmac_sign(&h, text, strlen(text), got);
	CU_ASSERT_EQUAL(memcmp(got, want, sizeof(got)), 0);
}

/* RFC 4231 §4.3 */
static void published_vector_holds(void)
{
	static const uint8_t want[32] = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60,
					 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26,
					 0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00,
					 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83,
					 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec,
					 0x38, 0x43};

	expect("Jefe", "what do ya want for nothing?", want);
}

static void agrees_with_libcrypto_at_every_length(void)
{
	uint8_t key[32], text[300], got[32], want[32];
	struct token_hmac h;
	unsigned n;

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 7 + 1);
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i * 31);
	token_hmac_init(&h, key, sizeof(key));
	for (size_t len = 0; len <= sizeof(text); len++) {
		token_hmac_sign(&h, text, len, got);
		HMAC(EVP_sha256(), key, sizeof(key), text, len, want, &n);
		CU_ASSERT_EQUAL(memcmp(got, want, sizeof(got)), 0);
	}
}

TEST_MAIN("token/hmac", {"the published vector holds", published_vector_holds},
	  {"it agrees with libcrypto at every length",
	   agrees_with_libcrypto_at_every_length})
