/*
 * settings_partners_test.c - partners, the boundary and what devices are
 * granted become what the file says.
 */
#include "settings_sample.h"

#define PIN "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"

static void is_provider(const struct partner_settings *p)
{
	CU_ASSERT_EQUAL_FATAL(p->domains.n, 2);
	CU_ASSERT_EQUAL(p->kind, PARTNER_PROVIDER);
	CU_ASSERT_EQUAL(p->verify, VERIFY_NEVER);
	is_text(p->proxy.host, "edge.c.example");
	CU_ASSERT_EQUAL(p->proxy.port, 5062);
	CU_ASSERT_PTR_NULL(p->trust);
	CU_ASSERT_EQUAL_FATAL(p->pins.n, 1);
	is_text(p->pins.v[0], "0123456789abcdef0123456789abcdef"
			      "0123456789abcdef0123456789abcdef");
	CU_ASSERT_TRUE(settings_pin_fits(p, PIN));
	CU_ASSERT_FALSE(settings_pin_fits(p, "0123456789abcdef"));
	CU_ASSERT_FALSE(settings_pin_fits(NULL, PIN));
}

static void partners_are_read(void)
{
	const struct partner_settings *p;
	const struct settings *s;
	char path[128];

	sample_open();
	s = sample_good(
		SAMPLE_MINIMAL
		"federation: { enabled = true; discovery = true;\n"
		"  blocked = [ \"Spam.example.\", \"b.example\" ];\n"
		"  route = \"hub.example.net:5071\";\n"
		"  private_ok = [ \"127.0.0.0/8\", \"fd00::/8\" ];\n"
		"  partners = ( { domain = \"A.example\"; },\n"
		"  { domain = [ \"c.example\", \"d.example\" ];\n"
		"    kind = \"provider\"; proxy = \"Edge.c.example:5062\";\n"
		"    verify = \"never\";\n"
		"    pin = [ \"" PIN "\" ]; },\n"
		"  { domain = \"e.example\"; kind = \"direct\";\n"
		"    proxy = \"edge.e.example\"; verify = \"always\";\n"
		"    trust = \"@/outside-ca.crt\"; } ); "
		"};\n");
	CU_ASSERT_TRUE(s->federation.enabled);
	CU_ASSERT_TRUE(s->federation.discovery);
	CU_ASSERT_EQUAL_FATAL(s->federation.blocked.n, 2);
	is_text(s->federation.blocked.v[0], "spam.example");
	is_text(s->federation.route.host, "hub.example.net");
	CU_ASSERT_EQUAL(s->federation.route.port, 5071);
	CU_ASSERT_EQUAL_FATAL(s->federation.private_oks, 2);
	CU_ASSERT_EQUAL(s->federation.private_ok[0].bits, 8);
	CU_ASSERT_EQUAL_FATAL(s->federation.partners, 3);
	p = &s->federation.partner[0];
	is_text(p->domains.v[0], "a.example");
	CU_ASSERT_EQUAL(p->kind, PARTNER_ALLOWED);
	CU_ASSERT_EQUAL(p->verify, VERIFY_SOURCE);
	CU_ASSERT_PTR_NULL(p->proxy.host);
	CU_ASSERT_PTR_NULL(p->trust);
	CU_ASSERT_EQUAL(p->pins.n, 0);
	CU_ASSERT_EQUAL(p->line, 14);
	is_provider(&s->federation.partner[1]);
	p = &s->federation.partner[2];
	CU_ASSERT_FALSE(settings_pin_fits(p, PIN));
	CU_ASSERT_EQUAL(p->kind, PARTNER_DIRECT);
	CU_ASSERT_EQUAL(p->verify, VERIFY_ALWAYS);
	sample_path(path, "outside-ca.crt");
	is_text(p->trust, path);
	CU_ASSERT_EQUAL(p->line, 19);
	settings_unref(&s);
	sample_close();
}

static void partners_are_found_by_domain(void)
{
	const struct settings *s;

	sample_open();
	s = sample_good(
		SAMPLE_MINIMAL
		"federation: { blocked = [ \"spam.example\" ];\n"
		"  partners = ( { domain = \"a.example\"; },\n"
		"  { domain = [ \"c.example\", \"d.example\" ];\n"
		"    kind = \"provider\"; proxy = \"e.c.example\"; } ); };\n");
	CU_ASSERT_PTR_EQUAL(settings_partner(s, SLICE("A.example.")),
			    &s->federation.partner[0]);
	CU_ASSERT_PTR_EQUAL(settings_partner(s, SLICE("d.example")),
			    &s->federation.partner[1]);
	CU_ASSERT_PTR_NULL(settings_partner(s, SLICE("x.a.example")));
	CU_ASSERT_PTR_NULL(settings_partner(s, SLICE("e.c.example")));
	CU_ASSERT_TRUE(settings_blocked(s, SLICE("SPAM.example.")));
	CU_ASSERT_FALSE(settings_blocked(s, SLICE("x.spam.example")));
	CU_ASSERT_FALSE(settings_blocked(s, (struct slice){0}));
	settings_unref(&s);
	sample_close();
}

