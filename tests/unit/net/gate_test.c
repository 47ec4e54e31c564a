/*
 * gate_test.c - what an address may do before it proved who it is.
 */
#include "net/gate.h"

#include "cunit_main.h"

#include <pthread.h>

static const struct gate_limits LIM = {
	.connections = 3,
	.rate = 2,
	.half_open = 100,
	.peers = 4,
};

static struct gate *gate_with(struct gate_limits lim)
{
	struct gate *g = NULL;

	CU_ASSERT_EQUAL_FATAL(gate_create(&g, &lim), 0);
	return g;
}

static union addr v4(unsigned host)
{
	char text[32];
	union addr a = {0};

	snprintf(text, sizeof(text), "192.0.%u.%u", host / 256, host % 256);
	CU_ASSERT_EQUAL(addr_parse(&a, slice_of(text), 40000), 0);
	return a;
}

static union addr literal(const char *text, uint16_t port)
{
	union addr a = {0};

	CU_ASSERT_EQUAL(addr_parse(&a, slice_of(text), port), 0);
	return a;
}

static enum gate_answer enter(struct gate *g, union addr a, uint64_t now_ms)
{
	return gate_enter(g, &a, now_ms);
}

/* Comes and goes at once: only the rate can stop it. */
static enum gate_answer pass(struct gate *g, union addr a, uint64_t now_ms)
{
	enum gate_answer answer = gate_enter(g, &a, now_ms);

	if (answer == GATE_OK) {
		gate_opened(g);
		gate_leave(g, &a);
	}
	return answer;
}

static void burst_then_rate(void)
{
	struct gate *g = gate_with(LIM);

	CU_ASSERT_EQUAL(pass(g, v4(1), 1000), GATE_OK);
	CU_ASSERT_EQUAL(pass(g, v4(1), 1000), GATE_OK);
	CU_ASSERT_EQUAL(pass(g, v4(1), 1000), GATE_TOO_FAST);
	CU_ASSERT_EQUAL(pass(g, v4(1), 1499), GATE_TOO_FAST);
	CU_ASSERT_EQUAL(pass(g, v4(1), 1500), GATE_OK); /* 2/s */
	CU_ASSERT_EQUAL(pass(g, v4(1), 1500), GATE_TOO_FAST);
	gate_destroy(&g);
	CU_ASSERT_PTR_NULL(g);
}

static void pause_gives_one_burst(void)
{
	struct gate *g = gate_with(LIM);

	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(pass(g, v4(1), 1000), GATE_OK);
	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(pass(g, v4(1), 3600000), GATE_OK);
	CU_ASSERT_EQUAL(pass(g, v4(1), 3600000), GATE_TOO_FAST);
	gate_destroy(&g);
}

static void time_stepping_back_adds_nothing(void)
{
	struct gate *g = gate_with(LIM);

	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(pass(g, v4(1), 5000), GATE_OK);
	CU_ASSERT_EQUAL(pass(g, v4(1), 4000), GATE_TOO_FAST);
	CU_ASSERT_EQUAL(pass(g, v4(1), 5000), GATE_TOO_FAST);
	CU_ASSERT_EQUAL(pass(g, v4(1), 5500), GATE_OK);
	gate_destroy(&g);
}

static void addresses_do_not_share(void)
{
	struct gate *g = gate_with(LIM);

	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(pass(g, v4(1), 1000), GATE_OK);
	CU_ASSERT_EQUAL(pass(g, v4(1), 1000), GATE_TOO_FAST);
	CU_ASSERT_EQUAL(pass(g, v4(2), 1000), GATE_OK);
	gate_destroy(&g);
}

static void ports_and_mapped_forms_share(void)
{
	struct gate *g = gate_with(LIM);

	CU_ASSERT_EQUAL(pass(g, literal("192.0.2.1", 1), 1000), GATE_OK);
	CU_ASSERT_EQUAL(pass(g, literal("192.0.2.1", 2), 1000), GATE_OK);
	CU_ASSERT_EQUAL(pass(g, literal("::ffff:192.0.2.1", 3), 1000),
			GATE_TOO_FAST);
	gate_destroy(&g);
}

static void a_line_of_v6_shares(void)
{
	struct gate *g = gate_with(LIM);

	CU_ASSERT_EQUAL(pass(g, literal("2001:db8:0:1::1", 1), 1000), GATE_OK);
	CU_ASSERT_EQUAL(pass(g, literal("2001:db8:0:1:f::2", 1), 1000),
			GATE_OK);
	CU_ASSERT_EQUAL(pass(g, literal("2001:db8:0:1::3", 1), 1000),
			GATE_TOO_FAST);
	CU_ASSERT_EQUAL(pass(g, literal("2001:db8:0:2::1", 1), 1000), GATE_OK);
	gate_destroy(&g);
}

