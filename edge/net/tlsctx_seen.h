/**
 * @file tlsctx_seen.h
 * What a certificate that nobody believes looked like, for the log.
 */
#ifndef NET_TLSCTX_SEEN_H
#define NET_TLSCTX_SEEN_H

#include <openssl/types.h>

/** The certificate of a connection that is not believed. */
struct refused_cert {
	int depth;	      /* which one of the chain is meant; 0: the leaf */
	const char *rule;     /* the one that failed; constant word */
	const char *reason;   /* constant text */
	char fingerprint[65]; /* of the peer's own certificate */
	char subject[160];
	char names[256]; /* as written in it: "a.example,sip:b.example"; "-":
			    none; graphic ASCII, "+" at its end: and more */
};

/**
 * Describe a certificate.
 *
 * @param out    filled
 * @param leaf   the peer's own certificate
 * @param code   OpenSSL's number of what is wrong, X509_V_ERR_...
 * @param depth  which one of the chain is meant; 0 the leaf
 */
void refused_cert_fill(struct refused_cert *out, const X509 *leaf, int code,
		       int depth);

/**
 * The same for a rule that is not OpenSSL's.
 *
 * @param out     filled
 * @param leaf    the peer's own certificate
 * @param rule    constant word
 * @param reason  constant text
 */
void refused_cert_by_rule(struct refused_cert *out, const X509 *leaf,
			  const char *rule, const char *reason);

/**
 * Make room on connections for it: by the main thread, before the first.
 */
void tlsctx_seen_init(void);

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
