/*
 * settings_certificates_test.c - what a leg shows and whom it believes, which
 * names else there are, and who is in which pool.
 */
#include "settings_sample.h"

/* Everything at once, of both legs. */
static const char outside_tls[] =
	"trust = \"@/outside-ca.crt\";\n"
	"client_certificate = \"@/inside.chain\";\n"
	"client_key = \"@/inside.key\";\n"
	"ocsp = \"/var/lib/sip-edge/staple.der\";\n"
	"also = ( { certificate = \"@/inside-ca.crt\"; key = "
	"\"@/inside.key\"; },\n"
	"{ certificate = \"@/inside.chain\"; key = \"@/outside.key\"; } ); };\n"
	"revocation: { mode = \"hard\"; crl = [ \"@/outside-ca.crt\",\n"
	"  \"file://@/inside-ca.crt\", \"http://192.0.2.8:8080/a.crl?x=1\",\n"
	"  \"ldap://ldap.example.com/CN=CA?certificateRevocationList\" ];\n"
	"  distribution_points = false; proxy = "
	"\"http://[2001:db8::8]:3128\";\n"
	"  grace_h = 0;";

static void everything_of_a_leg_is_read(void)
{
	const struct leg_settings *leg;
	const struct settings *s;
	char text[SAMPLE_BYTES], path[128];

	sample_open();
	sample_edit(text, "trust = \"@/outside-ca.crt\";", outside_tls);
	s = sample_good(text);
	leg = &s->leg[LEG_OUTSIDE];
	sample_path(path, "inside.chain");
	is_text(leg->client_certificate, path);
	is_text(leg->ocsp, "/var/lib/sip-edge/staple.der");
	CU_ASSERT_EQUAL_FATAL(leg->alsos, 2);
	is_text(leg->also[1].certificate, path);
	CU_ASSERT_EQUAL(leg->also[0].line, 18);
	CU_ASSERT_EQUAL(leg->also[1].line, 19);
	sample_path(path, "inside.key");
	is_text(leg->client_key, path);
	is_text(leg->also[0].key, path);
	CU_ASSERT_EQUAL(leg->revocation.mode, REVOCATION_HARD);
	CU_ASSERT_EQUAL_FATAL(leg->revocation.crl.n, 4);
	is_text(leg->revocation.crl.v[2], "http://192.0.2.8:8080/a.crl?x=1");
	CU_ASSERT_FALSE(leg->revocation.distribution_points);
	is_text(leg->revocation.proxy, "http://[2001:db8::8]:3128");
	CU_ASSERT_EQUAL(leg->revocation.grace_h, 0);
	CU_ASSERT_EQUAL(s->leg[LEG_INSIDE].revocation.mode, REVOCATION_AUTO);
	settings_unref(&s);
	sample_close();
}

static void the_inside_has_its_own(void)
{
	const struct leg_settings *leg;
	const struct settings *s;
	char text[SAMPLE_BYTES], path[128];

	sample_open();
	sample_edit(text, "trust = \"@/inside-ca.crt\";\n  };",
		    "trust = \"@/inside-ca.crt\";\n"
		    "client_certificate = \"@/outside.chain\";\n"
		    "client_key = \"@/outside.key\"; };\n"
		    "revocation = { mode = \"soft\"; crl = \"/nowhere.crl\";\n"
		    "grace_h = 8760; proxy = \"http://proxy:1\"; };");
	s = sample_good(text);
	leg = &s->leg[LEG_INSIDE];
	sample_path(path, "outside.chain");
	is_text(leg->client_certificate, path);
	CU_ASSERT_PTR_NULL(leg->ocsp);
	CU_ASSERT_EQUAL(leg->revocation.mode, REVOCATION_SOFT);
	CU_ASSERT_EQUAL(leg->revocation.grace_h, 8760);
	is_text(leg->revocation.proxy, "http://proxy:1");
	is_text(leg->revocation.crl.v[0], "/nowhere.crl");
	CU_ASSERT_EQUAL(s->leg[LEG_OUTSIDE].revocation.mode, REVOCATION_AUTO);
	settings_unref(&s);
	sample_close();
}

