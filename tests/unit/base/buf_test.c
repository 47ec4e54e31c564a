/*
 * buf_test.c - bytes appended in order, and failure remembered.
 */
#include "base/buf.h"

#include "cunit_main.h"

static void appends_in_order(void)
{
	struct buf b = {0};

	buf_puts(&b, "SIP/2.0 ");
	buf_u64(&b, 200);
	buf_add(&b, SLICE(" OK"));
	CU_ASSERT_TRUE(slice_eq(buf_slice(&b), SLICE("SIP/2.0 200 OK")));
	buf_fini(&b);
	CU_ASSERT_PTR_NULL(b.p);
	CU_ASSERT_EQUAL(b.n, 0);
}

static void numbers_have_no_leading_zero(void)
{
	struct buf b = {0};

	buf_u64(&b, 0);
	buf_puts(&b, ",");
	buf_u64(&b, UINT64_MAX);
	CU_ASSERT_TRUE(
		slice_eq(buf_slice(&b), SLICE("0,18446744073709551615")));
	buf_fini(&b);
}

static void grows_far_beyond_its_first_size(void)
{
	struct buf b = {0};
	size_t wrong = 0;

	for (unsigned i = 0; i < 100000; i++)
		buf_add(&b, (struct slice){&"0123456789"[i % 10], 1});
	CU_ASSERT_EQUAL(b.n, 100000);
	for (unsigned i = 0; i < 100000; i++)
		wrong += b.p[i] != (char)('0' + i % 10);
	CU_ASSERT_EQUAL(wrong, 0);
	buf_fini(&b);
}

static void reserved_room_can_be_written_at_once(void)
{
	struct buf b = {0};
	char *to;

	buf_puts(&b, "ab");
	to = buf_reserve(&b, 5000);
	CU_ASSERT_PTR_NOT_NULL_FATAL(to);
	CU_ASSERT_EQUAL(b.n, 2);
	memset(to, 'x', 5000);
	b.n += 5000;
	CU_ASSERT_EQUAL(b.p[0], 'a');
	CU_ASSERT_EQUAL(b.p[5001], 'x');
	CU_ASSERT_PTR_EQUAL(buf_reserve(&b, 0), b.p + b.n);
	buf_fini(&b);
}

static void consumed_bytes_leave_from_the_front(void)
{
	struct buf b = {0};

	buf_puts(&b, "abcdef");
	buf_consume(&b, 0);
	buf_consume(&b, 2);
	CU_ASSERT_TRUE(slice_eq(buf_slice(&b), SLICE("cdef")));
	buf_consume(&b, 4);
	CU_ASSERT_EQUAL(b.n, 0);
	buf_puts(&b, "g");
	CU_ASSERT_TRUE(slice_eq(buf_slice(&b), SLICE("g")));
	buf_fini(&b);
}

static void nothing_appended_is_no_harm(void)
{
	struct buf b = {0};

	buf_add(&b, (struct slice){0});
	buf_puts(&b, "");
	CU_ASSERT_EQUAL(b.n, 0);
	CU_ASSERT_FALSE(b.failed);
	buf_consume(&b, 0);
	buf_fini(&b);
	buf_fini(&b);
}

static void failure_is_remembered(void)
{
	struct buf b = {0};

	buf_puts(&b, "kept");
	CU_ASSERT_PTR_NULL(buf_reserve(&b, SIZE_MAX));
	CU_ASSERT_TRUE(b.failed);
	buf_puts(&b, "lost");
	CU_ASSERT_PTR_NULL(buf_reserve(&b, 1));
	CU_ASSERT_TRUE(slice_eq(buf_slice(&b), SLICE("kept")));
	buf_fini(&b);
	CU_ASSERT_FALSE(b.failed);
}

TEST_MAIN("base/buf",
	  {"bytes and numbers are appended in order", appends_in_order},
	  {"numbers have no leading zero", numbers_have_no_leading_zero},
	  {"it grows far beyond its first size",
	   grows_far_beyond_its_first_size},
	  {"reserved room can be written at once",
	   reserved_room_can_be_written_at_once},
	  {"consumed bytes leave from the front",
	   consumed_bytes_leave_from_the_front},
	  {"nothing appended does no harm", nothing_appended_is_no_harm},
	  {"failure is remembered until the end", failure_is_remembered})
