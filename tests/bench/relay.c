/*
 * Not a proxy but the floor that one stands on: each chunk that a client
 * sends goes to a server over TLS and back, unread. One thread.
 *
 *   bench-relay OUTSIDE INSIDE HOME CERTS [DIRECTOR]
 *
 * Listens on OUTSIDE 5061 (TLS) and 5060 (TCP), leaves by INSIDE. With a
 * DIRECTOR each chunk goes there first and, when that says 302, on to HOME.
 * A connection to a server belongs to one client and is kept for the next.
 */
#include "wire.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 256

enum { CLIENT, HOME, DIRECTOR, KINDS };

struct end {
	struct wire wire;
	int kind;
	struct end *client;	   /* of a server end; NULL when spare */
	struct end *server[KINDS]; /* of a client */
	struct end *next;	   /* spare, or dead */
	struct heap asked;	   /* of a client: kept for the redirect */
};

static const char *inside, *address[KINDS];
static SSL_CTX *to_client, *to_server;
static struct end *spare[KINDS], *dead;
static int epoll;

static struct end *end_create(int kind)
{
	struct end *e = calloc(1, sizeof(*e));

	if (!e)
		wire_die("memory");
	e->kind = kind;
	e->wire.epoll = epoll;
	e->wire.owner = e;
	return e;
}

static struct end *server_of(struct end *client, int kind)
{
	struct end *s = client->server[kind];

	if (s)
		return s;
	s = spare[kind];
	if (s) {
		spare[kind] = s->next;
	} else {
		s = end_create(kind);
		if (wire_connect(&s->wire, to_server, inside, address[kind],
				 5061))
			wire_die(address[kind]);
	}
	s->client = client;
	client->server[kind] = s;
	return s;
}

static void from_client(struct end *c)
{
	struct heap *in = &c->wire.in;
	int kind = address[DIRECTOR] ? DIRECTOR : HOME;

	if (kind == DIRECTOR) {
		heap_drop(&c->asked, c->asked.len);
		heap_add(&c->asked, in->data, in->len);
	}
	wire_send(&server_of(c, kind)->wire, in->data, in->len);
	heap_drop(in, in->len);
}

static void from_server(struct end *s)
{
	static const char moved[] = "SIP/2.0 302";
	struct heap *in = &s->wire.in;
	struct end *c = s->client;

	if (!c)
		; /* its client has left */
	else if (s->kind == DIRECTOR && in->len > sizeof(moved) &&
		 !memcmp(in->data, moved, sizeof(moved) - 1))
		wire_send(&server_of(c, HOME)->wire, c->asked.data,
			  c->asked.len);
	else
		wire_send(&c->wire, in->data, in->len);
	heap_drop(in, in->len);
}

static void client_left(struct end *c)
{
	for (int kind = HOME; kind < KINDS; kind++) {
		struct end *s = c->server[kind];

		if (!s)
			continue;
		s->client = NULL;
		s->next = spare[kind];
		spare[kind] = s;
	}
	wire_close(&c->wire);
	c->next = dead;
	dead = c;
}

static void work(struct end *e)
{
	int over;

	if (e->wire.fd < 0)
		return;
	over = wire_progress(&e->wire);
	if (e->wire.in.len && e->kind == CLIENT)
		from_client(e);
	else if (e->wire.in.len)
		from_server(e);
	if (over && e->kind != CLIENT)
		exit(0); /* the servers have been stopped */
	if (over)
		client_left(e);
}

static void bury(void)
{
	struct end *e;

	while ((e = dead)) {
		dead = e->next;
		free(e->asked.data);
		free(e);
	}
}

static void accept_all(int listener, SSL_CTX *tls)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
		wire_accepted(&end_create(CLIENT)->wire, fd, tls);
}

static void serve(int *listener)
{
	struct epoll_event e = {.events = EPOLLIN}, events[EVENTS];
	int n;

	for (int i = 0; i < 2; i++) {
		e.data.ptr = &listener[i];
		epoll_ctl(epoll, EPOLL_CTL_ADD, listener[i], &e);
	}
	for (;;) {
		n = epoll_wait(epoll, events, EVENTS, -1);
		for (int i = 0; i < n; i++) {
			void *at = events[i].data.ptr;

			if (at == &listener[0])
				accept_all(listener[0], to_client);
			else if (at == &listener[1])
				accept_all(listener[1], NULL);
			else
				work(((struct wire *)at)->owner);
		}
		bury();
	}
}

int main(int argc, char **argv)
{
	char outer[512], inner[512], ca[512];
	struct wire_trust client = {true, outer, NULL};
	struct wire_trust server = {false, inner, ca};
	int listener[2];

	if (argc != 5 && argc != 6) {
		fputs("usage: bench-relay OUTSIDE INSIDE HOME CERTS "
		      "[DIRECTOR]\n",
		      stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	inside = argv[2];
	address[HOME] = argv[3];
	address[DIRECTOR] = argv[5];
	snprintf(outer, sizeof(outer), "%s/edge-ext", argv[4]);
	snprintf(inner, sizeof(inner), "%s/edge-int", argv[4]);
	snprintf(ca, sizeof(ca), "%s/int-ca.crt", argv[4]);
	to_client = wire_context(&client);
	to_server = wire_context(&server);
	epoll = epoll_create1(0);
	listener[0] = wire_listen(argv[1], 5061);
	listener[1] = wire_listen(argv[1], 5060);
	serve(listener);
}
