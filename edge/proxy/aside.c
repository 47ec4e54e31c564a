/*
 * aside.c: the targets that failed lately. Small and searched end to end: an
 * edge has few next hops, and mostly none of them failed.
 */
#include "hop.h"

static struct aside_entry *find(struct aside *a, const union addr *addr)
{
	for (unsigned i = 0; i < a->n; i++)
		if (addr_eq(&a->entry[i].addr, addr))
			return &a->entry[i];
	return NULL;
}

static void prune(struct aside *a, uint64_t now_ms)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < a->n; i++)
		if (a->entry[i].until_ms > now_ms)
			a->entry[kept++] = a->entry[i];
	a->n = kept;
}

void aside_put(struct aside *a, const union addr *addr, uint64_t until_ms,
	       uint64_t now_ms)
{
	struct aside_entry *e = find(a, addr);

	if (!e) {
		prune(a, now_ms);
		if (a->n == ASIDE_MAX)
			return;
		e = &a->entry[a->n++];
		e->addr = *addr;
	}
	e->until_ms = until_ms;
}

bool aside_has(const struct aside *a, const union addr *addr, uint64_t now_ms)
{
	for (unsigned i = 0; i < a->n; i++)
		if (addr_eq(&a->entry[i].addr, addr))
			return a->entry[i].until_ms > now_ms;
	return false;
}

void aside_clear(struct aside *a, const union addr *addr)
{
	struct aside_entry *e = find(a, addr);

	if (e)
		*e = a->entry[--a->n];
}
