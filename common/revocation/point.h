/**
 * @file point.h
 * Where lists come from: the settings, and the distribution points that
 * certificates name. Immutable, counted.
 */
#ifndef REVOCATION_POINT_H
#define REVOCATION_POINT_H

#include "settings/settings.h"

#include <openssl/x509v3.h>
#include <stdatomic.h>

/** Addresses of one list that are tried in turn. */
#define CRL_WHERES 4

/** Sources of a leg, without those that peers name. */
#define CRL_POINTS_MAX 128

/** Who named it. */
enum crl_by { CRL_BY_SETTINGS, CRL_BY_CERTIFICATE, CRL_BY_PEER, CRL_BY_OCSP };

/** One source: one list (or the few of one file). */
struct crl_point {
	atomic_uint refs;
	enum leg leg;
	enum crl_by by;
	size_t n;
	char *where[CRL_WHERES]; /* path or URL */
};

/** Some of them. */
struct crl_points {
	struct crl_point **v;
	size_t n;
};

/**
 * Make one.
 *
 * @param leg    leg
 * @param by     who named it
 * @param where  path or URL, copied
 * @return       one reference held by the caller; NULL: no memory
 */
struct crl_point *crl_point_create(enum leg leg, enum crl_by by,
				   const char *where);

/**
 * The distribution points that a certificate names, as one source.
 *
 * @param leg   leg
 * @param by    CRL_BY_CERTIFICATE: http, file and ldap; CRL_BY_PEER: http only
 * @param cert  certificate; of one that signed itself nothing is taken
 * @return      one reference held by the caller; NULL: it names none
 */
struct crl_point *crl_point_of(enum leg leg, enum crl_by by, X509 *cert);

/**
 * Hold.
 *
 * @param p  point
 * @return   p
 */
struct crl_point *crl_point_ref(struct crl_point *p);

/**
 * Let go.
 *
 * @param p  set to NULL; NULL inside is fine
 */
void crl_point_unref(struct crl_point **p);

/**
 * Is there an address that can be asked at all? "ldap:///CN=..." names no
 * server: only members of a Windows domain find one.
 *
 * @param p  point
 * @return   true when there is
 */
bool crl_point_askable(const struct crl_point *p);

/**
 * Do two have an address in common, for the same leg?
 *
 * @param a  one
 * @param b  other
 * @return   true when they do
 */
bool crl_point_meets(const struct crl_point *a, const struct crl_point *b);

/**
 * Is it a file, and which?
 *
 * @param where  path, file URL or another
 * @return       path inside of where; NULL: it is no file
 */
const char *crl_point_path(const char *where);

/**
 * The word for who named it, as in struct crl_report.
 *
 * @param by  who
 * @return    constant text
 */
const char *crl_by_word(enum crl_by by);

/**
 * All sources of a leg: its settings, then its own chains, its trust and that
 * of its partners.
 *
 * @param out  filled; crl_points_fini() in any case
 * @param s    snapshot
 * @param leg  leg
 * @return     0 or ENOMEM
 */
int crl_points_list(struct crl_points *out, const struct settings *s,
		    enum leg leg);

/**
 * Let go of all of them.
 *
 * @param p  emptied
 */
void crl_points_fini(struct crl_points *p);

/**
 * Who may sign lists for a leg: its trust, that of its partners, and the
 * intermediates of its own chains.
 *
 * @param s    snapshot
 * @param leg  leg
 * @return     owned by the caller; NULL: no memory
 */
STACK_OF(X509) * crl_authorities(const struct settings *s, enum leg leg);

/**
 * The certificates of a PEM file.
 *
 * @param path  file; NULL or not readable: none
 * @return      owned by the caller, perhaps empty; NULL: no memory
 */
STACK_OF(X509) * crl_chain_read(const char *path);

/**
 * The files of a leg's own certificates.
 *
 * @param s    snapshot
 * @param leg  leg
 * @param nth  from 0 on; 0 is the server's, 1 the client's
 * @param out  path, borrowed; perhaps NULL
 * @return     false when there are no more
 */
bool crl_own_file(const struct settings *s, enum leg leg, size_t nth,
		  const char **out);

#endif
