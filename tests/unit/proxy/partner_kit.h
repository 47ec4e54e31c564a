/* SPDX-License-Identifier: Apache-2.0 */
/* partner_kit.h - partners on the stage: partner.example, found by SRV; direct,
 * whose edge is named; provider, which serves two domains; evil, blocked. */
#ifndef TESTS_UNIT_PROXY_PARTNER_KIT_H
#define TESTS_UNIT_PROXY_PARTNER_KIT_H

#include "proxy_talk.h"

#define PARTNERS                                                               \
	"( { domain = \"partner.example\"; },\n"                               \
	"  { domain = \"direct.example\"; kind = \"direct\";\n"                \
	"    proxy = \"edge.direct.example:5071\"; },\n"                       \
	"  { domain = [ \"one.example\", \"two.example\" ];\n"                 \
	"    kind = \"provider\"; proxy = \"edge.provider.example\"; } )"

#define FEDERATION(more)                                                       \
	"federation: { enabled = true; partners = " PARTNERS ";\n"             \
	"  blocked = [ \"evil.example\" ]; " more " };\n"

#define PARTNER "partner.example"
#define EDGE1	"sip1.partner.example"
#define EDGE2	"sip2.partner.example"
#define PUBLIC1 "203.0.113.11"
#define PUBLIC2 "203.0.113.12"
#define PUBLIC3 "203.0.113.13"

/** Where partners are, by DNS. */
static inline void partner_places(void)
{
	fake_edge(PARTNER, EDGE1, 5061);
	fake_edge(PARTNER, EDGE2, 5061);
	fake_host(EDGE1, PUBLIC1);
	fake_host(EDGE2, PUBLIC2);
	fake_host("edge.direct.example", PUBLIC3);
	fake_host("edge.provider.example", PUBLIC3);
}

/** A partner's edge connects to ours and shows a certificate. */
static inline struct conn *partner_on(unsigned worker, const char *cert)
{
	return fake_accept(worker, LEG_OUTSIDE, DOOR_TLS, PUBLIC1 ":40000",
			   cert);
}

static inline struct conn *partner(const char *cert)
{
	return partner_on(0, cert);
}

#endif
