/*
 * certificate.c - what a certificate says about whose it is (RFC 5922 §7).
 */
#include "cert/certificate.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#define HOST_MAX  253
#define NAMES_MAX 128
#define OID_MAX	  64

static void hex_of(char out[65], const unsigned char *md, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", md[i]);
}

void cert_fingerprint(char out[65], const X509 *cert)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	out[0] = '\0';
	if (X509_digest(cert, EVP_sha256(), md, &n) == 1 && n == 32)
		hex_of(out, md, n);
}

/* RFC 7469 §2.4: over the whole SubjectPublicKeyInfo, so that the algorithm
 * counts as well. */
void cert_key_print(char out[65], const X509 *cert)
{
	unsigned char md[EVP_MAX_MD_SIZE], *der = NULL;
	unsigned n = 0;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

	out[0] = '\0';
	if (len > 0 &&
	    EVP_Digest(der, (size_t)len, md, &n, EVP_sha256(), NULL) == 1 &&
	    n == 32)
		hex_of(out, md, n);
	OPENSSL_free(der);
}

int cert_chain_judge(X509_STORE *store, const struct cert_chain *chain,
		     int *depth)
{
	X509_STORE_CTX *c = X509_STORE_CTX_new();
	int code = X509_V_ERR_OUT_OF_MEM, at = 0;
	X509_VERIFY_PARAM *p;

	if (c && X509_STORE_CTX_init(c, store, chain->leaf, chain->rest)) {
		p = X509_STORE_CTX_get0_param(c);
		X509_VERIFY_PARAM_set_purpose(
			p, chain->server ? X509_PURPOSE_SSL_SERVER
					 : X509_PURPOSE_ANY);
		X509_VERIFY_PARAM_set_depth(p, CERT_CHAIN_DEPTH);
		X509_VERIFY_PARAM_set_auth_level(p, chain->level);
		code = X509_verify_cert(c) == 1 ? X509_V_OK
						: X509_STORE_CTX_get_error(c);
		at = X509_STORE_CTX_get_error_depth(c);
		if (code == X509_V_OK && chain->verified && !*chain->verified)
			*chain->verified = X509_STORE_CTX_get1_chain(c);
	}
	if (depth)
		*depth = at;
	X509_STORE_CTX_free(c);
	ERR_clear_error();
	return code;
}

int cert_time_judge(const X509 *cert)
{
	if (X509_cmp_current_time(X509_get0_notAfter(cert)) <= 0)
		return X509_V_ERR_CERT_HAS_EXPIRED;
	if (X509_cmp_current_time(X509_get0_notBefore(cert)) >= 0)
		return X509_V_ERR_CERT_NOT_YET_VALID;
	return X509_V_OK;
}

static bool is_host_byte(unsigned char c)
{
	return isalnum(c) || c == '-' || c == '.';
}

/*
 * A NUL, a wildcard (RFC 5922 §7.2: MUST NOT match) or an empty label fails
 * here, whatever other readers of the certificate would make of it.
 */
static bool is_host(struct slice s)
{
	if (s.n == 0 || s.n > HOST_MAX || s.p[0] == '.' || s.p[s.n - 1] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_host_byte((unsigned char)s.p[i]))
			return false;
		if (i > 0 && s.p[i] == '.' && s.p[i - 1] == '.')
			return false;
	}
	return true;
}

