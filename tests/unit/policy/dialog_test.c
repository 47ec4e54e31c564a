/* SPDX-License-Identifier: Apache-2.0 */
/* dialog_test.c - what a Route may say. */
#include "policy_kit.h"

static void foreign_routes_end_here(void)
{
	static const struct policy_row rows[] = {
		{"no Route", .peer = PEER_USER, PASSES},
		{"one of somebody else", .peer = PEER_USER, .routes = 1,
		 .mark = {ROUTE_FOREIGN}, REFUSED(403, "route-not-ours")},
		{"even from a server", .peer = PEER_SERVER, .routes = 1,
		 .mark = {ROUTE_FOREIGN}, REFUSED(403, "route-not-ours")},
		{"behind one of ours", .peer = PEER_USER, .routes = 2,
		 .mark = {ROUTE_SIGNED, ROUTE_FOREIGN},
		 REFUSED(403, "route-not-ours")},
		{"a changed token", .peer = PEER_USER, .routes = 1,
		 .mark = {ROUTE_FORGED}, REFUSED(403, "route-forged")},
		{"an old token", .peer = PEER_USER, .routes = 1,
		 .mark = {ROUTE_STALE}, REFUSED(403, "route-stale")},
		{"an ACK is never answered", .peer = PEER_USER,
		 .method = METHOD_ACK, .routes = 1, .mark = {ROUTE_FORGED},
		 DROPPED("route-forged")},
	};

	KIT_ASK(dialog_route, rows);
}

static void own_routes_must_be_plain(void)
{
	static const struct policy_row rows[] = {
		{"our address, preloaded", .peer = PEER_USER, .routes = 1,
		 .mark = {ROUTE_OURS}, PASSES},
		{"our address behind a token", .peer = PEER_USER, .routes = 2,
		 .mark = {ROUTE_SIGNED, ROUTE_OURS},
		 REFUSED(403, "route-not-ours")},
		{"the same from a server", .peer = PEER_SERVER, .routes = 2,
		 .mark = {ROUTE_SIGNED, ROUTE_OURS}, PASSES},
		{"a token", .peer = PEER_USER, .routes = 1,
		 .mark = {ROUTE_SIGNED}, PASSES},
		{"our address, then a token", .peer = PEER_USER, .routes = 2,
		 .mark = {ROUTE_OURS, ROUTE_SIGNED}, PASSES},
		{"two tokens", .peer = PEER_USER, .routes = 2,
		 .mark = {ROUTE_SIGNED, ROUTE_SIGNED},
		 REFUSED(403, "route-not-ours")},
		{"two tokens of a server", .peer = PEER_SERVER, .routes = 2,
		 .mark = {ROUTE_SIGNED, ROUTE_SIGNED}, PASSES},
		{"our address twice", .peer = PEER_USER, .routes = 2,
		 .mark = {ROUTE_OURS, ROUTE_OURS},
		 REFUSED(403, "route-not-ours")},
		{"our address, a token, and one more", .peer = PEER_USER,
		 .routes = 3, .mark = {ROUTE_OURS, ROUTE_SIGNED, ROUTE_SIGNED},
		 REFUSED(403, "route-not-ours")},
		{"a token, no lr", .peer = PEER_USER, .routes = 1,
		 .mark = {ROUTE_SIGNED}, .route_strict = true,
		 REFUSED(403, "route-strict")},
		{"our address, no lr", .peer = PEER_USER, .routes = 1,
		 .mark = {ROUTE_OURS}, .route_strict = true,
		 REFUSED(403, "route-strict")},
		{"maddr", .peer = PEER_USER, .routes = 1, .mark = {ROUTE_OURS},
		 .route_maddr = true, REFUSED(403, "route-not-ours")},
		{"header fields", .peer = PEER_USER, .routes = 1,
		 .mark = {ROUTE_SIGNED}, .route_headers = true,
		 REFUSED(403, "route-not-ours")},
	};

	KIT_ASK(dialog_route, rows);
}

#define TOKEN(k, f)                                                            \
	.to_tag = true, .routes = 1, .mark = {ROUTE_SIGNED}, .token = (k),     \
	.fits = f

