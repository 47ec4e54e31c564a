/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_fuzz.c - words that we signed, and words that look like them.
 *
 * What we wrote is believed and says what it said; changed by as little as a
 * bit, cut, spelt otherwise or made up, it is not.
 */
#include "fuzz_kit.h"

#include <errno.h>

#define AGE_S 28800

/* Nothing is ever written with `other`: the fuzzer sees what is compared. */
static struct token_pen *pen, *other;
static char scratch[TOKEN_SEALED_MAX];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	pen = kit_pen();
	other = kit_pen();
	return 0;
}

static uint64_t number(struct slice *in)
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | kit_byte(in);
	return n;
}

/* Change a word as the input says; true when it is another one now. */
static bool mutate(char *word, size_t *n, struct slice *in)
{
	char before[TOKEN_MAX];
	size_t was = *n;
	unsigned changes = kit_byte(in) % 4;

	memcpy(before, word, was);
	while (changes-- > 0) {
		unsigned at = kit_number(in);

		if (*n > 0)
			word[at % *n] = (char)kit_byte(in);
	}
	if (kit_byte(in) % 16 == 0 && *n > 0)
		*n -= kit_byte(in) % *n;
	return *n != was || memcmp(before, word, was) != 0;
}

static bool same_token(const struct token *a, const struct token *b)
{
	return a->kind == b->kind && a->door == b->door && a->conn == b->conn &&
	       a->who == b->who && a->dialog == b->dialog &&
	       a->issued_s == b->issued_s && slice_eq(a->sealed, b->sealed);
}

/* A word of ours, whole or damaged, within what another one seals. */
static void nested(const char *word, size_t n, struct slice in)
{
	static char text[TOKEN_SEALED_MAX];
	struct token t = {.kind = TOKEN_DIALOG, .issued_s = WALL_S}, read;
	char outer[TOKEN_MAX];
	size_t len = in.n % 64;

	if (n + len + 6 > sizeof(text))
		return;
	memcpy(text, "<sip:", 5);
	memcpy(text + 5, word, n);
	text[5 + n] = '@';
	memcpy(text + 6 + n, in.n ? in.p : "", len);
	t.sealed = (struct slice){text, n + len + 6};
	n = token_mint(pen, &t, outer);
	MUST(token_check(pen, &read, (struct slice){outer, n}, WALL_S, AGE_S,
			 scratch) == 0);
	MUST(same_token(&t, &read));
}

static void routes(struct slice in)
{
	char word[TOKEN_MAX];
	struct token t = {.kind = (enum token_kind)(1 + kit_byte(&in) % 3)};
	struct token read;
	uint64_t late;
	size_t n;
	int err;

	t.door = kit_byte(&in) % 16;
	t.conn = number(&in);
	t.who = number(&in);
	t.dialog = t.kind == TOKEN_FLOW ? 0 : number(&in);
	t.issued_s = WALL_S - kit_number(&in);
	late = WALL_S + kit_number(&in);
	t.sealed = (struct slice){in.p, in.n / 2};
	in = (struct slice){in.p + in.n / 2, in.n - in.n / 2};
	n = token_mint(pen, &t, word);
	MUST((n == 0) == (t.sealed.n > TOKEN_SEALED_MAX));
	if (n == 0)
		return;
	err = token_check(pen, &read, (struct slice){word, n}, late, AGE_S,
			  scratch);
	if (err == 0)
		MUST(same_token(&t, &read));
	MUST(err == 0 || err == ETIME);
	MUST((err == ETIME) ==
	     (t.kind != TOKEN_FLOW && late - t.issued_s > AGE_S));
	nested(word, n, in);
	if (mutate(word, &n, &in))
		MUST(token_check(pen, &read, (struct slice){word, n}, WALL_S,
				 UINT32_MAX, scratch) == EBADMSG);
	nested(word, n, in);
}

static void branches(struct slice in)
{
	char word[TOKEN_BRANCH_LEN], was[TOKEN_BRANCH_LEN];
	struct token_branch b = {.worker = kit_byte(&in)}, read;
	size_t n = sizeof(word);
	struct slice text;
	bool changed;

	b.slot = (uint32_t)number(&in) & 0xffffff;
	b.generation = (uint32_t)number(&in);
	b.loop = number(&in);
	token_branch_mint(pen, &b, word);
	memcpy(was, word, n);
	text = (struct slice){word, n};
	MUST(token_branch_read(&read, text) == 0);
	MUST(token_branch_check(pen, &read, text) == 0);
	MUST(read.worker == b.worker && read.slot == b.slot);
	MUST(read.generation == b.generation);
	changed = mutate(word, &n, &in);
	text.n = n;
	MUST(token_branch_same(text, (struct slice){was, sizeof(was)}) ==
	     !changed);
	MUST((token_branch_check(pen, &read, text) == 0) == !changed);
}

static void hidden(struct slice in)
{
	char word[TOKEN_MAX], again[TOKEN_MAX];
	struct slice text = {in.p, in.n / 2}, shown;
	size_t n = token_hide(pen, text, word);

	MUST((n == 0) == (text.n == 0 || text.n > TOKEN_SEALED_MAX));
	if (n == 0)
		return;
	MUST(token_hide(pen, text, again) == n && memcmp(word, again, n) == 0);
	MUST(token_is_hidden((struct slice){word, n}));
	MUST(token_show(pen, &shown, (struct slice){word, n}, scratch) == 0);
	MUST(slice_eq(shown, text));
	in = (struct slice){in.p + text.n, in.n - text.n};
	if (mutate(word, &n, &in))
		MUST(token_show(pen, &shown, (struct slice){word, n},
				scratch) == EBADMSG);
}

/* Nobody makes one up. */
static void made_up(struct slice text)
{
	struct token t;
	struct token_branch b;
	struct slice shown;

	MUST(token_check(other, &t, text, WALL_S, AGE_S, scratch) != 0);
	MUST(token_branch_check(other, &b, text) != 0);
	MUST(token_show(other, &shown, text, scratch) != 0);
	(void)token_is_hidden(text);
	(void)token_branch_read(&b, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = {(const char *)data, size};

	switch (kit_byte(&in) % 4) {
	case 0:
		routes(in);
		break;
	case 1:
		branches(in);
		break;
	case 2:
		hidden(in);
		break;
	default:
		made_up(in);
		break;
	}
	return 0;
}
