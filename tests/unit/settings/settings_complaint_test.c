/*
 * settings_complaint_test.c - each mistake is told with its line, and with
 * what to write instead.
 */
#include "settings_sample.h"

#include <errno.h>

/** One thing changed in the sample, and what is said about it. */
struct complaint {
	const char *find, *put;
	const char *want; /* behind "FILE:" */
};

static void check_one(const struct complaint *c)
{
	char text[SAMPLE_BYTES];

	sample_edit(text, c->find, c->put);
	sample_refused(text, c->want);
}

static void check_all(const struct complaint *c, size_t n)
{
	sample_open();
	for (size_t i = 0; i < n; i++)
		check_one(&c[i]);
	sample_close();
}

#define CHECK(...)                                                             \
	do {                                                                   \
		static const struct complaint all[] = {__VA_ARGS__};           \
                                                                               \
		check_all(all, sizeof(all) / sizeof(all[0]));                  \
	} while (0)

static void unknown_names(void)
{
	CHECK({"  handshake_s = 5;", "  handshak_s = 5;",
	       "52: limits.handshak_s: there is no such setting; did you mean "
	       "handshake_s?"},
	      {"  handshake_s = 5;", "  colour = 5;",
	       "52: limits.colour: there is no such setting; known here: "
	       "handshake_s, header_s, body_s, first_request_s, "
	       "unauth_connections, unauth_rate, half_open, aors_per_flow, "
	       "flows_per_aor, message_bytes, device_message_bytes, "
	       "header_bytes, line_bytes, headers, ..."},
	      {"limits:", "limit:",
	       "50: limit: there is no such setting; did you mean limits?"},
	      {"limits:", "telephony:",
	       "50: telephony: there is no such setting; known here: edge, "
	       "outside, inside, hosts, routing, devices, users, federation, "
	       "boundary, services, limits"},
	      {"    key = \"@/outside.key\";", "    keys = \"x\";",
	       "13: outside.tls.keys: there is no such setting; did you mean "
	       "key?"},
	      {"name = \"room1\"", "nam = \"room1\"",
	       "40: devices.device.nam: there is no such setting; did you mean "
	       "name?"},
	      {"  fqdn = \"sip.",
	       "  users_port = 1;\n  users_prot = 1;\n  fqdn = \"sip.",
	       "10: outside.users_prot: there is no such setting; did you mean "
	       "users_port?"},
	      {"edge01.internal.example\";", "e.x\"; users_port = 443;",
	       "20: inside.users_port: there is no such setting; known here: "
	       "address, fqdn, dns, trust_anchor, tls, revocation, "
	       "trusted_servers, networks"});
}

static void missing_settings(void)
{
	CHECK({"  fqdn = \"sip.example.com\";\n", "",
	       "6: outside: fqdn is missing; add fqdn = \"sip.example.com\";"},
	      {"    trust = \"@/inside-ca.crt\";\n", "",
	       "21: inside.tls: trust is missing; add trust = "
	       "\"/etc/sip-edge/inside-ca.crt\";"},
	      {"  trusted_servers = [ \"home01.internal.example\" ];", "",
	       "17: inside: trusted_servers is missing; add trusted_servers = "
	       "[ \"home01.internal.example\" ];"},
	      {"{ name = \"room1\";", "{",
	       "40: devices.device: name is missing; add name = \"room1\";"},
	      {"edge:\n", "users:\n",
	       "1: edge is missing; add edge: { state_dir = ...; sip_domains = "
	       "...; };"},
	      {"      identities = \"sip:*@example.org\";\n", "",
	       "43: devices.device: identities is missing; add identities = [ "
	       "\"sip:room1@example.com\" ];"});
}

