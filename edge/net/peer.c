/*
 * peer.c - what a certificate says about who is there (RFC 5922 §7).
 */
#include "net/peer.h"

#include "peer_print.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#define HOST_MAX  253
#define NAMES_MAX 128
#define OID_MAX	  64

void peer_fingerprint(char out[65], const X509 *cert)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	out[0] = '\0';
	if (X509_digest(cert, EVP_sha256(), md, &n) != 1 || n != 32)
		return;
	for (unsigned i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", md[i]);
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
	if (s.n == 0 || s.n > HOST_MAX || s.p[0] == '.')
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

static int add(struct peer_names *names, enum peer_name_kind kind,
	       struct slice text)
{
	char *copy;

	if (names->n == NAMES_MAX)
		return 0;
	copy = lower_dup(text);
	if (!copy)
		return ENOMEM;
	names->name[names->n++] = (struct peer_name){kind, copy};
	return 0;
}

static int add_host(struct peer_names *names, enum peer_name_kind kind,
		    struct slice host)
{
	union addr literal;

	host = without_dot(host);
	if (!is_host(host) || addr_parse(&literal, host, 0) == 0)
		return 0;
	return add(names, kind, host);
}

static struct slice bytes_of(const ASN1_STRING *s)
{
	return (struct slice){
		.p = (const char *)ASN1_STRING_get0_data(s),
		.n = (size_t)ASN1_STRING_length(s),
	};
}

/* RFC 5922 §7.1: scheme "sip" only, and no user part. */
static int add_uri(struct peer_names *names, struct slice uri)
{
	if (uri.n <= 4 || !slice_ieq((struct slice){uri.p, 4}, SLICE("sip:")))
		return 0;
	return add_host(names, PEER_NAME_URI,
			(struct slice){uri.p + 4, uri.n - 4});
}

static int add_ip(struct peer_names *names, struct slice ip)
{
	char text[INET6_ADDRSTRLEN];
	int family = ip.n == 4 ? AF_INET : AF_INET6;

	if (ip.n != 4 && ip.n != 16)
		return 0;
	if (!inet_ntop(family, ip.p, text, sizeof(text)))
		return 0;
	return add(names, PEER_NAME_IP, slice_of(text));
}

static int add_general(struct peer_names *names, const GENERAL_NAME *g)
{
	switch (g->type) {
	case GEN_URI:
		return add_uri(names, bytes_of(g->d.uniformResourceIdentifier));
	case GEN_DNS:
		return add_host(names, PEER_NAME_DNS, bytes_of(g->d.dNSName));
	case GEN_IPADD:
		return add_ip(names, bytes_of(g->d.iPAddress));
	default:
		return 0;
	}
}

/* `told`: there was a URI or DNS name, usable or not, so the CN is silent. */
static int add_alternatives(struct peer_names *names, X509 *cert, bool *told)
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
static int add_common_name(struct peer_names *names, X509 *cert)
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
	err = add_host(names, PEER_NAME_CN,
		       (struct slice){(const char *)utf8, (size_t)n});
	OPENSSL_free(utf8);
	return err;
}

static bool is_sip_purpose(const ASN1_OBJECT *purpose)
{
	static const char *const good[] = {
		"2.5.29.37.0",	      /* any */
		"1.3.6.1.5.5.7.3.1",  /* serverAuth */
		"1.3.6.1.5.5.7.3.2",  /* clientAuth */
		"1.3.6.1.5.5.7.3.20", /* RFC 5924 §4.2: id-kp-sipDomain */
	};
	char oid[OID_MAX];

	OBJ_obj2txt(oid, sizeof(oid), purpose, 1);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (strcmp(oid, good[i]) == 0)
			return true;
	}
	return false;
}

static bool usage_allows(X509 *cert)
{
	int found = 0;
	EXTENDED_KEY_USAGE *usage =
		X509_get_ext_d2i(cert, NID_ext_key_usage, &found, NULL);
	bool good = !usage && found == -1; /* absent, not broken or doubled */

	for (int i = 0; i < sk_ASN1_OBJECT_num(usage) && !good; i++)
		good = is_sip_purpose(sk_ASN1_OBJECT_value(usage, i));
	EXTENDED_KEY_USAGE_free(usage);
	return good;
}

static struct peer_names *new_names(void)
{
	return calloc(1, sizeof(struct peer_names) +
				 NAMES_MAX * sizeof(struct peer_name));
}

/* Most certificates have two names, not NAMES_MAX. */
static struct peer_names *shrink(struct peer_names *names)
{
	struct peer_names *less = realloc(
		names, sizeof(*names) + names->n * sizeof(struct peer_name));

	return less ? less : names;
}

int peer_names_of(struct peer_names **out, X509 *cert, char *why)
{
	struct peer_names *names;
	bool told;
	int err;

	*out = NULL;
	why[0] = '\0';
	if (!usage_allows(cert)) {
		snprintf(why, WHY_MAX, "its extended key usage forbids SIP");
		return EACCES;
	}
	names = new_names();
	if (!names)
		return ENOMEM;
	peer_fingerprint(names->fingerprint, cert);
	err = add_alternatives(names, cert, &told);
	if (!err && !told)
		err = add_common_name(names, cert);
	ERR_clear_error();
	if (err) {
		peer_names_destroy(&names);
		return err;
	}
	*out = shrink(names);
	return 0;
}

/* A session that was resumed has not been looked at since it began. */
static const char *why_not_believed(const SSL *ssl, X509 *cert)
{
	long result = SSL_get_verify_result(ssl);

	if (result != X509_V_OK)
		return X509_verify_cert_error_string(result);
	if (X509_cmp_current_time(X509_get0_notAfter(cert)) <= 0)
		return "certificate has expired";
	return NULL;
}

int peer_names_read(struct peer_names **out, SSL *ssl, char *why)
{
	X509 *cert = SSL_get0_peer_certificate(ssl);
	const char *reason;

	*out = NULL;
	why[0] = '\0';
	if (!cert)
		return 0;
	reason = why_not_believed(ssl, cert);
	if (reason) {
		snprintf(why, WHY_MAX, "%s", reason);
		return EACCES;
	}
	return peer_names_of(out, cert, why);
}

void peer_names_destroy(struct peer_names **names)
{
	if (!*names)
		return;
	for (size_t i = 0; i < (*names)->n; i++)
		free((*names)->name[i].text);
	free(*names);
	*names = NULL;
}

static bool name_is(const struct peer_name *n, struct slice wanted,
		    const union addr *literal)
{
	union addr own;

	if (!literal)
		return n->kind != PEER_NAME_IP &&
		       slice_same_host(slice_of(n->text), wanted);
	return n->kind == PEER_NAME_IP &&
	       addr_parse(&own, slice_of(n->text), 0) == 0 &&
	       addr_same_host(&own, literal);
}

bool peer_names_match(const struct peer_names *names, struct slice wanted)
{
	union addr literal;
	bool is_literal = addr_parse(&literal, wanted, 0) == 0;

	for (size_t i = 0; names && i < names->n; i++) {
		if (name_is(&names->name[i], wanted,
			    is_literal ? &literal : NULL))
			return true;
	}
	return false;
}

bool peer_names_listed(const struct peer_names *names,
		       const struct name_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (peer_names_match(names, slice_of(list->v[i])))
			return true;
	}
	return false;
}
