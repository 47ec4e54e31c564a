/* SPDX-License-Identifier: Apache-2.0 */
/* registration_test.c - REGISTER, and what it opens the door for. */
#include "policy_kit.h"

#define REGISTER .method = METHOD_REGISTER, .name = "REGISTER"

static void register_is_for_our_domains(void)
{
	static const struct policy_row rows[] = {
		{"a stranger's", REGISTER, .ruri = "example.com", PASSES},
		{"a user's second", .peer = PEER_USER, REGISTER,
		 .ruri = "example.com", PASSES},
		{"a device's", .peer = PEER_DEVICE, REGISTER,
		 .ruri = "example.com", PASSES},
		{"a server's", .peer = PEER_SERVER, REGISTER,
		 .ruri = "example.com", REFUSED(403, "register-from-inside")},
		{"at another domain", REGISTER, .ruri = "alien.example",
		 REFUSED(403, "not-our-domain")},
		{"maddr", REGISTER, .ruri = "example.com", .maddr = true,
		 REFUSED(403, "not-our-domain")},
		{"port 0", REGISTER, .ruri = "example.com", .bad_port = true,
		 REFUSED(403, "not-our-domain")},
		{"with a user part", REGISTER, .ruri = "bob@example.com",
		 REFUSED(400, "register-uri-has-user")},
		{"for an address of another domain", REGISTER,
		 .ruri = "example.com", .to_alien = true,
		 REFUSED(403, "not-our-domain")},
		{"for what is no address", REGISTER, .ruri = "example.com",
		 .to_nobody = true, REFUSED(403, "not-our-domain")},
		{"something else", .peer = PEER_USER, PASSES},
	};

	KIT_ASK(registration_request, rows);
}

#define CONTACT(uri) REGISTER, .ruri = "example.com", .contact = (uri)

static void contacts_lie_outside(void)
{
	static const struct policy_row rows[] = {
		{"something else", .peer = PEER_USER, PASSES},
		{"no Contact", REGISTER, .ruri = "example.com",
		 GOES(TO_HOME, "register")},
		{"an address at home", CONTACT("sip:a@192.168.7.4:5062"),
		 GOES(TO_HOME, "register")},
		{"a name that nobody has", CONTACT("sip:a@x7.invalid;ob"),
		 GOES(TO_HOME, "register")},
		{"no SIP at all", CONTACT("mailto:a@example.com"),
		 GOES(TO_HOME, "register")},
		{"its own address", CONTACT("sip:a@198.51.100.7"),
		 GOES(TO_HOME, "register")},
		{"the edge's inside name", CONTACT("sip:a@edge.in.example"),
		 REFUSED(400, "contact-inside")},
		{"a neighbour of it", CONTACT("sip:a@DIRECTOR.in.example."),
		 REFUSED(400, "contact-inside")},
		{"loopback", CONTACT("sip:a@127.0.0.1"),
		 REFUSED(400, "contact-inside")},
		{"loopback, of a client on our own machine", .loopback = true,
		 CONTACT("sip:a@127.1.2.3"), GOES(TO_HOME, "register")},
		{"link-local, of such a client", .loopback = true,
		 CONTACT("sip:a@169.254.169.254"),
		 REFUSED(400, "contact-inside")},
		{"link-local", CONTACT("sip:a@[fe80::1]"),
		 REFUSED(400, "contact-inside")},
		{"metadata", CONTACT("sip:a@169.254.169.254"),
		 REFUSED(400, "contact-inside")},
	};

	KIT_ASK(registration_contact, rows);
}

static void from_is_registered_here(void)
{
	static const struct policy_row rows[] = {
		{"an address of this flow", .peer = PEER_USER, PASSES},
		{"another address of ours", .peer = PEER_USER,
		 .from_other = true, REFUSED(403, "from-not-registered")},
		{"another domain's", .peer = PEER_USER, .from_alien = true,
		 REFUSED(403, "from-not-registered")},
		{"nobody needs to register, but be ours", .unregistered = true,
		 PASSES},
		{"nobody needs to register, and another's",
		 .unregistered = true, .from_alien = true,
		 REFUSED(403, "from-not-ours")},
		{"a server says who called", .peer = PEER_SERVER,
		 .from_alien = true, PASSES},
		{"a device was asked already", .peer = PEER_DEVICE,
		 .from_other = true, PASSES},
		{"so was a partner", .peer = PEER_PARTNER, PASSES},
	};

	KIT_ASK(registration_identity, rows);
}

TEST_MAIN("policy/registration",
	  {"REGISTER crosses for our domains, from outside",
	   register_is_for_our_domains},
	  {"a Contact does not point inside", contacts_lie_outside},
	  {"a user's From is registered on the same flow",
	   from_is_registered_here})
