/* SPDX-License-Identifier: Apache-2.0 */
/*
 * torture_test.c - the 49 messages of RFC 4475, each whole, byte by byte, and
 * with a good message behind it in the same segment.
 *
 * They are read from the folder that SIPEDGE_SHARED names, or from ../shared.
 */
#include "kit.h"

#include <stdio.h>

#define LONGEST 8192

/* What must come of each: "pass", "more" (it waits for bytes), or the status
 * and rule; a response that is dropped has status 0. `frames` and up: the
 * framer refuses, and the connection is closed. */
static const struct row {
	const char *name, *rule;
	unsigned status;
	bool closes;
} messages[] = {
	{"badaspec", "to-syntax", 400, false},
	{"badbranch", "via-branch", 400, false},
	{"baddate", "pass", 0, false},
	{"baddn", "more", 0, false},
	{"badinv01", "syntax", 400, false},
	{"badvers", "version", 505, false},
	{"bcast", "pass", 0, false},
	{"bext01", "proxy-require", 420, false},
	{"bigcode", "unparsed", 0, false},
	{"clerr", "more", 0, false},
	{"cparam01", "pass", 0, false},
	{"cparam02", "pass", 0, false},
	{"dblreq", "pass", 0, false},
	{"esc01", "pass", 0, false},
	{"esc02", "pass", 0, false},
	{"escnull", "pass", 0, false},
	{"escruri", "request-uri-headers", 400, false},
	{"insuf", "field-missing", 400, false},
	{"intmeth", "nul", 400, true},
	{"inv2543", "content-length-missing", 400, true},
	{"invut", "pass", 0, false},
	{"longreq", "pass", 0, false},
	{"ltgtruri", "request-uri-syntax", 400, false},
	{"lwsdisp", "pass", 0, false},
	{"lwsruri", "unparsed", 400, false},
	{"lwsstart", "start-line", 400, false},
	{"mcl01", "content-length-twice", 400, true},
	{"mismatch01", "cseq-method", 400, false},
	{"mismatch02", "cseq-method", 501, false},
	{"mpart01", "pass", 0, false},
	{"multi01", "field-twice", 400, false},
	{"ncl", "content-length-bad", 400, true},
	{"noreason", "pass", 0, false},
	{"novelsc", "request-uri-scheme", 416, false},
	{"quotbal", "syntax", 400, false},
	{"regaut01", "pass", 0, false},
	{"regbadct", "syntax", 400, false},
	{"regescrt", "pass", 0, false},
	{"scalar02", "syntax", 400, false},
	{"scalarlg", "syntax", 0, false},
	{"sdp01", "pass", 0, false},
	{"semiuri", "pass", 0, false},
	{"transports", "pass", 0, false},
	{"trws", "start-line", 400, false},
	{"unkscm", "request-uri-scheme", 416, false},
	{"unksm2", "pass", 0, false},
	{"unreason", "pass", 0, false},
	{"wsinv", "pass", 0, false},
	{"zeromf", "max-forwards-zero", 483, false},
};
#define ROWS (sizeof(messages) / sizeof(messages[0]))

/* What became of one message. */
struct outcome {
	const char *rule;
	unsigned status;
	bool closes;
};

/* Read a file; 0 bytes when it is not there. */
static size_t load(const char *name, char *text)
{
	const char *shared = getenv("SIPEDGE_SHARED");
	char path[512];
	size_t n = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/hostile/rfc4475/%s.dat",
		 shared ? shared : "../shared", name);
	file = fopen(path, "rb");
	if (file) {
		n = fread(text, 1, LONGEST, file);
		fclose(file);
	}
	return n;
}

/* A stream of bytes, some of which have arrived. */
struct stream {
	struct framer fr;
	struct slice in; /* unread, and arrived */
	size_t left;	 /* not arrived */
	size_t step;
};

static enum framer_result next_frame(struct stream *s, struct frame *f,
				     struct verdict *v)
{
	enum framer_result r;
	size_t used;

	for (;;) {
		used = 0;
		r = framer_next(&s->fr, &kit_limits, s->in, &used, f, v);
		s->in = (struct slice){s->in.p + used, s->in.n - used};
		if (r == FRAMER_MESSAGE || r == FRAMER_REFUSE)
			return r;
		if (used > 0)
			continue;
		if (s->left == 0)
			return r;
		used = s->step < s->left ? s->step : s->left;
		s->in.n += used;
		s->left -= used;
	}
}

/* The next message of a stream through frame, parser and sanity. */
static struct outcome next_outcome(struct stream *s)
{
	static struct frame f;
	struct verdict v = {0};
	struct msg *m = NULL;
	enum framer_result r = next_frame(s, &f, &v);

