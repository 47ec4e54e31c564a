/**
 * @file request.h
 * Keys, and requests for the certificates of a plan (PKCS#10, RFC 2986).
 *
 * Pure: what is made is handed back, nothing is written.
 */
#ifndef CERT_REQUEST_H
#define CERT_REQUEST_H

#include "cert/plan.h"

#include <openssl/x509.h>

/** Bits of an RSA key that may be asked for. */
#define CERT_RSA_MIN 2048
#define CERT_RSA_MAX 4096

/**
 * Make a key.
 *
 * @param out       owned by the caller
 * @param rsa_bits  0: ECDSA P-256; else an RSA key of so many bits
 * @return          0; EINVAL when the bits are none that may be asked for;
 *                  ENOMEM
 */
int cert_key_make(EVP_PKEY **out, unsigned rsa_bits);

/**
 * Make the request for a plan: its common name, its names in their order, what
 * the key may be used for.
 *
 * @param out   owned by the caller, signed with the key
 * @param plan  borrowed for this call
 * @param key   borrowed for this call
 * @param why   WHY_MAX bytes, filled on failure
 * @return      0; EINVAL when a name cannot be asked for; ENOMEM
 */
int cert_request_make(X509_REQ **out, const struct cert_plan *plan,
		      EVP_PKEY *key, char *why);

#endif
