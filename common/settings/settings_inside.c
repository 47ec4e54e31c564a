/*
 * settings_inside.c - what lies inside, and where no partner may lead us.
 */
#include "settings_room.h"

#include <arpa/inet.h>

/** Leading bits of an address, IPv4 whole and IPv6 to its 32nd bit. */
struct head {
	uint32_t bits;
	uint8_t n;
};

/* RFC 6890: private, shared, loopback, link-local, protocols. */
static const struct head closed4[] = {
	{0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa9fe0000, 16},
	{0xac100000, 12}, {0xc0000000, 24}, {0xc0a80000, 16},
};

/* Unspecified, loopback and other IPv4 in disguise, NAT64 of one's own,
 * Teredo, 6to4; unique local, link-local, site-local. */
static const struct head closed6[] = {
	{0x00000000, 32}, {0x20010000, 32}, {0x20020000, 16},
	{0xfc000000, 7},  {0xfe800000, 10}, {0xfec00000, 10},
};

/* Loopback, link-local, and "this host", which is as good as loopback. */
static const struct head local4[] = {
	{0x00000000, 8},
	{0x7f000000, 8},
	{0xa9fe0000, 16},
};

static const struct head local6[] = {
	{0x00000000, 32},
	{0xfe800000, 10},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool has_head(const struct head *table, size_t n, uint32_t address)
{
	for (size_t i = 0; i < n; i++) {
		if ((address ^ table[i].bits) >> (32 - table[i].n) == 0)
			return true;
	}
	return false;
}

static uint32_t word_at(const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, sizeof(word));
	return ntohl(word);
}

/* RFC 6052 §2.1: what lies behind NAT64 is judged by its own address. */
static union addr plain(const union addr *a)
{
	static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
	union addr v4 = {.in4.sin_family = AF_INET};

	if (a->sa.sa_family != AF_INET6 ||
	    memcmp(&a->in6.sin6_addr, nat64, sizeof(nat64)) != 0)
		return *a;
	memcpy(&v4.in4.sin_addr, &a->in6.sin6_addr.s6_addr[12], 4);
	return v4;
}

/* Mapped (RFC 4291 §2.5.5.2) or not. */
static bool is_v4(const union addr *a, uint32_t *v4)
{
	if (a->sa.sa_family == AF_INET)
		*v4 = ntohl(a->in4.sin_addr.s_addr);
	else if (IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
		*v4 = word_at(a->in6.sin6_addr.s6_addr + 12);
	else
		return false;
	return true;
}

static bool is_local(const union addr *a)
{
	uint32_t v4;

	if (is_v4(a, &v4))
		return has_head(local4, COUNT(local4), v4);
	return has_head(local6, COUNT(local6),
			word_at(a->in6.sin6_addr.s6_addr));
}

/* RFC 8215: 64:ff9b:1::/48 translates to networks of one's own. */
static bool is_own_nat64(const union addr *a)
{
	static const uint8_t head[6] = {0x00, 0x64, 0xff, 0x9b, 0x00, 0x01};

	return memcmp(&a->in6.sin6_addr, head, sizeof(head)) == 0;
}

static bool is_closed(const union addr *a)
{
	uint32_t v4;

	if (is_v4(a, &v4))
		return has_head(closed4, COUNT(closed4), v4);
	return is_own_nat64(a) || has_head(closed6, COUNT(closed6),
					   word_at(a->in6.sin6_addr.s6_addr));
}

/* Nobody's: no setting can make a host of it. */
static bool is_nobody(const union addr *a)
{
	uint32_t v4;

	if (is_v4(a, &v4))
		return v4 >> 24 == 0 || v4 >> 29 == 7;
	return IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr) ||
	       IN6_IS_ADDR_MULTICAST(&a->in6.sin6_addr);
}

static bool within_any(const struct addr_prefix *p, size_t n,
		       const union addr *a)
{
	for (size_t i = 0; i < n; i++) {
		if (addr_within(&p[i], a))
			return true;
	}
	return false;
}

static bool leg_has(const struct leg_settings *leg, const union addr *a)
{
	for (size_t i = 0; i < leg->addresses; i++) {
		if (addr_same_host(&leg->address[i], a))
			return true;
	}
	return false;
}

