/*
 * flow.h: what the proxy keeps of a connection: who is at the other end, which
 * addresses of record were proved on it, which transactions depend on it.
 */
#ifndef PROXY_FLOW_H
#define PROXY_FLOW_H

#include "room.h"

/* How the far side of a flow is reached; goes into tokens as `door`. */
enum far_door {
	FAR_NONE,
	FAR_TLS,     /* outside leg, tls.port */
	FAR_USERS,   /* outside leg, users_port */
	FAR_DEVICE4, /* device port, IPv4 */
	FAR_DEVICE6, /* device port, IPv6 */
	FAR_PARTNER, /* outside leg, tls.port */
};
#define FAR_DOOR  7 /* bits of a token's door that say one of these */
#define FAR_HIDES 8 /* far knows the Call-ID in its hidden form (veil.h) */

/* Make one for a connection that opened, or is about to be opened. */
int flow_create(struct flow **out, struct proxy *p, struct conn *c);

/* Unbind everything; no transaction may depend on it any more. */
void flow_destroy(struct flow **f, struct proxy *p);

/* Who is at the other end, by what is set now. */
void flow_origin(struct flow *f, struct proxy *p, struct origin *out);

/* Door of the far side. */
enum far_door flow_door(const struct flow *f);

/* Policy let a partner's request through: it is nobody to be counted any more
 * who might be anybody. */
void flow_prove(struct flow *f);

/* The name that a device has in tokens. */
uint64_t flow_device_who(struct proxy *p, const struct device_settings *d);

/* An address of record was proved on it, as the grant says. 0 or ENOMEM. */
int flow_bind(struct flow *f, struct proxy *p, uint64_t who,
	      struct grant grant);

/* It left with this Contact, or with any (0); a Contact that is bound to some
 * other flow leaves this one alone. The last one leaving makes the flow
 * unproven again. */
void flow_unbind(struct flow *f, struct proxy *p, uint64_t who,
		 uint64_t contact);

/* Is it proved on it? */
bool flow_has(const struct flow *f, uint64_t who);

/* Its certificate was judged anew: is it who it was? Who was believed and is
 * no longer gets nothing new, and is closed when nothing is under way. */
void flow_judged(struct flow *f, struct proxy *p);

/* Close it when it is idle, else look again; a deadline_fn. */
void flow_leave(struct deadline *d, uint64_t now_ms, void *arg);

/* Drop what expired; a deadline_fn. */
void flow_sweep(struct deadline *d, uint64_t now_ms, void *arg);

/* Queue bytes on its connection; closes it when its queue is full. */
void flow_send(struct flow *f, struct slice bytes);

#endif
