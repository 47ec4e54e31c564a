/* SPDX-License-Identifier: Apache-2.0 */
/* response_test.c - an answer counts where and when it is waited for. */
#include "partner_kit.h"

static struct conn *alice;
static struct heard invite, h;

static void alice_calls(void)
{
	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
	call_begins(alice, &invite);
}

/* Say a changed answer: the first `what` is replaced. */
static void answer_changed(const char *what, const char *with)
{
	struct buf out = {0}, changed = {0};
	const char *found;

	answer_write(&out, &invite, 200, "", "t1");
	buf_add(&out, (struct slice){"", 1});
	found = strstr(out.p, what);
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	buf_add(&changed, (struct slice){out.p, (size_t)(found - out.p)});
	buf_puts(&changed, with);
	buf_puts(&changed, found + strlen(what));
	fake_feed(at(HOME01), buf_slice(&changed));
	buf_fini(&out);
	buf_fini(&changed);
	fake_settle();
}

static void only_on_its_connection(void)
{
	struct conn *mallory;

	alice_calls();
	mallory = phone("203.0.113.66:6666");
	answer_by(mallory, &invite, 200, "");
	answer_by(alice, &invite, 200, "");
	answer_by(at(DIR01), &invite, 200, "");
	answer_by(server(HOME01), &invite, 200, "");
	quiet(alice);
	quiet(mallory);
	CU_ASSERT_EQUAL(stage_counters().stray, 4);
	answer(&invite, 486, "");
	hear(alice, "SIP/2.0 486", NULL);
	stage_close();
}

static void only_with_its_branch(void)
{
	struct slice via;
	char branch[TOKEN_BRANCH_LEN + 1], wrong[TOKEN_BRANCH_LEN + 1];
	const char *found;

	alice_calls();
	via = value(&invite, FIELD_VIA, 0);
	found = strstr(via.p, "z9hG4bK");
	CU_ASSERT_PTR_NOT_NULL_FATAL(found);
	snprintf(branch, sizeof(branch), "%s", found);
	for (size_t i = 0; i < TOKEN_BRANCH_LEN; i++) {
		snprintf(wrong, sizeof(wrong), "%s", branch);
		wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
		answer_changed(branch, wrong);
		quiet(alice);
	}
	answer_changed(branch, "z9hG4bK");
	answer_changed(branch, "z9hG4bKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
			       "AAAAAAAAAAAAAAAAAAAAAAAAAA");
	quiet(alice);
	answer_changed(branch, branch);
	hear(alice, "SIP/2.0 200", NULL);
	stage_close();
}

static void only_with_its_cseq(void)
{
	alice_calls();
	answer_changed("CSeq: 1 INVITE", "CSeq: 2 INVITE");
	answer_changed("CSeq: 1 INVITE", "CSeq: 1 BYE");
	answer_changed("CSeq: 1 INVITE", "CSeq: 1 CANCEL");
	quiet(alice);
	CU_ASSERT_EQUAL(stage_counters().stray, 2);
	answer_changed("CSeq: 1 INVITE", "CSeq: 1 INVITE");
	hear(alice, "SIP/2.0 200", NULL);
	stage_close();
}

static void not_after_the_final_one(void)
{
	alice_calls();
	answer(&invite, 486, "");
	hear(alice, "SIP/2.0 486", NULL);
	answer(&invite, 180, "");
	quiet(alice);
	ask(alice, .method = "ACK", .to_tag = "t1");
	answer(&invite, 200, "");
	quiet(alice);
	stage_close();
}

/* A fork behind the edge may still have been answered. */
static void success_overtakes_failure(void)
{
	alice_calls();
	answer(&invite, 486, "");
	hear(alice, "SIP/2.0 486", NULL);
	answer(&invite, 200, "");
	hear(alice, "SIP/2.0 200", NULL);
	fake_pass(32000);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

static void what_is_ours_stays_inside(void)
{
	alice_calls();
	answer(&invite, 180,
	       "Service-Route: <sip:" HOME01 ";lr>\r\n"
	       "P-Asserted-Identity: <sip:bob@example.com>\r\n"
	       "X-Else: yes\r\n");
	hear(alice, "SIP/2.0 180", &h);
	CU_ASSERT_FALSE(says(&h, "Service-Route"));
	CU_ASSERT_TRUE(says(&h, "X-Else: yes\r\n"));
	stage_close();
}

static void what_is_theirs_stays_outside(void)
{
	char path[512], route[2048];
	struct conn *home;

	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
	enroll_path(alice, "alice", path);
	home = server(HOME01);
	ask(home, .from = "bob", .to = "alice",
	    .more = route_line(route, slice_of(path)));
	hear(alice, "INVITE", &invite);
	answer(&invite, 180,
	       "P-Asserted-Identity: <sip:ceo@example.com>\r\n"
	       "Path: <sip:evil;lr>\r\nX-Else: yes\r\n");
	hear(home, "SIP/2.0 180", &h);
	CU_ASSERT_FALSE(says(&h, "P-Asserted-Identity"));
	CU_ASSERT_FALSE(says(&h, "evil"));
	CU_ASSERT_TRUE(says(&h, "X-Else: yes\r\n"));
	stage_close();
}

static void nonsense_is_dropped(void)
{
	static const char *const nonsense[] = {
		"SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"SIP/2.0 200 OK\r\nVia: x\r\nContent-Length: 0\r\n\r\n",
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS a;branch=z9hG4bKx\r\n"
		"From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\n"
		"CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
	};

	alice_calls();
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(*nonsense); i++) {
		utter(at(HOME01), nonsense[i]);
		utter(alice, nonsense[i]);
	}
	quiet(alice);
	quiet(at(HOME01));
	call_rings(alice, &invite);
	stage_close();
}

/* A partner that rings for ever, and answers for everybody. */
static void far_does_not_answer_without_end(void)
{
	struct conn *home;

	STAGE_OPEN(.more = FEDERATION(""));
	partner_places();
	home = server(HOME01);
	ask(home, .from = "alice", .to = "sip:eve@" PARTNER, .more = CONTACT);
	hear(at(PARTNER), "INVITE", &invite);
	for (unsigned i = 0; i < 250; i++) {
		call_rings(home, &invite);
		fake_of(home)->n = fake_of(home)->read = 0;
	}
	answer(&invite, 180, "");
	quiet(home);
	CU_ASSERT_EQUAL(stage_counters().stray, 1);
	answer(&invite, 200, "");
	hear(home, "SIP/2.0 200", NULL);
	answer(&invite, 200, "");
	quiet(home);
	stage_close();
}

TEST_MAIN("proxy/response",
	  {"an answer counts only on the connection of its request",
	   only_on_its_connection},
	  {"with the branch it was given, whole", only_with_its_branch},
	  {"with its CSeq", only_with_its_cseq},
	  {"not after the final one", not_after_the_final_one},
	  {"but a 2xx after a failure passes", success_overtakes_failure},
	  {"what servers tell each other stays inside",
	   what_is_ours_stays_inside},
	  {"what users may not say stays outside",
	   what_is_theirs_stays_outside},
	  {"nonsense is dropped", nonsense_is_dropped},
	  {"the far side does not answer without end",
	   far_does_not_answer_without_end})
