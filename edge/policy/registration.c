/*
 * registration.c: REGISTER crosses for our domains only, and what a user sends
 * afterwards must come from an address registered on the same flow.
 */
#include "rules.h"

struct verdict registration_request(const struct settings *s,
				    const struct facts *f)
{
	(void)s;
	if (f->method != METHOD_REGISTER)
		return (struct verdict){.kind = VERDICT_PASS};
	if (is_near(f))
		return verdict_refuse(403, "register-from-inside");
	if (!f->ruri_ours || f->ruri.maddr)
		return verdict_refuse(403, "not-our-domain");
	/* RFC 3261 §10.2: "The userinfo and '@' components of the SIP URI
	 * MUST NOT be present." */
	if (f->ruri.user.p)
		return verdict_refuse(400, "register-uri-has-user");
	if (!f->to_ours || !f->to_who)
		return verdict_refuse(403, "not-our-domain");
	return verdict_forward(TO_HOME, "register");
}

static bool registered_here(const struct facts *f)
{
	for (size_t i = 0; i < f->origin.whos; i++)
		if (f->origin.who[i] == f->from_who)
			return true;
	return false;
}

struct verdict registration_identity(const struct settings *s,
				     const struct facts *f)
{
	if (is_near(f) || f->origin.peer == PEER_DEVICE)
		return (struct verdict){.kind = VERDICT_PASS};
	if (s->users_require_registration && !registered_here(f))
		return verdict_refuse(403, "from-not-registered");
	if (!f->from_ours)
		return verdict_refuse(403, "from-not-ours");
	return (struct verdict){.kind = VERDICT_PASS};
}
