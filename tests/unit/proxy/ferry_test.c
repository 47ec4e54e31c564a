/* SPDX-License-Identifier: Apache-2.0 */
/* ferry_test.c - a server's connection on worker 0, a user's on worker 1. */
#include "proxy_talk.h"

static struct conn *alice, *home;
static struct heard invite, h;
static char path[512], route[2048];

static void apart(void)
{
	STAGE_OPEN(.workers = 2);
	alice = phone_on(1, "198.51.100.7:4242");
	enroll(alice, "alice");
	enroll_path(alice, "alice", path);
	home = server(HOME01);
}

static void home_calls(void)
{
	ask(home, .from = "bob", .to = "alice",
	    .more = route_line(route, slice_of(path)));
}

static void it_rings(void)
{
	home_calls();
	hear(alice, "INVITE sip:alice@example.com", &invite);
	call_rings(home, &invite);
}

static void it_is_answered(void)
{
	home_calls();
	hear(alice, "INVITE", &invite);
	answer(&invite, 200, "");
	hear(home, "SIP/2.0 200", &h);
}

/* In the dialog that began with it. */
static void home_goes_on(const char *method)
{
	char both[4096];

	snprintf(both, sizeof(both), "Route: %.*s, %.*s\r\n",
		 SLICE_ARG(value(&h, FIELD_RECORD_ROUTE, 1)),
		 SLICE_ARG(value(&h, FIELD_RECORD_ROUTE, 0)));
	ask(home, .method = method, .from = "bob", .to = "alice",
	    .to_tag = "t1", .branch = "z9hG4bKmore", .more = both);
	hear(alice, method, NULL);
}

static void flow_ends(void)
{
	fake_break(alice, CONN_END_PEER);
	fake_settle();
	hear(home, "SIP/2.0 430", NULL);
}

static void call_crosses_and_comes_back(void)
{
	apart();
	it_rings();
	answer(&invite, 200, "");
	hear(home, "SIP/2.0 200", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_RECORD_ROUTE), 2);
	ask(alice, .method = "BYE", .from_tag = "t1", .to_tag = "f1",
	    .branch = "z9hG4bKbye",
	    .more = route_line(route, value(&invite, FIELD_RECORD_ROUTE, 0)));
	hear(at(HOME01), "BYE", NULL);
	stage_close();
}

