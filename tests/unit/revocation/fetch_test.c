/*
 * fetch_test.c - where nobody is sent to, before anything leaves. What comes
 * back from servers is tests/lab/crl_fetch's.
 */
#include "fetch.h"

#include "../cunit_main.h"
#include "revocation/keeper.h"

#include <errno.h>

static struct settings settings;

/** Who asks where, and what is said. */
struct row {
	const char *where;
	bool learnt;
	enum leg leg;
	const char *word;
};

static const struct row refused[] = {
	{"ldap:///CN=ca,CN=CDP?certificateRevocationList", false, LEG_INSIDE,
	 "names no server"},
	{"https://127.0.0.1:9/a.crl", false, LEG_INSIDE, "only http, file"},
	{"ftp://127.0.0.1:9/a.crl", false, LEG_OUTSIDE, "only http, file"},
	{"ldap://192.0.2.1/cn=x", true, LEG_OUTSIDE, "only http, file"},
	{"http://127.0.0.1:9/a.crl", true, LEG_OUTSIDE, "leads inside"},
	{"http://localhost:9/a.crl", true, LEG_OUTSIDE, "leads inside"},
	{"http://127.1:9/a.crl", true, LEG_OUTSIDE, "leads inside"},
	{"http://[::1]:9/a.crl", true, LEG_OUTSIDE, "leads inside"},
	{"http://[::ffff:127.0.0.1]:9/a.crl", true, LEG_OUTSIDE,
	 "leads inside"},
	{"http://10.1.2.3:9/a.crl", true, LEG_OUTSIDE, "leads inside"},
	{"http://edge01.internal.test:9/a.crl", true, LEG_OUTSIDE,
	 "leads inside"},
	{"http://192.168.0.1:9/a.crl", true, LEG_OUTSIDE, "not for strangers"},
	{"http://169.254.169.254/a.crl", true, LEG_OUTSIDE, "leads inside"},
	{"/nowhere/at-all", false, LEG_INSIDE, "No such file"},
};

static void settings_fill(void)
{
	static struct addr_prefix networks[1];
	static char ours[] = "example.test", sip[] = "sip.example.test",
		    edge[] = "edge01.internal.test";
	static char *domain[] = {ours};

	CU_ASSERT_EQUAL(addr_prefix_parse(networks, SLICE("10.0.0.0/8")), 0);
	settings = (struct settings){
		.sip_domains = {.v = domain, .n = 1},
		.inside_network = networks,
		.inside_networks = 1,
		.leg = {[LEG_OUTSIDE] = {.fqdn = sip},
			[LEG_INSIDE] = {.fqdn = edge}},
	};
}

static void nobody_is_sent_where_he_must_not_go(void)
{
	settings_fill();
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct crl_errand e = {.settings = &settings,
				       .leg = refused[i].leg,
				       .where = refused[i].where,
				       .learnt = refused[i].learnt};
		struct crl_fault fault = {.mend = NULL};
		struct buf out = {0};
		bool told;

		CU_ASSERT_NOT_EQUAL(crl_fetch(&out, &e, &fault), 0);
		told = strstr(fault.what, refused[i].word) != NULL;
		if (!told)
			printf("    %s: %s\n", refused[i].where, fault.what);
		CU_ASSERT_TRUE(told);
		CU_ASSERT_PTR_NOT_NULL(fault.mend);
		CU_ASSERT_EQUAL(out.n, 0);
		buf_fini(&out);
	}
}

/* Who made up a certificate chose them; without settings nothing is allowed,
 * whatever the leg. */
static void strangers_send_nobody_to_ourselves_or_inside(void)
{
	static const char *const closed[] = {
		"http://127.0.0.1:9/",	 "http://localhost:9/",
		"http://[::1]:9/",	 "http://10.1.2.3:9/",
		"http://192.168.0.1:9/", "http://172.16.0.1:9/",
		"http://[fd00::1]:9/",	 "http://169.254.169.254/"};
	char why[WHY_MAX];

	settings_fill();
	for (size_t i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		struct crl_probe p = {.leg = LEG_INSIDE, .url = closed[i]};
		struct buf out = {0};

		CU_ASSERT_EQUAL(crl_probe(&out, &p, why), EACCES);
		CU_ASSERT_NOT_EQUAL(why[0], '\0');
		p.settings = &settings;
		p.leg = LEG_OUTSIDE;
		CU_ASSERT_EQUAL(crl_probe(&out, &p, why), EACCES);
		buf_fini(&out);
	}
}

static void only_http_goes_through_the_proxy(void)
{
	static char proxy[] = "http://10.0.0.8:3128";

	settings_fill();
	settings.leg[LEG_INSIDE].revocation.proxy = proxy;
	CU_ASSERT_STRING_EQUAL(crl_fetch_proxy(&settings, LEG_INSIDE,
					       "http://a.test/"),
			       "http://10.0.0.8:3128");
	CU_ASSERT_STRING_EQUAL(
		crl_fetch_proxy(&settings, LEG_OUTSIDE, "http://a.test/"), "");
	CU_ASSERT_STRING_EQUAL(
		crl_fetch_proxy(&settings, LEG_INSIDE, "ldap://a.test/"), "");
	CU_ASSERT_STRING_EQUAL(crl_fetch_proxy(&settings, LEG_INSIDE, "/a.crl"),
			       "");
}

TEST_MAIN("revocation/fetch",
	  {"nobody is sent where he must not go",
	   nobody_is_sent_where_he_must_not_go},
	  {"strangers send nobody to ourselves or inside",
	   strangers_send_nobody_to_ourselves_or_inside},
	  {"only http goes through the proxy",
	   only_http_goes_through_the_proxy})
