/* SPDX-License-Identifier: Apache-2.0 */
/* connections_test.c - what is told of the connections of all workers. */
#include "partner_kit.h"
#include "proxy/connections.h"

#include <errno.h>

static struct connections_told told;
static unsigned calls;

static void take(const struct connections_told *t, void *arg)
{
	(void)arg;
	calls++;
	free(told.entry);
	told = *t;
	told.entry = calloc(t->n_entry + 1, sizeof(*t->entry));
	CU_ASSERT_PTR_NOT_NULL_FATAL(told.entry);
	for (unsigned i = 0; i < t->n_entry; i++)
		told.entry[i] = t->entry[i];
}

static void ask_all(bool old_only)
{
	calls = 0;
	CU_ASSERT_EQUAL(
		connections_ask(stage.shared, NULL, old_only, take, NULL), 0);
	fake_settle();
	CU_ASSERT_EQUAL(calls, 1);
}

static void done(void)
{
	free(told.entry);
	told = (struct connections_told){0};
	stage_close();
}

static void each_is_told_with_who_it_is(void)
{
	struct conn *alice;

	STAGE_OPEN(.workers = 2, .more = FEDERATION(""));
	partner_on(1, PARTNER " sip:other.example");
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
	fake_accept(0, LEG_INSIDE, DOOR_DEVICE, "10.0.5.20:1", NULL);
	ask_all(false);
	CU_ASSERT_EQUAL(told.n, 5); /* director and home as well */
	CU_ASSERT_EQUAL(told.plain, 1);
	CU_ASSERT_EQUAL_FATAL(told.n_entry, 5);
	CU_ASSERT_EQUAL(told.entry[0].class, PEER_USER);
	CU_ASSERT_STRING_EQUAL(told.entry[0].peer, "198.51.100.7:4242");
	CU_ASSERT_STRING_EQUAL(told.entry[0].names, "");
	CU_ASSERT_EQUAL(told.entry[4].class, PEER_PARTNER);
	CU_ASSERT_STRING_EQUAL(told.entry[4].names,
			       "partner.example,other.example");
	done();
}

static void certificates_of_ours_are_counted(void)
{
	STAGE_OPEN(.workers = 2);
	for (unsigned i = 0; i < 6; i++) {
		struct conn *c = phone_on(i % 2, "198.51.100.7:4242");

		fake_of(c)->shown.old = i < 2;
		snprintf(fake_of(c)->shown.ours, 65, "%s", i < 2 ? "aa" : "bb");
	}
	ask_all(true);
	CU_ASSERT_EQUAL(told.n, 6);
	CU_ASSERT_EQUAL(told.old, 2);
	CU_ASSERT_EQUAL(told.n_entry, 2);
	CU_ASSERT_EQUAL_FATAL(told.n_ours, 2);
	CU_ASSERT_STRING_EQUAL(told.ours[0].fingerprint, "aa");
	CU_ASSERT_TRUE(told.ours[0].old);
	CU_ASSERT_EQUAL(told.ours[0].n, 2);
	CU_ASSERT_EQUAL(told.ours[1].n, 4);
	done();
}

static void long_lists_of_names_are_cut(void)
{
	char names[400] = "";

	STAGE_OPEN(.more = FEDERATION(""));
	for (char c = 'a'; c < 'g'; c++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names),
			 "%s%060d.%c.example", c > 'a' ? " " : "", 0, c);
	partner(names);
	ask_all(false);
	CU_ASSERT_EQUAL_FATAL(told.n_entry, 1);
	CU_ASSERT_TRUE(strlen(told.entry[0].names) < CONNECTIONS_NAMES_MAX);
	CU_ASSERT_EQUAL(told.entry[0].names[strlen(told.entry[0].names) - 1],
			'+');
	done();
}

TEST_MAIN("proxy/connections",
	  {"each is told, with who it is", each_is_told_with_who_it_is},
	  {"certificates of ours are counted",
	   certificates_of_ours_are_counted},
	  {"long lists of names are cut", long_lists_of_names_are_cut})