	if (r == FRAMER_REFUSE)
		return (struct outcome){v.rule, v.status, true};
	if (r != FRAMER_MESSAGE)
		return (struct outcome){"more", 0, false};
	if (wire_parse(&m, &f))
		return (struct outcome){"unparsed", f.response ? 0 : 400,
					false};
	v = sanity_check(m, &kit_counts);
	wire_destroy(&m);
	return (struct outcome){v.rule ? v.rule : "pass", v.status, false};
}

static bool as_wanted(const struct row *row, const struct outcome *got,
		      const char *how)
{
	if (strcmp(row->rule, got->rule) == 0 && row->status == got->status &&
	    row->closes == got->closes)
		return true;
	printf("# %s %s: %u %s\n", row->name, how, got->status, got->rule);
	return false;
}

static bool there(void)
{
	char text[LONGEST];

	if (load("wsinv", text) > 0)
		return true;
	test_skip("no hostile/rfc4475 beside the project; "
		  "SIPEDGE_SHARED may name its folder");
	return false;
}

/* Each message, `step` bytes at a time. */
static void each_in_steps_of(size_t step, const char *how)
{
	for (size_t i = 0; there() && i < ROWS; i++) {
		char text[LONGEST];
		struct stream s = {.in = {text, 0}, .step = step};
		struct outcome got;

		s.left = load(messages[i].name, text);
		got = next_outcome(&s);
		CU_ASSERT_TRUE(as_wanted(&messages[i], &got, how));
	}
}

static void whole(void)
{
	each_in_steps_of(LONGEST, "whole");
}

static void byte_by_byte(void)
{
	each_in_steps_of(1, "byte by byte");
}

/* A good message is first in the segment, and another is last. */
static void neighbours_are_not_disturbed(void)
{
	static const char good[] = KIT_REGISTER;
	size_t n = sizeof(good) - 1;

	for (size_t i = 0; there() && i < ROWS; i++) {
		char text[LONGEST];
		struct stream s = {.in = {text, 0}, .step = LONGEST};
		struct outcome got;
		size_t m;

		memcpy(text, good, n);
		m = load(messages[i].name, text + n);
		memcpy(text + n + m, good, n);
		s.left = n + m + n;
		CU_ASSERT_STRING_EQUAL(next_outcome(&s).rule, "pass");
		got = next_outcome(&s);
		if (strcmp(messages[i].rule, "more") == 0)
			continue; /* what follows belongs to it */
		CU_ASSERT_TRUE(as_wanted(&messages[i], &got, "between"));
		if (messages[i].closes ||
		    strcmp(messages[i].name, "dblreq") == 0)
			continue;
		CU_ASSERT_STRING_EQUAL(next_outcome(&s).rule, "pass");
	}
}

/* dblreq: on a stream the INVITE behind the REGISTER is a request too. */
static void second_request_of_dblreq_is_its_own(void)
{
	char text[LONGEST];
	struct stream s = {.in = {text, 0}, .step = 7};

	if (!there())
		return;
	s.left = load("dblreq", text);
	CU_ASSERT_STRING_EQUAL(next_outcome(&s).rule, "pass");
	CU_ASSERT_STRING_EQUAL(next_outcome(&s).rule, "pass");
	CU_ASSERT_STRING_EQUAL(next_outcome(&s).rule, "not-sip");
}

/* baddn has no empty line; with one it is whole, and refused. */
static void baddn_with_its_empty_line_is_refused(void)
{
	char text[LONGEST];
	struct stream s = {.in = {text, 0}, .step = LONGEST};

	if (!there())
		return;
	s.left = load("baddn", text);
	memcpy(text + s.left, "\r\n", 2);
	s.left += 2;
	CU_ASSERT_EQUAL(next_outcome(&s).status, 400);
}

/* intmeth is refused for its NUL alone. */
static void intmeth_without_its_nul_passes(void)
{
	char text[LONGEST], *nul;
	struct stream s = {.in = {text, 0}, .step = LONGEST};

	if (!there())
		return;
	s.left = load("intmeth", text);
	nul = memchr(text, '\0', s.left);
	CU_ASSERT_PTR_NOT_NULL_FATAL(nul);
	*nul = '0';
	CU_ASSERT_STRING_EQUAL(next_outcome(&s).rule, "pass");
}

TEST_MAIN("sip/torture",
	  {"each of the 49 whole comes to its expected end", whole},
	  {"each of the 49 byte by byte comes to the same", byte_by_byte},
	  {"messages in the same segment are not disturbed",
	   neighbours_are_not_disturbed},
	  {"the second request of dblreq is one of its own",
	   second_request_of_dblreq_is_its_own},
	  {"baddn with its empty line is refused",
	   baddn_with_its_empty_line_is_refused},
	  {"intmeth without its NUL passes", intmeth_without_its_nul_passes})
