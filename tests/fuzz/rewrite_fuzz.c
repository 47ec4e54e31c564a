/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rewrite_fuzz.c - any message, changed in any way that the edge may ask for.
 *
 * What comes out is one message; what was not to change is there byte for
 * byte, in order; what was to go is gone. The last bytes say what to change,
 * and may stand behind the message.
 */
#include "fuzz_kit.h"
#include "sip/headers.h"

/* What of the message a rewrite may touch. */
#define HANDLED                                                                \
	(FIELD_BIT(FIELD_VIA) | FIELD_BIT(FIELD_ROUTE) |                       \
	 FIELD_BIT(FIELD_MAX_FORWARDS) | FIELD_BIT(FIELD_CONTACT) |            \
	 FIELD_BIT(FIELD_CALL_ID) | FIELD_BIT(FIELD_REASON))

static char *unsent_names[] = {KIT_TEXT("Subject"), KIT_TEXT("X-Top"),
			       KIT_TEXT("o"), KIT_TEXT("User-Agent")};
static const struct name_list unsent = {unsent_names, 4};
static struct frame in_frame, out_frame;

static void choose_changes(struct rewrite *rw, unsigned how)
{
	if (how & 1)
		rw->via = SLICE("SIP/2.0/TLS us.x:5061;branch=z9hG4bKours");
	if (how & 2)
		rw->via_mark = SLICE(";received=192.0.2.9;rport=5");
	rw->pop_via = how & 4;
	rw->no_vias = how & 8;
	if (how & 16)
		rw->vias = SLICE("Via: SIP/2.0/TLS a.x;branch=z9hG4bK1\r\n"
				 "Via: SIP/2.0/TLS b.x;branch=z9hG4bK2\r\n");
	if (how & 32)
		rw->contact = SLICE("sip:token@sip.example.com:5061");
	if (how & 64)
		rw->call_id = SLICE("eh1-hidden");
	if (how & 128)
		rw->request_uri = SLICE("sip:bob@example.com");
	rw->no_reason_text = how & 256;
	if (how & 512)
		rw->reason = SLICE("Not Found");
	rw->max_forwards = how & 1024 ? 42 : how & 2048 ? REWRITE_NO_HOPS : 0;
	rw->pop_routes = how >> 12 & 3;
	if (how & 0x4000)
		rw->add_top = SLICE("X-Top: 1\r\nX-Top: 2\r\n");
	if (how & 0x8000)
		rw->add_end = SLICE("X-End: 1\r\n");
}

static struct slice line_of(const struct frame *f, unsigned i)
{
	return (struct slice){f->bytes.p + f->line[i].start,
			      f->line[i].end - f->line[i].start};
}

static bool begins(struct slice s, const char *with)
{
	return s.n >= strlen(with) && memcmp(s.p, with, strlen(with)) == 0;
}

/* Must it stand in the output as it stood in the input? */
static bool untouched(const struct frame *f, unsigned i, uint64_t touched)
{
	return !(touched & FIELD_BIT(f->line[i].field));
}

/* May a device's line be missing? */
static bool spared(struct slice line, const struct rewrite_slim *slim)
{
	struct slice name = line;

	if (!slim)
		return false;
	if (slim->line_bytes && line.n - 2 > slim->line_bytes)
		return true;
	name.n = slice_index(line, ':');
	name = slice_trim(name);
	for (size_t i = 0; i < unsent.n; i++)
		if (slice_ieq(name, slice_of(unsent_names[i])))
			return true;
	return slice_ieq(name, SLICE("s")) || slice_ieq(name, SLICE("Event"));
}

static bool has_line(struct slice line, unsigned *from)
{
	unsigned o = *from;

	while (o < out_frame.lines && !slice_eq(line_of(&out_frame, o), line))
		o++;
	if (o == out_frame.lines)
		return false;
	*from = o + 1;
	return true;
}

/* The lines that nothing was said of, one after the other; no others but
 * ours. */
static void rest_is_the_same(const struct rewrite *rw)
{
	uint64_t touched = rw->drop | HANDLED;
	unsigned next = 0, same = 0, there = 0;

	for (unsigned i = 0; i < in_frame.lines; i++) {
		struct slice line = line_of(&in_frame, i);

		if (!untouched(&in_frame, i, touched))
			continue;
		if (has_line(line, &next))
			same++;
		else
			MUST(spared(line, rw->slim));
	}
	for (unsigned i = 0; i < out_frame.lines; i++)
		there += untouched(&out_frame, i, touched);
	MUST(there ==
	     same + (rw->add_top.p ? 2u : 0u) + (rw->add_end.p ? 1u : 0u));
}

static unsigned count(const struct frame *f, enum field field)
{
	unsigned n = 0;

	for (unsigned i = 0; i < f->lines; i++)
		n += f->line[i].field == field;
	return n;
}

