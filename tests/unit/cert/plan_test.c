/* SPDX-License-Identifier: Apache-2.0 */
/* plan_test.c - which names each certificate has, and in which order. */
#include "cert/plan.h"

#include "cunit_main.h"

#include <errno.h>

#define NAMES(list)                                                            \
	((struct name_list){.v = (list), .n = sizeof(list) / sizeof(*(list))})

/* Settings own their strings; these are nobody's. */
#define OWN(text) ((char *)(text))

static char why[WHY_MAX];

/* The golden case: three domains, one director, one pool of two, one server by
 * itself. */
static char *domains[] = {OWN("example.com"), OWN("example.org"),
			  OWN("example.net")};
static char *members[] = {OWN("fe01.internal.example"),
			  OWN("fe02.internal.example")};
static char *web_names[] = {OWN("meet.example.com"), OWN("dialin.example.com"),
			    OWN("lyncdiscover.example.com")};
static struct host_port directors[] = {{OWN("dir01.internal.example"), 0}};
static struct host_port homes[] = {{OWN("pool01.internal.example"), 0},
				   {OWN("std01.internal.example"), 0}};
static struct pool_settings pools[2];

static struct settings golden(void)
{
	struct settings s = {0};

	pools[0] = (struct pool_settings){
		.name = OWN("pool01.internal.example"),
		.members = NAMES(members),
		.web = OWN("web01.example.com"),
	};
	pools[1] = (struct pool_settings){
		.name = OWN("std01.internal.example"),
		.web = OWN("web02.example.com"),
	};
	s.sip_domains = NAMES(domains);
	s.leg[LEG_OUTSIDE].fqdn = OWN("sip.example.com");
	s.leg[LEG_INSIDE].fqdn = OWN("edge01.internal.example");
	s.directors = (struct host_list){directors, 1};
	s.home_servers = (struct host_list){homes, 2};
	s.services = (struct services_settings){
		.av = OWN("av.example.com"),
		.web_conferencing = OWN("webcon.example.com"),
		.director_web = OWN("webdir.example.com"),
		.web_names = NAMES(web_names),
		.pool = pools,
		.pools = 2,
	};
	return s;
}

static struct cert_plan *make(const struct settings *s, enum cert_profile p,
			      size_t nth)
{
	struct cert_plan *plan = NULL;

	CU_ASSERT_EQUAL_FATAL(cert_plan_make(&plan, s, p, nth, why), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
	return plan;
}

/* "name", "name?" when optional, "name~" when a wildcard may stand for it;
 * apart by spaces, in order. */
static const char *names_of(const struct cert_plan *plan)
{
	static char text[2048];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < plan->n && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s%s%s",
				      i ? " " : "", plan->name[i].name,
				      plan->name[i].web ? "~" : "",
				      plan->name[i].optional ? "?" : "");
	return text;
}

static void expect(const struct settings *s, enum cert_profile p, size_t nth,
		   const char *names)
{
	struct cert_plan *plan = make(s, p, nth);

	if (strcmp(names_of(plan), names))
		printf("%s %zu: %s\n", cert_profile_word(p), nth,
		       names_of(plan));
	CU_ASSERT_STRING_EQUAL(names_of(plan), names);
	cert_plan_destroy(&plan);
}

#define SIGN_IN " sip.example.com sip.example.org sip.example.net"
#define WEB_INSIDE                                                             \
	" meet.example.com~? dialin.example.com~? lyncdiscover.example.com~?"

static void the_golden_case_name_by_name(void)
{
	struct settings s = golden();

	expect(&s, CERT_EXTERNAL_EDGE, 0,
	       "sip.example.com sip.example.org sip.example.net "
	       "av.example.com webcon.example.com");
	expect(&s, CERT_INTERNAL_EDGE, 0, "edge01.internal.example");
	expect(&s, CERT_DIRECTOR, 0,
	       "dir01.internal.example" SIGN_IN
	       " webdir.example.com~" WEB_INSIDE);
	expect(&s, CERT_POOL, 0,
	       "pool01.internal.example fe01.internal.example "
	       "fe02.internal.example sip.example.com? sip.example.org? "
	       "sip.example.net? web01.example.com~" WEB_INSIDE);
	expect(&s, CERT_POOL, 1,
	       "std01.internal.example sip.example.com? sip.example.org? "
	       "sip.example.net? web02.example.com~" WEB_INSIDE);
	expect(&s, CERT_POOL_VIP, 0,
	       "pool01.internal.example fe01.internal.example? "
	       "fe02.internal.example? sip.example.com? sip.example.org? "
	       "sip.example.net? web01.example.com~?" WEB_INSIDE);
	expect(&s, CERT_REVERSE_PROXY, 0,
	       "webdir.example.com web01.example.com web02.example.com "
	       "meet.example.com~ dialin.example.com~ "
	       "lyncdiscover.example.com~");
	expect(&s, CERT_HYBRID, 0,
	       "sip.example.com sip.example.org sip.example.net "
	       "av.example.com webcon.example.com webdir.example.com~ "
	       "web01.example.com~ web02.example.com~ meet.example.com~ "
	       "dialin.example.com~ lyncdiscover.example.com~");
}

