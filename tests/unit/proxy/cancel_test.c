/* SPDX-License-Identifier: Apache-2.0 */
/* cancel_test.c - CANCEL hop by hop, in each state of its INVITE. */
#include "proxy_talk.h"

static struct conn *alice;
static struct heard invite, h;

static void alice_calls(void)
{
	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
	call_begins(alice, &invite);
}

static void alice_cancels(void)
{
	ask(alice, .method = "CANCEL");
	hear(alice, "SIP/2.0 200", NULL);
}

static void it_rings_and_alice_cancels(void)
{
	alice_calls();
	call_rings(alice, &invite);
	alice_cancels();
}

static void after_a_provisional(void)
{
	alice_calls();
	call_rings(alice, &invite);
	ask(alice, .method = "CANCEL");
	hear(alice, "SIP/2.0 200", &h);
	CU_ASSERT_TRUE(holds(value(&h, FIELD_CSEQ, 0), "1 CANCEL"));
	hear(at(HOME01), "CANCEL sip:bob@example.com", &h);
	CU_ASSERT_TRUE(slice_eq(value(&h, FIELD_VIA, 0),
				value(&invite, FIELD_VIA, 0)));
	CU_ASSERT_EQUAL(values(&h, FIELD_VIA), 1);
	answer(&h, 200, "");
	quiet(alice);
	answer(&invite, 487, "");
	hear(at(HOME01), "ACK", NULL);
	hear(alice, "SIP/2.0 487", NULL);
	refusal_is_taken(alice);
	stage_close();
}

static void before_a_provisional(void)
{
	alice_calls();
	alice_cancels();
	quiet(at(HOME01));
	answer(&invite, 100, "");
	hear(at(HOME01), "CANCEL", NULL);
	call_rings(alice, &invite);
	quiet(at(HOME01));
	answer(&invite, 487, "");
	hear(alice, "SIP/2.0 487", NULL);
	hear(at(HOME01), "ACK", NULL);
	stage_close();
}

static void before_anything_was_sent(void)
{
	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
	fake_break(at(HOME01), CONN_END_PEER);
	fake_manner("10.0.0.31", FAKE_HANGS);
	ask(alice, .more = CONTACT);
	alice_cancels();
	hear(alice, "SIP/2.0 487", NULL);
	fake_open(at(HOME01));
	quiet(at(HOME01));
	refusal_is_taken(alice);
	stage_close();
}

static void too_late_for_success(void)
{
	it_rings_and_alice_cancels();
	hear(at(HOME01), "CANCEL", NULL);
	answer(&invite, 200, "");
	hear(alice, "SIP/2.0 200", &h);
	CU_ASSERT_TRUE(holds(value(&h, FIELD_CSEQ, 0), "1 INVITE"));
	alice_cancels();
	quiet(at(HOME01));
	stage_close();
}

static void twice(void)
{
	alice_calls();
	call_rings(alice, &invite);
	ask(alice, .method = "CANCEL");
	alice_cancels();
	hear(alice, "SIP/2.0 200", NULL);
	hear(at(HOME01), "CANCEL", NULL);
	quiet(at(HOME01));
	stage_close();
}

static void by_nobody_concerned(void)
{
	struct conn *mallory;

	alice_calls();
	mallory = phone("203.0.113.66:6666");
	ask(mallory, .method = "CANCEL");
	hear(mallory, "SIP/2.0 481", NULL);
	ask(alice, .method = "CANCEL", .branch = "z9hG4bKother");
	hear(alice, "SIP/2.0 481", NULL);
	quiet(at(HOME01));
	call_rings(alice, &invite);
	quiet(at(HOME01));
	stage_close();
}

static void unanswered(void)
{
	it_rings_and_alice_cancels();
	hear(at(HOME01), "CANCEL", NULL);
	fake_pass(32000);
	hear(alice, "SIP/2.0 487", NULL);
	refusal_is_taken(alice);
	stage_close();
}

static void server_dies_before_it_answers(void)
{
	alice_calls();
	alice_cancels();
	fake_break(at(HOME01), CONN_END_PEER);
	fake_settle();
	hear(alice, "SIP/2.0 487", NULL);
	quiet(at(DIR01));
	refusal_is_taken(alice);
	stage_close();
}

static void server_stays_silent(void)
{
	alice_calls();
	alice_cancels();
	fake_pass(8000);
	hear(alice, "SIP/2.0 100", NULL);
	hear(alice, "SIP/2.0 487", NULL);
	quiet(at(DIR01));
	stage_close();
}

static void server_dies_while_it_rings(void)
{
	it_rings_and_alice_cancels();
	fake_break(at(HOME01), CONN_END_PEER);
	hear(alice, "SIP/2.0 487", NULL);
	stage_close();
}

static void while_it_is_redirected(void)
{
	alice_calls();
	alice_cancels();
	answer(&invite, 302, "Contact: <sip:" HOME02 ">\r\n");
	hear(at(HOME01), "ACK", NULL);
	CU_ASSERT_PTR_NULL(fake_reached(HOME02));
	hear(alice, "SIP/2.0 487", &h);
	CU_ASSERT_FALSE(says(&h, HOME02));
	stage_close();
}

/* Timer C gave it up, and now it rings. */
static void late_ringing_is_cancelled(void)
{
	alice = call_is_given_up(&invite);
	answer(&invite, 180, "");
	quiet(alice);
	hear(at(HOME01), "CANCEL", NULL);
	answer(&invite, 487, "");
	hear(at(HOME01), "ACK", NULL);
	quiet(alice);
	stage_close();
}

/* Whatever the server says in its place. */
static void ends_as_487(void)
{
	static const unsigned statuses[] = {408, 503};

	for (unsigned i = 0; i < 4; i++) {
		alice_calls();
		if (i < 2) {
			call_rings(alice, &invite);
		}
		alice_cancels();
		answer(&invite, statuses[i % 2], "");
		if (i < 2)
			hear(at(HOME01), "CANCEL", NULL);
		hear(at(HOME01), "ACK", NULL);
		hear(alice, "SIP/2.0 487", NULL);
		quiet(at(DIR01));
		quiet(at(HOME01));
		refusal_is_taken(alice);
		stage_close();
	}
}

TEST_MAIN("proxy/cancel",
	  {"after a provisional it is passed on, and 487 comes back",
	   after_a_provisional},
	  {"before one it waits for it", before_a_provisional},
	  {"before anything was sent it is 487 at once",
	   before_anything_was_sent},
	  {"a 200 may still win", too_late_for_success},
	  {"a second CANCEL is answered and goes no further", twice},
	  {"from elsewhere, or for nothing, it is 481", by_nobody_concerned},
	  {"a callee that does not heed it ends in 487", unanswered},
	  {"a server that dies first: 487, and nobody else is asked",
	   server_dies_before_it_answers},
	  {"a server that stays silent: the same", server_stays_silent},
	  {"a server that dies while it rings: 487",
	   server_dies_while_it_rings},
	  {"a redirect of a call nobody wants is not followed, nor told",
	   while_it_is_redirected},
	  {"a server that says 408 or 503 in its place: 487", ends_as_487},
	  {"who rings after we gave up is cancelled",
	   late_ringing_is_cancelled})
