/*
 * token_pack.c - base64url in base64url costs 4/3 each time; raw, it does not.
 *
 * A packed text is the text itself, but for each word that stands between ':'
 * and '@' and is canonical base64url:
 *
 *	MARK length bytes
 *	  1    2      n
 *
 * No text that holds MARK is packed.
 */
#include "token_pack.h"

#include "base/b64.h"
#include "token/token.h"

#define MARK	 0
#define HEAD_LEN 3
#define WORD_MIN 80 /* a token that seals nothing gains too little */

/* The user part that ends at `at`; none before `from` is looked at. */
static struct slice user_part(const char *from, const char *at)
{
	const char *colon = memrchr(from, ':', (size_t)(at - from));

	if (!colon)
		return (struct slice){0};
	return (struct slice){.p = colon + 1, .n = (size_t)(at - colon) - 1};
}

static uint8_t *put(uint8_t *to, const char *from, const char *end)
{
	memcpy(to, from, (size_t)(end - from));
	return to + (end - from);
}

/* What is written never overtakes what is read: each word shrinks. */
size_t token_pack(uint8_t *out, struct slice text)
{
	const char *rest = text.p, *end, *at = rest;
	uint8_t *to = out, *raw;
	size_t n;

	if (text.n == 0 || memchr(text.p, MARK, text.n))
		return 0;
	end = text.p + text.n;
	for (; (at = memchr(at, '@', (size_t)(end - at))); at++) {
		struct slice word = user_part(rest, at);

		if (word.n < WORD_MIN)
			continue;
		raw = to + (word.p - rest) + HEAD_LEN;
		if (b64_decode(raw, word.n - HEAD_LEN, &n, word))
			continue;
		to = put(to, rest, word.p);
		to[0] = MARK;
		to[1] = (uint8_t)(n >> 8);
		to[2] = (uint8_t)n;
		to = raw + n;
		rest = at;
	}
	return rest == text.p ? 0 : (size_t)(put(to, rest, end) - out);
}

size_t token_unpack(char *out, const uint8_t *in, size_t n)
{
	const uint8_t *end = in + n, *mark;
	size_t plain, len, at = 0;

	while ((mark = memchr(in, MARK, (size_t)(end - in)))) {
		plain = (size_t)(mark - in);
		if (end - mark < HEAD_LEN)
			return 0;
		len = (size_t)mark[1] << 8 | mark[2];
		if (len > (size_t)(end - mark) - HEAD_LEN ||
		    at + plain + B64_LEN(len) > TOKEN_SEALED_MAX)
			return 0;
		memcpy(out + at, in, plain);
		at += plain;
		at += b64_encode(out + at, mark + HEAD_LEN, len);
		in = mark + HEAD_LEN + len;
	}
	plain = (size_t)(end - in);
	if (at + plain > TOKEN_SEALED_MAX)
		return 0;
	memcpy(out + at, in, plain);
	return at + plain;
}
