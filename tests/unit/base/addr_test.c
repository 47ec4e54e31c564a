/*
 * addr_test.c - addresses parsed, printed and compared.
 */
#include "base/addr.h"

#include "cunit_main.h"

#include <arpa/inet.h>
#include <errno.h>

static union addr at(const char *text, uint16_t port)
{
	union addr a = {0};

	CU_ASSERT_EQUAL_FATAL(addr_parse(&a, slice_of(text), port), 0);
	return a;
}

static void literals_are_parsed_and_printed(void)
{
	static const struct {
		const char *in, *text, *host;
	} rows[] = {
		{"192.0.2.1", "192.0.2.1:5061", "192.0.2.1"},
		{"2001:DB8:0::1", "[2001:db8::1]:5061", "2001:db8::1"},
		{"[::1]", "[::1]:5061", "::1"},
		{"::ffff:192.0.2.1", "[::ffff:192.0.2.1]:5061",
		 "::ffff:192.0.2.1"},
	};
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		union addr a = at(rows[i].in, 5061);

		CU_ASSERT_STRING_EQUAL(addr_text(&a, text), rows[i].text);
		CU_ASSERT_STRING_EQUAL(addr_host_text(&a, text), rows[i].host);
		CU_ASSERT_EQUAL(addr_port(&a), 5061);
	}
}

/* Each byte in each place, beside the system's own printer. */
static void every_byte_is_printed_as_the_system_does(void)
{
	char ours[ADDR_TEXT_MAX], theirs[ADDR_TEXT_MAX];
	union addr a = at("0.0.0.0", 1);

	for (unsigned i = 0; i < 4 * 256; i++) {
		a.in4.sin_addr.s_addr = htonl((i & 0xff) << 8 * (i >> 8));
		inet_ntop(AF_INET, &a.in4.sin_addr, theirs, sizeof(theirs));
		CU_ASSERT_STRING_EQUAL(addr_host_text(&a, ours), theirs);
	}
}

static void names_and_nonsense_are_refused(void)
{
	static const char *const bad[] = {
		"",
		"example.com",
		"192.0.2",
		"192.0.2.256",
		"1.2.3.4.5",
		"[192.0.2.1]",
		"[::1",
		"::1]",
		":::",
		"192.0.2.1 ",
		"192.0.2.01x",
		"[]",
		"fe80::1%eth0",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
	};
	union addr a;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(addr_parse(&a, slice_of(bad[i]), 1), EINVAL);
	CU_ASSERT_EQUAL(addr_parse(&a, (struct slice){"::1\0", 4}, 1), EINVAL);
	CU_ASSERT_EQUAL(addr_parse(&a, (struct slice){0}, 1), EINVAL);
}

static bool holds(const char *prefix, const char *host)
{
	struct addr_prefix p;
	union addr a = at(host, 9);

	CU_ASSERT_EQUAL_FATAL(addr_prefix_parse(&p, slice_of(prefix)), 0);
	return addr_within(&p, &a);
}

static void prefixes_hold_what_is_inside(void)
{
	CU_ASSERT_TRUE(holds("10.1.2.3/8", "10.255.0.1"));
	CU_ASSERT_FALSE(holds("10.0.0.0/8", "11.0.0.1"));
	CU_ASSERT_TRUE(holds("10.0.5.16/28", "10.0.5.31"));
	CU_ASSERT_FALSE(holds("10.0.5.16/28", "10.0.5.32"));
	CU_ASSERT_TRUE(holds("192.0.2.1", "192.0.2.1"));
	CU_ASSERT_FALSE(holds("192.0.2.1", "192.0.2.2"));
	CU_ASSERT_TRUE(holds("0.0.0.0/0", "203.0.113.9"));
	CU_ASSERT_FALSE(holds("0.0.0.0/0", "::1"));
	CU_ASSERT_TRUE(holds("2001:db8::/33", "2001:db8:7fff::1"));
	CU_ASSERT_FALSE(holds("2001:db8::/33", "2001:db8:8000::1"));
	CU_ASSERT_TRUE(holds("::/0", "2001:db8::1"));
}