static void what_is_left_out_has_its_default(void)
{
	const struct settings *s;

	sample_open();
	s = sample_good(SAMPLE_MINIMAL);
	for (int i = 0; i < LEG_COUNT; i++) {
		const struct leg_settings *leg = &s->leg[i];

		CU_ASSERT_PTR_NULL(leg->client_certificate);
		CU_ASSERT_PTR_NULL(leg->client_key);
		CU_ASSERT_EQUAL(leg->alsos, 0);
		if (i == LEG_OUTSIDE)
			is_text(leg->ocsp, "auto");
		CU_ASSERT_EQUAL(leg->revocation.mode, REVOCATION_AUTO);
		CU_ASSERT_EQUAL(leg->revocation.crl.n, 0);
		CU_ASSERT_TRUE(leg->revocation.distribution_points);
		CU_ASSERT_PTR_NULL(leg->revocation.proxy);
		CU_ASSERT_EQUAL(leg->revocation.grace_h, 24);
	}
	CU_ASSERT_PTR_NULL(s->key_log);
	CU_ASSERT_PTR_NULL(s->services.av);
	CU_ASSERT_PTR_NULL(s->services.web_conferencing);
	CU_ASSERT_PTR_NULL(s->services.xmpp);
	CU_ASSERT_PTR_NULL(s->services.director_web);
	CU_ASSERT_EQUAL(s->services.web_names.n, 0);
	CU_ASSERT_EQUAL(s->services.pools, 0);
	CU_ASSERT_PTR_NULL(settings_pool(s, SLICE("home01.internal.example")));
	settings_unref(&s);
	sample_close();
}

static void each_mode_has_its_word(void)
{
	static const char *const words[] = {
		[REVOCATION_AUTO] = "auto",
		[REVOCATION_OFF] = "off",
		[REVOCATION_SOFT] = "soft",
		[REVOCATION_HARD] = "hard",
	};
	char text[SAMPLE_BYTES], put[64];
	const struct settings *s;

	sample_open();
	for (unsigned i = 0; i < 4; i++) {
		snprintf(put, sizeof(put),
			 "inside:\n{ revocation: { mode = \"%s\"; };",
			 words[i]);
		sample_edit(text, "inside:\n{", put);
		s = sample_good(text);
		CU_ASSERT_EQUAL(s->leg[LEG_INSIDE].revocation.mode, i);
		settings_unref(&s);
	}
	sample_close();
}

static void each_purpose_has_its_word(void)
{
	const struct settings *s;

	sample_open();
	s = sample_good(
		SAMPLE_MINIMAL
		"federation: { partners = (\n"
		"  { domain = \"a.example\"; },\n"
		"  { domain = \"b.example\"; purpose = \"any\"; },\n"
		"  { domain = \"c.example\"; purpose = \"client\"; },\n"
		"  { domain = \"d.example\"; purpose = \"sip\"; } ); };\n");
	CU_ASSERT_EQUAL_FATAL(s->federation.partners, 4);
	CU_ASSERT_EQUAL(s->federation.partner[0].purpose, PURPOSE_ANY);
	CU_ASSERT_EQUAL(s->federation.partner[1].purpose, PURPOSE_ANY);
	CU_ASSERT_EQUAL(s->federation.partner[2].purpose, PURPOSE_CLIENT);
	CU_ASSERT_EQUAL(s->federation.partner[3].purpose, PURPOSE_SIP);
	settings_unref(&s);
	sample_close();
}

#define SERVICES                                                               \
	"services: { av = \"AV.example.com\"; web_conferencing = "             \
	"\"av.example.com\";\n"                                                \
	"  xmpp = \"xmpp.example.org\"; director_web = "                       \
	"\"webdir.example.com\";\n"                                            \
	"  web_names = [ \"meet.example.com\", \"meet.example.org\" ];\n"      \
	"  pools = ( { name = \"Pool01.db.example.\"; web = "                  \
	"\"web01.example.com\";\n"                                             \
	"    members = [ \"fe01.db.example\", \"fe02.db.example\" ]; },\n"     \
	"  { name = \"std01.db.example\"; } ); };\n"

