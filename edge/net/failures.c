/*
 * failures.c - how often each peer failed its handshake within a minute.
 *
 * Where a peer may be is given by its keyed hash: a few places one behind the
 * other. So a look-up costs the same however many strangers there are, and one
 * who finds no place is counted with all the others.
 */
#include "failures.h"

#include "base/lock.h"

#include <errno.h>
#include <stdlib.h>

#define PLACES 8

struct failing {
	uint64_t key, began_ms; /* 0: nobody */
	uint64_t suppressed;
	union addr peer;
	const char *rule;
	unsigned n;
};

struct failures {
	struct lock lock;
	unsigned size, used;
	struct failing rest;
	struct failing v[];
};

int failures_create(struct failures **out, unsigned peers)
{
	struct failures *f = calloc(1, sizeof(*f) + peers * sizeof(f->v[0]));

	if (!f)
		return ENOMEM;
	lock_init(&f->lock);
	f->size = peers;
	*out = f;
	return 0;
}

void failures_destroy(struct failures **fp)
{
	struct failures *f = *fp;

	*fp = NULL;
	if (!f)
		return;
	lock_fini(&f->lock);
	free(f);
}

static bool is_over(const struct failing *p, uint64_t now_ms)
{
	return now_ms >= p->began_ms && now_ms - p->began_ms >= FAILURES_MS;
}

/* Its own place, else a free one, else none. */
static struct failing *place_of(struct failures *f, uint64_t key)
{
	struct failing *empty = NULL;

	for (unsigned i = 0; i < PLACES && i < f->size; i++) {
		struct failing *p = &f->v[(key + i) % f->size];

		if (p->began_ms && p->key == key)
			return p;
		if (!p->began_ms && !empty)
			empty = p;
	}
	return empty;
}

static bool count(struct failing *p, const union addr *peer, const char *rule)
{
	p->peer = *peer;
	p->rule = rule;
	if (p->n < FAILURES_TOLD) {
		p->n++;
		return true;
	}
	p->suppressed++;
	return false;
}

static bool tell(struct failures *f, const union addr *peer, const char *rule,
		 uint64_t now_ms)
{
	uint64_t key = addr_hash_host(peer);
	struct failing *p = place_of(f, key);
	bool crowd = !p;

	if (crowd)
		p = &f->rest;
	if (!p->began_ms) {
		*p = (struct failing){.key = key, .began_ms = now_ms | 1};
		f->used++;
		/* Nobody in a crowd is told of by itself. */
		p->n = crowd ? FAILURES_TOLD : 0;
	}
	return count(p, peer, rule);
}

bool failures_tell(struct failures *f, const union addr *peer, const char *rule,
		   uint64_t now_ms)
{
	bool may;

	if (!f)
		return true;
	lock_take(&f->lock);
	may = tell(f, peer, rule, now_ms);
	lock_give(&f->lock);
	return may;
}

/* What is told is copied first: nobody logs under the lock. */
static bool take_over(struct failures *f, unsigned i, uint64_t now_ms,
		      struct failing *out)
{
	struct failing *p = i < f->size ? &f->v[i] : &f->rest;
	bool over;

	lock_take(&f->lock);
	over = p->began_ms && is_over(p, now_ms);
	if (over) {
		*out = *p;
		p->began_ms = 0;
		f->used--;
	}
	lock_give(&f->lock);
	return over;
}

static bool any_left(struct failures *f)
{
	bool any;

	lock_take(&f->lock);
	any = f->used > 0;
	lock_give(&f->lock);
	return any;
}

bool failures_end(struct failures *f, uint64_t now_ms, failures_fn *fn,
		  void *arg)
{
	for (unsigned i = 0; i <= f->size; i++) {
		struct failing p;

		if (!take_over(f, i, now_ms, &p) || !p.suppressed)
			continue;
		fn(&(struct failures_sum){.peer = i < f->size ? &p.peer : NULL,
					  .rule = p.rule,
					  .suppressed = p.suppressed},
		   arg);
	}
	return any_left(f);
}
