/**
 * @file boundary.h
 * Which header fields cross the edge, by direction.
 *
 * One table: what the far side (users, devices, strangers) may not say inward,
 * and what the near side (our servers) does not say outward.
 */
#ifndef POLICY_BOUNDARY_H
#define POLICY_BOUNDARY_H

#include "sip/facts.h"

#include <stdint.h>

/** Which way a message goes. */
enum boundary_way {
	BOUNDARY_INWARD,  /* from the far side to a server of ours */
	BOUNDARY_OUTWARD, /* from a server of ours to the far side */
};

/**
 * The fields to leave out.
 *
 * @param way  direction of this message, request or response
 * @return     FIELD_BIT set, for struct rewrite
 */
uint64_t boundary_drop(enum boundary_way way);

#endif