static const struct settings *with_services(void)
{
	char text[SAMPLE_BYTES];

	snprintf(text, sizeof(text), "%s" SERVICES, sample_text);
	return sample_good(text);
}

static void services_are_read(void)
{
	const struct services_settings *v;
	const struct settings *s;

	sample_open();
	s = with_services();
	v = &s->services;
	is_text(v->av, "av.example.com");
	is_text(v->web_conferencing, "av.example.com");
	is_text(v->xmpp, "xmpp.example.org");
	is_text(v->director_web, "webdir.example.com");
	CU_ASSERT_EQUAL_FATAL(v->web_names.n, 2);
	is_text(v->web_names.v[1], "meet.example.org");
	CU_ASSERT_EQUAL_FATAL(v->pools, 2);
	is_text(v->pool[0].name, "pool01.db.example");
	is_text(v->pool[0].web, "web01.example.com");
	CU_ASSERT_EQUAL_FATAL(v->pool[0].members.n, 2);
	is_text(v->pool[0].members.v[1], "fe02.db.example");
	CU_ASSERT_EQUAL(v->pool[0].line, 57);
	CU_ASSERT_EQUAL(v->pool[1].members.n, 0);
	CU_ASSERT_PTR_NULL(v->pool[1].web);
	CU_ASSERT_EQUAL(v->pool[1].line, 59);
	settings_unref(&s);
	sample_close();
}

static void a_pool_is_found_by_its_name_and_its_members(void)
{
	const struct pool_settings *pool;
	const struct settings *s;

	sample_open();
	s = with_services();
	pool = s->services.pool;
	CU_ASSERT_PTR_EQUAL(settings_pool(s, SLICE("pool01.db.example")), pool);
	CU_ASSERT_PTR_EQUAL(settings_pool(s, SLICE("FE02.db.Example.")), pool);
	CU_ASSERT_PTR_EQUAL(settings_pool(s, SLICE("std01.db.example")),
			    pool + 1);
	CU_ASSERT_PTR_NULL(settings_pool(s, SLICE("fe03.db.example")));
	CU_ASSERT_PTR_NULL(settings_pool(s, SLICE("e01.db.example")));
	CU_ASSERT_PTR_NULL(settings_pool(s, SLICE("")));
	settings_unref(&s);
	sample_close();
}

static void pools_are_inside_and_web_names_are_not(void)
{
	const struct settings *s;

	sample_open();
	s = with_services();
	CU_ASSERT_TRUE(settings_inside_server(s, SLICE("pool01.db.example")));
	CU_ASSERT_TRUE(settings_inside_server(s, SLICE("fe01.db.example")));
	CU_ASSERT_TRUE(settings_inside_host(s, SLICE("std01.db.example")));
	CU_ASSERT_FALSE(settings_inside_host(s, SLICE("fe09.db.example")));
	CU_ASSERT_FALSE(settings_inside_host(s, SLICE("web01.example.com")));
	CU_ASSERT_FALSE(settings_inside_host(s, SLICE("meet.example.com")));
	settings_unref(&s);
	sample_close();
}

static void a_key_log_is_read(void)
{
	char text[SAMPLE_BYTES];
	const struct settings *s;

	sample_open();
	sample_edit(text, "edge:\n{", "edge:\n{ key_log = \"/tmp/keys.log\";");
	s = sample_good(text);
	is_text(s->key_log, "/tmp/keys.log");
	settings_unref(&s);
	sample_edit(text, "edge:\n{", "edge:\n{\nkey_log = \"keys.log\";");
	sample_refused(text, "3: edge.key_log = \"keys.log\": must be a path "
			     "that begins with a slash; write key_log = "
			     "\"/var/lib/sip-edge/keys.log\";");
	sample_close();
}

