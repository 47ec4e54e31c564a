/* SPDX-License-Identifier: Apache-2.0 */
/* sanity_test.c - what no honest peer sends is refused, and by which rule. */
#include "kit.h"

/* What a message built from pieces must come to. */
struct row {
	const char *text;
	unsigned status; /* 0: passes */
	const char *rule;
};

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned status = 0;
		const char *rule = kit_rule(slice_of(rows[i].text), &status);
		bool good = kit_same(rule, rows[i].rule) &&
			    status == rows[i].status;

		if (!good)
			printf("# row %zu: %u\n%s", i, status, rows[i].text);
		CU_ASSERT_TRUE(good);
	}
}
#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof(rows[0]))

#define URI(uri) KIT_HEAD("OPTIONS", uri) KIT_REST("OPTIONS")
#define LINE(line)                                                             \
	KIT_HEAD("OPTIONS", "sip:a@example.com") line KIT_REST("OPTIONS")
#define START(start)                                                           \
	start "\r\nVia: SIP/2.0/TLS h.x;branch=z9hG4bKa\r\n" KIT_REST("OPTION" \
								      "S")

static void good_request_passes(void)
{
	static const struct row rows[] = {
		{KIT_REGISTER, 0, NULL},
		{URI("sip:a@example.com"), 0, NULL},
		{URI("sips:example.com:5061;transport=tcp"), 0, NULL},
		{LINE("Unknown: (,;<\"\r\n"), 0, NULL},
	};

	CHECK(rows);
}

static void start_line_has_two_spaces_and_our_version(void)
{
	static const struct row rows[] = {
		{START("OPTIONS  sip:a@b.c SIP/2.0"), 400, "start-line"},
		{START("OPTIONS sip:a@b.c  SIP/2.0"), 400, "start-line"},
		{START("OPTIONS sip:a@b.c SIP/2.0 "), 400, "start-line"},
		{START("OPTIONS sip:a@b.c sip/2.0"), 400, "start-line"},
		{START("OPTIONS sip:a@b.c SIP/2"), 400, "start-line"},
		{START("OPTIONS sip:a@b.c SIP/3.0"), 505, "version"},
		{START("OPTIONS sip:a@b.c SIP/2.00"), 505, "version"},
		{START("OPTIONS sip:a@b.c SIP/2.0x"), 400, "start-line"},
	};

	CHECK(rows);
}

static void request_uri_is_sip_and_nothing_hides_in_it(void)
{
	static const struct row rows[] = {
		{URI("<sip:a@example.com>"), 400, "request-uri-syntax"},
		{URI("sip:a@example.com?Route=%3Csip:x%3E"), 400,
		 "request-uri-headers"},
		{URI("sip:example.com?"), 400, "request-uri-headers"},
		{URI("tel:+123"), 416, "request-uri-scheme"},
		{URI("soap.beep://192.0.2.1:3002"), 416, "request-uri-scheme"},
		{URI("sip:a@b@example.com"), 400, "request-uri-syntax"},
		{URI("sip:@example.com"), 400, "request-uri-syntax"},
		{URI("sip:a@"), 400, "unparsed"},
		{URI("sip:a@exa\"mple.com"), 400, "request-uri-syntax"},
		{URI("sip:a%zz@example.com"), 400, "unparsed"},
		{URI("sip:a@127.1"), 400, "request-uri-syntax"},
		{URI("sip:a@2130706433"), 400, "request-uri-syntax"},
		{URI("sip:a@0x7f000001"), 400, "request-uri-syntax"},
		{URI("sip:a@[::1"), 400, "unparsed"},
		{URI("sip:a@[::1]"), 0, NULL},
	};

	CHECK(rows);
}

static void needed_fields_are_there_once(void)
{
	static const struct row rows[] = {
		{"OPTIONS sip:a@b.c SIP/2.0\r\n" KIT_REST("OPTIONS"), 400,
		 "field-missing"},
		{KIT_HEAD("OPTIONS", "sip:a@b.c") "l: 0\r\n\r\n", 400,
		 "field-missing"},
		{LINE("f: <sip:x@y.z>;tag=2\r\n"), 400, "field-twice"},
		{LINE("TO: <sip:x@y.z>\r\n"), 400, "field-twice"},
		{LINE("i: 2\r\n"), 400, "field-twice"},
		{LINE("CSeq: 7 OPTIONS\r\n"), 400, "field-twice"},
		{LINE("Max-Forwards: 7\r\nMax-Forwards: 7\r\n"), 400,
		 "field-twice"},
		{LINE("Expires: 7\r\nExpires: 7\r\n"), 400, "field-twice"},
		{LINE("c: a/b\r\nContent-Type: a/b\r\n"), 400, "field-twice"},
		{LINE("Date: x\r\nDate: y\r\n"), 400, "field-twice"},
	};

	CHECK(rows);
}

