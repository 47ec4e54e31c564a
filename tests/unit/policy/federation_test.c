/* SPDX-License-Identifier: Apache-2.0 */
/* federation_test.c - whose domain a partner may speak for. */
#include "policy_kit.h"

#include "policy/federation.h"

#define KEY   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define OTHER "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* The partners that we list; each is alone with what makes it special. */
enum { ALLOWED, DIRECT, PROVIDER, PINNED, OWN_TRUST, PARTNERS };

static struct partner_settings partners[PARTNERS];

static struct name_list list_of(char **names, size_t n)
{
	return (struct name_list){names, n};
}

static void we_federate(struct settings *s)
{
	static char *allowed[] = {KIT_TEXT("p.example")},
		    *direct[] = {KIT_TEXT("direct.example")},
		    *many[] = {KIT_TEXT("one.example"),
			       KIT_TEXT("two.example")},
		    *pinned[] = {KIT_TEXT("pinned.example")},
		    *own[] = {KIT_TEXT("own.example")},
		    *keys[] = {KIT_TEXT(OTHER), KIT_TEXT(KEY)},
		    *bad[] = {KIT_TEXT("bad.example"),
			      KIT_TEXT("edge.bad.example")},
		    *ours[] = {KIT_TEXT("example.com")};

	partners[ALLOWED].domains = list_of(allowed, 1);
	partners[DIRECT] = (struct partner_settings){
		.domains = list_of(direct, 1),
		.kind = PARTNER_DIRECT,
		.proxy = {.host = KIT_TEXT("edge.host.example")},
	};
	partners[PROVIDER] = (struct partner_settings){
		.domains = list_of(many, 2),
		.kind = PARTNER_PROVIDER,
		.proxy = {.host = KIT_TEXT("edge.cloud.example")},
	};
	partners[PINNED].domains = list_of(pinned, 1);
	partners[PINNED].pins = list_of(keys, 2);
	partners[OWN_TRUST].domains = list_of(own, 1);
	partners[OWN_TRUST].trust = KIT_TEXT("own.pem");
	*s = (struct settings){
		.sip_domains = list_of(ours, 1),
		.federation = {.enabled = true,
			       .partner = partners,
			       .partners = PARTNERS,
			       .blocked = list_of(bad, 2)},
	};
}

/** One sender, and what is thought of it. */
struct claim {
	const char *says, *from;
	const char *name[2]; /* of the certificate */
	const char *key;
	bool unchained, shows_none;
	uint64_t vouched;
	const char *target[2]; /* of the SRV records, once asked */
	bool asked, secure, discovery, off;

	enum proof_by by;
	const char *word; /* the rule, or the name that proved it */
	enum partner_kind kind;
};

static void show(struct facts *f, const struct claim *c)
{
	static union {
		struct cert_names names;
		char room[sizeof(struct cert_names) +
			  2 * sizeof(struct cert_name)];
	} u;

	memset(&u, 0, sizeof(u));
	u.names.chained = !c->unchained;
	u.names.vouched = c->vouched;
	snprintf(u.names.key, sizeof(u.names.key), "%s", c->key ? c->key : "");
	for (size_t i = 0; i < 2 && c->name[i]; i++) {
		u.names.name[i].kind = i ? CERT_NAME_DNS : CERT_NAME_URI;
		u.names.name[i].text = KIT_TEXT(c->name[i]);
		u.names.n++;
	}
	f->origin.names = c->shows_none ? NULL : &u.names;
}

static void claim_facts(struct facts *f, const struct claim *c)
{
	static struct resolve_service service;

	memset(f, 0, sizeof(*f));
	f->origin.peer = PEER_PARTNER;
	f->from.host = slice_of(c->from);
	f->from_ours = slice_same_host(f->from.host, SLICE("example.com"));
	f->from.literal = f->from.host.n && f->from.host.p[0] < 'A';
	f->from_domain_who = P_EXAMPLE;
	f->method = METHOD_INVITE;
	show(f, c);
	if (!c->asked)
		return;
	memset(&service, 0, sizeof(service));
	service.secure = c->secure;
	for (; service.n < 2 && c->target[service.n]; service.n++)
		snprintf(service.edge[service.n].host,
			 sizeof(service.edge[0].host), "%s",
			 c->target[service.n]);
	f->origin.service = &service;
}

