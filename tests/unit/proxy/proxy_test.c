/* SPDX-License-Identifier: Apache-2.0 */
/* proxy_test.c - registrations and calls, from bytes to bytes. */
#include "proxy_talk.h"

static struct conn *alice;
static struct heard invite, ok, h;
static char route[2048];

static void alice_is_here(void)
{
	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
}

static void register_follows_the_redirect(void)
{
	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	ask(alice, .method = "REGISTER", .more = CONTACT);
	hear(at(DIR01), "REGISTER sip:example.com SIP/2.0", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_PATH), 1);
	CU_ASSERT_TRUE(holds(value(&h, FIELD_PATH, 0),
			     "@edge01.internal.example:5061;transport=tls;lr"));
	answer(&h, 302, "Contact: <sip:" HOME01 ">\r\n");
	hear(at(HOME01), "REGISTER sip:example.com SIP/2.0", &h);
	quiet(alice);
	answer(&h, 200, CONTACT);
	hear(alice, "SIP/2.0 200", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_VIA), 1);
	CU_ASSERT_EQUAL(fake_of(alice)->trust, CONN_PROVEN);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

static void strangers_learn_nothing(void)
{
	static const char *const methods[] = {"INVITE",	   "OPTIONS", "MESSAGE",
					      "SUBSCRIBE", "BYE",     "FROB"};
	char first[HEARD_MAX] = "", branch[32];

	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	for (size_t i = 0; i < sizeof(methods) / sizeof(*methods); i++) {
		snprintf(branch, sizeof(branch), "z9hG4bKs%zu", i);
		ask(alice, .method = methods[i], .branch = branch,
		    .to = i & 1 ? "bob" : "nobody");
		hear(alice, "SIP/2.0 403 Forbidden\r\n", &h);
		CU_ASSERT_FALSE(says(&h, "Warning") || says(&h, "Server"));
		if (!first[0])
			strcpy(first, h.text);
	}
	ask(alice, .method = "ACK");
	quiet(alice);
	CU_ASSERT_EQUAL(fake_reaches(), 0);
	CU_ASSERT_EQUAL(stage_counters().refused, 6);
	CU_ASSERT_EQUAL(stage_counters().dropped, 1);
	stage_close();
}

static void only_a_register_buys_time(void)
{
	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	ask(alice, .branch = "z9hG4bKi");
	hear(alice, "SIP/2.0 403", NULL);
	CU_ASSERT_FALSE(fake_of(alice)->trusted);
	ask(alice, .method = "REGISTER", .more = CONTACT);
	CU_ASSERT_TRUE(fake_of(alice)->trusted);
	CU_ASSERT_EQUAL(fake_of(alice)->trust, CONN_UNPROVEN);
	stage_close();
}

static void edge_answers_for_itself(void)
{
	struct conn *home;

	STAGE_OPEN();
	home = server(HOME01);
	ask(home, .method = "OPTIONS", .to = "sip:sip.example.com",
	    .uri = "sip:edge01.internal.example:5061");
	hear(home, "SIP/2.0 200 OK", NULL);
	ask(home, .method = "MESSAGE", .to = "sip:sip.example.com",
	    .uri = "sip:edge01.internal.example:5061", .branch = "z9hG4bK2");
	hear(home, "SIP/2.0 405", NULL);
	stage_close();
}

static void pings_are_answered(void)
{
	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	utter(alice, "\r\n\r\n");
	CU_ASSERT_TRUE(slice_eq(talk_unread(alice), SLICE("\r\n")));
	utter(alice, "\r\n");
	utter(alice, "\r\n");
	CU_ASSERT_TRUE(slice_eq(talk_unread(alice), SLICE("\r\n\r\n")));
	stage_close();
}

