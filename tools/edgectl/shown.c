/*
 * shown.c: certificates from files, judged as net/tlsctx and net/peer do it.
 */
#include "edgectl.h"

#include "cert/certificate.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#define CHAIN_MAX   10
#define VOUCHED_MAX 64 /* bits of cert_names.vouched */

/* As a handshake would ask for it. */
static int security_level(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_method());
	int level = ctx ? SSL_CTX_get_security_level(ctx) : -1;

	SSL_CTX_free(ctx);
	return level;
}

const char *shown_judge(X509 *leaf, STACK_OF(X509) * chain,
			const struct shown_by *by, int *code)
{
	struct cert_chain shown = {
		.leaf = leaf,
		.rest = chain,
		.level = security_level(),
		.server = by->server,
	};
	X509_STORE *store = X509_STORE_new();

	*code = X509_V_ERR_OUT_OF_MEM;
	if (store && by->own)
		X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	if (store && X509_STORE_load_file(store, by->trust) == 1)
		*code = cert_chain_judge(store, &shown, NULL);
	X509_STORE_free(store);
	ERR_clear_error();
	return *code == X509_V_OK ? "" : X509_verify_cert_error_string(*code);
}

static X509 *read_chain(const char *path, STACK_OF(X509) * chain)
{
	FILE *f = fopen(path, "re");
	X509 *leaf, *next;

	if (!f)
		return NULL;
	leaf = PEM_read_X509(f, NULL, NULL, NULL);
	while (leaf && sk_X509_num(chain) < CHAIN_MAX) {
		next = PEM_read_X509(f, NULL, NULL, NULL);
		if (!next)
			break;
		sk_X509_push(chain, next);
	}
	fclose(f);
	ERR_clear_error();
	return leaf;
}

static bool is_pinned(const struct settings *s, const char *key)
{
	for (size_t i = 0; i < s->federation.partners; i++) {
		if (settings_pin_fits(&s->federation.partner[i], key))
			return true;
	}
	return false;
}

static uint64_t vouchers(const struct settings *s, X509 *leaf,
			 STACK_OF(X509) * chain)
{
	uint64_t set = 0;
	int code;

	for (size_t i = 0; i < s->federation.partners && i < VOUCHED_MAX; i++) {
		struct shown_by by = {
			.trust = s->federation.partner[i].trust,
			.own = true,
		};

		if (!by.trust)
			continue;
		shown_judge(leaf, chain, &by, &code);
		if (code == X509_V_OK)
			set |= UINT64_C(1) << i;
	}
	return set;
}

static void judge(struct shown *out, const struct settings *s, enum leg leg,
		  X509 *leaf, STACK_OF(X509) * chain)
{
	struct shown_by by = {.trust = s->leg[leg].trust};
	bool federates = leg == LEG_OUTSIDE && s->federation.enabled;
	bool believed;
	int code;
	const char *said = shown_judge(leaf, chain, &by, &code);

	if (cert_names_of(&out->names, leaf, out->why))
		return;
	snprintf(out->why, sizeof(out->why), "%.200s: %.200s", by.trust,
		 code ? said : "signs it");
	out->names->chained = code == X509_V_OK;
	if (federates)
		out->names->vouched = vouchers(s, leaf, chain);
	believed = out->names->chained || out->names->vouched ||
		   (federates && is_pinned(s, out->names->key));
	if (!believed || cert_time_judge(leaf) != X509_V_OK)
		cert_names_destroy(&out->names);
}

int shown_names(struct cert_names **out, const char *path)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *leaf = chain ? read_chain(path, chain) : NULL;
	char why[WHY_MAX];
	int err = leaf ? cert_names_of(out, leaf, why) : ENOENT;

	X509_free(leaf);
	sk_X509_pop_free(chain, X509_free);
	return err;
}

int shown_read(struct shown *out, const struct settings *s, enum leg leg,
	       const char *path)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509 *leaf = chain ? read_chain(path, chain) : NULL;
	int err = 0;

	out->names = NULL;
	out->why[0] = '\0';
	if (leaf)
		judge(out, s, leg, leaf, chain);
	else
		err = no_look("%s: no certificate in PEM to read", path);
	X509_free(leaf);
	sk_X509_pop_free(chain, X509_free);
	return err;
}
