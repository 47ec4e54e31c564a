/*
 * lint_plan.c - the names of a certificate against those that the settings ask
 * for: who is hurt by each that is missing.
 */
#include "lint_room.h"

#include <string.h>

void lint_cn_fqdn(struct lint *l)
{
	const struct cert_plan *plan = l->s->plan;
	char cn[LINT_NAME_MAX];

	if (slice_ieq(lint_cn(l), slice_of(plan->common_name)))
		return;
	if (l->cn)
		lint_is(l, "CN=%s", lint_quote(cn, lint_cn(l)));
	else
		lint_is(l, "no common name");
	lint_should(l, "CN=%s, exactly the host name that clients look up",
		    plan->common_name);
	lint_mend(l,
		  "request it anew: `edgectl cert csr --profile %s`; or "
		  "correct the name in the settings",
		  cert_profile_word(plan->profile));
	lint_tell(l, CERT_ERROR);
}

/* Its own name, or for a web name a wildcard that covers it. */
static bool is_there(const struct lint *l, const struct cert_plan_name *p)
{
	struct slice name = slice_of(p->name), dns;
	size_t dot = slice_index(name, '.');

	if (lint_find(l, name) != LINT_NOWHERE)
		return true;
	for (int i = 0; p->web && i < lint_sans(l); i++) {
		if (lint_dns(l, i, &dns) && dns.n == name.n - dot + 1 &&
		    dns.n > 2 && dns.p[0] == '*' &&
		    slice_ieq((struct slice){dns.p + 1, dns.n - 1},
			      (struct slice){name.p + dot, name.n - dot}))
			return true;
	}
	return false;
}

/* RFC 5922 §7.1: with neither DNS nor URI the CN speaks. */
static bool cn_speaks(const struct lint *l, const struct cert_plan_name *p)
{
	return l->s->plan->cn_only_ok && !lint_named(l) &&
	       slice_ieq(lint_cn(l), slice_of(p->name));
}

void lint_name_missing(struct lint *l)
{
	const struct cert_plan *plan = l->s->plan;

	for (size_t i = 0; i < plan->n; i++) {
		const struct cert_plan_name *p = &plan->name[i];

		if (p->optional || is_there(l, p) || cn_speaks(l, p))
			continue;
		lint_is(l, "no DNS:%s", p->name);
		lint_should(l, "%s needs it; without it: %s", p->who,
			    p->breaks);
		lint_mend(l,
			  "request it anew with all names of `edgectl cert "
			  "plan`%s",
			  p->web ? "; a wildcard would do for this one" : "");
		lint_tell(l, CERT_ERROR);
	}
}

void lint_name_superfluous(struct lint *l)
{
	char text[LINT_NAME_MAX];
	struct slice dns;

	for (int i = 0; i < lint_sans(l); i++) {
		if (!lint_dns(l, i, &dns) || lint_is_wildcard(dns) ||
		    !lint_is_host(dns))
			continue;
		if (dns.p[dns.n - 1] == '.')
			dns.n--;
		if (cert_plan_wants(l->s->plan, dns))
			continue;
		lint_is(l, "DNS:%s", lint_quote(text, dns));
		lint_should(l,
			    "only what the plan asks for: whoever holds this "
			    "key can pretend to be that host");
		lint_mend(l, "leave it out of the next request, or say in the "
			     "settings what it is for");
		lint_tell(l, CERT_NOTE);
	}
}

/* The first has a rule of its own. */
void lint_san_order(struct lint *l)
{
	const struct cert_plan *plan = l->s->plan;
	int last = LINT_NOWHERE, at;

	for (size_t i = 1; i < plan->n; i++) {
		at = lint_find(l, slice_of(plan->name[i].name));
		if (at == LINT_NOWHERE)
			continue;
		if (at > last) {
			last = at;
			continue;
		}
		lint_is(l,
			"DNS:%s stands before names that the plan has "
			"ahead of it",
			plan->name[i].name);
		lint_should(l, "the order of `edgectl cert plan`");
		lint_mend(l, "nothing must be done; keep the order in the next "
			     "request: it makes certificates easy to compare");
		lint_tell(l, CERT_NOTE);
		return;
	}
}
