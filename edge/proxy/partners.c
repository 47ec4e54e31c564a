/*
 * partners.c: the book of accounts, in shards.
 */
/* Out of memory the element is not added, and its hh.tbl is NULL. */
#define HASH_NONFATAL_OOM 1

#include "proxy/partners.h"

#include "partners_account.h"
#include "room.h"

#include "base/hash.h"
#include "base/lock.h"

#include <errno.h>
#include <stdlib.h>

#define SHARDS 16

struct shard {
	struct lock lock;
	struct account *table;
	struct list lru; /* least recently used first */
	uint32_t count, max;
};

struct partners {
	struct shard shard[SHARDS];
};

int partners_create(struct partners **out, uint32_t max)
{
	struct partners *p = calloc(1, sizeof(*p));

	if (!p)
		return ENOMEM;
	for (int i = 0; i < SHARDS; i++) {
		lock_init(&p->shard[i].lock);
		list_init(&p->shard[i].lru);
		p->shard[i].max = max / SHARDS + 1;
	}
	*out = p;
	return 0;
}

static void account_free(struct shard *s, struct account *a)
{
	HASH_DEL(s->table, a);
	list_remove(&a->lru);
	s->count--;
	account_fini(a);
	free(a);
}

void partners_destroy(struct partners **pp)
{
	struct partners *p = *pp;
	struct account *a, *tmp;

	*pp = NULL;
	if (!p)
		return;
	for (int i = 0; i < SHARDS; i++) {
		HASH_ITER (hh, p->shard[i].table, a, tmp)
			account_free(&p->shard[i], a);
		lock_fini(&p->shard[i].lock);
	}
	free(p);
}

static struct slice undotted(struct slice domain)
{
	if (domain.n && domain.p[domain.n - 1] == '.')
		domain.n--;
	return domain;
}

uint64_t partners_key(struct slice domain)
{
	uint64_t h = hash_icase(0, undotted(domain));

	return h ? h : 1;
}

struct slice partners_edge(const struct settings *s, const struct facts *f)
{
	const struct cert_names *names = f->origin.names;
	struct slice first;

	if (!names || !names->n)
		return (struct slice){0};
	first = slice_of(names->name[0].text);
	if (slice_host_within(first, f->from.host) ||
	    settings_partner(s, f->from.host))
		return (struct slice){0};
	return first;
}

static struct shard *shard_of(struct partners *p, uint64_t key)
{
	return &p->shard[(key >> 56) % SHARDS];
}

static struct account *account_find(struct shard *s, uint64_t key)
{
	struct account *a;

	HASH_FIND(hh, s->table, &key, sizeof(key), a);
	if (a) {
		list_remove(&a->lru);
		list_append(&s->lru, &a->lru);
	}
	return a;
}

/* Who may be forgotten: nobody who could begin anew by that. */
static struct account *account_victim(struct shard *s, uint64_t now_ms)
{
	struct list *it, *tmp;

	LIST_EACH (&s->lru, it, tmp) {
		struct account *a = LIST_OWNER(it, struct account, lru);

		if (!a->lines &&
		    (!a->watched || now_ms - a->watched_ms >= ACCOUNT_HOUR_MS))
			return a;
	}
	return NULL;
}

static struct account *account_make(uint64_t key, struct slice domain,
				    uint64_t now_ms)
{
	struct account *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->domain = slice_dup(undotted(domain));
	if (!a->domain) {
		free(a);
		return NULL;
	}
	a->key = key;
	a->addresses.since_ms = now_ms;
	return a;
}

static struct account *account_need(struct shard *s, uint64_t key,
				    struct slice domain, uint64_t now_ms)
{
	struct account *a = account_find(s, key), *victim;

	if (a)
		return a;
	if (s->count >= s->max) {
		victim = account_victim(s, now_ms);
		if (!victim)
			return NULL;
		account_free(s, victim);
	}
	a = account_make(key, domain, now_ms);
	if (!a)
		return NULL;
	HASH_ADD(hh, s->table, key, sizeof(a->key), a);
	if (!a->hh.tbl) {
		account_fini(a);
		free(a);
		return NULL;
	}
	list_append(&s->lru, &a->lru);
	s->count++;
	return a;
}

static void log_change(enum account_change change, struct slice domain)
{
	static const char *const verb[] = {
		[ACCOUNT_WATCHED] = "partner-watched",
		[ACCOUNT_UNWATCHED] = "partner-unwatched",
		[ACCOUNT_SLOWED] = "partner-demoted",
		[ACCOUNT_PROMOTED] = "partner-promoted",
	};
	char text[LOG_TEXT_MAX];

	if (change != ACCOUNT_SAME)
		log_event(LOG_LEVEL_NOTICE, "partners", verb[change],
			  "domain=%s", log_text(text, domain));
}

struct verdict partners_admit(struct partners *p, const struct limits *l,
			      const struct partners_ask *ask, uint64_t now_ms)
{
	uint64_t key = partners_key(ask->domain);
	struct shard *s = shard_of(p, key);
	struct verdict v = {.kind = VERDICT_PASS};
	enum account_change change = ACCOUNT_SAME;
	struct account *a;

	lock_take(&s->lock);
	a = account_need(s, key, ask->domain, now_ms);
	if (a) {
		a->discovered = !ask->listed;
		if (!ask->listed)
			v = account_admit(a, l, ask, now_ms, &change);
		a->requests += v.kind == VERDICT_PASS;
		a->refused += v.kind != VERDICT_PASS;
	} else if (!ask->listed && !ask->ends) {
		v = verdict_refuse(503, "partners-full");
	}
	lock_give(&s->lock);
	log_change(change, ask->domain);
	return v;
}

