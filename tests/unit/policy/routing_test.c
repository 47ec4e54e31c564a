/* SPDX-License-Identifier: Apache-2.0 */
/* routing_test.c - where the rest goes. */
#include "policy_kit.h"

static void users_reach_our_domains(void)
{
	static const struct policy_row rows[] = {
		{"a user of ours", .peer = PEER_USER, GOES(TO_HOME, "home")},
		{"from a device", .peer = PEER_DEVICE, GOES(TO_HOME, "home")},
		{"another domain", .peer = PEER_USER, .ruri = "x@alien.example",
		 REFUSED(403, "not-our-domain")},
		{"maddr", .peer = PEER_USER, .maddr = true,
		 REFUSED(403, "not-our-domain")},
		{"a password", .peer = PEER_USER, .password = true,
		 REFUSED(403, "not-our-domain")},
		{"header fields", .peer = PEER_USER, .headers = true,
		 REFUSED(403, "not-our-domain")},
		{"port 0", .peer = PEER_USER, .bad_port = true,
		 REFUSED(403, "not-our-domain")},
		{"from a partner", .peer = PEER_PARTNER,
		 GOES(TO_HOME, "partner")},
	};

	KIT_ASK(routing_target, rows);
}

static void users_reach_partners(void)
{
	static const struct policy_row rows[] = {
		{"a partner's user", .peer = PEER_USER, .ruri = "x@p.example",
		 GOES(TO_HOME, "user-abroad")},
		{"of a blocked partner", .peer = PEER_USER,
		 .ruri = "x@p.example", .blocks = true,
		 REFUSED(403, "domain-blocked")},
		{"somebody, where all may be called", .peer = PEER_USER,
		 .ruri = "x@alien.example", .discovery = true,
		 GOES(TO_HOME, "user-abroad")},
		{"by maddr", .peer = PEER_USER, .ruri = "x@p.example",
		 .maddr = true, REFUSED(403, "not-our-domain")},
		{"with a password", .peer = PEER_USER, .ruri = "x@p.example",
		 .password = true, REFUSED(403, "not-our-domain")},
		{"at an address", .peer = PEER_USER, .ruri = "x@10.0.0.5",
		 .literal = true, .discovery = true,
		 REFUSED(403, "not-our-domain")},
		{"at a host inside", .peer = PEER_USER,
		 .ruri = "x@home.in.example", .discovery = true,
		 REFUSED(403, "not-our-domain")},
		{"by one who did not register", .ruri = "x@p.example",
		 .unregistered = true, REFUSED(403, "not-our-domain")},
		{"by a device", .peer = PEER_DEVICE, .ruri = "x@p.example",
		 REFUSED(403, "not-our-domain")},
		{"by another partner", .peer = PEER_PARTNER,
		 .ruri = "x@p.example", REFUSED(403, "not-our-domain")},
	};

	KIT_ASK(routing_target, rows);
}

static void edge_answers_options(void)
{
	static const struct policy_row rows[] = {
		{"OPTIONS", .peer = PEER_SERVER, .method = METHOD_OPTIONS,
		 .ruri = "sip.example.com", GOES(TO_SELF, "options")},
		{"a user's", .peer = PEER_USER, .method = METHOD_OPTIONS,
		 .ruri = "sip.example.com", GOES(TO_SELF, "options")},
		{"anything else", .peer = PEER_USER, .ruri = "sip.example.com",
		 REFUSED(405, "not-for-the-edge")},
		{"a user at the edge's own name", .peer = PEER_SERVER,
		 .ruri = "bob@sip.example.com", REFUSED(404, "no-way-out")},
	};

	KIT_ASK(routing_target, rows);
}

static void servers_reach_flows_and_partners(void)
{
	static const struct policy_row rows[] = {
		{"our domain, no flow named", .peer = PEER_SERVER,
		 REFUSED(404, "no-such-flow")},
		{"the rest of the world", .peer = PEER_SERVER,
		 .ruri = "x@alien.example", REFUSED(404, "no-way-out")},
		{"where all may be called", .peer = PEER_SERVER,
		 .ruri = "x@alien.example", .discovery = true,
		 GOES(TO_PARTNER, "partner-way")},
		{"a partner", .peer = PEER_SERVER, .ruri = "x@p.example",
		 GOES(TO_PARTNER, "partner-way")},
		{"the domain itself", .peer = PEER_SERVER, .ruri = "p.example",
		 .method = METHOD_OPTIONS, GOES(TO_PARTNER, "partner-way")},
		{"a blocked one", .peer = PEER_SERVER, .ruri = "x@p.example",
		 .blocks = true, REFUSED(403, "domain-blocked")},
		{"by maddr", .peer = PEER_SERVER, .ruri = "x@p.example",
		 .maddr = true, REFUSED(403, "way-by-maddr")},
		{"port 0", .peer = PEER_SERVER, .ruri = "x@p.example",
		 .bad_port = true, REFUSED(404, "no-way-out")},
		{"an address", .peer = PEER_SERVER, .ruri = "x@192.0.2.9",
		 .literal = true, .discovery = true,
		 REFUSED(404, "no-way-out")},
		{"a host inside", .peer = PEER_SERVER,
		 .ruri = "x@home.in.example", .discovery = true,
		 REFUSED(404, "no-way-out")},
		{"a dialog that we do not route", .peer = PEER_SERVER,
		 .ruri = "x@p.example", .to_tag = true,
		 REFUSED(481, "no-such-dialog")},
	};

	KIT_ASK(routing_target, rows);
}

TEST_MAIN("policy/routing",
	  {"from outside there is a way to our domains only",
	   users_reach_our_domains},
	  {"users call the partners that we have", users_reach_partners},
	  {"the edge itself answers OPTIONS", edge_answers_options},
	  {"from inside there is a way to flows and partners only",
	   servers_reach_flows_and_partners})
