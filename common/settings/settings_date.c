/*
 * settings_date.c - days as an operator writes them.
 */
#include "settings_room.h"

#include <errno.h>

#define DAY_S 86400

static uint32_t days_in(uint32_t year, uint32_t month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30,
				       31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

/* Whole days from 1970-01-01 to a day of a year not before it. */
static uint64_t days_since_1970(uint32_t year, uint32_t month, uint32_t day)
{
	uint64_t days = day - 1;

	for (uint32_t m = 1; m < month; m++)
		days += days_in(year, m);
	for (uint32_t y = 1970; y < year; y++)
		days += 337 + days_in(y, 2);
	return days;
}

int settings_day_end(uint64_t *out, struct slice text)
{
	uint32_t year, month, day;

	if (text.n != 10 || text.p[4] != '-' || text.p[7] != '-' ||
	    slice_to_u32(&year, (struct slice){text.p, 4}) ||
	    slice_to_u32(&month, (struct slice){text.p + 5, 2}) ||
	    slice_to_u32(&day, (struct slice){text.p + 8, 2}))
		return EINVAL;
	if (year < 1970 || month < 1 || month > 12 || day < 1 ||
	    day > days_in(year, month))
		return EINVAL;
	*out = (days_since_1970(year, month, day) + 1) * DAY_S - 1;
	return 0;
}
