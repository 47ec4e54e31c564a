/*
 * conn.c - the life of one connection: born, open, closing, gone.
 */
#include "conn_say.h"
#include "pool.h"
#include "tlsctx_room.h"
#include "worker_state.h"

#include <assert.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Bytes of the peer's that are read and thrown away before we close. */
#define LINGER_READS 4

static const bool legal[CONN_STATES][CONN_STATES] = {
	[CONN_NEW] = {[CONN_CONNECTING] = true,
		      [CONN_INTRODUCING] = true,
		      [CONN_SHAKING] = true,
		      [CONN_OPEN] = true},
	[CONN_CONNECTING] = {[CONN_SHAKING] = true,
			     [CONN_OPEN] = true,
			     [CONN_CLOSING] = true},
	[CONN_INTRODUCING] = {[CONN_SHAKING] = true, [CONN_CLOSING] = true},
	[CONN_SHAKING] = {[CONN_OPEN] = true, [CONN_CLOSING] = true},
	[CONN_OPEN] = {[CONN_CLOSING] = true},
};

static const char *const state_names[] = {
	[CONN_NEW] = "new",
	[CONN_CONNECTING] = "connecting",
	[CONN_INTRODUCING] = "introducing",
	[CONN_SHAKING] = "shaking",
	[CONN_OPEN] = "open",
	[CONN_CLOSING] = "closing",
};

static const char *const end_words[] = {
	[CONN_END_PEER] = "peer",
	[CONN_END_ERROR] = "error",
	[CONN_END_CONNECT] = "connect",
	[CONN_END_HANDSHAKE] = "handshake",
	[CONN_END_NAME] = "name",
	[CONN_END_DEADLINE_HANDSHAKE] = "deadline-handshake",
	[CONN_END_DEADLINE_HEAD] = "deadline-head",
	[CONN_END_DEADLINE_BODY] = "deadline-body",
	[CONN_END_DEADLINE_REQUEST] = "deadline-request",
	[CONN_END_IDLE] = "idle",
	[CONN_END_STALLED] = "stalled",
	[CONN_END_OVERFLOW] = "overflow",
	[CONN_END_REFUSED] = "refused",
	[CONN_END_DISTRUST] = "distrust",
	[CONN_END_SHUTDOWN] = "shutdown",
};

const char *conn_end_word(enum conn_end why)
{
	return end_words[why];
}

const char *conn_name(const struct conn *c, char out[24])
{
	snprintf(out, 24, "w%uc%u", CONN_ID_WORKER(c->id) & 0xff,
		 conn_slot_of(c->id));
	return out;
}

struct conns *conn_home(const struct conn_inner *c)
{
	return &worker_inner(c->pub.worker)->conns;
}

static void conn_enter(struct conn_inner *c, enum conn_state state)
{
	bool is_legal = legal[c->state][state];
	char name[24];

	assert(is_legal);
	(void)is_legal;
	if (log_wanted(LOG_LEVEL_DEBUG))
		log_event(LOG_LEVEL_DEBUG, conn_name(&c->pub, name), "state",
			  "from=%s to=%s", state_names[c->state],
			  state_names[state]);
	c->state = (uint8_t)state;
	c->pub.open = state == CONN_OPEN;
}

enum tls_door conn_tls_door(enum leg leg, enum conn_door door)
{
	if (door == DOOR_OUT)
		return leg == LEG_OUTSIDE ? TLS_TO_OUTSIDE : TLS_TO_INSIDE;
	if (door == DOOR_USERS)
		return TLS_USERS;
	return leg == LEG_OUTSIDE ? TLS_OUTSIDE : TLS_INSIDE;
}

static int give_tls(struct conn_inner *c, const struct conns *cs,
		    const struct conn_birth *b)
{
	if (!b->tls)
		return 0;
	c->ssl =
		tlsctx_session(cs->tls, conn_tls_door(b->leg, b->door), b->sni);
	if (!c->ssl || SSL_set_fd(c->ssl, c->fd) != 1)
		return ENOMEM;
	if (b->partner)
		tlsctx_judged_by(cs->tls, c->ssl, b->partner);
	return 0;
}