/** What stands in outside.tls, from line 15 on, and what is said of it. */
struct refusal {
	const char *text, *want;
};

/* Put: behind what, so that the text begins in line 15. */
static void check_outside(const struct refusal *r, size_t n)
{
	char text[SAMPLE_BYTES], put[SAMPLE_BYTES];

	sample_open();
	for (size_t i = 0; i < n; i++) {
		snprintf(put, sizeof(put), "trust = \"@/outside-ca.crt\";\n%s",
			 r[i].text);
		sample_edit(text, "trust = \"@/outside-ca.crt\";", put);
		sample_refused(text, r[i].want);
	}
	sample_close();
}

/* In the file, behind the sample: from line 54 on. */
static void check_behind(const struct refusal *r, size_t n)
{
	char text[SAMPLE_BYTES];

	sample_open();
	for (size_t i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "%s%s", sample_text, r[i].text);
		sample_refused(text, r[i].want);
	}
	sample_close();
}

#define CHECK(fn, ...)                                                         \
	do {                                                                   \
		static const struct refusal all[] = {__VA_ARGS__};             \
                                                                               \
		fn(all, sizeof(all) / sizeof(all[0]));                         \
	} while (0)

static void half_a_client_certificate_is_told(void)
{
	char text[SAMPLE_BYTES];

	CHECK(check_outside,
	      {"client_certificate = \"@/inside.chain\";",
	       "15: outside.tls: client_certificate without client_key; add "
	       "client_key = \"/etc/sip-edge/outside-client.key\";"},
	      {"client_key = \"@/inside.key\";",
	       "15: outside.tls: client_key without client_certificate; add "
	       "client_certificate = \"/etc/sip-edge/outside-client.chain\";"},
	      {"client_certificate = \"@/none\"; client_key = "
	       "\"@/inside.key\";",
	       "15: outside.tls.client_certificate = \"@/none\": No such file "
	       "or directory; write the name of a file that sip-edge can "
	       "read"},
	      {"client_certificate = \"@/inside.chain\";\nclient_key = "
	       "\"@/none\";",
	       "16: outside.tls.client_key = \"@/none\": No such file or "
	       "directory; write the name of a file that sip-edge can read"});
	sample_open();
	sample_edit(text, "trust = \"@/inside-ca.crt\";",
		    "client_key = \"@/inside.key\";\ntrust = "
		    "\"@/inside-ca.crt\";");
	sample_refused(text, "25: inside.tls: client_key without "
			     "client_certificate; add client_certificate = "
			     "\"/etc/sip-edge/inside-client.chain\";");
	sample_close();
}

static void a_key_that_others_can_read_is_refused(void)
{
	char text[SAMPLE_BYTES];

	sample_open();
	sample_write("state", "PEM\n", 0640);
	sample_edit(text, "trust = \"@/outside-ca.crt\";",
		    "trust = \"@/outside-ca.crt\";\n"
		    "client_certificate = \"@/inside.chain\";\n"
		    "client_key = \"@/state\";");
	sample_refused(text, "16: outside.tls.client_key = \"@/state\": others "
			     "than its owner can reach the key (mode 0640); "
			     "run chmod 0600 @/state");
	sample_edit(text, "trust = \"@/outside-ca.crt\";",
		    "trust = \"@/outside-ca.crt\";\n"
		    "also = ( { certificate = \"@/inside.chain\";\n"
		    "key = \"@/state\"; } );");
	sample_refused(text, "16: outside.tls.also.key = \"@/state\": others "
			     "than its owner can reach the key (mode 0640); "
			     "run chmod 0600 @/state");
	sample_path(text, "state");
	unlink(text);
	sample_close();
}

