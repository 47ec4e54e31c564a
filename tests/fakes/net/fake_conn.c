/* SPDX-License-Identifier: Apache-2.0 */
/* fake_conn.c - connections whose other end is the test. */
#include "fake_room.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FAKE_NAMES 8

struct fake_conn *fake_conns[FAKE_CONNS];
unsigned fake_judge;

static struct fake_manner_of {
	union addr addr;
	enum fake_manner manner;
} manners[16];
static unsigned manner_count;
static bool ending; /* no new connections */

struct fake_conn *fake_of(struct conn *c)
{
	return (struct fake_conn *)(void *)c;
}

static struct worker *worker_of(const struct conn *c)
{
	return c->worker;
}

static struct fake_conn *make(struct worker *w)
{
	static uint32_t generation;
	struct fake_conn *c;
	unsigned slot = 0;

	while (slot < FAKE_CONNS && fake_conns[slot])
		slot++;
	if (slot == FAKE_CONNS)
		return NULL;
	c = malloc(sizeof(*c));
	if (!c)
		return NULL;
	memset(c, 0, offsetof(struct fake_conn, out));
	c->n = c->read = c->in_n = c->room = 0;
	c->manner = FAKE_OPENS;
	c->judged = fake_judge;
	c->trust = CONN_UNPROVEN;
	c->wait = CONN_WAIT_NOTHING;
	c->trusted = c->closing = c->full = false;
	c->pub.worker = w;
	c->pub.id = (uint64_t)w->index << 56 | (uint64_t)(slot + 1) << 32 |
		    ++generation;
	fake_conns[slot] = c;
	return c;
}

static void gone(struct fake_conn *c)
{
	fake_inside++;
	fake_setup.events.closed(&c->pub, c->end, fake_setup.arg);
	fake_inside--;
	for (unsigned i = 0; i < FAKE_CONNS; i++)
		if (fake_conns[i] == c)
			fake_conns[i] = NULL;
	cert_names_destroy(&c->pub.names);
	free(c->name);
	free(c->also);
	free(c);
}

static void parse_address(union addr *out, const char *text)
{
	const char *colon = strrchr(text, ':');
	struct slice host = slice_of(text);
	uint32_t port = 5061;

	if (colon && strchr(text, ':') == colon) {
		host.n = (size_t)(colon - text);
		slice_to_u32(&port, slice_of(colon + 1));
	}
	CU_ASSERT_EQUAL_FATAL(addr_parse(out, host, (uint16_t)port), 0);
}

static bool starts(struct slice word, struct slice with)
{
	return word.n > with.n && memcmp(word.p, with.p, with.n) == 0;
}

static void add_name(struct cert_names *p, struct slice word)
{
	bool uri = starts(word, SLICE("sip:"));
	size_t skip = uri ? 4 : 0;

	CU_ASSERT_FATAL(p->n < FAKE_NAMES);
	p->name[p->n].kind = uri ? CERT_NAME_URI : CERT_NAME_DNS;
	p->name[p->n++].text =
		slice_dup((struct slice){word.p + skip, word.n - skip});
}

static void add_word(struct cert_names *p, struct slice word)
{
	const struct slice key = SLICE("key="), vouched = SLICE("vouched=");
	uint32_t bit = 0;

	if (slice_eq(word, SLICE("unchained"))) {
		p->chained = false;
	} else if (starts(word, key)) {
		snprintf(p->key, sizeof(p->key), "%.*s", (int)(word.n - key.n),
			 word.p + key.n);
	} else if (starts(word, vouched)) {
		slice_to_u32(&bit, (struct slice){word.p + vouched.n,
						  word.n - vouched.n});
		p->vouched |= UINT64_C(1) << bit;
	} else {
		add_name(p, word);
	}
}

/* A certificate, from words. */
static struct cert_names *names_of(const char *words)
{
	struct cert_names *p =
		calloc(1, sizeof(*p) + FAKE_NAMES * sizeof(p->name[0]));
	struct slice rest = slice_of(words);

	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	p->chained = true;
	while (rest.n) {
		size_t end = slice_index(rest, ' ');
		struct slice word = rest;

		if (end != SIZE_MAX)
			word.n = end;
		add_word(p, word);
		rest.p += word.n + (end != SIZE_MAX);
		rest.n -= word.n + (end != SIZE_MAX);
	}
	return p;
}

void fake_certify(struct conn *c, const char *cert)
{
	cert_names_destroy(&c->names);
	c->names = cert ? names_of(cert) : NULL;
}

