/**
 * @file certificate.h
 * Reads X.509 certificates: names, prints, purposes.
 */
#ifndef CERT_CERTIFICATE_H
#define CERT_CERTIFICATE_H

#include "base/why.h"
#include "cert/names.h"

#include <openssl/types.h>

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

#endif
