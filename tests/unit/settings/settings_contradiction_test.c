/*
 * settings_contradiction_test.c - two lines about partners or devices that
 * cannot both be meant are told with both their numbers, and nothing starts.
 */
#include "settings_sample.h"

#include <errno.h>

/** What is added to the sample from line 54 on, and what is said about it. */
struct added {
	const char *text;
	const char *want; /* behind "FILE:" */
};

static void check_all(const struct added *a, size_t n)
{
	char text[SAMPLE_BYTES];

	sample_open();
	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%s%s", sample_text, a[i].text);
		sample_refused(text, a[i].want);
	}
	sample_close();
}

#define CHECK(...)                                                             \
	do {                                                                   \
		static const struct added all[] = {__VA_ARGS__};               \
                                                                               \
		check_all(all, sizeof(all) / sizeof(all[0]));                  \
	} while (0)

#define FED(rest)     "federation:\n{\n" rest "\n};\n"
#define PARTNER(rest) "{ domain = \"a.example\"; " rest " }"

static void domains_said_twice(void)
{
	CHECK({FED("partners = ( " PARTNER("") " );\nblocked = "
					       "[ \"b.example\", "
					       "\"A.example.\" ];"),
	       "56: federation.partners: \"a.example\" is in "
	       "federation.blocked, in line 57; leave it out here or there"},
	      {FED("partners = ( " PARTNER("") ",\n" PARTNER("") " );"),
	       "57: federation.partners: \"a.example\" is already in line 56; "
	       "write each domain once"},
	      {FED("partners = ( { kind = \"provider\"; proxy = \"e.example\";"
		   " domain = [ \"b.example\",\n\"B.example\" ]; } );"),
	       "57: federation.partners: \"b.example\" is already in line 56; "
	       "write each domain once"},
	      {FED("partners = ( { domain = \"example.ORG\"; } );"),
	       "56: federation.partners: \"example.org\" is one of "
	       "edge.sip_domains, in line 4; leave it out here or there"},
	      {FED("blocked = [ \"x.example\",\n\"example.com\" ];"),
	       "57: federation.blocked: \"example.com\" is one of "
	       "edge.sip_domains, in line 4; leave it out here or there"});
}

static void proxies_that_contradict(void)
{
	CHECK({FED("partners = ( " PARTNER(
		       "kind = \"direct\";\nproxy = "
		       "\"e.example\";") ",\n"
					 "{ domain = \"b.example\"; kind = "
					 "\"provider\";\n"
					 "proxy = \"E.example.:5062\"; } );"),
	       "59: federation.partners: \"e.example\" is the proxy of a "
	       "provider here and of a direct partner in line 57; write all "
	       "its domains into the provider's entry"},
	      {FED("partners = ( { domain = \"b.example\"; kind = "
		   "\"provider\"; proxy = \"e.example\"; },\n" PARTNER(
			   "kind = \"direct\"; proxy = \"e.example\";") " );"),
	       "57: federation.partners: \"e.example\" is the proxy of a "
	       "direct partner here and of a provider in line 56; write all "
	       "its domains into the provider's entry"},
	      {FED("blocked = \"e.example\";\npartners = ( " PARTNER(
		       "kind = \"direct\"; proxy = \"e.example\";") " );"),
	       "57: federation.partners.proxy: \"e.example\" is in "
	       "federation.blocked, in line 56; leave it out here or there"},
	      {FED("partners = ( " PARTNER("kind = \"direct\";") " );"),
	       "56: federation.partners: kind = \"direct\" without proxy; add "
	       "proxy = \"sip.a.example\";"},
	      {FED("partners = ( " PARTNER("kind = \"provider\";") " );"),
	       "56: federation.partners: kind = \"provider\" without proxy; "
	       "add proxy = \"sip.a.example\";"},
	      {FED("partners = ( " PARTNER("\nproxy = \"e.example\";") " );"),
	       "57: federation.partners: proxy, but an allowed partner is "
	       "found by DNS; write kind = \"direct\"; or leave proxy out"},
	      {FED("partners = ( { domain = [ \"a.example\",\n\"b.example\" "
		   "]; } );"),
	       "57: federation.partners: only a provider has several domains; "
	       "write an entry for \"b.example\", or kind = \"provider\";"});
}

