/*
 * token.c - minting and believing tokens (RFC 5626 §5.2, RFC 3261 §8.1.1.7).
 *
 * A route token is, before base64url, in network byte order:
 *
 *	format key-id door|kind conn who dialog issued [nonce sealed] mac
 *	   1      1       1      8   8     8      4     12     n     16
 *
 * and a branch, after "z9hG4bK":
 *
 *	format key-id worker slot generation loop mac
 *	   1      1      1     4      4        8   16
 *
 * The MAC covers all before it. The two formats differ in their first byte,
 * so neither passes for the other; a third says that what is sealed in a route
 * token is packed.
 */
#include "token_pack.h"
#include "token_pen.h"

#include "base/b64.h"
#include "base/hash.h"

#include <endian.h>
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <sys/random.h>

#define FORMAT_ROUTE  0x11
#define FORMAT_PACKED 0x12
#define FORMAT_BRANCH 0x21
#define COOKIE	      "z9hG4bK"
#define COOKIE_LEN    (sizeof(COOKIE) - 1)
#define MAC_LEN	      16
#define MAC_FULL      32
#define NONCE_LEN     PEN_NONCE_LEN
#define ROUTE_HEAD    31
#define BRANCH_HEAD   19
#define BRANCH_RAW    (BRANCH_HEAD + MAC_LEN)
#define ROUTE_RAW_MAX (ROUTE_HEAD + NONCE_LEN + TOKEN_SEALED_MAX + MAC_LEN)

_Static_assert(B64_LEN(ROUTE_RAW_MAX) <= TOKEN_MAX, "TOKEN_MAX is too small");
_Static_assert(COOKIE_LEN + B64_LEN(BRANCH_RAW) == TOKEN_BRANCH_LEN,
	       "TOKEN_BRANCH_LEN does not fit the layout");

static uint8_t *put(uint8_t *to, const void *p, size_t n)
{
	memcpy(to, p, n);
	return to + n;
}

static uint8_t *put_u8(uint8_t *to, uint8_t v)
{
	*to = v;
	return to + 1;
}

static uint8_t *put_u32(uint8_t *to, uint32_t v)
{
	uint32_t be = htobe32(v);

	return put(to, &be, sizeof(be));
}

static uint8_t *put_u64(uint8_t *to, uint64_t v)
{
	uint64_t be = htobe64(v);

	return put(to, &be, sizeof(be));
}

static uint32_t get_u32(const uint8_t *p)
{
	uint32_t be;

	memcpy(&be, p, sizeof(be));
	return be32toh(be);
}

static uint64_t get_u64(const uint8_t *p)
{
	uint64_t be;

	memcpy(&be, p, sizeof(be));
	return be64toh(be);
}

EVP_CIPHER_CTX *pen_cipher(const EVP_CIPHER *aes, const uint8_t *key)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

	if (ctx && EVP_EncryptInit_ex2(ctx, aes, key, NULL, NULL) == 1)
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

static bool pen_fill(struct token_pen *pen)
{
	EVP_CIPHER *aes = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
	bool good = aes && pen_fill_hide(pen, aes);

	for (size_t i = 0; good && i < pen->keys->n; i++) {
		const struct ring_key *key = &pen->keys->key[i];

		token_hmac_init(&pen->mac[i], key->mac, sizeof(key->mac));
		pen->seal[i] = pen_cipher(aes, key->seal);
		good = pen->seal[i] != NULL;
	}
	EVP_CIPHER_free(aes); /* contexts hold their own references */
	return good && getrandom(pen->nonce, sizeof(pen->nonce), 0) ==
			       (ssize_t)sizeof(pen->nonce);
}

int token_pen_create(struct token_pen **out, const struct token_keys *k)
{
	struct token_pen *pen = calloc(1, sizeof(*pen));

	if (!pen)
		return ENOMEM;
	pen->keys = token_keys_ref(k);
	if (!pen_fill(pen)) {
		token_pen_destroy(&pen);
		return ENOMEM;
	}
	*out = pen;
	return 0;
}

void token_pen_destroy(struct token_pen **pen)
{
	struct token_pen *p = *pen;

	*pen = NULL;
	if (!p)
		return;
	for (size_t i = 0; i < p->keys->n; i++)
		EVP_CIPHER_CTX_free(p->seal[i]);
	EVP_CIPHER_CTX_free(p->hide);
	token_keys_unref(&p->keys);
	OPENSSL_cleanse(p, sizeof(*p));
	free(p);
}

