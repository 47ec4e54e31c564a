/*
 * cancel.c: what follows an INVITE on the same branch.
 */
#include "cancel.h"

#include "ferry.h"
#include "flow.h"
#include "reply.h"

static void send_down(struct txn *t, const struct buf *out)
{
	if (out->failed)
		return;
	if (t->down)
		flow_send(t->down, buf_slice(out));
	else if (t->down_id)
		ferry_bytes(t, buf_slice(out));
}

static void send_follow(struct txn *t, const char *method, struct slice to)
{
	static _Thread_local struct frame kept;
	struct buf out = {0};

	if (!t->sent ||
	    framer_index(&kept, (struct slice){.p = t->sent, .n = t->sent_len}))
		return;
	if (!headers_follow(&out, &kept, method, to))
		send_down(t, &out);
	buf_fini(&out);
}

void cancel_ack(struct txn *t, struct job *j)
{
	const struct frame *f = wire_frame(j->msg);
	int to = frame_find(f, FIELD_TO, 0);

	if (to >= 0)
		send_follow(t, "ACK", frame_value(f, (unsigned)to));
}

void cancel_send(struct txn *t)
{
	if (t->cancel_sent)
		return;
	t->cancel_sent = true;
	send_follow(t, "CANCEL", (struct slice){0});
	/* RFC 3261 §9.1: without an answer in 64*T1 it counts as cancelled. */
	deadline_start(&t->p->life, &t->life, t->p->w->now_ms);
}

void cancel_txn(struct txn *t)
{
	switch (t->state) {
	case TXN_ROUTING:
		reply_final(t, 487, "cancelled");
		break;
	case TXN_SENT:
		/* RFC 3261 §9.1: wait for a provisional answer first. */
		t->cancel_wanted = true;
		break;
	case TXN_PROCEEDING:
		t->cancel_wanted = true;
		cancel_send(t);
		break;
	default:
		break;
	}
}

void cancel_arrive(struct job *j)
{
	struct txn *t = txn_find(j->p, txn_key(j->f, METHOD_INVITE));

	if (!t) {
		struct verdict v = verdict_refuse(481, "nothing-to-cancel");

		reply_verdict(j, &v);
		return;
	}
	reply_now(j, 200, (struct slice){0});
	cancel_txn(t);
}

bool cancel_ack_arrive(struct job *j)
{
	struct txn *t = txn_find(j->p, txn_key(j->f, METHOD_INVITE));

	/* RFC 6026 §7.1: after a 2xx it is none of ours, and is passed on. */
	if (!t || t->state == TXN_ACCEPTED)
		return false;
	if (t->state == TXN_COMPLETED)
		txn_destroy(t);
	return true;
}
