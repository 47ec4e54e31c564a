/* SPDX-License-Identifier: Apache-2.0 */
/* headers_test.c - what leaves is what came, but for what was asked. */
#include "rewriting.h"

static void zeroed_rewrite_changes_nothing(void)
{
	const char *odd = "INVITE  sip:b SIP/2.0 \r\nvIa :\tx ,, y\r\n"
			  "X:\r\n z\r\n\r\nbody";

	CU_ASSERT_TRUE(becomes(odd, &(struct rewrite){0}, odd));
	CU_ASSERT_TRUE(
		becomes(KIT_REGISTER, &(struct rewrite){0}, KIT_REGISTER));
}

static void our_via_goes_on_top_and_says_where_its_branch_is(void)
{
	struct rewrite rw = {
		.via = SLICE("SIP/2.0/TLS us.x:5061;branch=z9hG4bKmine;x")};
	struct rewritten where;

	CU_ASSERT_EQUAL(rewrite_text(HEAD ENDS "v: SIP/2.0/TCP h\r\n" BODY, &rw,
				     &where),
			0);
	CU_ASSERT_EQUAL(memcmp(written + where.branch, "z9hG4bKmine;", 12), 0);
	CU_ASSERT_EQUAL(memcmp(written + where.rest, "From: ", 6), 0);
	CU_ASSERT_STRING_EQUAL(written, HEAD
			       "Via: SIP/2.0/TLS us.x:5061;branch=z9hG4bKmine;x"
			       "\r\n" ENDS "v: SIP/2.0/TCP h\r\n" BODY);
}

static void request_uri_is_replaced(void)
{
	struct rewrite rw = {.request_uri = SLICE("sips:new@home:5061")};

	CU_ASSERT_TRUE(
		becomes(HEAD ENDS BODY, &rw,
			"INVITE sips:new@home:5061 SIP/2.0\r\n" ENDS BODY));
	CU_ASSERT_EQUAL(rewrite_text("SIP/2.0 200 OK\r\n" ENDS BODY, &rw, NULL),
			EBADMSG);
}

static void top_via_gets_our_mark_in_place_of_its_own(void)
{
	static const struct {
		const char *came, *goes;
	} rows[] = {
		{"Via: SIP/2.0/TLS h;branch=1\r\n",
		 "Via: SIP/2.0/TLS h;branch=1;received=9;rport=8\r\n"},
		{"Via: SIP/2.0/TLS h;rport;branch=1\r\n",
		 "Via: SIP/2.0/TLS h;branch=1;received=9;rport=8\r\n"},
		{"v:SIP/2.0/TLS h;RPORT=7 ; branch=1;Received=10.0.0.5\r\n",
		 "v:SIP/2.0/TLS h ; branch=1;received=9;rport=8\r\n"},
		{"Via: SIP/2.0/TLS h;received=\"1;2\";received=3\r\n",
		 "Via: SIP/2.0/TLS h;received=9;rport=8\r\n"},
		{"Via: SIP/2.0/TLS h;rport , SIP/2.0/TCP i;rport\r\n",
		 "Via: SIP/2.0/TLS h;received=9;rport=8 , "
		 "SIP/2.0/TCP i;rport\r\n"},
		{"Via: SIP/2.0/TLS h\r\n ;branch=1\r\n ;rport\r\n"
		 "Via: SIP/2.0/TCP i;rport\r\n",
		 "Via: SIP/2.0/TLS h\r\n ;branch=1\r\n ;received=9;rport=8\r\n"
		 "Via: SIP/2.0/TCP i;rport\r\n"},
	};
	struct rewrite rw = {.via_mark = SLICE(";received=9;rport=8")};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char came[512], goes[512];

		snprintf(came, sizeof(came), HEAD "%s" ENDS BODY, rows[i].came);
		snprintf(goes, sizeof(goes), HEAD "%s" ENDS BODY, rows[i].goes);
		CU_ASSERT_TRUE(becomes(came, &rw, goes));
	}
	CU_ASSERT_EQUAL(rewrite_text(HEAD ENDS BODY, &rw, NULL), EBADMSG);
}

