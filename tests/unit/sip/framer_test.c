/* SPDX-License-Identifier: Apache-2.0 */
/* framer_test.c - one message out of a stream, and nothing else. */
#include "kit.h"

#include <time.h>

/* Feed text whose bytes arrive `step` at a time; stop at the first result
 * that is not "more". */
static enum framer_result feed(struct slice text, size_t step,
			       struct frame *out, size_t *used,
			       struct verdict *v)
{
	enum framer_result r = FRAMER_EMPTY;
	struct framer fr = {0};
	struct slice in = {text.p, 0};

	while (in.n < text.n) {
		in.n = in.n + step < text.n ? in.n + step : text.n;
		r = framer_next(&fr, &kit_limits, in, used, out, v);
		if (r != FRAMER_HEAD && r != FRAMER_BODY)
			break;
	}
	return r;
}

static const char *refused(struct slice text)
{
	static struct frame f;
	struct verdict v = {0};
	size_t used = 0;

	return feed(text, text.n, &f, &used, &v) == FRAMER_REFUSE ? v.rule
								  : NULL;
}

static void whole_message_is_cut_and_indexed(void)
{
	struct slice text = SLICE(KIT_REGISTER "REGISTER ");
	struct framer fr = {0};
	struct verdict v;
	struct frame f;
	size_t used = 0;

	CU_ASSERT_EQUAL_FATAL(framer_next(&fr, &kit_limits, text, &used, &f,
					  &v),
			      FRAMER_MESSAGE);
	CU_ASSERT_EQUAL(used, sizeof(KIT_REGISTER) - 1);
	CU_ASSERT_EQUAL(f.bytes.n, used);
	CU_ASSERT_EQUAL(f.lines, 10);
	CU_ASSERT_FALSE(f.response);
	CU_ASSERT_EQUAL(f.line[0].field, FIELD_VIA);
	CU_ASSERT_TRUE(kit_is(frame_value(&f, 4), "one@192.0.2.1"));
	CU_ASSERT_EQUAL(frame_find(&f, FIELD_EXPIRES, 0), 8);
	CU_ASSERT_EQUAL(frame_find(&f, FIELD_ROUTE, 0), -1);
	CU_ASSERT_EQUAL(fr.scanned, 0);
}

static bool same_line(const struct frame_line *a, const struct frame_line *b)
{
	return a->start == b->start && a->end == b->end &&
	       a->value == b->value && a->field == b->field;
}

static void any_cutting_gives_the_same_frame(void)
{
	static const char text[] = "SIP/2.0 200 OK\r\nv: SIP/2.0/TLS h\r\n"
				   "l: 6\r\nSubject: a\r\n\t b\r\n\r\n"
				   "\r\n\r\n\0x";
	struct slice s = {text, sizeof(text) - 1};
	struct frame f, whole;
	struct verdict v;
	size_t used = 0;

	CU_ASSERT_EQUAL_FATAL(feed(s, s.n, &whole, &used, &v), FRAMER_MESSAGE);
	CU_ASSERT_TRUE(kit_is(frame_value(&whole, 2), "a\r\n\t b"));
	for (size_t step = 1; step < s.n; step++) {
		CU_ASSERT_EQUAL_FATAL(feed(s, step, &f, &used, &v),
				      FRAMER_MESSAGE);
		CU_ASSERT_EQUAL(used, s.n);
		CU_ASSERT_EQUAL(f.lines, whole.lines);
		CU_ASSERT_EQUAL(f.head_end, whole.head_end);
		for (unsigned i = 0; i < f.lines; i++)
			CU_ASSERT_TRUE(same_line(&f.line[i], &whole.line[i]));
	}
}

