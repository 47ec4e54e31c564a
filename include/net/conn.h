/**
 * @file conn.h
 * One TLS or TCP connection: bytes in, bytes out, deadlines, who it is.
 *
 * Lives on one worker and is touched by no other thread. Knows nothing of SIP:
 * it hands bytes up and is told what is being waited for. It owns its buffers:
 * an idle connection has none.
 */
#ifndef NET_CONN_H
#define NET_CONN_H

#include "base/addr.h"
#include "base/buf.h"
#include "base/deadline.h"
#include "cert/names.h"
#include "settings/settings.h"

struct worker;

/** Names a connection for as long as the process lives, and after. */
typedef uint64_t conn_id; /* worker:8 slot:24 generation:32; never 0 */

/** The worker that a connection lives on. */
#define CONN_ID_WORKER(id) ((unsigned)((id) >> 56))

/** How it came to be. */
enum conn_door {
	DOOR_TLS,    /* accepted on tls.port */
	DOOR_USERS,  /* accepted on users_port */
	DOOR_DEVICE, /* accepted on the device port, address enrolled */
	DOOR_OUT,    /* opened by us */
};

/** What the room above waits for; each has its deadline. */
enum conn_wait {
	CONN_WAIT_NOTHING, /* between messages */
	CONN_WAIT_HEAD,	   /* limits.header_s from its first byte */
	CONN_WAIT_BODY,	   /* limits.body_s */
};

/** How long it may be silent. */
enum conn_trust {
	CONN_UNPROVEN,	 /* limits.first_request_s, counted by the gate */
	CONN_PROVEN,	 /* for ever: TCP keep-alive finds a dead peer */
	CONN_KEPT_ALIVE, /* 2 x limits.flow_timer_s: the client promised pings */
};

/** Why it ended; conn_end_word() names it. */
enum conn_end {
	CONN_END_PEER,	    /* closed by the peer */
	CONN_END_ERROR,	    /* reset, or a TLS error */
	CONN_END_CONNECT,   /* could not connect */
	CONN_END_HANDSHAKE, /* TLS failed; or ours is not believed there */
	CONN_END_NAME,	    /* the server's certificate is for another name */
	CONN_END_DEADLINE_HANDSHAKE,
	CONN_END_DEADLINE_HEAD,
	CONN_END_DEADLINE_BODY,
	CONN_END_DEADLINE_REQUEST,
	CONN_END_IDLE,
	CONN_END_STALLED,  /* the peer does not read */
	CONN_END_OVERFLOW, /* out-queue full */
	CONN_END_REFUSED,  /* the room above wanted it closed */
	CONN_END_DISTRUST, /* its certificate is believed no longer */
	CONN_END_SHUTDOWN,
};

/** One connection. The room above reads all, writes only `user`. */
struct conn {
	conn_id id;
	struct worker *worker;
	enum leg leg;
	enum conn_door door;
	bool tls, open; /* open: handshake done, not closing: bytes flow */
	bool retired;	/* conn_retire(): nothing new goes there */
	union addr peer, local;
	struct cert_names *names; /* verified certificate, or NULL; owned */
	void *user;		  /* the room above's; NULL at first */
};

/** Upcalls, the same for all connections of a worker. */
struct conn_events {
	/** Handshake done. Not called when it fails: see closed. */
	void (*open)(struct conn *c, void *arg);
	/**
	 * Bytes arrived. `in` holds all unread bytes from the front; what is
	 * not consumed is kept and comes again with more behind it. May call
	 * conn_close(); then the return value is ignored.
	 * Returns how many were consumed [bytes].
	 */
	size_t (*bytes)(struct conn *c, struct slice in, void *arg);
	/** Out-queue fell below half its limit after ENOBUFS. */
	void (*drained)(struct conn *c, void *arg);
	/** Last call for c, from the loop, never from inside conn_close(). */
	void (*closed)(struct conn *c, enum conn_end why, void *arg);
	/**
	 * After a reload its certificate was judged anew: c->names is what is
	 * believed now. From the loop, a few connections a turn, or from
	 * inside conn_reach() and conn_opened_for() of one that is believed no
	 * longer. May call conn_retire() and conn_close().
	 */
	void (*judged)(struct conn *c, void *arg);
};

