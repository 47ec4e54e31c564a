/*
 * routing.c: where a request outside of dialogs goes, once its sender is known.
 */
#include "rules.h"

/* Out of the edge lead flows and devices, and no other way. */
static struct verdict from_near(const struct facts *f)
{
	if (f->ruri_ours)
		return verdict_refuse(404, "no-such-flow");
	return verdict_refuse(404, "no-way-out");
}

struct verdict routing_target(const struct settings *s, const struct facts *f)
{
	(void)s;
	if (f->ruri_self && !f->ruri.user.n) {
		if (f->method == METHOD_OPTIONS)
			return verdict_forward(TO_SELF, "options");
		return verdict_refuse(405, "not-for-the-edge");
	}
	if (is_near(f))
		return from_near(f);
	if (!f->ruri_ours || f->ruri.maddr || f->ruri.has_password ||
	    f->ruri.has_headers)
		return verdict_refuse(403, "not-our-domain");
	return verdict_forward(TO_HOME, "home");
}
