/*
 * resolve.c - a worker's half: what is known is told at once, what is not is
 * asked for once, however many wait for it.
 *
 * The cache has a fixed number of names; the least recently used one that is
 * not being asked for goes out.
 */
#include "net/resolve.h"

#include "base/hash.h"
#include "resolve_job.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#define HASH_NONFATAL_OOM      1
#define uthash_nonfatal_oom(e) ((e)->lost = true)
#include <uthash.h>

#define ETC_HOSTS   "/etc/hosts"
#define HOSTS_MAX   1024
#define DOMAINS_MAX 512
#define NEGATIVE_MS 5000
#define PREFIX	    4 /* leg, kind, port in front of the name */

/** What is looked for. */
enum kind { KIND_TCP, KIND_TLS, KIND_EDGES };

/** A lookup in its one form; as bytes it is the key of the cache. */
struct question {
	struct {
		uint8_t leg, kind, port[2];
		char name[RESOLVE_NAME_MAX];
	} key;
	size_t key_len;
	unsigned hash;
	struct resolve_name name;
};

/** One name that was asked for. */
struct entry {
	UT_hash_handle hh;
	struct shelf *shelf;
	struct list lru; /* on shelf.lru unless asking */
	struct list waiters;
	/* One of them when err is 0. */
	struct resolve_set *set;
	struct resolve_records *records;
	uint64_t asked_ms, until_ms;
	int err;
	bool asking, outdated, lost;
	size_t key_len;
	char key[];
};

/**
 * A part of the cache. Domains are named by strangers, hosts mostly by us: they
 * do not push each other out.
 */
struct shelf {
	struct entry *table;
	struct list lru; /* least recently used first */
	unsigned names, max;
};

struct resolve_front {
	struct resolver *resolver;
	struct resolve_link *link;
	const struct settings *settings;
	struct resolve_hosts *hosts;
	struct resolve_families families[LEG_COUNT];
	struct resolve_rng rng;
	struct shelf hosts_asked, domains;
};

static void entry_destroy(struct entry *e)
{
	struct list *it, *tmp;

	LIST_EACH (&e->waiters, it, tmp)
		list_remove(it);
	list_remove(&e->lru);
	if (!e->lost)
		HASH_DEL(e->shelf->table, e);
	resolve_set_unref(&e->set);
	resolve_records_unref(&e->records);
	e->shelf->names--;
	free(e);
}

/* What is being asked for now stays, for its waiters, but will not be kept. */
static void forget_all(struct shelf *s)
{
	struct entry *e, *tmp;

	HASH_ITER (hh, s->table, e, tmp) {
		if (e->asking)
			e->outdated = true;
		else
			entry_destroy(e);
	}
}

static void shelf_init(struct shelf *s, unsigned max)
{
	list_init(&s->lru);
	s->max = max;
}

static void shelf_fini(struct shelf *s)
{
	struct entry *e, *tmp;

	HASH_ITER (hh, s->table, e, tmp)
		entry_destroy(e);
}

static void use_settings(struct resolve_front *f, const struct settings *s,
			 struct resolve_hosts *hosts)
{
	resolve_hosts_destroy(&f->hosts);
	f->hosts = hosts;
	settings_unref(&f->settings);
	f->settings = settings_ref(s);
	for (int leg = 0; leg < LEG_COUNT; leg++)
		f->families[leg] = resolve_families_of(&s->leg[leg]);
}

int resolve_front_create(struct resolve_front **out, struct resolver *r,
			 struct postbox *box, const struct settings *s)
{
	struct resolve_front *f = calloc(1, sizeof(*f));
	struct resolve_hosts *hosts;

	if (!f)
		return ENOMEM;
	if (resolve_link_create(&f->link, f, box)) {
		free(f);
		return ENOMEM;
	}
	if (resolve_hosts_create(&hosts, s, ETC_HOSTS)) {
		resolve_link_unref(&f->link);
		free(f);
		return ENOMEM;
	}
	use_settings(f, s, hosts);
	f->resolver = r;
	resolve_rng_init(&f->rng);
	shelf_init(&f->hosts_asked, HOSTS_MAX);
	shelf_init(&f->domains, DOMAINS_MAX);
	*out = f;
	return 0;
}

void resolve_front_reload(struct resolve_front *f, const struct settings *s)
{
	struct resolve_hosts *hosts;

	forget_all(&f->hosts_asked);
	forget_all(&f->domains);
	/* Out of memory: the old hosts are better than none. */
	if (resolve_hosts_create(&hosts, s, ETC_HOSTS)) {
		hosts = f->hosts;
		f->hosts = NULL;
	}
	use_settings(f, s, hosts);
}