static void numbers(void)
{
	CHECK({"handshake_s = 5", "handshake_s = \"ten\"",
	       "52: limits.handshake_s = \"ten\": must be a number of seconds "
	       "from 1 to 300; write handshake_s = 10;"},
	      {"handshake_s = 5", "handshake_s = 0",
	       "52: limits.handshake_s = 0: must be a number of seconds from 1 "
	       "to 300; write handshake_s = 10;"},
	      {"handshake_s = 5", "handshake_s = -1",
	       "52: limits.handshake_s = -1: must be a number of seconds from "
	       "1 to 300; write handshake_s = 10;"},
	      {"handshake_s = 5", "handshake_s = 301",
	       "52: limits.handshake_s = 301: must be a number of seconds from "
	       "1 to 300; write handshake_s = 10;"},
	      {"handshake_s = 5", "handshake_s = 4294967301L",
	       "52: limits.handshake_s = 4294967301: must be a number of "
	       "seconds from 1 to 300; write handshake_s = 10;"},
	      {"handshake_s = 5", "handshake_s = 1.5",
	       "52: limits.handshake_s = 1.5: must be a number of seconds from "
	       "1 to 300; write handshake_s = 10;"},
	      {"handshake_s = 5", "handshake_s = [ 5 ]",
	       "52: limits.handshake_s = [ ... ]: must be a number of seconds "
	       "from 1 to 300; write handshake_s = 10;"},
	      {"handshake_s = 5", "unauth_rate = 0",
	       "52: limits.unauth_rate = 0: must be a number of connections a "
	       "second from 1 to 1000000; write unauth_rate = 20;"},
	      {"tcp_port = 5060", "tcp_port = 65536",
	       "38: devices.tcp_port = 65536: must be a port from 1 to 65535; "
	       "write tcp_port = 5060;"},
	      {"tcp_port = 5060", "tcp_port = 0",
	       "38: devices.tcp_port = 0: must be a port from 1 to 65535; "
	       "write tcp_port = 5060;"},
	      {"tcp_port = 5060", "tcp_port = \"5060\"",
	       "38: devices.tcp_port = \"5060\": must be a port from 1 to "
	       "65535; write tcp_port = 5060;"},
	      {"  state_dir", "  workers = 129;\n  state_dir",
	       "3: edge.workers = 129: must be a number of threads from 0 to "
	       "128; write workers = 0;"});
}

static void values_of_other_types(void)
{
	CHECK({"enabled = true", "enabled = 1",
	       "36: devices.enabled = 1: must be true or false; write enabled "
	       "= false;"},
	      {"enabled = true", "enabled = \"yes\"",
	       "36: devices.enabled = \"yes\": must be true or false; write "
	       "enabled = false;"},
	      {"leg = \"inside\"", "leg = \"both\"",
	       "37: devices.leg = \"both\": must be \"outside\" or \"inside\"; "
	       "write leg = \"inside\";"},
	      {"  state_dir = \"@/state\"", "  state_dir = \"\"",
	       "3: edge.state_dir = \"\": must be text in quotes; write "
	       "state_dir = \"/var/lib/sip-edge\";"},
	      {"  state_dir", "  log_level = \"loud\";\n  state_dir",
	       "3: edge.log_level = \"loud\": must be \"error\", \"notice\", "
	       "\"info\" or \"debug\"; write log_level = \"info\";"},
	      {"limits:\n{\n  handshake_s = 5;\n}", "limits = 5",
	       "50: limits = 5: must be a group of settings in { }; write "
	       "limits: { handshake_s = 10; };"},
	      {"  tls:\n  {\n    certificate = \"@/o",
	       "  dns = ( ); tls2: { };\n  tls:\n  {\n    certificate = \"@/o",
	       "10: outside.tls2: there is no such setting; did you mean tls?"},
	      {"{ name = \"room1\";\n", "\"room1\", {\n",
	       "40: devices.device = \"room1\": must be a list of groups, ( { "
	       "... }, { ... } ); write device = ( { name = \"room1\"; address "
	       "= \"10.0.5.20\"; identities = \"sip:room1@example.com\"; } );"},
	      {"\"home01.internal.example\" ];", "5 ];",
	       "27: inside.trusted_servers = 5: must be a host name in quotes, "
	       "or several in [ ]; write trusted_servers = [ "
	       "\"home01.internal.example\" ];"});
}