static int socket_error(const struct conn_inner *c)
{
	int err = 0;
	socklen_t n = sizeof(err);

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &err, &n))
		return errno;
	return err;
}

static void lost(struct conn_inner *c, int err)
{
	static const enum conn_end ends[CONN_STATES] = {
		[CONN_CONNECTING] = CONN_END_CONNECT,
		[CONN_INTRODUCING] = CONN_END_HANDSHAKE,
		[CONN_OPEN] = CONN_END_ERROR,
	};
	char peer[ADDR_TEXT_MAX], name[24];

	if (c->state == CONN_CLOSING)
		return;
	if (c->state == CONN_CONNECTING)
		log_event(LOG_LEVEL_NOTICE, conn_name(&c->pub, name), "connect",
			  "peer=%s error=%s", addr_text(&c->pub.peer, peer),
			  strerrorname_np(err) ? strerrorname_np(err) : "?");
	if (c->state == CONN_SHAKING) {
		conn_shake_failed(c, 0);
		return;
	}
	c->broken = true;
	conn_close(&c->pub, ends[c->state]);
}

static void connected(struct conn_inner *c)
{
	socklen_t n = sizeof(c->pub.local);
	int err = socket_error(c);

	if (err) {
		lost(c, err);
		return;
	}
	getsockname(c->fd, &c->pub.local.sa, &n);
	if (!c->ssl) {
		conn_opened(c);
		return;
	}
	conn_enter(c, CONN_SHAKING);
	conn_shake(c);
}

static void open_event(struct conn_inner *c, int events)
{
	if (events & UV_WRITABLE) {
		c->blocked = false;
		conn_flush(c);
	}
	if (c->state == CONN_OPEN && ((events & UV_READABLE) || c->read_writes))
		conn_read(c);
}

/* What came before a reset still counts: an answer, or the alert that says why
 * there is one. */
static void reset(struct conn_inner *c)
{
	c->events = 0; /* libuv stopped it */
	if (c->state == CONN_INTRODUCING)
		conn_introduce(c);
	if (c->state == CONN_SHAKING)
		conn_shake(c);
	if (c->state == CONN_OPEN)
		conn_read(c);
	lost(c, socket_error(c));
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct conn_inner *c = poll->data;

	worker_tick(c->pub.worker);
	if (status < 0) {
		reset(c);
		return;
	}
	if (c->state == CONN_CONNECTING)
		connected(c);
	else if (c->state == CONN_INTRODUCING)
		conn_introduce(c);
	else if (c->state == CONN_SHAKING)
		conn_shake(c);
	else if (c->state == CONN_OPEN)
		open_event(c, events);
}

static int events_wanted(const struct conn_inner *c)
{
	int events = 0;

	if (c->state == CONN_CONNECTING)
		return UV_WRITABLE;
	if (c->state == CONN_INTRODUCING)
		return UV_READABLE;
	if (c->state == CONN_SHAKING)
		return c->blocked ? UV_WRITABLE : UV_READABLE;
	if (!c->paused)
		events |= UV_READABLE;
	if (c->blocked || c->read_writes)
		events |= UV_WRITABLE;
	return events;
}

void conn_watch(struct conn_inner *c)
{
	int events;

	if (c->state == CONN_CLOSING)
		return;
	events = events_wanted(c);
	if (events == c->events)
		return;
	c->events = (uint8_t)events;
	if (events)
		uv_poll_start(&c->poll, events, on_poll);
	else
		uv_poll_stop(&c->poll);
}

static struct conn_inner *conn_new(struct conns *cs, int fd,
				   const struct conn_birth *b)
{
	struct conn_inner *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->pub.worker = cs->worker;
	c->pub.leg = b->leg;
	c->pub.door = b->door;
	c->pub.tls = b->tls;
	c->pub.peer = *b->peer;
	c->pub.local = *b->local;
	c->unnamed = b->unnamed;
	c->fd = fd;
	c->born_ms = cs->worker->now_ms;
	c->poll.data = c;
	return c;
}

