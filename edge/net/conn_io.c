/*
 * conn_io.c - bytes in, bytes out.
 *
 * In: read straight into the worker's buffer, all that is there up to a fair
 * share, handed up at once; only what is not consumed is copied. Out: queued
 * during a turn, written once at its end.
 */
#include "conn_say.h"
#include "worker_state.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

#define MESSAGE_BYTES 2048	  /* a usual one, for the fair share */
#define MORE_BYTES    (16 * 1024) /* read at once behind a leftover */
#define SPARE_BYTES   (32 * 1024) /* a larger out-queue is not kept */
#define COMPACT_BYTES (64 * 1024)

/* io_*: bytes moved, 0 not now, or IO_ENDED: then `fate` says why. */
#define IO_ENDED (-1)

static ssize_t end(struct conn_inner *c, enum conn_end why)
{
	c->broken = why != CONN_END_PEER;
	c->fate = (uint8_t)why;
	return IO_ENDED;
}

static ssize_t after_errno(struct conn_inner *c)
{
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	return end(c, CONN_END_ERROR);
}

static void say_broken(const struct conn_inner *c)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());
	char text[LOG_TEXT_MAX], name[24];

	log_event(LOG_LEVEL_INFO, conn_name(&c->pub, name), "broken",
		  "reason=%s", log_text(text, slice_of(reason)));
}

/* In TLS 1.3 a server judges our certificate when the handshake is over for us
 * already; its alert is then the first that we read (RFC 8446 §4.4.2.4). */
static bool is_unwelcome(const struct conn_inner *c)
{
	if (c->pub.door != DOOR_OUT)
		return false;
	switch (ERR_GET_REASON(ERR_peek_error())) {
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
	case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
		return true;
	default:
		return false;
	}
}

