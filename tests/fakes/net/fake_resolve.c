/* SPDX-License-Identifier: Apache-2.0 */
/* fake_resolve.c - a telephone book that the test writes. */
#include "fake_room.h"

#include <CUnit/CUnit.h>

#include <errno.h>

#define HOSTS 16
#define WAITS 32

static struct host {
	const char *name;
	struct resolved list;
	bool slow;
} hosts[HOSTS];
static unsigned host_count;

static struct waiting {
	struct resolve_wait *wait;
	struct host *host;
} waits[WAITS];

static struct host *host_of(struct slice name)
{
	for (unsigned i = 0; i < host_count; i++)
		if (slice_same_host(slice_of(hosts[i].name), name))
			return &hosts[i];
	return NULL;
}

static struct host *host_need(const char *name)
{
	struct host *h = host_of(slice_of(name));

	if (h)
		return h;
	CU_ASSERT_FATAL(host_count < HOSTS);
	hosts[host_count] = (struct host){.name = name};
	return &hosts[host_count++];
}

void fake_host(const char *name, const char *address)
{
	struct host *h = host_need(name);

	CU_ASSERT_EQUAL_FATAL(addr_parse(&h->list.addr[h->list.n++],
					 slice_of(address), 0),
			      0);
}

void fake_slow(const char *name)
{
	host_need(name)->slow = true;
}

unsigned fake_lookups(void)
{
	unsigned n = fake_service_waits();

	for (unsigned i = 0; i < WAITS; i++)
		n += waits[i].wait != NULL;
	return n;
}

static void set_ports(struct resolved *list, bool tls, uint16_t port)
{
	if (!port)
		port = tls ? 5061 : 5060;
	for (unsigned i = 0; i < list->n; i++) {
		union addr *a = &list->addr[i];

		if (a->sa.sa_family == AF_INET6)
			a->in6.sin6_port = htons(port);
		else
			a->in4.sin_port = htons(port);
	}
}

void fake_resolve(const char *name, int err)
{
	struct host *h = host_of(slice_of(name));
	struct resolved list;

	CU_ASSERT_PTR_NOT_NULL_FATAL(h);
	list = h->list;
	set_ports(&list, true, 0);
	for (unsigned i = 0; i < WAITS; i++) {
		struct resolve_wait *w = waits[i].wait;

		if (!w || waits[i].host != h)
			continue;
		waits[i].wait = NULL;
		list_remove(&w->link);
		fake_inside++;
		w->fn(err, err ? NULL : &list, w->arg);
		fake_inside--;
	}
	fake_settle();
}

static int wait_for(struct host *h, struct resolve_wait *wait)
{
	static struct list waiting = {&waiting, &waiting};

	for (unsigned i = 0; i < WAITS; i++) {
		if (waits[i].wait)
			continue;
		waits[i] = (struct waiting){.wait = wait, .host = h};
		list_append(&waiting, &wait->link);
		return EINPROGRESS;
	}
	return ENOMEM;
}

int resolve_lookup(struct resolve_front *f, const struct resolve_key *key,
		   uint64_t now_ms, struct resolved *out,
		   struct resolve_wait *wait)
{
	struct host *h = host_of(key->host);
	union addr literal;

	(void)f;
	(void)now_ms;
	if (!addr_parse(&literal, key->host, 0)) {
		out->addr[0] = literal;
		out->n = 1;
		set_ports(out, key->tls, key->port);
		return 0;
	}
	fake_note_asked(key->host);
	if (!h)
		return ENOENT;
	if (h->slow)
		return wait_for(h, wait);
	*out = h->list;
	set_ports(out, key->tls, key->port);
	return 0;
}

void resolve_cancel(struct resolve_wait *wait)
{
	fake_service_cancel(wait);
	for (unsigned i = 0; i < WAITS; i++) {
		if (waits[i].wait != wait)
			continue;
		waits[i].wait = NULL;
		list_remove(&wait->link);
	}
}

void fake_resolve_end(void)
{
	CU_ASSERT_EQUAL(fake_lookups(), 0);
	host_count = 0;
	memset(hosts, 0, sizeof(hosts));
	fake_service_end();
	fake_asked_end();
}
