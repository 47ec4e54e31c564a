/*
 * partners_book.h: the accounts of all partners, shared by all workers: what a
 * discovered one may still ask, and our connections to each.
 *
 * A partner is known by its domain, so that no new connection and no other
 * address wipes its slate; one that is not listed also by its edge, so that no
 * other domain does. Shards with a lock each, held for one look-up.
 * Bounded: the least recently used goes first, but none that is watched or that
 * we hold a connection to.
 */
#ifndef PROXY_PARTNERS_BOOK_H
#define PROXY_PARTNERS_BOOK_H

#include "net/conn.h"
#include "proxy/partners.h"
#include "sip/facts.h"
#include "sip/verdict.h"

/* Connections to one partner at most, whatever the setting says. */
#define PARTNERS_LINES_MAX 16

struct partners;

/* Make an empty one for so many domains. 0 or ENOMEM. */
int partners_create(struct partners **out, uint32_t max);

/* Destroy. */
void partners_destroy(struct partners **p);

/* What a domain, or the name of an edge, goes by; never 0. */
uint64_t partners_key(struct slice domain);

/* The edge of a partner that is not listed, by the first name in its
 * certificate, where it lies outside of the domain that it speaks for; else
 * absent. */
struct slice partners_edge(const struct settings *s, const struct facts *f);

/* A request of a partner. */
struct partners_ask {
	struct slice domain;
	uint64_t callee; /* address of ours that it is for; 0: none */
	bool in_dialog;
	bool listed; /* the limits do not count for it */
	bool ends;   /* BYE, ACK: never refused */
};

/* May it pass? VERDICT_PASS, or the refusal. */
struct verdict partners_admit(struct partners *p, const struct limits *l,
			      const struct partners_ask *ask, uint64_t now_ms);

/* A request of it was answered so. */
void partners_answered(struct partners *p, const struct limits *l, uint64_t key,
		       uint16_t status, uint64_t now_ms);

/* A request is on its way to it. */
void partners_asked(struct partners *p, struct slice domain, uint64_t now_ms);

/* Where a connection to a partner would be. */
struct partners_line {
	unsigned worker;
	union addr addr;
	conn_id id; /* 0: about to be made */
};

/* May this worker connect to that address of the edge of this name? 0: it may,
 * or did before, and tells by partners_line_is() or partners_line_ends(); EBUSY
 * at the limit, with another worker's connection in other (0: none is ready);
 * ENOMEM. */
int partners_line_begins(struct partners *p, struct slice name, uint32_t max,
			 const struct partners_line *line, conn_id *other,
			 uint64_t now_ms);

/* It is this one. */
void partners_line_is(struct partners *p, uint64_t key,
		      const struct partners_line *line);

/* It is gone, or could not be made. */
void partners_line_ends(struct partners *p, uint64_t key,
			const struct partners_line *line);

/* For partners_each(). */
int partners_list(struct partners *p, partners_fn *fn, void *arg);

#endif
