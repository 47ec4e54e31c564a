/**
 * @file resolve_fake.h
 * Stands where libunbound stands: a zone that the test writes, and questions
 * that wait until the test lets them be answered. For one program only.
 */
#ifndef TESTS_UNIT_NET_RESOLVE_FAKE_H
#define TESTS_UNIT_NET_RESOLVE_FAKE_H

#include "resolve_ask.h"

#include <CUnit/CUnit.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FAKE_ROWS      64
#define FAKE_RDATA_MAX 80

/** One RRset, or a failure. */
struct fake_row {
	char name[300];
	enum resolve_type type;
	int err;
	uint32_t ttl_s;
	bool secure;
	size_t n;
	char rdata[FAKE_ROWS][FAKE_RDATA_MAX];
	int len[FAKE_ROWS];
};

/** A leg's servers; `servers` tells views apart. */
struct resolve_view {
	struct list asks;
	size_t servers;
};

/** A question on its way. */
struct fake_ask {
	char name[300];
	enum resolve_type type;
	size_t servers;
};

static struct fake_row fake_zone[FAKE_ROWS];
static size_t fake_rows;
static struct fake_ask fake_asked[4096]; /* by id */
static int fake_asks;
static bool fake_view_fails, fake_ask_fails;
static unsigned fake_views;

static inline void fake_clear(void)
{
	fake_rows = 0;
	fake_asks = 0;
	fake_view_fails = fake_ask_fails = false;
}

static inline struct fake_row *fake_row(const char *name,
					enum resolve_type type)
{
	struct fake_row *row = &fake_zone[fake_rows++];

	CU_ASSERT_FATAL(fake_rows <= FAKE_ROWS);
	memset(row, 0, sizeof(*row));
	snprintf(row->name, sizeof(row->name), "%s", name);
	row->type = type;
	row->ttl_s = 300;
	return row;
}

static inline struct fake_row *fake_fails(const char *name,
					  enum resolve_type type, int err)
{
	struct fake_row *row = fake_row(name, type);

	row->err = err;
	return row;
}

static inline void fake_bytes(struct fake_row *row, const void *bytes, size_t n)
{
	CU_ASSERT_FATAL(row->n < FAKE_ROWS && n <= FAKE_RDATA_MAX);
	memcpy(row->rdata[row->n], bytes, n);
	row->len[row->n++] = (int)n;
}

/* A and AAAA rows from an address; one row a name and type. */
static inline struct fake_row *fake_addr(struct fake_row *row, const char *text)
{
	union addr a;

	CU_ASSERT_EQUAL_FATAL(addr_parse(&a, slice_of(text), 0), 0);
	if (row->type == RESOLVE_A)
		fake_bytes(row, &a.in4.sin_addr, 4);
	else
		fake_bytes(row, &a.in6.sin6_addr, 16);
	return row;
}

static inline void fake_srv(struct fake_row *row, uint16_t priority,
			    uint16_t weight, uint16_t port, const char *target)
{
	const uint16_t head[] = {htons(priority), htons(weight), htons(port)};
	char rdata[FAKE_RDATA_MAX];
	size_t n = sizeof(head);

	memcpy(rdata, head, sizeof(head));
	while (*target && *target != '.') {
		size_t label = strcspn(target, ".");

		rdata[n++] = (char)label;
		memcpy(rdata + n, target, label);
		n += label;
		target += label + (target[label] == '.');
	}
	rdata[n++] = 0;
	fake_bytes(row, rdata, n);
}

/* How often a question was asked. */
static inline int fake_count(const char *name, enum resolve_type type)
{
	int n = 0;

	for (int i = 0; i < fake_asks; i++)
		n += fake_asked[i].type == type &&
		     strcmp(fake_asked[i].name, name) == 0;
	return n;
}

static inline const struct fake_row *fake_find(const struct fake_ask *asked)
{
	for (size_t i = 0; i < fake_rows; i++) {
		if (fake_zone[i].type == asked->type &&
		    strcmp(fake_zone[i].name, asked->name) == 0)
			return &fake_zone[i];
	}
	return NULL;
}

static inline void fake_answer(struct resolve_ask *q)
{
	const struct fake_row *row = fake_find(&fake_asked[q->id]);
	struct resolve_answer a = {.err = row ? row->err : ENOENT,
				   .secure = row && row->secure};
	char *data[FAKE_ROWS + 1] = {NULL};

	list_remove(&q->link);
	q->view = NULL;
	if (a.err == 0) {
		for (size_t i = 0; i < row->n; i++)
			data[i] = (char *)row->rdata[i];
		a.ttl_s = row->ttl_s;
		a.data = data;
		a.len = row->len;
		a.n = row->n;
	}
	q->fn(&a, q->arg);
}

/* Answer all that a view was asked; false when there was nothing. */
static inline bool fake_answer_all(struct resolve_view *v)
{
	struct list now;

	if (list_empty(&v->asks))
		return false;
	list_init(&now);
	while (!list_empty(&v->asks)) {
		struct list *l = v->asks.next;

		list_remove(l);
		list_append(&now, l);
	}
	while (!list_empty(&now))
		fake_answer(LIST_OWNER(now.next, struct resolve_ask, link));
	return true;
}

int resolve_view_open(struct resolve_view **out, uv_loop_t *loop,
		      const struct leg_settings *leg, char *why)
{
	struct resolve_view *v;

	(void)loop;
	if (fake_view_fails) {
		snprintf(why, WHY_MAX, "no view today");
		return EINVAL;
	}
	v = calloc(1, sizeof(*v));
	if (!v)
		return ENOMEM;
	list_init(&v->asks);
	v->servers = leg->dns.n;
	fake_views++;
	*out = v;
	return 0;
}

void resolve_view_close(struct resolve_view **v)
{
	if (!*v)
		return;
	CU_ASSERT_TRUE(list_empty(&(*v)->asks));
	free(*v);
	*v = NULL;
	fake_views--;
}

int resolve_ask(struct resolve_ask *q, struct resolve_view *v, const char *name,
		enum resolve_type type)
{
	struct fake_ask *asked = &fake_asked[fake_asks];

	if (fake_ask_fails)
		return EIO;
	CU_ASSERT_FATAL(fake_asks < 4096);
	snprintf(asked->name, sizeof(asked->name), "%s", name);
	asked->type = type;
	asked->servers = v->servers;
	q->id = fake_asks++;
	q->view = v;
	list_init(&q->link);
	list_append(&v->asks, &q->link);
	return 0;
}

void resolve_ask_cancel(struct resolve_ask *q)
{
	if (!q->view)
		return;
	list_remove(&q->link);
	q->view = NULL;
}

#endif