static void names_and_addresses(void)
{
	CHECK({"\"sip.example.com\"", "\"sip_example\"",
	       "9: outside.fqdn = \"sip_example\": must be a host name in "
	       "quotes; write fqdn = \"sip.example.com\";"},
	      {"\"sip.example.com\"", "\"192.0.2.1\"",
	       "9: outside.fqdn = \"192.0.2.1\": must be a host name in "
	       "quotes; write fqdn = \"sip.example.com\";"},
	      {"\"sip.example.com\"", "\"-a.example\"",
	       "9: outside.fqdn = \"-a.example\": must be a host name in "
	       "quotes; write fqdn = \"sip.example.com\";"},
	      {"\"sip.example.com\"", "\"a..example\"",
	       "9: outside.fqdn = \"a..example\": must be a host name in "
	       "quotes; write fqdn = \"sip.example.com\";"},
	      {"\"example.com\", ", "\"exam ple.com\", ",
	       "4: edge.sip_domains = \"exam ple.com\": must be a host name in "
	       "quotes, or several in [ ]; write sip_domains = [ "
	       "\"example.com\" ];"},
	      {"[ \"example.com\", \"Example.ORG\" ]", "[ ]",
	       "4: edge.sip_domains = [ ]: must be a host name in quotes, or "
	       "several in [ ]; write sip_domains = [ \"example.com\" ];"},
	      {"\"2001:db8::10\"", "\"2001:db8::g\"",
	       "8: outside.address = \"2001:db8::g\": must be an IPv4 or IPv6 "
	       "address in quotes, or several in [ ]; write address = [ "
	       "\"192.0.2.10\" ];"},
	      {"\"10.0.0.10\"", "\"edge01\"",
	       "19: inside.address = \"edge01\": must be an IPv4 or IPv6 "
	       "address in quotes, or several in [ ]; write address = [ "
	       "\"10.0.0.10\" ];"},
	      {"\"10.0.6.0/24\"", "\"10.0.6.0/33\"",
	       "44: devices.device.address = \"10.0.6.0/33\": must be "
	       "\"address\" or \"address/bits\", or several in [ ]; write "
	       "address = [ \"10.0.5.20\" ];"},
	      {"\"dir01.internal.example\"", "\"dir01:0\"",
	       "31: routing.directors = \"dir01:0\": must be \"host\" or "
	       "\"host:port\", or several in [ ]; write directors = [ "
	       "\"dir01.internal.example\" ];"},
	      {"\"dir01.internal.example\"", "\"dir01:65536\"",
	       "31: routing.directors = \"dir01:65536\": must be \"host\" or "
	       "\"host:port\", or several in [ ]; write directors = [ "
	       "\"dir01.internal.example\" ];"},
	      {"\"dir01.internal.example\"", "\"[2001:db8::1]5061\"",
	       "31: routing.directors = \"[2001:db8::1]5061\": must be "
	       "\"host\" or \"host:port\", or several in [ ]; write directors "
	       "= [ \"dir01.internal.example\" ];"},
	      {"[2001:DB8:0::9]", "[2001:DB8:0::9",
	       "32: routing.home_servers = \"[2001:DB8:0::9\": must be "
	       "\"host\" or \"host:port\", or several in [ ]; write "
	       "home_servers = [ \"home01.internal.example\" ];"},
	      {"\"home01.internal.example\" ];", "\"home01:5061\" ];",
	       "27: inside.trusted_servers = \"home01:5061\": must be a host "
	       "name in quotes, or several in [ ]; write trusted_servers = [ "
	       "\"home01.internal.example\" ];"},
	      {"  fqdn = \"edge01",
	       "  dns = [ \"10.0.0.53@x\" ];\n  fqdn = \"edge01",
	       "20: inside.dns = \"10.0.0.53@x\": must be \"address\" or "
	       "\"address@port\", or several in [ ]; write dns = [ "
	       "\"192.0.2.53\" ];"});
}

