/*
 * intake.c: framer, parser, sanity, facts, policy, and then the act.
 */
#include "intake.h"

#include "cancel.h"
#include "register.h"
#include "reply.h"
#include "request.h"
#include "response.h"

#include "policy/policy.h"
#include "sip/sanity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool has_rport(struct slice via)
{
	const char *p = via.p, *end = via.p + via.n;

	while ((p = memchr(p, ';', (size_t)(end - p))) && end - p >= 6) {
		if (!strncasecmp(p, ";rport", 6))
			return true;
		p++;
	}
	return false;
}

static void write_mark(struct flow *f)
{
	char host[ADDR_TEXT_MAX];

	f->mark_len =
		(uint8_t)snprintf(f->mark, sizeof(f->mark), ";received=%s",
				  addr_host_text(&f->conn->peer, host));
	snprintf(f->mark + f->mark_len, sizeof(f->mark) - f->mark_len,
		 ";rport=%u", addr_port(&f->conn->peer));
}

/* RFC 3261 §18.2.1, RFC 3581 §4: what the socket says, whatever Via says. */
static struct slice mark_of(struct flow *f, const struct frame *frame)
{
	int via = frame_find(frame, FIELD_VIA, 0);
	struct slice all =
		via < 0 ? (struct slice){0} : frame_value(frame, (unsigned)via);

	if (!f->mark_len)
		write_mark(f);
	if (all.n && has_rport(frame_list_next(&all)))
		return slice_of(f->mark);
	return (struct slice){.p = f->mark, .n = f->mark_len};
}

static struct verdict decide(struct job *j)
{
	struct verdict v;

	if (j->f->method == METHOD_REGISTER &&
	    j->f->origin.leg == LEG_OUTSIDE) {
		v = register_room(j);
		if (v.kind != VERDICT_PASS)
			return v;
	}
	return policy_decide(j->p->w->settings, j->f);
}

static void perform(struct job *j, const struct verdict *v)
{
	switch (v->kind) {
	case VERDICT_FORWARD:
		if (v->to == TO_SELF)
			reply_verdict(j, v);
		else
			request_forward(j, v);
		break;
	case VERDICT_REFUSE:
	case VERDICT_DROP:
		reply_verdict(j, v);
		break;
	case VERDICT_ASK:
	case VERDICT_PASS:
		count_up(&j->p->count.undecided);
		reply_now(j, 500, (struct slice){0});
		break;
	}
}

/* A request that may pass buys a stranger time to prove itself; nothing else
 * does. */
static void request_arrive(struct job *j)
{
	struct verdict v;

	count_up(&j->p->count.requests);
	j->mark = mark_of(j->flow, &j->p->frame);
	if (j->f->method == METHOD_ACK && cancel_ack_arrive(j))
		return;
	if (j->f->method == METHOD_CANCEL) {
		cancel_arrive(j);
		return;
	}
	if (j->p->w->draining && !is_in_dialog(j->f)) {
		reply_now(j, 503, SLICE("Retry-After: 10\r\n"));
		return;
	}
	v = decide(j);
	if (v.kind == VERDICT_FORWARD && j->f->origin.peer == PEER_STRANGER)
		conn_trust(j->flow->conn, CONN_UNPROVEN);
	perform(j, &v);
	/* A server that is not ours has nothing more to say. */
	if (v.kind == VERDICT_REFUSE && j->f->origin.leg == LEG_INSIDE &&
	    j->f->origin.peer == PEER_STRANGER)
		conn_close(j->flow->conn, CONN_END_REFUSED);
}

static void log_frame(struct flow *f, const struct verdict *v)
{
	char name[24], addr[ADDR_TEXT_MAX];

	log_event(LOG_LEVEL_NOTICE, conn_name(f->conn, name),
		  v->kind == VERDICT_DROP ? "drop" : "refuse",
		  "rule=%s status=%u peer=%s", v->rule, v->status,
		  addr_text(&f->conn->peer, addr));
}

static void refuse_frame(struct proxy *p, struct flow *f,
			 const struct verdict *v)
{
	count_up(&p->count.refused);
	log_frame(f, v);
	/* RFC 4475 §3.3.1: what cannot be answered ends the connection. */
	if (v->kind == VERDICT_REFUSE && !reply_frame(f, &p->frame, v))
		conn_close(f->conn, CONN_END_REFUSED);
}

/* How a message is read. */
enum reading {
	READ_ANSWER, /* of a server of ours: matched and passed back */
	READ_ONCE, /* what looks settled: a dialog of ours, a user proved here */
	READ_TWICE, /* anything else: by us and by Sofia's parser */
};

static bool has_to_tag(const struct frame *frame)
{
	int to = frame_find(frame, FIELD_TO, 0);
	struct slice v =
		to < 0 ? (struct slice){0} : frame_value(frame, (unsigned)to);

	return v.n && memmem(v.p, v.n, ";tag=", 5);
}

