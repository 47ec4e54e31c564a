/*
 * conn_slots.c - ids of connections.
 */
#include "conn_slots.h"

#include "base/now.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define FIRST_SLOTS 1024
#define MOST_SLOTS  (1u << 24)

static void append(struct conn_slots *s, uint32_t slot)
{
	s->v[slot].conn = NULL;
	if (s->used == s->n)
		s->first = slot;
	else
		s->v[s->last].next = slot;
	s->last = slot;
	s->used--;
}

/* The new slots count as used until they are appended. */
static int grow(struct conn_slots *s)
{
	uint32_t n = s->n ? s->n * 2 : FIRST_SLOTS;
	uint32_t generation = (uint32_t)(now_wall_ms() / 64);
	struct conn_slot *v = realloc(s->v, n * sizeof(*v));

	if (!v)
		return ENOMEM;
	s->v = v;
	for (uint32_t i = s->n; i < n; i++) {
		v[i].generation = generation;
		s->n++;
		s->used++;
		append(s, i);
	}
	return 0;
}

/*
 * A quarter stays free: a slot then rests so long between two connections
 * that its generation never overtakes the clock.
 */
static bool wants_more(const struct conn_slots *s)
{
	return s->used >= s->n - s->n / 4 && s->n < MOST_SLOTS;
}

int conn_slots_take(struct conn_slots *s, struct conn_inner *c, unsigned worker,
		    conn_id *out)
{
	struct conn_slot *slot;
	uint32_t number;

	if (wants_more(s) && grow(s) && s->used == s->n)
		return ENOMEM;
	if (s->used == s->n)
		return EMFILE;
	number = s->first;
	slot = &s->v[number];
	s->first = slot->next;
	s->used++;
	slot->conn = c;
	slot->generation += slot->generation == UINT32_MAX ? 2 : 1;
	*out = (conn_id)worker << 56 | (conn_id)number << 32 | slot->generation;
	return 0;
}

struct conn_inner *conn_slots_find(const struct conn_slots *s, conn_id id)
{
	uint32_t number = conn_slot_of(id);

	if (number >= s->n || s->v[number].generation != (uint32_t)id)
		return NULL;
	return s->v[number].conn;
}

void conn_slots_leave(struct conn_slots *s, conn_id id)
{
	assert(conn_slots_find(s, id));
	append(s, conn_slot_of(id));
}

void conn_slots_fini(struct conn_slots *s)
{
	free(s->v);
	*s = (struct conn_slots){0};
}
