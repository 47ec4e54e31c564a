/*
 * headers_lists.c - fields whose values stay, change or go one by one: Contact
 * and Reason.
 */
#include "chars.h"
#include "headers_private.h"
#include "parts.h"

/* One line's values, gone through from left to right. */
struct values {
	struct writer *w;
	unsigned line;
	struct slice rest;
	const char *end; /* of the value before this one */
	bool kept;	 /* one stays: the next ones need their comma */
};

static struct values values_of(struct writer *w, unsigned i)
{
	struct values v = {.w = w, .line = i, .rest = frame_value(w->f, i)};

	v.end = v.rest.p;
	return v;
}

/* It stays, and is now the first one when those before it went. */
static void value_keep(struct values *v, struct slice value)
{
	if (!v->kept)
		writer_cut(v->w, writer_at(v->w, v->w->f->line[v->line].value),
			   value.p);
	v->kept = true;
	v->end = value.p + value.n;
}

/* It goes, with the comma before it; the comma behind it goes when the next
 * value that stays becomes the first. */
static void value_drop(struct values *v, struct slice value)
{
	if (v->kept)
		writer_cut(v->w, v->end, value.p + value.n);
	v->end = value.p + value.n;
}

static void values_end(struct values *v)
{
	if (!v->kept)
		writer_drop(v->w, v->line);
}

static bool is_star(struct slice value)
{
	return value.n == 1 && value.p[0] == '*';
}

/* RFC 3261 §20.10: without <>, parameters of our URI would be read as those of
 * the header field. */
static void put_contact(struct writer *w, struct slice value, struct slice uri)
{
	bool bare = uri.p == value.p;

	writer_cut(w, uri.p, uri.p + uri.n);
	if (bare)
		buf_puts(w->out, "<");
	buf_add(w->out, w->rw->contact);
	if (bare)
		buf_puts(w->out, ">");
}

static void write_contact(struct values *v, struct slice value)
{
	struct writer *w = v->w;
	unsigned n = w->contacts++;
	bool gone = n < 32 ? w->rw->no_contacts >> n & 1 : w->rw->few_contacts;
	bool plain = !w->rw->contact.p || is_star(value);
	struct part_addr addr;

	/* What cannot be read cannot be hidden. */
	if (gone || (!plain && parts_addr(&addr, value))) {
		value_drop(v, value);
		return;
	}
	value_keep(v, value);
	if (!plain)
		put_contact(w, value, addr.uri);
}

void headers_contact(struct writer *w, unsigned i)
{
	struct values v = values_of(w, i);

	while (v.rest.p)
		write_contact(&v, frame_list_next(&v.rest));
	values_end(&v);
}

/* A cause is a number, an extension a word; a host or address has one of these
 * in it. */
static bool names_host(struct slice value)
{
	return slice_index(value, '.') != SIZE_MAX ||
	       slice_index(value, ':') != SIZE_MAX;
}

/* RFC 3326 §2: reason-value = protocol *(SEMI reason-params) */
static void write_reason(struct values *v, struct slice value)
{
	struct slice rest = slice_from(value, chars_span(value, CHAR_TOKEN));
	struct slice from = rest;
	struct part_param p;

	if (rest.n == value.n) {
		value_drop(v, value);
		return;
	}
	value_keep(v, value);
	for (; parts_param(&rest, &p) == 0; from = rest) {
		if (slice_ieq(p.name, SLICE("text")) || names_host(p.value))
			writer_cut(v->w, from.p, rest.p);
	}
	/* What cannot be read may be a text. */
	writer_cut(v->w, from.p, value.p + value.n);
}

void headers_reason(struct writer *w, unsigned i)
{
	struct values v = values_of(w, i);

	while (v.rest.p)
		write_reason(&v, frame_list_next(&v.rest));
	values_end(&v);
}
