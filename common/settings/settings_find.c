/*
 * settings_find.c - what others ask of a snapshot.
 */
#include "settings_room.h"

#define SIPS_PORT 5061

const char *settings_leg_word(enum leg leg)
{
	return leg == LEG_OUTSIDE ? "outside" : "inside";
}

bool settings_lists_host(const struct name_list *list, struct slice host)
{
	for (size_t i = 0; i < list->n; i++) {
		if (slice_same_host(host, slice_of(list->v[i])))
			return true;
	}
	return false;
}

bool settings_our_domain(const struct settings *s, struct slice host)
{
	return settings_lists_host(&s->sip_domains, host);
}

/* RFC 3263 §4: without a port of its own an entry is found by SRV, or 5061. */
static bool same_port(uint16_t entry, uint16_t port)
{
	if (entry == port)
		return true;
	return (entry == 0 && port == SIPS_PORT) ||
	       (entry == SIPS_PORT && port == 0);
}

static bool same_server(struct slice entry, struct slice host,
			const union addr *literal)
{
	union addr a;

	if (literal->sa.sa_family == 0)
		return slice_same_host(entry, host);
	return addr_parse(&a, entry, 0) == 0 && addr_same_host(&a, literal);
}

const struct host_port *settings_find_host(const struct host_list *list,
					   struct slice host, uint16_t port)
{
	union addr literal = {0};

	addr_parse(&literal, host, 0);
	for (size_t i = 0; i < list->n; i++) {
		const struct host_port *entry = &list->v[i];

		if (same_port(entry->port, port) &&
		    same_server(slice_of(entry->host), host, &literal))
			return entry;
	}
	return NULL;
}

bool settings_is_balancer(const struct settings *s, const union addr *peer)
{
	const struct leg_settings *leg = &s->leg[LEG_OUTSIDE];

	for (size_t i = 0; i < leg->proxy_froms; i++) {
		if (addr_within(&leg->proxy_from[i], peer))
			return true;
	}
	return false;
}

static bool device_within(const struct device_settings *d,
			  const union addr *peer)
{
	for (size_t i = 0; i < d->addresses; i++) {
		if (addr_within(&d->address[i], peer))
			return true;
	}
	return false;
}

const struct device_settings *settings_device_at(const struct settings *s,
						 const union addr *peer)
{
	for (size_t i = 0; i < s->devices; i++) {
		if (device_within(&s->device[i], peer))
			return &s->device[i];
	}
	return NULL;
}

static bool identity_covers(struct slice identity, struct slice aor)
{
	struct slice any = SLICE("sip:*@");
	size_t sign = slice_index(aor, '@');

	if (slice_eq(identity, aor))
		return true;
	if (identity.n <= any.n || memcmp(identity.p, any.p, any.n) != 0)
		return false;
	/* "sip:" and at least one character of a user */
	if (sign == SIZE_MAX || sign < 5 || memcmp(aor.p, any.p, 4) != 0)
		return false;
	return slice_same_host(
		(struct slice){identity.p + any.n, identity.n - any.n},
		(struct slice){aor.p + sign + 1, aor.n - sign - 1});
}

bool settings_device_is(const struct device_settings *d, struct slice aor)
{
	for (size_t i = 0; i < d->identities.n; i++) {
		if (identity_covers(slice_of(d->identities.v[i]), aor))
			return true;
	}
	return false;
}

void settings_expiring(const struct settings *s, uint64_t wall_s,
		       uint64_t within_s, settings_expiring_fn *fn, void *arg)
{
	for (size_t i = 0; i < s->devices; i++) {
		const struct device_settings *d = &s->device[i];

		if (d->expires_s > 0 && d->expires_s < wall_s + within_s)
			fn(d, d->expires_s < wall_s, arg);
	}
}

const struct partner_settings *settings_partner(const struct settings *s,
						struct slice domain)
{
	for (size_t i = 0; i < s->federation.partners; i++) {
		if (settings_lists_host(&s->federation.partner[i].domains,
					domain))
			return &s->federation.partner[i];
	}
	return NULL;
}

static bool is_of_pool(const struct pool_settings *p, struct slice name)
{
	return slice_same_host(name, slice_of(p->name)) ||
	       settings_lists_host(&p->members, name);
}

const struct pool_settings *settings_pool(const struct settings *s,
					  struct slice name)
{
	for (size_t i = 0; i < s->services.pools; i++) {
		if (is_of_pool(&s->services.pool[i], name))
			return &s->services.pool[i];
	}
	return NULL;
}

bool settings_pin_fits(const struct partner_settings *partner, const char *key)
{
	for (size_t i = 0; partner && i < partner->pins.n; i++) {
		if (slice_ieq(slice_of(partner->pins.v[i]), slice_of(key)))
			return true;
	}
	return false;
}

bool settings_blocked(const struct settings *s, struct slice name)
{
	return settings_lists_host(&s->federation.blocked, name);
}
