/*
 * intake.h: bytes to messages to decisions: each room is entered once.
 */
#ifndef PROXY_INTAKE_H
#define PROXY_INTAKE_H

#include "flow.h"

/* Take all whole messages from the front of a connection's bytes; how many
 * bytes that were. */
size_t intake_bytes(struct proxy *p, struct flow *f, struct slice in);

/* A request that waited for DNS to say who serves its From domain, or why that
 * is not known. */
void intake_again(struct proxy *p, struct flow *f, struct slice bytes, int err,
		  const struct resolve_service *s);

/* A response that another worker handed over; it came by that connection. */
void intake_response(struct proxy *p, conn_id by, struct slice bytes);

#endif
