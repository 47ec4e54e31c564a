/*
 * settings_check_federation.c - the list of partners: that no two of its lines
 * say different things.
 */
#include "settings_room.h"

#include <errno.h>

#define OWN_TRUST_MAX 64 /* bits of struct cert_names, vouched */

static const config_setting_t *entry(struct load *l, size_t n)
{
	return settings_place(l, "federation.partners", n);
}

static const config_setting_t *domain_place(struct load *l, size_t partner,
					    size_t n)
{
	return settings_value_place(entry(l, partner), "domain", n);
}

/* Where a name stands in a list of names; NULL: nowhere. */
static const config_setting_t *listed(struct load *l, const char *path,
				      const struct name_list *list,
				      const char *name)
{
	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->v[i], name) == 0)
			return settings_place(l, path, i);
	}
	return NULL;
}

static const config_setting_t *ours(struct load *l, const char *name)
{
	return listed(l, "edge.sip_domains", &l->s->sip_domains, name);
}

static const config_setting_t *blocked(struct load *l, const char *name)
{
	return listed(l, "federation.blocked", &l->s->federation.blocked, name);
}

/* The domain before (partner, n), in the order of the file, that equals it. */
static const config_setting_t *same_before(struct load *l, size_t partner,
					   size_t n)
{
	const struct partner_settings *p = l->s->federation.partner;
	const char *name = p[partner].domains.v[n];

	for (size_t i = 0; i <= partner; i++) {
		size_t end = i == partner ? n : p[i].domains.n;

		for (size_t k = 0; k < end; k++) {
			if (strcmp(p[i].domains.v[k], name) == 0)
				return domain_place(l, i, k);
		}
	}
	return NULL;
}

static int check_domain(struct load *l, size_t partner, size_t n)
{
	const char *name = l->s->federation.partner[partner].domains.v[n];
	const config_setting_t *here = domain_place(l, partner, n);
	const config_setting_t *there = ours(l, name);

	if (there)
		return settings_complain(
			l, here,
			"federation.partners: \"%.100s\" is one of "
			"edge.sip_domains, in line %d; leave it out here or "
			"there",
			name, settings_line(there));
	there = blocked(l, name);
	if (there)
		return settings_complain(
			l, here,
			"federation.partners: \"%.100s\" is in "
			"federation.blocked, in line %d; leave it out here or "
			"there",
			name, settings_line(there));
	there = same_before(l, partner, n);
	if (!there)
		return 0;
	return settings_complain(l, here,
				 "federation.partners: \"%.100s\" is already "
				 "in line %d; write each domain once",
				 name, settings_line(there));
}

static int check_kind(struct load *l, size_t n)
{
	const struct partner_settings *p = &l->s->federation.partner[n];
	const config_setting_t *kind =
		settings_value_place(entry(l, n), "kind", 0);

	if (p->kind == PARTNER_ALLOWED && p->proxy.host)
		return settings_complain(
			l, settings_value_place(entry(l, n), "proxy", 0),
			"federation.partners: proxy, but an allowed partner is "
			"found by DNS; write kind = \"direct\"; or leave "
			"proxy out");
	if (p->kind != PARTNER_ALLOWED && !p->proxy.host)
		return settings_complain(
			l, kind,
			"federation.partners: kind = \"%s\" without proxy; "
			"add proxy = \"sip.%.60s\";",
			p->kind == PARTNER_DIRECT ? "direct" : "provider",
			p->domains.v[0]);
	if (p->kind == PARTNER_PROVIDER || p->domains.n == 1)
		return 0;
	return settings_complain(
		l, domain_place(l, n, 1),
		"federation.partners: only a provider has several domains; "
		"write an entry for \"%.100s\", or kind = \"provider\";",
		p->domains.v[1]);
}

static bool is_ourselves(const struct settings *s, const char *host)
{
	return settings_inside_host(s, slice_of(host)) ||
	       slice_same_host(slice_of(host),
			       slice_of(s->leg[LEG_OUTSIDE].fqdn));
}

