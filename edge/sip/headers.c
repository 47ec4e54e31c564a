/*
 * headers.c - writes a message that passes through, with a few lines changed.
 *
 * The received bytes are copied in runs as long as possible: `copied` is the
 * first byte not written yet, and a line that changes ends the run before it.
 */
#include "sip/headers.h"

#include "chars.h"
#include "parts.h"
#include "put.h"

#include <errno.h>

/* Longest decimal int and the field around it. */
#define MAX_FORWARDS_ROOM 32

/* One message on its way out. */
struct writer {
	struct buf *out;
	const struct frame *f;
	const struct rewrite *rw;
	const char *copied; /* everything before it is dealt with */
	unsigned routes;    /* Route values still to be taken off */
	bool via_done;	    /* the top Via was met */
	bool top_added;
	bool hops_written;
};

static const char *at(const struct writer *w, uint32_t offset)
{
	return w->f->bytes.p + offset;
}

/* End the run in front of a place, and go on behind another. */
static void cut_out(struct writer *w, const char *from, const char *to)
{
	put_range(w->out, w->copied, from);
	w->copied = to;
}

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

/* Leave out a whole line. */
static void drop_line(struct writer *w, unsigned i)
{
	cut_out(w, at(w, w->f->line[i].start), at(w, w->f->line[i].end));
}

/* Leave out the first elements of a line, or the line when none remains. */
static void drop_elements(struct writer *w, unsigned i, struct slice rest)
{
	rest = slice_skip_space(rest);
	if (rest.n == 0)
		drop_line(w, i);
	else
		cut_out(w, at(w, w->f->line[i].value), rest.p);
}

/* RFC 3261 §16.7 step 3: our Via comes off; §18.2.1: received is ours to
 * say. */
static void write_top_via(struct writer *w, unsigned i)
{
	struct slice rest = frame_value(w->f, i);
	struct slice element = frame_list_next(&rest);

	w->via_done = true;
	if (w->rw->pop_via) {
		drop_elements(w, i, rest);
		return;
	}
	if (!w->rw->via_mark.p)
		return;
	cut_out(w, element.p, element.p + element.n);
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
	drop_line(w, i);
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
	cut_out(w, before, before);
	buf_add(w->out, w->rw->add_top);
}

static void write_line(struct writer *w, unsigned i)
{
	enum field field = w->f->line[i].field;

	if (field != FIELD_VIA && !w->top_added)
		add_top(w, at(w, w->f->line[i].start));
	if (w->rw->drop & FIELD_BIT(field))
		drop_line(w, i);
	else if (field == FIELD_VIA && !w->via_done)
		write_top_via(w, i);
	else if (field == FIELD_ROUTE && w->routes > 0)
		write_route(w, i);
	else if (field == FIELD_MAX_FORWARDS && w->rw->max_forwards != 0)
		write_hops(w, i);
}

/* The start line, and our Via in front of everything else. */
static int write_start(struct writer *w, struct rewritten *where, size_t base)
{
	struct slice line = {w->f->bytes.p, w->f->start_end};
	const char *cookie;
	size_t sp;

	w->copied = line.p;
	if (w->rw->request_uri.p) {
		sp = slice_index(line, ' ');
		if (sp == SIZE_MAX || w->f->response)
			return EBADMSG;
		cut_out(w, line.p + sp + 1, memrchr(line.p, ' ', line.n));
		buf_add(w->out, w->rw->request_uri);
	}
	cut_out(w, line.p + line.n, line.p + line.n);
	if (!w->rw->via.p)
		return 0;
	buf_puts(w->out, "Via: ");
	cookie = memmem(w->rw->via.p, w->rw->via.n, ";branch=", 8);
	if (where && cookie)
		where->branch = (uint32_t)(w->out->n - base + 8 +
					   (size_t)(cookie - w->rw->via.p));
	buf_add(w->out, w->rw->via);
	buf_puts(w->out, "\r\n");
	if (where)
		where->rest = (uint32_t)(w->out->n - base);
	return 0;
}

/* What stands behind the last field, the empty line and the body. */
static void write_end(struct writer *w)
{
	const struct frame *f = w->f;
	const char *end = at(w, f->head_end - 2);

	if (!w->top_added)
		add_top(w, end);
	cut_out(w, end, end);
	if (w->rw->max_forwards != 0 && !w->hops_written)
		put_hops(w);
	buf_add(w->out, w->rw->add_end);
	put_range(w->out, end, f->bytes.p + f->bytes.n);
}

/* The longest that can become of it, so that the buffer grows once. */
static size_t room_for(const struct frame *f, const struct rewrite *rw)
{
	return f->bytes.n + rw->request_uri.n + rw->via.n + rw->via_mark.n +
	       rw->add_top.n + rw->add_end.n + MAX_FORWARDS_ROOM + 16;
}

static bool has_via(const struct rewrite *rw, const struct writer *w)
{
	return w->via_done || (!rw->pop_via && !rw->via_mark.p) ||
	       (rw->drop & FIELD_BIT(FIELD_VIA));
}

int headers_write(struct buf *out, const struct frame *f,
		  const struct rewrite *rw, struct rewritten *where)
{
	size_t base = out->n;
	struct writer w = {
		.out = out, .f = f, .rw = rw, .routes = rw->pop_routes};
	int error;

	buf_reserve(out, room_for(f, rw));
	if (where)
		*where = (struct rewritten){0};
	error = write_start(&w, where, base);
	if (error)
		goto out;
	for (unsigned i = 0; i < f->lines; i++)
		write_line(&w, i);
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
