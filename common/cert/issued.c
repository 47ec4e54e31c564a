/*
 * issued.c - what an authority sent, in the order in which it is shown.
 */
#include "cert/issued.h"

#include <errno.h>
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>

static int keep(STACK_OF(X509) * all, X509 *x, char *why)
{
	if (sk_X509_num(all) >= CERT_ISSUED_MAX) {
		snprintf(why, WHY_MAX, "more than %d certificates",
			 CERT_ISSUED_MAX);
		return E2BIG;
	}
	return X509_add_cert(all, x, X509_ADD_FLAG_UP_REF) == 1 ? 0 : ENOMEM;
}

static STACK_OF(X509) * inside_of(const PKCS7 *p7)
{
	if (PKCS7_type_is_signed(p7))
		return p7->d.sign ? p7->d.sign->cert : NULL;
	return NULL;
}

static int keep_pkcs7(STACK_OF(X509) * all, const PKCS7 *p7, char *why)
{
	STACK_OF(X509) *some = inside_of(p7);
	int err = 0;

	for (int i = 0; i < sk_X509_num(some) && !err; i++)
		err = keep(all, sk_X509_value(some, i), why);
	return err;
}

/* Some authorities send PKCS#7 under the label of a certificate, so the bytes
 * are asked, not the label. */
static int keep_der(STACK_OF(X509) * all, const unsigned char *der, long n,
		    char *why)
{
	const unsigned char *p = der;
	X509 *x = d2i_X509_AUX(NULL, &p, n);
	PKCS7 *p7;
	int err = EINVAL;

	if (x) {
		err = keep(all, x, why);
		X509_free(x);
		return err;
	}
	p = der;
	p7 = d2i_PKCS7(NULL, &p, n);
	if (p7)
		err = keep_pkcs7(all, p7, why);
	else
		snprintf(why, WHY_MAX,
			 "neither a certificate nor PKCS#7, in PEM or DER");
	PKCS7_free(p7);
	return err;
}

static bool is_ours(const char *label)
{
	return strcmp(label, PEM_STRING_PKCS7) == 0 ||
	       strcmp(label, PEM_STRING_CMS) == 0 ||
	       strcmp(label, PEM_STRING_X509) == 0 ||
	       strcmp(label, PEM_STRING_X509_OLD) == 0 ||
	       strcmp(label, PEM_STRING_X509_TRUSTED) == 0;
}

/* One block; *more: there may be another one. */
static int keep_block(STACK_OF(X509) * all, BIO *in, bool *more, char *why)
{
	char *label = NULL, *head = NULL;
	unsigned char *der = NULL;
	long n = 0;
	int err = 0;

	*more = PEM_read_bio(in, &label, &head, &der, &n) == 1;
	if (*more && is_ours(label))
		err = keep_der(all, der, n, why);
	OPENSSL_free(label);
	OPENSSL_free(head);
	OPENSSL_clear_free(der, (size_t)n);
	return err;
}

/* PEM ends where no block begins any more; a broken block is an error. */
static int keep_pem(STACK_OF(X509) * all, struct slice bytes, char *why)
{
	BIO *in = BIO_new_mem_buf(bytes.p, (int)bytes.n);
	bool more = in != NULL;
	int err = in ? 0 : ENOMEM;

	while (more && !err)
		err = keep_block(all, in, &more, why);
	BIO_free(in);
	if (!err &&
	    ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
		snprintf(why, WHY_MAX, "a PEM block in it is cut or broken");
		err = EINVAL;
	}
	return err;
}

static bool is_pem(struct slice bytes)
{
	return memmem(bytes.p, bytes.n, "-----BEGIN ", 11) != NULL;
}

