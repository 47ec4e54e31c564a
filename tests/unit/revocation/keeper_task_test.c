/*
 * keeper_task_test.c - when a source is asked again.
 */
#include "keeper_rig.h"

/** How long until the next try [s]. */
struct plan_row {
	unsigned fails;
	long this_s, next_s; /* from now; next 0: none */
	uint64_t wait_s;
};

static void it_is_asked_again_in_time_and_not_too_often(void)
{
	static const struct plan_row rows[] = {
		{0, 0, 7 * 24 * HOUR_S, 24 * HOUR_S},
		{0, 0, 24 * HOUR_S, 12 * HOUR_S},
		{0, -23 * HOUR_S, HOUR_S, HOUR_S},
		{0, 0, HOUR_S, HOUR_S / 2},
		{0, 0, 60, 60},
		{0, 0, 0, 24 * HOUR_S},
		{1, 0, 24 * HOUR_S, 60},
		{2, 0, 24 * HOUR_S, 120},
		{6, 0, 24 * HOUR_S, 1920},
		{7, 0, 24 * HOUR_S, HOUR_S},
		{4000000000u, 0, 24 * HOUR_S, HOUR_S},
	};
	uint64_t now_s = now_wall_s(), wait_ms;
	struct crl_task t = {0};

	t.point = crl_point_create(LEG_INSIDE, CRL_BY_SETTINGS, CDP_URL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t.fails = rows[i].fails;
		t.this_s = now_s + (uint64_t)rows[i].this_s;
		t.next_s =
			rows[i].next_s ? now_s + (uint64_t)rows[i].next_s : 0;
		crl_task_plan(&t, now_s, 1000);
		wait_ms = t.due_ms - 1000;
		CU_ASSERT(wait_ms <= rows[i].wait_s * 1000);
		CU_ASSERT(wait_ms >= rows[i].wait_s * 900);
	}
	crl_point_unref(&t.point);
}

/* A list that is another one each minute would have all judged each minute. */
static void what_peers_name_is_asked_no_more_than_each_ten_minutes(void)
{
	uint64_t now_s = now_wall_s();
	struct crl_task t = {.this_s = now_s, .next_s = now_s + 60};

	t.point = crl_point_create(LEG_OUTSIDE, CRL_BY_PEER, CDP_URL);
	crl_task_plan(&t, now_s, 1000);
	CU_ASSERT(t.due_ms >= 1000 + 540 * 1000);
	crl_point_unref(&t.point);
}

TEST_MAIN("revocation/keeper_task",
	  {"it is asked again in time and not too often",
	   it_is_asked_again_in_time_and_not_too_often},
	  {"what peers name is asked no more than each ten minutes",
	   what_peers_name_is_asked_no_more_than_each_ten_minutes})
