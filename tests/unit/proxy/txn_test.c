/* SPDX-License-Identifier: Apache-2.0 */
/* txn_test.c - what is remembered of a request, and until when. */
#include "proxy_talk.h"

static struct conn *alice;
static struct heard invite, h;

static void alice_is_here(void)
{
	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
}

/* A server of ours asks alice, by her Path. */
static struct conn *home_asks(const char *method)
{
	char path[512], route[2048];
	struct conn *home;

	alice_is_here();
	enroll_path(alice, "alice", path);
	home = server(HOME01);
	ask(home, .method = method, .from = "bob", .to = "alice",
	    .more = route_line(route, slice_of(path)));
	return home;
}

static void call_goes_through(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	answer(&invite, 100, "");
	quiet(alice); /* hop by hop */
	answer(&invite, 180, "");
	hear(alice, "SIP/2.0 180", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_VIA), 1);
	call_is_answered(alice, &invite, &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_VIA), 1);
	CU_ASSERT_TRUE(holds(value(&h, FIELD_VIA, 0), "branch=z9hG4bK1"));
	CU_ASSERT_EQUAL(stage_transactions(), 1); /* for 2xx again */
	fake_pass(32000);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	quiet(alice);
	quiet(at(HOME01));
	stage_close();
}

static void trying_comes_after_200_ms(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	fake_pass(199);
	quiet(alice);
	fake_pass(1);
	hear(alice, "SIP/2.0 100 Trying", &h);
	CU_ASSERT_FALSE(holds(value(&h, FIELD_TO, 0), "tag="));
	CU_ASSERT_EQUAL(values(&h, FIELD_VIA), 1);
	call_rings(alice, &invite);
	fake_pass(1000);
	quiet(alice);
	stage_close();
}

static void no_trying_after_another_answer(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	answer(&invite, 183, "");
	hear(alice, "SIP/2.0 183", NULL);
	fake_pass(1000);
	quiet(alice);
	stage_close();
}

static void retransmission_is_absorbed(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	ask(alice, .more = CONTACT);
	quiet(at(HOME01));
	ask(alice, .branch = "Z9HG4BK1", .more = CONTACT);
	hear(at(HOME01), "INVITE", NULL); /* branches differ by case */
	stage_close();
}

static void old_branches_are_told_apart(void)
{
	alice_is_here();
	ask(alice, .method = "MESSAGE", .branch = "1");
	hear(at(HOME01), "MESSAGE", NULL);
	ask(alice, .method = "MESSAGE", .branch = "1");
	quiet(at(HOME01));
	ask(alice, .method = "MESSAGE", .branch = "1", .cseq = 2);
	hear(at(HOME01), "MESSAGE", NULL);
	ask(alice, .method = "FROB", .branch = "z9hG4bKx");
	hear(at(HOME01), "FROB", NULL);
	ask(alice, .method = "FRUB", .branch = "z9hG4bKx");
	hear(at(HOME01), "FRUB", NULL);
	stage_close();
}

static void success_comes_again(void)
{
	struct slice route;
	char first[512];

	alice_is_here();
	call_begins(alice, &invite);
	call_is_answered(alice, &invite, &h);
	route = value(&h, FIELD_RECORD_ROUTE, 0);
	CU_ASSERT_TRUE(holds(route, "@sip.example.com:5061"));
	snprintf(first, sizeof(first), "%.*s", SLICE_ARG(route));
	fake_pass(31000);
	call_is_answered(alice, &invite, &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_RECORD_ROUTE), 1);
	CU_ASSERT_TRUE(holds(value(&h, FIELD_RECORD_ROUTE, 0),
			     "@sip.example.com:5061"));
	answer(&invite, 486, ""); /* too late */
	answer(&invite, 180, "");
	quiet(alice);
	quiet(at(HOME01));
	fake_pass(1000);
	answer(&invite, 200, "");
	quiet(alice);
	CU_ASSERT_EQUAL(stage_counters().stray, 3);
	stage_close();
}

static void failure_is_acknowledged_on_both_sides(void)
{
	struct slice via;

	alice_is_here();
	call_begins(alice, &invite);
	answer(&invite, 486, "");
	hear(alice, "SIP/2.0 486", NULL);
	hear(at(HOME01), "ACK sip:bob@example.com", &h);
	via = value(&invite, FIELD_VIA, 0);
	CU_ASSERT_TRUE(slice_eq(value(&h, FIELD_VIA, 0), via));
	CU_ASSERT_EQUAL(values(&h, FIELD_VIA), 1);
	CU_ASSERT_TRUE(holds(value(&h, FIELD_TO, 0), "tag=t1"));
	CU_ASSERT_TRUE(holds(value(&h, FIELD_CSEQ, 0), "1 ACK"));
	answer(&invite, 486, ""); /* the ACK was lost, it believes */
	hear(at(HOME01), "ACK", NULL);
	quiet(alice);
	CU_ASSERT_EQUAL(stage_transactions(), 1);
	refusal_is_taken(alice);
	quiet(at(HOME01));
	stage_close();
}