static void bytes_come_in_any_pieces(void)
{
	struct said s = {.method = "REGISTER", .more = CONTACT};
	char text[8192];
	size_t n;

	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	n = talk_write(text, sizeof(text), &s);
	for (size_t i = 0; i < n; i++)
		fake_feed(alice, (struct slice){.p = text + i, .n = 1});
	CU_ASSERT_EQUAL(fake_of(alice)->wait, CONN_WAIT_NOTHING);
	fake_settle();
	hear(at(DIR01), "REGISTER", NULL);
	s.branch = "z9hG4bK2";
	n = talk_write(text, sizeof(text), &s);
	s.branch = "z9hG4bK3";
	n += talk_write(text + n, sizeof(text) - n, &s);
	fake_feed(alice, (struct slice){.p = text, .n = n});
	fake_feed(alice, (struct slice){.p = "\r\nREG", .n = 5});
	CU_ASSERT_EQUAL(fake_of(alice)->wait, CONN_WAIT_HEAD);
	hear(at(DIR01), "REGISTER", NULL);
	hear(at(DIR01), "REGISTER", NULL);
	quiet(alice);
	stage_close();
}

static void broken_streams_are_closed(void)
{
	static const char *const streams[] = {
		"GET / HTTP/1.1\r\nHost: sip.example.com\r\n\r\n",
		"REGISTER sip:example.com SIP/2.0\r\nFrom\r\n\r\n",
		"INVITE sip:x SIP/2.0\r\nContent-Length: 1x\r\n\r\n",
	};

	for (size_t i = 0; i < sizeof(streams) / sizeof(*streams); i++) {
		STAGE_OPEN();
		alice = phone("198.51.100.7:4242");
		fake_feed(alice, slice_of(streams[i]));
		CU_ASSERT_TRUE(fake_of(alice)->closing);
		CU_ASSERT_EQUAL(fake_of(alice)->end, CONN_END_REFUSED);
		stage_close();
	}
}

/* A user may say something wrong; a stream out of step is the end. */
static void users_are_told_what_is_wrong(void)
{
	alice_is_here();
	utter(alice, "MESSAGE sip:bob@example.com SIP/2.0\r\n"
		     "Via: SIP/2.0/TLS c;branch=z9hG4bKn\r\n"
		     "From: <sip:alice@example.com>;tag=1\r\n"
		     "To: <sip:bob@example.com>\r\nCall-ID: 2\r\n"
		     "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n");
	hear(alice, "SIP/2.0 400", NULL);
	ask(alice, .uri = "tel:+15551234", .branch = "z9hG4bK2");
	hear(alice, "SIP/2.0 416", NULL);
	ask(alice, .more = "Proxy-Require: magic\r\n", .branch = "z9hG4bK3");
	hear(alice, "SIP/2.0 420", &h);
	CU_ASSERT_TRUE(says(&h, "Unsupported: magic\r\n"));
	CU_ASSERT_FALSE(fake_of(alice)->closing);
	fake_feed(alice, SLICE("INVITE sip:bob@example.com SIP/2.0\r\n"
			       "Content-Length: 1\r\n"
			       "Content-Length: 2\r\n\r\n"));
	CU_ASSERT_TRUE(fake_of(alice)->closing);
	stage_close();
}

static void longest_address_of_record(void)
{
	char uri[400];

	alice_is_here();
	snprintf(uri, sizeof(uri), "sip:%0290d@example.com", 1);
	ask(alice, .method = "MESSAGE", .uri = uri);
	hear(alice, "SIP/2.0 400", NULL);
	stage_close();
}

