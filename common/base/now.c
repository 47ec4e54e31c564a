/*
 * now.c - the one place that asks the system for the time.
 */
#include "base/now.h"

#include <time.h>

static uint64_t read_ns(clockid_t clock)
{
	struct timespec ts = {0};

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

uint64_t now_mono_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

/* One more than the kernel says: the first millisecond after boot is not 0. */
uint64_t now_mono_ms(void)
{
	return now_mono_ns() / 1000000 + 1;
}

uint64_t now_wall_ms(void)
{
	return read_ns(CLOCK_REALTIME) / 1000000;
}

uint64_t now_wall_s(void)
{
	return now_wall_ms() / 1000;
}
