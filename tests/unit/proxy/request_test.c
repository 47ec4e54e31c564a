/* SPDX-License-Identifier: Apache-2.0 */
/* request_test.c - what a request looks like when it leaves, and where to. */
#include "proxy_talk.h"

static struct conn *alice, *home;
static struct heard invite, ok, h;
static char route[2048], path[512];

static void alice_is_here(void)
{
	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
	enroll_path(alice, "alice", path);
	home = server(HOME01);
}

static void hops_are_counted(void)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{"Max-Forwards: 70", "Max-Forwards: 69"},
		{"Max-Forwards: 2", "Max-Forwards: 1"},
		{"Max-Forwards: 1", "Max-Forwards: 0"},
		{"X-None: 1", "Max-Forwards: 70"},
	};
	char text[2048], branch[32];

	alice_is_here();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct said s = {.branch = branch, .method = "MESSAGE"};
		struct buf out = {0};
		char *at_hops;

		snprintf(branch, sizeof(branch), "z9hG4bKh%zu", i);
		talk_write(text, sizeof(text), &s);
		at_hops = strstr(text, "Max-Forwards: 70");
		buf_add(&out, (struct slice){text, (size_t)(at_hops - text)});
		buf_puts(&out, rows[i].in);
		buf_puts(&out, at_hops + 16);
		fake_feed(alice, buf_slice(&out));
		buf_fini(&out);
		hear(at(HOME01), "MESSAGE", &h);
		CU_ASSERT_TRUE(says(&h, rows[i].out));
	}
	stage_close();
}

static void via_says_what_the_socket_says(void)
{
	struct slice via;

	alice_is_here();
	ask(alice, .method = "MESSAGE");
	hear(at(HOME01), "MESSAGE", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_VIA), 2);
	CU_ASSERT_TRUE(
		holds(value(&h, FIELD_VIA, 0),
		      "SIP/2.0/TLS edge01.internal.example:5061;branch="));
	via = value(&h, FIELD_VIA, 1);
	CU_ASSERT_TRUE(holds(via, ";received=198.51.100.7;rport=4242"));
	utter(alice, "MESSAGE sip:bob@example.com SIP/2.0\r\n"
		     "v: SIP/2.0/TLS c;received=10.0.0.5;branch=z9hG4bKn\r\n"
		     "f: <sip:alice@example.com>;tag=1\r\n"
		     "t: <sip:bob@example.com>\r\ni: 2\r\n"
		     "CSeq: 1 MESSAGE\r\nl: 0\r\n\r\n");
	hear(at(HOME01), "MESSAGE", &h);
	via = value(&h, FIELD_VIA, 1);
	CU_ASSERT_TRUE(holds(via, ";received=198.51.100.7"));
	CU_ASSERT_FALSE(holds(via, "rport"));
	CU_ASSERT_FALSE(says(&h, "10.0.0.5"));
	stage_close();
}

static void fields_of_trust_do_not_cross_inward(void)
{
	alice_is_here();
	ask(alice, .body = "hello",
	    .more = "P-Asserted-Identity: <sip:ceo@example.com>\r\n"
		    "p-asserted-identity: <sip:ceo@example.com>\r\n"
		    "Remote-Party-ID: <sip:ceo@example.com>\r\n"
		    "Record-Route: <sip:evil.example;lr>\r\n"
		    "Path: <sip:evil.example;lr>\r\n"
		    "Flow-Timer: 1\r\n"
		    "Subject: lunch\r\n" CONTACT);
	hear(at(HOME01), "INVITE", &h);
	CU_ASSERT_FALSE(says(&h, "ceo"));
	CU_ASSERT_FALSE(says(&h, "evil"));
	CU_ASSERT_FALSE(says(&h, "Flow-Timer"));
	CU_ASSERT_TRUE(says(&h, "Subject: lunch\r\n"));
	CU_ASSERT_TRUE(says(&h, "\r\n\r\nhello"));
	stage_close();
}

static void request_goes_down_its_flow(void)
{
	alice_is_here();
	ask(home, .from = "bob", .to = "alice",
	    .uri = "sip:x@198.51.100.7:4242",
	    .more = route_line(route, slice_of(path)));
	hear(alice, "INVITE sip:x@198.51.100.7:4242 SIP/2.0", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_ROUTE), 0);
	CU_ASSERT_TRUE(holds(value(&h, FIELD_VIA, 0),
			     "SIP/2.0/TLS sip.example.com:5061;branch="));
	answer(&h, 486, "");
	hear(home, "SIP/2.0 486", NULL);
	hear(alice, "ACK", NULL);
	stage_close();
}

