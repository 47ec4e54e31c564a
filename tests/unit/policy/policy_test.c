/* SPDX-License-Identifier: Apache-2.0 */
/* policy_test.c - every request is decided, by the first rule that objects. */
#include "policy_text.h"

#include <ctype.h>
#include <dirent.h>

#define TEXT_BYTES 262144

static void first_rule_wins(void)
{
	static const struct policy_row rows[] = {
		{"who comes before by what Route", .routes = 1,
		 .mark = {ROUTE_FORGED}, REFUSED(403, "stranger")},
		{"a loop comes first of all", .loop = true,
		 REFUSED(482, "loop")},
		{"Route comes before dialog", .peer = PEER_USER, .to_tag = true,
		 .method = METHOD_BYE, .routes = 1, .mark = {ROUTE_FORGED},
		 REFUSED(403, "route-forged")},
		{"a token says where to, whatever From says", .peer = PEER_USER,
		 .from_other = true, .to_tag = true, .routes = 1,
		 .mark = {ROUTE_SIGNED}, .token = TOKEN_DIALOG, .fits = true,
		 .conn = HERE, GOES(TO_HOP, "dialog")},
		{"From comes before the domain", .peer = PEER_USER,
		 .from_other = true, .ruri = "x@alien.example",
		 REFUSED(403, "from-not-registered")},
		{"a flow comes before a device", .peer = PEER_SERVER,
		 .ruri = "room@example.com", .routes = 1,
		 .mark = {ROUTE_SIGNED}, .token = TOKEN_FLOW,
		 GOES(TO_FLOW, "flow")},
		{"a call to a device", .peer = PEER_SERVER,
		 .ruri = "room@example.com", GOES(TO_DEVICE, "device")},
		{"a dialog's target comes before its hop", .peer = PEER_USER,
		 .to_tag = true, .routes = 1, .mark = {ROUTE_SIGNED},
		 .token = TOKEN_DIALOG, .fits = true, .conn = HERE,
		 .hides = true, .ruri = "x@alien.example",
		 REFUSED(403, "target-not-ours")},
		{"a domain comes before a Contact", .method = METHOD_REGISTER,
		 .ruri = "alien.example", .contact = "sip:a@127.0.0.1",
		 REFUSED(403, "not-our-domain")},
		{"a call of a user", .peer = PEER_USER, GOES(TO_HOME, "home")},
		{"a registration", .method = METHOD_REGISTER,
		 .ruri = "example.com", GOES(TO_HOME, "register")},
	};

	KIT_ASK(policy_decide, rows);
}

static void first_rule_wins_for_devices(void)
{
	static const struct policy_row rows[] = {
		{"a device's methods come before its dialogs",
		 .peer = PEER_DEVICE, .name = "FROB", .to_tag = true,
		 .routes = 1, .mark = {ROUTE_SIGNED}, .token = TOKEN_DIALOG,
		 .fits = true, .conn = HERE, REFUSED(403, "device-method")},
		{"a called device may go by what it was called",
		 .peer = PEER_DEVICE, .from_other = true, .to_tag = true,
		 .routes = 1, .mark = {ROUTE_SIGNED}, .token = TOKEN_DIALOG,
		 .fits = true, .conn = HERE, GOES(TO_HOP, "dialog")},
		{"a device's entry comes before REGISTER", .peer = PEER_DEVICE,
		 .method = METHOD_REGISTER, .from_alien = true,
		 REFUSED(403, "device-may-not-register")},
		{"a device's end comes before its methods", .peer = PEER_DEVICE,
		 .name = "FROB", .expired = true,
		 REFUSED(403, "device-expired")},
		{"a device's name comes before its digest", .peer = PEER_DEVICE,
		 .secret = true, .from_other = true,
		 REFUSED(403, "device-identity")},
		{"its digest comes before the domain", .peer = PEER_DEVICE,
		 .secret = true, .ruri = "x@alien.example",
		 REFUSED(407, "device-digest")},
		{"a dialog's token is proof enough", .peer = PEER_DEVICE,
		 .secret = true, .to_tag = true, .routes = 1,
		 .mark = {ROUTE_SIGNED}, .token = TOKEN_DIALOG, .fits = true,
		 .conn = HERE, GOES(TO_HOP, "dialog")},
		{"a call of a device", .peer = PEER_DEVICE,
		 GOES(TO_HOME, "home")},
	};

	KIT_ASK(policy_decide, rows);
}

