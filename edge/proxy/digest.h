/*
 * digest.h: devices that have to prove more than their address.
 */
#ifndef PROXY_DIGEST_H
#define PROXY_DIGEST_H

#include "room.h"

/* What becomes of a verdict on a device's request: a question for its digest is
 * written out (407, in p->top until something else is written there); who
 * answered wrongly too often is refused for a while. */
struct verdict digest_settle(struct job *j, struct verdict v);

#endif
