/*
 * Where registered users are: Contact and Path per address of record.
 */
#include "registrar/bindings.h"

#include <stdlib.h>
#include <string.h>

#include "kit/text.h"

static void release(struct binding *one)
{
	free(one->aor);
	free(one->contact);
	free(one->path);
	free(one->instance);
	free(one);
}

/* RFC 5626 §6: instance and reg-id name a flow, whatever its Contact says. */
static bool is_same(const struct binding *a, const struct binding *b)
{
	if (strcmp(a->aor, b->aor) != 0)
		return false;
	if (a->instance && b->instance && a->reg_id && b->reg_id)
		return !strcmp(a->instance, b->instance) &&
		       a->reg_id == b->reg_id;
	return !strcmp(a->contact, b->contact);
}

static void unlink_at(struct bindings *b, struct binding **at)
{
	struct binding *gone = *at;

	*at = gone->next;
	b->count--;
	release(gone);
}

void bindings_remove(struct bindings *b, const struct binding *what)
{
	struct binding **at = &b->first;

	while (*at)
		if (is_same(*at, what))
			unlink_at(b, at);
		else
			at = &(*at)->next;
}

void bindings_put(struct bindings *b, const struct binding *what)
{
	struct binding *one = calloc(1, sizeof(*one));

	if (!one)
		abort();
	bindings_remove(b, what);
	one->aor = text_copy(what->aor);
	one->contact = text_copy(what->contact);
	one->path = text_copy(what->path);
	one->instance = text_copy(what->instance);
	one->reg_id = what->reg_id;
	one->until_ms = what->until_ms;
	one->next = b->first;
	b->first = one;
	b->count++;
}

void bindings_clear(struct bindings *b, const char *aor)
{
	struct binding **at = &b->first;

	while (*at)
		if (!strcmp((*at)->aor, aor))
			unlink_at(b, at);
		else
			at = &(*at)->next;
}

void bindings_fini(struct bindings *b)
{
	while (b->first)
		unlink_at(b, &b->first);
}

size_t bindings_find(struct bindings *b, const char *aor, long long now_ms,
		     const struct binding *found[BINDINGS_PER_AOR])
{
	struct binding **at = &b->first;
	size_t count = 0;

	while (*at) {
		if ((*at)->until_ms <= now_ms) {
			unlink_at(b, at);
			continue;
		}
		if (!strcmp((*at)->aor, aor) && count < BINDINGS_PER_AOR)
			found[count++] = *at;
		at = &(*at)->next;
	}
	return count;
}
