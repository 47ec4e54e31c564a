/* SPDX-License-Identifier: Apache-2.0 */
/* wire_test.c - a frame goes through Sofia's parser and stays as it came. */
#include "kit.h"

#include <errno.h>

static int parse(struct kit *k, struct slice text)
{
	struct verdict v;

	k->m = NULL;
	if (kit_frame(k, text, &v) != FRAMER_MESSAGE)
		return -1;
	return wire_parse(&k->m, &k->frame);
}

static void good_message_parses_and_leaves_the_frame_alone(void)
{
	char text[] = KIT_REGISTER;
	struct kit k;

	CU_ASSERT_EQUAL_FATAL(parse(&k, (struct slice){text, sizeof(text) - 1}),
			      0);
	CU_ASSERT_PTR_EQUAL(wire_frame(k.m), &k.frame);
	sanity_check(k.m, &kit_counts);
	CU_ASSERT_STRING_EQUAL(text, KIT_REGISTER);
	wire_destroy(&k.m);
	CU_ASSERT_PTR_NULL(k.m);
	wire_destroy(&k.m);
}

static void body_of_any_bytes_is_no_matter(void)
{
	static const char text[] = KIT_HEAD(
		"INFO", "sip:a@example.com") "l: 9\r\n\r\n\0\r\n\n\xff\r\n\r\n";
	struct kit k;

	CU_ASSERT_EQUAL(parse(&k, (struct slice){text, sizeof(text) - 1}), 0);
	wire_destroy(&k.m);
}

static void multipart_body_is_not_looked_into(void)
{
	static const char text[] = KIT_HEAD(
		"INFO", "sip:a@example.com") "Content-Type: "
					     "multipart/mixed;boundary=x\r\nl: "
					     "12\r\n\r\n"
					     "--x\r\n\r\n--x--";
	struct kit k;

	CU_ASSERT_EQUAL(parse(&k, (struct slice){text, sizeof(text) - 1}), 0);
	wire_destroy(&k.m);
}

static void unreadable_start_lines_are_given_up(void)
{
	struct kit k;

	CU_ASSERT_EQUAL(parse(&k,
			      SLICE("SIP/2.0 4294967301 x\r\nl: 0\r\n\r\n")),
			EBADMSG);
	CU_ASSERT_PTR_NULL(k.m);
	CU_ASSERT_EQUAL(parse(&k, SLICE("A sip:b c SIP/2.0\r\nl: 0\r\n\r\n")),
			EBADMSG);
}

static void unknown_methods_parse_however_they_begin(void)
{
	static const char *const methods[] = {"SERVICE",  "PING",    "A",
					      "N",	  "INVITES", "INV",
					      "invite",	  "X",	     "x",
					      "!.%*_+`'~"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		char text[512];

		snprintf(text, sizeof(text),
			 "%s sip:a@b.c SIP/2.0\r\nVia: SIP/2.0/TLS h.x\r\n"
			 "From: <sip:a@b.c>\r\nTo: <sip:a@b.c>\r\n"
			 "Call-ID: 1\r\nCSeq: 7 %s\r\nl: 0\r\n\r\n",
			 methods[i], methods[i]);
		CU_ASSERT_TRUE(kit_same(kit_rule(slice_of(text), NULL), NULL));
	}
}

/* What sanity_answer() says of a response that is not parsed. */
static const char *adopted(struct slice text)
{
	struct verdict v;
	struct kit k;

	if (kit_frame(&k, text, &v) != FRAMER_MESSAGE)
		return "no-message";
	CU_ASSERT_EQUAL_FATAL(wire_adopt(&k.m, &k.frame), 0);
	CU_ASSERT_PTR_EQUAL(wire_frame(k.m), &k.frame);
	v = sanity_answer(k.m);
	CU_ASSERT_EQUAL(v.kind, v.rule ? VERDICT_DROP : VERDICT_PASS);
	wire_destroy(&k.m);
	CU_ASSERT_PTR_NULL(k.m);
	return v.rule;
}

#define OK_FROM(lines) "SIP/2.0 200 OK\r\n" lines KIT_REST("INVITE")

static void answer_of_a_server_is_taken_unparsed(void)
{
	CU_ASSERT_PTR_NULL(adopted(
		SLICE(OK_FROM("v: SIP/2.0/TLS h;branch=1,SIP/2.0/TLS i\r\n"))));
	CU_ASSERT_PTR_NULL(adopted(
		SLICE(OK_FROM("Via: SIP/2.0/TLS h\r\nContact: <\r\n"))));
	CU_ASSERT_TRUE(kit_same(adopted(SLICE(OK_FROM(""))), "field-missing"));
	CU_ASSERT_TRUE(
		kit_same(adopted(SLICE(OK_FROM("Via: SIP/2.0/TLS h;;\r\n"))),
			 "via-syntax"));
	CU_ASSERT_TRUE(kit_same(
		adopted(SLICE(OK_FROM("Via: SIP/2.0/TLS h\r\nf: x\r\n"))),
		"field-twice"));
	CU_ASSERT_TRUE(kit_same(adopted(SLICE("SIP/2.0 99 x\r\nl: 0\r\n\r\n")),
				"start-line"));
}

/* A large body, and the largest head that the framer lets pass. */
static void large_messages_parse(void)
{
	static char text[200000];
	struct kit k;
	size_t n = (size_t)sprintf(
		text, KIT_HEAD("INFO", "sip:a@example.com") "l: 100000\r\n");

	for (int i = 0; i < 250; i++)
		n += (size_t)sprintf(text + n, "X-%d: %0200d\r\n", i, i);
	memcpy(text + n, "\r\n", 2);
	memset(text + n + 2, 'b', 100000);
	CU_ASSERT_EQUAL(parse(&k, (struct slice){text, n + 2 + 100000}), 0);
	wire_destroy(&k.m);
}

TEST_MAIN("sip/wire",
	  {"a good message parses and leaves the frame alone",
	   good_message_parses_and_leaves_the_frame_alone},
	  {"a body of any bytes is no matter", body_of_any_bytes_is_no_matter},
	  {"a multipart body is not looked into",
	   multipart_body_is_not_looked_into},
	  {"unreadable start lines are given up",
	   unreadable_start_lines_are_given_up},
	  {"unknown methods parse however they begin",
	   unknown_methods_parse_however_they_begin},
	  {"an answer of a server is taken unparsed",
	   answer_of_a_server_is_taken_unparsed},
	  {"large messages parse", large_messages_parse})