static void edges_that_are_not_the_partners(void)
{
	CHECK({FED("partners = ( " PARTNER("kind = \"direct\"; proxy = "
					   "\"db.internal.example\";") " );"),
	       "56: federation.partners.proxy: \"db.internal.example\" is "
	       "ourselves or inside; write the name of the partner's edge"},
	      {FED("route = \"sip.example.com\";"),
	       "56: federation.route: \"sip.example.com\" is ourselves or "
	       "inside; write the name of the partner's edge"},
	      {FED("route = \"127.0.0.1:5061\";"),
	       "56: federation.route: \"127.0.0.1\" is private, or ours; write "
	       "an address of the partner's, or list it in "
	       "federation.private_ok"},
	      {FED("private_ok = \"10.0.0.0/8\";\nroute = \"10.0.0.10\";"),
	       "57: federation.route: \"10.0.0.10\" is private, or ours; write "
	       "an address of the partner's, or list it in "
	       "federation.private_ok"},
	      {FED("blocked = \"hub.example\";\nroute = \"Hub.example\";"),
	       "57: federation.route: \"hub.example\" is in "
	       "federation.blocked, in line 56; leave it out here or there"});
}

#define PIN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void words_files_and_pins(void)
{
	CHECK({FED("partners = ( " PARTNER("trust = \"@/outside-ca.crt\";\n"
					   "pin = \"" PIN "\";") " );"),
	       "56: federation.partners: trust beside pin, in line 57; a "
	       "pinned key is good whoever signed it, leave one out"},
	      {FED("partners = ( " PARTNER("kind = \"friend\";") " );"),
	       "56: federation.partners.kind = \"friend\": must be "
	       "\"allowed\", \"direct\" or \"provider\"; write kind = "
	       "\"allowed\";"},
	      {FED("partners = ( " PARTNER("verify = \"yes\";") " );"),
	       "56: federation.partners.verify = \"yes\": must be \"source\", "
	       "\"always\" or \"never\"; write verify = \"source\";"},
	      {FED("partners = ( " PARTNER("trust = \"@/none.crt\";") " );"),
	       "56: federation.partners.trust = \"@/none.crt\": No such file "
	       "or directory; write the name of a file that sip-edge can "
	       "read"},
	      {FED("partners = ( " PARTNER("pin = \"abcd\";") " );"),
	       "56: federation.partners.pin = \"abcd\": must be 64 hex digits "
	       "in quotes, or several in [ ]; write pin = [ \"64 hex digits\" "
	       "];"},
	      {FED("partners = ( " PARTNER("pin = \"0123456789abcdef0123456789"
					   "abcdef0123456789abcdef0123456789ab"
					   "cdeg\";") " );"),
	       "56: federation.partners.pin = \"0123456789abcdef0123456789abcde"
	       "f01234567\": must be 64 hex digits in quotes, or several in [ "
	       "]; write pin = [ \"64 hex digits\" ];"},
	      {FED("partners = ( { domain = [ ]; } );"),
	       "56: federation.partners.domain = [ ]: must be a host name in "
	       "quotes, or several in [ ]; write domain = "
	       "\"partner.example\";"},
	      {FED("private_ok = \"lab\";"),
	       "56: federation.private_ok = \"lab\": must be \"address\" or "
	       "\"address/bits\", or several in [ ]; write private_ok = [ "
	       "\"10.20.0.0/16\" ];"},
	      {"limits2: { };\n",
	       "54: limits2: there is no such setting; did you mean limits?"});
}

static void anchor_that_is_not_there(void)
{
	char text[SAMPLE_BYTES];

	sample_open();
	sample_edit(text, "  fqdn = \"sip.",
		    "  trust_anchor = \"@/root.key\";\n  fqdn = \"sip.");
	sample_refused(text,
		       "9: outside.trust_anchor = \"@/root.key\": No such file "
		       "or directory; write the name of a file that "
		       "sip-edge can read");
	sample_close();
}

