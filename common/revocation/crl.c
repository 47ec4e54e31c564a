/*
 * crl.c - reads a revocation list, and asks it.
 *
 * OpenSSL's form of a list takes ten times the room, is sorted behind a lock
 * at its first look-up, and its signature would be checked again in each
 * handshake. Here it is checked once, and serial numbers are what is left.
 */
#include "crl.h"

#include "base/now.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <time.h>

#define LISTS_MAX 16  /* in one file */
#define SKEW_S	  300 /* clocks differ */
#define SCOPE_MAX 16  /* addresses of its point: compared in each handshake */

static const char mend_full[] =
	"have the authority publish a complete list, signed by itself, for all "
	"reasons, and name that one";

uint64_t crl_time(const ASN1_TIME *t)
{
	struct tm tm;
	time_t s;

	if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
		return 0;
	s = timegm(&tm);
	return s > 0 ? (uint64_t)s : 0;
}

static struct crl_serial number_of(const ASN1_INTEGER *a)
{
	size_t n = (size_t)ASN1_STRING_length(a);
	const uint8_t *p = ASN1_STRING_get0_data(a);
	struct crl_serial s = {0};
	size_t kept = n < CRL_SERIAL_MAX ? n : CRL_SERIAL_MAX;

	s.n = (uint8_t)(n < 0x7f ? n : 0x7f);
	if (ASN1_STRING_type(a) == V_ASN1_NEG_INTEGER)
		s.n |= 0x80;
	memcpy(s.b, p + n - kept, kept);
	return s;
}

static int serial_order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct crl_serial));
}

static int not_taken(struct crl_fault *fault, const char *what)
{
	crl_fault_set(fault, mend_full, "%s", what);
	return EINVAL;
}

/* RFC 5280 §5.2: a critical extension that is not understood. */
static bool known_extensions(const X509_CRL *x)
{
	for (int i = 0; i < X509_CRL_get_ext_count(x); i++) {
		X509_EXTENSION *e = X509_CRL_get_ext(x, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));

		if (X509_EXTENSION_get_critical(e) &&
		    nid != NID_issuing_distribution_point &&
		    nid != NID_authority_key_identifier &&
		    nid != NID_crl_number)
			return false;
	}
	return true;
}

/* RFC 5280 §5.3: entries of another issuer make the list an indirect one. */
static bool known_entry(const X509_REVOKED *r)
{
	for (int i = 0; i < X509_REVOKED_get_ext_count(r); i++) {
		X509_EXTENSION *e = X509_REVOKED_get_ext(r, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));

		if (nid == NID_certificate_issuer)
			return false;
		if (X509_EXTENSION_get_critical(e) && nid != NID_crl_reason &&
		    nid != NID_invalidity_date)
			return false;
	}
	return true;
}

/* RFC 5280 §5.2.5. */
static int take_scope(struct crl *l, ISSUING_DIST_POINT *idp,
		      struct crl_fault *fault)
{
	if (idp->indirectCRL > 0)
		return not_taken(fault, "an indirect list: it speaks for other "
					"authorities than its own");
	if (idp->onlyattr > 0)
		return not_taken(fault, "a list of attribute certificates");
	if (idp->onlysomereasons)
		return not_taken(fault, "a list for some reasons only");
	if (idp->distpoint && idp->distpoint->type != 0)
		return not_taken(fault, "its distribution point has no "
					"address, only a relative name");
	if (idp->distpoint &&
	    sk_GENERAL_NAME_num(idp->distpoint->name.fullname) > SCOPE_MAX)
		return not_taken(fault, "its distribution point has too many "
					"addresses");
	l->only_users = idp->onlyuser > 0;
	l->only_authorities = idp->onlyCA > 0;
	if (idp->distpoint) {
		l->scope = idp->distpoint->name.fullname;
		idp->distpoint->name.fullname = NULL;
	}
	return 0;
}

static int read_scope(struct crl *l, const X509_CRL *x, struct crl_fault *fault)
{
	int critical = -1, err = 0;
	ISSUING_DIST_POINT *idp;

	if (X509_CRL_get_ext_by_NID(x, NID_delta_crl, -1) >= 0)
		return not_taken(fault, "a delta list: it says only what "
					"changed");
	if (!known_extensions(x))
		return not_taken(fault, "a critical extension in it is not "
					"understood");
	idp = X509_CRL_get_ext_d2i(x, NID_issuing_distribution_point, &critical,
				   NULL);
	if (idp)
		err = take_scope(l, idp, fault);
	else if (critical != -1)
		err = not_taken(fault, "its issuing distribution point cannot "
				       "be read");
	ISSUING_DIST_POINT_free(idp);
	return err;
}

