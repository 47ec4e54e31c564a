/*
 * slice_test.c - borrowed bytes compared, cut and converted.
 */
#include "base/slice.h"

#include "cunit_main.h"

#include <errno.h>

static void absent_and_empty_are_equal(void)
{
	struct slice none = slice_of(NULL);

	CU_ASSERT_PTR_NULL(none.p);
	CU_ASSERT_EQUAL(none.n, 0);
	CU_ASSERT_TRUE(slice_eq(none, SLICE("")));
	CU_ASSERT_TRUE(slice_ieq(none, SLICE("")));
	CU_ASSERT_FALSE(slice_eq(none, SLICE("a")));
}

static void case_folds_in_ascii_only(void)
{
	CU_ASSERT_TRUE(slice_ieq(SLICE("VIA:z@["), SLICE("via:Z@[")));
	CU_ASSERT_FALSE(slice_eq(SLICE("VIA"), SLICE("via")));
	CU_ASSERT_FALSE(slice_ieq(SLICE("@"), SLICE("`")));
	CU_ASSERT_FALSE(slice_ieq(SLICE("["), SLICE("{")));
	CU_ASSERT_FALSE(slice_ieq(SLICE("\xc4"), SLICE("\xe4")));
	CU_ASSERT_FALSE(slice_ieq(SLICE("via"), SLICE("vias")));
}

static void hosts_compare_as_dns_does(void)
{
	struct slice host = SLICE("Sip.Example.COM");

	CU_ASSERT_TRUE(slice_same_host(host, SLICE("sip.example.com.")));
	CU_ASSERT_TRUE(slice_same_host(SLICE("sip.example.com."), host));
	CU_ASSERT_FALSE(slice_same_host(host, SLICE("sip.example.com..")));
	CU_ASSERT_FALSE(slice_same_host(host, SLICE("sip.example.co")));
	CU_ASSERT_FALSE(slice_same_host(SLICE(""), SLICE("")));
	CU_ASSERT_FALSE(slice_same_host(SLICE("."), SLICE("")));
	CU_ASSERT_FALSE(slice_same_host((struct slice){0}, SLICE("")));
}

static bool within(const char *name, const char *domain)
{
	return slice_host_within(slice_of(name), slice_of(domain));
}

static void a_domain_holds_itself_and_what_is_below(void)
{
	CU_ASSERT_TRUE(within("example.com", "EXAMPLE.com"));
	CU_ASSERT_TRUE(within("sip.example.com", "example.com."));
	CU_ASSERT_TRUE(within("a.b.example.com.", "example.com"));
	CU_ASSERT_FALSE(within("badexample.com", "example.com"));
	CU_ASSERT_FALSE(within("com", "example.com"));
	CU_ASSERT_FALSE(within("example.com.evil", "example.com"));
	CU_ASSERT_FALSE(within("example.com", ""));
	CU_ASSERT_FALSE(within("", ""));
}

static void white_space_is_cut_from_both_ends(void)
{
	CU_ASSERT_TRUE(
		slice_eq(slice_trim(SLICE(" \t\r\na b \n")), SLICE("a b")));
	CU_ASSERT_EQUAL(slice_trim(SLICE(" \r\n\t")).n, 0);
	CU_ASSERT_EQUAL(slice_trim((struct slice){0}).n, 0);
	CU_ASSERT_EQUAL(slice_trim(SLICE("\v")).n, 1);
}

static int number(uint32_t *v, const char *text)
{
	return slice_to_u32(v, slice_of(text));
}

static void numbers_are_digits_only(void)
{
	static const char *const bad[] = {
		"", "-1", "+1", " 1", "1 ", "0x1", "1.", "1e3", "99999999999x"};
	uint32_t v = 7;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(number(&v, bad[i]), EINVAL);
	CU_ASSERT_EQUAL(number(&v, "4294967296"), ERANGE);
	CU_ASSERT_EQUAL(number(&v, "99999999999999999999999999"), ERANGE);
	CU_ASSERT_EQUAL(v, 7);
	CU_ASSERT_EQUAL(number(&v, "4294967295"), 0);
	CU_ASSERT_EQUAL(v, UINT32_MAX);
	CU_ASSERT_EQUAL(number(&v, "000000000000000000000042"), 0);
	CU_ASSERT_EQUAL(v, 42);
}

static void a_byte_is_found_or_not(void)
{
	CU_ASSERT_EQUAL(slice_index(SLICE("a:b:c"), ':'), 1);
	CU_ASSERT_EQUAL(slice_index(SLICE("abc"), ':'), SIZE_MAX);
	CU_ASSERT_EQUAL(slice_index((struct slice){0}, ':'), SIZE_MAX);
}

static void copies_end_in_nul(void)
{
	char *copy = slice_dup((struct slice){"abcdef", 3});
	char *none = slice_dup((struct slice){0});

	CU_ASSERT_STRING_EQUAL(copy, "abc");
	CU_ASSERT_STRING_EQUAL(none, "");
	free(copy);
	free(none);
}

TEST_MAIN("base/slice",
	  {"an absent slice equals an empty one", absent_and_empty_are_equal},
	  {"case folds in ASCII only", case_folds_in_ascii_only},
	  {"hosts compare as DNS does", hosts_compare_as_dns_does},
	  {"a domain holds itself and what is below",
	   a_domain_holds_itself_and_what_is_below},
	  {"white space is cut from both ends",
	   white_space_is_cut_from_both_ends},
	  {"numbers are digits only and fit 32 bits", numbers_are_digits_only},
	  {"a byte is found, or not", a_byte_is_found_or_not},
	  {"copies end in NUL", copies_end_in_nul})
