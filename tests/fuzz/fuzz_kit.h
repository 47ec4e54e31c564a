/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_kit.h - what the fuzz targets share: promises that stay whatever the
 * build, keys, an edge to be, and inputs that steer.
 */
#ifndef TESTS_FUZZ_KIT_H
#define TESTS_FUZZ_KIT_H

#include "base/buf.h"
#include "settings/settings.h"
#include "sip/framer.h"
#include "token/token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WALL_S 1700000000u

/** An invariant; unlike assert() it stays whatever the build. */
#define MUST(what)                                                             \
	do {                                                                   \
		if (!(what)) {                                                 \
			fprintf(stderr, "broken: %s (%s:%d)\n", #what,         \
				__func__, __LINE__);                           \
			abort();                                               \
		}                                                              \
	} while (0)

/** Text of a setting; nobody writes into it. */
#define KIT_TEXT(literal) ((char *)(uintptr_t)(literal))

static const struct framer_limits kit_limits = {65536, 32768, 8192, 256};
static const struct framer_limits kit_wide_limits = {199999, 131072, 65536,
						     256};

/** A pen with keys that live as long as the process. */
static inline struct token_pen *kit_pen(void)
{
	char place[] = "/tmp/fuzz.XXXXXX", file[64], why[WHY_MAX];
	const struct token_keys *keys = NULL;
	struct token_pen *pen = NULL;

	MUST(mkdtemp(place));
	MUST(token_keys_open(&keys, place, WALL_S, 28800, why) == 0);
	MUST(token_pen_create(&pen, keys) == 0);
	token_keys_unref(&keys);
	snprintf(file, sizeof(file), "%s/token-keys", place);
	unlink(file);
	rmdir(place);
	return pen;
}

/** example.com at 192.0.2.1, inside 2001:db8::1. */
static inline void kit_edge(struct settings *s)
{
	static union addr addresses[LEG_COUNT];
	static char *domains[] = {KIT_TEXT("example.com")};

	addr_parse(&addresses[LEG_OUTSIDE], SLICE("192.0.2.1"), 0);
	addr_parse(&addresses[LEG_INSIDE], SLICE("2001:db8::1"), 0);
	s->sip_domains = (struct name_list){domains, 1};
	for (int leg = 0; leg < LEG_COUNT; leg++)
		s->leg[leg] = (struct leg_settings){
			.address = &addresses[leg],
			.addresses = 1,
			.fqdn = KIT_TEXT(leg == LEG_OUTSIDE ? "sip.example.com"
							    : "edge.internal"),
			.tls_port = 5061};
	s->limits.dialog_token_s = 28800;
}

/** A word in the input, and what it stands for: what no fuzzer would guess. */
struct kit_word {
	const char *word;
	struct slice text;
};

/** The word that stands at the front, or NULL. */
static inline const struct kit_word *kit_word_at(struct slice in,
						 const struct kit_word *words,
						 size_t n)
{
	for (size_t k = 0; in.n >= 3 && k < n; k++)
		if (memcmp(in.p, words[k].word, 3) == 0)
			return &words[k];
	return NULL;
}

/** Put texts in place of words of three letters, "~T~" and the like. */
static inline void kit_expand(struct buf *out, struct slice in,
			      const struct kit_word *words, size_t n)
{
	while (in.n > 0) {
		const struct kit_word *w = kit_word_at(in, words, n);
		const char *next = memchr(in.p + 1, '~', in.n - 1);
		size_t step = next ? (size_t)(next - in.p) : in.n;

		if (w)
			step = 3;
		buf_add(out, w ? w->text : (struct slice){in.p, step});
		in = (struct slice){in.p + step, in.n - step};
	}
}

/** The next byte of the input, for a choice; 0 when it has ended. */
static inline uint8_t kit_byte(struct slice *in)
{
	uint8_t c = 0;

	if (in->n > 0) {
		c = (uint8_t)in->p[0];
		*in = (struct slice){in->p + 1, in->n - 1};
	}
	return c;
}

/** Two bytes of it. */
static inline unsigned kit_number(struct slice *in)
{
	unsigned high = kit_byte(in);

	return high << 8 | kit_byte(in);
}

/** Does a piece lie in the text that it was cut from? */
static inline bool kit_within(struct slice piece, struct slice whole)
{
	return !piece.p ||
	       (piece.p >= whole.p && piece.p + piece.n <= whole.p + whole.n);
}

#endif
