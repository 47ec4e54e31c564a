/* SPDX-License-Identifier: Apache-2.0 */
/* veil_test.c - what the outside is shown instead of the inside. */
#include "proxy_talk.h"

static struct conn *alice, *bob, *home;
static struct heard invite, ok, h;
static char route[2048], path[512], contact[512], uri[512];
static const char *home_branch;

#define INNER_VIAS                                                             \
	"Via: SIP/2.0/TLS pbx7.internal.example:5061;branch=z9hG4bKpbx, "      \
	"SIP/2.0/TLS [fd00::77]:5061;branch=z9hG4bKphone\r\n"
#define INNER_CONTACT  "Contact: \"Bob\" <sip:bob@10.0.0.31:5061>;+x=1\r\n"
#define SEALED_CONTACT "sip:~@sip.example.com:5061;transport=tls"
#define INNER_CALL     "c7f1@home01.internal.example"

static void alice_is_here(void)
{
	home_branch = "z9hG4bKh";
	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
	enroll_path(alice, "alice", path);
	home = server(HOME01);
}

/* "URI" of the Contact heard. */
static const char *contact_of(const struct heard *m)
{
	snprintf(contact, sizeof(contact), "%.*s",
		 SLICE_ARG(headers_uri(value(m, FIELD_CONTACT, 0))));
	return contact;
}

static void home_asks(const char *method, const char *call_id, const char *more)
{
	char lines[2048];

	snprintf(lines, sizeof(lines), "%sRoute: %s\r\n%s", INNER_VIAS, path,
		 more);
	ask(home, .method = method, .from = "bob", .to = "alice",
	    .from_tag = "b1", .uri = "sip:x@198.51.100.7:4242",
	    .branch = home_branch, .call_id = call_id, .more = lines);
}

/* Nothing of the inside: no name, no address. */
static bool tells(const struct heard *m)
{
	return says(m, "internal") || says(m, "10.0.0.") || says(m, "fd00");
}

static void vias_stay_inside(void)
{
	alice_is_here();
	home_asks("INVITE", "call-1", INNER_CONTACT);
	hear(alice, "INVITE", &invite);
	CU_ASSERT_EQUAL(values(&invite, FIELD_VIA), 1);
	CU_ASSERT_FALSE(tells(&invite));
	answer(&invite, 180, "");
	answer(&invite, 200, CONTACT);
	for (int i = 0; i < 2; i++) {
		hear(home, i ? "SIP/2.0 200" : "SIP/2.0 180", &h);
		CU_ASSERT_EQUAL(values(&h, FIELD_VIA), 3);
		CU_ASSERT_TRUE(holds(value(&h, FIELD_VIA, 0),
				     "client.invalid;branch=z9hG4bKh;"
				     "received=10.0.0.99;rport=40000"));
		CU_ASSERT_TRUE(holds(value(&h, FIELD_VIA, 1), "pbx7"));
		CU_ASSERT_TRUE(holds(value(&h, FIELD_VIA, 2), "[fd00::77]"));
	}
	stage_close();
}

static void own_answers_have_them_too(void)
{
	alice_is_here();
	home_asks("INVITE", INNER_CALL, "");
	hear(alice, "INVITE", &invite);
	fake_pass(200);
	hear(home, "SIP/2.0 100", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_VIA), 3);
	CU_ASSERT_TRUE(says(&h, "Call-ID: " INNER_CALL "\r\n"));
	fake_break(alice, CONN_END_PEER);
	fake_settle();
	hear(home, "SIP/2.0 430", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_VIA), 3);
	CU_ASSERT_TRUE(holds(value(&h, FIELD_VIA, 0), "client.invalid"));
	CU_ASSERT_TRUE(holds(value(&h, FIELD_TO, 0), ";tag="));
	CU_ASSERT_TRUE(says(&h, "Call-ID: " INNER_CALL "\r\n"));
	stage_close();
}

