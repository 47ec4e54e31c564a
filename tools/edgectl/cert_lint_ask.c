/*
 * cert_lint_ask.c: do the list and the responder that a certificate names
 * answer, and what do they say of it? For certificates from elsewhere: what
 * the settings name, the keeper tries (cert_lint_lists.c).
 */
#include "cert_lint.h"

#include <openssl/err.h>
#include <openssl/http.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#define ANSWER_MAX (32 * 1024 * 1024)
#define POINTS_MAX 4
#define SKEW_S	   300
#define URL_MAX	   512

static const struct lint_words list_words = {
	"a list that everybody can fetch by http",
	"see that the address answers from outside; `edgectl check crl CONFIG` "
	"says more for those of the settings"};
static const struct lint_words responder_words = {
	"an answer of the authority's, signed and in time",
	"see that the address answers; without it, nobody can staple"};
static const struct lint_words revoked_words = {
	"a certificate that its authority stands by",
	"do not use it: order another with a new key, and ask why"};

static X509 *trusted_issuer(const struct lint_ask *ask)
{
	X509_STORE_CTX *c = X509_STORE_CTX_new();
	X509 *issuer = NULL;

	if (!c || X509_STORE_CTX_init(c, ask->trust, ask->leaf, NULL) != 1 ||
	    X509_STORE_CTX_get1_issuer(&issuer, c, ask->leaf) != 1)
		issuer = NULL;
	X509_STORE_CTX_free(c);
	ERR_clear_error();
	return issuer;
}

/* A root that signs by itself is not sent along: clients have it. Owned by the
 * caller. */
static X509 *issuer_of(const struct lint_ask *ask)
{
	for (int i = 0; i < sk_X509_num(ask->rest); i++) {
		X509 *x = sk_X509_value(ask->rest, i);

		if (X509_check_issued(x, ask->leaf) == X509_V_OK)
			return X509_up_ref(x) ? x : NULL;
	}
	return ask->trust ? trusted_issuer(ask) : NULL;
}

/* OpenSSL takes NULL for "as the environment says", which nobody meant. */
static const char *proxy_of(const struct lint_ask *ask)
{
	return ask->proxy ? ask->proxy : "";
}

static const char *last_words(void)
{
	const char *said = ERR_reason_error_string(ERR_peek_last_error());

	return said ? said : "no answer";
}

/* NULL: fine; "revoked"; or what is wrong with the list. */
static const char *judge_entries(const struct lint_ask *ask, X509_CRL *crl)
{
	X509 *issuer = issuer_of(ask);
	EVP_PKEY *key = issuer ? X509_get0_pubkey(issuer) : NULL;
	X509_REVOKED *entry = NULL;
	bool ours = key && X509_CRL_verify(crl, key) == 1;

	X509_free(issuer);
	if (!key)
		return "the certificate's issuer is neither sent nor trusted, "
		       "so the list cannot be checked";
	if (!ours)
		return "the list is not signed by the certificate's issuer";
	return X509_CRL_get0_by_cert(crl, &entry, ask->leaf) == 1 ? "revoked"
								  : NULL;
}

static void judge_list(struct linting *run, const struct lint_ask *ask,
		       X509_CRL *crl, const char *url)
{
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
	const char *bad = judge_entries(ask, crl);

	if (!ask->quiet && next && X509_cmp_current_time(next) < 0)
		say_found(run, "crl-expired", CERT_ERROR, &list_words,
			  "%s gives a list that is past its next update", url);
	if (bad && strcmp(bad, "revoked") == 0)
		say_found(run, "revoked", CERT_ERROR, &revoked_words,
			  "it is in the list of %s", url);
	else if (bad && !ask->quiet)
		say_found(run, "crl-missing", CERT_WARNING, &list_words,
			  "%s: %s", url, bad);
}

static void fetch_list(struct linting *run, const struct lint_ask *ask,
		       const char *url)
{
	BIO *b;
	X509_CRL *crl;

	ERR_clear_error();
	b = OSSL_HTTP_get(url, proxy_of(ask), NULL, NULL, NULL, NULL, NULL, 0,
			  NULL, NULL, 1, ANSWER_MAX, LINT_ASK_S);
	crl = b ? d2i_X509_CRL_bio(b, NULL) : NULL;
	if (crl)
		judge_list(run, ask, crl, url);
	else if (!ask->quiet)
		say_found(run, "crl-missing", CERT_WARNING, &list_words,
			  "%s: %s", url, last_words());
	X509_CRL_free(crl);
	BIO_free(b);
	ERR_clear_error();
}

static void ask_point(struct linting *run, const struct lint_ask *ask,
		      const GENERAL_NAME *g)
{
	static const struct lint_words words = {
		"an http address, which every client can ask",
		"have the authority name one; `edgectl check crl CONFIG` tries "
		"ldap as well"};
	char url[URL_MAX];
	const ASN1_STRING *uri;

	if (g->type != GEN_URI)
		return;
	uri = g->d.uniformResourceIdentifier;
	snprintf(url, sizeof(url), "%.*s", ASN1_STRING_length(uri),
		 (const char *)ASN1_STRING_get0_data(uri));
	if (strncasecmp(url, "http://", 7) == 0)
		fetch_list(run, ask, url);
	else if (!ask->quiet)
		say_found(run, "crl-not-tried", CERT_NOTE, &words, "%s", url);
}

static void ask_lists(struct linting *run, const struct lint_ask *ask)
{
	CRL_DIST_POINTS *all = X509_get_ext_d2i(
		ask->leaf, NID_crl_distribution_points, NULL, NULL);

	for (int i = 0; i < sk_DIST_POINT_num(all) && i < POINTS_MAX; i++) {
		const DIST_POINT_NAME *name =
			sk_DIST_POINT_value(all, i)->distpoint;
		GENERAL_NAMES *full =
			name && name->type == 0 ? name->name.fullname : NULL;

		if (sk_GENERAL_NAME_num(full) > 0)
			ask_point(run, ask, sk_GENERAL_NAME_value(full, 0));
	}
	CRL_DIST_POINTS_free(all);
}