static void sip_addresses(void)
{
	CHECK({"\"sip:*@example.org\"", "\"room2@example.org\"",
	       "45: devices.device.identities = \"room2@example.org\": must be "
	       "\"sip:user@domain\", or several in [ ]; write identities = [ "
	       "\"sip:room1@example.com\" ];"},
	      {"\"sip:*@example.org\"", "\"sip:@example.org\"",
	       "45: devices.device.identities = \"sip:@example.org\": must be "
	       "\"sip:user@domain\", or several in [ ]; write identities = [ "
	       "\"sip:room1@example.com\" ];"},
	      {"      register = true;",
	       "      methods = [ \"INVITE\", \"B YE\" ];",
	       "46: devices.device.methods = \"B YE\": must be the name of a "
	       "SIP method in quotes, or several in [ ]; write methods = [ "
	       "\"INVITE\", \"ACK\", \"BYE\", \"CANCEL\" ];"},
	      {"sip:r@10.0.6.1:5060;transport=tcp", "sip:r@10.0.6.1:5060",
	       "47: devices.device.contact = \"sip:r@10.0.6.1:5060\": must be "
	       "\"sip:user@host:port;transport=tcp\"; write contact = "
	       "\"sip:room1@10.0.5.20:5060;transport=tcp\";"},
	      {"sip:r@10.0.6.1:5060;transport=tcp",
	       "sip:r@10.0.6.1:5060;transport=tls",
	       "47: devices.device.contact = "
	       "\"sip:r@10.0.6.1:5060;transport=tls\": must be "
	       "\"sip:user@host:port;transport=tcp\"; write contact = "
	       "\"sip:room1@10.0.5.20:5060;transport=tcp\";"},
	      {"sip:r@10.0.6.1:5060;transport=tcp",
	       "sips:r@10.0.6.1:5060;transport=tcp",
	       "47: devices.device.contact = "
	       "\"sips:r@10.0.6.1:5060;transport=tcp\": must be "
	       "\"sip:user@host:port;transport=tcp\"; write contact = "
	       "\"sip:room1@10.0.5.20:5060;transport=tcp\";"});
}

static void files_that_are_not_there(void)
{
	CHECK({"@/outside.chain", "@/none.chain",
	       "12: outside.tls.certificate = \"@/none.chain\": No such file "
	       "or directory; write the name of a file that sip-edge can "
	       "read"},
	      {"@/inside.key", "@/none.key",
	       "24: inside.tls.key = \"@/none.key\": No such file or "
	       "directory; write the name of a file that sip-edge can "
	       "read"},
	      {"@/inside-ca.crt", "/dev/null",
	       "25: inside.tls.trust = \"/dev/null\": not a regular file; "
	       "write the name of one"});
}

static void key_that_others_can_read(void)
{
	static const struct complaint c = {
		"handshake_s = 5", "handshake_s = 6",
		"24: inside.tls.key = \"@/inside.key\": others than its owner "
		"can reach the key (mode 0640); run chmod 0600 @/inside.key"};

	sample_open();
	sample_write("inside.key", "PEM\n", 0640);
	check_one(&c);
	sample_close();
}

static void addresses_and_ports_used_twice(void)
{
	CHECK({"\"10.0.0.10\"", "\"192.0.2.10\"",
	       "19: inside.address = \"192.0.2.10\": already used in line 8; "
	       "each leg needs addresses of its own"},
	      {"\"2001:db8::10\"", "\"192.0.2.10\"",
	       "8: outside.address = \"192.0.2.10\": already used in line 8; "
	       "each leg needs addresses of its own"},
	      {"\"10.0.0.10\"", "\"::ffff:192.0.2.10\"",
	       "19: inside.address = \"::ffff:192.0.2.10\": already used in "
	       "line 8; each leg needs addresses of its own"},
	      {"\"10.0.0.10\"", "\"0.0.0.0\"",
	       "19: inside.address = \"0.0.0.0\": a leg listens on addresses "
	       "of its own, never on all; write the leg's address"},
	      {"\"2001:db8::10\"", "\"::\"",
	       "8: outside.address = \"::\": a leg listens on addresses of its "
	       "own, never on all; write the leg's address"},
	      {"  fqdn = \"sip.", "  users_port = 5061;\n  fqdn = \"sip.",
	       "9: outside.users_port = 5061: already the port of outside.tls; "
	       "write another one such as 443, or leave it out"},
	      {"tcp_port = 5060", "tcp_port = 5061",
	       "38: devices.tcp_port = 5061: a TLS port of the same leg "
	       "already; write tcp_port = 5060;"});
}