/* By the route set of an answer, and by that of the last one. */
static void ack_and_bye(const struct heard *acknowledged)
{
	ask(alice, .method = "ACK", .branch = "z9hG4bKack", .uri = uri,
	    .to_tag = "t1",
	    .more = route_line(route,
			       value(acknowledged, FIELD_RECORD_ROUTE, 0)));
	hear(at(HOME01), "ACK sip:bob@10.0.0.31:5061 SIP/2.0\r\n", NULL);
	ask(alice, .method = "BYE", .branch = "z9hG4bKbye", .cseq = 2,
	    .uri = uri, .to_tag = "t1",
	    .more = route_line(route, value(&ok, FIELD_RECORD_ROUTE, 0)));
	hear(at(HOME01), "BYE sip:bob@10.0.0.31:5061 SIP/2.0\r\n", NULL);
}

static void callee_inside_is_a_token(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	answer(&invite, 180, INNER_CONTACT);
	hear(alice, "SIP/2.0 180", &h);
	CU_ASSERT_STRING_EQUAL(contact_of(&h), SEALED_CONTACT);
	CU_ASSERT_FALSE(tells(&h));
	CU_ASSERT_TRUE(says(&h, "Contact: \"Bob\" <sip:"));
	CU_ASSERT_TRUE(says(&h, "@sip.example.com:5061;transport=tls>;+x=1"));
	answer(&invite, 200, INNER_CONTACT);
	hear(alice, "SIP/2.0 200", &ok);
	snprintf(uri, sizeof(uri), "%s", contact);
	CU_ASSERT_STRING_EQUAL(contact_of(&ok), uri);
	ack_and_bye(&ok);
	stage_close();
}

static void caller_inside_is_a_token(void)
{
	alice_is_here();
	home_asks("INVITE", "call-1", "m: sips:bob@10.0.0.31;x=y\r\n");
	hear(alice, "INVITE", &invite);
	CU_ASSERT_FALSE(tells(&invite));
	snprintf(uri, sizeof(uri), "%s", contact_of(&invite));
	CU_ASSERT_TRUE(!strncmp(uri, "sips:", 5));
	CU_ASSERT_TRUE(says(&invite, "transport=tls>;x=y\r\n"));
	answer(&invite, 200, CONTACT);
	hear(home, "SIP/2.0 200", &ok);
	CU_ASSERT_TRUE(says(&ok, CONTACT));
	ask(alice, .method = "BYE", .uri = uri, .from_tag = "t1",
	    .to_tag = "b1",
	    .more = route_line(route, value(&invite, FIELD_RECORD_ROUTE, 0)));
	hear(at(HOME01), "BYE sips:bob@10.0.0.31 SIP/2.0\r\n", NULL);
	stage_close();
}

/* What the route set seals needs no token of its own; what changes does, for
 * a client may keep the route set that it was given first. */
static void contact_that_changes_has_its_own_token(void)
{
	static struct heard early;

	alice_is_here();
	call_begins(alice, &invite);
	answer(&invite, 183, "Contact: <sip:music@10.0.0.31>\r\n");
	hear(alice, "SIP/2.0 183", &early);
	CU_ASSERT_STRING_EQUAL(contact_of(&early), SEALED_CONTACT);
	answer(&invite, 200, INNER_CONTACT);
	hear(alice, "SIP/2.0 200", &ok);
	snprintf(uri, sizeof(uri), "%s", contact_of(&ok));
	CU_ASSERT_STRING_NOT_EQUAL(uri, SEALED_CONTACT);
	ack_and_bye(&early);
	stage_close();
}

static void sealed_contact_is_nothing_without_its_dialog(void)
{
	alice_is_here();
	ask(alice, .uri = SEALED_CONTACT, .branch = "z9hG4bK1");
	hear(alice, "SIP/2.0 403", NULL);
	ask(alice, .method = "BYE", .uri = SEALED_CONTACT, .to_tag = "t1",
	    .branch = "z9hG4bK2");
	hear(alice, "SIP/2.0 481", NULL);
	call_begins(alice, &invite);
	call_is_answered(alice, &invite, &ok);
	ask(alice, .method = "BYE", .uri = SEALED_CONTACT, .to_tag = "t1",
	    .branch = "z9hG4bK3", .call_id = "call-3",
	    .more = route_line(route, value(&ok, FIELD_RECORD_ROUTE, 0)));
	hear(alice, "SIP/2.0 403", NULL);
	ask(alice, .method = "BYE", .branch = "z9hG4bK4", .to_tag = "t1",
	    .uri = "sip:~@10.0.0.31",
	    .more = route_line(route, value(&ok, FIELD_RECORD_ROUTE, 0)));
	hear(alice, "SIP/2.0 403", NULL);
	quiet(at(HOME01));
	stage_close();
}

