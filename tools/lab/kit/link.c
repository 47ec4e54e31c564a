/*
 * One connection of a lab program: connect, handshake, read, write.
 */
#include "kit/link.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>

#include "kit/frame.h"

#define OPEN_WITHIN_MS 10000

static void print_address(const struct sockaddr_storage *ss, socklen_t len,
			  char *out, size_t out_len)
{
	char host[64] = "?", port[8] = "?";
	bool six = ss->ss_family == AF_INET6;

	getnameinfo((const struct sockaddr *)ss, len, host, sizeof(host), port,
		    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	snprintf(out, out_len, six ? "[%s]:%s" : "%s:%s", host, port);
}

static void learn_peer(struct link *l)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (!getpeername(l->fd, (struct sockaddr *)&ss, &len))
		print_address(&ss, len, l->peer, sizeof(l->peer));
}

void link_local(const struct link *l, char *out, size_t len)
{
	struct sockaddr_storage ss = {0};
	socklen_t ss_len = sizeof(ss);

	getsockname(l->fd, (struct sockaddr *)&ss, &ss_len);
	print_address(&ss, ss_len, out, len);
}

void link_fail(struct link *l, const char *fmt, ...)
{
	va_list args;

	if (l->state == LINK_CLOSED)
		return;
	l->state = LINK_CLOSED;
	va_start(args, fmt);
	vsnprintf(l->why, sizeof(l->why), fmt, args);
	va_end(args);
}

void link_close(struct link *l)
{
	link_fail(l, "closed by us");
}

static void name_the_peer(struct link *l)
{
	SSL_set_tlsext_host_name(l->ssl, l->target.host);
	SSL_set_hostflags(l->ssl, X509_CHECK_FLAG_NO_WILDCARDS);
	SSL_set1_host(l->ssl, l->target.host);
	SSL_set_connect_state(l->ssl);
}

struct link *link_create(int fd, bool outgoing, SSL_CTX *tls,
			 const struct hub_target *target)
{
	struct link *l = calloc(1, sizeof(*l));
	int on = 1;

	if (!l)
		abort();
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	l->fd = fd;
	l->outgoing = outgoing;
	l->open_by_ms = hub_now_ms() + OPEN_WITHIN_MS;
	l->wants = POLLIN;
	l->state = LINK_CONNECTING;
	if (target) {
		l->target = *target;
		snprintf(l->peer, sizeof(l->peer), "%.50s:%u", target->host,
			 target->port);
	}
	if (!outgoing)
		learn_peer(l);
	if (tls) {
		l->ssl = SSL_new(tls);
		SSL_set_fd(l->ssl, fd);
		outgoing ? name_the_peer(l) : SSL_set_accept_state(l->ssl);
	}
	if (!outgoing)
		l->state = tls ? LINK_HANDSHAKE : LINK_OPEN;
	return l;
}

void link_destroy(struct link *l)
{
	if (l->ssl && SSL_is_init_finished(l->ssl))
		SSL_shutdown(l->ssl);
	SSL_free(l->ssl);
	close(l->fd);
	text_fini(&l->in);
	text_fini(&l->out);
	free(l);
}

short link_events(const struct link *l)
{
	switch (l->state) {
	case LINK_CONNECTING:
		return POLLOUT;
	case LINK_HANDSHAKE:
		return l->wants;
	case LINK_OPEN:
		return (short)(l->out.len ? POLLIN | POLLOUT : POLLIN);
	default:
		return 0;
	}
}

static void trace_one(struct link *l, bool sent, const char *bytes, size_t len)
{
	struct trace_entry e = {
		.sent = sent,
		.transport = l->ssl ? "TLS" : "TCP",
		.peer = l->peer,
		.bytes = bytes,
		.len = len,
	};

	trace_message(l->trace, &e);
}

/* What was queued before the link was open counts as sent only now. */
static void trace_queue(struct link *l)
{
	size_t at = 0;
	ssize_t len;

	while (at < l->out.len) {
		len = frame_length(l->out.data + at, l->out.len - at);
		if (len <= 0)
			return;
		trace_one(l, true, l->out.data + at, (size_t)len);
		at += (size_t)len;
	}
}

static const char *tls_reason(const struct link *l)
{
	long verify = SSL_get_verify_result(l->ssl);
	unsigned long err = ERR_peek_error();

	if (verify != X509_V_OK)
		return X509_verify_cert_error_string(verify);
	return err ? ERR_reason_error_string(err) : "closed by the peer";
}

