/* SPDX-License-Identifier: Apache-2.0 */
/* route_test.c - dialogs find their way back, and nobody else's. */
#include "proxy_talk.h"

#include "route.h"

#include <errno.h>

static struct conn *alice, *bob, *home;
static struct heard invite, ok, h;
static char route[2048], told[512];

#define INSIDE	"@edge01.internal.example:5061;transport=tls;lr>"
#define OUTSIDE "@sip.example.com:5061;transport=tls;lr>"

static void alice_is_here(void)
{
	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
}

static void alice_talks(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	call_is_answered(alice, &invite, &ok);
}

static struct slice record(const struct heard *m, unsigned n)
{
	return value(m, FIELD_RECORD_ROUTE, n);
}

static void each_side_sees_its_own(void)
{
	alice_talks();
	CU_ASSERT_EQUAL(values(&invite, FIELD_RECORD_ROUTE), 2);
	CU_ASSERT_TRUE(holds(record(&invite, 0), INSIDE));
	CU_ASSERT_TRUE(holds(record(&invite, 1), OUTSIDE));
	CU_ASSERT_EQUAL(values(&ok, FIELD_RECORD_ROUTE), 1);
	CU_ASSERT_TRUE(holds(record(&ok, 0), OUTSIDE));
	CU_ASSERT_FALSE(says(&ok, "internal"));
	stage_close();
}

/* The URI of its Contact: whom a party may name in the dialog. */
static const char *contact_of(const struct heard *m)
{
	struct slice v = value(m, FIELD_CONTACT, 0);

	CU_ASSERT_TRUE_FATAL(v.n > 2 && v.p[0] == '<');
	snprintf(told, sizeof(told), "%.*s", (int)slice_index(v, '>') - 1,
		 v.p + 1);
	return told;
}

static void caller_goes_on_inside(void)
{
	alice_talks();
	ask(alice, .method = "ACK", .branch = "z9hG4bKack",
	    .uri = contact_of(&ok), .to_tag = "t1",
	    .more = route_line(route, record(&ok, 0)));
	hear(at(HOME01), "ACK sip:bob@10.0.0.31 SIP/2.0", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_ROUTE), 0);
	CU_ASSERT_EQUAL(values(&h, FIELD_RECORD_ROUTE), 0);
	ask(alice, .method = "BYE", .branch = "z9hG4bKbye", .cseq = 2,
	    .uri = contact_of(&ok), .to_tag = "t1",
	    .more = route_line(route, record(&ok, 0)));
	hear(at(HOME01), "BYE sip:bob@10.0.0.31", &h);
	answer(&h, 200, "");
	hear(alice, "SIP/2.0 200", NULL);
	stage_close();
}

static void server_goes_on_outside(void)
{
	char both[4096];

	alice_talks();
	home = server(HOME01);
	snprintf(both, sizeof(both), "Route: %.*s, %.*s\r\n",
		 SLICE_ARG(record(&invite, 0)), SLICE_ARG(record(&invite, 1)));
	ask(home, .method = "BYE", .from = "bob", .to = "alice",
	    .from_tag = "t1", .to_tag = "f1",
	    .uri = "sip:alice@198.51.100.7:4242", .more = both);
	hear(alice, "BYE sip:alice@198.51.100.7:4242 SIP/2.0", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_ROUTE), 0);
	CU_ASSERT_TRUE(holds(value(&h, FIELD_VIA, 0), "sip.example.com:5061"));
	answer(&h, 200, "");
	hear(home, "SIP/2.0 200", NULL);
	stage_close();
}