static void routing_that_leads_nowhere(void)
{
	CHECK({"  home_servers = ", "  max_redirects = 3; #",
	       "31: routing: directors without home_servers, so a redirect "
	       "could go nowhere; add home_servers = [ "
	       "\"home01.internal.example\" ];"},
	      {"  directors = \"dir01.internal.example\";\n  home_servers = ",
	       "  #",
	       "29: routing: neither directors nor home_servers; add "
	       "home_servers = [ \"home01.internal.example\" ];"},
	      {"routing:\n{\n  directors = \"dir01.internal.example\";\n  "
	       "home_servers = ",
	       "users:\n{\n  #",
	       "1: routing: neither directors nor home_servers; add "
	       "home_servers = [ \"home01.internal.example\" ];"},
	      {"  directors =",
	       "  domains = ( { domain = \"example.net\"; home = "
	       "\"home01.internal.example\"; } );\n  directors =",
	       "31: routing.domains: \"example.net\" is not in "
	       "edge.sip_domains; add it there or leave this entry out"},
	      {"  directors =",
	       "  domains = ( { domain = \"example.org\"; home = \"home03\"; } "
	       ");\n  directors =",
	       "31: routing.domains: \"home03\" is not in "
	       "routing.home_servers; add it there"},
	      {"  directors =",
	       "  domains = ( { domain = \"example.org\"; home = "
	       "\"home01.internal.example\"; },\n { domain = \"EXAMPLE.org\"; "
	       "home = \"[2001:db8::9]\"; } );\n  directors =",
	       "32: routing.domains: \"example.org\" has a home server "
	       "already; leave one of the two entries out"});
}

static void hosts_named_twice(void)
{
	CHECK({"routing:",
	       "hosts = ( { name = \"a\"; address = \"10.0.0.1\"; },\n { name "
	       "= \"A.\"; address = \"10.0.0.2\"; } );\nrouting:",
	       "30: hosts: \"a\" is already in line 29; write all its "
	       "addresses into one entry"});
}

static void devices_that_do_not_fit(void)
{
	CHECK({"  leg = \"inside\";\n", "",
	       "34: devices: leg is missing; add leg = \"inside\"; or leg = "
	       "\"outside\";"},
	      {"  tcp_port = 5060;\n", "",
	       "34: devices: tcp_port is missing; add tcp_port = 5060;"},
	      {"name = \"room2\"", "name = \"room1\"",
	       "43: devices.device: the name \"room1\" is already used in line "
	       "40; write another one"},
	      {"\"10.0.7.1\"", "\"10.0.5.0/24\"",
	       "44: devices.device: the address of \"room2\" overlaps that of "
	       "\"room1\" in line 41; each address belongs to one device"},
	      {"\"10.0.7.1\"", "\"10.0.5.20\"",
	       "44: devices.device: the address of \"room2\" overlaps that of "
	       "\"room1\" in line 41; each address belongs to one device"},
	      {"sip:*@example.org", "sip:*@example.net",
	       "45: devices.device: \"sip:*@example.net\" is not in one of "
	       "edge.sip_domains; write an address such as "
	       "sip:room2@example.com"});
}

/* The sample up to its device list. */
static void door_without_devices(void)
{
	const char *at = strstr(sample_text, "  device = (");
	const struct settings *s = NULL;
	char text[SAMPLE_BYTES];

	sample_open();
	snprintf(text, sizeof(text), "%.*s};\n", (int)(at - sample_text),
		 sample_text);
	CU_ASSERT_EQUAL(sample_load(&s, text), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(sample_why,
				      "edge.cfg:34: devices: enabled without "
				      "any device; enrol one with device = "));
	sample_close();
}

