/* failures_test.c - how much is told of peers that fail their handshake. */
#include "failures.h"

#include "../cunit_main.h"

#include <stdio.h>

static struct failures *f;
static char told[16][128];
static unsigned n;

static union addr at(const char *text)
{
	union addr a;

	CU_ASSERT_EQUAL_FATAL(addr_parse(&a, slice_of(text), 4000), 0);
	return a;
}

static bool tell(const char *peer, uint64_t now_ms)
{
	union addr a = at(peer);

	return failures_tell(f, &a, "not-tls", now_ms);
}

static void note(const struct failures_sum *sum, void *arg)
{
	char peer[ADDR_TEXT_MAX] = "others";

	(void)arg;
	if (sum->peer)
		addr_text(sum->peer, peer);
	CU_ASSERT_FATAL(n < 16);
	snprintf(told[n++], sizeof(told[0]), "%s %llu %s", peer,
		 (unsigned long long)sum->suppressed, sum->rule);
}

static bool end(uint64_t now_ms)
{
	n = 0;
	return failures_end(f, now_ms, note, NULL);
}

static void begin(unsigned peers)
{
	CU_ASSERT_EQUAL_FATAL(failures_create(&f, peers), 0);
}

static void the_first_three_of_a_peer_are_told(void)
{
	begin(64);
	for (int i = 0; i < FAILURES_TOLD; i++)
		CU_ASSERT_TRUE(tell("192.0.2.1", 1000));
	CU_ASSERT_FALSE(tell("192.0.2.1", 2000));
	CU_ASSERT_TRUE(tell("192.0.2.2", 2000));
	failures_destroy(&f);
	CU_ASSERT_PTR_NULL(f);
}

static void the_rest_is_told_when_its_minute_is_over(void)
{
	begin(64);
	for (int i = 0; i < 10; i++)
		tell("192.0.2.1", 1000);
	CU_ASSERT_TRUE(end(1000 + FAILURES_MS - 1));
	CU_ASSERT_EQUAL(n, 0);
	CU_ASSERT_FALSE(end(1001 + FAILURES_MS));
	CU_ASSERT_EQUAL_FATAL(n, 1);
	CU_ASSERT_STRING_EQUAL(told[0], "192.0.2.1:4000 7 not-tls");
	CU_ASSERT_TRUE(tell("192.0.2.1", 70000));
	failures_destroy(&f);
}

static void one_who_failed_seldom_is_forgotten_silently(void)
{
	begin(64);
	tell("192.0.2.1", 1000);
	CU_ASSERT_FALSE(end(1001 + FAILURES_MS));
	CU_ASSERT_EQUAL(n, 0);
	failures_destroy(&f);
}

static void a_subnet_of_ipv6_is_one_peer(void)
{
	begin(64);
	for (int i = 0; i < FAILURES_TOLD; i++)
		CU_ASSERT_TRUE(tell("2001:db8::1", 1000));
	CU_ASSERT_FALSE(tell("2001:db8::2", 1000));
	CU_ASSERT_TRUE(tell("2001:db8:0:1::2", 1000));
	failures_destroy(&f);
}

static void a_crowd_is_counted_together(void)
{
	unsigned alone = 0;
	char peer[32];

	begin(16);
	for (int i = 0; i < 200; i++) {
		snprintf(peer, sizeof(peer), "192.0.2.%d", i);
		alone += tell(peer, 1000);
	}
	CU_ASSERT_TRUE(alone <= 16);
	CU_ASSERT_FALSE(end(1001 + FAILURES_MS));
	CU_ASSERT_EQUAL_FATAL(n, 1);
	snprintf(peer, sizeof(peer), "others %u not-tls", 200 - alone);
	CU_ASSERT_STRING_EQUAL(told[0], peer);
	failures_destroy(&f);
}

static void at_the_end_all_is_told(void)
{
	begin(64);
	for (int i = 0; i < 5; i++)
		tell("192.0.2.1", 1000);
	CU_ASSERT_FALSE(end(UINT64_MAX));
	CU_ASSERT_EQUAL(n, 1);
	failures_destroy(&f);
}

static void without_a_table_each_is_told(void)
{
	f = NULL;
	for (int i = 0; i < 10; i++)
		CU_ASSERT_TRUE(tell("192.0.2.1", 1000));
}

TEST_MAIN("net/failures",
	  {"the first three of a peer are told",
	   the_first_three_of_a_peer_are_told},
	  {"the rest is told when its minute is over",
	   the_rest_is_told_when_its_minute_is_over},
	  {"one who failed seldom is forgotten silently",
	   one_who_failed_seldom_is_forgotten_silently},
	  {"a subnet of IPv6 is one peer", a_subnet_of_ipv6_is_one_peer},
	  {"a crowd is counted together", a_crowd_is_counted_together},
	  {"at the end all is told", at_the_end_all_is_told},
	  {"without a table each is told", without_a_table_each_is_told})