/* In line 9. */
static void balancers_refused(const char *list, const char *want)
{
	char text[SAMPLE_BYTES], more[256];

	snprintf(more, sizeof(more), "  proxy_from = %s; fqdn = \"sip.", list);
	sample_edit(text, "  fqdn = \"sip.", more);
	sample_refused(text, want);
}

static void balancers_that_anybody_could_be(void)
{
	sample_open();
	balancers_refused("\"0.0.0.0/0\"",
			  "9: outside.proxy_from = \"0.0.0.0/0\": too wide, "
			  "strangers could say that they are others; write the "
			  "balancers' own addresses");
	balancers_refused("[ \"203.0.113.0/28\", \"196.0.0.0/7\" ]",
			  "9: outside.proxy_from = \"196.0.0.0/7\": too wide, "
			  "strangers could say that they are others; write the "
			  "balancers' own addresses");
	balancers_refused("\"2001::/31\"",
			  "9: outside.proxy_from = \"2001::/31\": too wide, "
			  "strangers could say that they are others; write the "
			  "balancers' own addresses");
	balancers_refused("\"balancer\"",
			  "9: outside.proxy_from = \"balancer\": must be "
			  "\"address\" or \"address/bits\", or several in [ ]; "
			  "write proxy_from = [ \"203.0.113.0/28\" ];");
	balancers_refused("[ \"203.0.113.0/28\", \"10.0.5.0/24\" ]",
			  "41: devices.device: the address of \"room1\" "
			  "overlaps outside.proxy_from in line 9; a device is "
			  "no balancer, leave it out there");
	sample_close();
}

static void asked(const struct settings *s, const char *text, bool is)
{
	union addr a;

	CU_ASSERT_EQUAL_FATAL(addr_parse(&a, slice_of(text), 5061), 0);
	CU_ASSERT_EQUAL(settings_is_balancer(s, &a), is);
}

static void balancers_are_known(void)
{
	const struct settings *s;
	char text[SAMPLE_BYTES];

	sample_open();
	sample_edit(text, "  fqdn = \"sip.",
		    "  proxy_from = [ \"203.0.113.0/28\", \"2001:db8:5::/64\" "
		    "]; fqdn = \"sip.");
	s = sample_good(text);
	asked(s, "203.0.113.15", true);
	asked(s, "203.0.113.16", false);
	asked(s, "::ffff:203.0.113.1", true);
	asked(s, "2001:db8:5::9", true);
	asked(s, "2001:db8:6::9", false);
	settings_unref(&s);
	s = sample_good(sample_text);
	asked(s, "203.0.113.15", false);
	settings_unref(&s);
	sample_close();
}

/* As many partners as asked for; the last one has an authority of its own. */
static void many_partners(char *text, size_t cap, unsigned count)
{
	size_t n = (size_t)snprintf(text, cap, "%sfederation:\n{\npartners = (",
				    sample_text);

	for (unsigned i = 0; i + 1 < count; i++)
		n += (size_t)snprintf(text + n, cap - n,
				      "{ domain = \"p%u.example\"; },\n", i);
	snprintf(text + n, cap - n,
		 "{ domain = \"last.example\"; trust = \"@/outside-ca.crt\"; "
		 "} );\n};\n");
}

static void authorities_of_their_own(void)
{
	const struct settings *s = NULL;
	char text[SAMPLE_BYTES];

	sample_open();
	many_partners(text, sizeof(text), 64);
	CU_ASSERT_EQUAL(sample_load(&s, text), 0);
	settings_unref(&s);
	many_partners(text, sizeof(text), 65);
	sample_refused(text,
		       "120: federation.partners: trust in entry 65; only the "
		       "first 64 can have their own, move this entry up");
	sample_close();
}

/* Something added to room1, in line 40. */
static void device_refused(const char *put, const char *want)
{
	char text[SAMPLE_BYTES], more[256];

	snprintf(more, sizeof(more), "{ %s name = \"room1\";", put);
	sample_edit(text, "{ name = \"room1\";", more);
	sample_refused(text, want);
}

