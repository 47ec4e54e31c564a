/*
 * token_test.c - what the edge signs comes back believed, and nothing else.
 */
#include "token_place.h"

#include "base/b64.h"

#include <errno.h>

static void route_says_what_was_written(void)
{
	char text[TOKEN_MAX];
	struct token t = sample((struct slice){0}), got;
	struct token_pen *pen;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	n = mint(pen, &t, text);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON + 5), 0);
	CU_ASSERT_EQUAL(got.kind, TOKEN_DIALOG);
	CU_ASSERT_EQUAL(got.conn, t.conn);
	CU_ASSERT_EQUAL(got.who, t.who);
	CU_ASSERT_EQUAL(got.dialog, t.dialog);
	CU_ASSERT_EQUAL(got.issued_s, NOON);
	CU_ASSERT_EQUAL(got.sealed.n, 0);
	token_pen_destroy(&pen);
	CU_ASSERT_PTR_NULL(pen);
	remove_dir();
}

static void sealed_part_comes_back_and_is_hidden(void)
{
	struct slice secret = SLICE("<sip:home01.internal.example;lr>");
	char one[TOKEN_MAX], two[TOKEN_MAX];
	uint8_t raw[TOKEN_MAX];
	struct token t = sample(secret), got;
	struct token_pen *pen;
	size_t n, len;

	fresh_dir();
	pen = pen_at(NOON);
	n = mint(pen, &t, one);
	CU_ASSERT_EQUAL(check(pen, &got, one, n, NOON), 0);
	CU_ASSERT_TRUE(slice_eq(got.sealed, secret));
	CU_ASSERT_EQUAL(
		b64_decode(raw, sizeof(raw), &len, (struct slice){one, n}), 0);
	CU_ASSERT_PTR_NULL(memmem(raw, len, "home01", 6));
	/* The same words are never sealed alike. */
	CU_ASSERT_EQUAL(mint(pen, &t, two), n);
	CU_ASSERT_NOT_EQUAL(memcmp(one, two, n), 0);
	token_pen_destroy(&pen);
	remove_dir();
}

static void sealed_part_has_a_longest_length(void)
{
	static char bytes[TOKEN_SEALED_MAX + 1];
	char text[TOKEN_MAX];
	struct token t = sample((struct slice){bytes, TOKEN_SEALED_MAX}), got;
	struct token_pen *pen;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	n = mint(pen, &t, text);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON), 0);
	CU_ASSERT_EQUAL(got.sealed.n, TOKEN_SEALED_MAX);
	t.sealed.n++;
	CU_ASSERT_EQUAL(token_mint(pen, &t, text), 0);
	token_pen_destroy(&pen);
	remove_dir();
}

/* Flip each bit of the bytes behind the text. */
static unsigned believed_flips(struct token_pen *pen, const char *text,
			       size_t n)
{
	uint8_t raw[TOKEN_MAX];
	char flipped[TOKEN_MAX];
	struct token got;
	unsigned believed = 0;
	size_t len;

	CU_ASSERT_EQUAL_FATAL(
		b64_decode(raw, sizeof(raw), &len, (struct slice){text, n}), 0);
	for (size_t bit = 0; bit < len * 8; bit++) {
		raw[bit / 8] ^= (uint8_t)(1U << bit % 8);
		b64_encode(flipped, raw, len);
		believed += check(pen, &got, flipped, n, NOON) != EBADMSG;
		raw[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	return believed;
}

static void one_flipped_bit_is_refused(void)
{
	struct token plain = sample((struct slice){0});
	struct token sealed = sample(SLICE("some route"));
	char text[TOKEN_MAX];
	struct token_pen *pen;

	fresh_dir();
	pen = pen_at(NOON);
	CU_ASSERT_EQUAL(believed_flips(pen, text, mint(pen, &plain, text)), 0);
	CU_ASSERT_EQUAL(believed_flips(pen, text, mint(pen, &sealed, text)), 0);
	token_pen_destroy(&pen);
	remove_dir();
}

/* Each character in turn becomes each other character of the alphabet. */
static void one_changed_character_is_refused(void)
{
	char text[TOKEN_MAX];
	struct token t = sample((struct slice){0}), got;
	struct token_pen *pen;
	unsigned believed = 0;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	n = mint(pen, &t, text);
	for (size_t i = 0; i < n; i++) {
		char was = text[i];

		for (int c = 1; c < 256; c++) {
			text[i] = (char)c;
			if (text[i] != was)
				believed += check(pen, &got, text, n, NOON) !=
					    EBADMSG;
		}
		text[i] = was;
	}
	CU_ASSERT_EQUAL(believed, 0);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON), 0);
	token_pen_destroy(&pen);
	remove_dir();
}