static void tokens_serve_their_owner(void)
{
	static const struct policy_row rows[] = {
		{"none", .peer = PEER_USER, PASSES},
		{"a flow, from a server", .peer = PEER_SERVER,
		 TOKEN(TOKEN_FLOW, false), GOES(TO_FLOW, "flow")},
		{"a flow, from outside", .peer = PEER_USER,
		 TOKEN(TOKEN_FLOW, false), .conn = HERE,
		 REFUSED(403, "flow-token-from-outside")},
		{"a dialog, from a server", .peer = PEER_SERVER,
		 TOKEN(TOKEN_DIALOG, true), .conn = ELSEWHERE,
		 GOES(TO_FLOW, "dialog")},
		{"of another dialog, from a server", .peer = PEER_SERVER,
		 TOKEN(TOKEN_DIALOG, false),
		 REFUSED(403, "token-of-another-dialog")},
		{"of another dialog", .peer = PEER_USER,
		 TOKEN(TOKEN_DIALOG, false), .conn = HERE,
		 REFUSED(403, "token-of-another-dialog")},
		{"on its own flow", .peer = PEER_USER,
		 TOKEN(TOKEN_DIALOG, true), .conn = HERE, PASSES},
		{"by its owner on a new flow", .peer = PEER_USER,
		 TOKEN(TOKEN_DIALOG, true), .conn = ELSEWHERE, .owner = ALICE,
		 PASSES},
		{"by its partner on a new flow", .peer = PEER_PARTNER,
		 TOKEN(TOKEN_DIALOG, true), .conn = ELSEWHERE,
		 .owner = P_EXAMPLE, PASSES},
		{"by another partner", .peer = PEER_PARTNER,
		 TOKEN(TOKEN_DIALOG, true), .conn = ELSEWHERE,
		 .owner = P_EXAMPLE, .unproven = true,
		 REFUSED(403, "token-of-another-flow")},
		{"a user's, by a partner", .peer = PEER_PARTNER,
		 TOKEN(TOKEN_DIALOG, true), .conn = ELSEWHERE, .owner = ALICE,
		 REFUSED(403, "token-of-another-flow")},
		{"a Contact in a Route", .peer = PEER_USER,
		 TOKEN(TOKEN_CONTACT, true), .conn = HERE,
		 REFUSED(403, "route-not-ours")},
		{"a Contact in a server's Route", .peer = PEER_SERVER,
		 TOKEN(TOKEN_CONTACT, true), REFUSED(403, "route-not-ours")},
		{"by another user", .peer = PEER_USER,
		 TOKEN(TOKEN_DIALOG, true), .conn = ELSEWHERE, .owner = BOB,
		 REFUSED(403, "token-of-another-flow")},
		{"an ACK by another user", .peer = PEER_USER,
		 .method = METHOD_ACK, TOKEN(TOKEN_DIALOG, true),
		 .conn = ELSEWHERE, .owner = BOB,
		 DROPPED("token-of-another-flow")},
		{"an ACK with a flow token", .peer = PEER_DEVICE,
		 .method = METHOD_ACK, TOKEN(TOKEN_FLOW, true),
		 DROPPED("flow-token-from-outside")},
	};

	KIT_ASK(dialog_token, rows);
}

static void tokens_open_nothing_else(void)
{
	static const struct policy_row rows[] = {
		{"a request that begins something", .peer = PEER_USER,
		 .routes = 1, .mark = {ROUTE_SIGNED}, .token = TOKEN_DIALOG,
		 .fits = true, .conn = HERE,
		 REFUSED(403, "token-outside-dialog")},
		{"a REGISTER", .peer = PEER_USER, .method = METHOD_REGISTER,
		 TOKEN(TOKEN_DIALOG, true), .conn = HERE,
		 REFUSED(403, "token-outside-dialog")},
		{"an ACK", .peer = PEER_USER, .method = METHOD_ACK, .routes = 1,
		 .mark = {ROUTE_SIGNED}, .token = TOKEN_DIALOG, .fits = true,
		 .conn = HERE, DROPPED("token-outside-dialog")},
	};

	KIT_ASK(dialog_token, rows);
}

#define HOP .peer = PEER_USER, TOKEN(TOKEN_DIALOG, true), .conn = HERE