static void cseq_names_the_method(void)
{
	static const struct row rows[] = {
		{KIT_HEAD("OPTIONS", "sip:a@b.c") KIT_REST("INVITE"), 400,
		 "cseq-method"},
		{KIT_HEAD("NEW", "sip:a@b.c") KIT_REST("INVITE"), 501,
		 "cseq-method"},
		{KIT_HEAD("options", "sip:a@b.c") KIT_REST("OPTIONS"), 501,
		 "cseq-method"},
		{KIT_HEAD("NEW", "sip:a@b.c") KIT_REST("NEW"), 0, NULL},
	};

	CHECK(rows);
}

static void hops_are_counted(void)
{
	static const struct row rows[] = {
		{LINE("Max-Forwards: 0\r\n"), 483, "max-forwards-zero"},
		{LINE("Max-Forwards: 00\r\n"), 483, "max-forwards-zero"},
		{LINE("Max-Forwards: 0068\r\n"), 0, NULL},
		{LINE("Max-Forwards: 255\r\n"), 0, NULL},
	};

	CHECK(rows);
	CU_ASSERT_PTR_NOT_NULL(
		kit_rule(SLICE(LINE("Max-Forwards: 256\r\n")), NULL));
	CU_ASSERT_PTR_NOT_NULL(
		kit_rule(SLICE(LINE("Max-Forwards: -1\r\n")), NULL));
	CU_ASSERT_PTR_NOT_NULL(
		kit_rule(SLICE(LINE("Max-Forwards: 7 x\r\n")), NULL));
}

static void proxy_require_is_answered_with_exactly_its_tags(void)
{
	struct slice text = SLICE(LINE("Proxy-Require: a, b\r\n"
				       "Proxy-Require:\r\n c\r\n"));
	struct kit k;
	struct verdict v = kit_check(&k, text);

	CU_ASSERT_EQUAL(v.status, 420);
	CU_ASSERT_TRUE(kit_is(v.extra, "Unsupported: a, b, c\r\n"));
	wire_destroy(&k.m);
	CU_ASSERT_TRUE(
		kit_same(kit_rule(SLICE(LINE("Proxy-Require: a b\r\n")), NULL),
			 "syntax"));
}

static void endless_proxy_require_is_not_echoed(void)
{
	char text[4096] = KIT_HEAD("OPTIONS", "sip:a@b.c") "Proxy-Require: ";
	size_t n = strlen(text);

	memset(text + n, 'x', 600);
	strcpy(text + n + 600, "\r\n" KIT_REST("OPTIONS"));
	CU_ASSERT_TRUE(kit_same(kit_rule(slice_of(text), NULL),
				"proxy-require-syntax"));
}

static void broken_values_are_refused(void)
{
	static const char *const lines[] = {
		"Via: SIP/2.0/UDP h;;branch=a\r\n",
		"Via: SIP/2.0/UDP h;\r\n",
		"Via: SIP/2.0/UDP h,\r\n",
		"Via: SIP/2.0/UDP h,,SIP/2.0/UDP i\r\n",
		"Via: SIP/7.0/UDP h\r\n",
		"Via: UDP h\r\n",
		"Via: SIP/2.0/UDP\r\n",
		"Via: SIP/2.0/UDP h x\r\n",
		"Via: SIP/2.0/UDP h;branch=a;branch=b\r\n",
		"Via:\r\n",
		"Route: sip:x.y;lr\r\n",
		"Route: <sip:x.y;lr> z\r\n",
		"Route: <sip:x.y;lr>,\r\n",
		"Route: <sip:x.y;lr\r\n",
		"Route: < sip:x.y;lr>\r\n",
		"Route: \"<sip:x.y;lr>\r\n",
		"Path: *\r\n",
		"m: sip:a@b.c?Route=x\r\n",
		"m: *\r\n",
		"m: <sip:a@b.c>;;\r\n",
		"m: <>\r\n",
		"m: a, <sip:a@b.c>\r\n",
	};

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char text[1024];
		unsigned status = 0;

		snprintf(text, sizeof(text), "%s%s%s",
			 KIT_HEAD("OPTIONS", "sip:a@b.c"), lines[i],
			 KIT_REST("OPTIONS"));
		if (!kit_rule(slice_of(text), &status) || status != 400)
			CU_FAIL(lines[i]);
	}
}

/* A message with From and To of the test's own. */
static const char *with_parties(const char *from, const char *to)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 KIT_HEAD("OPTIONS", "sip:a@b.c") "From: %s\r\nTo: %s\r\n"
						  "Call-ID: 1\r\nCSeq: 1 "
						  "OPTIONS\r\nl: 0\r\n\r\n",
		 from, to);
	return kit_rule(slice_of(text), NULL);
}

