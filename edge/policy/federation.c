/*
 * federation.c: whose domain a peer with a certificate may speak for, and the
 * way to domains that are not ours.
 *
 * RFC 5922 §7: what counts is the domain that was asked for or named, never
 * what an unsigned DNS answer makes of it.
 */
#include "policy/federation.h"

#include "rules.h"

/* A token written before there was a connection names none: it went down one
 * that we opened then. */
static bool shown_where_it_went(const struct facts *f)
{
	return f->token.conn == f->origin.conn ||
	       (!f->token.conn && f->origin.opened);
}

/* A dialog's token that was given to this very connection, for this domain:
 * its sender was judged when the dialog began, or called by us. */
static bool in_its_dialog(const struct facts *f)
{
	return f->token.kind == TOKEN_DIALOG && f->dialog_fits && f->to_tag.n &&
	       shown_where_it_went(f) && f->from_domain_who &&
	       f->token.who == f->from_domain_who;
}

/* The domain, or any name that its edge goes by. */
static bool is_blocked(const struct settings *s, const struct facts *f)
{
	const struct cert_names *names = f->origin.names;

	if (settings_blocked(s, f->from.host))
		return true;
	for (size_t i = 0; names && i < names->n; i++)
		if (settings_blocked(s, slice_of(names->name[i].text)))
			return true;
	return false;
}

/* Is the certificate itself good, by the key or the authority that the
 * partner's entry names, else by those of the leg? */
static bool is_vouched(const struct settings *s,
		       const struct partner_settings *p,
		       const struct cert_names *names)
{
	size_t index;

	if (!names)
		return false;
	if (p && p->pins.n)
		return settings_pin_fits(p, names->key);
	if (!p || !p->trust)
		return names->chained;
	index = (size_t)(p - s->federation.partner);
	return index < 64 && (names->vouched >> index & 1);
}

/* RFC 5924 §4: who wants the purpose of SIP wants it said. Public authorities
 * say that a certificate is for servers, and no more. */
static bool fits_purpose(const struct partner_settings *p,
			 const struct facts *f)
{
	unsigned uses = f->origin.names->uses;

	switch (p ? p->purpose : PURPOSE_ANY) {
	case PURPOSE_CLIENT: /* where we connected it is the server */
		return f->origin.opened ||
		       uses & (CERT_USE_ANY | CERT_USE_CLIENT);
	case PURPOSE_SIP:
		return uses & CERT_USE_SIP;
	case PURPOSE_ANY:
		break;
	}
	return true;
}

/* What speaks against it before its name is looked at; NULL: nothing. */
static const char *objection(const struct partner_settings *p,
			     const struct settings *s, const struct facts *f)
{
	if (!s->federation.enabled)
		return "federation-off";
	if (is_blocked(s, f))
		return "partner-blocked";
	if (in_its_dialog(f))
		return NULL;
	if (f->from_ours)
		return "from-is-ours";
	if (!p &&
	    (!s->federation.discovery || !f->from.host.n || f->from.literal))
		return "partner-unknown";
	if (!is_vouched(s, p, f->origin.names))
		return "partner-certificate";
	return fits_purpose(p, f) ? NULL : "partner-purpose";
}

static void prove_by(struct proof *out, enum proof_by by, struct slice peer)
{
	out->by = by;
	out->peer = peer;
	out->rule = NULL;
}

/* RFC 3263 §4, RFC 5922 §4: the target of an unsigned SRV record proves a
 * domain only when it lies in it. */
static void prove_service(struct proof *out, const struct facts *f)
{
	const struct resolve_service *service = f->origin.service;

	if (!service) {
		out->by = PROOF_ASK;
		out->rule = "partner-asked";
		return;
	}
	out->rule = service->n ? "partner-name" : "partner-no-service";
	for (unsigned i = 0; i < service->n; i++) {
		struct slice host = slice_of(service->edge[i].host);

		if (!cert_names_match(f->origin.names, host))
			continue;
		if (service->secure || slice_host_within(host, f->from.host)) {
			prove_by(out, PROOF_SERVICE, host);
			return;
		}
		out->rule = "partner-target-elsewhere";
	}
}

