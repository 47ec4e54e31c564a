/**
 * @file lists.h
 * A small PKI with revocation lists made to order, in a folder of its own.
 */
#ifndef TESTS_REVOCATION_LISTS_H
#define TESTS_REVOCATION_LISTS_H

#include "revocation/board.h"

#include "../cunit_main.h"
#include "cert/certs.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <stdarg.h>
#include <unistd.h>

#define HOUR_S	3600L
#define CDP_URL "http://crl.example.test/ca.crl"

/** A list to be made. */
struct list_order {
	const struct cert *by;
	const struct cert *revoked; /* NULL: nobody */
	long this_s, next_s;	    /* from now; 0: an hour ago, in a day */
	long number;		    /* 0: none */
	long also;		    /* further entries, serials from 1e6 on */
	const char *idp;	    /* "fullname:URI:http://..." */
	unsigned addresses;	    /* of its point, when idp is none */
	bool delta;
	bool endless; /* says nothing of its next */
};

/* In the place of settings.c: ours are on the stack. */
const struct settings *settings_ref(const struct settings *s)
{
	return s;
}

void settings_unref(const struct settings **s)
{
	*s = NULL;
}

/** The folder and what lies in it. */
struct place {
	char dir[64];
	struct cert root, middle, leaf, other;
	struct settings settings;
	char *crl[4];
};

static inline const char *place_path(const struct place *p, const char *name)
{
	static char path[4][128];
	static unsigned next;
	char *out = path[next++ % 4];

	snprintf(out, sizeof(path[0]), "%s/%s", p->dir, name);
	return out;
}