static void leaving_gives_back(void)
{
	struct gate_limits lim = LIM;
	union addr a = v4(1);
	struct gate *g;

	lim.rate = 100;
	g = gate_with(lim);
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(enter(g, a, 1000), GATE_OK);
	CU_ASSERT_EQUAL(enter(g, a, 1000), GATE_TOO_MANY);
	CU_ASSERT_EQUAL(enter(g, v4(2), 1000), GATE_OK);
	gate_leave(g, &a);
	CU_ASSERT_EQUAL(enter(g, a, 1000), GATE_OK);
	CU_ASSERT_EQUAL(enter(g, a, 1000), GATE_TOO_MANY);
	gate_destroy(&g);
}

static void half_open_is_for_all(void)
{
	struct gate_limits lim = LIM;
	struct gate *g;

	lim.half_open = 2;
	g = gate_with(lim);
	CU_ASSERT_EQUAL(enter(g, v4(1), 1000), GATE_OK);
	CU_ASSERT_EQUAL(enter(g, v4(2), 1000), GATE_OK);
	CU_ASSERT_EQUAL(enter(g, v4(3), 1000), GATE_HALF_OPEN);
	gate_opened(g);
	CU_ASSERT_EQUAL(enter(g, v4(3), 1000), GATE_OK);
	CU_ASSERT_EQUAL(enter(g, v4(4), 1000), GATE_HALF_OPEN);
	gate_destroy(&g);
}

/* Half open at once, counted for its address when that is told. */
static void one_that_waits_is_half_open_only(void)
{
	struct gate_limits lim = LIM;
	union addr a = v4(1);
	struct gate *g;

	lim.half_open = 2;
	lim.connections = 1;
	g = gate_with(lim);
	CU_ASSERT_EQUAL(gate_wait(g), GATE_OK);
	CU_ASSERT_EQUAL(gate_wait(g), GATE_OK);
	CU_ASSERT_EQUAL(gate_wait(g), GATE_HALF_OPEN);
	CU_ASSERT_EQUAL(gate_introduce(g, &a, 1000), GATE_OK);
	CU_ASSERT_EQUAL(gate_introduce(g, &a, 1000), GATE_TOO_MANY);
	CU_ASSERT_EQUAL(gate_wait(g), GATE_HALF_OPEN);
	gate_opened(g);
	gate_opened(g);
	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(gate_wait(g), GATE_OK);
	CU_ASSERT_EQUAL(enter(g, a, 1000), GATE_TOO_MANY);
	gate_leave(g, &a);
	CU_ASSERT_EQUAL(gate_introduce(g, &a, 1000), GATE_OK);
	gate_leave(g, &a);
	CU_ASSERT_EQUAL(gate_introduce(g, &a, 1000), GATE_TOO_FAST);
	gate_destroy(&g);
}

/* A refusal costs nothing: neither a token nor a place in the table. */
static void refusals_are_not_counted(void)
{
	struct gate_limits lim = LIM;
	struct gate *g;

	lim.half_open = 1;
	g = gate_with(lim);
	CU_ASSERT_EQUAL(enter(g, v4(1), 1000), GATE_OK);
	for (unsigned i = 2; i < 50; i++)
		CU_ASSERT_EQUAL(enter(g, v4(i), 1000), GATE_HALF_OPEN);
	gate_opened(g);
	CU_ASSERT_EQUAL(enter(g, v4(1), 1000), GATE_OK);
	gate_opened(g);
	for (unsigned i = 2; i < 5; i++) {
		CU_ASSERT_EQUAL(enter(g, v4(i), 1000), GATE_OK);
		gate_opened(g);
	}
	gate_destroy(&g);
}

static void full_table_refuses_newcomers(void)
{
	struct gate *g = gate_with(LIM);
	union addr first = v4(1);

	for (unsigned i = 1; i <= 4; i++)
		CU_ASSERT_EQUAL(enter(g, v4(i), 1000), GATE_OK);
	CU_ASSERT_EQUAL(enter(g, v4(5), 1000), GATE_TOO_MANY);
	CU_ASSERT_EQUAL(enter(g, first, 1000), GATE_OK); /* known: may */
	gate_leave(g, &first);
	CU_ASSERT_EQUAL(enter(g, v4(5), 1000), GATE_TOO_MANY);
	gate_leave(g, &first);
	CU_ASSERT_EQUAL(enter(g, v4(5), 1000), GATE_OK);
	gate_destroy(&g);
}

