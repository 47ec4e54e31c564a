/*
 * point.c - where lists come from.
 */
#include "point.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

static const char *const by_words[] = {
	[CRL_BY_SETTINGS] = "settings",
	[CRL_BY_CERTIFICATE] = "certificate",
	[CRL_BY_PEER] = "peer",
	[CRL_BY_OCSP] = "ocsp",
};

const char *crl_by_word(enum crl_by by)
{
	return by_words[by];
}

static bool has_scheme(const char *where, const char *scheme)
{
	return strncasecmp(where, scheme, strlen(scheme)) == 0;
}

const char *crl_point_path(const char *where)
{
	if (has_scheme(where, "file:///"))
		return where + sizeof("file://") - 1;
	if (has_scheme(where, "file://localhost/"))
		return where + sizeof("file://localhost") - 1;
	return strstr(where, "://") ? NULL : where;
}

static struct crl_point *point_new(enum leg leg, enum crl_by by)
{
	struct crl_point *p = calloc(1, sizeof(*p));

	if (p) {
		p->refs = 1;
		p->leg = leg;
		p->by = by;
	}
	return p;
}

struct crl_point *crl_point_create(enum leg leg, enum crl_by by,
				   const char *where)
{
	struct crl_point *p = point_new(leg, by);

	if (!p)
		return NULL;
	p->where[p->n] = strdup(where);
	if (!p->where[p->n++])
		crl_point_unref(&p);
	return p;
}

struct crl_point *crl_point_ref(struct crl_point *p)
{
	atomic_fetch_add(&p->refs, 1);
	return p;
}

void crl_point_unref(struct crl_point **pp)
{
	struct crl_point *p = *pp;

	*pp = NULL;
	if (!p || atomic_fetch_sub(&p->refs, 1) != 1)
		return;
	for (size_t i = 0; i < p->n; i++)
		free(p->where[i]);
	free(p);
}

bool crl_point_askable(const struct crl_point *p)
{
	for (size_t i = 0; i < p->n; i++) {
		if (!has_scheme(p->where[i], "ldap:///"))
			return true;
	}
	return false;
}

bool crl_point_meets(const struct crl_point *a, const struct crl_point *b)
{
	for (size_t i = 0; i < a->n && a->leg == b->leg; i++) {
		for (size_t k = 0; k < b->n; k++) {
			if (strcmp(a->where[i], b->where[k]) == 0)
				return true;
		}
	}
	return false;
}

/* What can be asked at all: a stranger's certificate sends us to http only. */
static bool may_ask(const char *url, enum crl_by by)
{
	if (has_scheme(url, "http://"))
		return true;
	return by == CRL_BY_CERTIFICATE &&
	       (has_scheme(url, "file://") || has_scheme(url, "ldap://"));
}

/* http goes first: it needs the least. */
static void add_where(struct crl_point *p, char *url)
{
	size_t at = p->n;

	if (has_scheme(url, "http://"))
		at = 0;
	while (at < p->n && has_scheme(p->where[at], "http://"))
		at++;
	memmove(&p->where[at + 1], &p->where[at],
		(p->n - at) * sizeof(p->where[0]));
	p->where[at] = url;
	p->n++;
}

static void take_name(struct crl_point *p, const GENERAL_NAME *g)
{
	const ASN1_STRING *uri;
	size_t n;
	char *url;

	if (g->type != GEN_URI || p->n == CRL_WHERES)
		return;
	uri = g->d.uniformResourceIdentifier;
	n = (size_t)ASN1_STRING_length(uri);
	if (n > 1024 || memchr(ASN1_STRING_get0_data(uri), '\0', n))
		return;
	url = strndup((const char *)ASN1_STRING_get0_data(uri), n);
	if (url && may_ask(url, p->by))
		add_where(p, url);
	else
		free(url);
}

/* Several points of one certificate are mirrors, unless each is for some
 * reasons only, or signed by somebody else (RFC 5280 §4.2.1.13). */
static void take_points(struct crl_point *p, const CRL_DIST_POINTS *all)
{
	for (int i = 0; i < sk_DIST_POINT_num(all); i++) {
		const DIST_POINT *d = sk_DIST_POINT_value(all, i);

		if (d->reasons || d->CRLissuer || !d->distpoint ||
		    d->distpoint->type != 0)
			continue;
		for (int k = 0;
		     k < sk_GENERAL_NAME_num(d->distpoint->name.fullname); k++)
			take_name(p, sk_GENERAL_NAME_value(
					     d->distpoint->name.fullname, k));
	}
}