/* The servers behind stay in the dialog: their Routes are sealed, in order. */
static void inner_routes_are_restored(void)
{
	struct buf out = {0};
	char text[4096];

	alice_is_here();
	call_begins(alice, &invite);
	answer_write(&out, &invite, 200, "", "t1");
	buf_add(&out, (struct slice){"", 1});
	snprintf(text, sizeof(text), "%s", strstr(out.p, "Record-Route"));
	out.n = (size_t)(strstr(out.p, "Record-Route") - out.p);
	buf_puts(&out, "Record-Route: <sip:b.internal.example;lr>\r\n"
		       "Record-Route: <sip:a,b@" HOME01 ";lr>\r\n");
	buf_puts(&out, text);
	fake_feed(at(HOME01), buf_slice(&out));
	buf_fini(&out);
	hear(alice, "SIP/2.0 200", &ok);
	CU_ASSERT_EQUAL(values(&ok, FIELD_RECORD_ROUTE), 1);
	CU_ASSERT_FALSE(says(&ok, "internal"));
	ask(alice, .method = "BYE", .branch = "z9hG4bKbye", .cseq = 2,
	    .to_tag = "t1", .more = route_line(route, record(&ok, 0)));
	hear(at(HOME01), "BYE", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_ROUTE), 2);
	CU_ASSERT_TRUE(slice_eq(value(&h, FIELD_ROUTE, 0),
				SLICE("<sip:a,b@" HOME01 ";lr>")));
	CU_ASSERT_TRUE(slice_eq(value(&h, FIELD_ROUTE, 1),
				SLICE("<sip:b.internal.example;lr>")));
	stage_close();
}

/* home01 calls alice by her Path; it stays in the dialog when it says so. */
static void home_calls_alice(const char *record_route)
{
	char path[512], more[2048];

	alice_is_here();
	enroll_path(alice, "alice", path);
	home = server(HOME01);
	snprintf(more, sizeof(more), "Route: %s\r\n%s" CONTACT, path,
		 record_route);
	ask(home, .from = "bob", .to = "alice", .from_tag = "b1",
	    .uri = "sip:x@198.51.100.7:4242", .more = more);
	hear(alice, "INVITE sip:x@198.51.100.7:4242", &invite);
	answer(&invite, 200, CONTACT);
	hear(home, "SIP/2.0 200", &ok);
}

static void callee_goes_back_through_its_caller(void)
{
	home_calls_alice("Record-Route: <sip:" HOME01 ";lr;cookie=7>\r\n");
	CU_ASSERT_EQUAL(values(&invite, FIELD_RECORD_ROUTE), 1);
	CU_ASSERT_TRUE(holds(record(&invite, 0), OUTSIDE));
	CU_ASSERT_EQUAL(values(&ok, FIELD_RECORD_ROUTE), 3);
	CU_ASSERT_TRUE(holds(record(&ok, 0), OUTSIDE));
	CU_ASSERT_TRUE(holds(record(&ok, 1), INSIDE));
	CU_ASSERT_TRUE(holds(record(&ok, 2), "cookie=7"));
	ask(alice, .method = "BYE", .from_tag = "t1", .to_tag = "b1",
	    .branch = "z9hG4bKbye",
	    .more = route_line(route, record(&invite, 0)));
	hear(at(HOME01), "BYE", &h);
	CU_ASSERT_TRUE(slice_eq(value(&h, FIELD_ROUTE, 0),
				SLICE("<sip:" HOME01 ";lr;cookie=7>")));
	CU_ASSERT_EQUAL(values(&h, FIELD_ROUTE), 1);
	stage_close();
}

/* It was one outside who called her by way of home01: of our two, the inner
 * one alone leads back. */
static void own_records_are_sealed_once(void)
{
	home_calls_alice("Record-Route: <sip:" HOME01 ";lr>\r\n"
			 "Record-Route: <sip:in" INSIDE "\r\n"
			 "Record-Route: <sip:out" OUTSIDE "\r\n");
	ask(alice, .method = "BYE", .from_tag = "t1", .to_tag = "b1",
	    .branch = "z9hG4bKbye",
	    .more = route_line(route, record(&invite, 0)));
	hear(at(HOME01), "BYE", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_ROUTE), 2);
	CU_ASSERT_TRUE(
		slice_eq(value(&h, FIELD_ROUTE, 1), SLICE("<sip:in" INSIDE)));
	stage_close();
}