static bool claim_fits(const struct claim *c, const struct proof *p)
{
	struct slice said = p->rule ? slice_of(p->rule) : p->peer;

	return p->by == c->by && slice_eq(said, slice_of(c->word)) &&
	       p->kind == c->kind;
}

static void judge(const struct claim *rows, size_t n)
{
	static struct facts f;
	struct settings s;
	struct proof p;

	we_federate(&s);
	for (size_t i = 0; i < n; i++) {
		claim_facts(&f, &rows[i]);
		s.federation.discovery = rows[i].discovery;
		s.federation.enabled = !rows[i].off;
		federation_prove(&p, &s, &f);
		if (!claim_fits(&rows[i], &p))
			printf("# %s: %d %s\n", rows[i].says, p.by,
			       p.rule ? p.rule : "proved");
		CU_ASSERT_TRUE(claim_fits(&rows[i], &p));
	}
}

#define JUDGE(rows) judge(rows, sizeof(rows) / sizeof(*(rows)))

#define PROVED(how, peer, what) .by = (how), .word = (peer), .kind = (what)
#define UNPROVED(rule, what)	.by = PROOF_NONE, .word = (rule), .kind = (what)
#define ASKED(what)		.by = PROOF_ASK, .word = "partner-asked", .kind = (what)

static void names_prove_domains(void)
{
	static const struct claim rows[] = {
		{"the domain itself",
		 "p.example",
		 {"p.example"},
		 PROVED(PROOF_DOMAIN, "p.example", PARTNER_ALLOWED)},
		{"as its second name",
		 "P.Example.",
		 {"x.example", "p.example"},
		 PROVED(PROOF_DOMAIN, "P.Example.", PARTNER_ALLOWED)},
		{"the edge that we name",
		 "direct.example",
		 {"edge.host.example"},
		 PROVED(PROOF_PROXY, "edge.host.example", PARTNER_DIRECT)},
		{"the domain of a direct partner",
		 "direct.example",
		 {"direct.example"},
		 PROVED(PROOF_DOMAIN, "direct.example", PARTNER_DIRECT)},
		{"another edge, and DNS is not asked",
		 "direct.example",
		 {"edge.direct.example"},
		 .asked = true,
		 .target = {"edge.direct.example"},
		 UNPROVED("partner-name", PARTNER_DIRECT)},
		{"a provider's first domain",
		 "one.example",
		 {"edge.cloud.example"},
		 PROVED(PROOF_PROXY, "edge.cloud.example", PARTNER_PROVIDER)},
		{"its second",
		 "two.example",
		 {"edge.cloud.example"},
		 PROVED(PROOF_PROXY, "edge.cloud.example", PARTNER_PROVIDER)},
		{"a provider for a domain that is not its",
		 "p.example",
		 {"edge.cloud.example"},
		 .asked = true,
		 .target = {"edge.p.example"},
		 UNPROVED("partner-name", PARTNER_ALLOWED)},
	};

	JUDGE(rows);
}

