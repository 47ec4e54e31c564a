/* SPDX-License-Identifier: Apache-2.0 */
/* facts_test.c - all that policy may know, read right. */
#include "facts_kit.h"

#include <errno.h>

#define KIT_VIA "Via: SIP/2.0/TLS h.x;branch=z9hG4bKa\r\n"

static void registration_is_read(void)
{
	struct kit k = {0};
	struct facts *f = &k.facts;

	CU_ASSERT_EQUAL(read_facts(&k, SLICE(KIT_REGISTER)), 0);
	CU_ASSERT_EQUAL(f->origin.conn, 5);
	CU_ASSERT_FALSE(f->response);
	CU_ASSERT_EQUAL(f->method, METHOD_REGISTER);
	CU_ASSERT_TRUE(kit_is(f->method_name, "REGISTER"));
	CU_ASSERT_EQUAL(f->cseq, 7);
	CU_ASSERT_TRUE(f->ruri_ours && f->from_ours && f->to_ours);
	CU_ASSERT_FALSE(f->ruri_self || f->loop || f->contact_star);
	CU_ASSERT_STRING_EQUAL(f->from_aor, "sip:alice@example.com");
	CU_ASSERT_STRING_EQUAL(f->ruri_aor, "sip:example.com");
	CU_ASSERT_EQUAL(f->from_who, f->to_who);
	CU_ASSERT_NOT_EQUAL(f->from_who, 0);
	CU_ASSERT_NOT_EQUAL(f->ruri_who, f->from_who);
	CU_ASSERT_TRUE(kit_is(f->call_id, "one@192.0.2.1"));
	CU_ASSERT_TRUE(kit_is(f->from_tag, "f1"));
	CU_ASSERT_PTR_NULL(f->to_tag.p);
	CU_ASSERT_TRUE(kit_is(f->branch, "z9hG4bKa1") && f->branch_rfc3261);
	CU_ASSERT_TRUE(kit_is(f->sent_by, "192.0.2.1:4242"));
	CU_ASSERT_EQUAL(f->vias, 1);
	CU_ASSERT_EQUAL(f->max_forwards, 70);
	CU_ASSERT_EQUAL(f->routes, 0);
	CU_ASSERT_EQUAL(f->token.kind, 0);
	CU_ASSERT_EQUAL(f->expires, 600);
	CU_ASSERT_TRUE(f->supports_outbound);
	CU_ASSERT_FALSE(f->requires_outbound || f->has_path ||
			f->has_record_route || f->has_flow_timer);
	CU_ASSERT_PTR_NULL(f->content_type.p);
	wire_destroy(&k.m);
}

static void contacts_are_read(void)
{
	struct slice text = SLICE(KIT_HEAD(
		"REGISTER",
		"sip:example.com") "m: \"A, B\" "
				   "<sip:a@h:5061;ob>;q=0.333;expires="
				   "99999999999;"
				   "+SIP.instance=\"<urn:uuid:1>\";reg-id=1, "
				   "sip:b@i;q=2\r\n"
				   "Contact: "
				   "<tel:+1>;q=1.000;expires=x\r\n" KIT_REST(
					   "REGISTER"));
	struct kit k = {0};
	struct contact_facts *c = k.facts.contact;

	CU_ASSERT_EQUAL(read_facts(&k, text), 0);
	CU_ASSERT_EQUAL_FATAL(k.facts.contacts, 3);
	CU_ASSERT_EQUAL(c[0].q, 333);
	CU_ASSERT_EQUAL(c[0].expires, UINT32_MAX - 1);
	CU_ASSERT_TRUE(kit_is(c[0].instance, "<urn:uuid:1>"));
	CU_ASSERT_TRUE(c[0].has_reg_id);
	CU_ASSERT_TRUE(kit_is(c[0].uri.raw, "sip:a@h:5061;ob"));
	CU_ASSERT_TRUE(kit_is(c[1].value, "sip:b@i;q=2"));
	CU_ASSERT_TRUE(kit_is(c[1].uri.raw, "sip:b@i"));
	CU_ASSERT_EQUAL(c[1].q, 0);
	CU_ASSERT_EQUAL(c[1].expires, UINT32_MAX);
	CU_ASSERT_FALSE(c[1].has_reg_id);
	CU_ASSERT_EQUAL(c[2].q, 1000);
	CU_ASSERT_EQUAL(c[2].expires, UINT32_MAX);
	CU_ASSERT_TRUE(kit_is(c[2].uri.raw, "tel:+1"));
	CU_ASSERT_EQUAL(
		read_facts(&k,
			   SLICE(KIT_HEAD("REGISTER",
					  "sip:x.y") "m: *\r\n"
						     "Expires: 0\r\n" KIT_REST(
							     "REGISTER"))),
		0);
	CU_ASSERT_TRUE(k.facts.contact_star);
	CU_ASSERT_EQUAL(k.facts.contacts, 0);
	CU_ASSERT_EQUAL(k.facts.expires, 0);
	wire_destroy(&k.m);
}

