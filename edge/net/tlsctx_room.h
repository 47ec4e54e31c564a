/**
 * @file tlsctx_room.h
 * What the room itself asks of the TLS contexts, beyond a handshake.
 */
#ifndef NET_TLSCTX_ROOM_H
#define NET_TLSCTX_ROOM_H

#include "net/tlsctx.h"
#include "vouch.h"

/**
 * Who vouches for partners.
 *
 * @param t  contexts
 * @return   borrowed
 */
const struct vouch *tlsctx_vouch(const struct tlsctx *t);

/**
 * Would a new handshake show this certificate of ours?
 *
 * @param t     contexts
 * @param door  which
 * @param name  that the client asks for; absent: none
 * @param cert  certificate
 * @return      true when it would, or might: one may have a key of each kind
 */
bool tlsctx_shows(const struct tlsctx *t, enum tls_door door, struct slice name,
		  const X509 *cert);

/**
 * What is known of revocation.
 *
 * @param t  contexts
 * @return   borrowed; NULL: nothing is looked into
 */
struct crl_board *tlsctx_board(const struct tlsctx *t);

/**
 * The authorities of a leg.
 *
 * @param t    contexts
 * @param leg  leg
 * @return     borrowed
 */
X509_STORE *tlsctx_trust(const struct tlsctx *t, enum leg leg);

/**
 * Have a partner's pins or own authorities judge the server, in place of the
 * leg's. Without either nothing changes.
 *
 * @param t        contexts
 * @param ssl      session of TLS_TO_OUTSIDE, before its handshake
 * @param partner  of the snapshot that t was made of
 */
void tlsctx_judged_by(const struct tlsctx *t, SSL *ssl,
		      const struct partner_settings *partner);

#endif
