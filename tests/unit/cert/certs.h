/**
 * @file certs.h
 * Certificates made to order for tests.
 */
#ifndef TESTS_CERT_CERTS_H
#define TESTS_CERT_CERTS_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CERT_DAY_S (24 * 3600L)

/** A certificate with its key. */
struct cert {
	X509 *x509;
	EVP_PKEY *key;
};

/** What to put in; what is NULL is left out. */
struct cert_order {
	const char *cn;
	const char *san;     /* as openssl writes it: "DNS:a,IP:::1" */
	const char *usage;   /* extended: "serverAuth" */
	const char *nul_dns; /* DNS name with a NUL where it has a '!' */
	bool authority;
	long starts_s, ends_s; /* from now; 0: two days ago, in a day */
	const struct cert *same_key;
};

static inline void cert_extend(X509 *x, X509 *issuer, int nid, const char *text)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	if (!text)
		return;
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

static inline void cert_add_nul_dns(X509 *x, const char *text)
{
	GENERAL_NAMES *all = GENERAL_NAMES_new();
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_IA5STRING *s = ASN1_IA5STRING_new();
	char bytes[128];
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		bytes[i] = text[i] == '!' ? '\0' : text[i];
	ASN1_STRING_set(s, bytes, (int)n);
	GENERAL_NAME_set0_value(g, GEN_DNS, s);
	sk_GENERAL_NAME_push(all, g);
	X509_add1_ext_i2d(x, NID_subject_alt_name, all, 0, 0);
	GENERAL_NAMES_free(all);
}

static inline void cert_set_cn(X509 *x, const char *cn)
{
	if (cn)
		X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN",
					   MBSTRING_UTF8,
					   (const unsigned char *)cn, -1, -1,
					   0);
}

/** Make one; `by` NULL signs itself. */
static inline void cert_make(struct cert *out, const struct cert_order *o,
			     const struct cert *by)
{
	static long serial = 1000;
	X509 *x = X509_new();
	EVP_PKEY *key = o->same_key ? o->same_key->key : EVP_EC_gen("P-256");
	const struct cert *signer = by ? by : out;

	if (o->same_key)
		EVP_PKEY_up_ref(key);
	out->x509 = x;
	out->key = key;
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
	X509_gmtime_adj(X509_getm_notBefore(x),
			o->starts_s ? o->starts_s : -2 * CERT_DAY_S);
	X509_gmtime_adj(X509_getm_notAfter(x),
			o->ends_s ? o->ends_s : CERT_DAY_S);
	X509_set_pubkey(x, key);
	cert_set_cn(x, o->cn);
	X509_set_issuer_name(x, X509_get_subject_name(signer->x509));
	cert_extend(x, signer->x509, NID_basic_constraints,
		    o->authority ? "critical,CA:TRUE" : NULL);
	cert_extend(x, signer->x509, NID_subject_alt_name, o->san);
	cert_extend(x, signer->x509, NID_ext_key_usage, o->usage);
	if (o->nul_dns)
		cert_add_nul_dns(x, o->nul_dns);
	X509_sign(x, signer->key, EVP_sha256());
}

static inline void cert_free(struct cert *c)
{
	X509_free(c->x509);
	EVP_PKEY_free(c->key);
	*c = (struct cert){0};
}

/** Write DIR/NAME.pem (the certificate, then its issuer's) and DIR/NAME.key. */
static inline void cert_save(const struct cert *c, const struct cert *issuer,
			     const char *dir, const char *name)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.pem", dir, name);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	PEM_write_X509(f, c->x509);
	if (issuer)
		PEM_write_X509(f, issuer->x509);
	fclose(f);
	snprintf(path, sizeof(path), "%s/%s.key", dir, name);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fchmod(fileno(f), 0600);
	PEM_write_PrivateKey(f, c->key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
}

#endif
