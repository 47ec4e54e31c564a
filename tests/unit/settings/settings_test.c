/*
 * settings_test.c - a good file becomes the snapshot that it describes.
 */
#include "settings_sample.h"

#include <errno.h>
#include <glob.h>

static void is_address(const union addr *a, const char *want)
{
	char text[ADDR_TEXT_MAX];

	is_text(addr_text(a, text), want);
}

static void edge_and_legs_are_read(void)
{
	const struct leg_settings *leg;
	const struct settings *s;
	char path[128];

	sample_open();
	s = sample_good(sample_text);
	sample_path(path, "state");
	is_text(s->state_dir, path);
	CU_ASSERT_EQUAL(s->sip_domains.n, 2);
	is_text(s->sip_domains.v[0], "example.com");
	is_text(s->sip_domains.v[1], "example.org");
	leg = &s->leg[LEG_OUTSIDE];
	CU_ASSERT_EQUAL_FATAL(leg->addresses, 2);
	is_address(&leg->address[0], "192.0.2.10:0");
	is_address(&leg->address[1], "[2001:db8::10]:0");
	is_text(leg->fqdn, "sip.example.com");
	sample_path(path, "outside.key");
	is_text(leg->key, path);
	leg = &s->leg[LEG_INSIDE];
	CU_ASSERT_EQUAL_FATAL(leg->addresses, 1);
	is_address(&leg->address[0], "10.0.0.10:0");
	sample_path(path, "inside-ca.crt");
	is_text(leg->trust, path);
	CU_ASSERT_EQUAL(s->trusted_servers.n, 1);
	is_text(s->trusted_servers.v[0], "home01.internal.example");
	settings_unref(&s);
	CU_ASSERT_PTR_NULL(s);
	sample_close();
}

static void servers_are_read(void)
{
	const struct settings *s;

	sample_open();
	s = sample_good(sample_text);
	CU_ASSERT_EQUAL_FATAL(s->directors.n, 1);
	is_text(s->directors.v[0].host, "dir01.internal.example");
	CU_ASSERT_EQUAL(s->directors.v[0].port, 0);
	CU_ASSERT_EQUAL_FATAL(s->home_servers.n, 3);
	is_text(s->home_servers.v[1].host, "home02.internal.example");
	CU_ASSERT_EQUAL(s->home_servers.v[1].port, 5071);
	is_text(s->home_servers.v[2].host, "2001:db8::9");
	CU_ASSERT_EQUAL(s->home_servers.v[2].port, 0);
	settings_unref(&s);
	sample_close();
}

static void devices_are_read(void)
{
	const struct device_settings *d;
	const struct settings *s;

	sample_open();
	s = sample_good(sample_text);
	CU_ASSERT_TRUE(s->devices_enabled);
	CU_ASSERT_EQUAL(s->device_leg, LEG_INSIDE);
	CU_ASSERT_EQUAL(s->device_port, 5060);
	CU_ASSERT_EQUAL_FATAL(s->devices, 2);
	d = &s->device[0];
	is_text(d->name, "room1");
	CU_ASSERT_EQUAL(d->line, 40);
	is_text(d->identities.v[0], "sip:Room1@example.com");
	CU_ASSERT_PTR_NULL(d->contact);
	CU_ASSERT_FALSE(d->may_register);
	CU_ASSERT_EQUAL_FATAL(d->methods.n, 8);
	is_text(d->methods.v[0], "INVITE");
	is_text(d->methods.v[7], "PRACK");
	d = &s->device[1];
	CU_ASSERT_EQUAL(d->line, 43);
	CU_ASSERT_EQUAL(d->addresses, 2);
	CU_ASSERT_EQUAL(d->address[0].bits, 24);
	CU_ASSERT_TRUE(d->may_register);
	is_text(d->contact, "sip:r@10.0.6.1:5060;transport=tcp");
	settings_unref(&s);
	sample_close();
}

