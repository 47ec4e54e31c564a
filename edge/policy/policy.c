/*
 * policy.c: the coordinator: asks each rule once, in order.
 */
#include "policy/policy.h"

#include "rules.h"

typedef struct verdict rule_fn(const struct settings *s, const struct facts *f);

/* Who, then by what Route, then what for. */
static rule_fn *const rules[] = {
	admission_loop,	       admission_server, admission_stranger,
	device_method,	       dialog_route,	 dialog_token,
	dialog_astray,	       device_identity,	 registration_request,
	registration_identity, device_target,	 routing_target,
};

struct verdict policy_decide(const struct settings *s, const struct facts *f)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct verdict v = rules[i](s, f);

		if (v.kind != VERDICT_PASS)
			return v;
	}
	return verdict_refuse(403, "no-rule-admits");
}