struct crl_point *crl_point_of(enum leg leg, enum crl_by by, X509 *cert)
{
	CRL_DIST_POINTS *all;
	struct crl_point *p;

	if (X509_get_extension_flags(cert) & EXFLAG_SI)
		return NULL;
	all = X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);
	if (!all)
		return NULL;
	p = point_new(leg, by);
	if (p)
		take_points(p, all);
	CRL_DIST_POINTS_free(all);
	if (p && p->n == 0)
		crl_point_unref(&p);
	return p;
}

STACK_OF(X509) * crl_chain_read(const char *path)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	BIO *file = path ? BIO_new_file(path, "re") : NULL;
	X509 *x;

	while (all && file &&
	       (x = PEM_read_bio_X509_AUX(file, NULL, NULL, NULL)))
		if (!sk_X509_push(all, x))
			X509_free(x);
	BIO_free(file);
	ERR_clear_error();
	return all;
}

bool crl_own_file(const struct settings *s, enum leg leg, size_t nth,
		  const char **out)
{
	const struct leg_settings *l = &s->leg[leg];

	if (nth == 0)
		*out = l->certificate;
	else if (nth == 1)
		*out = l->client_certificate;
	else if (nth < l->alsos + 2)
		*out = l->also[nth - 2].certificate;
	else
		return false;
	return true;
}

/* Trust of the leg, then of its partners. */
static bool trust_file(const struct settings *s, enum leg leg, size_t nth,
		       const char **out)
{
	const struct federation_settings *f = &s->federation;
	size_t partners = leg == LEG_OUTSIDE && f->enabled ? f->partners : 0;

	if (nth == 0)
		*out = s->leg[leg].trust;
	else if (nth < partners + 1)
		*out = f->partner[nth - 1].trust;
	else
		return false;
	return true;
}

static int add_point(struct crl_points *to, struct crl_point *p)
{
	for (size_t i = 0; i < to->n; i++) {
		if (crl_point_meets(to->v[i], p)) {
			crl_point_unref(&p);
			return 0;
		}
	}
	if (to->n == CRL_POINTS_MAX) {
		crl_point_unref(&p);
		return 0;
	}
	to->v[to->n++] = p;
	return 0;
}

static void add_of_file(struct crl_points *to, enum leg leg, const char *path)
{
	STACK_OF(X509) *all = crl_chain_read(path);

	for (int i = 0; i < sk_X509_num(all); i++) {
		struct crl_point *p = crl_point_of(leg, CRL_BY_CERTIFICATE,
						   sk_X509_value(all, i));

		if (p)
			add_point(to, p);
	}
	sk_X509_pop_free(all, X509_free);
}

int crl_points_list(struct crl_points *out, const struct settings *s,
		    enum leg leg)
{
	const struct revocation_settings *r = &s->leg[leg].revocation;
	const char *path;

	*out = (struct crl_points){
		.v = calloc(CRL_POINTS_MAX, sizeof(struct crl_point *))};
	if (!out->v)
		return ENOMEM;
	for (size_t i = 0; i < r->crl.n; i++) {
		struct crl_point *p =
			crl_point_create(leg, CRL_BY_SETTINGS, r->crl.v[i]);

		if (!p)
			return ENOMEM;
		add_point(out, p);
	}
	for (size_t i = 0;
	     r->distribution_points && crl_own_file(s, leg, i, &path); i++)
		add_of_file(out, leg, path);
	for (size_t i = 0;
	     r->distribution_points && trust_file(s, leg, i, &path); i++)
		add_of_file(out, leg, path);
	return 0;
}

void crl_points_fini(struct crl_points *p)
{
	for (size_t i = 0; i < p->n; i++)
		crl_point_unref(&p->v[i]);
	free(p->v);
	*p = (struct crl_points){0};
}

/* `all`: what is trusted; else only what may sign others. */
static void gather(STACK_OF(X509) * to, const char *path, bool all)
{
	STACK_OF(X509) *from = crl_chain_read(path);

	for (int i = 0; i < sk_X509_num(from); i++) {
		X509 *x = sk_X509_value(from, i);

		if (all || X509_check_ca(x) > 0)
			X509_add_cert(to, x,
				      X509_ADD_FLAG_UP_REF |
					      X509_ADD_FLAG_NO_DUP);
	}
	sk_X509_pop_free(from, X509_free);
}

STACK_OF(X509) * crl_authorities(const struct settings *s, enum leg leg)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	const char *path;

	for (size_t i = 0; all && trust_file(s, leg, i, &path); i++)
		gather(all, path, true);
	for (size_t i = 0; all && crl_own_file(s, leg, i, &path); i++)
		gather(all, path, false);
	return all;
}