/* One SSL call has returned rc <= 0: wait, or end the link. */
static void tls_pause(struct link *l, int rc)
{
	switch (SSL_get_error(l->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		l->wants = POLLIN;
		return;
	case SSL_ERROR_WANT_WRITE:
		l->wants = POLLOUT;
		return;
	case SSL_ERROR_ZERO_RETURN:
		link_fail(l, "closed by the peer");
		return;
	default:
		link_fail(l, "tls: %s", tls_reason(l));
	}
}

static void enter_open(struct link *l)
{
	l->state = LINK_OPEN;
	trace_queue(l);
}

static void finish_connect(struct link *l)
{
	int err = 0;
	socklen_t len = sizeof(err);

	getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	if (err) {
		link_fail(l, "connect: %s", strerror(err));
		return;
	}
	learn_peer(l);
	if (l->ssl)
		l->state = LINK_HANDSHAKE;
	else
		enter_open(l);
}

static void handshake(struct link *l)
{
	int rc;

	ERR_clear_error();
	rc = SSL_do_handshake(l->ssl);
	if (rc == 1)
		enter_open(l);
	else
		tls_pause(l, rc);
}

static void flush(struct link *l)
{
	ssize_t n;

	while (l->out.len && l->state == LINK_OPEN) {
		ERR_clear_error();
		n = l->ssl ? SSL_write(l->ssl, l->out.data, (int)l->out.len)
			   : send(l->fd, l->out.data, l->out.len, MSG_NOSIGNAL);
		if (n > 0) {
			text_drop(&l->out, (size_t)n);
			continue;
		}
		if (l->ssl)
			tls_pause(l, (int)n);
		else if (errno != EAGAIN)
			link_fail(l, "send: %s", strerror(errno));
		return;
	}
}

void link_send(struct link *l, const char *bytes, size_t len)
{
	if (l->state == LINK_CLOSED)
		return;
	if (l->state == LINK_OPEN)
		trace_one(l, true, bytes, len);
	text_add_bytes(&l->out, bytes, len);
	flush(l);
}

void link_ping(struct link *l)
{
	static const char ping[] = "\r\n\r\n";

	if (l->state != LINK_OPEN)
		return;
	trace_one(l, true, "keep-alive", 10);
	text_add_bytes(&l->out, ping, sizeof(ping) - 1);
	flush(l);
}

static void hand_up(struct link *l, const char *bytes, size_t len)
{
	msg_t *message = msg_make(sip_default_mclass(), 0, bytes, (ssize_t)len);
	sip_t *sip = message ? sip_object(message) : NULL;

	trace_one(l, false, bytes, len);
	if (sip && (sip->sip_request || sip->sip_status) && sip->sip_via &&
	    sip->sip_from && sip->sip_to && sip->sip_call_id && sip->sip_cseq)
		l->events->message(l, message, l->events->arg);
	else
		link_fail(l, "sent what is not a SIP message");
	msg_destroy(message);
}

/* RFC 5626 §4.4.1: two CRLF ask, one CRLF answers. */
static bool take_keep_alive(struct link *l)
{
	if (l->in.len >= 4 && !memcmp(l->in.data, "\r\n\r\n", 4)) {
		text_drop(&l->in, 4);
		text_add_bytes(&l->out, "\r\n", 2);
		flush(l);
		return true;
	}
	if (l->in.len >= 2 && !memcmp(l->in.data, "\r\n", 2)) {
		text_drop(&l->in, 2);
		trace_one(l, false, "keep-alive answer", 17);
		if (l->events->pong)
			l->events->pong(l, l->events->arg);
		return true;
	}
	return false;
}

static void take_messages(struct link *l)
{
	ssize_t len;

	while (l->in.len && l->state == LINK_OPEN) {
		if (take_keep_alive(l))
			continue;
		len = frame_length(l->in.data, l->in.len);
		if (len < 0)
			link_fail(l, "sent too long a message");
		if (len <= 0)
			return;
		hand_up(l, l->in.data, (size_t)len);
		text_drop(&l->in, (size_t)len);
	}
}

static void take_bytes(struct link *l)
{
	char chunk[16384];
	ssize_t n;

	while (l->state == LINK_OPEN) {
		ERR_clear_error();
		n = l->ssl ? SSL_read(l->ssl, chunk, sizeof(chunk))
			   : recv(l->fd, chunk, sizeof(chunk), 0);
		if (n > 0) {
			text_add_bytes(&l->in, chunk, (size_t)n);
			take_messages(l);
			continue;
		}
		if (l->ssl)
			tls_pause(l, (int)n);
		else if (!n)
			link_fail(l, "closed by the peer");
		else if (errno != EAGAIN)
			link_fail(l, "recv: %s", strerror(errno));
		return;
	}
}

void link_work(struct link *l)
{
	if (l->state == LINK_CONNECTING)
		finish_connect(l);
	if (l->state == LINK_HANDSHAKE)
		handshake(l);
	flush(l);
	take_bytes(l);
}

unsigned link_id(const struct link *l)
{
	return l->id;
}

bool link_is_open(const struct link *l)
{
	return l->state == LINK_OPEN;
}

bool link_is_tls(const struct link *l)
{
	return l->ssl;
}

const char *link_peer(const struct link *l)
{
	return l->peer;
}
