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
		 TOKEN(TOKEN_DIALOG, true), .conn = HERE,
		 GOES(TO_HOP, "dialog")},
		{"by its owner on a new flow", .peer = PEER_USER,
		 TOKEN(TOKEN_DIALOG, true), .conn = ELSEWHERE, .owner = ALICE,
		 GOES(TO_HOP, "dialog")},
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
	  {"inside a dialog nothing goes without its token",
	   dialogs_need_their_token})
