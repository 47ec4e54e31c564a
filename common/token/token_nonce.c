/*
 * token_nonce.c - what a digest challenge asks to be answered with.
 *
 * Before base64url, in network byte order:
 *
 *	format key-id issued conn mac
 *	   1      1      4     8   16
 *
 * Nothing is kept of it: who answers it shows it, and it says when it was
 * asked and on which connection.
 */
#include "token_pen.h"

#include "base/b64.h"

#include <endian.h>
#include <errno.h>
#include <openssl/crypto.h>

#define FORMAT_NONCE 0x31
#define NONCE_HEAD   14
#define NONCE_MAC    16
#define NONCE_RAW    (NONCE_HEAD + NONCE_MAC)

_Static_assert(B64_LEN(NONCE_RAW) == TOKEN_NONCE_LEN,
	       "TOKEN_NONCE_LEN does not fit the layout");

static void sign(const struct token_pen *pen, size_t at, const uint8_t *raw,
		 uint8_t out[NONCE_MAC])
{
	uint8_t full[SHA256_DIGEST_LENGTH];

	token_hmac_sign(&pen->mac[at], raw, NONCE_HEAD, full);
	memcpy(out, full, NONCE_MAC);
}

void token_nonce_mint(struct token_pen *pen, token_conn conn, uint64_t wall_s,
		      char *out)
{
	size_t newest = pen->keys->n - 1;
	uint8_t raw[NONCE_RAW] = {FORMAT_NONCE, pen->keys->key[newest].id};
	uint32_t issued = htobe32((uint32_t)wall_s);
	uint64_t by = htobe64(conn);

	memcpy(raw + 2, &issued, sizeof(issued));
	memcpy(raw + 6, &by, sizeof(by));
	sign(pen, newest, raw, raw + NONCE_HEAD);
	b64_encode(out, raw, sizeof(raw));
}

static bool is_signed(const struct token_pen *pen, const uint8_t *raw)
{
	uint8_t mac[NONCE_MAC];

	for (size_t i = pen->keys->n; i-- > 0;) {
		if (pen->keys->key[i].id != raw[1])
			continue;
		sign(pen, i, raw, mac);
		return CRYPTO_memcmp(mac, raw + NONCE_HEAD, NONCE_MAC) == 0;
	}
	return false;
}

int token_nonce_check(struct token_pen *pen, token_conn conn, struct slice text,
		      uint64_t wall_s, uint64_t max_s)
{
	uint8_t raw[NONCE_RAW];
	uint32_t issued;
	uint64_t by;
	size_t n;

	if (b64_decode(raw, sizeof(raw), &n, text) || n != NONCE_RAW ||
	    raw[0] != FORMAT_NONCE || !is_signed(pen, raw))
		return EBADMSG;
	memcpy(&issued, raw + 2, sizeof(issued));
	memcpy(&by, raw + 6, sizeof(by));
	issued = be32toh(issued);
	if (be64toh(by) != conn || (wall_s > issued && wall_s - issued > max_s))
		return ETIME;
	return 0;
}
