/*
 * framer.c - cuts one message out of a byte stream.
 *
 * Two steps: scan_head() goes over each byte of the head once, however the
 * bytes arrive, and finds its end; only then is the head indexed and its
 * Content-Length read. A head that comes in one piece with nothing odd about
 * it, as nearly all do, is indexed at once; scan_head() judges the others.
 */
#include "sip/framer.h"

#include "chars.h"
#include "frame.h"

#include <errno.h>

/* What scan_head() knows. */
enum scan { SCAN_MORE, SCAN_WHOLE, SCAN_BROKEN };

/* One line, or the part of it that is there. */
struct span {
	size_t from; /* not scanned before */
	size_t end;  /* of the line's bytes; at its LF when whole */
	bool whole;
};

static enum scan broken(struct verdict *v, uint16_t status, const char *rule)
{
	*v = verdict_refuse(status, rule);
	return SCAN_BROKEN;
}

static bool has(struct slice in, size_t from, size_t to, char c)
{
	return to > from && memchr(in.p + from, c, to - from);
}

/* RFC 3261 §7: CRLF ends a line; nothing else does, and nothing hides it. */
static const char *bad_bytes(struct slice in, const struct framer *fr,
			     const struct span *s)
{
	const char *cr;
	size_t at;

	if (has(in, s->from, s->end, '\0'))
		return "nul";
	cr = s->end > s->from ? memchr(in.p + s->from, '\r', s->end - s->from)
			      : NULL;
	at = cr ? (size_t)(cr - in.p) : s->end;
	if (at + 1 < s->end)
		return "bare-cr";
	if (s->whole && (s->end == fr->line_start || at + 1 != s->end))
		return "bare-lf";
	return NULL;
}

/* A start line has no control byte at all; whoever sends one speaks no SIP. */
static bool has_control(struct slice in, const struct span *s)
{
	size_t end = s->end;

	if (end > s->from && in.p[end - 1] == '\r')
		end--;
	return chars_have_control(
		(struct slice){in.p + s->from, end - s->from});
}

/* RFC 3261 §7.1, §7.2: a request or a status line, however badly spaced. */
static bool looks_like_sip(struct slice line)
{
	size_t n = chars_span(line, CHAR_TOKEN), end;

	line = slice_trim(line);
	if (line.n > 4 && memcmp(line.p, "SIP/", 4) == 0)
		return true;
	if (n == 0 || n >= line.n || line.p[n] != ' ')
		return false;
	for (end = line.n; line.p[end - 1] != ' '; end--)
		;
	line = slice_from(line, end);
	return line.n > 4 &&
	       (memcmp(line.p, "SIP/", 4) == 0 ||
		slice_ieq((struct slice){line.p, 4}, SLICE("SIP/")));
}

static enum scan too_long(struct slice in, struct verdict *v, uint32_t lines)
{
	bool request = in.n < 4 || memcmp(in.p, "SIP/", 4) != 0;

	if (lines == 0 && request)
		return broken(v, 414, "start-line-too-long");
	return broken(v, 400, "line-too-long");
}

/* RFC 3261 §7.3.1: white space in front continues the line before. Blank
 * continuations are refused: some would read the end of the head there. */
static bool bad_fold(struct slice line, uint32_t lines)
{
	if (line.p[0] != ' ' && line.p[0] != '\t')
		return false;
	return lines == 1 || slice_trim(line).n == 0;
}

static const char *bad_line(const struct framer *fr, struct slice line)
{
	if (fr->lines == 0)
		return looks_like_sip(line) ? NULL : "not-sip";
	return bad_fold(line, fr->lines) ? "fold" : NULL;
}

/* One line, whole or not: SCAN_WHOLE when it is good (so far). */
static enum scan scan_line(const struct framer *fr,
			   const struct framer_limits *lim, struct slice in,
			   const struct span *s, struct verdict *v)
{
	struct slice line = {in.p + fr->line_start, s->end - fr->line_start};
	const char *rule = bad_bytes(in, fr, s);

	if (fr->lines == 0 && has_control(in, s))
		return broken(v, 400, "control-byte");
	if (rule)
		return broken(v, 400, rule);
	/* The CR is not counted, nor the LF, which is not in it. */
	if (line.n > (size_t)lim->line_bytes + 1)
		return too_long(in, v, fr->lines);
	if (s->end + s->whole > lim->header_bytes)
		return broken(v, 400, "head-too-large");
	if (!s->whole || line.n == 1)
		return SCAN_WHOLE;
	rule = bad_line(fr, line);
	return rule ? broken(v, 400, rule) : SCAN_WHOLE;
}

static enum scan scan_head(struct framer *fr, const struct framer_limits *lim,
			   struct slice in, struct verdict *v)
{
	bool empty;

