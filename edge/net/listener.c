/*
 * listener.c - accepting, and turning away.
 */
#include "listener.h"

#include "worker_state.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

#define BACKLOG	       4096
#define ACCEPTS_A_TURN 16

static const char *door_word(enum conn_door door)
{
	static const char *const words[] = {
		[DOOR_TLS] = "tls",
		[DOOR_USERS] = "users",
		[DOOR_DEVICE] = "device",
	};

	return words[door];
}

static int fail(int fd, const struct listener_door *at, const char *what,
		char *why)
{
	const char *cure = "check the address and its leg";
	char text[ADDR_TEXT_MAX];
	int err = errno;

	if (err == EADDRINUSE)
		cure = "end the program that has it, or set another port";
	else if (err == EADDRNOTAVAIL)
		cure = "give this machine the address, or set another";
	else if (err == EACCES)
		cure = "allow low ports (CAP_NET_BIND_SERVICE)";
	snprintf(why, WHY_MAX, "%s: cannot %s: %s: %s",
		 addr_text(&at->addr, text), what, strerror(err), cure);
	if (fd >= 0)
		close(fd);
	return err;
}

/* Accepted sockets inherit all of these. */
static void set_habits(int fd, const struct listener_door *at)
{
	static const int one = 1, idle = 60, interval = 20, count = 3;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (at->addr.sa.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

int listener_bind(int *out, struct listener_door *at, bool shared, char *why)
{
	static const int one = 1;
	socklen_t n = sizeof(at->addr);
	int fd = socket(at->addr.sa.sa_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fail(fd, at, "make a socket", why);
	set_habits(fd, at);
	if (shared &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)))
		return fail(fd, at, "share the port", why);
	if (bind(fd, &at->addr.sa, addr_len(&at->addr)))
		return fail(fd, at, "bind", why);
	if (listen(fd, BACKLOG))
		return fail(fd, at, "listen", why);
	if (getsockname(fd, &at->addr.sa, &n))
		return fail(fd, at, "read its address", why);
	*out = fd;
	return 0;
}

int listener_probe(const struct listener_door *at, char *why)
{
	struct listener_door alone = *at;
	int fd = -1;
	int err = listener_bind(&fd, &alone, false, why);

	if (!err)
		close(fd);
	return err;
}

static void say_refused(const struct listener *l, const union addr *peer,
			const char *rule)
{
	char id[24], text[ADDR_TEXT_MAX];

	snprintf(id, sizeof(id), "w%u", l->worker->pub.index);
	log_event(LOG_LEVEL_NOTICE, id, "refuse", "peer=%s door=%s rule=%s",
		  addr_text(peer, text), door_word(l->at.door), rule);
}

static void say_accepted(const struct listener *l, const struct conn_inner *c)
{
	char name[24], text[ADDR_TEXT_MAX];

	if (!log_wanted(LOG_LEVEL_DEBUG))
		return;
	log_event(LOG_LEVEL_DEBUG, conn_name(&c->pub, name), "accept",
		  "peer=%s door=%s", addr_text(&c->pub.peer, text),
		  door_word(l->at.door));
}

/* Strangers come to the outside doors and to the device door. */
static struct gate *gate_of(const struct listener *l)
{
	if (l->at.leg == LEG_INSIDE && l->at.door == DOOR_TLS)
		return NULL;
	return l->worker->conns.gate;
}

/* One that says who is there before it is counted (conn_intro.c). */
static bool is_balancer(const struct listener *l, const union addr *peer)
{
	return l->at.leg == LEG_OUTSIDE && l->at.door != DOOR_DEVICE &&
	       settings_is_balancer(l->worker->pub.settings, peer);
}

static bool may_enter(const struct listener *l, const union addr *peer,
		      bool unnamed)
{
	struct worker *w = &l->worker->pub;
	struct gate *gate = gate_of(l);
	enum gate_answer answer;

	if (l->at.door == DOOR_DEVICE &&
	    !settings_device_at(w->settings, peer)) {
		say_refused(l, peer, "device-not-enrolled");
		return false;
	}
	if (!gate)
		return true;
	answer = unnamed ? gate_wait(gate) : gate_enter(gate, peer, w->now_ms);
	if (answer != GATE_OK)
		say_refused(l, peer, gate_word(answer));
	return answer == GATE_OK;
}

static bool is_any(const union addr *a)
{
	if (a->sa.sa_family == AF_INET)
		return a->in4.sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
}

static void find_local(union addr *out, const struct listener *l, int fd)
{
	socklen_t n = sizeof(*out);

	*out = l->at.addr;
	if (is_any(out))
		getsockname(fd, &out->sa, &n);
}

static void admit(struct listener *l, int fd, const union addr *peer,
		  bool unnamed)
{
	union addr local;
	struct conn_birth birth = {.leg = l->at.leg,
				   .door = l->at.door,
				   .tls = l->at.door != DOOR_DEVICE,
				   .unnamed = unnamed,
				   .peer = peer,
				   .local = &local};
	struct gate *gate = gate_of(l);
	struct conn_inner *c;

	find_local(&local, l, fd);
	if (conn_create(&c, &l->worker->conns, fd, &birth)) {
		say_refused(l, peer, "no-memory");
		if (gate)
			gate_opened(gate);
		if (gate && !unnamed)
			gate_leave(gate, peer);
		close(fd);
		return;
	}
	c->half_open = gate != NULL;
	c->gated = gate && !unnamed;
	say_accepted(l, c);
	conn_begin(c);
}

/*
 * No descriptor left: poll would tell of the waiting connection for ever. The
 * spare one is given up to take it and close it. Returns 0 or accept's errno.
 */
static int turn_away(struct listener *l)
{
	struct worker_inner *w = l->worker;
	union addr peer = {0};
	socklen_t n = sizeof(peer);
	int fd, err = 0;

	if (w->spare_fd >= 0)
		close(w->spare_fd);
	fd = accept4(l->fd, &peer.sa, &n, SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	else
		err = errno;
	w->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		say_refused(l, &peer, "no-descriptor-left");
	return err;
}

static void pause_accepting(struct listener *l)
{
	uv_poll_stop(&l->poll);
	deadline_start(&l->worker->accept_queue, &l->pause,
		       l->worker->pub.now_ms);
}

/*
 * Returns true to go on. Linux looks for a descriptor before it looks for a
 * connection, so EMFILE does not mean that there is one.
 */
static bool accept_failed(struct listener *l, int err)
{
	if (err == EMFILE || err == ENFILE)
		err = turn_away(l);
	if (err == EAGAIN)
		return false;
	if (err == EMFILE || err == ENFILE || err == ENOBUFS || err == ENOMEM) {
		pause_accepting(l);
		return false;
	}
	return true; /* this one is gone: ECONNABORTED and its like */
}

static bool accept_one(struct listener *l)
{
	union addr peer;
	socklen_t n = sizeof(peer);
	int fd = accept4(l->fd, &peer.sa, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
	bool unnamed;

	if (fd < 0)
		return accept_failed(l, errno);
	unnamed = is_balancer(l, &peer);
	if (may_enter(l, &peer, unnamed))
		admit(l, fd, &peer, unnamed);
	else
		close(fd);
	return true;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct listener *l = poll->data;

	(void)events;
	worker_tick(&l->worker->pub);
	if (status < 0) {
		pause_accepting(l);
		return;
	}
	for (int i = 0; i < ACCEPTS_A_TURN && l->fd >= 0; i++) {
		if (!accept_one(l))
			return;
	}
}

void listener_resume(struct deadline *d, uint64_t now_ms, void *arg)
{
	struct listener *l = LIST_OWNER(d, struct listener, pause);

	(void)now_ms, (void)arg;
	uv_poll_start(&l->poll, UV_READABLE, on_poll);
}

int listener_open(struct listener *l, struct worker_inner *w, int fd,
		  const struct listener_door *at)
{
	int err = -uv_poll_init_socket(&w->loop, &l->poll, fd);

	if (err)
		return err;
	l->worker = w;
	l->at = *at;
	l->fd = fd;
	l->poll.data = l;
	return -uv_poll_start(&l->poll, UV_READABLE, on_poll);
}

void listener_close(struct listener *l)
{
	if (l->fd < 0)
		return;
	deadline_stop(&l->pause);
	uv_close((uv_handle_t *)&l->poll, NULL);
	close(l->fd);
	l->fd = -1;
}
