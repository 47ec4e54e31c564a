/*
 * staple.c - OCSP answers for our own certificates.
 */
#include "staple.h"

#include "base/now.h"
#include "cert/certificate.h"
#include "crl.h"
#include "point.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#define SKEW_S 300 /* clocks differ */

struct staple *staple_ref(struct staple *st)
{
	atomic_fetch_add(&st->refs, 1);
	return st;
}

void staple_unref(struct staple **stp)
{
	struct staple *st = *stp;

	*stp = NULL;
	if (!st || atomic_fetch_sub(&st->refs, 1) != 1)
		return;
	X509_free(st->cert);
	X509_free(st->issuer);
	free(st->where);
	OPENSSL_free(st->der);
	free(st);
}

static char *responder_of(X509 *cert)
{
	STACK_OF(OPENSSL_STRING) *all = X509_get1_ocsp(cert);
	char *url = NULL;

	for (int i = 0; i < sk_OPENSSL_STRING_num(all) && !url; i++) {
		const char *one = sk_OPENSSL_STRING_value(all, i);

		if (strncasecmp(one, "http://", 7) == 0)
			url = strdup(one);
	}
	X509_email_free(all);
	return url;
}

static X509 *issuer_in(const STACK_OF(X509) * from, X509 *cert)
{
	for (int i = 0; i < sk_X509_num(from); i++) {
		X509 *x = sk_X509_value(from, i);

		if (X509_check_issued(x, cert) == X509_V_OK) {
			X509_up_ref(x);
			return x;
		}
	}
	return NULL;
}

/* The file has its chain; when it leaves the root out, trust has it. */
static X509 *issuer_of(const STACK_OF(X509) * chain, X509 *cert,
		       const struct settings *s)
{
	X509 *issuer = issuer_in(chain, cert);
	STACK_OF(X509) * trust;

	if (issuer)
		return issuer;
	trust = crl_chain_read(s->leg[LEG_OUTSIDE].trust);
	issuer = issuer_in(trust, cert);
	sk_X509_pop_free(trust, X509_free);
	return issuer;
}

/* RFC 7633 §4: the TLS feature "status_request" (5). */
static bool demands(const X509 *cert)
{
	TLS_FEATURE *all = X509_get_ext_d2i(cert, NID_tlsfeature, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_ASN1_INTEGER_num(all); i++) {
		if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(all, i)) == 5)
			found = true;
	}
	TLS_FEATURE_free(all);
	return found;
}

static char *place_of(const char *ocsp, X509 *cert)
{
	if (strcmp(ocsp, "off") == 0)
		return NULL;
	return strcmp(ocsp, "auto") ? strdup(ocsp) : responder_of(cert);
}

static int fill(struct staple *st, const STACK_OF(X509) * chain,
		const char *ocsp, const struct settings *s)
{
	X509 *cert = sk_X509_value(chain, 0);

	st->refs = 1;
	X509_up_ref(cert);
	st->cert = cert;
	st->issuer = issuer_of(chain, cert, s);
	st->must = demands(cert);
	cert_fingerprint(st->fingerprint, cert);
	st->where = st->issuer ? place_of(ocsp, cert) : NULL;
	return st->where || st->must ? 0 : ENOENT;
}

int staple_create(struct staple **out, const char *path, const char *ocsp,
		  const struct settings *s)
{
	STACK_OF(X509) *chain = crl_chain_read(path);
	int err = 0;

	*out = NULL;
	if (sk_X509_num(chain) > 0) {
		*out = calloc(1, sizeof(**out));
		err = *out ? fill(*out, chain, ocsp, s) : ENOMEM;
		if (err)
			staple_unref(out);
	}
	sk_X509_pop_free(chain, X509_free);
	return err == ENOENT ? 0 : err;
}

/* RFC 6960 §4.1.1: the digest that all responders know. */
static OCSP_CERTID *id_of(const struct staple *st)
{
	return OCSP_cert_to_id(EVP_sha1(), st->cert, st->issuer);
}

size_t staple_request(const struct staple *st, unsigned char **der)
{
	OCSP_REQUEST *ask = OCSP_REQUEST_new();
	OCSP_CERTID *id = id_of(st);
	int n = 0;

	*der = NULL;
	if (ask && id && OCSP_request_add0_id(ask, id)) {
		id = NULL;
		n = i2d_OCSP_REQUEST(ask, der);
	}
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(ask);
	return n > 0 ? (size_t)n : 0;
}