static ssize_t after_ssl(struct conn_inner *c, int result, bool reading)
{
	switch (SSL_get_error(c->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return 0;
	case SSL_ERROR_WANT_WRITE:
		c->read_writes |= reading;
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		return end(c, CONN_END_PEER);
	case SSL_ERROR_SSL:
		if (!is_unwelcome(c)) {
			say_broken(c);
			return end(c, CONN_END_ERROR);
		}
		conn_count_failed(c);
		conn_say_failed(c, ERR_peek_error());
		return end(c, CONN_END_HANDSHAKE);
	default:
		return end(c, CONN_END_ERROR);
	}
}

/* SSL_get_error() must find no error of an earlier call. To clear an empty
 * list costs more than to see that it is one. */
static void forget_errors(void)
{
	if (ERR_peek_error())
		ERR_clear_error();
}

static ssize_t io_read(struct conn_inner *c, char *p, size_t n)
{
	ssize_t got;
	int done;

	if (!c->ssl) {
		got = recv(c->fd, p, n, 0);
		if (got > 0)
			return got;
		return got == 0 ? end(c, CONN_END_PEER) : after_errno(c);
	}
	forget_errors();
	done = SSL_read(c->ssl, p, n > INT_MAX ? INT_MAX : (int)n);
	return done > 0 ? done : after_ssl(c, done, true);
}

static ssize_t io_write(struct conn_inner *c, struct slice s)
{
	ssize_t sent;
	int done;

	if (!c->ssl) {
		sent = send(c->fd, s.p, s.n, MSG_NOSIGNAL);
		return sent >= 0 ? sent : after_errno(c);
	}
	forget_errors();
	done = SSL_write(c->ssl, s.p, s.n > INT_MAX ? INT_MAX : (int)s.n);
	return done > 0 ? done : after_ssl(c, done, false);
}

/* Nothing inside OpenSSL: then poll tells of more, and no read is wasted. */
static bool more_inside(const struct conn_inner *c)
{
	return c->ssl && SSL_has_pending(c->ssl);
}

/* Returns bytes read [bytes]; `last` is what the last read came to. */
static size_t fill(struct conn_inner *c, char *p, size_t room, ssize_t *last)
{
	size_t n = 0;

	do {
		*last = io_read(c, p + n, room - n);
		if (*last <= 0)
			break;
		n += (size_t)*last;
	} while (n < room && more_inside(c));
	return n;
}

static void drop_in(struct conn_inner *c)
{
	buf_fini(c->in);
	free(c->in);
	c->in = NULL;
}

static bool keep(struct conn_inner *c, struct slice rest)
{
	if (rest.n == 0)
		return true;
	c->in = calloc(1, sizeof(*c->in));
	if (!c->in)
		return false;
	buf_add(c->in, rest);
	return !c->in->failed;
}

/* First bytes, or bytes behind an empty leftover: no copy. */
static ssize_t read_fresh(struct conn_inner *c, size_t *got)
{
	struct conns *cs = conn_home(c);
	struct slice in = {.p = cs->read_buf};
	ssize_t last;
	size_t used;

	*got = in.n = fill(c, cs->read_buf, READ_BYTES, &last);
	if (in.n == 0)
		return last;
	used = cs->events.bytes(&c->pub, in, cs->arg);
	if (c->state != CONN_OPEN)
		return 0;
	assert(used <= in.n);
	if (!keep(c, (struct slice){in.p + used, in.n - used}))
		conn_close(&c->pub, CONN_END_OVERFLOW);
	return last;
}

static ssize_t read_behind(struct conn_inner *c, size_t *got)
{
	struct conns *cs = conn_home(c);
	char *p = buf_reserve(c->in, MORE_BYTES);
	ssize_t last;
	size_t used;

	*got = 0;
	if (!p) {
		conn_close(&c->pub, CONN_END_OVERFLOW);
		return 0;
	}
	*got = fill(c, p, MORE_BYTES, &last);
	if (*got == 0)
		return last;
	c->in->n += *got;
	used = cs->events.bytes(&c->pub, buf_slice(c->in), cs->arg);
	if (c->state != CONN_OPEN)
		return 0;
	buf_consume(c->in, used);
	if (c->in->n == 0)
		drop_in(c);
	return last;
}

/* The room above refuses what is too long; this is for when it does not. */
static bool holds_too_much(const struct conn_inner *c)
{
	const struct limits *l = &c->pub.worker->settings->limits;

	return c->in && c->in->n > (size_t)l->message_bytes + l->header_bytes +
					   READ_BYTES;
}

static void heard(struct conn_inner *c)
{
	if (c->life == LIFE_IDLE || c->life == LIFE_PARTNER ||
	    c->life == LIFE_KEPT)
		conn_live(c);
}

/* One share; true when there may be more. */
static bool read_some(struct conn_inner *c, size_t *share)
{
	size_t got;
	ssize_t last = c->in ? read_behind(c, &got) : read_fresh(c, &got);

	if (c->state != CONN_OPEN)
		return false;
	if (got > 0)
		heard(c);
	if (last == IO_ENDED)
		conn_close(&c->pub, c->fate);
	else if (holds_too_much(c))
		conn_close(&c->pub, CONN_END_OVERFLOW);
	*share -= got < *share ? got : *share;
	return last > 0 && c->state == CONN_OPEN && !c->paused;
}

void conn_read(struct conn_inner *c)
{
	size_t share = (size_t)MESSAGE_BYTES *
		       c->pub.worker->settings->limits.messages_per_turn;

	c->read_writes = false;
	while (share > 0 && read_some(c, &share) && more_inside(c))
		;
	if (c->state == CONN_OPEN && share == 0 && more_inside(c))
		conns_again(c);
	conn_watch(c);
}

static struct conn_out *take_out(struct conn_inner *c)
{
	struct conns *cs = conn_home(c);
	struct conn_out *o = cs->spare;

	if (o) {
		cs->spare = o->next;
		cs->spares--;
	} else {
		o = calloc(1, sizeof(*o));
	}
	if (o)
		o->conn = c;
	return o;
}

static void drop_out(struct conn_inner *c)
{
	struct conns *cs = conn_home(c);
	struct conn_out *o = c->out;

	c->out = NULL;
	deadline_stop(&o->stall);
	if (cs->spares == CONN_SPARES || o->bytes.cap > SPARE_BYTES ||
	    o->bytes.failed) {
		buf_fini(&o->bytes);
		free(o);
		return;
	}
	o->bytes.n = o->sent = 0;
	o->next = cs->spare;
	cs->spare = o;
	cs->spares++;
}

size_t conn_queued(const struct conn *c)
{
	const struct conn_out *o = conn_inner(c)->out;

	return o ? o->bytes.n - o->sent : 0;
}

static size_t queue_limit(const struct conn_inner *c)
{
	return c->pub.worker->settings->limits.out_queue_bytes;
}

/* A single message always fits, however large: the framer bounds it. */
static bool is_full(const struct conn_inner *c, size_t n)
{
	size_t queued = conn_queued(&c->pub);

	return queued > 0 && queued + n > queue_limit(c);
}

static int queue(struct conn_inner *c, struct slice bytes)
{
	if (!c->out)
		c->out = take_out(c);
	if (!c->out)
		return ENOMEM;
	if (!buf_reserve(&c->out->bytes, bytes.n)) {
		c->out->bytes.failed = false; /* what was queued stays */
		return ENOMEM;
	}
	buf_add(&c->out->bytes, bytes);
	return 0;
}

/* One that does not take our bytes shall not give us more to answer. */
static void press_back(struct conn_inner *c)
{
	c->paused = true;
	conn_watch(c);
}

/* Returns bytes written, or IO_ENDED; `blocked` says that some are left. */
static ssize_t write_all(struct conn_inner *c)
{
	struct conn_out *o = c->out;
	size_t before = o->sent;
	ssize_t done = 1;

	while (o->sent < o->bytes.n && done > 0) {
		done = io_write(c, (struct slice){o->bytes.p + o->sent,
						  o->bytes.n - o->sent});
		if (done > 0)
			o->sent += (size_t)done;
	}
	if (done == IO_ENDED)
		return IO_ENDED;
	c->blocked = o->sent < o->bytes.n;
	return (ssize_t)(o->sent - before);
}

/* A turn's worth may be more than the queue holds though the peer reads well:
 * only what the socket does not take counts as not read. */
static bool make_room(struct conn_inner *c, size_t n)
{
	if (c->blocked || c->state != CONN_OPEN)
		return false;
	if (write_all(c) == IO_ENDED) {
		conn_close(&c->pub, c->fate);
		return false;
	}
	return !is_full(c, n);
}

int conn_send(struct conn *c, struct slice bytes)
{
	struct conn_inner *i = conn_inner(c);
	int err;

	if (i->state == CONN_CLOSING)
		return EPIPE;
	if (bytes.n == 0)
		return 0;
	if (is_full(i, bytes.n) && !make_room(i, bytes.n)) {
		if (i->state == CONN_CLOSING)
			return EPIPE;
		i->starved = true;
		return ENOBUFS;
	}
	err = queue(i, bytes);
	if (err)
		return err;
	if (i->blocked && !i->paused && conn_queued(c) > queue_limit(i) / 2)
		press_back(i);
	if (i->state == CONN_OPEN && !i->blocked && list_empty(&i->dirty))
		list_append(&conn_home(i)->dirty, &i->dirty);
	return 0;
}

static void wait_for_room(struct conn_inner *c, bool progress)
{
	struct conn_out *o = c->out;

	if (progress || !deadline_running(&o->stall))
		deadline_start(&conn_home(c)->stall, &o->stall,
			       c->pub.worker->now_ms);
	if (o->sent > COMPACT_BYTES && o->sent > o->bytes.n / 2) {
		buf_consume(&o->bytes, o->sent);
		o->sent = 0;
	}
}

/* The queue is shorter: whoever waited for that goes on. */
static void ease(struct conn_inner *c)
{
	struct conns *cs = conn_home(c);
	size_t queued = conn_queued(&c->pub), limit = queue_limit(c);

	if (c->paused && queued <= limit / 4) {
		c->paused = false;
		if (more_inside(c))
			conns_again(c);
	}
	conn_watch(c);
	if (c->starved && queued < limit / 2) {
		c->starved = false;
		cs->events.drained(&c->pub, cs->arg);
	}
}

void conn_flush(struct conn_inner *c)
{
	ssize_t done;

	if (!c->out) {
		ease(c);
		return;
	}
	done = write_all(c);
	if (done == IO_ENDED) {
		conn_close(&c->pub, c->fate);
		return;
	}
	if (done > 0 && (c->life == LIFE_IDLE || c->life == LIFE_PARTNER))
		conn_live(c);
	if (c->blocked)
		wait_for_room(c, done > 0);
	else
		drop_out(c);
	if (conn_queued(&c->pub) > queue_limit(c) / 2)
		press_back(c);
	else
		ease(c);
}

void conn_out_end(struct conn_inner *c, bool try)
{
	if (!c->out)
		return;
	if (try)
		write_all(c);
	drop_out(c);
}