static void parties_are_one_address_each(void)
{
	static const char good[] = "<sip:a@b.c>;tag=1";

	CU_ASSERT_PTR_NULL(with_parties(good, "sip:x@y.z"));
	CU_ASSERT_PTR_NULL(
		with_parties("A B <sip:a@b.c>;tag=1;x=\"<,\"", good));
	CU_ASSERT_PTR_NULL(with_parties("<http://x.y>;tag=3", "isbn:123"));
	CU_ASSERT_PTR_NULL(
		with_parties("\"<sip:evil@x.y>\\\"\" <sip:a@b.c>;tag=1", good));
	CU_ASSERT_PTR_NOT_NULL(with_parties("A, B <sip:a@b.c>;tag=1", good));
	CU_ASSERT_PTR_NOT_NULL(
		with_parties("<sip:a@b.c>;tag=1, <sip:d@e.f>", good));
	CU_ASSERT_PTR_NOT_NULL(with_parties("\"A <sip:a@b.c>;tag=1", good));
	CU_ASSERT_PTR_NOT_NULL(with_parties(good, "< sip:a@b.c >"));
	CU_ASSERT_PTR_NOT_NULL(with_parties(good, "<sip:a@b.c> x"));
	CU_ASSERT_PTR_NOT_NULL(with_parties(good, "<sip:a@b.c>;tag=1;tag=2"));
	CU_ASSERT_PTR_NOT_NULL(with_parties(good, "<sip:a@b.c>;tag"));
	CU_ASSERT_PTR_NOT_NULL(with_parties(good, "<sip:a@b.c>;tag="));
	CU_ASSERT_PTR_NOT_NULL(with_parties(good, "<sip:a@b.c>;tag=\"1"));
	CU_ASSERT_PTR_NOT_NULL(with_parties("", good));
}

static void unneeded_fields_may_be_malformed(void)
{
	CU_ASSERT_PTR_NULL(kit_rule(
		SLICE(LINE("Date: Fri, 01 Jan 2010 16:00:00 EST\r\n")), NULL));
	CU_ASSERT_PTR_NULL(kit_rule(SLICE(LINE("Warning: x\r\n")), NULL));
}

/* Header fields so many that one more would be too many. */
static const char *with_many(const char *line, unsigned count)
{
	static char text[16384];
	size_t n = (size_t)sprintf(text, KIT_HEAD("OPTIONS", "sip:a@b.c"));

	while (count-- > 0)
		n += (size_t)sprintf(text + n, "%s", line);
	strcpy(text + n, KIT_REST("OPTIONS"));
	return kit_rule(slice_of(text), NULL);
}

static void lists_have_an_end(void)
{
	const char *via = "Via: SIP/2.0/UDP h.x;branch=z9hG4bK1\r\n";

	CU_ASSERT_PTR_NULL(with_many(via, 69));
	CU_ASSERT_TRUE(kit_same(with_many(via, 70), "too-many-vias"));
	CU_ASSERT_PTR_NULL(with_many("Route: <sip:a;lr>, <sip:b;lr>\r\n", 10));
	CU_ASSERT_TRUE(kit_same(
		with_many("Route: <sip:a;lr>, <sip:b;lr>, <sip:c;lr>\r\n", 7),
		"too-many-routes"));
	CU_ASSERT_PTR_NULL(with_many("m: <sip:a@b.c>\r\n", 10));
	CU_ASSERT_TRUE(kit_same(with_many("Contact: <sip:a@b.c>\r\n", 11),
				"too-many-contacts"));
}

#define ANSWER(status, rest)                                                   \
	"SIP/2.0 " status "\r\nVia: SIP/2.0/TLS h.x;branch=z9hG4bKa\r\n" rest
static void bad_response_is_dropped_never_answered(void)
{
	static const struct row rows[] = {
		{ANSWER("200 OK", KIT_REST("INVITE")), 0, NULL},
		{ANSWER("200 ", KIT_REST("INVITE")), 0, NULL},
		{ANSWER("200", KIT_REST("INVITE")), 0, "start-line"},
		{ANSWER("700 x", KIT_REST("INVITE")), 0, "start-line"},
		{ANSWER("099 x", KIT_REST("INVITE")), 0, "start-line"},
		{ANSWER("20 x", KIT_REST("INVITE")), 0, "start-line"},
		{ANSWER("200 OK", "l: 0\r\n\r\n"), 0, "field-missing"},
		{ANSWER("200 OK", "Via: x\r\n" KIT_REST("INVITE")), 0,
		 "syntax"},
		{ANSWER("200 OK", "Max-Forwards: 0\r\n" KIT_REST("INVITE")), 0,
		 NULL},
	};

	CHECK(rows);
}

TEST_MAIN("sip/sanity", {"a good request passes", good_request_passes},
	  {"the start line has two spaces and our version",
	   start_line_has_two_spaces_and_our_version},
	  {"the Request-URI is SIP and nothing hides in it",
	   request_uri_is_sip_and_nothing_hides_in_it},
	  {"needed fields are there, once", needed_fields_are_there_once},
	  {"CSeq names the method", cseq_names_the_method},
	  {"hops are counted", hops_are_counted},
	  {"Proxy-Require is answered with exactly its tags",
	   proxy_require_is_answered_with_exactly_its_tags},
	  {"an endless Proxy-Require is not echoed",
	   endless_proxy_require_is_not_echoed},
	  {"broken values are refused", broken_values_are_refused},
	  {"From and To are one address each", parties_are_one_address_each},
	  {"fields that nobody here needs may be malformed",
	   unneeded_fields_may_be_malformed},
	  {"lists have an end", lists_have_an_end},
	  {"a bad response is dropped, never answered",
	   bad_response_is_dropped_never_answered})