static struct slice without_dot(struct slice s)
{
	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

static char *lower_dup(struct slice s)
{
	char *text = slice_dup(s);

	for (char *p = text; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return text;
}

static int add(struct cert_names *names, enum cert_name_kind kind,
	       struct slice text)
{
	char *copy;

	if (names->n == NAMES_MAX)
		return 0;
	copy = lower_dup(text);
	if (!copy)
		return ENOMEM;
	names->name[names->n++] = (struct cert_name){kind, copy};
	return 0;
}

static int add_host(struct cert_names *names, enum cert_name_kind kind,
		    struct slice host)
{
	union addr literal;

	host = without_dot(host);
	if (!is_host(host) || addr_parse(&literal, host, 0) == 0)
		return 0;
	return add(names, kind, host);
}

struct slice cert_bytes(const ASN1_STRING *s)
{
	return (struct slice){
		.p = (const char *)ASN1_STRING_get0_data(s),
		.n = (size_t)ASN1_STRING_length(s),
	};
}

/* RFC 5922 §7.1: scheme "sip" only, and no user part. */
static int add_uri(struct cert_names *names, struct slice uri)
{
	if (uri.n <= 4 || !slice_ieq((struct slice){uri.p, 4}, SLICE("sip:")))
		return 0;
	return add_host(names, CERT_NAME_URI,
			(struct slice){uri.p + 4, uri.n - 4});
}

static int add_ip(struct cert_names *names, struct slice ip)
{
	char text[INET6_ADDRSTRLEN];
	int family = ip.n == 4 ? AF_INET : AF_INET6;

	if (ip.n != 4 && ip.n != 16)
		return 0;
	if (!inet_ntop(family, ip.p, text, sizeof(text)))
		return 0;
	return add(names, CERT_NAME_IP, slice_of(text));
}

static int add_general(struct cert_names *names, const GENERAL_NAME *g)
{
	switch (g->type) {
	case GEN_URI:
		return add_uri(names,
			       cert_bytes(g->d.uniformResourceIdentifier));
	case GEN_DNS:
		return add_host(names, CERT_NAME_DNS, cert_bytes(g->d.dNSName));
	case GEN_IPADD:
		return add_ip(names, cert_bytes(g->d.iPAddress));
	default:
		return 0;
	}
}

/* `told`: there was a URI or DNS name, usable or not, so the CN is silent. */
static int add_alternatives(struct cert_names *names, X509 *cert, bool *told)
{
	GENERAL_NAMES *all =
		X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int err = 0;

	*told = false;
	for (int i = 0; i < sk_GENERAL_NAME_num(all) && !err; i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(all, i);

		*told |= g->type == GEN_URI || g->type == GEN_DNS;
		err = add_general(names, g);
	}
	GENERAL_NAMES_free(all);
	return err;
}

/* The last CN is the most specific one. */
static int add_common_name(struct cert_names *names, X509 *cert)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	const ASN1_STRING *cn;
	unsigned char *utf8 = NULL;
	int last = -1, n, err;

	for (int i = -1;
	     (i = X509_NAME_get_index_by_NID(subject, NID_commonName, i)) >= 0;)
		last = i;
	if (last < 0)
		return 0;
	cn = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, last));
	n = ASN1_STRING_to_UTF8(&utf8, cn);
	if (n < 0)
		return 0;
	err = add_host(names, CERT_NAME_CN,
		       (struct slice){(const char *)utf8, (size_t)n});
	OPENSSL_free(utf8);
	return err;
}

/** Purposes that SIP has a use for. */
struct use_row {
	const char *oid;
	enum cert_use use;
};

static const struct use_row uses[] = {
	{"2.5.29.37.0", CERT_USE_ANY},
	{"1.3.6.1.5.5.7.3.1", CERT_USE_SERVER},
	{"1.3.6.1.5.5.7.3.2", CERT_USE_CLIENT},
	{"1.3.6.1.5.5.7.3.20", CERT_USE_SIP}, /* RFC 5924 §4.2 */
};

static unsigned use_of(const ASN1_OBJECT *purpose)
{
	char oid[OID_MAX];

	OBJ_obj2txt(oid, sizeof(oid), purpose, 1);
	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		if (strcmp(oid, uses[i].oid) == 0)
			return uses[i].use;
	}
	return 0;
}

/* 0: none for SIP. An extension that is broken, or there twice, allows none. */
static unsigned uses_of(X509 *cert)
{
	int found = 0;
	EXTENDED_KEY_USAGE *usage =
		X509_get_ext_d2i(cert, NID_ext_key_usage, &found, NULL);
	unsigned all = !usage && found == -1 ? CERT_USE_ANY : 0;

	for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++)
		all |= use_of(sk_ASN1_OBJECT_value(usage, i));
	EXTENDED_KEY_USAGE_free(usage);
	return all;
}

static struct cert_names *new_names(void)
{
	return calloc(1, sizeof(struct cert_names) +
				 NAMES_MAX * sizeof(struct cert_name));
}

/* Most certificates have two names, not NAMES_MAX. */
static struct cert_names *shrink(struct cert_names *names)
{
	struct cert_names *less = realloc(
		names, sizeof(*names) + names->n * sizeof(struct cert_name));

	return less ? less : names;
}

int cert_names_of(struct cert_names **out, X509 *cert, char *why)
{
	unsigned good_for = uses_of(cert);
	struct cert_names *names;
	bool told;
	int err;

	*out = NULL;
	why[0] = '\0';
	if (!good_for) {
		snprintf(why, WHY_MAX, "its extended key usage forbids SIP");
		return EACCES;
	}
	names = new_names();
	if (!names)
		return ENOMEM;
	names->uses = good_for;
	cert_fingerprint(names->fingerprint, cert);
	cert_key_print(names->key, cert);
	err = add_alternatives(names, cert, &told);
	if (!err && !told)
		err = add_common_name(names, cert);
	ERR_clear_error();
	if (err) {
		cert_names_destroy(&names);
		return err;
	}
	*out = shrink(names);
	return 0;
}
