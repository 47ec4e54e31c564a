/*
 * Digest authentication (RFC 3261 §22, RFC 7616): both ends of it.
 */
#include "kit/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <openssl/evp.h>
#include <sofia-sip/msg_header.h>

#include "kit/message.h"

#define NONCE_GOOD_FOR 300 /* s */
#define PARAM_MAX      512
#define HEX_MAX	       (2 * EVP_MAX_MD_SIZE + 1)

/* Everything that goes into one response, unquoted. */
struct parts {
	char user[PARAM_MAX];
	char realm[PARAM_MAX];
	char nonce[PARAM_MAX];
	char uri[PARAM_MAX];
	char qop[PARAM_MAX];
	char nc[PARAM_MAX];
	char cnonce[PARAM_MAX];
	char algorithm[PARAM_MAX];
};

static void hash(const char *algorithm, const char *text, char out[HEX_MAX])
{
	bool sha = !strcasecmp(algorithm, "SHA-256");
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	EVP_Digest(text, strlen(text), digest, &len,
		   sha ? EVP_sha256() : EVP_md5(), NULL);
	*out = '\0';
	for (unsigned i = 0; i < len; i++)
		snprintf(out + 2 * (size_t)i, 3, "%02x", digest[i]);
}

static void param(const msg_auth_t *auth, const char *name, char *out)
{
	const char *value = msg_params_find(auth->au_params, name);
	size_t len;

	*out = '\0';
	if (!value)
		return;
	len = strlen(value);
	if (*value == '"' && len > 1) {
		value++;
		len -= 2;
	}
	snprintf(out, PARAM_MAX, "%.*s", (int)len, value);
}

static void read_parts(struct parts *p, const msg_auth_t *auth)
{
	param(auth, "username=", p->user);
	param(auth, "realm=", p->realm);
	param(auth, "nonce=", p->nonce);
	param(auth, "uri=", p->uri);
	param(auth, "qop=", p->qop);
	param(auth, "nc=", p->nc);
	param(auth, "cnonce=", p->cnonce);
	param(auth, "algorithm=", p->algorithm);
	if (!*p->algorithm)
		strcpy(p->algorithm, "MD5");
}

/* RFC 7616 §3.4.1 */
static void respond(const struct parts *p, const char *method,
		    const char *password, char out[HEX_MAX])
{
	char text[6 * PARAM_MAX], a1[HEX_MAX], a2[HEX_MAX];

	snprintf(text, sizeof(text), "%s:%s:%s", p->user, p->realm, password);
	hash(p->algorithm, text, a1);
	snprintf(text, sizeof(text), "%s:%s", method, p->uri);
	hash(p->algorithm, text, a2);
	if (*p->qop)
		snprintf(text, sizeof(text), "%s:%s:%s:%s:%s:%s", a1, p->nonce,
			 p->nc, p->cnonce, p->qop, a2);
	else
		snprintf(text, sizeof(text), "%s:%s:%s", a1, p->nonce, a2);
	hash(p->algorithm, text, out);
}

static void make_nonce(long long when, char *out, size_t len)
{
	static char secret[MESSAGE_TOKEN];
	char text[64], seal[HEX_MAX];

	if (!*secret)
		message_token(secret);
	snprintf(text, sizeof(text), "%s:%lld", secret, when);
	hash("SHA-256", text, seal);
	snprintf(out, len, "%lld.%.32s", when, seal);
}

static enum digest_result check_nonce(const char *nonce)
{
	long long when = atoll(nonce);
	char ours[PARAM_MAX];

	make_nonce(when, ours, sizeof(ours));
	if (strcmp(ours, nonce) != 0 || time(NULL) - when > NONCE_GOOD_FOR)
		return DIGEST_STALE;
	return DIGEST_GOOD;
}

void digest_challenge(struct text *out, const char *realm,
		      const char *algorithm, bool stale)
{
	char nonce[PARAM_MAX];

	make_nonce(time(NULL), nonce, sizeof(nonce));
	text_add(out,
		 "Digest realm=\"%s\", nonce=\"%s\", algorithm=%s, "
		 "qop=\"auth\"%s",
		 realm, nonce, algorithm, stale ? ", stale=true" : "");
}

bool digest_answer(struct text *out, const msg_auth_t *challenge,
		   const struct digest_claim *claim)
{
	struct parts p;
	char response[HEX_MAX];

	if (!challenge || strcasecmp(challenge->au_scheme, "Digest") != 0)
		return false;
	read_parts(&p, challenge);
	if (strcasecmp(p.algorithm, "MD5") &&
	    strcasecmp(p.algorithm, "SHA-256"))
		return false;

	snprintf(p.user, sizeof(p.user), "%s", claim->user);
	snprintf(p.uri, sizeof(p.uri), "%s", claim->uri);
	message_token(p.cnonce);
	strcpy(p.nc, "00000001");
	if (*p.qop)
		strcpy(p.qop, "auth");
	respond(&p, claim->method, claim->password, response);

	text_add(out,
		 "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", "
		 "uri=\"%s\", response=\"%s\", algorithm=%s",
		 p.user, p.realm, p.nonce, p.uri, response, p.algorithm);
	if (*p.qop)
		text_add(out, ", qop=auth, nc=%s, cnonce=\"%s\"", p.nc,
			 p.cnonce);
	return true;
}

void digest_user(const msg_auth_t *credentials, char *out, size_t len)
{
	char user[PARAM_MAX] = "";

	if (credentials)
		param(credentials, "username=", user);
	snprintf(out, len, "%s", user);
}

enum digest_result digest_check(const msg_auth_t *credentials,
				const char *method, const char *password)
{
	struct parts p;
	char expected[HEX_MAX], given[PARAM_MAX];

	if (!credentials)
		return DIGEST_BAD;
	read_parts(&p, credentials);
	param(credentials, "response=", given);
	respond(&p, method, password, expected);
	if (strcmp(given, expected) != 0)
		return DIGEST_BAD;
	return check_nonce(p.nonce);
}
