/**
 * @file conn_slots.h
 * Which connection an id means.
 *
 * A slot that was left waits at the end of a queue, and its generation grows
 * by one each time it is taken. Generations begin at the wall clock, in 1/16
 * second, so that an id of an earlier process means nothing here. Owner: conns.
 */
#ifndef NET_CONN_SLOTS_H
#define NET_CONN_SLOTS_H

#include "net/conn.h"

struct conn_inner;

/** One slot; free ones are chained. */
struct conn_slot {
	struct conn_inner *conn; /* NULL when free */
	uint32_t generation;
	uint32_t next; /* free slot behind this one */
};

/** All slots of a worker; zero-initialised is empty. */
struct conn_slots {
	struct conn_slot *v;
	uint32_t n, used;
	uint32_t first, last; /* free ones, when used < n */
};

/**
 * Give a connection a slot.
 *
 * @param s       slots
 * @param c       connection
 * @param worker  its worker's number, for the id
 * @param out     its id
 * @return        0; ENOMEM; EMFILE when there are 2^24
 */
int conn_slots_take(struct conn_slots *s, struct conn_inner *c, unsigned worker,
		    conn_id *out);

/**
 * Whose id is it?
 *
 * @param s   slots
 * @param id  any id
 * @return    the connection, NULL when it is gone or another worker's
 */
struct conn_inner *conn_slots_find(const struct conn_slots *s, conn_id id);

/**
 * Give a slot back.
 *
 * @param s   slots
 * @param id  an id that conn_slots_find() finds
 */
void conn_slots_leave(struct conn_slots *s, conn_id id);

/**
 * Free the memory.
 *
 * @param s  slots, none used
 */
void conn_slots_fini(struct conn_slots *s);

/**
 * The slot's number, for names in the log.
 *
 * @param id  id
 * @return    number
 */
static inline uint32_t conn_slot_of(conn_id id)
{
	return (uint32_t)(id >> 32) & 0xffffff;
}

#endif