struct conn *fake_accept(unsigned worker, enum leg leg, enum conn_door door,
			 const char *peer, const char *cert)
{
	struct fake_conn *c = make(fake_worker(worker));

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	c->pub.leg = leg;
	c->pub.door = door;
	c->pub.tls = door != DOOR_DEVICE;
	parse_address(&c->pub.peer, peer);
	c->pub.names = cert ? names_of(cert) : NULL;
	fake_open(&c->pub);
	return &c->pub;
}

void fake_open(struct conn *c)
{
	c->open = true;
	if (c->door == DOOR_OUT && c->tls && !c->names)
		c->names = names_of(fake_of(c)->name);
	fake_inside++;
	fake_setup.events.open(c, fake_setup.arg);
	fake_inside--;
}

void fake_drain(struct conn *c)
{
	fake_of(c)->full = false;
	fake_inside++;
	fake_setup.events.drained(c, fake_setup.arg);
	fake_inside--;
}

void fake_drain_some(struct conn *c, size_t bytes)
{
	fake_of(c)->full = false;
	fake_of(c)->room = bytes;
	fake_drain(c);
	fake_of(c)->room = 0;
	fake_of(c)->full = true;
}

void fake_feed(struct conn *pub, struct slice bytes)
{
	struct fake_conn *c = fake_of(pub);
	struct slice in;
	size_t used;
	char *copy;

	CU_ASSERT_FATAL(c->in_n + bytes.n <= sizeof(c->in));
	memcpy(c->in + c->in_n, bytes.p, bytes.n);
	c->in_n += bytes.n;
	/* Exactly as long as it is, so that a step too far is seen. */
	copy = malloc(c->in_n);
	CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
	memcpy(copy, c->in, c->in_n);
	in = (struct slice){.p = copy, .n = c->in_n};
	fake_inside++;
	used = fake_setup.events.bytes(pub, in, fake_setup.arg);
	fake_inside--;
	free(copy);
	CU_ASSERT_FATAL(used <= c->in_n);
	c->in_n -= used;
	memmove(c->in, c->in + used, c->in_n);
}

void fake_break(struct conn *pub, enum conn_end why)
{
	struct fake_conn *c = fake_of(pub);

	if (!c->closing)
		c->end = why;
	c->closing = true;
	gone(c);
}

static bool turn(struct fake_conn *c)
{
	if (c->closing) {
		gone(c);
		return true;
	}
	if (c->pub.open || c->manner != FAKE_OPENS)
		return false;
	fake_open(&c->pub);
	return true;
}

bool fake_conns_turn(void)
{
	bool any = false;

	for (unsigned i = 0; i < FAKE_CONNS; i++)
		if (fake_conns[i])
			any |= turn(fake_conns[i]);
	return any;
}

void fake_conns_end(void)
{
	ending = true;
	for (unsigned i = 0; i < FAKE_CONNS; i++)
		if (fake_conns[i])
			fake_break(&fake_conns[i]->pub, CONN_END_SHUTDOWN);
	manner_count = 0;
	ending = false;
}

struct conn *fake_reached(const char *name)
{
	struct fake_conn *best = NULL;

	for (unsigned i = 0; i < FAKE_CONNS; i++) {
		struct fake_conn *c = fake_conns[i];

		if (!c || c->closing || c->pub.retired ||
		    c->pub.door != DOOR_OUT || strcmp(c->name, name) != 0)
			continue;
		if (!best || (uint32_t)c->pub.id > (uint32_t)best->pub.id)
			best = c;
	}
	return best ? &best->pub : NULL;
}

unsigned fake_reaches(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < FAKE_CONNS; i++)
		n += fake_conns[i] && fake_conns[i]->pub.door == DOOR_OUT;
	return n;
}

void fake_manner(const char *address, enum fake_manner manner)
{
	union addr a;
	unsigned i = 0;

	parse_address(&a, address);
	while (i < manner_count && !addr_same_host(&manners[i].addr, &a))
		i++;
	CU_ASSERT_FATAL(i < 16);
	manners[i] = (struct fake_manner_of){.addr = a, .manner = manner};
	manner_count += i == manner_count;
}

static enum fake_manner manner_of(const union addr *a)
{
	for (unsigned i = 0; i < manner_count; i++)
		if (addr_same_host(&manners[i].addr, a))
			return manners[i].manner;
	return FAKE_OPENS;
}

/* The room's own side, from here on. */

int conn_send(struct conn *pub, struct slice bytes)
{
	struct fake_conn *c = fake_of(pub);

	if (c->closing)
		return EPIPE;
	if (c->full || c->n + bytes.n > sizeof(c->out) ||
	    (c->room && bytes.n > c->room))
		return ENOBUFS;
	c->room -= c->room ? bytes.n : 0;
	memcpy(c->out + c->n, bytes.p, bytes.n);
	c->n += bytes.n;
	return 0;
}