/* A token as it would come back, signed `ago` seconds before now. */
static const char *token_text(uint64_t ago)
{
	static char text[TOKEN_MAX + 1];
	struct token t = {.kind = TOKEN_DIALOG,
			  .conn = 77,
			  .who = 1,
			  .dialog = 2,
			  .issued_s = KIT_WALL_S - ago,
			  .sealed = SLICE("<sip:home;lr>")};
	size_t n;

	we_are();
	n = token_mint(self.pen, &t, text);
	text[n] = '\0';
	return text;
}

/* How one Route with this in place of %s is taken. */
static enum route_mark mark_of(const char *route, const char *token)
{
	char value[2048], text[4096];
	struct kit k = {0};
	enum route_mark mark;

	kit_fill(value, sizeof(value), route, token);
	snprintf(text, sizeof(text),
		 KIT_HEAD("BYE", "sip:a@b.c") "Route: %s\r\n" KIT_REST("BYE"),
		 value);
	CU_ASSERT_EQUAL(read_facts(&k, slice_of(text)), 0);
	CU_ASSERT_EQUAL_FATAL(k.facts.routes, 1);
	CU_ASSERT_TRUE(kit_is(k.facts.route[0].value, value));
	mark = k.facts.route[0].mark;
	CU_ASSERT_EQUAL(mark == ROUTE_SIGNED, k.facts.token.conn == 77);
	if (mark == ROUTE_SIGNED)
		CU_ASSERT_TRUE(kit_is(k.facts.token.sealed, "<sip:home;lr>"));
	wire_destroy(&k.m);
	return mark;
}

static void only_routes_that_we_signed_are_signed(void)
{
	static const struct {
		const char *route;
		enum route_mark want;
	} rows[] = {
		{"<sip:%s@sip.example.com:5061;transport=tls;lr>",
		 ROUTE_SIGNED},
		{"<sips:%s@SIP.Example.COM.;lr>", ROUTE_SIGNED},
		{"<sip:%s@192.0.2.1:443;lr>;x=y", ROUTE_SIGNED},
		{"\"x\" <sip:%s@[2001:DB8:0::1];lr>", ROUTE_SIGNED},
		{"<sip:%s@edge.internal:443;lr>", ROUTE_FOREIGN},
		{"<sip:%s@sip.example.com:5062;lr>", ROUTE_FOREIGN},
		{"<sip:%s@sip.example.com:0;lr>", ROUTE_FOREIGN},
		{"<sip:%s@10.0.0.5;lr>", ROUTE_FOREIGN},
		{"<sip:%s@example.com;lr>", ROUTE_FOREIGN},
		{"<sip:%s@sip.example.com.evil.test;lr>", ROUTE_FOREIGN},
		{"<tel:%s>", ROUTE_FOREIGN},
		{"<sip:%sA@sip.example.com;lr>", ROUTE_FORGED},
		{"<sip:A%s@sip.example.com;lr>", ROUTE_FORGED},
		{"<sip:x@sip.example.com;lr>", ROUTE_FORGED},
		{"<sip:sip.example.com;lr>", ROUTE_OURS},
		{"<sip:192.0.2.1>", ROUTE_OURS},
	};

	peer = PEER_SERVER;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (mark_of(rows[i].route, token_text(5)) != rows[i].want)
			CU_FAIL(rows[i].route);
	}
	CU_ASSERT_EQUAL(mark_of(rows[0].route, token_text(28801)), ROUTE_STALE);
	peer = PEER_STRANGER;
}