static void gone_flow_is_430(void)
{
	alice_is_here();
	fake_break(alice, CONN_END_PEER);
	ask(home, .from = "bob", .to = "alice",
	    .more = route_line(route, slice_of(path)));
	hear(home, "SIP/2.0 430", NULL);
	/* RFC 5626: a new flow has a Path of its own. */
	alice = phone("198.51.100.7:4243");
	ask(alice, .method = "REGISTER", .more = CONTACT);
	hear(at(HOME01), "REGISTER", &h);
	answer(&h, 200, CONTACT);
	hear(alice, "SIP/2.0 200", NULL);
	ask(home, .from = "bob", .to = "alice", .branch = "z9hG4bK2",
	    .more = route_line(route, slice_of(path)));
	hear(home, "SIP/2.0 430", NULL);
	quiet(alice);
	stage_close();
}

static void flow_ends_while_it_is_asked(void)
{
	alice_is_here();
	ask(home, .from = "bob", .to = "alice",
	    .more = route_line(route, slice_of(path)));
	hear(alice, "INVITE", NULL);
	fake_break(alice, CONN_END_PEER);
	hear(home, "SIP/2.0 430", NULL);
	stage_close();
}

static void flow_ends_while_it_rings(void)
{
	alice_is_here();
	ask(home, .from = "bob", .to = "alice",
	    .more = route_line(route, slice_of(path)));
	hear(alice, "INVITE", &h);
	call_rings(home, &h);
	fake_break(alice, CONN_END_PEER);
	hear(home, "SIP/2.0 430", NULL);
	stage_close();
}

/* alice talks to home01; then the edge starts anew, and she registers. */
static void talk_and_restart(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	call_is_answered(alice, &invite, &ok);
	stage_restart();
	home = server(HOME01);
}

static void server_says_bye(void)
{
	char both[4096];

	snprintf(both, sizeof(both), "Route: %.*s, %.*s\r\n",
		 SLICE_ARG(value(&invite, FIELD_RECORD_ROUTE, 0)),
		 SLICE_ARG(value(&invite, FIELD_RECORD_ROUTE, 1)));
	ask(home, .method = "BYE", .from = "bob", .to = "alice",
	    .from_tag = "t1", .to_tag = "f1", .branch = "z9hG4bKbye",
	    .more = both);
}

static void dialogs_outlive_the_edge(void)
{
	talk_and_restart();
	alice = phone("198.51.100.7:4300");
	enroll(alice, "alice");
	server_says_bye();
	hear(alice, "BYE", &h);
	answer(&h, 200, "");
	hear(home, "SIP/2.0 200", NULL);
	ask(alice, .method = "INFO", .to_tag = "t1", .branch = "z9hG4bKi",
	    .more = route_line(route, value(&ok, FIELD_RECORD_ROUTE, 0)));
	hear(at(HOME01), "INFO", NULL);
	stage_close();
}

static void nobody_is_back_yet(void)
{
	talk_and_restart();
	server_says_bye();
	hear(home, "SIP/2.0 430", NULL);
	alice = phone("198.51.100.7:4300");
	ask(alice, .method = "BYE", .to_tag = "t1", .branch = "z9hG4bKi",
	    .more = route_line(route, value(&ok, FIELD_RECORD_ROUTE, 0)));
	hear(alice, "SIP/2.0 403", NULL);
	stage_close();
}

static void device_is_called_at_its_contact(void)
{
	struct conn *room;

	STAGE_OPEN();
	home = server(HOME01);
	ask(home, .from = "bob", .to = "room", .more = CONTACT);
	room = fake_reached("");
	CU_ASSERT_PTR_NOT_NULL_FATAL(room);
	CU_ASSERT_FALSE(room->tls);
	CU_ASSERT_EQUAL(room->leg, LEG_INSIDE);
	CU_ASSERT_EQUAL(addr_port(&room->peer), 5060);
	hear(room, "INVITE sip:room@example.com", &invite);
	CU_ASSERT_TRUE(holds(value(&invite, FIELD_VIA, 0),
			     "SIP/2.0/TCP 10.0.0.10:5060;branch="));
	answer(&invite, 200, "");
	hear(home, "SIP/2.0 200", &ok);
	ask(room, .method = "BYE", .from = "room", .to = "bob",
	    .from_tag = "t1", .to_tag = "f1", .branch = "z9hG4bKbye",
	    .more = route_line(route, value(&invite, FIELD_RECORD_ROUTE, 0)));
	hear(at(HOME01), "BYE", NULL);
	stage_close();
}

static void device_is_called_on_its_connection(void)
{
	struct conn *hall;

	STAGE_OPEN();
	home = server(HOME01);
	ask(home, .from = "bob", .to = "hall");
	hear(home, "SIP/2.0 430", NULL); /* no contact, no connection */
	hall = fake_accept(0, LEG_INSIDE, DOOR_DEVICE, "10.0.5.21:7000", NULL);
	ask(home, .from = "bob", .to = "hall", .branch = "z9hG4bK2");
	CU_ASSERT_EQUAL(fake_of(hall)->trust, CONN_PROVEN);
	hear(hall, "INVITE sip:hall@example.com", &h);
	CU_ASSERT_EQUAL(fake_reaches(), 0);
	answer(&h, 603, "");
	hear(home, "SIP/2.0 603", NULL);
	stage_close();
}

