/*
 * room.h: what the files of this room share: one proxy a worker, a flow a
 * connection, and the transactions between them.
 *
 * Near is the side of our servers, far the side of users and devices: with a
 * device door on the inside leg, a side is not a leg.
 */
#ifndef PROXY_ROOM_H
#define PROXY_ROOM_H

#include "base/buf.h"
#include "base/deadline.h"
#include "base/lock.h"
#include "net/worker.h"
#include "policy/federation.h"
#include "proxy/homes.h"
#include "proxy/proxy.h"
#include "sip/facts.h"
#include "sip/headers.h"
#include "sip/sanity.h"
#include "token/token.h"

#include <uthash.h>

/* RFC 3261 §17.2.1: 100 when nothing else was said within 200 ms. */
#define TRYING_MS 200
/* RFC 4320 §4.1: 100 to a non-INVITE once Timer E would have reached T2. */
#define NUDGE_MS 3500
/* How often a retired flow is looked at: is it idle? */
#define LEAVE_MS 100
/* How often bindings of a flow are looked through for expired ones. */
#define SWEEP_MS 60000

struct txn;
struct hop;
struct recall;

/* Targets that failed lately (target.c). */
#define ASIDE_MAX 256
struct aside {
	unsigned n;
	struct aside_entry {
		union addr addr;
		uint64_t until_ms;
	} entry[ASIDE_MAX];
};

struct proxy_shared {
	struct homes *homes;
	struct partners *partners;
	struct devices *devices;
	struct lock lock; /* guards keys and the list of counters */
	const struct token_keys *keys;
	struct list proxies; /* for the counters */
};

/* Counters have one writer; another thread may read them at any time. */
static inline void count_up(uint64_t *c)
{
	__atomic_store_n(c, *c + 1, __ATOMIC_RELAXED);
}

static inline void count_down(uint64_t *c)
{
	__atomic_store_n(c, *c - 1, __ATOMIC_RELAXED);
}

/* One worker's proxy. */
struct proxy {
	struct worker *w;
	struct proxy_shared *shared;
	struct list link;	       /* in shared->proxies */
	const struct token_keys *keys; /* the ring that pen writes with */
	struct token_pen *pen;
	struct proxy_counters count;

	/* transactions (txn.c) */
	struct txn *by_key; /* server side, uthash */
	struct txn **slot;
	uint32_t slots, free_slot, txns, under_way;
	size_t held_bytes; /* of requests kept until they are answered */
	struct deadline_queue trying, nudge, timer_f, life, timer_c;
	struct deadline_queue hop_answer, flow_answer;
	struct deadline_queue partner_answer;
	struct list abroad; /* txns whose next hop lives on another worker */

	struct deadline_queue sweep; /* flows */
	struct deadline_queue leave; /* those that wait to be closed */
	struct aside aside;
	uint32_t loaded; /* counts reloads, so that flows look again */

	struct recall *recall; /* NULL: off */

	struct list questions; /* hold.c: domains whose edges are asked for */
	unsigned questions_n, held_n; /* they, and requests that wait */
	struct deadline_queue hold;

	/* scratch for the message in hand, and for what is written of it */
	struct buf via, top, end, word, out;
	struct framer_limits frame_limits, device_frame_limits;
	struct sanity_limits sanity_limits;
	/* the Contact that must not go out as it is (veil.h) */
	bool contact_found;
	struct uri_facts contact;
	struct frame frame;
	struct facts facts;
	struct resolve_service service; /* of a partner's From domain */
	struct proof proof;
};

/* What the proxy knows of a connection; conn->user. */
struct flow {
	struct conn *conn;
	struct framer framer;
	enum peer_class base; /* stranger, server, partner or device */
	uint32_t loaded;      /* proxy->loaded when base was found */
	struct list served;   /* txns whose request came by it */
	struct list sent; /* txns whose request went, or waits to go, by it */
	uint64_t *who;	  /* AORs proved on it, and the device's own name */
	struct grant {	  /* of each */
		uint64_t until_ms;
		uint64_t contact; /* hash of the Contact bound to it */
	} * grant;
	uint64_t soonest_ms; /* the first of these */
	uint32_t whos, room;
	struct deadline sweep, leave;
	uint64_t left_ms; /* when it was retired */
	uint64_t
		abroad; /* bit n: worker n, n + 64 ... sent a request down it */
	uint64_t partner; /* opened to a partner: its key; else 0 */
	bool proved;	  /* a partner's request was let through */
	bool kept_alive;  /* promised pings: a Flow-Timer was given */
	uint8_t mark_len; /* of ";received=..." alone */
	char mark[80];	  /* ";received=...;rport=..." for Via */
};

/* The message in hand, and all that is known of it. */
struct job {
	struct proxy *p;
	struct flow *flow; /* it came by */
	struct msg *msg;
	struct facts *f;
	struct slice mark; /* ";received=..." for its top Via */
	bool told; /* p->service holds what was asked for, or told_err why not */
	int told_err;
	uint32_t recalled;	   /* its record in recall.h */
	const struct proof *proof; /* of a partner's request; else NULL */
};

#endif
