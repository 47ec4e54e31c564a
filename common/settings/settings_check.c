/*
 * settings_check.c - what no single row can say: that values fit together.
 *
 * Values lie in the snapshot in the order of the file, so the place of each
 * is found by its path and index.
 */
#include "settings_room.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The widest that outside.proxy_from may be: one's own network. */
#define LEAST_BITS_V4 8
#define LEAST_BITS_V6 32

/* A list's n-th element; anything else is its own place. */
static const config_setting_t *nth(const config_setting_t *st, size_t n)
{
	if (!st || config_setting_is_group(st) || config_setting_is_scalar(st))
		return st;
	return config_setting_get_elem(st, (unsigned)n);
}

const config_setting_t *settings_place(struct load *l, const char *path,
				       size_t n)
{
	return nth(config_lookup(&l->cfg, path), n);
}

const config_setting_t *settings_value_place(const config_setting_t *record,
					     const char *key, size_t n)
{
	return nth(config_setting_get_member(record, key), n);
}

int settings_line(const config_setting_t *st)
{
	return (int)config_setting_source_line(st);
}

const config_setting_t *settings_leg_place(struct load *l, enum leg leg,
					   const char *name, size_t n)
{
	char path[64];

	snprintf(path, sizeof(path), "%s.%s", settings_leg_word(leg), name);
	return settings_place(l, path, n);
}

static bool is_any(const union addr *a)
{
	static const struct in6_addr any = IN6ADDR_ANY_INIT;

	if (a->sa.sa_family == AF_INET)
		return a->in4.sin_addr.s_addr == INADDR_ANY;
	return memcmp(&a->in6.sin6_addr, &any, sizeof(any)) == 0;
}

/* The address before (leg, n), in the order of the file, that equals it. */
static const config_setting_t *same_before(struct load *l, enum leg leg,
					   size_t n)
{
	const union addr *mine = &l->s->leg[leg].address[n];

	for (int other = 0; other <= (int)leg; other++) {
		const struct leg_settings *o = &l->s->leg[other];
		size_t end = other == (int)leg ? n : o->addresses;

		for (size_t i = 0; i < end; i++) {
			if (addr_same_host(&o->address[i], mine))
				return settings_leg_place(l, (enum leg)other,
							  "address", i);
		}
	}
	return NULL;
}

static int check_address(struct load *l, enum leg leg, size_t n)
{
	const config_setting_t *here = settings_leg_place(l, leg, "address", n);
	const config_setting_t *there;
	char text[ADDR_TEXT_MAX];

	addr_host_text(&l->s->leg[leg].address[n], text);
	if (is_any(&l->s->leg[leg].address[n]))
		return settings_complain(
			l, here,
			"%s.address = \"%s\": a leg listens on addresses of "
			"its own, never on all; write the leg's address",
			settings_leg_word(leg), text);
	there = same_before(l, leg, n);
	if (!there)
		return 0;
	return settings_complain(
		l, here,
		"%s.address = \"%s\": already used in line %d; each leg needs "
		"addresses of its own",
		settings_leg_word(leg), text, settings_line(there));
}

int settings_check_file(struct load *l, const config_setting_t *here,
			const char *what, const char *path, bool is_private)
{
	int fd, err;
	struct stat st;

	if (l->planned)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	err = errno;
	if (fd < 0)
		return settings_complain(
			l, here,
			"%s = \"%.100s\": %s; write the name of a file "
			"that sip-edge can read",
			what, path, strerror(err));
	err = fstat(fd, &st);
	close(fd);
	if (err || !S_ISREG(st.st_mode))
		return settings_complain(l, here,
					 "%s = \"%.100s\": not a regular "
					 "file; write the name of one",
					 what, path);
	if (!is_private || (st.st_mode & 077) == 0)
		return 0;
	return settings_complain(
		l, here,
		"%s = \"%.100s\": others than its owner can reach the key "
		"(mode %04o); run chmod 0600 %.100s",
		what, path, (unsigned)st.st_mode & 07777, path);
}

static int check_anchor(struct load *l, enum leg leg)
{
	const char *path = l->s->leg[leg].trust_anchor;
	char what[64];

	if (!path)
		return 0;
	snprintf(what, sizeof(what), "%s.trust_anchor", settings_leg_word(leg));
	return settings_check_file(l, settings_place(l, what, 0), what, path,
				   false);
}

static int check_leg(struct load *l, enum leg leg)
{
	int err = 0;

	for (size_t i = 0; !err && i < l->s->leg[leg].addresses; i++)
		err = check_address(l, leg, i);
	if (!err)
		err = settings_check_tls(l, leg);
	return err ? err : check_anchor(l, leg);
}

/* A path below the working folder could be anywhere, and secrets go there. */
static int check_key_log(struct load *l)
{
	const char *path = l->s->key_log;

	if (!path || path[0] == '/')
		return 0;
	return settings_complain(
		l, settings_place(l, "edge.key_log", 0),
		"edge.key_log = \"%.100s\": must be a path that begins with a "
		"slash; write key_log = \"/var/lib/sip-edge/keys.log\";",
		path);
}

