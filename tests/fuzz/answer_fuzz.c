/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer_fuzz.c - answers to three calls that wait: whose is believed?
 *
 * alice calls a server, the server calls alice, and calls a partner. Any
 * answer may come by any connection. It is passed on only when it came by the
 * connection that its request used, with the branch that we gave it and its
 * CSeq; nobody else hears of it, and nobody is shown the branch.
 *
 * The last two bytes say which connection speaks, and whether the rest is the
 * answer itself ("~A~", "~B~", "~P~" stand for the branches) or changes to one
 * that was right.
 */
#include "fuzz_kit.h"
#include "partner_kit.h"
#include "txn.h"

#undef WALL_S

/* The calls, and who is at their ends. */
enum call { TO_SERVER, TO_ALICE, TO_ZOE, CALLS };

static struct conn *alice, *near, *mallory;
static conn_id ids[3]; /* theirs: a connection that ended is no more */
static struct heard asked[CALLS]; /* the INVITE where it arrived */
static struct conn *asker[CALLS];
static char path[512];
static unsigned number;
static bool stale = true; /* something came of the last input */

/* The fakes say here when they are used wrongly. */
CU_BOOL CU_assertImplementation(CU_BOOL value, unsigned int line,
				const char *condition, const char *file,
				const char *function, CU_BOOL fatal)
{
	(void)function;
	(void)fatal;
	if (!value) {
		fprintf(stderr, "broken: %s (%s:%u)\n", condition, file, line);
		abort();
	}
	return value;
}

static void come_in(void)
{
	stage_start();
	partner_places();
	alice = phone("198.51.100.7:4242");
	mallory = phone("203.0.113.66:6666");
	near = server(HOME01);
	ids[0] = alice->id;
	ids[1] = near->id;
	ids[2] = mallory->id;
	enroll(alice, "alice");
	enroll_path(alice, "alice", path);
}

static void end_all(void)
{
	stage_close();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	STAGE_OPEN(.workers = 2, .more = FEDERATION(""));
	stage_stop();
	come_in();
	atexit(end_all);
	return 0;
}

static bool is_up(unsigned which)
{
	return conn_find(fake_worker(0), ids[which]) != NULL;
}

static void forget_heard(struct conn *c)
{
	if (c)
		fake_of(c)->read = fake_of(c)->n = 0;
}

/* Nothing waits any more, and nobody was told anything. */
static void forget_calls(void)
{
	struct proxy *p = stage_proxy(0);

	for (uint32_t i = 0; i < p->slots; i++)
		if (p->slot[i])
			txn_destroy(p->slot[i]);
	p->aside.n = 0;
	forget_heard(alice);
	forget_heard(near);
	forget_heard(mallory);
	forget_heard(fake_reached(HOME01));
	forget_heard(fake_reached(HOME02));
	forget_heard(fake_reached(DIR01));
	forget_heard(fake_reached(PARTNER));
}

static bool hears_call(enum call c, struct conn *from, struct conn *at_end)
{
	asker[c] = from;
	return at_end && hear_any(at_end, &asked[c]) &&
	       !strncmp(asked[c].text, "INVITE ", 7);
}

/* Three calls, each of its own. */
static bool begin_calls(void)
{
	char id[3][32], routes[600];

	for (int i = 0; i < 3; i++)
		snprintf(id[i], sizeof(id[i]), "z9hG4bK%u-%d", number, i);
	number++;
	snprintf(routes, sizeof(routes), "Route: %s\r\n%s", path, CONTACT);
	ask(alice, .call_id = id[0], .branch = id[0], .more = CONTACT);
	ask(near, .call_id = id[1], .branch = id[1], .to = "alice",
	    .from = "bob", .more = routes);
	ask(near, .call_id = id[2], .branch = id[2], .from = "bob",
	    .to = "sip:zoe@" PARTNER, .more = CONTACT);
	return hears_call(TO_SERVER, alice, fake_reached(HOME01)) &&
	       hears_call(TO_ALICE, near, alice) &&
	       hears_call(TO_ZOE, near, fake_reached(PARTNER));
}

/* As it was before the last input. */
static void set_up(void)
{
	if (!stale)
		return;
	if (is_up(0) && is_up(1) && is_up(2)) {
		forget_calls();
		if (begin_calls())
			return;
	}
	stage_stop();
	come_in();
	MUST(begin_calls());
}

static struct slice branch_of(enum call c)
{
	struct slice via = value(&asked[c], FIELD_VIA, 0);
	const char *at_cookie = memmem(via.p, via.n, "z9hG4bK", 7);

	MUST(at_cookie && via.p + via.n >= at_cookie + TOKEN_BRANCH_LEN);
	return (struct slice){at_cookie, TOKEN_BRANCH_LEN};
}

static void write_raw(struct buf *out, struct slice in)
{
	struct kit_word words[] = {
		{"~A~", branch_of(TO_SERVER)},
		{"~B~", branch_of(TO_ALICE)},
		{"~P~", branch_of(TO_ZOE)},
	};

	kit_expand(out, in, words, 3);
}

