/*
 * lint_use.c - rules for what a certificate says that it is good for.
 */
#include "lint_room.h"

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#define KEY_USAGE_DIGITAL_SIGNATURE 0 /* RFC 5280 §4.2.1.3: bit */
#define STATUS_REQUEST		    5 /* RFC 7633 §4.2.3.1: TLS extension */
#define SERIAL_MAX		    20
#define ONLY_ANY		    (-1) /* no purpose at all: is it good for any? */
#define SHORT_LIVED_S		    (10 * LINT_DAY_S)

/* Is a purpose among its extended key usages? -1: there are none. */
static int has_purpose(const struct lint *l, int nid)
{
	int found = 0;
	EXTENDED_KEY_USAGE *all =
		X509V3_get_d2i(l->extensions, NID_ext_key_usage, &found, NULL);
	int has = all || found != -1 ? 0 : -1;

	for (int i = 0; i < sk_ASN1_OBJECT_num(all) && !has; i++) {
		int at = OBJ_obj2nid(sk_ASN1_OBJECT_value(all, i));

		has = at == nid || at == NID_anyExtendedKeyUsage;
	}
	EXTENDED_KEY_USAGE_free(all);
	return has;
}

void lint_use_server(struct lint *l)
{
	if (l->s->client || has_purpose(l, NID_server_auth) != 0)
		return;
	lint_is(l, "an extended key usage without serverAuth");
	lint_should(l, "serverAuth: whoever connects to us asks for it");
	lint_mend(l, "have it issued for a TLS server");
	lint_tell(l, CERT_ERROR);
}

void lint_use_none(struct lint *l)
{
	if (has_purpose(l, NID_server_auth) != -1)
		return;
	lint_is(l, "no extended key usage: good for anything");
	lint_should(l, "serverAuth%s", l->s->public_leg ? "" : ", clientAuth");
	lint_mend(l, "nothing must be done; some clients want it named: ask "
		     "the authority for its template for TLS servers");
	lint_tell(l, CERT_NOTE);
}

static bool acts_as_client(const struct lint *l)
{
	return l->s->client || l->s->federates ||
	       (l->s->plan && l->s->plan->client_auth);
}

/* Inside one's own authority issues it; outside none does any more. */
void lint_use_no_client(struct lint *l)
{
	if (!acts_as_client(l) || has_purpose(l, NID_client_auth) != 0)
		return;
	lint_is(l, "an extended key usage without clientAuth");
	if (l->s->public_leg) {
		lint_should(l, "this is how it is: since 2026 public "
			       "authorities issue serverAuth only; partners "
			       "that insist on clientAuth refuse us");
		lint_mend(l, "ask such partners to accept serverAuth, or agree "
			     "on a private authority and show its certificate "
			     "by outside.tls.client_certificate");
		lint_tell(l, CERT_NOTE);
		return;
	}
	lint_should(l, "serverAuth and clientAuth: it is shown to servers when "
		       "we connect to them, and many refuse it so");
	lint_mend(l, "have your authority issue it with both");
	lint_tell(l, CERT_WARNING);
}

void lint_use_client(struct lint *l)
{
	if (!l->s->public_leg || l->s->client ||
	    has_purpose(l, NID_client_auth) != 1 ||
	    has_purpose(l, ONLY_ANY) == 1)
		return;
	lint_is(l, "clientAuth");
	if (l->s->request)
		lint_should(l, "serverAuth only: public authorities drop or "
			       "refuse the rest since 2026");
	else
		lint_should(l, "good while it lasts: partners that insist on "
			       "clientAuth take it, but its renewal will be "
			       "for serverAuth only");
	lint_mend(l, "ask partners now whether they will accept serverAuth");
	lint_tell(l, CERT_NOTE);
}

void lint_use_signature(struct lint *l)
{
	ASN1_BIT_STRING *bits =
		X509V3_get_d2i(l->extensions, NID_key_usage, NULL, NULL);
	bool bad = bits &&
		   !ASN1_BIT_STRING_get_bit(bits, KEY_USAGE_DIGITAL_SIGNATURE);

	ASN1_BIT_STRING_free(bits);
	if (!bad)
		return;
	lint_is(l, "a key usage without digitalSignature");
	lint_should(l, "digitalSignature: TLS 1.3, and 1.2 with forward "
		       "secrecy, sign with it");
	lint_mend(l, "have it issued anew, for a TLS server");
	lint_tell(l, CERT_ERROR);
}