/* NULL: its issuer is not known. */
static OCSP_CERTID *id_of(const struct lint_ask *ask)
{
	X509 *issuer = issuer_of(ask);
	OCSP_CERTID *id =
		issuer ? OCSP_cert_to_id(NULL, ask->leaf, issuer) : NULL;

	X509_free(issuer);
	return id;
}

/* NULL: fine; "revoked"; or what is wrong with the answer. */
static const char *judge_single(const struct lint_ask *ask, OCSP_BASICRESP *b)
{
	ASN1_GENERALIZEDTIME *this = NULL, *next = NULL;
	OCSP_CERTID *id = id_of(ask);
	bool known = id != NULL;
	int status = -1, reason, found;

	found = known && OCSP_resp_find_status(b, id, &status, &reason, NULL,
					       &this, &next);
	OCSP_CERTID_free(id);
	if (!known)
		return "its issuer is neither sent nor trusted, so it cannot "
		       "be checked";
	if (!found)
		return "it is about another certificate";
	if (status == V_OCSP_CERTSTATUS_REVOKED)
		return "revoked";
	if (!OCSP_check_validity(this, next, SKEW_S, -1))
		return "it is out of date";
	return status == V_OCSP_CERTSTATUS_GOOD ? NULL : "it knows nothing";
}

static const char *judge_answer(const struct lint_ask *ask, OCSP_RESPONSE *r)
{
	OCSP_BASICRESP *b = NULL;
	const char *bad;

	if (!r)
		return "it is no OCSP answer";
	if (OCSP_response_status(r) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		return OCSP_response_status_str(OCSP_response_status(r));
	b = OCSP_response_get1_basic(r);
	if (!b)
		return "it is no basic answer";
	bad = judge_single(ask, b);
	if (ask->trust &&
	    OCSP_basic_verify(b, ask->rest, ask->trust, OCSP_TRUSTOTHER) != 1)
		bad = "its signature is nobody's that we trust";
	OCSP_BASICRESP_free(b);
	return bad;
}

void lint_answer(struct linting *run, const struct lint_ask *ask,
		 const unsigned char *der, long n, const char *how)
{
	OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &der, n);
	const char *bad = judge_answer(ask, r);
	bool stapled = strcmp(how, "staple") == 0;

	OCSP_RESPONSE_free(r);
	ERR_clear_error();
	if (!bad)
		return;
	if (strcmp(bad, "revoked") == 0)
		say_found(run, "revoked", CERT_ERROR, &revoked_words,
			  "by OCSP, %s", how);
	else if (stapled)
		say_found(run, "staple-bad", CERT_ERROR, &responder_words, "%s",
			  bad);
	else
		say_found(run, "ocsp-no-answer", CERT_WARNING, &responder_words,
			  "%s: %s", how, bad);
}

static BIO *request_of(const struct lint_ask *ask)
{
	OCSP_REQUEST *r = OCSP_REQUEST_new();
	OCSP_CERTID *id = id_of(ask);
	BIO *b = BIO_new(BIO_s_mem());

	if (id && r && b && OCSP_request_add0_id(r, id) &&
	    i2d_OCSP_REQUEST_bio(b, r)) {
		OCSP_REQUEST_free(r);
		return b;
	}
	OCSP_REQUEST_free(r);
	BIO_free(b);
	return NULL;
}

static BIO *post(const struct lint_ask *ask, const char *url, BIO *request)
{
	char *host = NULL, *port = NULL, *path = NULL;
	int secure = 0;
	BIO *b = NULL;

	if (OSSL_HTTP_parse_url(url, &secure, NULL, &host, &port, NULL, &path,
				NULL, NULL) &&
	    !secure)
		b = OSSL_HTTP_transfer(NULL, host, port, path, 0, proxy_of(ask),
				       NULL, NULL, NULL, NULL, NULL, 0, NULL,
				       "application/ocsp-request", request,
				       "application/ocsp-response", 1,
				       ANSWER_MAX, LINT_ASK_S, 0);
	OPENSSL_free(host);
	OPENSSL_free(port);
	OPENSSL_free(path);
	return b;
}

static void ask_responder(struct linting *run, const struct lint_ask *ask,
			  const char *url)
{
	unsigned char *der = NULL;
	BIO *request, *b = NULL;
	int n = 0;

	ERR_clear_error();
	request = request_of(ask);
	if (request)
		b = post(ask, url, request);
	if (b) {
		OCSP_RESPONSE *r = d2i_OCSP_RESPONSE_bio(b, NULL);

		n = r ? i2d_OCSP_RESPONSE(r, &der) : 0;
		OCSP_RESPONSE_free(r);
	}
	if (n > 0)
		lint_answer(run, ask, der, n, url);
	else
		say_found(
			run, "ocsp-no-answer", CERT_WARNING, &responder_words,
			"%s: %s", url,
			request ? last_words()
				: "its issuer is neither sent nor trusted, so "
				  "it cannot be asked");
	OPENSSL_free(der);
	BIO_free(request);
	BIO_free(b);
	ERR_clear_error();
}

void lint_online(struct linting *run, const struct lint_ask *ask)
{
	STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(ask->leaf);

	ask_lists(run, ask);
	for (int i = 0;
	     !ask->quiet && i < sk_OPENSSL_STRING_num(urls) && i < POINTS_MAX;
	     i++)
		ask_responder(run, ask, sk_OPENSSL_STRING_value(urls, i));
	X509_email_free(urls);
}
