/* SPDX-License-Identifier: Apache-2.0 */
/* headers_rewrite_test.c - what hides the inside and what spares old devices:
 * Via, Contact, Call-ID, Reason and reason phrases, lines left out. */
#include "rewriting.h"

#define OK	    "SIP/2.0 200 OK\r\n"
#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* A name list owns its names. */
#define TEXT(lit) ((char[]){lit})

struct row {
	const char *came, *goes;
};

/* Each row's lines, between a status line and the rest of a message. */
static void all_become(const struct row *rows, size_t n,
		       const struct rewrite *rw)
{
	for (size_t i = 0; i < n; i++) {
		char came[1024], goes[1024];

		snprintf(came, sizeof(came), OK "%s" ENDS BODY, rows[i].came);
		snprintf(goes, sizeof(goes), OK "%s" ENDS BODY, rows[i].goes);
		CU_ASSERT_TRUE(becomes(came, rw, goes));
	}
}

static void reason_phrase_is_replaced(void)
{
	static const struct row rows[] = {
		{"SIP/2.0 404 No bob at home01.inside\r\n",
		 "SIP/2.0 404 Not Found\r\n"},
		{"SIP/2.0 404 \r\n", "SIP/2.0 404 Not Found\r\n"},
		{"SIP/2.0 404\r\n", "SIP/2.0 404 Not Found\r\n"},
		{"SIP/2.0 404  x  y \r\n", "SIP/2.0 404 Not Found\r\n"},
		{"SIP/2.0 4041\r\n", "SIP/2.0 4041 Not Found\r\n"},
	};
	struct rewrite rw = {.reason = SLICE("Not Found")};

	for (size_t i = 0; i < COUNT(rows); i++) {
		char came[256], goes[256];

		snprintf(came, sizeof(came), "%s" ENDS BODY, rows[i].came);
		snprintf(goes, sizeof(goes), "%s" ENDS BODY, rows[i].goes);
		CU_ASSERT_TRUE(becomes(came, &rw, goes));
	}
	rw.reason = SLICE("");
	CU_ASSERT_TRUE(
		becomes(OK ENDS BODY, &rw, "SIP/2.0 200 \r\n" ENDS BODY));
}

static void reason_phrase_needs_a_status(void)
{
	static const char *const starts[] = {
		"INVITE sip:b@example.com SIP/2.0\r\n",
		"INVITE 200 SIP/2.0\r\n",
		"SIP/2.0\r\n",
		"SIP/2.0 \r\n",
		"SIP/2.0 OK 200\r\n",
	};
	struct rewrite rw = {.reason = SLICE("Not Found")};

	for (size_t i = 0; i < COUNT(starts); i++) {
		char text[256];

		snprintf(text, sizeof(text), "%s" ENDS BODY, starts[i]);
		CU_ASSERT_EQUAL(rewrite_text(text, &rw, NULL), EBADMSG);
		CU_ASSERT_STRING_EQUAL(written, "");
	}
}

static void received_vias_are_all_left_out(void)
{
	static const char came[] =
		HEAD "Via: SIP/2.0/TLS h;branch=1, SIP/2.0/TCP i\r\n"
		     "v:\r\n SIP/2.0/TCP j\r\n" ENDS "VIA : k\r\n" BODY;
	struct rewrite rw = {.no_vias = true,
			     .via_mark = SLICE(";received=9"),
			     .via = SLICE("SIP/2.0/TLS us;branch=2"),
			     .add_top = SLICE("Path: <us>\r\n")};
	struct rewritten where;

	CU_ASSERT_EQUAL(rewrite_text(came, &rw, &where), 0);
	CU_ASSERT_STRING_EQUAL(written, HEAD "Via: SIP/2.0/TLS us;branch=2\r\n"
					     "Path: <us>\r\n" ENDS BODY);
	CU_ASSERT_EQUAL(memcmp(written + where.branch, "2\r\n", 3), 0);
	CU_ASSERT_EQUAL(memcmp(written + where.rest, "Path: ", 6), 0);
	rw = (struct rewrite){.no_vias = true};
	CU_ASSERT_TRUE(becomes(HEAD ENDS BODY, &rw, HEAD ENDS BODY));
}