static int bad(struct crl_fault *fault, const char *what)
{
	crl_fault_set(fault,
		      "ask the authority of the certificate for an answer of "
		      "its own responder, made for this certificate",
		      "%s", what);
	ERR_clear_error();
	return EINVAL;
}

/* RFC 6960 §4.2.2.2: signed by the issuer, or by whom it says so. */
static bool is_signed(OCSP_BASICRESP *basic, const struct staple *st)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	X509_STORE *store = X509_STORE_new();
	bool good = false;

	if (chain && store && X509_STORE_add_cert(store, st->issuer) &&
	    sk_X509_push(chain, st->issuer)) {
		X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
		good = OCSP_basic_verify(basic, chain, store, 0) == 1;
	}
	sk_X509_free(chain);
	X509_STORE_free(store);
	ERR_clear_error();
	return good;
}

/** What an answer says of one certificate. */
struct status {
	int status;
	ASN1_GENERALIZEDTIME *this_time, *next_time;
};

static bool find(struct status *out, OCSP_BASICRESP *basic,
		 const struct staple *st)
{
	OCSP_CERTID *id = id_of(st);
	bool found = id && OCSP_resp_find_status(basic, id, &out->status, NULL,
						 NULL, &out->this_time,
						 &out->next_time) == 1;

	OCSP_CERTID_free(id);
	return found;
}

static int judge(struct staple *made, OCSP_BASICRESP *basic,
		 struct crl_fault *fault)
{
	struct status is = {0};
	uint64_t now_s = now_wall_s();

	if (!is_signed(basic, made))
		return bad(fault, "not signed by the certificate's authority");
	if (!find(&is, basic, made))
		return bad(fault, "an answer for another certificate");
	if (is.status == V_OCSP_CERTSTATUS_REVOKED)
		return bad(fault, "it says that our certificate was revoked");
	if (is.status != V_OCSP_CERTSTATUS_GOOD)
		return bad(fault, "it does not know our certificate");
	made->this_s = crl_time(is.this_time);
	made->next_s = crl_time(is.next_time);
	if (made->this_s > now_s + SKEW_S)
		return bad(fault, "an answer of the future");
	if (made->next_s == 0)
		return bad(fault, "it does not say how long it is good");
	if (made->next_s <= now_s)
		return bad(fault, "an old answer: its time is over");
	return 0;
}

static int parse(struct staple *made, struct slice der, struct crl_fault *fault)
{
	const unsigned char *p = (const unsigned char *)der.p;
	OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &p, (long)der.n);
	OCSP_BASICRESP *basic = NULL;
	int err;

	if (!r)
		return bad(fault, "not an OCSP answer");
	if (OCSP_response_status(r) == OCSP_RESPONSE_STATUS_SUCCESSFUL)
		basic = OCSP_response_get1_basic(r);
	err = basic ? judge(made, basic, fault)
		    : bad(fault,
			  OCSP_response_status_str(OCSP_response_status(r)));
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(r);
	return err;
}

static int keep(struct staple *made, const struct staple *of, struct slice der,
		uint64_t got_s)
{
	memcpy(made->fingerprint, of->fingerprint, sizeof(made->fingerprint));
	made->must = of->must;
	made->got_s = got_s;
	made->n = der.n;
	made->der = OPENSSL_memdup(der.p, der.n);
	made->where = strdup(of->where);
	return made->der && made->where ? 0 : ENOMEM;
}

int staple_answer(struct staple **out, const struct staple *of,
		  struct slice der, uint64_t got_s, struct crl_fault *fault)
{
	struct staple *made = calloc(1, sizeof(*made));
	int err;

	*out = made;
	if (!made)
		return ENOMEM;
	made->refs = 1;
	X509_up_ref(of->cert);
	X509_up_ref(of->issuer);
	made->cert = of->cert;
	made->issuer = of->issuer;
	err = parse(made, der, fault);
	if (!err)
		err = keep(made, of, der, got_s);
	if (err)
		staple_unref(out);
	return err;
}