static bool is_literal_of(const char *name, const union addr *a)
{
	union addr literal;

	return addr_parse(&literal, slice_of(name), 0) == 0 &&
	       addr_same_host(&literal, a);
}

static bool lists_name(const struct settings *s, struct slice name)
{
	const struct host_list *lists[] = {&s->directors, &s->home_servers};

	for (size_t k = 0; k < COUNT(lists); k++) {
		for (size_t i = 0; i < lists[k]->n; i++) {
			if (slice_same_host(name,
					    slice_of(lists[k]->v[i].host)))
				return true;
		}
	}
	return settings_lists_host(&s->trusted_servers, name);
}

static bool lists_literal(const struct settings *s, const union addr *a)
{
	const struct host_list *lists[] = {&s->directors, &s->home_servers};

	for (size_t k = 0; k < COUNT(lists); k++) {
		for (size_t i = 0; i < lists[k]->n; i++) {
			if (is_literal_of(lists[k]->v[i].host, a))
				return true;
		}
	}
	return false;
}

/* "10.0.0.1." and "127.1" are no names: some resolvers read an address. */
static bool is_disguise(struct slice name)
{
	size_t start;

	if (name.n > 1 && name.p[name.n - 1] == '.')
		name.n--;
	start = name.n;
	while (start > 0 && name.p[start - 1] != '.')
		start--;
	return start < name.n && name.p[start] >= '0' && name.p[start] <= '9';
}

/* Below the parent domain of the inside leg's name? */
static bool is_neighbour(const struct settings *s, struct slice name)
{
	const char *dot = strchr(s->leg[LEG_INSIDE].fqdn, '.');

	if (!dot || settings_our_domain(s, slice_of(dot + 1)))
		return false;
	return slice_host_within(name, slice_of(dot + 1)) &&
	       !settings_our_domain(s, name) &&
	       !slice_same_host(name, slice_of(s->leg[LEG_OUTSIDE].fqdn));
}

static bool is_inside_name(const struct settings *s, struct slice name)
{
	return slice_same_host(name, slice_of(s->leg[LEG_INSIDE].fqdn)) ||
	       lists_name(s, name) || settings_pool(s, name) ||
	       is_neighbour(s, name);
}

/* An address of a server inside that the file itself tells. */
static bool is_server(const struct settings *s, const union addr *a)
{
	if (leg_has(&s->leg[LEG_INSIDE], a) || lists_literal(s, a))
		return true;
	for (size_t i = 0; i < s->hosts; i++) {
		const struct host_entry *h = &s->host[i];

		for (size_t k = 0; k < h->addresses; k++) {
			if (addr_same_host(&h->address[k], a) &&
			    is_inside_name(s, slice_of(h->name)))
				return true;
		}
	}
	return false;
}

bool settings_inside_host(const struct settings *s, struct slice host)
{
	union addr a;

	if (addr_parse(&a, host, 0) == 0) {
		a = plain(&a);
		if (within_any(s->inside_network, s->inside_networks, &a))
			return true;
	}
	return settings_inside_server(s, host);
}

bool settings_inside_server(const struct settings *s, struct slice host)
{
	union addr a;

	if (addr_parse(&a, host, 0) == 0) {
		a = plain(&a);
		return is_local(&a) || is_server(s, &a);
	}
	/* RFC 6761 §6.3: localhost and all below it are loopback. */
	return slice_host_within(host, SLICE("localhost")) ||
	       is_disguise(host) || is_inside_name(s, host);
}

bool settings_partner_address(const struct settings *s, const union addr *to)
{
	const struct federation_settings *fed = &s->federation;
	union addr a = plain(to);

	if (a.sa.sa_family != AF_INET && a.sa.sa_family != AF_INET6)
		return false;
	if (is_nobody(&a) || leg_has(&s->leg[LEG_OUTSIDE], &a) ||
	    is_server(s, &a))
		return false;
	if (within_any(fed->private_ok, fed->private_oks, &a))
		return true;
	return !is_closed(&a) &&
	       !within_any(s->inside_network, s->inside_networks, &a);
}