static void edge_networks_and_boundary_are_read(void)
{
	char text[SAMPLE_BYTES];
	const struct settings *s;
	char path[128];

	sample_open();
	sample_edit(text, "  trusted_servers",
		    "  networks = [ \"10.0.0.0/24\", \"fd00::1\" ];\n"
		    "  trust_anchor = \"@/inside-ca.crt\";\n"
		    "  trusted_servers");
	strcat(text, "boundary: { hide_contact = false; hide_call_id = false;"
		     " ms_mark = true; };\n");
	s = sample_good(text);
	CU_ASSERT_EQUAL_FATAL(s->inside_networks, 2);
	CU_ASSERT_EQUAL(s->inside_network[0].bits, 24);
	CU_ASSERT_EQUAL(s->inside_network[1].bits, 128);
	sample_path(path, "inside-ca.crt");
	is_text(s->leg[LEG_INSIDE].trust_anchor, path);
	CU_ASSERT_FALSE(s->boundary.hide_contact);
	CU_ASSERT_FALSE(s->boundary.hide_call_id);
	CU_ASSERT_TRUE(s->boundary.ms_mark);
	settings_unref(&s);

	sample_edit(text, "  state_dir",
		    "  control = \"@/control\";\n  state_dir");
	s = sample_good(text);
	sample_path(path, "control");
	is_text(s->control, path);
	settings_unref(&s);
	sample_close();
}

static void what_a_device_bears_is_read(void)
{
	const struct device_settings *d;
	char text[SAMPLE_BYTES];
	const struct settings *s;

	sample_open();
	sample_edit(text, "{ name = \"room1\";",
		    "{ name = \"room1\"; calls_per_s = 7; line_bytes = 512;"
		    " digest = \"939E7578ed9e3c518a452acee763bce9\";"
		    " unsent = [ \"X-a\", \"History-Info\" ];");
	s = sample_good(text);
	d = &s->device[0];
	CU_ASSERT_EQUAL(d->calls_per_s, 7);
	CU_ASSERT_EQUAL(d->line_bytes, 512);
	is_text(d->digest, "939e7578ed9e3c518a452acee763bce9");
	CU_ASSERT_EQUAL_FATAL(d->unsent.n, 2);
	is_text(d->unsent.v[1], "History-Info");
	d = &s->device[1];
	CU_ASSERT_EQUAL(d->calls_per_s, 2);
	CU_ASSERT_EQUAL(d->line_bytes, 1024);
	CU_ASSERT_PTR_NULL(d->digest);
	CU_ASSERT_EQUAL(d->unsent.n, 0);
	CU_ASSERT_EQUAL(d->expires_s, 0);
	settings_unref(&s);
	sample_close();
}

/* The last good second of a day, as date(1) has it. */
static void ends_at(const char *day, uint64_t want_s)
{
	char text[SAMPLE_BYTES], put[128];
	const struct settings *s;

	snprintf(put, sizeof(put), "{ expires = \"%s\"; name = \"room1\";",
		 day);
	sample_edit(text, "{ name = \"room1\";", put);
	s = sample_good(text);
	CU_ASSERT_EQUAL(s->device[0].expires_s, want_s);
	settings_unref(&s);
}

static void exception_ends_with_its_day(void)
{
	sample_open();
	ends_at("1970-01-01", 86399);
	ends_at("2000-02-29", 951868799);
	ends_at("2027-06-30", 1814399999);
	ends_at("2028-02-29", 1835481599);
	ends_at("2100-03-01", 4107628799);
	sample_close();
}

/** Whom settings_expiring() named. */
struct told {
	unsigned n, past;
	const char *last;
};

static void count_device(const struct device_settings *d, bool past, void *arg)
{
	struct told *t = arg;

	t->n++;
	t->past += past;
	t->last = d->name;
}

static struct told told_at(const struct settings *s, uint64_t wall_s)
{
	struct told t = {0};

	settings_expiring(s, wall_s, 100, count_device, &t);
	return t;
}

static void ending_exceptions_are_told(void)
{
	const uint64_t end_s = 1814399999;
	char text[SAMPLE_BYTES];
	const struct settings *s;

	sample_open();
	sample_edit(text, "{ name = \"room2\";",
		    "{ expires = \"2027-06-30\"; name = \"room2\";");
	s = sample_good(text);
	CU_ASSERT_EQUAL(told_at(s, end_s - 100).n, 0);
	CU_ASSERT_EQUAL(told_at(s, end_s - 99).n, 1);
	CU_ASSERT_EQUAL(told_at(s, end_s).n, 1);
	CU_ASSERT_EQUAL(told_at(s, end_s).past, 0);
	CU_ASSERT_EQUAL(told_at(s, end_s + 1).past, 1);
	is_text(told_at(s, end_s + 1).last, "room2");
	settings_unref(&s);
	sample_close();
}

TEST_MAIN("settings/partners",
	  {"partners are read, their line too", partners_are_read},
	  {"a partner is found by its domain", partners_are_found_by_domain},
	  {"control, networks, trust anchors and the boundary are read",
	   edge_networks_and_boundary_are_read},
	  {"what a device bears is read", what_a_device_bears_is_read},
	  {"an exception ends with its day, in UTC",
	   exception_ends_with_its_day},
	  {"exceptions that end are told, past or soon",
	   ending_exceptions_are_told})
