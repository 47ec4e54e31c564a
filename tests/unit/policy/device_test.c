/* SPDX-License-Identifier: Apache-2.0 */
/* device_test.c - an enrolled device may do what its entry lists. */
#include "policy_kit.h"

static void entry_says_what_it_may(void)
{
	static const struct policy_row rows[] = {
		{"a call as itself", .peer = PEER_DEVICE, PASSES},
		{"a method that is listed by name only", .peer = PEER_DEVICE,
		 .method = METHOD_INFO, .name = "INFO", PASSES},
		{"users are not its matter", .peer = PEER_USER, PASSES},
		{"nor are servers", .peer = PEER_SERVER, PASSES},
		{"its entry is gone since", .peer = PEER_DEVICE,
		 .unenrolled = true, REFUSED(403, "device-not-enrolled")},
		{"a method that is not listed", .peer = PEER_DEVICE,
		 .method = METHOD_MESSAGE, .name = "MESSAGE",
		 REFUSED(403, "device-method")},
		{"methods are case-sensitive", .peer = PEER_DEVICE,
		 .name = "invite", REFUSED(403, "device-method")},
		{"an ACK is never answered", .peer = PEER_DEVICE,
		 .method = METHOD_ACK, .name = "FROB",
		 DROPPED("device-method")},
		{"its exception ended", .peer = PEER_DEVICE, .expired = true,
		 REFUSED(403, "device-expired")},
		{"inside its dialogs too", .peer = PEER_DEVICE, .expired = true,
		 .to_tag = true, REFUSED(403, "device-expired")},
		{"and for its registration", .peer = PEER_DEVICE,
		 .expired = true, .method = METHOD_REGISTER,
		 REFUSED(403, "device-expired")},
	};

	KIT_ASK(device_method, rows);
}

static void entry_says_who_it_is(void)
{
	static const struct policy_row rows[] = {
		{"a call as itself", .peer = PEER_DEVICE, PASSES},
		{"another's From", .peer = PEER_DEVICE, .from_other = true,
		 REFUSED(403, "device-identity")},
		{"a registration of itself, by whomever", .peer = PEER_DEVICE,
		 .from_other = true, .method = METHOD_REGISTER, PASSES},
		{"a registration of another", .peer = PEER_DEVICE,
		 .method = METHOD_REGISTER, .to_alien = true,
		 REFUSED(403, "device-identity")},
		{"users are not its matter", .peer = PEER_USER,
		 .from_other = true, PASSES},
	};

	KIT_ASK(device_identity, rows);
}

static void entry_says_whether_it_registers(void)
{
	static const struct policy_row rows[] = {
		{"it may", .peer = PEER_DEVICE, .method = METHOD_REGISTER,
		 .name = "REGISTER", PASSES},
		{"it may not", .peer = PEER_DEVICE, .from_alien = true,
		 .method = METHOD_REGISTER, .name = "REGISTER",
		 REFUSED(403, "device-may-not-register")},
	};

	KIT_ASK(device_method, rows);
}

static void entry_says_what_it_proves(void)
{
	static const struct policy_row rows[] = {
		{"its address is enough", .peer = PEER_DEVICE, PASSES},
		{"the secret", .peer = PEER_DEVICE, .secret = true,
		 .digest = DIGEST_GOOD, PASSES},
		{"nothing", .peer = PEER_DEVICE, .secret = true,
		 .digest = DIGEST_ABSENT, REFUSED(407, "device-digest")},
		{"nothing was asked for", .peer = PEER_DEVICE, .secret = true,
		 REFUSED(407, "device-digest")},
		{"a secret of before", .peer = PEER_DEVICE, .secret = true,
		 .digest = DIGEST_STALE, REFUSED(407, "device-digest-stale")},
		{"another secret", .peer = PEER_DEVICE, .secret = true,
		 .method = METHOD_REGISTER, .digest = DIGEST_WRONG,
		 REFUSED(407, "device-digest-wrong")},
		{"an ACK is never answered", .peer = PEER_DEVICE,
		 .secret = true, .method = METHOD_ACK, .name = "ACK",
		 DROPPED("device-digest")},
		{"users are not its matter", .peer = PEER_USER, PASSES},
	};

	KIT_ASK(device_digest, rows);
}

static void servers_call_devices(void)
{
	static const struct policy_row rows[] = {
		{"a device", .peer = PEER_SERVER, .ruri = "room@example.com",
		 GOES(TO_DEVICE, "device")},
		{"the other one", .peer = PEER_SERVER,
		 .ruri = "alice@example.com", GOES(TO_DEVICE, "device")},
		{"nobody's device", .peer = PEER_SERVER, PASSES},
		{"its exception ended", .peer = PEER_SERVER,
		 .ruri = "room@example.com", .expired = true,
		 REFUSED(403, "device-expired")},
		{"the door is shut", .peer = PEER_SERVER,
		 .ruri = "room@example.com", .devices_off = true, PASSES},
		{"a user asks its home first", .peer = PEER_USER,
		 .ruri = "room@example.com", PASSES},
	};

	KIT_ASK(device_target, rows);
}

TEST_MAIN("policy/device",
	  {"a device does what its entry lists", entry_says_what_it_may},
	  {"a device goes by its own names", entry_says_who_it_is},
	  {"a device registers when its entry says so",
	   entry_says_whether_it_registers},
	  {"a device proves what its entry asks for",
	   entry_says_what_it_proves},
	  {"a server reaches devices by their identity", servers_call_devices})
