/*
 * lint_path.c - the way from a certificate up to who is trusted, through what
 * was sent; and where it ends.
 */
#include "lint_room.h"

#include <openssl/err.h>

bool lint_signed_itself(X509 *x)
{
	bool own = X509_NAME_cmp(X509_get_subject_name(x),
				 X509_get_issuer_name(x)) == 0 &&
		   X509_self_signed(x, 1) == 1;

	ERR_clear_error();
	return own;
}

/* Its name fits; does its key? */
static bool signed_by(X509 *x, X509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);

	return key && X509_verify(x, key) == 1;
}

static bool names_issuer(X509 *x, X509 *issuer)
{
	return X509_NAME_cmp(X509_get_issuer_name(x),
			     X509_get_subject_name(issuer)) == 0;
}

static bool is_used(const struct lint_path *p, int place)
{
	for (int i = 0; i < p->n; i++) {
		if (p->at[i] == place)
			return true;
	}
	return false;
}

/* The place of who signed it; a namesake is remembered. */
static int find_sent(const struct lint *l, X509 *x, bool *namesake)
{
	const struct lint_path *p = &l->path;

	for (int i = 0; i < sk_X509_num(l->s->rest); i++) {
		X509 *c = sk_X509_value(l->s->rest, i);

		if (is_used(p, i) || !names_issuer(x, c) || X509_cmp(c, x) == 0)
			continue;
		if (signed_by(x, c))
			return i;
		*namesake = true;
	}
	return LINT_NOWHERE;
}

/* Authorities with a name, of the trust; owned by the caller. */
static STACK_OF(X509) * of_name(X509_STORE *trust, const X509_NAME *name)
{
	X509_STORE_CTX *c = X509_STORE_CTX_new();
	STACK_OF(X509) *found = NULL;

	if (c && X509_STORE_CTX_init(c, trust, NULL, NULL))
		found = X509_STORE_CTX_get1_certs(c, name);
	X509_STORE_CTX_free(c);
	return found;
}

/* Is it, or did it sign it, one of these? */
static bool is_trusted(X509 *x, const STACK_OF(X509) * found, bool *namesake)
{
	for (int i = 0; i < sk_X509_num(found); i++) {
		X509 *c = sk_X509_value(found, i);

		if (X509_cmp(c, x) == 0 || signed_by(x, c))
			return true;
		*namesake = true;
	}
	return false;
}

/* The first step that an authority of the trust vouches for: what was sent
 * beyond it does not matter. */
static bool trust_knows(const struct lint *l, X509 *x, bool *namesake)
{
	STACK_OF(X509) * found;
	bool known;

	if (!l->s->trust)
		return false;
	found = of_name(l->s->trust, X509_get_issuer_name(x));
	known = is_trusted(x, found, namesake);
	sk_X509_pop_free(found, X509_free);
	return known;
}

static enum lint_end end_of(const struct lint *l, bool namesake)
{
	const struct lint_path *p = &l->path;

	if (lint_signed_itself(p->top))
		return l->s->trust ? LINT_END_ROOT : LINT_END_UNKNOWN;
	if (namesake)
		return LINT_END_NAMESAKE;
	if (l->s->trust)
		return p->n == 0 ? LINT_END_MISSING : LINT_END_ELSEWHERE;
	/* Public authorities sign with an intermediate, never with a root. */
	return p->n == 0 && l->s->public_leg ? LINT_END_MISSING
					     : LINT_END_UNKNOWN;
}

/* A root among what was sent that the way ends at, or just below. */
static int root_of(const struct lint *l)
{
	const struct lint_path *p = &l->path;

	for (int i = 0; i < sk_X509_num(l->s->rest); i++) {
		X509 *c = sk_X509_value(l->s->rest, i);

		if (lint_signed_itself(c) && X509_cmp(c, l->s->leaf) != 0 &&
		    (c == p->top ||
		     (names_issuer(p->top, c) && signed_by(p->top, c))))
			return i;
	}
	return LINT_NOWHERE;
}

void lint_walk(struct lint *l)
{
	struct lint_path *p = &l->path;
	bool namesake = false, trusted;
	int place;

	p->top = l->s->leaf;
	while (!(trusted = trust_knows(l, p->top, &namesake)) &&
	       p->n < LINT_PATH_MAX && !lint_signed_itself(p->top)) {
		place = find_sent(l, p->top, &namesake);
		if (place == LINT_NOWHERE)
			break;
		namesake = false;
		p->at[p->n++] = place;
		p->top = sk_X509_value(l->s->rest, place);
	}
	p->end = trusted ? LINT_END_TRUSTED : end_of(l, namesake);
	p->root = root_of(l);
	ERR_clear_error();
}
