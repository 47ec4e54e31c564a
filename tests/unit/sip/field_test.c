/* SPDX-License-Identifier: Apache-2.0 */
/* field_test.c - a header field is known by every spelling of its name. */
#include "field.h"
#include "kit.h"

#include <ctype.h>

static const struct {
	const char *name;
	enum field field;
} names[] = {
	{"Via", FIELD_VIA},
	{"v", FIELD_VIA},
	{"From", FIELD_FROM},
	{"f", FIELD_FROM},
	{"To", FIELD_TO},
	{"t", FIELD_TO},
	{"Call-ID", FIELD_CALL_ID},
	{"i", FIELD_CALL_ID},
	{"CSeq", FIELD_CSEQ},
	{"Contact", FIELD_CONTACT},
	{"m", FIELD_CONTACT},
	{"Max-Forwards", FIELD_MAX_FORWARDS},
	{"Route", FIELD_ROUTE},
	{"Record-Route", FIELD_RECORD_ROUTE},
	{"Path", FIELD_PATH},
	{"Service-Route", FIELD_SERVICE_ROUTE},
	{"Content-Length", FIELD_CONTENT_LENGTH},
	{"l", FIELD_CONTENT_LENGTH},
	{"Content-Type", FIELD_CONTENT_TYPE},
	{"c", FIELD_CONTENT_TYPE},
	{"Expires", FIELD_EXPIRES},
	{"Require", FIELD_REQUIRE},
	{"Proxy-Require", FIELD_PROXY_REQUIRE},
	{"Supported", FIELD_SUPPORTED},
	{"k", FIELD_SUPPORTED},
	{"Flow-Timer", FIELD_FLOW_TIMER},
	{"Authorization", FIELD_AUTHORIZATION},
	{"Proxy-Authorization", FIELD_PROXY_AUTHORIZATION},
	{"WWW-Authenticate", FIELD_WWW_AUTHENTICATE},
	{"Proxy-Authenticate", FIELD_PROXY_AUTHENTICATE},
	{"Retry-After", FIELD_RETRY_AFTER},
	{"Warning", FIELD_WARNING},
	{"Server", FIELD_SERVER},
	{"User-Agent", FIELD_USER_AGENT},
	{"P-Asserted-Identity", FIELD_P_ASSERTED_IDENTITY},
	{"P-Preferred-Identity", FIELD_P_PREFERRED_IDENTITY},
	{"Remote-Party-ID", FIELD_REMOTE_PARTY_ID},
	{"Diversion", FIELD_DIVERSION},
	{"History-Info", FIELD_HISTORY_INFO},
	{"Date", FIELD_DATE},
	{"Timestamp", FIELD_TIMESTAMP},
	{"X-Edge-Source", FIELD_EDGE_MARK},
	{"ms-edge-proxy-message-trust", FIELD_MS_TRUST},
	{"ms-user-logon-data", FIELD_MS_TRUST},
	{"ms-asserted-verification-level", FIELD_MS_TRUST},
	{"ms-source-verified-user", FIELD_MS_TRUST},
	{"ms-endpoint-location-data", FIELD_MS_TRUST},
	{"ms-diagnostics", FIELD_MS_DIAGNOSTICS},
	{"ms-diagnostics-public", FIELD_MS_DIAGNOSTICS},
	{"P-Charging-Vector", FIELD_P_CHARGING},
	{"P-Charging-Function-Addresses", FIELD_P_CHARGING},
	{"P-Charge-Info", FIELD_P_CHARGING},
	{"P-Access-Network-Info", FIELD_P_ACCESS_NETWORK_INFO},
	{"P-Associated-URI", FIELD_P_NETWORK},
	{"P-Called-Party-ID", FIELD_P_NETWORK},
	{"P-Visited-Network-ID", FIELD_P_NETWORK},
	{"P-Served-User", FIELD_P_NETWORK},
	{"P-User-Database", FIELD_P_NETWORK},
	{"P-Profile-Key", FIELD_P_NETWORK},
	{"P-Asserted-Service", FIELD_P_NETWORK},
	{"P-Preferred-Service", FIELD_P_NETWORK},
	{"P-Media-Authorization", FIELD_P_NETWORK},
	{"P-Private-Network-Indication", FIELD_P_NETWORK},
	{"P-DCS-Billing-Info", FIELD_P_NETWORK},
	{"Referred-By", FIELD_REFERRED_BY},
	{"b", FIELD_REFERRED_BY},
	{"Replaces", FIELD_REPLACES},
	{"Join", FIELD_JOIN},
	{"In-Reply-To", FIELD_IN_REPLY_TO},
	{"Privacy", FIELD_PRIVACY},
	{"Reason", FIELD_REASON},
	{"Alert-Info", FIELD_ALERT_INFO},
	{"Call-Info", FIELD_CALL_INFO},
	{"Error-Info", FIELD_ERROR_INFO},
	{"Organization", FIELD_ORGANIZATION},
	{"Authentication-Info", FIELD_AUTHENTICATION_INFO},
	{"Proxy-Authentication-Info", FIELD_AUTHENTICATION_INFO},
	{"x", FIELD_OTHER},
	{"Subject", FIELD_OTHER},
	{"X-Edge-Sourc", FIELD_OTHER},
	{"X-Edge-Sources", FIELD_OTHER},
	{"Xx-Edge-Source", FIELD_OTHER},
	{"P-Charging", FIELD_OTHER},
	{"P-Early-Media", FIELD_OTHER},
	{"ms-edge", FIELD_OTHER},
	{"ms-keep-alive", FIELD_OTHER},
	{"ms-diagnostic", FIELD_OTHER},
	{"m-edge-proxy-message-trust", FIELD_OTHER},
	{"P", FIELD_OTHER},
	{"Content_Length", FIELD_OTHER},
	{"P-Asserted-Identity-Of-Another-Person", FIELD_OTHER},
	{"A-Name-That-Is-Longer-Than-Any-That-Anybody-Knows", FIELD_OTHER},
	{"", FIELD_OTHER},
};
#define NAMES (sizeof(names) / sizeof(names[0]))

