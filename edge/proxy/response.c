/*
 * response.c: matches an answer to its transaction and passes it back.
 *
 * An answer counts only when its top Via is ours, signed, and names a
 * transaction that waits for it on the very connection it came by.
 */
#include "response.h"

#include "cancel.h"
#include "ferry.h"
#include "hop.h"
#include "partner.h"
#include "recall_notes.h"
#include "redirect.h"
#include "register.h"
#include "reply.h"
#include "route.h"
#include "veil.h"

#include "policy/boundary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ANSWERS_MAX 250 /* 1xx, and 2xx after the first, to one request */

static void stray(struct job *j, const char *rule)
{
	char addr[ADDR_TEXT_MAX];

	count_up(&j->p->count.stray);
	if (!log_wanted(LOG_LEVEL_INFO))
		return;
	log_event(LOG_LEVEL_INFO, "stray", "drop", "rule=%s status=%u peer=%s",
		  rule, j->f->status,
		  j->f->origin.source ? addr_text(j->f->origin.source, addr)
				      : "-");
}

static const char *record_rule(int err)
{
	return err == EBADMSG ? "route-set-too-long" : "out-of-memory";
}

/* The callee has answered, and nothing of ours could end the call as gently as
 * the two who are in it: it passes without the whole way back. */
static void log_no_record(struct txn *t, int err)
{
	char name[40];

	log_event(LOG_LEVEL_ERROR, txn_name(t, name), "no-record-route",
		  "rule=%s", record_rule(err));
}

static bool is_accepted_call(const struct txn *t, const struct job *j)
{
	return t->method == METHOD_INVITE && j->f->status >= 200;
}

/* What a partner's edge added is sealed in our own, and leads back over the
 * connection that it answers on. */
static int add_record_partner(struct buf *top, struct txn *t, struct job *j)
{
	struct route_set set;
	size_t start = top->n;
	int err = route_collect(wire_frame(j->msg), &set);

	route_turn(t->p, &set);
	set.hop = slice_of(t->far_domain);
	t->far_conn = t->down_id;
	if (!err)
		err = route_record_near(top, t, t->door, false, &set);
	if (err != EBADMSG || !is_accepted_call(t, j))
		return err;
	/* More than a token holds. Without us in the way, servers inside would
	 * go wherever its Contact says: it gets its call without its own. */
	log_no_record(t, err);
	top->n = start;
	set.n = 0;
	return route_record_near(top, t, t->door, false, &set);
}

/* From far to near. */
static int add_record_inward(struct buf *top, struct txn *t, struct job *j)
{
	int err = 0;

	if (t->door == FAR_PARTNER)
		err = add_record_partner(top, t, j);
	buf_puts(top, t->rr ? t->rr : "");
	return err;
}

/* Record-Route lines for the receiver of an answer to a dialog-forming
 * request; those that came are left out by the boundary. 0, ENOMEM, or EBADMSG
 * when there is more to seal than a token holds. */
static int add_record(struct buf *top, struct txn *t, struct job *j)
{
	struct route_set set;
	int err;

	if (t->outward)
		return add_record_inward(top, t, j);
	if (!j->f->has_record_route)
		return 0;
	if (!t->rr)
		return ENOMEM;
	if (route_collect(wire_frame(j->msg), &set))
		return EBADMSG;
	route_turn(t->p, &set);
	set.hop = slice_of(t->rr);
	set.contact = veil_to_seal(t, t->door);
	err = route_record_far(top, t, t->door, &set);
	if (!err && set.contact.n)
		veil_sealed(t, t->door);
	buf_puts(top, t->rr_far ? t->rr_far : "");
	return err;
}

/* Inward: remember which server took a dialog-forming request. */
static void note_hop(struct txn *t)
{
	const struct hop_host *host = hop_host(t->hop);
	struct buf hop = {0};

	buf_add(&hop, host->host);
	buf_puts(&hop, " ");
	buf_u64(&hop, host->port);
	buf_add(&hop, (struct slice){.p = "", .n = 1});
	free(t->rr);
	t->rr = hop.p;
	if (hop.failed) {
		buf_fini(&hop);
		t->rr = NULL;
	}
}

