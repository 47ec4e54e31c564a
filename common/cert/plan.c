/*
 * plan.c - which names each certificate must have: one function a profile.
 *
 * Edge: the access name first, a name in each SIP domain, never a wildcard.
 * Web names alone may be replaced by one (plan_names.c).
 */
#include "cert/plan.h"

#include "base/addr.h"
#include "plan_room.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static bool is_name(const char *host)
{
	union addr literal;

	return addr_parse(&literal, slice_of(host), 0) != 0;
}

static const char *home_at(const struct settings *s, size_t i)
{
	return i < s->home_servers.n
		       ? s->home_servers.v[i].host
		       : s->domain_home[i - s->home_servers.n].home.host;
}

/* A standard server: a home server that no pool lists, said for the first
 * time. */
static bool is_standard(const struct settings *s, size_t i)
{
	const char *host = home_at(s, i);

	if (!is_name(host) || settings_pool(s, slice_of(host)))
		return false;
	while (i-- > 0) {
		if (slice_same_host(slice_of(host), slice_of(home_at(s, i))))
			return false;
	}
	return true;
}

/* The nth of them; NULL: there are fewer, *n of them. */
static const char *standard_at(const struct settings *s, size_t nth, size_t *n)
{
	*n = 0;
	for (size_t i = 0; i < s->home_servers.n + s->domain_homes; i++) {
		if (is_standard(s, i) && (*n)++ == nth)
			return home_at(s, i);
	}
	return NULL;
}

static const char *director_at(const struct settings *s, size_t nth, size_t *n)
{
	const struct host_port *v = s->directors.v;

	*n = 0;
	for (size_t i = 0; i < s->directors.n; i++) {
		bool again = false;

		for (size_t j = 0; j < i && !again; j++)
			again = slice_same_host(slice_of(v[i].host),
						slice_of(v[j].host));
		if (!again && is_name(v[i].host) && (*n)++ == nth)
			return v[i].host;
	}
	return NULL;
}

static size_t one(const struct settings *s)
{
	(void)s;
	return 1;
}

static size_t count_directors(const struct settings *s)
{
	size_t n;

	director_at(s, SIZE_MAX, &n);
	return n;
}

static size_t count_pools(const struct settings *s)
{
	size_t n;

	standard_at(s, SIZE_MAX, &n);
	return s->services.pools + n;
}

/* The nth pool that has members: nothing stands before a server alone. */
static const struct pool_settings *vip_at(const struct settings *s, size_t nth,
					  size_t *n)
{
	*n = 0;
	for (size_t i = 0; i < s->services.pools; i++) {
		if (s->services.pool[i].members.n > 0 && (*n)++ == nth)
			return &s->services.pool[i];
	}
	return NULL;
}

static size_t count_vips(const struct settings *s)
{
	size_t n;

	vip_at(s, SIZE_MAX, &n);
	return n;
}

static size_t count_web(const struct settings *s)
{
	bool any = s->services.director_web || s->services.web_names.n;

	for (size_t i = 0; i < s->services.pools; i++)
		any = any || s->services.pool[i].web;
	return any;
}

/* sip.DOMAIN for each SIP domain. */
static void add_domains(struct draft *d, const struct settings *s,
			enum plan_reason why, unsigned flags)
{
	for (size_t i = 0; i < s->sip_domains.n; i++)
		plan_add_sip(d, s->sip_domains.v[i], why, flags);
}

static void add_list(struct draft *d, const struct name_list *list,
		     enum plan_reason why, unsigned flags)
{
	for (size_t i = 0; i < list->n; i++)
		plan_add(d, list->v[i], why, flags);
}

static void external_edge(struct draft *d, const struct settings *s, size_t nth)
{
	const char *fqdn = s->leg[LEG_OUTSIDE].fqdn;
	const struct services_settings *sv = &s->services;

	(void)nth;
	plan_add(d, fqdn, PLAN_ACCESS, 0);
	for (size_t i = 0; i < s->sip_domains.n; i++) {
		const char *domain = s->sip_domains.v[i];

		/* The access name lies in the primary domain already. */
		if (i == 0 &&
		    slice_host_within(slice_of(fqdn), slice_of(domain)))
			plan_add_sip(d, domain, PLAN_PRIMARY, PLAN_OPTIONAL);
		else
			plan_add_sip(d, domain, PLAN_FURTHER, 0);
	}
	plan_add(d, sv->av, PLAN_AV, 0);
	plan_add(d, sv->web_conferencing, PLAN_WEB_CONFERENCING, 0);
	plan_add(d, sv->xmpp, PLAN_XMPP, 0);
}

static void internal_edge(struct draft *d, const struct settings *s, size_t nth)
{
	(void)nth;
	plan_add(d, s->leg[LEG_INSIDE].fqdn, PLAN_INSIDE, 0);
}

static void director(struct draft *d, const struct settings *s, size_t nth)
{
	size_t n;

	plan_add(d, director_at(s, nth, &n), PLAN_DIRECTOR, 0);
	add_domains(d, s, PLAN_SIGN_IN, 0);
	plan_add(d, s->services.director_web, PLAN_WEB_DIRECTOR, PLAN_WEB);
	add_list(d, &s->services.web_names, PLAN_WEB_INSIDE,
		 PLAN_WEB | PLAN_OPTIONAL);
}

/* Clients come to the directors first; without one they sign in here. */
static void add_sign_in(struct draft *d, const struct settings *s)
{
	if (s->directors.n)
		add_domains(d, s, PLAN_SIGN_IN_HERE, PLAN_OPTIONAL);
	else
		add_domains(d, s, PLAN_SIGN_IN, 0);
}

