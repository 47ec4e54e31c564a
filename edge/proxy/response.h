/*
 * response.h: answers take the short way back (RFC 3261 §16.7).
 */
#ifndef PROXY_RESPONSE_H
#define PROXY_RESPONSE_H

#include "txn.h"

/* Take the response in hand, which came by a connection of this worker or was
 * handed over by another. */
void response_arrive(struct job *j, conn_id by);

#endif
