/**
 * @file resolve_rig.h
 * Both halves of the resolver on one loop, with a fake where libunbound is.
 * For one program only.
 */
#ifndef TESTS_UNIT_NET_RESOLVE_RIG_H
#define TESTS_UNIT_NET_RESOLVE_RIG_H

#include "net/resolve.h"

#include "base/now.h"
#include "cunit_main.h"
#include "net/resolve_fake.h"
#include "resolve_job.h"

#include <errno.h>

#define NOW 1000000

static union addr outside_addr[1], inside_addr[2], home_addr[2];
static char home_name[] = "home01.internal.example";
static char first_server[] = "127.0.0.1", second_server[] = "127.0.0.2";
static char *servers[] = {first_server, second_server};
static struct host_entry host = {home_name, home_addr, 2};
static struct settings snapshot, other_snapshot;
static int references;

static uv_loop_t loop;
static struct postbox *main_box, *box;
static struct resolver *resolver;
static struct resolve_front *front;
static struct resolved list;

/** A waiter and what it was told. */
struct waiter {
	struct resolve_wait wait;
	int told, err;
	struct resolved list;
	struct waiter *cancels;
	bool destroys_front, asks_again;
};

const struct settings *settings_ref(const struct settings *s)
{
	references++;
	return s;
}

void settings_unref(const struct settings **s)
{
	references -= *s != NULL;
	*s = NULL;
}

static inline union addr literal(const char *text)
{
	union addr a = {0};

	CU_ASSERT_EQUAL(addr_parse(&a, slice_of(text), 0), 0);
	return a;
}

/* Outside speaks IPv4 alone, inside both, IPv6 first. */
static inline void make_settings(void)
{
	outside_addr[0] = literal("192.0.2.200");
	inside_addr[0] = literal("2001:db8::200");
	inside_addr[1] = literal("10.0.0.200");
	home_addr[0] = literal("127.0.20.4");
	home_addr[1] = literal("::1");
	snapshot = (struct settings){.host = &host, .hosts = 1};
	snapshot.leg[LEG_OUTSIDE].address = outside_addr;
	snapshot.leg[LEG_OUTSIDE].addresses = 1;
	snapshot.leg[LEG_OUTSIDE].dns = (struct name_list){servers, 1};
	snapshot.leg[LEG_INSIDE].address = inside_addr;
	snapshot.leg[LEG_INSIDE].addresses = 2;
	snapshot.leg[LEG_INSIDE].dns = (struct name_list){servers, 2};
	other_snapshot = snapshot;
	other_snapshot.hosts = 0;
	other_snapshot.leg[LEG_OUTSIDE].dns.n = 0;
}

static inline void set_up(void)
{
	char why[WHY_MAX];

	log_set_level(LOG_LEVEL_ERROR);
	fake_clear();
	references = 0;
	make_settings();
	uv_loop_init(&loop);
	CU_ASSERT_EQUAL_FATAL(postbox_create(&main_box, &loop, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(postbox_create(&box, &loop, NULL), 0);
	CU_ASSERT_EQUAL_FATAL(
		resolver_create(&resolver, &loop, main_box, &snapshot, why), 0);
	CU_ASSERT_EQUAL_FATAL(
		resolve_front_create(&front, resolver, box, &snapshot), 0);
}

static inline void tear_down(void)
{
	resolve_front_destroy(&front);
	postbox_close(&box);
	resolver_destroy(&resolver);
	postbox_close(&main_box);
	uv_run(&loop, UV_RUN_DEFAULT);
	CU_ASSERT_EQUAL(uv_loop_close(&loop), 0);
	CU_ASSERT_EQUAL(references, 0);
	CU_ASSERT_EQUAL(fake_views, 0);
}

static inline void turn(void)
{
	for (int i = 0; i < 3; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
}

/* Let everything happen that can happen without time passing. */
static inline void settle(void)
{
	bool more = true;

	turn();
	while (more) {
		more = fake_answer_all(resolver->view[LEG_OUTSIDE]);
		more |= fake_answer_all(resolver->view[LEG_INSIDE]);
		turn();
	}
}

static inline void on_told(int err, const struct resolved *found, void *arg)
{
	struct waiter *w = arg;

	w->told++;
	w->err = err;
	if (found)
		w->list = *found;
	CU_ASSERT_EQUAL(err != 0, !found);
	if (w->cancels)
		resolve_cancel(&w->cancels->wait);
	if (w->asks_again) {
		struct resolve_key key = {LEG_OUTSIDE, true, SLICE("a.example"),
					  5061};
		CU_ASSERT_EQUAL(
			resolve_lookup(front, &key, NOW, &list, &w->wait), 0);
	}
	if (w->destroys_front)
		resolve_front_destroy(&front);
}

static inline int start(struct waiter *w, struct resolve_key key,
			uint64_t now_ms)
{
	*w = (struct waiter){.wait = {.fn = on_told, .arg = w}};
	return resolve_lookup(front, &key, now_ms, &list, &w->wait);
}

static inline struct resolve_key key_of(const char *name, uint16_t port)
{
	return (struct resolve_key){LEG_OUTSIDE, true, slice_of(name), port};
}

/* One lookup from start to end; the answer in words. */
static inline const char *look_at(struct resolve_key key, uint64_t now_ms)
{
	static char out[1200];
	struct waiter w;
	int err = start(&w, key, now_ms);
	char one[ADDR_TEXT_MAX];
	size_t n = 0;

	if (err == EINPROGRESS) {
		settle();
		CU_ASSERT_EQUAL(w.told, 1);
		err = w.err;
		list = w.list;
	}
	if (err)
		return err == ENOENT	  ? "ENOENT"
		       : err == ETIMEDOUT ? "ETIMEDOUT"
		       : err == EIO	  ? "EIO"
					  : "other";
	for (unsigned i = 0; i < list.n; i++)
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s",
				      i ? " " : "",
				      addr_text(&list.addr[i], one));
	return out;
}

static inline const char *look(const char *name, uint16_t port)
{
	return look_at(key_of(name, port), NOW);
}

#endif