static void each_profile_has_its_use(void)
{
	static const struct {
		enum leg leg;
		bool client, cn_only;
		size_t count;
	} want[CERT_PROFILES] = {
		[CERT_EXTERNAL_EDGE] = {LEG_OUTSIDE, false, false, 1},
		[CERT_INTERNAL_EDGE] = {LEG_INSIDE, true, true, 1},
		[CERT_DIRECTOR] = {LEG_INSIDE, true, false, 1},
		[CERT_POOL] = {LEG_INSIDE, true, false, 2},
		[CERT_POOL_VIP] = {LEG_INSIDE, false, true, 1},
		[CERT_REVERSE_PROXY] = {LEG_OUTSIDE, false, false, 1},
		[CERT_HYBRID] = {LEG_OUTSIDE, false, false, 1},
	};
	struct settings s = golden();
	struct cert_plan *plan;

	for (enum cert_profile p = 0; p < CERT_PROFILES; p++) {
		plan = make(&s, p, 0);
		CU_ASSERT_EQUAL(plan->profile, p);
		CU_ASSERT_EQUAL(plan->leg, want[p].leg);
		CU_ASSERT_EQUAL(plan->client_auth, want[p].client);
		CU_ASSERT_EQUAL(plan->cn_only_ok, want[p].cn_only);
		CU_ASSERT_EQUAL(plan->shared_key, p == CERT_POOL);
		CU_ASSERT_EQUAL(cert_plan_count(&s, p), want[p].count);
		cert_plan_destroy(&plan);
	}
	plan = make(&s, CERT_POOL, 1);
	CU_ASSERT_FALSE(plan->shared_key); /* a server alone */
	cert_plan_destroy(&plan);
}

static void what_is_not_declared_is_not_asked_for(void)
{
	struct settings s = golden();

	s.services = (struct services_settings){0};
	s.directors.n = 0;
	expect(&s, CERT_EXTERNAL_EDGE, 0,
	       "sip.example.com sip.example.org sip.example.net");
	s.services.xmpp = OWN("xmpp.example.com");
	expect(&s, CERT_EXTERNAL_EDGE, 0,
	       "sip.example.com sip.example.org sip.example.net "
	       "xmpp.example.com");
	CU_ASSERT_EQUAL(cert_plan_count(&s, CERT_DIRECTOR), 0);
	CU_ASSERT_EQUAL(cert_plan_count(&s, CERT_POOL_VIP), 0);
	CU_ASSERT_EQUAL(cert_plan_count(&s, CERT_REVERSE_PROXY), 0);
	CU_ASSERT_EQUAL(cert_plan_count(&s, CERT_HYBRID), 0);
}

static void an_access_name_of_another_kind_has_its_domains_too(void)
{
	struct settings s = golden();

	s.services = (struct services_settings){0};
	/* Clients of the primary domain may look for sip. as well. */
	s.leg[LEG_OUTSIDE].fqdn = OWN("Access.Example.COM.");
	expect(&s, CERT_EXTERNAL_EDGE, 0,
	       "access.example.com sip.example.com? sip.example.org "
	       "sip.example.net");
	/* Not in the primary domain: that one is a further domain then. */
	s.leg[LEG_OUTSIDE].fqdn = OWN("sip.example.org");
	expect(&s, CERT_EXTERNAL_EDGE, 0,
	       "sip.example.org sip.example.com sip.example.net");
	s.leg[LEG_OUTSIDE].fqdn = OWN("edge.provider.example");
	expect(&s, CERT_EXTERNAL_EDGE, 0,
	       "edge.provider.example sip.example.com sip.example.org "
	       "sip.example.net");
}