static void what_devices_cannot_have(void)
{
	static const char *const days[] = {"2027-02-29", "2027-13-01",
					   "2027-00-10", "2027-06-31",
					   "2027-6-30",	 "30.06.2027",
					   "1969-12-31", "2027-06-3x"};
	char put[64], want[256];

	sample_open();
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		snprintf(put, sizeof(put), "expires = \"%s\";", days[i]);
		snprintf(want, sizeof(want),
			 "40: devices.device.expires = \"%s\": must be a day, "
			 "\"year-month-day\"; write expires = "
			 "\"2027-06-30\";",
			 days[i]);
		device_refused(put, want);
	}
	device_refused("unsent = [ \"X-a\", \"record-route\" ];",
		       "40: devices.device: no call works without "
		       "record-route; leave it out of unsent");
	device_refused("unsent = \"a b\";",
		       "40: devices.device.unsent = \"a b\": must be the name "
		       "of a header in quotes, or several in [ ]; write unsent "
		       "= [ \"History-Info\" ];");
	device_refused("digest = \"secret\";",
		       "40: devices.device.digest = \"secret\": must be 32 hex "
		       "digits in quotes; write digest = "
		       "\"939e7578ed9e3c518a452acee763bce9\";");
	device_refused("calls_per_s = 0;",
		       "40: devices.device.calls_per_s = 0: must be a number "
		       "of requests a second from 1 to 1000; write calls_per_s "
		       "= 2;");
	sample_close();
}

#define DIGEST "digest = \"939e7578ed9e3c518a452acee763bce9\";"

static void digests_that_prove_nothing(void)
{
	char text[SAMPLE_BYTES], placed[SAMPLE_BYTES];
	const struct settings *s = NULL;

	sample_open();
	sample_edit(text, "      register = true;", DIGEST);
	sample_refused(text,
		       "46: devices.device: digest, but the first identity "
		       "\"sip:*@example.org\" has no user; write "
		       "sip:room2@example.com before it");

	sample_edit(text, "{ name = \"room1\";",
		    "{ " DIGEST " name = \"room1\";");
	CU_ASSERT_EQUAL(sample_load(&s, text), 0);
	settings_unref(&s);
	CU_ASSERT_EQUAL(chmod(sample_file, 0644), 0);
	CU_ASSERT_EQUAL(settings_load(&s, sample_file, sample_why), EINVAL);
	sample_place(placed, "@/edge.cfg:40: devices.device: digest is as good "
			     "as a password, and all can read this file; run "
			     "chmod 0640 @/edge.cfg");
	CU_ASSERT_STRING_EQUAL(sample_why, placed);
	sample_close();
}

static void files_that_are_made_later(void)
{
	const struct settings *s = NULL;
	char path[128];

	sample_open();
	sample_path(path, "outside.key");
	unlink(path);
	sample_write("inside.key", "PEM\n", 0644);
	CU_ASSERT_EQUAL(sample_load(&s, sample_text), EINVAL);
	CU_ASSERT_EQUAL_FATAL(
		settings_load_planned(&s, sample_file, sample_why), 0);
	CU_ASSERT_STRING_EQUAL(s->leg[LEG_OUTSIDE].key, path);
	settings_unref(&s);
	sample_close();
}

TEST_MAIN("settings/contradiction",
	  {"who plans certificates may do so before they are there",
	   files_that_are_made_later},
	  {"balancers that anybody could be are told",
	   balancers_that_anybody_could_be},
	  {"balancers are known by their addresses", balancers_are_known},
	  {"a domain that is said twice is told with both lines",
	   domains_said_twice},
	  {"a proxy that contradicts another line is told with it",
	   proxies_that_contradict},
	  {"an edge that is ourselves, inside or blocked is told",
	   edges_that_are_not_the_partners},
	  {"a word, file or pin that is none is told", words_files_and_pins},
	  {"a trust anchor that is not there is told",
	   anchor_that_is_not_there},
	  {"64 partners can have authorities of their own",
	   authorities_of_their_own},
	  {"a day, header or digest that is none is told",
	   what_devices_cannot_have},
	  {"a digest needs a user, and a file that is closed to others",
	   digests_that_prove_nothing})
