/*
 * request.h: do it: a request that policy lets through is written as it leaves
 * and put on its way (RFC 3261 §16.6).
 */
#ifndef PROXY_REQUEST_H
#define PROXY_REQUEST_H

#include "txn.h"

/* Forward the request in hand as decided. */
void request_forward(struct job *j, const struct verdict *v);

/* Write it as it leaves; t->sent owns the bytes. device: the one it goes to, or
 * NULL. 0, ENOMEM, or EBADMSG when its route set is more than a token seals. */
int request_write(struct txn *t, struct job *j,
		  const struct device_settings *device);

/* A new branch for a new attempt: each client transaction has its own. */
void request_rebranch(struct txn *t);

/* Put another Request-URI in front (RFC 3261 §16.5: a redirect's Contact).
 * 0 or ENOMEM. */
int request_retarget(struct txn *t, struct slice uri);

/* The flow it was meant for is gone: follow the party to its newest one, or to
 * a device's contact, or answer 430 (RFC 5626 §5.3). */
void request_flow_gone(struct txn *t, conn_id id, bool may_follow);

#endif
