/*
 * One connection of a benchmark program: TLS or TCP, non-blocking, epoll.
 */
#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define READ_STEP 8192

double wire_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void wire_die(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	ERR_print_errors_fp(stderr);
	exit(2);
}

static char *heap_reserve(struct heap *h, size_t more)
{
	if (h->len + more > h->room) {
		h->room = (h->len + more) * 2;
		h->data = realloc(h->data, h->room);
		if (!h->data)
			wire_die("memory");
	}
	return h->data + h->len;
}

void heap_add(struct heap *h, const void *bytes, size_t len)
{
	memcpy(heap_reserve(h, len), bytes, len);
	h->len += len;
}

void heap_drop(struct heap *h, size_t len)
{
	h->len -= len;
	if (h->len) {
		memmove(h->data, h->data + len, h->len);
		return;
	}
	free(h->data);
	*h = (struct heap){0};
}

SSL_CTX *wire_context(const struct wire_trust *t)
{
	SSL_CTX *c = SSL_CTX_new(t->server ? TLS_server_method()
					   : TLS_client_method());
	int verify = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	char file[512];

	if (!c)
		wire_die("SSL_CTX_new");
	SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_read_ahead(c, 1);
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS |
				    SSL_MODE_ENABLE_PARTIAL_WRITE |
				    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (t->name) {
		snprintf(file, sizeof(file), "%s.chain", t->name);
		if (SSL_CTX_use_certificate_chain_file(c, file) != 1)
			wire_die(file);
		snprintf(file, sizeof(file), "%s.key", t->name);
		if (SSL_CTX_use_PrivateKey_file(c, file, SSL_FILETYPE_PEM) != 1)
			wire_die(file);
	}
	if (t->ca && SSL_CTX_load_verify_file(c, t->ca) != 1)
		wire_die(t->ca);
	if (t->ca)
		SSL_CTX_set_verify(c, verify, NULL);
	return c;
}

static struct sockaddr_in loopback(const char *address, int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons((uint16_t)port)};

	if (inet_pton(AF_INET, address, &a.sin_addr) != 1 ||
	    ntohl(a.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET) {
		fprintf(stderr, "%s: not a loopback address\n", address);
		exit(2);
	}
	return a;
}

int wire_listen(const char *address, int port)
{
	struct sockaddr_in a = loopback(address, port);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) || listen(fd, 4096))
		wire_die(address);
	return fd;
}

static void watch(struct wire *w, unsigned events)
{
	struct epoll_event e = {.events = events, .data.ptr = w};
	int op = w->events ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (w->events == events)
		return;
	if (epoll_ctl(w->epoll, op, w->fd, &e))
		wire_die("epoll_ctl");
	w->events = events;
}

static void begin(struct wire *w, int fd, SSL_CTX *tls, bool server)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	w->fd = fd;
	w->events = 0;
	w->up = false;
	w->ssl = tls ? SSL_new(tls) : NULL;
	if (!w->ssl)
		return;
	SSL_set_fd(w->ssl, fd);
	if (server)
		SSL_set_accept_state(w->ssl);
	else
		SSL_set_connect_state(w->ssl);
}

void wire_accepted(struct wire *w, int fd, SSL_CTX *tls)
{
	begin(w, fd, tls, true);
	watch(w, EPOLLIN);
}

int wire_connect(struct wire *w, SSL_CTX *tls, const char *from, const char *to,
		 int port)
{
	struct sockaddr_in src = loopback(from, 0), dst = loopback(to, port);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		wire_die("socket");
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&src, sizeof(src)))
		wire_die(from);
	begin(w, fd, tls, false);
	if (connect(fd, (struct sockaddr *)&dst, sizeof(dst)) &&
	    errno != EINPROGRESS) {
		wire_close(w);
		return -1;
	}
	watch(w, EPOLLIN | EPOLLOUT);
	return 0;
}

/* One SSL call has not gone through: is it only early? */
static bool early(struct wire *w, int rc)
{
	switch (SSL_get_error(w->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		return true;
	case SSL_ERROR_WANT_WRITE:
		watch(w, EPOLLIN | EPOLLOUT);
		return true;
	default:
		return false;
	}
}

static int establish(struct wire *w)
{
	int rc = 1, err = 0;
	socklen_t len = sizeof(err);

	if (w->up)
		return 0;
	ERR_clear_error();
	if (w->ssl)
		rc = SSL_do_handshake(w->ssl);
	else
		getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &err, &len);
	if (err || (rc != 1 && !early(w, rc)))
		return -1;
	if (rc != 1 && SSL_get_error(w->ssl, rc) == SSL_ERROR_WANT_READ)
		watch(w, EPOLLIN);
	w->up = rc == 1;
	return 0;
}

/* Bytes written, 0 when it would block, -1 when it is over. */
static ssize_t put(struct wire *w, const char *bytes, size_t len)
{
	ssize_t n;

	if (!w->ssl) {
		n = send(w->fd, bytes, len, MSG_NOSIGNAL);
		return n < 0 && errno == EAGAIN ? 0 : n;
	}
	ERR_clear_error();
	n = SSL_write(w->ssl, bytes, (int)len);
	if (n > 0)
		return n;
	return early(w, (int)n) ? 0 : -1;
}

static int flush(struct wire *w)
{
	size_t done = 0;
	ssize_t n = 1;

	while (done < w->out.len && n > 0) {
		n = put(w, w->out.data + done, w->out.len - done);
		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	if (done)
		heap_drop(&w->out, done);
	watch(w, w->out.len ? EPOLLIN | EPOLLOUT : EPOLLIN);
	return 0;
}

static ssize_t get(struct wire *w, char *into)
{
	ssize_t n;

	if (!w->ssl) {
		n = recv(w->fd, into, READ_STEP, 0);
		return n ? n : -2;
	}
	ERR_clear_error();
	n = SSL_read(w->ssl, into, READ_STEP);
	if (n > 0)
		return n;
	return early(w, (int)n) ? -1 : -2;
}

static int fill(struct wire *w)
{
	ssize_t n;

	do {
		n = get(w, heap_reserve(&w->in, READ_STEP));
		if (n > 0)
			w->in.len += (size_t)n;
	} while (n == READ_STEP ||
		 (n > 0 && w->ssl && SSL_has_pending(w->ssl)));
	if (!w->in.len)
		heap_drop(&w->in, 0);
	if (n == -1)
		return w->ssl || errno == EAGAIN ? 0 : -1;
	return n < 0 ? -1 : 0;
}

int wire_progress(struct wire *w)
{
	if (establish(w))
		return -1;
	if (!w->up)
		return 0;
	if (flush(w))
		return -1;
	return fill(w);
}

int wire_send(struct wire *w, const void *bytes, size_t len)
{
	if (w->fd < 0)
		return -1;
	heap_add(&w->out, bytes, len);
	return w->up ? flush(w) : 0;
}

int wire_port(const struct wire *w)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);

	getsockname(w->fd, (struct sockaddr *)&a, &len);
	return ntohs(a.sin_port);
}

void wire_close(struct wire *w)
{
	if (w->fd < 0)
		return;
	if (w->ssl && w->up)
		SSL_shutdown(w->ssl);
	SSL_free(w->ssl);
	ERR_clear_error();
	close(w->fd);
	free(w->in.data);
	free(w->out.data);
	w->in = w->out = (struct heap){0};
	w->ssl = NULL;
	w->fd = -1;
	w->up = false;
}
