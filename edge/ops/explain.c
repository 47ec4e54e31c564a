/*
 * explain.c: the walk itself, in the order of proxy/intake.
 */
#include "explain_room.h"

#include "policy/policy.h"
#include "sip/sanity.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define SAY_MAX 1024

const char *explain_verdict_word(const struct verdict *v)
{
	switch (v->kind) {
	case VERDICT_PASS:
		return "pass";
	case VERDICT_FORWARD:
		return "forward";
	case VERDICT_REFUSE:
		return "refuse";
	case VERDICT_DROP:
		return "drop";
	case VERDICT_ASK:
		return "ask";
	}
	return "undecided";
}

void explain_tell(struct walk *w, enum explain_part part, struct slice name,
		  struct slice text)
{
	w->tell(part, name, text, w->arg);
}

void explain_say(struct walk *w, enum explain_part part, const char *name,
		 const char *fmt, ...)
{
	char text[SAY_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	if (n >= (int)sizeof(text))
		n = sizeof(text) - 1;
	explain_tell(w, part, slice_of(name),
		     (struct slice){.p = text, .n = (size_t)n});
}

/* The first line that does not end as RFC 3261 §7 wants it; 0: none. */
static unsigned bad_line(struct slice s)
{
	unsigned line = 1;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\r' && (i + 1 == s.n || s.p[i + 1] != '\n'))
			return line;
		if (s.p[i] == '\n' && (i == 0 || s.p[i - 1] != '\r'))
			return line;
		if (s.p[i] == '\n' && i >= 3 && s.p[i - 2] == '\n')
			return 0;
		line += s.p[i] == '\n';
	}
	return 0;
}

static int no_message(struct walk *w, const char *what)
{
	unsigned line = bad_line(w->ask->bytes);

	explain_say(w, EXPLAIN_NOTE, "message", "%s", what);
	if (line)
		explain_say(w, EXPLAIN_NOTE, "line",
			    "line %u does not end in CR LF", line);
	return EBADMSG;
}

static void say_step(struct walk *w, enum explain_part part, const char *name,
		     const struct verdict *v)
{
	if (v->kind == VERDICT_PASS)
		explain_say(w, part, name, "pass");
	else if (v->kind == VERDICT_REFUSE)
		explain_say(w, part, name, "refuse %u %s", v->status, v->rule);
	else
		explain_say(w, part, name, "%s %s", explain_verdict_word(v),
			    v->rule);
}

static void framed_badly(struct walk *w, const struct framer *fr,
			 const struct verdict *v)
{
	unsigned line = bad_line(w->ask->bytes);

	say_step(w, EXPLAIN_READ, "framer", v);
	if (line)
		explain_say(w, EXPLAIN_NOTE, "line",
			    "line %u does not end in CR LF", line);
	else if (fr->lines)
		explain_say(w, EXPLAIN_NOTE, "line", "near line %u",
			    fr->lines + 1);
}

static struct framer_limits limits_of(const struct explain_ask *ask)
{
	const struct limits *l = &ask->settings->limits;

	return (struct framer_limits){
		.message_bytes = ask->origin.peer == PEER_DEVICE
					 ? l->device_message_bytes
					 : l->message_bytes,
		.header_bytes = l->header_bytes,
		.line_bytes = l->line_bytes,
		.headers = l->headers,
	};
}

/* One message off the front. 0, and v says whether it is good. */
static int cut(struct walk *w, struct verdict *v)
{
	struct framer_limits lim = limits_of(w->ask);
	struct slice in = w->ask->bytes;
	struct framer fr = {0};
	enum framer_result got;
	size_t used = 0;

	do {
		in.p += used;
		in.n -= used;
		used = 0;
		got = framer_next(&fr, &lim, in, &used, &w->frame, v);
	} while (got == FRAMER_PING || got == FRAMER_PONG);
	switch (got) {
	case FRAMER_MESSAGE:
		*v = (struct verdict){.kind = VERDICT_PASS};
		explain_say(w, EXPLAIN_READ, "framer", "pass");
		if (in.n > used)
			explain_say(w, EXPLAIN_NOTE, "rest",
				    "%zu bytes behind the message",
				    in.n - used);
		return 0;
	case FRAMER_REFUSE:
		framed_badly(w, &fr, v);
		return 0;
	case FRAMER_BODY:
		return no_message(w, "the body is shorter than Content-Length");
	case FRAMER_HEAD:
		return no_message(w, "no empty line ends the head");
	default:
		return no_message(w, "there is no message");
	}
}

static void rule_asked(const char *name, const struct verdict *v, void *arg)
{
	say_step(arg, EXPLAIN_RULE, name, v);
}

