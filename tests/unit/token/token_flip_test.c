/*
 * token_flip_test.c - 256 bits flipped, one at a time: 256 refusals.
 */
#include "token_place.h"

#include "base/b64.h"

#include <errno.h>

#define FLIPS  256
#define COOKIE 7 /* "z9hG4bK" */

/* Is this text refused? */
typedef bool refused_fn(struct token_pen *pen, struct slice text);

static bool token_refused(struct token_pen *pen, struct slice text)
{
	struct token got;

	return check(pen, &got, text.p, text.n, NOON) == EBADMSG;
}

static bool branch_refused(struct token_pen *pen, struct slice text)
{
	struct token_branch got;

	return token_branch_check(pen, &got, text) == EBADMSG;
}

/* Flip bits of the bytes that the text stands for, evenly spread over all of
 * them; how many are refused? */
static unsigned refused_bits(struct token_pen *pen, struct slice text,
			     size_t skip, refused_fn *refused)
{
	uint8_t raw[TOKEN_MAX];
	char flipped[TOKEN_MAX];
	unsigned count = 0;
	size_t len;

	CU_ASSERT_EQUAL_FATAL(
		b64_decode(raw, sizeof(raw), &len,
			   (struct slice){text.p + skip, text.n - skip}),
		0);
	CU_ASSERT_FATAL(len * 8 >= FLIPS);
	memcpy(flipped, text.p, text.n);
	for (size_t i = 0; i < FLIPS; i++) {
		size_t bit = i * len * 8 / FLIPS;

		raw[bit / 8] ^= (uint8_t)(1U << bit % 8);
		b64_encode(flipped + skip, raw, len);
		count += refused(pen, (struct slice){flipped, text.n});
		raw[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	return count;
}

/* Flip bits of the text itself. */
static unsigned refused_letters(struct token_pen *pen, struct slice text,
				refused_fn *refused)
{
	char flipped[TOKEN_MAX];
	unsigned count = 0;

	memcpy(flipped, text.p, text.n);
	for (size_t i = 0; i < FLIPS; i++) {
		size_t bit = i * text.n * 8 / FLIPS;

		flipped[bit / 8] ^= (char)(1U << bit % 8);
		count += refused(pen, (struct slice){flipped, text.n});
		flipped[bit / 8] ^= (char)(1U << bit % 8);
	}
	return count;
}

static void tokens_of_each_kind_refuse_256_of_256(void)
{
	static const enum token_kind kinds[] = {TOKEN_FLOW, TOKEN_DIALOG,
						TOKEN_CONTACT};
	static const struct slice sealed[] = {{NULL, 0},
					      {"sip:bob@10.0.0.7", 16}};
	char text[TOKEN_MAX];
	struct token_pen *pen;

	fresh_dir();
	pen = pen_at(NOON);
	for (size_t i = 0; i < 6; i++) {
		struct token t = sample(sealed[i % 2]);
		struct slice s = {.p = text};

		t.kind = kinds[i / 2];
		s.n = mint(pen, &t, text);
		CU_ASSERT_FALSE(token_refused(pen, s));
		CU_ASSERT_EQUAL(refused_bits(pen, s, 0, token_refused), FLIPS);
		CU_ASSERT_EQUAL(refused_letters(pen, s, token_refused), FLIPS);
	}
	token_pen_destroy(&pen);
	remove_dir();
}

static void branch_refuses_256_of_256(void)
{
	char text[TOKEN_BRANCH_LEN];
	struct slice s = {text, sizeof(text)};
	struct token_pen *pen;

	fresh_dir();
	pen = pen_at(NOON);
	token_branch_mint(pen, &branch_sample, text);
	CU_ASSERT_FALSE(branch_refused(pen, s));
	CU_ASSERT_EQUAL(refused_bits(pen, s, COOKIE, branch_refused), FLIPS);
	CU_ASSERT_EQUAL(refused_letters(pen, s, branch_refused), FLIPS);
	token_pen_destroy(&pen);
	remove_dir();
}

TEST_MAIN("token/token_flip",
	  {"a token of each kind refuses 256 of 256 flipped bits",
	   tokens_of_each_kind_refuse_256_of_256},
	  {"a branch refuses 256 of 256 flipped bits",
	   branch_refuses_256_of_256})