static void targets_prove_domains(void)
{
	static const struct claim rows[] = {
		{"nobody asked yet",
		 "p.example",
		 {"edge.p.example"},
		 ASKED(PARTNER_ALLOWED)},
		{"a target in the domain",
		 "p.example",
		 {"edge.p.example"},
		 .asked = true,
		 .target = {"edge.p.example"},
		 PROVED(PROOF_SERVICE, "edge.p.example", PARTNER_ALLOWED)},
		{"the second of them",
		 "p.example.",
		 {"b.p.example"},
		 .asked = true,
		 .target = {"a.p.example", "b.p.example"},
		 PROVED(PROOF_SERVICE, "b.p.example", PARTNER_ALLOWED)},
		{"elsewhere, and unsigned",
		 "p.example",
		 {"edge.evil.example"},
		 .asked = true,
		 .target = {"edge.evil.example"},
		 UNPROVED("partner-target-elsewhere", PARTNER_ALLOWED)},
		{"elsewhere, and signed",
		 "p.example",
		 {"edge.host.example"},
		 .asked = true,
		 .secure = true,
		 .target = {"edge.host.example"},
		 PROVED(PROOF_SERVICE, "edge.host.example", PARTNER_ALLOWED)},
		{"a name that only ends alike",
		 "p.example",
		 {"evilp.example"},
		 .asked = true,
		 .target = {"evilp.example"},
		 UNPROVED("partner-target-elsewhere", PARTNER_ALLOWED)},
		{"a signed target with another's name",
		 "p.example",
		 {"evil.example"},
		 .asked = true,
		 .secure = true,
		 .target = {"edge.p.example"},
		 UNPROVED("partner-name", PARTNER_ALLOWED)},
		{"no record at all",
		 "p.example",
		 {"edge.p.example"},
		 .asked = true,
		 UNPROVED("partner-no-service", PARTNER_ALLOWED)},
	};

	JUDGE(rows);
}

static void lists_come_before_names(void)
{
	static const struct claim rows[] = {
		{"no federation",
		 "p.example",
		 {"p.example"},
		 .off = true,
		 UNPROVED("federation-off", PARTNER_ALLOWED)},
		{"our own domain",
		 "example.com",
		 {"example.com"},
		 .discovery = true,
		 UNPROVED("from-is-ours", PARTNER_DISCOVERED)},
		{"nobody we know",
		 "new.example",
		 {"new.example"},
		 UNPROVED("partner-unknown", PARTNER_DISCOVERED)},
		{"whom we may come to know",
		 "new.example",
		 {"new.example"},
		 .discovery = true,
		 PROVED(PROOF_DOMAIN, "new.example", PARTNER_DISCOVERED)},
		{"by its SRV records",
		 "new.example",
		 {"edge.new.example"},
		 .discovery = true,
		 ASKED(PARTNER_DISCOVERED)},
		{"an address",
		 "192.0.2.7",
		 {"new.example"},
		 .discovery = true,
		 UNPROVED("partner-unknown", PARTNER_DISCOVERED)},
		{"no host",
		 NULL,
		 {"new.example"},
		 .discovery = true,
		 UNPROVED("partner-unknown", PARTNER_DISCOVERED)},
		{"a blocked domain",
		 "bad.example",
		 {"bad.example"},
		 .discovery = true,
		 UNPROVED("partner-blocked", PARTNER_DISCOVERED)},
		{"a good domain by a blocked edge",
		 "p.example",
		 {"p.example", "edge.bad.example"},
		 UNPROVED("partner-blocked", PARTNER_ALLOWED)},
		{"a domain below a blocked one",
		 "sub.bad.example",
		 {"sub.bad.example"},
		 .discovery = true,
		 PROVED(PROOF_DOMAIN, "sub.bad.example", PARTNER_DISCOVERED)},
	};

	JUDGE(rows);
}

#define VOUCHES(n) UINT64_C(1) << (n)

