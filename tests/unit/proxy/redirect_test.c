/* SPDX-License-Identifier: Apache-2.0 */
/* redirect_test.c - the home step: director, homes, and what is remembered. */
#include "proxy_talk.h"

static struct conn *alice;
static struct heard h;

static void alice_asks(void)
{
	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	ask(alice, .method = "REGISTER", .more = CONTACT);
	hear(at(DIR01), "REGISTER", &h);
}

/* A second REGISTER; whoever is asked first hears it. */
static void alice_asks_again(const char *first)
{
	static char branch[32];
	static unsigned n;

	snprintf(branch, sizeof(branch), "z9hG4bKagain%u", n++);
	ask(alice, .method = "REGISTER", .branch = branch, .more = CONTACT);
	hear(at(first), "REGISTER", &h);
}

static void alice_enrolls(void)
{
	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
}

static void higher_q_comes_first(void)
{
	alice_asks();
	answer(&h, 302,
	       "Contact: <sip:" HOME01 ">;q=0.3\r\n"
	       "Contact: <sip:" HOME02 ";transport=tls>;q=0.7\r\n");
	CU_ASSERT_PTR_NULL(fake_reached(HOME01));
	hear(at(HOME02), "REGISTER sip:example.com", &h);
	answer(&h, 200, CONTACT);
	hear(alice, "SIP/2.0 200", NULL);
	alice_asks_again(HOME02);
	CU_ASSERT_EQUAL(stage_counters().redirects, 1);
	stage_close();
}

static void equals_keep_their_order(void)
{
	alice_asks();
	answer(&h, 300, "Contact: <sip:" HOME02 ">, <sip:" HOME01 ">\r\n");
	hear(at(HOME02), "REGISTER", NULL);
	stage_close();
}

static void backup_takes_over(void)
{
	alice_asks();
	fake_manner("10.0.0.31", FAKE_REFUSES);
	answer(&h, 301,
	       "Contact: <sip:" HOME01 ">;q=0.7, <sip:" HOME02 ">;q=0.3\r\n");
	hear(at(HOME02), "REGISTER", &h);
	answer(&h, 200, CONTACT);
	hear(alice, "SIP/2.0 200", NULL);
	alice_asks_again(HOME02);
	stage_close();
}

static void challenge_passes_through(void)
{
	alice_asks();
	answer(&h, 401,
	       "WWW-Authenticate: Digest realm=\"x\", nonce=\"n\"\r\n");
	hear(alice, "SIP/2.0 401", &h);
	CU_ASSERT_TRUE(says(&h, "nonce=\"n\""));
	CU_ASSERT_EQUAL(fake_of(alice)->trust, CONN_UNPROVEN);
	alice_asks_again(DIR01);
	answer(&h, 302, "Contact: <sip:" HOME01 ">\r\n");
	hear(at(HOME01), "REGISTER", &h);
	answer(&h, 407, "Proxy-Authenticate: Digest realm=\"x\"\r\n");
	hear(alice, "SIP/2.0 407", NULL);
	alice_asks_again(HOME01); /* whose nonce it answers */
	stage_close();
}

static void proxying_director_is_asked_each_time(void)
{
	alice_asks();
	answer(&h, 200, CONTACT);
	hear(alice, "SIP/2.0 200", NULL);
	CU_ASSERT_EQUAL(fake_of(alice)->trust, CONN_PROVEN);
	alice_asks_again(DIR01);
	stage_close();
}

static void unlisted_targets_are_refused(void)
{
	static const char *const contacts[] = {
		"Contact: <sip:evil.example>\r\n",
		"Contact: <sip:10.0.0.31>\r\n",
		"Contact: <sip:" HOME01 ":22>\r\n",
		"Contact: <sip:" HOME01 ";maddr=127.0.0.1>\r\n",
		"Contact: <tel:+15551234>\r\n",
		"Contact: <sip:" DIR01 ">\r\n",
		"Contact: <sip:x@169.254.169.254>, <sip:127.0.0.1:22>\r\n",
		"",
	};

	for (size_t i = 0; i < sizeof(contacts) / sizeof(*contacts); i++) {
		alice_asks();
		answer(&h, 302, contacts[i]);
		hear(alice, "SIP/2.0 502", &h);
		CU_ASSERT_FALSE(says(&h, "Contact"));
		CU_ASSERT_EQUAL(fake_reaches(), 1);
		CU_ASSERT_EQUAL(stage_transactions(), 0);
		stage_close();
	}
}

static void unlisted_ones_are_passed_over(void)
{
	alice_asks();
	answer(&h, 302,
	       "Contact: <sip:evil.example>;q=1, <sip:" HOME01 ">;q=0.1\r\n");
	hear(at(HOME01), "REGISTER", NULL);
	CU_ASSERT_EQUAL(fake_reaches(), 2);
	stage_close();
}

