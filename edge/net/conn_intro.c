/*
 * conn_intro.c - a load balancer says who is at the other end (PROXY header).
 *
 * Bytes are looked at before they are taken (MSG_PEEK), so that none of the
 * handshake behind the header is. A part of a header is taken and kept: poll
 * would tell of it for ever.
 */
#include "conn_say.h"
#include "proxy_header.h"
#include "worker_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void drop_in(struct conn_inner *c)
{
	if (c->in)
		buf_fini(c->in);
	free(c->in);
	c->in = NULL;
}

static void refuse(struct conn_inner *c, const char *fault)
{
	conn_count_failed(c);
	conn_say_header(c, fault);
	c->broken = true;
	conn_close(&c->pub, CONN_END_HANDSHAKE);
}

/* A balancer looks in this way whether somebody is there, each few seconds. */
static void ended(struct conn_inner *c)
{
	if (c->in) {
		refuse(c, "it ended in the middle of its PROXY header");
		return;
	}
	c->broken = true;
	conn_close(&c->pub, CONN_END_PEER);
}

/* Not even a balancer may lend a stranger an address of ours. */
static bool is_inside(const struct conn_inner *c, const union addr *a)
{
	char text[ADDR_TEXT_MAX];

	return settings_inside_host(c->pub.worker->settings,
				    slice_of(addr_host_text(a, text)));
}

static bool may_enter(struct conn_inner *c, const union addr *source)
{
	struct gate *gate = conn_home(c)->gate;
	enum gate_answer answer;

	if (is_inside(c, source)) {
		refuse(c, "its PROXY header names an address inside");
		return false;
	}
	conn_say_introduced(c, source);
	c->pub.peer = *source;
	c->unnamed = false;
	if (!gate)
		return true;
	answer = gate_introduce(gate, source, c->pub.worker->now_ms);
	c->gated = answer == GATE_OK;
	if (!c->gated) {
		conn_say_turned_away(c, gate_word(answer));
		conn_close(&c->pub, CONN_END_REFUSED);
	}
	return c->gated;
}

static void keep(struct conn_inner *c, struct slice part)
{
	if (!c->in)
		c->in = calloc(1, sizeof(*c->in));
	if (c->in)
		buf_add(c->in, part);
	if (!c->in || c->in->failed)
		conn_close(&c->pub, CONN_END_OVERFLOW);
}

/* HAProxy's health checks name HAProxy in version 1, nobody in version 2. */
static bool is_for_itself(const struct conn_inner *c,
			  const struct proxy_header *h)
{
	return !h->named ||
	       settings_is_balancer(c->pub.worker->settings, &h->source);
}

static void go_on(struct conn_inner *c, const struct proxy_header *h)
{
	drop_in(c);
	if (is_for_itself(c, h) || may_enter(c, &h->source))
		conn_introduced(c);
}

/* Everything up to here is header: what was seen is taken from the socket. */
static void take(struct conn_inner *c, enum proxy_header_answer answer,
		 const struct proxy_header *h, char *fresh, size_t n)
{
	if (recv(c->fd, fresh, n, 0) != (ssize_t)n)
		refuse(c, "its PROXY header cannot be taken");
	else if (answer == PROXY_HEADER_MORE)
		keep(c, (struct slice){fresh, n});
	else
		go_on(c, h);
}

static size_t put_kept(const struct conn_inner *c, char *p)
{
	if (!c->in)
		return 0;
	memcpy(p, c->in->p, c->in->n);
	return c->in->n;
}

void conn_introduce(struct conn_inner *c)
{
	char *p = conn_home(c)->read_buf;
	size_t kept = put_kept(c, p);
	ssize_t got = recv(c->fd, p + kept, PROXY_HEADER_MAX - kept, MSG_PEEK);
	enum proxy_header_answer answer;
	struct proxy_header h;
	size_t seen;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		ended(c);
		return;
	}
	seen = kept + (size_t)got;
	answer = proxy_header_read(&h, (struct slice){p, seen});
	if (answer == PROXY_HEADER_BAD)
		refuse(c, h.fault);
	else if (answer == PROXY_HEADER_MORE)
		take(c, answer, &h, p + kept, seen - kept);
	else
		take(c, answer, &h, p + kept, h.n - kept);
}