static void certificates_must_be_vouched_for(void)
{
	static const struct claim rows[] = {
		{"no certificate", "p.example", .shows_none = true,
		 UNPROVED("partner-certificate", PARTNER_ALLOWED)},
		{"by nobody",
		 "p.example",
		 {"p.example"},
		 .unchained = true,
		 UNPROVED("partner-certificate", PARTNER_ALLOWED)},
		{"by another partner's authority",
		 "p.example",
		 {"p.example"},
		 .unchained = true,
		 .vouched = VOUCHES(OWN_TRUST),
		 UNPROVED("partner-certificate", PARTNER_ALLOWED)},
		{"discovered, by nobody",
		 "new.example",
		 {"edge.new.example"},
		 .discovery = true,
		 .unchained = true,
		 UNPROVED("partner-certificate", PARTNER_DISCOVERED)},
		{"by its own authority",
		 "own.example",
		 {"own.example"},
		 .unchained = true,
		 .vouched = VOUCHES(OWN_TRUST),
		 PROVED(PROOF_DOMAIN, "own.example", PARTNER_ALLOWED)},
		{"by a public one instead",
		 "own.example",
		 {"own.example"},
		 UNPROVED("partner-certificate", PARTNER_ALLOWED)},
		{"by its key",
		 "pinned.example",
		 {"pinned.example"},
		 .key = KEY,
		 .unchained = true,
		 PROVED(PROOF_DOMAIN, "pinned.example", PARTNER_ALLOWED)},
		{"by another key, however well signed",
		 "pinned.example",
		 {"pinned.example"},
		 .key = "cc",
		 .vouched = VOUCHES(PINNED),
		 UNPROVED("partner-certificate", PARTNER_ALLOWED)},
		{"a key proves no other name",
		 "pinned.example",
		 {"p.example"},
		 .key = KEY,
		 .asked = true,
		 UNPROVED("partner-no-service", PARTNER_ALLOWED)},
	};

	JUDGE(rows);
}

/* What a connection was told in a dialog, it need not prove again. */
static void dialogs_are_their_own_proof(void)
{
	static const struct claim stranger = {
		.from = "new.example",
		.name = {"x.example"},
	};
	static struct facts f;
	struct settings s;
	struct proof p;

	we_federate(&s);
	claim_facts(&f, &stranger);
	f.origin.conn = f.token.conn = HERE;
	f.token.kind = TOKEN_DIALOG;
	f.token.who = P_EXAMPLE;
	f.dialog_fits = true;
	f.to_tag = SLICE("t");
	federation_prove(&p, &s, &f);
	CU_ASSERT_EQUAL(p.by, PROOF_DIALOG);
	f.token.conn = ELSEWHERE;
	federation_prove(&p, &s, &f);
	CU_ASSERT_STRING_EQUAL(p.rule, "partner-unknown");
	/* One that we called when no connection was there yet. */
	f.token.conn = 0;
	federation_prove(&p, &s, &f);
	CU_ASSERT_STRING_EQUAL(p.rule, "partner-unknown");
	f.origin.opened = true;
	federation_prove(&p, &s, &f);
	CU_ASSERT_EQUAL(p.by, PROOF_DIALOG);
	f.token.conn = HERE;
	f.token.who = BOB;
	federation_prove(&p, &s, &f);
	CU_ASSERT_STRING_EQUAL(p.rule, "partner-unknown");
	f.token.who = P_EXAMPLE;
	f.from.host = SLICE("bad.example");
	federation_prove(&p, &s, &f);
	CU_ASSERT_STRING_EQUAL(p.rule, "partner-blocked");
	/* A call of ours that our side passed on to it. */
	f.from.host = SLICE("example.com");
	f.from_ours = true;
	federation_prove(&p, &s, &f);
	CU_ASSERT_EQUAL(p.by, PROOF_DIALOG);
	CU_ASSERT_FALSE(federation_verified(&p, &f));
}

