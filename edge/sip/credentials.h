/*
 * credentials.h - reads the answer to a digest challenge.
 */
#ifndef EDGE_SIP_CREDENTIALS_H
#define EDGE_SIP_CREDENTIALS_H

#include "token/digest.h"

/*
 * Read the value of a Proxy-Authorization (RFC 3261 §25.1, RFC 7616 §3.4).
 *
 * Returns 0; ENOENT for another scheme or algorithm; EBADMSG when it cannot be
 * read, says a thing twice, or lacks what is needed.
 */
int credentials_read(struct digest_claim *out, struct slice value);

#endif
