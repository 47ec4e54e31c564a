/**
 * @file certificate.h
 * Reads X.509 certificates: names, prints, purposes.
 */
#ifndef CERT_CERTIFICATE_H
#define CERT_CERTIFICATE_H

#include "base/slice.h"
#include "base/why.h"
#include "cert/names.h"

#include <openssl/types.h>
#include <stdbool.h>

/** Intermediates that a chain may have. */
#define CERT_CHAIN_DEPTH 4

/**
 * Read the names of a certificate, verified or not. Its extended key usage
 * must be absent, or hold any, serverAuth, clientAuth or id-kp-sipDomain
 * (RFC 5924).
 *
 * @param out   owned by the caller; chained and vouched are not set
 * @param cert  certificate, borrowed
 * @param why   WHY_MAX bytes, filled on EACCES
 * @return      0; EACCES when its extended key usage forbids SIP; ENOMEM
 */
int cert_names_of(struct cert_names **out, X509 *cert, char *why);

/** A chain that somebody showed, and what it has to be good for. */
struct cert_chain {
	X509 *leaf;
	struct stack_st_X509 *rest; /* intermediates; NULL: none */
	int level;   /* OpenSSL's security level of the session */
	bool server; /* we connected: good for a server */
	struct stack_st_X509 **verified; /* gets the chain that an authority
					    vouches for, leaf first, owned by
					    the caller, unless there is one in
					    it; NULL: never mind */
};

/**
 * Does an authority of a store vouch for a chain, now? Of what a client shows
 * it is not asked what it is for: public authorities issue no clientAuth any
 * more (cert_names_of() has its own view).
 *
 * @param store  authorities
 * @param chain  borrowed
 * @param depth  which certificate is at fault; 0: the leaf; NULL: never mind
 * @return       X509_V_OK, or OpenSSL's number of what is wrong
 */
int cert_chain_judge(X509_STORE *store, const struct cert_chain *chain,
		     int *depth);

/**
 * Is it time for a certificate: valid already, and still?
 *
 * @param cert  certificate, borrowed
 * @return      X509_V_OK, X509_V_ERR_CERT_HAS_EXPIRED or
 *              X509_V_ERR_CERT_NOT_YET_VALID
 */
int cert_time_judge(const X509 *cert);

/**
 * SHA-256 of a certificate.
 *
 * @param out   65 bytes: lower-case hex and NUL; "" when out of memory
 * @param cert  certificate, borrowed
 */
void cert_fingerprint(char out[65], const X509 *cert);

/**
 * SHA-256 of its public key, algorithm included (RFC 7469 §2.4).
 *
 * @param out   65 bytes: lower-case hex and NUL; "" when out of memory
 * @param cert  certificate, borrowed
 */
void cert_key_print(char out[65], const X509 *cert);

/**
 * The bytes of a string in a certificate; whatever they are, NUL too.
 *
 * @param s  borrowed
 * @return   borrowed from s
 */
struct slice cert_bytes(const ASN1_STRING *s);

#endif