static void lists_records_and_words_are_read(void)
{
	const struct settings *s;

	sample_open();
	s = sample_good(
		SAMPLE_MINIMAL
		"hosts = ( { name = \"Home01.internal.example.\";\n"
		"  address = [ \"10.0.0.21\", \"2001:db8::21\" ]; } );\n"
		"users: { enabled = false; };\n"
		"devices: { device = ( { name = \"a b\";\n"
		"  address = \"10.9.0.0/16\"; methods = [ \"message\" ];\n"
		"  identities = ( \"sip:x@example.com\" ); } ); };\n"
		"limits: { drain_s = 0; connect_ms = 0x100; };\n");
	CU_ASSERT_EQUAL_FATAL(s->hosts, 1);
	is_text(s->host[0].name, "home01.internal.example");
	CU_ASSERT_EQUAL_FATAL(s->host[0].addresses, 2);
	is_address(&s->host[0].address[1], "[2001:db8::21]:0");
	CU_ASSERT_FALSE(s->users_enabled);
	CU_ASSERT_FALSE(s->devices_enabled);
	CU_ASSERT_EQUAL_FATAL(s->devices, 1);
	CU_ASSERT_EQUAL(s->device[0].methods.n, 1);
	is_text(s->device[0].methods.v[0], "MESSAGE");
	CU_ASSERT_EQUAL(s->limits.drain_s, 0);
	CU_ASSERT_EQUAL(s->limits.connect_ms, 256);
	settings_unref(&s);
	sample_close();
}

static void domains_have_their_homes(void)
{
	char text[SAMPLE_BYTES];
	const struct settings *s;

	sample_open();
	sample_edit(text, "  directors = \"dir01.internal.example\";",
		    "  domains = ( { domain = \"EXAMPLE.org\";\n"
		    "    home = \"home02.internal.example:5071\"; } );");
	s = sample_good(text);
	CU_ASSERT_EQUAL(s->directors.n, 0);
	CU_ASSERT_EQUAL_FATAL(s->domain_homes, 1);
	is_text(s->domain_home[0].domain, "example.org");
	is_text(s->domain_home[0].home.host, "home02.internal.example");
	CU_ASSERT_EQUAL(s->domain_home[0].home.port, 5071);
	settings_unref(&s);
	sample_close();
}

static void limits_left_out_have_their_default(void)
{
	static const struct limits want = {
		.handshake_s = 10,
		.header_s = 10,
		.body_s = 20,
		.first_request_s = 30,
		.unauth_connections = 64,
		.unauth_rate = 20,
		.half_open = 512,
		.aors_per_flow = 4,
		.flows_per_aor = 10,
		.message_bytes = 256 * 1024,
		.device_message_bytes = 64 * 1024,
		.header_bytes = 64 * 1024,
		.line_bytes = 8 * 1024,
		.headers = 256,
		.vias = 70,
		.routes = 20,
		.contacts = 10,
		.out_queue_bytes = 256 * 1024,
		.out_stall_s = 30,
		.messages_per_turn = 64,
		.connect_ms = 3000,
		.hop_answer_s = 8,
		.target_aside_s = 30,
		.transaction_s = 32,
		.timer_c_s = 185,
		.flow_timer_s = 120,
		.server_idle_s = 300,
		.transactions = 100000,
		.held_bytes = 67108864,
		.registrations = 200000,
		.home_s = 300,
		.dialog_token_s = 28800,
		.drain_s = 30,
		.partner_connections = 4,
		.partner_idle_s = 300,
		.partner_answer_s = 5,
		.discovered_rate = 20,
		.discovered_addresses = 1000,
		.discovered_slow_rate = 1,
		.discovered_window = 100,
		.discovered_failures = 50,
		.discovered_partners = 1000,
		.recent_requests = 1000,
	};
	const struct settings *s;

	sample_open();
	s = sample_good(SAMPLE_MINIMAL);
	CU_ASSERT_EQUAL(memcmp(&s->limits, &want, sizeof(want)), 0);
	settings_unref(&s);
	sample_close();
}

static void what_is_left_out_has_its_default(void)
{
	const struct settings *s;

	sample_open();
	s = sample_good(SAMPLE_MINIMAL);
	CU_ASSERT_EQUAL(s->workers, (uint32_t)sysconf(_SC_NPROCESSORS_ONLN));
	CU_ASSERT_EQUAL(s->log_level, LOG_LEVEL_INFO);
	CU_ASSERT_EQUAL(s->leg[LEG_OUTSIDE].tls_port, 5061);
	CU_ASSERT_EQUAL(s->leg[LEG_INSIDE].tls_port, 5061);
	CU_ASSERT_EQUAL(s->leg[LEG_OUTSIDE].users_port, 0);
	CU_ASSERT_EQUAL(s->leg[LEG_OUTSIDE].proxy_froms, 0);
	CU_ASSERT_EQUAL(s->leg[LEG_INSIDE].dns.n, 0);
	CU_ASSERT_EQUAL(s->max_redirects, 3);
	CU_ASSERT_FALSE(s->devices_enabled);
	CU_ASSERT_EQUAL(s->devices, 0);
	CU_ASSERT_EQUAL(s->device_port, 0);
	CU_ASSERT_EQUAL(s->hosts, 0);
	CU_ASSERT_TRUE(s->users_enabled);
	CU_ASSERT_TRUE(s->users_require_registration);
	CU_ASSERT_PTR_NULL(s->control);
	CU_ASSERT_PTR_NULL(s->leg[LEG_OUTSIDE].trust_anchor);
	CU_ASSERT_EQUAL(s->inside_networks, 0);
	CU_ASSERT_FALSE(s->federation.enabled);
	CU_ASSERT_FALSE(s->federation.discovery);
	CU_ASSERT_EQUAL(s->federation.partners, 0);
	CU_ASSERT_EQUAL(s->federation.blocked.n, 0);
	CU_ASSERT_EQUAL(s->federation.private_oks, 0);
	CU_ASSERT_PTR_NULL(s->federation.route.host);
	CU_ASSERT_TRUE(s->boundary.hide_contact);
	CU_ASSERT_TRUE(s->boundary.hide_call_id);
	CU_ASSERT_FALSE(s->boundary.ms_mark);
	settings_unref(&s);
	sample_close();
}

