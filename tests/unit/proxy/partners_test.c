/* SPDX-License-Identifier: Apache-2.0 */
/* partners_test.c - what a partner that is not listed may ask, and what is kept
 * of all of them. */
#include "partner_kit.h"
#include "partners_book.h"

#include <errno.h>

static struct partners *book;
static struct limits limits;

static void open_book(uint32_t max)
{
	limits = (struct limits){
		.discovered_rate = 20,
		.discovered_slow_rate = 1,
		.discovered_addresses = 1000,
		.discovered_window = 100,
		.discovered_failures = 50,
	};
	log_set_level(LOG_LEVEL_ERROR);
	CU_ASSERT_EQUAL_FATAL(partners_create(&book, max), 0);
}

static struct verdict asks(const char *domain, uint64_t callee, uint64_t now_ms)
{
	struct partners_ask ask = {
		.domain = slice_of(domain),
		.callee = callee,
	};

	return partners_admit(book, &limits, &ask, now_ms);
}

static bool passes(const char *domain, uint64_t callee, uint64_t now_ms)
{
	return asks(domain, callee, now_ms).kind == VERDICT_PASS;
}

/* How many of so many a second pass, over ten seconds. */
static unsigned flood(const char *domain, unsigned rate, uint64_t *now_ms)
{
	unsigned n = 0;

	*now_ms += 1000;
	for (unsigned i = 0; i < rate * 10; i++) {
		n += passes(domain, 7, *now_ms);
		*now_ms += 1000 / rate;
	}
	return n;
}

static void twenty_a_second_pass(void)
{
	uint64_t now = 5000;
	struct verdict v;

	open_book(100);
	CU_ASSERT_EQUAL(flood("a.example", 200, &now), 200);
	CU_ASSERT_EQUAL(flood("a.example", 20, &now), 200);
	for (unsigned i = 0; i < 20; i++)
		CU_ASSERT_TRUE(passes("b.example", 7, now));
	v = asks("b.example", 7, now + 999);
	CU_ASSERT_EQUAL(v.status, 503);
	CU_ASSERT_STRING_EQUAL(v.rule, "partner-too-fast");
	CU_ASSERT_TRUE(holds(v.extra, "Retry-After: "));
	CU_ASSERT_TRUE(passes("b.example", 7, now + 1000));
	partners_destroy(&book);
}

static void each_has_its_own_rate(void)
{
	open_book(100);
	for (unsigned i = 0; i < 20; i++)
		passes("a.example", 7, 5000);
	CU_ASSERT_FALSE(passes("A.Example.", 7, 5000));
	CU_ASSERT_TRUE(passes("b.example", 7, 5000));
	partners_destroy(&book);
}

static void listed_one_has_no_limit(void)
{
	struct partners_ask ask = {
		.domain = SLICE("a.example"),
		.listed = true,
	};

	open_book(100);
	limits.discovered_addresses = 10;
	for (unsigned i = 0; i < 100; i++) {
		ask.callee = i + 1;
		CU_ASSERT_EQUAL(partners_admit(book, &limits, &ask, 5000).kind,
				VERDICT_PASS);
	}
	partners_destroy(&book);
}

/* What is under way goes on longer, and may always end. */
static void calls_that_are_on_are_shed_last(void)
{
	struct partners_ask ask = {
		.domain = SLICE("a.example"),
		.in_dialog = true,
	};
	unsigned n = 0;

	open_book(100);
	for (unsigned i = 0; i < 30; i++)
		passes("a.example", 7, 5000);
	for (unsigned i = 0; i < 100; i++)
		n += partners_admit(book, &limits, &ask, 5000).kind ==
		     VERDICT_PASS;
	CU_ASSERT_EQUAL(n, 20);
	ask.ends = true;
	CU_ASSERT_EQUAL(partners_admit(book, &limits, &ask, 5000).kind,
			VERDICT_PASS);
	partners_destroy(&book);
}

static uint64_t callee_of(uint64_t n)
{
	return n * UINT64_C(0x9e3779b97f4a7c15);
}

static void who_asks_for_everybody_is_watched(void)
{
	uint64_t now = 5000;
	struct verdict v;

	open_book(100);
	for (unsigned i = 1; i <= 1000; i++, now += 100) {
		CU_ASSERT_TRUE_FATAL(passes("a.example", callee_of(i), now));
		passes("a.example", callee_of(i), now);
	}
	now += 1000;
	v = asks("a.example", callee_of(1001), now);
	CU_ASSERT_EQUAL(v.status, 403);
	CU_ASSERT_STRING_EQUAL(v.rule, "partner-enumerates");
	now += 1000;
	CU_ASSERT_FALSE(passes("a.example", callee_of(1), now));
	CU_ASSERT_FALSE(passes("a.example", callee_of(1), now + 3590000));
	CU_ASSERT_TRUE(passes("a.example", callee_of(1), now + 3600000));
	partners_destroy(&book);
}

