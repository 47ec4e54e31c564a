/**
 * @file pool.h
 * The connections that we opened, by where they go and who must be there.
 *
 * RFC 5923 §9: reused only for the name that was verified. One a worker for
 * each leg, transport, address and name (with the one that would do as well).
 * Owner: conns.
 */
#ifndef NET_POOL_H
#define NET_POOL_H

#include "conn_state.h"

/**
 * The name that a connection of ours must prove.
 *
 * @param c  connection
 * @return   lower case, borrowed from the pool; absent when not in it
 */
struct slice pool_name(const struct conn_inner *c);

/**
 * The other name that will do as well.
 *
 * @param c  connection
 * @return   lower case, borrowed from the pool; absent when there is none
 */
struct slice pool_also(const struct conn_inner *c);

/**
 * The partner whose pins or own authority judge it, of the settings of now.
 *
 * @param c  connection
 * @return   NULL: the leg's trust does
 */
const struct partner_settings *pool_partner(const struct conn_inner *c);

/**
 * The same for one that is judged again: what it was opened as is history.
 *
 * @param c  connection
 * @return   NULL: the leg's trust does
 */
const struct partner_settings *pool_partner_now(const struct conn_inner *c);

/**
 * Give it out no more.
 *
 * @param c  connection; one that is not in the pool is left alone
 */
void pool_leave(struct conn_inner *c);

#endif