static void nobody_outside_is_told_our_name_inside(void)
{
	CU_ASSERT_EQUAL(mark_of("<sip:sip.example.com;lr>", ""), ROUTE_OURS);
	CU_ASSERT_EQUAL(mark_of("<sip:edge.internal;lr>", ""), ROUTE_FOREIGN);
	CU_ASSERT_EQUAL(mark_of("<sip:%s@edge.internal;lr>", token_text(5)),
			ROUTE_FOREIGN);
	CU_ASSERT_EQUAL(mark_of("<sip:[2001:db8::1];lr>", ""), ROUTE_FOREIGN);
	peer = PEER_SERVER;
	CU_ASSERT_EQUAL(mark_of("<sip:edge.internal;lr>", ""), ROUTE_OURS);
	peer = PEER_STRANGER;
}

static void first_token_is_told_and_its_double_believed(void)
{
	char text[8192], one[TOKEN_MAX + 1];
	struct kit k = {0};

	strcpy(one, token_text(1));
	snprintf(text, sizeof(text),
		 KIT_HEAD("BYE",
			  "sip:a@b.c") "Route: <sip:x@sip.example.com>, "
				       "<sip:%s@sip.example.com;lr>\r\n"
				       "Route: <sip:%s@sip.example.com;lr>, "
				       "<sip:other.test>,\r\n"
				       " <sip:%s@sip.example.com;lr>"
				       "\r\n" KIT_REST("BYE"),
		 one, one, token_text(2));
	CU_ASSERT_EQUAL(read_facts(&k, slice_of(text)), 0);
	CU_ASSERT_EQUAL_FATAL(k.facts.routes, 5);
	CU_ASSERT_EQUAL(k.facts.route[0].mark, ROUTE_FORGED);
	CU_ASSERT_EQUAL(k.facts.route[1].mark, ROUTE_SIGNED);
	CU_ASSERT_EQUAL(k.facts.route[2].mark, ROUTE_SIGNED);
	CU_ASSERT_EQUAL(k.facts.route[3].mark, ROUTE_FOREIGN);
	CU_ASSERT_EQUAL(k.facts.route[4].mark, ROUTE_SIGNED);
	CU_ASSERT_EQUAL(k.facts.token.issued_s, KIT_WALL_S - 1);
	CU_ASSERT_TRUE(kit_is(k.facts.token.sealed, "<sip:home;lr>"));
	wire_destroy(&k.m);
}

/* Does a token made for Call-ID and tag fit this message? */
static bool fits(const char *call_id, const char *tag, const char *to_tag)
{
	char token[TOKEN_MAX], text[4096];
	struct kit k = {0};
	struct token t = {.kind = TOKEN_DIALOG, .issued_s = KIT_WALL_S};
	bool fit;

	we_are();
	t.dialog = token_dialog(self.pen, slice_of(call_id), slice_of(tag));
	snprintf(
		text, sizeof(text),
		KIT_HEAD("BYE",
			 "sip:a@b.c") "Route: <sip:%.*s@sip.example.com;lr>\r\n"
				      "From: <sip:a@b.c>;tag=f1\r\nTo: "
				      "<sip:d@e.f>%s\r\n"
				      "Call-ID: id1\r\nCSeq: 1 BYE\r\nl: "
				      "0\r\n\r\n",
		(int)token_mint(self.pen, &t, token), token, to_tag);
	CU_ASSERT_EQUAL(read_facts(&k, slice_of(text)), 0);
	CU_ASSERT_EQUAL(k.facts.route[0].mark, ROUTE_SIGNED);
	fit = k.facts.dialog_fits;
	wire_destroy(&k.m);
	return fit;
}

