/*
 * intake.c: framer, parser, sanity, facts, policy, and then the act.
 */
#include "intake.h"

#include "cancel.h"
#include "devices.h"
#include "digest.h"
#include "hold.h"
#include "partners_book.h"
#include "recall_notes.h"
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

/* A partner that proves its From domain by SRV records: they have to be known
 * first. */
static struct verdict decide_told(struct job *j)
{
	struct proxy *p = j->p;
	int err = j->told ? j->told_err : hold_request(j, &p->service);
	struct verdict v;

	if (err == EINPROGRESS)
		return verdict_ask("partner-dns");
	if (err == ENOBUFS || err == ENOMEM)
		return verdict_refuse(503, "too-many-held");
	if (err)
		return verdict_refuse(504, "partner-dns-fails");
	j->f->origin.service = &p->service;
	v = policy_decide(p->w->settings, j->f);
	return v.kind == VERDICT_ASK ? verdict_refuse(403, "partner-name") : v;
}

/* Whose word it is, for the border; inside a dialog DNS is not waited for. */
static void judge(struct job *j)
{
	struct proxy *p = j->p;

	federation_prove(&p->proof, p->w->settings, j->f);
	if (p->proof.by == PROOF_ASK &&
	    hold_known(p, j->f->from.host, &p->service)) {
		j->f->origin.service = &p->service;
		federation_prove(&p->proof, p->w->settings, j->f);
	}
	j->proof = &p->proof;
}

/* RFC 3261 §21.5.4 */
static struct verdict not_now(const char *rule, struct slice retry_after)
{
	struct verdict v = verdict_refuse(503, rule);

	v.extra = retry_after;
	return v;
}

/* One certificate may prove as many domains as its owner likes. */
static struct verdict admit_edge(struct job *j, struct partners_ask ask)
{
	struct proxy *p = j->p;

	ask.domain = partners_edge(p->w->settings, j->f);
	return ask.domain.n ? partners_admit(p->shared->partners,
					     &p->w->settings->limits, &ask,
					     p->w->now_ms)
			    : (struct verdict){.kind = VERDICT_PASS};
}

static struct verdict admit_partner(struct job *j)
{
	const struct facts *f = j->f;
	const struct settings *s = j->p->w->settings;
	struct partners_ask ask = {
		.domain = f->from.host,
		.callee = f->ruri_who,
		.in_dialog = is_in_dialog(f),
		.listed = settings_partner(s, f->from.host) != NULL,
		.ends = f->method == METHOD_BYE || f->method == METHOD_ACK,
	};
	struct verdict v;

	/* Who is known least is the first that has to go. */
	if (!ask.listed && !ask.in_dialog &&
	    j->p->txns >= s->limits.transactions / 4 * 3)
		return not_now("partner-shed", SLICE("Retry-After: 5\r\n"));
	v = partners_admit(j->p->shared->partners, &s->limits, &ask,
			   j->p->w->now_ms);
	if (v.kind == VERDICT_PASS && !ask.listed)
		v = admit_edge(j, ask);
	if (v.kind == VERDICT_PASS)
		judge(j);
	return v;
}

/* How much it may ask: the last question, since asking counts. */
static struct verdict admit(struct job *j)
{
	const struct origin *from = &j->f->origin;

	if (from->peer == PEER_PARTNER)
		return admit_partner(j);
	if (from->device && !is_in_dialog(j->f) &&
	    j->f->method != METHOD_REGISTER &&
	    !devices_admit(j->p->shared->devices, from->device,
			   j->p->w->now_ms))
		return not_now("device-too-fast", SLICE("Retry-After: 1\r\n"));
	return (struct verdict){.kind = VERDICT_PASS};
}

/* Is it settled where it goes, by what was signed or proved before? */
static bool is_settled(const struct facts *f, const struct flow *flow)
{
	if (f->to_tag.n && f->token.kind == TOKEN_DIALOG && f->dialog_fits)
		return true;
	return f->from_who && flow_has(flow, f->from_who) &&
	       (f->method != METHOD_REGISTER || f->to_who == f->from_who);
}

/* What another reader would understand differently goes no further. The first
 * reading stays good: it is of the frame. */
static struct verdict read_again(struct job *j)
{
	struct proxy *p = j->p;
	struct msg *m;
	int err = wire_parse(&m, &p->frame);
	struct verdict v;

	if (err == ENOMEM)
		return verdict_refuse(503, "out-of-memory");
	if (err)
		return verdict_refuse(400, "unparseable");
	v = sanity_check(m, &p->sanity_limits);
	v.extra = (struct slice){0}; /* it points into m */
	wire_destroy(&m);
	return v;
}

static struct verdict decide(struct job *j)
{
	struct verdict v, more;