static void write_changed(struct buf *out, struct slice in, enum call c)
{
	static const unsigned statuses[] = {100, 180, 183, 200, 202, 301,
					    302, 401, 404, 407, 408, 481,
					    486, 500, 503, 603};
	static const char *const more[] = {
		"", "Contact: <sip:bob@10.0.0.31>\r\n",
		"Record-Route: <sip:p1.partner.example;lr>\r\n",
		"Contact: <sip:" HOME02 ">;q=0.5, <sip:" DIR01 ">\r\n",
		"Reason: SIP;text=\"home01.internal.example\"\r\n"};
	unsigned changes;

	answer_write(out, &asked[c], statuses[kit_byte(&in) % 16],
		     more[kit_byte(&in) % 5], "t1");
	changes = kit_byte(&in) % 8;
	while (changes-- > 0) {
		unsigned place = kit_number(&in);

		out->p[place % out->n] = (char)kit_byte(&in);
	}
}

/* One whole answer, and nothing behind it? Else the connection may end. */
static bool is_answer(struct frame *f, struct slice text)
{
	struct framer fr = {0};
	struct verdict v;
	size_t used = 0;

	return framer_next(&fr, &kit_limits, text, &used, f, &v) ==
		       FRAMER_MESSAGE &&
	       used == text.n && f->response;
}

/* The call that it could answer, by its bytes alone; CALLS: none. */
static enum call right_call(const struct frame *f, const struct conn *by)
{
	int via = frame_find(f, FIELD_VIA, 0);
	int cseq = frame_find(f, FIELD_CSEQ, 0);
	struct slice top, number_of;

	if (via < 0 || cseq < 0)
		return CALLS;
	top = frame_value(f, (unsigned)via);
	number_of = frame_value(f, (unsigned)cseq);
	if (!memmem(number_of.p, number_of.n, "1", 1) ||
	    !memmem(number_of.p, number_of.n, "INVITE", 6))
		return CALLS;
	for (enum call c = TO_SERVER; c < CALLS; c++) {
		struct slice b = branch_of(c);

		if (asked[c].by == by && memmem(top.p, top.n, b.p, b.n))
			return c;
	}
	return CALLS;
}

static unsigned count(struct slice text, struct slice word)
{
	const char *at;
	unsigned n = 0;

	while (text.n && (at = memmem(text.p, text.n, word.p, word.n))) {
		text.n -= (size_t)(at - text.p) + word.n;
		text.p = at + word.n;
		n++;
	}
	return n;
}

/* Answers that a connection was told: none, or one without our branch in
 * Via. */
static void heard_only(unsigned which, enum call c, struct slice said)
{
	struct conn *const ends[] = {alice, near, mallory};
	static struct heard h;

	while (is_up(which) && hear_any(ends[which], &h)) {
		if (!h.frame.response)
			continue;
		MUST(c < CALLS && asker[c] == ends[which]);
		MUST(count(h.frame.bytes, branch_of(c)) <
		     count(said, branch_of(c)));
	}
}

/* What a partner says of passwords and places is not passed on. */
static void partner_is_tamed(void)
{
	struct slice said = talk_unread(near);

	for (unsigned status = 300; status < 400; status++) {
		char text[16];

		snprintf(text, sizeof(text), "SIP/2.0 %u", status);
		MUST(said.n < 11 || memcmp(said.p, text, 11) != 0);
	}
	MUST(!memmem(said.p, said.n, "SIP/2.0 401", 11));
	MUST(!memmem(said.p, said.n, "SIP/2.0 407", 11));
}

static void say(struct conn *by, struct slice text, const struct frame *f)
{
	enum call c = right_call(f, by);
	conn_id id = by->id;

	fake_feed(by, text);
	fake_settle();
	stale = c < CALLS;
	/* What cannot be parsed ends its connection, and what waits there. */
	if (!conn_find(fake_worker(0), id)) {
		stale = true;
		return;
	}
	if (c == TO_ZOE && is_up(1))
		partner_is_tamed();
	for (unsigned i = 0; i < 3; i++)
		heard_only(i, c, text);
	MUST(stage_counters().undecided == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct frame frame;
	struct slice in = {(const char *)data, size};
	struct conn *speakers[8];
	struct buf text = {0};
	uint8_t how, who;

	if (size < 2)
		return 0;
	how = data[size - 1];
	who = data[size - 2];
	in.n -= 2;
	set_up();
	speakers[0] = speakers[1] = asked[TO_SERVER].by;
	speakers[2] = speakers[3] = asked[TO_ALICE].by;
	speakers[4] = speakers[5] = asked[TO_ZOE].by;
	speakers[6] = mallory;
	speakers[7] = near;
	if (how % 4 == 0)
		write_raw(&text, in);
	else
		write_changed(&text, in, (enum call)(how % 4 - 1));
	if (is_answer(&frame, buf_slice(&text)))
		say(speakers[who % 8], buf_slice(&text), &frame);
	buf_fini(&text);
	return 0;
}
