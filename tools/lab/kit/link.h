/**
 * @file link.h
 * Private to the kit: one connection of a hub.
 */
#ifndef LAB_KIT_LINK_H
#define LAB_KIT_LINK_H

#include <openssl/ssl.h>

#include "kit/hub.h"
#include "kit/text.h"

enum link_state { LINK_CONNECTING, LINK_HANDSHAKE, LINK_OPEN, LINK_CLOSED };

/** One connection, owned by its hub's list. */
struct link {
	struct link *next;
	const struct trace *trace;
	const struct hub_events *events;
	enum link_state state;
	unsigned id;
	int fd;
	SSL *ssl; /**< NULL for TCP */
	bool outgoing;
	struct hub_target target; /**< of an outgoing one */
	char peer[64];
	struct text in;
	struct text out;
	short wants; /**< poll events of the handshake */
	long long open_by_ms;
	char why[160]; /**< of its end */
};

/**
 * Make a link of a socket.
 *
 * @param fd        owned from here on, non-blocking
 * @param outgoing  connect() has been called on it
 * @param tls       the context for TLS, or NULL
 * @param target    for an outgoing one, else NULL
 * @return          owned by the caller
 */
struct link *link_create(int fd, bool outgoing, SSL_CTX *tls,
			 const struct hub_target *target);

/**
 * Release a link and its socket.
 *
 * @param l  the link
 */
void link_destroy(struct link *l);

/**
 * What poll shall wait for.
 *
 * @param l  the link
 * @return   poll events
 */
short link_events(const struct link *l);

/**
 * Do what can be done now.
 *
 * @param l  the link; LINK_CLOSED afterwards when it ended
 */
void link_work(struct link *l);

/**
 * End the link with a reason.
 *
 * @param l    the link
 * @param fmt  as for printf
 */
void link_fail(struct link *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
