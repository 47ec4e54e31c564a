/* SPDX-License-Identifier: Apache-2.0 */
/* digest_test.c: the examples of the RFCs, and what is a little off. */
#include "token/digest.h"

#include "cunit_main.h"

/* RFC 2617 §3.5 */
static const struct digest_claim mufasa = {
	.username = {"Mufasa", 6},
	.realm = {"testrealm@host.com", 18},
	.nonce = {"dcd98b7102dd2f0e8b11d0f600bfb0c093", 34},
	.uri = {"/dir/index.html", 15},
	.response = {"6629fae49393a05397450978507c4ef1", 32},
	.qop = {"auth", 4},
	.nc = {"00000001", 8},
	.cnonce = {"0a4f113b", 8},
};
#define HA1 SLICE("939e7578ed9e3c518a452acee763bce9")

static void right_answer_fits(void)
{
	struct digest_claim old = mufasa;

	CU_ASSERT_TRUE(digest_fits(&mufasa, HA1, SLICE("GET")));
	/* RFC 2069 §2.1.2 */
	old.qop = old.nc = old.cnonce = (struct slice){0};
	CU_ASSERT_FALSE(digest_fits(&old, HA1, SLICE("GET")));
	old.response = SLICE("670fd8c2df070c60b045671b8b24ff02");
	CU_ASSERT_TRUE(digest_fits(&old, HA1, SLICE("GET")));
}

static void another_word_does_not(void)
{
	static const size_t words[] = {
		offsetof(struct digest_claim, nonce),
		offsetof(struct digest_claim, uri),
		offsetof(struct digest_claim, response),
		offsetof(struct digest_claim, nc),
		offsetof(struct digest_claim, cnonce),
	};
	char text[64];

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct digest_claim c = mufasa;
		struct slice *word = (struct slice *)((char *)&c + words[i]);

		memcpy(text, word->p, word->n);
		text[word->n - 1] ^= 1;
		word->p = text;
		CU_ASSERT_FALSE(digest_fits(&c, HA1, SLICE("GET")));
		word->n--;
		CU_ASSERT_FALSE(digest_fits(&c, HA1, SLICE("GET")));
	}
	CU_ASSERT_FALSE(digest_fits(&mufasa, HA1, SLICE("PUT")));
	CU_ASSERT_FALSE(digest_fits(&mufasa,
				    SLICE("939e7578ed9e3c518a452acee763bce8"),
				    SLICE("GET")));
	CU_ASSERT_FALSE(digest_fits(&mufasa, SLICE(""), SLICE("GET")));
}

TEST_MAIN("token/digest", {"the right answer fits", right_answer_fits},
	  {"another word in it does not", another_word_does_not})
