/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file facts_kit.h
 * Who the edge is in the tests of facts, and the way to them.
 */
#ifndef TESTS_UNIT_SIP_FACTS_KIT_H
#define TESTS_UNIT_SIP_FACTS_KIT_H

#include "kit.h"

static struct settings settings;
static struct facts_self self;
static union addr outside, inside, source;
static enum peer_class peer; /* of the next message's sender */
static char place[] = "/tmp/facts_test.XXXXXX";

/* sip.example.com outside, edge.internal inside, example.com and .org ours. */
static inline void we_are(void)
{
	static char *domains[] = {(char *)(uintptr_t) "example.com",
				  (char *)(uintptr_t) "example.org"};
	const struct token_keys *keys = NULL;
	char why[WHY_MAX];

	if (self.pen)
		return;
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(place));
	CU_ASSERT_EQUAL_FATAL(
		token_keys_open(&keys, place, KIT_WALL_S, 28800, why), 0);
	CU_ASSERT_EQUAL_FATAL(token_pen_create(&self.pen, keys), 0);
	token_keys_unref(&keys);
	addr_parse(&outside, SLICE("192.0.2.1"), 0);
	addr_parse(&inside, SLICE("2001:db8::1"), 0);
	addr_parse(&source, SLICE("198.51.100.7"), 1234);
	settings.sip_domains = (struct name_list){domains, 2};
	settings.leg[LEG_OUTSIDE] = (struct leg_settings){
		.address = &outside,
		.addresses = 1,
		.fqdn = (char *)(uintptr_t) "sip.example.com",
		.tls_port = 5061,
		.users_port = 443};
	settings.leg[LEG_INSIDE] = (struct leg_settings){
		.address = &inside,
		.addresses = 1,
		.fqdn = (char *)(uintptr_t) "edge.internal",
		.tls_port = 5061};
	settings.limits.dialog_token_s = 28800;
	self.settings = &settings;
	self.wall_s = KIT_WALL_S;
}

static inline void we_were(void)
{
	char file[64];

	token_pen_destroy(&self.pen);
	snprintf(file, sizeof(file), "%s/token-keys", place);
	unlink(file);
	rmdir(place);
	strcpy(place, "/tmp/facts_test.XXXXXX");
}

/* The facts of a message that passes sanity; 0 or what facts_read() said. */
static inline int read_facts(struct kit *k, struct slice text)
{
	struct origin from = {
		.leg = LEG_OUTSIDE, .peer = peer, .source = &source, .conn = 5};
	struct verdict v;

	we_are();
	wire_destroy(&k->m);
	v = kit_check(k, text);
	if (v.kind != VERDICT_PASS)
		printf("# %s\n", v.rule);
	CU_ASSERT_EQUAL_FATAL(v.kind, VERDICT_PASS);
	memset(&k->facts, 0xaa, sizeof(k->facts));
	return facts_read(&k->facts, k->m, &from, &self);
}

#endif