static void limits_that_do_not_fit(void)
{
	CHECK({"handshake_s = 5", "line_bytes = 100000",
	       "52: limits: line_bytes = 100000 is more than header_bytes = "
	       "65536; make one fit the other"},
	      {"handshake_s = 5", "header_bytes = 300000",
	       "52: limits: header_bytes = 300000 is more than message_bytes = "
	       "262144; make one fit the other"},
	      {"handshake_s = 5", "out_queue_bytes = 65536",
	       "52: limits: message_bytes = 262144 is more than "
	       "out_queue_bytes = 65536; make one fit the other"},
	      {"handshake_s = 5", "message_bytes = 65535",
	       "52: limits: header_bytes = 65536 is more than message_bytes = "
	       "65535; make one fit the other"});
}

static void files_that_cannot_be_parsed(void)
{
	CHECK({"  handshake_s = 5;", "  handshake_s = ;",
	       "52: syntax error; look for a missing ; or \" or bracket here "
	       "or in the line before"},
	      {"  handshake_s = 5;", "  handshake_s = 5; handshake_s = 6;",
	       "52: duplicate setting name"},
	      {"  handshake_s = 5;", "  @include \"other.cfg\"",
	       "52: @include is not supported; write all settings into this "
	       "one file"});
}

static void wants(const char *path, const char *want)
{
	const struct settings *s = NULL;
	char placed[SAMPLE_BYTES];

	sample_place(placed, want);
	CU_ASSERT_EQUAL(settings_load(&s, path, sample_why), EINVAL);
	CU_ASSERT_PTR_NULL(s);
	CU_ASSERT_STRING_EQUAL(sample_why, placed);
}

static void files_that_are_no_files(void)
{
	const struct settings *s = NULL;

	sample_open();
	wants("/nonexistent/edge.cfg",
	      "/nonexistent/edge.cfg: No such file or directory");
	wants("/", "/: not a regular file");
	wants("/dev/zero", "/dev/zero: not a regular file");
	CU_ASSERT_EQUAL(sample_load(&s, ""), EINVAL);
	sample_close();
}

static void long_names_do_not_overflow(void)
{
	static char put[4000];
	char text[SAMPLE_BYTES];
	const struct settings *s = NULL;

	sample_open();
	for (int quoted = 0; quoted < 2; quoted++) {
		memset(put, 'x', sizeof(put) - 20);
		strcpy(put + sizeof(put) - 20, quoted ? "\";" : " = 5;");
		if (quoted)
			memcpy(put, "handshake_s = \"", 15);
		sample_edit(text, "handshake_s = 5;", put);
		CU_ASSERT_EQUAL(sample_load(&s, text), EINVAL);
		CU_ASSERT_TRUE(strlen(sample_why) < WHY_MAX);
		CU_ASSERT_PTR_NOT_NULL(strstr(sample_why, "edge.cfg:52:"));
	}
	sample_close();
}

TEST_MAIN("settings/complaint",
	  {"an unknown name is told, and the nearest known one", unknown_names},
	  {"a missing setting is told, and what to add", missing_settings},
	  {"a number outside its range is told with the range", numbers},
	  {"a value of another type is told", values_of_other_types},
	  {"a name or address that is none is told", names_and_addresses},
	  {"a SIP address that is none is told", sip_addresses},
	  {"a file that is not there is told", files_that_are_not_there},
	  {"a key that others can read is refused", key_that_others_can_read},
	  {"an address or port used twice is told with both lines",
	   addresses_and_ports_used_twice},
	  {"routing that leads nowhere is told", routing_that_leads_nowhere},
	  {"a host named twice is told", hosts_named_twice},
	  {"devices that do not fit together are told",
	   devices_that_do_not_fit},
	  {"a device door without any device is told", door_without_devices},
	  {"limits that do not fit together are told", limits_that_do_not_fit},
	  {"a file that cannot be parsed is told with its line",
	   files_that_cannot_be_parsed},
	  {"a settings file that is no file is told", files_that_are_no_files},
	  {"long names and values do not overflow the sentence",
	   long_names_do_not_overflow})
