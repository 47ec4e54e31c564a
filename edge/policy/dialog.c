/*
 * dialog.c: what a Route may say. From the far side a Route is only ever one
 * that we signed, for this dialog, shown by the party it was given to; or our
 * own plain address, as clients with an outbound proxy preload it.
 */
#include "rules.h"

/* The far side has one token of a dialog; some clients say where their
 * outbound proxy is before it. RFC 3261 §8.1.2: else that stands alone. */
static bool may_follow(const struct facts *f, unsigned i)
{
	return i == 1 && f->route[0].mark == ROUTE_OURS &&
	       f->route[1].mark == ROUTE_SIGNED;
}

struct verdict dialog_route(const struct settings *s, const struct facts *f)
{
	(void)s;
	for (unsigned i = 0; i < f->routes; i++) {
		switch (f->route[i].mark) {
		case ROUTE_FORGED:
			return rules_refuse(f, 403, "route-forged");
		case ROUTE_STALE:
			return rules_refuse(f, 403, "route-stale");
		case ROUTE_FOREIGN:
			return rules_refuse(f, 403, "route-not-ours");
		case ROUTE_OURS:
		case ROUTE_SIGNED:
			break;
		}
		if (i > 0 && !is_near(f) && !may_follow(f, i))
			return rules_refuse(f, 403, "route-not-ours");
		if (!f->route[i].uri.lr)
			return rules_refuse(f, 403, "route-strict");
		if (f->route[i].uri.maddr || f->route[i].uri.has_headers)
			return rules_refuse(f, 403, "route-not-ours");
	}
	return (struct verdict){.kind = VERDICT_PASS};
}

/* Is the token in the hands of the party that it was given to? */
static bool shown_by_owner(const struct facts *f)
{
	if (f->token.conn == f->origin.conn)
		return true;
	if (f->origin.peer == PEER_PARTNER)
		return f->token.who == f->from_domain_who;
	for (size_t i = 0; i < f->origin.whos; i++)
		if (f->origin.who[i] == f->token.who)
			return true;
	return false;
}

static struct verdict flow_token(const struct facts *f)
{
	if (!is_near(f))
		return rules_refuse(f, 403, "flow-token-from-outside");
	return verdict_forward(TO_FLOW, "flow");
}

struct verdict dialog_token(const struct settings *s, const struct facts *f)
{
	(void)s;
	if (!f->token.kind)
		return (struct verdict){.kind = VERDICT_PASS};
	if (f->token.kind == TOKEN_FLOW)
		return flow_token(f);
	/* A Contact names a party and no way. */
	if (f->token.kind != TOKEN_DIALOG)
		return rules_refuse(f, 403, "route-not-ours");
	if (!f->dialog_fits)
		return rules_refuse(f, 403, "token-of-another-dialog");
	if (is_near(f))
		return verdict_forward(TO_FLOW, "dialog");
	if (!shown_by_owner(f))
		return rules_refuse(f, 403, "token-of-another-flow");
	/* A token opens its dialog, and nothing outside of it. */
	if (!f->to_tag.n || f->method == METHOD_REGISTER)
		return rules_refuse(f, 403, "token-outside-dialog");
	return (struct verdict){.kind = VERDICT_PASS};
}

/* Whom the inside has in a dialog, the far side knows by our word for it, or
 * by an address in our domains; anything else was never given to it. */
struct verdict dialog_target(const struct settings *s, const struct facts *f)
{
	if (is_near(f) || f->token.kind != TOKEN_DIALOG ||
	    !s->boundary.hide_contact)
		return (struct verdict){.kind = VERDICT_PASS};
	if (f->target.kind == TOKEN_CONTACT ? f->target_fits
					    : is_plainly_ours(f))
		return (struct verdict){.kind = VERDICT_PASS};
	return rules_refuse(f, 403, "target-not-ours");
}

struct verdict dialog_astray(const struct settings *s, const struct facts *f)
{
	(void)s;
	if (f->token.kind == TOKEN_DIALOG)
		return (struct verdict){.kind = VERDICT_PASS};
	if (f->method == METHOD_ACK)
		return verdict_drop("ack-astray");
	/* RFC 3261 §12.2.2: we route every dialog, and this is none of them. */
	if (f->to_tag.n && !is_near(f) && f->method != METHOD_REGISTER)
		return verdict_refuse(481, "no-such-dialog");
	return (struct verdict){.kind = VERDICT_PASS};
}

struct verdict dialog_next(const struct settings *s, const struct facts *f)
{
	(void)s;
	if (f->token.kind == TOKEN_DIALOG)
		return verdict_forward(TO_HOP, "dialog");
	return (struct verdict){.kind = VERDICT_PASS};
}
