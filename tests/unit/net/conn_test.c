/*
 * conn_test.c - connections of one worker whose loop the test turns.
 *
 * Both ends live on that worker: it connects to its own listeners. Where the
 * other end must misbehave it is a bare socket.
 */
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
	bool echo, deaf;
};

static struct seen seen;
static struct stage st;

static void on_open(struct conn *c, void *arg)
{
	(void)arg;
	seen.opens++;
	if (c->door == DOOR_OUT)
		seen.ours = c;
	else
		seen.accepted = c;
}

static size_t on_bytes(struct conn *c, struct slice in, void *arg)
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

static void on_drained(struct conn *c, void *arg)
{
	(void)c, (void)arg;
	seen.drains++;
}

static void on_closed(struct conn *c, enum conn_end why, void *arg)
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

static const struct conn_events events = {on_open, on_bytes, on_drained,
					  on_closed};

static void begin(void)
{
	buf_fini(&seen.got);
	seen = (struct seen){0};
	stage_open(&st, &events, NULL);
}

static void finish(void)
{
	stage_close(&st);
	buf_fini(&seen.got);
}

static struct conn *reach_inside(void)
{
	struct conn *c = NULL;

	CU_ASSERT_EQUAL_FATAL(conn_reach(&c, &st.w->pub, LEG_INSIDE, true,
					 &st.inside,
					 SLICE("Edge01.internal.example")),
			      0);
	return c;
}

static void bytes_sent_while_connecting_come_back(void)
{
	struct conn *c;

	begin();
	seen.echo = true;
	c = reach_inside();
	CU_ASSERT_FALSE(c->open);
	CU_ASSERT_EQUAL(conn_send(c, SLICE("hello ")), 0);
	CU_ASSERT_EQUAL(conn_send(c, SLICE("world")), 0);
	CU_ASSERT_EQUAL(conn_queued(c), 11);
	STAGE_UNTIL(&st, seen.got.n == 11);
	CU_ASSERT_EQUAL(memcmp(seen.got.p, "hello world", 11), 0);
	CU_ASSERT_EQUAL(conn_queued(c), 0);
	CU_ASSERT_TRUE(peer_names_match(seen.accepted->names,
					SLICE("edge01.internal.example")));
	finish();
	CU_ASSERT_EQUAL(seen.closes, 2);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_SHUTDOWN);
}

TEST_MAIN("net/conn", {"bytes sent while connecting come back",
		       bytes_sent_while_connecting_come_back})
