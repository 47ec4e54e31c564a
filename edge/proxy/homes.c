/*
 * homes.c: the table of addresses of record, in shards.
 *
 * A home is an index into a list of names that only grows: an edge knows few
 * home servers and many users.
 */
/* Out of memory the element is not added, and its hh.tbl is NULL. */
#define HASH_NONFATAL_OOM 1

#include "proxy/homes.h"

#include "base/list.h"
#include "base/lock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define SHARDS	  16
#define NAMES_MAX 1024
#define NO_HOME	  UINT16_MAX
#define VICTIMS	  16 /* looked at before giving up */

struct aor {
	UT_hash_handle hh;
	struct list lru;
	uint64_t who;
	uint64_t until_ms; /* of the home */
	conn_id *flow;	   /* newest last; &one while there is a single one */
	conn_id one;
	uint16_t flows, home;
};

struct shard {
	struct lock lock;
	struct aor *table;
	struct list lru; /* least recently used first */
	uint32_t count, max;
};

struct home_name {
	char *host;
	uint16_t port;
};

struct homes {
	struct shard shard[SHARDS];
	struct lock names_lock;
	uint16_t names;
	struct home_name name[NAMES_MAX];
};

int homes_create(struct homes **out, uint32_t max)
{
	struct homes *h = calloc(1, sizeof(*h));

	if (!h)
		return ENOMEM;
	lock_init(&h->names_lock);
	for (int i = 0; i < SHARDS; i++) {
		lock_init(&h->shard[i].lock);
		list_init(&h->shard[i].lru);
		h->shard[i].max = max / SHARDS + 1;
	}
	*out = h;
	return 0;
}

static void aor_free(struct shard *s, struct aor *a)
{
	HASH_DEL(s->table, a);
	list_remove(&a->lru);
	s->count--;
	if (a->flow != &a->one)
		free(a->flow);
	free(a);
}

void homes_destroy(struct homes **hp)
{
	struct homes *h = *hp;
	struct aor *a, *tmp;

	*hp = NULL;
	if (!h)
		return;
	for (int i = 0; i < SHARDS; i++) {
		struct shard *s = &h->shard[i];

		HASH_ITER (hh, s->table, a, tmp)
			aor_free(s, a);
		lock_fini(&s->lock);
	}
	for (unsigned i = 0; i < h->names; i++)
		free(h->name[i].host);
	lock_fini(&h->names_lock);
	free(h);
}

static struct shard *shard_of(struct homes *h, uint64_t who)
{
	return &h->shard[(who >> 56) % SHARDS];
}

static struct aor *aor_find(struct shard *s, uint64_t who)
{
	struct aor *a;

	HASH_FIND(hh, s->table, &who, sizeof(who), a);
	if (a) {
		list_remove(&a->lru);
		list_append(&s->lru, &a->lru);
	}
	return a;
}

/* Who may be forgotten: the least recently used of those that are on no
 * connection; one that is, only for another that is. */
static struct aor *aor_victim(struct shard *s, bool bound)
{
	struct list *it = s->lru.next;

	for (int i = 0; i < VICTIMS && it != &s->lru; i++, it = it->next) {
		struct aor *a = LIST_OWNER(it, struct aor, lru);

		if (!a->flows)
			return a;
	}
	return bound ? LIST_OWNER(s->lru.next, struct aor, lru) : NULL;
}

static struct aor *aor_need(struct shard *s, uint64_t who, bool bound)
{
	struct aor *a = aor_find(s, who), *victim;

	if (a)
		return a;
	if (s->count >= s->max) {
		victim = aor_victim(s, bound);
		if (!victim)
			return NULL;
		aor_free(s, victim);
	}
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	a->who = who;
	a->home = NO_HOME;
	a->flow = &a->one;
	HASH_ADD(hh, s->table, who, sizeof(a->who), a);
	if (!a->hh.tbl) {
		free(a);
		return NULL;
	}
	list_append(&s->lru, &a->lru);
	s->count++;
	return a;
}

static void aor_drop_if_empty(struct shard *s, struct aor *a)
{
	if (!a->flows && a->home == NO_HOME)
		aor_free(s, a);
}

