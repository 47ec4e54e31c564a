/**
 * @file boundary.h
 * Which header fields cross the edge: between whom, which way.
 *
 * One table (boundary.c) says for every field what happens to it in each
 * direction for each class of peer: user (registered or not), partner, device.
 * Between servers all crosses.
 */
#ifndef POLICY_BOUNDARY_H
#define POLICY_BOUNDARY_H

#include "base/buf.h"
#include "policy/federation.h"
#include "sip/facts.h"

#include <stdint.h>

/** Which way a message goes. */
enum boundary_way {
	BOUNDARY_INWARD,  /* from the far side to a server of ours */
	BOUNDARY_OUTWARD, /* from a server of ours to the far side */
};

/** What happens to a field. */
enum boundary_act {
	BOUNDARY_KEEP,
	BOUNDARY_DROP,	  /* left out */
	BOUNDARY_REWRITE, /* ours in its place, or part of it changed */
	BOUNDARY_ADD,	  /* dropped when it came, and written anew */
};

/**
 * The fields to leave out.
 *
 * @param way  direction of this message, request or response
 * @param far  class of the far party: user, partner, device or stranger
 * @return     FIELD_BIT set, for struct rewrite; BOUNDARY_ADD ones included
 */
uint64_t boundary_drop(enum boundary_way way, enum peer_class far);

/**
 * Say what the table says.
 *
 * @param way    direction
 * @param far    class of the far party
 * @param field  field
 * @return       act
 */
enum boundary_act boundary_act(enum boundary_way way, enum peer_class far,
			       enum field field);

/**
 * The fields that the edge writes into a request. Inward: the source mark,
 * once, and for a user the identity registered on its flow (RFC 3325 §9.1).
 * Of a request from inside, meant for one that goes to a partner: a mark that
 * says whether we know the sender. Whole lines with CRLF.
 *
 * @param out    appended to
 * @param s      settings snapshot
 * @param f      facts of the request
 * @param proof  of a partner, else NULL
 */
void boundary_assert(struct buf *out, const struct settings *s,
		     const struct facts *f, const struct proof *proof);

/**
 * Fields to keep although the table drops them, of this very message: a
 * partner's P-Asserted-Identity when it lies in the domain that it proved; one
 * of the inside when no Privacy was asked for (RFC 3325 §7).
 *
 * @param f      facts of the request, or of an answer from inside
 * @param proof  of a partner, else NULL
 * @return       FIELD_BIT set to clear from boundary_drop()
 */
uint64_t boundary_spare(const struct facts *f, const struct proof *proof);

/**
 * Fields to leave out although the table keeps them, of this very message: the
 * answer to a challenge of ours (RFC 3261 §22.3), of a device with a digest.
 *
 * @param f  facts of the request
 * @return   FIELD_BIT set to add to boundary_drop()
 */
uint64_t boundary_taken(const struct facts *f);

#endif
