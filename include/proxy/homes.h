/**
 * @file homes.h
 * What the edge remembers of an address of record: its home server, and the
 * connections it is registered on.
 *
 * One table for all workers, since a client that comes back lands on any of
 * them; in shards with a lock each, held for one look-up. Bounded: the least
 * recently used address is forgotten first. Keys are token_who() names.
 */
#ifndef PROXY_HOMES_H
#define PROXY_HOMES_H

#include "net/conn.h"
#include "settings/settings.h"

#include <stdint.h>

struct homes;

/** Room for a home's host name, with NUL. */
#define HOMES_HOST_MAX 256

/** A home server, by value. */
struct home {
	char host[HOMES_HOST_MAX];
	uint16_t port;
};

/**
 * Make an empty table.
 *
 * @param out  table, shared by all workers
 * @param max  addresses of record kept at most
 * @return     0 or ENOMEM
 */
int homes_create(struct homes **out, uint32_t max);

/**
 * Destroy.
 *
 * @param h  set to NULL; NULL inside is fine
 */
void homes_destroy(struct homes **h);

/**
 * Where is it at home?
 *
 * @param h       table
 * @param out     filled when known
 * @param who     address of record
 * @param now_ms  monotonic time [ms]
 * @return        0, or ENOENT when unknown or too old
 */
int homes_get(struct homes *h, struct home *out, uint64_t who, uint64_t now_ms);

/**
 * Remember a home, in place of an earlier one.
 *
 * @param h         table
 * @param who       address of record
 * @param host      host name or literal, copied
 * @param port      port, 0 for "by RFC 3263"
 * @param until_ms  forgotten then, monotonic [ms]; never shortens what the
 *                  same home was remembered for
 * @param now_ms    monotonic time [ms]
 */
void homes_learn(struct homes *h, uint64_t who, struct slice host,
		 uint16_t port, uint64_t until_ms, uint64_t now_ms);

/**
 * Forget the home; connections stay.
 *
 * @param h    table
 * @param who  address of record
 */
void homes_forget(struct homes *h, uint64_t who);

/**
 * It registered on a connection, the newest from now on.
 *
 * @param h     table
 * @param who   address of record
 * @param conn  connection
 */
void homes_bind(struct homes *h, uint64_t who, conn_id conn);

/**
 * It is no longer registered on a connection.
 *
 * @param h     table
 * @param who   address of record
 * @param conn  connection; an unknown one is fine
 */
void homes_unbind(struct homes *h, uint64_t who, conn_id conn);

/**
 * Its newest connection.
 *
 * @param h    table
 * @param who  address of record
 * @return     connection, 0 when there is none
 */
conn_id homes_flow(struct homes *h, uint64_t who);

/**
 * On how many connections other than this one is it registered?
 *
 * @param h     table
 * @param who   address of record
 * @param conn  not counted
 * @return      how many
 */
unsigned homes_flows(struct homes *h, uint64_t who, conn_id conn);

#endif
