/* SPDX-License-Identifier: Apache-2.0 */
/* hop_test.c - from candidates to a connection that takes the request. */
#include "hop.h"
#include "proxy_talk.h"

static struct conn *alice;
static struct heard h;

#define HOMES "home_servers = [ \"" HOME01 "\", \"" HOME02 "\" ];\n"

static void alice_registers(void)
{
	alice = phone("198.51.100.7:4242");
	ask(alice, .method = "REGISTER", .more = CONTACT);
}

static void alice_registers_again(const char *branch)
{
	ask(alice, .method = "REGISTER", .branch = branch, .more = CONTACT);
}

static void one_connection_serves_all(void)
{
	STAGE_OPEN(.routing = HOMES);
	alice_registers();
	alice_registers_again("z9hG4bK2");
	hear(at(HOME01), "REGISTER", NULL);
	hear(at(HOME01), "REGISTER", NULL);
	CU_ASSERT_EQUAL(fake_reaches(), 1);
	stage_close();
}

static void each_address_has_its_turn(void)
{
	STAGE_OPEN(.routing = HOMES);
	fake_host(HOME01, "10.0.1.31");
	fake_manner("10.0.0.31", FAKE_REFUSES);
	alice_registers();
	hear(at(HOME01), "REGISTER", &h);
	CU_ASSERT_EQUAL(ntohl(h.by->peer.in4.sin_addr.s_addr), 0x0a00011f);
	stage_close();
}

static void failed_one_stays_aside(void)
{
	STAGE_OPEN(.routing = HOMES);
	fake_manner("10.0.0.31", FAKE_REFUSES);
	alice_registers();
	hear(at(HOME02), "REGISTER", NULL);
	fake_manner("10.0.0.31", FAKE_OPENS);
	fake_pass(3000);
	alice_registers_again("z9hG4bK2");
	hear(at(HOME02), "REGISTER", NULL);
	CU_ASSERT_PTR_NULL(fake_reached(HOME01));
	fake_pass(27000);
	alice_registers_again("z9hG4bK3");
	hear(at(HOME01), "REGISTER", NULL);
	stage_close();
}

static void last_resort(void)
{
	STAGE_OPEN(.routing = HOMES);
	fake_manner("10.0.0.31", FAKE_REFUSES);
	fake_manner("10.0.0.32", FAKE_REFUSES);
	alice_registers();
	hear(alice, "SIP/2.0 500", NULL);
	fake_manner("10.0.0.32", FAKE_OPENS);
	alice_registers_again("z9hG4bK2");
	hear(at(HOME02), "REGISTER", &h); /* both aside, so both are tried */
	CU_ASSERT_TRUE(says(&h, "branch=z9hG4bK2"));
	stage_close();
}

static void failing_handshake_is_a_failure(void)
{
	STAGE_OPEN(.routing = HOMES);
	fake_manner("10.0.0.31", FAKE_HANGS);
	alice_registers();
	quiet(at(HOME01));
	CU_ASSERT_PTR_NULL(fake_reached(HOME02));
	fake_break(at(HOME01), CONN_END_NAME);
	fake_settle();
	hear(at(HOME02), "REGISTER", NULL);
	CU_ASSERT_EQUAL(stage_counters().failovers, 1);
	stage_close();
}

static void silence_is_a_failure(void)
{
	STAGE_OPEN(.routing = HOMES);
	alice_registers();
	hear(at(HOME01), "REGISTER", &h);
	fake_pass(7999);
	CU_ASSERT_PTR_NULL(fake_reached(HOME02));
	fake_pass(1);
	answer(&h, 200, CONTACT); /* too late: no longer waited for */
	hear(at(HOME02), "REGISTER", &h);
	hear(alice, "SIP/2.0 100", NULL);
	quiet(alice);
	fake_pass(8000);
	hear(alice, "SIP/2.0 504", NULL); /* RFC 4320: no 408 */
	stage_close();
}

