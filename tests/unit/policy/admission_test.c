/* SPDX-License-Identifier: Apache-2.0 */
/* admission_test.c - who may speak at all. */
#include "policy_kit.h"

static void loops_end(void)
{
	static const struct policy_row rows[] = {
		{"a request that came around", .peer = PEER_USER, .loop = true,
		 REFUSED(482, "loop")},
		{"from a server too", .peer = PEER_SERVER, .loop = true,
		 REFUSED(482, "loop")},
		{"one that did not", .peer = PEER_USER, PASSES},
	};

	KIT_ASK(admission_loop, rows);
}

static void inside_needs_a_name(void)
{
	static const struct policy_row rows[] = {
		{"a server on the list", .peer = PEER_SERVER, PASSES},
		{"a name that is not", .by_inside = true,
		 REFUSED(403, "not-a-trusted-server")},
		{"its REGISTER", .by_inside = true, .method = METHOD_REGISTER,
		 REFUSED(403, "not-a-trusted-server")},
		{"a device whose door is inside", .peer = PEER_DEVICE,
		 .by_inside = true, PASSES},
		{"strangers outside are not its matter", PASSES},
	};

	KIT_ASK(admission_server, rows);
}

static void strangers_may_only_register(void)
{
	static const struct policy_row rows[] = {
		{"INVITE", REFUSED(403, "stranger")},
		{"OPTIONS", .method = METHOD_OPTIONS, REFUSED(403, "stranger")},
		{"BYE", .method = METHOD_BYE, REFUSED(403, "stranger")},
		{"a method nobody knows", .name = "FROB",
		 REFUSED(403, "stranger")},
		{"an ACK is never answered", .method = METHOD_ACK,
		 DROPPED("stranger")},
		{"REGISTER", .method = METHOD_REGISTER, PASSES},
		{"REGISTER, but users are off", .method = METHOD_REGISTER,
		 .users_off = true, REFUSED(403, "users-off")},
		{"INVITE where nobody registers", .unregistered = true, PASSES},
		{"a user", .peer = PEER_USER, PASSES},
		{"a device", .peer = PEER_DEVICE, PASSES},
		{"a partner", .peer = PEER_PARTNER, PASSES},
		{"a server", .peer = PEER_SERVER, PASSES},
		{"a server, users off", .peer = PEER_SERVER, .users_off = true,
		 PASSES},
	};

	KIT_ASK(admission_stranger, rows);
}

TEST_MAIN("policy/admission",
	  {"a request that came around is ended with 482", loops_end},
	  {"inside speaks who is on the trusted-server list",
	   inside_needs_a_name},
	  {"a stranger may register, and nothing else",
	   strangers_may_only_register})