static void least_recently_seen_makes_room(void)
{
	struct gate *g = gate_with(LIM);

	for (unsigned i = 1; i <= 4; i++) {
		CU_ASSERT_EQUAL(pass(g, v4(i), 1000), GATE_OK);
		CU_ASSERT_EQUAL(pass(g, v4(i), 1000), GATE_OK);
	}
	CU_ASSERT_EQUAL(pass(g, v4(5), 1000), GATE_OK); /* 1 is forgotten */
	for (unsigned i = 2; i <= 4; i++)
		CU_ASSERT_EQUAL(pass(g, v4(i), 1000), GATE_TOO_FAST);
	CU_ASSERT_EQUAL(pass(g, v4(1), 1000), GATE_OK);
	gate_destroy(&g);
}

static void counts_never_go_below_zero(void)
{
	struct gate_limits lim = LIM;
	union addr a = v4(1), stranger = v4(9);
	struct gate *g;

	lim.half_open = 1;
	g = gate_with(lim);
	gate_opened(g);
	gate_leave(g, &a);
	gate_leave(g, &stranger);
	CU_ASSERT_EQUAL(enter(g, a, 1000), GATE_OK);
	gate_leave(g, &a);
	gate_leave(g, &a);
	CU_ASSERT_EQUAL(enter(g, a, 1000), GATE_HALF_OPEN);
	gate_opened(g);
	gate_opened(g);
	CU_ASSERT_EQUAL(enter(g, a, 1000), GATE_OK);
	CU_ASSERT_EQUAL(enter(g, stranger, 1000), GATE_HALF_OPEN);
	gate_destroy(&g);
}

static void new_limits_count_from_now_on(void)
{
	struct gate_limits lim = LIM;
	struct gate *g = gate_with(LIM);

	for (int i = 0; i < 2; i++)
		CU_ASSERT_EQUAL(enter(g, v4(1), 1000), GATE_OK);
	lim.connections = 2;
	gate_set(g, &lim);
	CU_ASSERT_EQUAL(enter(g, v4(1), 9000), GATE_TOO_MANY);
	lim.connections = 100;
	lim.rate = 5;
	gate_set(g, &lim);
	for (int i = 0; i < 5; i++)
		CU_ASSERT_EQUAL(enter(g, v4(1), 20000), GATE_OK);
	CU_ASSERT_EQUAL(enter(g, v4(1), 20000), GATE_TOO_FAST);
	gate_destroy(&g);
}

static void each_answer_has_its_word(void)
{
	CU_ASSERT_STRING_EQUAL(gate_word(GATE_OK), "ok");
	CU_ASSERT_STRING_EQUAL(gate_word(GATE_TOO_MANY),
			       "too-many-connections");
	CU_ASSERT_STRING_EQUAL(gate_word(GATE_TOO_FAST),
			       "too-many-new-connections");
	CU_ASSERT_STRING_EQUAL(gate_word(GATE_HALF_OPEN),
			       "too-many-handshakes");
}

static void *come_and_go(void *arg)
{
	struct gate *g = arg;

	for (unsigned i = 0; i < 20000; i++)
		pass(g, v4(i % 16), 1000 + i);
	return NULL;
}

static void threads_may_share_it(void)
{
	struct gate_limits lim = {
		.connections = 4, .rate = 9999999, .half_open = 4, .peers = 16};
	struct gate *g = gate_with(lim);
	pthread_t other;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&other, NULL, come_and_go, g), 0);
	come_and_go(g);
	pthread_join(other, NULL);
	for (int i = 0; i < 4; i++)
		CU_ASSERT_EQUAL(enter(g, v4(1), 90000), GATE_OK);
	gate_destroy(&g);
}

TEST_MAIN("net/gate",
	  {"an address gets its burst, then its rate", burst_then_rate},
	  {"a long pause gives one burst, not two", pause_gives_one_burst},
	  {"a clock behind adds nothing", time_stepping_back_adds_nothing},
	  {"two addresses do not share", addresses_do_not_share},
	  {"ports and IPv4-mapped forms share", ports_and_mapped_forms_share},
	  {"an IPv6 /64 shares, two do not", a_line_of_v6_shares},
	  {"leaving gives a place back", leaving_gives_back},
	  {"handshakes are limited over all addresses", half_open_is_for_all},
	  {"one that waits is half open only",
	   one_that_waits_is_half_open_only},
	  {"a refusal is not counted", refusals_are_not_counted},
	  {"a full table refuses newcomers", full_table_refuses_newcomers},
	  {"the least recently seen makes room",
	   least_recently_seen_makes_room},
	  {"counts never go below zero", counts_never_go_below_zero},
	  {"new limits count from now on", new_limits_count_from_now_on},
	  {"each answer has its word", each_answer_has_its_word},
	  {"two threads may share it", threads_may_share_it})