static int read_times(struct crl *l, const X509_CRL *x, struct crl_fault *fault)
{
	ASN1_INTEGER *number =
		X509_CRL_get_ext_d2i(x, NID_crl_number, NULL, NULL);

	l->this_s = crl_time(X509_CRL_get0_lastUpdate(x));
	l->next_s = crl_time(X509_CRL_get0_nextUpdate(x));
	if (number) {
		l->numbered = true;
		l->number = number_of(number);
		ASN1_INTEGER_free(number);
	}
	/* Not one that never ends. */
	if (X509_CRL_get0_nextUpdate(x) && l->next_s == 0)
		return not_taken(fault, "the time of its next update is none");
	if (l->this_s <= now_wall_s() + SKEW_S)
		return 0;
	crl_fault_set(fault,
		      "compare the clocks of this machine and of the authority",
		      "not valid yet: it was issued in the future");
	return EINVAL;
}

static int read_entries(struct crl *l, X509_CRL *x, struct crl_fault *fault)
{
	STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(x);
	int n = sk_X509_REVOKED_num(all);

	if (n <= 0)
		return 0;
	l->serial = calloc((size_t)n, sizeof(*l->serial));
	if (!l->serial)
		return ENOMEM;
	for (int i = 0; i < n; i++) {
		X509_REVOKED *r = sk_X509_REVOKED_value(all, i);

		if (!known_entry(r))
			return not_taken(fault, "an entry of it is of another "
						"authority, or not understood");
		l->serial[i] = number_of(X509_REVOKED_get0_serialNumber(r));
	}
	l->revoked = (uint32_t)n;
	qsort(l->serial, l->revoked, sizeof(*l->serial), serial_order);
	return 0;
}

static void name_issuer(struct crl_fault *fault, const X509_CRL *x)
{
	char name[200] = "?";

	X509_NAME_oneline(X509_CRL_get_issuer(x), name, sizeof(name));
	crl_fault_set(fault,
		      "add the certificate of the authority that signed it to "
		      "this leg's tls.trust; when it is there, somebody else "
		      "signed the list: do not use it",
		      "signed by no authority that this leg trusts; it says "
		      "its issuer is %s",
		      name);
}

/* RFC 5280 §6.3.3 (f), (g): the very key, and it may sign lists. */
static bool signed_by(X509_CRL *x, X509 *authority)
{
	uint32_t usage = X509_get_key_usage(authority);
	EVP_PKEY *key = X509_get0_pubkey(authority);

	return X509_NAME_cmp(X509_get_subject_name(authority),
			     X509_CRL_get_issuer(x)) == 0 &&
	       (usage == UINT32_MAX || (usage & KU_CRL_SIGN)) && key &&
	       X509_CRL_verify(x, key) == 1;
}

static int read_signer(struct crl *l, X509_CRL *x,
		       const STACK_OF(X509) * authorities,
		       struct crl_fault *fault)
{
	for (int i = 0; i < sk_X509_num(authorities); i++) {
		X509 *authority = sk_X509_value(authorities, i);

		if (!signed_by(x, authority))
			continue;
		l->signer = X509_get_pubkey(authority);
		l->issuer = X509_NAME_dup(X509_CRL_get_issuer(x));
		return l->signer && l->issuer ? 0 : ENOMEM;
	}
	name_issuer(fault, x);
	return EACCES;
}

static int boil_down(struct crl *l, X509_CRL *x,
		     const STACK_OF(X509) * authorities,
		     struct crl_fault *fault)
{
	int err = read_signer(l, x, authorities, fault);

	if (!err)
		err = read_scope(l, x, fault);
	if (!err)
		err = read_times(l, x, fault);
	if (!err)
		err = read_entries(l, x, fault);
	return err;
}

static X509_CRL *next_of(BIO *pem, struct slice der, int already)
{
	const unsigned char *p = (const unsigned char *)der.p;

	if (pem)
		return PEM_read_bio_X509_CRL(pem, NULL, NULL, NULL);
	return already ? NULL : d2i_X509_CRL(NULL, &p, (long)der.n);
}

static int read_lists(struct crl **out, BIO *pem, struct slice bytes,
		      const STACK_OF(X509) * authorities,
		      struct crl_fault *fault)
{
	int err = 0, n = 0;
	X509_CRL *x;

	while (!err && n < LISTS_MAX && (x = next_of(pem, bytes, n))) {
		struct crl *l = calloc(1, sizeof(*l));

		err = l ? boil_down(l, x, authorities, fault) : ENOMEM;
		X509_CRL_free(x);
		if (!l)
			break;
		l->refs = 1;
		l->next = *out;
		*out = l;
		n++;
	}
	if (err || n > 0)
		return err;
	crl_fault_set(fault,
		      "it has to be an X.509 revocation list, in DER or PEM",
		      "not a revocation list");
	return EINVAL;
}