/* Whatever the facts: never PASS, a rule's name, and a status to a refusal. */
static void nothing_leaves_undecided(void)
{
	static struct facts f;
	struct settings s;

	for (unsigned bits = 0; bits < 5u << 15; bits++) {
		struct policy_row r = {
			.peer = (enum peer_class)(bits >> 15),
			.expired = bits & 1,
			.discovery = bits >> 1 & 1,
			.unproven = bits >> 13 & 1,
			.hides = bits >> 14 & 1,
			.method =
				(enum method[]){METHOD_INVITE, METHOD_ACK,
						METHOD_REGISTER,
						METHOD_OPTIONS}[bits >> 2 & 3],
			.name = "INVITE",
			.from_other = bits >> 4 & 1,
			.to_tag = bits >> 5 & 1,
			.ruri = bits >> 6 & 1 ? "example.com" : NULL,
			.routes = bits >> 7 & 1,
			.mark = {(enum route_mark)(bits >> 8 & 3)},
			.conn = HERE,
			.token = (enum token_kind)(bits >> 10 & 1) + 1,
			.fits = bits >> 11 & 1,
			.unregistered = bits >> 12 & 1,
		};
		struct verdict v;

		kit_settings(&s, &r);
		kit_facts(&f, &s, &r);
		v = policy_decide(&s, &f);
		CU_ASSERT_TRUE(v.kind != VERDICT_PASS && v.rule);
		CU_ASSERT_EQUAL(v.kind == VERDICT_REFUSE, v.status >= 400);
		CU_ASSERT_EQUAL(v.kind == VERDICT_FORWARD, v.to != TO_NOWHERE);
		if (v.kind == VERDICT_ASK)
			CU_ASSERT_EQUAL(r.peer, PEER_PARTNER);
		if (f.method == METHOD_ACK && v.kind == VERDICT_REFUSE)
			CU_ASSERT_EQUAL(v.rule, (const char *)NULL);
	}
}

/* From bytes to verdict, through the room below. */

#define MESSAGE(method, uri, routes, from, to)                                 \
	SLICE(method " " uri " SIP/2.0\r\n"                                    \
		     "Via: SIP/2.0/TLS 198.51.100.7;branch=z9hG4bKa\r\n"       \
		     "Max-Forwards: 70\r\n" routes "From: <" from              \
		     ">;tag=f1\r\n"                                            \
		     "To: <" to "\r\n"                                         \
		     "Call-ID: one\r\n"                                        \
		     "CSeq: 1 " method "\r\n"                                  \
		     "Content-Length: 0\r\n\r\n")

#define AL	 "sip:alice@example.com"
#define BO	 "sip:bob@example.com"
#define DIRECTOR "Route: <sip:director.internal.example;lr>\r\n"
#define OUR	 "Route: <sip:sip.example.com:5061;lr>\r\n"
#define FORGERY	 "Route: <sip:AAAAAAAAAAAAAAAA@sip.example.com:5061;lr>\r\n"

struct spoken {
	enum peer_class peer;
	struct slice text;
	unsigned status;
	const char *rule;
};

