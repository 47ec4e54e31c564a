/*
 * ferry.c: what one worker carries over to another.
 */
#include "ferry.h"

#include "flow.h"
#include "hop.h"
#include "intake.h"
#include "partner.h"
#include "recall_notes.h"
#include "reply.h"
#include "request.h"

#include <errno.h>
#include <stdlib.h>

/* One crossing. */
struct parcel {
	struct post post;
	unsigned from;		   /* worker */
	conn_id conn;		   /* the flow it is about */
	uint32_t slot, generation; /* the transaction at the sender */
	bool may_follow;
	enum conn_end why; /* the flow ended */
	bool full;	   /* the flow is there, but its peer does not read */
	bool ack;	   /* nothing comes back but this parcel */
	size_t n;
	char bytes[];
};

static struct parcel *pack(struct proxy *p, conn_id conn, post_fn *fn,
			   struct slice bytes)
{
	struct parcel *parcel = malloc(sizeof(*parcel) + bytes.n);

	if (!parcel)
		return NULL;
	*parcel = (struct parcel){
		.post.fn = fn,
		.from = p->w->index,
		.conn = conn,
		.n = bytes.n,
	};
	if (bytes.n)
		memcpy(parcel->bytes, bytes.p, bytes.n);
	return parcel;
}

static struct parcel *parcel_of(struct post *post)
{
	return (struct parcel *)(void *)post;
}

/* Back home: the flow was not there, or did not take it. */
static void flow_failed(struct post *post, void *arg)
{
	struct parcel *parcel = parcel_of(post);
	struct proxy *p = ((struct worker *)arg)->user;
	struct txn *t = txn_at(p, parcel->slot, parcel->generation);

	if (t && t->down_id == parcel->conn) {
		txn_leave_hop(t);
		if (t->state != TXN_ROUTING)
			txn_enter(t, TXN_ROUTING);
		if (parcel->full)
			reply_final(t, 503, "flow-full");
		else
			request_flow_gone(t, parcel->conn, parcel->may_follow);
	}
	free(parcel);
}

/* Back home: an ACK was taken, and nothing else is to come. */
static void ack_taken(struct post *post, void *arg)
{
	struct parcel *parcel = parcel_of(post);
	struct proxy *p = ((struct worker *)arg)->user;
	struct txn *t = txn_at(p, parcel->slot, parcel->generation);

	if (t)
		txn_destroy(t);
	free(parcel);
}

/* One to a partner may be on its way still: it keeps them until it is there. */
static bool takes_bytes(const struct conn *c)
{
	return c->open || (c->door == DOOR_OUT && c->leg == LEG_OUTSIDE);
}

/* At the flow's worker. */
static void deliver_request(struct post *post, void *arg)
{
	struct parcel *parcel = parcel_of(post);
	struct worker *w = arg;
	struct conn *c = conn_find(w, parcel->conn);
	struct flow *f = c && takes_bytes(c) && !c->retired ? c->user : NULL;
	struct slice bytes = {.p = parcel->bytes, .n = parcel->n};

	int err = f ? conn_send(c, bytes) : EPIPE;

	if (!err) {
		f->abroad |= UINT64_C(1) << (parcel->from % 64);
		if (!parcel->ack) {
			free(parcel);
			return;
		}
	}
	parcel->full = err == ENOBUFS;
	parcel->post.fn = err ? flow_failed : ack_taken;
	worker_post(w, parcel->from, &parcel->post);
}

static void deliver_bytes(struct post *post, void *arg)
{
	struct parcel *parcel = parcel_of(post);
	struct conn *c = conn_find(arg, parcel->conn);

	if (c && takes_bytes(c))
		conn_send(c,
			  (struct slice){.p = parcel->bytes, .n = parcel->n});
	free(parcel);
}

void ferry_request(struct txn *t, conn_id id, bool may_follow)
{
	static const union addr elsewhere;
	struct proxy *p = t->p;
	struct parcel *parcel =
		pack(p, id, deliver_request,
		     (struct slice){.p = t->sent, .n = t->sent_len});

	if (!parcel) {
		reply_final(t, 500, "out-of-memory");
		return;
	}
	parcel->slot = t->slot;
	parcel->generation = t->generation;
	parcel->may_follow = may_follow;
	parcel->ack = t->method == METHOD_ACK;
	count_up(&p->count.forwarded);
	worker_post(p->w, CONN_ID_WORKER(id), &parcel->post);
	txn_leave_hop(t);
	t->down_id = id;
	recall_try(t, &elsewhere);
	list_append(&p->abroad, &t->down_link);
	txn_await(t);
}

void ferry_bytes(struct txn *t, struct slice bytes)
{
	struct parcel *parcel = pack(t->p, t->down_id, deliver_bytes, bytes);

	if (parcel)
		worker_post(t->p->w, CONN_ID_WORKER(t->down_id), &parcel->post);
}

static void deliver_response(struct post *post, void *arg)
{
	struct parcel *parcel = parcel_of(post);
	struct proxy *p = ((struct worker *)arg)->user;

	intake_response(p, parcel->conn,
			(struct slice){.p = parcel->bytes, .n = parcel->n});
	free(parcel);
}

void ferry_response(struct proxy *p, unsigned worker, conn_id by,
		    struct slice bytes)
{
	struct parcel *parcel;

	if (!worker_exists(p->w, worker))
		return;
	parcel = pack(p, by, deliver_response, bytes);
	if (parcel)
		worker_post(p->w, worker, &parcel->post);
}

/* Transactions that wait for a flow which ended elsewhere. */
static void flow_closed(struct post *post, void *arg)
{
	struct parcel *parcel = parcel_of(post);
	struct proxy *p = ((struct worker *)arg)->user;
	struct list *it, *tmp;

	LIST_EACH (&p->abroad, it, tmp) {
		struct txn *t = LIST_OWNER(it, struct txn, down_link);

		if (t->down_id != parcel->conn)
			continue;
		partner_lost(t, parcel->why);
		hop_gone(t);
	}
	free(parcel);
}

void ferry_closed(struct proxy *p, const struct flow *f, enum conn_end why)
{
	for (unsigned i = 0; f->abroad && i < p->w->count; i++) {
		struct parcel *parcel;

		if (!(f->abroad >> i % 64 & 1) || i == p->w->index)
			continue;
		parcel = pack(p, f->conn->id, flow_closed, (struct slice){0});
		if (!parcel)
			continue;
		parcel->why = why;
		worker_post(p->w, i, &parcel->post);
	}
}
