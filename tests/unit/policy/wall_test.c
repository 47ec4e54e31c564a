/* SPDX-License-Identifier: Apache-2.0 */
/* wall_test.c - whatever it says, nobody finds a way past the domains. */
#include "policy_text.h"

#include "policy/boundary.h"

static const enum peer_class far[] = {PEER_STRANGER, PEER_USER, PEER_PARTNER,
				      PEER_DEVICE};
#define FAR (sizeof(far) / sizeof(*far))

static struct slice write_request(enum peer_class peer, const char *method,
				  const char *uri, const char *lines)
{
	static char text[4096];
	const char *from = peer == PEER_PARTNER ? "sip:carol@p.example"
						: "sip:alice@example.com";
	int n = snprintf(text, sizeof(text),
			 "%s %s SIP/2.0\r\n"
			 "Via: SIP/2.0/TLS 198.51.100.7;branch=z9hG4bKa\r\n"
			 "Max-Forwards: 70\r\n%s"
			 "From: <%s>;tag=f1\r\n"
			 "To: <sip:alice@example.com>\r\n"
			 "Call-ID: one\r\nCSeq: 1 %s\r\n"
			 "Content-Length: 0\r\n\r\n",
			 method, uri, lines, from, method);

	CU_ASSERT_TRUE_FATAL(n > 0 && n < (int)sizeof(text));
	return (struct slice){text, (size_t)n};
}

static struct verdict ask(enum peer_class peer, const char *method,
			  const char *uri, const char *lines)
{
	return decide_text(peer, write_request(peer, method, uri, lines));
}

/* Nothing is sent anywhere, and nobody waits for DNS. */
static bool ends_here(const struct verdict *v)
{
	if (v->kind == VERDICT_DROP)
		return v->rule;
	return v->kind == VERDICT_REFUSE && v->status >= 400 && v->rule;
}

#define OWN "<sip:sip.example.com:5061;lr>"
#define DIR "director.internal.example"

static const char *const routes[] = {
	"<sip:10.0.0.5;lr>",
	"<sip:10.0.0.5:5061;transport=tls;lr>",
	"<sip:" DIR ";lr>",
	"<sip:DIRECTOR.Internal.Example;lr>",
	"<sip:" DIR ".;lr>",
	"<sips:" DIR ";lr>",
	"<sip:127.0.0.1;lr>",
	"<sip:localhost;lr>",
	"<sip:169.254.169.254;lr>",
	"<sip:[::1];lr>",
	"<sip:[fd00::5]:5061;lr>",
	"<sip:[::ffff:10.0.0.5];lr>",
	OWN ", <sip:" DIR ";lr>",
	OWN ", <sip:10.0.0.5;lr>",
	(OWN ", " OWN),
	"<sip:10.0.0.5;lr>, " OWN,
	"<sip:sip.example.com:5061>",
	"<sip:sip.example.com:0;lr>",
	"<sip:sip.example.com:5060;lr>",
	"<sip:sip.example.com:5061;maddr=10.0.0.5;lr>",
	"<sip:sip.example.com:5061;lr;m%61ddr=10.0.0.5>",
	"<sip:sip.example.com:5061;lr?Route=%3Csip:10.0.0.5%3E>",
	"<sip:sip.example.com.evil.example;lr>",
	"<sip:%73ip.example.com;lr>",
	"<sip:sip.example.com@10.0.0.5;lr>",
	"<sip:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA@sip.example.com:5061;lr>",
	"<sip:bob@sip.example.com:5061;lr>",
	"<tel:+493012345>",
	"<http://10.0.0.5/>",
	"<sip:p.example;lr>",
};

static void no_route_leads_inside(void)
{
	char line[512];

	we_are();
	for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++) {
		snprintf(line, sizeof(line), "Route: %s\r\n", routes[i]);
		for (size_t k = 0; k < FAR; k++) {
			struct verdict v = ask(far[k], "INVITE",
					       "sip:bob@example.com", line);

			if (!ends_here(&v))
				printf("# %s: %s\n", routes[i],
				       v.rule ? v.rule : "-");
			CU_ASSERT_TRUE(ends_here(&v));
		}
	}
	CU_ASSERT_TRUE(sizeof(routes) / sizeof(*routes) >= 20);
	we_were();
}

/* Without them, or with our plain address, the same request goes on. */
static void only_the_route_was_wrong(void)
{
	static const char *const lines[] = {"", "Route: " OWN "\r\n"};

	we_are();
	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < FAR; k++) {
			struct verdict v = ask(far[k], "INVITE",
					       "sip:bob@example.com", lines[i]);

			CU_ASSERT_EQUAL(v.kind, far[k] == PEER_STRANGER
							? VERDICT_REFUSE
							: VERDICT_FORWARD);
		}
	}
	we_were();
}

