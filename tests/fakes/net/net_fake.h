/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file net_fake.h
 * The net room without sockets, threads and clocks: what the room above sends
 * is kept for the test to read, and what comes in is what the test says.
 *
 * Workers take turns on the test's thread. Nothing happens by itself:
 * fake_settle() opens what was reached, closes what was closed, and delivers
 * what was posted; fake_pass() lets time go by.
 */
#ifndef TESTS_FAKES_NET_NET_FAKE_H
#define TESTS_FAKES_NET_NET_FAKE_H

#include "net/worker.h"

#define FAKE_WORKERS 72
#define FAKE_CONNS   64
#define FAKE_OUT     65536

/** How a server takes a connection. */
enum fake_manner {
	FAKE_OPENS,   /* at the next fake_settle() */
	FAKE_HANGS,   /* until fake_open() or fake_break() */
	FAKE_REFUSES, /* conn_reach() fails at once */
};

/** A connection, with what only the test sees. */
struct fake_conn {
	struct conn pub;
	char *name; /* asked for, when we opened it */
	char *also; /* the name that will do as well; "" none */
	const struct partner_settings *partner; /* who judges it */
	struct conn_shown shown;		/* by conn_each() */
	unsigned judged, rejudged; /* by conn_rejudge(): last, how often */
	bool disbelieved;	   /* conn_rejudge() says EACCES next time */
	char out[FAKE_OUT];	   /* sent and not yet read by the test */
	size_t n, read;
	char in[FAKE_OUT]; /* arrived and not yet consumed */
	size_t in_n;
	size_t room; /* for that much conn_send() still has room; 0: all */
	enum fake_manner manner;
	enum conn_trust trust; /* told last */
	enum conn_wait wait;
	bool trusted; /* conn_trust() was called */
	bool closing;
	enum conn_end end; /* why, when closing */
	bool full;	   /* conn_send() says ENOBUFS */
};

/** Above zero while the room above is at work, for who counts what it does. */
extern unsigned fake_inside;

/** Start workers: setup->start() for each. 0 or its errno. */
int fake_start(const struct worker_setup *setup, unsigned count);

/** Close all connections, then setup->stop() for each worker. */
void fake_stop(void);

/** A worker. */
struct worker *fake_worker(unsigned index);

/** What the room above gets to see next: settings and the call for it. */
void fake_reload(const struct settings *s);

/** All certificates are judged by what was reloaded last. */
void fake_sweep(void);

/** Is the room above done? While draining. */
bool fake_idle(unsigned worker);

/** Open, close and deliver until nothing more happens. */
void fake_settle(void);

/** Let time go by, timer by timer, settling after each. */
void fake_pass(uint64_t ms);

/**
 * A connection comes in. cert: what it shows, NULL for nothing: words with
 * spaces between: names (DNS, or URI when "sip:" is before), "key=HEX" the
 * print of its key, "vouched=N" the authority of partner N signed it,
 * "unchained" no authority of the leg did.
 */
struct conn *fake_accept(unsigned worker, enum leg leg, enum conn_door door,
			 const char *peer, const char *cert);

/**
 * It shows another certificate, or is judged otherwise by the settings to
 * come. One that we opened over TLS shows the name that it was asked for
 * unless this was called before it opened.
 */
void fake_certify(struct conn *c, const char *cert);

/** Bytes arrive; what is not consumed is kept and comes again. */
void fake_feed(struct conn *c, struct slice bytes);

/** Its handshake is done, or its queue is empty again. */
void fake_open(struct conn *c);
void fake_drain(struct conn *c);

/** Its queue has room again, but only for so many bytes. */
void fake_drain_some(struct conn *c, size_t bytes);

/** It ends from the other side: closed() is called now. */
void fake_break(struct conn *c, enum conn_end why);

/** The test's view of a connection. */
struct fake_conn *fake_of(struct conn *c);

/** The newest connection that we opened for a name; NULL: none. */
struct conn *fake_reached(const char *name);

/** How many connections of ours are open or connecting. */
unsigned fake_reaches(void);

/** A host has an address. Later calls for a name add more. */
void fake_host(const char *name, const char *address);

/** A name is answered by fake_resolve() only. */
void fake_slow(const char *name);

/** Answer who waits for a slow name: 0 with its addresses, or an errno. */
void fake_resolve(const char *name, int err);

/** A domain's SRV records name an edge; later calls add more, best first. */
void fake_edge(const char *domain, const char *host, uint16_t port);

/** DNSSEC vouches for what a domain's SRV records say. */
void fake_edge_secure(const char *domain);

/** A domain's SRV records are answered by fake_edge_answer() only. */
void fake_edge_slow(const char *domain);

/** They cannot be had: resolve_edges() returns an errno at once. */
void fake_edge_fails(const char *domain, int err);

/** Answer who waits for a slow domain: 0 with what it has, or an errno. */
void fake_edge_answer(const char *domain, int err);

/** How often resolve_lookup() and resolve_edges() were asked for a name. */
unsigned fake_asked(const char *name);

/** The same for any name that is no IP literal. */
unsigned fake_asked_any(void);

/** How many lookups wait. */
unsigned fake_lookups(void);

/** How an address takes connections from now on. */
void fake_manner(const char *address, enum fake_manner manner);

#endif