static void callee_goes_back_by_name(void)
{
	char both[4096];

	home_calls_alice("");
	CU_ASSERT_EQUAL(values(&ok, FIELD_RECORD_ROUTE), 2);
	ask(alice, .method = "BYE", .from_tag = "t1", .to_tag = "b1",
	    .branch = "z9hG4bKbye",
	    .more = route_line(route, record(&invite, 0)));
	hear(at(HOME01), "BYE", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_ROUTE), 0);
	snprintf(both, sizeof(both), "Route: %.*s\r\nRoute: %.*s\r\n",
		 SLICE_ARG(record(&ok, 1)), SLICE_ARG(record(&ok, 0)));
	ask(home, .method = "ACK", .from = "bob", .to = "alice",
	    .from_tag = "b1", .to_tag = "t1", .branch = "z9hG4bKack",
	    .more = both);
	hear(alice, "ACK", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_ROUTE), 0);
	CU_ASSERT_EQUAL(stage_transactions(), 2); /* INVITE's 2xx, BYE */
	stage_close();
}

/* Both ends outside, and no server of ours stays between them. */
static void alice_calls_bob(void)
{
	static struct heard inner;
	char path[512];

	alice_is_here();
	bob = phone("203.0.113.9:5353");
	enroll(bob, "bob");
	enroll_path(bob, "bob", path);
	home = server(HOME01);
	call_begins(alice, &inner);
	relay(&inner, home, route_line(route, slice_of(path)),
	      SLICE("sip:bob@203.0.113.9:5353"));
	hear(bob, "INVITE sip:bob@203.0.113.9:5353", &invite);
	CU_ASSERT_EQUAL(values(&invite, FIELD_RECORD_ROUTE), 1);
	CU_ASSERT_TRUE(holds(record(&invite, 0), OUTSIDE));
	answer(&invite, 200, "");
	hear(home, "SIP/2.0 200", &ok);
	CU_ASSERT_EQUAL(values(&ok, FIELD_RECORD_ROUTE), 4);
	relay_answer(&ok, at(HOME01));
	hear(alice, "SIP/2.0 200", &ok);
	CU_ASSERT_EQUAL(values(&ok, FIELD_RECORD_ROUTE), 1);
	CU_ASSERT_FALSE(says(&ok, "internal"));
}

static void outsiders_turn_around_at_the_edge(void)
{
	alice_calls_bob();
	ask(alice, .method = "ACK", .to_tag = "t1", .branch = "z9hG4bKack",
	    .more = route_line(route, record(&ok, 0)));
	hear(bob, "ACK", &h);
	ask(alice, .method = "INFO", .to_tag = "t1", .branch = "z9hG4bKinfo",
	    .cseq = 2, .more = route_line(route, record(&ok, 0)));
	hear(bob, "INFO", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_ROUTE), 0);
	answer(&h, 200, "");
	hear(alice, "SIP/2.0 200", NULL);
	ask(bob, .method = "BYE", .from = "bob", .to = "alice",
	    .from_tag = "t1", .to_tag = "f1", .branch = "z9hG4bKbye",
	    .more = route_line(route, record(&invite, 0)));
	hear(alice, "BYE", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_ROUTE), 0);
	answer(&h, 200, "");
	hear(bob, "SIP/2.0 200", NULL);
	quiet(at(HOME01));
	quiet(home);
	stage_close();
}

static void token_is_for_its_dialog(void)
{
	alice_talks();
	ask(alice, .method = "BYE", .call_id = "call-2", .to_tag = "t1",
	    .branch = "z9hG4bK2", .more = route_line(route, record(&ok, 0)));
	hear(alice, "SIP/2.0 403", NULL);
	ask(alice, .method = "BYE", .from_tag = "f2", .to_tag = "t2",
	    .branch = "z9hG4bK3", .more = route_line(route, record(&ok, 0)));
	hear(alice, "SIP/2.0 403", NULL);
	ask(alice, .branch = "z9hG4bK4", .call_id = "call-4",
	    .more = route_line(route, record(&ok, 0)));
	hear(alice, "SIP/2.0 403", NULL);
	quiet(at(HOME01));
	stage_close();
}