static void other_lengths_are_refused(void)
{
	char text[TOKEN_MAX + 8];
	struct token t = sample(SLICE("abc")), got;
	struct token_pen *pen;
	unsigned believed = 0;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	memset(text, 'A', sizeof(text));
	n = mint(pen, &t, text);
	for (size_t i = 0; i < sizeof(text); i++) {
		if (i != n)
			believed += check(pen, &got, text, i, NOON) != EBADMSG;
	}
	CU_ASSERT_EQUAL(believed, 0);
	CU_ASSERT_EQUAL(check(pen, &got, NULL, 0, NOON), EBADMSG);
	token_pen_destroy(&pen);
	remove_dir();
}

static void another_ring_believes_nothing(void)
{
	char text[TOKEN_MAX], branch[TOKEN_BRANCH_LEN];
	struct token t = sample((struct slice){0}), got;
	struct token_branch b;
	struct token_pen *pen;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	n = mint(pen, &t, text);
	token_branch_mint(pen, &branch_sample, branch);
	token_pen_destroy(&pen);
	unlink(file);
	pen = pen_at(NOON);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON), EBADMSG);
	CU_ASSERT_EQUAL(
		token_branch_check(pen, &b,
				   (struct slice){branch, sizeof(branch)}),
		EBADMSG);
	token_pen_destroy(&pen);
	remove_dir();
}

static void branch_says_what_was_written(void)
{
	char text[TOKEN_BRANCH_LEN];
	struct slice s = {text, sizeof(text)};
	struct token_branch got = {0};
	struct token_pen *pen;

	fresh_dir();
	pen = pen_at(NOON);
	token_branch_mint(pen, &branch_sample, text);
	CU_ASSERT_EQUAL(memcmp(text, "z9hG4bK", 7), 0);
	CU_ASSERT_EQUAL(token_branch_check(pen, &got, s), 0);
	CU_ASSERT_EQUAL(got.worker, branch_sample.worker);
	CU_ASSERT_EQUAL(got.slot, branch_sample.slot);
	CU_ASSERT_EQUAL(got.generation, branch_sample.generation);
	CU_ASSERT_EQUAL(got.loop, branch_sample.loop);
	token_pen_destroy(&pen);
	remove_dir();
}

static void changed_branch_is_refused(void)
{
	char text[TOKEN_BRANCH_LEN];
	struct token_branch got;
	struct token_pen *pen;
	unsigned believed = 0;

	fresh_dir();
	pen = pen_at(NOON);
	token_branch_mint(pen, &branch_sample, text);
	for (size_t i = 0; i < sizeof(text); i++) {
		char was = text[i];

		for (int c = 1; c < 256; c++) {
			struct slice s = {text, sizeof(text)};

			text[i] = (char)c;
			if (text[i] != was)
				believed += !token_branch_check(pen, &got, s);
		}
		text[i] = was;
		believed +=
			!token_branch_check(pen, &got, (struct slice){text, i});
	}
	CU_ASSERT_EQUAL(believed, 0);
	token_pen_destroy(&pen);
	remove_dir();
}