static void home_servers_without_a_pool_stand_alone(void)
{
	static struct host_port many[] = {{OWN("fe02.internal.example"), 0},
					  {OWN("home01.internal.example"), 0},
					  {OWN("10.0.0.9"), 5061},
					  {OWN("HOME01.internal.example"),
					   5070},
					  {OWN("home02.internal.example"), 0}};
	static struct domain_home own[] = {
		{OWN("example.org"), {OWN("home03.internal.example"), 0}},
		{OWN("example.net"), {OWN("home02.internal.example"), 0}}};
	struct settings s = golden();

	s.home_servers = (struct host_list){many, 5};
	s.domain_home = own;
	s.domain_homes = 2;
	s.directors.n = 0;
	s.services.web_names.n = 0;
	CU_ASSERT_EQUAL(cert_plan_count(&s, CERT_POOL), 2 + 3);
	/* Without a director clients sign in here. */
	expect(&s, CERT_POOL, 2, "home01.internal.example" SIGN_IN);
	expect(&s, CERT_POOL, 3, "home02.internal.example" SIGN_IN);
	expect(&s, CERT_POOL, 4, "home03.internal.example" SIGN_IN);
}

static void directors_are_counted_once_and_by_name(void)
{
	static struct host_port many[] = {{OWN("10.0.0.3"), 5061},
					  {OWN("dir01.internal.example"), 0},
					  {OWN("dir01.internal.example"), 5070},
					  {OWN("dir02.internal.example"), 0}};
	struct settings s = golden();
	struct cert_plan *plan = NULL;

	s.directors = (struct host_list){many, 4};
	s.services = (struct services_settings){0};
	CU_ASSERT_EQUAL(cert_plan_count(&s, CERT_DIRECTOR), 2);
	expect(&s, CERT_DIRECTOR, 0, "dir01.internal.example" SIGN_IN);
	expect(&s, CERT_DIRECTOR, 1, "dir02.internal.example" SIGN_IN);
	CU_ASSERT_EQUAL(cert_plan_make(&plan, &s, CERT_DIRECTOR, 2, why),
			ENOENT);
	CU_ASSERT_PTR_NULL(plan);
	CU_ASSERT_STRING_EQUAL(why, "director: the settings have 2 of them");
}

static void what_is_lacking_is_said(void)
{
	static const char *const said[CERT_PROFILES] = {
		[CERT_DIRECTOR] = "routing.directors",
		[CERT_POOL] = "services.pools",
		[CERT_POOL_VIP] = "members",
		[CERT_REVERSE_PROXY] = "services.director_web",
		[CERT_HYBRID] = "services.web_names",
	};
	struct settings s = golden();
	struct cert_plan *plan = NULL;

	s.services = (struct services_settings){0};
	s.directors.n = s.home_servers.n = 0;
	for (enum cert_profile p = 0; p < CERT_PROFILES; p++) {
		if (!said[p])
			continue;
		CU_ASSERT_EQUAL(cert_plan_make(&plan, &s, p, 0, why), ENOENT);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, said[p]));
		CU_ASSERT_PTR_NOT_NULL(strstr(why, cert_profile_word(p)));
	}
}

static void words_and_profiles_are_the_same_thing(void)
{
	enum cert_profile p;

	for (int i = 0; i < CERT_PROFILES; i++) {
		const char *word = cert_profile_word((enum cert_profile)i);

		CU_ASSERT_EQUAL(cert_profile_of(&p, word), 0);
		CU_ASSERT_EQUAL((int)p, i);
	}
	CU_ASSERT_EQUAL(cert_profile_of(&p, "registrar"), 0);
	CU_ASSERT_EQUAL(p, CERT_POOL);
	CU_ASSERT_EQUAL(cert_profile_of(&p, "edge"), EINVAL);
	CU_ASSERT_EQUAL(cert_profile_of(&p, ""), EINVAL);
}