static void token_is_for_its_owner(void)
{
	alice_talks();
	bob = phone("203.0.113.9:5353");
	ask(bob, .method = "BYE", .to_tag = "t1",
	    .more = route_line(route, record(&ok, 0)));
	hear(bob, "SIP/2.0 403", NULL);
	enroll(bob, "bob");
	ask(bob, .method = "BYE", .to_tag = "t1",
	    .more = route_line(route, record(&ok, 0)));
	hear(bob, "SIP/2.0 403", NULL);
	quiet(at(HOME01));
	stage_close();
}

static void path_is_for_servers(void)
{
	char path[512];

	alice_is_here();
	enroll_path(alice, "alice", path);
	ask(alice, .more = route_line(route, slice_of(path)));
	hear(alice, "SIP/2.0 403", NULL);
	CU_ASSERT_EQUAL(fake_reaches(), 2);
	stage_close();
}

static void every_changed_token_is_refused(void)
{
	static const char other[] = "AB";
	struct slice uri;
	char text[1024], branch[48];
	size_t token;

	alice_talks();
	uri = record(&ok, 0);
	token = slice_index(uri, '@') - 5;
	for (size_t i = 0; i < token; i++) {
		snprintf(text, sizeof(text), "Route: %.*s\r\n", SLICE_ARG(uri));
		text[7 + 5 + i] = other[text[7 + 5 + i] == 'A'];
		snprintf(branch, sizeof(branch), "z9hG4bKforge%zu", i);
		ask(alice, .method = "BYE", .to_tag = "t1", .branch = branch,
		    .more = text);
		hear(alice, "SIP/2.0 403", NULL);
	}
	quiet(at(HOME01));
	stage_close();
}

static void old_token_is_refused(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	call_is_answered(alice, &invite, &ok);
	fake_pass(28801000);
	enroll(alice, "alice");
	ask(alice, .method = "BYE", .to_tag = "t1", .branch = "z9hG4bKbye",
	    .more = route_line(route, record(&ok, 0)));
	hear(alice, "SIP/2.0 403", NULL);
	quiet(at(HOME01));
	stage_close();
}

/* The ways to name an inside host, and none of them leads there. */
static void foreign_routes_lead_nowhere(void)
{
	static const char *const routes[] = {
		"<sip:10.0.0.31;lr>",
		"<sip:" HOME01 ";lr>",
		"<sip:" HOME01 ">",
		"<sips:" HOME01 ";lr>",
		"<sip:x@edge01.internal.example:5061;lr>",
		"<sip:sip.example.com:5061;lr>, <sip:" HOME01 ";lr>",
		"<sip:sip.example.com:5061;maddr=10.0.0.31;lr>",
		"<sip:sip.example.com:5061;lr;maddr=10.0.0.31>",
		"<sip:SIP.EXAMPLE.COM.:5061;lr>, <sip:sip.example.com;lr>",
		"<sip:sip.example.com:22;lr>",
		"<sip:[fd00::31];lr>",
		"<tel:+15551234>",
	};

	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		STAGE_OPEN(.routing = "home_servers = [ \"" HOME02 "\" ];\n");
		alice = phone("198.51.100.7:4242");
		ask(alice, .method = "REGISTER", .more = CONTACT);
		hear(at(HOME02), "REGISTER", &h);
		answer(&h, 200, CONTACT);
		hear(alice, "SIP/2.0 200", NULL);
		ask(alice, .branch = "z9hG4bKr",
		    .more = route_line(route, slice_of(routes[i])));
		hear(alice, "SIP/2.0 4", NULL);
		quiet(at(HOME02));
		CU_ASSERT_EQUAL(fake_reaches(), 1);
		stage_close();
	}
}

