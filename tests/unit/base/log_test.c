/*
 * log_test.c - one line an event, safe, limited, and never waiting.
 *
 * Standard error is a pipe of ours; the clock below takes the place of the
 * room's own.
 */
#include "base/log.h"
#include "base/now.h"

#include "cunit_main.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define START_MS 1700000000123ULL

static uint64_t clock_ms = START_MS;
static int reader = -1;
static char said[1 << 17];

uint64_t now_mono_ms(void)
{
	return clock_ms;
}

uint64_t now_wall_ms(void)
{
	return clock_ms;
}

uint64_t now_wall_s(void)
{
	return clock_ms / 1000;
}

/* The log opens standard error at its first line, so once is enough. */
static void capture(void)
{
	int p[2];

	clock_ms += 10000;
	log_set_level(LOG_LEVEL_INFO);
	if (reader >= 0)
		return;
	CU_ASSERT_EQUAL_FATAL(pipe2(p, O_CLOEXEC), 0);
	reader = p[0];
	fcntl(reader, F_SETFL, O_NONBLOCK);
	CU_ASSERT_EQUAL_FATAL(dup2(p[1], STDERR_FILENO), STDERR_FILENO);
	close(p[1]);
}

/* All that was logged since the last call. */
static const char *heard(void)
{
	size_t n = 0;
	ssize_t r;

	while ((r = read(reader, said + n, sizeof(said) - 1 - n)) > 0)
		n += (size_t)r;
	said[n] = '\0';
	return said;
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		n++;
	}
	return n;
}

static void an_event_is_one_line(void)
{
	capture();
	clock_ms = START_MS;
	log_event(LOG_LEVEL_INFO, "w0c12", "accept", "peer=%s port=%d",
		  "192.0.2.1", 5061);
	CU_ASSERT_STRING_EQUAL(heard(), "2023-11-14T22:13:20.123Z w0c12 accept "
					"peer=192.0.2.1 port=5061\n");
	log_event(LOG_LEVEL_ERROR, "main", "stop", "%s", "");
	CU_ASSERT_STRING_EQUAL(heard(), "2023-11-14T22:13:20.123Z main stop\n");
}

static void louder_lines_are_not_written(void)
{
	capture();
	log_set_level(LOG_LEVEL_NOTICE);
	CU_ASSERT_TRUE(log_wanted(LOG_LEVEL_ERROR));
	CU_ASSERT_TRUE(log_wanted(LOG_LEVEL_NOTICE));
	CU_ASSERT_FALSE(log_wanted(LOG_LEVEL_INFO));
	log_event(LOG_LEVEL_INFO, "x", "quiet", "a=1");
	CU_ASSERT_STRING_EQUAL(heard(), "");
	log_set_level(LOG_LEVEL_DEBUG);
	log_event(LOG_LEVEL_DEBUG, "x", "loud", "a=1");
	CU_ASSERT_EQUAL(count(heard(), " x loud a=1\n"), 1);
}

static void levels_have_names(void)
{
	enum log_level level = LOG_LEVEL_ERROR;

	CU_ASSERT_EQUAL(log_level_parse(&level, SLICE("debug")), 0);
	CU_ASSERT_EQUAL(level, LOG_LEVEL_DEBUG);
	CU_ASSERT_EQUAL(log_level_parse(&level, SLICE("error")), 0);
	CU_ASSERT_EQUAL(level, LOG_LEVEL_ERROR);
	CU_ASSERT_EQUAL(log_level_parse(&level, SLICE("Debug")), EINVAL);
	CU_ASSERT_EQUAL(log_level_parse(&level, SLICE("")), EINVAL);
}

static void a_line_cannot_be_broken(void)
{
	static char big[5000];
	const char *text;

	capture();
	log_event(LOG_LEVEL_INFO, "x", "forge", "a=%s", "1\nx forged\r\x1b[2J");
	text = heard();
	CU_ASSERT_EQUAL(count(text, "\n"), 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "a=1?x forged??[2J\n"));
	memset(big, 'b', sizeof(big) - 1);
	log_event(LOG_LEVEL_INFO, "x", "long", "a=%s", big);
	text = heard();
	CU_ASSERT_EQUAL(count(text, "\n"), 1);
	CU_ASSERT_EQUAL(strlen(text), 2047);
	CU_ASSERT_PTR_NOT_NULL(strstr(text, "bb...\n"));
}

static void peer_bytes_are_escaped(void)
{
	char out[LOG_TEXT_MAX];

	CU_ASSERT_STRING_EQUAL(log_text(out, SLICE("a b\"c=d\\e\r\n\x7f\xff")),
			       "a\\x20b\\x22c\\x3dd\\x5ce\\x0d\\x0a\\x7f\\xff");
	CU_ASSERT_STRING_EQUAL(log_text(out, (struct slice){"\0x", 2}),
			       "\\x00x");
	CU_ASSERT_STRING_EQUAL(log_text(out, (struct slice){0}), "");
	CU_ASSERT_STRING_EQUAL(log_text(out, SLICE("sip:alice@example.com;x~")),
			       "sip:alice@example.com;x~");
}

