/**
 * @file board.h
 * What is known of revocation, for handshakes: the lists of each leg, and OCSP
 * answers to staple.
 *
 * One for the whole program. Readers on any thread take the lock for one
 * look-up a handshake; the lists are swapped whole.
 */
#ifndef REVOCATION_BOARD_H
#define REVOCATION_BOARD_H

#include "base/why.h"
#include "settings/settings.h"

#include <openssl/types.h>

struct stack_st_X509;

/** All lists of both legs, by one snapshot of the settings: immutable,
 * counted. */
struct crl_set;

/** What handshakes look at. */
struct crl_board;

/** How a leg stands. */
enum crl_standing {
	CRL_STANDING_OFF,	/* the settings say so */
	CRL_STANDING_UNCHECKED, /* auto, and no source is known: loud */
	CRL_STANDING_MISSING,	/* some source has no list: loud */
	CRL_STANDING_EXPIRED,	/* some list is past nextUpdate: loud */
	CRL_STANDING_GOOD,
};

/**
 * What a leg's revocation.mode comes to.
 *
 * @param s        snapshot
 * @param leg      leg
 * @param sources  is there any that can be asked?
 * @return         off, soft or hard; never auto
 */
enum revocation_mode crl_mode(const struct settings *s, enum leg leg,
			      bool sources);

/**
 * Read the lists: files that the settings name, and what the cache in
 * edge.state_dir holds of the rest. Asks no network.
 *
 * @param out  one reference held by the caller
 * @param s    snapshot; referenced
 * @param why  WHY_MAX bytes: file, what is wrong with it, what to do
 * @return     0; EINVAL when a file is none, or when revocation is hard and a
 *             file is missing; ENOMEM
 */
int crl_set_load(const struct crl_set **out, const struct settings *s,
		 char *why);

/**
 * Hold a little longer.
 *
 * @param set  lists
 * @return     set
 */
const struct crl_set *crl_set_ref(const struct crl_set *set);

/**
 * Let go; the last reference frees.
 *
 * @param set  set to NULL; NULL inside is fine
 */
void crl_set_unref(const struct crl_set **set);

/**
 * How does a leg stand now?
 *
 * @param set     lists
 * @param leg     leg
 * @param wall_s  now [s since 1970]
 * @return        the worst of its lists
 */
enum crl_standing crl_set_standing(const struct crl_set *set, enum leg leg,
				   uint64_t wall_s);

/**
 * The word for a standing, such as "expired".
 *
 * @param standing  standing
 * @return          constant text
 */
const char *crl_standing_word(enum crl_standing standing);

/**
 * Make a board without lists: every leg is off.
 *
 * @param out  owned by the caller; must outlive what was armed with it
 * @return     0 or ENOMEM
 */
int crl_board_create(struct crl_board **out);

/**
 * Destroy.
 *
 * @param b  set to NULL; NULL inside is fine
 */
void crl_board_destroy(struct crl_board **b);

/**
 * Put lists in the place of the present ones.
 *
 * @param b    board
 * @param set  referenced
 */
void crl_board_swap(struct crl_board *b, const struct crl_set *set);

/**
 * The present lists.
 *
 * @param b  board
 * @return   one reference held by the caller; NULL before the first swap
 */
const struct crl_set *crl_board_get(struct crl_board *b);

/**
 * Have a store look into a leg's lists from now on: whatever it verifies, and
 * with whatever lists the board has at that time.
 *
 * Every certificate of a chain but the authority that is trusted by itself is
 * looked for. A verify callback hears of what the leg's mode does not let pass,
 * and only of that: X509_V_ERR_CERT_REVOKED in every mode but off (by an expired
 * list too); when hard, X509_V_ERR_UNABLE_TO_GET_CRL, and
 * X509_V_ERR_CRL_HAS_EXPIRED past the grace.
 *
 * @param store  authorities of that leg, or of a partner
 * @param b      board; NULL: nothing is looked into
 * @param leg    leg
 */
void crl_board_arm(X509_STORE *store, struct crl_board *b, enum leg leg);

/**
 * Certificates of a chain that verified name distribution points: those that
 * no list is known of are remembered, for the keeper to fetch. Bounded.
 *
 * @param b      board; NULL is fine
 * @param leg    leg
 * @param chain  verified, leaf first
 */
void crl_board_learn(struct crl_board *b, enum leg leg,
		     const struct stack_st_X509 *chain);

/**
 * The OCSP answer to staple to a certificate.
 *
 * @param b            board
 * @param fingerprint  of our certificate, as cert_fingerprint()
 * @param der          owned by the caller (OPENSSL_free)
 * @return             length [bytes]; 0: none, or none that is still good
 */
size_t crl_board_staple(struct crl_board *b, const char *fingerprint,
			unsigned char **der);

#endif
