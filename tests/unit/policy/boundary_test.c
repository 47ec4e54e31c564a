/* SPDX-License-Identifier: Apache-2.0 */
/* boundary_test.c - what does not cross, what does, and what we add. */
#include "policy_kit.h"

#include "policy/boundary.h"

/* K kept, D dropped, R rewritten, A ours instead; inward from user, partner,
 * device, then outward to them. */
static const struct boundary_fact {
	enum field field;
	const char *acts;
} facts[] = {
	{FIELD_OTHER, "KKK KKK"},
	{FIELD_VIA, "RRR RRR"},
	{FIELD_FROM, "KKK KKK"},
	{FIELD_TO, "KKK KKK"},
	{FIELD_CALL_ID, "RRR RRR"},
	{FIELD_CSEQ, "KKK KKK"},
	{FIELD_CONTACT, "KKK RRR"},
	{FIELD_MAX_FORWARDS, "RRR RRR"},
	{FIELD_ROUTE, "RRR RRR"},
	{FIELD_RECORD_ROUTE, "AAA AAA"},
	{FIELD_PATH, "ADA DDD"},
	{FIELD_SERVICE_ROUTE, "DDD DDD"},
	{FIELD_CONTENT_LENGTH, "KKK KKK"},
	{FIELD_CONTENT_TYPE, "KKK KKK"},
	{FIELD_EXPIRES, "KKK KKK"},
	{FIELD_REQUIRE, "KKK KKK"},
	{FIELD_PROXY_REQUIRE, "KKK KKK"},
	{FIELD_SUPPORTED, "KKK KKK"},
	{FIELD_FLOW_TIMER, "DDD KDK"},
	{FIELD_AUTHORIZATION, "KDK KDD"},
	{FIELD_PROXY_AUTHORIZATION, "KDK DDD"},
	{FIELD_WWW_AUTHENTICATE, "KDK KDK"},
	{FIELD_PROXY_AUTHENTICATE, "KDK KDK"},
	{FIELD_AUTHENTICATION_INFO, "KDK KDK"},
	{FIELD_RETRY_AFTER, "KKK KKK"},
	{FIELD_WARNING, "KKK DDD"},
	{FIELD_SERVER, "KKK DDD"},
	{FIELD_USER_AGENT, "KKK DDD"},
	{FIELD_P_ASSERTED_IDENTITY, "ADD DDD"},
	{FIELD_P_PREFERRED_IDENTITY, "DDD DDD"},
	{FIELD_REMOTE_PARTY_ID, "DDD DDD"},
	{FIELD_DIVERSION, "DDD DDD"},
	{FIELD_HISTORY_INFO, "DDD DDD"},
	{FIELD_DATE, "KKK KKK"},
	{FIELD_TIMESTAMP, "KKK KKK"},
	{FIELD_EDGE_MARK, "AAA DAD"},
	{FIELD_MS_TRUST, "AAA DDD"},
	{FIELD_MS_DIAGNOSTICS, "KKK DDD"},
	{FIELD_P_CHARGING, "DDD DDD"},
	{FIELD_P_ACCESS_NETWORK_INFO, "DDD DDD"},
	{FIELD_P_NETWORK, "DDD DDD"},
	{FIELD_REFERRED_BY, "DDD KDK"},
	{FIELD_PRIVACY, "KKK KKK"},
	{FIELD_REASON, "KKK RRR"},
	{FIELD_ALERT_INFO, "KDK DDD"},
	{FIELD_CALL_INFO, "KKK DDD"},
	{FIELD_ERROR_INFO, "KKK DDD"},
	{FIELD_ORGANIZATION, "KKK KKK"},
	{FIELD_REPLACES, "RRR RRR"},
	{FIELD_JOIN, "RRR RRR"},
	{FIELD_IN_REPLY_TO, "RRR RRR"},
};

#define FACTS (sizeof(facts) / sizeof(*facts))

static void agree(const struct boundary_fact *f, enum boundary_way way,
		  enum peer_class far, char wanted)
{
	static const char letters[] = {
		[BOUNDARY_KEEP] = 'K',
		[BOUNDARY_DROP] = 'D',
		[BOUNDARY_REWRITE] = 'R',
		[BOUNDARY_ADD] = 'A',
	};
	char act = letters[boundary_act(way, far, f->field)];
	bool left_out = boundary_drop(way, far) & FIELD_BIT(f->field);

	if (act != wanted)
		printf("# field %d: %c, not %c\n", f->field, act, wanted);
	CU_ASSERT_EQUAL(act, wanted);
	CU_ASSERT_EQUAL(left_out, wanted == 'D' || wanted == 'A');
}

