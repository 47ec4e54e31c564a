/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file policy_text.h
 * From bytes to verdict: alice's flow, a partner that proves p.example, and
 * an enrolled room say what the test has written.
 */
#ifndef TESTS_UNIT_POLICY_TEXT_H
#define TESTS_UNIT_POLICY_TEXT_H

#include "policy_kit.h"

#include "sip/sanity.h"

#include <unistd.h>

#define WALL_S 1700000000u

static struct token_pen *pen;
static char place[32];
static union addr outside, inside, far_away;
static uint64_t alice;
static struct settings real;

static void we_are(void)
{
	static const struct policy_row plain = {0};
	const struct token_keys *keys = NULL;
	char why[WHY_MAX];

	snprintf(place, sizeof(place), "/tmp/policy_test.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(place));
	CU_ASSERT_EQUAL_FATAL(token_keys_open(&keys, place, WALL_S, 28800, why),
			      0);
	CU_ASSERT_EQUAL_FATAL(token_pen_create(&pen, keys), 0);
	token_keys_unref(&keys);
	addr_parse(&outside, SLICE("192.0.2.10"), 0);
	addr_parse(&inside, SLICE("10.0.0.10"), 0);
	addr_parse(&far_away, SLICE("198.51.100.7"), 4242);
	kit_settings(&real, &plain);
	real.boundary.hide_contact = true;
	real.limits.dialog_token_s = 28800;
	for (int leg = 0; leg < LEG_COUNT; leg++) {
		real.leg[leg].address = leg ? &inside : &outside;
		real.leg[leg].addresses = 1;
		real.leg[leg].tls_port = 5061;
	}
	real.leg[LEG_INSIDE].fqdn = KIT_TEXT("edge.internal.example");
	alice = token_who(pen, SLICE("sip:alice@example.com"));
}

static void we_were(void)
{
	char file[64];

	token_pen_destroy(&pen);
	snprintf(file, sizeof(file), "%s/token-keys", place);
	unlink(file);
	CU_ASSERT_EQUAL(rmdir(place), 0);
}

static inline struct origin origin_of(enum peer_class peer)
{
	return (struct origin){
		.leg = peer == PEER_SERVER ? LEG_INSIDE : LEG_OUTSIDE,
		.peer = peer,
		.source = &far_away,
		.conn = HERE,
		.who = &alice,
		.whos = peer == PEER_USER,
		.device = peer == PEER_DEVICE ? &real.device[1] : NULL,
		.names = peer == PEER_PARTNER ? kit_names() : NULL,
	};
}

/** Frame, parse, check and read; what sanity says, or PASS. */
static inline struct verdict read_text(struct facts *f, struct frame *frame,
				       enum peer_class peer, struct slice text)
{
	static const struct framer_limits sizes = {262144, 65536, 8192, 256};
	static const struct sanity_limits counts = {70, 20, 10};
	struct facts_self self = {&real, pen, WALL_S};
	struct origin from = origin_of(peer);
	struct framer fr = {0};
	struct msg *m = NULL;
	struct verdict v;
	size_t used;

	if (framer_next(&fr, &sizes, text, &used, frame, &v) != FRAMER_MESSAGE)
		return v;
	if (wire_parse(&m, frame))
		return verdict_refuse(400, "unparseable");
	v = sanity_check(m, &counts);
	if (v.kind == VERDICT_PASS)
		CU_ASSERT_EQUAL(facts_read(f, m, &from, &self), 0);
	wire_destroy(&m);
	return v;
}

static inline struct verdict decide_text(enum peer_class peer,
					 struct slice text)
{
	static struct frame frame;
	static struct facts f;
	struct verdict v = read_text(&f, &frame, peer, text);

	return v.kind == VERDICT_PASS ? policy_decide(&real, &f) : v;
}

#endif
