/*
 * policy.c: the coordinator: asks each rule once, in order.
 */
#include "policy/policy.h"

#include "rules.h"

typedef struct verdict rule_fn(const struct settings *s, const struct facts *f);

#define RULE(fn)                                                               \
	{                                                                      \
#fn, fn                                                        \
	}

/* Who, then by what Route, then what for. What needs DNS comes behind all
 * that can be refused without. */
static const struct {
	const char *name;
	rule_fn *fn;
} rules[] = {
	RULE(admission_loop),	    RULE(admission_server),
	RULE(admission_stranger),   RULE(device_method),
	RULE(dialog_route),	    RULE(federation_request),
	RULE(dialog_token),	    RULE(dialog_target),
	RULE(dialog_astray),	    RULE(federation_sender),
	RULE(dialog_next),	    RULE(device_identity),
	RULE(device_digest),	    RULE(registration_request),
	RULE(registration_contact), RULE(registration_identity),
	RULE(device_target),	    RULE(routing_target),
};

struct verdict policy_walk(const struct settings *s, const struct facts *f,
			   policy_step_fn *step, void *arg)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
		struct verdict v = rules[i].fn(s, f);

		if (step)
			step(rules[i].name, &v, arg);
		if (v.kind != VERDICT_PASS)
			return v;
	}
	return verdict_refuse(403, "no-rule-admits");
}

struct verdict policy_decide(const struct settings *s, const struct facts *f)
{
	return policy_walk(s, f, NULL, NULL);
}
