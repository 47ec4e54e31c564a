/*
 * listener_test.c - who comes in, and who is turned away.
 */
#include "../cunit_main.h"
#include "net_lab.h"

#include <sys/resource.h>

static struct stage st;
static unsigned opens, closes;

static void on_open(struct conn *c, void *arg)
{
	(void)c, (void)arg;
	opens++;
}

static size_t on_bytes(struct conn *c, struct slice in, void *arg)
{
	(void)c, (void)arg;
	return in.n;
}

static void on_drained(struct conn *c, void *arg)
{
	(void)c, (void)arg;
}

static void on_closed(struct conn *c, enum conn_end why, void *arg)
{
	(void)c, (void)why, (void)arg;
	closes++;
}

static void begin(void)
{
	static const struct conn_events events = {
		.open = on_open,
		.bytes = on_bytes,
		.drained = on_drained,
		.closed = on_closed,
	};

	opens = closes = 0;
	stage_open(&st, &events, NULL);
}

static void finish(void)
{
	stage_close(&st);
}

static struct listener_door door_at(const char *host, uint16_t port)
{
	struct listener_door at = {.leg = LEG_OUTSIDE, .door = DOOR_TLS};

	CU_ASSERT_EQUAL_FATAL(addr_parse(&at.addr, slice_of(host), port), 0);
	return at;
}

static void port_0_becomes_the_port_that_was_found(void)
{
	struct listener_door at = door_at("127.0.0.1", 0);
	char why[WHY_MAX];
	int fd;

	CU_ASSERT_EQUAL_FATAL(listener_bind(&fd, &at, false, why), 0);
	CU_ASSERT_NOT_EQUAL(addr_port(&at.addr), 0);
	close(fd);
}

static void a_port_in_use_is_named_with_its_cure(void)
{
	struct listener_door at = door_at("127.0.0.1", 0);
	char why[WHY_MAX], text[ADDR_TEXT_MAX];
	int fd, other;

	CU_ASSERT_EQUAL_FATAL(listener_bind(&fd, &at, false, why), 0);
	CU_ASSERT_EQUAL(listener_bind(&other, &at, false, why), EADDRINUSE);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, addr_text(&at.addr, text)));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "set another port"));
	close(fd);
}

static void an_address_that_is_not_ours_is_named(void)
{
	struct listener_door at = door_at("192.0.2.77", 5061);
	char why[WHY_MAX];
	int fd;

	CU_ASSERT_EQUAL(listener_bind(&fd, &at, false, why), EADDRNOTAVAIL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "192.0.2.77:5061"));
}

static void workers_share_a_port_and_the_probe_sees_it(void)
{
	struct listener_door at = door_at("127.0.0.1", 0);
	char why[WHY_MAX];
	int a, b;

	CU_ASSERT_EQUAL_FATAL(listener_bind(&a, &at, true, why), 0);
	CU_ASSERT_EQUAL_FATAL(listener_bind(&b, &at, true, why), 0);
	CU_ASSERT_EQUAL(listener_probe(&at, why), EADDRINUSE);
	close(a);
	close(b);
	CU_ASSERT_EQUAL(listener_probe(&at, why), 0);
}

static void both_families_listen_on_one_port(void)
{
	struct listener_door v6 = door_at("::", 0), v4;
	char why[WHY_MAX];
	int a, b;

	if (listener_bind(&a, &v6, false, why)) {
		test_skip("this machine has no IPv6");
		return;
	}
	v4 = door_at("0.0.0.0", addr_port(&v6.addr));
	CU_ASSERT_EQUAL(listener_bind(&b, &v4, false, why), 0);
	close(a);
	close(b);
}

static void a_device_that_is_not_enrolled_is_closed_unread(void)
{
	struct guest g;

	begin();
	guest_dial(&g, &st.device, "127.0.0.9");
	CU_ASSERT_EQUAL(send(g.fd, "x", 1, 0), 1);
	CU_ASSERT_EQUAL(guest_drain(&g, &st), 0);
	CU_ASSERT_EQUAL(opens, 0);
	CU_ASSERT_EQUAL(closes, 0);
	guest_close(&g);
	guest_dial(&g, &st.device, "127.0.0.2");
	STAGE_UNTIL(&st, opens == 1);
	guest_close(&g);
	finish();
}

/* The gate counts one unproven connection an address here. */
static void the_gate_is_asked_outside_and_not_inside(void)
{
	struct gate_limits one = {1, 1000, 512, 1024};
	struct guest first, second, inside[2];

	begin();
	gate_set(st.set->gate, &one);
	guest_dial(&first, &st.outside, "127.0.0.1");
	stage_turn(&st);
	guest_dial(&second, &st.outside, "127.0.0.1");
	CU_ASSERT_EQUAL(guest_drain(&second, &st), 0);
	CU_ASSERT_EQUAL(st.w->conns.slots.used, 1);
	for (int i = 0; i < 2; i++)
		guest_dial(&inside[i], &st.inside, "127.0.0.1");
	STAGE_UNTIL(&st, st.w->conns.slots.used == 3);
	guest_close(&first);
	guest_close(&second);
	guest_close(&inside[0]);
	guest_close(&inside[1]);
	finish();
}