static void top_via_comes_off_an_answer(void)
{
	struct rewrite rw = {.pop_via = true};
	CU_ASSERT_TRUE(
		becomes("SIP/2.0 200 OK\r\nVia: A\r\nVia: B\r\n" ENDS BODY, &rw,
			"SIP/2.0 200 OK\r\nVia: B\r\n" ENDS BODY));
	CU_ASSERT_TRUE(becomes(
		"SIP/2.0 200 OK\r\nv :\tA;x=\",\" ,\r\n\tB, C\r\n" ENDS BODY,
		&rw, "SIP/2.0 200 OK\r\nv :\tB, C\r\n" ENDS BODY));
	CU_ASSERT_TRUE(becomes("SIP/2.0 200 OK\r\n" ENDS "v: A\r\n" BODY, &rw,
			       "SIP/2.0 200 OK\r\n" ENDS BODY));
	CU_ASSERT_EQUAL(rewrite_text("SIP/2.0 200 OK\r\n" ENDS BODY, &rw, NULL),
			EBADMSG);
	CU_ASSERT_STRING_EQUAL(written, "");
}

static void routes_come_off_from_the_top(void)
{
	const char *text = HEAD "Route: <a,b>, <c>\r\nX: y\r\nroute:\r\n <d>,"
				"<e>\r\nRoute: <f>\r\n" ENDS BODY;
	static const char *const left[] = {
		("Route: <a,b>, <c>\r\nX: y\r\nroute:\r\n <d>,<e>\r\n"
		 "Route: <f>\r\n"),
		"Route: <c>\r\nX: y\r\nroute:\r\n <d>,<e>\r\nRoute: <f>\r\n",
		"X: y\r\nroute:\r\n <d>,<e>\r\nRoute: <f>\r\n",
		"X: y\r\nroute:\r\n <e>\r\nRoute: <f>\r\n",
		"X: y\r\nRoute: <f>\r\n",
		"X: y\r\n",
	};

	for (unsigned n = 0; n < 6; n++) {
		struct rewrite rw = {.pop_routes = n};
		char wanted[512];

		snprintf(wanted, sizeof(wanted), HEAD "%s" ENDS BODY, left[n]);
		CU_ASSERT_TRUE(becomes(text, &rw, wanted));
	}
	CU_ASSERT_EQUAL(rewrite_text(text, &(struct rewrite){.pop_routes = 6},
				     NULL),
			EBADMSG);
}

static void hops_are_written_or_added(void)
{
	struct rewrite rw = {.max_forwards = 69};

	CU_ASSERT_TRUE(becomes(HEAD "MAX-forwards : 0070\r\n" ENDS BODY, &rw,
			       HEAD "Max-Forwards: 69\r\n" ENDS BODY));
	CU_ASSERT_TRUE(becomes(HEAD ENDS BODY, &rw,
			       HEAD ENDS
			       "l: 4\r\nMax-Forwards: 69\r\n\r\nb\r\n\n"));
	rw.max_forwards = REWRITE_NO_HOPS;
	CU_ASSERT_TRUE(becomes(HEAD "Max-Forwards: 1\r\n" ENDS BODY, &rw,
			       HEAD "Max-Forwards: 0\r\n" ENDS BODY));
}

static void dropped_fields_are_gone_in_every_spelling(void)
{
	struct rewrite rw = {.drop = FIELD_BIT(FIELD_PATH) |
				     FIELD_BIT(FIELD_P_ASSERTED_IDENTITY) |
				     FIELD_BIT(FIELD_SUPPORTED)};

	CU_ASSERT_TRUE(becomes(
		HEAD "Path: <a>\r\nPATH\t: <b>,\r\n <c>\r\nX: 1\r\nk: z\r\n"
		     "p-asserted-IDENTITY:\r\n  q\r\n" ENDS BODY,
		&rw, HEAD "X: 1\r\n" ENDS BODY));
}