static void silent_homes_of_a_call_are_408(void)
{
	STAGE_OPEN(.routing = HOMES);
	alice_registers();
	hear(at(HOME01), "REGISTER", &h);
	answer(&h, 200, CONTACT);
	hear(alice, "SIP/2.0 200", NULL);
	ask(alice, .more = CONTACT);
	fake_pass(16000);
	hear(alice, "SIP/2.0 100", NULL);
	hear(alice, "SIP/2.0 408", NULL);
	stage_close();
}

/* Its user agent may be slow, or it was done: not a second time. */
static void silent_home_of_a_message_is_left(void)
{
	STAGE_OPEN(.routing = HOMES);
	alice_registers();
	hear(at(HOME01), "REGISTER", &h);
	answer(&h, 200, CONTACT);
	hear(alice, "SIP/2.0 200", NULL);
	ask(alice, .method = "MESSAGE", .branch = "z9hG4bKm");
	fake_pass(32000);
	hear(alice, "SIP/2.0 100", NULL);
	quiet(alice); /* RFC 4320 */
	CU_ASSERT_PTR_NULL(fake_reached(HOME02));
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

static void trying_keeps_it_waiting(void)
{
	STAGE_OPEN(.routing = HOMES);
	alice_registers();
	hear(at(HOME01), "REGISTER", &h);
	answer(&h, 200, CONTACT);
	ask(alice, .branch = "z9hG4bKinv", .more = CONTACT);
	hear(at(HOME01), "INVITE", &h);
	answer(&h, 100, "");
	fake_pass(60000);
	CU_ASSERT_PTR_NULL(fake_reached(HOME02));
	stage_close();
}

static void unavailable_means_next_and_then_500(void)
{
	STAGE_OPEN(.routing = HOMES);
	alice_registers();
	hear(at(HOME01), "REGISTER", &h);
	answer(&h, 503, "Retry-After: 60\r\n");
	hear(at(HOME02), "REGISTER", &h);
	answer(&h, 503, "Retry-After: 60\r\n");
	hear(alice, "SIP/2.0 500", &h);
	CU_ASSERT_FALSE(says(&h, "Retry-After"));
	stage_close();
}

static void each_attempt_has_its_branch(void)
{
	struct heard second;

	STAGE_OPEN(.routing = HOMES);
	alice_registers();
	hear(at(HOME01), "REGISTER", &h);
	answer(&h, 503, "");
	hear(at(HOME02), "REGISTER", &second);
	CU_ASSERT_FALSE(slice_eq(value(&h, FIELD_VIA, 0),
				 value(&second, FIELD_VIA, 0)));
	CU_ASSERT_TRUE(slice_eq(value(&h, FIELD_VIA, 1),
				value(&second, FIELD_VIA, 1)));
	answer(&h, 200, CONTACT); /* the first one has second thoughts */
	quiet(alice);
	answer(&second, 403, "");
	hear(alice, "SIP/2.0 403", NULL);
	stage_close();
}

static void name_takes_its_time(void)
{
	STAGE_OPEN(.routing = HOMES);
	fake_slow(HOME01);
	alice_registers();
	CU_ASSERT_EQUAL(fake_lookups(), 1);
	CU_ASSERT_EQUAL(fake_reaches(), 0);
	fake_resolve(HOME01, 0);
	hear(at(HOME01), "REGISTER", &h);
	stage_close();
}

static void name_is_not_found(void)
{
	STAGE_OPEN(.routing = HOMES);
	fake_slow(HOME01);
	alice_registers();
	fake_resolve(HOME01, 2);
	hear(at(HOME02), "REGISTER", &h);
	stage_close();
}

static void name_that_is_known_not_to_be(void)
{
	STAGE_OPEN(.routing =
			   "home_servers = [ \"no.internal.example\", \"" HOME02
			   "\" ];\n");
	alice_registers();
	hear(at(HOME02), "REGISTER", &h);
	stage_close();
}

static void address_needs_no_name(void)
{
	STAGE_OPEN(.routing = "home_servers = [ \"10.0.0.77:5071\" ];\n");
	alice_registers();
	hear(at("10.0.0.77"), "REGISTER", &h);
	CU_ASSERT_EQUAL(addr_port(&h.by->peer), 5071);
	stage_close();
}

static void nobody_waits_for_a_name_any_more(void)
{
	STAGE_OPEN(.routing = HOMES);
	alice_registers();
	hear(at(HOME01), "REGISTER", &h);
	answer(&h, 200, CONTACT);
	hear(alice, "SIP/2.0 200", NULL);
	fake_break(at(HOME01), CONN_END_PEER);
	fake_slow(HOME01);
	ask(alice, .more = CONTACT);
	CU_ASSERT_EQUAL(fake_lookups(), 1);
	fake_break(alice, CONN_END_PEER);
	CU_ASSERT_EQUAL(fake_lookups(), 0);
	stage_close();
}

static void full_queue_waits_for_room(void)
{
	STAGE_OPEN(.routing = HOMES);
	alice_registers();
	hear(at(HOME01), "REGISTER", &h);
	fake_of(at(HOME01))->full = true;
	alice_registers_again("z9hG4bK2");
	alice_registers_again("z9hG4bK3");
	quiet(at(HOME01));
	fake_drain_some(at(HOME01), 800); /* one of them */
	hear(at(HOME01), "REGISTER", &h);
	CU_ASSERT_TRUE(says(&h, "z9hG4bK2"));
	quiet(at(HOME01));
	fake_drain(at(HOME01));
	hear(at(HOME01), "REGISTER", &h);
	CU_ASSERT_TRUE(says(&h, "z9hG4bK3"));
	stage_close();
}

static void aside_holds_and_forgets(void)
{
	static struct aside a;
	union addr one, two;

	addr_parse(&one, SLICE("10.0.0.1"), 5061);
	addr_parse(&two, SLICE("10.0.0.1"), 5062);
	aside_put(&a, &one, 2000, 1000);
	CU_ASSERT_TRUE(aside_has(&a, &one, 1999));
	CU_ASSERT_FALSE(aside_has(&a, &two, 1999));
	CU_ASSERT_FALSE(aside_has(&a, &one, 2000));
	aside_put(&a, &one, 3000, 1500);
	CU_ASSERT_EQUAL(a.n, 1);
	CU_ASSERT_TRUE(aside_has(&a, &one, 2999));
	aside_clear(&a, &two);
	aside_clear(&a, &one);
	CU_ASSERT_FALSE(aside_has(&a, &one, 1600));
	for (uint16_t port = 1; port <= ASIDE_MAX + 9; port++) {
		addr_parse(&one, SLICE("10.0.0.1"), port);
		aside_put(&a, &one, 5000, 2000);
	}
	CU_ASSERT_EQUAL(a.n, ASIDE_MAX);
	aside_put(&a, &two, 9000, 5000);
	CU_ASSERT_TRUE(aside_has(&a, &two, 8999));
	CU_ASSERT_EQUAL(a.n, 1);
}

TEST_MAIN("proxy/hop",
	  {"one connection to a server serves all", one_connection_serves_all},
	  {"each address of a host has its turn", each_address_has_its_turn},
	  {"an address that failed stays aside for a while",
	   failed_one_stays_aside},
	  {"when all are aside they are tried all the same", last_resort},
	  {"a handshake that fails is a failure",
	   failing_handshake_is_a_failure},
	  {"no answer in time is a failure", silence_is_a_failure},
	  {"silence everywhere ends a call with 408",
	   silent_homes_of_a_call_are_408},
	  {"a MESSAGE that stays unanswered is sent to nobody else",
	   silent_home_of_a_message_is_left},
	  {"100 is an answer", trying_keeps_it_waiting},
	  {"503 means the next one, and then 500",
	   unavailable_means_next_and_then_500},
	  {"each attempt has a branch of its own", each_attempt_has_its_branch},
	  {"a name that takes its time is waited for", name_takes_its_time},
	  {"a name that is not found is passed over", name_is_not_found},
	  {"a name that is known not to be costs nothing",
	   name_that_is_known_not_to_be},
	  {"an address needs no name", address_needs_no_name},
	  {"who is gone waits for no name", nobody_waits_for_a_name_any_more},
	  {"a request waits for room in a full queue",
	   full_queue_waits_for_room},
	  {"what is aside is forgotten in time, and the table is bounded",
	   aside_holds_and_forgets})
