/* SPDX-License-Identifier: Apache-2.0 */
/* hold_test.c - requests of partners that wait for DNS. */
#include "partner_kit.h"

#include <errno.h>

#define BOB  "sip:bob@" PARTNER
#define FROM .from = BOB, .to = "alice"

static struct conn *edge;
static struct heard h;

/* An edge whose certificate names an SRV target of its domain only. */
static void stage_slow(struct stage_wish wish)
{
	if (!wish.more)
		wish.more = FEDERATION("");
	stage_open(wish);
	partner_places();
	fake_edge_slow(PARTNER);
	edge = partner(EDGE1);
}

#define STAGE_SLOW(...) stage_slow((struct stage_wish){__VA_ARGS__})

static void known_target_lets_it_in_at_once(void)
{
	STAGE_OPEN(.more = FEDERATION(""));
	partner_places();
	edge = partner(EDGE1);
	ask(edge, FROM, .more = CONTACT);
	hear(at(DIR01), "INVITE sip:alice@example.com", NULL);
	CU_ASSERT_EQUAL(fake_of(edge)->trust, CONN_PROVEN);
	stage_close();
}

static void it_waits_for_the_answer(void)
{
	STAGE_SLOW();
	ask(edge, FROM, .more = CONTACT, .body = "v=0\r\n");
	CU_ASSERT_EQUAL(fake_lookups(), 1);
	CU_ASSERT_EQUAL(fake_reaches(), 0);
	quiet(edge);
	CU_ASSERT_TRUE(stage_proxy(0)->held_bytes > 0);
	fake_edge_answer(PARTNER, 0);
	hear(at(DIR01), "INVITE sip:alice@example.com", &h);
	CU_ASSERT_TRUE(says(&h, "v=0\r\n"));
	answer(&h, 200, CONTACT);
	hear(edge, "SIP/2.0 200", NULL);
	stage_close();
}

static void one_question_serves_all_who_wait(void)
{
	struct conn *other;

	STAGE_SLOW();
	other = partner(EDGE2);
	ask(edge, .method = "MESSAGE", FROM);
	ask(edge, .method = "MESSAGE", FROM, .branch = "z9hG4bK2");
	ask(other, .method = "MESSAGE", FROM);
	CU_ASSERT_EQUAL(fake_asked(PARTNER), 1);
	fake_edge_answer(PARTNER, 0);
	for (int i = 0; i < 3; i++)
		hear(at(DIR01), "MESSAGE", NULL);
	CU_ASSERT_EQUAL(stage_proxy(0)->questions_n, 0);
	stage_close();
}

static void who_is_not_the_target_is_refused(void)
{
	STAGE_SLOW();
	edge = partner("sip.elsewhere.example");
	ask(edge, FROM);
	fake_edge_answer(PARTNER, 0);
	hear(edge, "SIP/2.0 403", NULL);
	CU_ASSERT_EQUAL(fake_reaches(), 0);
	CU_ASSERT_NOT_EQUAL(fake_of(edge)->trust, CONN_PROVEN);
	stage_close();
}

static void dns_that_fails_is_504(void)
{
	STAGE_SLOW();
	ask(edge, FROM);
	fake_edge_answer(PARTNER, EIO);
	hear(edge, "SIP/2.0 504", &h);
	CU_ASSERT_FALSE(says(&h, "Reason:"));
	CU_ASSERT_EQUAL(stage_proxy(0)->held_bytes, 0);
	stage_close();
}

static void nobody_waits_longer_than_five_seconds(void)
{
	STAGE_SLOW();
	ask(edge, FROM);
	fake_pass(4999);
	quiet(edge);
	fake_pass(1);
	hear(edge, "SIP/2.0 504", NULL);
	CU_ASSERT_EQUAL(fake_lookups(), 0);
	stage_close();
}

static void connection_that_is_gone_waits_for_nothing(void)
{
	STAGE_SLOW();
	ask(edge, FROM);
	fake_break(edge, CONN_END_PEER);
	CU_ASSERT_EQUAL(stage_proxy(0)->held_bytes, 0);
	fake_edge_answer(PARTNER, 0);
	CU_ASSERT_EQUAL(fake_reaches(), 0);
	stage_close();
}

static void request_seen_twice_goes_once(void)
{
	STAGE_SLOW();
	ask(edge, FROM);
	ask(edge, FROM);
	fake_edge_answer(PARTNER, 0);
	hear(at(DIR01), "INVITE", NULL);
	quiet(at(DIR01));
	stage_close();
}

static void it_may_be_cancelled(void)
{
	STAGE_SLOW();
	ask(edge, FROM);
	ask(edge, .method = "CANCEL", FROM);
	hear(edge, "SIP/2.0 200", NULL);
	hear(edge, "SIP/2.0 487", NULL);
	ask(edge, .method = "ACK", FROM, .to_tag = "x");
	fake_edge_answer(PARTNER, 0);
	CU_ASSERT_EQUAL(fake_reaches(), 0);
	quiet(edge);
	stage_close();
}

