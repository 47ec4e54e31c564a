/* SPDX-License-Identifier: Apache-2.0 */
/* facts_claims_test.c - what far peers claim, and Contacts that we wrote. */
#include "facts_kit.h"

/* A token for the dialog of KIT_REST("BYE"), or another Call-ID. */
static struct slice contact_token(enum token_kind kind, const char *call_id,
				  uint64_t ago)
{
	static char text[TOKEN_MAX];
	struct token t = {.kind = kind,
			  .issued_s = KIT_WALL_S - ago,
			  .sealed = SLICE("sip:bob@10.0.0.7;transport=tls")};

	we_are();
	t.dialog = token_dialog(self.pen, slice_of(call_id), SLICE("f1"));
	return (struct slice){text, token_mint(self.pen, &t, text)};
}

/* Read a BYE to this Request-URI, with lines of the test's own. */
static void read_bye(struct kit *k, struct slice user, const char *host,
		     const char *lines)
{
	static char text[8192];

	snprintf(text, sizeof(text),
		 "BYE sip:%.*s@%s SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS h.x;branch=z9hG4bKa\r\n%s" KIT_REST("BYE"),
		 SLICE_ARG(user), host, lines);
	CU_ASSERT_EQUAL(read_facts(k, slice_of(text)), 0);
}

static void request_to_our_contact_tells_what_it_hides(void)
{
	static const char *const ours[] = {"sip.example.com:5061;transport=tls",
					   "SIP.example.com.", "192.0.2.1:443",
					   "sip.example.com"};
	struct kit k = {0};

	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		read_bye(&k, contact_token(TOKEN_CONTACT, "one@192.0.2.1", 9),
			 ours[i], "");
		CU_ASSERT_EQUAL(k.facts.target.kind, TOKEN_CONTACT);
		CU_ASSERT_TRUE(k.facts.target_fits);
		CU_ASSERT_TRUE(kit_is(k.facts.target.sealed,
				      "sip:bob@10.0.0.7;transport=tls"));
	}
	read_bye(&k, contact_token(TOKEN_CONTACT, "two@192.0.2.1", 9), ours[0],
		 "");
	CU_ASSERT_EQUAL(k.facts.target.kind, TOKEN_CONTACT);
	CU_ASSERT_FALSE(k.facts.target_fits);
	wire_destroy(&k.m);
}

static void nothing_else_in_the_request_uri_hides_anything(void)
{
	struct slice token = contact_token(TOKEN_CONTACT, "one@192.0.2.1", 9);
	struct kit k = {0};
	unsigned holds = 0;

	read_bye(&k, token, "example.com", "");
	holds += k.facts.target.kind != 0 || k.facts.target_fits;
	read_bye(&k, token, "sip.example.com:5070", "");
	holds += k.facts.target.kind != 0 || k.facts.target_fits;
	token.n--;
	read_bye(&k, token, "sip.example.com", "");
	holds += k.facts.target.kind != 0 || k.facts.target_fits;
	token = contact_token(TOKEN_CONTACT, "one@192.0.2.1", 28801);
	read_bye(&k, token, "sip.example.com", "");
	holds += k.facts.target.kind != 0 || k.facts.target_fits;
	token = contact_token(TOKEN_DIALOG, "one@192.0.2.1", 9);
	read_bye(&k, token, "sip.example.com", "");
	holds += k.facts.target.kind != 0 || k.facts.target_fits;
	CU_ASSERT_EQUAL(holds, 0);
	wire_destroy(&k.m);
}

/* Both tokens of a request in a dialog; one of another dialog beside it. */
static void contact_and_route_may_be_of_two_dialogs(void)
{
	char route[TOKEN_MAX + 64];
	struct kit k = {0};

	snprintf(route, sizeof(route),
		 "Route: <sip:%.*s@sip.example.com;lr>\r\n",
		 SLICE_ARG(contact_token(TOKEN_DIALOG, "one@192.0.2.1", 9)));
	read_bye(&k, contact_token(TOKEN_CONTACT, "one@192.0.2.1", 9),
		 "sip.example.com", route);
	CU_ASSERT_TRUE(k.facts.dialog_fits && k.facts.target_fits);
	read_bye(&k, contact_token(TOKEN_CONTACT, "two@192.0.2.1", 9),
		 "sip.example.com", route);
	CU_ASSERT_TRUE(k.facts.dialog_fits);
	CU_ASSERT_FALSE(k.facts.target_fits);
	snprintf(route, sizeof(route),
		 "Route: <sip:%.*s@sip.example.com;lr>\r\n",
		 SLICE_ARG(contact_token(TOKEN_CONTACT, "one@192.0.2.1", 9)));
	read_bye(&k, SLICE("bob"), "example.com", route);
	CU_ASSERT_EQUAL(k.facts.route[0].mark, ROUTE_FORGED);
	CU_ASSERT_EQUAL(k.facts.token.kind, 0);
	wire_destroy(&k.m);
}

