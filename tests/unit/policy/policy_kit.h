/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file policy_kit.h
 * Facts by hand: a row says what is unusual about a request, all else is as an
 * honest sender would have it.
 */
#ifndef TESTS_UNIT_POLICY_KIT_H
#define TESTS_UNIT_POLICY_KIT_H

#include "cunit_main.h"
#include "rules.h"

/* The flow it came by, and what was registered there. */
#define HERE	  UINT64_C(5)
#define ELSEWHERE UINT64_C(6)
#define ALICE	  UINT64_C(71)
#define BOB	  UINT64_C(72)
#define P_EXAMPLE UINT64_C(81) /* the partner's domain in tokens */
#define TODAY	  UINT64_C(1000)

/** One request: what is unusual about it, and what is decided. */
struct policy_row {
	const char *says;
	enum peer_class peer; /* servers come by the inside leg */
	bool by_inside;	      /* although no server */
	enum method method;   /* METHOD_OTHER: an INVITE */
	const char *name;     /* method that has no number of its own */
	bool loop, to_tag;
	bool from_alien, from_other; /* another domain; another user of ours */
	bool to_alien, to_nobody;
	const char *ruri; /* user@host; "host" has no user; alice -> bob */
	bool maddr, password, headers;
	unsigned routes;
	enum route_mark mark[3];
	bool route_strict, route_maddr, route_headers;
	enum token_kind token;
	bool fits;	      /* the token is of this dialog */
	uint64_t conn, owner; /* what the token says */
	bool unenrolled, users_off, unregistered, devices_off;
	bool expired;	     /* the exception for devices ended today */
	bool hides;	     /* Contacts of the inside are hidden */
	bool target, astray; /* Request-URI is one; of another dialog */
	bool asserts_ours;   /* P-Asserted-Identity in a domain of ours */
	bool bad_port, literal;
	bool unproven;		/* a partner's certificate names another */
	bool discovery, blocks; /* open federation; p.example is blocked */
	const char *contact;	/* of a REGISTER */
	bool loopback;		/* it comes from our own machine */
	bool secret;		/* a device's entry has a digest */
	enum digest_proof digest;

	enum verdict_kind kind;
	uint16_t status;
	enum verdict_to to;
	const char *rule;
};

#define KIT_TEXT(literal) ((char *)(uintptr_t)(literal))

/** A certificate that proves p.example. */
static inline const struct cert_names *kit_names(void)
{
	static union {
		struct cert_names names;
		char room[sizeof(struct cert_names) + sizeof(struct cert_name)];
	} u;

	u.names.chained = true;
	u.names.n = 1;
	u.names.name[0] = (struct cert_name){.kind = CERT_NAME_DNS,
					     .text = KIT_TEXT("p.example")};
	return &u.names;
}

static inline void kit_federation(struct settings *s,
				  const struct policy_row *r)
{
	static char *domains[] = {KIT_TEXT("p.example")};
	static struct partner_settings partner[] = {
		{.domains = {domains, 1}, .kind = PARTNER_ALLOWED},
	};

	s->federation = (struct federation_settings){
		.enabled = true,
		.discovery = r->discovery,
		.partner = partner,
		.partners = 1,
		.blocked = {domains, r->blocks},
	};
}

/** The room may only call, the kiosk may register as well. */
static inline void kit_settings(struct settings *s, const struct policy_row *r)
{
	static char *domains[] = {KIT_TEXT("example.com")};
	static char *methods[] = {KIT_TEXT("INVITE"), KIT_TEXT("ACK"),
				  KIT_TEXT("BYE"), KIT_TEXT("CANCEL"),
				  KIT_TEXT("INFO")};
	static char *room[] = {KIT_TEXT("sip:room@example.com")};
	static char *kiosk[] = {KIT_TEXT("sip:alice@example.com")};
	static struct device_settings device[] = {
		{.name = KIT_TEXT("room"), .identities = {room, 1}},
		{.name = KIT_TEXT("kiosk"), .identities = {kiosk, 1}},
	};

	device[0].methods = device[1].methods = (struct name_list){methods, 5};
	device[1].may_register = true;
	device[0].digest = device[1].digest = r->secret ? KIT_TEXT("") : NULL;
	device[0].expires_s = device[1].expires_s = r->expired ? TODAY : 0;
	*s = (struct settings){
		.sip_domains = {domains, 1},
		.users_enabled = !r->users_off,
		.users_require_registration = !r->unregistered,
		.devices_enabled = !r->devices_off,
		.device = device,
		.devices = 2,
		.boundary = {.hide_contact = r->hides},
		.leg[LEG_OUTSIDE] = {.fqdn = KIT_TEXT("sip.example.com")},
		.leg[LEG_INSIDE] = {.fqdn = KIT_TEXT("edge.in.example")},
	};
	kit_federation(s, r);
}

static inline void kit_routes(struct facts *f, const struct policy_row *r)
{
	f->routes = r->routes;
	for (unsigned i = 0; i < r->routes; i++) {
		f->route[i].mark = r->mark[i];
		f->route[i].uri.lr = true;
	}
	if (!r->routes)
		return;
	f->route[0].uri.lr = !r->route_strict;
	f->route[0].uri.maddr = r->route_maddr;
	f->route[0].uri.has_headers = r->route_headers;
	f->token.kind = r->token;
	f->token.conn = r->conn;
	f->token.who = r->owner;
	f->dialog_fits = r->fits;
}

