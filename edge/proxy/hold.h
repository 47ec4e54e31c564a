/*
 * hold.h: requests of partners that wait for DNS to say who serves their From
 * domain.
 *
 * The bytes are kept, nothing else: when the answer is there the message comes
 * in once more. One question a domain at a time; what waits is bounded by
 * connection, by domain and by limits.held_bytes.
 */
#ifndef PROXY_HOLD_H
#define PROXY_HOLD_H

#include "room.h"

/* Who serves the From domain of the request in hand? 0: out is filled;
 * EINPROGRESS: it is kept, and comes again by intake_again(); ENOBUFS: too much
 * waits; ENOMEM; another errno of resolve_edges(). */
int hold_request(struct job *j, struct resolve_service *out);

/* The same, but only what is known now: false when it is not. */
bool hold_known(struct proxy *p, struct slice domain,
		struct resolve_service *out);

/* A CANCEL is in hand. True when it belonged to a request that waits, which is
 * ended by it. */
bool hold_cancel(struct job *j);

/* What a connection that is gone had waiting goes with it. */
void hold_closed(struct proxy *p, const struct flow *f);

/* The timer's queue; the end of all that waits. */
void hold_start(struct proxy *p);
void hold_stop(struct proxy *p);

#endif