/* The index of a name, added when new; NO_HOME when the list is full. */
static uint16_t name_index(struct homes *h, struct slice host, uint16_t port)
{
	uint16_t i;

	lock_take(&h->names_lock);
	for (i = 0; i < h->names; i++)
		if (h->name[i].port == port &&
		    slice_same_host(slice_of(h->name[i].host), host))
			goto out;
	if (h->names == NAMES_MAX || !(h->name[i].host = slice_dup(host))) {
		i = NO_HOME;
		goto out;
	}
	h->name[i].port = port;
	h->names++;
out:
	lock_give(&h->names_lock);
	return i;
}

static void name_copy(struct homes *h, struct home *out, uint16_t i)
{
	lock_take(&h->names_lock);
	memcpy(out->host, h->name[i].host, strlen(h->name[i].host) + 1);
	out->port = h->name[i].port;
	lock_give(&h->names_lock);
}

int homes_get(struct homes *h, struct home *out, uint64_t who, uint64_t now_ms)
{
	struct shard *s = shard_of(h, who);
	uint16_t home = NO_HOME;
	struct aor *a;

	lock_take(&s->lock);
	a = aor_find(s, who);
	if (a && a->home != NO_HOME && a->until_ms > now_ms)
		home = a->home;
	lock_give(&s->lock);
	if (home == NO_HOME)
		return ENOENT;
	name_copy(h, out, home);
	return 0;
}

void homes_learn(struct homes *h, uint64_t who, struct slice host,
		 uint16_t port, uint64_t until_ms, uint64_t now_ms)
{
	struct shard *s = shard_of(h, who);
	uint16_t home;
	struct aor *a;

	if (host.n >= HOMES_HOST_MAX)
		return;
	home = name_index(h, host, port);
	lock_take(&s->lock);
	a = home == NO_HOME ? NULL : aor_need(s, who, false);
	if (a) {
		if (a->home != home || a->until_ms <= now_ms ||
		    a->until_ms < until_ms)
			a->until_ms = until_ms;
		a->home = home;
	}
	lock_give(&s->lock);
}

void homes_forget(struct homes *h, uint64_t who)
{
	struct shard *s = shard_of(h, who);
	struct aor *a;

	lock_take(&s->lock);
	a = aor_find(s, who);
	if (a) {
		a->home = NO_HOME;
		aor_drop_if_empty(s, a);
	}
	lock_give(&s->lock);
}

static void flow_remove(struct aor *a, conn_id conn)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < a->flows; i++)
		if (a->flow[i] != conn)
			a->flow[kept++] = a->flow[i];
	a->flows = (uint16_t)kept;
}

static int flow_append(struct aor *a, conn_id conn)
{
	conn_id *more;

	if (a->flows == 0) {
		a->flow[0] = conn;
	} else {
		more = realloc(a->flow == &a->one ? NULL : a->flow,
			       (a->flows + 1u) * sizeof(*more));
		if (!more)
			return ENOMEM;
		if (a->flow == &a->one)
			more[0] = a->one;
		a->flow = more;
		more[a->flows] = conn;
	}
	a->flows++;
	return 0;
}

void homes_bind(struct homes *h, uint64_t who, conn_id conn)
{
	struct shard *s = shard_of(h, who);
	struct aor *a;

	lock_take(&s->lock);
	a = aor_need(s, who, true);
	if (a) {
		flow_remove(a, conn);
		flow_append(a, conn);
	}
	lock_give(&s->lock);
}

void homes_unbind(struct homes *h, uint64_t who, conn_id conn)
{
	struct shard *s = shard_of(h, who);
	struct aor *a;

	lock_take(&s->lock);
	a = aor_find(s, who);
	if (a) {
		flow_remove(a, conn);
		aor_drop_if_empty(s, a);
	}
	lock_give(&s->lock);
}

conn_id homes_flow(struct homes *h, uint64_t who)
{
	struct shard *s = shard_of(h, who);
	struct aor *a;
	conn_id id;

	lock_take(&s->lock);
	a = aor_find(s, who);
	id = a && a->flows ? a->flow[a->flows - 1] : 0;
	lock_give(&s->lock);
	return id;
}

unsigned homes_flows(struct homes *h, uint64_t who, conn_id conn)
{
	struct shard *s = shard_of(h, who);
	unsigned others = 0;
	struct aor *a;

	lock_take(&s->lock);
	a = aor_find(s, who);
	for (unsigned i = 0; a && i < a->flows; i++)
		others += a->flow[i] != conn;
	lock_give(&s->lock);
	return others;
}