/* A new Contact in a re-INVITE is another token, good in the same dialog. */
static void target_refreshes_are_tokens(void)
{
	char both[4096];

	alice_is_here();
	home_asks("INVITE", "call-1", INNER_CONTACT);
	hear(alice, "INVITE", &invite);
	answer(&invite, 200, CONTACT);
	hear(home, "SIP/2.0 200", &ok);
	snprintf(both, sizeof(both), "Route: %.*s, %.*s\r\n%s",
		 SLICE_ARG(value(&ok, FIELD_RECORD_ROUTE, 1)),
		 SLICE_ARG(value(&ok, FIELD_RECORD_ROUTE, 0)),
		 "Contact: <sip:bob@10.0.0.99>\r\n");
	ask(home, .method = "UPDATE", .from = "bob", .to = "alice",
	    .from_tag = "b1", .to_tag = "t1", .branch = "z9hG4bKu", .cseq = 2,
	    .uri = "sip:x@198.51.100.7:4242", .more = both);
	hear(alice, "UPDATE", &h);
	CU_ASSERT_FALSE(tells(&h));
	snprintf(uri, sizeof(uri), "%s", contact_of(&h));
	answer(&h, 200, CONTACT);
	hear(home, "SIP/2.0 200", NULL);
	ask(alice, .method = "BYE", .uri = uri, .from_tag = "t1",
	    .to_tag = "b1",
	    .more = route_line(route, value(&invite, FIELD_RECORD_ROUTE, 0)));
	hear(at(HOME01), "BYE sip:bob@10.0.0.99 SIP/2.0\r\n", NULL);
	stage_close();
}

static void addresses_of_ours_are_no_secret(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	answer(&invite, 200, "Contact: <sip:bob@EXAMPLE.org;gr=1>\r\n");
	hear(alice, "SIP/2.0 200", &h);
	CU_ASSERT_TRUE(says(&h, "Contact: <sip:bob@EXAMPLE.org;gr=1>\r\n"));
	ask(alice, .method = "OPTIONS", .branch = "z9hG4bKo");
	hear(at(HOME01), "OPTIONS", &h);
	answer(&h, 200, "Contact: <sip:10.0.0.31>, <sip:home01>\r\n");
	hear(alice, "SIP/2.0 200", &h);
	CU_ASSERT_STRING_EQUAL(contact_of(&h),
			       "sip:sip.example.com:5061;transport=tls");
	CU_ASSERT_FALSE(says(&h, "home01"));
	stage_close();
}

static void contacts_may_be_shown(void)
{
	STAGE_OPEN(.more = "boundary: { hide_contact = false; };\n");
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
	call_begins(alice, &invite);
	answer(&invite, 200, INNER_CONTACT);
	hear(alice, "SIP/2.0 200", &h);
	CU_ASSERT_TRUE(says(&h, INNER_CONTACT));
	stage_close();
}

static const char *call_id_of(const struct heard *m)
{
	static char text[256];

	snprintf(text, sizeof(text), "%.*s",
		 SLICE_ARG(value(m, FIELD_CALL_ID, 0)));
	return text;
}

/* home calls by a Call-ID that names it; alice knows another. */
static void home_calls_hidden(char hidden[256])
{
	alice_is_here();
	home_asks("INVITE", INNER_CALL, INNER_CONTACT);
	hear(alice, "INVITE", &invite);
	snprintf(hidden, 256, "%s", call_id_of(&invite));
	CU_ASSERT_FALSE(tells(&invite));
	CU_ASSERT_FALSE(says(&invite, "c7f1"));
	answer(&invite, 200, CONTACT);
	hear(home, "SIP/2.0 200", &ok);
	CU_ASSERT_STRING_EQUAL(call_id_of(&ok), INNER_CALL);
}

