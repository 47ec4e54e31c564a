/*
 * explain_room.h: what the pieces of explain share.
 */
#ifndef OPS_EXPLAIN_ROOM_H
#define OPS_EXPLAIN_ROOM_H

#include "ops/explain.h"
#include "policy/federation.h"

/* One walk. Large: frame and facts lie in it. */
struct walk {
	const struct explain_ask *ask;
	explain_fn *tell;
	void *arg;
	struct frame frame;
	struct msg *m;
	struct facts facts;
	struct proof proof; /* of a partner's request */
	bool proved;	    /* proof is filled, and says that it may */
};

/* One line; the format is cut at 1 KiB. */
void explain_say(struct walk *w, enum explain_part part, const char *name,
		 const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* One line whose text is given. */
void explain_tell(struct walk *w, enum explain_part part, struct slice name,
		  struct slice text);

/* Who sent it, and what it says. */
void explain_facts(struct walk *w);

/* Where it would go next. */
void explain_hop(struct walk *w, const struct verdict *v);

/* Which header fields would change. */
void explain_changes(struct walk *w, const struct verdict *v);

#endif
