/**
 * @file lint_bench.h
 * Crafted certificates for tests of cert/lint, and the list of what is found.
 *
 * All are judged on one day, DAY. A finding is written as its severity's first
 * letter and its id: "E:expired".
 */
#ifndef TESTS_CERT_LINT_BENCH_H
#define TESTS_CERT_LINT_BENCH_H

#include "cert/lint.h"

#include "../cunit_main.h"
#include "cert/certs.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#define DAY   INT64_C(1777593600) /* 2026-05-01 */
#define DAY_S INT64_C(86400)

/** Keys by kind. */
enum bench_key {
	KEY_P256,
	KEY_P224,
	KEY_P521,
	KEY_K256,
	KEY_ED25519,
	KEY_RSA1024,
	KEY_RSA2048,
	KEY_RSA5000
};

/** A certificate to be made; what is NULL is as it should be, "" is absent. */
struct bench_order {
	const char *cn, *cn_too, *san, *nul_dns, *eku, *ku, *ca, *crl, *extra;
	int extra_nid;
	const char *odd_oid; /* a critical extension of it */
	enum bench_key key;
	const EVP_MD *(*md)(void); /* NULL: SHA-256 */
	int from_d, to_d;	   /* from DAY; both 0: -10, 80 */
	long serial;		   /* 0: some; -1: zero */
};

/** The authorities of all tests. */
struct bench {
	struct cert root, issuer, other_root, other, spare;
	X509_STORE *trust;
};

static inline EVP_PKEY *bench_wide_rsa(void)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *n = BN_new();
	EVP_PKEY *key = NULL;
	OSSL_PARAM *p;

	BN_set_bit(n, 4999);
	BN_set_bit(n, 0);
	OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n);
	OSSL_PARAM_BLD_push_ulong(b, OSSL_PKEY_PARAM_RSA_E, 65537);
	p = OSSL_PARAM_BLD_to_param(b);
	EVP_PKEY_fromdata_init(c);
	EVP_PKEY_fromdata(c, &key, EVP_PKEY_PUBLIC_KEY, p);
	OSSL_PARAM_free(p);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(c);
	BN_free(n);
	return key;
}

static inline EVP_PKEY *bench_key(enum bench_key kind)
{
	switch (kind) {
	case KEY_P224:
		return EVP_EC_gen("P-224");
	case KEY_P521:
		return EVP_EC_gen("P-521");
	case KEY_K256:
		return EVP_EC_gen("secp256k1");
	case KEY_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case KEY_RSA1024:
		return EVP_RSA_gen(1024);
	case KEY_RSA2048:
		return EVP_RSA_gen(2048);
	case KEY_RSA5000:
		return bench_wide_rsa();
	case KEY_P256:
		break;
	}
	return EVP_EC_gen("P-256");
}

static inline void bench_add(X509 *x, X509 *by, int nid, const char *text,
			     const char *usual)
{
	text = text ? text : usual;
	cert_extend(x, by, nid, text && *text ? text : NULL);
}

static inline void bench_odd(X509 *x, const char *oid)
{
	ASN1_OBJECT *o = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *s = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;

	ASN1_OCTET_STRING_set(s, (const unsigned char *)"\x05", 1);
	e = X509_EXTENSION_create_by_OBJ(NULL, o, 1, s);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(s);
	ASN1_OBJECT_free(o);
}

static inline void bench_extend(X509 *x, X509 *by, const struct bench_order *o)
{
	if (o->nul_dns)
		cert_add_nul_dns(x, o->nul_dns);
	else
		bench_add(x, by, NID_subject_alt_name, o->san,
			  "DNS:sip.example.com,DNS:sip.example.org");
	bench_add(x, by, NID_ext_key_usage, o->eku, "serverAuth");
	bench_add(x, by, NID_key_usage, o->ku, "critical,digitalSignature");
	bench_add(x, by, NID_basic_constraints, o->ca, NULL);
	bench_add(x, by, NID_crl_distribution_points, o->crl,
		  "URI:http://crl.example.com/1.crl");
	if (o->extra)
		cert_extend(x, by, o->extra_nid, o->extra);
	if (o->odd_oid)
		bench_odd(x, o->odd_oid);
}

