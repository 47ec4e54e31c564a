/*
 * admission.c: who may speak to the edge at all.
 */
#include "rules.h"

struct verdict admission_loop(const struct settings *s, const struct facts *f)
{
	(void)s;
	/* RFC 5393 §4.2: the same request came around. */
	if (f->loop)
		return verdict_refuse(482, "loop");
	return (struct verdict){.kind = VERDICT_PASS};
}

struct verdict admission_server(const struct settings *s, const struct facts *f)
{
	(void)s;
	if (f->origin.leg != LEG_INSIDE || f->origin.peer != PEER_STRANGER)
		return (struct verdict){.kind = VERDICT_PASS};
	return verdict_refuse(403, "not-a-trusted-server");
}

struct verdict admission_stranger(const struct settings *s,
				  const struct facts *f)
{
	if (f->origin.peer != PEER_STRANGER)
		return (struct verdict){.kind = VERDICT_PASS};
	if (!s->users_enabled)
		return verdict_refuse(403, "users-off");
	if (f->method == METHOD_REGISTER || !s->users_require_registration)
		return (struct verdict){.kind = VERDICT_PASS};
	return rules_refuse(f, 403, "stranger");
}
