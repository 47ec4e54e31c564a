/*
 * frame.c - the line index of one message, and how it is read.
 */
#include "frame.h"

#include "chars.h"
#include "field.h"

#include <errno.h>

/* Behind the CRLF that ends the line at `at`, folded lines included. */
static size_t field_end(struct slice head, size_t at)
{
	const char *nl;

	do {
		nl = memchr(head.p + at, '\n', head.n - at);
		if (!nl)
			return 0;
		at = (size_t)(nl - head.p) + 1;
	} while (at < head.n && (head.p[at] == ' ' || head.p[at] == '\t'));
	return at;
}

/* RFC 3261 §7.3.1, §25.1: HCOLON = *( SP / HTAB ) ":" SWS */
static bool index_field(struct frame_line *l, struct slice head)
{
	struct slice rest = slice_from(head, l->start);
	size_t name = chars_span(rest, CHAR_TOKEN), at = name;

	while (at < rest.n && (rest.p[at] == ' ' || rest.p[at] == '\t'))
		at++;
	if (name == 0 || at == rest.n || rest.p[at] != ':')
		return false;
	at += l->start + 1;
	while (at < l->end && char_is_space(head.p[at]))
		at++;
	l->value = (uint32_t)(at < l->end ? at : l->end - 2);
	l->field = (uint8_t)field_by_name((struct slice){rest.p, name});
	return true;
}

const char *frame_index_head(struct frame *out, struct slice bytes,
			     size_t limit, uint32_t most)
{
	struct slice head = {bytes.p, limit};
	size_t at = field_end(head, 0);
	struct frame_line *l;

	out->bytes = bytes;
	out->response = head.n > 4 && memcmp(head.p, "SIP/", 4) == 0;
	out->start_end = out->head_end = (uint32_t)at;
	out->lines = 0;
	while (at > 0 && at < head.n && head.p[at] != '\r') {
		if (out->lines >= most || out->lines >= FRAMER_LINES_MAX)
			return "too-many-headers";
		l = &out->line[out->lines];
		l->start = (uint32_t)at;
		at = field_end(head, at);
		l->end = (uint32_t)at;
		if (at == 0 || !index_field(l, head))
			return "header-name";
		out->lines++;
	}
	out->head_end = (uint32_t)(at + 2 <= head.n ? at + 2 : head.n);
	return NULL;
}

int framer_index(struct frame *out, struct slice bytes)
{
	if (frame_index_head(out, bytes, bytes.n, FRAMER_LINES_MAX))
		return EBADMSG;
	if (out->head_end < 4 ||
	    memcmp(bytes.p + out->head_end - 4, "\r\n\r\n", 4) != 0)
		return EBADMSG;
	return 0;
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

/* Behind the quoted string, <...> or comment that begins at `at`. */
static size_t skip_group(struct slice s, size_t at)
{
	char close = s.p[at] == '"' ? '"' : s.p[at] == '<' ? '>' : ')';

	for (at++; at < s.n && s.p[at] != close; at++) {
		if (s.p[at] == '\\' && close != '>')
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

/* The next byte that may end an element or open a group. */
static size_t plain_end(struct slice s, size_t at)
{
	static const bool marks[256] = {
		[','] = true, ['"'] = true, ['<'] = true, ['('] = true};

	while (at < s.n && !marks[(unsigned char)s.p[at]])
		at++;
	return at;
}

struct slice frame_list_next(struct slice *rest)
{
	struct slice s = *rest, element;
	size_t at = plain_end(s, 0);

	while (at < s.n && s.p[at] != ',')
		at = plain_end(s,
			       opens_group(s, at) ? skip_group(s, at) : at + 1);
	element = (struct slice){s.p, at};
	*rest = at < s.n ? slice_from(s, at + 1) : (struct slice){NULL, 0};
	return slice_trim(element);
}
