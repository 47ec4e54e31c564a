/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials_fuzz.c - answers to a digest challenge.
 *
 * Whatever the bytes are, every word lies within them, what is needed is there,
 * and nobody without the secret is believed.
 */
#include "credentials.h"
#include "fuzz_kit.h"
#include "sip/facts.h"

#define HA1 SLICE("939e7578ed9e3c518a452acee763bce9")

static struct token_pen *pen;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	pen = kit_pen();
	return 0;
}

static void words_within(const struct digest_claim *c, struct slice text)
{
	const struct slice words[] = {c->username, c->realm,	c->nonce,
				      c->uri,	   c->response, c->qop,
				      c->nc,	   c->cnonce};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		MUST(kit_within(words[i], text));
	MUST(c->username.p && c->realm.p && c->nonce.n && c->uri.n);
	MUST(c->response.n == DIGEST_HEX_LEN);
	MUST(!c->qop.p == !c->nc.p && !c->qop.p == !c->cnonce.p);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		MUST(slice_index(words[i], '"') == SIZE_MAX &&
		     slice_index(words[i], '\\') == SIZE_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* As long as it is, so that a step too far is seen. */
	char *copy = malloc(size ? size : 1);
	struct slice text = {copy, size};
	struct digest_claim c;

	MUST(copy);
	if (size)
		memcpy(copy, data, size);
	if (!credentials_read(&c, text)) {
		words_within(&c, text);
		MUST(!digest_fits(&c, HA1, SLICE("INVITE")));
		MUST(token_nonce_check(pen, 9, c.nonce, WALL_S, FACTS_NONCE_S));
	}
	MUST(token_nonce_check(pen, 9, text, WALL_S, FACTS_NONCE_S));
	free(copy);
	return 0;
}