void resolve_front_destroy(struct resolve_front **fp)
{
	struct resolve_front *f = *fp;
	struct list *told;

	*fp = NULL;
	if (!f)
		return;
	resolve_link_cut(f->link);
	told = resolve_link_told(f->link);
	while (!list_empty(told))
		list_remove(told->next);
	resolve_link_unref(&f->link);
	shelf_fini(&f->hosts_asked);
	shelf_fini(&f->domains);
	resolve_hosts_destroy(&f->hosts);
	settings_unref(&f->settings);
	free(f);
}

static int read_question(struct question *q, const struct resolve_key *key)
{
	if (resolve_name_read(&q->name, key->host))
		return EINVAL;
	q->key.leg = (uint8_t)key->leg;
	q->key.kind = key->tls ? KIND_TLS : KIND_TCP;
	q->key.port[0] = (uint8_t)(key->port >> 8);
	q->key.port[1] = (uint8_t)key->port;
	memcpy(q->key.name, q->name.text, q->name.n);
	q->key_len = PREFIX + q->name.n;
	q->hash = resolve_hosts_hash(&q->name);
	return 0;
}

/* One name on several ports: apart without hashing it twice. */
static unsigned key_hash(const struct question *q)
{
	uint32_t prefix;

	memcpy(&prefix, &q->key, sizeof(prefix));
	return q->hash ^ prefix * 0x9e3779b1U;
}

static struct entry *find(struct shelf *s, const struct question *q)
{
	struct entry *e;

	HASH_FIND_BYHASHVALUE(hh, s->table, &q->key, q->key_len, key_hash(q),
			      e);
	return e;
}

static bool make_room(struct shelf *s)
{
	if (s->names < s->max)
		return true;
	if (list_empty(&s->lru))
		return false;
	entry_destroy(LIST_OWNER(s->lru.next, struct entry, lru));
	return true;
}

static struct entry *add(struct shelf *s, const struct question *q)
{
	struct entry *e = NULL;

	if (make_room(s))
		e = calloc(1, sizeof(*e) + q->key_len);
	if (!e)
		return NULL;
	e->shelf = s;
	list_init(&e->lru);
	list_init(&e->waiters);
	e->key_len = q->key_len;
	memcpy(e->key, &q->key, q->key_len);
	s->names++;
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, s->table, e->key, e->key_len,
				    key_hash(q), e);
	if (!e->lost)
		return e;
	entry_destroy(e);
	return NULL;
}

static void tell_addresses(const struct resolve_job *j, struct resolve_wait *w)
{
	struct resolved list;

	if (!j->err)
		resolve_set_draw(&list, j->set,
				 &resolve_link_front(j->link)->rng);
	w->fn(j->err, j->err ? NULL : &list, w->arg);
}

static void tell_edges(const struct resolve_job *j, struct resolve_wait *w)
{
	struct resolve_service service;

	if (!j->err)
		resolve_records_draw(&service, j->records,
				     &resolve_link_front(j->link)->rng);
	w->service_fn(j->err, j->err ? NULL : &service, w->arg);
}

/* Each waiter gets a draw of its own, and may do what it likes meanwhile. */
static void tell(const struct resolve_job *j)
{
	struct list *told = resolve_link_told(j->link);

	while (!list_empty(told)) {
		struct resolve_wait *w =
			LIST_OWNER(told->next, struct resolve_wait, link);

		list_remove(&w->link);
		if (j->edges)
			tell_edges(j, w);
		else
			tell_addresses(j, w);
	}
}

static uint64_t good_for_ms(const struct resolve_job *j)
{
	if (j->err)
		return NEGATIVE_MS;
	return (j->edges ? j->records->ttl_s : j->set->ttl_s) * UINT64_C(1000);
}

static void keep(struct entry *e, const struct resolve_job *j)
{
	e->asking = false;
	if (e->outdated || j->err == ETIMEDOUT) {
		entry_destroy(e);
		return;
	}
	e->err = j->err;
	e->set = j->set;
	if (e->set)
		e->set->refs++;
	e->records = j->records;
	if (e->records)
		e->records->refs++;
	/* From the question on, which is a little less than from the answer. */
	e->until_ms = e->asked_ms + good_for_ms(j);
	list_append(&e->shelf->lru, &e->lru);
}

