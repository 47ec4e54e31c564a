/*
 * token_pack_test.c - what is packed comes back byte for byte, and is shorter.
 */
#include "token_place.h"

#include "token_pack.h"

#include "base/b64.h"

#define WORD_MIN 80 /* shorter ones are left as they are */

static const char host[] = "@edge01.internal.example:5061;transport=tls;lr>";
static char text[4 * TOKEN_SEALED_MAX], back[TOKEN_SEALED_MAX];
static uint8_t packed[TOKEN_SEALED_MAX];

/* How long it is packed; it comes back, or 0. */
static size_t pack(size_t n)
{
	struct slice s = {text, n};
	size_t len = token_pack(packed, s);

	CU_ASSERT_TRUE(len == 0 || len < n);
	if (len > 0) {
		CU_ASSERT_EQUAL(token_unpack(back, packed, len), n);
		CU_ASSERT_EQUAL(memcmp(back, text, n), 0);
	}
	return len;
}

static size_t pack_text(const char *s)
{
	strcpy(text, s);
	return pack(strlen(s));
}

/* "<sip:", n bytes as base64url, and the rest of a URI. */
static size_t add_uri(char *to, size_t bytes)
{
	uint8_t raw[TOKEN_SEALED_MAX];
	size_t n = 5;

	for (size_t i = 0; i < bytes; i++)
		raw[i] = (uint8_t)(i * 37 + bytes);
	memcpy(to, "<sip:", n);
	n += b64_encode(to + n, raw, bytes);
	memcpy(to + n, host, sizeof(host) - 1);
	return n + sizeof(host) - 1;
}

static void words_of_every_length_come_back(void)
{
	for (size_t bytes = 0; B64_LEN(bytes) + 60 < TOKEN_SEALED_MAX;
	     bytes++) {
		size_t word = B64_LEN(bytes), n = add_uri(text, bytes);
		size_t len = pack(n);

		if (word < WORD_MIN)
			CU_ASSERT_EQUAL(len, 0);
		if (word >= WORD_MIN)
			CU_ASSERT_EQUAL(len, n - word + bytes + 3);
	}
}

static void several_words_come_back(void)
{
	size_t n = 0;

	memcpy(text, "home01.internal.example 5061\tsip:bob@10.0.0.7", 45);
	n = 45;
	for (size_t i = 0; i < 5; i++) {
		text[n++] = '\n';
		n += add_uri(text + n, 60 + i * 31);
	}
	CU_ASSERT_TRUE(pack(n) > 0);
}

#define A40 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define A79 A40 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define A80 A40 A40

static void text_without_such_words_is_left_alone(void)
{
	static const char *const plain[] = {
		"", "@", ":@", "@@@@:::@", "home01.internal.example 5061",
		A80 "@no.colon", "sip:bob@example.com", "sip:" A80,
		/* one short of the least; a stray character */
		"sip:" A79 "@example.com", "sip:" A40 "." A80 "@example.com",
		"sip:" A80 "=@example.com",
		/* a length that none has; spare bits that are not zero */
		"sip:" A80 "A@example.com", "sip:" A80 "AB@example.com",
		"sip:" A80 "AAB@example.com"};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (pack_text(plain[i]) != 0)
			CU_FAIL(plain[i]);
	}
	CU_ASSERT_NOT_EQUAL(pack_text("sip:" A80 "@example.com"), 0);
}

static void text_with_the_mark_in_it_is_left_alone(void)
{
	size_t n = add_uri(text, 100);

	CU_ASSERT_TRUE(pack(n) > 0);
	for (size_t i = 0; i < n; i++) {
		char was = text[i];

		text[i] = '\0';
		CU_ASSERT_EQUAL(pack(n), 0);
		text[i] = was;
	}
}

/* Only what carries our MAC is unpacked; still, nothing is trusted. */
static void damage_is_borne(void)
{
	size_t n = pack(add_uri(text, 300));

	CU_ASSERT_TRUE_FATAL(n > 0);
	for (size_t cut = 0; cut < n; cut++)
		CU_ASSERT_TRUE(token_unpack(back, packed, cut) <
			       TOKEN_SEALED_MAX);
	for (size_t at = 0; at < n; at++) {
		uint8_t was = packed[at];

		for (int v = 0; v < 256; v += 5) {
			packed[at] = (uint8_t)v;
			CU_ASSERT_TRUE(token_unpack(back, packed, n) <=
				       TOKEN_SEALED_MAX);
		}
		packed[at] = was;
	}
	memset(packed, 'x', sizeof(packed));
	packed[0] = 0;
	packed[1] = 0x06; /* 1,536 bytes: 2,048 characters, and more follow */
	packed[2] = 0;
	CU_ASSERT_EQUAL(token_unpack(back, packed, 3 + 1536), TOKEN_SEALED_MAX);
	CU_ASSERT_EQUAL(token_unpack(back, packed, 3 + 1537), 0);
}

/* Each edge seals the URI of the one before it and adds a route of its own. */
static void tokens_within_tokens_stay_short(void)
{
	struct token t = sample((struct slice){0}), got;
	size_t n, len[4], plain = 0;
	struct token_pen *pen;
	char word[TOKEN_MAX];

	fresh_dir();
	pen = pen_at(NOON);
	n = mint(pen, &t, word);
	for (size_t i = 0; i < 4; i++) {
		int head = sprintf(text, "home01.internal.example 5061\n<sip:");

		memcpy(text + head, word, n);
		memcpy(text + head + n, host, sizeof(host) - 1);
		t.sealed = (struct slice){text,
					  (size_t)head + n + sizeof(host) - 1};
		plain = B64_LEN(47 + 12 + t.sealed.n);
		n = len[i] = mint(pen, &t, word);
		CU_ASSERT_EQUAL(check(pen, &got, word, n, NOON), 0);
		CU_ASSERT_TRUE(slice_eq(got.sealed, t.sealed));
	}
	/* As many are added each time, and not a third of all before. */
	CU_ASSERT_TRUE(len[3] - len[2] <= len[2] - len[1] + 1);
	CU_ASSERT_TRUE(len[3] < plain - 100);
	token_pen_destroy(&pen);
	remove_dir();
}

TEST_MAIN("token/token_pack",
	  {"words of every length come back", words_of_every_length_come_back},
	  {"several words come back", several_words_come_back},
	  {"a text without such words is left alone",
	   text_without_such_words_is_left_alone},
	  {"a text with the mark in it is left alone",
	   text_with_the_mark_in_it_is_left_alone},
	  {"damage is borne", damage_is_borne},
	  {"tokens within tokens stay short", tokens_within_tokens_stay_short})