static void targets_are_ours(void)
{
	static const struct policy_row rows[] = {
		{"a Contact that we wrote", HOP, .hides = true,
		 .ruri = "TOKEN@sip.example.com", .target = true, PASSES},
		{"of another dialog", HOP, .hides = true,
		 .ruri = "TOKEN@sip.example.com", .target = true,
		 .astray = true, REFUSED(403, "target-not-ours")},
		{"none at our name", HOP, .hides = true,
		 .ruri = "bob@sip.example.com",
		 REFUSED(403, "target-not-ours")},
		{"one of our users", HOP, .hides = true, PASSES},
		{"one of our users by maddr", HOP, .hides = true, .maddr = true,
		 REFUSED(403, "target-not-ours")},
		{"a host inside", HOP, .hides = true, .ruri = "bob@10.0.0.5",
		 .literal = true, REFUSED(403, "target-not-ours")},
		{"an ACK to it", HOP, .hides = true, .method = METHOD_ACK,
		 .ruri = "bob@10.0.0.5", DROPPED("target-not-ours")},
		{"a host inside, which we do not hide", HOP,
		 .ruri = "bob@10.0.0.5", PASSES},
		{"from a device", .peer = PEER_DEVICE,
		 TOKEN(TOKEN_DIALOG, true), .hides = true,
		 .ruri = "x@alien.example", REFUSED(403, "target-not-ours")},
		{"from a partner", .peer = PEER_PARTNER,
		 TOKEN(TOKEN_DIALOG, true), .hides = true,
		 .ruri = "x@p.example", REFUSED(403, "target-not-ours")},
		{"from a server", .peer = PEER_SERVER,
		 TOKEN(TOKEN_DIALOG, true), .hides = true,
		 .ruri = "x@p.example", PASSES},
		{"outside of dialogs", .peer = PEER_USER, .hides = true,
		 .ruri = "x@p.example", PASSES},
	};

	KIT_ASK(dialog_target, rows);
}

static void what_passed_goes_on(void)
{
	static const struct policy_row rows[] = {
		{"a dialog", HOP, GOES(TO_HOP, "dialog")},
		{"a partner's", .peer = PEER_PARTNER, TOKEN(TOKEN_DIALOG, true),
		 GOES(TO_HOP, "dialog")},
		{"no dialog", .peer = PEER_USER, PASSES},
	};

	KIT_ASK(dialog_next, rows);
}

static void dialogs_need_their_token(void)
{
	static const struct policy_row rows[] = {
		{"no dialog", .peer = PEER_USER, PASSES},
		{"BYE without a token", .peer = PEER_USER, .method = METHOD_BYE,
		 .to_tag = true, REFUSED(481, "no-such-dialog")},
		{"the same from a device", .peer = PEER_DEVICE,
		 .method = METHOD_BYE, .to_tag = true,
		 REFUSED(481, "no-such-dialog")},
		{"from a server", .peer = PEER_SERVER, .method = METHOD_BYE,
		 .to_tag = true, PASSES},
		{"a REGISTER has a To tag now and then", .peer = PEER_USER,
		 .method = METHOD_REGISTER, .to_tag = true, PASSES},
		{"ACK", .peer = PEER_USER, .method = METHOD_ACK, .to_tag = true,
		 DROPPED("ack-astray")},
		{"ACK of a server", .peer = PEER_SERVER, .method = METHOD_ACK,
		 DROPPED("ack-astray")},
		{"with its token", HOP, PASSES},
		{"ACK with its token", HOP, .method = METHOD_ACK, PASSES},
	};

	KIT_ASK(dialog_astray, rows);
}

TEST_MAIN("policy/dialog",
	  {"a Route that we did not sign ends here", foreign_routes_end_here},
	  {"a Route of ours is loose and plain", own_routes_must_be_plain},
	  {"a token serves its dialog, in its owner's hands",
	   tokens_serve_their_owner},
	  {"a token opens its dialog, and nothing outside of it",
	   tokens_open_nothing_else},
	  {"a far party names whom it was told of", targets_are_ours},
	  {"what passed goes to the sealed hop", what_passed_goes_on},
	  {"inside a dialog nothing goes without its token",
	   dialogs_need_their_token})
