/*
 * rules.h: the rules of this room, one prototype a rule, in the order in which
 * policy.c asks them. Each returns VERDICT_PASS when it has no objection.
 */
#ifndef POLICY_RULES_H
#define POLICY_RULES_H

#include "policy/policy.h"

/* admission.c: who may speak at all */
struct verdict admission_loop(const struct settings *s, const struct facts *f);
struct verdict admission_server(const struct settings *s,
				const struct facts *f);
struct verdict admission_stranger(const struct settings *s,
				  const struct facts *f);

/* dialog.c: what a Route may say */
struct verdict dialog_route(const struct settings *s, const struct facts *f);
struct verdict dialog_token(const struct settings *s, const struct facts *f);
struct verdict dialog_astray(const struct settings *s, const struct facts *f);

/* device.c: what an enrolled device may do */
struct verdict device_method(const struct settings *s, const struct facts *f);
struct verdict device_identity(const struct settings *s, const struct facts *f);
struct verdict device_target(const struct settings *s, const struct facts *f);

/* registration.c: REGISTER, and what it opens the door for */
struct verdict registration_request(const struct settings *s,
				    const struct facts *f);
struct verdict registration_identity(const struct settings *s,
				     const struct facts *f);

/* routing.c: where the rest goes */
struct verdict routing_target(const struct settings *s, const struct facts *f);

/* Is the sender one of our own servers? */
static inline bool is_near(const struct facts *f)
{
	return f->origin.peer == PEER_SERVER;
}

#endif
