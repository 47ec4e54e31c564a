/*
 * conn_turn_test.c - the deadlines; the time is passed in, nothing waits.
 */
#include "net_scene.h"

/* The time is passed in: nothing here waits. */
static void a_handshake_has_its_deadline(void)
{
	struct guest g;
	uint64_t limit_ms;

	begin();
	limit_ms = st.lab.s->limits.handshake_s * UINT64_C(1000);
	guest_dial(&g, &st.outside, "127.0.0.1");
	stage_turn(&st);
	CU_ASSERT_EQUAL(send(g.fd, "\x16", 1, 0), 1);
	stage_turn(&st);
	stage_later(&st, limit_ms - 1000);
	CU_ASSERT_EQUAL(seen.closes, 0);
	stage_later(&st, limit_ms + 1);
	CU_ASSERT_EQUAL(seen.closes, 1);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_DEADLINE_HANDSHAKE);
	CU_ASSERT_EQUAL(st.w->pub.counters.handshakes_failed, 1);
	guest_close(&g);
	finish();
}

static void a_connect_has_its_deadline(void)
{
	struct guest silent = {.fd = -1};
	struct listener_door at = {.leg = LEG_INSIDE};
	char why[WHY_MAX];

	begin();
	at.addr = st.lab.s->leg[LEG_INSIDE].address[0];
	CU_ASSERT_EQUAL_FATAL(listener_bind(&silent.fd, &at, false, why), 0);
	reach(&at.addr, "edge01.internal.example");
	stage_turn(&st);
	stage_later(&st, st.lab.s->limits.connect_ms + 1);
	CU_ASSERT_EQUAL(seen.closes, 1);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_DEADLINE_HANDSHAKE);
	guest_close(&silent);
	finish();
}

static void a_stranger_has_a_deadline_and_one_who_is_proven_has_none(void)
{
	uint64_t limit_ms;
	struct guest g;

	begin();
	limit_ms = st.lab.s->limits.first_request_s * UINT64_C(1000);
	open_device(&g);
	conn_trust(seen.accepted, CONN_PROVEN);
	stage_later(&st, 1000 * limit_ms);
	CU_ASSERT_EQUAL(seen.closes, 0);
	conn_trust(seen.accepted, CONN_UNPROVEN);
	stage_later(&st, limit_ms - 1);
	CU_ASSERT_EQUAL(seen.closes, 0);
	stage_later(&st, limit_ms + 1);
	CU_ASSERT_EQUAL(seen.closes, 1);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_DEADLINE_REQUEST);
	guest_close(&g);
	finish();
}

static void promised_keep_alives_are_waited_for(void)
{
	uint64_t limit_ms;
	struct guest g;

	begin();
	limit_ms = st.lab.s->limits.flow_timer_s * UINT64_C(2000);
	open_device(&g);
	conn_trust(seen.accepted, CONN_KEPT_ALIVE);
	stage_later(&st, limit_ms - 1);
	CU_ASSERT_EQUAL(seen.closes, 0);
	stage_later(&st, limit_ms + 1);
	CU_ASSERT_EQUAL(seen.closes, 1);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_IDLE);
	guest_close(&g);
	finish();
}

static void a_connection_of_ours_ends_when_idle(void)
{
	begin();
	open_both();
	conn_trust(seen.accepted, CONN_PROVEN);
	stage_later(&st, st.lab.s->limits.server_idle_s * UINT64_C(1000) + 1);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_IDLE);
	finish();
}

/* Whoever opened it: a call may last half an hour without a word. */
static void a_device_may_be_silent_whoever_connected(void)
{
	struct conn_way way = {.leg = LEG_INSIDE, .to = &st.device};
	struct conn *c = NULL;

	begin();
	CU_ASSERT_EQUAL_FATAL(conn_reach(&c, &st.w->pub, &way), 0);
	STAGE_UNTIL(&st, seen.opens == 2);
	conn_trust(seen.accepted, CONN_PROVEN);
	stage_later(&st, UINT64_C(24) * 3600 * 1000);
	CU_ASSERT_EQUAL(seen.closes, 0);
	CU_ASSERT_EQUAL(conn_send(seen.accepted, SLICE("x")), 0);
	STAGE_UNTIL(&st, seen.got.n == 1);
	finish();
}

static enum conn_end end_of_wait(enum conn_wait wait, uint64_t limit_ms)
{
	struct guest g;

	begin();
	open_device(&g);
	conn_trust(seen.accepted, CONN_PROVEN);
	conn_expect(seen.accepted, wait);
	st.w->pub.now_ms += limit_ms - 1;
	conn_expect(seen.accepted, wait); /* does not start it again */
	st.w->pub.now_ms -= limit_ms - 1;
	stage_later(&st, limit_ms - 1);
	CU_ASSERT_EQUAL(seen.closes, 0);
	stage_later(&st, limit_ms + 1);
	CU_ASSERT_EQUAL(seen.closes, 1);
	guest_close(&g);
	finish();
	return seen.ends[0];
}

static void head_and_body_have_their_deadlines(void)
{
	CU_ASSERT_EQUAL(end_of_wait(CONN_WAIT_HEAD, 10000),
			CONN_END_DEADLINE_HEAD);
	CU_ASSERT_EQUAL(end_of_wait(CONN_WAIT_BODY, 20000),
			CONN_END_DEADLINE_BODY);
}

static void nothing_awaited_has_no_deadline(void)
{
	struct guest g;

	begin();
	open_device(&g);
	conn_trust(seen.accepted, CONN_PROVEN);
	conn_expect(seen.accepted, CONN_WAIT_HEAD);
	conn_expect(seen.accepted, CONN_WAIT_NOTHING);
	stage_later(&st, 1000000);
	CU_ASSERT_EQUAL(seen.closes, 0);
	guest_close(&g);
	finish();
}

static void a_peer_that_takes_nothing_is_given_up(void)
{
	struct guest g;

	begin();
	open_device(&g);
	conn_trust(seen.accepted, CONN_PROVEN);
	while (!conn_inner(seen.accepted)->blocked) {
		send_kilobyte(seen.accepted);
		conns_turn(&st.w->conns);
	}
	stage_later(&st, st.lab.s->limits.out_stall_s * UINT64_C(1000) + 1);
	CU_ASSERT_EQUAL(seen.closes, 1);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_STALLED);
	guest_close(&g);
	finish();
}

TEST_MAIN("net/conn_turn",
	  {"a handshake has its deadline", a_handshake_has_its_deadline},
	  {"a connect has its deadline", a_connect_has_its_deadline},
	  {"a stranger has a deadline, one who is proven has none",
	   a_stranger_has_a_deadline_and_one_who_is_proven_has_none},
	  {"promised keep-alives are waited for",
	   promised_keep_alives_are_waited_for},
	  {"a connection of ours ends when idle",
	   a_connection_of_ours_ends_when_idle},
	  {"a device may be silent, whoever connected",
	   a_device_may_be_silent_whoever_connected},
	  {"head and body have their deadlines",
	   head_and_body_have_their_deadlines},
	  {"nothing awaited has no deadline", nothing_awaited_has_no_deadline},
	  {"a peer that takes nothing is given up",
	   a_peer_that_takes_nothing_is_given_up})
