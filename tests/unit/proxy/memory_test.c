/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_test.c - dialogues again and again, each time one more allocation
 * succeeds before the next one fails: nobody crashes, nothing leaks, and all
 * transactions end.
 *
 * malloc() and its kin below take the place of the system's. Only what the
 * project's own code asks for, while the proxy is at work, can fail. clang's
 * AddressSanitizer, being part of the program, lets nobody take its place.
 */
#include "partner_kit.h"

extern char __executable_start, etext;

#define SYSTEM __attribute__((weak))
extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
SYSTEM extern void *__interceptor_malloc(size_t n);
SYSTEM extern void *__interceptor_calloc(size_t n, size_t size);
SYSTEM extern void *__interceptor_realloc(void *p, size_t n);

static unsigned allowed = UINT32_MAX; /* until one fails */
static bool failed, all_fail;	      /* only one, or all from then on */

#ifdef __clang__
#if __has_feature(address_sanitizer)
#define CANNOT_FAIL "clang's AddressSanitizer keeps malloc() to itself"
#endif
#endif

#ifndef CANNOT_FAIL
#define CANNOT_FAIL NULL

static bool may_fail(const void *caller)
{
	const char *at = caller;

	if (!fake_inside || at < &__executable_start || at > &etext)
		return false;
	if (allowed && allowed != UINT32_MAX) {
		allowed--;
		return false;
	}
	if (allowed || (failed && !all_fail))
		return false;
	failed = true;
	return true;
}

void *malloc(size_t n)
{
	if (may_fail(__builtin_return_address(0)))
		return NULL;
	return __interceptor_malloc ? __interceptor_malloc(n)
				    : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	if (may_fail(__builtin_return_address(0)))
		return NULL;
	return __interceptor_calloc ? __interceptor_calloc(n, size)
				    : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	if (may_fail(__builtin_return_address(0)))
		return NULL;
	return __interceptor_realloc ? __interceptor_realloc(p, n)
				     : __libc_realloc(p, n);
}

#endif

static struct heard h, ok;
static conn_id heard_by; /* where h was heard, or is still */

/* Is this the next thing heard there? With no memory it may be anything. */
static bool heard_at(struct conn *c, const char *start, struct heard *out)
{
	while (c && hear_any(c, out))
		if (!strncmp(out->text, start, strlen(start))) {
			heard_by = c->id;
			return true;
		}
	return false;
}

/* Answer h, unless its connection is gone since. */
static void tries_to_answer(unsigned status, const char *more)
{
	struct worker *w = fake_worker(CONN_ID_WORKER(heard_by));

	if (heard_by && conn_find(w, heard_by))
		answer(&h, status, more);
}

static bool alive(struct worker *w, conn_id id)
{
	return conn_find(w, id) != NULL;
}

/* Register through the redirect; false when it did not come to that. */
static bool tries_to_enroll(struct conn *c)
{
	struct worker *w = c->worker;
	conn_id id = c->id;

	ask(c, .method = "REGISTER", .branch = "z9hG4bKreg",
	    .more = "Supported: outbound\r\n" CONTACT);
	if (heard_at(fake_reached(DIR01), "REGISTER", &h))
		tries_to_answer(302, "Contact: <sip:" HOME01 ">, <sip:" HOME02
				     ">\r\n");
	if (heard_at(fake_reached(HOME01), "REGISTER", &h))
		tries_to_answer(200, CONTACT);
	return alive(w, id) && heard_at(c, "SIP/2.0 200", &h);
}

static void registration(void)
{
	tries_to_enroll(phone("198.51.100.7:4242"));
}

static void tries_to_hang_up(struct conn *alice, struct worker *w, conn_id id)
{
	char route[2048];

	if (!alive(w, id) || !heard_at(alice, "SIP/2.0 200", &ok))
		return;
	ask(alice, .method = "BYE", .to_tag = "t1", .branch = "z9hG4bKbye",
	    .more = route_line(route, value(&ok, FIELD_RECORD_ROUTE, 0)));
	if (heard_at(fake_reached(HOME01), "BYE", &h))
		tries_to_answer(200, "");
}

static void call_from_outside(void)
{
	struct conn *alice = phone("198.51.100.7:4242");
	conn_id id = alice->id;

	if (!tries_to_enroll(alice))
		return;
	ask(alice, .more = CONTACT);
	fake_pass(500);
	if (heard_at(fake_reached(HOME01), "INVITE", &h)) {
		tries_to_answer(180, "");
		tries_to_answer(200, CONTACT);
	}
	tries_to_hang_up(alice, fake_worker(0), id);
}

static void cancelled_call(void)
{
	struct conn *alice = phone("198.51.100.7:4242");
	conn_id id = alice->id;

	if (!tries_to_enroll(alice))
		return;
	ask(alice, .more = CONTACT);
	if (heard_at(fake_reached(HOME01), "INVITE", &h))
		tries_to_answer(503, "");
	if (heard_at(fake_reached(DIR01), "INVITE", &h))
		tries_to_answer(302, "Contact: <sip:b@" HOME02 ">\r\n");
	if (heard_at(fake_reached(HOME02), "INVITE", &h))
		tries_to_answer(180, "");
	if (alive(fake_worker(0), id))
		ask(alice, .method = "CANCEL");
	tries_to_answer(487, "");
}

