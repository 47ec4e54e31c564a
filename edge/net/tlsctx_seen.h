/**
 * @file tlsctx_seen.h
 * What a certificate that nobody believes looked like, for the log.
 */
#ifndef NET_TLSCTX_SEEN_H
#define NET_TLSCTX_SEEN_H

#include <openssl/types.h>

/** The certificate of a connection that is not believed. */
struct refused_cert {
	int depth;
	const char *reason;   /* constant */
	char fingerprint[65]; /* of the peer's own certificate */
	char subject[160];
};

/**
 * Describe a certificate.
 *
 * @param out     filled
 * @param leaf    the peer's own certificate
 * @param reason  why it is not believed; constant text
 * @param depth   which one of the chain is meant; 0 the leaf
 */
void refused_cert_fill(struct refused_cert *out, const X509 *leaf,
		       const char *reason, int depth);

/**
 * Remember why the peer's certificate is not believed.
 *
 * @param ssl  connection
 * @param r    copied; takes the place of an earlier one
 */
void tlsctx_refuse(SSL *ssl, const struct refused_cert *r);

/**
 * Why is the peer's certificate not believed?
 *
 * @param ssl  connection
 * @return     borrowed until SSL_free(), NULL when nothing was refused
 */
const struct refused_cert *tlsctx_refused(const SSL *ssl);

#endif
