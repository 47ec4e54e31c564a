/* SPDX-License-Identifier: Apache-2.0 */
/* recall_test.c - what is remembered of a request, and told about it. */
#include "partner_kit.h"
#include "proxy/recall.h"

#include <errno.h>

static struct conn *alice;
static struct heard h;

static struct told {
	unsigned calls;
	size_t n;
	struct recall_entry e[8];
} told;

static void take(const struct recall_entry *e, size_t n, void *arg)
{
	struct told *t = arg;

	t->calls++;
	t->n = n;
	CU_ASSERT_FATAL(n <= 8);
	if (n)
		memcpy(t->e, e, n * sizeof(*e));
}

static void recall(const char *call_id)
{
	told = (struct told){0};
	CU_ASSERT_EQUAL(recall_ask(stage.shared, NULL, slice_of(call_id), take,
				   &told),
			0);
	fake_settle();
	CU_ASSERT_EQUAL(told.calls, 1);
}

static void enrolled(void)
{
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
}

static void refusal_is_told_with_its_rule(void)
{
	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	ask(alice, .call_id = "c1");
	hear(alice, "SIP/2.0 403", NULL);
	recall("c1");
	CU_ASSERT_EQUAL_FATAL(told.n, 1);
	CU_ASSERT_EQUAL(told.e[0].kind, VERDICT_REFUSE);
	CU_ASSERT_EQUAL(told.e[0].status, 403);
	CU_ASSERT_EQUAL(told.e[0].answered, 403);
	CU_ASSERT_STRING_EQUAL(told.e[0].rule, "stranger");
	CU_ASSERT_STRING_EQUAL(told.e[0].method, "INVITE");
	CU_ASSERT_STRING_EQUAL(told.e[0].call_id, "c1");
	CU_ASSERT_STRING_EQUAL(told.e[0].from, "sip:alice@example.com");
	CU_ASSERT_STRING_EQUAL(told.e[0].uri, "sip:bob@example.com");
	CU_ASSERT_STRING_EQUAL(told.e[0].peer, "198.51.100.7:4242");
	CU_ASSERT_EQUAL(told.e[0].class, PEER_STRANGER);
	CU_ASSERT_EQUAL(told.e[0].wall_ms, 1700000000000u);
	stage_close();
}

static void each_target_is_told(void)
{
	STAGE_OPEN();
	enrolled();
	recall("alice");
	CU_ASSERT_EQUAL_FATAL(told.n, 1);
	CU_ASSERT_EQUAL(told.e[0].to, TO_HOME);
	CU_ASSERT_EQUAL(told.e[0].answered, 200);
	CU_ASSERT_PTR_NULL(told.e[0].ended);
	CU_ASSERT_EQUAL_FATAL(told.e[0].tries, 2);
	CU_ASSERT_STRING_EQUAL(told.e[0].target[0].target,
			       DIR01 " (10.0.0.21:5061)");
	CU_ASSERT_EQUAL(told.e[0].target[0].status, 302);
	CU_ASSERT_STRING_EQUAL(told.e[0].target[1].target,
			       HOME01 " (10.0.0.31:5061)");
	CU_ASSERT_EQUAL(told.e[0].target[1].status, 200);
	stage_close();
}

static void time_to_the_answer_is_told(void)
{
	STAGE_OPEN();
	enrolled();
	ask(alice, .call_id = "c2", .more = CONTACT);
	hear(at(HOME01), "INVITE", &h);
	recall("c2");
	CU_ASSERT_EQUAL_FATAL(told.n, 1);
	CU_ASSERT_EQUAL(told.e[0].final_ms, 0);
	answer(&h, 180, "");
	fake_pass(1500);
	answer(&h, 486, "");
	recall("c2");
	CU_ASSERT_EQUAL(told.e[0].answered, 486);
	CU_ASSERT_EQUAL(told.e[0].final_ms - told.e[0].wall_ms, 1500);
	stage_close();
}

static void failed_targets_are_told(void)
{
	STAGE_OPEN(.routing = "home_servers = [ \"" HOME01 "\", \"" HOME02
			      "\" ];\n");
	fake_manner("10.0.0.31", FAKE_REFUSES);
	fake_manner("10.0.0.32", FAKE_REFUSES);
	alice = phone("198.51.100.7:4242");
	ask(alice, .method = "REGISTER", .call_id = "c3", .more = CONTACT);
	hear(alice, "SIP/2.0 500", NULL);
	recall("c3");
	CU_ASSERT_EQUAL_FATAL(told.n, 1);
	CU_ASSERT_EQUAL_FATAL(told.e[0].tries, 2);
	CU_ASSERT_STRING_EQUAL(told.e[0].target[1].reason, "unreachable");
	CU_ASSERT_STRING_EQUAL(told.e[0].ended, "no-next-hop");
	CU_ASSERT_EQUAL(told.e[0].answered, 500);
	stage_close();
}