int crl_read(struct crl **out, struct slice bytes,
	     const STACK_OF(X509) * authorities, struct crl_fault *fault)
{
	static const char begin[] = "-----BEGIN";
	BIO *pem = NULL;
	int err;

	*out = NULL;
	if (bytes.n > INT32_MAX)
		return EFBIG;
	if (bytes.n > 0 && memmem(bytes.p, bytes.n, begin, sizeof(begin) - 1)) {
		pem = BIO_new_mem_buf(bytes.p, (int)bytes.n);
		if (!pem)
			return ENOMEM;
	}
	err = read_lists(out, pem, bytes, authorities, fault);
	BIO_free(pem);
	ERR_clear_error();
	if (err)
		crl_unref(out);
	return err;
}

struct crl *crl_ref(struct crl *list)
{
	if (list)
		atomic_fetch_add(&list->refs, 1);
	return list;
}

void crl_unref(struct crl **list)
{
	struct crl *l = *list;

	*list = NULL;
	if (!l || atomic_fetch_sub(&l->refs, 1) != 1)
		return;
	while (l) {
		struct crl *next = l->next;

		X509_NAME_free(l->issuer);
		EVP_PKEY_free(l->signer);
		GENERAL_NAMES_free(l->scope);
		free(l->serial);
		free(l);
		l = next;
	}
}

static bool names_meet(const GENERAL_NAMES *a, const GENERAL_NAMES *b)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(a); i++) {
		for (int k = 0; k < sk_GENERAL_NAME_num(b); k++) {
			if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(a, i),
					     sk_GENERAL_NAME_value(b, k)) == 0)
				return true;
		}
	}
	return false;
}

/* RFC 5280 §6.3.3 (b)(2)(i): does the certificate name this very point? */
static bool in_scope(const struct crl *l, const X509 *cert)
{
	CRL_DIST_POINTS *points;
	bool found = false;

	if (!l->scope)
		return true;
	points =
		X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);
	for (int i = 0; i < sk_DIST_POINT_num(points) && !found; i++) {
		const DIST_POINT_NAME *name =
			sk_DIST_POINT_value(points, i)->distpoint;

		found = name && name->type == 0 &&
			names_meet(l->scope, name->name.fullname);
	}
	CRL_DIST_POINTS_free(points);
	return found;
}

enum crl_answer crl_ask(const struct crl *l, X509 *cert, X509 *issuer)
{
	struct crl_serial serial;

	if (X509_NAME_cmp(l->issuer, X509_get_issuer_name(cert)) != 0 ||
	    EVP_PKEY_eq(l->signer, X509_get0_pubkey(issuer)) != 1)
		return CRL_SILENT;
	if ((l->only_users || l->only_authorities) &&
	    l->only_authorities != (X509_check_ca(cert) > 0))
		return CRL_SILENT;
	if (!in_scope(l, cert))
		return CRL_SILENT;
	serial = number_of(X509_get0_serialNumber(cert));
	if (l->revoked > 0 && bsearch(&serial, l->serial, l->revoked,
				      sizeof(serial), serial_order))
		return CRL_REVOKED;
	return CRL_CLEAR;
}

static bool same_scope(const struct crl *a, const struct crl *b)
{
	if (a->only_users != b->only_users ||
	    a->only_authorities != b->only_authorities)
		return false;
	if (!a->scope || !b->scope)
		return a->scope == b->scope;
	return names_meet(a->scope, b->scope);
}

/* Negative numbers are nobody's; shorter ones are smaller. */
static bool goes_back(const struct crl *l, const struct crl *than)
{
	if (X509_NAME_cmp(l->issuer, than->issuer) != 0 ||
	    EVP_PKEY_eq(l->signer, than->signer) != 1 || !same_scope(l, than))
		return false;
	if (l->numbered && than->numbered)
		return memcmp(&l->number, &than->number, sizeof(l->number)) < 0;
	return l->this_s < than->this_s;
}

bool crl_older(const struct crl *list, const struct crl *than)
{
	for (const struct crl *l = list; l; l = l->next) {
		for (const struct crl *t = than; t; t = t->next) {
			if (goes_back(l, t))
				return true;
		}
	}
	return false;
}

uint64_t crl_until(const struct crl *list)
{
	uint64_t until = UINT64_MAX;

	for (const struct crl *l = list; l; l = l->next) {
		if (l->next_s && l->next_s < until)
			until = l->next_s;
	}
	return until;
}