static void our_lines_stand_above_those_that_came(void)
{
	struct rewrite rw = {.add_top = SLICE("Path: <us>\r\n"),
			     .add_end = SLICE("X-Last: 1\r\n")};

	CU_ASSERT_TRUE(becomes(
		HEAD "Via: A\r\nv: B\r\nPath: <c>\r\n" ENDS BODY, &rw,
		HEAD "Via: A\r\nv: B\r\nPath: <us>\r\nPath: <c>\r\n" ENDS
		     "l: 4\r\nX-Last: 1\r\n\r\nb\r\n\n"));
	CU_ASSERT_TRUE(becomes("A b SIP/2.0\r\nVia: A\r\n\r\n", &rw,
			       "A b SIP/2.0\r\nVia: A\r\nPath: <us>\r\n"
			       "X-Last: 1\r\n\r\n"));
	rw.drop = FIELD_BIT(FIELD_PATH);
	CU_ASSERT_TRUE(becomes(HEAD "Path: <c>\r\n" ENDS BODY, &rw,
			       HEAD "Path: <us>\r\n" ENDS
				    "l: 4\r\nX-Last: 1\r\n\r\nb\r\n\n"));
}

/* Answer text; the result is kept in `written`. */
static int answer_text(const char *text, unsigned skip, const char *mark,
		       uint16_t status, const char *tag, const char *extra)
{
	struct buf out = {0};
	struct frame f;
	int error;

	CU_ASSERT_EQUAL_FATAL(framer_index(&f, slice_of(text)), 0);
	error = headers_answer(&out, &f, skip, slice_of(mark), status,
			       slice_of(tag), slice_of(extra));
	snprintf(written, sizeof(written), "%.*s", (int)out.n,
		 out.p ? out.p : "");
	buf_fini(&out);
	return error;
}

static void answer_carries_what_an_answer_must(void)
{
	const char *text = HEAD "v: SIP/2.0/TLS us, SIP/2.0/TLS h;rport\r\n"
				"Timestamp: 5\r\nVia: SIP/2.0/TCP i\r\n" ENDS
				"Record-Route: <x>\r\n" BODY;

	CU_ASSERT_EQUAL(answer_text(text, 1, ";received=1", 420, "T",
				    "Unsupported: a\r\n"),
			0);
	CU_ASSERT_STRING_EQUAL(
		written,
		"SIP/2.0 420 Bad Extension\r\n"
		"Via: SIP/2.0/TLS h;received=1\r\nVia: SIP/2.0/TCP i\r\n"
		"From: <sip:a@b.c>;tag=1\r\nTo: <sip:d@e.f>;tag=T\r\n"
		"Call-ID: x\r\nCSeq: 9 INVITE\r\nUnsupported: a\r\n"
		"Content-Length: 0\r\n\r\n");
	CU_ASSERT_EQUAL(answer_text(text, 2, NULL, 100, NULL, NULL), 0);
	CU_ASSERT_STRING_EQUAL(
		written, "SIP/2.0 100 Trying\r\nVia: SIP/2.0/TCP i\r\n" ENDS
			 "Timestamp: 5\r\nContent-Length: 0\r\n\r\n");
}

static void to_tag_that_is_there_stays(void)
{
	CU_ASSERT_EQUAL(answer_text(HEAD
				    "Via: a\r\nf: x\r\ni: 1\r\ncseq: 1 A\r\n"
				    "T : <sip:a@b> ; tag = q\r\n\r\n",
				    0, NULL, 403, "T", NULL),
			0);
	CU_ASSERT_PTR_NOT_NULL(strstr(written, "To: <sip:a@b> ; tag = q\r\n"));
	CU_ASSERT_EQUAL(answer_text(HEAD
				    "Via: a\r\nf: x\r\ni: 1\r\ncseq: 1 A\r\n"
				    "To: sip:a@b;x=\"tag=z\"\r\n\r\n",
				    0, NULL, 403, "T", NULL),
			0);
	CU_ASSERT_PTR_NOT_NULL(strstr(written, "x=\"tag=z\";tag=T\r\n"));
}