static void token_fits_its_own_dialog_alone(void)
{
	CU_ASSERT_TRUE(fits("id1", "f1", ";tag=t1"));
	CU_ASSERT_TRUE(fits("id1", "t1", ";tag=t1"));
	CU_ASSERT_TRUE(fits("id1", "f1", ""));
	CU_ASSERT_FALSE(fits("id2", "f1", ";tag=t1"));
	CU_ASSERT_FALSE(fits("id1", "f2", ";tag=t1"));
	CU_ASSERT_FALSE(fits("id1", "", ""));
	CU_ASSERT_FALSE(fits("ID1", "f1", ";tag=t1"));
}

/* Which AORs are read of a BYE with a Route, one bit each: From, To, URI? */
static unsigned aors_of(enum peer_class sender, enum token_kind kind,
			const char *call_id)
{
	char token[TOKEN_MAX], text[4096];
	struct token t = {.kind = kind, .issued_s = KIT_WALL_S};
	struct kit k = {0};
	unsigned read;

	we_are();
	t.dialog = token_dialog(self.pen, slice_of(call_id), SLICE("f1"));
	snprintf(text, sizeof(text),
		 KIT_HEAD("BYE",
			  "sip:a@b.c") "Route: <sip:%.*s@sip.example.com;"
				       "lr>\r\n" KIT_REST("BYE"),
		 (int)token_mint(self.pen, &t, token), token);
	peer = sender;
	CU_ASSERT_EQUAL(read_facts(&k, slice_of(text)), 0);
	peer = PEER_STRANGER;
	CU_ASSERT_EQUAL(k.facts.from_who != 0, k.facts.from_aor[0] != 0);
	CU_ASSERT_EQUAL(k.facts.to_who != 0, k.facts.to_aor[0] != 0);
	CU_ASSERT_EQUAL(k.facts.ruri_who != 0, k.facts.ruri_aor[0] != 0);
	CU_ASSERT_TRUE(k.facts.from_ours && k.facts.to_ours);
	read = (k.facts.from_who != 0) | (k.facts.to_who != 0) << 1 |
	       (k.facts.ruri_who != 0) << 2;
	wire_destroy(&k.m);
	return read;
}

static void addresses_are_read_where_no_token_says_the_way(void)
{
	const char *here = "one@192.0.2.1", *there = "two@192.0.2.1";

	CU_ASSERT_EQUAL(aors_of(PEER_USER, TOKEN_DIALOG, here), 1);
	CU_ASSERT_EQUAL(aors_of(PEER_PARTNER, TOKEN_DIALOG, here), 1);
	CU_ASSERT_EQUAL(aors_of(PEER_DEVICE, TOKEN_DIALOG, here), 1);
	CU_ASSERT_EQUAL(aors_of(PEER_SERVER, TOKEN_DIALOG, here), 0);
	CU_ASSERT_EQUAL(aors_of(PEER_SERVER, TOKEN_FLOW, there), 0);
	CU_ASSERT_EQUAL(aors_of(PEER_USER, TOKEN_DIALOG, there), 7);
	CU_ASSERT_EQUAL(aors_of(PEER_USER, TOKEN_FLOW, here), 7);
	CU_ASSERT_EQUAL(aors_of(PEER_SERVER, TOKEN_CONTACT, here), 7);
}

/* Is this Request-URI the edge itself? */
static bool is_self(const char *uri)
{
	struct kit k = {0};
	char text[512];
	bool is;

	snprintf(
		text, sizeof(text), "OPTIONS %s SIP/2.0\r\n%s", uri,
		"Via: SIP/2.0/TLS h.x;branch=z9hG4bKa\r\n" KIT_REST("OPTIONS"));
	CU_ASSERT_EQUAL(read_facts(&k, slice_of(text)), 0);
	is = k.facts.ruri_self;
	wire_destroy(&k.m);
	return is;
}