static void call_ids_are_hidden(void)
{
	char hidden[256], both[4096];

	home_calls_hidden(hidden);
	snprintf(both, sizeof(both), "Route: %.*s, %.*s\r\n",
		 SLICE_ARG(value(&ok, FIELD_RECORD_ROUTE, 1)),
		 SLICE_ARG(value(&ok, FIELD_RECORD_ROUTE, 0)));
	ask(home, .method = "INFO", .from = "bob", .to = "alice",
	    .from_tag = "b1", .to_tag = "t1", .branch = "z9hG4bKi", .cseq = 2,
	    .uri = "sip:x@198.51.100.7:4242", .call_id = INNER_CALL,
	    .more = both);
	hear(alice, "INFO", &h);
	CU_ASSERT_STRING_EQUAL(call_id_of(&h), hidden);
	answer(&h, 200, "");
	hear(home, "SIP/2.0 200", &h);
	CU_ASSERT_STRING_EQUAL(call_id_of(&h), INNER_CALL);
	snprintf(uri, sizeof(uri), "%s", contact_of(&invite));
	ask(alice, .method = "BYE", .uri = uri, .from_tag = "t1",
	    .to_tag = "b1", .call_id = hidden,
	    .more = route_line(route, value(&invite, FIELD_RECORD_ROUTE, 0)));
	hear(at(HOME01), "BYE sip:bob@10.0.0.31:5061", &h);
	CU_ASSERT_STRING_EQUAL(call_id_of(&h), INNER_CALL);
	answer(&h, 200, "");
	hear(alice, "SIP/2.0 200", &h);
	CU_ASSERT_STRING_EQUAL(call_id_of(&h), hidden);
	stage_close();
}

static void hidden_calls_are_cancelled(void)
{
	alice_is_here();
	home_asks("INVITE", INNER_CALL, "");
	hear(alice, "INVITE", &invite);
	call_rings(home, &invite);
	ask(home, .method = "CANCEL", .from = "bob", .to = "alice",
	    .from_tag = "b1", .uri = "sip:x@198.51.100.7:4242",
	    .branch = "z9hG4bKh", .call_id = INNER_CALL);
	hear(home, "SIP/2.0 200", NULL);
	hear(alice, "CANCEL", &h);
	CU_ASSERT_STRING_EQUAL(call_id_of(&h), call_id_of(&invite));
	CU_ASSERT_FALSE(tells(&h));
	answer(&h, 200, "");
	answer(&invite, 487, "");
	hear(alice, "ACK", &h);
	CU_ASSERT_FALSE(tells(&h));
	hear(home, "SIP/2.0 487", &h);
	CU_ASSERT_STRING_EQUAL(call_id_of(&h), INNER_CALL);
	stage_close();
}

/* What a client calls its dialog is its own, whatever host it names. */
static void their_call_ids_are_theirs(void)
{
	char both[4096];

	alice_is_here();
	ask(alice, .call_id = INNER_CALL, .more = CONTACT);
	hear(at(HOME01), "INVITE", &invite);
	CU_ASSERT_STRING_EQUAL(call_id_of(&invite), INNER_CALL);
	answer(&invite, 200, INNER_CONTACT);
	hear(alice, "SIP/2.0 200", &ok);
	CU_ASSERT_STRING_EQUAL(call_id_of(&ok), INNER_CALL);
	snprintf(both, sizeof(both), "Route: %.*s, %.*s\r\n",
		 SLICE_ARG(value(&invite, FIELD_RECORD_ROUTE, 0)),
		 SLICE_ARG(value(&invite, FIELD_RECORD_ROUTE, 1)));
	ask(home, .method = "BYE", .from = "bob", .to = "alice",
	    .from_tag = "t1", .to_tag = "f1", .call_id = INNER_CALL,
	    .uri = "sip:x@198.51.100.7:4242", .more = both);
	hear(alice, "BYE", &h);
	CU_ASSERT_STRING_EQUAL(call_id_of(&h), INNER_CALL);
	stage_close();
}