int conn_create(struct conn_inner **out, struct conns *cs, int fd,
		const struct conn_birth *birth)
{
	struct conn_inner *c = conn_new(cs, fd, birth);
	int err = ENOMEM;

	if (!c)
		return ENOMEM;
	if (give_tls(c, cs, birth))
		goto out;
	err = conn_slots_take(&cs->slots, c, cs->worker->index, &c->pub.id);
	if (err)
		goto out;
	err = -uv_poll_init_socket(cs->loop, &c->poll, fd);
	if (err) {
		conn_slots_leave(&cs->slots, c->pub.id);
		goto out;
	}
	*out = c;
	return 0;
out:
	SSL_free(c->ssl);
	free(c);
	return err;
}

void conn_begin(struct conn_inner *c)
{
	if (c->pub.door == DOOR_OUT) {
		conn_enter(c, CONN_CONNECTING);
	} else if (c->unnamed) {
		conn_enter(c, CONN_INTRODUCING);
	} else if (c->ssl) {
		conn_enter(c, CONN_SHAKING);
	} else {
		conn_opened(c);
		return;
	}
	conn_live(c);
	conn_watch(c);
}

void conn_introduced(struct conn_inner *c)
{
	conn_enter(c, CONN_SHAKING);
	conn_shake(c);
}

static enum conn_life life_of(const struct conn_inner *c)
{
	bool ours = c->pub.door == DOOR_OUT;

	if (c->state != CONN_OPEN)
		return ours ? LIFE_CONNECT : LIFE_HANDSHAKE;
	/* An old system may hang up with its connection, and is silent for as
	 * long as a call lasts. */
	if (ours && !c->pub.tls)
		return LIFE_FOR_EVER;
	if (ours)
		return c->pub.leg == LEG_OUTSIDE && c->pub.tls ? LIFE_PARTNER
							       : LIFE_IDLE;
	if (c->trust == CONN_UNPROVEN)
		return LIFE_REQUEST;
	if (c->trust == CONN_KEPT_ALIVE &&
	    c->pub.worker->settings->limits.flow_timer_s > 0)
		return LIFE_KEPT;
	return LIFE_FOR_EVER;
}

void conn_live(struct conn_inner *c)
{
	struct conns *cs = conn_home(c);

	c->life = (uint8_t)life_of(c);
	if (c->life == LIFE_FOR_EVER)
		deadline_stop(&c->lives);
	else
		deadline_start(&cs->lives[c->life], &c->lives,
			       cs->worker->now_ms);
}

static void leave_half_open(struct conn_inner *c)
{
	if (c->half_open)
		gate_opened(conn_home(c)->gate);
	c->half_open = false;
}

static void leave_gate(struct conn_inner *c)
{
	leave_half_open(c);
	if (c->gated)
		gate_leave(conn_home(c)->gate, &c->pub.peer);
	c->gated = false;
}

/* It was proven and is no longer: it counts again, if there is room. */
static bool enter_gate(struct conn_inner *c)
{
	struct gate *gate = conn_home(c)->gate;

	if (c->pub.door == DOOR_OUT || c->pub.leg == LEG_INSIDE || !gate ||
	    c->unnamed)
		return true;
	if (gate_enter(gate, &c->pub.peer, c->pub.worker->now_ms) != GATE_OK)
		return false;
	gate_opened(gate);
	c->gated = true;
	return true;
}

/*
 * Read ahead: the first request may lie inside OpenSSL already, and poll would
 * never tell.
 */
void conn_opened(struct conn_inner *c)
{
	struct conns *cs = conn_home(c);

	conn_enter(c, CONN_OPEN);
	c->was_open = true;
	c->blocked = false;
	leave_half_open(c);
	conn_live(c);
	if (c->out && list_empty(&c->dirty))
		list_append(&cs->dirty, &c->dirty);
	cs->events.open(&c->pub, cs->arg);
	if (c->state == CONN_OPEN && c->ssl && SSL_has_pending(c->ssl))
		conn_read(c);
	conn_watch(c);
}

