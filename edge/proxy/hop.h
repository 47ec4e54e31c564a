/*
 * hop.h: where a request may still go: candidate hosts, their addresses, and
 * the connection that takes it (RFC 3263 §4.3, RFC 3261 §16.6 steps 6 to 8).
 *
 * Each failure passes to the next address, the next candidate, and in the home
 * step to the director (redirect.h).
 */
#ifndef PROXY_HOP_H
#define PROXY_HOP_H

#include "txn.h"

#define HOP_CANDIDATES_MAX 10

/* Where the candidates come from. */
enum hop_source {
	HOP_LEARNT, /* home remembered for this address of record */
	HOP_DIRECTOR,
	HOP_REDIRECT, /* named in a 3xx */
	HOP_STATIC,   /* home server by setting */
	HOP_SEALED,   /* read out of our own token */
	HOP_DEVICE,   /* contact of an enrolled device */
	HOP_PARTNER,  /* edge of another domain (partner.h) */
};

struct hop_host {
	struct slice host; /* borrowed from settings or from text */
	uint16_t port;
	bool proves; /* HOP_PARTNER: its own name in the certificate will do */
};

struct hop {
	struct txn *t;
	const struct settings *settings; /* referenced: hosts point into it */
	enum hop_source source;
	enum leg leg;
	bool tls;
	bool asked_director; /* in this transaction */
	unsigned redirects;  /* followed so far */
	char *text;	     /* owned; HOP_SEALED and HOP_DEVICE hosts */

	unsigned n, at; /* candidates; the one in hand is at - 1 */
	struct hop_host candidate[HOP_CANDIDATES_MAX];
	unsigned tried; /* redirected to already: not to be named again */
	const char *tried_host[HOP_CANDIDATES_MAX];

	struct resolved list; /* addresses of the candidate in hand */
	unsigned next;	      /* index into list */
	union addr addr;      /* the address in hand */
	bool last_resort;     /* only what was passed over is left */
	unsigned
		skips; /* passed over as aside; tried when nothing else is left */
	struct hop_skip {
		unsigned candidate;
		union addr addr;
	} skip[HOP_CANDIDATES_MAX];
	struct resolve_wait wait;

	/* HOP_PARTNER */
	struct slice name;    /* what the certificate must prove */
	bool looked_up;	      /* candidates are known */
	struct deadline late; /* it must be reached by then */
	const char *rule;     /* why it could not be reached, as a word, */
	char why[200];	      /* and in the operator's words */
};

/* Make one without candidates. 0 or ENOMEM. */
int hop_create(struct hop **out, struct txn *t, enum leg leg, bool tls);

/* Free; nothing waits any more. */
void hop_destroy(struct hop **h);

/* Begin anew with no candidates of another source. */
void hop_restart(struct hop *h, enum hop_source source);

/* Add a candidate at the end; more than fit are left out. */
void hop_add(struct hop *h, struct slice host, uint16_t port);

/* Go to the next address; t may be gone afterwards. */
void hop_next(struct txn *t);

/* The hop in hand failed without an answer; t may be gone afterwards. */
void hop_lost(struct txn *t);

/* The connection that t's request used, or waits for, is gone; t may be gone
 * afterwards. */
void hop_gone(struct txn *t);

/* The host in hand. */
const struct hop_host *hop_host(const struct hop *h);

/* Send what is written on the connection that was found; t may be gone
 * afterwards (an ACK always is). False: its queue is full, t waits. */
bool hop_transmit(struct txn *t);

/* An address failed; pass it over for a while. */
void aside_put(struct aside *a, const union addr *addr, uint64_t until_ms,
	       uint64_t now_ms);
bool aside_has(const struct aside *a, const union addr *addr, uint64_t now_ms);
/* It answered: forget its failure. */
void aside_clear(struct aside *a, const union addr *addr);

#endif