	while (fr->scanned < in.n) {
		const char *nl =
			memchr(in.p + fr->scanned, '\n', in.n - fr->scanned);
		struct span s = {fr->scanned, nl ? (size_t)(nl - in.p) : in.n,
				 nl != NULL};

		if (scan_line(fr, lim, in, &s, v) == SCAN_BROKEN)
			return SCAN_BROKEN;
		if (!nl) {
			/* A CR is looked at again, with what follows it. */
			s.end -= in.p[in.n - 1] == '\r';
			fr->scanned = (uint32_t)s.end;
			return SCAN_MORE;
		}
		empty = s.end == fr->line_start + 1u;
		fr->scanned = fr->line_start = (uint32_t)s.end + 1;
		fr->lines++;
		if (empty)
			return SCAN_WHOLE;
	}
	return SCAN_MORE;
}

/* RFC 3261 §18.3, §20.14: on a stream exactly one, digits only. */
static enum scan read_length(struct framer *fr, const struct framer_limits *lim,
			     const struct frame *f, struct verdict *v)
{
	int line = frame_find(f, FIELD_CONTENT_LENGTH, 0);
	uint32_t length = 0;
	int error;

	if (line < 0)
		return broken(v, 400, "content-length-missing");
	if (frame_find(f, FIELD_CONTENT_LENGTH, (unsigned)line + 1) >= 0)
		return broken(v, 400, "content-length-twice");
	error = slice_to_u32(&length, frame_value(f, (unsigned)line));
	/* Folded, it would be read differently here and there. */
	if (error == EINVAL ||
	    has(f->bytes, f->line[line].start, f->line[line].end - 2, '\r'))
		return broken(v, 400, "content-length-bad");
	if (error || (uint64_t)f->head_end + length > lim->message_bytes)
		return broken(v, 413, "message-too-large");
	fr->total = f->head_end + length;
	return SCAN_WHOLE;
}

/* The short way: true when scan_head() would find a whole head, and good. */
static bool plain_head(struct framer *fr, const struct framer_limits *lim,
		       struct slice in, struct frame *out)
{
	/* No longer than one line may be, none of its lines is too long. */
	uint32_t most = lim->line_bytes < lim->header_bytes ? lim->line_bytes
							    : lim->header_bytes;
	struct slice start;

	if (!frame_index_plain(out, in, most, lim->headers))
		return false;
	start = (struct slice){in.p, out->start_end - 2};
	if (chars_have_control(start) || !looks_like_sip(start))
		return false;
	fr->scanned = fr->line_start = out->head_end;
	fr->lines = out->lines + 2u;
	return true;
}

/* Find the head's end, index it, learn the message's length. */
static enum scan read_head(struct framer *fr, const struct framer_limits *lim,
			   struct slice in, struct frame *out,
			   struct verdict *v)
{
	enum scan scan;
	const char *rule;

	if (fr->scanned == 0 && plain_head(fr, lim, in, out))
		return read_length(fr, lim, out, v);
	out->lines = 0;
	scan = scan_head(fr, lim, in, v);
	if (scan == SCAN_MORE)
		return scan;
	if (scan == SCAN_BROKEN) {
		/* As far as it was good, for an answer. */
		if (fr->lines > 0)
			frame_index_head(out, in, fr->line_start, lim->headers);
		return scan;
	}
	rule = frame_index_head(out, in, fr->line_start, lim->headers);
	if (rule)
		return broken(v, 400, rule);
	return read_length(fr, lim, out, v);
}

/* RFC 5626 §3.5.1; RFC 3261 §7.5: CRLF before a message is not part of it. */
static enum framer_result keep_alive(struct slice in, size_t *used,
				     struct verdict *v)
{
	if (in.n > 1 && in.p[1] != '\n') {
		broken(v, 400, "bare-cr");
		return FRAMER_REFUSE;
	}
	if (in.n < 3 || (in.n == 3 && in.p[2] == '\r'))
		return FRAMER_HEAD;
	if (in.p[2] == '\r' && in.p[3] == '\n') {
		*used = 4;
		return FRAMER_PING;
	}
	*used = 2;
	return FRAMER_PONG;
}

static enum framer_result cut(struct framer *fr, struct slice in, size_t *used,
			      struct frame *out)
{
	out->bytes = (struct slice){in.p, fr->total};
	*used = fr->total;
	*fr = (struct framer){0};
	return FRAMER_MESSAGE;
}

static enum framer_result refused(struct framer *fr)
{
	*fr = (struct framer){0};
	return FRAMER_REFUSE;
}

enum framer_result framer_next(struct framer *fr,
			       const struct framer_limits *lim, struct slice in,
			       size_t *used, struct frame *out,
			       struct verdict *v)
{
	bool indexed = fr->total == 0;
	enum scan scan;

	if (in.n == 0)
		return FRAMER_EMPTY;
	out->lines = 0;
	if (fr->scanned == 0 && in.p[0] == '\r')
		return keep_alive(in, used, v);
	if (fr->scanned == 0 && !char_is(in.p[0], CHAR_TOKEN)) {
		broken(v, 400, "garbage");
		return refused(fr);
	}
	scan = fr->total ? SCAN_WHOLE : read_head(fr, lim, in, out, v);
	if (scan == SCAN_MORE)
		return FRAMER_HEAD;
	if (scan == SCAN_BROKEN)
		return refused(fr);
	if (in.n < fr->total)
		return FRAMER_BODY;
	if (!indexed)
		frame_index_head(out, in, fr->line_start, lim->headers);
	return cut(fr, in, used, out);
}
