/* SPDX-License-Identifier: Apache-2.0 */
/* fake_service.c - who serves a domain's federation, as the test says. */
#include "fake_room.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdio.h>

#define DOMAINS 16
#define WAITS	32

static struct domain {
	const char *name;
	struct resolve_service service;
	int err;
	bool slow;
} domains[DOMAINS];
static unsigned domain_count;

static struct {
	struct resolve_wait *wait;
	struct domain *domain;
} waits[WAITS];
static struct list waiting = {&waiting, &waiting};

static struct domain *domain_of(struct slice name)
{
	for (unsigned i = 0; i < domain_count; i++)
		if (slice_same_host(slice_of(domains[i].name), name))
			return &domains[i];
	return NULL;
}

static struct domain *domain_need(const char *name)
{
	struct domain *d = domain_of(slice_of(name));

	if (d)
		return d;
	CU_ASSERT_FATAL(domain_count < DOMAINS);
	domains[domain_count] = (struct domain){.name = name};
	return &domains[domain_count++];
}

void fake_edge(const char *domain, const char *host, uint16_t port)
{
	struct resolve_service *s = &domain_need(domain)->service;
	struct service_edge *e = &s->edge[s->n++];

	CU_ASSERT_FATAL(s->n <= SERVICE_EDGES_MAX);
	snprintf(e->host, sizeof(e->host), "%s", host);
	e->port = port;
}

void fake_edge_secure(const char *domain)
{
	domain_need(domain)->service.secure = true;
}

void fake_edge_slow(const char *domain)
{
	domain_need(domain)->slow = true;
}

void fake_edge_fails(const char *domain, int err)
{
	domain_need(domain)->err = err;
}

void fake_edge_answer(const char *domain, int err)
{
	struct domain *d = domain_of(slice_of(domain));

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	for (unsigned i = 0; i < WAITS; i++) {
		struct resolve_wait *w = waits[i].wait;

		if (!w || waits[i].domain != d)
			continue;
		waits[i].wait = NULL;
		list_remove(&w->link);
		fake_inside++;
		w->service_fn(err, err ? NULL : &d->service, w->arg);
		fake_inside--;
	}
	fake_settle();
}

static int wait_for(struct domain *d, struct resolve_wait *wait)
{
	for (unsigned i = 0; i < WAITS; i++) {
		if (waits[i].wait)
			continue;
		waits[i].wait = wait;
		waits[i].domain = d;
		list_append(&waiting, &wait->link);
		return EINPROGRESS;
	}
	return ENOMEM;
}

int resolve_edges(struct resolve_front *f, struct slice domain, uint64_t now_ms,
		  struct resolve_service *out, struct resolve_wait *wait)
{
	struct domain *d = domain_of(domain);

	(void)f;
	(void)now_ms;
	fake_note_asked(domain);
	*out = (struct resolve_service){0};
	if (!d)
		return 0;
	if (d->err)
		return d->err;
	if (d->slow)
		return wait_for(d, wait);
	*out = d->service;
	return 0;
}

unsigned fake_service_waits(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < WAITS; i++)
		n += waits[i].wait != NULL;
	return n;
}

void fake_service_cancel(struct resolve_wait *wait)
{
	for (unsigned i = 0; i < WAITS; i++) {
		if (waits[i].wait != wait)
			continue;
		waits[i].wait = NULL;
		list_remove(&wait->link);
	}
}

void fake_service_end(void)
{
	domain_count = 0;
	memset(domains, 0, sizeof(domains));
}
