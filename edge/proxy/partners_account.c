/*
 * partners_account.c: how much a partner that is not listed may ask, by what
 * it asked before and how that ended.
 */
#include "partners_account.h"

#include <errno.h>
#include <stdlib.h>

static void addresses_clear(struct account_addresses *s)
{
	free(s->slot);
	*s = (struct account_addresses){0};
}

void account_fini(struct account *a)
{
	addresses_clear(&a->addresses);
	free(a->domain);
}

/* Where a member is, or would be; a quarter is always empty. */
static uint32_t *slot_of(struct account_addresses *s, uint32_t member)
{
	uint32_t i = member & (s->slots - 1);

	while (s->slot[i] && s->slot[i] != member)
		i = (i + 1) & (s->slots - 1);
	return &s->slot[i];
}

static int addresses_grow(struct account_addresses *s)
{
	struct account_addresses more = *s;

	more.slots = s->slots ? s->slots * 2 : 64;
	more.slot = calloc(more.slots, sizeof(*more.slot));
	if (!more.slot)
		return ENOMEM;
	for (uint32_t i = 0; i < s->slots; i++)
		if (s->slot[i])
			*slot_of(&more, s->slot[i]) = s->slot[i];
	free(s->slot);
	*s = more;
	return 0;
}

/* One more address? False: that is one too many. The callee is a keyed hash
 * already, and half of it is good enough for counting. */
static bool addresses_add(struct account_addresses *s, uint64_t callee,
			  uint32_t max)
{
	uint32_t member = (uint32_t)callee | 1, *slot;

	if (s->n + 1 > s->slots / 4 * 3 && addresses_grow(s))
		return true;
	slot = slot_of(s, member);
	if (*slot)
		return true;
	if (s->n >= max)
		return false;
	*slot = member;
	s->n++;
	return true;
}

static enum account_change hour_passes(struct account *a, uint64_t now_ms)
{
	if (a->watched && now_ms - a->watched_ms >= ACCOUNT_HOUR_MS) {
		a->watched = false;
		addresses_clear(&a->addresses);
		return ACCOUNT_UNWATCHED;
	}
	if (!a->watched && now_ms - a->addresses.since_ms >= ACCOUNT_HOUR_MS) {
		addresses_clear(&a->addresses);
		a->addresses.since_ms = now_ms;
	}
	return ACCOUNT_SAME;
}

static enum account_change clean_period(struct account *a, uint64_t now_ms)
{
	if (!a->slow || now_ms - a->failed_ms < ACCOUNT_CLEAN_MS)
		return ACCOUNT_SAME;
	a->slow = false;
	a->window = (struct account_window){0};
	return ACCOUNT_PROMOTED;
}

static bool enumerates(struct account *a, const struct limits *l,
		       uint64_t callee, uint64_t now_ms,
		       enum account_change *change)
{
	if (!callee)
		return false;
	if (a->watched)
		return true;
	if (addresses_add(&a->addresses, callee, l->discovered_addresses))
		return false;
	a->watched = true;
	a->watched_ms = now_ms;
	*change = ACCOUNT_WATCHED;
	return true;
}

/* What is under way may go on a little longer than new requests are let in. */
static bool too_fast(struct account *a, const struct limits *l, bool in_dialog,
		     uint64_t now_ms)
{
	uint32_t rate = a->slow ? l->discovered_slow_rate : l->discovered_rate;

	return !pace_take(&a->pace, in_dialog ? 2 * rate : rate, now_ms);
}

/* RFC 3261 §21.5.4 */
static struct verdict not_now(struct verdict v)
{
	v.extra = SLICE("Retry-After: 5\r\n");
	return v;
}

struct verdict account_admit(struct account *a, const struct limits *l,
			     const struct partners_ask *ask, uint64_t now_ms,
			     enum account_change *change)
{
	*change = hour_passes(a, now_ms);
	if (*change == ACCOUNT_SAME)
		*change = clean_period(a, now_ms);
	if (ask->ends)
		return (struct verdict){.kind = VERDICT_PASS};
	if (too_fast(a, l, ask->in_dialog, now_ms))
		return not_now(verdict_refuse(503, "partner-too-fast"));
	if (!ask->in_dialog && enumerates(a, l, ask->callee, now_ms, change))
		return verdict_refuse(403, "partner-enumerates");
	return (struct verdict){.kind = VERDICT_PASS};
}

/* Does an answer say that the request should not have been made? Not one that
 * a user gave who is busy, away or unwilling, no challenge, and no fault of
 * ours. */
static bool is_failure(uint16_t status)
{
	switch (status) {
	case 401:
	case 407:
	case 408:
	case 480:
	case 486:
	case 487:
	case 491:
	case 600:
	case 603:
		return false;
	default:
		return (status >= 400 && status < 500) || status >= 600;
	}
}

static void window_add(struct account_window *w, uint32_t size, bool failed)
{
	uint64_t bit, *word;

	if (w->at >= size)
		w->at = 0;
	word = &w->failed[w->at / 64];
	bit = UINT64_C(1) << w->at % 64;
	if (w->n == size)
		w->failures -= (*word & bit) != 0;
	else
		w->n++;
	*word = failed ? *word | bit : *word & ~bit;
	w->failures += failed;
	w->at = (w->at + 1) % size;
}

enum account_change account_answered(struct account *a, const struct limits *l,
				     uint16_t status, uint64_t now_ms)
{
	uint32_t size = l->discovered_window;
	struct account_window *w = &a->window;
	bool failed = is_failure(status), bad;

	a->failures += failed;
	a->successes += !failed;
	if (failed)
		a->failed_ms = now_ms;
	if (!a->discovered)
		return ACCOUNT_SAME;
	if (size > ACCOUNT_WINDOW_MAX)
		size = ACCOUNT_WINDOW_MAX;
	if (w->n > size) /* the setting fell */
		*w = (struct account_window){0};
	window_add(w, size, failed);
	bad = w->failures * 100 > l->discovered_failures * size;
	if (a->slow == bad || w->n < size)
		return ACCOUNT_SAME;
	/* The next change takes as many answers again. */
	*w = (struct account_window){0};
	a->slow = bad;
	return bad ? ACCOUNT_SLOWED : ACCOUNT_PROMOTED;
}
