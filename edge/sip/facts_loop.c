/*
 * facts_loop.c - has this very request been here before (RFC 5393 §4.2)?
 */
#include "facts_private.h"

#include "chars.h"

#include "base/hash.h"

/* Enough of a token's end to tell it from any other. */
#define TAIL_LETTERS 24

/* What goes into a hash: to hash all of it once costs half as much. */
struct gathered {
	uint64_t hash; /* of what was gathered before text */
	size_t n;
	char text[512];
};

static void gather(struct gathered *g, struct slice s)
{
	if (s.n >= sizeof(g->text) - g->n) {
		g->hash = hash_bytes(g->hash, (struct slice){g->text, g->n});
		g->n = 0;
	}
	if (s.n >= sizeof(g->text)) {
		g->hash = hash_bytes(g->hash, s);
		return;
	}
	if (s.n > 0)
		memcpy(g->text + g->n, s.p, s.n);
	g->n += s.n;
	g->text[g->n++] = '\n';
}

static void gather_field(struct gathered *g, const struct msg *m,
			 enum field field)
{
	int i = said_has(&m->said, field) ? m->said.first[field] : -1;

	for (; i >= 0; i = frame_find(m->frame, field, (unsigned)i + 1))
		gather(g, frame_value(m->frame, (unsigned)i));
}

/* Our tokens differ in their last letters, which sign all before them. */
static void gather_token(struct gathered *g, struct slice token)
{
	size_t cut = token.n > TAIL_LETTERS ? token.n - TAIL_LETTERS : 0;

	gather(g, slice_from(token, cut));
}

static void gather_way(struct gathered *g, const struct facts *f)
{
	if (f->target.kind)
		gather_token(g, f->ruri.user);
	else
		gather(g, f->ruri.raw);
	for (unsigned i = 0; i < f->routes; i++) {
		if (f->route[i].mark == ROUTE_SIGNED)
			gather_token(g, f->route[i].uri.user);
		else
			gather(g, f->route[i].value);
	}
}

/* RFC 5393 §4.2.1: all that decides where the request goes, and nothing that
 * changes while it goes round. */
static void read_loop_hash(struct facts *out, const struct msg *m)
{
	/* What a server of ours sends out again is a spiral, no loop. */
	bool near = out->origin.peer == PEER_SERVER;
	struct gathered g;

	g.hash = out->cseq ^ (uint64_t)near << 32;
	g.n = 0;
	gather(&g, out->call_id);
	gather(&g, out->from_tag);
	gather(&g, out->to_tag);
	gather_way(&g, out);
	gather_field(&g, m, FIELD_PROXY_REQUIRE);
	out->loop_hash = hash_bytes(g.hash, (struct slice){g.text, g.n});
}

/* RFC 5393 §4.2.2: have we sent this very request before? */
static bool branch_loops(const struct facts *f, struct slice text,
			 const struct facts_self *self)
{
	struct token_branch branch;

	return token_branch_check(self->pen, &branch, text) == 0 &&
	       branch.loop == f->loop_hash;
}

static bool via_loops(const struct facts *f, struct slice value,
		      const struct facts_self *self)
{
	struct part_via via;

	return parts_via(&via, value) == 0 && branch_loops(f, via.branch, self);
}

void facts_read_loop(struct facts *out, const struct msg *m,
		     const struct facts_self *self)
{
	int i = m->said.first[FIELD_VIA];

	read_loop_hash(out, m);
	out->loop = branch_loops(out, m->said.via.branch, self);
	if (m->said.vias == 1)
		return;
	for (; i >= 0; i = frame_find(m->frame, FIELD_VIA, (unsigned)i + 1)) {
		struct slice rest = frame_value(m->frame, (unsigned)i);

		while (rest.p && !out->loop)
			out->loop =
				via_loops(out, frame_list_next(&rest), self);
	}
}
