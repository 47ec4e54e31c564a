/**
 * @file resolve_link.h
 * The way back to a worker's front, which may be gone when the answer comes.
 *
 * Held by the front and by each of its jobs under way.
 */
#ifndef NET_RESOLVE_LINK_H
#define NET_RESOLVE_LINK_H

#include "base/list.h"
#include "net/postbox.h"

#include <stdbool.h>

struct resolve_front;
struct resolve_link;

/**
 * Make the way back to a front.
 *
 * @param out    one reference, the front's
 * @param front  front
 * @param box    postbox of the front's thread
 * @return       0 or ENOMEM
 */
int resolve_link_create(struct resolve_link **out, struct resolve_front *front,
			struct postbox *box);

/**
 * Hold; any thread.
 *
 * @param l  link
 * @return   l
 */
struct resolve_link *resolve_link_ref(struct resolve_link *l);

/**
 * Let go; any thread.
 *
 * @param l  set to NULL; NULL inside is fine
 */
void resolve_link_unref(struct resolve_link **l);

/**
 * The front goes: nothing is posted after this returns.
 *
 * @param l  link; the reference stays the caller's
 */
void resolve_link_cut(struct resolve_link *l);

/**
 * Post to the front's thread; any thread.
 *
 * @param l  link
 * @param p  job
 * @return   false when the link is cut: the job is still the caller's
 */
bool resolve_link_put(struct resolve_link *l, struct post *p);

/**
 * The front at the other end; on its own thread only.
 *
 * @param l  link
 * @return   NULL when it is gone
 */
struct resolve_front *resolve_link_front(const struct resolve_link *l);

/**
 * Waiters whose answer is being told; on the front's thread only.
 *
 * @param l  link
 * @return   list head
 */
struct list *resolve_link_told(struct resolve_link *l);

#endif
