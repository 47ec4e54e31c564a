/*
 * settings_inside_test.c - what lies inside is known by name and by address,
 * and no partner's DNS leads there.
 */
#include "settings_sample.h"

#define FIND_HOSTS "routing:\n"
#define HOSTS                                                                  \
	"hosts = ( { name = \"home01.internal.example\"; address = "           \
	"\"198.51.100.21\"; },\n"                                              \
	"  { name = \"sip.partner.example\"; address = \"198.51.100.7\"; } "   \
	");\n" FIND_HOSTS

/** One question and its answer. */
struct row {
	const char *host;
	bool yes;
};

/* The sample with networks inside, private addresses of partners, hosts. */
static const struct settings *load(const char *federation)
{
	const struct settings *s = NULL;
	char text[SAMPLE_BYTES], more[SAMPLE_BYTES];

	sample_edit(text, FIND_HOSTS, HOSTS);
	snprintf(more, sizeof(more), "%.*s  networks = \"10.0.0.0/24\";\n%s%s",
		 (int)(strstr(text, "  trusted_servers") - text), text,
		 strstr(text, "  trusted_servers"), federation);
	CU_ASSERT_EQUAL_FATAL(sample_load(&s, more), 0);
	return s;
}

static void ask_hosts(const struct settings *s, const struct row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool yes = settings_inside_host(s, slice_of(row[i].host));

		CU_ASSERT_EQUAL(yes, row[i].yes);
		if (yes != row[i].yes)
			fprintf(stderr, "%s is %sinside\n", row[i].host,
				yes ? "" : "not ");
	}
}

static void ask_addresses(const struct settings *s, const struct row *row,
			  size_t n)
{
	for (size_t i = 0; i < n; i++) {
		union addr a;
		bool yes;

		CU_ASSERT_EQUAL_FATAL(
			addr_parse(&a, slice_of(row[i].host), 5061), 0);
		yes = settings_partner_address(s, &a);
		CU_ASSERT_EQUAL(yes, row[i].yes);
		if (yes != row[i].yes)
			fprintf(stderr, "%s may %sbe a partner's\n",
				row[i].host, yes ? "" : "not ");
	}
}

#define ASK(ask, federation, ...)                                              \
	do {                                                                   \
		static const struct row rows[] = {__VA_ARGS__};                \
		const struct settings *s;                                      \
                                                                               \
		sample_open();                                                 \
		s = load(federation);                                          \
		ask(s, rows, sizeof(rows) / sizeof(rows[0]));                  \
		settings_unref(&s);                                            \
		sample_close();                                                \
	} while (0)

static void names_of_the_inside(void)
{
	ASK(ask_hosts, "", {"edge01.internal.example", true},
	    {"EDGE01.Internal.Example.", true},
	    {"dir01.internal.example", true}, {"home02.internal.example", true},
	    {"db.internal.example", true}, {"a.b.internal.example", true},
	    {"internal.example", true}, {"localhost", true},
	    {"x.LocalHost.", true}, {"internal.example.org", false},
	    {"xinternal.example", false}, {"example", false},
	    {"example.com", false}, {"sip.example.com", false},
	    {"sip.partner.example", false}, {"localhost.example", false},
	    {"", false}, {".", false});
}

static void addresses_of_the_inside(void)
{
	ASK(ask_hosts, "", {"10.0.0.10", true}, {"10.0.0.200", true},
	    {"::ffff:10.0.0.200", true}, {"[::ffff:10.0.0.200]", true},
	    {"64:ff9b::10.0.0.200", true}, {"127.0.0.1", true},
	    {"127.9.9.9", true}, {"::1", true}, {"[::1]", true},
	    {"0.0.0.0", true}, {"::", true}, {"169.254.169.254", true},
	    {"fe80::1", true}, {"febf::1", true}, {"::127.0.0.1", true},
	    {"2001:db8::9", true}, {"198.51.100.21", true}, {"10.0.1.1", false},
	    {"192.168.1.5", false}, {"192.0.2.10", false},
	    {"2001:db8::10", false}, {"198.51.100.7", false},
	    {"fec0::1", false}, {"128.0.0.1", false});
}

static void addresses_in_disguise(void)
{
	ASK(ask_hosts, "", {"127.1", true}, {"2130706433", true},
	    {"0x7f000001", true}, {"0177.0.0.1", true}, {"10.0.0.10.", true},
	    {"10.0.0.010", true}, {"a.1", true}, {"1.a", false},
	    {"7.example", false});
}

