/* SPDX-License-Identifier: Apache-2.0 */
/* federation_purpose_test.c - what a partner's certificate has to be for. */
#include "policy_kit.h"

#include "policy/federation.h"

/** A certificate by what it is good for, and by whom it is taken. */
struct use_claim {
	unsigned uses; /* 0: it shows none */
	bool opened;   /* we connected */
	bool unchained;
	bool by_any, by_client, by_sip;
};

static char domain[] = "p.example", *domains[] = {domain};
static struct partner_settings partner = {.domains = {domains, 1}};

static const struct cert_names *certificate(const struct use_claim *c)
{
	static union {
		struct cert_names names;
		char room[sizeof(struct cert_names) + sizeof(struct cert_name)];
	} u;

	u.names.chained = !c->unchained;
	u.names.uses = c->uses;
	u.names.n = 1;
	u.names.name[0].kind = CERT_NAME_DNS;
	u.names.name[0].text = domain;
	return c->uses ? &u.names : NULL;
}

/* The rule that refuses it; "": none. */
static const char *refusal(const struct use_claim *c,
			   enum partner_purpose purpose)
{
	const struct settings s = {
		.federation = {.enabled = true,
			       .partner = &partner,
			       .partners = 1},
	};
	static struct facts f;
	struct verdict v;

	f.origin.peer = PEER_PARTNER;
	f.origin.opened = c->opened;
	f.origin.names = certificate(c);
	f.from.host = slice_of(domain);
	f.method = METHOD_INVITE;
	partner.purpose = purpose;
	v = federation_sender(&s, &f);
	if (v.kind == VERDICT_PASS)
		return "";
	CU_ASSERT_EQUAL(v.status, 403);
	return v.rule;
}

static void is_as_said(const struct use_claim *c, enum partner_purpose purpose,
		       bool taken)
{
	CU_ASSERT_STRING_EQUAL(refusal(c, purpose),
			       taken ? "" : "partner-purpose");
}

static void a_partners_purpose_is_what_its_entry_asks(void)
{
	static const struct use_claim rows[] = {
		{CERT_USE_SERVER, false, false, true, false, false},
		{CERT_USE_SERVER, true, false, true, true, false},
		{CERT_USE_SERVER | CERT_USE_CLIENT, false, false, true, true,
		 false},
		{CERT_USE_CLIENT, false, false, true, true, false},
		{CERT_USE_ANY, false, false, true, true, false},
		{CERT_USE_ANY, true, false, true, true, false},
		{CERT_USE_SIP, false, false, true, false, true},
		{CERT_USE_SIP, true, false, true, true, true},
		{CERT_USE_SIP | CERT_USE_SERVER, false, false, true, false,
		 true},
		{CERT_USE_SIP | CERT_USE_CLIENT, false, false, true, true,
		 true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		is_as_said(&rows[i], PURPOSE_ANY, rows[i].by_any);
		is_as_said(&rows[i], PURPOSE_CLIENT, rows[i].by_client);
		is_as_said(&rows[i], PURPOSE_SIP, rows[i].by_sip);
	}
}

/* Whose chain is bad is told that first, whatever it is for. */
static void a_purpose_is_no_excuse_for_a_bad_chain(void)
{
	static const struct use_claim none = {.uses = 0},
				      bad = {CERT_USE_SIP, .unchained = true};

	for (int p = PURPOSE_ANY; p <= PURPOSE_SIP; p++) {
		CU_ASSERT_STRING_EQUAL(refusal(&none, p),
				       "partner-certificate");
		CU_ASSERT_STRING_EQUAL(refusal(&bad, p), "partner-certificate");
	}
}

TEST_MAIN("policy/federation purpose",
	  {"a partner's purpose is what its entry asks",
	   a_partners_purpose_is_what_its_entry_asks},
	  {"a purpose is no excuse for a bad chain",
	   a_purpose_is_no_excuse_for_a_bad_chain})
