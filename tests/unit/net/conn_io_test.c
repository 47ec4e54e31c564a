/*
 * conn_io_test.c - bytes in, bytes out, and who waits for whom.
 */
#include "net_scene.h"

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
	CU_ASSERT_TRUE(cert_names_match(seen.accepted->names,
					SLICE("edge01.internal.example")));
	finish();
	CU_ASSERT_EQUAL(seen.closes, 2);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_SHUTDOWN);
}

static void what_is_not_consumed_comes_again_with_more_behind_it(void)
{
	struct guest g;

	begin();
	seen.hold = 10;
	seen.echo = true;
	open_device(&g);
	for (int i = 0; i < 9; i++) {
		CU_ASSERT_EQUAL(send(g.fd, &"0123456789"[i], 1, 0), 1);
		stage_turn(&st);
		CU_ASSERT_EQUAL(seen.accepted_bytes, 0);
	}
	CU_ASSERT_EQUAL(send(g.fd, "9", 1, 0), 1);
	STAGE_UNTIL(&st, seen.accepted_bytes == 10);
	CU_ASSERT_PTR_NULL(conn_inner(seen.accepted)->in);
	guest_close(&g);
	finish();
}

static void what_came_before_a_reset_is_read(void)
{
	struct linger at_once = {.l_onoff = 1};
	struct guest g;

	begin();
	open_device(&g);
	CU_ASSERT_EQUAL(send(g.fd, "0123456789", 10, 0), 10);
	CU_ASSERT_EQUAL(setsockopt(g.fd, SOL_SOCKET, SO_LINGER, &at_once,
				   sizeof(at_once)),
			0);
	guest_close(&g);
	STAGE_UNTIL(&st, seen.closes == 1);
	CU_ASSERT_EQUAL(seen.accepted_bytes, 10);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_ERROR);
	finish();
}

static void remember_rule(const struct failures_sum *sum, void *arg)
{
	*(const char **)arg = sum->rule;
}

/* Who believes no certificate says so, and hangs up on all that we sent. */
static void the_alert_that_came_before_a_reset_says_why(void)
{
	union addr peer;
	const char *rule = "";
	struct failures *f;
	struct guest g;

	begin();
	CU_ASSERT_EQUAL_FATAL(failures_create(&f, 4), 0);
	st.w->conns.failures = f;
	log_set_level(LOG_LEVEL_NOTICE);
	guest_dial(&g, &st.outside, "127.0.0.9");
	addr_parse(&peer, SLICE("127.0.0.9"), 0);
	for (int i = 0; i < FAILURES_TOLD; i++)
		failures_tell(f, &peer, "told before", st.w->pub.now_ms);
	CU_ASSERT_FALSE(guest_shake_strictly(&g, &st));
	guest_close(&g);
	STAGE_UNTIL(&st, seen.closes == 1);
	failures_end(f, UINT64_MAX, remember_rule, &rule);
	CU_ASSERT_STRING_EQUAL(rule, "peer-refused-certificate");
	log_set_level(LOG_LEVEL_ERROR);
	finish();
	failures_destroy(&f);
}

static void an_idle_connection_holds_no_buffers(void)
{
	begin();
	seen.echo = true;
	open_both();
	conn_send(seen.ours, SLICE("x"));
	STAGE_UNTIL(&st, seen.got.n == 1);
	CU_ASSERT_PTR_NULL(conn_inner(seen.ours)->in);
	CU_ASSERT_PTR_NULL(conn_inner(seen.ours)->out);
	CU_ASSERT_PTR_NULL(conn_inner(seen.accepted)->out);
	CU_ASSERT_TRUE(sizeof(struct conn_inner) <= 400);
	finish();
}

/* Far more than a turn's share, than a record and than the socket's buffer. */
static void megabytes_come_through_whole(void)
{
	static char bytes[200 * 1024];
	size_t all = 20 * sizeof(bytes);
	size_t sent = 0, same = 0;

	begin();
	st.lab.s->limits.messages_per_turn = 1;
	seen.echo = true;
	open_both();
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7 + i / 251);
	while (seen.got.n < all) {
		while (sent < all &&
		       !conn_send(seen.ours,
				  (struct slice){bytes, sizeof(bytes)}))
			sent += sizeof(bytes);
		stage_turn(&st);
	}
	for (size_t i = 0; i < all; i++)
		same += seen.got.p[i] == bytes[i % sizeof(bytes)];
	CU_ASSERT_EQUAL(same, all);
	finish();
}