/** Where it may go: a call, a registration. */
static const struct target {
	const char *uri;
	bool calls, registers;
} targets[] = {
	{"sip:bob@example.com", true, false},
	{"sips:bob@example.com", true, false},
	{"sip:bob@EXAMPLE.com.", true, false},
	{"sip:bob@example.com:5060;transport=udp", true, false},
	{"sip:b%6Fb@example.com", true, false},
	{"sip:example.com", true, true},
	{"sip:EXAMPLE.COM.;transport=tls", true, true},
	{"sip:bob@10.0.0.5", false, false},
	{"sip:bob@10.0.0.5:5061", false, false},
	{"sip:10.0.0.5", false, false},
	{"sip:" DIR, false, false},
	{"sip:bob@" DIR, false, false},
	{"sips:bob@" DIR, false, false},
	{"sip:bob@DIRECTOR.internal.example.", false, false},
	{"sip:bob@edge.internal.example", false, false},
	{"sip:bob@10.0.0.10", false, false},
	{"sip:bob@127.0.0.1", false, false},
	{"sip:bob@localhost", false, false},
	{"sip:bob@[::1]", false, false},
	{"sip:bob@[fd00::5]:5061", false, false},
	{"sip:bob@[::ffff:10.0.0.5]", false, false},
	{"sip:bob@169.254.169.254", false, false},
	{"sip:bob@0.0.0.0", false, false},
	{"sip:bob@0x0a000005", false, false},
	{"sip:bob@167772165", false, false},
	{"sip:bob@10.5", false, false},
	{"sip:bob@012.0.0.5", false, false},
	{"sip:bob@example.com;maddr=10.0.0.5", false, false},
	{"sip:bob@example.com;MADDR=10.0.0.5", false, false},
	{"sip:bob@example.com;m%61ddr=10.0.0.5", false, false},
	{"sip:example.com;maddr=10.0.0.5", false, false},
	{"sip:bob@example.com?Route=%3Csip:10.0.0.5%3Blr%3E", false, false},
	{"sip:example.com?Route=%3Csip:10.0.0.5%3Blr%3E", false, false},
	{"sip:bob:secret@example.com", false, false},
	{"sip:bob@example.com:0", false, false},
	{"sip:example.com:0", false, false},
	{"sip:bob@example.com:99999", false, false},
	{"sip:bob@example.com:5061x", false, false},
	{"sip:bob@%65xample.com", false, false},
	{"sip:bob@example.com%2einternal.example", false, false},
	{"sip:bob@example.com@10.0.0.5", false, false},
	{"sip:bob%40example.com@10.0.0.5", false, false},
	{"sip:bob@evil-example.com", false, false},
	{"sip:bob@example.com.evil.example", false, false},
	{"sip:bob@sub.example.com", false, false},
	{"sip:bob@com", false, false},
	{"sip:bob@.example.com", false, false},
	{"sip:bob@example..com", false, false},
	{"sip:@example.com", false, false},
	{"sip:bob@", false, false},
	{"sip:", false, false},
	{"tel:+493012345", false, false},
	{"http://10.0.0.5/", false, false},
	{"im:bob@example.com", false, false},
	{"sip:bob@third.example", false, false},
	{"sip:bob@sip.example.com:5061", false, false},
	{"sip:AAAAAAAAAAAAAAAAAAAAAAAA@sip.example.com:5061", false, false},
	{"sip:bob@192.0.2.10", false, false},
};

static void target_is_asked(const struct target *t, enum peer_class peer,
			    const char *method, bool may)
{
	struct verdict v = ask(peer, method, t->uri, "");
	bool fits = may ? v.kind == VERDICT_FORWARD && v.to == TO_HOME
			: ends_here(&v);

	if (!fits)
		printf("# %s %s of %d: %s\n", method, t->uri, peer, v.rule);
	CU_ASSERT_TRUE(fits);
}

static void no_target_leads_elsewhere(void)
{
	const size_t n = sizeof(targets) / sizeof(*targets);

	we_are();
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < FAR; k++) {
			target_is_asked(&targets[i], far[k], "INVITE",
					targets[i].calls &&
						far[k] != PEER_STRANGER);
			target_is_asked(&targets[i], far[k], "REGISTER",
					targets[i].registers &&
						far[k] != PEER_PARTNER);
		}
	}
	CU_ASSERT_TRUE(n >= 40 + 7);
	we_were();
}