static void every_field_has_its_row(void)
{
	static const enum peer_class far[] = {PEER_USER, PEER_PARTNER,
					      PEER_DEVICE};

	uint64_t seen = 0;

	CU_ASSERT_EQUAL(FACTS, FIELD_COUNT);
	for (size_t i = 0; i < FACTS; i++) {
		CU_ASSERT_FALSE(seen & FIELD_BIT(facts[i].field));
		seen |= FIELD_BIT(facts[i].field);
		for (size_t k = 0; k < 3; k++) {
			agree(&facts[i], BOUNDARY_INWARD, far[k],
			      facts[i].acts[k]);
			agree(&facts[i], BOUNDARY_OUTWARD, far[k],
			      facts[i].acts[4 + k]);
		}
	}
}

static void strangers_are_users_to_be(void)
{
	for (size_t i = 0; i < FACTS; i++) {
		agree(&facts[i], BOUNDARY_INWARD, PEER_STRANGER,
		      facts[i].acts[0]);
		agree(&facts[i], BOUNDARY_OUTWARD, PEER_STRANGER,
		      facts[i].acts[4]);
		agree(&facts[i], BOUNDARY_OUTWARD, PEER_SERVER, 'K');
	}
}

/* What we add. */

#define AT_ALICE "sip:alice@example.com"

static struct facts f;
static struct settings s;

static void heard_from(const struct policy_row *row)
{
	kit_settings(&s, row);
	kit_facts(&f, &s, row);
}

static void is_told(const struct proof *proof, const char *lines)
{
	struct buf out = {0};

	boundary_assert(&out, &s, &f, proof);
	buf_add(&out, (struct slice){"", 1});
	CU_ASSERT_FALSE_FATAL(out.failed);
	if (strcmp(out.p, lines) != 0)
		printf("# %s", out.p);
	CU_ASSERT_STRING_EQUAL(out.p, lines);
	buf_fini(&out);
}

#define FROM_ALICE                                                             \
	"X-Edge-Source: class=user;peer=\"" AT_ALICE                           \
	"\";verified=yes;network=internet\r\n"
#define IS_ALICE "P-Asserted-Identity: <" AT_ALICE ">\r\n"

static void users_are_who_registered(void)
{
	heard_from(&(struct policy_row){.peer = PEER_USER});
	is_told(NULL, FROM_ALICE IS_ALICE);
	f.method = METHOD_REGISTER;
	is_told(NULL, FROM_ALICE);
	f.method = METHOD_ACK;
	is_told(NULL, FROM_ALICE);
	heard_from(&(struct policy_row){.peer = PEER_USER, .from_other = true});
	is_told(NULL, "X-Edge-Source: class=user;verified=no;"
		      "network=internet\r\n");
	heard_from(&(struct policy_row){.method = METHOD_REGISTER});
	is_told(NULL, "X-Edge-Source: class=user;verified=no;"
		      "network=internet\r\n");
	/* In a dialog From is not even read. */
	heard_from(&(struct policy_row){.peer = PEER_USER,
					.routes = 1,
					.token = TOKEN_DIALOG,
					.fits = true,
					.to_tag = true});
	f.from_who = 0;
	is_told(NULL, "X-Edge-Source: class=user;verified=yes;"
		      "network=internet\r\n");
}

static void users_may_prefer_an_identity_of_theirs(void)
{
	heard_from(&(struct policy_row){.peer = PEER_USER});
	strcpy(f.preferred_aor, "sip:desk@example.com");
	f.preferred_who = BOB;
	is_told(NULL, FROM_ALICE IS_ALICE);
	f.preferred_who = ALICE;
	is_told(NULL,
		FROM_ALICE "P-Asserted-Identity: <sip:desk@example.com>\r\n");
}

static void devices_are_known_not_trusted(void)
{
	heard_from(&(struct policy_row){.peer = PEER_DEVICE});
	is_told(NULL, "X-Edge-Source: class=device;peer=\"kiosk\";verified=no;"
		      "network=site\r\n");
	s.device[1].name = KIT_TEXT("ki\"o\\s\r\nk");
	is_told(NULL, "X-Edge-Source: class=device;peer=\"ki\\\"o\\\\sk\";"
		      "verified=no;network=site\r\n");
	s.device[1].name = KIT_TEXT("kiosk");
}

static void partners_are_what_they_proved(void)
{
	struct partner_settings p = {.verify = VERIFY_ALWAYS};
	struct proof proof = {.by = PROOF_DOMAIN,
			      .kind = PARTNER_ALLOWED,
			      .partner = &p,
			      .peer = SLICE("p.example")};

	heard_from(&(struct policy_row){.peer = PEER_PARTNER});
	is_told(&proof, "X-Edge-Source: class=partner;kind=allowed;"
			"peer=\"p.example\";verified=yes;"
			"network=federation\r\n");
	p.verify = VERIFY_NEVER;
	proof.kind = PARTNER_DIRECT;
	is_told(&proof, "X-Edge-Source: class=partner;kind=direct;"
			"peer=\"p.example\";verified=no;"
			"network=federation\r\n");
	proof.kind = PARTNER_PROVIDER;
	is_told(&proof, "X-Edge-Source: class=partner;kind=provider;"
			"peer=\"p.example\";verified=no;"
			"network=publiccloud\r\n");
	proof.kind = PARTNER_DISCOVERED;
	proof.partner = NULL;
	is_told(&proof, "X-Edge-Source: class=partner;kind=discovered;"
			"peer=\"p.example\";verified=no;"
			"network=federation\r\n");
	is_told(NULL, "X-Edge-Source: class=partner;kind=discovered;"
		      "verified=no;network=federation\r\n");
}

