/*
 * token_hide_test.c - a hidden text comes back, the same word each time.
 */
#include "token_place.h"

#include "base/b64.h"

#include <errno.h>

#define CALL_ID "a84b4c76e66710@pool01.internal.example"

/* Hide, and put a NUL behind it. */
static size_t hide(struct token_pen *pen, const char *text, char *out)
{
	size_t n = token_hide(pen, slice_of(text), out);

	CU_ASSERT_FATAL(n > 0 && n < TOKEN_MAX);
	out[n] = '\0';
	return n;
}

static bool shows(struct token_pen *pen, const char *hidden, const char *text)
{
	char scratch[TOKEN_SEALED_MAX];
	struct slice got = {0};

	return token_show(pen, &got, slice_of(hidden), scratch) == 0 &&
	       slice_eq(got, slice_of(text));
}

static void hidden_text_is_a_word_and_comes_back(void)
{
	char out[TOKEN_MAX];
	struct token_pen *pen;

	fresh_dir();
	pen = pen_at(NOON);
	hide(pen, CALL_ID, out);
	CU_ASSERT_TRUE(token_is_hidden(slice_of(out)));
	CU_ASSERT_EQUAL(
		strspn(out, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
			    "XYZ0123456789-_"),
		strlen(out));
	CU_ASSERT_TRUE(shows(pen, out, CALL_ID));
	hide(pen, "x", out);
	CU_ASSERT_TRUE(shows(pen, out, "x"));
	token_pen_destroy(&pen);
	remove_dir();
}

static void hidden_text_says_nothing_of_itself(void)
{
	char out[TOKEN_MAX];
	uint8_t raw[TOKEN_MAX];
	struct token_pen *pen;
	size_t n, len = 0;

	fresh_dir();
	pen = pen_at(NOON);
	n = hide(pen, CALL_ID, out);
	CU_ASSERT_PTR_NULL(strstr(out, "internal"));
	CU_ASSERT_EQUAL(b64_decode(raw, sizeof(raw), &len,
				   (struct slice){out + 4, n - 4}),
			0);
	CU_ASSERT_PTR_NULL(memmem(raw, len, "internal", 8));
	token_pen_destroy(&pen);
	remove_dir();
}

static void word_stays_the_same_over_rotation_and_restart(void)
{
	char first[TOKEN_MAX], later[TOKEN_MAX];
	struct token_pen *pen;

	fresh_dir();
	pen = pen_at(NOON);
	hide(pen, CALL_ID, first);
	hide(pen, CALL_ID, later);
	CU_ASSERT_STRING_EQUAL(first, later);
	token_pen_destroy(&pen);
	for (uint64_t day = 1; day < 5; day++) {
		pen = pen_at(NOON + day * DAY);
		hide(pen, CALL_ID, later);
		CU_ASSERT_STRING_EQUAL(first, later);
		CU_ASSERT_TRUE(shows(pen, first, CALL_ID));
		token_pen_destroy(&pen);
	}
	remove_dir();
}

static void texts_differ_in_all_of_their_words(void)
{
	char one[TOKEN_MAX], two[TOKEN_MAX];
	struct token_pen *pen;
	unsigned same = 0;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	n = hide(pen, "call-1@10.0.0.7", one);
	CU_ASSERT_EQUAL(hide(pen, "call-2@10.0.0.7", two), n);
	for (size_t i = 4; i < n; i++)
		same += one[i] == two[i];
	CU_ASSERT_TRUE(same < n / 4);
	token_pen_destroy(&pen);
	remove_dir();
}

static void changed_hidden_text_is_refused(void)
{
	char out[TOKEN_MAX], scratch[TOKEN_SEALED_MAX];
	struct slice got = {0};
	struct token_pen *pen;
	unsigned refused = 0;
	uint8_t raw[TOKEN_MAX];
	size_t n, len = 0;

	fresh_dir();
	pen = pen_at(NOON);
	n = hide(pen, CALL_ID, out);
	CU_ASSERT_EQUAL_FATAL(b64_decode(raw, sizeof(raw), &len,
					 (struct slice){out + 4, n - 4}),
			      0);
	for (size_t bit = 0; bit < len * 8; bit++) {
		raw[bit / 8] ^= (uint8_t)(1U << bit % 8);
		b64_encode(out + 4, raw, len);
		refused += token_show(pen, &got, (struct slice){out, n},
				      scratch) == EBADMSG;
		raw[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	CU_ASSERT_EQUAL(refused, len * 8);
	CU_ASSERT_PTR_NULL(got.p);
	b64_encode(out + 4, raw, len);
	for (size_t cut = 0; cut < n; cut++)
		CU_ASSERT_EQUAL(token_show(pen, &got, (struct slice){out, cut},
					   scratch),
				EBADMSG);
	CU_ASSERT_TRUE(shows(pen, out, CALL_ID));
	token_pen_destroy(&pen);
	remove_dir();
}

static void what_we_did_not_hide_is_refused(void)
{
	static const char *const foreign[] = {
		"",
		"eh1-",
		"a@b.c",
		"eh1-AAAA",
		"eh1-Kalle@example.com",
		"EH1-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"eh1-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"eh1-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA AAA"};
	char out[TOKEN_MAX];
	struct token_pen *pen;

	fresh_dir();
	pen = pen_at(NOON);
	for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		if (shows(pen, foreign[i], foreign[i]))
			CU_FAIL(foreign[i]);
	}
	hide(pen, CALL_ID, out);
	token_pen_destroy(&pen);
	unlink(file);
	pen = pen_at(NOON);
	CU_ASSERT_FALSE(shows(pen, out, CALL_ID));
	token_pen_destroy(&pen);
	remove_dir();
}

static void longest_text_is_hidden_and_no_longer_one(void)
{
	static char text[TOKEN_SEALED_MAX + 1];
	char out[TOKEN_MAX], scratch[TOKEN_SEALED_MAX];
	struct slice got = {0}, whole = {text, TOKEN_SEALED_MAX};
	struct token_pen *pen;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	memset(text, 'x', sizeof(text));
	n = token_hide(pen, whole, out);
	CU_ASSERT_TRUE(n > 0 && n <= TOKEN_MAX);
	CU_ASSERT_EQUAL(token_show(pen, &got, (struct slice){out, n}, scratch),
			0);
	CU_ASSERT_TRUE(slice_eq(got, whole));
	whole.n++;
	CU_ASSERT_EQUAL(token_hide(pen, whole, out), 0);
	CU_ASSERT_EQUAL(token_hide(pen, (struct slice){0}, out), 0);
	token_pen_destroy(&pen);
	remove_dir();
}

TEST_MAIN("token/token_hide",
	  {"a hidden text is a word, and comes back",
	   hidden_text_is_a_word_and_comes_back},
	  {"a hidden text says nothing of itself",
	   hidden_text_says_nothing_of_itself},
	  {"the word stays the same over rotation and restart",
	   word_stays_the_same_over_rotation_and_restart},
	  {"two texts differ in all of their words",
	   texts_differ_in_all_of_their_words},
	  {"a changed hidden text is refused", changed_hidden_text_is_refused},
	  {"what we did not hide is refused", what_we_did_not_hide_is_refused},
	  {"the longest text is hidden, and no longer one",
	   longest_text_is_hidden_and_no_longer_one})
