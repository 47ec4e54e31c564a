/*
 * settings_arena.c - the memory of one snapshot: taken in pieces, freed whole.
 */
#include "settings_room.h"

#include <stdlib.h>

struct arena_piece {
	struct arena_piece *next;
	max_align_t bytes[];
};

void *settings_arena_take(struct arena *a, size_t n)
{
	struct arena_piece *p = calloc(1, sizeof(*p) + n);

	if (!p)
		return NULL;
	p->next = a->pieces;
	a->pieces = p;
	return p->bytes;
}

void settings_arena_fini(struct arena *a)
{
	while (a->pieces) {
		struct arena_piece *p = a->pieces;

		a->pieces = p->next;
		free(p);
	}
}
