/*
 * lint_chain.c - rules for what stands behind a certificate. RFC 5246 §7.4.2:
 * each certificate certifies the one before it, the root may be left out.
 */
#include "lint_room.h"

#include <openssl/err.h>

static X509 *sent(const struct lint *l, int place)
{
	return sk_X509_value(l->s->rest, place);
}

static bool leaf_signed_itself(const struct lint *l)
{
	return lint_signed_itself(l->s->leaf);
}

/* A CA as leaf is one as well, but has its own rule. */
void lint_self_signed(struct lint *l)
{
	bool trusted = l->path.end == LINT_END_TRUSTED;

	if (!leaf_signed_itself(l))
		return;
	lint_is(l, "it signed itself%s",
		trusted ? ", and is in the trust file by itself" : "");
	lint_should(l, "signed by an authority that this leg's clients trust");
	lint_mend(l, "`edgectl cert csr`, and have it signed; whoever is to "
		     "believe it as it is has to pin its key");
	lint_tell(l, trusted && !l->s->public_leg ? CERT_WARNING : CERT_ERROR);
}

void lint_chain_incomplete(struct lint *l)
{
	char who[LINT_NAME_MAX];

	if (l->path.end != LINT_END_MISSING)
		return;
	lint_is(l, "signed by %s, whose certificate is %s",
		lint_who(who, X509_get_issuer_name(l->s->leaf)),
		l->s->trust ? "neither behind it nor trusted"
			    : "not behind it");
	lint_should(l, "each intermediate behind the certificate it signed");
	lint_mend(l,
		  "put the authority's intermediates behind it in the file; "
		  "`edgectl cert import` does; if %s is a root, then this "
		  "leg's clients do not trust it",
		  who);
	lint_tell(l, CERT_ERROR);
}

static void tell_elsewhere(struct lint *l, const char *how, X509_NAME *name,
			   const char *but)
{
	char who[LINT_NAME_MAX];

	lint_is(l, "%s %s, %s", how, lint_who(who, name), but);
	lint_should(l, "an authority of the leg's trust file");
	lint_mend(l, l->s->public_leg
			     ? "order from an authority that clients know; if "
			       "it is one, renew the trust file"
			     : "have it signed by the inside's authority, or "
			       "give that root to every inside server");
	lint_tell(l, CERT_ERROR);
}

void lint_chain_elsewhere(struct lint *l)
{
	const struct lint_path *p = &l->path;

	if (p->end == LINT_END_ROOT && p->n > 0)
		tell_elsewhere(l, "ends at the root",
			       X509_get_subject_name(p->top),
			       "which is not trusted");
	else if (p->end == LINT_END_ELSEWHERE)
		tell_elsewhere(l, "ends at", X509_get_issuer_name(p->top),
			       "which is neither there nor trusted");
	else if (p->end == LINT_END_NAMESAKE)
		tell_elsewhere(l, "signed by", X509_get_issuer_name(p->top),
			       "but by another key than the authority of that "
			       "name here has");
}

/* Is it the leaf once more, or a step before it? */
static bool is_again(const struct lint *l, int place)
{
	if (X509_cmp(sent(l, place), l->s->leaf) == 0)
		return true;
	for (int i = 0; i < place; i++) {
		if (X509_cmp(sent(l, i), sent(l, place)) == 0)
			return true;
	}
	return false;
}

void lint_chain_twice(struct lint *l)
{
	char who[LINT_NAME_MAX];

	for (int i = 0; i < sk_X509_num(l->s->rest); i++) {
		if (!is_again(l, i))
			continue;
		lint_is(l, "%s once more, at place %d",
			lint_who(who, X509_get_subject_name(sent(l, i))),
			i + 2);
		lint_should(l, "each certificate once; some clients refuse it");
		lint_mend(l, "take it out of the file");
		lint_tell(l, CERT_WARNING);
	}
}

void lint_chain_order(struct lint *l)
{
	const struct lint_path *p = &l->path;
	char who[LINT_NAME_MAX];

	for (int i = 1; i < p->n; i++) {
		if (p->at[i] > p->at[i - 1])
			continue;
		lint_is(l, "%s stands before what it signed",
			lint_who(who,
				 X509_get_subject_name(sent(l, p->at[i]))));
		lint_should(l, "each certificate behind the one that it signed "
			       "(RFC 5246 7.4.2)");
		lint_mend(l, "reorder the file; `edgectl cert import` does");
		lint_tell(l, CERT_WARNING);
		return;
	}
}

static bool is_step(const struct lint *l, int place)
{
	for (int i = 0; i < l->path.n; i++) {
		if (l->path.at[i] == place)
			return true;
	}
	return false;
}

