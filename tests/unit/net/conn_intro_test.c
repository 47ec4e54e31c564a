/*
 * conn_intro_test.c - a balancer says who is at the other end.
 *
 * The balancer is 127.0.0.8; who it speaks for is anybody.
 */
#include "net_scene.h"

#include <poll.h>

#define ALICE	"PROXY TCP4 198.51.100.7 192.0.2.10 54321 5061\r\n"
#define BOB	"PROXY TCP4 198.51.100.8 192.0.2.10 54321 5061\r\n"
#define INSIDER "PROXY TCP4 10.0.0.21 192.0.2.10 54321 5061\r\n"
#define ITSELF	"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00"
#define OWN	"PROXY TCP4 127.0.0.8 127.0.0.1 54321 5061\r\n"
#define ALICE_2                                                                \
	"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x12"                                 \
	"\xc6\x33\x64\x07\xc0\x00\x02\x0a\xd4\x31\x13\xc5"                     \
	"\x04\x00\x03"                                                         \
	"abc"

static struct addr_prefix balancers, networks;

static void list_them(struct lab *l)
{
	addr_prefix_parse(&balancers, SLICE("127.0.0.8/32"));
	addr_prefix_parse(&networks, SLICE("10.0.0.0/8"));
	l->s->leg[LEG_OUTSIDE].proxy_from = &balancers;
	l->s->leg[LEG_OUTSIDE].proxy_froms = 1;
	l->s->inside_network = &networks;
	l->s->inside_networks = 1;
}

static void arrange(struct gate_limits limits)
{
	lab_arrange = list_them;
	begin();
	gate_set(st.set->gate, &limits);
}

static void say(struct guest *g, struct slice bytes)
{
	CU_ASSERT_EQUAL(send(g->fd, bytes.p, bytes.n, MSG_NOSIGNAL),
			(ssize_t)bytes.n);
}

static void dial(struct guest *g, struct slice header)
{
	guest_dial(g, &st.outside, "127.0.0.8");
	if (header.n > 0)
		say(g, header);
}

static const struct gate_limits WIDE = {64, 1000, 512, 1024};

static void is_from(const struct conn *c, const char *peer)
{
	char text[ADDR_TEXT_MAX];

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	CU_ASSERT_STRING_EQUAL(addr_host_text(&c->peer, text), peer);
}

/* The handshake is sent right behind the header: not a byte of it is lost. */
static void open_as(struct slice header, const union addr *door,
		    const char *peer)
{
	struct guest g;
	char text[ADDR_TEXT_MAX];

	arrange(WIDE);
	guest_dial(&g, door, "127.0.0.8");
	say(&g, header);
	CU_ASSERT_TRUE(guest_shake(&g, &st, NULL));
	STAGE_UNTIL(&st, seen.opens == 1);
	is_from(seen.accepted, peer);
	CU_ASSERT_STRING_EQUAL(addr_host_text(&seen.accepted->local, text),
			       "127.0.0.1");
	CU_ASSERT_EQUAL(SSL_write(g.ssl, "hello", 5), 5);
	STAGE_UNTIL(&st, seen.accepted_bytes == 5);
	guest_close(&g);
	STAGE_UNTIL(&st, seen.closes == 1);
	finish();
}

static void the_peer_is_whom_the_header_names(void)
{
	open_as(SLICE(ALICE), &st.outside, "198.51.100.7");
	open_as(SLICE(ALICE_2), &st.outside, "198.51.100.7");
	open_as(SLICE(ALICE_2), &st.users, "198.51.100.7");
}

static void a_header_of_its_own_leaves_the_balancer(void)
{
	open_as(SLICE(ITSELF), &st.outside, "127.0.0.8");
	open_as(SLICE("PROXY UNKNOWN\r\n"), &st.outside, "127.0.0.8");
}

static bool nothing_to_read(void)
{
	struct pollfd p = {.events = POLLIN};

	for (uint32_t i = 0; i < st.w->conns.slots.n; i++) {
		const struct conn_inner *c = st.w->conns.slots.v[i].conn;

		p.fd = c ? c->fd : -1;
		if (c && poll(&p, 1, 0) != 0)
			return false;
	}
	return true;
}