static void a_wildcard_stands_for_web_names_only(void)
{
	struct settings s = golden();
	struct cert_plan *edge = make(&s, CERT_EXTERNAL_EDGE, 0);
	struct cert_plan *web = make(&s, CERT_REVERSE_PROXY, 0);

	CU_ASSERT_TRUE(cert_plan_wants(edge, SLICE("SIP.example.com")));
	CU_ASSERT_FALSE(cert_plan_wants(edge, SLICE("*.example.com")));
	CU_ASSERT_FALSE(cert_plan_wants(edge, SLICE("meet.example.com")));
	CU_ASSERT_TRUE(cert_plan_wants(web, SLICE("*.Example.com")));
	CU_ASSERT_FALSE(cert_plan_wants(web, SLICE("*.example.org")));
	CU_ASSERT_FALSE(cert_plan_wants(web, SLICE("*.com")));
	CU_ASSERT_FALSE(cert_plan_wants(web, SLICE("*.meet.example.com")));
	CU_ASSERT_FALSE(cert_plan_wants(web, SLICE("*.")));
	CU_ASSERT_FALSE(cert_plan_wants(web, SLICE("*")));
	CU_ASSERT_FALSE(cert_plan_wants(web, SLICE("")));
	cert_plan_destroy(&web);
	cert_plan_destroy(&edge);
}

static void folded_there_is_one_wildcard_a_domain(void)
{
	static char *abroad[] = {OWN("meet.example.com"),
				 OWN("meet.example.org"),
				 OWN("dialin.example.org"), OWN("intranet")};
	struct settings s = golden();
	struct cert_plan *plan = make(&s, CERT_HYBRID, 0);

	CU_ASSERT_EQUAL(cert_plan_fold(plan), 0);
	CU_ASSERT_STRING_EQUAL(names_of(plan),
			       "sip.example.com sip.example.org "
			       "sip.example.net av.example.com "
			       "webcon.example.com *.example.com~");
	CU_ASSERT_STRING_EQUAL(plan->common_name, "sip.example.com");
	/* And that is what is wanted then, twice folded or once. */
	CU_ASSERT_TRUE(cert_plan_wants(plan, SLICE("*.example.com")));
	CU_ASSERT_EQUAL(cert_plan_fold(plan), 0);
	CU_ASSERT_EQUAL(plan->n, 6);
	cert_plan_destroy(&plan);

	s.services.web_names = NAMES(abroad);
	plan = make(&s, CERT_REVERSE_PROXY, 0);
	CU_ASSERT_EQUAL(cert_plan_fold(plan), 0);
	CU_ASSERT_STRING_EQUAL(names_of(plan),
			       "webdir.example.com web01.example.com "
			       "web02.example.com *.example.com~ "
			       "*.example.org~ intranet~");
	cert_plan_destroy(&plan);
}

static void a_name_said_twice_is_there_once_and_the_stricter_way(void)
{
	static char *twice[] = {OWN("WEBDIR.example.com"),
				OWN("sip.example.com"), OWN("meet.example.com"),
				OWN("Meet.Example.com.")};
	struct settings s = golden();

	s.services.web_names = NAMES(twice);
	s.services.av = OWN("sip.example.com");
	expect(&s, CERT_REVERSE_PROXY, 0,
	       "webdir.example.com web01.example.com web02.example.com "
	       "sip.example.com~ meet.example.com~");
	expect(&s, CERT_HYBRID, 0,
	       "sip.example.com sip.example.org sip.example.net "
	       "webcon.example.com webdir.example.com~ web01.example.com~ "
	       "web02.example.com~ meet.example.com~");
}

static void the_first_web_name_is_no_wildcard(void)
{
	struct settings s = golden();
	struct cert_plan *plan;

	s.services.director_web = NULL;
	s.services.pools = 0;
	plan = make(&s, CERT_REVERSE_PROXY, 0);
	CU_ASSERT_STRING_EQUAL(plan->common_name, "meet.example.com");
	CU_ASSERT_EQUAL(cert_plan_fold(plan), 0);
	CU_ASSERT_STRING_EQUAL(names_of(plan),
			       "meet.example.com *.example.com~");
	cert_plan_destroy(&plan);
}

/* What holds of every plan. */
static void check(const struct cert_plan *plan)
{
	CU_ASSERT_TRUE_FATAL(plan->n > 0);
	CU_ASSERT_STRING_EQUAL(plan->common_name, plan->name[0].name);
	CU_ASSERT_PTR_NULL(strchr(plan->common_name, '*'));
	CU_ASSERT_FALSE(plan->name[0].web || plan->name[0].optional);
	for (size_t i = 0; i < plan->n; i++) {
		const struct cert_plan_name *name = &plan->name[i];

		CU_ASSERT_TRUE(name->who && *name->who);
		CU_ASSERT_TRUE(name->breaks && *name->breaks);
		CU_ASSERT_TRUE(!strchr(name->name, '*') || name->web);
		CU_ASSERT_TRUE(cert_plan_wants(plan, slice_of(name->name)));
		for (size_t j = 0; j < i; j++)
			CU_ASSERT_FALSE(
				slice_same_host(slice_of(name->name),
						slice_of(plan->name[j].name)));
	}
}