/* Many, but slowly: an honest partner of some size. */
static void addresses_are_counted_by_the_hour(void)
{
	uint64_t now = 5000;

	open_book(100);
	limits.discovered_addresses = 100;
	for (unsigned i = 1; i <= 1000; i++, now += 60000)
		CU_ASSERT_TRUE_FATAL(passes("a.example", callee_of(i), now));
	partners_destroy(&book);
}

static void answers(uint16_t status, unsigned n, uint64_t now_ms)
{
	while (n--)
		partners_answered(book, &limits,
				  partners_key(SLICE("a.example")), status,
				  now_ms);
}

static void who_mostly_fails_is_slowed(void)
{
	uint64_t now = 5000;

	open_book(100);
	passes("a.example", 7, now);
	answers(404, 50, now);
	answers(200, 50, now);
	CU_ASSERT_EQUAL(flood("a.example", 20, &now), 200);
	answers(404, 51, now);
	CU_ASSERT_EQUAL(flood("a.example", 20, &now), 10);
	partners_destroy(&book);
}

static void who_does_better_is_promoted(void)
{
	uint64_t now = 5000;

	open_book(100);
	passes("a.example", 7, now);
	answers(404, 100, now);
	CU_ASSERT_EQUAL(flood("a.example", 20, &now), 10);
	answers(404, 50, now);
	answers(200, 49, now);
	CU_ASSERT_EQUAL(flood("a.example", 20, &now), 10);
	answers(200, 1, now);
	CU_ASSERT_EQUAL(flood("a.example", 20, &now), 200);
	partners_destroy(&book);
}

static void ten_clean_minutes_promote(void)
{
	uint64_t now = 5000;

	open_book(100);
	passes("a.example", 7, now);
	answers(404, 100, now);
	now += 599000;
	CU_ASSERT_TRUE(passes("a.example", 7, now));
	CU_ASSERT_FALSE(passes("a.example", 7, now));
	now += 1000;
	CU_ASSERT_EQUAL(flood("a.example", 20, &now), 200);
	partners_destroy(&book);
}

/* Who is busy, away, or asked to prove himself did nothing wrong; and what is
 * broken here is not the partner's fault. */
static void not_every_error_is_a_failure(void)
{
	static const uint16_t fine[] = {200, 302, 401, 407, 408, 480, 486,
					487, 491, 500, 503, 600, 603};
	uint64_t now = 5000;

	open_book(100);
	passes("a.example", 7, now);
	for (size_t i = 0; i < sizeof(fine) / sizeof(*fine); i++)
		answers(fine[i], 20, now);
	CU_ASSERT_EQUAL(flood("a.example", 20, &now), 200);
	answers(604, 100, now);
	CU_ASSERT_EQUAL(flood("a.example", 20, &now), 10);
	partners_destroy(&book);
}

static void smaller_window_begins_anew(void)
{
	uint64_t now = 5000;

	open_book(100);
	passes("a.example", 7, now);
	answers(404, 60, now);
	limits.discovered_window = 10;
	answers(200, 10, now);
	CU_ASSERT_EQUAL(flood("a.example", 20, &now), 200);
	limits.discovered_window = 5000;
	answers(404, 1000, now);
	CU_ASSERT_EQUAL(flood("a.example", 20, &now), 200);
	partners_destroy(&book);
}

static unsigned seen, watched;
static uint64_t most;

static void count(const struct partner_account *a, void *arg)
{
	(void)arg;
	CU_ASSERT_TRUE(a->requests <= most);
	most = a->requests;
	watched += a->watched;
	seen++;
}

static void count_all(void)
{
	seen = watched = 0;
	most = UINT64_MAX;
	CU_ASSERT_EQUAL(partners_list(book, count, NULL), 0);
}

static void table_is_bounded(void)
{
	char domain[32];

	open_book(160);
	limits.discovered_addresses = 1;
	passes("first.example", 1, 5000);
	passes("first.example", 2, 5000);
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(domain, sizeof(domain), "d%u.example", i);
		CU_ASSERT_TRUE_FATAL(passes(domain, 1, 5000 + i));
	}
	count_all();
	CU_ASSERT_TRUE(seen <= 176);
	CU_ASSERT_EQUAL(watched, 1); /* it does not get away by that */
	CU_ASSERT_FALSE(passes("first.example", 1, 12000));
	partners_destroy(&book);
}

