/*
 * report.c: sections of named lines, for people or as JSON.
 */
#include "edgectl.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAY_MAX	   1024
#define NAME_WIDTH 22

struct report {
	bool json;
	json_t *root, *section;
	struct buf line;
};

struct report *report_begin(bool json)
{
	struct report *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->json = json;
	if (json)
		r->root = json_object();
	return r;
}

/* The verdict is one object, every other section a list. */
void report_section(struct report *r, const char *name)
{
	if (!r->json) {
		for (const char *p = name; *p; p++)
			putchar(*p == '_' ? ' ' : *p);
		putchar('\n');
		return;
	}
	r->section = json_object_get(r->root, name);
	if (r->section)
		return;
	r->section = strcmp(name, "verdict") ? json_array() : json_object();
	json_object_set_new(r->root, name, r->section);
}

void plain_add(struct buf *b, struct slice s)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		char hex[4] = {'\\', 'x', digits[c >> 4], digits[c & 15]};

		if (c < 0x20 || c > 0x7e)
			buf_add(b, (struct slice){hex, 4});
		else
			buf_add(b, (struct slice){s.p + i, 1});
	}
}

json_t *plain_json(const char *text)
{
	struct buf b = {0};
	json_t *made;

	plain_add(&b, slice_of(text));
	made = json_stringn(b.p ? b.p : "", b.failed ? 0 : b.n);
	buf_fini(&b);
	return made;
}

static struct slice plain(struct report *r, struct slice s)
{
	buf_reset(&r->line);
	plain_add(&r->line, s);
	return buf_slice(&r->line);
}

static json_t *json_plain(struct report *r, struct slice s)
{
	s = plain(r, s);
	return json_stringn(s.p ? s.p : "", s.n);
}

void report_line(struct report *r, struct slice name, struct slice text)
{
	json_t *item;
	int width;

	if (json_is_object(r->section)) {
		item = json_plain(r, text);
		name = plain(r, name);
		json_object_setn_new(r->section, name.p, name.n, item);
		return;
	}
	if (r->json) {
		item = json_object();
		json_object_set_new(item, "name", json_plain(r, name));
		json_object_set_new(item, "text", json_plain(r, text));
		json_array_append_new(r->section, item);
		return;
	}
	name = plain(r, name);
	width = name.n < NAME_WIDTH ? NAME_WIDTH - (int)name.n : 0;
	printf("  %.*s%*s ", SLICE_ARG(name), width, "");
	text = plain(r, text);
	printf("%.*s\n", SLICE_ARG(text));
}

static struct slice say(char out[SAY_MAX], const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static struct slice say(char out[SAY_MAX], const char *fmt, va_list ap)
{
	int n = vsnprintf(out, SAY_MAX, fmt, ap);

	if (n < 0)
		n = 0;
	if (n >= SAY_MAX)
		n = SAY_MAX - 1;
	return (struct slice){.p = out, .n = (size_t)n};
}

void report_say(struct report *r, const char *name, const char *fmt, ...)
{
	char text[SAY_MAX];
	struct slice s;
	va_list ap;

	va_start(ap, fmt);
	s = say(text, fmt, ap);
	va_end(ap);
	report_line(r, slice_of(name), s);
}

void report_step(struct report *r, bool good, const char *name, const char *fmt,
		 ...)
{
	char text[SAY_MAX];
	struct slice s;
	json_t *item;
	va_list ap;

	va_start(ap, fmt);
	s = say(text, fmt, ap);
	va_end(ap);
	if (!r->json) {
		s = plain(r, s);
		printf("%-4s  %-12s %.*s\n", good ? "ok" : "FAIL", name,
		       SLICE_ARG(s));
		fflush(stdout);
		return;
	}
	if (!r->section)
		report_section(r, "steps");
	item = json_object();
	json_object_set_new(item, "ok", json_boolean(good));
	json_object_set_new(item, "step", json_string(name));
	json_object_set_new(item, "text", json_plain(r, s));
	json_array_append_new(r->section, item);
}

int report_end(struct report **rp, int status)
{
	struct report *r = *rp;

	*rp = NULL;
	if (r->json) {
		json_object_set_new(r->root, "exit", json_integer(status));
		json_dumpf(r->root, stdout, JSON_INDENT(2));
		fputc('\n', stdout);
		json_decref(r->root);
	}
	buf_fini(&r->line);
	free(r);
	return status;
}