static void last_reference_frees(void)
{
	const struct settings *s, *other, *none = NULL;

	sample_open();
	s = sample_good(sample_text);
	other = settings_ref(s);
	CU_ASSERT_PTR_EQUAL(other, s);
	settings_unref(&s);
	is_text(other->leg[LEG_OUTSIDE].fqdn, "sip.example.com");
	settings_unref(&other);
	settings_unref(&none);
	sample_close();
}

static void our_domains_are_known(void)
{
	const struct settings *s;

	sample_open();
	s = sample_good(sample_text);
	CU_ASSERT_TRUE(settings_our_domain(s, SLICE("example.com")));
	CU_ASSERT_TRUE(settings_our_domain(s, SLICE("EXAMPLE.org.")));
	CU_ASSERT_FALSE(settings_our_domain(s, SLICE("sip.example.com")));
	CU_ASSERT_FALSE(settings_our_domain(s, SLICE("example.co")));
	CU_ASSERT_FALSE(settings_our_domain(s, (struct slice){0}));
	settings_unref(&s);
	sample_close();
}

static const struct host_port *home(const struct settings *s, const char *host,
				    uint16_t port)
{
	return settings_find_host(&s->home_servers, slice_of(host), port);
}

static void servers_are_found_by_name_and_port(void)
{
	const struct settings *s;

	sample_open();
	s = sample_good(sample_text);
	CU_ASSERT_PTR_EQUAL(home(s, "HOME01.internal.example", 0),
			    &s->home_servers.v[0]);
	CU_ASSERT_PTR_EQUAL(home(s, "home01.internal.example.", 5061),
			    &s->home_servers.v[0]);
	CU_ASSERT_PTR_NULL(home(s, "home01.internal.example", 5071));
	CU_ASSERT_PTR_EQUAL(home(s, "home02.internal.example", 5071),
			    &s->home_servers.v[1]);
	CU_ASSERT_PTR_NULL(home(s, "home02.internal.example", 0));
	CU_ASSERT_PTR_NULL(home(s, "home02.internal.example", 5061));
	CU_ASSERT_PTR_EQUAL(home(s, "2001:db8:0:0::9", 5061),
			    &s->home_servers.v[2]);
	CU_ASSERT_PTR_NULL(home(s, "2001:db8::8", 0));
	CU_ASSERT_PTR_NULL(home(s, "", 0));
	CU_ASSERT_PTR_NULL(home(s, "home01", 0));
	settings_unref(&s);
	sample_close();
}

static const char *name_at(const struct settings *s, const char *peer)
{
	const struct device_settings *d;
	union addr a;

	CU_ASSERT_EQUAL_FATAL(addr_parse(&a, slice_of(peer), 40000), 0);
	d = settings_device_at(s, &a);
	return d ? d->name : "nobody";
}

static void devices_are_found_by_address(void)
{
	const struct settings *s;

	sample_open();
	s = sample_good(sample_text);
	is_text(name_at(s, "10.0.5.20"), "room1");
	is_text(name_at(s, "::ffff:10.0.5.20"), "room1");
	is_text(name_at(s, "10.0.6.255"), "room2");
	is_text(name_at(s, "10.0.7.1"), "room2");
	is_text(name_at(s, "10.0.7.2"), "nobody");
	is_text(name_at(s, "2001:db8::1"), "nobody");
	settings_unref(&s);
	sample_close();
}

