/**
 * @file conn_say.h
 * What is logged of handshakes and certificates.
 *
 * Lines about failures are few for each peer (failures.h); the rest is counted
 * and told when its minute is over. Owner: conns.
 */
#ifndef NET_CONN_SAY_H
#define NET_CONN_SAY_H

#include "conn_state.h"

/**
 * Its handshake is done.
 *
 * @param c  connection
 */
void conn_say_open(const struct conn_inner *c);

/**
 * Count that its handshake failed, whatever is said of it.
 *
 * @param c  connection
 */
void conn_count_failed(struct conn_inner *c);

/**
 * Its handshake failed.
 *
 * @param c     connection
 * @param code  first of OpenSSL's errors; 0: the peer closed
 */
void conn_say_failed(struct conn_inner *c, unsigned long code);

/**
 * Its handshake took too long, or the PROXY header before it.
 *
 * @param c  connection
 */
void conn_say_late(struct conn_inner *c);

/**
 * A balancer did not say who is there, or not well.
 *
 * @param c      connection
 * @param fault  what is wrong, in words
 */
void conn_say_header(struct conn_inner *c, const char *fault);

/**
 * A balancer said who is there.
 *
 * @param c     connection, its peer still the balancer
 * @param peer  who is
 */
void conn_say_introduced(const struct conn_inner *c, const union addr *peer);

/**
 * The gate does not let in whom a balancer named.
 *
 * @param c     connection, its peer the one who was named
 * @param rule  the gate's word
 */
void conn_say_turned_away(const struct conn_inner *c, const char *rule);

/**
 * It shows a certificate that proves nothing; counted when it is revoked.
 *
 * @param c  connection
 */
void conn_say_nobody(struct conn_inner *c);

/**
 * The server that we went to proves another name.
 *
 * @param c  connection
 */
void conn_say_name(struct conn_inner *c);

/**
 * What was believed of its certificate is believed no longer.
 *
 * @param c      connection
 * @param names  what it proved until now
 */
void conn_say_lost(const struct conn_inner *c, const struct cert_names *names);

/**
 * Have what was not told be told when its minute is over.
 *
 * @param cs  connections
 */
void conn_say_init(struct conns *cs);

/**
 * Tell at once what was counted.
 *
 * @param f  table; NULL inside is fine
 */
void conn_say_rest(struct failures *f);

#endif
