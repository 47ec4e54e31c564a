/*
 * settings_check_devices.c - the device door: that its entries fit together.
 */
#include "settings_room.h"

#include <errno.h>

static const config_setting_t *entry(struct load *l, size_t n)
{
	return config_setting_get_elem(config_lookup(&l->cfg, "devices.device"),
				       (unsigned)n);
}

static int check_name(struct load *l, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(l->s->device[i].name, l->s->device[n].name) != 0)
			continue;
		return settings_complain(
			l, settings_value_place(entry(l, n), "name", 0),
			"devices.device: the name \"%.60s\" is already used in "
			"line %d; write another one",
			l->s->device[n].name,
			settings_line(
				settings_value_place(entry(l, i), "name", 0)));
	}
	return 0;
}

static bool overlap(const struct addr_prefix *a, const struct addr_prefix *b)
{
	if (a->bits <= b->bits)
		return addr_within(a, &b->addr);
	return addr_within(b, &a->addr);
}

/* An address that two devices share would have no one identity. */
static int check_overlap(struct load *l, size_t mine, size_t n, size_t theirs)
{
	const struct device_settings *a = &l->s->device[mine];
	const struct device_settings *b = &l->s->device[theirs];

	for (size_t i = 0; i < b->addresses; i++) {
		const config_setting_t *there =
			settings_value_place(entry(l, theirs), "address", i);

		if (!overlap(&a->address[n], &b->address[i]))
			continue;
		return settings_complain(
			l, settings_value_place(entry(l, mine), "address", n),
			"devices.device: the address of \"%.60s\" overlaps "
			"that of \"%.60s\" in line %d; each address belongs to "
			"one device",
			a->name, b->name, settings_line(there));
	}
	return 0;
}

/* It speaks for itself; a balancer says who others are. */
static int check_balancer(struct load *l, size_t device, size_t n)
{
	const struct leg_settings *leg = &l->s->leg[LEG_OUTSIDE];
	const struct device_settings *d = &l->s->device[device];

	for (size_t i = 0; i < leg->proxy_froms; i++) {
		if (!overlap(&d->address[n], &leg->proxy_from[i]))
			continue;
		return settings_complain(
			l, settings_value_place(entry(l, device), "address", n),
			"devices.device: the address of \"%.60s\" overlaps "
			"outside.proxy_from in line %d; a device is no "
			"balancer, leave it out there",
			d->name,
			settings_line(
				settings_place(l, "outside.proxy_from", i)));
	}
	return 0;
}

static int check_identity(struct load *l, size_t device, size_t n)
{
	const char *identity = l->s->device[device].identities.v[n];
	const char *host = strchr(identity, '@') + 1;

	if (settings_our_domain(l->s, slice_of(host)))
		return 0;
	return settings_complain(
		l, settings_value_place(entry(l, device), "identities", n),
		"devices.device: \"%.80s\" is not in one of edge.sip_domains; "
		"write an address such as sip:%.60s@%.60s",
		identity, l->s->device[device].name, l->s->sip_domains.v[0]);
}

/* Without these no call works, or the message cannot be read at all. */
static bool is_needed(struct slice name)
{
	static const char all[] =
		"Via v From f To t Call-ID i CSeq Contact m Route Record-Route "
		"Max-Forwards Content-Type c Content-Length l Content-Encoding "
		"e";

	for (const char *word = all; *word;) {
		size_t len = strcspn(word, " ");

		if (slice_ieq(name, (struct slice){word, len}))
			return true;
		word += len + (word[len] == ' ');
	}
	return false;
}

static int check_unsent(struct load *l, size_t device, size_t n)
{
	const char *name = l->s->device[device].unsent.v[n];

	if (!is_needed(slice_of(name)))
		return 0;
	return settings_complain(
		l, settings_value_place(entry(l, device), "unsent", n),
		"devices.device: no call works without %.60s; leave it out of "
		"unsent",
		name);
}

/* HA1 is as good as the password: RFC 7616 §5.13. */
static int check_digest(struct load *l, size_t device)
{
	const struct device_settings *d = &l->s->device[device];
	const config_setting_t *here =
		settings_value_place(entry(l, device), "digest", 0);

	if (!d->digest)
		return 0;
	if (strchr(d->identities.v[0], '*'))
		return settings_complain(
			l, here,
			"devices.device: digest, but the first identity "
			"\"%.80s\" has no user; write sip:%.60s@%.60s before "
			"it",
			d->identities.v[0], d->name, l->s->sip_domains.v[0]);
	if (!l->open_to_all)
		return 0;
	return settings_complain(
		l, here,
		"devices.device: digest is as good as a password, and all can "
		"read this file; run chmod 0640 %.100s",
		l->file);
}

static int check_device(struct load *l, size_t n)
{
	const struct device_settings *d = &l->s->device[n];
	int err = check_name(l, n);

	for (size_t i = 0; !err && i < d->addresses; i++) {
		for (size_t other = 0; !err && other < n; other++)
			err = check_overlap(l, n, i, other);
		if (!err)
			err = check_balancer(l, n, i);
	}
	for (size_t i = 0; !err && i < d->identities.n; i++)
		err = check_identity(l, n, i);
	for (size_t i = 0; !err && i < d->unsent.n; i++)
		err = check_unsent(l, n, i);
	if (!err)
		err = check_digest(l, n);
	l->s->device[n].line = settings_line(entry(l, n));
	return err;
}

static int check_door(struct load *l)
{
	const struct settings *s = l->s;
	const struct leg_settings *leg = &s->leg[s->device_leg];
	const config_setting_t *door = config_lookup(&l->cfg, "devices");

	if (!config_lookup(&l->cfg, "devices.leg"))
		return settings_complain(
			l, door,
			"devices: leg is missing; add leg = \"inside\"; or "
			"leg = \"outside\";");
	if (s->device_port == 0)
		return settings_complain(
			l, door,
			"devices: tcp_port is missing; add tcp_port = 5060;");
	if (s->device_port == leg->tls_port ||
	    s->device_port == leg->users_port)
		return settings_complain(
			l, config_lookup(&l->cfg, "devices.tcp_port"),
			"devices.tcp_port = %u: a TLS port of the same leg "
			"already; write tcp_port = 5060;",
			s->device_port);
	if (s->devices > 0)
		return 0;
	return settings_complain(
		l, door,
		"devices: enabled without any device; enrol one with device = "
		"( { name = ...; address = ...; identities = ...; } ); or "
		"write enabled = false;");
}

int settings_check_devices(struct load *l)
{
	int err = l->s->devices_enabled ? check_door(l) : 0;

	for (size_t i = 0; !err && i < l->s->devices; i++)
		err = check_device(l, i);
	return err;
}