static void devices_have_their_identities(void)
{
	const struct device_settings *room1, *room2;
	const struct settings *s;

	sample_open();
	s = sample_good(sample_text);
	room1 = &s->device[0];
	room2 = &s->device[1];
	CU_ASSERT_TRUE(
		settings_device_is(room1, SLICE("sip:Room1@example.com")));
	CU_ASSERT_FALSE(
		settings_device_is(room1, SLICE("sip:room1@example.com")));
	CU_ASSERT_FALSE(
		settings_device_is(room1, SLICE("sip:room2@example.com")));
	CU_ASSERT_FALSE(settings_device_is(room1, (struct slice){0}));
	CU_ASSERT_TRUE(settings_device_is(room2, SLICE("sip:a@example.org")));
	CU_ASSERT_FALSE(settings_device_is(room2, SLICE("sip:a@example.com")));
	CU_ASSERT_FALSE(settings_device_is(room2, SLICE("sip:@example.org")));
	CU_ASSERT_FALSE(settings_device_is(room2, SLICE("tel:a@example.org")));
	CU_ASSERT_FALSE(
		settings_device_is(room2, SLICE("sip:a@x.example.org")));
	settings_unref(&s);
	sample_close();
}

static void count_line(const char *line, void *arg)
{
	size_t *n = arg;

	CU_ASSERT_PTR_NOT_NULL(strstr(line, " | "));
	CU_ASSERT_PTR_NULL(strchr(line, '\n'));
	if (strcmp(line,
		   "limits.handshake_s | number of seconds, 1 to 300 | "
		   "10 | From accept to the end of the TLS handshake.") == 0)
		*n += 1000;
	*n += 1;
}

static void manual_has_each_setting(void)
{
	size_t n = 0;

	settings_describe(count_line, &n);
	CU_ASSERT_TRUE(n > 1000 + 32 + 40);
}

/* Where an example names a file, one of the sample's stands in for it; each
 * certificate by another one. */
static const char *stand_in(const char *line, unsigned *certificates)
{
	static const char *const put[] = {
		"certificate = \"@/outside.chain\";\n",
		"certificate = \"@/inside.chain\";\n",
		"certificate = \"@/inside-ca.crt\";\n",
	};

	if (line[strspn(line, " ")] == '#')
		return "\n";
	if (strstr(line, "certificate =") || strstr(line, "certificate  ="))
		return put[(*certificates)++ % 3];
	if (strstr(line, " key  ") || strstr(line, " key ="))
		return "key = \"@/outside.key\";\n";
	if (strstr(line, " trust  ") || strstr(line, " trust ="))
		return "trust = \"@/outside-ca.crt\";\n";
	return line;
}

static void example_is_good(const char *path)
{
	FILE *f = fopen(path, "r");
	char line[512], text[4 * SAMPLE_BYTES] = "", placed[4 * SAMPLE_BYTES];
	const struct settings *s = NULL;
	unsigned certificates = 0;
	size_t n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	while (fgets(line, sizeof(line), f)) {
		const char *put = stand_in(line, &certificates);

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", put);
	}
	fclose(f);
	CU_ASSERT_FATAL(n < SAMPLE_BYTES);
	memcpy(placed, text, sizeof(text));
	CU_ASSERT_EQUAL(sample_load(&s, placed), 0);
	if (!s)
		fprintf(stderr, "%s: %s\n", path, sample_why);
	settings_unref(&s);
}

static void examples_are_good(void)
{
	glob_t g = {0};

	sample_open();
	CU_ASSERT_EQUAL_FATAL(glob("config/*.cfg", 0, NULL, &g), 0);
	CU_ASSERT_TRUE(g.gl_pathc >= 3);
	for (size_t i = 0; i < g.gl_pathc; i++)
		example_is_good(g.gl_pathv[i]);
	globfree(&g);
	sample_close();
}

TEST_MAIN(
	"settings/settings",
	{"the edge and its legs are read", edge_and_legs_are_read},
	{"servers are read, lower case and with their ports", servers_are_read},
	{"devices are read, their line too", devices_are_read},
	{"lists, records and words are read", lists_records_and_words_are_read},
	{"domains have their home servers", domains_have_their_homes},
	{"what is left out has the documented default",
	 what_is_left_out_has_its_default},
	{"limits left out have their default",
	 limits_left_out_have_their_default},
	{"the last reference frees", last_reference_frees},
	{"our domains are known, whatever their case", our_domains_are_known},
	{"a server is found by name and port",
	 servers_are_found_by_name_and_port},
	{"a device is found by its address", devices_are_found_by_address},
	{"a device may use its identities only", devices_have_their_identities},
	{"the manual has a line for each setting", manual_has_each_setting},
	{"every example in config/ is good", examples_are_good})
