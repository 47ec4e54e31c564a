/*
 * request.c - keys and requests (RFC 2986), written from a plan.
 */
#include "cert/request.h"

#include <errno.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#define CN_MAX ub_common_name /* RFC 5280 appendix A.1 */

int cert_key_make(EVP_PKEY **out, unsigned rsa_bits)
{
	if (rsa_bits && (rsa_bits < CERT_RSA_MIN || rsa_bits > CERT_RSA_MAX))
		return EINVAL;
	*out = rsa_bits ? EVP_RSA_gen(rsa_bits) : EVP_EC_gen("P-256");
	ERR_clear_error();
	return *out ? 0 : ENOMEM;
}

static int add_name(GENERAL_NAMES *all, const char *name)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	if (g && text && ASN1_STRING_set(text, name, -1)) {
		GENERAL_NAME_set0_value(g, GEN_DNS, text);
		if (sk_GENERAL_NAME_push(all, g) > 0)
			return 0;
		text = NULL; /* g has it */
	}
	ASN1_IA5STRING_free(text);
	GENERAL_NAME_free(g);
	return ENOMEM;
}

static int add_names(STACK_OF(X509_EXTENSION) * *list,
		     const struct cert_plan *plan)
{
	GENERAL_NAMES *all = GENERAL_NAMES_new();
	int err = all ? 0 : ENOMEM;

	for (size_t i = 0; i < plan->n && !err; i++)
		err = add_name(all, plan->name[i].name);
	if (!err && plan->n > 0 &&
	    X509V3_add1_i2d(list, NID_subject_alt_name, all, 0,
			    X509V3_ADD_APPEND) != 1)
		err = ENOMEM;
	GENERAL_NAMES_free(all);
	return err;
}

static int add_text(STACK_OF(X509_EXTENSION) * *list, int nid, const char *text)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, text);
	int err = e && X509v3_add_ext(list, e, -1) ? 0 : ENOMEM;

	X509_EXTENSION_free(e);
	return err;
}

/* RSA keys may carry a key exchange up to TLS 1.2; some authorities refuse a
 * request whose usage does not say so. */
static int add_uses(STACK_OF(X509_EXTENSION) * *list,
		    const struct cert_plan *plan, const EVP_PKEY *key)
{
	bool rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
	int err = add_text(list, NID_key_usage,
			   rsa ? "critical,digitalSignature,keyEncipherment"
			       : "critical,digitalSignature");

	if (err)
		return err;
	return add_text(list, NID_ext_key_usage,
			plan->client_auth ? "serverAuth,clientAuth"
					  : "serverAuth");
}

static int add_extensions(X509_REQ *req, const struct cert_plan *plan,
			  const EVP_PKEY *key)
{
	STACK_OF(X509_EXTENSION) *list = NULL;
	int err = add_names(&list, plan);

	if (!err)
		err = add_uses(&list, plan, key);
	if (!err && X509_REQ_add_extensions(req, list) != 1)
		err = ENOMEM;
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	return err;
}

static int set_subject(X509_REQ *req, const char *cn)
{
	X509_NAME *subject = X509_REQ_get_subject_name(req);

	if (X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
				       (const unsigned char *)cn, -1, -1,
				       0) != 1)
		return ENOMEM;
	return 0;
}

/* A common name of 65 bytes and more cannot be written at all. */
static int check_plan(const struct cert_plan *plan, char *why)
{
	if (strlen(plan->common_name) <= CN_MAX)
		return 0;
	snprintf(why, WHY_MAX,
		 "%.80s...: a common name has room for %d bytes; give that "
		 "server a shorter name",
		 plan->common_name, CN_MAX);
	return EINVAL;
}

int cert_request_make(X509_REQ **out, const struct cert_plan *plan,
		      EVP_PKEY *key, char *why)
{
	X509_REQ *req;
	int err = check_plan(plan, why);

	if (err)
		return err;
	req = X509_REQ_new();
	err = ENOMEM;
	if (req && X509_REQ_set_version(req, X509_REQ_VERSION_1) == 1 &&
	    X509_REQ_set_pubkey(req, key) == 1)
		err = set_subject(req, plan->common_name);
	if (!err)
		err = add_extensions(req, plan, key);
	if (!err && X509_REQ_sign(req, key, EVP_sha256()) <= 0)
		err = ENOMEM;
	ERR_clear_error();
	if (err) {
		snprintf(why, WHY_MAX, "the request could not be made");
		X509_REQ_free(req);
		return err;
	}
	*out = req;
	return 0;
}