static void only_inside_hosts_are_hidden(void)
{
	static const struct {
		const char *call_id;
		bool hidden;
	} rows[] = {
		{"1@home01.internal.example", true},
		{"1@HOME01.Internal.Example.", true},
		{"1@[fd00::10]", true},
		{"1@10.0.0.10", true},
		{"1@127.0.0.1", true},
		{"home01.internal.example", true},
		{"10.0.0.10", true},
		{"1@bob.example.net", false},
		{"1@198.51.100.7", false},
		{"1234-5678", false},
		{"a.b.c", false},
		{"1@", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		alice_is_here();
		home_asks("MESSAGE", rows[i].call_id, "");
		hear(alice, "MESSAGE", &h);
		CU_ASSERT_EQUAL(strcmp(call_id_of(&h), rows[i].call_id) != 0,
				rows[i].hidden);
		answer(&h, 200, "");
		hear(home, "SIP/2.0 200", &h);
		CU_ASSERT_STRING_EQUAL(call_id_of(&h), rows[i].call_id);
		stage_close();
	}
}

static void call_ids_may_be_shown(void)
{
	STAGE_OPEN(.more = "boundary: { hide_call_id = false; };\n");
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
	enroll_path(alice, "alice", path);
	home = server(HOME01);
	home_branch = "z9hG4bKh";
	home_asks("MESSAGE", INNER_CALL, "");
	hear(alice, "MESSAGE", &h);
	CU_ASSERT_STRING_EQUAL(call_id_of(&h), INNER_CALL);
	stage_close();
}

/* Transfers name other dialogs by their Call-IDs (RFC 3891). */
static void named_dialogs_are_translated(void)
{
	char hidden[256], more[1024];

	home_calls_hidden(hidden);
	snprintf(more, sizeof(more),
		 "Replaces: %s;to-tag=t1;from-tag=b1\r\n"
		 "In-Reply-To: x@y, %s\r\nJoin: x@y;to-tag=1;from-tag=2\r\n",
		 hidden, hidden);
	ask(alice, .call_id = "call-2", .branch = "z9hG4bK2", .more = more);
	hear(at(HOME01), "INVITE", &h);
	CU_ASSERT_TRUE(
		says(&h, "Replaces: " INNER_CALL ";to-tag=t1;from-tag=b1\r\n"));
	CU_ASSERT_TRUE(says(&h, "In-Reply-To: x@y, " INNER_CALL "\r\n"));
	CU_ASSERT_TRUE(says(&h, "Join: x@y;to-tag=1;from-tag=2\r\n"));
	CU_ASSERT_FALSE(says(&h, hidden));
	home_branch = "z9hG4bK3";
	home_asks("INVITE", "call-3",
		  "Replaces: " INNER_CALL ";to-tag=t1;from-tag=b1\r\n");
	hear(alice, "INVITE", &h);
	snprintf(more, sizeof(more), "Replaces: %s;to-tag=t1;from-tag=b1\r\n",
		 hidden);
	CU_ASSERT_TRUE(says(&h, more));
	CU_ASSERT_FALSE(tells(&h));
	stage_close();
}

static void errors_say_nothing(void)
{
	alice_is_here();
	call_begins(alice, &invite);
	answer(&invite, 480,
	       "Reason: SIP;cause=480;text=\"home01.internal.example\"\r\n"
	       "Contact: <sip:bob@10.0.0.31>\r\n");
	hear(alice, "SIP/2.0 480 Temporarily Unavailable\r\n", &h);
	CU_ASSERT_FALSE(tells(&h));
	CU_ASSERT_TRUE(says(&h, "Reason: SIP;cause=480\r\n"));
	stage_close();
}

/* But users of ours hear what the far side says. */
static void errors_from_far_say_all(void)
{
	alice_is_here();
	home_asks("INVITE", "call-1", "");
	hear(alice, "INVITE", &invite);
	answer(&invite, 480, "Reason: SIP;text=\"gone fishing\"\r\n");
	hear(home, "SIP/2.0 480 Word", &h);
	CU_ASSERT_TRUE(says(&h, "gone fishing"));
	stage_close();
}

static void bindings_inside_are_left_out(void)
{
	static const char bound[] =
		"Contact: <sip:alice@10.0.0.10>;expires=60, "
		"<sip:x@198.51.100.7:4242;transport=tls>;expires=600\r\n"
		"Contact: <sip:alice@phone.internal.example>;expires=60, "
		"<sip:y@203.0.113.5>;expires=60\r\n";

	STAGE_OPEN(.routing = "home_servers = [ \"" HOME01 "\" ];\n");
	alice = phone("198.51.100.7:4242");
	ask(alice, .method = "REGISTER", .more = CONTACT);
	hear(at(HOME01), "REGISTER", &h);
	answer(&h, 200, bound);
	hear(alice, "SIP/2.0 200", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_CONTACT), 2);
	CU_ASSERT_FALSE(tells(&h));
	stage_close();
}