static void doors_have_names(void)
{
	struct conn *c;

	STAGE_OPEN();
	c = fake_accept(0, LEG_OUTSIDE, DOOR_USERS, "198.51.100.8:1", NULL);
	enroll(c, "alice");
	call_begins(c, &invite);
	CU_ASSERT_TRUE(holds(record(&invite, 1), "@sip.example.com:443;"));
	call_is_answered(c, &invite, &ok);
	CU_ASSERT_TRUE(holds(record(&ok, 0), "@sip.example.com:443;"));
	c = fake_accept(0, LEG_INSIDE, DOOR_DEVICE, "10.0.5.21:7000", NULL);
	ask(c, .from = "hall", .call_id = "hall", .more = CONTACT);
	hear(at(DIR01), "INVITE", &invite);
	CU_ASSERT_TRUE(
		holds(record(&invite, 1), "@10.0.0.10:5060;transport=tcp;lr>"));
	answer(&invite, 200, "");
	hear(c, "SIP/2.0 200", &ok);
	CU_ASSERT_TRUE(
		holds(record(&ok, 0), "@10.0.0.10:5060;transport=tcp;lr>"));
	stage_close();
}

/* Record-Route lines of servers behind the edge that no token can seal. */
static const char *too_many_records(void)
{
	static char lines[4096];
	size_t n = 0;

	for (int i = 0; i < 12; i++)
		n += (size_t)snprintf(lines + n, sizeof(lines) - n,
				      "Record-Route: <sip:%0200d@h;lr>\r\n", i);
	return lines;
}

/* A line end in a value would end a sealed one, and begin another. */
static void folded_records_are_not_sealed(void)
{
	static const char *const rows[] = {
		"Record-Route: <sip:a;lr>\r\n ;x=<sip:b;lr>\r\n",
		"Record-Route: <sip:c>, <sip:a;lr>\r\n\t;x\r\n",
	};
	struct route_set set;
	struct frame f;
	char text[256];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(text, sizeof(text), "SIP/2.0 200 OK\r\n%sl: 0\r\n\r\n",
			 rows[i]);
		CU_ASSERT_EQUAL(framer_index(&f, slice_of(text)), 0);
		CU_ASSERT_EQUAL(route_collect(&f, &set), EBADMSG);
	}
	CU_ASSERT_EQUAL(framer_index(&f, SLICE("SIP/2.0 200 OK\r\n"
					       "Record-Route: <sip:a>,\r\n"
					       " <sip:b>\r\nl: 0\r\n\r\n")),
			0);
	CU_ASSERT_EQUAL(route_collect(&f, &set), 0);
	CU_ASSERT_EQUAL(set.n, 2);
}

static void sealed_sets_are_read_back(void)
{
	struct route_set set;

	CU_ASSERT_EQUAL(route_unseal(SLICE("home 0"), &set), 0);
	CU_ASSERT_EQUAL(set.n, 0);
	CU_ASSERT_TRUE(slice_eq(set.hop, SLICE("home 0")));
	CU_ASSERT_EQUAL(route_unseal(SLICE("h 1\n<a>\n<b>"), &set), 0);
	CU_ASSERT_EQUAL(set.n, 2);
	CU_ASSERT_TRUE(slice_eq(set.hop, SLICE("h 1")));
	CU_ASSERT_TRUE(slice_eq(set.route[0], SLICE("<a>")));
	CU_ASSERT_TRUE(slice_eq(set.route[1], SLICE("<b>")));
	CU_ASSERT_EQUAL(route_unseal((struct slice){0}, &set), 0);
	CU_ASSERT_EQUAL(set.n, 0);
}