static inline void list_extend(X509_CRL *x, int nid, const char *text)
{
	X509_EXTENSION *e;
	X509V3_CTX ctx;

	if (!text)
		return;
	X509V3_set_ctx(&ctx, NULL, NULL, NULL, x, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, text);
	CU_ASSERT_PTR_NOT_NULL_FATAL(e);
	X509_CRL_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

/* So many addresses in its issuing distribution point. */
static inline void list_crowd(X509_CRL *x, unsigned n)
{
	ISSUING_DIST_POINT *idp = ISSUING_DIST_POINT_new();
	GENERAL_NAMES *all = GENERAL_NAMES_new();

	for (unsigned i = 0; i < n; i++)
		sk_GENERAL_NAME_push(
			all, a2i_GENERAL_NAME(NULL, NULL, NULL, GEN_URI,
					      "http://crl.example.test/x", 0));
	idp->distpoint = DIST_POINT_NAME_new();
	idp->distpoint->type = 0;
	idp->distpoint->name.fullname = all;
	X509_CRL_add1_ext_i2d(x, NID_issuing_distribution_point, idp, 1, 0);
	ISSUING_DIST_POINT_free(idp);
}

static inline void list_add(X509_CRL *x, const ASN1_INTEGER *serial)
{
	X509_REVOKED *r = X509_REVOKED_new();
	ASN1_TIME *now = X509_gmtime_adj(NULL, -HOUR_S);

	X509_REVOKED_set_serialNumber(r, (ASN1_INTEGER *)serial);
	X509_REVOKED_set_revocationDate(r, now);
	X509_CRL_add0_revoked(x, r);
	ASN1_TIME_free(now);
}

static inline void list_fill(X509_CRL *x, const struct list_order *o)
{
	ASN1_INTEGER *serial = ASN1_INTEGER_new();

	if (o->revoked)
		list_add(x, X509_get0_serialNumber(o->revoked->x509));
	for (long i = 0; i < o->also; i++) {
		ASN1_INTEGER_set(serial, 1000000 + (i * 7919) % 1000003);
		list_add(x, serial);
	}
	ASN1_INTEGER_free(serial);
}

static inline void list_date(X509_CRL *x, const struct list_order *o)
{
	ASN1_TIME *t = X509_gmtime_adj(NULL, o->this_s ? o->this_s : -HOUR_S);

	X509_CRL_set1_lastUpdate(x, t);
	X509_gmtime_adj(t, o->next_s ? o->next_s : CERT_DAY_S);
	if (!o->endless)
		X509_CRL_set1_nextUpdate(x, t);
	ASN1_TIME_free(t);
}

static inline X509_CRL *list_make(const struct list_order *o)
{
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	X509_CRL *x = X509_CRL_new();

	X509_CRL_set_version(x, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(x, X509_get_subject_name(o->by->x509));
	list_date(x, o);
	list_fill(x, o);
	ASN1_INTEGER_set(number, o->number);
	if (o->number)
		X509_CRL_add1_ext_i2d(x, NID_crl_number, number, 0, 0);
	if (o->delta)
		X509_CRL_add1_ext_i2d(x, NID_delta_crl, number, 1, 0);
	ASN1_INTEGER_free(number);
	list_extend(x, NID_issuing_distribution_point, o->idp);
	if (o->addresses)
		list_crowd(x, o->addresses);
	CU_ASSERT_FATAL(X509_CRL_sign(x, o->by->key, EVP_sha256()) > 0);
	return x;
}

/** Write a list to DIR/NAME, in DER when that says so; mode "a": one more. */
static inline void list_write(const struct place *p, const char *name,
			      const struct list_order *o, const char *mode)
{
	FILE *f = fopen(place_path(p, name), mode);
	X509_CRL *x = list_make(o);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	if (strstr(name, ".der"))
		i2d_X509_CRL_fp(f, x);
	else
		PEM_write_X509_CRL(f, x);
	fclose(f);
	X509_CRL_free(x);
}

/** A certificate that says where its authority's list lies. */
static inline void cert_make_naming(struct cert *out,
				    const struct cert_order *o,
				    const struct cert *by, const char *cdp)
{
	cert_make(out, o, by);
	if (!cdp)
		return;
	cert_extend(out->x509, by->x509, NID_crl_distribution_points, cdp);
	X509_sign(out->x509, by->key, EVP_sha256());
}

static inline char *place_dup(const struct place *p, const char *name)
{
	return strdup(place_path(p, name));
}

/** Root, intermediate, leaf; a stranger; trust.pem has root and
 * intermediate; both legs by the same files. cdp: in the leaf. */
static inline void place_make(struct place *p, const char *cdp)
{
	*p = (struct place){.dir = "/tmp/revocation-XXXXXX"};
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(p->dir));
	cert_make(&p->root,
		  &(struct cert_order){.cn = "Root", .authority = true}, NULL);
	cert_make(&p->middle,
		  &(struct cert_order){.cn = "Issuer", .authority = true},
		  &p->root);
	cert_make_naming(&p->leaf, &(struct cert_order){.cn = "sip.test"},
			 &p->middle, cdp);
	cert_make(&p->other,
		  &(struct cert_order){.cn = "Issuer", .authority = true},
		  NULL);
	cert_save(&p->middle, &p->root, p->dir, "trust");
	cert_save(&p->leaf, &p->middle, p->dir, "own");
	p->settings.state_dir = strdup(p->dir);
	for (int i = 0; i < LEG_COUNT; i++) {
		struct leg_settings *l = &p->settings.leg[i];

		l->trust = place_dup(p, "trust.pem");
		l->certificate = place_dup(p, "own.pem");
		l->key = place_dup(p, "own.key");
		l->ocsp = strdup("off");
		l->revocation.distribution_points = true;
		l->revocation.grace_h = 24;
		l->revocation.crl.v = p->crl;
	}
}

/** Both legs' lists come from these (NULL: the end). */
static inline void place_lists(struct place *p, const char *first, ...)
{
	size_t n = 0;
	va_list ap;

	va_start(ap, first);
	for (const char *name = first; name; name = va_arg(ap, const char *)) {
		free(p->crl[n]);
		p->crl[n++] =
			strstr(name, "://") ? strdup(name) : place_dup(p, name);
	}
	va_end(ap);
	for (int i = 0; i < LEG_COUNT; i++)
		p->settings.leg[i].revocation.crl.n = n;
}

static inline void place_mode(struct place *p, enum revocation_mode mode)
{
	for (int i = 0; i < LEG_COUNT; i++)
		p->settings.leg[i].revocation.mode = mode;
}

static inline void place_drop(struct place *p)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", p->dir);
	CU_ASSERT_EQUAL(system(command), 0);
	cert_free(&p->root);
	cert_free(&p->middle);
	cert_free(&p->leaf);
	cert_free(&p->other);
	free(p->settings.state_dir);
	for (int i = 0; i < LEG_COUNT; i++) {
		free(p->settings.leg[i].trust);
		free(p->settings.leg[i].certificate);
		free(p->settings.leg[i].key);
		free(p->settings.leg[i].ocsp);
	}
	for (size_t i = 0; i < sizeof(p->crl) / sizeof(p->crl[0]); i++)
		free(p->crl[i]);
}

/** Load, and put on a board. */
static inline struct crl_board *board_with(struct place *p)
{
	const struct crl_set *set = NULL;
	struct crl_board *b = NULL;
	char why[WHY_MAX] = "";

	CU_ASSERT_EQUAL_FATAL(crl_board_create(&b), 0);
	CU_ASSERT_EQUAL_FATAL(crl_set_load(&set, &p->settings, why), 0);
	crl_board_swap(b, set);
	crl_set_unref(&set);
	return b;
}

/** What OpenSSL says of the leaf, with a store that was armed. */
static inline int judged(struct place *p, struct crl_board *b, enum leg leg)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *rest = sk_X509_new_null();
	X509_STORE_CTX *check = X509_STORE_CTX_new();
	int code;

	X509_STORE_add_cert(store, p->root.x509);
	sk_X509_push(rest, p->middle.x509);
	crl_board_arm(store, b, leg);
	X509_STORE_CTX_init(check, store, p->leaf.x509, rest);
	code = X509_verify_cert(check) == 1 ? X509_V_OK
					    : X509_STORE_CTX_get_error(check);
	X509_STORE_CTX_free(check);
	sk_X509_free(rest);
	X509_STORE_free(store);
	return code;
}

/** Load, judge, let go. */
static inline int judged_by(struct place *p, enum leg leg)
{
	struct crl_board *b = board_with(p);
	int code = judged(p, b, leg);

	crl_board_destroy(&b);
	return code;
}

#endif
