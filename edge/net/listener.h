/**
 * @file listener.h
 * A listening socket of one worker: who comes in, and who is turned away.
 *
 * Owner: worker.
 */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "net/conn.h"

#include <uv.h>

struct worker_inner;

/** Where to listen, for whom. */
struct listener_door {
	enum leg leg;
	enum conn_door door;
	union addr addr;
};

/** One listening socket. */
struct listener {
	uv_poll_t poll;
	struct worker_inner *worker;
	struct listener_door at;
	int fd;		       /* -1 when closed */
	struct deadline pause; /* accepting goes on when it runs out */
};

/**
 * Make sure that no other process has the port; SO_REUSEPORT would share it.
 *
 * @param at   where
 * @param why  WHY_MAX bytes, filled on failure
 * @return     0; EADDRINUSE and the like
 */
int listener_probe(const struct listener_door *at, char *why);

/**
 * Bind and listen.
 *
 * @param fd      listening socket
 * @param at      where; port 0 becomes the one that was found
 * @param shared  several workers listen on this port
 * @param why     WHY_MAX bytes, filled on failure
 * @return        0; EADDRINUSE and the like
 */
int listener_bind(int *fd, struct listener_door *at, bool shared, char *why);

/**
 * Accept on a worker's loop.
 *
 * @param l   listener, owned by w
 * @param w   worker
 * @param fd  listening socket, closed by listener_close()
 * @param at  copied
 * @return    0 or an errno
 */
int listener_open(struct listener *l, struct worker_inner *w, int fd,
		  const struct listener_door *at);

/**
 * Stop accepting and close; a second call is harmless.
 *
 * @param l  listener
 */
void listener_close(struct listener *l);

/**
 * A pause is over: accept again.
 *
 * @param d       listener's pause
 * @param now_ms  monotonic time [ms]
 * @param arg     unused
 */
void listener_resume(struct deadline *d, uint64_t now_ms, void *arg);

#endif
