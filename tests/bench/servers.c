/*
 * The servers behind the edge: a director, or a home that registers and
 * answers calls. Mutual TLS; one thread.
 *
 *   bench-servers director LISTEN CERT CA HOME     answers 302 to HOME
 *   bench-servers home     LISTEN CERT CA DELAY_MS answers a call after DELAY_MS
 */
#include "words.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT	  5061
#define EVENTS	  256
#define PATHS_MAX 2048

/* A client's connection; kept after its end, for a late answer may name it. */
struct peer {
	struct wire wire;
};

/* The 200 to an INVITE, not yet due. All wait equally long: a queue. */
struct late {
	struct late *next;
	struct peer *peer;
	double due;
	struct heap answer;
};

static const char *address, *redirect;
static bool director;
static double delay;
static unsigned long tags;
static struct late *first, **last = &first;

static void answer(struct peer *p, struct piece m, const char *status,
		   const char *extra)
{
	struct words_answer a = {status, ++tags, extra, ""};
	struct heap out = {0};

	words_reply(&out, m, &a);
	wire_send(&p->wire, out.data, out.len);
	free(out.data);
}

static void on_register(struct peer *p, struct piece m)
{
	struct piece contact = words_field(m, "Contact"), path;
	const char *from = m.at;
	char extra[PATHS_MAX];
	int n = snprintf(extra, sizeof(extra), "Contact: %.*s\r\n",
			 (int)contact.len, contact.at ? contact.at : "");

	/* RFC 3327 §5.3 */
	while ((path = words_next(&from, m.at + m.len, "Path")).at &&
	       n < PATHS_MAX)
		n += snprintf(extra + n, sizeof(extra) - (size_t)n,
			      "Path: %.*s\r\n", (int)path.len, path.at);
	answer(p, m, "200 OK", n < PATHS_MAX ? extra : "");
}

static void on_invite(struct peer *p, struct piece m)
{
	struct late *l = calloc(1, sizeof(*l));
	char contact[128];
	struct words_answer ring = {"180 Ringing", ++tags, contact, ""};
	struct words_answer ok = {"200 OK", tags, contact, words_sdp};
	struct heap out = {0};

	if (!l)
		wire_die("memory");
	snprintf(contact, sizeof(contact),
		 "Contact: <sip:called@%s:%d;transport=tls>\r\n", address,
		 PORT);
	words_reply(&out, m, &ring);
	words_reply(&l->answer, m, &ok);
	wire_send(&p->wire, out.data, out.len);
	free(out.data);
	l->peer = p;
	l->due = wire_now() + delay;
	*last = l;
	last = &l->next;
}

static void on_message(struct peer *p, struct piece m)
{
	char contact[160];

	if (!memcmp(m.at, "ACK ", 4) || !memcmp(m.at, "SIP/2.0 ", 8))
		return;
	if (director) {
		snprintf(contact, sizeof(contact),
			 "Contact: <sip:%s:%d;transport=tls>\r\n", redirect,
			 PORT);
		answer(p, m, "302 Moved Temporarily", contact);
	} else if (!memcmp(m.at, "REGISTER ", 9)) {
		on_register(p, m);
	} else if (!memcmp(m.at, "INVITE ", 7)) {
		on_invite(p, m);
	} else {
		answer(p, m, "200 OK", "");
	}
}

static void on_bytes(struct peer *p)
{
	struct heap *in = &p->wire.in;
	size_t at = 0, len;

	while ((len = words_length(in->data + at, in->len - at))) {
		on_message(p, (struct piece){in->data + at, len});
		at += len;
	}
	if (at)
		heap_drop(in, at);
}

static void accept_all(int listener, int epoll, SSL_CTX *tls)
{
	struct peer *p;
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		p = calloc(1, sizeof(*p));
		if (!p)
			wire_die("memory");
		p->wire.epoll = epoll;
		p->wire.owner = p;
		wire_accepted(&p->wire, fd, tls);
	}
}

/* Send what is due; time until the next, in ms. */
static int answer_late(void)
{
	double now = wire_now();
	struct late *l;

	while ((l = first) && l->due <= now) {
		first = l->next;
		if (!first)
			last = &first;
		if (l->peer->wire.fd >= 0)
			wire_send(&l->peer->wire, l->answer.data,
				  l->answer.len);
		free(l->answer.data);
		free(l);
	}
	return first ? (int)((first->due - now) * 1000) + 1 : -1;
}

static void serve(int listener, SSL_CTX *tls)
{
	struct epoll_event e = {.events = EPOLLIN}, events[EVENTS];
	int epoll = epoll_create1(0), n;

	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e);
	for (;;) {
		n = epoll_wait(epoll, events, EVENTS, answer_late());
		for (int i = 0; i < n; i++) {
			struct wire *w = events[i].data.ptr;

			if (!w)
				accept_all(listener, epoll, tls);
			else if (w->fd >= 0 && wire_progress(w))
				wire_close(w);
			else if (w->in.len)
				on_bytes(w->owner);
		}
	}
}

int main(int argc, char **argv)
{
	struct wire_trust trust = {.server = true};

	if (argc != 6) {
		fputs("usage: bench-servers director|home LISTEN CERT CA "
		      "HOME|DELAY_MS\n",
		      stderr);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	director = !strcmp(argv[1], "director");
	address = argv[2];
	trust.name = argv[3];
	trust.ca = argv[4];
	redirect = argv[5];
	delay = director ? 0 : atof(argv[5]) / 1000;
	serve(wire_listen(address, PORT), wire_context(&trust));
}