void conn_trust(struct conn *c, enum conn_trust t)
{
	struct conn_inner *i = conn_inner(c);

	if (i->state == CONN_CLOSING)
		return;
	if (t != CONN_UNPROVEN)
		leave_gate(i);
	else if (i->trust != CONN_UNPROVEN && !enter_gate(i))
		conn_close(c, CONN_END_REFUSED);
	i->trust = (uint8_t)t;
	if (i->state == CONN_OPEN)
		conn_live(i);
}

void conn_expect(struct conn *c, enum conn_wait w)
{
	struct conn_inner *i = conn_inner(c);
	struct conns *cs = conn_home(i);

	if (i->wait == w || i->state == CONN_CLOSING)
		return;
	i->wait = (uint8_t)w;
	if (w == CONN_WAIT_NOTHING)
		deadline_stop(&i->waits);
	else
		deadline_start(w == CONN_WAIT_HEAD ? &cs->head : &cs->body,
			       &i->waits, cs->worker->now_ms);
}

struct conn *conn_find(struct worker *w, conn_id id)
{
	struct conn_inner *c;

	if (CONN_ID_WORKER(id) != w->index)
		return NULL;
	c = conn_slots_find(&worker_inner(w)->conns.slots, id);
	return c && c->state != CONN_CLOSING ? &c->pub : NULL;
}

void conn_close(struct conn *c, enum conn_end why)
{
	struct conn_inner *i = conn_inner(c);
	struct conns *cs = conn_home(i);

	if (i->state == CONN_CLOSING)
		return;
	i->why = (uint8_t)why;
	conn_enter(i, CONN_CLOSING);
	deadline_stop(&i->lives);
	deadline_stop(&i->waits);
	pool_leave(i);
	list_remove(&i->dirty);
	list_remove(&i->queue);
	list_append(&cs->closing, &i->queue);
}

/*
 * Bytes that lie unread make close() reset the connection, and a reset may
 * overtake our last answer: so they are taken first.
 */
static void close_socket(struct conn_inner *c)
{
	char *away = conn_home(c)->read_buf;
	bool ours = c->why != CONN_END_PEER && !c->broken;

	if (ours && c->was_open && shutdown(c->fd, SHUT_WR) == 0) {
		for (int i = 0; i < LINGER_READS; i++) {
			if (recv(c->fd, away, READ_BYTES, MSG_DONTWAIT) <= 0)
				break;
		}
	}
	close(c->fd);
	c->fd = -1;
}

static void say_closed(const struct conn_inner *c)
{
	uint64_t age_ms = c->pub.worker->now_ms - c->born_ms;
	char peer[ADDR_TEXT_MAX], name[24];

	log_event(LOG_LEVEL_INFO, conn_name(&c->pub, name), "close",
		  "peer=%s why=%s age_ms=%llu", addr_text(&c->pub.peer, peer),
		  conn_end_word(c->why), (unsigned long long)age_ms);
}

static void on_gone(uv_handle_t *poll)
{
	free(poll->data);
}

/* RFC 8446 §6.1: a close_notify, unless the connection is beyond words. */
static void say_farewell(struct conn_inner *c)
{
	conn_out_end(c, c->was_open && !c->broken);
	if (c->ssl && !c->broken && SSL_is_init_finished(c->ssl))
		SSL_shutdown(c->ssl);
	SSL_free(c->ssl);
	c->ssl = NULL;
}

void conn_finish(struct conn_inner *c)
{
	struct conns *cs = conn_home(c);

	say_farewell(c);
	leave_gate(c);
	if (log_wanted(LOG_LEVEL_INFO))
		say_closed(c);
	conn_slots_leave(&cs->slots, c->pub.id);
	uv_close((uv_handle_t *)&c->poll, on_gone);
	close_socket(c);
	cs->events.closed(&c->pub, c->why, cs->arg);
	cert_names_destroy(&c->pub.names);
	if (c->in)
		buf_fini(c->in);
	free(c->in);
}
