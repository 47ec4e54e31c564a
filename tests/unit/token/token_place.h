/**
 * @file token_place.h
 * A folder for a key ring, a pen for it, and what the tests write with it.
 */
#ifndef TESTS_UNIT_TOKEN_PLACE_H
#define TESTS_UNIT_TOKEN_PLACE_H

#include "token/token.h"

#include "cunit_main.h"

#include <unistd.h>

#define NOON  1700000000ULL
#define DAY   86400ULL
#define KEEP  28800ULL
#define MAX_S 28800ULL

static char root[64], dir[80], file[96], why[WHY_MAX];

static inline void fresh_dir(void)
{
	snprintf(root, sizeof(root), "/tmp/token_test.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
	snprintf(dir, sizeof(dir), "%s/state", root);
	snprintf(file, sizeof(file), "%s/token-keys", dir);
}

static inline void remove_dir(void)
{
	unlink(file);
	rmdir(dir);
	rmdir(root);
}

static inline struct token_pen *pen_at(uint64_t wall_s)
{
	const struct token_keys *k = NULL;
	struct token_pen *pen = NULL;

	CU_ASSERT_EQUAL_FATAL(token_keys_open(&k, dir, wall_s, KEEP, why), 0);
	CU_ASSERT_EQUAL_FATAL(token_pen_create(&pen, k), 0);
	token_keys_unref(&k);
	CU_ASSERT_PTR_NULL(k);
	return pen;
}

static inline struct token sample(struct slice sealed)
{
	return (struct token){
		.kind = TOKEN_DIALOG,
		.conn = 0x0102030405060708ULL,
		.who = 0x1112131415161718ULL,
		.dialog = 0xf1f2f3f4f5f6f7f8ULL,
		.issued_s = NOON,
		.sealed = sealed,
	};
}

static const struct token_branch branch_sample = {
	.worker = 200,
	.slot = 0xfffffffe,
	.generation = 0x01020304,
	.loop = 0x8182838485868788ULL,
};

static inline size_t mint(struct token_pen *pen, const struct token *t,
			  char *out)
{
	size_t n = token_mint(pen, t, out);

	CU_ASSERT_FATAL(n > 0 && n <= TOKEN_MAX);
	return n;
}

static inline int check(struct token_pen *pen, struct token *out, const char *p,
			size_t n, uint64_t wall_s)
{
	static char scratch[TOKEN_SEALED_MAX];

	return token_check(pen, out, (struct slice){p, n}, wall_s, MAX_S,
			   scratch);
}

#endif
