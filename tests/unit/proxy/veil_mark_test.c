/* SPDX-License-Identifier: Apache-2.0 */
/* veil_mark_test.c - what each side is told of who the other is. */
#include "partner_kit.h"

static struct conn *alice, *home;
static struct heard invite, ok, h;
static char route[2048], path[512];

#define INNER_CONTACT "Contact: \"Bob\" <sip:bob@10.0.0.31:5061>;+x=1\r\n"

static void alice_is_here(void)
{
	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
	enroll_path(alice, "alice", path);
	home = server(HOME01);
}

static void home_invites(const char *branch, const char *more)
{
	char lines[2048];

	snprintf(lines, sizeof(lines), "Route: %s\r\n%s", path, more);
	ask(home, .from = "bob", .to = "alice", .from_tag = "b1",
	    .uri = "sip:x@198.51.100.7:4242", .branch = branch,
	    .call_id = branch, .more = lines);
}

static unsigned lines_of(const struct heard *m, const char *start)
{
	const char *p = m->text;
	unsigned n = 0;

	while ((p = strcasestr(p, start))) {
		n++;
		p++;
	}
	return n;
}

#define FORGED                                                                 \
	"x-edge-source : class=server\r\nX-EDGE-Source:\r\n class=server\r\n"  \
	"P-Asserted-Identity: <sip:ceo@example.com>\r\n"

#define MARK                                                                   \
	"\r\nX-Edge-Source: class=user;peer=\"sip:alice@example.com\";"        \
	"verified=yes;network=internet\r\n"

/* Once, whatever the client said; in the dialog as at its begin. */
static void our_servers_are_told_who_it_is(void)
{
	alice_is_here();
	ask(alice, .more = FORGED CONTACT);
	hear(at(HOME01), "INVITE", &invite);
	CU_ASSERT_TRUE(says(&invite, MARK));
	CU_ASSERT_EQUAL(lines_of(&invite, "x-edge-source"), 1);
	CU_ASSERT_EQUAL(lines_of(&invite, "p-asserted-identity"), 1);
	CU_ASSERT_TRUE(says(&invite, "\r\nP-Asserted-Identity: "
				     "<sip:alice@example.com>\r\n"));
	answer(&invite, 200, "");
	hear(alice, "SIP/2.0 200", &ok);
	route_line(route, value(&ok, FIELD_RECORD_ROUTE, 0));
	strcat(route, FORGED);
	ask(alice, .method = "INFO", .to_tag = "t1", .cseq = 2,
	    .branch = "z9hG4bKi", .more = route);
	hear(at(HOME01), "INFO", &h);
	CU_ASSERT_EQUAL(lines_of(&h, "x-edge-source"), 1);
	CU_ASSERT_TRUE(says(&h, "\r\nX-Edge-Source: class=user;"));
	CU_ASSERT_FALSE(says(&h, "ceo"));
	stage_close();
}

static void identities_go_out_unless_private(void)
{
	static const char pai[] =
		"P-Asserted-Identity: <sip:bob@example.com>\r\n"
		"X-Edge-Source: class=user\r\n";
	char both[256];

	alice_is_here();
	home_invites("z9hG4bKa", pai);
	hear(alice, "INVITE", &h);
	CU_ASSERT_TRUE(says(&h, "P-Asserted-Identity"));
	CU_ASSERT_FALSE(says(&h, "X-Edge-Source"));
	snprintf(both, sizeof(both), "%sPrivacy: id\r\n", pai);
	home_invites("z9hG4bKb", both);
	hear(alice, "INVITE", &h);
	CU_ASSERT_FALSE(says(&h, "P-Asserted-Identity"));
	call_begins(alice, &invite);
	answer(&invite, 180, pai);
	hear(alice, "SIP/2.0 180", &h);
	CU_ASSERT_TRUE(says(&h, "P-Asserted-Identity"));
	answer(&invite, 183, both);
	hear(alice, "SIP/2.0 183", &h);
	CU_ASSERT_FALSE(says(&h, "P-Asserted-Identity"));
	stage_close();
}

#define SECRETS                                                                \
	"Authorization: Digest a=b\r\nProxy-Authorization: Digest c=d\r\n"     \
	"Proxy-Authorization: Digest e=f\r\nServer: s/1\r\n"                   \
	"User-Agent: u/1\r\nWarning: 399 home01 \"x\"\r\n"
#define BELIEF "P-Asserted-Identity: <sip:eve@partner.example>\r\n"