/* What is kept of it does not wake the loop again and again. */
static void drip(struct slice header)
{
	struct guest g;

	arrange(WIDE);
	dial(&g, (struct slice){0});
	for (size_t i = 0; i < header.n; i++) {
		say(&g, (struct slice){header.p + i, 1});
		stage_turn(&st);
		stage_spin(&st);
		CU_ASSERT_TRUE(nothing_to_read());
	}
	CU_ASSERT_TRUE(guest_shake(&g, &st, NULL));
	STAGE_UNTIL(&st, seen.opens == 1);
	is_from(seen.accepted, "198.51.100.7");
	guest_close(&g);
	finish();
}

static void a_header_may_come_byte_by_byte(void)
{
	drip(SLICE(ALICE));
	drip(SLICE(ALICE_2));
}

/* Closed without a word, and not counted for ever. */
static void closed(struct slice bytes, enum conn_end why)
{
	struct guest g;

	arrange(WIDE);
	dial(&g, bytes);
	CU_ASSERT_EQUAL(guest_drain(&g, &st), 0);
	STAGE_UNTIL(&st, seen.closes == 1);
	CU_ASSERT_EQUAL(seen.ends[0], why);
	CU_ASSERT_EQUAL(seen.opens, 0);
	CU_ASSERT_EQUAL(st.w->pub.counters.handshakes_failed, 1);
	guest_close(&g);
	finish();
}

static void what_is_no_header_is_closed(void)
{
	closed(SLICE("\x16\x03\x01\x02\x00\x01\x00\x01"), CONN_END_HANDSHAKE);
	closed(SLICE("OPTIONS sip:x SIP/2.0\r\n\r\n"), CONN_END_HANDSHAKE);
	closed(SLICE("PROXY TCP4 x y 1 2\r\n"), CONN_END_HANDSHAKE);
}

static void an_address_inside_is_not_lent(void)
{
	closed(SLICE(INSIDER), CONN_END_HANDSHAKE);
	closed(SLICE("PROXY TCP4 127.0.0.2 192.0.2.10 54321 5061\r\n"),
	       CONN_END_HANDSHAKE);
	closed(SLICE("PROXY TCP6 ::ffff:10.0.0.21 ::ffff:192.0.2.10 1 2\r\n"),
	       CONN_END_HANDSHAKE);
	closed(SLICE("PROXY TCP6 ::1 2001:db8::a 1 2\r\n"), CONN_END_HANDSHAKE);
}

/* It is not TLS then. */
static void nobody_else_may_introduce(void)
{
	struct guest g;

	arrange(WIDE);
	guest_dial(&g, &st.outside, "127.0.0.9");
	say(&g, SLICE(ALICE));
	guest_drain(&g, &st);
	STAGE_UNTIL(&st, seen.closes == 1);
	CU_ASSERT_EQUAL(seen.opens, 0);
	guest_close(&g);
	guest_dial(&g, &st.outside, "127.0.0.9");
	CU_ASSERT_TRUE(guest_shake(&g, &st, NULL));
	STAGE_UNTIL(&st, seen.opens == 1);
	is_from(seen.accepted, "127.0.0.9");
	guest_close(&g);
	finish();
}

static void inside_no_header_is_waited_for(void)
{
	struct guest g;

	arrange(WIDE);
	guest_dial(&g, &st.inside, "127.0.0.8");
	CU_ASSERT_TRUE(guest_shake(&g, &st, &st.lab.in));
	STAGE_UNTIL(&st, seen.opens == 1);
	is_from(seen.accepted, "127.0.0.8");
	guest_close(&g);
	finish();
}

/* One unproven connection an address. */
static void those_who_are_named_are_counted(void)
{
	struct gate_limits one = {1, 1000, 512, 1024};
	struct guest a, again, b;

	arrange(one);
	dial(&a, SLICE(ALICE));
	CU_ASSERT_TRUE(guest_shake(&a, &st, NULL));
	STAGE_UNTIL(&st, seen.opens == 1);
	dial(&again, SLICE(ALICE_2));
	CU_ASSERT_EQUAL(guest_drain(&again, &st), 0);
	STAGE_UNTIL(&st, seen.closes == 1);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_REFUSED);
	dial(&b, SLICE(BOB));
	CU_ASSERT_TRUE(guest_shake(&b, &st, NULL));
	guest_close(&a);
	STAGE_UNTIL(&st, seen.closes == 2);
	guest_close(&again);
	dial(&again, SLICE(ALICE));
	CU_ASSERT_TRUE(guest_shake(&again, &st, NULL));
	guest_close(&again);
	guest_close(&b);
	finish();
}

