/*
 * headers_answer.c - messages of our own: answers, and the ACK or CANCEL that
 * follows a request we sent.
 */
#include "sip/headers.h"

#include "chars.h"
#include "parts.h"
#include "put.h"

#include <errno.h>

/* Copy a field as it came, its name and its folds too. */
static int put_line(struct buf *out, const struct frame *f, enum field field)
{
	int i = frame_find(f, field, 0);

	if (i < 0)
		return EBADMSG;
	put_range(out, f->bytes.p + f->line[i].start,
		  f->bytes.p + f->line[i].end);
	return 0;
}

/* RFC 3261 §8.2.6.2: all Vias, in order; ours on top were never there. */
static int put_vias(struct buf *out, const struct frame *f, unsigned skip,
		    struct slice mark)
{
	unsigned written = 0;

	for (int i = frame_find(f, FIELD_VIA, 0); i >= 0;
	     i = frame_find(f, FIELD_VIA, (unsigned)i + 1)) {
		struct slice rest = frame_value(f, (unsigned)i), element;

		while (rest.p) {
			element = frame_list_next(&rest);
			if (skip > 0) {
				skip--;
				continue;
			}
			buf_puts(out, "Via: ");
			put_via(out, element,
				written++ ? (struct slice){0} : mark);
			buf_puts(out, "\r\n");
		}
	}
	return written > 0 ? 0 : EBADMSG;
}

int headers_vias(struct buf *out, const struct frame *f, struct slice via_mark)
{
	return put_vias(out, f, 0, via_mark);
}

struct slice headers_uri(struct slice value)
{
	struct part_addr addr;

	return parts_addr(&addr, value) ? (struct slice){0} : addr.uri;
}

/* RFC 3261 §8.2.6.2: a tag is added when there is none. */
static int put_to(struct buf *out, const struct frame *f, struct slice tag)
{
	int i = frame_find(f, FIELD_TO, 0);
	struct part_addr to;
	struct slice value;

	if (i < 0)
		return EBADMSG;
	value = frame_value(f, (unsigned)i);
	buf_puts(out, "To: ");
	buf_add(out, value);
	if (tag.p && parts_addr(&to, value) == 0 && !to.tag.p) {
		buf_puts(out, ";tag=");
		buf_add(out, tag);
	}
	buf_puts(out, "\r\n");
	return 0;
}

static void put_status(struct buf *out, uint16_t status)
{
	buf_puts(out, "SIP/2.0 ");
	buf_u64(out, status);
	buf_puts(out, " ");
	buf_puts(out, verdict_reason(status));
	buf_puts(out, "\r\n");
}

/* Nothing half-written is left behind. */
static int finished(struct buf *out, size_t base, int error)
{
	if (out->failed)
		return ENOMEM;
	if (error)
		out->n = base;
	return error;
}

int headers_answer(struct buf *out, const struct frame *f, unsigned skip_vias,
		   struct slice via_mark, uint16_t status, struct slice to_tag,
		   struct slice extra)
{
	size_t base = out->n;
	int error;

	if (f->response)
		return EBADMSG;
	put_status(out, status);
	error = put_vias(out, f, skip_vias, via_mark);
	if (!error)
		error = put_line(out, f, FIELD_FROM);
	if (!error)
		error = put_to(out, f, to_tag);
	if (!error)
		error = put_line(out, f, FIELD_CALL_ID);
	if (!error)
		error = put_line(out, f, FIELD_CSEQ);
	/* RFC 3261 §8.2.6.1 */
	if (status == 100)
		put_line(out, f, FIELD_TIMESTAMP);
	buf_add(out, extra);
	buf_puts(out, "Content-Length: 0\r\n\r\n");
	return finished(out, base, error);
}

/* "METHOD uri SIP/2.0" with another method. */
static int put_request_line(struct buf *out, const struct frame *f,
			    const char *method)
{
	struct slice line = {f->bytes.p, f->start_end};
	size_t sp = slice_index(line, ' ');

	if (f->response || sp == SIZE_MAX)
		return EBADMSG;
	buf_puts(out, method);
	buf_add(out, slice_from(line, sp));
	return 0;
}

/* RFC 3261 §17.1.1.3: a single Via, equal to the top one of the request. */
static int put_one_via(struct buf *out, const struct frame *f)
{
	int i = frame_find(f, FIELD_VIA, 0);
	struct slice rest;

	if (i < 0)
		return EBADMSG;
	rest = frame_value(f, (unsigned)i);
	buf_puts(out, "Via: ");
	buf_add(out, frame_list_next(&rest));
	buf_puts(out, "\r\n");
	return 0;
}

static void put_routes(struct buf *out, const struct frame *f)
{
	for (unsigned i = 0; i < f->lines; i++) {
		if (f->line[i].field == FIELD_ROUTE)
			put_range(out, f->bytes.p + f->line[i].start,
				  f->bytes.p + f->line[i].end);
	}
}

static int put_cseq(struct buf *out, const struct frame *f, const char *method)
{
	int i = frame_find(f, FIELD_CSEQ, 0);
	struct slice value;

	if (i < 0)
		return EBADMSG;
	value = frame_value(f, (unsigned)i);
	value.n = chars_span(value, CHAR_DIGIT);
	buf_puts(out, "CSeq: ");
	buf_add(out, value);
	buf_puts(out, " ");
	buf_puts(out, method);
	buf_puts(out, "\r\n");
	return value.n > 0 ? 0 : EBADMSG;
}

static int put_given_to(struct buf *out, const struct frame *f, struct slice to)
{
	if (!to.p)
		return put_line(out, f, FIELD_TO);
	buf_puts(out, "To: ");
	buf_add(out, to);
	buf_puts(out, "\r\n");
	return 0;
}

int headers_follow(struct buf *out, const struct frame *sent,
		   const char *method, struct slice to)
{
	size_t base = out->n;
	int error = put_request_line(out, sent, method);

	if (!error)
		error = put_one_via(out, sent);
	put_routes(out, sent);
	if (!error)
		error = put_line(out, sent, FIELD_FROM);
	if (!error)
		error = put_given_to(out, sent, to);
	if (!error)
		error = put_line(out, sent, FIELD_CALL_ID);
	if (!error)
		error = put_cseq(out, sent, method);
	buf_puts(out, "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
	return finished(out, base, error);
}