static void sign(const struct token_pen *pen, size_t at, const uint8_t *p,
		 size_t n, uint8_t out[MAC_LEN])
{
	uint8_t full[MAC_FULL];

	token_hmac_sign(&pen->mac[at], p, n, full);
	memcpy(out, full, MAC_LEN);
}

/* Which key of the ring signed these bytes, the last MAC_LEN of them? */
static const struct ring_key *signer(struct token_pen *pen, const uint8_t *raw,
				     size_t n)
{
	const struct token_keys *k = pen->keys;
	size_t head = n - MAC_LEN;
	uint8_t mac[MAC_LEN];

	for (size_t i = k->n; i-- > 0;) {
		if (k->key[i].id != raw[1])
			continue;
		sign(pen, i, raw, head, mac);
		if (CRYPTO_memcmp(mac, raw + head, MAC_LEN) != 0)
			return NULL;
		return &k->key[i];
	}
	return NULL;
}

bool pen_apply(EVP_CIPHER_CTX *ctx, const uint8_t iv[16], const void *in,
	       size_t n, void *out)
{
	int len = 0;

	return EVP_EncryptInit_ex2(ctx, NULL, NULL, iv, NULL) == 1 &&
	       EVP_EncryptUpdate(ctx, out, &len, in, (int)n) == 1 &&
	       len == (int)n;
}

/* The last four bytes of the counter block are 0. */
static bool apply_ctr(struct token_pen *pen, const struct ring_key *key,
		      const uint8_t nonce[NONCE_LEN], const void *in, size_t n,
		      void *out)
{
	uint8_t iv[16] = {0};

	memcpy(iv, nonce, NONCE_LEN);
	return pen_apply(pen->seal[key - pen->keys->key], iv, in, n, out);
}

static bool next_nonce(struct token_pen *pen, uint8_t out[NONCE_LEN])
{
	if (++pen->sealed_count == 0 &&
	    getrandom(pen->nonce, sizeof(pen->nonce), 0) !=
		    (ssize_t)sizeof(pen->nonce))
		return false;
	put_u32(put(out, pen->nonce, sizeof(pen->nonce)), pen->sealed_count);
	return true;
}

size_t token_mint(struct token_pen *pen, const struct token *t, char *out)
{
	size_t newest = pen->keys->n - 1;
	const struct ring_key *key = &pen->keys->key[newest];
	uint8_t raw[ROUTE_RAW_MAX], packed[TOKEN_SEALED_MAX], *to = raw;
	struct slice sealed = {.p = (char *)packed};

	if (t->sealed.n > TOKEN_SEALED_MAX)
		return 0;
	sealed.n = token_pack(packed, t->sealed);
	to = put_u8(to, sealed.n ? FORMAT_PACKED : FORMAT_ROUTE);
	if (!sealed.n)
		sealed = t->sealed;
	to = put_u8(to, key->id);
	to = put_u8(to, (uint8_t)(t->kind | t->door << 4));
	to = put_u64(to, t->conn);
	to = put_u64(to, t->who);
	to = put_u64(to, t->dialog);
	to = put_u32(to, (uint32_t)t->issued_s);
	if (sealed.n > 0) {
		if (!next_nonce(pen, to) ||
		    !apply_ctr(pen, key, to, sealed.p, sealed.n,
			       to + NONCE_LEN))
			return 0;
		to += NONCE_LEN + sealed.n;
	}
	sign(pen, newest, raw, (size_t)(to - raw), to);
	return b64_encode(out, raw, (size_t)(to - raw) + MAC_LEN);
}

static bool route_length_fits(size_t n)
{
	size_t plain = ROUTE_HEAD + MAC_LEN;

	return n == plain || n > plain + NONCE_LEN;
}

static bool unseal(struct token_pen *pen, const struct ring_key *key,
		   struct token *out, const uint8_t *raw, size_t n,
		   char *scratch)
{
	uint8_t packed[TOKEN_SEALED_MAX];
	bool plain = raw[0] == FORMAT_ROUTE;

	out->sealed = (struct slice){0};
	if (n == ROUTE_HEAD + MAC_LEN)
		return true;
	out->sealed.p = scratch;
	out->sealed.n = n - ROUTE_HEAD - NONCE_LEN - MAC_LEN;
	if (!apply_ctr(pen, key, raw + ROUTE_HEAD, raw + ROUTE_HEAD + NONCE_LEN,
		       out->sealed.n, plain ? (void *)scratch : packed))
		return false;
	if (!plain)
		out->sealed.n = token_unpack(scratch, packed, out->sealed.n);
	return out->sealed.n > 0;
}

