/*
 * resolve_name_test.c - what is a host name, and what an SRV record says.
 */
#include "resolve_name.h"

#include "cunit_main.h"

#include <errno.h>

#define SRV_10_20_5061 "\0\12\0\24\23\305" /* priority, weight, port */

static const char *read_text(const char *text)
{
	static struct resolve_name name;

	if (resolve_name_read(&name, slice_of(text)))
		return "refused";
	CU_ASSERT_EQUAL(name.n, strlen(name.text));
	return name.text;
}

static void one_form(void)
{
	CU_ASSERT_STRING_EQUAL(read_text("SIP.Example.COM"), "sip.example.com");
	CU_ASSERT_STRING_EQUAL(read_text("sip.example.com."),
			       "sip.example.com");
	CU_ASSERT_STRING_EQUAL(read_text("localhost"), "localhost");
	CU_ASSERT_STRING_EQUAL(read_text("_sips._tcp.a-b.example"),
			       "_sips._tcp.a-b.example");
	CU_ASSERT_STRING_EQUAL(read_text("10.in-addr.arpa"), "10.in-addr.arpa");
}

static void refused_names(void)
{
	static const char *const bad[] = {
		"",	   ".",		"..",	 ".a",	     "a..b",
		"a b",	   "a/b",	"a\tb",	 "a%b",	     "::1",
		"[::1]",   "192.0.2.1", "1.400", "12345",    "a.example.1",
		"a@b.com", "a.com:80",	"a*b",	 "b\303\274"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_STRING_EQUAL(read_text(bad[i]), "refused");
	CU_ASSERT_STRING_EQUAL(read_text(NULL), "refused");
}

static void lengths(void)
{
	struct resolve_name name, service;
	char text[300];

	memset(text, 'a', sizeof(text));
	CU_ASSERT_EQUAL(resolve_name_read(&name, (struct slice){text, 63}), 0);
	CU_ASSERT_EQUAL(resolve_name_read(&name, (struct slice){text, 64}),
			EINVAL);
	for (size_t i = 50; i < sizeof(text); i += 51)
		text[i] = '.';
	CU_ASSERT_EQUAL(resolve_name_read(&name, (struct slice){text, 253}), 0);
	CU_ASSERT_EQUAL(name.n, 253);
	CU_ASSERT_EQUAL(resolve_name_srv(&service, &name, true), EINVAL);
	CU_ASSERT_EQUAL(resolve_name_read(&name, (struct slice){text, 254}),
			EINVAL);
	CU_ASSERT_EQUAL(resolve_name_read(&name, (struct slice){text, 242}), 0);
	CU_ASSERT_EQUAL(resolve_name_srv(&service, &name, true), 0);
	CU_ASSERT_EQUAL(strlen(service.text), 253);
}

static void services(void)
{
	struct resolve_name host, name;

	CU_ASSERT_EQUAL(resolve_name_read(&host, SLICE("example.com")), 0);
	CU_ASSERT_EQUAL(resolve_name_srv(&name, &host, true), 0);
	CU_ASSERT_STRING_EQUAL(name.text, "_sips._tcp.example.com");
	CU_ASSERT_EQUAL(resolve_name_srv(&name, &host, false), 0);
	CU_ASSERT_STRING_EQUAL(name.text, "_sip._tcp.example.com");
}

static void srv_record(void)
{
	struct resolve_srv srv;

	CU_ASSERT_EQUAL(resolve_srv_read(&srv, SLICE(SRV_10_20_5061
						     "\2H1\7example\3com\0")),
			0);
	CU_ASSERT_EQUAL(srv.priority, 10);
	CU_ASSERT_EQUAL(srv.weight, 20);
	CU_ASSERT_EQUAL(srv.port, 5061);
	CU_ASSERT_STRING_EQUAL(srv.target.text, "h1.example.com");
	CU_ASSERT_EQUAL(resolve_srv_read(&srv, SLICE(SRV_10_20_5061 "\0")),
			ENOENT);
}

static void malformed_srv(void)
{
	static const struct slice bad[] = {
		{"", 0},
		{"\0\12\0\24\23", 5},
		SLICE(SRV_10_20_5061),
		SLICE(SRV_10_20_5061 "\2h1"),	  /* never ends */
		SLICE(SRV_10_20_5061 "\2h1\0\0"), /* bytes behind */
		SLICE(SRV_10_20_5061 "\77h1\0"),  /* label too long */
		SLICE(SRV_10_20_5061 "\300\14"),  /* compressed */
		SLICE(SRV_10_20_5061 "\3h.1\0"),  /* a dot in a label */
		SLICE(SRV_10_20_5061 "\2h \0"),	  /* a space */
		SLICE("\0\12\0\24\0\0\2h1\1a\0"), /* port 0 */
		SLICE(SRV_10_20_5061 "\3192\1"
				     "1\0"), /* digits only */
	};
	struct resolve_srv srv;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(resolve_srv_read(&srv, bad[i]), EINVAL);
}

static void overlong_wire_name(void)
{
	char rdata[400] = {0, 1, 0, 1, 0, 1};
	struct resolve_srv srv;
	size_t n = 6;

	while (n + 64 < sizeof(rdata)) {
		rdata[n] = 63;
		memset(rdata + n + 1, 'a', 63);
		n += 64;
	}
	rdata[n++] = 0;
	CU_ASSERT_EQUAL(resolve_srv_read(&srv, (struct slice){rdata, n}),
			EINVAL);
}

TEST_MAIN("net/resolve_name", {"a name has one form", one_form},
	  {"what is no host name is refused", refused_names},
	  {"labels and names have their longest", lengths},
	  {"services have their own names", services},
	  {"an SRV record is read; a dot is no service", srv_record},
	  {"malformed SRV records are refused", malformed_srv},
	  {"an overlong name on the wire is refused", overlong_wire_name})
