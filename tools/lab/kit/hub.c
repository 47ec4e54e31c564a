/*
 * The lab programs' transport: listeners, names, and the one poll.
 */
#include "kit/hub.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>

#include "kit/link.h"

#define LISTENERS_MAX 8

struct listener {
	int fd;
	bool tls;
};

struct hub {
	const struct hub_settings *settings;
	struct hub_events events;
	struct trace trace;
	SSL_CTX *server;
	SSL_CTX *client;
	struct listener listeners[LISTENERS_MAX];
	size_t listener_count;
	struct link *links;
	size_t link_count;
	unsigned last_id;
	struct pollfd *polled;
	size_t polled_room;
};

long long hub_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static int tls_complain(const char *what, const char *file)
{
	fprintf(stderr, "cannot use %s %s: %s\n", what, file,
		ERR_reason_error_string(ERR_peek_last_error()));
	return EINVAL;
}

static int tls_load(SSL_CTX *ctx, const struct hub_settings *s)
{
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	if (s->trust && !SSL_CTX_load_verify_file(ctx, s->trust))
		return tls_complain("trust", s->trust);
	if (!s->certificate)
		return 0;
	if (SSL_CTX_use_certificate_chain_file(ctx, s->certificate) != 1)
		return tls_complain("certificate", s->certificate);
	if (!s->key ||
	    SSL_CTX_use_PrivateKey_file(ctx, s->key, SSL_FILETYPE_PEM) != 1)
		return tls_complain("key", s->key ? s->key : "(none)");
	return 0;
}

static int tls_create(struct hub *h)
{
	const struct hub_settings *s = h->settings;
	int mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	int err;

	h->server = SSL_CTX_new(TLS_server_method());
	h->client = SSL_CTX_new(TLS_client_method());
	if (!h->server || !h->client)
		return ENOMEM;
	SSL_CTX_set_session_cache_mode(h->server, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(h->server, s->any_client ? SSL_VERIFY_NONE : mode,
			   NULL);
	SSL_CTX_set_verify(h->client, SSL_VERIFY_PEER, NULL);
	err = tls_load(h->server, s);
	return err ? err : tls_load(h->client, s);
}

int hub_create(struct hub **out, const struct hub_settings *settings,
	       const struct hub_events *events)
{
	struct hub *h = calloc(1, sizeof(*h));
	int err;

	if (!h)
		return ENOMEM;
	signal(SIGPIPE, SIG_IGN);
	h->settings = settings;
	h->events = *events;
	err = trace_open(&h->trace, settings->name, settings->trace,
			 settings->dump);
	if (err)
		fprintf(stderr, "cannot open the trace: %s\n", strerror(err));
	if (!err)
		err = tls_create(h);
	*out = h;
	if (err)
		hub_destroy(out);
	return err;
}

void hub_destroy(struct hub **hp)
{
	struct hub *h = *hp;
	struct link *l;

	if (!h)
		return;
	while ((l = h->links)) {
		h->links = l->next;
		link_destroy(l);
	}
	for (size_t i = 0; i < h->listener_count; i++)
		close(h->listeners[i].fd);
	SSL_CTX_free(h->server);
	SSL_CTX_free(h->client);
	trace_close(&h->trace);
	free(h->polled);
	free(h);
	*hp = NULL;
}

const struct trace *hub_trace(const struct hub *h)
{
	return &h->trace;
}

struct link *hub_link(struct hub *h, unsigned id)
{
	struct link *l = h->links;

	while (l && (l->id != id || l->state == LINK_CLOSED))
		l = l->next;
	return l;
}

static struct addrinfo *numeric(const char *address, unsigned port)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	};
	struct addrinfo *found = NULL;
	char service[16], bare[64];
	size_t len = strlen(address);

	if (*address == '[' && len > 2 && len < sizeof(bare)) {
		snprintf(bare, sizeof(bare), "%.*s", (int)len - 2, address + 1);
		address = bare;
	}
	snprintf(service, sizeof(service), "%u", port);
	return getaddrinfo(address, service, &hints, &found) ? NULL : found;
}

/* The lab has no DNS: a name is in --hosts or it is an address. */
static struct addrinfo *resolve(const struct hub *h,
				const struct hub_target *target)
{
	size_t len = strlen(target->host);

	for (size_t i = 0; i < h->settings->host_count; i++) {
		const char *pair = h->settings->hosts[i];

		if (!strncasecmp(pair, target->host, len) && pair[len] == '=')
			return numeric(pair + len + 1, target->port);
	}
	return numeric(target->host, target->port);
}

static int open_socket(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd >= 0)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return fd;
}