static unsigned draw(unsigned n)
{
	static uint32_t seed = 20260;

	seed = seed * 1664525u + 1013904223u;
	return (seed >> 16) % n;
}

/* Few names, so that they often meet. */
static char *any(void)
{
	static char *const names[] = {
		OWN("sip.example.com"),
		OWN("SIP.example.com"),
		OWN("example.com"),
		OWN("meet.example.org"),
		OWN("Meet.example.org."),
		OWN("a.b.example.net"),
		OWN("sip.example.org"),
		OWN("web01.example.com"),
		OWN("one"),
		OWN("sip.a.example.org"),
		OWN("dir01.site.example"),
	};

	return names[draw(sizeof(names) / sizeof(names[0]))];
}

static struct name_list any_list(char **room, unsigned max)
{
	struct name_list list = {.v = room, .n = draw(max + 1)};

	for (size_t i = 0; i < list.n; i++)
		room[i] = any();
	return list;
}

/* Whatever the settings are, twice checked or not. */
static void any_settings(struct settings *s)
{
	static char *room[4][4];
	static struct pool_settings pool[2];
	static struct host_port hosts[4];

	*s = (struct settings){0};
	s->sip_domains = any_list(room[0], 4);
	s->leg[LEG_OUTSIDE].fqdn = any();
	s->leg[LEG_INSIDE].fqdn = any();
	for (size_t i = 0; i < 4; i++)
		hosts[i] = (struct host_port){any(), 0};
	s->directors = (struct host_list){hosts, draw(3)};
	s->home_servers = (struct host_list){hosts, draw(5)};
	s->services.av = draw(2) ? any() : NULL;
	s->services.web_conferencing = draw(2) ? any() : NULL;
	s->services.xmpp = draw(2) ? any() : NULL;
	s->services.director_web = draw(2) ? any() : NULL;
	s->services.web_names = any_list(room[1], 4);
	for (size_t i = 0; i < 2; i++) {
		pool[i].name = any();
		pool[i].members = any_list(room[2 + i], 3);
		pool[i].web = draw(2) ? any() : NULL;
	}
	s->services.pool = pool;
	s->services.pools = draw(3);
}

static void check_all(const struct settings *s)
{
	struct cert_plan *plan;

	for (enum cert_profile p = 0; p < CERT_PROFILES; p++) {
		for (size_t i = 0; i < cert_plan_count(s, p); i++) {
			plan = make(s, p, i);
			check(plan);
			CU_ASSERT_EQUAL(cert_plan_fold(plan), 0);
			check(plan);
			cert_plan_destroy(&plan);
		}
		plan = NULL;
		CU_ASSERT_EQUAL(cert_plan_make(&plan, s, p,
					       cert_plan_count(s, p), why),
				ENOENT);
	}
}

static void no_plan_has_a_wildcard_for_its_name_or_a_name_twice(void)
{
	struct settings s;

	for (int i = 0; i < 2000; i++) {
		any_settings(&s);
		check_all(&s);
	}
}

TEST_MAIN("cert/plan",
	  {"the golden case, name by name", the_golden_case_name_by_name},
	  {"each profile has its use, its side and its key",
	   each_profile_has_its_use},
	  {"what is not declared is not asked for",
	   what_is_not_declared_is_not_asked_for},
	  {"an access name of another kind has its domains too",
	   an_access_name_of_another_kind_has_its_domains_too},
	  {"home servers without a pool stand alone",
	   home_servers_without_a_pool_stand_alone},
	  {"directors are counted once, and by name",
	   directors_are_counted_once_and_by_name},
	  {"what is lacking is said", what_is_lacking_is_said},
	  {"words and profiles are the same thing",
	   words_and_profiles_are_the_same_thing},
	  {"a wildcard stands for web names only",
	   a_wildcard_stands_for_web_names_only},
	  {"folded, there is one wildcard a domain",
	   folded_there_is_one_wildcard_a_domain},
	  {"a name said twice is there once, and the stricter way",
	   a_name_said_twice_is_there_once_and_the_stricter_way},
	  {"the first web name is no wildcard",
	   the_first_web_name_is_no_wildcard},
	  {"no plan has a wildcard for its name, or a name twice",
	   no_plan_has_a_wildcard_for_its_name_or_a_name_twice})