static void a_full_queue_refuses_and_tells_when_there_is_room(void)
{
	size_t limit, queued = 0;
	struct guest g;

	begin();
	limit = st.lab.s->limits.out_queue_bytes;
	open_device(&g);
	/* The kernel takes what it likes: no kilobyte may be left. */
	while (queued + 1024 <= limit || seen.drains) {
		while (send_kilobyte(seen.accepted) == 0)
			;
		seen.drains = 0;
		stage_spin(&st);
		queued = conn_queued(seen.accepted);
	}
	CU_ASSERT_EQUAL(send_kilobyte(seen.accepted), ENOBUFS);
	CU_ASSERT_TRUE(conn_queued(seen.accepted) <= limit);
	CU_ASSERT_TRUE(conn_inner(seen.accepted)->paused);
	while (seen.drains == 0) {
		char bytes[4096];

		guest_read(&g, bytes, sizeof(bytes));
		stage_spin(&st);
	}
	CU_ASSERT_TRUE(conn_queued(seen.accepted) < limit / 2);
	while (conn_queued(seen.accepted) > 0) {
		char bytes[4096];

		guest_read(&g, bytes, sizeof(bytes));
		stage_spin(&st);
	}
	CU_ASSERT_FALSE(conn_inner(seen.accepted)->paused);
	guest_close(&g);
	finish();
}

/* It asks and asks, each answer is as long, and it takes none. */
static void one_that_does_not_read_is_not_read(void)
{
	static const char asked[8192];
	struct guest g;
	size_t before;

	begin();
	seen.echo = true;
	open_device(&g);
	while (!conn_inner(seen.accepted)->paused) {
		send(g.fd, asked, sizeof(asked), MSG_DONTWAIT);
		stage_spin(&st);
	}
	before = seen.accepted_bytes;
	for (int i = 0; i < 100; i++) {
		send(g.fd, asked, sizeof(asked), MSG_DONTWAIT);
		stage_spin(&st);
	}
	CU_ASSERT_EQUAL(seen.accepted_bytes, before);
	CU_ASSERT_TRUE(conn_queued(seen.accepted) <=
		       st.lab.s->limits.out_queue_bytes);
	guest_close(&g);
	finish();
}

static void what_is_queued_leaves_before_the_close(void)
{
	struct guest g;

	begin();
	open_device(&g);
	CU_ASSERT_EQUAL(send(g.fd, "unread", 6, 0), 6);
	conn_send(seen.accepted, SLICE("goodbye"));
	conn_close(seen.accepted, CONN_END_REFUSED);
	CU_ASSERT_EQUAL(guest_drain(&g, &st), 7);
	guest_close(&g);
	finish();
}

static void a_close_over_tls_is_announced(void)
{
	struct guest g;
	char byte;

	begin();
	guest_dial(&g, &st.users, "127.0.0.1");
	CU_ASSERT_TRUE(guest_shake(&g, &st, NULL));
	STAGE_UNTIL(&st, seen.opens == 1);
	conn_send(seen.accepted, SLICE("goodbye"));
	conn_close(seen.accepted, CONN_END_REFUSED);
	CU_ASSERT_EQUAL(guest_drain(&g, &st), 7);
	CU_ASSERT_EQUAL(SSL_get_error(g.ssl, SSL_read(g.ssl, &byte, 1)),
			SSL_ERROR_ZERO_RETURN);
	guest_close(&g);
	finish();
}

static void last_words_of_the_peer_are_heard_before_its_close(void)
{
	struct guest g;

	begin();
	open_device(&g);
	CU_ASSERT_EQUAL(send(g.fd, "bye", 3, 0), 3);
	guest_close(&g);
	STAGE_UNTIL(&st, seen.closes == 1);
	CU_ASSERT_EQUAL(seen.accepted_bytes, 3);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_PEER);
	finish();
}

TEST_MAIN("net/conn_io",
	  {"bytes sent while connecting come back",
	   bytes_sent_while_connecting_come_back},
	  {"what is not consumed comes again with more behind it",
	   what_is_not_consumed_comes_again_with_more_behind_it},
	  {"what came before a reset is read",
	   what_came_before_a_reset_is_read},
	  {"the alert that came before a reset says why",
	   the_alert_that_came_before_a_reset_says_why},
	  {"an idle connection holds no buffers",
	   an_idle_connection_holds_no_buffers},
	  {"megabytes come through whole", megabytes_come_through_whole},
	  {"a full queue refuses, and tells when there is room",
	   a_full_queue_refuses_and_tells_when_there_is_room},
	  {"one that does not read is not read",
	   one_that_does_not_read_is_not_read},
	  {"what is queued leaves before the close",
	   what_is_queued_leaves_before_the_close},
	  {"a close over TLS is announced", a_close_over_tls_is_announced},
	  {"last words of the peer are heard before its close",
	   last_words_of_the_peer_are_heard_before_its_close})
