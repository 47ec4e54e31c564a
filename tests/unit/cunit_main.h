/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file cunit_main.h
 * The main() of every unit test: a table of sentences and functions.
 *
 *	TEST_MAIN("net/gate",
 *		{"a quiet peer gets its burst, then its rate", quiet_peer},
 *		{"a full table refuses newcomers", full_table})
 *
 * Each test prints one line, `ok NAME` or `not ok NAME: why`; CUnit's summary
 * closes. Exit status is 0 only when all passed. With an argument only the
 * sentences that contain it run. Programs are run from the project's root.
 */
#ifndef TESTS_UNIT_CUNIT_MAIN_H
#define TESTS_UNIT_CUNIT_MAIN_H

#include <CUnit/CUnit.h>
#include <CUnit/MyMem.h>
#include <CUnit/TestRun.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** One test: what it shows, said as a sentence, and the function. */
struct test_row {
	const char *sentence;
	void (*run)(void);
};

/** Set by test_skip() while a test runs. */
static const char *test_skipped;

/**
 * Say that this test cannot run here; the caller returns at once.
 *
 * @param why  the reason, printed; a string literal
 */
static inline void test_skip(const char *why)
{
	test_skipped = why;
}

static inline void test_print_failures(const CU_pFailureRecord first)
{
	const char *sep = ": ";

	for (CU_pFailureRecord f = first; f; f = f->pNext) {
		printf("%s%s:%u %s", sep, f->strFileName ? f->strFileName : "?",
		       f->uiLineNumber, f->strCondition ? f->strCondition : "");
		sep = "; ";
	}
}

static inline void test_done(const CU_pTest test, const CU_pSuite suite,
			     const CU_pFailureRecord first)
{
	const char *word = first ? "not ok" : test_skipped ? "skip" : "ok";

	printf("%s %s: %s", word, suite->pName, test->pName);
	if (first)
		test_print_failures(first);
	else if (test_skipped)
		printf(": %s", test_skipped);
	putchar('\n');
	fflush(stdout);
	test_skipped = NULL;
}

static inline int test_table_run(const char *name, const struct test_row *rows,
				 size_t n, const char *only)
{
	CU_pSuite suite;
	unsigned failed;
	char *summary;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return EXIT_FAILURE;
	suite = CU_add_suite(name, NULL, NULL);
	for (size_t i = 0; suite && i < n; i++) {
		if (!only || strstr(rows[i].sentence, only))
			CU_add_test(suite, rows[i].sentence, rows[i].run);
	}
	CU_set_test_complete_handler(test_done);
	CU_run_all_tests();
	failed = CU_get_number_of_tests_failed();
	summary = CU_get_run_results_string();
	printf("%s\n", summary ? summary : "");
	CU_FREE(summary);
	if (!suite || CU_get_number_of_tests_run() == 0)
		failed++;
	CU_cleanup_registry();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/** main() of a test program: suite name, then {sentence, function} rows. */
#define TEST_MAIN(suite_name, ...)                                             \
	int main(int argc, char **argv)                                        \
	{                                                                      \
		static const struct test_row rows[] = {__VA_ARGS__};           \
                                                                               \
		return test_table_run(suite_name, rows,                        \
				      sizeof(rows) / sizeof(rows[0]),          \
				      argc > 1 ? argv[1] : NULL);              \
	}

#endif
