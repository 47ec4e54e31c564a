/*
 * b64_test.c - base64url: RFC 4648's own examples, and one spelling only.
 */
#include "base/b64.h"

#include "cunit_main.h"

#include <errno.h>

static void rfc_4648_examples(void)
{
	static const struct {
		const char *plain, *coded;
	} rows[] = {
		{"", ""},
		{"f", "Zg"},
		{"fo", "Zm8"},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg"},
		{"fooba", "Zm9vYmE"},
		{"foobar", "Zm9vYmFy"},
		{"\xff\xef\xbe", "_---"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct slice coded = slice_of(rows[i].coded);
		size_t len = strlen(rows[i].plain), n;
		uint8_t back[8];
		char out[16];

		n = b64_encode(out, (const uint8_t *)rows[i].plain, len);
		CU_ASSERT_EQUAL(n, B64_LEN(len));
		CU_ASSERT_TRUE(slice_eq((struct slice){out, n}, coded));
		CU_ASSERT_EQUAL(b64_decode(back, sizeof(back), &n, coded), 0);
		CU_ASSERT_EQUAL(n, len);
		CU_ASSERT_EQUAL(memcmp(back, rows[i].plain, len), 0);
	}
}

static void every_byte_comes_back(void)
{
	uint8_t in[256], back[256];
	char out[B64_LEN(256)];
	size_t n;

	for (unsigned i = 0; i < 256; i++)
		in[i] = (uint8_t)(i * 37);
	for (size_t len = 0; len <= 256; len++) {
		size_t coded = b64_encode(out, in, len);

		CU_ASSERT_EQUAL(b64_decode(back, sizeof(back), &n,
					   (struct slice){out, coded}),
				0);
		CU_ASSERT_EQUAL(n, len);
		CU_ASSERT_EQUAL(memcmp(in, back, len), 0);
	}
}

static void strays_are_refused(void)
{
	static const char *const bad[] = {
		"Zg==", "Zm8=", "Zm9v\n", " Zm9v",   "Zm+v",
		"Zm/v", "Z",	"Zm9vY",  "Zm9\xff", "Zm.v",
	};
	uint8_t out[16];
	size_t n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(b64_decode(out, sizeof(out), &n,
					   slice_of(bad[i])),
				EINVAL);
}

/* "Zg" and "Zh" would both be "f" to a lenient reader. */
static void spare_bits_must_be_zero(void)
{
	uint8_t out[16];
	size_t n;

	CU_ASSERT_EQUAL(b64_decode(out, sizeof(out), &n, SLICE("Zh")), EINVAL);
	CU_ASSERT_EQUAL(b64_decode(out, sizeof(out), &n, SLICE("Zm9")), EINVAL);
	CU_ASSERT_EQUAL(b64_decode(out, sizeof(out), &n, SLICE("Zm8")), 0);
}

static void too_little_room_is_told(void)
{
	uint8_t out[2];
	size_t n;

	CU_ASSERT_EQUAL(b64_decode(out, 2, &n, SLICE("Zm9v")), ENOSPC);
	CU_ASSERT_EQUAL(b64_decode(out, 2, &n, SLICE("Zm8")), 0);
	CU_ASSERT_EQUAL(b64_decode(out, 0, &n, SLICE("")), 0);
}

TEST_MAIN("base/b64", {"the examples of RFC 4648 hold", rfc_4648_examples},
	  {"every byte and length comes back", every_byte_comes_back},
	  {"padding and stray characters are refused", strays_are_refused},
	  {"spare bits must be zero", spare_bits_must_be_zero},
	  {"too little room is told", too_little_room_is_told})