static void all_requests_of_a_call_are_told(void)
{
	STAGE_OPEN(.workers = 2);
	for (unsigned i = 0; i < 2; i++) {
		alice = phone_on(i, "198.51.100.7:4242");
		ask(alice, .call_id = "c4");
		ask(alice, .call_id = "c4", .branch = "z9hG4bK2");
	}
	recall("c4");
	CU_ASSERT_EQUAL(told.n, 4);
	recall("c");
	CU_ASSERT_EQUAL(told.n, 0);
	recall("c4x");
	CU_ASSERT_EQUAL(told.n, 0);
	stage_close();
}

static void oldest_is_forgotten_first(void)
{
	char id[16];

	STAGE_OPEN(.limits = "recent_requests = 10;");
	alice = phone("198.51.100.7:4242");
	for (unsigned i = 0; i < 15; i++) {
		snprintf(id, sizeof(id), "n%u", i);
		ask(alice, .call_id = id);
	}
	recall("n4");
	CU_ASSERT_EQUAL(told.n, 0);
	recall("n5");
	CU_ASSERT_EQUAL(told.n, 1);
	recall("n14");
	CU_ASSERT_EQUAL(told.n, 1);
	stage_close();
}

static void answer_to_a_forgotten_one_writes_nowhere(void)
{
	STAGE_OPEN(.limits = "recent_requests = 10;");
	enrolled();
	ask(alice, .call_id = "c5", .more = CONTACT);
	hear(at(HOME01), "INVITE", &h);
	for (unsigned i = 0; i < 10; i++)
		ask(alice, .method = "BYE", .call_id = "c6", .to_tag = "t");
	answer(&h, 486, "");
	recall("c5");
	CU_ASSERT_EQUAL(told.n, 0);
	stage_close();
}

static void long_call_ids_are_told_apart(void)
{
	char one[200], two[200];

	memset(one, 'a', sizeof(one));
	memset(two, 'a', sizeof(two));
	one[150] = two[151] = '\0';
	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	ask(alice, .call_id = one);
	recall(one);
	CU_ASSERT_EQUAL_FATAL(told.n, 1);
	CU_ASSERT_EQUAL(strlen(told.e[0].call_id), RECALL_TEXT_MAX - 1);
	recall(two);
	CU_ASSERT_EQUAL(told.n, 0);
	stage_close();
}

static void partner_that_is_not_reached_is_told(void)
{
	struct conn *home;

	STAGE_OPEN(.more = FEDERATION(""));
	partner_places();
	fake_manner(PUBLIC1, FAKE_REFUSES);
	fake_manner(PUBLIC2, FAKE_REFUSES);
	home = server(HOME01);
	ask(home, .to = "sip:bob@" PARTNER, .call_id = "c7");
	recall("c7");
	CU_ASSERT_EQUAL_FATAL(told.n, 1);
	CU_ASSERT_EQUAL(told.e[0].to, TO_PARTNER);
	CU_ASSERT_EQUAL(told.e[0].answered, 504);
	CU_ASSERT_STRING_EQUAL(told.e[0].ended, "way-unreachable");
	CU_ASSERT_STRING_EQUAL(told.e[0].target[0].target,
			       EDGE1 " (" PUBLIC1 ":5061)");
	CU_ASSERT_STRING_EQUAL(told.e[0].target[0].reason, "unreachable");
	stage_close();
}

static void nobody_is_there_to_tell(void)
{
	STAGE_OPEN();
	fake_stop();
	CU_ASSERT_EQUAL(recall_ask(stage.shared, NULL, SLICE("x"), take, NULL),
			ENOENT);
	stage_close();
}

TEST_MAIN("proxy/recall",
	  {"a refusal is told with its rule", refusal_is_told_with_its_rule},
	  {"each target is told, and what it said", each_target_is_told},
	  {"the time to the answer is told", time_to_the_answer_is_told},
	  {"targets that failed are told", failed_targets_are_told},
	  {"all requests of a call are told, of all workers",
	   all_requests_of_a_call_are_told},
	  {"the oldest is forgotten first", oldest_is_forgotten_first},
	  {"an answer to one that is forgotten writes nowhere",
	   answer_to_a_forgotten_one_writes_nowhere},
	  {"long Call-IDs are told apart", long_call_ids_are_told_apart},
	  {"a partner that is not reached is told",
	   partner_that_is_not_reached_is_told},
	  {"without workers nobody is asked", nobody_is_there_to_tell})
