/* SPDX-License-Identifier: Apache-2.0 */
/* token_nonce_test.c - a nonce comes back to who was asked, and in time. */
#include "token_place.h"

#include <errno.h>

#define CONN  UINT64_C(0x0102030405060708)
#define FIVE  UINT64_C(300)
#define LATER (NOON + DAY + 1)

static struct token_pen *pen;
static char nonce[TOKEN_NONCE_LEN];

static int asked(uint64_t conn, uint64_t wall_s)
{
	return token_nonce_check(
		pen, conn, (struct slice){nonce, sizeof(nonce)}, wall_s, FIVE);
}

static void nonce_is_good_for_a_while_where_it_was_asked(void)
{
	fresh_dir();
	pen = pen_at(NOON);
	token_nonce_mint(pen, CONN, NOON, nonce);
	CU_ASSERT_EQUAL(asked(CONN, NOON), 0);
	CU_ASSERT_EQUAL(asked(CONN, NOON + FIVE), 0);
	/* The clock was set back. */
	CU_ASSERT_EQUAL(asked(CONN, NOON - DAY), 0);
	CU_ASSERT_EQUAL(asked(CONN, NOON + FIVE + 1), ETIME);
	CU_ASSERT_EQUAL(asked(CONN + 1, NOON), ETIME);
	token_pen_destroy(&pen);
	remove_dir();
}

static void nonce_outlives_a_restart_and_its_key(void)
{
	fresh_dir();
	pen = pen_at(NOON);
	token_nonce_mint(pen, CONN, LATER - 2, nonce);
	token_pen_destroy(&pen);
	pen = pen_at(LATER);
	CU_ASSERT_EQUAL(asked(CONN, LATER), 0);
	token_pen_destroy(&pen);
	remove_dir();
	/* Another edge never asked. */
	fresh_dir();
	pen = pen_at(LATER);
	CU_ASSERT_EQUAL(asked(CONN, LATER), EBADMSG);
	token_pen_destroy(&pen);
	remove_dir();
}

static void changed_nonce_is_not_ours(void)
{
	char branch[TOKEN_BRANCH_LEN], word[TOKEN_MAX];
	struct token t = sample((struct slice){0});

	fresh_dir();
	pen = pen_at(NOON);
	token_nonce_mint(pen, CONN, NOON, nonce);
	for (size_t i = 0; i < sizeof(nonce); i++) {
		nonce[i] ^= 1;
		CU_ASSERT_EQUAL(asked(CONN, NOON), EBADMSG);
		nonce[i] ^= 1;
	}
	CU_ASSERT_EQUAL(asked(CONN, NOON), 0);
	for (size_t n = 0; n < sizeof(nonce); n++)
		CU_ASSERT_EQUAL(token_nonce_check(pen, CONN,
						  (struct slice){nonce, n},
						  NOON, FIVE),
				EBADMSG);
	/* What is signed for something else is no nonce. */
	token_branch_mint(pen, &branch_sample, branch);
	CU_ASSERT_EQUAL(token_nonce_check(pen, CONN,
					  (struct slice){branch + 7,
							 sizeof(branch) - 7},
					  NOON, FIVE),
			EBADMSG);
	CU_ASSERT_EQUAL(
		token_nonce_check(pen, CONN,
				  (struct slice){word, mint(pen, &t, word)},
				  NOON, FIVE),
		EBADMSG);
	token_pen_destroy(&pen);
	remove_dir();
}

TEST_MAIN("token/token_nonce",
	  {"a nonce is good for a while, where it was asked",
	   nonce_is_good_for_a_while_where_it_was_asked},
	  {"a nonce outlives a restart and its key",
	   nonce_outlives_a_restart_and_its_key},
	  {"a changed nonce is not ours", changed_nonce_is_not_ours})
