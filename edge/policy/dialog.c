/*
 * dialog.c: what a Route may say. From the far side a Route is only ever one
 * that we signed, for this dialog, shown by the party it was given to; or our
 * own plain address, as clients with an outbound proxy preload it.
 */
#include "rules.h"

static struct verdict route_refused(const struct facts *f, const char *rule)
{
	if (f->method == METHOD_ACK)
		return verdict_drop(rule);
	return verdict_refuse(403, rule);
}

struct verdict dialog_route(const struct settings *s, const struct facts *f)
{
	(void)s;
	for (unsigned i = 0; i < f->routes; i++) {
		switch (f->route[i].mark) {
		case ROUTE_FORGED:
			return route_refused(f, "route-forged");
		case ROUTE_STALE:
			return route_refused(f, "route-stale");
		case ROUTE_FOREIGN:
			return route_refused(f, "route-not-ours");
		case ROUTE_OURS:
			/* RFC 3261 §8.1.2: a preloaded Route stands alone. */
			if (i > 0 && !is_near(f))
				return route_refused(f, "route-not-ours");
			break;
		case ROUTE_SIGNED:
			break;
		}
		if (!f->route[i].uri.lr)
			return route_refused(f, "route-strict");
		if (f->route[i].uri.maddr || f->route[i].uri.has_headers)
			return route_refused(f, "route-not-ours");
	}
	return (struct verdict){.kind = VERDICT_PASS};
}

/* Is the token in the hands of the party that it was given to? */
static bool shown_by_owner(const struct facts *f)
{
	if (f->token.conn == f->origin.conn)
		return true;
	for (size_t i = 0; i < f->origin.whos; i++)
		if (f->origin.who[i] == f->token.who)
			return true;
	return false;
}

struct verdict dialog_token(const struct settings *s, const struct facts *f)
{
	(void)s;
	if (!f->token.kind)
		return (struct verdict){.kind = VERDICT_PASS};
	if (f->token.kind == TOKEN_FLOW) {
		if (!is_near(f))
			return route_refused(f, "flow-token-from-outside");
		return verdict_forward(TO_FLOW, "flow");
	}
	if (!f->dialog_fits)
		return route_refused(f, "token-of-another-dialog");
	if (is_near(f))
		return verdict_forward(TO_FLOW, "dialog");
	if (!shown_by_owner(f))
		return route_refused(f, "token-of-another-flow");
	/* A token opens its dialog, and nothing outside of it. */
	if (!f->to_tag.n || f->method == METHOD_REGISTER)
		return route_refused(f, "token-outside-dialog");
	return verdict_forward(TO_HOP, "dialog");
}

struct verdict dialog_astray(const struct settings *s, const struct facts *f)
{
	(void)s;
	if (f->method == METHOD_ACK)
		return verdict_drop("ack-astray");
	/* RFC 3261 §12.2.2: we route every dialog, and this is none of them. */
	if (f->to_tag.n && !is_near(f) && f->method != METHOD_REGISTER)
		return verdict_refuse(481, "no-such-dialog");
	return (struct verdict){.kind = VERDICT_PASS};
}
