/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file proxy_talk.h
 * Dialogues: who says what on which connection, and who hears it.
 *
 *	ask(alice, .method = "INVITE", .to = "bob");
 *	hear(at(HOME01), "INVITE sip:bob@example.com", &invite);
 *	answer(&invite, 180, "");
 *	hear(alice, "SIP/2.0 180", NULL);
 */
#ifndef TESTS_UNIT_PROXY_TALK_H
#define TESTS_UNIT_PROXY_TALK_H

#include "proxy_stage.h"

#define HEARD_MAX 16384

/** A message that was heard, and where. */
struct heard {
	struct conn *by;
	char text[HEARD_MAX];
	struct frame frame;
};

/** A request; what is not given has a usual value. */
struct said {
	const char *method;    /* INVITE */
	const char *uri;       /* sip:TO@example.com; REGISTER: the domain */
	const char *from, *to; /* user, or sip: URI; alice, bob */
	const char *from_tag;  /* f1 */
	const char *to_tag;    /* none */
	const char *branch;    /* z9hG4bK1 */
	const char *call_id;   /* call-1 */
	unsigned cseq;	       /* 1 */
	const char *more;      /* lines */
	const char *body;      /* SDP or the like */
};

static struct heard last_heard;

static inline const char *or_else(const char *text, const char *otherwise)
{
	return text ? text : otherwise;
}

static inline const char *talk_uri(char out[160], const char *who)
{
	bool whole = !strncmp(who, "sip:", 4) || !strncmp(who, "sips:", 5);

	snprintf(out, 160, whole ? "%s" : "sip:%s@example.com", who);
	return out;
}

static inline size_t talk_write(char *out, size_t cap, const struct said *s)
{
	const char *method = or_else(s->method, "INVITE");
	bool registers = !strcmp(method, "REGISTER");
	char from[160], to[160], uri[160];

	talk_uri(from, or_else(s->from, "alice"));
	talk_uri(to,
		 or_else(s->to, registers ? or_else(s->from, "alice") : "bob"));
	snprintf(uri, sizeof(uri), "%s",
		 or_else(s->uri, registers ? "sip:example.com" : to));
	return (size_t)snprintf(
		out, cap,
		"%s %s SIP/2.0\r\n"
		"Via: SIP/2.0/TLS client.invalid;branch=%s;rport\r\n"
		"Max-Forwards: 70\r\n"
		"From: <%s>;tag=%s\r\n"
		"To: <%s>%s%s\r\n"
		"Call-ID: %s\r\n"
		"CSeq: %u %s\r\n"
		"%sContent-Length: %zu\r\n\r\n%s",
		method, uri, or_else(s->branch, "z9hG4bK1"), from,
		or_else(s->from_tag, "f1"), to, s->to_tag ? ";tag=" : "",
		or_else(s->to_tag, ""), or_else(s->call_id, "call-1"),
		s->cseq ? s->cseq : 1, method, or_else(s->more, ""),
		strlen(or_else(s->body, "")), or_else(s->body, ""));
}

static inline void ask_said(struct conn *c, const struct said *s)
{
	char text[8192];
	size_t n = talk_write(text, sizeof(text), s);

	CU_ASSERT_FATAL(n < sizeof(text));
	fake_feed(c, (struct slice){.p = text, .n = n});
	fake_settle();
}

/** Say a request on a connection. */
#define ask(c, ...) ask_said((c), &(struct said){__VA_ARGS__})

/** Say any bytes. */
static inline void utter(struct conn *c, const char *text)
{
	fake_feed(c, slice_of(text));
	fake_settle();
}

static inline struct slice talk_unread(struct conn *c)
{
	struct fake_conn *f = fake_of(c);

	return (struct slice){.p = f->out + f->read, .n = f->n - f->read};
}

/** Read the next message from a connection, whatever it is. */
static inline bool hear_any(struct conn *c, struct heard *h)
{
	static const struct framer_limits lim = {262144, 65536, 8192, 256};
	struct framer fr = {0};
	struct verdict v;
	size_t used = 0;

	if (framer_next(&fr, &lim, talk_unread(c), &used, &h->frame, &v) !=
	    FRAMER_MESSAGE)
		return false;
	CU_ASSERT_FATAL(used < sizeof(h->text));
	memcpy(h->text, h->frame.bytes.p, used);
	h->text[used] = '\0';
	h->frame.bytes.p = h->text;
	h->by = c;
	fake_of(c)->read += used;
	return true;
}

