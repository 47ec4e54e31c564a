/*
 * tlsctx_seen.c - what a certificate that nobody believes looked like.
 *
 * All of it is the peer's own word: for the log, never for a decision.
 */
#include "tlsctx_seen.h"

#include "base/slice.h"
#include "cert/certificate.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

static int refused_index = -1;

/** OpenSSL's numbers, by what an operator has to do. */
struct code_row {
	int code;
	const char *rule;
};

static const struct code_row codes[] = {
	{X509_V_ERR_CERT_HAS_EXPIRED, "certificate-expired"},
	{X509_V_ERR_CERT_NOT_YET_VALID, "certificate-not-yet-valid"},
	{X509_V_ERR_CERT_REVOKED, "certificate-revoked"},
	{X509_V_ERR_UNABLE_TO_GET_CRL, "revocation-list-missing"},
	{X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, "revocation-list-missing"},
	{X509_V_ERR_DIFFERENT_CRL_SCOPE, "revocation-list-missing"},
	{X509_V_ERR_CRL_HAS_EXPIRED, "revocation-list-expired"},
	{X509_V_ERR_CRL_NOT_YET_VALID, "revocation-list-expired"},
	{X509_V_ERR_CRL_SIGNATURE_FAILURE, "revocation-list-forged"},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "certificate-authority"},
	{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "certificate-authority"},
	{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "certificate-authority"},
	{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "certificate-authority"},
	{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "certificate-authority"},
	{X509_V_ERR_CERT_UNTRUSTED, "certificate-authority"},
	{X509_V_ERR_INVALID_PURPOSE, "certificate-purpose"},
	{X509_V_ERR_EE_KEY_TOO_SMALL, "certificate-weak"},
	{X509_V_ERR_CA_KEY_TOO_SMALL, "certificate-weak"},
	{X509_V_ERR_CA_MD_TOO_WEAK, "certificate-weak"},
};

static const char *rule_of(int code)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (codes[i].code == code)
			return codes[i].rule;
	}
	return "certificate-must-verify";
}

/** Names written one after the other. */
struct text {
	char *p;
	size_t n, cap;
	bool full;
};

static void put(struct text *t, struct slice bytes)
{
	/* Room for a comma, "+" and the end. */
	if (t->full || t->n + bytes.n + 3 > t->cap) {
		t->full = true;
		return;
	}
	if (t->n)
		t->p[t->n++] = ',';
	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char c = (unsigned char)bytes.p[i];

		t->p[t->n++] = c > ' ' && c < 0x7f && c != ',' ? (char)c : '?';
	}
}

static void put_ip(struct text *t, struct slice ip)
{
	char out[INET6_ADDRSTRLEN];

	if ((ip.n == 4 || ip.n == 16) &&
	    inet_ntop(ip.n == 4 ? AF_INET : AF_INET6, ip.p, out, sizeof(out)))
		put(t, slice_of(out));
}

static void put_general(struct text *t, const GENERAL_NAME *g)
{
	if (g->type == GEN_DNS)
		put(t, cert_bytes(g->d.dNSName));
	else if (g->type == GEN_URI)
		put(t, cert_bytes(g->d.uniformResourceIdentifier));
	else if (g->type == GEN_IPADD)
		put_ip(t, cert_bytes(g->d.iPAddress));
}

static void put_common_name(struct text *t, const X509 *leaf)
{
	char cn[128];

	if (X509_NAME_get_text_by_NID(X509_get_subject_name(leaf),
				      NID_commonName, cn, sizeof(cn)) > 0)
		put(t, slice_of(cn));
}

static void list_names(char *out, size_t cap, const X509 *leaf)
{
	GENERAL_NAMES *all =
		X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	struct text t = {.p = out, .cap = cap};

	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++)
		put_general(&t, sk_GENERAL_NAME_value(all, i));
	if (!t.n && !t.full)
		put_common_name(&t, leaf);
	GENERAL_NAMES_free(all);
	if (t.full)
		out[t.n++] = '+';
	else if (!t.n)
		out[t.n++] = '-';
	out[t.n] = '\0';
}

void refused_cert_by_rule(struct refused_cert *out, const X509 *leaf,
			  const char *rule, const char *reason)
{
	out->depth = 0;
	out->rule = rule;
	out->reason = reason;
	cert_fingerprint(out->fingerprint, leaf);
	X509_NAME_oneline(X509_get_subject_name(leaf), out->subject,
			  sizeof(out->subject));
	list_names(out->names, sizeof(out->names), leaf);
}

void refused_cert_fill(struct refused_cert *out, const X509 *leaf, int code,
		       int depth)
{
	refused_cert_by_rule(out, leaf, rule_of(code),
			     X509_verify_cert_error_string(code));
	out->depth = depth;
}

static void free_refused(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index,
			 long argl, void *argp)
{
	(void)parent, (void)ad, (void)index, (void)argl, (void)argp;
	free(ptr);
}

void tlsctx_seen_init(void)
{
	if (refused_index < 0)
		refused_index =
			SSL_get_ex_new_index(0, NULL, NULL, NULL, free_refused);
}

void tlsctx_refuse(SSL *ssl, const struct refused_cert *r)
{
	struct refused_cert *kept = SSL_get_ex_data(ssl, refused_index);

	if (!kept) {
		kept = calloc(1, sizeof(*kept));
		if (kept && !SSL_set_ex_data(ssl, refused_index, kept)) {
			free(kept);
			kept = NULL;
		}
	}
	if (kept)
		*kept = *r;
}

const struct refused_cert *tlsctx_refused(const SSL *ssl)
{
	return SSL_get_ex_data(ssl, refused_index);
}
