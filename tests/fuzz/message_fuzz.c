/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_fuzz.c - bytes of a stranger through the whole sip room.
 *
 * Everything that the framer cuts goes through parser, sanity and facts, is
 * written out changed, and is read again: what we send must be a message that
 * we ourselves read in the same way. "~T~" in the input stands for a route
 * token that holds, which no fuzzer would guess.
 */
#include "fuzz_kit.h"
#include "sip/facts.h"
#include "sip/headers.h"
#include "sip/sanity.h"

/* A message read, and what it was read from. */
struct reading {
	struct frame frame;
	struct msg *m;
	struct facts facts;
	bool good;
};

static const struct sanity_limits counts = {70, 20, 10};
static const struct sanity_limits wide_counts = {99, 32, 32};
static struct settings settings;
static struct facts_self self;
static char token[TOKEN_MAX];
static size_t token_len;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct token t = {.kind = TOKEN_DIALOG,
			  .conn = 5,
			  .who = 6,
			  .dialog = 7,
			  .issued_s = WALL_S,
			  .sealed = SLICE("<sip:home;lr>")};

	(void)argc;
	(void)argv;
	kit_edge(&settings);
	self = (struct facts_self){&settings, kit_pen(), WALL_S};
	token_len = token_mint(self.pen, &t, token);
	MUST(token_len > 0);
	return 0;
}

/* The framer's promise: CRLF, no NUL, one length, and that one is true. */
static void head_is_clean(const struct frame *f)
{
	int length = frame_find(f, FIELD_CONTENT_LENGTH, 0);
	uint32_t n = 0;

	for (size_t i = 0; i < f->head_end; i++) {
		char c = f->bytes.p[i];

		MUST(c != '\0');
		MUST(c != '\r' || f->bytes.p[i + 1] == '\n');
		MUST(c != '\n' || (i > 0 && f->bytes.p[i - 1] == '\r'));
	}
	MUST(length >= 0);
	MUST(frame_find(f, FIELD_CONTENT_LENGTH, (unsigned)length + 1) < 0);
	MUST(slice_to_u32(&n, frame_value(f, (unsigned)length)) == 0);
	MUST(f->head_end + (uint64_t)n == f->bytes.n);
}

/* Parser, sanity and facts over a frame. */
static void read_frame(struct reading *r, const struct sanity_limits *lim)
{
	static const struct origin from = {.leg = LEG_OUTSIDE, .conn = 9};
	struct verdict v;

	r->m = NULL;
	r->good = false;
	head_is_clean(&r->frame);
	if (wire_parse(&r->m, &r->frame))
		return;
	MUST(wire_frame(r->m) == &r->frame);
	v = sanity_check(r->m, lim);
	MUST(v.kind == VERDICT_PASS || v.rule);
	MUST(v.kind == VERDICT_PASS || v.kind == VERDICT_DROP ||
	     (v.kind == VERDICT_REFUSE && !r->frame.response));
	if (v.kind == VERDICT_PASS)
		r->good = facts_read(&r->facts, r->m, &from, &self) == 0;
}

/* What we wrote must be one message, good, and say the same. */
static void read_again(struct reading *again, struct slice bytes)
{
	struct framer fr = {0};
	struct verdict v = {0};
	size_t used = 0;

	MUST(framer_next(&fr, &kit_wide_limits, bytes, &used, &again->frame,
			 &v) == FRAMER_MESSAGE);
	MUST(used == bytes.n);
	read_frame(again, &wide_counts);
	MUST(again->good);
}

static bool same(struct slice a, struct slice b)
{
	return !a.p == !b.p && slice_eq(a, b);
}

static void say_the_same(const struct facts *a, const struct facts *b)
{
	MUST(a->method == b->method && a->cseq == b->cseq);
	MUST(same(a->method_name, b->method_name));
	MUST(same(a->call_id, b->call_id));
	MUST(same(a->from_tag, b->from_tag) && same(a->to_tag, b->to_tag));
	MUST(same(a->from.raw, b->from.raw) && same(a->to.raw, b->to.raw));
	MUST(same(a->ruri.raw, b->ruri.raw));
	MUST(strcmp(a->from_aor, b->from_aor) == 0);
	MUST(a->contacts == b->contacts && a->expires == b->expires);
	MUST(a->supports_outbound == b->supports_outbound);
}

static void same_body(const struct frame *a, const struct frame *b)
{
	size_t n = a->bytes.n - a->head_end;

	MUST(b->bytes.n - b->head_end == n);
	MUST(n == 0 || memcmp(a->bytes.p + a->head_end,
			      b->bytes.p + b->head_end, n) == 0);
}

/* A request as it is forwarded. */
static void forward(const struct reading *r)
{
	static struct reading again;
	struct rewrite rw = {
		.via = SLICE("SIP/2.0/TLS us.x:5061;branch=z9hG4bKours"),
		.via_mark = SLICE(";received=192.0.2.9;rport=5"),
		.max_forwards = 42,
		.pop_routes = r->facts.routes > 0,
		.drop = FIELD_BIT(FIELD_PATH) | FIELD_BIT(FIELD_SERVER),
		.add_top = SLICE("Path: <sip:t@us.x;lr;ob>\r\n"),
		.add_end = SLICE("X-Edge: 1\r\n"),
	};
	struct rewritten where;
	struct buf out = {0};
	struct facts *f = &again.facts;

	if (r->frame.lines > 250 || r->facts.vias > 90)
		return;
	MUST(headers_write(&out, &r->frame, &rw, &where) == 0);
	MUST(memcmp(out.p + where.branch, "z9hG4bKours\r\n", 13) == 0);
	read_again(&again, buf_slice(&out));
	say_the_same(&r->facts, f);
	same_body(&r->frame, &again.frame);
	MUST(f->vias == r->facts.vias + 1 && f->has_path);
	MUST(slice_eq(f->branch, SLICE("z9hG4bKours")));
	MUST(f->max_forwards == 42);
	MUST(f->routes == r->facts.routes - rw.pop_routes);
	wire_destroy(&again.m);
	buf_fini(&out);
}

