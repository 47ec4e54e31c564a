/* SPDX-License-Identifier: Apache-2.0 */
/* federation_test.c - whose domain a partner may speak for. */
#include "policy_kit.h"

#include "policy/federation.h"

static void without_federation_there_is_no_way_out(void)
{
	const struct partner_settings *partner = NULL;
	struct settings s = {0};

	CU_ASSERT_EQUAL(federation_way(&partner, &s, SLICE("p.example")),
			WAY_NONE);
}

TEST_MAIN("policy/federation", {"without federation there is no way out",
				without_federation_there_is_no_way_out})