static void one_pool(struct draft *d, const struct settings *s,
		     const struct pool_settings *pool)
{
	plan_add(d, pool->name, pool->members.n ? PLAN_POOL : PLAN_SERVER, 0);
	add_list(d, &pool->members, PLAN_MEMBER, 0);
	add_sign_in(d, s);
	plan_add(d, pool->web, PLAN_WEB_POOL, PLAN_WEB);
	d->plan->shared_key = pool->members.n > 1;
}

static void pool_or_server(struct draft *d, const struct settings *s,
			   size_t nth)
{
	size_t n, pools = s->services.pools;

	if (nth < pools) {
		one_pool(d, s, &s->services.pool[nth]);
	} else {
		plan_add(d, standard_at(s, nth - pools, &n), PLAN_SERVER, 0);
		add_sign_in(d, s);
	}
	add_list(d, &s->services.web_names, PLAN_WEB_INSIDE,
		 PLAN_WEB | PLAN_OPTIONAL);
}

/* Where TLS is passed through, members show their own: nothing of that is
 * amiss. */
static void pool_vip(struct draft *d, const struct settings *s, size_t nth)
{
	size_t n;
	const struct pool_settings *pool = vip_at(s, nth, &n);

	plan_add(d, pool->name, PLAN_VIP, 0);
	add_list(d, &pool->members, PLAN_PASSED, PLAN_OPTIONAL);
	add_sign_in(d, s);
	plan_add(d, pool->web, PLAN_WEB_POOL, PLAN_WEB | PLAN_OPTIONAL);
	add_list(d, &s->services.web_names, PLAN_WEB_INSIDE,
		 PLAN_WEB | PLAN_OPTIONAL);
}

static void add_web(struct draft *d, const struct settings *s, unsigned named)
{
	const struct services_settings *sv = &s->services;

	plan_add(d, sv->director_web, PLAN_PROXY_DIRECTOR, named);
	for (size_t i = 0; i < sv->pools; i++)
		plan_add(d, sv->pool[i].web, PLAN_PROXY_POOL, named);
	add_list(d, &sv->web_names, PLAN_PROXY_WEB, PLAN_WEB);
}

static void reverse_proxy(struct draft *d, const struct settings *s, size_t nth)
{
	(void)nth;
	add_web(d, s, 0);
}

static void hybrid(struct draft *d, const struct settings *s, size_t nth)
{
	external_edge(d, s, nth);
	add_web(d, s, PLAN_WEB);
}

static const struct profile {
	const char *word;
	enum leg leg;
	bool connects; /* shows it as a client as well */
	size_t (*count)(const struct settings *s);
	void (*fill)(struct draft *d, const struct settings *s, size_t nth);
	const char *lack; /* what to write to have one */
} profiles[CERT_PROFILES] = {
	[CERT_EXTERNAL_EDGE] = {"external-edge", LEG_OUTSIDE, false, one,
				external_edge, ""},
	[CERT_INTERNAL_EDGE] = {"internal-edge", LEG_INSIDE, true, one,
				internal_edge, ""},
	[CERT_DIRECTOR] = {"director", LEG_INSIDE, true, count_directors,
			   director,
			   "routing.directors = [ \"NAME\" ] says which there "
			   "are"},
	[CERT_POOL] = {"pool", LEG_INSIDE, true, count_pools, pool_or_server,
		       "services.pools = ( { name = \"NAME\"; } ) or "
		       "routing.home_servers says which there are"},
	[CERT_POOL_VIP] = {"pool-vip", LEG_INSIDE, false, count_vips, pool_vip,
			   "services.pools = ( { name = \"NAME\"; members = [ "
			   "\"NAME\" ]; } ) says which there are"},
	[CERT_REVERSE_PROXY] = {"reverse-proxy", LEG_OUTSIDE, false, count_web,
				reverse_proxy,
				"services.director_web, services.web_names or "
				"a pool's web says which names there are"},
	[CERT_HYBRID] = {"hybrid", LEG_OUTSIDE, false, count_web, hybrid,
			 "there is nothing to join without web names: "
			 "services.director_web, services.web_names or a "
			 "pool's web says which there are"},
};

const char *cert_profile_word(enum cert_profile p)
{
	return profiles[p].word;
}

int cert_profile_of(enum cert_profile *out, const char *word)
{
	if (!strcmp(word, "registrar"))
		word = profiles[CERT_POOL].word;
	for (int p = 0; p < CERT_PROFILES; p++) {
		if (strcmp(word, profiles[p].word))
			continue;
		*out = (enum cert_profile)p;
		return 0;
	}
	return EINVAL;
}

size_t cert_plan_count(const struct settings *s, enum cert_profile p)
{
	return profiles[p].count(s);
}

static void lacking(char *why, const struct profile *is, size_t n)
{
	if (n)
		snprintf(why, WHY_MAX, "%s: the settings have %zu of them",
			 is->word, n);
	else
		snprintf(why, WHY_MAX, "%s: the settings have none: %s",
			 is->word, is->lack);
}

int cert_plan_make(struct cert_plan **out, const struct settings *s,
		   enum cert_profile p, size_t nth, char *why)
{
	const struct profile *is = &profiles[p];
	size_t n = is->count(s);
	struct draft d = {.plan = calloc(1, sizeof(*d.plan))};

	snprintf(why, WHY_MAX, "out of memory");
	if (!d.plan)
		return ENOMEM;
	if (nth >= n) {
		free(d.plan);
		lacking(why, is, n);
		return ENOENT;
	}
	d.plan->profile = p;
	d.plan->leg = is->leg;
	d.plan->client_auth = is->connects;
	is->fill(&d, s, nth);
	plan_finish(&d);
	if (d.failed)
		cert_plan_destroy(&d.plan);
	*out = d.plan;
	return d.failed ? ENOMEM : 0;
}
