/**
 * @file wire.h
 * One connection of a benchmark program: TLS or TCP, non-blocking, epoll.
 *
 * Shares no code with the edge. Memory that cannot be had and files that
 * cannot be read end the program: it only measures.
 */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

/** Bytes that grow at the end and leave at the front. */
struct heap {
	char *data;
	size_t len, room;
};

/** A connection; all zero but fd = -1 when closed. */
struct wire {
	int fd, epoll;
	unsigned events; /* in force */
	bool up;	 /* connected, TLS done */
	SSL *ssl;	 /* NULL for TCP */
	struct heap in, out;
	void *owner;
};

/** What TLS needs: NAME.chain and NAME.key, who may sign the peer. */
struct wire_trust {
	bool server;
	const char *name; /* path without its ending, or NULL */
	const char *ca;	  /* PEM, or NULL: the peer need not show one */
};

/**
 * Time from the monotonic clock.
 *
 * @return  [s]
 */
double wire_now(void);

/**
 * End the program with a word on why.
 *
 * @param what  what could not be done
 */
void wire_die(const char *what) __attribute__((noreturn));

/**
 * Append to a heap.
 *
 * @param h      where to
 * @param bytes  copied
 * @param len    [bytes]
 */
void heap_add(struct heap *h, const void *bytes, size_t len);

/**
 * Drop bytes at the front.
 *
 * @param h    heap
 * @param len  [bytes], at most h->len
 */
void heap_drop(struct heap *h, size_t len);

/**
 * Make a TLS context; a server with a ca demands a certificate.
 *
 * @param t  names of files
 * @return   owned by the caller
 */
SSL_CTX *wire_context(const struct wire_trust *t);

/**
 * Listen on an IPv4 loopback address.
 *
 * @param address  127.x.y.z
 * @param port     TCP port
 * @return         descriptor, non-blocking
 */
int wire_listen(const char *address, int port);

/**
 * Take over an accepted descriptor.
 *
 * @param w    filled
 * @param fd   non-blocking, owned from here on
 * @param tls  context, or NULL for TCP; w->epoll and w->owner are set already
 */
void wire_accepted(struct wire *w, int fd, SSL_CTX *tls);

/**
 * Connect.
 *
 * @param w     filled; w->epoll and w->owner are set already
 * @param tls   context, or NULL for TCP
 * @param from  our address
 * @param to    the peer's address
 * @param port  the peer's port
 * @return      0 under way, -1 refused at once
 */
int wire_connect(struct wire *w, SSL_CTX *tls, const char *from, const char *to,
		 int port);

/**
 * Go on after an event: connect, handshake, flush, read.
 *
 * @param w  connection; w->in has what was read
 * @return   0, or -1 when it is over
 */
int wire_progress(struct wire *w);

/**
 * Send; what does not fit is kept.
 *
 * @param w      connection, up or not yet
 * @param bytes  copied
 * @param len    [bytes]
 * @return       0, or -1 when it is over
 */
int wire_send(struct wire *w, const void *bytes, size_t len);

/**
 * Our port on a connection.
 *
 * @param w  connection
 * @return   TCP port
 */
int wire_port(const struct wire *w);

/**
 * Close; fd is -1 afterwards.
 *
 * @param w  connection, may be closed already
 */
void wire_close(struct wire *w);

#endif