static void head_and_body_are_told_apart(void)
{
	static const char text[] = KIT_HEAD("INFO", "sip:a@b.c") "l: 4\r\n"
								 "\r\nbody";
	struct framer fr = {0};
	struct verdict v;
	struct frame f;
	size_t used = 0, n = sizeof(text) - 1;
	struct slice in = {text, n - 5};

	CU_ASSERT_EQUAL(framer_next(&fr, &kit_limits, (struct slice){0}, &used,
				    &f, &v),
			FRAMER_EMPTY);
	CU_ASSERT_EQUAL(framer_next(&fr, &kit_limits, in, &used, &f, &v),
			FRAMER_HEAD);
	in.n = n - 4;
	CU_ASSERT_EQUAL(framer_next(&fr, &kit_limits, in, &used, &f, &v),
			FRAMER_BODY);
	in.n = n;
	CU_ASSERT_EQUAL(framer_next(&fr, &kit_limits, in, &used, &f, &v),
			FRAMER_MESSAGE);
	CU_ASSERT_TRUE(
		kit_is((struct slice){f.bytes.p + f.head_end, 4}, "body"));
}

static void ping_is_answered_and_pong_skipped(void)
{
	static const struct {
		const char *text;
		enum framer_result want;
		size_t used;
	} rows[] = {
		{"\r", FRAMER_HEAD, 0},		  {"\r\n", FRAMER_HEAD, 0},
		{"\r\n\r", FRAMER_HEAD, 0},	  {"\r\n\r\n", FRAMER_PING, 4},
		{"\r\n\r\n\r\n", FRAMER_PING, 4}, {"\r\nR", FRAMER_PONG, 2},
		{"\r\n\rX", FRAMER_PONG, 2},	  {"\rX", FRAMER_REFUSE, 0},
		{"\n", FRAMER_REFUSE, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct framer fr = {0};
		struct verdict v;
		struct frame f;
		size_t used = 0;

		CU_ASSERT_EQUAL(framer_next(&fr, &kit_limits,
					    slice_of(rows[i].text), &used, &f,
					    &v),
				rows[i].want);
		CU_ASSERT_EQUAL(used, rows[i].used);
	}
}

/* The byte put in at every place before the head's last one. */
static unsigned survivors(char c)
{
	static const char good[] = KIT_REGISTER;
	char text[sizeof(good)];
	size_t n = sizeof(good) - 1;
	unsigned passed = 0;

	for (size_t at = 0; at < n - 1; at++) {
		memcpy(text, good, at);
		text[at] = c;
		memcpy(text + at + 1, good + at, n - at);
		passed += !refused((struct slice){text, n + 1});
	}
	return passed;
}

static void nul_cr_and_lf_are_refused_wherever_they_stand(void)
{
	CU_ASSERT_EQUAL(survivors('\0'), 0);
	CU_ASSERT_EQUAL(survivors('\r'), 0);
	CU_ASSERT_EQUAL(survivors('\n'), 0);
}

static void broken_bytes_are_refused_before_the_head_ends(void)
{
	CU_ASSERT_TRUE(
		kit_same(refused(SLICE("OPTIONS sip:a SIP/2.0\n")), "bare-lf"));
	CU_ASSERT_TRUE(kit_same(
		refused(SLICE("OPTIONS sip:a SIP/2.0\r\nVia: \0")), "nul"));
	CU_ASSERT_TRUE(
		kit_same(refused(SLICE("OPTIONS sip:a SIP/2.0\r\nVia: \rx")),
			 "bare-cr"));
	CU_ASSERT_TRUE(kit_same(refused(SLICE("OPT\x01")), "control-byte"));
	CU_ASSERT_TRUE(kit_same(refused(SLICE("OPT\t")), "control-byte"));
	CU_ASSERT_PTR_NULL(refused(SLICE("OPTIONS sip:a SIP/2.0\r")));
}

static void other_protocols_are_refused_at_once(void)
{
	CU_ASSERT_TRUE(kit_same(refused(SLICE("\x16\x03\x01")), "garbage"));
	CU_ASSERT_TRUE(kit_same(refused(SLICE("\x00\x01")), "garbage"));
	CU_ASSERT_TRUE(kit_same(refused(SLICE(" OPTIONS")), "garbage"));
	CU_ASSERT_TRUE(
		kit_same(refused(SLICE("GET / HTTP/1.1\r\n")), "not-sip"));
	CU_ASSERT_TRUE(kit_same(refused(SLICE("SSH-2.0-x\r\n")), "not-sip"));
	CU_ASSERT_TRUE(kit_same(refused(SLICE("A\r\n")), "not-sip"));
	CU_ASSERT_TRUE(kit_same(refused(SLICE("SIP/2.0\r\n")), NULL));
}

/* A start line and one line of the test's own in front of the rest. */
static const char *with_line(const char *line, size_t n)
{
	char text[1024] = KIT_HEAD("INVITE", "sip:a@example.com");
	size_t at = strlen(text);
	struct slice rest = SLICE(KIT_REST("INVITE"));

	memcpy(text + at, line, n);
	memcpy(text + at + n, rest.p, rest.n);
	return refused((struct slice){text, at + n + rest.n});
}
#define WITH(line) with_line(line, sizeof(line) - 1)

static void odd_header_lines_are_refused(void)
{
	CU_ASSERT_TRUE(kit_same(WITH("X: 1\r\n"), NULL));
	CU_ASSERT_TRUE(kit_same(WITH("X \t: 1\r\n"), NULL));
	CU_ASSERT_TRUE(kit_same(WITH("X:\r\n"), NULL));
	CU_ASSERT_TRUE(kit_same(WITH("X: a\r\n b\r\n"), NULL));
	CU_ASSERT_TRUE(kit_same(WITH("X:\r\n\t\r\n"), "fold"));
	CU_ASSERT_TRUE(kit_same(WITH("X: a\r\n  \r\n"), "fold"));
	CU_ASSERT_TRUE(kit_same(WITH("X\r\n"), "header-name"));
	CU_ASSERT_TRUE(kit_same(WITH(": x\r\n"), "header-name"));
	CU_ASSERT_TRUE(kit_same(WITH("X y: 1\r\n"), "header-name"));
	CU_ASSERT_TRUE(kit_same(WITH("X\x7f: 1\r\n"), "header-name"));
	CU_ASSERT_TRUE(kit_same(WITH("X\xc3\xa4: 1\r\n"), "header-name"));
	CU_ASSERT_TRUE(kit_same(WITH("X\x0b: 1\r\n"), "header-name"));
	CU_ASSERT_TRUE(
		kit_same(refused(SLICE("OPTIONS sip:a SIP/2.0\r\n Via: x\r\n")),
			 "fold"));
}

static void names_are_known_long_and_short_in_any_case(void)
{
	static const char text[] = "A b SIP/2.0\r\nVIA: 1\r\nv : 1\r\nV: 1\r\n"
				   "Rou\x54\x45: 1\r\nk: 1\r\nK:1\r\nM:1\r\n"
				   "P-Asserted-Identity: 1\r\nx: 1\r\n"
				   "Via_: 1\r\nFlow-timer: 1\r\nTO: 1\r\n"
				   "Content_Length: 5\r\nL: 0\r\n\r\n";
	static const enum field want[] = {
		FIELD_VIA,	  FIELD_VIA,
		FIELD_VIA,	  FIELD_ROUTE,
		FIELD_SUPPORTED,  FIELD_SUPPORTED,
		FIELD_CONTACT,	  FIELD_P_ASSERTED_IDENTITY,
		FIELD_OTHER,	  FIELD_OTHER,
		FIELD_FLOW_TIMER, FIELD_TO,
		FIELD_OTHER,	  FIELD_CONTENT_LENGTH,
	};
	struct frame f;
	struct verdict v;
	size_t used, n = sizeof(want) / sizeof(want[0]);
	struct slice s = {text, sizeof(text) - 1};

	CU_ASSERT_EQUAL_FATAL(feed(s, s.n, &f, &used, &v), FRAMER_MESSAGE);
	CU_ASSERT_EQUAL_FATAL(f.lines, n);
	for (size_t i = 0; i < n; i++)
		CU_ASSERT_EQUAL(f.line[i].field, want[i]);
}

/* What may come of a Content-Length and what follows it. */
enum fate { REFUSED, IN_BODY, WAITS };

static enum fate fate_of(struct slice lengths)
{
	static const char canary[] = "INVITE sip:x@y SIP/2.0\r\n"
				     "Call-ID: canary1\r\nl: 0\r\n\r\n";
	char text[1024] = "OPTIONS sip:a@example.com SIP/2.0\r\n";
	size_t n = strlen(text), used = 0;
	struct framer fr = {0};
	struct verdict v;
	struct frame f;
	struct slice in = {text, 0};
	enum framer_result r;

	memcpy(text + n, lengths.p, lengths.n);
	n += lengths.n;
	memcpy(text + n, canary, sizeof(canary) - 1);
	in.n = n + sizeof(canary) - 1;
	r = framer_next(&fr, &kit_limits, in, &used, &f, &v);
	if (r == FRAMER_REFUSE)
		return REFUSED;
	return r == FRAMER_MESSAGE ? IN_BODY : WAITS;
}

static void content_length_smuggles_nothing(void)
{
	static const struct {
		struct slice lengths;
		enum fate want;
	} rows[] = {
		{SLICE("Content-Length: 50\r\n\r\n"), IN_BODY},
		{SLICE("Content-Length: 5\r\nContent-Length: 5\r\n\r\n"),
		 REFUSED},
		{SLICE("Content-Length: 0\r\nContent-Length: 50\r\n\r\n"),
		 REFUSED},
		{SLICE("Content-Length: 50\r\nl: 0\r\n\r\n"), REFUSED},
		{SLICE("l: 0\r\nL: 0\r\n\r\n"), REFUSED},
		{SLICE("Content-Length: 5\r\n 0\r\n\r\n"), REFUSED},
		{SLICE("Content-Length:\r\n 50\r\n\r\n"), REFUSED},
		{SLICE("Content-Length: 50\r\n \r\n\r\n"), REFUSED},
		{SLICE("Content-Length : 50\r\n\r\n"), IN_BODY},
		{SLICE("Content-Length\t: 50\t \r\n\r\n"), IN_BODY},
		{SLICE("Content-Length: 50\0\r\n\r\n"), REFUSED},
		{SLICE("Content-Length\0: 50\r\n\r\n"), REFUSED},
		{SLICE("Content-Length: 50\n\r\n"), REFUSED},
		{SLICE("Content-Length: 50\n\nl: 0\r\n\r\n"), REFUSED},
		{SLICE("Content-Length: 50\rl: 0\r\n\r\n"), REFUSED},
		{SLICE("Content-Length: 50\r\r\n\r\n"), REFUSED},
		{SLICE("Content-Length: 5,5\r\n\r\n"), REFUSED},
		{SLICE("Content-Length: 50;x\r\n\r\n"), REFUSED},
		{SLICE("Content-Length: 0x32\r\n\r\n"), REFUSED},
		{SLICE("Content-Length: +50\r\n\r\n"), REFUSED},
		{SLICE("Content-Length: -1\r\n\r\n"), REFUSED},
		{SLICE("Content-Length: 5 0\r\n\r\n"), REFUSED},
		{SLICE("Content-Length: \"50\"\r\n\r\n"), REFUSED},
		{SLICE("Content-Length:\r\n\r\n"), REFUSED},
		{SLICE("Content-Length: 2147483647\r\n\r\n"), REFUSED},
		{SLICE("Content-Length: 4294967295\r\n\r\n"), REFUSED},
		{SLICE("Content-Length: 4294967296\r\n\r\n"), REFUSED},
		{SLICE("Content-Length: 18446744073709551621\r\n\r\n"),
		 REFUSED},
		{SLICE("Transfer-Encoding: chunked\r\n\r\n"), REFUSED},
		{SLICE("X: y\r\n\r\n"), REFUSED},
		{SLICE("Content-Length: 000050\r\n\r\n"), IN_BODY},
		{SLICE("Content-Length: 9999\r\n\r\n"), WAITS},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		enum fate got = fate_of(rows[i].lengths);

		if (got != rows[i].want)
			printf("# vector %zu: %d\n", i, (int)got);
		CU_ASSERT_EQUAL(got, rows[i].want);
	}
}

/* "A b SIP/2.0", one field with a value of n bytes, Content-Length. */
static size_t sized(char *text, size_t value, const char *length)
{
	size_t n = (size_t)sprintf(text, "A b SIP/2.0\r\nX: ");

	memset(text + n, 'x', value);
	n += value;
	return n + (size_t)sprintf(text + n, "\r\nl: %s\r\n\r\n", length);
}

static enum framer_result try_sized(const struct framer_limits *lim,
				    size_t value, const char *length,
				    struct verdict *v)
{
	static char text[4096];
	struct framer fr = {0};
	struct frame f;
	size_t used, n = sized(text, value, length);

	return framer_next(&fr, lim, (struct slice){text, n}, &used, &f, v);
}

static void each_limit_is_still_good_and_one_more_is_not(void)
{
	struct framer_limits lim = {1000, 1000, 100, 2};
	struct verdict v;

	CU_ASSERT_EQUAL(try_sized(&lim, 97, "0", &v), FRAMER_MESSAGE);
	CU_ASSERT_EQUAL(try_sized(&lim, 98, "0", &v), FRAMER_REFUSE);
	CU_ASSERT_TRUE(kit_same(v.rule, "line-too-long"));
	lim.line_bytes = 500;
	lim.header_bytes = 126; /* 13 + 3 + 100 + 2 + 6 + 2 */
	CU_ASSERT_EQUAL(try_sized(&lim, 100, "0", &v), FRAMER_MESSAGE);
	CU_ASSERT_EQUAL(try_sized(&lim, 101, "0", &v), FRAMER_REFUSE);
	CU_ASSERT_TRUE(kit_same(v.rule, "head-too-large"));
	lim.headers = 1;
	CU_ASSERT_EQUAL(try_sized(&lim, 10, "0", &v), FRAMER_REFUSE);
	CU_ASSERT_TRUE(kit_same(v.rule, "too-many-headers"));
	lim = (struct framer_limits){137, 137, 100, 2};
	CU_ASSERT_EQUAL(try_sized(&lim, 10, "99", &v), FRAMER_BODY);
	lim.message_bytes = 135;
	CU_ASSERT_EQUAL(try_sized(&lim, 10, "99", &v), FRAMER_REFUSE);
	CU_ASSERT_TRUE(kit_same(v.rule, "message-too-large"));
	CU_ASSERT_EQUAL(v.status, 413);
}

static void endless_start_line_is_refused_unfinished(void)
{
	char text[9000] = "OPTIONS sip:";

	memset(text + 12, 'a', sizeof(text) - 12);
	CU_ASSERT_TRUE(kit_same(refused((struct slice){text, sizeof(text)}),
				"start-line-too-long"));
}

static void refused_head_can_still_be_answered(void)
{
	static const char text[] =
		KIT_HEAD("INVITE",
			 "sip:a@example.com") "From: <sip:a@b.c>;tag=1\r\nTo: "
					      "<sip:a@b.c>\r\n"
					      "Call-ID: x\r\nCSeq: 1 "
					      "INVITE\r\nX: \nY: z\r\n";
	struct verdict v;
	struct frame f;
	size_t used;
	struct slice s = {text, sizeof(text) - 1};

	CU_ASSERT_EQUAL(feed(s, s.n, &f, &used, &v), FRAMER_REFUSE);
	CU_ASSERT_EQUAL(f.lines, 5);
	CU_ASSERT_TRUE(sanity_answerable(&f));
	s.n = 40;
	feed((struct slice){"\x16", 1}, 1, &f, &used, &v);
	CU_ASSERT_FALSE(sanity_answerable(&f));
}

static struct slice nth(const char *list, unsigned n)
{
	struct slice rest = slice_of(list), s = {NULL, 0};

	for (; rest.p && n > 0; n--)
		s = frame_list_next(&rest);
	return n == 0 ? s : (struct slice){NULL, 0};
}

static void commas_inside_quotes_and_brackets_part_nothing(void)
{
	CU_ASSERT_TRUE(kit_is(nth(" a , b", 1), "a"));
	CU_ASSERT_TRUE(kit_is(nth(" a ,\r\n b", 2), "b"));
	CU_ASSERT_PTR_NULL(nth("a", 2).p);
	CU_ASSERT_TRUE(kit_is(nth("a,,b", 2), ""));
	CU_ASSERT_TRUE(kit_is(nth("a,", 2), ""));
	CU_ASSERT_TRUE(kit_is(nth("\"x,\\\",y\" <a,b>, c", 2), "c"));
	CU_ASSERT_TRUE(kit_is(nth("<sip:a,b@c>;x, d", 2), "d"));
	CU_ASSERT_TRUE(kit_is(nth("a (x, \\), y), d", 2), "d"));
	CU_ASSERT_TRUE(kit_is(nth("sip:a(b@c, d", 2), "d"));
	CU_ASSERT_PTR_NULL(nth("\"never closed, b", 2).p);
	CU_ASSERT_PTR_NULL(nth("<never closed, b", 2).p);
	CU_ASSERT_PTR_NULL(nth("\"\\", 2).p);
}

static void our_own_message_is_indexed_again(void)
{
	struct frame f;

	CU_ASSERT_EQUAL(framer_index(&f, SLICE(KIT_REGISTER)), 0);
	CU_ASSERT_EQUAL(f.lines, 10);
	CU_ASSERT_EQUAL(f.bytes.n, f.head_end);
	CU_ASSERT_NOT_EQUAL(framer_index(&f, SLICE("")), 0);
	CU_ASSERT_NOT_EQUAL(framer_index(&f, SLICE("A b SIP/2.0")), 0);
	CU_ASSERT_NOT_EQUAL(framer_index(&f, SLICE("A b SIP/2.0\r\nx")), 0);
	CU_ASSERT_NOT_EQUAL(framer_index(&f, SLICE("A b SIP/2.0\r\nx:1\r\n")),
			    0);
}

/* 60 KiB in one field, one byte at a time: quadratic would be 1.8 G steps. */
static void bytes_are_scanned_once(void)
{
	static char text[60000];
	struct framer_limits lim = {262144, 65536, 65000, 256};
	struct framer fr = {0};
	struct verdict v;
	struct frame f;
	size_t used, n = (size_t)sprintf(text, "A b SIP/2.0\r\nX: ");
	clock_t start = clock();

	memset(text + n, 'x', sizeof(text) - n);
	for (size_t i = 1; i <= sizeof(text); i++)
		CU_ASSERT_EQUAL_FATAL(framer_next(&fr, &lim,
						  (struct slice){text, i},
						  &used, &f, &v),
				      FRAMER_HEAD);
	CU_ASSERT_TRUE(clock() - start < CLOCKS_PER_SEC);
	CU_ASSERT_EQUAL(fr.scanned, sizeof(text));
}

TEST_MAIN("sip/framer",
	  {"a whole message is cut and indexed",
	   whole_message_is_cut_and_indexed},
	  {"however the bytes arrive, the frame is the same",
	   any_cutting_gives_the_same_frame},
	  {"head and body are told apart", head_and_body_are_told_apart},
	  {"a ping is answered and a pong skipped",
	   ping_is_answered_and_pong_skipped},
	  {"NUL, CR and LF are refused wherever they stand",
	   nul_cr_and_lf_are_refused_wherever_they_stand},
	  {"broken bytes are refused before the head ends",
	   broken_bytes_are_refused_before_the_head_ends},
	  {"other protocols are refused at once",
	   other_protocols_are_refused_at_once},
	  {"odd header lines are refused", odd_header_lines_are_refused},
	  {"names are known long and short, in any case",
	   names_are_known_long_and_short_in_any_case},
	  {"Content-Length smuggles nothing", content_length_smuggles_nothing},
	  {"each limit is still good and one more is not",
	   each_limit_is_still_good_and_one_more_is_not},
	  {"an endless start line is refused unfinished",
	   endless_start_line_is_refused_unfinished},
	  {"a refused head can still be answered",
	   refused_head_can_still_be_answered},
	  {"commas inside quotes and brackets part nothing",
	   commas_inside_quotes_and_brackets_part_nothing},
	  {"a message of our own is indexed again",
	   our_own_message_is_indexed_again},
	  {"each byte is scanned once", bytes_are_scanned_once})
