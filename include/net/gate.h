/**
 * @file gate.h
 * Counts what each address asks of us before it proved who it is.
 *
 * One table of fixed size for all workers, looked at when a connection comes,
 * proves itself, or goes: never on the data path. An IPv6 peer counts by its
 * /64. When the table is full the least recently seen idle entry is reused.
 */
#ifndef NET_GATE_H
#define NET_GATE_H

#include "base/addr.h"

#include <stdbool.h>
#include <stdint.h>

struct gate;

/** What is still good. */
struct gate_limits {
	uint32_t connections; /* unproven at once, an address */
	uint32_t rate;	    /* new ones a second, an address; burst the same */
	uint32_t half_open; /* handshakes under way, all addresses */
	uint32_t peers;	    /* size of the table */
};

/** Why a connection may not come in; the words are fixed. */
enum gate_answer { GATE_OK, GATE_TOO_MANY, GATE_TOO_FAST, GATE_HALF_OPEN };

/**
 * Make a gate; safe to use from several threads.
 *
 * @param out  gate
 * @param lim  limits, copied; each > 0
 * @return     0 or ENOMEM
 */
int gate_create(struct gate **out, const struct gate_limits *lim);

/**
 * Destroy.
 *
 * @param g  set to NULL; NULL inside is fine
 */
void gate_destroy(struct gate **g);

/**
 * Use other limits from now on; the table keeps its size.
 *
 * @param g    gate
 * @param lim  limits
 */
void gate_set(struct gate *g, const struct gate_limits *lim);

/**
 * A connection comes: count it as unproven and half open.
 *
 * @param g       gate
 * @param peer    source, port ignored
 * @param now_ms  monotonic time [ms]
 * @return        GATE_OK when counted, else why not (nothing counted)
 */
enum gate_answer gate_enter(struct gate *g, const union addr *peer,
			    uint64_t now_ms);

/**
 * A connection comes of which a balancer will say whose it is: count it as
 * half open, for no address yet.
 *
 * @param g  gate
 * @return   GATE_OK when counted, else GATE_HALF_OPEN
 */
enum gate_answer gate_wait(struct gate *g);

/**
 * It is known whose that connection is: count it as unproven as well.
 *
 * @param g       gate
 * @param peer    source, port ignored
 * @param now_ms  monotonic time [ms]
 * @return        GATE_OK when counted, else why not; it stays half open
 */
enum gate_answer gate_introduce(struct gate *g, const union addr *peer,
				uint64_t now_ms);

/**
 * Its handshake is done, or there is none.
 *
 * @param g  gate
 */
void gate_opened(struct gate *g);

/**
 * It proved itself, or went: it no longer counts as unproven.
 *
 * @param g     gate
 * @param peer  source, as entered
 */
void gate_leave(struct gate *g, const union addr *peer);

/**
 * The word for an answer, for the log.
 *
 * @param a  answer
 * @return   constant text
 */
const char *gate_word(enum gate_answer a);

#endif