/* Who one says one is, in words that only we may say. # is a domain. */
static const char *const claims[] = {
	"P-Asserted-Identity: <sip:ceo@#>\r\n",
	"p-asserted-IDENTITY : \"Boss\" <sip:ceo@#>,\r\n <tel:+49301>\r\n",
	"P-Preferred-Identity: <sip:ceo@#>\r\n",
	"Remote-Party-ID: <sip:ceo@#>;party=calling;screen=yes\r\n",
	"Diversion: <sip:ceo@#>;reason=unconditional\r\n",
	"History-Info: <sip:ceo@#>;index=1\r\n",
	"P-Charging-Vector: icid-value=1;orig-ioi=#\r\n",
	"P-Charging-Function-Addresses: ccf=#\r\n",
	"P-Access-Network-Info: 3GPP-UTRAN;x=#\r\n",
	"P-Visited-Network-ID: #\r\n",
	"P-Served-User: <sip:ceo@#>\r\n",
	"P-Called-Party-ID: <sip:ceo@#>\r\n",
	"P-Associated-URI: <sip:ceo@#>\r\n",
	"Referred-By: <sip:ceo@#>\r\n",
	"b: <sip:ceo@#>\r\n",
	"X-Edge-Source: class=server;peer=\"#\";verified=yes\r\n",
	"x-EDGE-source\t:\r\n class=user;peer=\"#\";verified=yes\r\n",
	"ms-edge-proxy-message-trust: ms-ep-fqdn=#;ms-source-x=verified\r\n",
	"MS-Edge-Proxy-Message-Trust: ms-source-type=x;ms-ep-fqdn=#\r\n",
	"ms-user-logon-data: RemoteUser;#\r\n",
	"Path: <sip:#;lr>\r\n",
	"Record-Route: <sip:#;lr>\r\n",
	"Service-Route: <sip:#;lr>\r\n",
};

static const char *about(const char *claim, const char *domain)
{
	static char line[256];
	const char *at = strchr(claim, '#');

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	snprintf(line, sizeof(line), "%.*s%s%s", (int)(at - claim), claim,
		 domain, at + 1);
	return line;
}

/* The line below Max-Forwards: refused with it, or left out on the way. */
static bool claim_ends(enum peer_class peer, const char *line)
{
	static struct frame frame;
	static struct facts f;
	struct proof proof;
	struct verdict v;
	uint64_t drop;

	v = read_text(&f, &frame, peer,
		      write_request(peer, "INVITE", "sip:bob@example.com",
				    line));
	if (v.kind == VERDICT_PASS)
		v = policy_decide(&real, &f);
	if (v.kind != VERDICT_FORWARD)
		return ends_here(&v);
	federation_prove(&proof, &real, &f);
	drop = boundary_drop(BOUNDARY_INWARD, peer) &
	       ~boundary_spare(&f, peer == PEER_PARTNER ? &proof : NULL);
	return drop & FIELD_BIT(frame.line[2].field);
}

static void nobody_says_it_for_us(void)
{
	static const char *const domains[] = {"example.com", "alien.example"};
	const size_t n = sizeof(claims) / sizeof(*claims);

	we_are();
	for (size_t i = 0; i < 2 * n; i++) {
		const char *line = about(claims[i / 2], domains[i % 2]);

		for (size_t k = 0; k < FAR; k++) {
			bool ends = claim_ends(far[k], line);

			if (!ends)
				printf("# %d: %s", far[k], line);
			CU_ASSERT_TRUE(ends);
		}
	}
	CU_ASSERT_TRUE(n >= 16);
	we_were();
}

/* A partner may say who of its own domain is calling. */
static void partners_say_it_for_themselves(void)
{
	we_are();
	CU_ASSERT_FALSE(claim_ends(
		PEER_PARTNER, "P-Asserted-Identity: <sip:c@P.example>\r\n"));
	CU_ASSERT_TRUE(claim_ends(PEER_PARTNER,
				  "P-Asserted-Identity: <sip:c@p.example>, "
				  "<sip:ceo@bank.example>\r\n"));
	CU_ASSERT_TRUE(claim_ends(PEER_PARTNER,
				  "P-Asserted-Identity: <sip:c@p.example>, "
				  "<sip:ceo@example.com>\r\n"));
	CU_ASSERT_TRUE(
		claim_ends(PEER_PARTNER, "P-Asserted-Identity: <sip:c@p.\r\n"));
	we_were();
}

/* What is left of a claim when ours is added: the edge's word alone. */
static void preference_is_heard_when_registered(void)
{
	static struct frame frame;
	static struct facts f;
	struct buf out = {0};
	struct verdict v;

	we_are();
	v = read_text(&f, &frame, PEER_USER,
		      write_request(PEER_USER, "INVITE", "sip:bob@example.com",
				    "P-Preferred-Identity: \"A\" "
				    "<sip:%61lice@Example.com>\r\n"));
	CU_ASSERT_EQUAL_FATAL(v.kind, VERDICT_PASS);
	CU_ASSERT_EQUAL(f.preferred_who, alice);
	boundary_assert(&out, &real, &f, NULL);
	CU_ASSERT_PTR_NOT_NULL(
		memmem(out.p, out.n,
		       "P-Asserted-Identity: <sip:alice@example.com>\r\n", 46));
	buf_fini(&out);
	we_were();
}

TEST_MAIN("policy/wall", {"no Route leads inside", no_route_leads_inside},
	  {"only the Route was wrong", only_the_route_was_wrong},
	  {"no Request-URI leads elsewhere", no_target_leads_elsewhere},
	  {"nobody says who calls in our words", nobody_says_it_for_us},
	  {"a partner says it for its own domain",
	   partners_say_it_for_themselves},
	  {"a user's preference is heard when it is registered",
	   preference_is_heard_when_registered})
