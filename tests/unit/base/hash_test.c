/*
 * hash_test.c - SipHash-2-4 as published, and the ways it is used here.
 */
#include "base/hash.h"

#include "cunit_main.h"

static uint8_t key[16];
static char bytes[64];

static void fill(void)
{
	for (int i = 0; i < 16; i++)
		key[i] = (uint8_t)i;
	for (int i = 0; i < 64; i++)
		bytes[i] = (char)i;
}

/* From the authors' reference vectors, input 00 01 02 ... */
static void published_vectors(void)
{
	static const struct {
		size_t n;
		uint64_t want;
	} rows[] = {
		{0, 0x726fdb47dd0e0e31ULL},  {1, 0x74f839c593dc67fdULL},
		{7, 0xab0200f58b01d137ULL},  {8, 0x93f5f5799a932462ULL},
		{15, 0xa129ca6149be45e5ULL}, {16, 0x3f2acc7f57c29bdbULL},
		{63, 0x958a324ceb064572ULL},
	};

	fill();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CU_ASSERT_EQUAL(hash_keyed(key, 0,
					   (struct slice){bytes, rows[i].n}),
				rows[i].want);
}

static void chaining_minds_the_boundary(void)
{
	uint64_t ab = hash_bytes(hash_bytes(0, SLICE("ab")), SLICE("c"));
	uint64_t a = hash_bytes(hash_bytes(0, SLICE("a")), SLICE("bc"));

	CU_ASSERT_NOT_EQUAL(ab, a);
	CU_ASSERT_NOT_EQUAL(ab, hash_bytes(0, SLICE("abc")));
}

static void case_matters_only_when_asked(void)
{
	CU_ASSERT_EQUAL(hash_icase(3, SLICE("SIP.Example.com")),
			hash_icase(3, SLICE("sip.EXAMPLE.com")));
	CU_ASSERT_NOT_EQUAL(hash_bytes(3, SLICE("SIP")),
			    hash_bytes(3, SLICE("sip")));
	CU_ASSERT_EQUAL(hash_icase(0, SLICE("abc")),
			hash_bytes(0, SLICE("abc")));
}

static void long_text_counts_to_its_end(void)
{
	char a[600], b[600];

	memset(a, 'A', sizeof(a));
	memset(b, 'a', sizeof(b));
	CU_ASSERT_EQUAL(hash_icase(0, (struct slice){a, 512}),
			hash_icase(0, (struct slice){b, 512}));
	CU_ASSERT_NOT_EQUAL(hash_icase(0, (struct slice){a, 600}),
			    hash_icase(0, (struct slice){a, 599}));
	memset(b, 'A', sizeof(b));
	b[599] = 'B';
	CU_ASSERT_NOT_EQUAL(hash_icase(0, (struct slice){a, 600}),
			    hash_icase(0, (struct slice){b, 600}));
}

static void the_process_has_a_key_of_its_own(void)
{
	static const uint8_t zero[16];

	CU_ASSERT_NOT_EQUAL(hash_bytes(0, SLICE("x")),
			    hash_keyed(zero, 0, SLICE("x")));
	CU_ASSERT_EQUAL(hash_bytes(0, SLICE("x")), hash_bytes(0, SLICE("x")));
}

TEST_MAIN("base/hash", {"the published vectors hold", published_vectors},
	  {"chaining minds where one part ends", chaining_minds_the_boundary},
	  {"case matters, except when asked not to",
	   case_matters_only_when_asked},
	  {"long text counts to its end", long_text_counts_to_its_end},
	  {"the process has a key of its own",
	   the_process_has_a_key_of_its_own})
