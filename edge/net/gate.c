/*
 * gate.c - how much an address may ask before it proved who it is.
 *
 * One lock for all: it is taken when a connection comes, proves itself or
 * goes. An address is known by the keyed 64-bit hash of its host part, which
 * nobody outside can steer to collide.
 */
#include "net/gate.h"

#include "base/list.h"
#include "base/lock.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM      1
#define uthash_nonfatal_oom(p) ((p)->lost = true)
#include <uthash.h>

#define WHOLE_TOKEN 1000 /* a token in thousandths: one rate-millisecond each */

/** What one address has under way. */
struct gate_peer {
	struct list idle; /* on gate.idle while count is 0 */
	UT_hash_handle hh;
	uint64_t key;
	uint64_t filled_ms; /* when tokens was right */
	uint64_t tokens;    /* thousandths */
	uint32_t count;
	bool lost; /* the table had no memory for it */
};

struct gate {
	struct lock lock;
	struct gate_limits lim;
	uint32_t half_open;
	uint32_t made; /* entries of peers[] ever used */
	uint32_t size;
	struct gate_peer *table;
	struct list idle; /* least recently seen first */
	struct gate_peer peers[];
};

int gate_create(struct gate **out, const struct gate_limits *lim)
{
	struct gate *g;

	assert(lim->connections && lim->rate && lim->half_open && lim->peers);
	g = calloc(1, sizeof(*g) + lim->peers * sizeof(g->peers[0]));
	if (!g)
		return ENOMEM;
	lock_init(&g->lock);
	g->lim = *lim;
	g->size = lim->peers;
	list_init(&g->idle);
	*out = g;
	return 0;
}

void gate_destroy(struct gate **gp)
{
	struct gate *g = *gp;

	*gp = NULL;
	if (!g)
		return;
	HASH_CLEAR(hh, g->table);
	lock_fini(&g->lock);
	free(g);
}

void gate_set(struct gate *g, const struct gate_limits *lim)
{
	lock_take(&g->lock);
	g->lim = *lim;
	lock_give(&g->lock);
}

static struct gate_peer *find(struct gate *g, uint64_t key)
{
	struct gate_peer *p;

	HASH_FIND_BYHASHVALUE(hh, g->table, &key, sizeof(key), (unsigned)key,
			      p);
	return p;
}

/* An unused entry, else the one that has been idle for longest, else none. */
static struct gate_peer *take_entry(struct gate *g)
{
	struct gate_peer *p;

	if (g->made < g->size)
		return &g->peers[g->made++];
	if (list_empty(&g->idle))
		return NULL;

	p = LIST_OWNER(g->idle.next, struct gate_peer, idle);
	list_remove(&p->idle);
	if (!p->lost)
		HASH_DEL(g->table, p);
	return p;
}

static struct gate_peer *add(struct gate *g, uint64_t key, uint64_t now_ms)
{
	struct gate_peer *p = take_entry(g);

	if (!p)
		return NULL;
	*p = (struct gate_peer){
		.key = key,
		.filled_ms = now_ms,
		.tokens = (uint64_t)g->lim.rate * WHOLE_TOKEN,
	};
	HASH_ADD_BYHASHVALUE(hh, g->table, key, sizeof(key), (unsigned)key, p);
	if (!p->lost)
		return p;
	list_append(&g->idle, &p->idle);
	return NULL;
}

/* Each worker has its own idea of now: a step back adds nothing. */
static void refill(struct gate_peer *p, uint32_t rate, uint64_t now_ms)
{
	uint64_t full = (uint64_t)rate * WHOLE_TOKEN, passed = 0;

	if (now_ms > p->filled_ms) {
		passed = now_ms - p->filled_ms;
		p->filled_ms = now_ms;
	}
	if (passed >= WHOLE_TOKEN)
		p->tokens = full;
	else
		p->tokens += passed * rate;
	if (p->tokens > full)
		p->tokens = full;
}

/* waits: it is half open already. */
static enum gate_answer judge(const struct gate *g, const struct gate_peer *p,
			      bool waits)
{
	if (p && p->count >= g->lim.connections)
		return GATE_TOO_MANY;
	if (p && p->tokens < WHOLE_TOKEN)
		return GATE_TOO_FAST;
	if (!waits && g->half_open >= g->lim.half_open)
		return GATE_HALF_OPEN;
	return GATE_OK;
}

static enum gate_answer enter(struct gate *g, uint64_t key, uint64_t now_ms,
			      bool waits)
{
	struct gate_peer *p = find(g, key);
	enum gate_answer answer;

	if (p)
		refill(p, g->lim.rate, now_ms);
	answer = judge(g, p, waits);
	if (answer != GATE_OK)
		return answer;

	if (!p)
		p = add(g, key, now_ms);
	if (!p)
		return GATE_TOO_MANY;
	list_remove(&p->idle);
	p->tokens -= WHOLE_TOKEN;
	p->count++;
	if (!waits)
		g->half_open++;
	return GATE_OK;
}

static enum gate_answer count_in(struct gate *g, const union addr *peer,
				 uint64_t now_ms, bool waits)
{
	uint64_t key = addr_hash_host(peer);
	enum gate_answer answer;

	lock_take(&g->lock);
	answer = enter(g, key, now_ms, waits);
	lock_give(&g->lock);
	return answer;
}

enum gate_answer gate_enter(struct gate *g, const union addr *peer,
			    uint64_t now_ms)
{
	return count_in(g, peer, now_ms, false);
}

enum gate_answer gate_wait(struct gate *g)
{
	enum gate_answer answer;

	lock_take(&g->lock);
	answer = judge(g, NULL, false);
	if (answer == GATE_OK)
		g->half_open++;
	lock_give(&g->lock);
	return answer;
}

enum gate_answer gate_introduce(struct gate *g, const union addr *peer,
				uint64_t now_ms)
{
	return count_in(g, peer, now_ms, true);
}

void gate_opened(struct gate *g)
{
	lock_take(&g->lock);
	if (g->half_open > 0)
		g->half_open--;
	lock_give(&g->lock);
}

void gate_leave(struct gate *g, const union addr *peer)
{
	uint64_t key = addr_hash_host(peer);
	struct gate_peer *p;

	lock_take(&g->lock);
	p = find(g, key);
	if (p && p->count > 0 && --p->count == 0)
		list_append(&g->idle, &p->idle);
	lock_give(&g->lock);
}

const char *gate_word(enum gate_answer a)
{
	static const char *const words[] = {
		[GATE_OK] = "ok",
		[GATE_TOO_MANY] = "too-many-connections",
		[GATE_TOO_FAST] = "too-many-new-connections",
		[GATE_HALF_OPEN] = "too-many-handshakes",
	};

	assert((unsigned)a < sizeof(words) / sizeof(words[0]));
	return words[a];
}