/* No timer of ours is running for it, and the call goes on. */
static void device_may_be_silent_for_half_an_hour(void)
{
	struct conn *room;

	STAGE_OPEN();
	home = server(HOME01);
	room = fake_accept(0, LEG_INSIDE, DOOR_DEVICE, "10.0.5.20:7000", NULL);
	ask(room, .from = "room", .more = "Contact: <sip:room@10.0.5.20>\r\n");
	hear(at(DIR01), "INVITE", &h);
	answer(&h, 200, CONTACT);
	hear(room, "SIP/2.0 200", &ok);
	fake_pass(UINT64_C(31) * 60 * 1000);
	CU_ASSERT_EQUAL(fake_of(room)->trust, CONN_PROVEN);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	ask(room, .method = "UPDATE", .from = "room", .to_tag = "t1",
	    .branch = "z9hG4bKlate", .cseq = 2,
	    .more = route_line(route, value(&ok, FIELD_RECORD_ROUTE, 0)));
	hear(at(DIR01), "UPDATE", &h);
	answer(&h, 200, "");
	hear(room, "SIP/2.0 200", NULL);
	stage_close();
}

/* Its call goes on although its connection ended. */
static void device_is_sought_again(void)
{
	struct conn *room;
	char both[4096];

	STAGE_OPEN();
	room = fake_accept(0, LEG_INSIDE, DOOR_DEVICE, "10.0.5.20:7000", NULL);
	ask(room, .from = "room", .to = "bob", .more = CONTACT);
	hear(at(DIR01), "INVITE", &invite);
	answer(&invite, 200, CONTACT);
	hear(room, "SIP/2.0 200", NULL);
	fake_break(room, CONN_END_PEER);
	home = server(HOME01);
	snprintf(both, sizeof(both), "Route: %.*s, %.*s\r\n",
		 SLICE_ARG(value(&invite, FIELD_RECORD_ROUTE, 0)),
		 SLICE_ARG(value(&invite, FIELD_RECORD_ROUTE, 1)));
	ask(home, .method = "BYE", .from = "bob", .to = "room",
	    .from_tag = "t1", .to_tag = "f1", .more = both);
	hear(fake_reached(""), "BYE", NULL);
	stage_close();
}

/* Whoever opened it: it is the same server. */
static void server_speaks_where_it_was_asked(void)
{
	alice_is_here();
	CU_ASSERT_EQUAL(fake_of(home)->trust, CONN_PROVEN);
	CU_ASSERT_EQUAL(fake_of(at(HOME01))->trust, CONN_PROVEN);
	ask(at(HOME01), .from = "bob", .to = "alice",
	    .more = route_line(route, slice_of(path)));
	hear(alice, "INVITE", &h);
	answer(&h, 486, "");
	hear(at(HOME01), "SIP/2.0 486", NULL);
	stage_close();
}

static void other_failures_end_at_once(void)
{
	alice_is_here();
	ask(alice, .method = "MESSAGE");
	hear(at(HOME01), "MESSAGE", &h);
	answer(&h, 486, "");
	hear(alice, "SIP/2.0 486", NULL);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

static void servers_find_no_way_out(void)
{
	STAGE_OPEN();
	home = server(HOME01);
	ask(home, .to = "nobody");
	hear(home, "SIP/2.0 404", NULL);
	ask(home, .to = "sip:x@alien.example", .branch = "z9hG4bK2");
	hear(home, "SIP/2.0 404", NULL);
	ask(home, .method = "REGISTER", .branch = "z9hG4bK3");
	hear(home, "SIP/2.0 403", NULL);
	CU_ASSERT_EQUAL(fake_reaches(), 0);
	stage_close();
}

TEST_MAIN("proxy/request",
	  {"Max-Forwards is counted down, or begun", hops_are_counted},
	  {"Via says what the socket says", via_says_what_the_socket_says},
	  {"fields that assert trust do not cross inward",
	   fields_of_trust_do_not_cross_inward},
	  {"a request with a Path goes down that flow",
	   request_goes_down_its_flow},
	  {"a flow that is gone is 430", gone_flow_is_430},
	  {"a flow that ends while it is asked is 430",
	   flow_ends_while_it_is_asked},
	  {"a flow that ends while it rings is 430", flow_ends_while_it_rings},
	  {"dialogs outlive the edge", dialogs_outlive_the_edge},
	  {"before the user is back there is no way to him",
	   nobody_is_back_yet},
	  {"a device is called at its contact",
	   device_is_called_at_its_contact},
	  {"a device is called on the connection it holds",
	   device_is_called_on_its_connection},
	  {"a device may be silent for half an hour",
	   device_may_be_silent_for_half_an_hour},
	  {"a device whose connection ended is sought at its contact",
	   device_is_sought_again},
	  {"a server speaks on a connection that we opened as well",
	   server_speaks_where_it_was_asked},
	  {"a failure of another method ends it at once",
	   other_failures_end_at_once},
	  {"from inside there is no way but flows and devices",
	   servers_find_no_way_out})