void partners_answered(struct partners *p, const struct limits *l, uint64_t key,
		       uint16_t status, uint64_t now_ms)
{
	struct shard *s = shard_of(p, key);
	enum account_change change = ACCOUNT_SAME;
	char domain[LOG_TEXT_MAX] = "";
	struct account *a;

	lock_take(&s->lock);
	a = account_find(s, key);
	if (a)
		change = account_answered(a, l, status, now_ms);
	if (change != ACCOUNT_SAME)
		log_text(domain, slice_of(a->domain));
	lock_give(&s->lock);
	log_change(change, slice_of(domain));
}

void partners_asked(struct partners *p, struct slice domain, uint64_t now_ms)
{
	uint64_t key = partners_key(domain);
	struct shard *s = shard_of(p, key);
	struct account *a;

	lock_take(&s->lock);
	a = account_need(s, key, domain, now_ms);
	if (a)
		a->outward++;
	lock_give(&s->lock);
}

static struct partners_line *line_of(struct account *a,
				     const struct partners_line *line)
{
	for (unsigned i = 0; i < a->lines; i++)
		if (a->line[i].worker == line->worker &&
		    addr_eq(&a->line[i].addr, &line->addr))
			return &a->line[i];
	return NULL;
}

/* Somebody else's, in turn. */
static conn_id line_other(const struct account *a, unsigned worker)
{
	for (unsigned i = 0; i < a->lines; i++) {
		const struct partners_line *l =
			&a->line[(a->outward + i) % a->lines];

		if (l->id && l->worker != worker)
			return l->id;
	}
	return 0;
}

static int line_begins(struct account *a, uint32_t max,
		       const struct partners_line *line, conn_id *other)
{
	if (max > PARTNERS_LINES_MAX)
		max = PARTNERS_LINES_MAX;
	if (line_of(a, line))
		return 0;
	if (a->lines >= max) {
		*other = line_other(a, line->worker);
		return EBUSY;
	}
	a->line[a->lines] = *line;
	a->line[a->lines++].id = 0;
	return 0;
}

int partners_line_begins(struct partners *p, struct slice name, uint32_t max,
			 const struct partners_line *line, conn_id *other,
			 uint64_t now_ms)
{
	uint64_t key = partners_key(name);
	struct shard *s = shard_of(p, key);
	struct account *a;
	int err;

	*other = 0;
	lock_take(&s->lock);
	a = account_need(s, key, name, now_ms);
	err = a ? line_begins(a, max, line, other) : ENOMEM;
	lock_give(&s->lock);
	return err;
}

void partners_line_is(struct partners *p, uint64_t key,
		      const struct partners_line *line)
{
	struct shard *s = shard_of(p, key);
	struct partners_line *l;
	struct account *a;

	lock_take(&s->lock);
	a = account_find(s, key);
	l = a ? line_of(a, line) : NULL;
	if (l)
		l->id = line->id;
	lock_give(&s->lock);
}

void partners_line_ends(struct partners *p, uint64_t key,
			const struct partners_line *line)
{
	struct shard *s = shard_of(p, key);
	struct partners_line *l;
	struct account *a;

	lock_take(&s->lock);
	a = account_find(s, key);
	l = a ? line_of(a, line) : NULL;
	if (l)
		*l = a->line[--a->lines];
	lock_give(&s->lock);
}

static void account_tell(struct partner_account *out, const struct account *a)
{
	*out = (struct partner_account){
		.domain = slice_of(slice_dup(slice_of(a->domain))),
		.discovered = a->discovered,
		.slow = a->slow,
		.watched = a->watched,
		.requests = a->requests,
		.outward = a->outward,
		.refused = a->refused,
		.successes = a->successes,
		.failures = a->failures,
		.addresses = a->addresses.n,
		.connections = a->lines,
	};
}

static size_t shard_tell(struct shard *s, struct partner_account **list,
			 size_t n)
{
	struct partner_account *more;
	struct account *a, *tmp;

	lock_take(&s->lock);
	more = realloc(*list, (n + s->count + 1) * sizeof(*more));
	if (more) {
		*list = more;
		HASH_ITER (hh, s->table, a, tmp)
			account_tell(&more[n++], a);
	}
	lock_give(&s->lock);
	return more ? n : SIZE_MAX;
}

static int by_requests(const void *a, const void *b)
{
	uint64_t x = ((const struct partner_account *)a)->requests;
	uint64_t y = ((const struct partner_account *)b)->requests;

	return x < y ? 1 : x > y ? -1 : 0;
}

int partners_list(struct partners *p, partners_fn *fn, void *arg)
{
	struct partner_account *list = NULL;
	size_t n = 0, more = 0;

	for (int i = 0; i < SHARDS && more != SIZE_MAX; i++) {
		more = shard_tell(&p->shard[i], &list, n);
		n = more == SIZE_MAX ? n : more;
	}
	if (more != SIZE_MAX && n)
		qsort(list, n, sizeof(*list), by_requests);
	for (size_t i = 0; i < n; i++) {
		if (more != SIZE_MAX)
			fn(&list[i], arg);
		free((char *)(uintptr_t)list[i].domain.p);
	}
	free(list);
	return more == SIZE_MAX ? ENOMEM : 0;
}

int partners_each(struct proxy_shared *p, partners_fn *fn, void *arg)
{
	return partners_list(p->partners, fn, arg);
}
