/* SPDX-License-Identifier: Apache-2.0 */
/* homes_test.c - what is remembered of an address of record. */
#include "proxy/homes.h"

#include "cunit_main.h"

#include <errno.h>

#define ALICE UINT64_C(0x1100000000000001)
#define BOB   UINT64_C(0x1100000000000002)

static struct homes *h;
static struct home home;

static void begin(uint32_t max)
{
	CU_ASSERT_EQUAL_FATAL(homes_create(&h, max), 0);
}

static void finish(void)
{
	homes_destroy(&h);
	CU_ASSERT_PTR_NULL(h);
	homes_destroy(&h);
}

static void home_is_kept_until_it_ends(void)
{
	begin(100);
	CU_ASSERT_EQUAL(homes_get(h, &home, ALICE, 1), ENOENT);
	homes_learn(h, ALICE, SLICE("home01"), 5071, 2000, 1000);
	CU_ASSERT_EQUAL(homes_get(h, &home, ALICE, 1999), 0);
	CU_ASSERT_STRING_EQUAL(home.host, "home01");
	CU_ASSERT_EQUAL(home.port, 5071);
	CU_ASSERT_EQUAL(homes_get(h, &home, BOB, 1000), ENOENT);
	CU_ASSERT_EQUAL(homes_get(h, &home, ALICE, 2000), ENOENT);
	finish();
}

static void same_home_is_never_shortened(void)
{
	begin(100);
	homes_learn(h, ALICE, SLICE("home01"), 0, 9000, 1000);
	homes_learn(h, ALICE, SLICE("HOME01"), 0, 2000, 1000);
	CU_ASSERT_EQUAL(homes_get(h, &home, ALICE, 8999), 0);
	homes_learn(h, ALICE, SLICE("home02"), 0, 2000, 1000);
	CU_ASSERT_EQUAL(homes_get(h, &home, ALICE, 1999), 0);
	CU_ASSERT_STRING_EQUAL(home.host, "home02");
	CU_ASSERT_EQUAL(homes_get(h, &home, ALICE, 2000), ENOENT);
	homes_learn(h, ALICE, SLICE("home02"), 0, 3000, 2500);
	CU_ASSERT_EQUAL(homes_get(h, &home, ALICE, 2999), 0);
	finish();
}

static void homes_differ_by_port(void)
{
	begin(100);
	homes_learn(h, ALICE, SLICE("home"), 1, 9000, 1000);
	homes_learn(h, BOB, SLICE("home"), 2, 9000, 1000);
	homes_get(h, &home, ALICE, 1000);
	CU_ASSERT_EQUAL(home.port, 1);
	homes_get(h, &home, BOB, 1000);
	CU_ASSERT_EQUAL(home.port, 2);
	finish();
}

static void forgetting_keeps_connections(void)
{
	begin(100);
	homes_forget(h, ALICE);
	homes_learn(h, ALICE, SLICE("home"), 1, 9000, 1000);
	homes_bind(h, ALICE, 7);
	homes_forget(h, ALICE);
	CU_ASSERT_EQUAL(homes_get(h, &home, ALICE, 1000), ENOENT);
	CU_ASSERT_EQUAL(homes_flow(h, ALICE), 7);
	homes_unbind(h, ALICE, 7);
	CU_ASSERT_EQUAL(homes_flow(h, ALICE), 0);
	finish();
}

static void newest_connection_leads(void)
{
	begin(100);
	CU_ASSERT_EQUAL(homes_flow(h, ALICE), 0);
	homes_bind(h, ALICE, 1);
	homes_bind(h, ALICE, 2);
	homes_bind(h, ALICE, 3);
	CU_ASSERT_EQUAL(homes_flow(h, ALICE), 3);
	CU_ASSERT_EQUAL(homes_flows(h, ALICE, 2), 2);
	CU_ASSERT_EQUAL(homes_flows(h, ALICE, 9), 3);
	CU_ASSERT_EQUAL(homes_flows(h, BOB, 9), 0);
	homes_bind(h, ALICE, 1); /* again: the newest now */
	CU_ASSERT_EQUAL(homes_flow(h, ALICE), 1);
	CU_ASSERT_EQUAL(homes_flows(h, ALICE, 9), 3);
	homes_unbind(h, ALICE, 1);
	homes_unbind(h, ALICE, 77);
	homes_unbind(h, BOB, 1);
	CU_ASSERT_EQUAL(homes_flow(h, ALICE), 3);
	homes_unbind(h, ALICE, 3);
	homes_unbind(h, ALICE, 2);
	CU_ASSERT_EQUAL(homes_flow(h, ALICE), 0);
	homes_bind(h, ALICE, 4);
	CU_ASSERT_EQUAL(homes_flow(h, ALICE), 4);
	finish();
}