static void branch_is_no_route_and_route_no_branch(void)
{
	char branch[TOKEN_BRANCH_LEN], text[TOKEN_MAX];
	struct token t = sample((struct slice){0}), got;
	struct token_branch b;
	struct token_pen *pen;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	token_branch_mint(pen, &branch_sample, branch);
	CU_ASSERT_EQUAL(check(pen, &got, branch + 7, sizeof(branch) - 7, NOON),
			EBADMSG);
	n = mint(pen, &t, text);
	CU_ASSERT_EQUAL(token_branch_check(pen, &b, (struct slice){text, n}),
			EBADMSG);
	token_pen_destroy(&pen);
	remove_dir();
}

static void old_dialogs_are_refused_and_old_flows_are_not(void)
{
	char text[TOKEN_MAX];
	struct token t = sample((struct slice){0}), got;
	struct token_pen *pen;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	n = mint(pen, &t, text);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON + MAX_S), 0);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON + MAX_S + 1), ETIME);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON - 3600), 0);
	t.kind = TOKEN_FLOW;
	n = mint(pen, &t, text);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON + 10 * MAX_S), 0);
	CU_ASSERT_EQUAL(got.kind, TOKEN_FLOW);
	token_pen_destroy(&pen);
	remove_dir();
}

static void names_differ_where_they_must(void)
{
	struct slice alice = SLICE("sip:alice@example.com");
	struct token_pen *pen;

	fresh_dir();
	pen = pen_at(NOON);
	CU_ASSERT_NOT_EQUAL(token_who(pen, alice), 0);
	CU_ASSERT_NOT_EQUAL(token_who(pen, alice),
			    token_who(pen, SLICE("sip:bob@example.com")));
	CU_ASSERT_NOT_EQUAL(token_dialog(pen, SLICE("ab"), SLICE("c")),
			    token_dialog(pen, SLICE("a"), SLICE("bc")));
	CU_ASSERT_NOT_EQUAL(token_dialog(pen, SLICE("ab"), SLICE("c")),
			    token_dialog(pen, SLICE("c"), SLICE("ab")));
	CU_ASSERT_NOT_EQUAL(token_dialog(pen, alice, (struct slice){0}),
			    token_who(pen, alice));
	token_pen_destroy(&pen);
	remove_dir();
}

static void pens_outlive_the_callers_ring(void)
{
	const struct token_keys *k = NULL, *none = NULL;
	struct token_pen *one = NULL, *two = NULL;
	struct token t = sample((struct slice){0}), got;
	char text[TOKEN_MAX];
	size_t n;

	fresh_dir();
	CU_ASSERT_EQUAL_FATAL(token_keys_open(&k, dir, NOON, KEEP, why), 0);
	CU_ASSERT_EQUAL_FATAL(token_pen_create(&one, k), 0);
	CU_ASSERT_EQUAL_FATAL(token_pen_create(&two, k), 0);
	token_keys_unref(&k);
	n = mint(one, &t, text);
	token_pen_destroy(&one);
	CU_ASSERT_EQUAL(check(two, &got, text, n, NOON), 0);
	token_pen_destroy(&two);
	token_pen_destroy(&two);
	token_keys_unref(&none);
	remove_dir();
}

TEST_MAIN("token/token",
	  {"a route token says what was written into it",
	   route_says_what_was_written},
	  {"a sealed part comes back, and is hidden on the way",
	   sealed_part_comes_back_and_is_hidden},
	  {"a sealed part has a longest length",
	   sealed_part_has_a_longest_length},
	  {"a token with one bit flipped is refused",
	   one_flipped_bit_is_refused},
	  {"a token with one character changed is refused",
	   one_changed_character_is_refused},
	  {"a token cut short or made longer is refused",
	   other_lengths_are_refused},
	  {"another ring believes nothing", another_ring_believes_nothing},
	  {"a branch says what was written into it",
	   branch_says_what_was_written},
	  {"a changed branch is refused", changed_branch_is_refused},
	  {"a branch is no route token, a route token no branch",
	   branch_is_no_route_and_route_no_branch},
	  {"an old dialog token is refused, an old flow token is not",
	   old_dialogs_are_refused_and_old_flows_are_not},
	  {"names differ where they must", names_differ_where_they_must},
	  {"a pen outlives its caller's ring", pens_outlive_the_callers_ring})