static void reload_changes_the_timers(void)
{
	struct stage_wish w = {.limits = "transaction_s = 10;"};

	alice_is_here();
	stage_settings(&w);
	fake_reload(stage.settings);
	call_begins(alice, &invite);
	answer(&invite, 486, "");
	fake_pass(10000);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

static void waiting_has_its_deadlines(void)
{
	struct said s = {.body = "0123456789"};
	char text[8192];
	size_t n;

	alice_is_here();
	n = talk_write(text, sizeof(text), &s);
	fake_feed(alice, (struct slice){.p = text, .n = 20});
	CU_ASSERT_EQUAL(fake_of(alice)->wait, CONN_WAIT_HEAD);
	fake_feed(alice, (struct slice){.p = text + 20, .n = n - 25});
	CU_ASSERT_EQUAL(fake_of(alice)->wait, CONN_WAIT_BODY);
	fake_feed(alice, (struct slice){.p = text + n - 5, .n = 5});
	CU_ASSERT_EQUAL(fake_of(alice)->wait, CONN_WAIT_NOTHING);
	hear(at(HOME01), "INVITE", NULL);
	stage_close();
}

static void unlisted_server_is_shown_the_door(void)
{
	struct conn *c;

	STAGE_OPEN();
	c = server("other.internal.example");
	fake_feed(c, SLICE("OPTIONS sip:edge01.internal.example SIP/2.0\r\n"
			   "Via: SIP/2.0/TLS x;branch=z9hG4bK1\r\n"
			   "From: <sip:x@example.com>;tag=1\r\n"
			   "To: <sip:edge01.internal.example>\r\n"
			   "Call-ID: 1\r\nCSeq: 1 OPTIONS\r\n"
			   "Content-Length: 0\r\n\r\n"));
	hear(c, "SIP/2.0 403", NULL);
	CU_ASSERT_TRUE(fake_of(c)->closing);
	stage_close();
}

static void reload_looks_at_everybody_again(void)
{
	struct stage_wish w = {.more = "hosts = ( { name = \"x.example\"; "
				       "address = \"10.0.0.1\"; } );"};
	struct conn *home, *hall;

	alice_is_here();
	home = server(HOME01);
	hall = fake_accept(0, LEG_INSIDE, DOOR_DEVICE, "10.0.5.21:7000", NULL);
	w.routing = "home_servers = [ \"" HOME02 "\" ];\n";
	stage_settings(&w);
	fake_reload(stage.settings);
	/* home01 is no home any more, alice is registered still. */
	ask(alice, .branch = "z9hG4bKafter", .more = CONTACT);
	hear(at(HOME02), "INVITE", NULL);
	ask(home, .method = "OPTIONS", .uri = "sip:edge01.internal.example");
	hear(home, "SIP/2.0 200", NULL);
	ask(hall, .from = "hall", .call_id = "hall", .more = CONTACT);
	hear(at(HOME02), "INVITE", NULL);
	stage_close();
}

static void new_keys_take_turns(void)
{
	const struct token_keys *keys = NULL;
	char path[512], why[WHY_MAX];
	struct conn *home;

	alice_is_here();
	enroll_path(alice, "alice", path);
	CU_ASSERT_EQUAL_FATAL(token_keys_open(&keys, stage.dir,
					      1700000000u + 90000, 28800, why),
			      0);
	proxy_shared_keys(stage.shared, keys);
	fake_reload(stage.settings);
	CU_ASSERT_PTR_EQUAL(stage_proxy(0)->keys, keys);
	fake_reload(stage.settings);
	token_keys_unref(&keys);
	home = server(HOME01);
	ask(home, .from = "bob", .to = "alice",
	    .more = route_line(route, slice_of(path)));
	hear(alice, "INVITE", NULL);
	stage_close();
}

static void draining_takes_nothing_new(void)
{
	alice_is_here();
	CU_ASSERT_TRUE(fake_idle(0));
	call_begins(alice, &invite);
	fake_worker(0)->draining = true;
	CU_ASSERT_FALSE(fake_idle(0));
	ask(alice, .branch = "z9hG4bK2", .call_id = "call-2");
	hear(alice, "SIP/2.0 503", &h);
	CU_ASSERT_TRUE(says(&h, "Retry-After: "));
	call_is_answered(alice, &invite, &ok);
	CU_ASSERT_TRUE(fake_idle(0)); /* only 2xx might come again */
	ask(alice, .method = "BYE", .to_tag = "t1", .branch = "z9hG4bK3",
	    .more = route_line(route, value(&ok, FIELD_RECORD_ROUTE, 0)));
	hear(at(HOME01), "BYE", &h);
	CU_ASSERT_FALSE(fake_idle(0));
	answer(&h, 200, "");
	hear(alice, "SIP/2.0 200", NULL);
	CU_ASSERT_TRUE(fake_idle(0));
	stage_close();
}

static void full_house_sheds_new_calls_only(void)
{
	char branch[32];

	STAGE_OPEN(.limits = "transactions = 100;");
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
	call_begins(alice, &invite);
	call_is_answered(alice, &invite, &ok);
	for (int i = 0; i < 99; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bKm%d", i);
		ask(alice, .method = "MESSAGE", .branch = branch);
		hear(at(HOME01), "MESSAGE", NULL);
	}
	ask(alice, .branch = "z9hG4bKnew", .more = CONTACT);
	hear(alice, "SIP/2.0 503", &h);
	CU_ASSERT_TRUE(says(&h, "Retry-After: "));
	ask(alice, .method = "BYE", .to_tag = "t1", .branch = "z9hG4bKbye",
	    .more = route_line(route, value(&ok, FIELD_RECORD_ROUTE, 0)));
	hear(at(HOME01), "BYE", NULL);
	stage_close();
}

static void client_that_does_not_read_is_closed(void)
{
	conn_id id;

	alice_is_here();
	call_begins(alice, &invite);
	id = alice->id;
	fake_of(alice)->full = true;
	answer(&invite, 180, "");
	CU_ASSERT_PTR_NULL(conn_find(fake_worker(0), id));
	hear(at(HOME01), "CANCEL", NULL);
	stage_close();
}

static void counters_count(void)
{
	struct proxy_counters c;

	alice_is_here();
	call_begins(alice, &invite);
	answer(&invite, 180, "");
	c = stage_counters();
	CU_ASSERT_EQUAL(c.requests, 2);
	CU_ASSERT_EQUAL(c.responses, 3);
	CU_ASSERT_EQUAL(c.forwarded, 3);
	CU_ASSERT_EQUAL(c.answered, 2);
	CU_ASSERT_EQUAL(c.redirects, 1);
	CU_ASSERT_EQUAL(c.transactions, 1);
	CU_ASSERT_EQUAL(c.flows, 3);
	CU_ASSERT_EQUAL(c.undecided, 0);
	fake_break(alice, CONN_END_PEER);
	CU_ASSERT_EQUAL(stage_counters().flows, 2);
	stage_close();
}

/* The log is written too, into the void. */
static void all_is_said_aloud(void)
{
	int err = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY);

	CU_ASSERT_FATAL(err >= 0 && nowhere >= 0);
	dup2(nowhere, STDERR_FILENO);
	STAGE_OPEN();
	log_set_level(LOG_LEVEL_DEBUG);
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
	call_begins(alice, &invite);
	answer_by(alice, &invite, 200, "");
	ask(alice, .method = "FROB", .branch = "z9hG4bK2");
	ask(alice, .from = "mallory%0a", .branch = "z9hG4bK3");
	fake_manner("10.0.0.21", FAKE_REFUSES);
	answer(&invite, 503, "");
	fake_break(at(HOME01), CONN_END_PEER);
	fake_break(at(DIR01), CONN_END_PEER);
	fake_settle();
	ask(alice, .method = "REGISTER", .branch = "z9hG4bK4",
	    .more = "Contact: *\r\nExpires: 0\r\n");
	stage_close();
	dup2(err, STDERR_FILENO);
	close(err);
	close(nowhere);
}

