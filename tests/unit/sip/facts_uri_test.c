/* SPDX-License-Identifier: Apache-2.0 */
/* facts_uri_test.c - one way to read a URI, and one name for a person. */
#include "kit.h"

#include <errno.h>

static struct uri_facts uri(const char *text)
{
	struct uri_facts u;

	CU_ASSERT_EQUAL(facts_uri(&u, slice_of(text)), 0);
	return u;
}

static void parts_of_a_uri_are_found(void)
{
	struct uri_facts u = uri("<SIPS:a;b=c:pw@Host.X:5061;LR;maddr=y;"
				 "transport=TLS;ob;z?h=v>");

	CU_ASSERT_EQUAL(u.scheme, URI_SIPS);
	CU_ASSERT_TRUE(kit_is(u.user, "a;b=c"));
	CU_ASSERT_TRUE(kit_is(u.host, "Host.X"));
	CU_ASSERT_EQUAL(u.port, 5061);
	CU_ASSERT_TRUE(kit_is(u.transport, "TLS"));
	CU_ASSERT_TRUE(u.has_password && u.lr && u.maddr && u.ob &&
		       u.has_headers);
	CU_ASSERT_FALSE(u.literal || u.bad_port);
	u = uri("sip:h");
	CU_ASSERT_PTR_NULL(u.user.p);
	CU_ASSERT_PTR_NULL(u.transport.p);
	CU_ASSERT_FALSE(u.has_password || u.lr || u.maddr || u.ob ||
			u.has_headers);
	u = uri("tel:+1-2;x=y");
	CU_ASSERT_EQUAL(u.scheme, URI_TEL);
	CU_ASSERT_PTR_NULL(u.host.p);
	CU_ASSERT_EQUAL(uri("isbn:2983792873").scheme, URI_OTHER);
}

static void host_cannot_be_hidden_in_another_part(void)
{
	CU_ASSERT_TRUE(kit_is(uri("sip:user;par=u%40example.net@e.com").host,
			      "e.com"));
	CU_ASSERT_TRUE(kit_is(uri("sip:sips%3Auser%40e.com@example.net").host,
			      "example.net"));
	CU_ASSERT_TRUE(
		kit_is(uri("sip:good.com;x=@evil.com").host, "evil.com"));
	CU_ASSERT_TRUE(
		kit_is(uri("sip:good.com?x=@evil.com").host, "evil.com"));
	CU_ASSERT_TRUE(kit_is(uri("sip:good.com:1@evil.com").host, "evil.com"));
}

static void literals_are_known(void)
{
	CU_ASSERT_TRUE(uri("sip:127.0.0.1").literal);
	CU_ASSERT_TRUE(uri("sip:a@[::1]:5061").literal);
	CU_ASSERT_TRUE(kit_is(uri("sip:a@[::1]:5061").host, "::1"));
	CU_ASSERT_FALSE(uri("sip:127.0.0.1.example").literal);
}

static void ports_that_are_none_are_marked(void)
{
	CU_ASSERT_TRUE(uri("sip:h:0").bad_port);
	CU_ASSERT_TRUE(uri("sip:h:65536").bad_port);
	CU_ASSERT_TRUE(uri("sip:h:").bad_port);
	CU_ASSERT_TRUE(uri("sip:h:5061x").bad_port);
	CU_ASSERT_TRUE(uri("sip:h:99999999999").bad_port);
	CU_ASSERT_EQUAL(uri("sip:h:65535").port, 65535);
}

static void escaped_parameter_names_are_seen_through(void)
{
	CU_ASSERT_TRUE(uri("sip:h;%6C%72").lr);
	CU_ASSERT_TRUE(uri("sip:h;m%61DDR=10.0.0.1").maddr);
	CU_ASSERT_FALSE(uri("sip:h;lrx").lr);
	CU_ASSERT_FALSE(uri("sip:h;l").lr);
	CU_ASSERT_FALSE(uri("sip:h;x=lr").lr);
	CU_ASSERT_FALSE(uri("sip:lr@h").lr);
}

