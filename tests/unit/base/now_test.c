/*
 * now_test.c - both clocks go forward and agree with the system's.
 */
#include "base/now.h"

#include "cunit_main.h"

#include <time.h>

static void monotonic_never_goes_back(void)
{
	uint64_t last = now_mono_ms(), backwards = 0;

	CU_ASSERT_TRUE(last > 0);
	for (int i = 0; i < 100000; i++) {
		uint64_t now = now_mono_ms();

		backwards += now < last;
		last = now;
	}
	CU_ASSERT_EQUAL(backwards, 0);
}

static void both_units_tell_the_same_time(void)
{
	uint64_t before = now_mono_ms(), ns = now_mono_ns();

	CU_ASSERT_TRUE(ns / 1000000 + 1 >= before);
	CU_ASSERT_TRUE(ns / 1000000 + 1 <= now_mono_ms());
}

static void wall_clock_is_the_systems(void)
{
	uint64_t before = (uint64_t)time(NULL), now = now_wall_s();

	CU_ASSERT_TRUE(now + 1 >= before && now <= before + 2);
	CU_ASSERT_TRUE(now_wall_ms() / 1000 - now <= 1);
}

TEST_MAIN("base/now",
	  {"monotonic time never goes back", monotonic_never_goes_back},
	  {"milliseconds and nanoseconds tell the same time",
	   both_units_tell_the_same_time},
	  {"the wall clock is the system's", wall_clock_is_the_systems})
