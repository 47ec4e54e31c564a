/*
 * Writes down each message that a lab program sends or receives.
 */
#include "kit/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kit/frame.h"
#include "kit/text.h"

static int open_append(int *fd, const char *path)
{
	*fd = -1;
	if (!path)
		return 0;
	*fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	return *fd < 0 ? errno : 0;
}

int trace_open(struct trace *t, const char *name, const char *lines,
	       const char *dump)
{
	int err;

	t->name = name;
	t->dump_fd = -1;
	err = open_append(&t->lines_fd, lines);
	return err ? err : open_append(&t->dump_fd, dump);
}

static void put(int fd, const struct text *line)
{
	/* A full disk must not change what the peers do. */
	if (write(fd, line->data, line->len) < 0)
		perror("trace");
}

static void add_field(struct text *line, const char *value, size_t len)
{
	text_add(line, "\t%.*s", (int)len, value ? value : "-");
}

static void add_header(struct text *line, const struct trace_entry *e,
		       const char *name, char compact)
{
	size_t len = 1;
	const char *value = frame_header(e->bytes, e->len, name, compact, &len);

	add_field(line, value, value ? len : 1);
}

static void write_line(const struct trace *t, const struct trace_entry *e)
{
	struct text line = {0};
	struct timespec now;
	const char *end = memchr(e->bytes, '\r', e->len);

	clock_gettime(CLOCK_REALTIME, &now);
	text_add(&line, "%lld%06ld\t%s\t%s\t%s\t%s", (long long)now.tv_sec,
		 now.tv_nsec / 1000, t->name, e->sent ? "sent" : "got",
		 e->transport, e->peer);
	add_field(&line, e->bytes, end ? (size_t)(end - e->bytes) : e->len);
	add_header(&line, e, "Call-ID", 'i');
	add_header(&line, e, "CSeq", 0);
	text_add(&line, "\n");
	put(t->lines_fd, &line);
	text_fini(&line);
}

static void write_dump(const struct trace *t, const struct trace_entry *e)
{
	struct text out = {0};

	text_add(&out, "---- %s %s %s %s\r\n", t->name,
		 e->sent ? "sent" : "got", e->transport, e->peer);
	text_add_bytes(&out, e->bytes, e->len);
	text_add(&out, "\r\n");
	put(t->dump_fd, &out);
	text_fini(&out);
}

void trace_message(const struct trace *t, const struct trace_entry *e)
{
	if (t->lines_fd >= 0)
		write_line(t, e);
	if (t->dump_fd >= 0)
		write_dump(t, e);
}

void trace_say(const struct trace *t, const char *fmt, ...)
{
	struct timespec now;
	struct tm local;
	char clock[16];
	va_list args;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &local);
	strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	printf("%s.%06ld %s ", clock, now.tv_nsec / 1000, t->name);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void trace_close(struct trace *t)
{
	close_fd(&t->lines_fd);
	close_fd(&t->dump_fd);
}
