/*
 * resolve_job_test.c - the steps of one lookup: SRV, then A and AAAA.
 */
#include "net/resolve_rig.h"

#define SIPS "_sips._tcp.example.com"
#define SIP  "_sip._tcp.example.com"

static struct fake_row *service(void)
{
	return fake_row(SIPS, RESOLVE_SRV);
}

static void a_host(const char *name, const char *address)
{
	fake_addr(fake_row(name, RESOLVE_A), address);
}

static void services_by_priority(void)
{
	struct fake_row *srv;

	set_up();
	srv = service();
	fake_srv(srv, 20, 0, 5071, "b.example.com");
	fake_srv(srv, 10, 0, 5061, "a.example.com");
	a_host("a.example.com", "192.0.2.1");
	a_host("b.example.com", "192.0.2.2");
	CU_ASSERT_STRING_EQUAL(look("example.com", 0),
			       "192.0.2.1:5061 192.0.2.2:5071");
	CU_ASSERT_EQUAL(fake_count("example.com", RESOLVE_A), 0);
	CU_ASSERT_EQUAL(fake_asks, 3);
	tear_down();
}

static void each_lookup_draws(void)
{
	int first = 0;
	struct fake_row *srv;

	set_up();
	srv = service();
	fake_srv(srv, 10, 50, 5061, "a.example.com");
	fake_srv(srv, 10, 50, 5062, "b.example.com");
	a_host("a.example.com", "192.0.2.1");
	a_host("b.example.com", "192.0.2.2");
	for (int i = 0; i < 1000; i++)
		first += strncmp(look("example.com", 0), "192.0.2.1", 9) == 0;
	CU_ASSERT_TRUE(first > 350 && first < 650);
	CU_ASSERT_EQUAL(fake_asks, 3);
	tear_down();
}