static void lost_ack_ends_after_timer_h(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	answer(&invite, 603, "");
	hear(alice, "SIP/2.0 603", NULL);
	fake_pass(31999);
	CU_ASSERT_EQUAL(stage_transactions(), 1);
	fake_pass(1);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	quiet(alice);
	stage_close();
}

static void timer_c_is_reset_and_fires(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	call_rings(alice, &invite);
	fake_pass(184000);
	call_rings(alice, &invite);
	fake_pass(184000);
	answer(&invite, 100, ""); /* does not count */
	quiet(at(HOME01));
	fake_pass(1000);
	hear(at(HOME01), "CANCEL sip:bob@example.com", &h);
	answer(&h, 200, "");
	answer(&invite, 487, "");
	hear(alice, "SIP/2.0 487", NULL);
	hear(at(HOME01), "ACK", NULL);
	fake_pass(32000);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

static void timer_c_ends_what_cancel_does_not(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	call_rings(alice, &invite);
	fake_pass(185000);
	hear(at(HOME01), "CANCEL", NULL);
	fake_pass(31999);
	quiet(alice);
	fake_pass(1);
	hear(alice, "SIP/2.0 408", NULL);
	stage_close();
}

/* RFC 4320: one 100 at 3.5 s; and no late 408. */
static void slow_request_is_nudged(void)
{
	struct conn *home = home_asks("MESSAGE");

	hear(alice, "MESSAGE sip:alice@example.com", &h);
	fake_pass(3499);
	quiet(home);
	fake_pass(1);
	hear(home, "SIP/2.0 100", NULL);
	fake_pass(28499);
	CU_ASSERT_EQUAL(stage_transactions(), 1);
	fake_pass(1);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	quiet(home);
	answer(&h, 200, "");
	quiet(home);
	stage_close();
}

static void provisional_of_others_stays_here(void)
{
	alice_is_here();
	ask(alice, .method = "MESSAGE");
	hear(at(HOME01), "MESSAGE", &h);
	answer(&h, 100, "");
	answer(&h, 183, "");
	quiet(alice);
	answer(&h, 202, "");
	hear(alice, "SIP/2.0 202", NULL);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

static void caller_goes_away(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	call_rings(alice, &invite);
	ask(alice, .method = "MESSAGE", .branch = "z9hG4bKm");
	hear(at(HOME01), "MESSAGE", &h);
	fake_break(alice, CONN_END_PEER);
	hear(at(HOME01), "CANCEL sip:bob@example.com", NULL);
	answer(&h, 200, "");
	answer(&invite, 487, "");
	hear(at(HOME01), "ACK", NULL);
	fake_pass(32000);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

static void server_goes_away(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	call_rings(alice, &invite);
	fake_break(at(HOME01), CONN_END_ERROR);
	hear(alice, "SIP/2.0 500", NULL);
	CU_ASSERT_PTR_NULL(fake_reached(HOME01)); /* not asked again */
	refusal_is_taken(alice);
	stage_close();
}

/* Nothing but a connection's end stops a call that has not been answered. */
static void server_goes_away_before_it_answers(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	fake_break(at(HOME01), CONN_END_ERROR);
	fake_settle();
	hear(at(DIR01), "INVITE sip:bob@example.com", &h);
	CU_ASSERT_FALSE(slice_eq(value(&h, FIELD_VIA, 0),
				 value(&invite, FIELD_VIA, 0)));
	answer(&h, 302, "Contact: <sip:" HOME02 ">\r\n");
	hear(at(DIR01), "ACK", NULL);
	hear(at(HOME02), "INVITE", &h);
	answer(&h, 486, "");
	hear(alice, "SIP/2.0 486", NULL);
	quiet(alice);
	stage_close();
}

static void timer_c_ends_a_search(void)
{
	alice = call_is_given_up(&invite);
	fake_pass(20000);
	quiet(alice);
	fake_pass(20000);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

static void name_never_comes(void)
{
	alice_is_here();
	fake_break(at(HOME01), CONN_END_PEER);
	fake_slow(HOME01);
	ask(alice, .more = CONTACT);
	ask(alice, .method = "MESSAGE", .branch = "z9hG4bKm");
	fake_pass(185200);
	hear(alice, "SIP/2.0 100", NULL);
	hear(alice, "SIP/2.0 100", NULL);
	hear(alice, "SIP/2.0 408", &h);
	CU_ASSERT_TRUE(holds(value(&h, FIELD_CSEQ, 0), "INVITE"));
	quiet(alice);
	CU_ASSERT_EQUAL(fake_lookups(), 0);
	stage_close();
}

/* The caller learns that nobody is there (Timer B). */
static void silent_flow_is_408(void)
{
	struct conn *home = home_asks("INVITE");

	hear(alice, "INVITE", NULL);
	fake_pass(31999);
	hear(home, "SIP/2.0 100", NULL);
	quiet(home);
	fake_pass(1);
	hear(home, "SIP/2.0 408", NULL);
	stage_close();
}

static void unavailable_flow_is_500(void)
{
	struct conn *home = home_asks("INVITE");

	hear(alice, "INVITE", &invite);
	answer(&invite, 503, "Retry-After: 9\r\n");
	hear(home, "SIP/2.0 500", &h);
	hear(alice, "ACK", NULL);
	stage_close();
}

/* Nothing is lost with the connection of a call that was answered. */
static void answered_call_outlives_the_connection(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	call_is_answered(alice, &invite, &h);
	fake_break(at(HOME01), CONN_END_PEER);
	quiet(alice);
	fake_break(alice, CONN_END_PEER);
	fake_pass(32000);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

/* What we gave up is not tried anywhere else. */
static void timer_c_is_the_last_word(void)
{
	static const unsigned statuses[] = {408, 503, 302, 404};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
		alice_is_here();
		call_begins(alice, &invite);
		call_rings(alice, &invite);
		fake_pass(185000);
		hear(at(HOME01), "CANCEL", NULL);
		answer(&invite, statuses[i],
		       statuses[i] == 302 ? "Contact: <sip:" HOME02 ">\r\n"
					  : "");
		hear(at(HOME01), "ACK", NULL);
		quiet(at(DIR01));
		CU_ASSERT_PTR_NULL(fake_reached(HOME02));
		hear(alice, "SIP/2.0 ", &h);
		CU_ASSERT_FALSE(says(&h, HOME02));
		stage_close();
	}
}

/* A server that has begun, and found nobody, is still the right one. */
static void unanswered_is_passed_on(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	call_rings(alice, &invite);
	answer(&invite, 408, "");
	hear(at(HOME01), "ACK", NULL);
	hear(alice, "SIP/2.0 408", NULL);
	quiet(at(DIR01));
	refusal_is_taken(alice);
	ask(alice, .branch = "z9hG4bK2", .call_id = "call-2", .more = CONTACT);
	hear(at(HOME01), "INVITE", NULL);
	stage_close();
}

/* Without a word before it, it may be the wrong server that says so. */
static void silent_home_is_asked_for_again(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	answer(&invite, 408, "");
	hear(at(HOME01), "ACK", NULL);
	hear(at(DIR01), "INVITE", NULL);
	quiet(alice);
	stage_close();
}

TEST_MAIN("proxy/txn", {"a call goes through", call_goes_through},
	  {"100 comes after 200 ms of silence", trying_comes_after_200_ms},
	  {"and not when something else was said",
	   no_trying_after_another_answer},
	  {"a request seen before is absorbed", retransmission_is_absorbed},
	  {"branches without the cookie are told apart by the rest",
	   old_branches_are_told_apart},
	  {"2xx passes each time it comes, with its Record-Route",
	   success_comes_again},
	  {"a failure is acknowledged by each hop",
	   failure_is_acknowledged_on_both_sides},
	  {"without an ACK, Timer H ends it", lost_ack_ends_after_timer_h},
	  {"Timer C starts over with each 18x, then cancels",
	   timer_c_is_reset_and_fires},
	  {"who does not heed CANCEL is given up after 64*T1",
	   timer_c_ends_what_cancel_does_not},
	  {"other methods get 100 at 3.5 s, and silence at Timer F",
	   slow_request_is_nudged},
	  {"their provisional answers go no further",
	   provisional_of_others_stays_here},
	  {"a caller who goes away has cancelled", caller_goes_away},
	  {"a server that goes away while it rings: 500", server_goes_away},
	  {"a server that goes away before it answers: the next one",
	   server_goes_away_before_it_answers},
	  {"Timer C ends a search, once", timer_c_ends_a_search},
	  {"after it nobody else is asked", timer_c_is_the_last_word},
	  {"it ends the wait for a name", name_never_comes},
	  {"a 408 after a provisional answer is passed on",
	   unanswered_is_passed_on},
	  {"a 408 without one asks the director",
	   silent_home_is_asked_for_again},
	  {"a silent flow is 408", silent_flow_is_408},
	  {"a flow's 503 is 500", unavailable_flow_is_500},
	  {"an answered call outlives its connections",
	   answered_call_outlives_the_connection})
