/* SPDX-License-Identifier: Apache-2.0 */
/* fake_postbox.c - a postbox whose owner is at home: a job runs at once. */
#include "fake_room.h"

void postbox_put(struct postbox *b, struct post *p)
{
	(void)b;
	p->next = NULL;
	fake_inside++;
	p->fn(p, NULL);
	fake_inside--;
}
