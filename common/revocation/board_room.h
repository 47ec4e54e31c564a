/**
 * @file board_room.h
 * What the keeper asks of the board.
 */
#ifndef REVOCATION_BOARD_ROOM_H
#define REVOCATION_BOARD_ROOM_H

#include "set.h"

/** A source that a verified chain named. */
struct crl_learnt {
	struct crl_point *point;
	X509 *issuer; /* of the certificate that named it: signs its list */
	uint64_t since_s;
};

/**
 * Let go of what one holds.
 *
 * @param l  emptied
 */
void crl_learnt_fini(struct crl_learnt *l);

/**
 * Swap, unless somebody else did meanwhile.
 *
 * @param b        board
 * @param present  what the new set was made of; NULL: there was none
 * @param set      referenced
 * @return         false when the board has another one by now
 */
bool crl_board_replace(struct crl_board *b, const struct crl_set *present,
		       const struct crl_set *set);

/**
 * What was learnt.
 *
 * @param b    board
 * @param out  owned by the caller (free), and each by crl_learnt_fini()
 * @return     how many
 */
size_t crl_board_learnt(struct crl_board *b, struct crl_learnt **out);

/**
 * Hear of sources that are learnt.
 *
 * @param b     board
 * @param poke  called by any thread, the board locked: it asks the board
 *              nothing; NULL: nobody listens
 * @param arg   passed to poke
 */
void crl_board_on_learn(struct crl_board *b, void (*poke)(void *arg),
			void *arg);

#endif