static bool is_older(uint64_t wall_s, uint64_t than_s, uint64_t max_s)
{
	return wall_s > than_s && wall_s - than_s > max_s;
}

static int age_check(const struct token_pen *pen, const struct ring_key *key,
		     const struct token *t, uint64_t wall_s, uint64_t max_s)
{
	if (key->retired_s &&
	    is_older(wall_s, key->retired_s, pen->keys->keep_s))
		return ETIME;
	if (t->kind != TOKEN_FLOW && is_older(wall_s, t->issued_s, max_s))
		return ETIME;
	return 0;
}

int token_check(struct token_pen *pen, struct token *out, struct slice text,
		uint64_t wall_s, uint64_t max_s, char *scratch)
{
	uint8_t raw[ROUTE_RAW_MAX];
	const struct ring_key *key;
	size_t n;

	if (b64_decode(raw, sizeof(raw), &n, text) || !route_length_fits(n) ||
	    (raw[0] != FORMAT_ROUTE && raw[0] != FORMAT_PACKED))
		return EBADMSG;
	key = signer(pen, raw, n);
	if (!key || !unseal(pen, key, out, raw, n, scratch))
		return EBADMSG;
	out->kind = (enum token_kind)(raw[2] & 0x0f);
	out->door = raw[2] >> 4;
	out->conn = get_u64(raw + 3);
	out->who = get_u64(raw + 11);
	out->dialog = get_u64(raw + 19);
	out->issued_s = get_u32(raw + 27);
	return age_check(pen, key, out, wall_s, max_s);
}

void token_branch_mint(struct token_pen *pen, const struct token_branch *b,
		       char *out)
{
	size_t newest = pen->keys->n - 1;
	uint8_t raw[BRANCH_RAW], *to = raw;

	to = put_u8(to, FORMAT_BRANCH);
	to = put_u8(to, pen->keys->key[newest].id);
	to = put_u8(to, b->worker);
	to = put_u32(to, b->slot);
	to = put_u32(to, b->generation);
	to = put_u64(to, b->loop);
	sign(pen, newest, raw, BRANCH_HEAD, to);
	memcpy(out, COOKIE, COOKIE_LEN);
	b64_encode(out + COOKIE_LEN, raw, BRANCH_RAW);
}

static int branch_decode(uint8_t raw[BRANCH_RAW], struct token_branch *out,
			 struct slice text)
{
	struct slice rest;
	size_t n;

	if (text.n != TOKEN_BRANCH_LEN ||
	    memcmp(text.p, COOKIE, COOKIE_LEN) != 0)
		return EBADMSG;
	rest = (struct slice){text.p + COOKIE_LEN, text.n - COOKIE_LEN};
	if (b64_decode(raw, BRANCH_RAW, &n, rest) || n != BRANCH_RAW ||
	    raw[0] != FORMAT_BRANCH)
		return EBADMSG;
	out->worker = raw[2];
	out->slot = get_u32(raw + 3);
	out->generation = get_u32(raw + 7);
	out->loop = get_u64(raw + 11);
	return 0;
}

int token_branch_check(struct token_pen *pen, struct token_branch *out,
		       struct slice text)
{
	uint8_t raw[BRANCH_RAW];

	if (branch_decode(raw, out, text) || !signer(pen, raw, BRANCH_RAW))
		return EBADMSG;
	return 0;
}

int token_branch_read(struct token_branch *out, struct slice text)
{
	uint8_t raw[BRANCH_RAW];

	return branch_decode(raw, out, text);
}

bool token_branch_same(struct slice a, struct slice b)
{
	return a.n == b.n && CRYPTO_memcmp(a.p, b.p, a.n) == 0;
}

static uint64_t never_0(uint64_t h)
{
	return h ? h : 1;
}

uint64_t token_who(struct token_pen *pen, struct slice aor)
{
	return never_0(hash_keyed(pen->keys->who, 0, aor));
}

uint64_t token_dialog(struct token_pen *pen, struct slice call_id,
		      struct slice tag)
{
	const uint8_t *key = pen->keys->dialog;

	return never_0(hash_keyed(key, hash_keyed(key, 0, call_id), tag));
}
