/*
 * log.c - one line an event to standard error, never waiting for its reader.
 *
 * Threads share only atomics: a line is made on the stack and leaves in one
 * write(). Pipes and terminals are opened anew to have a non-blocking file
 * description of our own, since O_NONBLOCK on descriptor 2 itself would
 * change it for every program that shares it.
 */
#include "base/log.h"

#include "base/now.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_BYTES   2048 /* below PIPE_BUF: a line is written whole */
#define VERBS	     128
#define VERB_PER_S   50
#define STAMP_FORMAT "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ "

/** Where lines go. */
struct sink {
	int fd;
	bool is_socket; /* send() can be told not to wait */
	bool may_wait;	/* ask poll() first */
	bool stamped;	/* the journal has times of its own */
};

/** How many lines a verb had in this second. */
struct verb_count {
	_Atomic(const char *) verb;
	atomic_uint second, lines, suppressed;
};

static atomic_int max_level = LOG_LEVEL_INFO;
static atomic_uint dropped;
static atomic_uint told_s;
static struct verb_count verbs[VERBS];
static struct sink sink = {.fd = STDERR_FILENO, .may_wait = true};
static pthread_once_t sink_once = PTHREAD_ONCE_INIT;

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

void log_set_level(enum log_level max)
{
	atomic_store(&max_level, (int)max);
}

int log_level_parse(enum log_level *out, struct slice name)
{
	size_t n = sizeof(level_names) / sizeof(level_names[0]);

	for (size_t i = 0; i < n; i++) {
		if (slice_eq(name, slice_of(level_names[i]))) {
			*out = (enum log_level)i;
			return 0;
		}
	}
	return EINVAL;
}

bool log_wanted(enum log_level level)
{
	return (int)level <=
	       atomic_load_explicit(&max_level, memory_order_relaxed);
}

/* systemd.exec(5): JOURNAL_STREAM holds device:inode of the journal's end. */
static bool is_journal(const struct stat *st)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       dev == st->st_dev && ino == st->st_ino;
}

static void sink_open(void)
{
	struct stat st = {0};
	int fd;

	if (fstat(STDERR_FILENO, &st))
		return;
	sink.stamped = !is_journal(&st);
	sink.is_socket = S_ISSOCK(st.st_mode);
	if (sink.is_socket || S_ISREG(st.st_mode)) {
		sink.may_wait = false;
		return;
	}
	fd = open("/proc/self/fd/2",
		  O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return;
	sink.fd = fd;
	sink.may_wait = false;
}

static bool put(const char *line, size_t n)
{
	struct pollfd p = {.fd = sink.fd, .events = POLLOUT};
	ssize_t done;

	if (sink.may_wait && poll(&p, 1, 0) != 1)
		return false;
	do {
		done = sink.is_socket ? send(sink.fd, line, n,
					     MSG_DONTWAIT | MSG_NOSIGNAL)
				      : write(sink.fd, line, n);
	} while (done < 0 && errno == EINTR);
	return done == (ssize_t)n;
}

static size_t stamp(char *out, size_t cap)
{
	uint64_t ms = now_wall_ms();
	time_t s = (time_t)(ms / 1000);
	struct tm tm;
	int n;

	if (!sink.stamped || !gmtime_r(&s, &tm))
		return 0;
	n = snprintf(out, cap, STAMP_FORMAT, tm.tm_year + 1900, tm.tm_mon + 1,
		     tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		     (unsigned)(ms % 1000));
	return n > 0 && (size_t)n < cap ? (size_t)n : 0;
}

/* Whatever a caller forgot to escape must not end the line or move cursors. */
static size_t finish(char *line, size_t n)
{
	if (n > LINE_BYTES - 2) {
		n = LINE_BYTES - 2;
		memcpy(line + n - 3, "...", 3);
	}
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			line[i] = '?';
	}
	while (n > 0 && line[n - 1] == ' ')
		n--;
	line[n] = '\n';
	return n + 1;
}

__attribute__((format(printf, 3, 0))) static bool write_line(const char *id,
							     const char *verb,
							     const char *fmt,
							     va_list ap)
{
	char line[LINE_BYTES];
	size_t n = stamp(line, sizeof(line));
	int more =
		snprintf(line + n, sizeof(line) - n, "%.64s %.64s ", id, verb);

	n += more > 0 ? (size_t)more : 0;
	more = vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	n += more > 0 ? (size_t)more : 0;
	return put(line, finish(line, n));
}