static bool is(struct slice name, enum field field)
{
	enum field got = field_by_name(name);

	if (got != field)
		printf("# %.*s: %d, wanted %d\n", SLICE_ARG(name), (int)got,
		       (int)field);
	return got == field;
}

static void name_is_known_in_any_case(void)
{
	for (size_t i = 0; i < NAMES; i++) {
		struct slice name = slice_of(names[i].name);
		char upper[64], lower[64];

		for (size_t k = 0; k < name.n; k++) {
			upper[k] = (char)toupper((unsigned char)name.p[k]);
			lower[k] = (char)tolower((unsigned char)name.p[k]);
		}
		CU_ASSERT_TRUE(is(name, names[i].field));
		CU_ASSERT_TRUE(
			is((struct slice){upper, name.n}, names[i].field));
		CU_ASSERT_TRUE(
			is((struct slice){lower, name.n}, names[i].field));
	}
}

/* A field without a name here would slip through the boundary. */
static void every_field_has_a_name(void)
{
	uint64_t seen = FIELD_BIT(FIELD_OTHER);

	for (size_t i = 0; i < NAMES; i++)
		seen |= FIELD_BIT(names[i].field);
	CU_ASSERT_TRUE(FIELD_COUNT <= 64);
	CU_ASSERT_EQUAL(seen, FIELD_BIT(FIELD_COUNT) - 1);
}

/* One letter changed is another name; none reads beyond its end. */
static void name_with_one_letter_changed_is_another(void)
{
	for (size_t i = 0; i < NAMES; i++) {
		size_t n = strlen(names[i].name);
		char name[64];

		if (n < 2 || names[i].field == FIELD_OTHER)
			continue;
		memcpy(name, names[i].name, n);
		name[1] = name[1] == '!' ? '+' : '!';
		CU_ASSERT_TRUE(is((struct slice){name, n}, FIELD_OTHER));
	}
}

/* Whatever stands between name and colon, or behind it. */
static void our_mark_is_known_however_it_is_written(void)
{
	static const char *const lines[] = {
		"X-Edge-Source: class=server\r\n",
		"x-edge-source:class=server\r\n",
		"X-EDGE-SOURCE \t : class=server\r\n",
		"X-Edge-Source:\r\n class=server\r\n",
		"X-Edge-Source\t:\r\n\tclass=server;\r\n peer=a\r\n",
		"X-Edge-Source:\r\n",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char text[256];
		struct frame f;

		snprintf(text, sizeof(text), "A b SIP/2.0\r\nTo: c\r\n%s\r\n",
			 lines[i]);
		CU_ASSERT_EQUAL_FATAL(framer_index(&f, slice_of(text)), 0);
		CU_ASSERT_EQUAL(f.lines, 2);
		CU_ASSERT_EQUAL(f.line[1].field, FIELD_EDGE_MARK);
	}
}

/* RFC 3261 §25.1: HCOLON = *( SP / HTAB ) ":" SWS, no fold before the colon. */
static void mark_folded_before_its_colon_is_refused(void)
{
	struct kit k;
	struct verdict v;

	CU_ASSERT_EQUAL(
		kit_frame(
			&k,
			SLICE(KIT_HEAD("OPTIONS",
				       "sip:example.com") "X-Edge-Source\r\n "
							  ": "
							  "class="
							  "server\r"
							  "\n" KIT_REST("OPTIO"
									"NS")),
			&v),
		FRAMER_REFUSE);
	CU_ASSERT_TRUE(kit_same(v.rule, "header-name"));
}

TEST_MAIN("sip/field",
	  {"a name is known in any case", name_is_known_in_any_case},
	  {"every field has a name", every_field_has_a_name},
	  {"a name with one letter changed is another",
	   name_with_one_letter_changed_is_another},
	  {"our mark is known however it is written",
	   our_mark_is_known_however_it_is_written},
	  {"a mark folded before its colon is refused",
	   mark_folded_before_its_colon_is_refused})