static void long_peer_bytes_are_cut(void)
{
	char out[LOG_TEXT_MAX], in[300];

	memset(in, 'a', sizeof(in));
	CU_ASSERT_EQUAL(strlen(log_text(out, (struct slice){in, 255})), 255);
	CU_ASSERT_EQUAL(out[254], 'a');
	CU_ASSERT_EQUAL(strlen(log_text(out, (struct slice){in, 256})), 255);
	CU_ASSERT_STRING_EQUAL(out + 251, "a...");
	memset(in, '\n', sizeof(in));
	log_text(out, (struct slice){in, sizeof(in)});
	CU_ASSERT_TRUE(strlen(out) < LOG_TEXT_MAX);
	CU_ASSERT_STRING_EQUAL(out + strlen(out) - 7, "\\x0a...");
}

static void a_flood_is_counted_and_told(void)
{
	const char *text;

	capture();
	for (int i = 0; i < 120; i++)
		log_event(LOG_LEVEL_INFO, "x", "flood", "i=%d", i);
	log_event(LOG_LEVEL_INFO, "x", "other", "i=1");
	text = heard();
	CU_ASSERT_EQUAL(count(text, " x flood "), 50);
	CU_ASSERT_EQUAL(count(text, " x other "), 1);
	CU_ASSERT_EQUAL(count(text, "suppressed"), 0);
	clock_ms += 1000;
	log_event(LOG_LEVEL_INFO, "x", "flood", "i=again");
	text = heard();
	CU_ASSERT_EQUAL(count(text, "log suppressed verb=flood lines=70\n"), 1);
	CU_ASSERT_EQUAL(count(text, " x flood i=again\n"), 1);
}

static void debug_is_not_limited(void)
{
	capture();
	log_set_level(LOG_LEVEL_DEBUG);
	for (int i = 0; i < 200; i++)
		log_event(LOG_LEVEL_DEBUG, "x", "trace", "i=%d", i);
	CU_ASSERT_EQUAL(count(heard(), " x trace "), 200);
}

static unsigned dropped(const char *text)
{
	static const char mark[] = "log dropped lines=";
	unsigned n = 0;

	while ((text = strstr(text, mark))) {
		text += sizeof(mark) - 1;
		n += (unsigned)strtoul(text, NULL, 10);
	}
	return n;
}

static void a_reader_that_stops_costs_lines_not_time(void)
{
	unsigned got, lost;
	const char *text;

	capture();
	log_set_level(LOG_LEVEL_DEBUG);
	for (int i = 0; i < 3000; i++)
		log_event(LOG_LEVEL_DEBUG, "x", "stuck", "pad=%0100d", i);
	text = heard();
	got = count(text, " x stuck ");
	lost = dropped(text);
	CU_ASSERT_TRUE(got > 100 && got < 3000);
	log_event(LOG_LEVEL_DEBUG, "x", "after", "a=1");
	text = heard();
	CU_ASSERT_EQUAL(count(text, "\n"), 2);
	CU_ASSERT_EQUAL(got + lost + dropped(text), 3000);
	/* The pipe itself stays as others made it. */
	CU_ASSERT_EQUAL(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
}

static void what_would_be_left_out_is_known_before(void)
{
	const char *text;

	capture();
	log_set_level(LOG_LEVEL_NOTICE);
	clock_ms += 5000;
	CU_ASSERT_FALSE(log_admits(LOG_LEVEL_INFO, "wave"));
	for (int i = 0; i < 60; i++) {
		bool admits = log_admits(LOG_LEVEL_NOTICE, "wave");

		CU_ASSERT_EQUAL(admits, i < 50);
		if (admits)
			log_event(LOG_LEVEL_NOTICE, "w0", "wave", "n=%d", i);
	}
	clock_ms += 1000;
	CU_ASSERT_TRUE(log_admits(LOG_LEVEL_NOTICE, "wave"));
	log_event(LOG_LEVEL_NOTICE, "w0", "wave", "n=last");
	text = heard();
	CU_ASSERT_EQUAL(count(text, "w0 wave n="), 51);
	CU_ASSERT_EQUAL(count(text, "log suppressed verb=wave lines=10\n"), 1);
	log_set_level(LOG_LEVEL_INFO);
}

TEST_MAIN("base/log",
	  {"what would be left out is known before",
	   what_would_be_left_out_is_known_before},
	  {"an event is one line, stamped with the time", an_event_is_one_line},
	  {"lines above the level are not written",
	   louder_lines_are_not_written},
	  {"levels have names", levels_have_names},
	  {"no text can break a line or make it endless",
	   a_line_cannot_be_broken},
	  {"peer bytes are escaped", peer_bytes_are_escaped},
	  {"long peer bytes are cut", long_peer_bytes_are_cut},
	  {"a flood of one verb is counted and told later",
	   a_flood_is_counted_and_told},
	  {"debug lines are not limited", debug_is_not_limited},
	  {"a reader that stops costs lines, not time",
	   a_reader_that_stops_costs_lines_not_time})
