/*
 * pool.c - where we connect to, and by which connection.
 */
#include "pool.h"

#include "base/hash.h"
#include "worker_state.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#define HASH_NONFATAL_OOM	   1
#define uthash_nonfatal_oom(entry) ((entry)->lost++)
#include <uthash.h>

#define NAME_MAX_BYTES 255

/** Who says whether a certificate is believed. */
enum judge {
	BY_LEG,	     /* its trust */
	BY_PARTNER,  /* the partner whose domain the name is */
	BY_PROVIDER, /* the provider whose edge it is */
};

/** What must be equal; zeroed before it is filled, compared as bytes. */
struct pool_key {
	uint8_t leg, tls, judge, name_bytes, also_bytes;
	uint16_t port;
	uint32_t scope;
	uint8_t host[16];
	char name[2 * NAME_MAX_BYTES]; /* name, then also */
};

#define KEY_BYTES(k)                                                           \
	(offsetof(struct pool_key, name) + (k)->name_bytes + (k)->also_bytes)

struct pool_entry {
	UT_hash_handle hh;    /* by its whole key, in conns.pool */
	UT_hash_handle named; /* by leg and name, in conns.pool_named */
	struct conn_inner *conn;
	uint8_t lost; /* there was no memory for its place in a table */
	struct pool_key key;
};

static void set_address(struct pool_key *k, const union addr *to)
{
	k->port = addr_port(to);
	if (to->sa.sa_family == AF_INET) {
		memcpy(k->host, &to->in4.sin_addr, 4);
		return;
	}
	memcpy(k->host, &to->in6.sin6_addr, 16);
	k->scope = to->in6.sin6_scope_id + 1; /* 0 is IPv4 */
}

static enum judge judge_of(const struct partner_settings *partner)
{
	if (!partner)
		return BY_LEG;
	return partner->kind == PARTNER_PROVIDER ? BY_PROVIDER : BY_PARTNER;
}

static void put_lower(char *out, struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		out[i] = (char)tolower((unsigned char)name.p[i]);
}

static int make_key(struct pool_key *k, const struct conn_way *way)
{
	if (way->name.n > NAME_MAX_BYTES || way->also.n > NAME_MAX_BYTES)
		return EINVAL;
	memset(k, 0, offsetof(struct pool_key, name));
	k->leg = (uint8_t)way->leg;
	k->tls = way->tls;
	k->judge = judge_of(way->partner);
	set_address(k, way->to);
	k->name_bytes = (uint8_t)way->name.n;
	k->also_bytes = (uint8_t)way->also.n;
	put_lower(k->name, way->name);
	put_lower(k->name + way->name.n, way->also);
	return 0;
}

static unsigned key_hash(const struct pool_key *k)
{
	return (unsigned)hash_bytes(0, (struct slice){(const char *)k,
						      KEY_BYTES(k)});
}

static struct conn_inner *find(const struct conns *cs, const struct pool_key *k)
{
	struct pool_entry *e = NULL;

	HASH_FIND_BYHASHVALUE(hh, cs->pool, k, KEY_BYTES(k), key_hash(k), e);
	return e ? e->conn : NULL;
}

static unsigned name_hash(const char *name, size_t n)
{
	return (unsigned)hash_bytes(0, (struct slice){name, n});
}

static void leave(struct conns *cs, struct pool_entry *e)
{
	HASH_DELETE(hh, cs->pool, e);
	HASH_DELETE(named, cs->pool_named[e->key.leg], e);
	free(e);
}

/* Into both tables or none. */
static int add(struct conns *cs, struct pool_entry *e)
{
	struct pool_key *k = &e->key;

	HASH_ADD_KEYPTR_BYHASHVALUE(hh, cs->pool, k, KEY_BYTES(k), key_hash(k),
				    e);
	if (e->lost)
		return ENOMEM;
	HASH_ADD_KEYPTR_BYHASHVALUE(named, cs->pool_named[k->leg], k->name,
				    k->name_bytes,
				    name_hash(k->name, k->name_bytes), e);
	if (!e->lost)
		return 0;
	HASH_DELETE(hh, cs->pool, e);
	return ENOMEM;
}

static int enter(struct pool_entry **out, struct conns *cs,
		 const struct pool_key *k)
{
	struct pool_entry *e = calloc(1, sizeof(*e));

	if (!e)
		return ENOMEM;
	memcpy(&e->key, k, KEY_BYTES(k));
	if (add(cs, e)) {
		free(e);
		return ENOMEM;
	}
	*out = e;
	return 0;
}

void pool_leave(struct conn_inner *c)
{
	if (!c->entry)
		return;
	leave(conn_home(c), c->entry);
	c->entry = NULL;
}

struct slice pool_name(const struct conn_inner *c)
{
	if (!c->entry)
		return (struct slice){0};
	return (struct slice){c->entry->key.name, c->entry->key.name_bytes};
}

struct slice pool_also(const struct conn_inner *c)
{
	const struct pool_key *k;

	if (!c->entry)
		return (struct slice){0};
	k = &c->entry->key;
	return (struct slice){k->name + k->name_bytes, k->also_bytes};
}