/* A response as it goes back. */
static void send_back(const struct reading *r)
{
	static struct reading again;
	struct rewrite rw = {.pop_via = true, .drop = FIELD_BIT(FIELD_PATH)};
	struct buf out = {0};

	if (r->facts.vias < 2)
		return;
	MUST(headers_write(&out, &r->frame, &rw, NULL) == 0);
	read_again(&again, buf_slice(&out));
	say_the_same(&r->facts, &again.facts);
	same_body(&r->frame, &again.frame);
	MUST(again.facts.vias == r->facts.vias - 1 && !again.facts.has_path);
	wire_destroy(&again.m);
	buf_fini(&out);
}

/* Our answer to a request, good or not, reads as one when the request did. */
static void answer(const struct reading *r)
{
	static struct reading again;
	struct buf out = {0};
	int error = headers_answer(&out, &r->frame, 0, SLICE(";rport=5"), 403,
				   SLICE("ours"), SLICE("X-Edge: 1\r\n"));

	MUST(!error || !r->good);
	if (r->good) {
		read_again(&again, buf_slice(&out));
		MUST(again.facts.status == 403);
		MUST(r->facts.to_tag.n > 0 ||
		     memmem(out.p, out.n, ";tag=ours\r\n", 11));
		MUST(again.facts.vias == r->facts.vias);
		MUST(same(again.facts.call_id, r->facts.call_id));
		wire_destroy(&again.m);
	}
	buf_fini(&out);
}

/* The ACK that follows, were it our own request. */
static void follow(const struct reading *r)
{
	static struct reading again;
	struct buf out = {0};

	MUST(headers_follow(&out, &r->frame, "ACK", (struct slice){0}) == 0);
	read_again(&again, buf_slice(&out));
	MUST(again.facts.method == METHOD_ACK && again.facts.vias == 1);
	MUST(again.facts.routes == r->facts.routes);
	wire_destroy(&again.m);
	buf_fini(&out);
}

/* A response of a server of ours, which goes back unparsed. */
static void adopt(const struct reading *r)
{
	static const struct origin from = {.leg = LEG_INSIDE,
					   .peer = PEER_SERVER};
	static struct facts facts;
	struct rewrite rw = {.pop_via = true};
	struct msg *m = NULL;
	struct buf out = {0};

	MUST(wire_adopt(&m, &r->frame) == 0);
	if (sanity_answer(m).kind == VERDICT_PASS &&
	    facts_read(&facts, m, &from, &self) == 0) {
		MUST(facts.response && facts.vias > 0);
		MUST(headers_write(&out, &r->frame, &rw, NULL) == 0);
		MUST(out.n < r->frame.bytes.n);
	} else {
		MUST(!r->good);
	}
	wire_destroy(&m);
	buf_fini(&out);
}

static void take(struct reading *r)
{
	read_frame(r, &counts);
	if (r->good && r->frame.response)
		send_back(r);
	if (r->frame.response)
		adopt(r);
	if (r->good && !r->frame.response) {
		forward(r);
		follow(r);
	}
	if (!r->frame.response && sanity_answerable(&r->frame))
		answer(r);
	wire_destroy(&r->m);
}

/* The same bytes in two pieces must come to the same end. */
static void same_in_pieces(struct slice in, enum framer_result want,
			   size_t want_used)
{
	static struct frame frame;
	struct framer fr = {0};
	struct verdict v;
	struct slice part = {in.p, in.n / 2};
	size_t used = 0;
	enum framer_result r =
		framer_next(&fr, &kit_limits, part, &used, &frame, &v);

	if (r == FRAMER_HEAD || r == FRAMER_BODY || r == FRAMER_EMPTY) {
		r = framer_next(&fr, &kit_limits, in, &used, &frame, &v);
		MUST(r == want && used == want_used);
	} else {
		/* A CRLF that is no ping yet may be one with more behind. */
		MUST(r == want || r == FRAMER_PONG || r == FRAMER_PING);
	}
}

static void read_stream(struct slice in)
{
	static struct reading r;
	struct framer fr = {0};
	enum framer_result result;
	struct verdict v;
	size_t used;

	do {
		used = 0;
		v = (struct verdict){0};
		result = framer_next(&fr, &kit_limits, in, &used, &r.frame, &v);
		same_in_pieces(in, result, used);
		if (result == FRAMER_MESSAGE)
			take(&r);
		if (result == FRAMER_REFUSE) {
			MUST(v.kind == VERDICT_REFUSE && v.rule);
			r.good = false;
			if (sanity_answerable(&r.frame))
				answer(&r);
		}
		in = (struct slice){in.p + used, in.n - used};
	} while (used > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kit_word words[] = {{"~T~", {token, token_len}}};
	struct buf in = {0};

	if (size == 0)
		return 0;
	kit_expand(&in, (struct slice){(const char *)data, size}, words, 1);
	read_stream(buf_slice(&in));
	buf_fini(&in);
	return 0;
}
