/*
 * register.c: registrations as the edge sees them: an address of record is
 * proved on a flow by a 2xx, for as long as the registrar granted.
 */
#include "register.h"

#include "flow.h"
#include "redirect.h"

#include "base/hash.h"

#define DEFAULT_EXPIRES 3600 /* RFC 3261 §10.2.1.1, when nobody says */

struct verdict register_room(struct job *j)
{
	const struct limits *lim = &j->p->w->settings->limits;
	const struct flow *f = j->flow;
	uint64_t who = j->f->to_who;
	/* A device's own name is among its whos and does not count. */
	uint32_t own = f->base == PEER_DEVICE;

	if (flow_has(f, who))
		return (struct verdict){.kind = VERDICT_PASS};
	if (f->whos >= lim->aors_per_flow + own)
		return verdict_refuse(403, "too-many-aors-on-flow");
	if (homes_flows(j->p->shared->homes, who, f->conn->id) >=
	    lim->flows_per_aor)
		return verdict_refuse(403, "too-many-flows-of-aor");
	return (struct verdict){.kind = VERDICT_PASS};
}

static bool is_first_hop_with_reg_id(const struct facts *f)
{
	if (f->vias != 1 || !(f->supports_outbound || f->requires_outbound))
		return false;
	for (unsigned i = 0; i < f->contacts; i++)
		if (f->contact[i].has_reg_id)
			return true;
	return false;
}

/* The Contact that will be bound when all goes well; NULL: they all leave. */
static const struct contact_facts *staying(const struct facts *f)
{
	for (unsigned i = 0; i < f->contacts; i++) {
		const struct contact_facts *c = &f->contact[i];

		if ((c->expires == UINT32_MAX ? f->expires : c->expires) != 0)
			return c;
	}
	return NULL;
}

static void read_contacts(struct txn_register *reg, const struct facts *f)
{
	const struct contact_facts *c = staying(f);

	reg->expires = f->expires;
	reg->leaves = f->contact_star || (f->contacts && !c);
	if (c) {
		reg->contact = hash_bytes(0, c->uri.raw);
		if (c->expires != UINT32_MAX)
			reg->expires = c->expires;
	} else if (f->contacts == 1) {
		reg->contact = hash_bytes(0, f->contact[0].uri.raw);
	}
}

void register_begin(struct txn *t, struct job *j)
{
	const struct facts *f = j->f;

	t->who = f->to_who;
	if (log_wanted(LOG_LEVEL_INFO))
		t->reg.aor = slice_dup(slice_of(f->to_aor));
	/* RFC 5626 §5.1: "ob" only when the UA is directly behind us. */
	t->reg.outbound = is_first_hop_with_reg_id(f);
	read_contacts(&t->reg, f);
}

/* RFC 3261 §10.3 step 8: the answer lists every binding with its expiry. */
static uint32_t granted(const struct txn *t, const struct facts *f)
{
	for (unsigned i = 0; i < f->contacts; i++)
		if (hash_bytes(0, f->contact[i].uri.raw) == t->reg.contact &&
		    f->contact[i].expires != UINT32_MAX)
			return f->contact[i].expires;
	if (f->expires != UINT32_MAX)
		return f->expires;
	return t->reg.expires == UINT32_MAX ? DEFAULT_EXPIRES : t->reg.expires;
}

static void log_binding(struct txn *t, const char *verb, uint32_t expires)
{
	char name[24], aor[LOG_TEXT_MAX];

	if (t->reg.aor)
		log_event(LOG_LEVEL_INFO, conn_name(t->up->conn, name), verb,
			  "aor=%s expires=%u",
			  log_text(aor, slice_of(t->reg.aor)), expires);
}

static void leave(struct txn *t)
{
	struct homes *homes = t->p->shared->homes;

	flow_unbind(t->up, t->p, t->who, t->reg.contact);
	if (!homes_flow(homes, t->who))
		homes_forget(homes, t->who);
	log_binding(t, "unregister", 0);
}

bool register_done(struct txn *t, struct job *j)
{
	struct proxy *p = t->p;
	uint32_t expires = granted(t, j->f);
	struct grant grant = {
		.until_ms = p->w->now_ms + expires * 1000ull,
		.contact = t->reg.contact,
	};
	bool flow_timer;

	if (!t->up)
		return false;
	if (t->reg.leaves) {
		leave(t);
		return false;
	}
	if (!t->reg.contact)
		return false;
	redirect_learn(t, grant.until_ms);
	if (flow_bind(t->up, p, t->who, grant))
		return false;
	/* RFC 5626 §4.4: a Flow-Timer is a promise of both sides. */
	flow_timer = t->reg.outbound && j->f->requires_outbound &&
		     p->w->settings->limits.flow_timer_s;
	t->up->kept_alive |= flow_timer;
	conn_trust(t->up->conn,
		   t->up->kept_alive ? CONN_KEPT_ALIVE : CONN_PROVEN);
	log_binding(t, "register", expires);
	return flow_timer && !j->f->has_flow_timer;
}

uint32_t register_inside(const struct txn *t, const struct facts *f)
{
	const struct settings *s = t->p->w->settings;
	struct uri_facts u;
	uint32_t set = 0;

	for (unsigned i = 0; i < f->contacts && i < 32; i++) {
		struct slice uri = f->contact[i].uri.raw;

		if (hash_bytes(0, uri) == t->reg.contact)
			continue;
		if (!facts_uri(&u, uri) && settings_inside_host(s, u.host))
			set |= UINT32_C(1) << i;
	}
	return set;
}