	if (j->f->method == METHOD_REGISTER &&
	    j->f->origin.leg == LEG_OUTSIDE) {
		v = register_room(j);
		if (v.kind != VERDICT_PASS)
			return v;
	}
	v = policy_decide(j->p->w->settings, j->f);
	if (v.kind == VERDICT_ASK)
		v = decide_told(j);
	if (j->f->origin.device)
		v = digest_settle(j, v);
	if (v.kind != VERDICT_FORWARD)
		return v;
	more = admit(j);
	if (more.kind == VERDICT_PASS && !is_settled(j->f, j->flow))
		more = read_again(j);
	return more.kind == VERDICT_PASS ? v : more;
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
	case VERDICT_ASK: /* it is held */
		break;
	case VERDICT_PASS:
		count_up(&j->p->count.undecided);
		reply_now(j, 500, (struct slice){0});
		break;
	}
}

/* A request that may pass buys a stranger time to prove itself; nothing else
 * does. A partner is proved by one. */
static void prove(struct job *j)
{
	if (j->f->origin.peer == PEER_STRANGER)
		conn_trust(j->flow->conn, CONN_UNPROVEN);
	if (j->f->origin.peer == PEER_PARTNER)
		flow_prove(j->flow);
}

static bool is_of_transaction(struct job *j)
{
	if (j->f->method == METHOD_ACK)
		return cancel_ack_arrive(j) || reply_was_final(j);
	if (j->f->method != METHOD_CANCEL)
		return false;
	if (!hold_cancel(j))
		cancel_arrive(j);
	return true;
}

static void request_arrive(struct job *j)
{
	struct verdict v;

	count_up(&j->p->count.requests);
	j->mark = mark_of(j->flow, &j->p->frame);
	if (is_of_transaction(j))
		return;
	if (j->p->w->draining && !is_in_dialog(j->f)) {
		reply_now(j, 503, SLICE("Retry-After: 10\r\n"));
		return;
	}
	v = decide(j);
	if (v.kind == VERDICT_FORWARD)
		prove(j);
	if (v.kind != VERDICT_ASK)
		recall_request(j, &v);
	perform(j, &v);
	/* A server that is not ours has nothing more to say. */
	if (v.kind == VERDICT_REFUSE && j->f->origin.leg == LEG_INSIDE &&
	    j->f->origin.peer == PEER_STRANGER)
		conn_close(j->flow->conn, CONN_END_REFUSED);
}

static void log_frame(struct flow *f, const struct verdict *v)
{
	const char *verb = v->kind == VERDICT_DROP ? "drop" : "refuse";
	char name[24], addr[ADDR_TEXT_MAX];

	if (!log_admits(LOG_LEVEL_NOTICE, verb))
		return;
	log_event(LOG_LEVEL_NOTICE, conn_name(f->conn, name), verb,
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

/* Parser, sanity, facts. PASS, or why not. A request is read by us alone at
 * first: what is refused anyway needs no second reader. So is an answer of a
 * server of ours, which is only matched and passed back. */
static struct verdict read_message(struct job *j, const struct origin *from)
{
	struct proxy *p = j->p;
	bool response = p->frame.response;
	bool ours = response && from->peer == PEER_SERVER;
	struct facts_self self = {
		.settings = p->w->settings,
		.pen = p->pen,
		.wall_s = p->w->wall_s,
	};
	struct verdict v;
	int err = response && !ours ? wire_parse(&j->msg, &p->frame)
				    : wire_adopt(&j->msg, &p->frame);

	if (err == ENOMEM)
		return verdict_refuse(503, "out-of-memory");
	if (err)
		return verdict_refuse(400, "unparseable");
	v = ours ? sanity_answer(j->msg)
		 : sanity_check(j->msg, &p->sanity_limits);
	if (v.kind == VERDICT_PASS && facts_read(j->f, j->msg, from, &self))
		v = verdict_refuse(400, "unreadable");
	return v;
}

/* One framed message, all the way. */
static void take_message(struct job *j)
{
	struct proxy *p = j->p;
	struct origin origin;
	struct verdict v;

	flow_origin(j->flow, p, &origin);
	v = read_message(j, &origin);
	if (v.kind != VERDICT_PASS) {
		refuse_frame(p, j->flow, &v);
	} else if (p->facts.response) {
		count_up(&p->count.responses);
		response_arrive(j, j->flow->conn->id);
	} else {
		request_arrive(j);
	}
	wire_destroy(&j->msg);
}

void intake_again(struct proxy *p, struct flow *f, struct slice bytes, int err,
		  const struct resolve_service *s)
{
	struct job j = {
		.p = p,
		.flow = f,
		.f = &p->facts,
		.told = true,
		.told_err = err,
	};

	if (!err)
		p->service = *s;
	if (!framer_index(&p->frame, bytes))
		take_message(&j);
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
	struct job j;

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
		j = (struct job){.p = p, .flow = f, .f = &p->facts};
		take_message(&j);
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