static void further_certificates_that_cannot_be_told_apart(void)
{
	char text[SAMPLE_BYTES];

	CHECK(check_outside,
	      {"also = ( { certificate = \"@/inside.chain\"; key = "
	       "\"@/inside.key\"; },\n"
	       "{ certificate = \"@/inside.chain\"; key = "
	       "\"@/outside.key\"; } );",
	       "16: outside.tls.also: \"@/inside.chain\" is already in line "
	       "15; write each certificate once"},
	      {"also = ( { certificate = \"@/outside.chain\"; key = "
	       "\"@/outside.key\"; } );",
	       "15: outside.tls.also: \"@/outside.chain\" is already in line "
	       "12; write each certificate once"},
	      {"also = ( { certificate = \"@/inside.chain\"; } );",
	       "15: outside.tls.also: key is missing; add key = "
	       "\"/etc/sip-edge/second.key\";"},
	      {"also = ( { certificate = \"@/none\"; key = "
	       "\"@/outside.key\"; } );",
	       "15: outside.tls.also.certificate = \"@/none\": No such file "
	       "or directory; write the name of a file that sip-edge can "
	       "read"},
	      {"also = \"@/inside.chain\";",
	       "15: outside.tls.also = \"@/inside.chain\": must be a list of "
	       "groups, ( { ... }, { ... } ); write also = ( { certificate = "
	       "...; key = ...; } );"});
	sample_open();
	sample_edit(text, "trust = \"@/inside-ca.crt\";",
		    "trust = \"@/inside-ca.crt\"; also = ( );");
	sample_refused(text, "25: inside.tls.also: there is no such setting; "
			     "known here: port, certificate, key, trust, "
			     "client_certificate, client_key");
	sample_close();
}

static void a_staple_that_is_none_is_told(void)
{
	CHECK(check_outside,
	      {"ocsp = \"on\";",
	       "15: outside.tls.ocsp = \"on\": must be \"auto\", \"off\" or a "
	       "path that begins with a slash; write ocsp = \"auto\";"},
	      {"ocsp = \"staple.der\";",
	       "15: outside.tls.ocsp = \"staple.der\": must be \"auto\", "
	       "\"off\" or a path that begins with a slash; write ocsp = "
	       "\"auto\";"},
	      {"ocsp = true;", "15: outside.tls.ocsp = true: must be text in "
			       "quotes; write ocsp = \"auto\";"});
}

#define LISTS(rest) "};\nrevocation = { " rest
#define NO_LIST(where)                                                         \
	"16: outside.revocation.crl = \"" where "\": must be a path that "     \
	"begins with a slash, or an http://, file:/// or ldap:// URL without " \
	"spaces; write crl = [ \"http://crl.internal.example/ca.crl\" ];"
#define SECURE(where)                                                          \
	"outside.revocation.crl = \"" where "\": the certificate of that "     \
	"server would need a list itself, and a list is signed anyhow; "       \
	"write its http or ldap address"

static void lists_that_are_nowhere_are_told(void)
{
	CHECK(check_outside, {LISTS("crl = \"ca.crl\";"), NO_LIST("ca.crl")},
	      {LISTS("crl = \"ftp://a.example/\";"),
	       NO_LIST("ftp://a.example/")},
	      {LISTS("crl = \"http:///ca.crl\";"), NO_LIST("http:///ca.crl")},
	      {LISTS("crl = \"http://\";"), NO_LIST("http://")},
	      {LISTS("crl = \"http://:80/\";"), NO_LIST("http://:80/")},
	      {LISTS("crl = \"ldap:///CN=CA\";"), NO_LIST("ldap:///CN=CA")},
	      {LISTS("crl = \"ldap://a/CN=My CA\";"),
	       NO_LIST("ldap://a/CN=My CA")},
	      {LISTS("crl = \"file://ca.crl\";"), NO_LIST("file://ca.crl")},
	      {LISTS("crl = [ \"http://a/b\",\n\"https://a.example/b\" ];"),
	       "17: " SECURE("https://a.example/b")},
	      {LISTS("crl = \"ldaps://a.example/b\";"),
	       "16: " SECURE("ldaps://a.example/b")},
	      {LISTS("crl = 5;"),
	       "16: outside.revocation.crl = 5: must be text in quotes, or "
	       "several in [ ]; write crl = [ "
	       "\"http://crl.internal.example/ca.crl\" ];"});
}

