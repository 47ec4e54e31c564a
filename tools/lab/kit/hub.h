/**
 * @file hub.h
 * The lab programs' transport: SIP over TLS and TCP, one thread, one poll.
 *
 * It shares no code with the edge: what faces the edge in the lab is another
 * implementation. It opens listeners, connects, keeps connections until the
 * peer closes them, cuts and parses messages, answers CRLF keep-alives
 * (RFC 5626 §4.4.1) and traces all of it.
 *
 * A link is owned by its hub and dies in hub_step() only; keep its id, not
 * its pointer, across steps.
 */
#ifndef LAB_KIT_HUB_H
#define LAB_KIT_HUB_H

#include <sofia-sip/sip.h>
#include <stdbool.h>
#include <stddef.h>

#include "kit/trace.h"

struct hub;
struct link;

/** Most NAME=ADDRESS pairs that a program takes. */
#define HUB_HOSTS_MAX 32

/** What a hub is made with; all strings are borrowed for its life. */
struct hub_settings {
	const char *name;	 /**< in the trace: alice, dir01 */
	const char *trace;	 /**< file for one line a message, or NULL */
	const char *dump;	 /**< file for whole messages, or NULL */
	const char *certificate; /**< PEM, leaf first; or NULL */
	const char *key;	 /**< PEM; or NULL */
	const char *trust;	 /**< PEM, who may sign a peer; or NULL */
	const char *source;	 /**< address that connections leave by */
	bool any_client; /**< listeners take clients without certificate */
	const char *hosts[HUB_HOSTS_MAX]; /**< NAME=ADDRESS */
	size_t host_count;
};

/** What the hub tells; message is borrowed for the call. */
struct hub_events {
	/** A whole message came. */
	void (*message)(struct link *from, msg_t *message, void *arg);
	/** A keep-alive was answered (RFC 5626 §4.4.1), or NULL. */
	void (*pong)(struct link *from, void *arg);
	/** The link is gone, or never came to be. */
	void (*closed)(struct link *gone, const char *why, void *arg);
	void *arg;
};

/** Where to connect to: TLS checks that the peer's certificate has host. */
struct hub_target {
	char host[256];
	unsigned port;
	bool tls;
};

/**
 * Make a hub: opens the trace, loads certificate and trust.
 *
 * @param out       the hub, owned by the caller
 * @param settings  borrowed for the hub's life
 * @param events    copied
 * @return          0 or an errno; what was wrong is on standard error
 */
int hub_create(struct hub **out, const struct hub_settings *settings,
	       const struct hub_events *events);

/**
 * Close everything and release the hub. No callback runs.
 *
 * @param h  the hub or NULL; NULL afterwards
 */
void hub_destroy(struct hub **h);

/**
 * Listen.
 *
 * @param h        the hub
 * @param address  numeric
 * @param port     0 = any
 * @param tls      TLS, with the hub's certificate
 * @return         0 or the errno
 */
int hub_listen(struct hub *h, const char *address, unsigned port, bool tls);

/**
 * The link to a target: the one that is there, or a new one. A link that the
 * peer opened is one to its address and port at the other end.
 *
 * Never waits; what is sent before the link is open goes out when it is, and
 * a failure is told through closed().
 *
 * @param h       the hub
 * @param target  copied
 * @return        the link, or NULL when the name has no address or no socket
 *                can be had
 */
struct link *hub_connect(struct hub *h, const struct hub_target *target);

/**
 * Wait for something to happen, once, and deal with it.
 *
 * @param h        the hub
 * @param wait_ms  at most this long [ms], -1 = until a signal
 */
void hub_step(struct hub *h, int wait_ms);

/**
 * Find a link that still lives.
 *
 * @param h   the hub
 * @param id  from link_id()
 * @return    the link, or NULL when it is gone
 */
struct link *hub_link(struct hub *h, unsigned id);

/**
 * The hub's trace, for trace_say().
 *
 * @param h  the hub
 * @return   borrowed
 */
const struct trace *hub_trace(const struct hub *h);

/**
 * Time from the monotonic clock.
 *
 * @return  [ms]
 */
long long hub_now_ms(void);

/**
 * Number of a link, never used twice.
 *
 * @param l  the link
 * @return   > 0
 */
unsigned link_id(const struct link *l);

/**
 * Has the link come to be (connected, TLS done)?
 *
 * @param l  the link
 * @return   true when bytes can flow
 */
bool link_is_open(const struct link *l);

/**
 * Does the link speak TLS?
 *
 * @param l  the link
 * @return   false for plain TCP
 */
bool link_is_tls(const struct link *l);

/**
 * Our own address and port on the link.
 *
 * @param l    the link
 * @param out  "127.0.0.1:5061" or "[::1]:5061"
 * @param len  of out [bytes], 64 is enough
 */
void link_local(const struct link *l, char *out, size_t len);

/**
 * The peer's address and port.
 *
 * @param l  the link
 * @return   borrowed for the link's life
 */
const char *link_peer(const struct link *l);

/**
 * Send one message.
 *
 * @param l      the link, open or yet to be
 * @param bytes  the message, copied
 * @param len    [bytes]
 */
void link_send(struct link *l, const char *bytes, size_t len);

/**
 * Send the double CRLF of RFC 5626 §4.4.1; the answer is told by pong().
 *
 * @param l  the link
 */
void link_ping(struct link *l);

/**
 * Close the link at the end of this step; closed() is told.
 *
 * @param l  the link
 */
void link_close(struct link *l);

#endif
