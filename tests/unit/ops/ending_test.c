/*
 * ending_test.c - certificates of ours that end are told in time. Link-time
 * fakes: the doors, the log.
 */
#include "ops/ending.h"

#include "cunit_main.h"

#include "base/log.h"
#include "cert/certs.h"

#include <stdarg.h>

static struct cert shown[4];
static size_t n_shown;
static char told[2048];

void tlsctx_each_shown(const struct tlsctx *t, tlsctx_shown_fn *fn, void *arg)
{
	CU_ASSERT_PTR_NULL(t);
	for (size_t i = 0; i < n_shown; i++)
		fn(shown[i].x509, arg);
}

void log_event(enum log_level level, const char *id, const char *verb,
	       const char *fmt, ...)
{
	size_t n = strlen(told);
	va_list ap;

	CU_ASSERT_STRING_EQUAL(id, "edge");
	n += (size_t)snprintf(told + n, sizeof(told) - n, "%s%s ",
			      level == LOG_LEVEL_ERROR ? "!" : "", verb);
	va_start(ap, fmt);
	vsnprintf(told + n, sizeof(told) - n, fmt, ap);
	va_end(ap);
}

const char *log_text(char out[LOG_TEXT_MAX], struct slice s)
{
	snprintf(out, LOG_TEXT_MAX, "%.*s", SLICE_ARG(s));
	return out;
}

static void show(const char *cn, long starts_d, long ends_d)
{
	cert_make(&shown[n_shown++],
		  &(struct cert_order){.cn = cn,
				       .san = "DNS:a.example.com",
				       .starts_s = starts_d * CERT_DAY_S,
				       .ends_s = ends_d * CERT_DAY_S + 60},
		  NULL);
}

static void tell(void)
{
	told[0] = '\0';
	ending_tell(NULL, (uint64_t)time(NULL));
	while (n_shown > 0)
		cert_free(&shown[--n_shown]);
}

static void one_that_has_long_to_go_is_not_told(void)
{
	show("good", -10, 80);
	tell();
	CU_ASSERT_STRING_EQUAL(told, "");
}

static void one_that_ends_soon_is_told_with_its_day(void)
{
	show("good", -10, 80);
	show("soon", -70, 20);
	tell();
	CU_ASSERT_PTR_EQUAL(strstr(told, "certificate-expires "), told);
	CU_ASSERT_PTR_NOT_NULL(strstr(told, "subject=/CN=soon sha256="));
	CU_ASSERT_PTR_NOT_NULL(strstr(told, "20 days left"));
}

static void one_that_ends_within_the_week_is_an_error(void)
{
	show("soon", -85, 5);
	tell();
	CU_ASSERT_PTR_EQUAL(strstr(told, "!certificate-expires "), told);
}

static void one_that_has_ended_or_has_not_begun_is_an_error(void)
{
	show("over", -90, -1);
	tell();
	CU_ASSERT_PTR_EQUAL(strstr(told, "!certificate-expired "), told);
	show("early", 1, 90);
	tell();
	CU_ASSERT_PTR_EQUAL(strstr(told, "!certificate-early "), told);
}

TEST_MAIN("ops/ending",
	  {"one that has long to go is not told",
	   one_that_has_long_to_go_is_not_told},
	  {"one that ends soon is told with its day",
	   one_that_ends_soon_is_told_with_its_day},
	  {"one that ends within the week is an error",
	   one_that_ends_within_the_week_is_an_error},
	  {"one that has ended or has not begun is an error",
	   one_that_has_ended_or_has_not_begun_is_an_error})