static void bytes_become_verdicts(void)
{
	const struct spoken rows[] = {
		{PEER_STRANGER,
		 MESSAGE("REGISTER", "sip:example.com", "", AL, AL ">"), 0,
		 "register"},
		{PEER_STRANGER, MESSAGE("INVITE", BO, "", AL, BO ">"), 403,
		 "stranger"},
		{PEER_USER, MESSAGE("INVITE", BO, "", AL, BO ">"), 0, "home"},
		{PEER_USER, MESSAGE("INVITE", BO, OUR, AL, BO ">"), 0, "home"},
		{PEER_USER, MESSAGE("INVITE", BO, DIRECTOR, AL, BO ">"), 403,
		 "route-not-ours"},
		{PEER_USER, MESSAGE("INVITE", BO, OUR DIRECTOR, AL, BO ">"),
		 403, "route-not-ours"},
		{PEER_USER, MESSAGE("INVITE", BO, FORGERY, AL, BO ">"), 403,
		 "route-forged"},
		{PEER_USER, MESSAGE("INVITE", BO, "", BO, AL ">"), 403,
		 "from-not-registered"},
		{PEER_USER, MESSAGE("INVITE", "sip:b@10.0.0.5", "", AL, BO ">"),
		 403, "not-our-domain"},
		{PEER_USER, MESSAGE("BYE", BO, "", AL, BO ">;tag=t"), 481,
		 "no-such-dialog"},
		{PEER_USER, MESSAGE("ACK", BO, "", AL, BO ">;tag=t"), 0,
		 "ack-astray"},
		{PEER_USER,
		 MESSAGE("OPTIONS", "sip:sip.example.com", "", AL,
			 "sip:sip.example.com>"),
		 0, "options"},
		{PEER_SERVER, MESSAGE("INVITE", BO, "", AL, BO ">"), 404,
		 "no-such-flow"},
		{PEER_SERVER,
		 MESSAGE("REGISTER", "sip:example.com", "", AL, AL ">"), 403,
		 "register-from-inside"},
	};
	we_are();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct verdict v = decide_text(rows[i].peer, rows[i].text);

		if (!v.rule || strcmp(v.rule, rows[i].rule) != 0)
			printf("# row %zu: %s\n", i, v.rule);
		CU_ASSERT_STRING_EQUAL(v.rule, rows[i].rule);
		CU_ASSERT_EQUAL(v.status, rows[i].status);
	}
	we_were();
}

/* Each word in the rules occurs in a row. */

static size_t read_room(char *out, const char *folder, const char *suffix)
{
	DIR *d = opendir(folder);
	size_t n = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(d);
	for (struct dirent *e; (e = readdir(d));) {
		char path[512];
		FILE *file;

		if (!strstr(e->d_name, suffix))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, e->d_name);
		file = fopen(path, "r");
		CU_ASSERT_PTR_NOT_NULL_FATAL(file);
		n += fread(out + n, 1, TEXT_BYTES - n - 1, file);
		fclose(file);
	}
	closedir(d);
	out[n] = '\0';
	return n;
}

/* The next "word-of-a-rule" with its quotes. */
static const char *next_word(const char *at, size_t *n)
{
	while ((at = strchr(at, '"'))) {
		*n = 1;
		while (islower((unsigned char)at[*n]) || at[*n] == '-')
			++*n;
		if (at[*n] == '"') {
			++*n;
			return at;
		}
		at += *n;
	}
	return NULL;
}

static void every_word_has_its_row(void)
{
	static char rules[TEXT_BYTES], tests[TEXT_BYTES];
	const char *at = rules;
	unsigned words = 0;
	char word[64];
	size_t n;

	CU_ASSERT_TRUE(read_room(rules, "edge/policy", ".c") > 0);
	CU_ASSERT_TRUE(read_room(tests, "tests/unit/policy", "_test.c") > 0);
	for (; (at = next_word(at, &n)); at += n) {
		snprintf(word, sizeof(word), "%.*s", (int)n, at);
		words++;
		/* The safety net behind the last rule, which always decides. */
		if (!strcmp(word, "\"no-rule-admits\""))
			continue;
		if (!strstr(tests, word))
			printf("# no row for %s\n", word);
		CU_ASSERT_PTR_NOT_NULL(strstr(tests, word));
	}
	CU_ASSERT_TRUE(words > 30);
}

TEST_MAIN("policy/policy",
	  {"the first rule that decides wins", first_rule_wins},
	  {"and so it does for devices", first_rule_wins_for_devices},
	  {"nothing leaves undecided, and no ACK is answered",
	   nothing_leaves_undecided},
	  {"a message's bytes become a verdict", bytes_become_verdicts},
	  {"every word of the rules has its row", every_word_has_its_row})
