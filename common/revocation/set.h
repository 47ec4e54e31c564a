/**
 * @file set.h
 * The lists of both legs, and the answers to staple, as one immutable thing;
 * and what a chain is judged by.
 *
 * A change makes another set that shares what did not change.
 */
#ifndef REVOCATION_SET_H
#define REVOCATION_SET_H

#include "revocation/board.h"

#include "crl.h"
#include "point.h"
#include "staple.h"

/** A source, and what it gave last. */
struct crl_slot {
	struct crl_point *point;
	struct crl *list; /* NULL: none yet */
	uint64_t got_s;	  /* [s since 1970]; 0: never */
};

/** One leg of it. */
struct crl_leg {
	enum revocation_mode mode; /* never auto: what that comes to */
	bool unchecked;		   /* auto, and no source */
	uint64_t grace_s;
	size_t n;
	struct crl_slot *slot;
	STACK_OF(X509) * authorities;
};

struct crl_set {
	atomic_uint refs;
	const struct settings *settings;
	struct crl_leg leg[LEG_COUNT];
	size_t staples;
	struct staple **staple; /* of outside certificates */
};

/**
 * Judge one certificate of a chain.
 *
 * @param set     lists
 * @param leg     leg
 * @param cert    certificate
 * @param issuer  the next one of the chain
 * @return        X509_V_OK, or what the leg's mode does not let pass
 */
int crl_set_judge(const struct crl_set *set, enum leg leg, X509 *cert,
		  X509 *issuer);

/**
 * Does any list speak of a certificate?
 *
 * @param set     lists
 * @param leg     leg
 * @param cert    certificate
 * @param issuer  the next one of the chain
 * @return        true when one does
 */
bool crl_set_covers(const struct crl_set *set, enum leg leg, X509 *cert,
		    X509 *issuer);

/**
 * What a source gave last.
 *
 * @param set    lists
 * @param point  source
 * @return       borrowed from set; NULL: it is no source of the set
 */
const struct crl_slot *crl_set_slot(const struct crl_set *set,
				    const struct crl_point *point);

/**
 * The same set but for one source.
 *
 * @param out    one reference held by the caller
 * @param set    lists
 * @param given  its point, which is added when it is not there, its list, its
 *               time; all are referenced
 * @return       0 or ENOMEM
 */
int crl_set_with(const struct crl_set **out, const struct crl_set *set,
		 const struct crl_slot *given);

/**
 * The same set but for one source of a peer's, which is left out.
 *
 * @param out    one reference held by the caller
 * @param set    lists
 * @param point  source
 * @return       0 or ENOMEM
 */
int crl_set_without(const struct crl_set **out, const struct crl_set *set,
		    const struct crl_point *point);

/**
 * The same set but for one answer to staple.
 *
 * @param out    one reference held by the caller
 * @param set    lists
 * @param nth    which
 * @param given  referenced
 * @return       0 or ENOMEM
 */
int crl_set_with_staple(const struct crl_set **out, const struct crl_set *set,
			size_t nth, struct staple *given);

/**
 * A new set, with what an old one knows better: lists of the same source that
 * are newer, lists of peers' sources, answers to staple.
 *
 * @param out  one reference held by the caller
 * @param set  new
 * @param old  NULL: nothing is known better
 * @return     0 or ENOMEM
 */
int crl_set_carry(const struct crl_set **out, const struct crl_set *set,
		  const struct crl_set *old);

#endif