/* An edge that we are to connect to; what: which setting names it. */
static int check_edge(struct load *l, const config_setting_t *here,
		      const char *what, const char *host)
{
	const config_setting_t *there = blocked(l, host);
	union addr literal;

	if (there)
		return settings_complain(l, here,
					 "%s: \"%.100s\" is in "
					 "federation.blocked, in line %d; "
					 "leave it out here or there",
					 what, host, settings_line(there));
	if (addr_parse(&literal, slice_of(host), 0) == 0) {
		if (settings_partner_address(l->s, &literal))
			return 0;
		return settings_complain(
			l, here,
			"%s: \"%.100s\" is private, or ours; write an "
			"address of the partner's, or list it in "
			"federation.private_ok",
			what, host);
	}
	if (!is_ourselves(l->s, host))
		return 0;
	return settings_complain(l, here,
				 "%s: \"%.100s\" is ourselves or inside; "
				 "write the name of the partner's edge",
				 what, host);
}

/* One edge proves one domain, or all that it likes; not both. */
static int check_other_kind(struct load *l, size_t n)
{
	const struct partner_settings *p = l->s->federation.partner;
	const config_setting_t *there;

	for (size_t i = 0; i < n; i++) {
		if (!p[i].proxy.host || p[i].kind == p[n].kind ||
		    strcmp(p[i].proxy.host, p[n].proxy.host) != 0)
			continue;
		there = settings_value_place(entry(l, i), "proxy", 0);
		return settings_complain(
			l, settings_value_place(entry(l, n), "proxy", 0),
			"federation.partners: \"%.100s\" is the proxy of a %s "
			"here and of a %s in line %d; write all its domains "
			"into the provider's entry",
			p[n].proxy.host,
			p[n].kind == PARTNER_DIRECT ? "direct partner"
						    : "provider",
			p[i].kind == PARTNER_DIRECT ? "direct partner"
						    : "provider",
			settings_line(there));
	}
	return 0;
}

static int check_trust(struct load *l, size_t n)
{
	const struct partner_settings *p = &l->s->federation.partner[n];
	const config_setting_t *here =
		settings_value_place(entry(l, n), "trust", 0);

	if (!p->trust)
		return 0;
	if (p->pins.n > 0)
		return settings_complain(
			l, here,
			"federation.partners: trust beside pin, in line %d; a "
			"pinned key is good whoever signed it, leave one out",
			settings_line(
				settings_value_place(entry(l, n), "pin", 0)));
	if (n >= OWN_TRUST_MAX)
		return settings_complain(
			l, here,
			"federation.partners: trust in entry %u; only the "
			"first %u can have their own, move this entry up",
			(unsigned)n + 1, OWN_TRUST_MAX);
	return settings_check_file(l, here, "federation.partners.trust",
				   p->trust, false);
}

static int check_partner(struct load *l, size_t n)
{
	struct partner_settings *p = &l->s->federation.partner[n];
	int err = check_kind(l, n);

	p->line = settings_line(entry(l, n));
	for (size_t i = 0; !err && i < p->domains.n; i++)
		err = check_domain(l, n, i);
	if (!err && p->proxy.host)
		err = check_edge(l,
				 settings_value_place(entry(l, n), "proxy", 0),
				 "federation.partners.proxy", p->proxy.host);
	if (!err && p->proxy.host)
		err = check_other_kind(l, n);
	return err ? err : check_trust(l, n);
}

static int check_blocked(struct load *l, size_t n)
{
	const char *name = l->s->federation.blocked.v[n];
	const config_setting_t *there = ours(l, name);

	if (!there)
		return 0;
	return settings_complain(
		l, settings_place(l, "federation.blocked", n),
		"federation.blocked: \"%.100s\" is one of edge.sip_domains, in "
		"line %d; leave it out here or there",
		name, settings_line(there));
}

int settings_check_federation(struct load *l)
{
	const struct federation_settings *fed = &l->s->federation;
	int err = 0;

	for (size_t i = 0; !err && i < fed->blocked.n; i++)
		err = check_blocked(l, i);
	for (size_t i = 0; !err && i < fed->partners; i++)
		err = check_partner(l, i);
	if (!err && fed->route.host)
		err = check_edge(l, settings_place(l, "federation.route", 0),
				 "federation.route", fed->route.host);
	return err;
}