void lint_chain_unneeded(struct lint *l)
{
	char who[LINT_NAME_MAX];

	for (int i = 0; i < sk_X509_num(l->s->rest); i++) {
		if (is_step(l, i) || i == l->path.root || is_again(l, i))
			continue;
		lint_is(l, "%s, at place %d",
			lint_who(who, X509_get_subject_name(sent(l, i))),
			i + 2);
		lint_should(l,
			    "only what leads from the certificate to what is "
			    "trusted");
		lint_mend(l, "take it out of the file: each handshake carries "
			     "it");
		lint_tell(l, CERT_NOTE);
	}
}

void lint_chain_root(struct lint *l)
{
	char who[LINT_NAME_MAX];

	if (l->path.root == LINT_NOWHERE || l->path.end == LINT_END_ROOT)
		return;
	lint_is(l, "the root %s",
		lint_who(who, X509_get_subject_name(sent(l, l->path.root))));
	lint_should(l, "intermediates only: who trusts the root has it, others "
		       "do not believe it");
	lint_mend(l, "take it out of the file: each handshake carries it");
	lint_tell(l, CERT_NOTE);
}

void lint_chain_deep(struct lint *l)
{
	int n = 0;

	for (int i = 0; i < l->path.n; i++)
		n += l->path.at[i] != l->path.root;
	if (n <= CERT_CHAIN_DEPTH)
		return;
	lint_is(l, "%d intermediates", n);
	lint_should(l, "at most %d: sip-edge and many peers take no more",
		    CERT_CHAIN_DEPTH);
	lint_mend(l, "have it signed nearer to the root");
	lint_tell(l, CERT_ERROR);
}

static void tell_time(struct lint *l, X509 *x, const char *what, int64_t at,
		      enum cert_severity severity)
{
	char who[LINT_NAME_MAX], day[16];

	lint_is(l, "the intermediate %s %s %s",
		lint_who(who, X509_get_subject_name(x)), what,
		lint_day(day, at));
	lint_should(l, "intermediates that outlive the certificate");
	lint_mend(l,
		  "ask the authority for its present intermediate and put it "
		  "into the file");
	lint_tell(l, severity);
}

void lint_chain_time(struct lint *l)
{
	int64_t now = (int64_t)l->s->wall_s;
	int64_t leaf_ends = lint_time(X509_get0_notAfter(l->s->leaf));

	for (int i = 0; i < l->path.n; i++) {
		X509 *x = sent(l, l->path.at[i]);
		int64_t from = lint_time(X509_get0_notBefore(x));
		int64_t to = lint_time(X509_get0_notAfter(x));

		if (to < now)
			tell_time(l, x, "expired on", to, CERT_ERROR);
		else if (from > now)
			tell_time(l, x, "is not valid before", from,
				  CERT_ERROR);
		else if (to < leaf_ends)
			tell_time(l, x, "expires first, on", to, CERT_WARNING);
	}
}

/* All that the other rules have an opinion of is left to them. */
static int verify(const struct lint *l, int *depth)
{
	X509_STORE_CTX *c = X509_STORE_CTX_new();
	int code = X509_V_ERR_OUT_OF_MEM;
	X509_VERIFY_PARAM *p;

	if (c && X509_STORE_CTX_init(c, l->s->trust, l->s->leaf, l->s->rest)) {
		p = X509_STORE_CTX_get0_param(c);
		X509_VERIFY_PARAM_clear_flags(
			p, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
		X509_VERIFY_PARAM_set_flags(
			p, X509_V_FLAG_NO_CHECK_TIME |
				   X509_V_FLAG_IGNORE_CRITICAL);
		X509_VERIFY_PARAM_set_purpose(p, X509_PURPOSE_ANY);
		X509_VERIFY_PARAM_set_depth(p, LINT_PATH_MAX);
		X509_VERIFY_PARAM_set_auth_level(p, 0);
		code = X509_verify_cert(c) == 1 ? X509_V_OK
						: X509_STORE_CTX_get_error(c);
		*depth = X509_STORE_CTX_get_error_depth(c);
	}
	X509_STORE_CTX_free(c);
	ERR_clear_error();
	return code;
}

void lint_chain_broken(struct lint *l)
{
	int depth = 0, code;

	if (l->path.end != LINT_END_TRUSTED)
		return;
	code = verify(l, &depth);
	if (code == X509_V_OK)
		return;
	lint_is(l, "%s, at certificate %d of the chain",
		X509_verify_cert_error_string(code), depth + 1);
	lint_should(l, "a chain that every certificate in it allows");
	lint_mend(l, "ask the authority for the right intermediates");
	lint_tell(l, CERT_ERROR);
}
