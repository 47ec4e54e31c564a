/* SPDX-License-Identifier: Apache-2.0 */
/* proxy_test.c - registrations and calls, end to end. */
#include "proxy_talk.h"

static void register_follows_the_redirect(void)
{
	struct conn *alice;
	struct heard h;

	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	ask(alice, .method = "REGISTER", .more = CONTACT);
	hear(at(DIR01), "REGISTER sip:example.com SIP/2.0", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_PATH), 1);
	CU_ASSERT_TRUE(holds(value(&h, FIELD_PATH, 0),
			     "@edge01.internal.example:5061;transport=tls;lr"));
	CU_ASSERT_TRUE(says(&h, "received=198.51.100.7"));
	CU_ASSERT_TRUE(says(&h, "rport=4242"));
	CU_ASSERT_TRUE(says(&h, "Max-Forwards: 69"));
	answer(&h, 302, "Contact: <sip:" HOME01 ">\r\n");
	hear(at(HOME01), "REGISTER sip:example.com SIP/2.0", &h);
	quiet(alice);
	answer(&h, 200, CONTACT);
	hear(alice, "SIP/2.0 200", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_VIA), 1);
	CU_ASSERT_EQUAL(fake_of(alice)->trust, CONN_PROVEN);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

TEST_MAIN("proxy/proxy", {"a REGISTER follows the director's redirect",
			  register_follows_the_redirect})