static uint64_t response_drop(const struct txn *t, const struct job *j)
{
	uint64_t drop = 0;

	if (t->outward)
		drop = boundary_drop(BOUNDARY_INWARD, t->asked);
	if (t->from_near)
		return drop;
	return drop | (boundary_drop(BOUNDARY_OUTWARD, t->asker) &
		       ~(t->outward ? 0 : boundary_spare(j->f, NULL)));
}

/* Pass it back as it came, but for our Via, the route set and the border. An
 * error: it was not passed, since later requests would not find their way. */
static int pass_back(struct txn *t, struct job *j, bool flow_timer)
{
	struct buf *out = &t->p->out, *top = &t->p->top;
	char timer[48] = "";
	struct rewrite rw = {.pop_via = true, .drop = response_drop(t, j)};
	int err = 0;

	if (!t->up)
		return 0;
	buf_reset(out);
	buf_reset(top);
	if (!t->from_near)
		veil_look(t, j);
	if (t->dialog && j->f->status > 100 && j->f->status < 300) {
		if (!t->outward && t->hop)
			note_hop(t);
		err = add_record(top, t, j);
	}
	if (err && !is_accepted_call(t, j))
		return err;
	if (err)
		log_no_record(t, err);
	if (flow_timer)
		snprintf(timer, sizeof(timer), "Flow-Timer: %u\r\n",
			 t->p->w->settings->limits.flow_timer_s);
	rw.add_top = buf_slice(top);
	rw.add_end = slice_of(timer);
	if (!veil_answer(t, j, &rw) &&
	    !headers_write(out, wire_frame(j->msg), &rw, NULL) &&
	    !out->failed && !top->failed)
		flow_send(t->up, buf_slice(out));
	t->answered = true;
	count_up(&t->p->count.answered);
	if (j->f->status >= 200) {
		partner_count(t, j->f->status);
		recall_final(t, j->f->status, NULL);
	}
	return 0;
}

static void take_provisional(struct txn *t, struct job *j)
{
	int err;

	/* RFC 4320 §4.1: nothing but 100 for other methods, and that is hop
	 * by hop. */
	if (t->method != METHOD_INVITE)
		return;
	if (t->state == TXN_SENT)
		txn_enter(t, TXN_PROCEEDING);
	if (t->cancel_wanted)
		cancel_send(t);
	if (j->f->status == 100)
		return;
	/* RFC 3261 §16.7 step 2: Timer C starts over. */
	if (!t->cancel_sent)
		deadline_start(&t->p->timer_c, &t->life, t->p->w->now_ms);
	err = pass_back(t, j, false);
	if (!err)
		return;
	cancel_send(t);
	reply_final(t, 500, record_rule(err));
}

/* INVITE and 2xx: it may come again, and is passed each time (RFC 6026). */
static void take_success(struct txn *t, struct job *j)
{
	bool flow_timer = false;
	int err;

	if (t->method == METHOD_REGISTER)
		flow_timer = register_done(t, j);
	err = pass_back(t, j, flow_timer);
	if (err) {
		reply_final(t, 500, record_rule(err));
		return;
	}
	if (t->method != METHOD_INVITE) {
		txn_destroy(t);
		return;
	}
	if (t->state != TXN_ACCEPTED) {
		hop_destroy(&t->hop);
		txn_forget_sent(t);
		txn_enter(t, TXN_ACCEPTED);
		deadline_start(&t->p->life, &t->life, t->p->w->now_ms);
	}
	deadline_stop(&t->hop_timer);
}

/* RFC 3261 §16.7 step 6: 503 says something of that hop, not of the edge. */
static bool tries_next(const struct txn *t, uint16_t status)
{
	if (status == 503)
		return true;
	return status == 408 && t->hop && t->to == TO_HOME;
}

/* Nobody wants it answered elsewhere: cancelled from above, or by Timer C. */
static bool is_given_up(const struct txn *t)
{
	return t->cancel_wanted || t->cancel_sent;
}