TEST_MAIN("proxy/proxy",
	  {"a REGISTER follows the director's redirect",
	   register_follows_the_redirect},
	  {"strangers are refused alike", strangers_learn_nothing},
	  {"a REGISTER buys a stranger time, and nothing else does",
	   only_a_register_buys_time},
	  {"the edge answers for itself", edge_answers_for_itself},
	  {"pings are answered", pings_are_answered},
	  {"bytes come in any pieces", bytes_come_in_any_pieces},
	  {"a stream that is no SIP is closed", broken_streams_are_closed},
	  {"users are told what is wrong", users_are_told_what_is_wrong},
	  {"an address of record may be too long", longest_address_of_record},
	  {"a reload changes the timers", reload_changes_the_timers},
	  {"what is waited for has its deadline", waiting_has_its_deadlines},
	  {"a server that is not listed is shown the door",
	   unlisted_server_is_shown_the_door},
	  {"a reload looks at everybody again",
	   reload_looks_at_everybody_again},
	  {"new keys write, old ones are believed", new_keys_take_turns},
	  {"draining takes nothing new", draining_takes_nothing_new},
	  {"a full house sheds new requests, never in-dialog ones",
	   full_house_sheds_new_calls_only},
	  {"a client that does not read is closed",
	   client_that_does_not_read_is_closed},
	  {"counters count", counters_count},
	  {"all of it can be said aloud", all_is_said_aloud})