static void networks_at_home_are_no_servers(void)
{
	const struct settings *s;

	sample_open();
	s = load("");
	CU_ASSERT_TRUE(settings_inside_host(s, SLICE("10.0.0.77")));
	CU_ASSERT_FALSE(settings_inside_server(s, SLICE("10.0.0.77")));
	CU_ASSERT_TRUE(settings_inside_server(s, SLICE("198.51.100.21")));
	CU_ASSERT_TRUE(settings_inside_server(s, SLICE("127.0.0.1")));
	CU_ASSERT_TRUE(
		settings_inside_server(s, SLICE("home01.internal.example")));
	settings_unref(&s);
	sample_close();
}

static void sip_domain_is_not_inside(void)
{
	const struct settings *s = NULL;
	char text[SAMPLE_BYTES];

	sample_open();
	sample_edit(text, "\"edge01.internal.example\"", "\"e.example.com\"");
	CU_ASSERT_EQUAL_FATAL(sample_load(&s, text), 0);
	CU_ASSERT_TRUE(settings_inside_host(s, SLICE("e.example.com")));
	CU_ASSERT_FALSE(settings_inside_host(s, SLICE("alice.example.com")));
	settings_unref(&s);

	sample_edit(text, "\"edge01.internal.example\"", "\"e.com\"");
	CU_ASSERT_EQUAL_FATAL(sample_load(&s, text), 0);
	CU_ASSERT_TRUE(settings_inside_host(s, SLICE("db.com")));
	CU_ASSERT_FALSE(settings_inside_host(s, SLICE("example.com")));
	CU_ASSERT_FALSE(settings_inside_host(s, SLICE("sip.example.com")));
	settings_unref(&s);

	sample_edit(text, "\"edge01.internal.example\"", "\"edge01\"");
	CU_ASSERT_EQUAL_FATAL(sample_load(&s, text), 0);
	CU_ASSERT_TRUE(settings_inside_host(s, SLICE("edge01")));
	CU_ASSERT_FALSE(settings_inside_host(s, SLICE("a.edge01.example")));
	settings_unref(&s);
	sample_close();
}

static void partner_is_outside(void)
{
	ASK(ask_addresses, "", {"198.51.100.7", true}, {"2001:db8::7", true},
	    {"172.15.0.1", true}, {"172.32.0.1", true}, {"9.9.9.9", true},
	    {"11.0.0.1", true}, {"100.63.0.1", true},
	    {"64:ff9b::9.9.9.9", true}, {"10.1.2.3", false},
	    {"172.16.0.1", false}, {"172.31.9.9", false},
	    {"192.168.0.1", false}, {"100.64.0.1", false}, {"127.0.0.1", false},
	    {"169.254.169.254", false}, {"0.0.0.0", false}, {"0.1.2.3", false},
	    {"224.0.0.1", false}, {"255.255.255.255", false}, {"::", false},
	    {"::1", false}, {"::10.0.0.1", false}, {"::ffff:127.0.0.1", false},
	    {"::ffff:9.9.9.9", true}, {"64:ff9b::127.0.0.1", false},
	    {"64:ff9b:1::9.9.9.9", false}, {"2002:0a00:0001::1", false},
	    {"2001::1", false}, {"fc00::1", false}, {"fdff::1", false},
	    {"fe80::1", false}, {"fec0::1", false}, {"ff02::1", false});
}

static void partner_is_never_ourselves(void)
{
	ASK(ask_addresses,
	    "federation: { private_ok = [ \"0.0.0.0/0\", \"::/0\" ]; };\n",
	    {"192.0.2.10", false}, {"::ffff:192.0.2.10", false},
	    {"64:ff9b::192.0.2.10", false}, {"2001:db8::10", false},
	    {"10.0.0.10", false}, {"2001:db8::9", false},
	    {"198.51.100.21", false}, {"0.0.0.0", false}, {"::", false},
	    {"224.0.0.1", false}, {"ff02::1", false}, {"10.0.0.11", true},
	    {"127.0.0.1", true}, {"198.51.100.7", true});
}

static void listed_private_addresses_pass(void)
{
	ASK(ask_addresses, "federation: { private_ok = \"10.0.0.64/26\"; };\n",
	    {"10.0.0.64", true}, {"10.0.0.127", true},
	    {"::ffff:10.0.0.64", true}, {"10.0.0.128", false},
	    {"10.0.0.10", false}, {"127.0.0.1", false});
}

TEST_MAIN("settings/inside",
	  {"names of servers and of their domain are inside",
	   names_of_the_inside},
	  {"addresses of servers, networks and this host are inside",
	   addresses_of_the_inside},
	  {"an address in disguise is inside", addresses_in_disguise},
	  {"networks at home are no servers", networks_at_home_are_no_servers},
	  {"a SIP domain of ours is not inside, whatever the edge is called",
	   sip_domain_is_not_inside},
	  {"a partner's address is a public one", partner_is_outside},
	  {"a partner is never ourselves, whatever is listed",
	   partner_is_never_ourselves},
	  {"listed private addresses pass", listed_private_addresses_pass})