static enum reading reading_of(const struct frame *frame,
			       const struct origin *from)
{
	if (frame->response)
		return from->peer == PEER_SERVER ? READ_ANSWER : READ_TWICE;
	if (from->peer == PEER_USER || from->peer == PEER_DEVICE)
		return from->whos ? READ_ONCE : READ_TWICE;
	return frame_find(frame, FIELD_ROUTE, 0) >= 0 && has_to_tag(frame)
		       ? READ_ONCE
		       : READ_TWICE;
}

/* Parser, sanity, facts. PASS, or why not. */
static struct verdict read_message(struct job *j, const struct origin *from,
				   enum reading reading)
{
	struct proxy *p = j->p;
	struct facts_self self = {
		.settings = p->w->settings,
		.pen = p->pen,
		.wall_s = p->w->wall_s,
	};
	struct verdict v;
	int err = reading == READ_TWICE ? wire_parse(&j->msg, &p->frame)
					: wire_adopt(&j->msg, &p->frame);

	if (err == ENOMEM)
		return verdict_refuse(503, "out-of-memory");
	if (err)
		return verdict_refuse(400, "unparseable");
	v = reading == READ_ANSWER ? sanity_answer(j->msg)
				   : sanity_check(j->msg, &p->sanity_limits);
	if (v.kind == VERDICT_PASS && facts_read(j->f, j->msg, from, &self))
		v = verdict_refuse(400, "unreadable");
	return v;
}

/* Is it settled where it goes, by what was signed or proved before? */
static bool is_settled(const struct facts *f, const struct flow *flow)
{
	if (f->to_tag.n && f->token.kind == TOKEN_DIALOG && f->dialog_fits)
		return true;
	return f->from_who && flow_has(flow, f->from_who) &&
	       (f->method != METHOD_REGISTER || f->to_who == f->from_who);
}

/* One framed message, all the way. */
static void take_message(struct proxy *p, struct flow *f)
{
	struct job j = {.p = p, .flow = f, .f = &p->facts};
	struct origin origin;
	enum reading reading;
	struct verdict v;

	flow_origin(f, p, &origin);
	reading = reading_of(&p->frame, &origin);
	v = read_message(&j, &origin, reading);
	if (v.kind == VERDICT_PASS && reading == READ_ONCE &&
	    !is_settled(&p->facts, f)) {
		wire_destroy(&j.msg);
		v = read_message(&j, &origin, READ_TWICE);
	}
	if (v.kind != VERDICT_PASS) {
		refuse_frame(p, f, &v);
	} else if (p->facts.response) {
		count_up(&p->count.responses);
		response_arrive(&j, f->conn->id);
	} else {
		request_arrive(&j);
	}
	wire_destroy(&j.msg);
}

void intake_response(struct proxy *p, conn_id by, struct slice bytes)
{
	struct facts_self self = {
		.settings = p->w->settings,
		.pen = p->pen,
		.wall_s = p->w->wall_s,
	};
	struct job j = {.p = p, .f = &p->facts};
	struct origin nobody = {.conn = by};

	/* It was checked where it came in. */
	if (framer_index(&p->frame, bytes) || wire_adopt(&j.msg, &p->frame))
		return;
	if (sanity_answer(j.msg).kind == VERDICT_PASS &&
	    !facts_read(&p->facts, j.msg, &nobody, &self))
		response_arrive(&j, by);
	wire_destroy(&j.msg);
}

static const struct framer_limits *limits_of(const struct proxy *p,
					     const struct flow *f)
{
	return f->conn->tls ? &p->frame_limits : &p->device_frame_limits;
}

/* One step at the front of the bytes. False: nothing more to do with them. */
static bool intake_step(struct proxy *p, struct flow *f, struct slice in,
			size_t *used)
{
	struct verdict v;

	*used = 0;
	switch (framer_next(&f->framer, limits_of(p, f), in, used, &p->frame,
			    &v)) {
	case FRAMER_EMPTY:
		conn_expect(f->conn, CONN_WAIT_NOTHING);
		return false;
	case FRAMER_HEAD:
		/* Half a ping is no message: it may stand there for ever. */
		conn_expect(f->conn, in.p[0] == '\r' ? CONN_WAIT_NOTHING
						     : CONN_WAIT_HEAD);
		return false;
	case FRAMER_BODY:
		conn_expect(f->conn, CONN_WAIT_BODY);
		return false;
	case FRAMER_MESSAGE:
		take_message(p, f);
		return true;
	case FRAMER_PING:
		/* RFC 5626 §4.4.1: "\r\n\r\n" is answered with "\r\n". */
		flow_send(f, SLICE("\r\n"));
		return true;
	case FRAMER_PONG:
		return true;
	case FRAMER_REFUSE:
		break;
	}
	refuse_frame(p, f, &v);
	conn_close(f->conn, CONN_END_REFUSED);
	return false;
}

size_t intake_bytes(struct proxy *p, struct flow *f, struct slice in)
{
	size_t total = 0, used;
	bool more = true;

	while (more) {
		more = intake_step(p, f, in, &used);
		if (more && used)
			conn_expect(f->conn, CONN_WAIT_NOTHING);
		in.p += used;
		in.n -= used;
		total += used;
	}
	return total;
}
