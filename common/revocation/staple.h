/**
 * @file staple.h
 * OCSP answers (RFC 6960) for our own outside certificates, to be stapled
 * (RFC 6066 §8).
 */
#ifndef REVOCATION_STAPLE_H
#define REVOCATION_STAPLE_H

#include "base/slice.h"
#include "fault.h"
#include "settings/settings.h"

#include <openssl/types.h>
#include <stdatomic.h>
#include <stdint.h>

/** One certificate of ours, and the answer for it. Immutable, counted. */
struct staple {
	atomic_uint refs;
	char fingerprint[65];
	X509 *cert, *issuer;
	char *where;	    /* responder's URL, or the settings' file; NULL: it
			     * cannot be had, though it must */
	bool must;	    /* the certificate demands one (RFC 7633) */
	unsigned char *der; /* NULL: no answer */
	size_t n;
	uint64_t this_s, next_s, got_s;
};

/**
 * One for a certificate file, by outside.tls.ocsp.
 *
 * @param out   one reference held by the caller; NULL when the certificate
 *              demands none, and none can be had: ocsp is off, it has no issuer
 *              or names no responder
 * @param path  PEM file of ours
 * @param ocsp  "auto", "off" or a file of DER
 * @param s     snapshot: its trust may have the issuer
 * @return      0 or ENOMEM
 */
int staple_create(struct staple **out, const char *path, const char *ocsp,
		  const struct settings *s);

/**
 * The same with an answer, if that is one: right certificate, right signature,
 * good, and good now.
 *
 * @param out    one reference held by the caller
 * @param of     whose
 * @param der    bytes of an OCSP response
 * @param got_s  when it came [s since 1970]
 * @param fault  filled on EINVAL
 * @return       0, EINVAL or ENOMEM
 */
int staple_answer(struct staple **out, const struct staple *of,
		  struct slice der, uint64_t got_s, struct crl_fault *fault);

/**
 * What to ask the responder.
 *
 * @param st   whose
 * @param der  owned by the caller (OPENSSL_free)
 * @return     length [bytes]; 0: no memory
 */
size_t staple_request(const struct staple *st, unsigned char **der);

/**
 * Hold.
 *
 * @param st  staple
 * @return    st
 */
struct staple *staple_ref(struct staple *st);

/**
 * Let go.
 *
 * @param st  set to NULL; NULL inside is fine
 */
void staple_unref(struct staple **st);

#endif
