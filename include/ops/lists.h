/**
 * @file lists.h
 * The revocation lists of a running edge: read at start and reload, kept fresh
 * behind its back, and said loudly when they are not what they should be.
 *
 * Main thread only. Owner: main.
 */
#ifndef OPS_LISTS_H
#define OPS_LISTS_H

#include "net/postbox.h"
#include "revocation/board.h"

struct lists;

/**
 * Make a board without lists; lists_reload() brings the first.
 *
 * @param out  owned by the caller; must outlive all TLS contexts armed with it
 * @return     0 or ENOMEM
 */
int lists_create(struct lists **out);

/**
 * Destroy, after the last TLS context.
 *
 * @param l  set to NULL; NULL inside is fine
 */
void lists_destroy(struct lists **l);

/**
 * What handshakes look at.
 *
 * @param l  lists
 * @return   borrowed
 */
struct crl_board *lists_board(struct lists *l);

/**
 * Keep them fresh from now on.
 *
 * @param l        lists
 * @param s        snapshot; referenced
 * @param box      postbox of the main thread
 * @param changed  called on the main thread when lists were swapped
 * @param arg      passed to changed
 * @param why      WHY_MAX bytes
 * @return         0 or an errno, told in why
 */
int lists_start(struct lists *l, const struct settings *s, struct postbox *box,
		void (*changed)(void *arg), void *arg, char *why);

/**
 * Fetch nothing any more; what is on the board stays.
 *
 * @param l  lists
 */
void lists_stop(struct lists *l);

/**
 * Go on by the lists of another snapshot.
 *
 * @param l    lists
 * @param set  lists; referenced
 */
void lists_reload(struct lists *l, const struct crl_set *set);

/**
 * Log what of the settings makes TLS weaker than it should be: revocation that
 * is off, a key log. How other legs stand, the keeper says.
 *
 * @param l  lists
 * @param s  snapshot
 */
void lists_tell(struct lists *l, const struct settings *s);

#endif
