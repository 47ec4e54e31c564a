/**
 * @file tlsctx.h
 * The TLS contexts of one settings snapshot: what each door shows and demands.
 *
 * Shared by all workers, immutable, counted; a connection keeps the context it
 * was made with. TLS 1.2 and 1.3, AEAD only, no renegotiation, no session
 * cache, tickets bound to the door that issued them.
 */
#ifndef NET_TLSCTX_H
#define NET_TLSCTX_H

#include "settings/settings.h"

#include <openssl/types.h>

struct crl_board;
struct tlsctx;

/** Which handshake. */
enum tls_door {
	TLS_OUTSIDE,	/* accept: a client certificate is asked for */
	TLS_USERS,	/* accept: none is asked for */
	TLS_INSIDE,	/* accept: one from the internal CA is required */
	TLS_TO_OUTSIDE, /* connect */
	TLS_TO_INSIDE,	/* connect */
	TLS_DOORS
};

/**
 * Read the certificates of a snapshot.
 *
 * @param out    one reference held by the caller
 * @param s      snapshot; not kept
 * @param board  revocation lists and OCSP answers that handshakes look at; must
 *               outlive every connection; NULL: none, nothing is revoked
 * @param why    WHY_MAX bytes: file, what is wrong with it, what to do
 * @return       0, EINVAL told in why, or ENOMEM
 */
int tlsctx_create(const struct tlsctx **out, const struct settings *s,
		  struct crl_board *board, char *why);

/**
 * Hold a little longer.
 *
 * @param t  contexts
 * @return   t
 */
const struct tlsctx *tlsctx_ref(const struct tlsctx *t);

/**
 * Let go; the last reference frees.
 *
 * @param t  set to NULL; NULL inside is fine
 */
void tlsctx_unref(const struct tlsctx **t);

/**
 * Begin a handshake.
 *
 * @param t     contexts
 * @param door  which
 * @param name  TLS_TO_*: name asked for, sent as SNI unless an IP literal;
 *              absent otherwise
 * @return      owned by the caller (SSL_free), NULL when out of memory
 */
SSL *tlsctx_session(const struct tlsctx *t, enum tls_door door,
		    struct slice name);

/**
 * A certificate of ours.
 *
 * @param cert  borrowed for this call
 * @param arg   as given
 */
typedef void tlsctx_shown_fn(X509 *cert, void *arg);

/**
 * All certificates that the doors show, each once.
 *
 * @param t    contexts
 * @param fn   called for each of them
 * @param arg  passed to fn
 */
void tlsctx_each_shown(const struct tlsctx *t, tlsctx_shown_fn *fn, void *arg);

#endif
