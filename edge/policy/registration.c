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
	if (!is_plainly_ours(f))
		return verdict_refuse(403, "not-our-domain");
	/* RFC 3261 §10.2: "The userinfo and '@' components of the SIP URI
	 * MUST NOT be present." */
	if (f->ruri.user.p)
		return verdict_refuse(400, "register-uri-has-user");
	if (!f->to_ours || !f->to_who)
		return verdict_refuse(403, "not-our-domain");
	return (struct verdict){.kind = VERDICT_PASS};
}

static bool is_loopback(const union addr *a)
{
	return a->sa.sa_family == AF_INET
		       ? ntohl(a->in4.sin_addr.s_addr) >> 24 == 127
		       : IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr);
}

/* A client on the edge's own machine, as in a laboratory, may go by any of the
 * loopback addresses. */
static bool is_same_machine(const union addr *a, const union addr *b)
{
	return addr_same_host(a, b) || (is_loopback(a) && is_loopback(b));
}

/* Would a server that goes by it alone be led inside? One's own address is no
 * lie, wherever it lies. */
static bool points_inside(const struct settings *s, const struct facts *f,
			  struct slice contact)
{
	struct uri_facts uri;
	union addr own;

	if (facts_uri(&uri, contact) || !settings_inside_server(s, uri.host))
		return false;
	return !uri.literal || !f->origin.source ||
	       addr_parse(&own, uri.host, 0) ||
	       !is_same_machine(&own, f->origin.source);
}

struct verdict registration_contact(const struct settings *s,
				    const struct facts *f)
{
	if (f->method != METHOD_REGISTER)
		return (struct verdict){.kind = VERDICT_PASS};
	for (unsigned i = 0; i < f->contacts; i++)
		if (points_inside(s, f, f->contact[i].uri.raw))
			return verdict_refuse(400, "contact-inside");
	return verdict_forward(TO_HOME, "register");
}

struct verdict registration_identity(const struct settings *s,
				     const struct facts *f)
{
	/* Devices and partners were judged by rules of their own. */
	if (is_near(f) || f->origin.peer == PEER_DEVICE ||
	    f->origin.peer == PEER_PARTNER)
		return (struct verdict){.kind = VERDICT_PASS};
	if (s->users_require_registration && !is_registered_here(f))
		return verdict_refuse(403, "from-not-registered");
	if (!f->from_ours)
		return verdict_refuse(403, "from-not-ours");
	return (struct verdict){.kind = VERDICT_PASS};
}