static void kept_vias_take_the_place_of_those_that_came(void)
{
	static const struct row rows[] = {
		{"Via: A\r\n", "Via: 1\r\nVia: 2\r\n"},
		{"Via: A, B,\r\n C\r\nX: y\r\nv: D\r\n",
		 "Via: 1\r\nVia: 2\r\nX: y\r\n"},
		{"X: y\r\nv: A\r\nVia: B\r\nZ: z\r\n",
		 "X: y\r\nVia: 1\r\nVia: 2\r\nZ: z\r\n"},
	};
	struct rewrite rw = {.pop_via = true,
			     .vias = SLICE("Via: 1\r\nVia: 2\r\n")};

	all_become(rows, COUNT(rows), &rw);
	CU_ASSERT_EQUAL(rewrite_text(OK ENDS BODY, &rw, NULL), EBADMSG);
	rw.pop_via = false;
	all_become(rows, COUNT(rows), &rw);
	CU_ASSERT_EQUAL(rewrite_text(OK ENDS BODY, &rw, NULL), EBADMSG);
	rw.vias = SLICE("");
	CU_ASSERT_TRUE(
		becomes(OK "Via: A\r\nv: B\r\n" ENDS BODY, &rw, OK ENDS BODY));
}

static void uri_of_each_contact_is_replaced(void)
{
	static const struct row rows[] = {
		{"Contact: <sip:a@10.0.0.5:5061;transport=tls>\r\n",
		 "Contact: <sip:T@o:1;x=y>\r\n"},
		{"m:<sip:a@i>;expires=60;+sip.instance=\"<urn:uuid:1>\"\r\n",
		 "m:<sip:T@o:1;x=y>;expires=60;"
		 "+sip.instance=\"<urn:uuid:1>\"\r\n"},
		{"Contact :\t\"A <b>, c\" <sip:a@i> ; q=0.5 \r\n",
		 "Contact :\t\"A <b>, c\" <sip:T@o:1;x=y> ; q=0.5 \r\n"},
		{"Contact: Bob B <sips:a@[::1]>\r\n",
		 "Contact: Bob B <sip:T@o:1;x=y>\r\n"},
		{"Contact: sip:a@i\r\n", "Contact: <sip:T@o:1;x=y>\r\n"},
		{"Contact: sip:a@i;expires=5\r\n",
		 "Contact: <sip:T@o:1;x=y>;expires=5\r\n"},
		{"Contact: sip:a@i, <sip:b@j;lr>;q=1 ,\r\n sip:c@k ;q=0\r\n",
		 "Contact: <sip:T@o:1;x=y>, <sip:T@o:1;x=y>;q=1 ,\r\n "
		 "<sip:T@o:1;x=y> ;q=0\r\n"},
		{"Contact:\r\n <sip:a@i>\r\n ;q=1\r\nX: y\r\nm: tel:1\r\n",
		 "Contact:\r\n <sip:T@o:1;x=y>\r\n ;q=1\r\nX: y\r\n"
		 "m: <sip:T@o:1;x=y>\r\n"},
		{"Contact: *\r\n", "Contact: *\r\n"},
		{"Contact: <sip:a,b@i>,<sip:c@i?Route=%3Cd%3E>\r\n",
		 "Contact: <sip:T@o:1;x=y>,<sip:T@o:1;x=y>\r\n"},
	};
	struct rewrite rw = {.contact = SLICE("sip:T@o:1;x=y")};

	all_become(rows, COUNT(rows), &rw);
}

/* What cannot be read cannot be hidden, so it does not go out. */
static void contact_that_cannot_be_read_is_left_out(void)
{
	static const struct row rows[] = {
		{"Contact:\r\n", ""},
		{"Contact: \r\n \r\n", ""},
		{"Contact: ,\r\n", ""},
		{"Contact: <sip:a@i\r\n", ""},
		{"Contact: <>\r\n", ""},
		{"Contact: \"a <sip:a@i>\r\n", ""},
		{"Contact: Bob sip:a@i\r\n", ""},
		{"Contact: <sip:a@i> junk\r\n", ""},
		{"Contact: <sip:a@i>;\r\n", ""},
		{"Contact: sip:a@i?Route=x\r\n", ""},
		{"m: <>, <sip:a@i>;q=1\r\n", "m: <t>;q=1\r\n"},
		{"m: <sip:a@i>;q=1, <>\r\n", "m: <t>;q=1\r\n"},
		{"m: sip:a , <> , <>, <sip:a@i>\r\n", "m: <t>, <t>\r\n"},
		{"m: <sip:a@i>,,\r\n", "m: <t>\r\n"},
	};
	struct rewrite rw = {.contact = SLICE("t")};

	all_become(rows, COUNT(rows), &rw);
}