int cert_issued_find(STACK_OF(X509) * all, struct slice bytes, char *why)
{
	int had = sk_X509_num(all), err;

	snprintf(why, WHY_MAX, "out of memory");
	if (bytes.n == 0 || bytes.n > INT_MAX) {
		snprintf(why, WHY_MAX, "empty, or too long");
		return EINVAL;
	}
	ERR_clear_error();
	if (is_pem(bytes))
		err = keep_pem(all, bytes, why);
	else
		err = keep_der(all, (const unsigned char *)bytes.p,
			       (long)bytes.n, why);
	ERR_clear_error();
	if (!err && sk_X509_num(all) == had) {
		snprintf(why, WHY_MAX, "there is no certificate in it");
		err = EINVAL;
	}
	return err;
}

/* -1: none. */
static int find_leaf(STACK_OF(X509) * all, EVP_PKEY *key)
{
	int best = -1;

	for (int i = 0; i < sk_X509_num(all); i++) {
		const X509 *x = sk_X509_value(all, i), *old;

		if (EVP_PKEY_eq(X509_get0_pubkey(x), key) != 1)
			continue;
		old = best < 0 ? NULL : sk_X509_value(all, best);
		if (!old || ASN1_TIME_compare(X509_get0_notBefore(x),
					      X509_get0_notBefore(old)) > 0)
			best = i;
	}
	return best;
}

static bool signs(X509 *issuer, X509 *x)
{
	return X509_check_issued(issuer, x) == X509_V_OK &&
	       X509_verify(x, X509_get0_pubkey(issuer)) == 1;
}

/* A cross certificate and a root of one name: the root ends the chain, so that
 * less is sent. */
static int find_issuer(STACK_OF(X509) * all, X509 *of)
{
	int found = -1;

	for (int i = 0; i < sk_X509_num(all); i++) {
		X509 *x = sk_X509_value(all, i);

		if (x == of || !signs(x, of))
			continue;
		if (X509_self_signed(x, 0) == 1)
			return i;
		if (found < 0)
			found = i;
	}
	return found;
}

static bool is_known(const struct cert_issued *out, const X509 *x)
{
	for (int i = 0; i < sk_X509_num(out->rest); i++) {
		if (X509_cmp(sk_X509_value(out->rest, i), x) == 0)
			return true;
	}
	return X509_cmp(out->leaf, x) == 0;
}

static int follow(struct cert_issued *out, STACK_OF(X509) * all, int at)
{
	X509 *x = sk_X509_value(all, at);

	while (X509_self_signed(x, 0) != 1) {
		int next = find_issuer(all, x);

		if (next < 0 || is_known(out, sk_X509_value(all, next)))
			break;
		x = sk_X509_value(all, next);
		out->rooted = X509_self_signed(x, 0) == 1;
		if (!out->rooted &&
		    X509_add_cert(out->rest, x, X509_ADD_FLAG_UP_REF) != 1)
			return ENOMEM;
		out->in_order &= next == ++at;
	}
	return 0;
}

static unsigned count_others(const struct cert_issued *out, int had)
{
	int used = 1 + sk_X509_num(out->rest) + out->rooted;

	return had > used ? (unsigned)(had - used) : 0;
}

int cert_issued_order(struct cert_issued *out, STACK_OF(X509) * all,
		      EVP_PKEY *key, char *why)
{
	int at = find_leaf(all, key), err;

	*out = (struct cert_issued){.in_order = at == 0};
	if (at < 0) {
		snprintf(why, WHY_MAX,
			 "none of its certificates goes with the key");
		return ENOENT;
	}
	out->leaf = sk_X509_value(all, at);
	X509_up_ref(out->leaf);
	out->rest = sk_X509_new_null();
	err = out->rest ? follow(out, all, at) : ENOMEM;
	ERR_clear_error();
	if (err) {
		snprintf(why, WHY_MAX, "out of memory");
		cert_issued_fini(out);
		return err;
	}
	out->others = count_others(out, sk_X509_num(all));
	out->in_order &= out->others == 0;
	return 0;
}

void cert_issued_fini(struct cert_issued *issued)
{
	X509_free(issued->leaf);
	sk_X509_pop_free(issued->rest, X509_free);
	*issued = (struct cert_issued){0};
}
