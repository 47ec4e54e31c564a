/**
 * @file tlsctx_seen.h
 * What a certificate that failed to verify looked like, for the log.
 */
#ifndef NET_TLSCTX_SEEN_H
#define NET_TLSCTX_SEEN_H

#include <openssl/types.h>

/** The first certificate of a connection that did not verify. */
struct refused_cert {
	int depth;
	const char *reason;   /* OpenSSL's words, constant */
	char fingerprint[65]; /* of the peer's own certificate */
	char subject[160];
};

/**
 * Why did the peer's certificate not verify?
 *
 * @param ssl  connection
 * @return     borrowed until SSL_free(), NULL when nothing was refused
 */
const struct refused_cert *tlsctx_refused(const SSL *ssl);

#endif