static inline void kit_ruri(struct facts *f, const struct policy_row *r)
{
	struct slice uri = slice_of(r->ruri ? r->ruri : "bob@example.com");
	size_t at = slice_index(uri, '@');

	f->ruri.raw = uri;
	f->ruri.scheme = URI_SIP;
	f->ruri.host = uri;
	if (at != SIZE_MAX) {
		f->ruri.user = (struct slice){uri.p, at};
		f->ruri.host = (struct slice){uri.p + at + 1, uri.n - at - 1};
	}
	snprintf(f->ruri_aor, sizeof(f->ruri_aor), "sip:%s", uri.p);
	f->ruri_ours = slice_eq(f->ruri.host, SLICE("example.com"));
	f->ruri_self = slice_eq(f->ruri.host, SLICE("sip.example.com"));
	f->ruri_who = BOB;
	f->ruri.maddr = r->maddr;
	f->ruri.has_password = r->password;
	f->ruri.has_headers = r->headers;
	f->ruri.bad_port = r->bad_port;
	f->ruri.literal = r->literal;
	f->target.kind = r->target ? TOKEN_CONTACT : 0;
	f->target_fits = r->target && !r->astray;
	f->ruri_self |= r->target;
}

static inline void kit_from_to(struct facts *f, const struct policy_row *r)
{
	f->from_ours = !r->from_alien;
	f->from_who = r->from_alien || r->from_other ? 99 : ALICE;
	snprintf(f->from_aor, sizeof(f->from_aor), "sip:%s@example.com",
		 r->from_alien || r->from_other ? "mallory" : "alice");
	f->from_tag = SLICE("f1");
	f->to_ours = !r->to_alien;
	f->to_who = r->to_nobody ? 0 : ALICE;
	snprintf(f->to_aor, sizeof(f->to_aor), "%s",
		 r->to_alien ? "sip:x@alien.example" : "sip:alice@example.com");
	f->to_tag = r->to_tag ? SLICE("t1") : (struct slice){0};
	f->asserted_ours = r->asserts_ours;
	if (r->contact) {
		f->contacts = 1;
		f->contact[0].uri.raw = slice_of(r->contact);
	}
}

/* A partner's user, or one who says that she is ours. */
static inline void kit_partner(struct facts *f, const struct policy_row *r)
{
	f->origin.names = kit_names();
	f->from_ours = r->from_other;
	f->from.host = r->from_other ? SLICE("example.com")
		       : r->unproven ? SLICE("q.example")
				     : SLICE("p.example");
	f->from_domain_who = r->from_other || r->unproven ? 99 : P_EXAMPLE;
}

/** Facts of a row; the settings must outlive them. */
static inline void kit_facts(struct facts *f, const struct settings *s,
			     const struct policy_row *r)
{
	static const uint64_t registered[] = {ALICE};
	static union addr home;
	bool inside = r->by_inside || r->peer == PEER_SERVER;

	memset(f, 0, sizeof(*f));
	f->origin = (struct origin){
		.leg = inside ? LEG_INSIDE : LEG_OUTSIDE,
		.peer = r->peer,
		.conn = HERE,
		.who = registered,
		.whos = r->peer == PEER_USER,
		.wall_s = TODAY,
		.source = &home,
	};
	addr_parse(&home,
		   r->loopback ? SLICE("127.0.0.1") : SLICE("198.51.100.7"), 0);
	if (r->peer == PEER_DEVICE && !r->unenrolled)
		f->origin.device = &s->device[r->from_alien ? 0 : 1];
	f->method = r->method ? r->method : METHOD_INVITE;
	f->method_name = slice_of(r->name ? r->name : "INVITE");
	if (r->name && !r->method)
		f->method = METHOD_OTHER;
	f->loop = r->loop;
	f->digest = r->digest;
	kit_ruri(f, r);
	kit_from_to(f, r);
	if (r->peer == PEER_PARTNER)
		kit_partner(f, r);
	kit_routes(f, r);
}

typedef struct verdict kit_rule_fn(const struct settings *s,
				   const struct facts *f);

static inline bool kit_fits(const struct policy_row *r, const struct verdict *v)
{
	bool same_rule = !r->rule || !v->rule ? r->rule == v->rule
					      : !strcmp(r->rule, v->rule);

	return same_rule && v->kind == r->kind && v->status == r->status &&
	       v->to == r->to;
}

/** Ask a rule, or all of them, about each row. */
static inline void kit_ask(kit_rule_fn *rule, const struct policy_row *rows,
			   size_t n)
{
	static struct facts f;
	struct settings s;
	struct verdict v;

	for (size_t i = 0; i < n; i++) {
		kit_settings(&s, &rows[i]);
		kit_facts(&f, &s, &rows[i]);
		v = rule(&s, &f);
		if (!kit_fits(&rows[i], &v))
			printf("# %s: %u %s to %d\n", rows[i].says, v.status,
			       v.rule ? v.rule : "passed", v.to);
		CU_ASSERT_TRUE(kit_fits(&rows[i], &v));
	}
}

#define KIT_ASK(rule, rows) kit_ask(rule, rows, sizeof(rows) / sizeof(*(rows)))

/* What a row ends in. */
#define PASSES		 .kind = VERDICT_PASS
#define REFUSED(st, why) .kind = VERDICT_REFUSE, .status = (st), .rule = (why)
#define DROPPED(why)	 .kind = VERDICT_DROP, .rule = (why)
#define ASKS(why)	 .kind = VERDICT_ASK, .rule = (why)
#define GOES(where, why) .kind = VERDICT_FORWARD, .to = (where), .rule = (why)

#endif