static void new_ones_a_second_are_counted_for_those_who_are_named(void)
{
	struct gate_limits two = {64, 2, 512, 1024};
	struct guest a[3], b;

	arrange(two);
	for (int i = 0; i < 3; i++)
		dial(&a[i], SLICE(ALICE));
	CU_ASSERT_EQUAL(guest_drain(&a[2], &st), 0);
	CU_ASSERT_EQUAL(st.w->conns.slots.used, 2);
	dial(&b, SLICE(BOB));
	CU_ASSERT_TRUE(guest_shake(&b, &st, NULL));
	for (int i = 0; i < 3; i++)
		guest_close(&a[i]);
	guest_close(&b);
	finish();
}

/* Neither silent ones nor its health checks. */
static void the_balancer_is_not_counted_by_its_address(void)
{
	struct gate_limits one = {1, 1, 512, 1024};
	struct guest g[4];

	arrange(one);
	for (int i = 0; i < 4; i++) {
		dial(&g[i], i < 2 ? SLICE(ITSELF) : (struct slice){0});
		if (i < 2)
			CU_ASSERT_TRUE(guest_shake(&g[i], &st, NULL));
	}
	STAGE_UNTIL(&st, seen.opens == 2);
	STAGE_UNTIL(&st, st.w->conns.slots.used == 4);
	for (int i = 0; i < 4; i++)
		guest_close(&g[i]);
	STAGE_UNTIL(&st, seen.closes == 4);
	dial(&g[0], SLICE(ITSELF));
	CU_ASSERT_TRUE(guest_shake(&g[0], &st, NULL));
	guest_close(&g[0]);
	finish();
}

/* HAProxy looks so whether we are there: a header, and no handshake. */
static void its_health_check_is_no_failure(void)
{
	static const struct slice checks[] = {
		{ITSELF, sizeof(ITSELF) - 1},
		{OWN, sizeof(OWN) - 1},
	};
	struct linger at_once = {.l_onoff = 1};
	struct guest g;

	arrange(WIDE);
	for (unsigned i = 0; i < 4; i++) {
		dial(&g, checks[i / 2]);
		if (i % 2)
			setsockopt(g.fd, SOL_SOCKET, SO_LINGER, &at_once,
				   sizeof(at_once));
		guest_close(&g);
		STAGE_UNTIL(&st, seen.closes == i + 1);
		CU_ASSERT_EQUAL(seen.ends[i], CONN_END_PEER);
	}
	CU_ASSERT_EQUAL(st.w->pub.counters.handshakes_failed, 0);
	dial(&g, checks[0]);
	say(&g, SLICE("\x16\x03\x01"));
	guest_close(&g);
	STAGE_UNTIL(&st, seen.closes == 5);
	CU_ASSERT_EQUAL(st.w->pub.counters.handshakes_failed, 1);
	finish();
}

static void it_may_prove_itself_and_lose_it_again(void)
{
	struct gate_limits one = {1, 1, 512, 1024};
	struct guest g[2];

	arrange(one);
	for (unsigned i = 0; i < 2; i++) {
		dial(&g[i], SLICE(ITSELF));
		CU_ASSERT_TRUE(guest_shake(&g[i], &st, NULL));
		STAGE_UNTIL(&st, seen.opens == i + 1);
		conn_trust(seen.accepted, CONN_PROVEN);
		conn_trust(seen.accepted, CONN_UNPROVEN);
		CU_ASSERT_TRUE(seen.accepted->open);
	}
	guest_close(&g[0]);
	guest_close(&g[1]);
	finish();
}

static void one_who_is_named_is_counted_when_it_loses_it_again(void)
{
	struct gate_limits one = {1, 1000, 512, 1024};
	struct guest a, again;

	arrange(one);
	dial(&a, SLICE(ALICE));
	CU_ASSERT_TRUE(guest_shake(&a, &st, NULL));
	STAGE_UNTIL(&st, seen.opens == 1);
	conn_trust(seen.accepted, CONN_PROVEN);
	conn_trust(seen.accepted, CONN_UNPROVEN);
	dial(&again, SLICE(ALICE));
	CU_ASSERT_EQUAL(guest_drain(&again, &st), 0);
	STAGE_UNTIL(&st, seen.closes > 0);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_REFUSED);
	guest_close(&a);
	guest_close(&again);
	finish();
}

