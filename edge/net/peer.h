/**
 * @file peer.h
 * The names that a finished handshake proved.
 */
#ifndef NET_PEER_H
#define NET_PEER_H

#include "cert/names.h"

#include <openssl/types.h>

/**
 * Read the names of a connection's verified peer certificate.
 *
 * @param out  owned by the caller; NULL when the peer showed none, or one
 *             that did not verify
 * @param ssl  finished handshake
 * @param why  WHY_MAX bytes: which rule failed, for the log; "" when fine
 * @return     0; EACCES when a certificate was shown and not believed; ENOMEM
 */
int peer_names_read(struct cert_names **out, SSL *ssl, char *why);

#endif