static void a_hard_leg_needs_its_lists(void)
{
	CHECK(check_outside,
	      {LISTS("mode = \"hard\"; crl = [ \"http://a/b\",\n\"@/none\" ];"),
	       "17: outside.revocation.crl = \"@/none\": No such file or "
	       "directory; write the name of a file that sip-edge can read"},
	      {LISTS("mode = \"hard\"; crl = \"file://@/none\";"),
	       "16: outside.revocation.crl = \"@/none\": No such file or "
	       "directory; write the name of a file that sip-edge can read"},
	      {LISTS("mode = \"hard\";\ndistribution_points = false;"),
	       "16: outside.revocation: mode = \"hard\" with neither crl nor "
	       "distribution_points, so that no certificate could ever be "
	       "believed; add crl = [ \"http://crl.internal.example/ca.crl\" "
	       "];"},
	      {LISTS("mode = \"strict\";"),
	       "16: outside.revocation.mode = \"strict\": must be \"auto\", "
	       "\"off\", \"soft\" or \"hard\"; write mode = \"auto\";"},
	      {LISTS("grace_h = 8761;"),
	       "16: outside.revocation.grace_h = 8761: must be a number of "
	       "hours from 0 to 8760; write grace_h = 24;"},
	      {LISTS("distribution_points = \"no\";"),
	       "16: outside.revocation.distribution_points = \"no\": must be "
	       "true or false; write distribution_points = true;"},
	      {LISTS("crls = \"/a\";"),
	       "16: outside.revocation.crls: there is no such setting; did "
	       "you mean crl?"});
}

static void proxies_that_are_none_are_told(void)
{
	static const char *const bad[] = {
		"10.0.0.8:3128",      "http://10.0.0.8",
		"http://a.example",   "https://a.example:3128",
		"http://a:b@c:3128",  "http://a.example:3128/",
		"http://:3128",	      "socks5://a.example:1080",
		"http://2001:db8::8", "http://a.example:0",
	};
	char text[SAMPLE_BYTES], put[256], want[256];

	sample_open();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(put, sizeof(put),
			 "inside:\n{ revocation = { proxy = \"%s\"; };",
			 bad[i]);
		sample_edit(text, "inside:\n{", put);
		snprintf(want, sizeof(want),
			 "18: inside.revocation.proxy = \"%s\": must be "
			 "\"http://host:port\"; write proxy = "
			 "\"http://10.0.0.8:3128\";",
			 bad[i]);
		sample_refused(text, want);
	}
	sample_close();
}

#define SERVE(rest) "services:\n{\n" rest "\n};\n"
#define POOLS(rest) SERVE("pools = ( " rest " );")

static void services_in_other_domains_are_told(void)
{
	CHECK(check_behind,
	      {SERVE("av = \"av.example.org\";"),
	       "56: services.av: \"av.example.org\" is not in example.com, the "
	       "first of edge.sip_domains; write a name such as "
	       "av.example.com"},
	      {SERVE("web_conferencing = \"webcon.example.net\";"),
	       "56: services.web_conferencing: \"webcon.example.net\" is not "
	       "in example.com, the first of edge.sip_domains; write a name "
	       "such as webcon.example.com"},
	      {SERVE("av = \"badexample.com\";"),
	       "56: services.av: \"badexample.com\" is not in example.com, the "
	       "first of edge.sip_domains; write a name such as "
	       "badexample.example.com"},
	      {SERVE("xmpp = \"xmpp.example.net\";"),
	       "56: services.xmpp: \"xmpp.example.net\" is not in one of "
	       "edge.sip_domains; write a name such as xmpp.example.com"},
	      {SERVE("director_web = \"webdir.internal.example\";"),
	       "56: services.director_web: \"webdir.internal.example\" is not "
	       "in one of edge.sip_domains; write a name such as "
	       "webdir.example.com"},
	      {SERVE("web_names = [ \"meet.example.org\",\n"
		     "\"meet.example.net\" ];"),
	       "57: services.web_names: \"meet.example.net\" is not in one of "
	       "edge.sip_domains; write a name such as meet.example.com"},
	      {POOLS("{ name = \"a.example\";\nweb = \"web.a.example\"; }"),
	       "57: services.pools.web: \"web.a.example\" is not in one of "
	       "edge.sip_domains; write a name such as web.example.com"},
	      {SERVE("av = \"*.example.com\";"),
	       "56: services.av = \"*.example.com\": must be a host name in "
	       "quotes; write av = \"av.example.com\";"});
}