static void partners_ask_for_our_domains(void)
{
	static const struct policy_row rows[] = {
		{"a call", .peer = PEER_PARTNER, PASSES},
		{"whoever it is", .peer = PEER_PARTNER, .unproven = true,
		 PASSES},
		{"REGISTER", .peer = PEER_PARTNER, .method = METHOD_REGISTER,
		 .ruri = "example.com", REFUSED(403, "partner-register")},
		{"as one of us", .peer = PEER_PARTNER, .from_other = true,
		 REFUSED(403, "from-is-ours")},
		{"as one of us in a dialog", .peer = PEER_PARTNER,
		 .from_other = true, .to_tag = true,
		 REFUSED(403, "from-is-ours")},
		{"as one of us, asserted", .peer = PEER_PARTNER,
		 .asserts_ours = true, REFUSED(403, "from-is-ours")},
		{"an ACK is never answered", .peer = PEER_PARTNER,
		 .method = METHOD_ACK, .from_other = true,
		 DROPPED("from-is-ours")},
		{"as the one of us whom it was passed", .peer = PEER_PARTNER,
		 .from_other = true, .to_tag = true, .routes = 1,
		 .mark = {ROUTE_SIGNED}, .token = TOKEN_DIALOG, .fits = true,
		 .conn = HERE, .owner = 99, PASSES},
		{"another domain", .peer = PEER_PARTNER,
		 .ruri = "x@third.example", REFUSED(403, "not-our-domain")},
		{"maddr", .peer = PEER_PARTNER, .maddr = true,
		 REFUSED(403, "not-our-domain")},
		{"a password", .peer = PEER_PARTNER, .password = true,
		 REFUSED(403, "not-our-domain")},
		{"header fields", .peer = PEER_PARTNER, .headers = true,
		 REFUSED(403, "not-our-domain")},
		{"OPTIONS to the edge", .peer = PEER_PARTNER,
		 .method = METHOD_OPTIONS, .ruri = "sip.example.com", PASSES},
		{"inside a dialog that is another rule's matter",
		 .peer = PEER_PARTNER, .to_tag = true,
		 .ruri = "x@third.example", PASSES},
		{"users are not its matter", .peer = PEER_USER,
		 .ruri = "x@third.example", PASSES},
	};

	KIT_ASK(federation_request, rows);
}

static void partners_prove_who_they_are(void)
{
	static const struct policy_row rows[] = {
		{"a partner", .peer = PEER_PARTNER, PASSES},
		{"one that we do not know", .peer = PEER_PARTNER,
		 .unproven = true, REFUSED(403, "partner-unknown")},
		{"its ACK", .peer = PEER_PARTNER, .method = METHOD_ACK,
		 .unproven = true, DROPPED("partner-unknown")},
		{"one that we may come to know", .peer = PEER_PARTNER,
		 .unproven = true, .discovery = true, ASKS("partner-asked")},
		{"a blocked one", .peer = PEER_PARTNER, .blocks = true,
		 REFUSED(403, "partner-blocked")},
		{"a user", .peer = PEER_USER, .from_alien = true, PASSES},
		{"a server", .peer = PEER_SERVER, PASSES},
	};

	KIT_ASK(federation_sender, rows);
}

/* All that can be refused without DNS is. */
static void only_good_requests_cost_a_question(void)
{
	static const struct policy_row rows[] = {
		{"a call", .peer = PEER_PARTNER, .unproven = true,
		 .discovery = true, ASKS("partner-asked")},
		{"REGISTER", .peer = PEER_PARTNER, .unproven = true,
		 .discovery = true, .method = METHOD_REGISTER,
		 REFUSED(403, "partner-register")},
		{"another domain", .peer = PEER_PARTNER, .unproven = true,
		 .discovery = true, .ruri = "x@third.example",
		 REFUSED(403, "not-our-domain")},
		{"one of us", .peer = PEER_PARTNER, .from_other = true,
		 .discovery = true, REFUSED(403, "from-is-ours")},
		{"no dialog of ours", .peer = PEER_PARTNER, .unproven = true,
		 .discovery = true, .to_tag = true,
		 REFUSED(481, "no-such-dialog")},
		{"another's dialog", .peer = PEER_PARTNER, .unproven = true,
		 .discovery = true, .to_tag = true, .routes = 1,
		 .mark = {ROUTE_SIGNED}, .token = TOKEN_DIALOG, .fits = true,
		 .conn = ELSEWHERE, REFUSED(403, "token-of-another-flow")},
		{"a foreign Route", .peer = PEER_PARTNER, .unproven = true,
		 .discovery = true, .routes = 1, .mark = {ROUTE_FOREIGN},
		 REFUSED(403, "route-not-ours")},
		{"an ACK", .peer = PEER_PARTNER, .unproven = true,
		 .discovery = true, .method = METHOD_ACK, .to_tag = true,
		 DROPPED("ack-astray")},
		{"a call of a partner", .peer = PEER_PARTNER,
		 GOES(TO_HOME, "partner")},
		{"OPTIONS to the edge", .peer = PEER_PARTNER,
		 .method = METHOD_OPTIONS, .ruri = "sip.example.com",
		 GOES(TO_SELF, "options")},
		{"its dialog", .peer = PEER_PARTNER, .to_tag = true,
		 .routes = 1, .mark = {ROUTE_SIGNED}, .token = TOKEN_DIALOG,
		 .fits = true, .conn = HERE, .owner = P_EXAMPLE,
		 GOES(TO_HOP, "dialog")},
	};

	KIT_ASK(policy_decide, rows);
}