__attribute__((format(printf, 2, 3))) static bool write_own(const char *verb,
							    const char *fmt,
							    ...)
{
	va_list ap;
	bool done;

	va_start(ap, fmt);
	done = write_line("log", verb, fmt, ap);
	va_end(ap);
	return done;
}

static struct verb_count *find_verb(const char *verb)
{
	size_t at = (uintptr_t)verb / 8 % VERBS;

	for (size_t i = 0; i < VERBS; i++) {
		struct verb_count *v = &verbs[(at + i) % VERBS];
		const char *seen = NULL;

		if (atomic_compare_exchange_strong(&v->verb, &seen, verb) ||
		    strcmp(seen, verb) == 0)
			return v;
	}
	return NULL;
}

static bool verb_may(const char *verb, unsigned now_s)
{
	struct verb_count *v = find_verb(verb);
	unsigned second;

	if (!v)
		return true;
	second = atomic_load(&v->second);
	if (second != now_s &&
	    atomic_compare_exchange_strong(&v->second, &second, now_s))
		atomic_store(&v->lines, 0);
	if (atomic_fetch_add(&v->lines, 1) < VERB_PER_S)
		return true;
	atomic_fetch_add(&v->suppressed, 1);
	return false;
}

bool log_admits(enum log_level level, const char *verb)
{
	struct verb_count *v;

	if (!log_wanted(level) || level == LOG_LEVEL_DEBUG)
		return log_wanted(level);
	v = find_verb(verb);
	if (!v || atomic_load(&v->second) != (unsigned)(now_mono_ms() / 1000) ||
	    atomic_load(&v->lines) < VERB_PER_S)
		return true;
	atomic_fetch_add(&v->suppressed, 1);
	return false;
}

/* Once a second, whoever logs first. */
static void tell_suppressed(unsigned now_s)
{
	unsigned told = atomic_load(&told_s);

	if (told == now_s ||
	    !atomic_compare_exchange_strong(&told_s, &told, now_s))
		return;
	for (size_t i = 0; i < VERBS; i++) {
		unsigned n = atomic_load(&verbs[i].suppressed);

		if (n == 0)
			continue;
		n = atomic_exchange(&verbs[i].suppressed, 0);
		write_own("suppressed", "verb=%s lines=%u",
			  atomic_load(&verbs[i].verb), n);
	}
}

static void tell_dropped(void)
{
	unsigned n;

	if (atomic_load_explicit(&dropped, memory_order_relaxed) == 0)
		return;
	n = atomic_exchange(&dropped, 0);
	if (n > 0 && !write_own("dropped", "lines=%u", n))
		atomic_fetch_add(&dropped, n);
}

void log_event(enum log_level level, const char *id, const char *verb,
	       const char *fmt, ...)
{
	unsigned now_s;
	va_list ap;

	if (!log_wanted(level))
		return;
	pthread_once(&sink_once, sink_open);
	now_s = (unsigned)(now_mono_ms() / 1000);
	tell_dropped();
	tell_suppressed(now_s);
	if (level != LOG_LEVEL_DEBUG && !verb_may(verb, now_s))
		return;
	va_start(ap, fmt);
	if (!write_line(id, verb, fmt, ap))
		atomic_fetch_add(&dropped, 1);
	va_end(ap);
}

static bool is_plain(unsigned char c)
{
	return c > 0x20 && c < 0x7f && c != '"' && c != '=' && c != '\\';
}

const char *log_text(char out[LOG_TEXT_MAX], struct slice s)
{
	static const char hex[] = "0123456789abcdef";
	size_t n = 0, fits = 0; /* fits: where "..." still has room */

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		size_t need = is_plain(c) ? 1 : 4;

		if (n + need > LOG_TEXT_MAX - 1) {
			memcpy(out + fits, "...", 4);
			return out;
		}
		if (need == 1) {
			out[n++] = (char)c;
		} else {
			out[n++] = '\\';
			out[n++] = 'x';
			out[n++] = hex[c >> 4];
			out[n++] = hex[c & 15];
		}
		if (n <= LOG_TEXT_MAX - 4)
			fits = n;
	}
	out[n] = '\0';
	return out;
}
