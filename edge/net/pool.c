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
#define uthash_nonfatal_oom(entry) ((entry)->lost = true)
#include <uthash.h>

#define NAME_MAX_BYTES 255

/** What must be equal; zeroed before it is filled, compared as bytes. */
struct pool_key {
	uint8_t leg, tls, name_bytes;
	uint16_t port;
	uint32_t scope;
	uint8_t host[16];
	char name[NAME_MAX_BYTES + 1];
};

#define KEY_BYTES(k) (offsetof(struct pool_key, name) + (k)->name_bytes)

struct pool_entry {
	UT_hash_handle hh;
	struct conn_inner *conn;
	bool lost; /* there was no memory for its place in the table */
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

static int make_key(struct pool_key *k, enum leg leg, bool tls,
		    const union addr *to, struct slice name)
{
	if (name.n > NAME_MAX_BYTES)
		return EINVAL;
	memset(k, 0, offsetof(struct pool_key, name));
	k->leg = (uint8_t)leg;
	k->tls = tls;
	set_address(k, to);
	k->name_bytes = (uint8_t)name.n;
	for (size_t i = 0; i < name.n; i++)
		k->name[i] = (char)tolower((unsigned char)name.p[i]);
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

static int enter(struct pool_entry **out, struct conns *cs,
		 const struct pool_key *k)
{
	struct pool_entry *e = calloc(1, sizeof(*e));

	if (!e)
		return ENOMEM;
	memcpy(&e->key, k, KEY_BYTES(k));
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, cs->pool, &e->key, KEY_BYTES(&e->key),
				    key_hash(&e->key), e);
	if (e->lost) {
		free(e);
		return ENOMEM;
	}
	*out = e;
	return 0;
}

static void leave(struct conns *cs, struct pool_entry *e)
{
	HASH_DELETE(hh, cs->pool, e);
	free(e);
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

int conn_reach(struct conn **out, struct worker *w, const struct conn_way *way)
{
	struct conns *cs = &worker_inner(w)->conns;
	struct conn_birth birth = {.leg = way->leg,
				   .door = DOOR_OUT,
				   .tls = way->tls,
				   .peer = way->to,
				   .name = way->name};
	struct conn_inner *c;
	struct pool_key key;
	int err = make_key(&key, way->leg, way->tls, way->to, way->name);

	if (err)
		return err;
	if (cs->shut)
		return ESHUTDOWN;
	c = find(cs, &key);
	if (c) {
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