static void one_that_leaves_or_proves_itself_makes_room(void)
{
	struct gate_limits one = {1, 1000, 512, 1024};
	struct guest g;

	begin();
	gate_set(st.set->gate, &one);
	for (unsigned i = 1; i <= 3; i++) {
		guest_dial(&g, &st.device, "127.0.0.2");
		STAGE_UNTIL(&st, opens == i);
		guest_close(&g);
		STAGE_UNTIL(&st, closes == i);
	}
	for (unsigned i = 1; i <= 3; i++) {
		guest_dial(&g, &st.outside, "127.0.0.1");
		stage_turn(&st);
		guest_close(&g);
		STAGE_UNTIL(&st, closes == 3 + i);
	}
	finish();
}

static void at_most_so_many_handshakes_at_once(void)
{
	struct gate_limits two = {64, 1000, 2, 1024};
	struct guest g[3];

	begin();
	gate_set(st.set->gate, &two);
	for (int i = 0; i < 3; i++)
		guest_dial(&g[i], &st.outside, "127.0.0.1");
	CU_ASSERT_EQUAL(guest_drain(&g[2], &st), 0);
	CU_ASSERT_EQUAL(st.w->conns.slots.used, 2);
	CU_ASSERT_TRUE(guest_shake(&g[0], &st, NULL));
	STAGE_UNTIL(&st, opens == 1);
	guest_close(&g[2]);
	guest_dial(&g[2], &st.outside, "127.0.0.1");
	CU_ASSERT_TRUE(guest_shake(&g[2], &st, NULL));
	for (int i = 0; i < 3; i++)
		guest_close(&g[i]);
	finish();
}

static rlim_t allow_descriptors(rlim_t n)
{
	struct rlimit r;
	rlim_t before;

	getrlimit(RLIMIT_NOFILE, &r);
	before = r.rlim_cur;
	r.rlim_cur = n;
	CU_ASSERT_EQUAL_FATAL(setrlimit(RLIMIT_NOFILE, &r), 0);
	return before;
}

static rlim_t first_free_descriptor(void)
{
	int fd = dup(0);

	close(fd);
	return (rlim_t)fd;
}

/* The one that comes is closed at once, and the loop comes to rest. */
static void without_descriptors_newcomers_are_closed_and_nothing_spins(void)
{
	struct guest g, later;
	rlim_t before;

	begin();
	guest_dial(&g, &st.outside, "127.0.0.1");
	before = allow_descriptors(first_free_descriptor());
	CU_ASSERT_EQUAL(guest_drain(&g, &st), 0);
	CU_ASSERT_TRUE(st.w->spare_fd >= 0);
	CU_ASSERT_EQUAL(st.w->conns.slots.used, 0);
	CU_ASSERT_TRUE(uv_is_active((uv_handle_t *)&st.w->listener[0].poll));
	allow_descriptors(before);
	guest_dial(&later, &st.outside, "127.0.0.1");
	CU_ASSERT_TRUE(guest_shake(&later, &st, NULL));
	guest_close(&g);
	guest_close(&later);
	finish();
}

static void without_even_the_spare_one_accepting_pauses(void)
{
	struct guest g;
	rlim_t before;

	begin();
	guest_dial(&g, &st.outside, "127.0.0.1");
	close(st.w->spare_fd);
	st.w->spare_fd = -1;
	before = allow_descriptors(first_free_descriptor());
	stage_turn(&st);
	CU_ASSERT_FALSE(uv_is_active((uv_handle_t *)&st.w->listener[0].poll));
	allow_descriptors(before);
	stage_later(&st, 101);
	CU_ASSERT_TRUE(uv_is_active((uv_handle_t *)&st.w->listener[0].poll));
	CU_ASSERT_TRUE(guest_shake(&g, &st, NULL));
	guest_close(&g);
	finish();
}

static void closing_twice_is_harmless(void)
{
	begin();
	listener_close(&st.w->listener[0]);
	listener_close(&st.w->listener[0]);
	CU_ASSERT_EQUAL(st.w->listener[0].fd, -1);
	finish();
}

TEST_MAIN("net/listener",
	  {"port 0 becomes the port that was found",
	   port_0_becomes_the_port_that_was_found},
	  {"a port in use is named with its cure",
	   a_port_in_use_is_named_with_its_cure},
	  {"an address that is not ours is named",
	   an_address_that_is_not_ours_is_named},
	  {"workers share a port, and the probe sees it",
	   workers_share_a_port_and_the_probe_sees_it},
	  {"both families listen on one port",
	   both_families_listen_on_one_port},
	  {"a device that is not enrolled is closed unread",
	   a_device_that_is_not_enrolled_is_closed_unread},
	  {"the gate is asked outside and not inside",
	   the_gate_is_asked_outside_and_not_inside},
	  {"one that leaves makes room",
	   one_that_leaves_or_proves_itself_makes_room},
	  {"at most so many handshakes at once",
	   at_most_so_many_handshakes_at_once},
	  {"without descriptors newcomers are closed and nothing spins",
	   without_descriptors_newcomers_are_closed_and_nothing_spins},
	  {"without even the spare one accepting pauses",
	   without_even_the_spare_one_accepting_pauses},
	  {"closing twice is harmless", closing_twice_is_harmless})