static void tcp_asks_for_sip(void)
{
	struct resolve_key key = {LEG_OUTSIDE, false, SLICE("example.com"), 0};

	set_up();
	fake_srv(fake_row(SIP, RESOLVE_SRV), 1, 1, 5080, "a.example.com");
	a_host("a.example.com", "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(look_at(key, NOW), "192.0.2.1:5080");
	CU_ASSERT_EQUAL(fake_count(SIPS, RESOLVE_SRV), 0);
	tear_down();
}

static void no_service_record(void)
{
	struct resolve_key key = {LEG_OUTSIDE, false, SLICE("example.com"), 0};

	set_up();
	a_host("example.com", "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(look("example.com", 0), "192.0.2.1:5061");
	CU_ASSERT_STRING_EQUAL(look_at(key, NOW), "192.0.2.1:5060");
	CU_ASSERT_EQUAL(fake_count(SIPS, RESOLVE_SRV), 1);
	CU_ASSERT_EQUAL(fake_count(SIP, RESOLVE_SRV), 1);
	tear_down();
}

static void a_port_needs_no_service_record(void)
{
	set_up();
	a_host("example.com", "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(look("example.com", 5099), "192.0.2.1:5099");
	CU_ASSERT_EQUAL(fake_count(SIPS, RESOLVE_SRV), 0);
	tear_down();
}

static void service_not_there(void)
{
	set_up();
	fake_srv(service(), 0, 0, 0, ".");
	a_host("example.com", "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(look("example.com", 0), "ENOENT");
	CU_ASSERT_EQUAL(fake_asks, 1);
	tear_down();
}

static void failing_server_is_no_absence(void)
{
	set_up();
	fake_fails(SIPS, RESOLVE_SRV, EIO);
	a_host("example.com", "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(look("example.com", 0), "EIO");
	CU_ASSERT_EQUAL(fake_asks, 1);
	tear_down();
}

static void targets_in_hosts(void)
{
	set_up();
	fake_srv(service(), 1, 1, 5075, home_name);
	CU_ASSERT_STRING_EQUAL(look("example.com", 0), "127.0.20.4:5075");
	CU_ASSERT_EQUAL(fake_asks, 1);
	tear_down();
}

static void both_families_of_each_target(void)
{
	struct resolve_key key = {LEG_INSIDE, true, SLICE("example.com"), 0};
	struct fake_row *srv;

	set_up();
	srv = service();
	fake_srv(srv, 1, 0, 5061, "a.example.com");
	fake_srv(srv, 2, 0, 5061, "b.example.com");
	a_host("a.example.com", "192.0.2.1");
	a_host("b.example.com", "192.0.2.2");
	fake_addr(fake_row("a.example.com", RESOLVE_AAAA), "2001:db8::1");
	CU_ASSERT_STRING_EQUAL(
		look_at(key, NOW),
		"[2001:db8::1]:5061 192.0.2.1:5061 192.0.2.2:5061");
	tear_down();
}

static void bad_records_are_passed_over(void)
{
	struct fake_row *srv, *row;

	set_up();
	srv = service();
	fake_bytes(srv, "\0\1\0\1", 4);
	fake_bytes(srv, "\0\1\0\1\23\305\3a b\0", 11);
	fake_srv(srv, 1, 1, 5061, "a.example.com");
	fake_srv(srv, 1, 1, 5061, ".");
	row = fake_row("a.example.com", RESOLVE_A);
	fake_bytes(row, "abc", 3);
	fake_bytes(row, "0123456789abcdef", 16);
	fake_addr(row, "0.0.0.0");
	fake_addr(row, "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(look("example.com", 0), "192.0.2.1:5061");
	tear_down();
}

/* One target's server fails: the others serve, but not for an hour. */
static void part_of_an_answer(void)
{
	struct fake_row *srv;

	set_up();
	srv = service();
	srv->ttl_s = 3600;
	fake_srv(srv, 1, 0, 5061, "broken.example.com");
	fake_srv(srv, 2, 0, 5061, "b.example.com");
	fake_fails("broken.example.com", RESOLVE_A, EIO);
	a_host("b.example.com", "192.0.2.2");
	CU_ASSERT_STRING_EQUAL(look("example.com", 0), "192.0.2.2:5061");
	look_at(key_of("example.com", 0), NOW + 59999);
	CU_ASSERT_EQUAL(fake_asks, 3);
	look_at(key_of("example.com", 0), NOW + 60000);
	CU_ASSERT_EQUAL(fake_asks, 6);
	tear_down();
}

static void no_target_has_an_address(void)
{
	struct fake_row *srv;

	set_up();
	srv = service();
	fake_srv(srv, 1, 0, 5061, "a.example.com");
	CU_ASSERT_STRING_EQUAL(look("example.com", 0), "ENOENT");
	fake_srv(srv, 2, 0, 5061, "broken.example.com");
	fake_fails("broken.example.com", RESOLVE_A, EIO);
	CU_ASSERT_STRING_EQUAL(look_at(key_of("example.com", 0), NOW + 5000),
			       "EIO");
	tear_down();
}

static void shortest_ttl_counts(void)
{
	struct fake_row *srv;

	set_up();
	srv = service();
	srv->ttl_s = 20;
	fake_srv(srv, 1, 0, 5061, "a.example.com");
	a_host("a.example.com", "192.0.2.1");
	look("example.com", 0);
	look_at(key_of("example.com", 0), NOW + 19999);
	CU_ASSERT_EQUAL(fake_asks, 2);
	look_at(key_of("example.com", 0), NOW + 20000);
	CU_ASSERT_EQUAL(fake_asks, 4);
	tear_down();
}

static void late_targets_are_left_out(void)
{
	struct waiter w;
	struct fake_row *srv;
	struct resolve_view *view;

	set_up();
	srv = service();
	fake_srv(srv, 1, 0, 5061, "slow.example.com");
	fake_srv(srv, 2, 0, 5061, home_name);
	CU_ASSERT_EQUAL(start(&w, key_of("example.com", 0), NOW), EINPROGRESS);
	turn();
	view = resolver->view[LEG_OUTSIDE];
	CU_ASSERT_TRUE(fake_answer_all(view));
	CU_ASSERT_FALSE(list_empty(&view->asks));
	resolver_expire(resolver, now_mono_ms() + RESOLVE_JOB_MS);
	CU_ASSERT_TRUE(list_empty(&view->asks));
	turn();
	CU_ASSERT_EQUAL(w.err, 0);
	CU_ASSERT_EQUAL(w.list.n, 1);
	tear_down();
}

static void too_many_of_all(void)
{
	struct fake_row *srv, *row;
	char name[32], address[32];

	set_up();
	srv = service();
	for (unsigned i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "t%u.example.com", i);
		fake_srv(srv, (uint16_t)i, 1, 5061, name);
		snprintf(address, sizeof(address), "192.0.2.%u", i + 1);
		a_host(name, address);
	}
	look("example.com", 0);
	CU_ASSERT_EQUAL(list.n, RESOLVE_MAX);
	CU_ASSERT_EQUAL(fake_asks, 1 + RESOLVE_MAX);
	row = fake_row("many.example.com", RESOLVE_A);
	for (unsigned i = 0; i < 40; i++) {
		snprintf(address, sizeof(address), "192.0.2.%u", i + 1);
		fake_addr(row, address);
	}
	look("many.example.com", 5061);
	CU_ASSERT_EQUAL(list.n, RESOLVE_MAX);
	tear_down();
}

static void overlong_service_name(void)
{
	char name[251];

	memset(name, 'a', sizeof(name));
	for (size_t i = 50; i < sizeof(name); i += 50)
		name[i] = '.';
	name[249] = 'a';
	name[250] = '\0';
	set_up();
	a_host(name, "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(look(name, 0), "192.0.2.1:5061");
	CU_ASSERT_EQUAL(fake_asks, 1);
	tear_down();
}

TEST_MAIN(
	"net/resolve_job",
	{"services come by priority, with their ports", services_by_priority},
	{"each lookup draws by weight anew", each_lookup_draws},
	{"TCP asks for _sip._tcp", tcp_asks_for_sip},
	{"without SRV the host serves at the default port", no_service_record},
	{"with a port SRV is not asked for", a_port_needs_no_service_record},
	{"target \".\" says that the service is not there", service_not_there},
	{"a failing server is no absence of SRV", failing_server_is_no_absence},
	{"targets in the hosts table are not asked for", targets_in_hosts},
	{"each target has both families", both_families_of_each_target},
	{"bad records are passed over", bad_records_are_passed_over},
	{"part of an answer is kept a minute", part_of_an_answer},
	{"no address anywhere is a failure", no_target_has_an_address},
	{"the shortest time to live counts", shortest_ttl_counts},
	{"targets that answer too late are left out",
	 late_targets_are_left_out},
	{"too many targets or addresses are cut", too_many_of_all},
	{"a name too long for SRV is asked for itself", overlong_service_name})
