/**
 * @file conn_state.h
 * What the room itself keeps of a connection, and of all those of a worker.
 *
 * conn.c owns the life of a connection, conn_io.c its bytes, conn_hand.c its
 * handshake, conn_intro.c what a balancer says before that, conn_turn.c what
 * happens once a turn of the loop.
 */
#ifndef NET_CONN_STATE_H
#define NET_CONN_STATE_H

#include "base/list.h"
#include "conn_slots.h"
#include "failures.h"
#include "net/conn.h"
#include "net/gate.h"
#include "net/tlsctx.h"

#include <uv.h>

#define CONN_SPARES 16

struct pool_entry;

/** Where it stands; only conn_enter() writes it. */
enum conn_state {
	CONN_NEW,
	CONN_CONNECTING,  /* TCP, ours */
	CONN_INTRODUCING, /* a balancer says who is there */
	CONN_SHAKING,	  /* TLS handshake */
	CONN_OPEN,
	CONN_CLOSING, /* on conns.closing until the end of the turn */
	CONN_STATES
};

/** The deadlines of a connection's life; it has one at a time. */
enum conn_life {
	LIFE_FOR_EVER,
	LIFE_CONNECT, /* limits.connect_ms */
	LIFE_HANDSHAKE,
	LIFE_REQUEST,
	LIFE_IDLE,    /* opened by us; any traffic restarts it */
	LIFE_PARTNER, /* the same, to a partner: limits.partner_idle_s */
	LIFE_KEPT,    /* keep-alives promised; any byte in restarts it */
	LIVES
};

/** The out-queue; there only while something is in it. */
struct conn_out {
	struct conn_out *next; /* among the spares */
	struct buf bytes;
	size_t sent; /* of bytes, from the front */
	struct deadline stall;
	struct conn_inner *conn;
};

/** One connection. `pub` is what the room above sees. */
struct conn_inner {
	struct conn pub; /* first: the two are cast to each other */
	uv_poll_t poll;
	SSL *ssl;
	int fd;
	uint8_t state : 4, life : 4, wait : 3, trust : 4;
	bool unnamed : 1;   /* a balancer's, and it has not said whose */
	uint8_t why;	    /* of CONN_CLOSING */
	uint8_t fate;	    /* why the last read or write failed */
	uint8_t events;	    /* asked of poll */
	bool gated : 1;	    /* the gate counts it as unproven */
	bool half_open : 1; /* the gate counts it as half open */
	bool was_open : 1;
	bool broken : 1;      /* nothing may be said on it any more */
	bool blocked : 1;     /* the socket takes no more */
	bool paused : 1;      /* it reads nothing before it takes our bytes */
	bool starved : 1;     /* somebody was told ENOBUFS */
	bool read_writes : 1; /* SSL_read() waits to write */
	uint16_t shaken, shaken_min; /* handshake steps in this minute */
	uint16_t judged;	     /* conns.judge when its certificate was */
	struct buf *in;		     /* what was not consumed, or NULL */
	struct conn_out *out;	     /* or NULL */
	struct deadline lives, waits;
	struct list dirty;	  /* on conns.dirty: has bytes to write */
	struct list queue;	  /* on conns.ready or conns.closing */
	struct pool_entry *entry; /* DOOR_OUT, until it is closing */
	uint64_t born_ms;
};

/** All connections of a worker. Owner: worker. */
struct conns {
	struct worker *worker;
	uv_loop_t *loop;
	const struct tlsctx *tls; /* borrowed from the worker */
	struct conn_events events;
	void *arg;
	struct gate *gate; /* shared; NULL counts nothing */
	struct conn_slots slots;
	struct list dirty, ready, closing;
	uv_idle_t idle; /* runs while ready is not empty */
	bool shut;	/* nothing new */
	char *read_buf; /* READ_BYTES, shared by all */
	struct pool_entry *pool, *pool_named[LEG_COUNT];
	uint16_t judge; /* which settings judge certificates: counts reloads */
	uint32_t judge_at; /* conn_judge.c: the slot that is next */
	struct deadline judging, telling;
	struct deadline_queue judge_queue, judge_rest, telling_queue;
	struct failures *failures; /* shared; NULL: each is told */
	struct conn_out *spare;
	unsigned spares;
	struct deadline_queue lives[LIVES], head, body, stall;
};

/** What a connection is born with. */
struct conn_birth {
	enum leg leg;
	enum conn_door door;
	bool tls;
	bool unnamed; /* peer is a balancer; it says first who is there */
	const union addr *peer, *local;
	struct slice sni;			/* DOOR_OUT over TLS */
	const struct partner_settings *partner; /* who judges it, or NULL */
};

