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
#define NAMES_MAX   1024
#define NEGATIVE_MS 5000
#define PREFIX	    4 /* leg, tls, port in front of the name */

/** A lookup in its one form; as bytes it is the key of the cache. */
struct question {
	struct {
		uint8_t leg, tls, port[2];
		char name[RESOLVE_NAME_MAX];
	} key;
	size_t key_len;
	unsigned hash;
	struct resolve_name name;
};

/** One name that was asked for. */
struct entry {
	UT_hash_handle hh;
	struct list lru; /* on front.lru unless asking */
	struct list waiters;
	struct resolve_set *set; /* when err is 0 */
	uint64_t asked_ms, until_ms;
	int err;
	bool asking, outdated, lost;
	size_t key_len;
	char key[];
};

struct resolve_front {
	struct resolver *resolver;
	struct resolve_link *link;
	const struct settings *settings;
	struct resolve_hosts *hosts;
	struct resolve_families families[LEG_COUNT];
	struct resolve_rng rng;
	struct entry *table;
	struct list lru; /* least recently used first */
	unsigned names;
};

static void entry_destroy(struct resolve_front *f, struct entry *e)
{
	struct list *it, *tmp;

	LIST_EACH (&e->waiters, it, tmp)
		list_remove(it);
	list_remove(&e->lru);
	if (!e->lost)
		HASH_DEL(f->table, e);
	resolve_set_unref(&e->set);
	f->names--;
	free(e);
}

/* What is being asked for now stays, for its waiters, but will not be kept. */
static void forget_all(struct resolve_front *f)
{
	struct entry *e, *tmp;

	HASH_ITER (hh, f->table, e, tmp) {
		if (e->asking)
			e->outdated = true;
		else
			entry_destroy(f, e);
	}
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
	list_init(&f->lru);
	*out = f;
	return 0;
}

void resolve_front_reload(struct resolve_front *f, const struct settings *s)
{
	struct resolve_hosts *hosts;

	forget_all(f);
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
	struct entry *e, *tmp;
	struct list *told;

	*fp = NULL;
	if (!f)
		return;
	resolve_link_cut(f->link);
	told = resolve_link_told(f->link);
	while (!list_empty(told))
		list_remove(told->next);
	resolve_link_unref(&f->link);
	HASH_ITER (hh, f->table, e, tmp)
		entry_destroy(f, e);
	resolve_hosts_destroy(&f->hosts);
	settings_unref(&f->settings);
	free(f);
}

static int read_question(struct question *q, const struct resolve_key *key)
{
	if (resolve_name_read(&q->name, key->host))
		return EINVAL;
	q->key.leg = (uint8_t)key->leg;
	q->key.tls = key->tls;
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

static struct entry *find(struct resolve_front *f, const struct question *q)
{
	struct entry *e;

	HASH_FIND_BYHASHVALUE(hh, f->table, &q->key, q->key_len, key_hash(q),
			      e);
	return e;
}

static bool make_room(struct resolve_front *f)
{
	if (f->names < NAMES_MAX)
		return true;
	if (list_empty(&f->lru))
		return false;
	entry_destroy(f, LIST_OWNER(f->lru.next, struct entry, lru));
	return true;
}

static struct entry *add(struct resolve_front *f, const struct question *q)
{
	struct entry *e = NULL;

	if (make_room(f))
		e = calloc(1, sizeof(*e) + q->key_len);
	if (!e)
		return NULL;
	list_init(&e->lru);
	list_init(&e->waiters);
	e->key_len = q->key_len;
	memcpy(e->key, &q->key, q->key_len);
	f->names++;
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, f->table, e->key, e->key_len,
				    key_hash(q), e);
	if (!e->lost)
		return e;
	entry_destroy(f, e);
	return NULL;
}

/* Each waiter gets a draw of its own, and may do what it likes meanwhile. */
static void tell(struct resolve_link *l, int err, struct resolve_set *set)
{
	struct list *told = resolve_link_told(l);
	struct resolved list;

	while (!list_empty(told)) {
		struct resolve_wait *w =
			LIST_OWNER(told->next, struct resolve_wait, link);

		list_remove(&w->link);
		if (!err)
			resolve_set_draw(&list, set,
					 &resolve_link_front(l)->rng);
		w->fn(err, err ? NULL : &list, w->arg);
	}
}

static void keep(struct resolve_front *f, struct entry *e, int err,
		 struct resolve_set *set)
{
	uint64_t ms = err ? NEGATIVE_MS : (uint64_t)set->ttl_s * 1000;

	e->asking = false;
	if (e->outdated || err == ETIMEDOUT) {
		entry_destroy(f, e);
		return;
	}
	e->err = err;
	e->set = set;
	if (set)
		set->refs++;
	/* From the question on, which is a little less than from the answer. */
	e->until_ms = e->asked_ms + ms;
	list_append(&f->lru, &e->lru);
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
		keep(f, e, j->err, j->set);
		tell(j->link, j->err, j->set);
	}
	resolve_job_destroy(j);
}

static int ask(struct resolve_front *f, struct entry *e,
	       const struct question *q, const struct resolve_key *key,
	       uint64_t now_ms)
{
	struct resolve_job *j = calloc(1, sizeof(*j));

	if (!j)
		return ENOMEM;
	j->link = resolve_link_ref(f->link);
	j->entry = e;
	j->answered = answered;
	j->leg = key->leg;
	j->tls = key->tls;
	j->port = key->port;
	j->host = q->name;

	list_remove(&e->lru);
	resolve_set_unref(&e->set);
	e->asking = true;
	e->asked_ms = now_ms;
	resolver_ask(f->resolver, j);
	return 0;
}

static int known(struct resolve_front *f, struct entry *e, struct resolved *out)
{
	list_remove(&e->lru);
	list_append(&f->lru, &e->lru);
	if (e->err)
		return e->err;
	resolve_set_draw(out, e->set, &f->rng);
	return 0;
}

static int from_cache(struct resolve_front *f, const struct question *q,
		      const struct resolve_key *key, uint64_t now_ms,
		      struct resolved *out, struct resolve_wait *wait)
{
	struct entry *e = find(f, q);

	if (e && !e->asking && now_ms < e->until_ms)
		return known(f, e, out);
	if (!e)
		e = add(f, q);
	if (!e)
		return ENOMEM;
	if (!e->asking && ask(f, e, q, key, now_ms)) {
		entry_destroy(f, e);
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
	struct question q;
	union addr literal;

	if (read_question(&q, key)) {
		if (addr_parse(&literal, key->host, 0))
			return ENOENT;
		return from_list(f, key, &literal, 1, out);
	}
	addrs = resolve_hosts_find(f->hosts, &q.name, q.hash);
	if (addrs)
		return from_list(f, key, addrs->v, addrs->n, out);
	return from_cache(f, &q, key, now_ms, out, wait);
}

void resolve_cancel(struct resolve_wait *wait)
{
	list_remove(&wait->link);
}
