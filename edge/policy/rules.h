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

/* device.c: what an enrolled device may do */
struct verdict device_method(const struct settings *s, const struct facts *f);

/* dialog.c: what a Route may say */
struct verdict dialog_route(const struct settings *s, const struct facts *f);

/* federation.c: what a partner may never ask, whoever it is */
struct verdict federation_request(const struct settings *s,
				  const struct facts *f);

/* dialog.c: who may go on with a dialog, and whom it may name in it */
struct verdict dialog_token(const struct settings *s, const struct facts *f);
struct verdict dialog_target(const struct settings *s, const struct facts *f);
struct verdict dialog_astray(const struct settings *s, const struct facts *f);

/* federation.c: may it speak for the domain that it names? */
struct verdict federation_sender(const struct settings *s,
				 const struct facts *f);

/* dialog.c: the way of a request that passed */
struct verdict dialog_next(const struct settings *s, const struct facts *f);

/* device.c */
struct verdict device_identity(const struct settings *s, const struct facts *f);
struct verdict device_digest(const struct settings *s, const struct facts *f);
struct verdict device_target(const struct settings *s, const struct facts *f);

/* registration.c: REGISTER, and what it opens the door for */
struct verdict registration_request(const struct settings *s,
				    const struct facts *f);
struct verdict registration_contact(const struct settings *s,
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

/* Is the Request-URI in a domain of ours, and no more than it seems? */
static inline bool is_plainly_ours(const struct facts *f)
{
	return f->ruri_ours && !f->ruri.maddr && !f->ruri.has_password &&
	       !f->ruri.has_headers && !f->ruri.bad_port;
}

/* Is its From an address registered on this very flow? */
static inline bool is_registered_here(const struct facts *f)
{
	for (size_t i = 0; i < f->origin.whos; i++)
		if (f->origin.who[i] == f->from_who)
			return true;
	return false;
}

/* RFC 3261 §17.1.1.2: an ACK is never answered. */
static inline struct verdict rules_refuse(const struct facts *f,
					  uint16_t status, const char *rule)
{
	return f->method == METHOD_ACK ? verdict_drop(rule)
				       : verdict_refuse(status, rule);
}

#endif
