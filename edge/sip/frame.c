/*
 * frame.c - the line index of one message, and how it is read.
 */
#include "frame.h"

#include "chars.h"
#include "field.h"

#include <errno.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Behind the LF that ends the line at `at`; 0 when none does. */
static size_t line_end(struct slice head, size_t at)
{
	const char *nl = memchr(head.p + at, '\n', head.n - at);

	return nl ? (size_t)(nl - head.p) + 1 : 0;
}

/* Does a line that begins at `at` continue the one before? */
static bool continues(struct slice head, size_t at)
{
	return at > 0 && at < head.n && is_blank(head.p[at]);
}

/* Behind the CRLF that ends the line at `at`, folded lines included. */
static inline size_t field_end(struct slice head, size_t at, bool *folded)
{
	at = line_end(head, at);
	while (continues(head, at)) {
		*folded = true;
		at = line_end(head, at);
	}
	return at;
}

/*
 * RFC 3261 §7.3.1, §25.1: HCOLON = *( SP / HTAB ) ":" SWS
 *
 * No length is looked at before the colon: the LF at the field's end stops
 * whatever runs up to it.
 */
static bool index_field(struct frame_line *l, struct slice head)
{
	const char *name = head.p + l->start, *end = head.p + l->end, *p = name;
	size_t n;

	while (char_is(*p, CHAR_TOKEN))
		p++;
	n = (size_t)(p - name);
	while (is_blank(*p))
		p++;
	if (n == 0 || *p != ':')
		return false;
	for (p++; p < end && char_is_space(*p); p++)
		;
	l->value = p < end ? (uint32_t)(p - head.p) : l->end - 2;
	l->field = (uint8_t)field_by_name((struct slice){name, n});
	return true;
}

static const char *index_head(struct frame *out, struct slice bytes,
			      size_t limit, uint32_t most, bool *folded)
{
	struct slice head = {bytes.p, limit};
	size_t at = field_end(head, 0, folded);
	struct frame_line *l = out->line, *last;

	last = l + (most < FRAMER_LINES_MAX ? most : FRAMER_LINES_MAX);
	out->bytes = bytes;
	out->response = head.n > 4 && memcmp(head.p, "SIP/", 4) == 0;
	out->start_end = out->head_end = (uint32_t)at;
	out->lines = 0;
	for (; at > 0 && at < head.n && head.p[at] != '\r'; l++) {
		if (l == last)
			return "too-many-headers";
		l->start = (uint32_t)at;
		at = field_end(head, at, folded);
		l->end = (uint32_t)at;
		if (at == 0 || !index_field(l, head))
			return "header-name";
		out->lines++;
	}
	out->head_end = (uint32_t)(at + 2 <= head.n ? at + 2 : head.n);
	return NULL;
}

const char *frame_index_head(struct frame *out, struct slice bytes,
			     size_t limit, uint32_t most)
{
	bool folded;

	return index_head(out, bytes, limit, most, &folded);
}

static bool ends_empty(const struct frame *f)
{
	return f->head_end >= 4 &&
	       memcmp(f->bytes.p + f->head_end - 4, "\r\n\r\n", 4) == 0;
}

bool frame_index_plain(struct frame *out, struct slice bytes, size_t limit,
		       uint32_t most)
{
	bool folded = false;

	limit = bytes.n < limit ? bytes.n : limit;
	if (index_head(out, bytes, limit, most, &folded) || folded)
		return false;
	return ends_empty(out) &&
	       chars_lines_clean((struct slice){bytes.p, out->head_end});
}

int framer_index(struct frame *out, struct slice bytes)
{
	if (frame_index_head(out, bytes, bytes.n, FRAMER_LINES_MAX))
		return EBADMSG;
	return ends_empty(out) ? 0 : EBADMSG;
}

struct slice frame_value(const struct frame *f, unsigned i)
{
	const struct frame_line *l = &f->line[i];
	struct slice s = {f->bytes.p + l->value, l->end - 2 - l->value};

	while (s.n > 0 && char_is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

int frame_find(const struct frame *f, enum field field, unsigned from)
{
	for (unsigned i = from; i < f->lines; i++) {
		if (f->line[i].field == field)
			return (int)i;
	}
	return -1;
}

/* The next such byte, or the end. */
static size_t index_from(struct slice s, size_t at, char c)
{
	const char *p = at < s.n ? memchr(s.p + at, c, s.n - at) : NULL;

	return p ? (size_t)(p - s.p) : s.n;
}

/* Behind the quoted string, <...> or comment that begins at `at`. */
static size_t skip_group(struct slice s, size_t at)
{
	char close = s.p[at] == '"' ? '"' : ')';

	if (s.p[at] == '<') {
		at = index_from(s, at, '>');
		return at < s.n ? at + 1 : s.n;
	}
	for (at++; at < s.n && s.p[at] != close; at++) {
		if (s.p[at] == '\\')
			at++;
	}
	return at < s.n ? at + 1 : s.n;
}

/* A parenthesis inside a word is part of a URI; behind a space, a comment. */
static bool opens_group(struct slice s, size_t at)
{
	char c = s.p[at];

	if (c == '"' || c == '<')
		return true;
	return c == '(' && (at == 0 || char_is_space(s.p[at - 1]));
}

/* Before `end`, the first byte that opens a group, or `end`. */
static size_t plain_end(struct slice s, size_t at, size_t end)
{
	static const bool marks[256] = {
		['"'] = true, ['<'] = true, ['('] = true};

	while (at < end &&
	       !(marks[(unsigned char)s.p[at]] && opens_group(s, at)))
		at++;
	return at;
}

/* The first comma that is in no group, or the end. Most values have none at
 * all; only what stands in front of one is looked at byte by byte. */
static size_t element_end(struct slice s)
{
	size_t at = 0, comma = index_from(s, 0, ',');

	while (comma < s.n) {
		at = plain_end(s, at, comma);
		if (at == comma)
			break;
		at = skip_group(s, at);
		if (at > comma)
			comma = index_from(s, at, ',');
	}
	return comma;
}

struct slice frame_list_next(struct slice *rest)
{
	struct slice s = *rest, element;
	size_t at = element_end(s);

	element = (struct slice){s.p, at};
	*rest = at < s.n ? slice_from(s, at + 1) : (struct slice){NULL, 0};
	return slice_trim(element);
}