void conn_close(struct conn *pub, enum conn_end why)
{
	struct fake_conn *c = fake_of(pub);

	if (c->closing)
		return;
	c->closing = true;
	c->end = why;
}

void conn_expect(struct conn *c, enum conn_wait w)
{
	fake_of(c)->wait = w;
}

void conn_trust(struct conn *c, enum conn_trust t)
{
	fake_of(c)->trust = t;
	fake_of(c)->trusted = true;
}

struct conn *conn_find(struct worker *w, conn_id id)
{
	for (unsigned i = 0; i < FAKE_CONNS; i++) {
		struct fake_conn *c = fake_conns[i];

		if (!c || c->pub.id != id || c->closing)
			continue;
		CU_ASSERT_PTR_EQUAL(worker_of(&c->pub), w);
		return &c->pub;
	}
	return NULL;
}

static struct fake_conn *find_open(struct worker *w, const union addr *to,
				   struct slice name)
{
	for (unsigned i = 0; i < FAKE_CONNS; i++) {
		struct fake_conn *c = fake_conns[i];

		if (c && !c->closing && !c->pub.retired && c->pub.worker == w &&
		    c->pub.door == DOOR_OUT && addr_eq(&c->pub.peer, to) &&
		    slice_eq(slice_of(c->name), name))
			return c;
	}
	return NULL;
}

int conn_reach(struct conn **out, struct worker *w, const struct conn_way *way)
{
	struct fake_conn *c = find_open(w, way->to, way->name);
	enum fake_manner manner = manner_of(way->to);

	if (c) {
		*out = &c->pub;
		return 0;
	}
	if (ending || manner == FAKE_REFUSES)
		return ECONNREFUSED;
	c = make(w);
	if (!c)
		return ENOMEM;
	c->manner = manner;
	c->pub.leg = way->leg;
	c->pub.door = DOOR_OUT;
	c->pub.tls = way->tls;
	c->pub.peer = *way->to;
	c->partner = way->partner;
	c->name = way->name.n ? slice_dup(way->name) : strdup("");
	c->also = way->also.n ? slice_dup(way->also) : strdup("");
	if (!c->name || !c->also) {
		c->closing = true;
		return ENOMEM;
	}
	*out = &c->pub;
	return 0;
}

void conn_retire(struct conn *c)
{
	c->retired = true;
}

struct conn *conn_opened_for(struct worker *w, enum leg leg, struct slice name)
{
	for (unsigned i = 0; i < FAKE_CONNS; i++) {
		struct fake_conn *c = fake_conns[i];

		if (c && !c->closing && !c->pub.retired && c->pub.worker == w &&
		    c->pub.door == DOOR_OUT && c->pub.leg == leg &&
		    slice_same_host(slice_of(c->name), name))
			return &c->pub;
	}
	return NULL;
}

void fake_sweep(void)
{
	for (unsigned i = 0; i < FAKE_CONNS; i++) {
		struct fake_conn *c = fake_conns[i];

		if (!c || c->closing || !c->pub.open || !c->pub.tls)
			continue;
		if (conn_rejudge(&c->pub))
			conn_retire(&c->pub);
		fake_inside++;
		fake_setup.events.judged(&c->pub, fake_setup.arg);
		fake_inside--;
	}
}

int conn_rejudge(struct conn *pub)
{
	struct fake_conn *c = fake_of(pub);

	if (c->judged == fake_judge)
		return 0;
	c->judged = fake_judge;
	c->rejudged++;
	if (!c->disbelieved || !pub->names)
		return 0;
	cert_names_destroy(&pub->names);
	return EACCES;
}

void conn_each(struct worker *w, conn_each_fn *fn, void *arg)
{
	for (unsigned i = 0; i < FAKE_CONNS; i++) {
		struct fake_conn *c = fake_conns[i];

		if (c && c->pub.open && !c->closing && c->pub.worker == w)
			fn(&c->pub, &c->shown, arg);
	}
}

size_t conn_queued(const struct conn *c)
{
	const struct fake_conn *f = (const struct fake_conn *)(const void *)c;

	return f->n - f->read;
}

const char *conn_end_word(enum conn_end why)
{
	(void)why;
	return "end";
}

const char *conn_name(const struct conn *c, char out[24])
{
	snprintf(out, 24, "w%uc%u", CONN_ID_WORKER(c->id),
		 (unsigned)(c->id >> 32 & 0xffffff));
	return out;
}