static int check_users_port(struct load *l)
{
	const struct leg_settings *s = &l->s->leg[LEG_OUTSIDE];

	if (s->users_port == 0 || s->users_port != s->tls_port)
		return 0;
	return settings_complain(
		l, settings_place(l, "outside.users_port", 0),
		"outside.users_port = %u: already the port of outside.tls; "
		"write another one such as 443, or leave it out",
		s->users_port);
}

/* Whoever is in it may say that he is another. */
static int check_proxy_width(struct load *l, size_t n)
{
	const struct addr_prefix *p = &l->s->leg[LEG_OUTSIDE].proxy_from[n];
	unsigned least =
		p->addr.sa.sa_family == AF_INET ? LEAST_BITS_V4 : LEAST_BITS_V6;
	char text[ADDR_TEXT_MAX];

	if (p->bits >= least)
		return 0;
	return settings_complain(
		l, settings_place(l, "outside.proxy_from", n),
		"outside.proxy_from = \"%s/%u\": too wide, strangers could say "
		"that they are others; write the balancers' own addresses",
		addr_host_text(&p->addr, text), p->bits);
}

static int check_proxy_from(struct load *l)
{
	int err = 0;

	for (size_t i = 0; !err && i < l->s->leg[LEG_OUTSIDE].proxy_froms; i++)
		err = check_proxy_width(l, i);
	return err;
}

static int check_hosts(struct load *l)
{
	for (size_t i = 0; i < l->s->hosts; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(l->s->host[i].name, l->s->host[j].name) != 0)
				continue;
			return settings_complain(
				l, settings_place(l, "hosts", i),
				"hosts: \"%s\" is already in line %d; write "
				"all its addresses into one entry",
				l->s->host[i].name,
				settings_line(settings_place(l, "hosts", j)));
		}
	}
	return 0;
}

static int check_domain(struct load *l, size_t n)
{
	const struct domain_home *d = &l->s->domain_home[n];
	const config_setting_t *group = settings_place(l, "routing.domains", n);

	if (!settings_our_domain(l->s, slice_of(d->domain)))
		return settings_complain(
			l, config_setting_get_member(group, "domain"),
			"routing.domains: \"%s\" is not in edge.sip_domains; "
			"add it there or leave this entry out",
			d->domain);
	if (!settings_find_host(&l->s->home_servers, slice_of(d->home.host),
				d->home.port))
		return settings_complain(
			l, config_setting_get_member(group, "home"),
			"routing.domains: \"%s\" is not in "
			"routing.home_servers; add it there",
			d->home.host);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(d->domain, l->s->domain_home[i].domain) == 0)
			return settings_complain(
				l, config_setting_get_member(group, "domain"),
				"routing.domains: \"%s\" has a home server "
				"already; leave one of the two entries out",
				d->domain);
	}
	return 0;
}

static int check_routing(struct load *l)
{
	const struct settings *s = l->s;
	const config_setting_t *here =
		settings_place(l, "routing.directors", 0);
	int err = 0;

	if (s->home_servers.n == 0 && s->directors.n > 0)
		return settings_complain(
			l, here,
			"routing: directors without home_servers, so a "
			"redirect could go nowhere; add home_servers = "
			"[ \"home01.internal.example\" ];");
	if (s->home_servers.n == 0)
		return settings_complain(
			l, config_lookup(&l->cfg, "routing"),
			"routing: neither directors nor home_servers; add "
			"home_servers = [ \"home01.internal.example\" ];");
	for (size_t i = 0; !err && i < s->domain_homes; i++)
		err = check_domain(l, i);
	return err;
}

static int check_order(struct load *l, const char *small, uint32_t is,
		       const char *large, uint32_t least)
{
	char path[64];
	const config_setting_t *here;

	if (is <= least)
		return 0;
	snprintf(path, sizeof(path), "limits.%s", small);
	here = config_lookup(&l->cfg, path);
	if (!here) {
		snprintf(path, sizeof(path), "limits.%s", large);
		here = config_lookup(&l->cfg, path);
	}
	return settings_complain(
		l, here,
		"limits: %s = %u is more than %s = %u; make one fit the other",
		small, is, large, least);
}

static int check_limits(struct load *l)
{
	const struct limits *m = &l->s->limits;
	int err = check_order(l, "line_bytes", m->line_bytes, "header_bytes",
			      m->header_bytes);

	if (!err)
		err = check_order(l, "header_bytes", m->header_bytes,
				  "message_bytes", m->message_bytes);
	if (!err)
		err = check_order(l, "device_message_bytes",
				  m->device_message_bytes, "message_bytes",
				  m->message_bytes);
	if (!err)
		err = check_order(l, "message_bytes", m->message_bytes,
				  "out_queue_bytes", m->out_queue_bytes);
	return err;
}

int settings_check(struct load *l)
{
	int err = check_key_log(l);

	if (!err)
		err = check_leg(l, LEG_OUTSIDE);
	if (!err)
		err = check_leg(l, LEG_INSIDE);
	if (!err)
		err = check_users_port(l);
	if (!err)
		err = check_proxy_from(l);
	if (!err)
		err = check_hosts(l);
	if (!err)
		err = check_routing(l);
	if (!err)
		err = settings_check_devices(l);
	if (!err)
		err = settings_check_federation(l);
	if (!err)
		err = settings_check_services(l);
	if (!err)
		err = check_limits(l);
	return err;
}