static void prove_name(struct proof *out, const struct facts *f)
{
	const struct cert_names *names = f->origin.names;
	const char *proxy = out->partner ? out->partner->proxy.host : NULL;

	if (cert_names_match(names, f->from.host))
		prove_by(out, PROOF_DOMAIN, f->from.host);
	else if (!proxy)
		prove_service(out, f);
	else if (cert_names_match(names, slice_of(proxy)))
		prove_by(out, PROOF_PROXY, slice_of(proxy));
	else
		out->rule = "partner-name";
}

void federation_prove(struct proof *out, const struct settings *s,
		      const struct facts *f)
{
	*out = (struct proof){
		.by = PROOF_NONE,
		.kind = PARTNER_DISCOVERED,
		.partner = settings_partner(s, f->from.host),
	};
	if (out->partner)
		out->kind = out->partner->kind;
	out->rule = objection(out->partner, s, f);
	if (out->rule)
		return;
	if (in_its_dialog(f))
		prove_by(out, PROOF_DIALOG, f->from.host);
	else
		prove_name(out, f);
}

/* Does a partner's own source mark say so? A parameter, whatever the class. */
static bool mark_says_verified(struct slice mark)
{
	struct slice part;
	size_t end;

	while (mark.n) {
		end = slice_index(mark, ';');
		part = (struct slice){mark.p, end < mark.n ? end : mark.n};
		if (slice_ieq(slice_trim(part), SLICE("verified=yes")))
			return true;
		if (end >= mark.n)
			break;
		mark = (struct slice){mark.p + end + 1, mark.n - end - 1};
	}
	return false;
}

bool federation_verified(const struct proof *proof, const struct facts *f)
{
	/* Nobody decided to believe one who is not listed. */
	if (!proof->partner)
		return false;
	switch (proof->partner->verify) {
	case VERIFY_ALWAYS:
		return true;
	case VERIFY_NEVER:
		return false;
	case VERIFY_SOURCE:
		break;
	}
	return mark_says_verified(f->mark);
}

struct verdict federation_request(const struct settings *s,
				  const struct facts *f)
{
	(void)s;
	if (f->origin.peer != PEER_PARTNER)
		return (struct verdict){.kind = VERDICT_PASS};
	if (f->method == METHOD_REGISTER)
		return verdict_refuse(403, "partner-register");
	/* A call that we passed on to it may have one of ours in To. */
	if (f->asserted_ours || (f->from_ours && !in_its_dialog(f)))
		return rules_refuse(f, 403, "from-is-ours");
	if (f->to_tag.n || (f->ruri_self && !f->ruri.user.n) ||
	    is_plainly_ours(f))
		return (struct verdict){.kind = VERDICT_PASS};
	return rules_refuse(f, 403, "not-our-domain");
}

struct verdict federation_sender(const struct settings *s,
				 const struct facts *f)
{
	struct proof proof;

	if (f->origin.peer != PEER_PARTNER)
		return (struct verdict){.kind = VERDICT_PASS};
	federation_prove(&proof, s, f);
	if (proof.by == PROOF_ASK)
		return verdict_ask(proof.rule);
	if (proof.by == PROOF_NONE)
		return rules_refuse(f, 403, proof.rule);
	return (struct verdict){.kind = VERDICT_PASS};
}

enum way_out federation_way(const struct partner_settings **partner,
			    const struct settings *s, struct slice domain)
{
	*partner = NULL;
	if (!s->federation.enabled)
		return WAY_NONE;
	if (settings_blocked(s, domain))
		return WAY_BLOCKED;
	*partner = settings_partner(s, domain);
	if (*partner && (*partner)->proxy.host)
		return WAY_PROXY;
	if (*partner)
		return WAY_SERVICE;
	if (s->federation.discovery)
		return WAY_SERVICE;
	return s->federation.route.host ? WAY_ROUTE : WAY_NONE;
}