static void loops_are_refused(void)
{
	alice_asks();
	answer(&h, 302, "Contact: <sip:" HOME01 ">\r\n");
	hear(at(HOME01), "REGISTER", &h);
	answer(&h, 302, "Contact: <sip:" HOME02 ">\r\n");
	hear(at(HOME02), "REGISTER", &h);
	answer(&h, 302, "Contact: <sip:" HOME01 ">\r\n");
	hear(alice, "SIP/2.0 502", NULL);
	quiet(at(HOME01));
	stage_close();
}

static void long_chains_are_refused(void)
{
	STAGE_OPEN(.routing = STAGE_DIRECTOR "max_redirects = 1;\n");
	alice = phone("198.51.100.7:4242");
	ask(alice, .method = "REGISTER", .more = CONTACT);
	hear(at(DIR01), "REGISTER", &h);
	answer(&h, 302, "Contact: <sip:" HOME01 ">\r\n");
	hear(at(HOME01), "REGISTER", &h);
	answer(&h, 302, "Contact: <sip:" HOME02 ">\r\n");
	hear(alice, "SIP/2.0 502", NULL);
	CU_ASSERT_PTR_NULL(fake_reached(HOME02));
	stage_close();
}

static void other_3xx_go_no_further(void)
{
	alice_asks();
	answer(&h, 380, "Contact: <sip:helpdesk@10.0.0.31>\r\n");
	hear(alice, "SIP/2.0 502", &h);
	CU_ASSERT_FALSE(says(&h, "helpdesk"));
	stage_close();
}

static void home_is_forgotten_when_it_disowns(void)
{
	static const unsigned statuses[] = {404, 408, 503, 300, 301, 302};

	for (size_t i = 0; i < sizeof(statuses) / sizeof(*statuses); i++) {
		alice_enrolls();
		alice_asks_again(HOME01);
		answer(&h, statuses[i],
		       statuses[i] < 400 ? "Contact: <sip:" HOME02 ">\r\n"
					 : "");
		quiet(alice);
		hear(at(DIR01), "REGISTER", &h);
		answer(&h, 302, "Contact: <sip:" HOME02 ">\r\n");
		hear(at(HOME02), "REGISTER", &h);
		answer(&h, 200, CONTACT);
		hear(alice, "SIP/2.0 200", NULL);
		alice_asks_again(HOME02);
		stage_close();
	}
}

static void director_itself_says_404(void)
{
	alice_enrolls();
	alice_asks_again(HOME01);
	answer(&h, 404, "");
	hear(at(DIR01), "REGISTER", &h);
	answer(&h, 404, "");
	hear(alice, "SIP/2.0 404", NULL);
	alice_asks_again(DIR01);
	stage_close();
}

static void dead_home_is_asked_for_again(void)
{
	alice_enrolls();
	fake_break(at(HOME01), CONN_END_PEER);
	fake_manner("10.0.0.31", FAKE_REFUSES);
	alice_asks_again(DIR01);
	answer(&h, 302,
	       "Contact: <sip:" HOME01 ">;q=0.7, <sip:" HOME02 ">;q=0.3\r\n");
	hear(at(HOME02), "REGISTER", &h);
	answer(&h, 200, CONTACT);
	hear(alice, "SIP/2.0 200", NULL);
	stage_close();
}

