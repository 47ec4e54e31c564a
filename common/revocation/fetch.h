/**
 * @file fetch.h
 * Gets lists and OCSP answers from the network. The one door to libcurl.
 */
#ifndef REVOCATION_FETCH_H
#define REVOCATION_FETCH_H

#include "base/buf.h"
#include "fault.h"
#include "settings/settings.h"

#include <stdatomic.h>

/** What to get, and for whom. */
struct crl_errand {
	const struct settings *settings;
	enum leg leg;	   /* its proxy, its own address */
	const char *where; /* URL, or a file */
	bool learnt;	   /* a peer named it: http, and no address inside */
	bool unbound;	   /* from any address: it is not the edge that asks */
	struct slice post; /* an OCSP request; empty: a list is fetched */
	const atomic_bool *stop; /* give up when it becomes true */
};

/**
 * Get it: bounded in size and time, at most three redirects, to http only.
 * Proxies of the environment are ignored.
 *
 * @param out    bytes are added
 * @param e      errand
 * @param fault  filled on error
 * @return       0; ECANCELED: stopped; EACCES: nobody is sent there; EIO and
 *               others; ENOMEM; all but ECANCELED and ENOMEM told in fault
 */
int crl_fetch(struct buf *out, const struct crl_errand *e,
	      struct crl_fault *fault);

/**
 * The proxy that an address is asked through.
 *
 * @param s      snapshot
 * @param leg    leg
 * @param where  URL or file
 * @return       as the settings have it; "" when it goes straight there
 */
const char *crl_fetch_proxy(const struct settings *s, enum leg leg,
			    const char *where);

#endif
