/**
 * @file keeper.h
 * Keeps the board's lists and staples fresh: one background thread that
 * fetches (libcurl), checks, writes the cache and swaps.
 *
 * http, file and ldap; through the leg's own proxy setting and from the leg's
 * own address. Proxies of the environment are ignored. Bounded in time and
 * size; nothing waits for it.
 */
#ifndef REVOCATION_KEEPER_H
#define REVOCATION_KEEPER_H

#include "base/buf.h"
#include "revocation/board.h"

struct crl_keeper;

/** How one source did. Times are wall clock [s since 1970]; 0: never. */
struct crl_report {
	enum leg leg;
	const char *where; /* path or URL */
	const char *by;	   /* "settings", "certificate" (ours or the trust
			      file's), "peer" (learnt), "ocsp" */
	const char *proxy; /* "" when it goes straight there */
	const char *issuer;
	uint64_t tried_s, got_s, this_s, next_s;
	uint32_t revoked;   /* entries */
	const char *failed; /* what failed last; "" when nothing did */
	const char *mend;   /* what to do about it, or "" */
	bool spare;	    /* failed, but the same list came from elsewhere */
};

/**
 * One source.
 *
 * @param r    borrowed for this call
 * @param arg  as given
 */
typedef void crl_report_fn(const struct crl_report *r, void *arg);

/**
 * Start the thread; it fetches at once what has no list yet.
 *
 * @param out      owned by the caller
 * @param b        board
 * @param s        snapshot; its state_dir is tidied up
 * @param changed  called on the keeper's thread when lists were swapped or
 *                 staples renewed
 * @param arg      passed to changed
 * @param why      WHY_MAX bytes
 * @return         0; errno of the thread; ENOMEM
 */
int crl_keeper_create(struct crl_keeper **out, struct crl_board *b,
		      const struct settings *s, void (*changed)(void *arg),
		      void *arg, char *why);

/**
 * Go on by another snapshot: that of the lists which the board has by now.
 *
 * @param k  keeper
 */
void crl_keeper_reload(struct crl_keeper *k);

/**
 * End the thread; what is under way is given up.
 *
 * @param k  set to NULL; NULL inside is fine
 */
void crl_keeper_destroy(struct crl_keeper **k);

/**
 * How does each source do, without a daemon? Every source of the settings is
 * fetched once, now, by the caller's thread; nothing is written.
 *
 * @param s    snapshot
 * @param set  its lists, with what came put in; NULL: nobody wants to know
 * @param fn   called for each of them as it is done
 * @param arg  passed to fn
 * @return     0 or ENOMEM
 */
int crl_keeper_try(const struct settings *s, const struct crl_set **set,
		   crl_report_fn *fn, void *arg);

/** What the certificate of a stranger names: a list, or a responder. */
struct crl_probe {
	const struct settings *settings; /* NULL: none */
	enum leg leg;
	const char *url;
	struct slice post; /* an OCSP request; empty: a list */
};

/**
 * Ask there once, now, by the caller's thread: http only, bounded as what peers
 * name, from whatever address this machine has. Outside, nobody is asked who is
 * on this machine, inside or private, but by federation.private_ok; the inside
 * leg of settings may ask anywhere.
 *
 * @param out  bytes are added
 * @param p    whom, and what
 * @param why  WHY_MAX bytes: what went wrong
 * @return     0; EACCES: nobody is sent there; another errno
 */
int crl_probe(struct buf *out, const struct crl_probe *p, char *why);

#endif
