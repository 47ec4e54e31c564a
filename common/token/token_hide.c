/*
 * token_hide.c - words that hide a text, always the same word for the same.
 *
 * After "eh1-", in base64url:
 *
 *	mac sealed
 *	 16    n
 *
 * The MAC of the text is the first counter block of its encryption (SIV, as
 * in RFC 5297): no nonce, so a Call-ID has one hidden form as long as the
 * names of the key ring are kept; equal texts are seen to be equal, which is
 * what a Call-ID is for. Nothing of it ages: a dialog may outlive any key.
 */
#include "token_pen.h"

#include "base/b64.h"

#include <errno.h>
#include <openssl/crypto.h>

#define PREFIX	   "eh1-"
#define PREFIX_LEN (sizeof(PREFIX) - 1)
#define SIV_LEN	   16
#define RAW_MAX	   (SIV_LEN + TOKEN_SEALED_MAX)

_Static_assert(PREFIX_LEN + B64_LEN(RAW_MAX) <= TOKEN_MAX,
	       "TOKEN_MAX is too small");

/* Two keys from the names that the ring keeps for good. */
static void derive(const struct token_keys *k, const char *label,
		   uint8_t out[RING_KEY_BYTES])
{
	uint8_t names[2 * RING_NAME_BYTES];
	struct token_hmac h;

	memcpy(names, k->dialog, RING_NAME_BYTES);
	memcpy(names + RING_NAME_BYTES, k->who, RING_NAME_BYTES);
	token_hmac_init(&h, names, sizeof(names));
	token_hmac_sign(&h, label, strlen(label), out);
	OPENSSL_cleanse(names, sizeof(names));
	OPENSSL_cleanse(&h, sizeof(h));
}

bool pen_fill_hide(struct token_pen *pen, const EVP_CIPHER *aes)
{
	uint8_t key[RING_KEY_BYTES];

	derive(pen->keys, "token-hide mac", key);
	token_hmac_init(&pen->hide_mac, key, sizeof(key));
	derive(pen->keys, "token-hide seal", key);
	pen->hide = pen_cipher(aes, key);
	OPENSSL_cleanse(key, sizeof(key));
	return pen->hide != NULL;
}

static void sign(const struct token_pen *pen, struct slice text,
		 uint8_t out[SIV_LEN])
{
	uint8_t full[SHA256_DIGEST_LENGTH];

	token_hmac_sign(&pen->hide_mac, text.p, text.n, full);
	memcpy(out, full, SIV_LEN);
}

size_t token_hide(struct token_pen *pen, struct slice text, char *out)
{
	uint8_t raw[RAW_MAX];

	if (text.n == 0 || text.n > TOKEN_SEALED_MAX)
		return 0;
	sign(pen, text, raw);
	if (!pen_apply(pen->hide, raw, text.p, text.n, raw + SIV_LEN))
		return 0;
	memcpy(out, PREFIX, PREFIX_LEN);
	return PREFIX_LEN + b64_encode(out + PREFIX_LEN, raw, SIV_LEN + text.n);
}

bool token_is_hidden(struct slice text)
{
	return text.n > PREFIX_LEN + B64_LEN(SIV_LEN) &&
	       memcmp(text.p, PREFIX, PREFIX_LEN) == 0;
}

int token_show(struct token_pen *pen, struct slice *out, struct slice text,
	       char *scratch)
{
	uint8_t raw[RAW_MAX], siv[SIV_LEN];
	struct slice shown = {.p = scratch};
	size_t n;

	if (!token_is_hidden(text))
		return EBADMSG;
	text = (struct slice){text.p + PREFIX_LEN, text.n - PREFIX_LEN};
	if (b64_decode(raw, sizeof(raw), &n, text) || n <= SIV_LEN)
		return EBADMSG;
	shown.n = n - SIV_LEN;
	if (!pen_apply(pen->hide, raw, raw + SIV_LEN, shown.n, scratch))
		return EBADMSG;
	sign(pen, shown, siv);
	if (CRYPTO_memcmp(siv, raw, SIV_LEN) != 0)
		return EBADMSG;
	*out = shown;
	return 0;
}