static void everybody_is_dead(void)
{
	STAGE_OPEN();
	fake_manner("10.0.0.21", FAKE_REFUSES);
	alice = phone("198.51.100.7:4242");
	ask(alice, .method = "REGISTER", .more = CONTACT);
	hear(alice, "SIP/2.0 500", NULL);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

static void leaving_forgets(void)
{
	static const char *const goodbyes[] = {
		"Contact: *\r\nExpires: 0\r\n",
		"m: <sip:x@198.51.100.7:4242;transport=tls>;expires=0\r\n",
		("Contact: <sip:x@198.51.100.7:4242;transport=tls>\r\n"
		 "Expires: 0\r\n"),
	};

	for (size_t i = 0; i < sizeof(goodbyes) / sizeof(*goodbyes); i++) {
		alice_enrolls();
		ask(alice, .method = "REGISTER", .branch = "z9hG4bKbye",
		    .more = goodbyes[i]);
		hear(at(HOME01), "REGISTER", &h);
		answer(&h, 200, "");
		hear(alice, "SIP/2.0 200", NULL);
		CU_ASSERT_EQUAL(fake_of(alice)->trust, CONN_UNPROVEN);
		ask(alice, .branch = "z9hG4bKafter");
		hear(alice, "SIP/2.0 403", NULL);
		alice_asks_again(DIR01);
		stage_close();
	}
}

static void registration_ends(void)
{
	alice_enrolls();
	fake_pass(599000);
	alice_asks_again(HOME01);
	answer(&h, 423, "Min-Expires: 7200\r\n");
	hear(alice, "SIP/2.0 423", NULL);
	fake_pass(601000);
	alice_asks_again(DIR01);
	stage_close();
}

/* Others are looked for at the home of the one called. */
static void device_calls_a_user(void)
{
	struct conn *hall, *home;

	STAGE_OPEN();
	hall = fake_accept(0, LEG_INSIDE, DOOR_DEVICE, "10.0.5.21:7000", NULL);
	ask(hall, .from = "hall", .more = "Contact: <sip:hall@10.0.5.21>\r\n");
	hear(at(DIR01), "INVITE sip:bob@example.com", &h);
	answer(&h, 302, "Contact: <sip:bob.smith@" HOME02 ":5061>\r\n");
	hear(at(DIR01), "ACK sip:bob@example.com", NULL);
	home = at(HOME02);
	hear(home, "INVITE sip:bob.smith@" HOME02 ":5061 SIP/2.0", &h);
	answer(&h, 404, "");
	hear(hall, "SIP/2.0 404", NULL);
	hear(home, "ACK sip:bob.smith@" HOME02, NULL);
	stage_close();
}

/* A director's Contact with a user part leaves a REGISTER as it is. */
static void register_keeps_its_uri(void)
{
	alice_asks();
	answer(&h, 302, "Contact: <sip:alice@" HOME01 "?Route=evil>\r\n");
	hear(at(HOME01), "REGISTER sip:example.com SIP/2.0", &h);
	CU_ASSERT_FALSE(says(&h, "evil"));
	stage_close();
}

static void home_left_the_list(void)
{
	struct stage_wish w = {
		.routing = "directors = [ \"" DIR01 "\" ];\n"
			   "home_servers = [ \"" HOME02 "\" ];\n",
	};

	alice_enrolls();
	stage_settings(&w);
	fake_reload(stage.settings);
	alice_asks_again(DIR01);
	stage_close();
}

static void static_homes_in_order(void)
{
	STAGE_OPEN(.routing = "home_servers = [ \"" HOME01 "\", \"" HOME02
			      "\" ];\n");
	alice = phone("198.51.100.7:4242");
	ask(alice, .method = "REGISTER", .more = CONTACT);
	hear(at(HOME01), "REGISTER", &h);
	answer(&h, 503, "");
	hear(at(HOME02), "REGISTER", &h);
	answer(&h, 503, "");
	hear(alice, "SIP/2.0 500", NULL);
	stage_close();
}

static void domains_have_homes(void)
{
	STAGE_OPEN(.routing = "home_servers = [ \"" HOME01 "\", \"" HOME02
			      "\" ];\n"
			      "domains = ( { domain = \"example.org\"; "
			      "home = \"" HOME02 "\"; } );\n");
	alice = phone("198.51.100.7:4242");
	ask(alice, .method = "REGISTER", .uri = "sip:example.org",
	    .from = "sip:alice@example.org", .more = CONTACT);
	hear(at(HOME02), "REGISTER sip:example.org", &h);
	answer(&h, 200, CONTACT);
	hear(alice, "SIP/2.0 200", NULL);
	ask(alice, .from = "sip:alice@example.org", .branch = "z9hG4bKi");
	hear(at(HOME02), "INVITE sip:bob@example.com", NULL);
	ask(alice, .method = "REGISTER", .branch = "z9hG4bKc", .more = CONTACT);
	hear(at(HOME01), "REGISTER sip:example.com", NULL);
	stage_close();
}

TEST_MAIN("proxy/redirect",
	  {"the Contact with the highest q comes first", higher_q_comes_first},
	  {"equals keep their order", equals_keep_their_order},
	  {"the backup takes over from a dead primary", backup_takes_over},
	  {"a challenge passes through", challenge_passes_through},
	  {"a director that proxies is asked each time",
	   proxying_director_is_asked_each_time},
	  {"a target that is no listed home: 502, and no connection",
	   unlisted_targets_are_refused},
	  {"but a listed one beside it is followed",
	   unlisted_ones_are_passed_over},
	  {"a loop of redirects is refused", loops_are_refused},
	  {"more hops than allowed are refused", long_chains_are_refused},
	  {"a 380 goes no further", other_3xx_go_no_further},
	  {"404, 408, 503 and 3xx of a remembered home: the director knows",
	   home_is_forgotten_when_it_disowns},
	  {"404 of the director is the last word", director_itself_says_404},
	  {"a dead home: the director knows", dead_home_is_asked_for_again},
	  {"nobody there: 500", everybody_is_dead},
	  {"an un-REGISTER forgets flow and home", leaving_forgets},
	  {"a home is remembered as long as the registration",
	   registration_ends},
	  {"a Contact's user part goes into the Request-URI",
	   device_calls_a_user},
	  {"but not into a REGISTER's", register_keeps_its_uri},
	  {"a home that left the list is forgotten", home_left_the_list},
	  {"without a director: the homes in order", static_homes_in_order},
	  {"without a director: a home a domain", domains_have_homes})