static void mapped_addresses_count_as_ipv4(void)
{
	CU_ASSERT_TRUE(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
	CU_ASSERT_TRUE(holds("::ffff:10.0.0.0/104", "10.1.2.3"));
	CU_ASSERT_FALSE(holds("::ffff:10.0.0.0/104", "11.1.2.3"));
	CU_ASSERT_FALSE(holds("::/0", "::ffff:10.1.2.3"));
}

static void prefixes_are_checked(void)
{
	static const char *const bad[] = {"10.0.0.0/33", "::/129", "10.0.0.0/",
					  "10.0.0.0/-1", "x/8",	   "/8",
					  "10.0.0.0/8/8"};
	struct addr_prefix p;
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(addr_prefix_parse(&p, slice_of(bad[i])),
				EINVAL);
	CU_ASSERT_EQUAL(addr_prefix_parse(&p, SLICE("10.1.255.3/23")), 0);
	CU_ASSERT_STRING_EQUAL(addr_host_text(&p.addr, text), "10.1.254.0");
	CU_ASSERT_EQUAL(p.bits, 23);
}

static void equality_minds_the_port_when_asked(void)
{
	union addr a = at("192.0.2.1", 1), b = at("192.0.2.1", 2);
	union addr c = at("192.0.2.2", 1), m = at("::ffff:192.0.2.1", 1);
	union addr none = {0};

	CU_ASSERT_FALSE(addr_eq(&a, &b));
	CU_ASSERT_TRUE(addr_same_host(&a, &b));
	CU_ASSERT_FALSE(addr_same_host(&a, &c));
	CU_ASSERT_TRUE(addr_eq(&a, &m));
	CU_ASSERT_FALSE(addr_same_host(&a, &none));
	CU_ASSERT_EQUAL(addr_port(&none), 0);
}

static void sizes_are_what_bind_wants(void)
{
	union addr a = at("192.0.2.1", 1), b = at("::1", 1);

	CU_ASSERT_EQUAL(addr_len(&a), sizeof(struct sockaddr_in));
	CU_ASSERT_EQUAL(addr_len(&b), sizeof(struct sockaddr_in6));
}

static void one_subscriber_line_has_one_hash(void)
{
	union addr a = at("2001:db8:1:2::1", 1), b = at("2001:db8:1:2:3::9", 2);
	union addr c = at("2001:db8:1:3::1", 1);
	union addr d = at("192.0.2.1", 1), e = at("::ffff:192.0.2.1", 9);
	union addr f = at("192.0.2.2", 1);

	CU_ASSERT_EQUAL(addr_hash_host(&a), addr_hash_host(&b));
	CU_ASSERT_NOT_EQUAL(addr_hash_host(&a), addr_hash_host(&c));
	CU_ASSERT_EQUAL(addr_hash_host(&d), addr_hash_host(&e));
	CU_ASSERT_NOT_EQUAL(addr_hash_host(&d), addr_hash_host(&f));
}

TEST_MAIN(
	"base/addr",
	{"literals are parsed and printed", literals_are_parsed_and_printed},
	{"every byte is printed as the system does",
	 every_byte_is_printed_as_the_system_does},
	{"names and nonsense are refused", names_and_nonsense_are_refused},
	{"a prefix holds what is inside", prefixes_hold_what_is_inside},
	{"IPv4-mapped addresses count as IPv4", mapped_addresses_count_as_ipv4},
	{"prefixes are checked, their host bits cleared", prefixes_are_checked},
	{"equality minds the port when asked",
	 equality_minds_the_port_when_asked},
	{"sizes are what bind() wants", sizes_are_what_bind_wants},
	{"one subscriber line has one hash", one_subscriber_line_has_one_hash})