static void what_is_no_uri_is_refused(void)
{
	static const char *const bad[] = {
		"",
		":",
		"sip",
		"sip:",
		"1x:y",
		"s p:a",
		"sip:a@b@c",
		"sip:@h",
		"sip::p@h",
		"sip:a:p:q@h",
		"sip:a@",
		"sip:a@h x",
		"sip:a b@h",
		"sip:a%4@h",
		"sip:a%@h",
		"sip:a<b@h",
		"sip:h;;lr",
		"sip:h;",
		"sip:h;=x",
		"sip:h;a b",
		"sip:[::1",
		"sip:[1.2.3.4]",
		"sip:[::1]x",
		"sip:[]",
		"sip:1.2.3",
		"sip:1.2.3.256",
		"sip:.x",
		"sip:..",
		"sip:a@h..",
		"sip:0x7f.1",
		"sip:1.2.3.4.",
		"sip:a.0xff",
		"sip:a@h\x01",
		"sip:\xc3\xa4@h",
		"sip:a@\xc3\xa4",
		"sip:h?a b",
		"x:a b",
		"x:<y>",
		"<sip:h",
		"sip:h>",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct uri_facts u;

		if (facts_uri(&u, slice_of(bad[i])) != EBADMSG)
			CU_FAIL(bad[i]);
	}
}

static bool aor_is(const char *text, const char *wanted)
{
	struct uri_facts u = uri(text);
	char aor[FACTS_AOR_MAX];

	if (facts_aor(aor, &u) == 0 && strcmp(aor, wanted) == 0)
		return true;
	printf("# %s gives %s\n", text, aor);
	return false;
}

static void one_person_has_one_name(void)
{
	CU_ASSERT_TRUE(
		aor_is("sip:Alice@EXAMPLE.com", "sip:Alice@example.com"));
	CU_ASSERT_TRUE(
		aor_is("sips:a@e.com:5061;transport=tls?x=y", "sip:a@e.com"));
	CU_ASSERT_TRUE(aor_is("sip:a:secret@e.com.", "sip:a@e.com"));
	CU_ASSERT_TRUE(aor_is("sip:%61l%69ce@e.com", "sip:alice@e.com"));
	CU_ASSERT_TRUE(aor_is("sip:%7ea%2D@e.com", "sip:~a-@e.com"));
	CU_ASSERT_TRUE(
		aor_is("sip:a%2b%2f%c3%40@e.com", "sip:a%2B%2F%C3%40@e.com"));
	CU_ASSERT_TRUE(aor_is("sip:nul%00l@e.com", "sip:nul%00l@e.com"));
	CU_ASSERT_TRUE(aor_is("sip:e.com", "sip:e.com"));
	CU_ASSERT_TRUE(aor_is("sip:a@[::1]:5060", "sip:a@[::1]"));
}

static void name_too_long_or_of_another_kind_is_none(void)
{
	char text[400] = "sip:", aor[FACTS_AOR_MAX];
	struct uri_facts u;

	memset(text + 4, 'a', 282);
	strcpy(text + 286, "@e.com");
	u = uri(text);
	CU_ASSERT_EQUAL(facts_aor(aor, &u), 0);
	memset(text + 4, 'a', 300);
	strcpy(text + 304, "@e.com");
	u = uri(text);
	CU_ASSERT_EQUAL(facts_aor(aor, &u), EBADMSG);
	u = uri("tel:123");
	CU_ASSERT_EQUAL(facts_aor(aor, &u), EBADMSG);
}

static void methods_are_known_by_their_exact_names(void)
{
	CU_ASSERT_EQUAL(facts_method(SLICE("REGISTER")), METHOD_REGISTER);
	CU_ASSERT_EQUAL(facts_method(SLICE("PUBLISH")), METHOD_PUBLISH);
	CU_ASSERT_EQUAL(facts_method(SLICE("register")), METHOD_OTHER);
	CU_ASSERT_EQUAL(facts_method(SLICE("RE%47IST%45R")), METHOD_OTHER);
	CU_ASSERT_EQUAL(facts_method(SLICE("ACKX")), METHOD_OTHER);
	CU_ASSERT_EQUAL(facts_method(SLICE("")), METHOD_OTHER);
}

TEST_MAIN("sip/facts_uri",
	  {"the parts of a URI are found", parts_of_a_uri_are_found},
	  {"a host cannot be hidden in another part",
	   host_cannot_be_hidden_in_another_part},
	  {"literals are known", literals_are_known},
	  {"ports that are none are marked", ports_that_are_none_are_marked},
	  {"escaped parameter names are seen through",
	   escaped_parameter_names_are_seen_through},
	  {"what is no URI is refused", what_is_no_uri_is_refused},
	  {"one person has one name", one_person_has_one_name},
	  {"a name too long or of another kind is none",
	   name_too_long_or_of_another_kind_is_none},
	  {"methods are known by their exact names",
	   methods_are_known_by_their_exact_names})
