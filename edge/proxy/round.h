/*
 * round.h - a question that goes from worker to worker, and back to whoever
 * asked.
 *
 * It is the first member of what it carries.
 */
#ifndef PROXY_ROUND_H
#define PROXY_ROUND_H

#include "room.h"

#include "net/postbox.h"

struct round {
	struct post post;
	struct postbox *box; /* of who asked; borrowed until it is back */
	/* On each worker in turn. */
	void (*visit)(struct round *r, struct worker *w);
	/* On the thread of who asked: it is his again. */
	void (*back)(struct round *r);
};

/* Off it goes, with all but post set. 0; or ENOENT: there is no worker, and it
 * stays the caller's. */
int round_begin(struct round *r, struct proxy_shared *p);

#endif