void lint_use_authority(struct lint *l)
{
	BASIC_CONSTRAINTS *b = X509V3_get_d2i(
		l->extensions, NID_basic_constraints, NULL, NULL);
	bool ca = b && b->ca;

	BASIC_CONSTRAINTS_free(b);
	if (!ca)
		return;
	lint_is(l, "basicConstraints CA:TRUE");
	lint_should(l, "CA:FALSE: with this key anybody's certificate can be "
		       "signed");
	lint_mend(l, "show a server's certificate, not the authority's; when "
		     "it was issued so by mistake, have it revoked");
	lint_tell(l, CERT_ERROR);
}

void lint_extension_unknown(struct lint *l)
{
	char name[80], text[LINT_NAME_MAX];

	for (int i = 0; i < sk_X509_EXTENSION_num(l->extensions); i++) {
		X509_EXTENSION *e = sk_X509_EXTENSION_value(l->extensions, i);

		if (!X509_EXTENSION_get_critical(e) ||
		    X509_supported_extension(e))
			continue;
		OBJ_obj2txt(name, sizeof(name), X509_EXTENSION_get_object(e),
			    0);
		lint_is(l, "critical extension %s",
			lint_quote(text, slice_of(name)));
		lint_should(l, "no critical extension that clients do not "
			       "know: they must refuse it (RFC 5280 4.2)");
		lint_mend(l, "have it issued anew without it");
		lint_tell(l, CERT_ERROR);
	}
}

static bool demands_staple(const struct lint *l)
{
	TLS_FEATURE *all =
		X509V3_get_d2i(l->extensions, NID_tlsfeature, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_ASN1_INTEGER_num(all); i++)
		found |= ASN1_INTEGER_get(sk_ASN1_INTEGER_value(all, i)) ==
			 STATUS_REQUEST;
	sk_ASN1_INTEGER_pop_free(all, ASN1_INTEGER_free);
	return found;
}

void lint_must_staple(struct lint *l)
{
	if (l->s->staples || !demands_staple(l))
		return;
	lint_is(l, "must-staple (RFC 7633), and no OCSP staple");
	lint_should(l, "a staple in each handshake: clients that look refuse "
		       "it without");
	lint_mend(l, "outside.tls.ocsp = \"auto\" and a responder that can be "
		     "reached; or have it issued without must-staple");
	lint_tell(l, CERT_WARNING);
}

static bool has_responder(const struct lint *l)
{
	AUTHORITY_INFO_ACCESS *all =
		X509V3_get_d2i(l->extensions, NID_info_access, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(all); i++) {
		const ACCESS_DESCRIPTION *d =
			sk_ACCESS_DESCRIPTION_value(all, i);

		found |= OBJ_obj2nid(d->method) == NID_ad_OCSP;
	}
	AUTHORITY_INFO_ACCESS_free(all);
	return found;
}

/* What lives shorter than a list stays fresh needs none. */
static bool is_short_lived(X509 *x)
{
	return lint_time(X509_get0_notAfter(x)) -
		       lint_time(X509_get0_notBefore(x)) <=
	       SHORT_LIVED_S;
}

void lint_revocation_unnamed(struct lint *l)
{
	int found = 0;
	void *points = X509V3_get_d2i(
		l->extensions, NID_crl_distribution_points, &found, NULL);

	sk_DIST_POINT_pop_free(points, DIST_POINT_free);
	if (found != -1 || has_responder(l) || is_short_lived(l->s->leaf))
		return;
	lint_is(l, "neither a revocation list nor an OCSP responder is named");
	lint_should(l, "one of them: without it nobody learns that it was "
		       "revoked");
	lint_mend(l, l->s->public_leg
			     ? "order from an authority that says where"
			     : "have your authority write its list's http "
			       "address into certificates, or give every "
			       "server the list by itself (revocation.crl)");
	lint_tell(l, l->s->public_leg ? CERT_WARNING : CERT_NOTE);
}

/* RFC 5280 §4.1.2.2 */
void lint_serial(struct lint *l)
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(l->s->leaf);
	BIGNUM *n = ASN1_INTEGER_to_BN(serial, NULL);
	bool good = n && !BN_is_negative(n) && !BN_is_zero(n) &&
		    BN_num_bytes(n) <= SERIAL_MAX;

	BN_free(n);
	if (good)
		return;
	lint_is(l, "a serial number that is zero, negative or longer than 20 "
		   "bytes");
	lint_should(l, "a positive one, by which a list can name it");
	lint_mend(l, "have it issued anew");
	lint_tell(l, CERT_WARNING);
}
