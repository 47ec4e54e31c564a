/*
 * plan_room.h - how a plan is put together, one name after the other.
 */
#ifndef CERT_PLAN_ROOM_H
#define CERT_PLAN_ROOM_H

#include "cert/plan.h"

/* Why a name is there; plan_names.c has the words. */
enum plan_reason {
	PLAN_ACCESS,
	PLAN_PRIMARY,
	PLAN_FURTHER,
	PLAN_AV,
	PLAN_WEB_CONFERENCING,
	PLAN_XMPP,
	PLAN_INSIDE,
	PLAN_DIRECTOR,
	PLAN_SIGN_IN,
	PLAN_SIGN_IN_HERE,
	PLAN_POOL,
	PLAN_MEMBER,
	PLAN_SERVER,
	PLAN_VIP,
	PLAN_PASSED,
	PLAN_WEB_DIRECTOR,
	PLAN_WEB_POOL,
	PLAN_WEB_INSIDE,
	PLAN_PROXY_DIRECTOR,
	PLAN_PROXY_POOL,
	PLAN_PROXY_WEB,
	PLAN_WILDCARD,
	PLAN_REASONS
};

/* What a name may be. */
enum {
	PLAN_WEB = 1,
	PLAN_OPTIONAL = 2,
};

/* A plan that grows. */
struct draft {
	struct cert_plan *plan;
	bool failed; /* out of memory; what follows changes nothing */
};

/* A name, unless it is NULL. Twice the same: the stricter one is kept, in the
 * place of the first. */
void plan_add(struct draft *d, const char *name, enum plan_reason why,
	      unsigned flags);

/* sip.DOMAIN. */
void plan_add_sip(struct draft *d, const char *domain, enum plan_reason why,
		  unsigned flags);

/* Its first name is the common name, which is never folded into a wildcard. */
void plan_finish(struct draft *d);

#endif
