/*
 * resolve_set_test.c - the order in which addresses are tried.
 */
#include "resolve_set.h"

#include "cunit_main.h"

#define DRAWS 20000

static const struct resolve_families V4 = {.v4 = true};
static const struct resolve_families V6 = {.v6 = true, .v6_first = true};
static const struct resolve_families V4_V6 = {.v4 = true, .v6 = true};
static const struct resolve_families V6_V4 = {
	.v4 = true, .v6 = true, .v6_first = true};

/* Addresses in, chosen ones out, both as words. */
static const char *choose(const char *in, struct resolve_families fam,
			  unsigned max)
{
	static char out[512];
	union addr addr[16], chosen[16];
	size_t n = 0, used = 0;
	char words[512], *save, *word, one[ADDR_TEXT_MAX];
	unsigned got;

	snprintf(words, sizeof(words), "%s", in);
	for (word = strtok_r(words, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		CU_ASSERT_EQUAL(addr_parse(&addr[n++], slice_of(word), 9), 0);
	got = resolve_choose(chosen, max, addr, n, fam, 5061);
	out[0] = '\0';
	for (unsigned i = 0; i < got; i++) {
		CU_ASSERT_EQUAL(addr_port(&chosen[i]), 5061);
		used += (size_t)snprintf(out + used, sizeof(out) - used, "%s%s",
					 i ? " " : "",
					 addr_host_text(&chosen[i], one));
	}
	return out;
}

static void only_the_legs_families(void)
{
	const char *mixed = "192.0.2.1 2001:db8::1 192.0.2.2";

	CU_ASSERT_STRING_EQUAL(choose(mixed, V4, 16), "192.0.2.1 192.0.2.2");
	CU_ASSERT_STRING_EQUAL(choose(mixed, V6, 16), "2001:db8::1");
	CU_ASSERT_STRING_EQUAL(choose("192.0.2.1", V6, 16), "");
	CU_ASSERT_STRING_EQUAL(choose("", V4_V6, 16), "");
}

static void families_take_turns(void)
{
	const char *mixed = "192.0.2.1 192.0.2.2 192.0.2.3 2001:db8::1 "
			    "2001:db8::2";

	CU_ASSERT_STRING_EQUAL(choose(mixed, V4_V6, 16),
			       "192.0.2.1 2001:db8::1 192.0.2.2 2001:db8::2 "
			       "192.0.2.3");
	CU_ASSERT_STRING_EQUAL(choose(mixed, V6_V4, 3),
			       "2001:db8::1 192.0.2.1 2001:db8::2");
}

static void what_is_no_host_is_left_out(void)
{
	CU_ASSERT_STRING_EQUAL(choose("0.0.0.0 224.0.0.1 255.255.255.255 :: "
				      "ff02::1 ::ffff:192.0.2.1 192.0.2.9",
				      V4_V6, 16),
			       "192.0.2.9");
}

static void families_of_a_leg(void)
{
	union addr addr[2];
	struct leg_settings leg = {.address = addr, .addresses = 2};
	struct resolve_families fam;

	addr_parse(&addr[0], SLICE("2001:db8::1"), 0);
	addr_parse(&addr[1], SLICE("192.0.2.1"), 0);
	fam = resolve_families_of(&leg);
	CU_ASSERT_TRUE(fam.v4 && fam.v6 && fam.v6_first);
	leg.addresses = 1;
	fam = resolve_families_of(&leg);
	CU_ASSERT_TRUE(!fam.v4 && fam.v6 && fam.v6_first);
}

static void priority_rules(void)
{
	static const struct resolve_rank rank[] = {
		{30, 9}, {10, 1}, {20, 0}, {10, 1}, {20, 65535}};
	struct resolve_rng rng;
	uint8_t order[5];

	resolve_rng_init(&rng);
	for (int i = 0; i < 100; i++) {
		resolve_rank(order, rank, 5, &rng);
		CU_ASSERT_EQUAL(rank[order[0]].priority, 10);
		CU_ASSERT_EQUAL(rank[order[1]].priority, 10);
		CU_ASSERT_NOT_EQUAL(order[0], order[1]);
		CU_ASSERT_EQUAL(order[2] + order[3], 6);
		CU_ASSERT_EQUAL(order[4], 0);
	}
}

/* How often record 0 comes first [%]. */
static unsigned first_share(const struct resolve_rank *rank, unsigned n)
{
	struct resolve_rng rng = {.state = 1};
	unsigned first = 0;
	uint8_t order[8];

	for (int i = 0; i < DRAWS; i++) {
		resolve_rank(order, rank, n, &rng);
		first += order[0] == 0;
	}
	return first * 100 / DRAWS;
}

static void weights_share_the_load(void)
{
	static const struct resolve_rank thirds[] = {{1, 100}, {1, 200}};
	static const struct resolve_rank zero[] = {{1, 0}, {1, 100}};
	static const struct resolve_rank zeros[] = {
		{1, 0}, {1, 0}, {1, 0}, {1, 0}};
	unsigned share = first_share(thirds, 2);

	CU_ASSERT_TRUE(share >= 31 && share <= 35);
	share = first_share(zero, 2);
	CU_ASSERT_TRUE(share <= 2); /* RFC 2782: very small, not nothing */
	share = first_share(zeros, 4);
	CU_ASSERT_TRUE(share >= 23 && share <= 27);
}

static struct resolve_set *set_of(unsigned targets, uint16_t each)
{
	size_t n = (size_t)targets * each;
	struct resolve_set *set =
		calloc(1, sizeof(*set) + n * sizeof(union addr));

	CU_ASSERT_PTR_NOT_NULL_FATAL(set);
	set->refs = 1;
	set->targets = targets;
	for (unsigned i = 0; i < targets; i++) {
		set->target[i].rank.priority = (uint16_t)(targets - i);
		set->target[i].first = (uint16_t)(i * each);
		set->target[i].n = each;
	}
	for (size_t i = 0; i < n; i++) {
		set->addr[i].in4.sin_family = AF_INET;
		set->addr[i].in4.sin_port = htons((uint16_t)(i + 1));
	}
	return set;
}

static void a_draw_keeps_targets_together(void)
{
	struct resolve_set *set = set_of(3, 2);
	struct resolve_rng rng = {.state = 1};
	static const uint16_t want[] = {5, 6, 3, 4, 1, 2};
	struct resolved list;

	resolve_set_draw(&list, set, &rng);
	CU_ASSERT_EQUAL_FATAL(list.n, 6);
	for (unsigned i = 0; i < 6; i++)
		CU_ASSERT_EQUAL(addr_port(&list.addr[i]), want[i]);
	resolve_set_unref(&set);
}

static void a_draw_is_cut(void)
{
	struct resolve_set *set = set_of(RESOLVE_MAX, 3);
	struct resolve_rng rng = {.state = 1};
	struct resolved list;

	resolve_set_draw(&list, set, &rng);
	CU_ASSERT_EQUAL(list.n, RESOLVE_MAX);
	resolve_set_unref(&set);
	CU_ASSERT_PTR_NULL(set);
	resolve_set_unref(&set);
}

TEST_MAIN("net/resolve_set",
	  {"only families that the leg has are chosen", only_the_legs_families},
	  {"families take turns, the leg's first begins", families_take_turns},
	  {"what is no single host is left out", what_is_no_host_is_left_out},
	  {"a leg's families are those of its addresses", families_of_a_leg},
	  {"lower priority numbers come first", priority_rules},
	  {"weights share the load", weights_share_the_load},
	  {"a draw keeps a target's addresses together",
	   a_draw_keeps_targets_together},
	  {"a draw is cut at the longest list", a_draw_is_cut})
