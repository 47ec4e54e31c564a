/* SPDX-License-Identifier: Apache-2.0 */
/* boundary_test.c - what does not cross, and what does. */
#include "policy/boundary.h"

#include "cunit_main.h"

static const struct boundary_fact {
	enum field field;
	bool inward, outward; /* left out */
} facts[] = {
	{FIELD_PATH, true, false},
	{FIELD_SERVICE_ROUTE, true, true},
	{FIELD_RECORD_ROUTE, true, true},
	{FIELD_P_ASSERTED_IDENTITY, true, false},
	{FIELD_P_PREFERRED_IDENTITY, true, false},
	{FIELD_REMOTE_PARTY_ID, true, false},
	{FIELD_DIVERSION, true, false},
	{FIELD_HISTORY_INFO, true, false},
	{FIELD_FLOW_TIMER, true, false},
};

static bool has(enum boundary_way way, enum field field)
{
	return boundary_drop(way, PEER_USER) & FIELD_BIT(field);
}

static void listed_fields_stay(void)
{
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++) {
		const struct boundary_fact *f = &facts[i];

		CU_ASSERT_EQUAL(has(BOUNDARY_INWARD, f->field), f->inward);
		CU_ASSERT_EQUAL(has(BOUNDARY_OUTWARD, f->field), f->outward);
	}
}

/* What a message cannot do without, and what passes through untouched. */
static void other_fields_cross(void)
{
	static const enum field kept[] = {
		FIELD_OTHER,	      FIELD_VIA,
		FIELD_FROM,	      FIELD_TO,
		FIELD_CALL_ID,	      FIELD_CSEQ,
		FIELD_CONTACT,	      FIELD_MAX_FORWARDS,
		FIELD_CONTENT_LENGTH, FIELD_CONTENT_TYPE,
		FIELD_EXPIRES,	      FIELD_REQUIRE,
		FIELD_SUPPORTED,      FIELD_AUTHORIZATION,
		FIELD_RETRY_AFTER,    FIELD_WWW_AUTHENTICATE,
		FIELD_ROUTE,
	};

	for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++) {
		CU_ASSERT_FALSE(has(BOUNDARY_INWARD, kept[i]));
		CU_ASSERT_FALSE(has(BOUNDARY_OUTWARD, kept[i]));
	}
}

TEST_MAIN("policy/boundary",
	  {"a field of the table does not cross", listed_fields_stay},
	  {"what a message needs crosses both ways", other_fields_cross})