static void full_of_watched_ones_lets_nobody_in(void)
{
	char domain[32];
	unsigned refused = 0;

	open_book(0);
	limits.discovered_addresses = 1;
	for (unsigned i = 0; i < 400; i++) {
		snprintf(domain, sizeof(domain), "d%u.example", i);
		refused += !passes(domain, 1, 5000);
		passes(domain, 2, 5000);
	}
	CU_ASSERT_TRUE(refused > 300);
	count_all();
	CU_ASSERT_EQUAL(seen, 16);
	partners_destroy(&book);
}

static void busiest_comes_first(void)
{
	open_book(100);
	for (unsigned i = 0; i < 15; i++)
		passes("busy.example", 7, 5000);
	for (unsigned i = 0; i < 3; i++)
		passes("quiet.example", 7, 5000);
	partners_asked(book, SLICE("called.example"), 5000);
	count_all();
	CU_ASSERT_EQUAL(seen, 3);
	CU_ASSERT_EQUAL(most, 0);
	partners_destroy(&book);
}

static struct partners_line line_at(unsigned worker, const char *address)
{
	struct partners_line l = {.worker = worker, .id = worker + 77};

	addr_parse(&l.addr, slice_of(address), 5061);
	return l;
}

static int begins(unsigned worker, const char *address, conn_id *other)
{
	struct partners_line l = line_at(worker, address);

	return partners_line_begins(book, SLICE("a.example"), 2, &l, other,
				    5000);
}

static void connections_are_counted(void)
{
	uint64_t key = partners_key(SLICE("a.example"));
	struct partners_line one = line_at(0, PUBLIC1);
	struct partners_line two = line_at(1, PUBLIC1);
	conn_id other;

	open_book(100);
	CU_ASSERT_EQUAL(begins(0, PUBLIC1, &other), 0);
	CU_ASSERT_EQUAL(begins(0, PUBLIC1, &other), 0); /* the same one */
	CU_ASSERT_EQUAL(begins(1, PUBLIC1, &other), 0);
	CU_ASSERT_EQUAL(begins(2, PUBLIC1, &other), EBUSY);
	CU_ASSERT_EQUAL(other, 0); /* neither is made yet */
	partners_line_is(book, key, &two);
	CU_ASSERT_EQUAL(begins(2, PUBLIC1, &other), EBUSY);
	CU_ASSERT_EQUAL(other, 78);
	CU_ASSERT_EQUAL(begins(1, PUBLIC2, &other), EBUSY);
	CU_ASSERT_EQUAL(other, 0); /* its own is none of another's */
	partners_line_ends(book, key, &one);
	partners_line_ends(book, key, &one);
	CU_ASSERT_EQUAL(begins(2, PUBLIC1, &other), 0);
	partners_destroy(&book);
}

/* All the way, from here on. */

#define FOUND FEDERATION("discovery = true;")

static struct heard h;

static void flood_on_the_wire_is_503(void)
{
	struct conn *c;
	char branch[32];
	unsigned passed = 0;

	STAGE_OPEN(.more = FOUND);
	c = partner("found.example");
	for (unsigned i = 0; i < 30; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bKf%u", i);
		ask(c, .method = "MESSAGE", .from = "sip:eve@found.example",
		    .to = "alice", .branch = branch);
	}
	while (hear_any(at(DIR01), &h))
		passed++;
	CU_ASSERT_EQUAL(passed, 20);
	hear(c, "SIP/2.0 503", &h);
	CU_ASSERT_TRUE(says(&h, "Retry-After: "));
	/* Another connection, and another worker, is the same partner. */
	c = partner("found.example");
	ask(c, .method = "MESSAGE", .from = "sip:eve@found.example",
	    .to = "alice", .branch = "z9hG4bKother");
	hear(c, "SIP/2.0 503", NULL);
	/* Another partner is not. */
	c = partner("fine.example");
	ask(c, .method = "MESSAGE", .from = "sip:eve@fine.example",
	    .to = "alice");
	hear(at(DIR01), "MESSAGE", NULL);
	stage_close();
}

/* One edge that speaks for ever new domains is one partner. */
static void domains_of_one_edge_share_its_rate(void)
{
	struct conn *c;
	char branch[32], from[32];
	unsigned passed = 0;

	STAGE_OPEN(.more = FOUND);
	c = partner("edge.many.example a.example b.example c.example");
	for (unsigned i = 0; i < 30; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bKf%u", i);
		snprintf(from, sizeof(from), "sip:eve@%c.example", 'a' + i % 3);
		ask(c, .method = "MESSAGE", .from = from, .to = "alice",
		    .branch = branch);
	}
	while (hear_any(at(DIR01), &h))
		passed++;
	CU_ASSERT_EQUAL(passed, 20);
	hear(c, "SIP/2.0 503", NULL);
	stage_close();
}

