/*
 * lint_key.c - rules for keys and signatures, of the certificate and of those
 * behind it.
 */
#include "lint_room.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <string.h>

#define RSA_LEAST    2048
#define RSA_MOST     4096
#define CURVE_LEAST  256
#define CURVE_NAME   64
#define SECRET_MODES 077 /* what others than the owner may do */

void lint_key_match(struct lint *l)
{
	if (!l->key || EVP_PKEY_eq(l->s->key, l->key) == 1)
		return;
	lint_is(l, "the private key is of another pair");
	lint_should(l, "the key that it was requested with");
	lint_mend(l, "find that key (`edgectl cert import` pairs them), or "
		     "request a certificate for this one");
	lint_tell(l, CERT_ERROR);
}

void lint_key_mode(struct lint *l)
{
	if ((l->s->key_mode & SECRET_MODES) == 0)
		return;
	lint_is(l, "mode %04o", l->s->key_mode & 07777);
	lint_should(l, "0600: its owner alone");
	lint_mend(l, "chmod 0600; when strangers could have read it, request a "
		     "new key and have the old certificate revoked");
	lint_tell(l, CERT_ERROR);
}

/* "" for the certificate itself. */
typedef void each_fn(struct lint *l, X509 *x, const char *whose);

/* The certificate, and the steps above it; not a root: nobody verifies what
 * it says of itself. */
static void each_on_path(struct lint *l, each_fn *fn)
{
	const struct lint_path *p = &l->path;

	if (l->s->leaf)
		fn(l, l->s->leaf, "");
	for (int i = 0; i < p->n; i++) {
		X509 *x = sk_X509_value(l->s->rest, p->at[i]);
		char who[LINT_NAME_MAX];

		if (!lint_signed_itself(x))
			fn(l, x, lint_who(who, X509_get_subject_name(x)));
	}
}

static void tell_weak(struct lint *l, EVP_PKEY *key, const char *whose)
{
	int bits = EVP_PKEY_get_bits(key);
	bool rsa = EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS");

	if (bits >= (rsa ? RSA_LEAST : CURVE_LEAST) ||
	    !(rsa || EVP_PKEY_is_a(key, "EC")))
		return;
	lint_is(l, "%s%s%s key of %d bits", whose, *whose ? ": " : "",
		rsa ? "RSA" : "EC", bits);
	lint_should(l, "RSA of 2048 to 4096 bits, or P-256 or P-384");
	lint_mend(l, *whose ? "have its authority issue from a better "
			      "intermediate"
			    : "make a new key: `edgectl cert csr`");
	lint_tell(l, CERT_ERROR);
}

static void weak_on_path(struct lint *l, X509 *x, const char *whose)
{
	EVP_PKEY *key = X509_get0_pubkey(x);

	if (key)
		tell_weak(l, key, whose);
}

void lint_key_weak(struct lint *l)
{
	if (l->s->leaf)
		each_on_path(l, weak_on_path);
	else if (l->key)
		tell_weak(l, l->key, "");
}

static bool is_known_curve(const char *curve)
{
	return !strcmp(curve, "prime256v1") || !strcmp(curve, "secp384r1");
}

static void odd_curve(struct lint *l)
{
	char curve[CURVE_NAME] = "of its own parameters";
	size_t n;

	if (EVP_PKEY_get_bits(l->key) < CURVE_LEAST)
		return; /* told as weak */
	EVP_PKEY_get_group_name(l->key, curve, sizeof(curve), &n);
	if (is_known_curve(curve))
		return;
	lint_is(l, "EC key on the curve %s", curve);
	lint_should(l, "P-256 or P-384: public authorities sign, and devices "
		       "take, nothing else");
	lint_mend(l, "make a new key: `edgectl cert csr`");
	lint_tell(l, strcmp(curve, "secp521r1") ? CERT_ERROR : CERT_WARNING);
}

static void odd_kind(struct lint *l)
{
	lint_is(l, "key of kind %s",
		l->key ? EVP_PKEY_get0_type_name(l->key) : "unknown");
	lint_should(l, "RSA or EC: public authorities sign, and devices take, "
		       "nothing else");
	lint_mend(l, "make a new key: `edgectl cert csr`");
	lint_tell(l, CERT_ERROR);
}

void lint_key_odd(struct lint *l)
{
	if (l->key && EVP_PKEY_is_a(l->key, "EC")) {
		odd_curve(l);
		return;
	}
	if (!l->key || !EVP_PKEY_is_a(l->key, "RSA")) {
		odd_kind(l);
		return;
	}
	if (EVP_PKEY_get_bits(l->key) <= RSA_MOST)
		return;
	lint_is(l, "RSA key of %d bits", EVP_PKEY_get_bits(l->key));
	lint_should(l, "at most 4096: each handshake costs us many times as "
		       "much, and whoever floods us with them knows that");
	lint_mend(l, "make a new key: `edgectl cert csr`");
	lint_tell(l, CERT_WARNING);
}

static bool is_broken_hash(int md)
{
	return md == NID_sha1 || md == NID_md5 || md == NID_md5_sha1 ||
	       md == NID_md4 || md == NID_md2;
}

static void tell_signature(struct lint *l, int signature, const char *whose)
{
	int md = NID_undef, key;

	OBJ_find_sigid_algs(signature, &md, &key);
	if (!is_broken_hash(md))
		return;
	lint_is(l, "%s%ssigned by %s", whose, *whose ? ": " : "",
		OBJ_nid2ln(signature));
	lint_should(l, "SHA-256 or better: such signatures can be forged, and "
		       "clients refuse them");
	lint_mend(l, l->s->leaf
			     ? "have it issued anew; an authority that still "
			       "signs so has to be replaced"
			     : "make the request anew: `edgectl cert csr`");
	lint_tell(l, CERT_ERROR);
}

static void signature_on_path(struct lint *l, X509 *x, const char *whose)
{
	tell_signature(l, X509_get_signature_nid(x), whose);
}

void lint_signature_weak(struct lint *l)
{
	if (l->s->leaf)
		each_on_path(l, signature_on_path);
	else
		tell_signature(l, X509_REQ_get_signature_nid(l->s->request),
			       "");
}