static void our_own_names_and_addresses_are_us(void)
{
	CU_ASSERT_FALSE(is_self("sips:x@Edge.Internal.:5061"));
	CU_ASSERT_FALSE(is_self("sip:[2001:db8::1]"));
	peer = PEER_SERVER;
	CU_ASSERT_TRUE(is_self("sips:x@Edge.Internal.:5061"));
	CU_ASSERT_TRUE(is_self("sip:[2001:db8::1]"));
	CU_ASSERT_TRUE(is_self("sip:sip.example.com"));
	peer = PEER_STRANGER;
	CU_ASSERT_TRUE(is_self("sip:sip.example.com"));
	CU_ASSERT_TRUE(is_self("sip:192.0.2.1:443"));
	CU_ASSERT_FALSE(is_self("sip:192.0.2.1:5060"));
	CU_ASSERT_FALSE(is_self("sip:example.com"));
	settings.devices_enabled = true;
	settings.device_port = 5060;
	settings.device_leg = LEG_OUTSIDE;
	CU_ASSERT_TRUE(is_self("sip:192.0.2.1:5060"));
	CU_ASSERT_FALSE(is_self("sip:[2001:db8::1]:5060"));
	settings.devices_enabled = false;
}

/* Send a request round: does it come back as a loop? */
static bool comes_back(const char *first, const char *later,
		       const char *sent_by)
{
	char text[2048], round[4096], branch[TOKEN_BRANCH_LEN];
	struct token_branch b = {.slot = 3};
	struct kit k = {0};
	bool loop;

	kit_fill(text, sizeof(text), first, "");
	CU_ASSERT_EQUAL(read_facts(&k, slice_of(text)), 0);
	CU_ASSERT_FALSE(k.facts.loop);
	b.loop = k.facts.loop_hash;
	token_branch_mint(self.pen, &b, branch);
	snprintf(text, sizeof(text),
		 "Via: SIP/2.0/TLS proxy.x;branch=z9hG4bK1,"
		 "SIP/2.0/TLS %s;branch=%.*s\r\n",
		 sent_by, TOKEN_BRANCH_LEN, branch);
	kit_fill(round, sizeof(round), later, text);
	CU_ASSERT_EQUAL(read_facts(&k, slice_of(round)), 0);
	loop = k.facts.loop;
	wire_destroy(&k.m);
	return loop;
}

/* The same, with our Via on top, or the only one. */
static bool comes_back_alone(const char *under)
{
	const char *head = "OPTIONS sip:a@example.com SIP/2.0\r\n";
	char text[2048], branch[TOKEN_BRANCH_LEN];
	struct token_branch b = {.slot = 3};
	struct kit k = {0};
	bool loop;

	snprintf(text, sizeof(text), "%s" KIT_VIA KIT_REST("OPTIONS"), head);
	CU_ASSERT_EQUAL(read_facts(&k, slice_of(text)), 0);
	b.loop = k.facts.loop_hash;
	token_branch_mint(self.pen, &b, branch);
	snprintf(text, sizeof(text),
		 "%sVia: SIP/2.0/TLS edge.internal;branch=%.*s\r\n"
		 "%s" KIT_REST("OPTIONS"),
		 head, TOKEN_BRANCH_LEN, branch, under);
	CU_ASSERT_EQUAL(read_facts(&k, slice_of(text)), 0);
	loop = k.facts.loop;
	wire_destroy(&k.m);
	return loop;
}

static void loop_is_seen_and_a_spiral_is_none(void)
{
	const char *text =
		"OPTIONS sip:a@example.com SIP/2.0\r\n%s"
		"Max-Forwards: 70\r\n"
		"v: SIP/2.0/TLS h.x;branch=z9hG4bKa\r\n" KIT_REST("OPTIONS");
	const char *spiral =
		"OPTIONS sip:b@example.com SIP/2.0\r\n%s"
		"v: SIP/2.0/TLS h.x;branch=z9hG4bKa\r\n" KIT_REST("OPTIONS");
	const char *again =
		"OPTIONS sip:a@example.com SIP/2.0\r\n%s"
		"Max-Forwards: 60\r\nSubject: new\r\n"
		"v: SIP/2.0/TLS h.x;branch=z9hG4bKa\r\n" KIT_REST("OPTIONS");

	CU_ASSERT_TRUE(comes_back(text, again, "edge.internal:5061"));
	CU_ASSERT_TRUE(comes_back(text, again, "SIP.example.com"));
	/* The branch is signed: what name stands beside it is no matter. */
	CU_ASSERT_TRUE(comes_back(text, again, "192.0.2.1:5061"));
	CU_ASSERT_FALSE(comes_back(text, spiral, "edge.internal:5061"));
	CU_ASSERT_TRUE(comes_back_alone(""));
	CU_ASSERT_TRUE(comes_back_alone(KIT_VIA));
}

