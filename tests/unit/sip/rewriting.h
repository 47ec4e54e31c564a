/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file rewriting.h
 * What the tests of sip/headers share: from text to what is written of it.
 */
#ifndef TESTS_UNIT_SIP_REWRITING_H
#define TESTS_UNIT_SIP_REWRITING_H

#include "kit.h"
#include "sip/headers.h"

#include <errno.h>

#define HEAD "INVITE sip:b@example.com SIP/2.0\r\n"
#define ENDS                                                                   \
	"From: <sip:a@b.c>;tag=1\r\nTo: <sip:d@e.f>\r\nCall-ID: x\r\n"         \
	"CSeq: 9 INVITE\r\n"
#define BODY "l: 4\r\n\r\nb\r\n\n"

static char written[4096];

/* Write text changed; the result is kept in `written`. */
static inline int rewrite_text(const char *text, const struct rewrite *rw,
			       struct rewritten *where)
{
	struct buf out = {0};
	struct frame f;
	int error;

	buf_puts(&out, "before");
	CU_ASSERT_EQUAL_FATAL(framer_index(&f, slice_of(text)), 0);
	error = headers_write(&out, &f, rw, where);
	snprintf(written, sizeof(written), "%.*s", (int)out.n - 6, out.p + 6);
	CU_ASSERT_EQUAL(memcmp(out.p, "before", 6), 0);
	buf_fini(&out);
	return error;
}

static inline bool becomes(const char *text, const struct rewrite *rw,
			   const char *wanted)
{
	if (rewrite_text(text, rw, NULL) == 0 && strcmp(written, wanted) == 0)
		return true;
	printf("# got:\n%s# wanted:\n%s", written, wanted);
	return false;
}

#endif
