/**
 * @file worker.h
 * One worker: its loop, listeners, connections and clock.
 *
 * N workers run side by side, each with its own listening sockets
 * (SO_REUSEPORT) and on one thread at a time. They share the settings
 * snapshot, the TLS contexts, the gate and worker_post(); nothing else. No
 * file above this one knows of threads.
 */
#ifndef NET_WORKER_H
#define NET_WORKER_H

#include "net/conn.h"
#include "net/gate.h"
#include "net/postbox.h"
#include "net/resolve.h"
#include "net/tlsctx.h"

/** What this room counts; one writer, read at any time. */
struct worker_counters {
	uint64_t handshakes_failed;
	uint64_t revoked; /* certificates that were shown, or in use */
};

/** One worker. The room above reads these and writes only `user`. */
struct worker {
	unsigned index, count;		 /* which of how many */
	const struct settings *settings; /* current snapshot, referenced */
	struct deadline_clock clock;	 /* add queues of your own */
	struct resolve_front *resolve;
	struct postbox *box;
	uint64_t now_ms; /* monotonic, at the start of this turn */
	uint64_t wall_s;
	bool draining; /* no new work */
	struct worker_counters counters;
	void *user;
};

/** All workers. */
struct workers;

/** What all workers share, and what each calls. */
struct worker_setup {
	const struct settings *settings;
	const struct tlsctx *tls;
	struct resolver *resolver;
	struct conn_events events;
	void *arg; /* passed to each event */
	/** Before the worker's first event. 0 or errno. */
	int (*start)(struct worker *w, void *arg);
	/** A new snapshot is in w->settings. */
	void (*reloaded)(struct worker *w, void *arg);
	/** While draining: true when nothing is under way any more. */
	bool (*idle)(struct worker *w, void *arg);
	/** After the worker's last connection closed. */
	void (*stop)(struct worker *w, void *arg);
};

/**
 * Bind every listener, make every loop and start the threads.
 *
 * @param out    the workers
 * @param setup  copied
 * @param why    WHY_MAX bytes: which address and port, and what to do
 * @return       0; EADDRINUSE and the like, told in why; ENOMEM
 */
int workers_start(struct workers **out, const struct worker_setup *setup,
		  char *why);

/**
 * Hand a new snapshot to all workers; connections and transactions go on.
 *
 * @param ws   workers
 * @param s    snapshot
 * @param tls  its contexts
 */
void workers_reload(struct workers *ws, const struct settings *s,
		    const struct tlsctx *tls);

/**
 * Stop listening, let transactions end, then end the threads.
 *
 * @param ws  workers; returns at once, `done` says when
 * @param done  called on some worker's thread when the last one is idle or
 *              limits.drain_s is over
 * @param arg   passed to done
 */
void workers_drain(struct workers *ws, void (*done)(void *arg), void *arg);

/**
 * End the threads and free everything.
 *
 * @param ws  set to NULL; NULL inside is fine
 */
void workers_stop(struct workers **ws);

/**
 * Hand a job to a worker; any thread.
 *
 * @param w      any worker, names the set
 * @param index  receiver
 * @param p      job; its arg will be the receiving struct worker
 */
void worker_post(struct worker *w, unsigned index, struct post *p);

/**
 * Does a worker of that number exist?
 *
 * @param w      any worker of the set
 * @param index  number
 * @return       true when it does
 */
bool worker_exists(const struct worker *w, unsigned index);

/**
 * Where do they listen? For the log, and for who set port 0.
 *
 * @param ws    workers
 * @param leg   leg
 * @param door  door
 * @param out   first address of that door, with its port
 * @return      0, or ENOENT when there is no such door
 */
int workers_listen_at(const struct workers *ws, enum leg leg,
		      enum conn_door door, union addr *out);

#endif