/* A partner is told what we verified, and never a password. */
static void partners_are_told_little(void)
{
	STAGE_OPEN(.more = FEDERATION(""));
	partner_places();
	home = server(HOME01);
	ask(home, .to = "sip:eve@" PARTNER, .more = SECRETS INNER_CONTACT);
	hear(at(PARTNER), "INVITE", &invite);
	CU_ASSERT_FALSE(says(&invite, "Digest"));
	CU_ASSERT_FALSE(says(&invite, "/1"));
	CU_ASSERT_FALSE(says(&invite, "home01"));
	CU_ASSERT_FALSE(says(&invite, "internal"));
	CU_ASSERT_FALSE(says(&invite, "10.0.0."));
	CU_ASSERT_TRUE(says(&invite, "X-Edge-Source: verified=yes\r\n"));
	CU_ASSERT_EQUAL(values(&invite, FIELD_VIA), 1);
	answer(&invite, 200, "X-Edge-Source: class=server\r\n" BELIEF);
	hear(home, "SIP/2.0 200", &h);
	CU_ASSERT_FALSE(says(&h, "X-Edge-Source"));
	stage_close();
}

/* What it says of its own users crosses, and of nobody else. */
static void partners_may_speak_for_their_own(void)
{
	struct conn *edge;

	STAGE_OPEN(.more = FEDERATION(""),
		   .routing = "home_servers = [ \"" HOME01 "\" ];\n");
	partner_places();
	edge = partner(PARTNER);
	ask(edge, .from = "sip:eve@" PARTNER, .to = "alice",
	    .more = BELIEF "X-Edge-Source: class=server\r\n");
	hear(at(HOME01), "INVITE", &h);
	CU_ASSERT_TRUE(says(&h, BELIEF));
	CU_ASSERT_EQUAL(lines_of(&h, "x-edge-source"), 1);
	CU_ASSERT_TRUE(says(&h, "X-Edge-Source: class=partner;kind=allowed;"
				"peer=\"partner.example\";"));
	ask(edge, .from = "sip:eve@" PARTNER, .to = "alice",
	    .branch = "z9hG4bK2", .call_id = "call-2",
	    .more = "P-Asserted-Identity: <sip:eve@other.example>\r\n");
	hear(at(HOME01), "INVITE", &h);
	CU_ASSERT_FALSE(says(&h, "other.example"));
	stage_close();
}

/* First line, and the names of the fields: nothing else could tell. */
static void shape_of(char out[256], const struct heard *m)
{
	size_t n = strcspn(m->text, "\r\n");
	const char *line = m->text + n;

	snprintf(out, 256, "%.*s", (int)n, m->text);
	while (strncmp(line, "\r\n", 2) == 0) {
		line += 2;
		n = strlen(out);
		snprintf(out + n, 256 - n, " %.*s", (int)strcspn(line, ":\r"),
			 line);
		line += strcspn(line, "\r");
	}
}

/* An answer that told which rule it was would be a way to ask for the rules. */
static void why_it_was_refused_is_told_to_nobody(void)
{
	static const struct said rows[] = {
		{.from = "sip:x@nobody.example", .to = "alice"},
		{.from = "sip:x@evil.example", .to = "alice"},
		{.from = "sip:x@" PARTNER, .to = "alice"},
		{.from = "carol", .to = "alice"},
		{.from = "sip:x@direct.example",
		 .to = "sip:y@elsewhere.example"},
		{.method = "REGISTER", .from = "sip:x@direct.example"},
		{.from = "sip:x@direct.example",
		 .to = "alice",
		 .more = "Route: <sip:10.0.0.5;lr>\r\n"},
		{.from = "sip:x@direct.example",
		 .to = "alice",
		 .more = "P-Asserted-Identity: <sip:ceo@example.com>\r\n"},
	};
	char first[256], other[256], branch[32];
	struct conn *edge, *guest;

	STAGE_OPEN(.more = FEDERATION(""));
	edge = partner("edge.direct.example");
	guest = phone("198.51.100.66:4242");
	ask(guest, .to = "alice");
	hear(guest, "SIP/2.0 403 Forbidden", &h);
	shape_of(first, &h);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct said s = rows[i];

		snprintf(branch, sizeof(branch), "z9hG4bKr%zu", i);
		s.branch = branch;
		ask_said(edge, &s);
		hear(edge, "SIP/2.0 403 Forbidden", &h);
		shape_of(other, &h);
		CU_ASSERT_STRING_EQUAL(other, first);
	}
	CU_ASSERT_EQUAL(fake_reaches(), 0);
	stage_close();
}

TEST_MAIN("proxy/veil marks",
	  {"why it was refused is told to nobody",
	   why_it_was_refused_is_told_to_nobody},
	  {"our servers are told who it is, once, and by us",
	   our_servers_are_told_who_it_is},
	  {"identities go out unless privacy was asked for",
	   identities_go_out_unless_private},
	  {"partners are told little, and no password",
	   partners_are_told_little},
	  {"partners speak for their own users",
	   partners_may_speak_for_their_own})