static void request_that_cannot_be_answered_is_not(void)
{
	CU_ASSERT_EQUAL(answer_text(HEAD ENDS BODY, 0, NULL, 400, "T", NULL),
			EBADMSG);
	CU_ASSERT_EQUAL(answer_text(HEAD "Via: x\r\n" ENDS BODY, 1, NULL, 400,
				    "T", NULL),
			EBADMSG);
	CU_ASSERT_EQUAL(answer_text(HEAD "Via: x\r\nTo: y\r\n\r\n", 0, NULL,
				    400, "T", NULL),
			EBADMSG);
	CU_ASSERT_EQUAL(answer_text("SIP/2.0 200 OK\r\nVia: x\r\n" ENDS BODY, 0,
				    NULL, 400, "T", NULL),
			EBADMSG);
	CU_ASSERT_STRING_EQUAL(written, "");
}

static void ack_and_cancel_follow_the_request_they_belong_to(void)
{
	struct slice text =
		SLICE(HEAD "Via: SIP/2.0/TLS us;branch=1\r\n"
			   "Via: SIP/2.0/TLS h\r\nRoute: <r>,<s>\r\n"
			   "Route: <t>\r\n" ENDS BODY);
	struct buf out = {0};
	struct frame f;

	CU_ASSERT_EQUAL_FATAL(framer_index(&f, text), 0);
	CU_ASSERT_EQUAL(headers_follow(&out, &f, "ACK", SLICE("<sip:d>;tag=7")),
			0);
	CU_ASSERT_TRUE(kit_is(
		buf_slice(&out),
		"ACK sip:b@example.com SIP/2.0\r\n"
		"Via: SIP/2.0/TLS us;branch=1\r\nRoute: <r>,<s>\r\n"
		"Route: <t>\r\nFrom: <sip:a@b.c>;tag=1\r\nTo: <sip:d>;tag=7\r\n"
		"Call-ID: x\r\nCSeq: 9 ACK\r\nMax-Forwards: 70\r\n"
		"Content-Length: 0\r\n\r\n"));
	out.n = 0;
	CU_ASSERT_EQUAL(headers_follow(&out, &f, "CANCEL", (struct slice){0}),
			0);
	CU_ASSERT_PTR_NOT_NULL(memmem(out.p, out.n, "To: <sip:d@e.f>\r\n", 17));
	CU_ASSERT_PTR_NOT_NULL(memmem(out.p, out.n, "CSeq: 9 CANCEL\r\n", 16));
	buf_fini(&out);
}

TEST_MAIN("sip/headers",
	  {"a zeroed rewrite changes nothing", zeroed_rewrite_changes_nothing},
	  {"our Via goes on top and says where its branch is",
	   our_via_goes_on_top_and_says_where_its_branch_is},
	  {"the Request-URI is replaced", request_uri_is_replaced},
	  {"the top Via gets our mark in place of its own",
	   top_via_gets_our_mark_in_place_of_its_own},
	  {"the top Via comes off an answer", top_via_comes_off_an_answer},
	  {"routes come off from the top", routes_come_off_from_the_top},
	  {"hops are written or added", hops_are_written_or_added},
	  {"dropped fields are gone in every spelling",
	   dropped_fields_are_gone_in_every_spelling},
	  {"our lines stand above those that came",
	   our_lines_stand_above_those_that_came},
	  {"an answer carries what an answer must",
	   answer_carries_what_an_answer_must},
	  {"a To tag that is there stays", to_tag_that_is_there_stays},
	  {"a request that cannot be answered is not",
	   request_that_cannot_be_answered_is_not},
	  {"ACK and CANCEL follow the request they belong to",
	   ack_and_cancel_follow_the_request_they_belong_to})
