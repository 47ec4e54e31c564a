/*
 * ferry.h: the two crossings between workers: a request for a flow that lives
 * elsewhere, and an answer whose transaction does.
 *
 * Bytes travel, never objects. The transaction stays where its request came.
 */
#ifndef PROXY_FERRY_H
#define PROXY_FERRY_H

#include "txn.h"

/* Send t's request down a flow of another worker; t is told when that fails. */
void ferry_request(struct txn *t, conn_id id, bool may_follow);

/* Send more on the flow that t's request went down (CANCEL, ACK). */
void ferry_bytes(struct txn *t, struct slice bytes);

/* Hand an answer that came by a connection of ours to its worker. */
void ferry_response(struct proxy *p, unsigned worker, conn_id by,
		    struct slice bytes);

/* A flow ended that other workers had sent requests down. */
void ferry_closed(struct proxy *p, const struct flow *f, enum conn_end why);

#endif