static void what_waits_is_bounded(void)
{
	char branch[32];

	STAGE_SLOW();
	for (unsigned i = 0; i < 20; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bKf%u", i);
		ask(edge, .method = "MESSAGE", FROM, .branch = branch);
	}
	for (unsigned i = 0; i < 4; i++)
		hear(edge, "SIP/2.0 503", NULL);
	quiet(edge);
	fake_edge_answer(PARTNER, 0);
	for (unsigned i = 0; i < 16; i++)
		hear(at(DIR01), "MESSAGE", NULL);
	stage_close();
}

/* From addresses in ever new domains make no more questions than fit. */
static void questions_are_bounded(void)
{
	static char domain[14][32];
	char from[64];
	struct conn *c;

	STAGE_SLOW(.more = FEDERATION("discovery = true;"));
	c = partner("sip.elsewhere.example");
	for (unsigned i = 0; i < 14; i++) {
		snprintf(domain[i], sizeof(domain[i]), "d%u.example", i);
		fake_edge_slow(domain[i]);
		snprintf(from, sizeof(from), "sip:x@%s", domain[i]);
		ask(c, .method = "MESSAGE", .from = from, .to = "alice",
		    .branch = domain[i]);
	}
	CU_ASSERT_EQUAL(stage_proxy(0)->questions_n, 14);
	stage_proxy(0)->questions_n = 256;
	ask(c, .method = "MESSAGE", .from = BOB, .to = "alice");
	hear(c, "SIP/2.0 503", NULL);
	stage_proxy(0)->questions_n = 14;
	stage_close();
}

/* Who is not listed fills its half, on as many connections as it takes. */
static void strange_domains_leave_room_for_partners(void)
{
	char branch[32];
	struct conn *c = NULL;

	STAGE_SLOW(.more = FEDERATION("discovery = true;"));
	fake_edge_slow("slow.example");
	for (unsigned i = 0; i < 516; i++) {
		if (i % 16 == 0)
			c = partner("sip.elsewhere.example");
		snprintf(branch, sizeof(branch), "z9hG4bKs%u", i);
		ask(c, .method = "MESSAGE", .from = "sip:x@slow.example",
		    .to = "alice", .branch = branch);
		if (i >= 512)
			hear(c, "SIP/2.0 503", NULL);
	}
	CU_ASSERT_EQUAL(stage_proxy(0)->held_n, 512);
	ask(edge, .method = "MESSAGE", FROM);
	CU_ASSERT_EQUAL(stage_proxy(0)->held_n, 513);
	fake_edge_answer(PARTNER, 0);
	hear(at(DIR01), "MESSAGE", NULL);
	stage_close();
}

/* They hold a quarter of the bytes. */
static void strange_bytes_leave_room_for_partners(void)
{
	struct proxy *p;
	struct conn *c;

	STAGE_SLOW(.more = FEDERATION("discovery = true;"));
	p = stage_proxy(0);
	fake_edge_slow("slow.example");
	c = partner("sip.elsewhere.example");
	ask(c, .method = "MESSAGE", .from = "sip:x@slow.example", .to = "alice",
	    .body = "v=0\r\n");
	((struct settings *)(uintptr_t)p->w->settings)->limits.held_bytes =
		(uint32_t)p->held_bytes * 4;
	ask(c, .method = "MESSAGE", .from = "sip:x@slow.example", .to = "alice",
	    .branch = "z9hG4bK2");
	hear(c, "SIP/2.0 503", NULL);
	ask(edge, .method = "MESSAGE", FROM);
	quiet(edge);
	CU_ASSERT_EQUAL(p->held_n, 2);
	stage_close();
}

static void end_of_the_worker_frees_what_waits(void)
{
	STAGE_SLOW();
	ask(edge, FROM);
	stage_close();
}

TEST_MAIN("proxy/hold",
	  {"a target that is known lets it in at once",
	   known_target_lets_it_in_at_once},
	  {"it waits for the answer, and comes in again",
	   it_waits_for_the_answer},
	  {"one question serves all who wait",
	   one_question_serves_all_who_wait},
	  {"who is not the target is refused",
	   who_is_not_the_target_is_refused},
	  {"DNS that fails is 504", dns_that_fails_is_504},
	  {"nobody waits longer than five seconds",
	   nobody_waits_longer_than_five_seconds},
	  {"a connection that is gone waits for nothing",
	   connection_that_is_gone_waits_for_nothing},
	  {"a request seen twice goes once", request_seen_twice_goes_once},
	  {"it may be cancelled while it waits", it_may_be_cancelled},
	  {"what waits is bounded", what_waits_is_bounded},
	  {"questions are bounded", questions_are_bounded},
	  {"domains that are not listed leave room for partners",
	   strange_domains_leave_room_for_partners},
	  {"and bytes", strange_bytes_leave_room_for_partners},
	  {"the end of the worker frees what waits",
	   end_of_the_worker_frees_what_waits})
