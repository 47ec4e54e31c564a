/**
 * @file net_scene.h
 * A stage with connections on it, and what the room above saw of them.
 *
 * Both ends live on one worker: it connects to its own listeners. Where the
 * other end must misbehave it is a bare socket.
 */
#ifndef TESTS_UNIT_NET_SCENE_H
#define TESTS_UNIT_NET_SCENE_H

#include "../cunit_main.h"
#include "net_lab.h"

/** What the events saw. */
struct seen {
	unsigned opens, closes, drains;
	enum conn_end ends[8];
	struct conn *accepted, *ours;
	struct buf got; /* by ours */
	size_t accepted_bytes;
	size_t hold; /* accepted: consume nothing before so many */
	bool echo;
};

static struct seen seen;
static struct stage st;

static inline void on_open(struct conn *c, void *arg)
{
	(void)arg;
	seen.opens++;
	if (c->door == DOOR_OUT)
		seen.ours = c;
	else
		seen.accepted = c;
}

static inline size_t on_bytes(struct conn *c, struct slice in, void *arg)
{
	(void)arg;
	if (c->door == DOOR_OUT) {
		buf_add(&seen.got, in);
		return in.n;
	}
	if (in.n < seen.hold)
		return 0;
	seen.accepted_bytes += in.n;
	if (seen.echo)
		CU_ASSERT_EQUAL(conn_send(c, in), 0);
	return in.n;
}

static inline void on_drained(struct conn *c, void *arg)
{
	(void)c, (void)arg;
	seen.drains++;
}

static inline void on_closed(struct conn *c, enum conn_end why, void *arg)
{
	(void)arg;
	if (seen.closes < 8)
		seen.ends[seen.closes] = why;
	seen.closes++;
	if (c == seen.ours)
		seen.ours = NULL;
	if (c == seen.accepted)
		seen.accepted = NULL;
}

static const struct conn_events events = {
	.open = on_open,
	.bytes = on_bytes,
	.drained = on_drained,
	.closed = on_closed,
};

static inline void begin(void)
{
	buf_fini(&seen.got);
	seen = (struct seen){0};
	stage_open(&st, &events, NULL);
}

static inline void finish(void)
{
	stage_close(&st);
	buf_fini(&seen.got);
}

static inline struct conn *reach(const union addr *to, const char *name)
{
	struct conn *c = NULL;

	CU_ASSERT_EQUAL_FATAL(
		conn_reach(&c, &st.w->pub,
			   &(struct conn_way){.leg = LEG_INSIDE,
					      .tls = true,
					      .to = to,
					      .name = slice_of(name)}),
		0);
	return c;
}

static inline struct conn *reach_inside(void)
{
	return reach(&st.inside, "Edge01.internal.example");
}

/* Both ends open: ours in seen.ours, the other in seen.accepted. */
static inline void open_both(void)
{
	reach_inside();
	STAGE_UNTIL(&st, seen.opens == 2);
}

/* A device without TLS; the test holds its other end. */
static inline void open_device(struct guest *g)
{
	guest_dial(g, &st.device, "127.0.0.2");
	STAGE_UNTIL(&st, seen.opens == 1);
}

/* One more kilobyte for a queue. */
static inline int send_kilobyte(struct conn *c)
{
	static const char kilobyte[1024];

	return conn_send(c, (struct slice){kilobyte, sizeof(kilobyte)});
}

#endif
