/*
 * request_write.c: a request as it leaves (RFC 3261 §16.6 steps 1 to 8).
 */
#include "request.h"

#include "route.h"
#include "veil.h"

#include "policy/boundary.h"

#include <errno.h>
#include <stdlib.h>

#define MAX_FORWARDS 70 /* RFC 3261 §16.6 step 3 */

static void set_branch(struct txn *t)
{
	struct token_branch b = {
		.worker = (uint8_t)t->p->w->index,
		.slot = t->slot,
		.generation = t->generation,
		.loop = t->loop,
	};

	token_branch_mint(t->p->pen, &b, t->branch);
}

void request_rebranch(struct txn *t)
{
	t->generation += 0x80000000u / 64; /* far from what others are given */
	set_branch(t);
	memcpy(t->sent + t->branch_at, t->branch, sizeof(t->branch));
}

int request_retarget(struct txn *t, struct slice uri)
{
	struct slice old = {.p = t->sent, .n = t->sent_len};
	size_t from = slice_index(old, ' ') + 1;
	struct slice rest = {.p = old.p + from, .n = old.n - from};
	struct buf out = {0};

	rest.p += slice_index(rest, ' ');
	rest.n = (size_t)(old.p + old.n - rest.p);
	buf_add(&out, (struct slice){.p = old.p, .n = from});
	buf_add(&out, uri);
	buf_add(&out, rest);
	if (out.failed) {
		buf_fini(&out);
		return ENOMEM;
	}
	t->branch_at += (uint32_t)(out.n - t->sent_len);
	t->p->held_bytes += out.n - t->sent_len;
	free(t->sent);
	t->sent = out.p;
	t->sent_len = (uint32_t)out.n;
	return 0;
}

/* Route lines that were sealed in the token of an in-dialog request. */
static void add_sealed_routes(struct buf *out, struct job *j)
{
	struct route_set set;

	if (route_unseal(j->f->token.sealed, &set))
		return;
	for (unsigned i = 0; i < set.n; i++) {
		buf_puts(out, "Route: ");
		buf_add(out, set.route[i]);
		buf_puts(out, "\r\n");
	}
}

/* The server that a far party's in-dialog requests go to: by its setting when
 * it has one, else by the first name that it proved. */
static void add_server_hop(struct buf *out, const struct proxy *p,
			   const struct conn *c)
{
	const struct settings *s = p->w->settings;

	for (size_t i = 0; i < s->home_servers.n; i++) {
		const struct host_port *h = &s->home_servers.v[i];

		if (!cert_names_match(c->names, slice_of(h->host)))
			continue;
		buf_puts(out, h->host);
		buf_puts(out, " ");
		buf_u64(out, h->port);
		return;
	}
	buf_puts(out, c->names && c->names->n ? c->names->name[0].text : "");
	buf_puts(out, " 0");
}

/* The Record-Route lines of a message behind those in b, which is used up; owned
 * by the caller, NULL when out of memory. */
static char *keep_records(struct buf *b, const struct frame *f)
{
	int i = -1;

	while ((i = frame_find(f, FIELD_RECORD_ROUTE, (unsigned)(i + 1))) >= 0)
		buf_add(b,
			(struct slice){.p = f->bytes.p + f->line[i].start,
				       .n = f->line[i].end - f->line[i].start});
	buf_add(b, (struct slice){.p = "", .n = 1});
	if (b->failed)
		buf_fini(b);
	return b->p;
}

/* Near to far: what the far side sees, and what the answers get back. */
static int add_record_outward(struct buf *top, struct txn *t, struct job *j)
{
	struct route_set set;
	struct buf hop = {0}, rr = {0};
	const struct frame *f = wire_frame(j->msg);
	int err;

	err = route_collect(f, &set);
	add_server_hop(&hop, j->p, j->flow->conn);
	set.hop = buf_slice(&hop);
	set.contact = veil_to_seal(t, t->door);
	if (!err)
		err = route_record_far(top, t, t->door, &set);
	if (!err && set.contact.n)
		veil_sealed(t, t->door);
	buf_fini(&hop);
	if (err)
		return err;
	/* What a partner adds is known when it answers. */
	if (t->door != FAR_PARTNER)
		err = route_record_near(&rr, t, t->door, false, NULL);
	t->rr = keep_records(&rr, f);
	return err ? err : t->rr ? 0 : ENOMEM;
}

/* Far to near: a partner's own route set is sealed in what near sees, and is
 * given back with the answers. */
static int add_record_inward(struct buf *top, struct txn *t, struct job *j)
{
	struct route_set set;
	struct buf rr = {0};

	if (t->door != FAR_PARTNER)
		return route_record_near(top, t, t->door, true, NULL);
	if (route_collect(wire_frame(j->msg), &set))
		return EBADMSG;
	set.hop = j->f->from.host;
	t->rr_far = keep_records(&rr, wire_frame(j->msg));
	if (!t->rr_far)
		return ENOMEM;
	return route_record_near(top, t, t->door, true, &set);
}

static int add_top(struct buf *top, struct txn *t, struct job *j)
{
	if (t->to == TO_HOP || (t->outward && t->door == FAR_PARTNER))
		add_sealed_routes(top, j);
	if (t->method == METHOD_REGISTER)
		route_path(top, j->p, j->flow, t->who, t->reg.outbound);
	if (!t->dialog)
		return 0;
	if (t->outward)
		return add_record_outward(top, t, j);
	return add_record_inward(top, t, j);
}

/* From one far party to another both borders are crossed. */
static uint64_t request_drop(const struct txn *t, const struct job *j)
{
	uint64_t spare = boundary_spare(j->f, j->proof);
	uint64_t drop = boundary_taken(j->f);

	if (!t->from_near)
		drop |= boundary_drop(BOUNDARY_INWARD, t->asker) & ~spare;
	if (!t->outward)
		return drop;
	return drop | (boundary_drop(BOUNDARY_OUTWARD, t->asked) &
		       ~(t->from_near ? spare : 0));
}

/* RFC 3261 §16.6 step 3. */
static int hops_left(const struct facts *f)
{
	if (f->max_forwards < 0)
		return MAX_FORWARDS;
	return f->max_forwards == 1 ? REWRITE_NO_HOPS : f->max_forwards - 1;
}

int request_write(struct txn *t, struct job *j,
		  const struct device_settings *device)
{
	const struct facts *f = j->f;
	struct buf out = {0}, *via = &t->p->via, *top = &t->p->top;
	struct rewrite rw = {
		.via_mark = j->mark,
		.max_forwards = hops_left(f),
		.pop_routes = f->routes,
		.drop = request_drop(t, j),
	};
	struct rewritten at = {0};
	int err;

	t->loop = f->loop_hash;
	set_branch(t);
	buf_reset(via);
	buf_reset(top);
	route_via(via, t, t->outward ? t->door : FAR_NONE);
	if (t->outward)
		veil_look(t, j);
	err = veil_request(t, j, device, &rw);
	if (!err)
		err = add_top(top, t, j);
	if (!err && t->outward)
		err = veil_contact(t, t->door, &rw);
	rw.via = buf_slice(via);
	rw.add_top = buf_slice(top);
	buf_reserve(&out, wire_frame(j->msg)->bytes.n + via->n + top->n + 128);
	if (!err)
		err = headers_write(&out, wire_frame(j->msg), &rw, &at);
	if (!err && (out.failed || via->failed || top->failed))
		err = ENOMEM;
	t->sent = out.p;
	t->sent_len = (uint32_t)out.n;
	t->branch_at = at.branch;
	t->p->held_bytes += t->sent_len;
	return err;
}