/* Parser and sanity, by our own reader or by both. */
static struct verdict read_by(struct walk *w, struct msg **m, bool both)
{
	const struct limits *l = &w->ask->settings->limits;
	struct sanity_limits counts = {l->vias, l->routes, l->contacts};
	struct verdict v;
	int err = both ? wire_parse(m, &w->frame) : wire_adopt(m, &w->frame);

	if (err)
		v = verdict_refuse(err == ENOMEM ? 503 : 400,
				   err == ENOMEM ? "out-of-memory"
						 : "unparseable");
	else if (w->frame.response && !both)
		v = sanity_answer(*m);
	else
		v = sanity_check(*m, &counts);
	say_step(w, EXPLAIN_READ, both ? "both readers" : "our reader", &v);
	return v;
}

static struct verdict read_facts(struct walk *w)
{
	struct facts_self self = {
		.settings = w->ask->settings,
		.pen = w->ask->pen,
		.wall_s = w->ask->wall_s,
	};
	struct verdict v;

	if (!facts_read(&w->facts, w->m, &w->ask->origin, &self))
		return (struct verdict){.kind = VERDICT_PASS};
	v = verdict_refuse(400, "unreadable");
	say_step(w, EXPLAIN_READ, "facts", &v);
	return v;
}

/* Is it settled where it goes, by what was signed or proved before? */
static bool is_settled(const struct facts *f)
{
	if (f->to_tag.n && f->token.kind == TOKEN_DIALOG && f->dialog_fits)
		return true;
	for (size_t i = 0; i < f->origin.whos; i++)
		if (f->from_who && f->origin.who[i] == f->from_who)
			return f->method != METHOD_REGISTER ||
			       f->to_who == f->from_who;
	return false;
}

/* What is forwarded must mean the same to Sofia's parser, so that no second
 * reading leads past the decision. */
static struct verdict read_again(struct walk *w)
{
	struct msg *m = NULL;
	struct verdict v = read_by(w, &m, true);

	v.extra = (struct slice){0}; /* it points into m */
	wire_destroy(&m);
	return v;
}

static void prove(struct walk *w)
{
	if (w->facts.origin.peer != PEER_PARTNER)
		return;
	federation_prove(&w->proof, w->ask->settings, &w->facts);
	w->proved = w->proof.by != PROOF_NONE && w->proof.by != PROOF_ASK;
}

static struct verdict decide(struct walk *w)
{
	struct verdict v, second;

	/* RFC 3261 §9.2: it is for a transaction, which no file has. */
	if (w->facts.method == METHOD_CANCEL) {
		explain_say(w, EXPLAIN_NOTE, "cancel",
			    "a CANCEL is matched with its INVITE and meets no "
			    "rule; without it, it is answered with 481");
		return verdict_refuse(481, "nothing-to-cancel");
	}
	prove(w);
	explain_facts(w);
	v = policy_walk(w->ask->settings, &w->facts, rule_asked, w);
	if (v.kind != VERDICT_FORWARD || is_settled(&w->facts))
		return v;
	second = read_again(w);
	return second.kind == VERDICT_PASS ? v : second;
}

static void say_verdict(struct walk *w, const struct verdict *v)
{
	explain_say(w, EXPLAIN_VERDICT, "decision", "%s",
		    explain_verdict_word(v));
	if (v->kind == VERDICT_REFUSE)
		explain_say(w, EXPLAIN_VERDICT, "status", "%u %s", v->status,
			    verdict_reason(v->status));
	if (v->rule)
		explain_say(w, EXPLAIN_VERDICT, "rule", "%s", v->rule);
	if (v->kind == VERDICT_ASK)
		explain_say(w, EXPLAIN_NOTE, "dns",
			    "the edge asks DNS now for the SRV records of "
			    "%.*s, then decides",
			    SLICE_ARG(w->facts.from.host));
}

static struct verdict walk_message(struct walk *w)
{
	bool both = w->frame.response && w->ask->origin.peer != PEER_SERVER;
	struct verdict v = read_by(w, &w->m, both);

	if (v.kind == VERDICT_PASS)
		v = read_facts(w);
	if (v.kind != VERDICT_PASS)
		return v;
	if (!w->facts.response)
		return decide(w);
	explain_facts(w);
	explain_say(w, EXPLAIN_NOTE, "response",
		    "a response meets no rule: it passes when its top Via is "
		    "ours and its request waits on this very connection");
	return v;
}

int explain_walk(struct verdict *out, const struct explain_ask *ask,
		 explain_fn *tell, void *arg)
{
	struct walk *w = calloc(1, sizeof(*w));
	int err;

	if (!w)
		return ENOMEM;
	w->ask = ask;
	w->tell = tell;
	w->arg = arg;
	err = cut(w, out);
	if (!err && out->kind == VERDICT_PASS)
		*out = walk_message(w);
	if (!err) {
		say_verdict(w, out);
		explain_hop(w, out);
		explain_changes(w, out);
	}
	wire_destroy(&w->m);
	free(w);
	return err;
}