static void chosen_contacts_are_left_out(void)
{
	static const char came[] = OK "Contact: <a>;q=1, b;x=\",\" ,\r\n\t<c>"
				      "\r\nX: y\r\nm:<d>,*\r\n" ENDS BODY;
	static const struct {
		uint32_t gone;
		const char *goes;
	} rows[] = {
		{0x00, "Contact: <a>;q=1, b;x=\",\" ,\r\n\t<c>\r\nX: y\r\n"
		       "m:<d>,*\r\n"},
		{0x01, "Contact: b;x=\",\" ,\r\n\t<c>\r\nX: y\r\nm:<d>,*\r\n"},
		{0x02, "Contact: <a>;q=1 ,\r\n\t<c>\r\nX: y\r\nm:<d>,*\r\n"},
		{0x04, "Contact: <a>;q=1, b;x=\",\"\r\nX: y\r\nm:<d>,*\r\n"},
		{0x03, "Contact: <c>\r\nX: y\r\nm:<d>,*\r\n"},
		{0x05, "Contact: b;x=\",\"\r\nX: y\r\nm:<d>,*\r\n"},
		{0x06, "Contact: <a>;q=1\r\nX: y\r\nm:<d>,*\r\n"},
		{0x07, "X: y\r\nm:<d>,*\r\n"},
		{0x08, "Contact: <a>;q=1, b;x=\",\" ,\r\n\t<c>\r\nX: y\r\n"
		       "m:*\r\n"},
		{0x10, "Contact: <a>;q=1, b;x=\",\" ,\r\n\t<c>\r\nX: y\r\n"
		       "m:<d>\r\n"},
		{0x1f, "X: y\r\n"},
		{0xffffffff, "X: y\r\n"},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct rewrite rw = {.no_contacts = rows[i].gone};
		char goes[512];

		snprintf(goes, sizeof(goes), OK "%s" ENDS BODY, rows[i].goes);
		CU_ASSERT_TRUE(becomes(came, &rw, goes));
	}
}

static void contacts_beyond_the_set_stay(void)
{
	struct rewrite rw = {.no_contacts = UINT32_MAX};
	char came[1024] = OK "m: 0", *p = came + strlen(came);

	for (int i = 1; i < 34; i++)
		p += sprintf(p, ",%d", i);
	strcpy(p, "\r\n" ENDS BODY);
	CU_ASSERT_TRUE(becomes(came, &rw, OK "m: 32,33\r\n" ENDS BODY));
	rw = (struct rewrite){.no_contacts = ~1u, .few_contacts = true};
	CU_ASSERT_TRUE(becomes(came, &rw, OK "m: 0\r\n" ENDS BODY));
}

static void contacts_go_and_change_at_once(void)
{
	static const struct row rows[] = {
		{"m: <a>, b ;q=1, <c>;q=0\r\n", "m: <t> ;q=1\r\n"},
		{"m: <a>\r\nm: b\r\nm: <c>\r\nm: d\r\n",
		 "m: <t>\r\nm: <t>\r\n"},
	};
	struct rewrite rw = {.contact = SLICE("t"), .no_contacts = 0x5};

	all_become(rows, COUNT(rows), &rw);
}

static void call_id_is_replaced(void)
{
	struct rewrite rw = {.call_id = SLICE("new@id")};

	CU_ASSERT_TRUE(becomes(OK "i:\r\n  x@10.0.0.5 \r\n" BODY, &rw,
			       OK "i:\r\n  new@id \r\n" BODY));
	CU_ASSERT_TRUE(becomes(OK "CALL-ID : x\r\n" BODY, &rw,
			       OK "CALL-ID : new@id\r\n" BODY));
	CU_ASSERT_TRUE(becomes(OK "Call-ID:\r\n" BODY, &rw,
			       OK "Call-ID:new@id\r\n" BODY));
	CU_ASSERT_TRUE(becomes(OK BODY, &rw, OK BODY));
}