/**
 * Queue bytes; they leave with everything else queued in this turn of the
 * loop, in one write.
 *
 * @param c      connection, open or still connecting
 * @param bytes  copied
 * @return       0; ENOBUFS when the out-queue is at its limit (nothing was
 *               queued; drained() will be called; an empty queue takes any
 *               one message); EPIPE when it is closing; ENOMEM
 */
int conn_send(struct conn *c, struct slice bytes);

/**
 * Close: what is queued is written first if that is possible at once, then
 * closed() is called from the loop.
 *
 * @param c    connection; a second call is harmless
 * @param why  for the log and closed()
 */
void conn_close(struct conn *c, enum conn_end why);

/**
 * Say what is waited for. The same wait again does not restart its deadline.
 *
 * @param c  connection
 * @param w  what
 */
void conn_expect(struct conn *c, enum conn_wait w);

/**
 * Say how far it is trusted; leaving CONN_UNPROVEN takes it out of the gate's
 * count. Again CONN_UNPROVEN on an unproven one restarts its deadline.
 *
 * @param c  connection
 * @param t  trust
 */
void conn_trust(struct conn *c, enum conn_trust t);

/**
 * Find a connection of this worker.
 *
 * @param w   worker
 * @param id  id
 * @return    the connection, or NULL when it is gone or closing
 */
struct conn *conn_find(struct worker *w, conn_id id);

/** Where to, and who must be there. */
struct conn_way {
	enum leg leg;
	bool tls; /* TLS, else TCP */
	const union addr *to;
	struct slice name; /* asked for; its certificate must prove it. Absent
			      for TCP */
	struct slice also; /* a name that will do as well, and the SNI when it
			      is there; absent: name alone */
	/* Federation: its pins, else its own authority judge it, in place of
	 * the leg's trust. NULL, or without either: the leg's trust. It is
	 * looked up in the worker's settings by `name`: a domain of its, or a
	 * provider's edge. */
	const struct partner_settings *partner;
};

/**
 * Open a connection, or find one opened before to the same address for the
 * same name (RFC 5923: reuse only what was verified for that name). It leaves
 * by an address of its leg of the same family.
 *
 * @param out  the connection; may not be open yet: open() or closed() tells
 * @param w    worker
 * @param way  where to; not kept
 * @return     0; EADDRNOTAVAIL when the leg has no address of that family or
 *             it cannot be bound; EMFILE; ENOMEM; another errno of connect()
 */
int conn_reach(struct conn **out, struct worker *w, const struct conn_way *way);

/**
 * Find a connection opened before for a name, whatever its address.
 *
 * @param w     worker
 * @param leg   leg
 * @param name  name that it was asked for
 * @return      one that is open or opening, or NULL
 */
struct conn *conn_opened_for(struct worker *w, enum leg leg, struct slice name);

/**
 * Judge the certificate anew by the settings of now: who vouches for it, and
 * is it believed still? Call after a reload, before c->names is read.
 *
 * @param c  open connection
 * @return   0; EACCES when it is believed no longer (names is NULL then)
 */
int conn_rejudge(struct conn *c);

/**
 * Nothing new goes there: conn_reach() and conn_opened_for() give it out no
 * more. What is under way goes on.
 *
 * @param c  connection; a second call is harmless
 */
void conn_retire(struct conn *c);

/** What a connection shows of ourselves, and since when. */
struct conn_shown {
	uint64_t since_s; /* wall clock [s since 1970] */
	char ours[65];	  /* fingerprint of our certificate; "" none */
	uint64_t ends_s;  /* its last second; 0: none */
	bool old;	  /* a new handshake would get another one */
};

/**
 * One open connection.
 *
 * @param c      borrowed for this call; may not be closed
 * @param shown  borrowed for this call
 * @param arg    as given
 */
typedef void conn_each_fn(const struct conn *c, const struct conn_shown *shown,
			  void *arg);

/**
 * All open connections of a worker.
 *
 * @param w    worker
 * @param fn   called for each of them
 * @param arg  passed to fn
 */
void conn_each(struct worker *w, conn_each_fn *fn, void *arg);

/**
 * Bytes in the out-queue.
 *
 * @param c  connection
 * @return   [bytes]
 */
size_t conn_queued(const struct conn *c);

/**
 * The word for an end, for the log.
 *
 * @param why  end
 * @return     constant text
 */
const char *conn_end_word(enum conn_end why);

/**
 * Its short name for the log, such as "w0c12".
 *
 * @param c    connection
 * @param out  24 bytes
 * @return     out
 */
const char *conn_name(const struct conn *c, char out[24]);

#endif