/* What a partner's BYE with these lines asserts; NULL for nothing. */
static const char *asserted(const char *lines, bool *ours)
{
	static char host[256];
	struct kit k = {0};
	bool any;

	read_bye(&k, SLICE("bob"), "example.com", lines);
	*ours = k.facts.asserted_ours;
	any = k.facts.asserted.p != NULL;
	snprintf(host, sizeof(host), "%.*s", SLICE_ARG(k.facts.asserted));
	wire_destroy(&k.m);
	return any ? host : NULL;
}

#define PAI "P-Asserted-Identity: "

static void asserted_identity_is_read_whole(void)
{
	static const struct {
		const char *lines, *host;
		bool ours;
	} rows[] = {
		{"", NULL, false},
		{PAI "\"A\" <sip:a@p.test>\r\n", "p.test", false},
		{PAI "<sip:a@p.test>, <sip:b@P.test.>\r\n", "p.test", false},
		{PAI "<sip:a@p.test>, <sip:b@q.test>\r\n", "", false},
		{PAI "<sip:a@p.test>\r\n" PAI "<sip:b@q.test>\r\n", "", false},
		{PAI "<sip:a@p.test>, <tel:+1>\r\n", "", false},
		{PAI "<tel:+1>\r\n", "", false},
		{PAI "<sip:a@example.org>\r\n", "example.org", true},
		{PAI "<sip:a@p.test>\r\n"
		     "p-asserted-identity : sip:x@EXAMPLE.com.\r\n",
		 "", true},
		{PAI "<sip:a@p.test>, \"\r\n", "", true},
		{PAI "\r\n", "", true},
	};
	const char *got;
	bool ours;

	peer = PEER_PARTNER;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		got = asserted(rows[i].lines, &ours);
		if (!kit_same(got, rows[i].host) || ours != rows[i].ours)
			CU_FAIL(rows[i].lines);
	}
	peer = PEER_SERVER;
	CU_ASSERT_PTR_NULL(asserted(rows[1].lines, &ours));
	peer = PEER_STRANGER;
}

static void claims_of_far_peers_are_listed(void)
{
	static const char lines[] = "P-Preferred-Identity: <sip:a@b>\r\n"
				    "x-edge-source: class=user\r\n"
				    "X-Edge-Source: class=partner\r\n";
	struct kit k = {0};

	peer = PEER_USER;
	read_bye(&k, SLICE("bob"), "example.com", lines);
	CU_ASSERT_TRUE(kit_is(k.facts.preferred, "<sip:a@b>"));
	CU_ASSERT_TRUE(kit_is(k.facts.mark, "class=user"));
	peer = PEER_SERVER;
	read_bye(&k, SLICE("bob"), "example.com", lines);
	CU_ASSERT_PTR_NULL(k.facts.preferred.p);
	CU_ASSERT_PTR_NULL(k.facts.mark.p);
	peer = PEER_STRANGER;
	wire_destroy(&k.m);
}

static void partner_goes_by_its_domain(void)
{
	static char longest[1000];
	struct kit k = {0};
	uint64_t who;

	we_are();
	who = facts_domain_who(self.pen, SLICE("Example.COM."));
	CU_ASSERT_EQUAL(who, token_who(self.pen, SLICE("domain:example.com")));
	peer = PEER_PARTNER;
	read_bye(&k, SLICE("bob"), "example.com", "");
	CU_ASSERT_EQUAL(k.facts.from_domain_who, who);
	peer = PEER_USER;
	read_bye(&k, SLICE("bob"), "example.com", "");
	CU_ASSERT_EQUAL(k.facts.from_domain_who, 0);
	peer = PEER_STRANGER;
	wire_destroy(&k.m);
	CU_ASSERT_EQUAL(facts_domain_who(self.pen, SLICE("")), 0);
	CU_ASSERT_EQUAL(
		facts_domain_who(self.pen,
				 (struct slice){longest, sizeof(longest)}),
		0);
}

static void nothing_is_left_behind(void)
{
	we_were();
	CU_ASSERT_NOT_EQUAL(access(place, F_OK), 0);
}

TEST_MAIN("sip/facts_claims",
	  {"a request to our Contact tells what it hides",
	   request_to_our_contact_tells_what_it_hides},
	  {"nothing else in the Request-URI hides anything",
	   nothing_else_in_the_request_uri_hides_anything},
	  {"Contact and Route may be of two dialogs",
	   contact_and_route_may_be_of_two_dialogs},
	  {"an asserted identity is read whole",
	   asserted_identity_is_read_whole},
	  {"claims of far peers are listed", claims_of_far_peers_are_listed},
	  {"a partner goes by its domain", partner_goes_by_its_domain},
	  {"nothing is left behind", nothing_is_left_behind})