static void other_makers_read_their_own_words(void)
{
	struct partner_settings p = {.verify = VERIFY_ALWAYS};
	struct proof proof = {.by = PROOF_PROXY,
			      .kind = PARTNER_PROVIDER,
			      .partner = &p,
			      .peer = SLICE("edge.cloud.example")};

	heard_from(&(struct policy_row){.peer = PEER_USER});
	s.boundary.ms_mark = true;
	is_told(NULL, FROM_ALICE
		"ms-edge-proxy-message-trust: ms-source-type=InternetUser;"
		"ms-ep-fqdn=edge.in.example;"
		"ms-source-verified-user=verified\r\n" IS_ALICE);
	heard_from(&(struct policy_row){.peer = PEER_PARTNER});
	s.boundary.ms_mark = true;
	is_told(&proof, "X-Edge-Source: class=partner;kind=provider;"
			"peer=\"edge.cloud.example\";verified=yes;"
			"network=publiccloud\r\n"
			"ms-edge-proxy-message-trust: "
			"ms-source-type=AuthorizedServer;"
			"ms-ep-fqdn=edge.in.example;"
			"ms-source-verified-user=verified;"
			"ms-source-network=publiccloud;"
			"ms-remote-fqdn=edge.cloud.example\r\n");
}

static void partners_hear_whom_we_know(void)
{
	heard_from(&(struct policy_row){.peer = PEER_SERVER});
	is_told(NULL, "X-Edge-Source: verified=yes\r\n");
	heard_from(
		&(struct policy_row){.peer = PEER_SERVER, .from_alien = true});
	is_told(NULL, "X-Edge-Source: verified=no\r\n");
}

/* P-Asserted-Identity of a partner, in its domain or not. */
static void identities_are_spared_for_their_domain(void)
{
	const uint64_t pai = FIELD_BIT(FIELD_P_ASSERTED_IDENTITY);
	struct proof proof = {.by = PROOF_DOMAIN}, none = {.by = PROOF_NONE},
		     ask = {.by = PROOF_ASK};

	heard_from(&(struct policy_row){.peer = PEER_PARTNER});
	CU_ASSERT_EQUAL(boundary_spare(&f, &proof), 0);
	f.asserted = SLICE("P.example.");
	CU_ASSERT_EQUAL(boundary_spare(&f, &proof), pai);
	CU_ASSERT_EQUAL(boundary_spare(&f, &none), 0);
	CU_ASSERT_EQUAL(boundary_spare(&f, &ask), 0);
	CU_ASSERT_EQUAL(boundary_spare(&f, NULL), 0);
	f.asserted_ours = true;
	CU_ASSERT_EQUAL(boundary_spare(&f, &proof), 0);
	f.asserted_ours = false;
	f.asserted = SLICE("q.example");
	CU_ASSERT_EQUAL(boundary_spare(&f, &proof), 0);
	f.asserted = SLICE("");
	CU_ASSERT_EQUAL(boundary_spare(&f, &proof), 0);
	heard_from(&(struct policy_row){.peer = PEER_USER});
	f.asserted = SLICE("example.com");
	CU_ASSERT_EQUAL(boundary_spare(&f, NULL), 0);
}

static void privacy_is_kept(void)
{
	heard_from(&(struct policy_row){.peer = PEER_SERVER});
	CU_ASSERT_EQUAL(boundary_spare(&f, NULL),
			FIELD_BIT(FIELD_P_ASSERTED_IDENTITY));
	f.has_privacy = true;
	CU_ASSERT_EQUAL(boundary_spare(&f, NULL), 0);
}

TEST_MAIN("policy/boundary",
	  {"every field has its row in the table", every_field_has_its_row},
	  {"a stranger is a user to be, and servers see all",
	   strangers_are_users_to_be},
	  {"a user is who registered on the flow", users_are_who_registered},
	  {"a user may prefer another identity of its own",
	   users_may_prefer_an_identity_of_theirs},
	  {"a device is known, not trusted", devices_are_known_not_trusted},
	  {"a partner is what it proved", partners_are_what_they_proved},
	  {"other makers' servers read their own words",
	   other_makers_read_their_own_words},
	  {"a partner hears whether we know the sender",
	   partners_hear_whom_we_know},
	  {"an identity is spared in the domain that was proved",
	   identities_are_spared_for_their_domain},
	  {"privacy that was asked for is kept", privacy_is_kept})
