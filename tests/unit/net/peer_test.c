/*
 * peer_test.c - who a server may stand for, and what a partner's edge has to be
 * good for.
 *
 * Handshakes run in memory, between a session of ours and a peer made here.
 */
#include "../cunit_main.h"
#include "net_pair.h"

#include "tlsctx_room.h"
#include "tlsctx_seen.h"

#include <errno.h>
#include <openssl/err.h>

static struct partner_settings partner;
static char domain[] = "p.example", *domains[] = {domain};

static void arrange(struct lab *l)
{
	partner = (struct partner_settings){.domains = {domains, 1}};
	l->s->federation.enabled = true;
	l->s->federation.partner = &partner;
	l->s->federation.partners = 1;
}

static void begin(void)
{
	lab_arrange = arrange;
	lab_open(&lab);
}

static void finish(void)
{
	ERR_clear_error();
	lab_close(&lab);
}

/* The rule by which a partner's edge is refused; NULL: it is not. */
static const char *refused_edge(const char *usage, enum partner_purpose purpose)
{
	static char rule[64];
	struct peer_judge by = {
		.tls = lab.tls,
		.leg = LEG_OUTSIDE,
		.ours = true,
		.partner = &partner,
	};
	struct cert_names *names = NULL;
	struct cert edge;
	struct pair p;
	int err = EACCES;

	partner.purpose = purpose;
	cert_make(&edge,
		  &(struct cert_order){.san = "DNS:p.example", .usage = usage},
		  &lab.outer);
	pair_open(&p, TLS_TO_OUTSIDE, "p.example");
	tlsctx_judged_by(lab.tls, p.ours, &partner);
	show(p.peer, &edge);
	if (shake(&p))
		err = peer_names_read(&names, p.ours, &by, why);
	CU_ASSERT_EQUAL(err == 0, names != NULL);
	snprintf(rule, sizeof(rule), "%s",
		 err ? tlsctx_refused(p.ours)->rule : "");
	cert_names_destroy(&names);
	pair_close(&p);
	cert_free(&edge);
	return err ? rule : NULL;
}

static void an_edge_is_good_for_servers(void)
{
	begin();
	CU_ASSERT_PTR_NULL(refused_edge(NULL, PURPOSE_ANY));
	CU_ASSERT_PTR_NULL(refused_edge("serverAuth", PURPOSE_ANY));
	CU_ASSERT_PTR_NULL(refused_edge("serverAuth", PURPOSE_CLIENT));
	CU_ASSERT_STRING_EQUAL(refused_edge("clientAuth", PURPOSE_ANY),
			       "certificate-purpose");
	CU_ASSERT_STRING_EQUAL(refused_edge("1.3.6.1.5.5.7.3.20", PURPOSE_ANY),
			       "certificate-purpose");
	finish();
}

static void an_edge_of_purpose_sip_is_good_for_sip(void)
{
	begin();
	CU_ASSERT_PTR_NULL(refused_edge("1.3.6.1.5.5.7.3.20", PURPOSE_SIP));
	CU_ASSERT_PTR_NULL(
		refused_edge("serverAuth,1.3.6.1.5.5.7.3.20", PURPOSE_SIP));
	CU_ASSERT_STRING_EQUAL(refused_edge("serverAuth", PURPOSE_SIP),
			       "certificate-not-for-sip");
	CU_ASSERT_STRING_EQUAL(refused_edge(NULL, PURPOSE_SIP),
			       "certificate-not-for-sip");
	finish();
}

/* Names as if a certificate had proved them. */
static const struct cert_names *proved(const char *name)
{
	static union {
		struct cert_names names;
		char room[sizeof(struct cert_names) + sizeof(struct cert_name)];
	} u;

	u.names.n = 1;
	u.names.name[0].kind = CERT_NAME_DNS;
	u.names.name[0].text = (char *)name;
	return &u.names;
}

static char pool_name[] = "pool01.in.example", fe01[] = "fe01.in.example",
	    fe02[] = "fe02.in.example", fe03[] = "fe03.in.example",
	    other[] = "pool02.in.example", std[] = "std01.in.example";