/* Both ends outside, and the edge between them: each has its own view. */
static void ends_outside_do_not_see_each_other(void)
{
	static struct heard inner;
	char bobs[512];

	alice_is_here();
	bob = phone("203.0.113.9:5353");
	enroll(bob, "bob");
	enroll_path(bob, "bob", bobs);
	call_begins(alice, &inner);
	relay(&inner, home, route_line(route, slice_of(bobs)),
	      SLICE("sip:bob@203.0.113.9:5353"));
	hear(bob, "INVITE sip:bob@203.0.113.9:5353", &invite);
	CU_ASSERT_EQUAL(values(&invite, FIELD_VIA), 1);
	CU_ASSERT_FALSE(says(&invite, "198.51.100.7"));
	answer(&invite, 200, "Contact: <sip:bob@203.0.113.9:5353>\r\n");
	hear(home, "SIP/2.0 200", &h);
	relay_answer(&h, at(HOME01));
	hear(alice, "SIP/2.0 200", &ok);
	CU_ASSERT_FALSE(says(&ok, "203.0.113.9"));
	snprintf(uri, sizeof(uri), "%s", contact_of(&ok));
	ask(alice, .method = "INFO", .to_tag = "t1", .uri = uri,
	    .branch = "z9hG4bKi", .cseq = 2,
	    .more = route_line(route, value(&ok, FIELD_RECORD_ROUTE, 0)));
	hear(bob, "INFO sip:bob@203.0.113.9:5353 SIP/2.0", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_VIA), 1);
	CU_ASSERT_FALSE(says(&h, "client.invalid"));
	answer(&h, 200, "");
	hear(alice, "SIP/2.0 200", &h);
	CU_ASSERT_TRUE(holds(value(&h, FIELD_VIA, 0), "client.invalid"));
	stage_close();
}

#define OLD_DEVICES                                                            \
	"devices: { enabled = true; leg = \"inside\"; tcp_port = 5060;\n"      \
	"  device = ( { name = \"old\"; address = [ \"10.0.5.77\" ];\n"        \
	"    identities = [ \"sip:old@example.com\" ];\n"                      \
	"    contact = \"sip:old@10.0.5.77:5060;transport=tcp\";\n"            \
	"    unsent = [ \"Session-Expires\", \"X-New\" ];\n"                   \
	"    line_bytes = %u; } ); };\n"

static void old_device(unsigned line_bytes)
{
	char devices[1024];

	snprintf(devices, sizeof(devices), OLD_DEVICES, line_bytes);
	STAGE_OPEN(.devices = devices);
	home = server(HOME01);
}

