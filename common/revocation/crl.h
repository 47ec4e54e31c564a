/**
 * @file crl.h
 * One revocation list (RFC 5280 §5), read, judged and boiled down to what a
 * look-up needs: sorted serial numbers. Immutable, counted.
 */
#ifndef REVOCATION_CRL_H
#define REVOCATION_CRL_H

#include "base/slice.h"
#include "fault.h"

#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdint.h>

/** Octets of a serial or CRL number that are kept (RFC 5280 §4.1.2.2). */
#define CRL_SERIAL_MAX 20

/** A whole number; longer ones keep their end. No padding: memcmp orders. */
struct crl_serial {
	uint8_t n; /* octets, and 0x80 when negative */
	uint8_t b[CRL_SERIAL_MAX];
};

/** One list. A file may hold several: then they are chained. */
struct crl {
	atomic_uint refs; /* of the first of a chain */
	struct crl *next; /* of the same file, owned */
	X509_NAME *issuer;
	EVP_PKEY *signer;
	GENERAL_NAMES *scope; /* certificates that name one of these as their
				 distribution point; NULL: all */
	bool only_users, only_authorities;
	bool numbered;
	struct crl_serial number;
	uint64_t this_s, next_s; /* next_s 0: it does not say */
	uint32_t revoked;
	struct crl_serial *serial; /* sorted */
};

/** What a list says of a certificate. */
enum crl_answer {
	CRL_SILENT, /* it is not for this one */
	CRL_CLEAR,
	CRL_REVOKED,
};

/**
 * Read the lists in some bytes, DER or PEM, and check who signed them.
 *
 * @param out          one reference held by the caller
 * @param bytes        of a file
 * @param authorities  one of these must have signed; borrowed
 * @param fault        filled on EACCES and EINVAL
 * @return             0; EACCES when none of them did; EINVAL when it is no
 *                     list that we can use; ENOMEM
 */
int crl_read(struct crl **out, struct slice bytes,
	     const STACK_OF(X509) * authorities, struct crl_fault *fault);

/**
 * Hold.
 *
 * @param list  NULL is fine
 * @return      list
 */
struct crl *crl_ref(struct crl *list);

/**
 * Let go; the last reference frees.
 *
 * @param list  set to NULL; NULL inside is fine
 */
void crl_unref(struct crl **list);

/**
 * Ask one list (not its chain).
 *
 * @param list    list
 * @param cert    certificate
 * @param issuer  whose key signed it
 * @return        answer
 */
enum crl_answer crl_ask(const struct crl *list, X509 *cert, X509 *issuer);

/**
 * Was a chain of lists issued before another one? By number, where both have
 * one; by thisUpdate else. Lists of other issuers are not compared.
 *
 * @param list  perhaps older
 * @param than  perhaps newer; NULL: no
 * @return      true when some list in it is
 */
bool crl_older(const struct crl *list, const struct crl *than);

/**
 * When does the first list of a chain run out?
 *
 * @param list  list
 * @return      [s since 1970]; UINT64_MAX: never
 */
uint64_t crl_until(const struct crl *list);

/**
 * Seconds since 1970.
 *
 * @param t  time; NULL: 0
 * @return   0 when it is none
 */
uint64_t crl_time(const ASN1_TIME *t);

#endif