static void reason_loses_its_text(void)
{
	static const struct row rows[] = {
		{"Reason: SIP;cause=200;text=\"Done at home01\"\r\n",
		 "Reason: SIP;cause=200\r\n"},
		{"reason:Q.850 ; cause=16 ;\r\n TEXT = \"a;b,\\\"c\" ;x=y\r\n",
		 "reason:Q.850 ; cause=16 ;x=y\r\n"},
		{"Reason: SIP;text=a;cause=1;text=b , Q.850;text=c;cause=2\r\n"
		 "Reason: X;text\r\n",
		 "Reason: SIP;cause=1 , Q.850;cause=2\r\nReason: X\r\n"},
		{"Reason: SIP ;cause=200;context=text\r\n",
		 "Reason: SIP ;cause=200;context=text\r\n"},
		/* An extension that names a host is a text as well. */
		{"Reason: SIP;cause=1;at=home01.internal;x=y\r\n",
		 "Reason: SIP;cause=1;x=y\r\n"},
		{"Reason: SIP;at=\"[fd00::1]\";cause=1\r\n",
		 "Reason: SIP;cause=1\r\n"},
		/* What cannot be read may be a text. */
		{"Reason: SIP;cause=1;text=\"home01\r\n",
		 "Reason: SIP;cause=1\r\n"},
		{"Reason: SIP;cause=1;;text=home01, Q.850;cause=2\r\n",
		 "Reason: SIP;cause=1, Q.850;cause=2\r\n"},
		{"Reason: SIP home01\r\n", "Reason: SIP\r\n"},
		{"Reason: \"home01\"\r\n", ""},
		{"Reason: ;text=\"a\", SIP;cause=1\r\n",
		 "Reason: SIP;cause=1\r\n"},
		{"Reason: SIP;cause=1, ;text=\"a\"\r\n",
		 "Reason: SIP;cause=1\r\n"},
		{"Reason:\r\n", ""},
	};
	struct rewrite rw = {.no_reason_text = true};

	all_become(rows, COUNT(rows), &rw);
}

static void unsent_fields_are_left_out_in_every_spelling(void)
{
	char *names[] = {TEXT("session-expires"),
			 TEXT("X-Tea"),
			 TEXT("o"),
			 TEXT("Supported"),
			 TEXT("Reason"),
			 TEXT("From"),
			 TEXT("m"),
			 TEXT("Content-Length")};
	const struct name_list unsent = {names, COUNT(names)};
	const struct rewrite_slim slim = {.unsent = &unsent};
	struct rewrite rw = {.slim = &slim};

	CU_ASSERT_TRUE(becomes(
		OK
		"Via: a\r\nm: <b>\r\nx: 90\r\nX : 90\r\nSession-Expires: 1\r\n"
		"x-TEA\t:\r\n c\r\nEvent: d\r\nO: d\r\nk: e\r\nX-Te: 1\r\n"
		"SUPPORTED: e\r\nReason: SIP\r\nX-Teas: 1\r\n" ENDS BODY,
		&rw,
		OK "Via: a\r\nm: <b>\r\nX-Te: 1\r\nX-Teas: 1\r\n" ENDS BODY));
}

static void long_lines_are_left_out_but_for_those_that_matter(void)
{
	static const struct rewrite_slim slim = {.line_bytes = 20};
	struct rewrite rw = {.slim = &slim,
			     .add_end = SLICE("X-Edge: 1234567890123\r\n")};

	CU_ASSERT_TRUE(becomes(
		OK "Via: 1234567890123456\r\nv: 12345678901234567890\r\n"
		   "Twenty-bytes-line: 1\r\nTwenty1-bytes-line: 1\r\n"
		   "Folded: 1234567\r\n 12345678\r\nF: 12\r\n 123\r\n"
		   "Content-Disposition: session\r\n"
		   "Contented: 1234567890123\r\n"
		   "Record-Route: <sip:a@example.com;lr>\r\n\r\n",
		&rw,
		OK "Via: 1234567890123456\r\nv: 12345678901234567890\r\n"
		   "Twenty-bytes-line: 1\r\nF: 12\r\n 123\r\n"
		   "Content-Disposition: session\r\n"
		   "Record-Route: <sip:a@example.com;lr>\r\n"
		   "X-Edge: 1234567890123\r\n\r\n"));
}

static void slim_of_nothing_changes_nothing(void)
{
	static const struct rewrite_slim slim = {0};

	CU_ASSERT_TRUE(becomes(KIT_REGISTER, &(struct rewrite){.slim = &slim},
			       KIT_REGISTER));
}