/* Towards it and in answers to it; by TCP, under an address. */
static void old_devices_are_spared(void)
{
	static const char lines[] = "x: 90\r\nX-New: 1\r\nX-Old: 1\r\n"
				    "Session-Expires: 90\r\n" INNER_CONTACT;
	struct conn *old;

	old_device(1024);
	ask(home, .to = "old", .more = lines);
	hear(at(""), "INVITE", &invite);
	CU_ASSERT_FALSE(says(&invite, "Session-Expires"));
	CU_ASSERT_FALSE(says(&invite, "x: 90"));
	CU_ASSERT_FALSE(says(&invite, "X-New"));
	CU_ASSERT_TRUE(says(&invite, "X-Old: 1\r\n"));
	CU_ASSERT_FALSE(says(&invite, "10.0.0.31"));
	CU_ASSERT_TRUE(holds(value(&invite, FIELD_CONTACT, 0),
			     "@10.0.0.10:5060;transport=tcp>"));
	old = fake_accept(0, LEG_INSIDE, DOOR_DEVICE, "10.0.5.77:7000", NULL);
	ask(old, .from = "old", .call_id = "call-2",
	    .more = "Contact: <sip:old@10.0.5.77>\r\n");
	hear(at(DIR01), "INVITE", &invite);
	answer(&invite, 200, lines);
	hear(old, "SIP/2.0 200", &h);
	CU_ASSERT_FALSE(says(&h, "X-New"));
	CU_ASSERT_TRUE(says(&h, "X-Old: 1\r\n"));
	CU_ASSERT_FALSE(says(&h, "10.0.0.31"));
	stage_close();
}

/* A cut line would lead nowhere: better no call. */
static void lines_too_long_for_a_device(void)
{
	struct conn *old;

	old_device(256);
	ask(home, .to = "old",
	    .more = "Record-Route: <sip:" HOME01 ";lr;some=cookie>\r\n"
		    "Record-Route: <sip:other.internal.example;lr;a=b>\r\n");
	hear(home, "SIP/2.0 400", NULL);
	ask(home, .method = "OPTIONS", .to = "old", .branch = "z9hG4bK2");
	hear(at(""), "OPTIONS", NULL);
	old = fake_accept(0, LEG_INSIDE, DOOR_DEVICE, "10.0.5.77:7000", NULL);
	ask(old, .from = "old", .call_id = "call-2",
	    .more = "Contact: <sip:old@10.0.5.77>\r\n");
	hear(at(DIR01), "INVITE", &invite);
	answer(&invite, 180,
	       "Record-Route: <sip:" HOME01 ";lr;some=cookie>\r\n"
	       "Record-Route: <sip:other.internal.example;lr;a=b>\r\n");
	hear(old, "SIP/2.0 500", NULL);
	stage_close();
}

TEST_MAIN("proxy/veil", {"Vias stay inside, and come back", vias_stay_inside},
	  {"in answers of our own as well", own_answers_have_them_too},
	  {"a callee inside is a token, and reached by it",
	   callee_inside_is_a_token},
	  {"a caller inside is a token, and reached by it",
	   caller_inside_is_a_token},
	  {"one that changes has a token of its own",
	   contact_that_changes_has_its_own_token},
	  {"what a dialog seals is good there only",
	   sealed_contact_is_nothing_without_its_dialog},
	  {"so is a refreshed target", target_refreshes_are_tokens},
	  {"addresses in our domains are no secret",
	   addresses_of_ours_are_no_secret},
	  {"Contacts may be shown", contacts_may_be_shown},
	  {"a Call-ID that names the inside is hidden in both directions",
	   call_ids_are_hidden},
	  {"and such a call can be cancelled", hidden_calls_are_cancelled},
	  {"a Call-ID that a client chose stays", their_call_ids_are_theirs},
	  {"only hosts inside are hidden", only_inside_hosts_are_hidden},
	  {"Call-IDs may be shown", call_ids_may_be_shown},
	  {"other dialogs are named as each side knows them",
	   named_dialogs_are_translated},
	  {"error texts say nothing of the inside", errors_say_nothing},
	  {"those of the far side are passed on", errors_from_far_say_all},
	  {"old devices are spared what they cannot read",
	   old_devices_are_spared},
	  {"lines too long for a device end what was asked",
	   lines_too_long_for_a_device},
	  {"bindings inside are left out of the answer",
	   bindings_inside_are_left_out},
	  {"two ends outside do not see each other",
	   ends_outside_do_not_see_each_other})
