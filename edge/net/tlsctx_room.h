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