static void everything_at_once(void)
{
	char *names[] = {TEXT("Date")};
	const struct name_list unsent = {names, 1};
	const struct rewrite_slim slim = {&unsent, 60};
	struct rewrite rw = {.pop_via = true,
			     .drop = FIELD_BIT(FIELD_SERVER),
			     .add_top = SLICE("Record-Route: <us>\r\n"),
			     .add_end = SLICE("Z: 1\r\n"),
			     .reason = SLICE("Gone"),
			     .vias = SLICE("v: 1\r\n"),
			     .contact = SLICE("t"),
			     .no_contacts = 2,
			     .call_id = SLICE("y"),
			     .no_reason_text = true,
			     .slim = &slim};

	CU_ASSERT_TRUE(becomes(
		"SIP/2.0 410 Left home01\r\nVia: us\r\nVia: in\r\nServer: s\r\n"
		"m: <a>, <b>, <c>\r\nDate: d\r\nReason: SIP;text=z\r\n" ENDS
			BODY,
		&rw,
		"SIP/2.0 410 Gone\r\nv: 1\r\nRecord-Route: <us>\r\n"
		"m: <t>, <t>\r\nReason: SIP\r\n"
		"From: <sip:a@b.c>;tag=1\r\nTo: <sip:d@e.f>\r\nCall-ID: y\r\n"
		"CSeq: 9 INVITE\r\nl: 4\r\nZ: 1\r\n\r\nb\r\n\n"));
}

/* Numbers that look random and are the same each time. */
static unsigned roll(unsigned n)
{
	static uint64_t state = 7;

	state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (unsigned)(state >> 33) % n;
}

/* Lines that no rewrite below names. */
static const char *const others[] = {
	"Subject:  a, <b>;text=c \r\n",
	"X-A\t:\r\n\tb\r\n",
	"s:\r\n",
	"Target-Dialog: x@10.0.0.5;local-tag=1\r\n",
	"Allow: INVITE,\tACK\r\n",
};

/* Lines that they name. */
static const char *const named[] = {
	"Contact: \"A\" <sip:a@i>;q=1, sip:b@i\r\n",
	"m : <sip:c@i>\r\n",
	"Reason: SIP;cause=200;text=\"x, y\"\r\n",
	"Via: SIP/2.0/TCP h;rport;branch=1 , SIP/2.0/TCP i\r\n",
	"v:SIP/2.0/TLS j\r\n",
	"i: call@10.0.0.5\r\n",
	"Server: a\r\n",
};

static size_t put_text(char *out, const char *text)
{
	memcpy(out, text, strlen(text));
	return strlen(text);
}

/* A head of lines drawn by lot; all but the named ones also into `wanted`. */
static size_t draw(char *text, char *wanted, bool broken)
{
	size_t n = put_text(text, OK), w = 0;

	for (int i = 0; i < 12; i++) {
		bool other = roll(2) == 0;
		const char *line = other ? others[roll(COUNT(others))]
					 : named[roll(COUNT(named))];
		size_t value = n + (size_t)(strchr(line, ':') + 1 - line);

		n += put_text(text + n, line);
		if (other)
			w += put_text(wanted + w, line);
		else if (broken)
			text[value + roll((unsigned)(n - 2 - value))] =
				"<>\",;\\= x"[roll(9)];
	}
	n += put_text(text + n, "\r\nbody\r\n\r\n");
	w += put_text(wanted + w, "\r\nbody\r\n\r\n");
	text[n] = wanted[w] = '\0';
	return n;
}

static bool is_named(enum field field)
{
	return field != FIELD_OTHER;
}

/* What of the written message no rewrite names, and its body. */
static void keep_others(char *out, const char *text)
{
	struct frame f;
	size_t n = 0;

	CU_ASSERT_EQUAL_FATAL(framer_index(&f, slice_of(text)), 0);
	for (unsigned i = 0; i < f.lines; i++) {
		size_t len = f.line[i].end - f.line[i].start;

		if (is_named(f.line[i].field))
			continue;
		memcpy(out + n, text + f.line[i].start, len);
		n += len;
	}
	strcpy(out + n, text + f.head_end - 2);
}

/* Every other one of the rewrites, drawn by lot. */
static struct rewrite any_rewrite(void)
{
	struct rewrite rw = {0};

	rw.no_vias = roll(3) == 0;
	rw.no_reason_text = roll(2) == 0;
	rw.no_contacts = roll(2) ? roll(16) : 0;
	if (roll(2))
		rw.contact = SLICE("sip:token@edge");
	if (roll(2))
		rw.call_id = SLICE("id");
	if (roll(2))
		rw.reason = SLICE("Standard");
	if (roll(2))
		rw.drop = FIELD_BIT(FIELD_SERVER);
	return rw;
}