/* It was tried there until its time was up: no other server knows better. */
static bool rang_out(const struct txn *t, uint16_t status)
{
	return status == 408 && t->state == TXN_PROCEEDING;
}

static void take_failure(struct txn *t, struct job *j)
{
	uint16_t status = j->f->status;

	if (t->method == METHOD_INVITE)
		cancel_ack(t, j);
	/* RFC 3261 §9.2: what ends a cancelled request is 487. */
	if (t->cancel_wanted && (status == 408 || status == 503)) {
		reply_final(t, 487, "cancelled");
		return;
	}
	if (!is_given_up(t) && !rang_out(t, status) && redirect_answer(t, j))
		return;
	if (partner_answer(t, j))
		return;
	/* What names the inside is followed, or not; it is never passed out. */
	if (t->to == TO_HOME && status < 400) {
		reply_final(t, t->cancel_wanted ? 487 : 502,
			    "redirect-not-followed");
		return;
	}
	if (!rang_out(t, status) && tries_next(t, status)) {
		t->best = status;
		if (t->hop && !is_given_up(t))
			hop_next(t);
		else
			reply_final(t, status == 503 ? 500 : 408,
				    "hop-unavailable");
		return;
	}
	pass_back(t, j, false);
	if (t->method != METHOD_INVITE) {
		txn_destroy(t);
		return;
	}
	txn_enter(t, TXN_COMPLETED);
	deadline_start(&t->p->life, &t->life, t->p->w->now_ms);
}

/* RFC 3261 §16.7 steps 5 and 10 would have each 1xx and 2xx passed on; one
 * request is no reason to send our servers as many as one likes. */
static bool is_too_many(struct txn *t, uint16_t status)
{
	if (!t->outward || (status >= 200 && t->state != TXN_ACCEPTED))
		return false;
	return ++t->answers > ANSWERS_MAX;
}

static void take(struct txn *t, struct job *j)
{
	uint16_t status = j->f->status;

	if (is_too_many(t, status)) {
		stray(j, "too-many-answers");
		return;
	}
	deadline_stop(&t->hop_timer);
	if (t->hop)
		aside_clear(&t->p->aside, &t->hop->addr);
	if (status >= 200)
		recall_answer(t, status);
	if (status >= 200 && status < 300) {
		take_success(t, j);
	} else if (t->state == TXN_COMPLETED) {
		/* Late, after a final answer of ours: end it down there too. */
		if (status < 200)
			cancel_send(t);
		else
			cancel_ack(t, j);
	} else if (t->state == TXN_ACCEPTED) {
		stray(j, "after-success");
	} else if (status < 200) {
		take_provisional(t, j);
	} else {
		take_failure(t, j);
	}
}

static struct slice branch_of(const struct txn *t)
{
	return (struct slice){.p = t->branch, .n = sizeof(t->branch)};
}

void response_arrive(struct job *j, conn_id by)
{
	struct proxy *p = j->p;
	struct token_branch b;
	struct txn *t;

	if (token_branch_read(&b, j->f->branch)) {
		stray(j, "branch-not-ours");
		return;
	}
	if (b.worker != p->w->index &&
	    (!j->flow || !(j->flow->abroad >> (b.worker % 64) & 1))) {
		stray(j, "another-worker");
		return;
	}
	if (b.worker != p->w->index) {
		ferry_response(p, b.worker, by, wire_frame(j->msg)->bytes);
		return;
	}
	t = txn_at(p, b.slot, b.generation);
	if (!t || !token_branch_same(j->f->branch, branch_of(t))) {
		stray(j, "no-transaction");
		return;
	}
	if (t->down_id != by) {
		stray(j, "another-connection");
		return;
	}
	/* RFC 3261 §17.1.3: the CSeq method tells a CANCEL from its INVITE. */
	if (j->f->method == METHOD_CANCEL && t->method != METHOD_CANCEL)
		return;
	if (j->f->cseq != t->cseq || j->f->method != t->method) {
		stray(j, "cseq-differs");
		return;
	}
	take(t, j);
}