static void call_from_inside(void)
{
	unsigned where = stage.workers - 1;
	struct conn *alice = phone_on(where, "198.51.100.7:4242");
	struct worker *w = fake_worker(where);
	char path[1024], more[2048];
	conn_id id = alice->id;
	struct conn *home;

	if (!tries_to_enroll(alice))
		return;
	ask(alice, .method = "REGISTER", .branch = "z9hG4bKp", .more = CONTACT);
	if (!heard_at(fake_reached(HOME01), "REGISTER", &h))
		return;
	snprintf(path, sizeof(path), "%.*s",
		 SLICE_ARG(value(&h, FIELD_PATH, 0)));
	tries_to_answer(200, CONTACT);
	home = server(HOME01);
	snprintf(more, sizeof(more),
		 "Route: %s\r\nRecord-Route: <sip:" HOME01 ";lr>\r\n", path);
	ask(home, .from = "bob", .to = "alice", .more = more);
	if (!alive(w, id) || !heard_at(alice, "INVITE", &h))
		return;
	tries_to_answer(180, "");
	tries_to_answer(486, "");
}

static void call_to_a_device(void)
{
	struct conn *home = server(HOME01);

	ask(home, .from = "bob", .to = "room", .more = CONTACT);
	if (heard_at(fake_reached(""), "INVITE", &h))
		tries_to_answer(200, "");
}

/* The second one goes by the connection of the first, which lives on another
 * worker. */
static void calls_to_a_partner(void)
{
	struct conn *home = server(HOME01), *other;

	partner_places();
	ask(home, .to = "sip:bob@" PARTNER, .more = CONTACT);
	if (heard_at(fake_reached(PARTNER), "INVITE", &h))
		tries_to_answer(200, "");
	if (stage.workers < 2)
		return;
	other = fake_accept(1, LEG_INSIDE, DOOR_TLS, "10.0.0.98:40000", HOME02);
	ask(other, .to = "sip:bob@" PARTNER, .branch = "z9hG4bKo");
	if (heard_at(fake_reached(PARTNER), "INVITE", &h))
		tries_to_answer(486, "");
}

static void call_from_a_partner(void)
{
	struct conn *edge;

	partner_places();
	fake_edge_slow(PARTNER);
	edge = partner(EDGE1);
	ask(edge, .from = "sip:bob@" PARTNER, .to = "alice", .more = CONTACT);
	fake_edge_answer(PARTNER, 0);
	if (heard_at(fake_reached(DIR01), "INVITE", &h))
		tries_to_answer(200, "");
}

/* One dialogue with `n` allocations; false when it needed no more. */
static bool run_out(void (*dialogue)(void), unsigned workers, unsigned n)
{
	heard_by = 0;
	STAGE_OPEN(.workers = workers, .more = FEDERATION(""),
		   .limits = "partner_connections = 1;");
	allowed = n;
	failed = false;
	dialogue();
	allowed = UINT32_MAX;
	fake_pass(300000);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
	return failed;
}

static unsigned run_out_everywhere(void (*dialogue)(void), unsigned workers)
{
	unsigned n = 0;

	if (CANNOT_FAIL) {
		test_skip(CANNOT_FAIL);
		return UINT32_MAX;
	}
	all_fail = false;
	while (run_out(dialogue, workers, n))
		n++;
	all_fail = true;
	for (unsigned i = 0; i < n; i++)
		run_out(dialogue, workers, i);
	return n;
}

static void while_registering(void)
{
	CU_ASSERT_TRUE(run_out_everywhere(registration, 1) > 10);
}

static void while_calling(void)
{
	CU_ASSERT_TRUE(run_out_everywhere(call_from_outside, 1) > 20);
}

static void while_cancelling(void)
{
	CU_ASSERT_TRUE(run_out_everywhere(cancelled_call, 1) > 20);
}

static void while_being_called(void)
{
	CU_ASSERT_TRUE(run_out_everywhere(call_from_inside, 1) > 20);
}

static void while_crossing(void)
{
	CU_ASSERT_TRUE(run_out_everywhere(call_from_inside, 2) > 20);
}

static void while_calling_a_device(void)
{
	CU_ASSERT_TRUE(run_out_everywhere(call_to_a_device, 1) > 5);
}

static void while_calling_a_partner(void)
{
	CU_ASSERT_TRUE(run_out_everywhere(calls_to_a_partner, 1) > 10);
	CU_ASSERT_TRUE(run_out_everywhere(calls_to_a_partner, 2) > 20);
}

static void while_a_partner_calls(void)
{
	CU_ASSERT_TRUE(run_out_everywhere(call_from_a_partner, 1) > 10);
}

static void while_starting(void)
{
	struct worker_setup setup = {0};
	struct proxy_shared *shared;
	unsigned n = 0;
	int err;

	if (CANNOT_FAIL) {
		test_skip(CANNOT_FAIL);
		return;
	}
	STAGE_OPEN();
	fake_stop();
	setup.settings = stage.settings;
	all_fail = true;
	do {
		shared = NULL;
		allowed = n++;
		failed = false;
		fake_inside++;
		err = proxy_shared_create(&shared, stage.settings, stage.keys);
		fake_inside--;
		if (!err) {
			proxy_setup(&setup, shared);
			err = fake_start(&setup, 2);
		}
		allowed = UINT32_MAX;
		CU_ASSERT_EQUAL(err != 0, failed);
		fake_stop();
		proxy_shared_destroy(&shared);
	} while (err && n < 100);
	CU_ASSERT_TRUE(n > 5 && n < 100);
	stage_close();
}

TEST_MAIN("proxy/memory",
	  {"a registration fails cleanly, wherever memory runs out",
	   while_registering},
	  {"so does a call", while_calling},
	  {"a call that is redirected and cancelled", while_cancelling},
	  {"a call from inside", while_being_called},
	  {"a call that crosses to another worker", while_crossing},
	  {"a call to a device", while_calling_a_device},
	  {"calls to a partner", while_calling_a_partner},
	  {"a call from a partner", while_a_partner_calls},
	  {"the start of a worker", while_starting})