static char *members[] = {fe01, fe02, fe03}, *others[] = {std};
static char *trusted[] = {pool_name, fe01, fe02, other, std};
static struct pool_settings pools[] = {
	{.name = pool_name, .members = {members, 3}},
	{.name = other, .members = {others, 1}},
};
static const struct settings pooled = {
	.trusted_servers = {trusted, 5},
	.services = {.pool = pools, .pools = 2},
};

static bool stands(const char *name, const char *wanted)
{
	return peer_stands_for(proved(name), &pooled, slice_of(wanted));
}

static void a_member_stands_for_its_pool_and_the_pool_for_it(void)
{
	CU_ASSERT_TRUE(stands(fe01, pool_name));
	CU_ASSERT_TRUE(stands(fe02, "POOL01.in.example"));
	CU_ASSERT_TRUE(stands(pool_name, fe01));
	CU_ASSERT_TRUE(stands("Pool01.in.example", fe02));
	CU_ASSERT_FALSE(stands(fe02, fe01));
	CU_ASSERT_FALSE(stands(std, pool_name));
	CU_ASSERT_FALSE(stands(other, fe01));
	CU_ASSERT_FALSE(stands(other, pool_name));
	CU_ASSERT_FALSE(stands("x.in.example", pool_name));
	CU_ASSERT_FALSE(stands(fe01, "x.in.example"));
	CU_ASSERT_FALSE(peer_stands_for(NULL, &pooled, slice_of(pool_name)));
}

static void both_are_trusted_servers(void)
{
	CU_ASSERT_FALSE(stands(fe03, pool_name));
	CU_ASSERT_FALSE(stands(pool_name, fe03));
	trusted[0] = std;
	CU_ASSERT_FALSE(stands(fe01, pool_name));
	CU_ASSERT_FALSE(stands(pool_name, fe01));
	trusted[0] = pool_name;
	CU_ASSERT_TRUE(stands(fe01, pool_name));
}

/* What a refusal tells of the certificate. */
static void check_seen(const struct cert_order *o, const char *names)
{
	struct refused_cert r;
	struct cert c;

	cert_make(&c, o, NULL);
	refused_cert_fill(&r, c.x509, X509_V_ERR_CERT_HAS_EXPIRED, 1);
	CU_ASSERT_EQUAL(r.depth, 1);
	CU_ASSERT_STRING_EQUAL(r.rule, "certificate-expired");
	CU_ASSERT_STRING_EQUAL(r.names, names);
	CU_ASSERT_EQUAL(strlen(r.fingerprint), 64);
	cert_free(&c);
}

static void what_is_refused_has_names_for_the_log(void)
{
	char many[4096] = "DNS:a0.example";
	struct refused_cert r;
	struct cert c;

	check_seen(&(struct cert_order){.san = "DNS:*.a.example,"
					       "URI:sip:b.example,IP:::1"},
		   "*.a.example,sip:b.example,::1");
	check_seen(&(struct cert_order){.nul_dns = "a.example!.b example"},
		   "a.example?.b?example");
	check_seen(&(struct cert_order){.cn = "only.example"}, "only.example");
	check_seen(&(struct cert_order){.san = "email:a@b.example"}, "-");
	for (int i = 1; i < 60; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many),
			 ",DNS:a%d.example", i);
	cert_make(&c, &(struct cert_order){.san = many}, NULL);
	refused_cert_fill(&r, c.x509, X509_V_ERR_CERT_REVOKED, 0);
	CU_ASSERT_STRING_EQUAL(r.rule, "certificate-revoked");
	CU_ASSERT_EQUAL(r.names[strlen(r.names) - 1], '+');
	CU_ASSERT_TRUE(strlen(r.names) > 200);
	cert_free(&c);
}

TEST_MAIN("net/peer",
	  {"a partner's edge is good for servers", an_edge_is_good_for_servers},
	  {"an edge of purpose sip is good for sip",
	   an_edge_of_purpose_sip_is_good_for_sip},
	  {"a member stands for its pool, and the pool for it",
	   a_member_stands_for_its_pool_and_the_pool_for_it},
	  {"both are trusted servers", both_are_trusted_servers},
	  {"what is refused has names for the log",
	   what_is_refused_has_names_for_the_log})