static inline void hear_at(const char *file, unsigned line, struct conn *c,
			   const char *start, struct heard *h)
{
	bool right;

	h = h ? h : &last_heard;
	h->text[0] = '\0';
	right = c && hear_any(c, h) && !strncmp(h->text, start, strlen(start));
	if (!right)
		printf("# %s:%u: heard \"%.*s\", not \"%s\"\n", file, line,
		       (int)strcspn(h->text, "\r"), h->text, start);
	CU_assertImplementation(right, line, start, file, "", CU_FALSE);
	if (!right && !h->text[0])
		h->frame.lines = 0;
}

/** The next message on a connection begins so; h may be NULL. */
#define hear(c, start, h) hear_at(__FILE__, __LINE__, (c), (start), (h))

static inline void quiet_at(const char *file, unsigned line, struct conn *c)
{
	struct slice rest = talk_unread(c);

	if (rest.n)
		printf("# %s:%u: said \"%.*s\"\n", file, line,
		       (int)strcspn(rest.p, "\r"), rest.p);
	CU_assertImplementation(!rest.n, line, "quiet", file, "", CU_FALSE);
}

/** Nothing more was said on a connection. */
#define quiet(c) quiet_at(__FILE__, __LINE__, (c))

/** Value n of a field, list elements counted one by one; absent at the end. */
static inline struct slice value(const struct heard *h, enum field field,
				 unsigned n)
{
	int i = -1;

	while ((i = frame_find(&h->frame, field, (unsigned)(i + 1))) >= 0) {
		struct slice list = frame_value(&h->frame, (unsigned)i);

		while (list.n) {
			struct slice one = frame_list_next(&list);

			if (n-- == 0)
				return one;
		}
	}
	return (struct slice){0};
}

static inline unsigned values(const struct heard *h, enum field field)
{
	unsigned n = 0;

	while (value(h, field, n).p)
		n++;
	return n;
}

static inline bool holds(struct slice s, const char *text)
{
	return s.p && memmem(s.p, s.n, text, strlen(text));
}

/** Does a message hold this text? */
static inline bool says(const struct heard *h, const char *text)
{
	return strstr(h->text, text) != NULL;
}

static inline void answer_copy(struct buf *out, const struct heard *h,
			       enum field field, const char *more)
{
	int i = -1;

	while ((i = frame_find(&h->frame, field, (unsigned)(i + 1))) >= 0) {
		const struct frame_line *l = &h->frame.line[i];

		buf_add(out, (struct slice){h->text + l->start,
					    l->end - l->start - 2});
		buf_puts(out, more);
		buf_puts(out, "\r\n");
	}
}

/** What an answer says, by whom it is given; the tag is that of To. */
static inline void answer_write(struct buf *out, const struct heard *h,
				unsigned status, const char *more,
				const char *tag)
{
	char line[64];
	bool tagged = holds(value(h, FIELD_TO, 0), ";tag=");

	snprintf(line, sizeof(line), "SIP/2.0 %u Word\r\n", status);
	buf_puts(out, line);
	answer_copy(out, h, FIELD_VIA, "");
	if (status > 100 && status < 300)
		answer_copy(out, h, FIELD_RECORD_ROUTE, "");
	answer_copy(out, h, FIELD_FROM, "");
	snprintf(line, sizeof(line), ";tag=%s", tag);
	answer_copy(out, h, FIELD_TO, tagged || status == 100 ? "" : line);
	answer_copy(out, h, FIELD_CALL_ID, "");
	answer_copy(out, h, FIELD_CSEQ, "");
	buf_puts(out, more);
	buf_puts(out, "Content-Length: 0\r\n\r\n");
}

/** Answer on another connection than the request came by. */
static inline void answer_by(struct conn *c, const struct heard *h,
			     unsigned status, const char *more)
{
	struct buf out = {0};

	answer_write(&out, h, status, more, "t1");
	CU_ASSERT_FALSE_FATAL(out.failed);
	fake_feed(c, buf_slice(&out));
	buf_fini(&out);
	fake_settle();
}

/** Answer a request where it was heard. */
static inline void answer(const struct heard *h, unsigned status,
			  const char *more)
{
	answer_by(h->by, h, status, more);
}

/** The connection that the edge opened to a server. */
static inline struct conn *at(const char *name)
{
	struct conn *c = fake_reached(name);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	return c;
}

/** A user's TLS connection on a worker. */
static inline struct conn *phone_on(unsigned worker, const char *address)
{
	return fake_accept(worker, LEG_OUTSIDE, DOOR_TLS, address, NULL);
}

