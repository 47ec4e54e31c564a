/*
 * headers.c - writes a message that passes through, with a few lines changed.
 */
#include "sip/headers.h"

#include "chars.h"
#include "headers_private.h"
#include "parts.h"

#include <errno.h>

/* Longest decimal int and the field around it. */
#define MAX_FORWARDS_ROOM 32

void put_via(struct buf *out, struct slice element, struct slice mark)
{
	const char *from = element.p;
	struct part_via via;
	struct part_param p;
	struct slice rest;

	if (!mark.p || parts_via(&via, element)) {
		buf_add(out, element);
		return;
	}
	for (rest = via.params; parts_param(&rest, &p) == 0;) {
		if (!slice_ieq(p.name, SLICE("received")) &&
		    !slice_ieq(p.name, SLICE("rport")))
			continue;
		put_range(out, from, p.whole.p);
		from = p.whole.p + p.whole.n;
	}
	put_range(out, from, element.p + element.n);
	buf_add(out, mark);
}

/* Leave out the first elements of a line, or the line when none remains. */
static void drop_elements(struct writer *w, unsigned i, struct slice rest)
{
	rest = slice_skip_space(rest);
	if (rest.n == 0)
		writer_drop(w, i);
	else
		writer_cut(w, writer_at(w, w->f->line[i].value), rest.p);
}

/* The whole way back is said anew, where it was said. */
static void replace_via(struct writer *w, unsigned i)
{
	writer_drop(w, i);
	if (!w->via_done)
		buf_add(w->out, w->rw->vias);
	w->via_done = true;
}

/* RFC 3261 §16.7 step 3: our Via comes off; §18.2.1: received is ours to
 * say. */
static void write_via(struct writer *w, unsigned i)
{
	struct slice rest = frame_value(w->f, i);
	struct slice element = frame_list_next(&rest);

	if (w->rw->no_vias || w->rw->vias.p) {
		replace_via(w, i);
		return;
	}
	if (w->via_done)
		return;
	w->via_done = true;
	if (w->rw->pop_via) {
		drop_elements(w, i, rest);
		return;
	}
	if (!w->rw->via_mark.p)
		return;
	writer_cut(w, element.p, element.p + element.n);
	put_via(w->out, element, w->rw->via_mark);
}

/* RFC 3261 §16.4: Route values that named us come off. */
static void write_route(struct writer *w, unsigned i)
{
	struct slice rest = frame_value(w->f, i);

	while (w->routes > 0 && rest.p) {
		frame_list_next(&rest);
		w->routes--;
	}
	drop_elements(w, i, rest);
}

static void put_hops(struct writer *w)
{
	buf_puts(w->out, "Max-Forwards: ");
	buf_u64(w->out, w->rw->max_forwards == REWRITE_NO_HOPS
				? 0
				: (uint64_t)w->rw->max_forwards);
	buf_puts(w->out, "\r\n");
	w->hops_written = true;
}

/* RFC 3261 §16.6 step 3 */
static void write_hops(struct writer *w, unsigned i)
{
	writer_drop(w, i);
	if (!w->hops_written)
		put_hops(w);
}

/* RFC 3261 §16.6 step 4, RFC 3327 §5.1: ours come before those that are
 * there. */
static void add_top(struct writer *w, const char *before)
{
	w->top_added = true;
	if (!w->rw->add_top.p)
		return;
	writer_cut(w, before, before);
	buf_add(w->out, w->rw->add_top);
}

static void write_call_id(struct writer *w, unsigned i)
{
	struct slice value = frame_value(w->f, i);

	writer_cut(w, value.p, value.p + value.n);
	buf_add(w->out, w->rw->call_id);
}

/* A line of a field that is touched. */
static void write_line(struct writer *w, unsigned i)
{
	enum field field = w->f->line[i].field;

	if ((w->rw->drop & FIELD_BIT(field)) ||
	    (w->rw->slim && headers_too_much(w, i)))
		writer_drop(w, i);
	else if (field == FIELD_VIA)
		write_via(w, i);
	else if (field == FIELD_ROUTE && w->routes > 0)
		write_route(w, i);
	else if (field == FIELD_MAX_FORWARDS && w->rw->max_forwards != 0)
		write_hops(w, i);
	else if (field == FIELD_CONTACT &&
		 (w->rw->contact.p || w->rw->no_contacts ||
		  w->rw->few_contacts))
		headers_contact(w, i);
	else if (field == FIELD_CALL_ID && w->rw->call_id.p)
		write_call_id(w, i);
	else if (field == FIELD_REASON && w->rw->no_reason_text)
		headers_reason(w, i);
}

/* Most lines pass as they came: one look at a set tells which. */
static void write_lines(struct writer *w)
{
	const struct frame_line *l = w->f->line;

	for (unsigned i = 0; i < w->f->lines; i++) {
		if (!w->top_added && l[i].field != FIELD_VIA)
			add_top(w, writer_at(w, l[i].start));
		if (w->touched & FIELD_BIT(l[i].field))
			write_line(w, i);
	}
}