/* More than a token seals: refused, not cut short. */
static void too_long_a_route_set_is_refused(void)
{
	char path[512], more[5120];

	alice_is_here();
	enroll_path(alice, "alice", path);
	home = server(HOME01);
	snprintf(more, sizeof(more), "Route: %s\r\n%s", path,
		 too_many_records());
	ask(home, .from = "bob", .to = "alice", .more = more);
	hear(home, "SIP/2.0 400", NULL);
	quiet(alice);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

/* Later requests of the caller would not find their way: better no call. */
static void too_long_a_way_back_ends_the_call(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	answer(&invite, 180, too_many_records());
	hear(alice, "SIP/2.0 500", NULL);
	hear(at(HOME01), "CANCEL", &h);
	answer(&h, 200, "");
	answer(&invite, 487, "");
	hear(at(HOME01), "ACK", NULL);
	ask(alice, .method = "ACK", .to_tag = "t1");
	quiet(alice);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	ask(alice, .method = "SUBSCRIBE", .branch = "z9hG4bKs",
	    .call_id = "call-2", .more = CONTACT);
	hear(at(HOME01), "SUBSCRIBE", &h);
	answer(&h, 200, too_many_records());
	hear(alice, "SIP/2.0 500", NULL);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

/* But who is in a call already hears of it. */
static void too_long_a_way_back_of_an_accepted_call(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	answer(&invite, 200, too_many_records());
	hear(alice, "SIP/2.0 200", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_RECORD_ROUTE), 0);
	stage_close();
}

static void our_names_and_addresses_are_ours(void)
{
	static const struct {
		const char *uri;
		bool ours;
	} rows[] = {
		{"sip:T@sip.example.com:5061;lr", true},
		{"sip:T@EDGE01.internal.example", true},
		{"<sip:T@10.0.0.10:5060;transport=tcp;lr>", true},
		{"sip:T@[fd00::10]:5060", true},
		{"sip:T@[2001:db8:0::10]", true},
		{"sip:sip.example.com;lr", false},
		{"sip:T@example.com", false},
		{"sip:T@10.0.0.11", false},
		{"sip:T@home01.internal.example", false},
	};

	STAGE_OPEN();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct uri_facts u;

		CU_ASSERT_EQUAL(facts_uri(&u, slice_of(rows[i].uri)), 0);
		CU_ASSERT_EQUAL(route_is_ours(stage_proxy(0), &u),
				rows[i].ours);
	}
	stage_close();
}

TEST_MAIN("proxy/route",
	  {"servers see both legs, users the one they know",
	   each_side_sees_its_own},
	  {"a caller's next requests go to the server that took the first",
	   caller_goes_on_inside},
	  {"a server's next requests go down the flow", server_goes_on_outside},
	  {"routes of the servers behind are sealed, and restored in order",
	   inner_routes_are_restored},
	  {"a callee goes back through the servers that stay",
	   callee_goes_back_through_its_caller},
	  {"of our own routes the inner one is sealed, and no other",
	   own_records_are_sealed_once},
	  {"a callee goes back to the server that called, by its name",
	   callee_goes_back_by_name},
	  {"two users outside turn around at the edge",
	   outsiders_turn_around_at_the_edge},
	  {"a token is for its own dialog", token_is_for_its_dialog},
	  {"a token is for its owner", token_is_for_its_owner},
	  {"a Path is for servers", path_is_for_servers},
	  {"a token with any character changed is refused",
	   every_changed_token_is_refused},
	  {"a token ends with its time", old_token_is_refused},
	  {"a Route that is not ours leads nowhere",
	   foreign_routes_lead_nowhere},
	  {"each door goes by its own name", doors_have_names},
	  {"what names one of our legs is ours",
	   our_names_and_addresses_are_ours},
	  {"folded records are not sealed", folded_records_are_not_sealed},
	  {"a sealed set is read back", sealed_sets_are_read_back},
	  {"a route set too long for a token is refused",
	   too_long_a_route_set_is_refused},
	  {"one too long for the way back ends what was asked",
	   too_long_a_way_back_ends_the_call},
	  {"but an accepted call passes",
	   too_long_a_way_back_of_an_accepted_call})
