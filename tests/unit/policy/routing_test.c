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

static void servers_reach_flows_only(void)
{
	static const struct policy_row rows[] = {
		{"our domain, no flow named", .peer = PEER_SERVER,
		 REFUSED(404, "no-such-flow")},
		{"the rest of the world", .peer = PEER_SERVER,
		 .ruri = "x@alien.example", REFUSED(404, "no-way-out")},
	};

	KIT_ASK(routing_target, rows);
}

TEST_MAIN("policy/routing",
	  {"from outside there is a way to our domains only",
	   users_reach_our_domains},
	  {"the edge itself answers OPTIONS", edge_answers_options},
	  {"from inside there is a way to flows only",
	   servers_reach_flows_only})