static void move_all(struct list *to, struct list *from)
{
	while (!list_empty(from)) {
		struct list *l = from->next;

		list_remove(l);
		list_append(to, l);
	}
}

/* On the worker's thread; the front may be gone. */
static void answered(struct post *p, void *arg)
{
	struct resolve_job *j = LIST_OWNER(p, struct resolve_job, post);
	struct resolve_front *f = resolve_link_front(j->link);
	struct entry *e = j->entry;

	(void)arg;
	if (f) {
		move_all(resolve_link_told(j->link), &e->waiters);
		keep(e, j);
		tell(j);
	}
	resolve_job_destroy(j);
}

static int ask(struct resolve_front *f, struct entry *e,
	       const struct question *q, uint64_t now_ms)
{
	struct resolve_job *j = calloc(1, sizeof(*j));

	if (!j)
		return ENOMEM;
	j->link = resolve_link_ref(f->link);
	j->entry = e;
	j->answered = answered;
	j->leg = (enum leg)q->key.leg;
	j->tls = q->key.kind == KIND_TLS;
	j->edges = q->key.kind == KIND_EDGES;
	j->port = (uint16_t)(q->key.port[0] << 8 | q->key.port[1]);
	j->host = q->name;

	list_remove(&e->lru);
	resolve_set_unref(&e->set);
	resolve_records_unref(&e->records);
	e->asking = true;
	e->asked_ms = now_ms;
	resolver_ask(f->resolver, j);
	return 0;
}

/* 0: *out is known, and used now; EINPROGRESS: wait is told later; ENOMEM. */
static int from_cache(const struct entry **out, struct resolve_front *f,
		      const struct question *q, uint64_t now_ms,
		      struct resolve_wait *wait)
{
	struct shelf *s =
		q->key.kind == KIND_EDGES ? &f->domains : &f->hosts_asked;
	struct entry *e = find(s, q);

	if (e && !e->asking && now_ms < e->until_ms) {
		list_remove(&e->lru);
		list_append(&s->lru, &e->lru);
		*out = e;
		return 0;
	}
	if (!e)
		e = add(s, q);
	if (!e)
		return ENOMEM;
	if (!e->asking && ask(f, e, q, now_ms)) {
		entry_destroy(e);
		return ENOMEM;
	}
	assert(list_empty(&wait->link));
	list_append(&e->waiters, &wait->link);
	return EINPROGRESS;
}

static int from_list(const struct resolve_front *f,
		     const struct resolve_key *key, const union addr *addr,
		     size_t n, struct resolved *out)
{
	uint16_t port = key->port;

	/* RFC 3263 §4.2: an address or a known name has no SRV records. */
	if (port == 0)
		port = key->tls ? 5061 : 5060;
	out->n = resolve_choose(out->addr, RESOLVE_MAX, addr, n,
				f->families[key->leg], port);
	return out->n > 0 ? 0 : ENOENT;
}

int resolve_lookup(struct resolve_front *f, const struct resolve_key *key,
		   uint64_t now_ms, struct resolved *out,
		   struct resolve_wait *wait)
{
	const struct resolve_addrs *addrs;
	const struct entry *e;
	struct question q;
	union addr literal;
	int err;

	if (read_question(&q, key)) {
		if (addr_parse(&literal, key->host, 0))
			return ENOENT;
		return from_list(f, key, &literal, 1, out);
	}
	addrs = resolve_hosts_find(f->hosts, &q.name, q.hash);
	if (addrs)
		return from_list(f, key, addrs->v, addrs->n, out);
	err = from_cache(&e, f, &q, now_ms, wait);
	if (err || e->err)
		return err ? err : e->err;
	resolve_set_draw(out, e->set, &f->rng);
	return 0;
}

int resolve_edges(struct resolve_front *f, struct slice domain, uint64_t now_ms,
		  struct resolve_service *out, struct resolve_wait *wait)
{
	const struct resolve_key key = {.leg = LEG_OUTSIDE, .host = domain};
	const struct entry *e;
	struct question q;
	int err;

	out->secure = false;
	out->n = 0;
	if (read_question(&q, &key))
		return 0; /* what is no name has no records */
	q.key.kind = KIND_EDGES;
	err = from_cache(&e, f, &q, now_ms, wait);
	if (err || e->err)
		return err ? err : e->err;
	resolve_records_draw(out, e->records, &f->rng);
	return 0;
}

void resolve_cancel(struct resolve_wait *wait)
{
	list_remove(&wait->link);
}
