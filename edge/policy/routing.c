/*
 * routing.c: where a request outside of dialogs goes, once its sender is known.
 */
#include "rules.h"

#include "policy/federation.h"

/* What names no domain of somebody else: an address, a host of ours. */
static bool names_no_domain(const struct settings *s, const struct facts *f)
{
	return f->ruri.literal || f->ruri_self || f->ruri.bad_port ||
	       settings_inside_host(s, f->ruri.host);
}

/* Out of the edge lead flows, devices and partners, and no other way. */
static struct verdict from_near(const struct settings *s, const struct facts *f)
{
	const struct partner_settings *partner;
	enum way_out way;

	if (f->ruri_ours)
		return verdict_refuse(404, "no-such-flow");
	way = names_no_domain(s, f) ? WAY_NONE
				    : federation_way(&partner, s, f->ruri.host);
	if (way == WAY_NONE)
		return verdict_refuse(404, "no-way-out");
	if (way == WAY_BLOCKED)
		return verdict_refuse(403, "domain-blocked");
	/* RFC 3261 §12.2.2: we route every dialog, and this is none of them. */
	if (f->to_tag.n)
		return verdict_refuse(481, "no-such-dialog");
	/* The domain says where it goes, and nothing else. */
	if (f->ruri.maddr)
		return verdict_refuse(403, "way-by-maddr");
	return verdict_forward(TO_PARTNER, "partner-way");
}

/* Another domain than ours, from the far side: users call partners, by way of
 * their home, which sends it back to us. */
static struct verdict from_far_abroad(const struct settings *s,
				      const struct facts *f)
{
	const struct partner_settings *partner;

	if (f->origin.peer != PEER_USER || !is_registered_here(f) ||
	    names_no_domain(s, f) || f->ruri_ours || f->ruri.maddr ||
	    f->ruri.has_password || f->ruri.has_headers)
		return verdict_refuse(403, "not-our-domain");
	switch (federation_way(&partner, s, f->ruri.host)) {
	case WAY_NONE:
		return verdict_refuse(403, "not-our-domain");
	case WAY_BLOCKED:
		return verdict_refuse(403, "domain-blocked");
	case WAY_SERVICE:
	case WAY_PROXY:
	case WAY_ROUTE:
		break;
	}
	return verdict_forward(TO_HOME, "user-abroad");
}

struct verdict routing_target(const struct settings *s, const struct facts *f)
{
	if (f->ruri_self && !f->ruri.user.n) {
		if (f->method == METHOD_OPTIONS)
			return verdict_forward(TO_SELF, "options");
		return verdict_refuse(405, "not-for-the-edge");
	}
	if (is_near(f))
		return from_near(s, f);
	if (!is_plainly_ours(f))
		return from_far_abroad(s, f);
	if (f->origin.peer == PEER_PARTNER)
		return verdict_forward(TO_HOME, "partner");
	return verdict_forward(TO_HOME, "home");
}