/**
 * The inside of a connection.
 *
 * @param c  connection
 * @return   the same
 */
static inline struct conn_inner *conn_inner(const struct conn *c)
{
	return (struct conn_inner *)c;
}

/**
 * All connections beside one.
 *
 * @param c  connection
 * @return   its worker's
 */
struct conns *conn_home(const struct conn_inner *c);

/* conn.c */

/**
 * The TLS context that a connection is made with.
 *
 * @param leg   its leg
 * @param door  its door
 * @return      which
 */
enum tls_door conn_tls_door(enum leg leg, enum conn_door door);

/**
 * Make a connection of a socket.
 *
 * @param out    owned by cs
 * @param cs     connections
 * @param fd     socket, non-blocking; theirs on success
 * @param birth  borrowed
 * @return       0 or an errno
 */
int conn_create(struct conn_inner **out, struct conns *cs, int fd,
		const struct conn_birth *birth);

/**
 * Begin: an accepted one with its handshake, or with the PROXY header before
 * that; ours with connecting.
 *
 * @param c  new connection
 */
void conn_begin(struct conn_inner *c);

/**
 * It is known who is there: on with the handshake.
 *
 * @param c  connection, CONN_INTRODUCING
 */
void conn_introduced(struct conn_inner *c);

/**
 * Bytes may flow: tell the room above.
 *
 * @param c  connection
 */
void conn_opened(struct conn_inner *c);

/**
 * Start the deadline that fits its state and trust.
 *
 * @param c  connection
 */
void conn_live(struct conn_inner *c);

/**
 * Ask poll for what it waits for now.
 *
 * @param c  connection
 */
void conn_watch(struct conn_inner *c);

/**
 * Say farewell to a closing connection and free it.
 *
 * @param c  connection, off every list
 */
void conn_finish(struct conn_inner *c);

/* conn_intro.c */

/**
 * Read of the PROXY header what is there, and no byte behind it.
 *
 * @param c  connection, CONN_INTRODUCING
 */
void conn_introduce(struct conn_inner *c);

/* conn_hand.c */

/**
 * One step of the TLS handshake.
 *
 * @param c  connection, CONN_SHAKING
 */
void conn_shake(struct conn_inner *c);

/**
 * The handshake failed: tell and close. A balancer that only looked whether
 * somebody is there is no failure.
 *
 * @param c     connection, CONN_SHAKING
 * @param code  OpenSSL's error; 0: the connection was lost
 */
void conn_shake_failed(struct conn_inner *c, unsigned long code);

/* conn_io.c */

/**
 * Read what is there, a fair share of it, and hand it up.
 *
 * @param c  connection
 */
void conn_read(struct conn_inner *c);

/**
 * Write what is queued, as far as the socket takes it.
 *
 * @param c  connection, open
 */
void conn_flush(struct conn_inner *c);

/**
 * Try once to write what is queued, and throw away the queue.
 *
 * @param c    connection
 * @param try  write at all
 */
void conn_out_end(struct conn_inner *c, bool try);

/* conn_judge.c */

/**
 * Prepare to judge.
 *
 * @param cs  connections
 */
void conns_judge_init(struct conns *cs);

/**
 * Settings, authorities or revocation lists changed: judge each certificate
 * again, a few a turn. It comes by itself each hour, for time passes as well.
 *
 * @param cs  connections
 */
void conns_judge(struct conns *cs);

/* conn_turn.c */

/**
 * Prepare for connections.
 *
 * @param cs      zeroed; worker, loop, events, arg, gate, tls set
 * @return        0 or an errno
 */
int conns_init(struct conns *cs);

/**
 * Use the worker's new limits for deadlines that start from now on.
 *
 * @param cs  connections
 */
void conns_limits(struct conns *cs);

/**
 * End of a turn: write what is dirty, end what is closing.
 *
 * @param cs  connections
 */
void conns_turn(struct conns *cs);

/**
 * Have a connection read in the next turn, whatever poll says.
 *
 * @param c  connection with bytes inside OpenSSL
 */
void conns_again(struct conn_inner *c);

/**
 * Close all and take no new ones.
 *
 * @param cs   connections
 * @param why  reason
 */
void conns_shut(struct conns *cs, enum conn_end why);

/**
 * Free what is left when all are closed; the loop still has to close `idle`.
 *
 * @param cs  connections
 */
void conns_fini(struct conns *cs);

/** Size of conns.read_buf [bytes]. */
#define READ_BYTES (64 * 1024)

#endif
