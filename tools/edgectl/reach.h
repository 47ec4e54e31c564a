/*
 * reach.h: to a port by TCP and through a TLS handshake, each within a time.
 */
#ifndef EDGECTL_REACH_H
#define EDGECTL_REACH_H

#include "base/addr.h"

#include <openssl/ssl.h>

/* Wait until it can be read, or written; false: too late. */
bool reach_wait(int fd, bool to_write, uint64_t until_ms);

/* Connect by TCP, from an address or (NULL) any. 0 with *out a descriptor that
 * does not block, owned by the caller; or an errno with *out -1. */
int reach_connect(int *out, const struct sockaddr *to, socklen_t to_len,
		  const union addr *from, uint64_t until_ms);

/* The client's part of the handshake. 0; ETIMEDOUT; or EPROTO, with what is
 * known of it in OpenSSL's queue. */
int reach_shake(SSL *ssl, int fd, uint64_t until_ms);

#endif