/* What fails for one of its domains, failed for that edge. */
static void failures_of_one_edge_are_counted_together(void)
{
	struct conn *c;
	char branch[32], from[32];

	STAGE_OPEN(.more = FOUND, .limits = "discovered_window = 10;");
	c = partner("edge.many.example a.example b.example");
	for (unsigned i = 0; i < 12; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bKf%u", i);
		snprintf(from, sizeof(from), "sip:eve@%c.example", 'a' + i % 2);
		ask(c, .method = "MESSAGE", .from = from, .to = "nobody",
		    .branch = branch);
		if (i >= 10)
			continue;
		hear(at(DIR01), "MESSAGE", &h);
		answer(&h, 404, "");
		hear(c, "SIP/2.0 404", NULL);
	}
	hear(c, "SIP/2.0 503", NULL);
	hear(c, "SIP/2.0 503", NULL);
	stage_close();
}

static void failures_on_the_wire_count(void)
{
	struct conn *c;
	char branch[32];

	STAGE_OPEN(.more = FOUND, .limits = "discovered_window = 10;");
	c = partner("found.example");
	for (unsigned i = 0; i < 10; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bKf%u", i);
		ask(c, .method = "MESSAGE", .from = "sip:eve@found.example",
		    .to = "nobody", .branch = branch);
		hear(at(DIR01), "MESSAGE", &h);
		answer(&h, 404, "");
		hear(c, "SIP/2.0 404", NULL);
	}
	fake_pass(1000);
	ask(c, .method = "MESSAGE", .from = "sip:eve@found.example",
	    .branch = "z9hG4bKs1");
	hear(at(DIR01), "MESSAGE", NULL);
	ask(c, .method = "MESSAGE", .from = "sip:eve@found.example",
	    .branch = "z9hG4bKs2");
	hear(c, "SIP/2.0 503", NULL);
	stage_close();
}

static const struct partner_account *told_of;
static struct partner_account told;

static void take(const struct partner_account *a, void *arg)
{
	(void)arg;
	if (told_of)
		return;
	told = *a;
	told_of = &told;
	told.domain.p = NULL;
}

static void each_is_told(void)
{
	struct conn *c, *home;

	STAGE_OPEN(.more = FEDERATION(""));
	partner_places();
	home = server(HOME01);
	c = partner(PARTNER);
	ask(c, .from = "sip:bob@" PARTNER, .to = "alice", .more = CONTACT);
	hear(at(DIR01), "INVITE", &h);
	answer(&h, 200, CONTACT);
	ask(home, .method = "MESSAGE", .to = "sip:bob@" PARTNER);
	told_of = NULL;
	CU_ASSERT_EQUAL(partners_each(stage.shared, take, NULL), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(told_of);
	CU_ASSERT_EQUAL(told.requests, 1);
	CU_ASSERT_EQUAL(told.outward, 1);
	CU_ASSERT_EQUAL(told.successes, 1);
	CU_ASSERT_EQUAL(told.failures, 0);
	CU_ASSERT_EQUAL(told.connections, 1);
	CU_ASSERT_FALSE(told.discovered);
	stage_close();
}

TEST_MAIN("proxy/partners",
	  {"twenty a second pass, and no more", twenty_a_second_pass},
	  {"each partner has its own rate", each_has_its_own_rate},
	  {"a listed partner has no limit", listed_one_has_no_limit},
	  {"calls that are on are shed last", calls_that_are_on_are_shed_last},
	  {"who asks for everybody is watched",
	   who_asks_for_everybody_is_watched},
	  {"addresses are counted by the hour",
	   addresses_are_counted_by_the_hour},
	  {"who mostly fails is slowed", who_mostly_fails_is_slowed},
	  {"who does better is promoted", who_does_better_is_promoted},
	  {"ten clean minutes promote", ten_clean_minutes_promote},
	  {"not every error is a failure", not_every_error_is_a_failure},
	  {"a smaller window begins anew", smaller_window_begins_anew},
	  {"the table is bounded, and none gets away by that",
	   table_is_bounded},
	  {"a table full of watched ones lets nobody in",
	   full_of_watched_ones_lets_nobody_in},
	  {"the busiest one comes first", busiest_comes_first},
	  {"connections are counted", connections_are_counted},
	  {"a flood on the wire is 503", flood_on_the_wire_is_503},
	  {"domains of one edge share its rate",
	   domains_of_one_edge_share_its_rate},
	  {"failures of one edge are counted together",
	   failures_of_one_edge_are_counted_together},
	  {"failures on the wire count", failures_on_the_wire_count},
	  {"each partner is told with its figures", each_is_told})
