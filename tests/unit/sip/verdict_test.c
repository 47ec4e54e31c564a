/* SPDX-License-Identifier: Apache-2.0 */
/* verdict_test.c - decisions say what they are, and no more. */
#include "cunit_main.h"
#include "sip/verdict.h"

#include <ctype.h>

static void each_maker_fills_what_it_names(void)
{
	struct verdict v = verdict_refuse(403, "not-ours");

	CU_ASSERT_EQUAL(v.kind, VERDICT_REFUSE);
	CU_ASSERT_EQUAL(v.status, 403);
	CU_ASSERT_STRING_EQUAL(v.rule, "not-ours");
	CU_ASSERT_PTR_NULL(v.extra.p);
	v = verdict_drop("stray");
	CU_ASSERT_EQUAL(v.kind, VERDICT_DROP);
	CU_ASSERT_EQUAL(v.status, 0);
	v = verdict_forward(TO_FLOW, "path");
	CU_ASSERT_EQUAL(v.kind, VERDICT_FORWARD);
	CU_ASSERT_EQUAL(v.to, TO_FLOW);
}

static void zeroed_verdict_passes_and_goes_nowhere(void)
{
	struct verdict v = {0};

	CU_ASSERT_EQUAL(v.kind, VERDICT_PASS);
	CU_ASSERT_EQUAL(v.to, TO_NOWHERE);
}

static void known_status_has_its_phrase(void)
{
	CU_ASSERT_STRING_EQUAL(verdict_reason(100), "Trying");
	CU_ASSERT_STRING_EQUAL(verdict_reason(430), "Flow Failed");
	CU_ASSERT_STRING_EQUAL(verdict_reason(483), "Too Many Hops");
	CU_ASSERT_STRING_EQUAL(verdict_reason(513), "Message Too Large");
}

static void any_status_has_a_printable_phrase(void)
{
	for (unsigned status = 0; status <= UINT16_MAX; status++) {
		const char *text = verdict_reason((uint16_t)status);
		size_t n = strlen(text);

		CU_ASSERT_TRUE_FATAL(n > 0 && n < 100);
		while (n > 0)
			CU_ASSERT_TRUE_FATAL(isprint(text[--n]));
	}
	CU_ASSERT_STRING_EQUAL(verdict_reason(499), "Request Failure");
	CU_ASSERT_STRING_EQUAL(verdict_reason(999), "Unknown");
}

TEST_MAIN("sip/verdict",
	  {"each maker fills what it names", each_maker_fills_what_it_names},
	  {"a zeroed verdict passes and goes nowhere",
	   zeroed_verdict_passes_and_goes_nowhere},
	  {"a known status has its phrase", known_status_has_its_phrase},
	  {"any status has a printable phrase",
	   any_status_has_a_printable_phrase})