/* And those who wait for their header are handshakes under way. */
static void handshakes_at_once_are_bounded_all_the_same(void)
{
	struct gate_limits two = {64, 1000, 2, 1024};
	struct guest g[3];

	arrange(two);
	for (int i = 0; i < 3; i++)
		dial(&g[i], (struct slice){0});
	CU_ASSERT_EQUAL(guest_drain(&g[2], &st), 0);
	CU_ASSERT_EQUAL(st.w->conns.slots.used, 2);
	guest_close(&g[2]);
	guest_close(&g[1]);
	STAGE_UNTIL(&st, seen.closes == 1);
	dial(&g[1], SLICE(ALICE));
	CU_ASSERT_TRUE(guest_shake(&g[1], &st, NULL));
	guest_close(&g[0]);
	guest_close(&g[1]);
	finish();
}

/* The header and the handshake share one deadline. */
static void a_header_has_the_time_of_a_handshake(void)
{
	struct guest silent, slow;
	uint64_t ms;

	arrange(WIDE);
	ms = st.lab.s->limits.handshake_s * UINT64_C(1000);
	dial(&silent, (struct slice){0});
	dial(&slow, SLICE("PROXY TCP4 198."));
	STAGE_UNTIL(&st, st.w->conns.slots.used == 2);
	stage_later(&st, ms - 1000);
	CU_ASSERT_EQUAL(seen.closes, 0);
	say(&slow, SLICE("51.100.7 192.0.2.10 54321 5061\r\n"));
	stage_turn(&st);
	stage_later(&st, ms + 1000);
	STAGE_UNTIL(&st, seen.closes == 2);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_DEADLINE_HANDSHAKE);
	CU_ASSERT_EQUAL(seen.ends[1], CONN_END_DEADLINE_HANDSHAKE);
	CU_ASSERT_EQUAL(st.w->pub.counters.handshakes_failed, 2);
	guest_close(&silent);
	guest_close(&slow);
	finish();
}

static void hang_up_hard(struct guest *g)
{
	const struct linger now = {.l_onoff = 1};

	setsockopt(g->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	guest_close(g);
}

/* Only one that ends amidst a header has failed. */
static void a_look_at_the_port_is_no_failure(void)
{
	struct guest g;

	arrange(WIDE);
	for (unsigned i = 0; i < 4; i++) {
		dial(&g, i < 2 ? (struct slice){0} : SLICE("PROXY TCP4"));
		STAGE_UNTIL(&st, st.w->conns.slots.used == 1);
		stage_spin(&st);
		if (i % 2)
			hang_up_hard(&g);
		else
			guest_close(&g);
		STAGE_UNTIL(&st, seen.closes == i + 1);
		CU_ASSERT_EQUAL(seen.ends[i],
				i < 2 ? CONN_END_PEER : CONN_END_HANDSHAKE);
	}
	CU_ASSERT_EQUAL(st.w->pub.counters.handshakes_failed, 2);
	finish();
}

static void the_end_finds_some_that_wait(void)
{
	struct guest g[2];

	arrange(WIDE);
	dial(&g[0], (struct slice){0});
	dial(&g[1], SLICE("PROXY TCP4 198."));
	STAGE_UNTIL(&st, st.w->conns.slots.used == 2);
	stage_spin(&st);
	finish();
	guest_close(&g[0]);
	guest_close(&g[1]);
}

TEST_MAIN("net/conn_intro",
	  {"the peer is whom the header names",
	   the_peer_is_whom_the_header_names},
	  {"a header of its own leaves the balancer",
	   a_header_of_its_own_leaves_the_balancer},
	  {"a header may come byte by byte", a_header_may_come_byte_by_byte},
	  {"what is no header is closed", what_is_no_header_is_closed},
	  {"an address inside is not lent", an_address_inside_is_not_lent},
	  {"nobody else may introduce", nobody_else_may_introduce},
	  {"inside no header is waited for", inside_no_header_is_waited_for},
	  {"those who are named are counted", those_who_are_named_are_counted},
	  {"new ones a second are counted for those who are named",
	   new_ones_a_second_are_counted_for_those_who_are_named},
	  {"the balancer is not counted by its address",
	   the_balancer_is_not_counted_by_its_address},
	  {"it may prove itself and lose it again",
	   it_may_prove_itself_and_lose_it_again},
	  {"its health check is no failure", its_health_check_is_no_failure},
	  {"one who is named is counted when it loses it again",
	   one_who_is_named_is_counted_when_it_loses_it_again},
	  {"handshakes at once are bounded all the same",
	   handshakes_at_once_are_bounded_all_the_same},
	  {"a header has the time of a handshake",
	   a_header_has_the_time_of_a_handshake},
	  {"a look at the port is no failure",
	   a_look_at_the_port_is_no_failure},
	  {"the end finds some that wait", the_end_finds_some_that_wait})
