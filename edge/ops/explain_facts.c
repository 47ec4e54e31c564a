/*
 * explain_facts.c: facts in words.
 */
#include "explain_room.h"

#include "words.h"

#define FACT(w, name, ...) explain_say(w, EXPLAIN_FACT, name, __VA_ARGS__)

static void say_names(struct walk *w, const struct cert_names *names)
{
	static const char *const kinds[] = {
		[CERT_NAME_URI] = "URI",
		[CERT_NAME_DNS] = "DNS",
		[CERT_NAME_CN] = "CN",
		[CERT_NAME_IP] = "IP",
	};

	if (!names)
		return;
	for (size_t i = 0; i < names->n; i++)
		FACT(w, "certificate", "%s:%s", kinds[names->name[i].kind],
		     names->name[i].text);
	FACT(w, "certificate.chain", "%s",
	     names->chained   ? "signed by an authority that the leg trusts"
	     : names->vouched ? "signed by a partner's own authority"
			      : "signed by nobody whom we trust");
	FACT(w, "certificate.key", "%s", names->key);
}

static void say_service(struct walk *w, const struct resolve_service *s)
{
	if (!s)
		return;
	if (!s->n)
		FACT(w, "from.srv", "no record");
	for (unsigned i = 0; i < s->n && i < SERVICE_EDGES_MAX; i++)
		FACT(w, "from.srv", "%s:%u%s", s->edge[i].host, s->edge[i].port,
		     s->secure ? " (DNSSEC)" : "");
}

static void say_origin(struct walk *w)
{
	static const char *const digest[] = {
		[DIGEST_UNASKED] = "not asked for here",
		[DIGEST_ABSENT] = "no answer to a question of ours",
		[DIGEST_STALE] = "right, but to an old question",
		[DIGEST_WRONG] = "wrong",
		[DIGEST_GOOD] = "right",
	};
	const struct origin *o = &w->facts.origin;
	char text[ADDR_TEXT_MAX];

	if (o->source)
		FACT(w, "source", "%s", addr_text(o->source, text));
	FACT(w, "leg", "%s", settings_leg_word(o->leg));
	FACT(w, "class", "%s", words_class(o->peer));
	if (o->device)
		FACT(w, "device", "%s", o->device->name);
	if (o->device && o->device->digest)
		FACT(w, "digest", "%s", digest[w->facts.digest]);
	if (o->whos)
		FACT(w, "registered", "%zu on this connection", o->whos);
	say_names(w, o->names);
	say_service(w, o->service);
}

static void say_proof(struct walk *w)
{
	static const char *const by[] = {
		[PROOF_NONE] = "nothing proves it",
		[PROOF_ASK] = "DNS has to be asked",
		[PROOF_DOMAIN] = "its certificate names the domain",
		[PROOF_PROXY] = "its certificate names the partner's proxy",
		[PROOF_SERVICE] = "its certificate names an SRV target",
	};
	static const char *const kind[] = {
		[PARTNER_ALLOWED] = "allowed",
		[PARTNER_DIRECT] = "direct",
		[PARTNER_PROVIDER] = "provider",
		[PARTNER_DISCOVERED] = "discovered",
	};
	const struct proof *p = &w->proof;

	if (w->facts.origin.peer != PEER_PARTNER)
		return;
	FACT(w, "partner.proof", "%s%s%s", by[p->by], p->rule ? ": " : "",
	     p->rule ? p->rule : "");
	if (!w->proved)
		return;
	FACT(w, "partner.kind", "%s", kind[p->kind]);
	FACT(w, "partner.name", "%.*s", SLICE_ARG(p->peer));
	FACT(w, "partner.verified", "%s",
	     federation_verified(p, &w->facts) ? "yes" : "no");
	if (p->partner && p->partner->line)
		FACT(w, "partner.entry", "line %d of the settings",
		     p->partner->line);
}

static const char *whose(bool ours, bool self)
{
	if (self)
		return " (the edge itself)";
	return ours ? " (a domain of ours)" : " (not a domain of ours)";
}

static const char *mark_word(enum route_mark m)
{
	switch (m) {
	case ROUTE_FOREIGN:
		return "names somebody else";
	case ROUTE_OURS:
		return "names us";
	case ROUTE_SIGNED:
		return "signed by us";
	case ROUTE_FORGED:
		return "names us, and was not signed by us";
	case ROUTE_STALE:
		return "signed by us, too long ago";
	}
	return "?";
}

static void say_routes(struct walk *w)
{
	const struct facts *f = &w->facts;

	for (unsigned i = 0; i < f->routes; i++)
		FACT(w, "route", "%.*s (%s)", SLICE_ARG(f->route[i].uri.raw),
		     mark_word(f->route[i].mark));
	if (!f->token.kind)
		return;
	FACT(w, "token", "%s, worker %u, connection %u%s",
	     f->token.kind == TOKEN_FLOW ? "flow" : "dialog",
	     (unsigned)(f->token.conn >> 56),
	     (unsigned)(f->token.conn >> 32) & 0xffffff,
	     f->token.kind == TOKEN_FLOW ? ""
	     : f->dialog_fits		 ? ", of this dialog"
					 : ", of another dialog");
}

static void say_identity(struct walk *w)
{
	const struct facts *f = &w->facts;

	if (f->asserted.n)
		FACT(w, "asserted", "%.*s%s", SLICE_ARG(f->asserted),
		     whose(f->asserted_ours, false));
	if (f->preferred.n)
		FACT(w, "preferred", "%.*s", SLICE_ARG(f->preferred));
	if (f->mark.n)
		FACT(w, "mark", "%.*s", SLICE_ARG(f->mark));
}

static void say_target(struct walk *w)
{
	const struct facts *f = &w->facts;

	if (!f->target.kind)
		return;
	FACT(w, "target", "%.*s (sealed in the Request-URI, %s)",
	     SLICE_ARG(f->target.sealed),
	     f->target_fits ? "of this dialog" : "of another dialog");
}

void explain_facts(struct walk *w)
{
	const struct facts *f = &w->facts;

	say_origin(w);
	if (f->response)
		FACT(w, "status", "%u", f->status);
	FACT(w, "method", "%.*s", SLICE_ARG(f->method_name));
	if (!f->response)
		FACT(w, "request-uri", "%.*s%s", SLICE_ARG(f->ruri.raw),
		     whose(f->ruri_ours, f->ruri_self));
	FACT(w, "from", "%.*s%s", SLICE_ARG(f->from.raw),
	     whose(f->from_ours, false));
	FACT(w, "to", "%.*s%s", SLICE_ARG(f->to.raw), whose(f->to_ours, false));
	FACT(w, "call-id", "%.*s", SLICE_ARG(f->call_id));
	FACT(w, "dialog", "%s", f->to_tag.n ? "inside one" : "outside of any");
	if (f->max_forwards >= 0)
		FACT(w, "max-forwards", "%d", f->max_forwards);
	if (f->loop)
		FACT(w, "loop", "this edge saw this very request before");
	say_target(w);
	say_routes(w);
	say_identity(w);
	say_proof(w);
}