/** Make one; `by` NULL: signs itself. */
static inline void bench_make(struct cert *out, const struct bench_order *o,
			      const struct cert *by)
{
	static long serial = 5000;
	bool usual = !o->from_d && !o->to_d;
	X509 *x = X509_new();

	out->x509 = x;
	out->key = bench_key(o->key);
	by = by ? by : out;
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), o->serial == -1 ? 0
						   : o->serial	   ? o->serial
								   : serial++);
	ASN1_TIME_set(X509_getm_notBefore(x),
		      DAY + (usual ? -10 : o->from_d) * DAY_S);
	ASN1_TIME_set(X509_getm_notAfter(x),
		      DAY + (usual ? 80 : o->to_d) * DAY_S - 1);
	X509_set_pubkey(x, out->key);
	if (!o->cn || *o->cn)
		cert_set_cn(x, o->cn ? o->cn : "sip.example.com");
	cert_set_cn(x, o->cn_too);
	X509_set_issuer_name(x, X509_get_subject_name(by->x509));
	bench_extend(x, by->x509, o);
	X509_sign(x, by->key, o->md ? o->md() : EVP_sha256());
}

/** An authority; `by` NULL: a root. */
static inline void bench_authority(struct cert *out, const char *cn,
				   const struct cert *by)
{
	struct bench_order o = {
		.cn = cn,
		.san = "",
		.eku = "",
		.ku = "critical,keyCertSign,cRLSign",
		.ca = "critical,CA:TRUE",
		.from_d = -1000,
		.to_d = 3000,
	};

	bench_make(out, &o, by);
}

static inline void bench_init(struct bench *b)
{
	bench_authority(&b->root, "Root", NULL);
	bench_authority(&b->issuer, "Issuing", &b->root);
	bench_authority(&b->other_root, "Other Root", NULL);
	bench_authority(&b->other, "Other Issuing", &b->other_root);
	bench_authority(&b->spare, "Spare", &b->root);
	b->trust = X509_STORE_new();
	X509_STORE_add_cert(b->trust, b->root.x509);
}

static inline void bench_fini(struct bench *b)
{
	cert_free(&b->root);
	cert_free(&b->issuer);
	cert_free(&b->other_root);
	cert_free(&b->other);
	cert_free(&b->spare);
	X509_STORE_free(b->trust);
}

/** What was found, in the order of the table. */
struct bench_found {
	char text[1024];
	bool worded;
};

static inline void bench_tell(const struct cert_finding *f, void *arg)
{
	struct bench_found *found = arg;
	size_t n = strlen(found->text);

	snprintf(found->text + n, sizeof(found->text) - n, "%s%c:%s",
		 n ? " " : "", "NWE"[f->severity], f -> rule);
	found->worded &= *f->is && *f->should && *f->mend;
	for (const char *p = f->is; *p; p++)
		found->worded &= *p >= 0x20 && *p < 0x7f;
}

/** Judge, and compare with the whole list. */
static inline void bench_expect(const char *what,
				const struct cert_subject *subject,
				const char *expected)
{
	struct bench_found found = {.worded = true};
	int worst = cert_lint(subject, bench_tell, &found);

	if (strcmp(found.text, expected))
		fprintf(stderr, "%s:\n  expected %s\n  found    %s\n", what,
			expected, found.text);
	CU_ASSERT_STRING_EQUAL(found.text, expected);
	CU_ASSERT_TRUE(found.worded);
	CU_ASSERT_EQUAL(worst, strstr(found.text, "E:")	  ? CERT_ERROR
			       : strstr(found.text, "W:") ? CERT_WARNING
			       : *found.text		  ? CERT_NOTE
							  : -1);
}

#endif