static void cancel_and_ack_cross_too(void)
{
	apart();
	it_rings();
	ask(home, .method = "CANCEL", .from = "bob", .to = "alice");
	hear(home, "SIP/2.0 200", NULL);
	hear(alice, "CANCEL", &h);
	answer(&h, 200, "");
	answer(&invite, 487, "");
	hear(home, "SIP/2.0 487", NULL);
	hear(alice, "ACK", NULL);
	ask(home, .method = "ACK", .from = "bob", .to = "alice",
	    .to_tag = "t1");
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

static void in_dialog_ack_crosses(void)
{
	apart();
	it_is_answered();
	home_goes_on("ACK");
	CU_ASSERT_EQUAL(stage_transactions(), 1);
	stage_close();
}

static void flow_is_not_there(void)
{
	apart();
	fake_break(alice, CONN_END_PEER);
	home_calls();
	hear(home, "SIP/2.0 430", NULL);
	stage_close();
}

static void flow_does_not_take_it(void)
{
	apart();
	fake_of(alice)->full = true;
	home_calls();
	hear(home, "SIP/2.0 503", NULL);
	stage_close();
}

static void flow_ends_before_an_answer(void)
{
	apart();
	home_calls();
	hear(alice, "INVITE", NULL);
	flow_ends();
	stage_close();
}

static void flow_ends_while_it_rings(void)
{
	apart();
	it_rings();
	flow_ends();
	stage_close();
}

/* Two of them wait for the same flow, and both are told. */
static void flow_ends_for_all_who_wait(void)
{
	apart();
	home_calls();
	ask(home, .method = "MESSAGE", .from = "bob", .to = "alice",
	    .branch = "z9hG4bKm", .more = route_line(route, slice_of(path)));
	ask(home, .method = "OPTIONS", .from = "bob", .to = "alice",
	    .branch = "z9hG4bKo", .more = route_line(route, slice_of(path)));
	fake_break(alice, CONN_END_PEER);
	fake_settle();
	for (int i = 0; i < 3; i++)
		hear(home, "SIP/2.0 430", NULL);
	CU_ASSERT_EQUAL(stage_transactions(), 1); /* INVITE waits for ACK */
	stage_close();
}

/* A dialog follows its user to a new flow on another worker. */
static void dialog_follows_to_another_worker(void)
{
	apart();
	it_is_answered();
	fake_break(alice, CONN_END_PEER);
	alice = phone_on(0, "198.51.100.7:4300");
	ask(alice, .method = "REGISTER", .more = CONTACT);
	hear(at(HOME01), "REGISTER", &invite);
	answer(&invite, 200, CONTACT);
	hear(alice, "SIP/2.0 200", NULL);
	home_goes_on("BYE");
	stage_close();
}

/* Only a flow that was asked from there may answer there. */
static void foreign_answers_do_not_cross(void)
{
	struct conn *mallory;

	apart();
	mallory = phone_on(1, "203.0.113.66:6666");
	home_calls();
	hear(alice, "INVITE", &invite);
	answer_by(mallory, &invite, 200, "");
	quiet(home);
	call_rings(home, &invite);
	stage_close();
}

static void sender_goes_while_it_crosses(void)
{
	apart();
	home_calls();
	hear(alice, "INVITE", &invite);
	fake_break(home, CONN_END_PEER);
	answer(&invite, 180, "");
	hear(alice, "CANCEL", NULL);
	answer(&invite, 487, "");
	hear(alice, "ACK", NULL);
	fake_pass(32000);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

static void many_workers(void)
{
	STAGE_OPEN(.workers = 70);
	alice = phone_on(1, "198.51.100.7:4242");
	enroll(alice, "alice");
	enroll_path(alice, "alice", path);
	home = fake_accept(69, LEG_INSIDE, DOOR_TLS, "10.0.0.99:4000", HOME01);
	it_rings();
	flow_ends();
	stage_close();
}

/* It is cancelled before its flow turns out to be gone. */
static void cancelled_while_it_crosses(void)
{
	char text[4096];
	struct said s = {.from = "bob", .to = "alice"};
	size_t n;

	apart();
	fake_break(alice, CONN_END_PEER);
	s.more = route_line(route, slice_of(path));
	n = talk_write(text, sizeof(text), &s);
	s.more = NULL;
	s.method = "CANCEL";
	n += talk_write(text + n, sizeof(text) - n, &s);
	fake_feed(home, (struct slice){.p = text, .n = n});
	hear(home, "SIP/2.0 200", NULL);
	fake_settle();
	hear(home, "SIP/2.0 487", NULL);
	stage_close();
}

static void worker_that_never_was(void)
{
	struct token t = {.kind = TOKEN_FLOW, .door = 1};
	char text[TOKEN_MAX], line[2048];
	size_t n;

	apart();
	t.conn = (uint64_t)77 << 56 | (uint64_t)1 << 32 | 1;
	n = token_mint(stage_proxy(0)->pen, &t, text);
	snprintf(line, sizeof(line),
		 "Route: <sip:%.*s@edge01.internal.example:5061;lr>\r\n",
		 (int)n, text);
	ask(home, .from = "bob", .to = "alice", .more = line);
	hear(home, "SIP/2.0 430", NULL);
	stage_close();
}

TEST_MAIN("proxy/ferry",
	  {"a call crosses to the flow's worker, and its answers back",
	   call_crosses_and_comes_back},
	  {"CANCEL and the ACK of a failure cross too",
	   cancel_and_ack_cross_too},
	  {"so does the ACK of a success", in_dialog_ack_crosses},
	  {"a flow that is not there is 430", flow_is_not_there},
	  {"a flow that does not read is 503", flow_does_not_take_it},
	  {"a flow that ends before it answers is 430",
	   flow_ends_before_an_answer},
	  {"a flow that ends while it rings is 430", flow_ends_while_it_rings},
	  {"all who wait for a flow are told", flow_ends_for_all_who_wait},
	  {"a dialog follows its user to another worker",
	   dialog_follows_to_another_worker},
	  {"an answer by another connection counts no more there",
	   foreign_answers_do_not_cross},
	  {"a sender who goes away has cancelled there too",
	   sender_goes_while_it_crosses},
	  {"one of seventy workers is told as well", many_workers},
	  {"a call that was cancelled on the way is 487",
	   cancelled_while_it_crosses},
	  {"a worker that never was has no flow", worker_that_never_was})