static void many_connections_come_and_go(void)
{
	begin(100);
	for (conn_id id = 1; id <= 100; id++)
		homes_bind(h, ALICE, id);
	CU_ASSERT_EQUAL(homes_flows(h, ALICE, 100), 99);
	for (conn_id id = 1; id <= 99; id++)
		homes_unbind(h, ALICE, id);
	CU_ASSERT_EQUAL(homes_flow(h, ALICE), 100);
	homes_unbind(h, ALICE, 100);
	homes_bind(h, ALICE, 5);
	homes_bind(h, ALICE, 6);
	CU_ASSERT_EQUAL(homes_flow(h, ALICE), 6);
	finish();
}

/* One shard of sixteen holds max / 16 + 1 addresses. */
static void least_recently_used_goes_first(void)
{
	begin(16);
	homes_learn(h, ALICE, SLICE("home"), 1, 9000, 1000);
	homes_learn(h, BOB, SLICE("home"), 1, 9000, 1000);
	CU_ASSERT_EQUAL(homes_get(h, &home, ALICE, 1000), 0);
	homes_learn(h, BOB + 1, SLICE("home"), 1, 9000, 1000);
	CU_ASSERT_EQUAL(homes_get(h, &home, ALICE, 1000), 0);
	CU_ASSERT_EQUAL(homes_get(h, &home, BOB, 1000), ENOENT);
	CU_ASSERT_EQUAL(homes_get(h, &home, BOB + 1, 1000), 0);
	for (uint64_t who = 1; who < 1000; who++)
		homes_bind(h, who << 56 | who, who);
	finish();
}

static void long_names_are_not_learnt(void)
{
	char name[HOMES_HOST_MAX];

	begin(100);
	memset(name, 'x', sizeof(name));
	homes_learn(h, ALICE, (struct slice){name, sizeof(name)}, 1, 9000, 1);
	CU_ASSERT_EQUAL(homes_get(h, &home, ALICE, 1), ENOENT);
	homes_learn(h, ALICE, (struct slice){name, sizeof(name) - 1}, 1, 9000,
		    1);
	CU_ASSERT_EQUAL(homes_get(h, &home, ALICE, 1), 0);
	CU_ASSERT_EQUAL(strlen(home.host), sizeof(name) - 1);
	finish();
}

static void names_are_bounded(void)
{
	char name[32];

	begin(100);
	for (unsigned i = 0; i < 1100; i++) {
		snprintf(name, sizeof(name), "home%u", i);
		homes_learn(h, ALICE, slice_of(name), 0, 9000, 1);
	}
	CU_ASSERT_EQUAL(homes_get(h, &home, ALICE, 1), 0);
	CU_ASSERT_STRING_EQUAL(home.host, "home1023");
	finish();
}

TEST_MAIN("proxy/homes",
	  {"a home is known until its time ends", home_is_kept_until_it_ends},
	  {"learning the same home again never shortens it",
	   same_home_is_never_shortened},
	  {"homes differ by port", homes_differ_by_port},
	  {"forgetting the home keeps the connections",
	   forgetting_keeps_connections},
	  {"the newest connection leads", newest_connection_leads},
	  {"many connections come and go", many_connections_come_and_go},
	  {"a full table forgets who was not seen for longest",
	   least_recently_used_goes_first},
	  {"a name too long is not learnt", long_names_are_not_learnt},
	  {"the list of names is bounded", names_are_bounded})