static inline struct conn *phone(const char *address)
{
	return phone_on(0, address);
}

/** A server of ours connects to the edge. */
static inline struct conn *server(const char *name)
{
	return fake_accept(0, LEG_INSIDE, DOOR_TLS, "10.0.0.99:40000", name);
}

#define CONTACT                                                                \
	"Contact: <sip:x@198.51.100.7:4242;transport=tls>;expires=600\r\n"

/** Register through the director, who redirects to home01. */
static inline void enroll(struct conn *c, const char *user)
{
	struct heard h;

	ask(c, .method = "REGISTER", .from = user, .call_id = user,
	    .branch = "z9hG4bKenroll", .more = CONTACT);
	hear(at(DIR01), "REGISTER sip:example.com", &h);
	answer(&h, 302, "Contact: <sip:" HOME01 ">\r\n");
	hear(at(HOME01), "REGISTER sip:example.com", &h);
	answer(&h, 200, CONTACT);
	hear(c, "SIP/2.0 200", NULL);
}

/** A REGISTER's Path, as home01 stored it: "<sip:TOKEN@edge...>". */
static inline void enroll_path(struct conn *c, const char *user, char path[512])
{
	struct heard h;

	ask(c, .method = "REGISTER", .from = user, .call_id = user,
	    .branch = "z9hG4bKpath", .cseq = 9, .more = CONTACT);
	hear(at(HOME01), "REGISTER sip:example.com", &h);
	snprintf(path, 512, "%.*s", SLICE_ARG(value(&h, FIELD_PATH, 0)));
	answer(&h, 200, CONTACT);
	hear(c, "SIP/2.0 200", NULL);
}

/** alice, registered at home01, calls; home01 has the INVITE. */
static inline void call_begins(struct conn *alice, struct heard *invite)
{
	ask(alice, .more = CONTACT, .body = "v=0\r\n");
	hear(at(HOME01), "INVITE sip:bob@example.com", invite);
	quiet(alice);
}

/** It rings where the INVITE was heard, and the caller hears that. */
static inline void call_rings(struct conn *caller, const struct heard *invite)
{
	answer(invite, 180, "");
	hear(caller, "SIP/2.0 180", NULL);
}

/** alice calls, and hears 408: Timer C is 5 s on this stage. */
static inline struct conn *call_is_given_up(struct heard *invite)
{
	struct conn *alice;

	STAGE_OPEN(.limits = "timer_c_s = 5;");
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
	call_begins(alice, invite);
	fake_pass(5200);
	hear(alice, "SIP/2.0 100", NULL);
	hear(alice, "SIP/2.0 408", NULL);
	return alice;
}

/** alice took the refusal of her call: nothing is left of it. */
static inline void refusal_is_taken(struct conn *alice)
{
	ask(alice, .method = "ACK", .to_tag = "t1");
	CU_ASSERT_EQUAL(stage_transactions(), 0);
}

/** home01 answers as bob does; alice's view of the 200 is left in ok. */
static inline void call_is_answered(struct conn *alice, struct heard *invite,
				    struct heard *ok)
{
	answer(invite, 200, "Contact: <sip:bob@10.0.0.31>\r\n");
	hear(alice, "SIP/2.0 200", ok);
}

/** "Route: A\r\n" */
static inline const char *route_line(char out[2048], struct slice uri)
{
	snprintf(out, 2048, "Route: %.*s\r\n", SLICE_ARG(uri));
	return out;
}

/** A server passes a request on, with lines of its own on top. */
static inline void relay(const struct heard *h, struct conn *to,
			 const char *lines, struct slice uri)
{
	struct rewrite rw = {
		.request_uri = uri,
		.via = SLICE("SIP/2.0/TLS home.invalid;branch=z9hG4bKrelay"),
		.add_top = slice_of(lines),
	};
	struct buf out = {0};

	CU_ASSERT_EQUAL_FATAL(headers_write(&out, &h->frame, &rw, NULL), 0);
	fake_feed(to, buf_slice(&out));
	buf_fini(&out);
	fake_settle();
}

/** And an answer back. */
static inline void relay_answer(const struct heard *h, struct conn *to)
{
	struct rewrite rw = {.pop_via = true};
	struct buf out = {0};

	CU_ASSERT_EQUAL_FATAL(headers_write(&out, &h->frame, &rw, NULL), 0);
	fake_feed(to, buf_slice(&out));
	buf_fini(&out);
	fake_settle();
}

#endif