#define ONCE                                                                   \
	"; write each pool and each server once, and a server that stands "    \
	"alone without members"

static void servers_of_two_pools_are_told(void)
{
	CHECK(check_behind,
	      {POOLS("{ name = \"p.example\"; },\n{ name = \"P.example.\"; }"),
	       "57: services.pools: \"p.example\" is already in line 56" ONCE},
	      {POOLS("{ name = \"p.example\"; members = \"a.example\"; },\n"
		     "{ name = \"q.example\"; members = [ \"b.example\",\n"
		     "\"A.example\" ]; }"),
	       "58: services.pools: \"a.example\" is already in line 56" ONCE},
	      {POOLS("{ name = \"p.example\"; members = [ \"a.example\",\n"
		     "\"a.example\" ]; }"),
	       "57: services.pools: \"a.example\" is already in line 56" ONCE},
	      {POOLS("{ name = \"p.example\";\nmembers = \"p.example\"; }"),
	       "57: services.pools: \"p.example\" is already in line 56" ONCE},
	      {POOLS("{ name = \"p.example\"; members = \"q.example\"; },\n"
		     "{ name = \"q.example\"; }"),
	       "57: services.pools: \"q.example\" is already in line 56" ONCE},
	      {POOLS("{ members = \"q.example\"; }"),
	       "56: services.pools: name is missing; add name = "
	       "\"pool01.internal.example\";"});
}

static void a_purpose_that_is_none_is_told(void)
{
	CHECK(check_behind,
	      {"federation:\n{ partners = ( { domain = \"a.example\";\n"
	       "purpose = \"server\"; } ); };\n",
	       "56: federation.partners.purpose = \"server\": must be \"any\", "
	       "\"client\" or \"sip\"; write purpose = \"any\";"});
}

TEST_MAIN("settings/certificates",
	  {"everything of a leg is read", everything_of_a_leg_is_read},
	  {"the inside has its own", the_inside_has_its_own},
	  {"what is left out has its default",
	   what_is_left_out_has_its_default},
	  {"each mode of revocation has its word", each_mode_has_its_word},
	  {"each purpose of a partner has its word", each_purpose_has_its_word},
	  {"services and pools are read", services_are_read},
	  {"a pool is found by its name and its members",
	   a_pool_is_found_by_its_name_and_its_members},
	  {"pools are inside, and web names are not",
	   pools_are_inside_and_web_names_are_not},
	  {"a key log is read, and is somewhere for certain",
	   a_key_log_is_read},
	  {"half a client certificate is told",
	   half_a_client_certificate_is_told},
	  {"a client's or further key that others can read is refused",
	   a_key_that_others_can_read_is_refused},
	  {"further certificates that cannot be told apart are told",
	   further_certificates_that_cannot_be_told_apart},
	  {"a staple that is none is told", a_staple_that_is_none_is_told},
	  {"lists that are nowhere are told", lists_that_are_nowhere_are_told},
	  {"a hard leg needs its lists", a_hard_leg_needs_its_lists},
	  {"a proxy that is none is told", proxies_that_are_none_are_told},
	  {"services in other domains are told",
	   services_in_other_domains_are_told},
	  {"a server that is in two pools is told with both lines",
	   servers_of_two_pools_are_told},
	  {"a purpose that is none is told", a_purpose_that_is_none_is_told})