static bool shows(struct slice text)
{
	const struct slice out = {out_frame.bytes.p, out_frame.head_end};

	return memmem(out.p, out.n, text.p, text.n) != NULL;
}

static void said_is_done(const struct rewrite *rw)
{
	for (int f = FIELD_OTHER; f < FIELD_COUNT; f++)
		if (rw->drop & FIELD_BIT(f) && f != FIELD_MAX_FORWARDS &&
		    f != FIELD_VIA && f != FIELD_OTHER)
			MUST(count(&out_frame, (enum field)f) == 0);
	if (rw->via.p)
		MUST(shows(rw->via));
	if (rw->no_vias && !rw->vias.p)
		MUST(count(&out_frame, FIELD_VIA) == (rw->via.p != NULL));
	if (rw->max_forwards)
		MUST(count(&out_frame, FIELD_MAX_FORWARDS) == 1);
	if (rw->call_id.p && !(rw->drop & FIELD_BIT(FIELD_CALL_ID)))
		MUST(count(&in_frame, FIELD_CALL_ID) ==
		     count(&out_frame, FIELD_CALL_ID));
	if (rw->add_end.p)
		MUST(shows(rw->add_end));
	if (rw->add_top.p)
		MUST(shows(rw->add_top));
	if (rw->request_uri.p)
		MUST(shows(SLICE(" sip:bob@example.com ")));
	if (rw->reason.p)
		MUST(shows(SLICE(" Not Found\r\n")));
}

static void same_body(void)
{
	size_t n = in_frame.bytes.n - in_frame.head_end;

	MUST(out_frame.bytes.n - out_frame.head_end == n);
	MUST(n == 0 || memcmp(in_frame.bytes.p + in_frame.head_end,
			      out_frame.bytes.p + out_frame.head_end, n) == 0);
}

static void same_start(const struct rewrite *rw)
{
	if (rw->request_uri.p || rw->reason.p)
		return;
	MUST(out_frame.start_end == in_frame.start_end);
	MUST(memcmp(in_frame.bytes.p, out_frame.bytes.p, in_frame.start_end) ==
	     0);
}

static void write_and_look(const struct rewrite *rw)
{
	static const char before[] = "what stood there";
	struct framer fr = {0};
	struct rewritten at;
	struct buf out = {0};
	struct slice text;
	struct verdict v;
	size_t used = 0;

	buf_puts(&out, before);
	if (headers_write(&out, &in_frame, rw, &at)) {
		MUST(out.n == strlen(before));
		goto out;
	}
	text = (struct slice){out.p + strlen(before), out.n - strlen(before)};
	MUST(framer_next(&fr, &kit_wide_limits, text, &used, &out_frame, &v) ==
	     FRAMER_MESSAGE);
	MUST(used == text.n && out_frame.response == in_frame.response);
	if (rw->via.p)
		MUST(begins((struct slice){text.p + at.branch,
					   text.n - at.branch},
			    "z9hG4bKours\r\n"));
	same_start(rw);
	same_body();
	rest_is_the_same(rw);
	said_is_done(rw);
out:
	buf_fini(&out);
}

static bool has_text(struct slice s, const char *text)
{
	return memmem(s.p, s.n, text, strlen(text)) != NULL;
}

/* What sanity_check() lets through, of a start line (RFC 3261 §7.1), and none
 * of the lines that we add: one that is slimmed away would look like ours. */
static bool may_be_written(const struct frame *f)
{
	const struct slice head = {f->bytes.p, f->head_end};
	const struct slice start = {f->bytes.p, f->start_end};

	return f->lines < 240 && !has_text(head, "X-Top: ") &&
	       !has_text(head, "X-End: ") &&
	       (f->response || has_text(start, " SIP/2.0\r\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = {(const char *)data, size};
	struct slice last = {in.p + size - (size < 12 ? size : 12),
			     size < 12 ? size : 12};
	struct rewrite_slim slim = {0};
	struct rewrite rw = {0};
	struct framer fr = {0};
	struct verdict v;
	size_t used = 0;
	unsigned how;

	choose_changes(&rw, kit_number(&last));
	how = kit_byte(&last);
	rw.no_contacts = how & 1 ? kit_byte(&last) : 0;
	for (int i = 0; how & 2 && i < FIELD_COUNT; i += 8)
		rw.drop |= (uint64_t)kit_byte(&last) << i;
	/* Nobody takes the length off, or what has no name. */
	rw.drop &= ~(FIELD_BIT(FIELD_CONTENT_LENGTH) | FIELD_BIT(FIELD_OTHER));
	slim.unsent = how & 4 ? &unsent : NULL;
	slim.line_bytes = how & 8 ? 64 : 0;
	rw.slim = how & 16 ? &slim : NULL;
	if (framer_next(&fr, &kit_limits, in, &used, &in_frame, &v) ==
		    FRAMER_MESSAGE &&
	    may_be_written(&in_frame))
		write_and_look(&rw);
	return 0;
}
