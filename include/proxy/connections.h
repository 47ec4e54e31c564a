/**
 * @file connections.h
 * Which connections there are, who is at the other end, and by which
 * certificate of ours: for the operator who changed one.
 */
#ifndef PROXY_CONNECTIONS_H
#define PROXY_CONNECTIONS_H

#include "net/postbox.h"
#include "proxy/proxy.h"
#include "sip/facts.h"

/** Connections told one by one; the rest is counted. */
#define CONNECTIONS_TOLD_MAX 2000
/** Certificates of ours told; connections of the rest are counted. */
#define CONNECTIONS_OURS_MAX 64
/** Room for the names of a peer; longer lists end in "+". */
#define CONNECTIONS_NAMES_MAX 256

/** One connection. */
struct connections_entry {
	char name[24]; /* as in the log */
	char peer[ADDR_TEXT_MAX];
	enum leg leg;
	enum conn_door door;
	enum peer_class class;
	bool tls, retired;		   /* retired: closes when it is idle */
	char names[CONNECTIONS_NAMES_MAX]; /* "a.example,b.example"; "": none
					      that is believed */
	char fingerprint[65];		   /* of the peer's; "" as names */
	struct conn_shown shown;
};

/** One certificate of ours, and how many use it. */
struct connections_ours {
	enum leg leg;
	char fingerprint[65];
	uint64_t ends_s; /* its last second, wall clock */
	bool old;	 /* a new handshake would get another one */
	uint64_t n;
};

/** What all workers told. */
struct connections_told {
	uint64_t n;	/* open connections, those without TLS included */
	uint64_t plain; /* without TLS */
	uint64_t old;	/* with an old certificate of ours */
	uint64_t other; /* of certificates beyond ours[] */
	struct connections_ours ours[CONNECTIONS_OURS_MAX];
	unsigned n_ours;
	struct connections_entry *entry; /* n_entry of those asked for */
	unsigned n_entry, room;
	uint64_t untold; /* asked for, beyond CONNECTIONS_TOLD_MAX */
};

/**
 * All of it.
 *
 * @param told  borrowed for this call
 * @param arg   as given
 */
typedef void connections_fn(const struct connections_told *told, void *arg);

/**
 * Ask all workers.
 *
 * @param p         shared state; its workers run
 * @param box       postbox of the thread that asks: fn is called there, once
 * @param old_only  tell one by one only those with an old certificate of ours
 * @param fn        told the answer
 * @param arg       passed to fn
 * @return          0; ENOENT when no worker runs; ENOMEM
 */
int connections_ask(struct proxy_shared *p, struct postbox *box, bool old_only,
		    connections_fn *fn, void *arg);

#endif