static void what_is_not_named_stays_byte_for_byte(void)
{
	static char text[4096], wanted[4096], kept[4096];

	for (int i = 0; i < 3000; i++) {
		struct rewrite rw = any_rewrite();

		draw(text, wanted, i % 2 == 1);
		CU_ASSERT_EQUAL_FATAL(rewrite_text(text, &rw, NULL), 0);
		keep_others(kept, written);
		if (strcmp(kept, wanted) != 0)
			printf("# of:\n%s# came:\n%s", text, written);
		CU_ASSERT_STRING_EQUAL_FATAL(kept, wanted);
	}
}

/* Copies of a frame in memory of its exact length: reading beyond it shows
 * under a sanitizer. */
static void nothing_is_read_beyond_the_message(void)
{
	static char text[4096], wanted[4096];

	for (int i = 0; i < 1000; i++) {
		size_t n = draw(text, wanted, true);
		struct rewrite rw = any_rewrite();
		char *exact = malloc(n);
		struct buf out = {0};
		struct frame f;

		memcpy(exact, text, n);
		CU_ASSERT_EQUAL_FATAL(
			framer_index(&f, (struct slice){exact, n}), 0);
		CU_ASSERT_EQUAL(headers_write(&out, &f, &rw, NULL), 0);
		CU_ASSERT_EQUAL(framer_index(&f, buf_slice(&out)), 0);
		buf_fini(&out);
		free(exact);
	}
}

/* The secret of hiding: whatever a Contact or a Reason looks like, broken or
 * not, the inside's address is not in what leaves. */
static void hidden_contact_never_leaks(void)
{
	static const char *const bits[] = {"<",	   ">", "\"", ",", ";", "q=1",
					   "sip:", " ", "*",  "A", "?", "\\"};

	for (int i = 0; i < 20000; i++) {
		struct rewrite rw = {.contact = SLICE("sip:t@o"),
				     .no_contacts = roll(4)};
		char text[256] = OK "m: ", *p = text + strlen(text);

		for (unsigned k = roll(3); k > 0; k--)
			p += put_text(p, bits[roll(COUNT(bits))]);
		p += put_text(p, roll(2) ? "<sip:a@secret>" : "sip:a@secret");
		for (unsigned k = roll(3); k > 0; k--)
			p += put_text(p, bits[roll(COUNT(bits))]);
		strcpy(p, "\r\n\r\n");
		CU_ASSERT_EQUAL_FATAL(rewrite_text(text, &rw, NULL), 0);
		if (strstr(written, "secret"))
			printf("# leaks: %s# as: %s", text, written);
		CU_ASSERT_PTR_NULL(strstr(written, "secret"));
	}
}

TEST_MAIN("sip/headers rewriting",
	  {"a reason phrase is replaced", reason_phrase_is_replaced},
	  {"a reason phrase needs a status", reason_phrase_needs_a_status},
	  {"received Vias are all left out", received_vias_are_all_left_out},
	  {"kept Vias take the place of those that came",
	   kept_vias_take_the_place_of_those_that_came},
	  {"the URI of each Contact is replaced",
	   uri_of_each_contact_is_replaced},
	  {"a Contact that cannot be read is left out",
	   contact_that_cannot_be_read_is_left_out},
	  {"chosen Contacts are left out", chosen_contacts_are_left_out},
	  {"Contacts beyond the set stay", contacts_beyond_the_set_stay},
	  {"Contacts go and change at once", contacts_go_and_change_at_once},
	  {"a Call-ID is replaced", call_id_is_replaced},
	  {"a Reason loses its text", reason_loses_its_text},
	  {"unsent fields are left out in every spelling",
	   unsent_fields_are_left_out_in_every_spelling},
	  {"long lines are left out but for those that matter",
	   long_lines_are_left_out_but_for_those_that_matter},
	  {"slim of nothing changes nothing", slim_of_nothing_changes_nothing},
	  {"everything at once", everything_at_once},
	  {"what is not named stays byte for byte",
	   what_is_not_named_stays_byte_for_byte},
	  {"nothing is read beyond the message",
	   nothing_is_read_beyond_the_message},
	  {"a hidden Contact never leaks", hidden_contact_never_leaks})
