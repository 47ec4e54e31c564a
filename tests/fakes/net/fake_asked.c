/* SPDX-License-Identifier: Apache-2.0 */
/* fake_asked.c - which names DNS was asked for. */
#include "fake_room.h"

#include <stdio.h>
#define NAMES 64

static struct {
	char name[256];
	unsigned n;
} asked[NAMES];
static unsigned names, all;

void fake_note_asked(struct slice name)
{
	unsigned i = 0;

	all++;
	while (i < names && !slice_same_host(slice_of(asked[i].name), name))
		i++;
	if (i == NAMES)
		return;
	if (i == names)
		snprintf(asked[names++].name, sizeof(asked[i].name), "%.*s",
			 SLICE_ARG(name));
	asked[i].n++;
}

unsigned fake_asked(const char *name)
{
	for (unsigned i = 0; i < names; i++)
		if (slice_same_host(slice_of(asked[i].name), slice_of(name)))
			return asked[i].n;
	return 0;
}

unsigned fake_asked_any(void)
{
	return all;
}

void fake_asked_end(void)
{
	memset(asked, 0, sizeof(asked));
	names = all = 0;
}
