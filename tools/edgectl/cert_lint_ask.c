/*
 * cert_lint_ask.c: do the list and the responder that a certificate names
 * answer, and what do they say of it? For certificates from elsewhere: what
 * the settings name, the keeper tries (cert_lint_lists.c).
 */
#include "cert_lint.h"

#include "revocation/keeper.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

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

	if (next && X509_cmp_current_time(next) < 0)
		say_found(run, "crl-expired", CERT_ERROR, &list_words,
			  "%s gives a list that is past its next update", url);
	if (bad && strcmp(bad, "revoked") == 0)
		say_found(run, "revoked", CERT_ERROR, &revoked_words,
			  "it is in the list of %s", url);
	else if (bad)
		say_found(run, "crl-missing", CERT_WARNING, &list_words,
			  "%s: %s", url, bad);
}

/* False: told. */
static bool get(struct buf *out, struct linting *run, const struct crl_probe *p,
		const char *rule, const struct lint_words *words)
{
	static const struct lint_words closed = {
		"an address that everybody can ask",
		"nothing for a certificate of a stranger; one of ours: "
		"--config "
		"CONFIG, with --leg inside or the address under "
		"federation.private_ok"};
	char why[WHY_MAX];
	int err = crl_probe(out, p, why);

	if (err == EACCES)
		say_found(run, "crl-not-tried", CERT_NOTE, &closed, "%s: %s",
			  p->url, why);
	else if (err)
		say_found(run, rule, CERT_WARNING, words, "%s: %s", p->url,
			  why);
	return err == 0;
}

static void fetch_list(struct linting *run, const struct lint_ask *ask,
		       const char *url)
{
	struct crl_probe p = {.settings = run->s, .leg = ask->leg, .url = url};
	struct buf b = {0};
	const unsigned char *der;
	X509_CRL *crl;

	if (get(&b, run, &p, "crl-missing", &list_words)) {
		der = (const unsigned char *)b.p;
		crl = d2i_X509_CRL(NULL, &der, (long)b.n);
		if (crl)
			judge_list(run, ask, crl, url);
		else
			say_found(run, "crl-missing", CERT_WARNING, &list_words,
				  "%s: what lies there is no list", url);
		X509_CRL_free(crl);
	}
	buf_fini(&b);
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
	else
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

static size_t request_of(const struct lint_ask *ask, unsigned char **der)
{
	OCSP_REQUEST *r = OCSP_REQUEST_new();
	OCSP_CERTID *id = id_of(ask);
	int n = 0;

	*der = NULL;
	if (id && r && OCSP_request_add0_id(r, id))
		n = i2d_OCSP_REQUEST(r, der);
	else
		OCSP_CERTID_free(id);
	OCSP_REQUEST_free(r);
	return n > 0 ? (size_t)n : 0;
}

static void ask_responder(struct linting *run, const struct lint_ask *ask,
			  const char *url)
{
	struct crl_probe p = {.settings = run->s, .leg = ask->leg, .url = url};
	unsigned char *der = NULL;
	struct buf b = {0};

	p.post.n = request_of(ask, &der);
	p.post.p = (const char *)der;
	if (p.post.n == 0)
		say_found(run, "ocsp-no-answer", CERT_WARNING, &responder_words,
			  "%s: its issuer is neither sent nor trusted, so it "
			  "cannot be asked",
			  url);
	else if (get(&b, run, &p, "ocsp-no-answer", &responder_words))
		lint_answer(run, ask, (const unsigned char *)b.p, (long)b.n,
			    url);
	OPENSSL_free(der);
	buf_fini(&b);
	ERR_clear_error();
}

/* Whoever made it up would choose whom we ask. */
static bool is_verified(const struct lint_ask *ask)
{
	struct cert_chain chain = {.leaf = ask->leaf, .rest = ask->rest};

	return ask->trust &&
	       cert_chain_judge(ask->trust, &chain, NULL) == X509_V_OK;
}

void lint_online(struct linting *run, const struct lint_ask *ask)
{
	static const struct lint_words words = {
		"a chain that leads to an authority which is trusted",
		"mend the chain, or name the authority: --trust FILE"};
	STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(ask->leaf);
	bool names = sk_OPENSSL_STRING_num(urls) > 0 ||
		     X509_get_ext_by_NID(ask->leaf, NID_crl_distribution_points,
					 -1) >= 0;

	if (names && !is_verified(ask)) {
		say_found(run, "crl-not-tried", CERT_NOTE, &words,
			  "its chain is not good, so nobody is asked whom it "
			  "names");
		names = false;
	}
	if (names)
		ask_lists(run, ask);
	for (int i = 0;
	     names && i < sk_OPENSSL_STRING_num(urls) && i < POINTS_MAX; i++)
		ask_responder(run, ask, sk_OPENSSL_STRING_value(urls, i));
	X509_email_free(urls);
}