static void levels_say_what_is_verified(void)
{
	static const struct {
		enum partner_verify level;
		const char *mark;
		bool verified;
	} rows[] = {
		{VERIFY_ALWAYS, NULL, true},
		{VERIFY_ALWAYS, "class=user;verified=no", true},
		{VERIFY_NEVER, "class=user;verified=yes", false},
		{VERIFY_SOURCE, "class=user;verified=yes", true},
		{VERIFY_SOURCE, "class=user; Verified=YES ;peer=\"x\"", true},
		{VERIFY_SOURCE, "class=user;verified=no", false},
		{VERIFY_SOURCE, "class=user;xverified=yes", false},
		{VERIFY_SOURCE, "", false},
		{VERIFY_SOURCE, NULL, false},
	};
	struct partner_settings partner = {0};
	static struct facts f;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct proof p = {.by = PROOF_DOMAIN, .partner = &partner};

		partner.verify = rows[i].level;
		f.mark = slice_of(rows[i].mark);
		CU_ASSERT_EQUAL(federation_verified(&p, &f), rows[i].verified);
		p.partner = NULL;
		CU_ASSERT_FALSE(federation_verified(&p, &f));
	}
}

static void ways_lead_to_other_domains(void)
{
	const struct partner_settings *partner = NULL;
	struct settings s;

	we_federate(&s);
	CU_ASSERT_EQUAL(federation_way(&partner, &s, SLICE("p.example")),
			WAY_SERVICE);
	CU_ASSERT_PTR_EQUAL(partner, &partners[ALLOWED]);
	CU_ASSERT_EQUAL(federation_way(&partner, &s, SLICE("Two.Example.")),
			WAY_PROXY);
	CU_ASSERT_PTR_EQUAL(partner, &partners[PROVIDER]);
	CU_ASSERT_EQUAL(federation_way(&partner, &s, SLICE("bad.example")),
			WAY_BLOCKED);
	CU_ASSERT_EQUAL(federation_way(&partner, &s, SLICE("new.example")),
			WAY_NONE);
	s.federation.route.host = KIT_TEXT("house.example");
	CU_ASSERT_EQUAL(federation_way(&partner, &s, SLICE("new.example")),
			WAY_ROUTE);
	CU_ASSERT_PTR_NULL(partner);
	s.federation.discovery = true;
	CU_ASSERT_EQUAL(federation_way(&partner, &s, SLICE("new.example")),
			WAY_SERVICE);
	s.federation.enabled = false;
	CU_ASSERT_EQUAL(federation_way(&partner, &s, SLICE("p.example")),
			WAY_NONE);
}

TEST_MAIN("policy/federation", {"a name proves a domain", names_prove_domains},
	  {"a target proves a domain that it lies in, or that DNS signed",
	   targets_prove_domains},
	  {"lists come before names, and the block list before all",
	   lists_come_before_names},
	  {"a certificate is vouched for by whom the partner's entry says",
	   certificates_must_be_vouched_for},
	  {"inside a dialog nothing is asked but the block list",
	   dialogs_are_their_own_proof},
	  {"a partner asks for our domains, as itself",
	   partners_ask_for_our_domains},
	  {"a partner proves who it is", partners_prove_who_they_are},
	  {"a request that is refused costs no DNS question",
	   only_good_requests_cost_a_question},
	  {"levels say what is verified", levels_say_what_is_verified},
	  {"a domain's way is by its list, its records, or the default",
	   ways_lead_to_other_domains})
