/**
 * @file peer_print.h
 * The fingerprint of a certificate, for names and for the log.
 */
#ifndef NET_PEER_PRINT_H
#define NET_PEER_PRINT_H

#include <openssl/types.h>

/**
 * SHA-256 of a certificate.
 *
 * @param out   65 bytes: lower-case hex and NUL; "" when out of memory
 * @param cert  certificate, borrowed
 */
void peer_fingerprint(char out[65], const X509 *cert);

#endif