static uint64_t field_if(bool touched, enum field field)
{
	return touched ? FIELD_BIT(field) : 0;
}

static bool touches_via(const struct rewrite *rw)
{
	return rw->pop_via || rw->via_mark.p || rw->no_vias || rw->vias.p;
}

static uint64_t touched_by(const struct rewrite *rw)
{
	if (rw->slim)
		return UINT64_MAX;
	return rw->drop | field_if(touches_via(rw), FIELD_VIA) |
	       field_if(rw->pop_routes > 0, FIELD_ROUTE) |
	       field_if(rw->max_forwards != 0, FIELD_MAX_FORWARDS) |
	       field_if(rw->contact.p || rw->no_contacts || rw->few_contacts,
			FIELD_CONTACT) |
	       field_if(rw->call_id.p, FIELD_CALL_ID) |
	       field_if(rw->no_reason_text, FIELD_REASON);
}

/* RFC 3261 §7.1 */
static int write_request_uri(struct writer *w, struct slice line)
{
	size_t sp = slice_index(line, ' ');

	if (sp == SIZE_MAX || w->f->response)
		return EBADMSG;
	writer_cut(w, line.p + sp + 1, memrchr(line.p, ' ', line.n));
	buf_add(w->out, w->rw->request_uri);
	return 0;
}

/* RFC 3261 §7.2 */
static int write_reason_phrase(struct writer *w, struct slice line)
{
	size_t sp = slice_index(line, ' ');
	struct slice rest;
	size_t digits;

	if (sp == SIZE_MAX || !w->f->response)
		return EBADMSG;
	rest = slice_from(line, sp + 1);
	digits = chars_span(rest, CHAR_DIGIT);
	if (digits == 0)
		return EBADMSG;
	writer_cut(w, rest.p + digits, line.p + line.n - 2);
	buf_puts(w->out, " ");
	buf_add(w->out, w->rw->reason);
	return 0;
}

static void write_our_via(struct writer *w, struct rewritten *where,
			  size_t base)
{
	struct slice via = w->rw->via;
	const char *cookie = memmem(via.p, via.n, ";branch=", 8);

	buf_puts(w->out, "Via: ");
	if (where && cookie)
		where->branch = (uint32_t)(w->out->n - base + 8 +
					   (size_t)(cookie - via.p));
	buf_add(w->out, via);
	buf_puts(w->out, "\r\n");
	if (where)
		where->rest = (uint32_t)(w->out->n - base);
}

/* The start line, and our Via in front of everything else. */
static int write_start(struct writer *w, struct rewritten *where, size_t base)
{
	struct slice line = {w->f->bytes.p, w->f->start_end};
	int error = 0;

	w->copied = line.p;
	if (w->rw->request_uri.p)
		error = write_request_uri(w, line);
	if (!error && w->rw->reason.p)
		error = write_reason_phrase(w, line);
	if (error)
		return error;
	writer_cut(w, line.p + line.n, line.p + line.n);
	if (w->rw->via.p)
		write_our_via(w, where, base);
	return 0;
}

/* What stands behind the last field, the empty line and the body. */
static void write_end(struct writer *w)
{
	const struct frame *f = w->f;
	const char *end = writer_at(w, f->head_end - 2);

	if (!w->top_added)
		add_top(w, end);
	writer_cut(w, end, end);
	if (w->rw->max_forwards != 0 && !w->hops_written)
		put_hops(w);
	buf_add(w->out, w->rw->add_end);
	put_range(w->out, end, f->bytes.p + f->bytes.n);
}

/* The longest that can become of it but for a second Contact, so that the
 * buffer grows once. */
static size_t room_for(const struct frame *f, const struct rewrite *rw)
{
	return f->bytes.n + rw->request_uri.n + rw->via.n + rw->via_mark.n +
	       rw->add_top.n + rw->add_end.n + rw->reason.n + rw->vias.n +
	       rw->contact.n + rw->call_id.n + MAX_FORWARDS_ROOM + 16;
}

static bool has_via(const struct rewrite *rw, const struct writer *w)
{
	return w->via_done ||
	       (!rw->pop_via && !rw->via_mark.p && !rw->vias.p) ||
	       (rw->drop & FIELD_BIT(FIELD_VIA));
}

int headers_write(struct buf *out, const struct frame *f,
		  const struct rewrite *rw, struct rewritten *where)
{
	size_t base = out->n;
	struct writer w = {
		.out = out,
		.f = f,
		.rw = rw,
		.touched = touched_by(rw),
		.routes = rw->pop_routes,
	};
	int error;

	buf_reserve(out, room_for(f, rw));
	if (where)
		*where = (struct rewritten){0};
	error = write_start(&w, where, base);
	if (error)
		goto out;
	write_lines(&w);
	write_end(&w);
	if (w.routes > 0 || !has_via(rw, &w))
		error = EBADMSG;
	if (out->failed)
		return ENOMEM;
out:
	if (error)
		out->n = base;
	return error;
}
