/*
 * route.h: the lines by which requests find their way back through the edge:
 * Via, Path, Record-Route, and the Route set sealed in a token.
 *
 * Near is told everything; far is shown one Record-Route, ours, in whose token
 * the rest of the route set is sealed.
 */
#ifndef PROXY_ROUTE_H
#define PROXY_ROUTE_H

#include "flow.h"
#include "txn.h"

/* Most inner routes that are sealed; more than that is an error. */
#define ROUTE_INNER_MAX FACTS_ROUTES_MAX

/* What lies behind the edge, in the order of a far party's Route. */
struct route_set {
	struct slice hop;     /* "host port": where to when there is no route */
	struct slice contact; /* URI of the party there; absent: not sealed */
	unsigned n;
	struct slice route[ROUTE_INNER_MAX];
};

/* Append the value of our Via towards the near side (door FAR_NONE) or a far
 * door; t->branch is written into it. */
void route_via(struct buf *out, const struct txn *t, enum far_door door);

/* Append "Path: <...>\r\n" for a REGISTER that came by f. */
void route_path(struct buf *out, struct proxy *p, const struct flow *f,
		uint64_t who, bool outbound);

/* Append both Record-Route lines as the near side sees them, the last one
 * added on top: towards near that is the inside one. Its token seals the route
 * set of a partner, hop being its domain; NULL: nothing. 0; EBADMSG: the set
 * is more than a token seals; ENOBUFS: no token could be made. */
int route_record_near(struct buf *out, struct txn *t, enum far_door door,
		      bool towards_near, const struct route_set *set);

/* Append the one Record-Route line that the far side sees. 0; EBADMSG: the set
 * is more than a token seals, or the line longer than t->line_bytes; ENOBUFS:
 * no token could be made. A Contact that has no room any more is taken out of
 * the set. */
int route_record_far(struct buf *out, struct txn *t, enum far_door door,
		     struct route_set *set);

/* Collect the Record-Route values of a message, top first. 0, or EBADMSG when
 * there are too many, or one is folded. */
int route_collect(const struct frame *f, struct route_set *set);

/* Turn what an answer collected into the order of its receiver's Route, without
 * the two at the end that this pass added itself. */
void route_turn(const struct proxy *p, struct route_set *set);

/* Does a URI with a user part name one of our legs? */
bool route_is_ours(const struct proxy *p, const struct uri_facts *u);

/* Append the URI by which a far party reaches one inside: with a token, or of
 * the edge itself when that is absent. */
void route_contact(struct buf *out, const struct settings *s,
		   enum far_door door, struct slice token, bool sips);

/* Is it a device that is reached by this door? */
bool route_to_device(enum far_door door);

/* Read a sealed set back. 0 or EBADMSG. */
int route_unseal(struct slice sealed, struct route_set *set);

#endif