static const struct partner_settings *find_provider(const struct settings *s,
						    struct slice edge)
{
	for (size_t i = 0; i < s->federation.partners; i++) {
		const struct partner_settings *p = &s->federation.partner[i];

		if (p->kind == PARTNER_PROVIDER && p->proxy.host &&
		    slice_same_host(slice_of(p->proxy.host), edge))
			return p;
	}
	return NULL;
}

/* By name, not by pointer: a reload may have come since it was written. */
static const struct partner_settings *find_partner(const struct settings *s,
						   enum judge judge,
						   struct slice name)
{
	if (judge == BY_LEG)
		return NULL;
	return judge == BY_PROVIDER ? find_provider(s, name)
				    : settings_partner(s, name);
}

const struct partner_settings *pool_partner(const struct conn_inner *c)
{
	if (!c->entry)
		return NULL;
	return find_partner(c->pub.worker->settings, c->entry->key.judge,
			    pool_name(c));
}

/* It may have become a partner's since, or be one's no longer. */
const struct partner_settings *pool_partner_now(const struct conn_inner *c)
{
	const struct settings *s = c->pub.worker->settings;
	const struct partner_settings *p = pool_partner(c);

	if (p || !c->entry || c->pub.leg != LEG_OUTSIDE)
		return p;
	p = settings_partner(s, pool_name(c));
	return p ? p : find_provider(s, pool_name(c));
}

static const union addr *own_address(const struct settings *s, enum leg leg,
				     int family)
{
	const struct leg_settings *l = &s->leg[leg];

	for (size_t i = 0; i < l->addresses; i++) {
		if (l->address[i].sa.sa_family == family)
			return &l->address[i];
	}
	return NULL;
}

static void set_habits(int fd)
{
	static const int one = 1, idle = 60, interval = 20, count = 3;

	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

/* It leaves by its leg's own address or not at all. */
static int dial(int *out, const union addr *from, const union addr *to)
{
	int fd = socket(to->sa.sa_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return errno;
	set_habits(fd);
	if (bind(fd, &from->sa, addr_len(from))) {
		close(fd);
		return EADDRNOTAVAIL;
	}
	if (connect(fd, &to->sa, addr_len(to)) && errno != EINPROGRESS) {
		err = errno;
		close(fd);
		return err;
	}
	*out = fd;
	return 0;
}

static int open_conn(struct conn_inner **out, struct conns *cs,
		     const struct conn_birth *birth)
{
	int fd = -1;
	int err = dial(&fd, birth->local, birth->peer);

	if (err)
		return err;
	err = conn_create(out, cs, fd, birth);
	if (err)
		close(fd);
	return err;
}

static int open_new(struct conn_inner **out, struct conns *cs,
		    const struct pool_key *key, const struct conn_birth *birth)
{
	struct pool_entry *e;
	int err = enter(&e, cs, key);

	if (err)
		return err;
	err = open_conn(&e->conn, cs, birth);
	if (err) {
		leave(cs, e);
		return err;
	}
	e->conn->entry = e;
	*out = e->conn;
	conn_begin(e->conn);
	return 0;
}

/* What was verified by other settings is verified anew before it is used. One
 * that is believed no longer ends when what is under way on it has ended; the
 * room above knows when. */
static bool still_good(struct conn_inner *c)
{
	struct conns *cs = conn_home(c);

	if (c->judged == cs->judge || !c->pub.open ||
	    conn_rejudge(&c->pub) == 0)
		return true;
	conn_retire(&c->pub);
	if (cs->events.judged)
		cs->events.judged(&c->pub, cs->arg);
	else
		conn_close(&c->pub, CONN_END_DISTRUST);
	return false;
}

struct conn *conn_opened_for(struct worker *w, enum leg leg, struct slice name)
{
	struct conns *cs = &worker_inner(w)->conns;
	char lower[NAME_MAX_BYTES];
	struct pool_entry *e = NULL;

	if (name.n > NAME_MAX_BYTES)
		return NULL;
	put_lower(lower, name);
	HASH_FIND_BYHASHVALUE(named, cs->pool_named[leg], lower, name.n,
			      name_hash(lower, name.n), e);
	if (e && still_good(e->conn))
		return &e->conn->pub;
	return NULL;
}

int conn_reach(struct conn **out, struct worker *w, const struct conn_way *way)
{
	struct conns *cs = &worker_inner(w)->conns;
	struct conn_birth birth = {
		.leg = way->leg,
		.door = DOOR_OUT,
		.tls = way->tls,
		.peer = way->to,
		.sni = way->also.n ? way->also : way->name,
		.partner = find_partner(w->settings, judge_of(way->partner),
					way->name)};
	struct conn_inner *c;
	struct pool_key key;
	int err = make_key(&key, way);

	if (err)
		return err;
	if (cs->shut)
		return ESHUTDOWN;
	c = find(cs, &key);
	if (c && still_good(c)) {
		*out = &c->pub;
		return 0;
	}
	birth.local = own_address(w->settings, way->leg, way->to->sa.sa_family);
	if (!birth.local)
		return EADDRNOTAVAIL;
	err = open_new(&c, cs, &key, &birth);
	if (!err)
		*out = &c->pub;
	return err;
}