static void answer_is_read(void)
{
	struct slice text =
		SLICE("SIP/2.0 302 Moved\r\n"
		      "Via: SIP/2.0/TLS us.x;branch=old, SIP/2.0/TLS h.x\r\n"
		      "Contact: <sip:home:5061>;q=0.7, <sip:b>;q=0.3\r\n"
		      "Require: a,Outbound\r\nPath: <sip:p;lr>\r\n"
		      "Record-Route: <sip:r;lr>\r\nFlow-Timer: 5\r\n"
		      "c: Text/Plain ;x=y\r\n"
		      "From: <sip:a@other.test>;tag=1\r\nTo: tel:+1;tag=2\r\n"
		      "Call-ID: x\r\nCSeq: 3 INVITE\r\nl: 0\r\n\r\n");
	struct kit k = {0};
	struct facts *f = &k.facts;

	CU_ASSERT_EQUAL(read_facts(&k, text), 0);
	CU_ASSERT_TRUE(f->response);
	CU_ASSERT_EQUAL(f->status, 302);
	CU_ASSERT_EQUAL(f->method, METHOD_INVITE);
	CU_ASSERT_EQUAL(f->vias, 2);
	CU_ASSERT_TRUE(kit_is(f->branch, "old"));
	CU_ASSERT_FALSE(f->branch_rfc3261 || f->from_ours || f->loop);
	CU_ASSERT_EQUAL(f->contact[0].q, 700);
	CU_ASSERT_EQUAL(f->contacts, 2);
	CU_ASSERT_TRUE(f->requires_outbound && f->has_path &&
		       f->has_record_route && f->has_flow_timer);
	CU_ASSERT_FALSE(f->supports_outbound);
	CU_ASSERT_TRUE(kit_is(f->content_type, "Text/Plain"));
	CU_ASSERT_EQUAL(f->max_forwards, -1);
	CU_ASSERT_STRING_EQUAL(f->to_aor, "");
	CU_ASSERT_EQUAL(f->to_who, 0);
	wire_destroy(&k.m);
}

static void address_too_long_is_said(void)
{
	char text[1024];
	struct kit k = {0};
	int n = snprintf(text, sizeof(text),
			 "OPTIONS sip:%0300d@example.com SIP/2.0\r\n", 0);

	strcpy(text + n,
	       "Via: SIP/2.0/TLS h.x;branch=z9hG4bKa\r\n" KIT_REST("OPTIONS"));
	CU_ASSERT_EQUAL(read_facts(&k, slice_of(text)), EBADMSG);
	wire_destroy(&k.m);
}

static void nothing_is_left_behind(void)
{
	we_were();
	CU_ASSERT_NOT_EQUAL(access(place, F_OK), 0);
}

TEST_MAIN("sip/facts", {"a registration is read", registration_is_read},
	  {"Contacts are read", contacts_are_read},
	  {"only Routes that we signed are signed",
	   only_routes_that_we_signed_are_signed},
	  {"nobody outside is told our name inside",
	   nobody_outside_is_told_our_name_inside},
	  {"the first token is told, and its double believed",
	   first_token_is_told_and_its_double_believed},
	  {"a token fits its own dialog alone",
	   token_fits_its_own_dialog_alone},
	  {"addresses are read where no token says the way",
	   addresses_are_read_where_no_token_says_the_way},
	  {"our own names and addresses are us",
	   our_own_names_and_addresses_are_us},
	  {"a loop is seen, and a spiral is none",
	   loop_is_seen_and_a_spiral_is_none},
	  {"an answer is read", answer_is_read},
	  {"an address too long is said", address_too_long_is_said},
	  {"nothing is left behind", nothing_is_left_behind})