int hub_listen(struct hub *h, const char *address, unsigned port, bool tls)
{
	struct addrinfo *ai = numeric(address, port);
	int fd, err = 0;

	if (!ai || h->listener_count == LISTENERS_MAX)
		return EINVAL;
	fd = open_socket(ai);
	if (fd < 0 || bind(fd, ai->ai_addr, ai->ai_addrlen) || listen(fd, 128))
		err = errno;
	freeaddrinfo(ai);
	if (err) {
		fprintf(stderr, "cannot listen on %s:%u: %s\n", address, port,
			strerror(err));
		if (fd >= 0)
			close(fd);
		return err;
	}
	h->listeners[h->listener_count++] = (struct listener){fd, tls};
	return 0;
}

static struct link *add_link(struct hub *h, struct link *l)
{
	l->id = ++h->last_id;
	l->trace = &h->trace;
	l->events = &h->events;
	l->next = h->links;
	h->links = l;
	h->link_count++;
	return l;
}

static bool same_target(const struct hub_target *a, const struct hub_target *b)
{
	return a->port == b->port && a->tls == b->tls &&
	       !strcasecmp(a->host, b->host);
}

/* A peer's own end of a link that it opened: nobody listens there, so what is
 * for it goes down that link, as with RFC 5923 and RFC 5626. */
static bool leads_to(const struct link *l, const struct hub_target *target)
{
	bool six = strchr(target->host, ':') && *target->host != '[';
	char at[300];

	snprintf(at, sizeof(at), six ? "[%s]:%u" : "%s:%u", target->host,
		 target->port);
	if (l->outgoing)
		return same_target(&l->target, target);
	return !l->ssl == !target->tls && !strcasecmp(l->peer, at);
}

static bool bind_source(int fd, const char *source)
{
	struct addrinfo *ai = source ? numeric(source, 0) : NULL;
	bool bound;

	if (!source)
		return true;
	bound = ai && !bind(fd, ai->ai_addr, ai->ai_addrlen);
	if (ai)
		freeaddrinfo(ai);
	return bound;
}

static int start_connect(const struct hub *h, const struct addrinfo *ai)
{
	int fd = open_socket(ai);

	if (fd < 0)
		return -1;
	if (bind_source(fd, h->settings->source) &&
	    (!connect(fd, ai->ai_addr, ai->ai_addrlen) || errno == EINPROGRESS))
		return fd;
	close(fd);
	return -1;
}

struct link *hub_connect(struct hub *h, const struct hub_target *target)
{
	struct addrinfo *ai;
	struct link *l;
	int fd;

	for (l = h->links; l; l = l->next)
		if (l->state != LINK_CLOSED && leads_to(l, target))
			return l;

	ai = resolve(h, target);
	if (!ai)
		return NULL;
	fd = start_connect(h, ai);
	freeaddrinfo(ai);
	if (fd < 0)
		return NULL;
	l = link_create(fd, true, target->tls ? h->client : NULL, target);
	return add_link(h, l);
}

static void accept_all(struct hub *h, const struct listener *listener)
{
	int fd;

	while ((fd = accept4(listener->fd, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		add_link(h,
			 link_create(fd, false,
				     listener->tls ? h->server : NULL, NULL));
}

static size_t prepare_poll(struct hub *h)
{
	size_t need = h->listener_count + h->link_count, n = 0;

	if (need > h->polled_room) {
		h->polled_room = need * 2;
		h->polled =
			realloc(h->polled, h->polled_room * sizeof(*h->polled));
		if (!h->polled)
			abort();
	}
	for (size_t i = 0; i < h->listener_count; i++)
		h->polled[n++] = (struct pollfd){h->listeners[i].fd, POLLIN, 0};
	for (struct link *l = h->links; l; l = l->next)
		h->polled[n++] = (struct pollfd){l->fd, link_events(l), 0};
	return n;
}

static void bury(struct hub *h)
{
	struct link **at = &h->links, *l;

	while ((l = *at)) {
		if (l->state != LINK_CLOSED) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		h->link_count--;
		h->events.closed(l, l->why, h->events.arg);
		link_destroy(l);
		at = &h->links; /* closed() may have opened others */
	}
}

static void expire(struct hub *h)
{
	long long now_ms = hub_now_ms();

	for (struct link *l = h->links; l; l = l->next)
		if (l->state < LINK_OPEN && now_ms > l->open_by_ms)
			link_fail(l, "not open in time");
}

void hub_step(struct hub *h, int wait_ms)
{
	size_t count = prepare_poll(h), first = h->listener_count;
	struct link *l = h->links;

	/* Wake up now and then for the deadlines. */
	if (wait_ms < 0 || wait_ms > 1000)
		wait_ms = 1000;
	if (poll(h->polled, count, wait_ms) > 0) {
		/* New links go to the head: those polled keep their order. */
		for (size_t i = first; i < count; i++, l = l->next)
			if (h->polled[i].revents && l->state != LINK_CLOSED)
				link_work(l);
		for (size_t i = 0; i < first; i++)
			if (h->polled[i].revents)
				accept_all(h, &h->listeners[i]);
	}
	expire(h);
	bury(h);
}
