/*
 * settings_check_services.c - what else the company runs: that names lie in
 * domains of ours, and that each server is in one pool.
 */
#include "settings_room.h"

#include <errno.h>

static bool is_within(const char *name, const char *domain)
{
	return slice_host_within(slice_of(name), slice_of(domain));
}

static bool is_ours(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->sip_domains.n; i++) {
		if (is_within(name, s->sip_domains.v[i]))
			return true;
	}
	return false;
}

/* "av" of "av.example.com" */
static int label(const char *name)
{
	size_t n = strcspn(name, ".");

	return n < 60 ? (int)n : 60;
}

static int check_primary(struct load *l, const char *what, const char *name)
{
	const char *primary = l->s->sip_domains.v[0];

	if (!name || is_within(name, primary))
		return 0;
	return settings_complain(
		l, settings_place(l, what, 0),
		"%s: \"%.100s\" is not in %.60s, the first of "
		"edge.sip_domains; write a name such as %.*s.%.60s",
		what, name, primary, label(name), name, primary);
}

static int check_web(struct load *l, const config_setting_t *here,
		     const char *what, const char *name)
{
	if (!name || is_ours(l->s, name))
		return 0;
	return settings_complain(
		l, here,
		"%s: \"%.100s\" is not in one of edge.sip_domains; write a "
		"name such as %.*s.%.60s",
		what, name, label(name), name, l->s->sip_domains.v[0]);
}

static int check_names(struct load *l)
{
	const struct services_settings *s = &l->s->services;
	int err = check_primary(l, "services.av", s->av);

	if (!err)
		err = check_primary(l, "services.web_conferencing",
				    s->web_conferencing);
	if (!err)
		err = check_web(l, settings_place(l, "services.xmpp", 0),
				"services.xmpp", s->xmpp);
	if (!err)
		err = check_web(l,
				settings_place(l, "services.director_web", 0),
				"services.director_web", s->director_web);
	for (size_t i = 0; !err && i < s->web_names.n; i++)
		err = check_web(l, settings_place(l, "services.web_names", i),
				"services.web_names", s->web_names.v[i]);
	return err;
}

/* The n-th name of an entry: its own, then those of its members. */
static const char *name_at(const struct pool_settings *p, size_t n)
{
	return n == 0 ? p->name : p->members.v[n - 1];
}

static const config_setting_t *name_place(struct load *l, size_t pool, size_t n)
{
	const config_setting_t *entry =
		settings_place(l, "services.pools", pool);

	if (n == 0)
		return settings_value_place(entry, "name", 0);
	return settings_value_place(entry, "members", n - 1);
}

/* The name before (pool, n), in order, that equals it. */
static const config_setting_t *same_before(struct load *l, size_t pool,
					   size_t n)
{
	const struct pool_settings *p = l->s->services.pool;
	const char *mine = name_at(&p[pool], n);

	for (size_t i = 0; i <= pool; i++) {
		size_t end = i == pool ? n : p[i].members.n + 1;

		for (size_t k = 0; k < end; k++) {
			if (strcmp(name_at(&p[i], k), mine) == 0)
				return name_place(l, i, k);
		}
	}
	return NULL;
}

static int check_pool_name(struct load *l, size_t pool, size_t n)
{
	const config_setting_t *there = same_before(l, pool, n);

	if (!there)
		return 0;
	return settings_complain(
		l, name_place(l, pool, n),
		"services.pools: \"%.100s\" is already in line %d; write each "
		"pool and each server once, and a server that stands alone "
		"without members",
		name_at(&l->s->services.pool[pool], n), settings_line(there));
}

static int check_pool(struct load *l, size_t n)
{
	struct pool_settings *p = &l->s->services.pool[n];
	const config_setting_t *entry = settings_place(l, "services.pools", n);
	int err = 0;

	p->line = settings_line(entry);
	for (size_t i = 0; !err && i <= p->members.n; i++)
		err = check_pool_name(l, n, i);
	if (err)
		return err;
	return check_web(l, settings_value_place(entry, "web", 0),
			 "services.pools.web", p->web);
}

int settings_check_services(struct load *l)
{
	int err = check_names(l);

	for (size_t i = 0; !err && i < l->s->services.pools; i++)
		err = check_pool(l, i);
	return err;
}
