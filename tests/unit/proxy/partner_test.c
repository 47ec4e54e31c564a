/* SPDX-License-Identifier: Apache-2.0 */
/* partner_test.c - out to the edge of another domain, and its answers. */
#include "partner_kit.h"

#include <errno.h>

static struct conn *home;
static struct heard h;

#define STAGE(...)                                                             \
	do {                                                                   \
		STAGE_OPEN(__VA_ARGS__);                                       \
		partner_places();                                              \
		home = server(HOME01);                                         \
	} while (0)

#define TO_BOB "sip:bob@" PARTNER

static void federated(void)
{
	STAGE(.more = FEDERATION(""));
}

static void call_from_inside_reaches_the_edge(void)
{
	federated();
	ask(home, .to = TO_BOB, .more = CONTACT);
	hear(at(PARTNER), "INVITE " TO_BOB " SIP/2.0", &h);
	CU_ASSERT_EQUAL(h.by->leg, LEG_OUTSIDE);
	CU_ASSERT_TRUE(h.by->tls);
	CU_ASSERT_STRING_EQUAL(fake_of(h.by)->also, EDGE1);
	CU_ASSERT_PTR_NULL(fake_of(h.by)->partner);
	CU_ASSERT_TRUE(says(&h, "Via: SIP/2.0/TLS sip.example.com:5061"));
	answer(&h, 200, "Contact: <sip:bob@" PARTNER ">\r\n");
	hear(home, "SIP/2.0 200", NULL);
	stage_close();
}

static void next_request_takes_the_same_connection(void)
{
	federated();
	ask(home, .method = "MESSAGE", .to = TO_BOB);
	hear(at(PARTNER), "MESSAGE", NULL);
	ask(home, .method = "MESSAGE", .to = "sip:eve@Partner.Example.",
	    .branch = "z9hG4bK2");
	hear(at(PARTNER), "MESSAGE", NULL);
	CU_ASSERT_EQUAL(fake_reaches(), 1);
	CU_ASSERT_EQUAL(fake_asked(PARTNER), 1);
	stage_close();
}

static void said_by_partner(const char *method, const char *from,
			    const char *more)
{
	static char lines[2048];
	struct slice route = value(&h, FIELD_RECORD_ROUTE, 0);

	CU_ASSERT_TRUE_FATAL(route.n > 0);
	snprintf(lines, sizeof(lines), "Route: %.*s\r\n%s", SLICE_ARG(route),
		 more);
	ask(h.by, .method = method, .from = from, .from_tag = "t1",
	    .to = "alice", .to_tag = "f1", .uri = "sip:alice@example.com",
	    .branch = method, .more = lines);
}

/* bob passed his call on; what partner.example's phone says then is From him.
 */
static void one_of_ours_may_have_passed_the_call_on(void)
{
	federated();
	ask(home, .uri = TO_BOB, .to = "bob", .more = CONTACT);
	hear(at(PARTNER), "INVITE " TO_BOB, &h);
	answer(&h, 200, "Contact: <sip:bob@" PARTNER ">\r\n");
	hear(home, "SIP/2.0 200", NULL);
	said_by_partner("BYE", "bob", "");
	hear(at(HOME01), "BYE sip:alice@example.com", NULL);
	said_by_partner("INFO", "ceo",
			"P-Asserted-Identity: <sip:ceo@example.com>\r\n");
	hear(h.by, "SIP/2.0 403", NULL);
	said_by_partner("UPDATE", "sip:bob@direct.example", "");
	hear(h.by, "SIP/2.0 403", NULL);
	stage_close();
}

/* Who could forge the record could name himself. */
static void target_elsewhere_must_prove_the_domain(void)
{
	STAGE(.more = FEDERATION("discovery = true;"));
	fake_edge("other.example", "sip.hoster.example", 5061);
	fake_host("sip.hoster.example", PUBLIC2);
	ask(home, .to = "sip:bob@other.example");
	hear(at("other.example"), "INVITE", &h);
	CU_ASSERT_STRING_EQUAL(fake_of(h.by)->also, "");
	stage_close();
}

static void signed_record_may_name_anybody(void)
{
	STAGE(.more = FEDERATION("discovery = true;"));
	fake_edge("other.example", "sip.hoster.example", 5061);
	fake_edge_secure("other.example");
	fake_host("sip.hoster.example", PUBLIC2);
	ask(home, .to = "sip:bob@other.example");
	hear(at("other.example"), "INVITE", &h);
	CU_ASSERT_STRING_EQUAL(fake_of(h.by)->also, "sip.hoster.example");
	stage_close();
}

static void named_edge_needs_no_records(void)
{
	federated();
	ask(home, .to = "sip:bob@direct.example");
	hear(at("direct.example"), "INVITE", &h);
	CU_ASSERT_STRING_EQUAL(fake_of(h.by)->also, "edge.direct.example");
	CU_ASSERT_EQUAL(addr_port(&h.by->peer), 5071);
	CU_ASSERT_EQUAL(fake_asked("direct.example"), 0);
	stage_close();
}

static void provider_is_one_edge_for_all_its_domains(void)
{
	federated();
	ask(home, .to = "sip:bob@one.example");
	hear(at("edge.provider.example"), "INVITE", NULL);
	ask(home, .to = "sip:bob@two.example", .branch = "z9hG4bK2");
	hear(at("edge.provider.example"), "INVITE sip:bob@two.example", NULL);
	CU_ASSERT_EQUAL(fake_reaches(), 1);
	stage_close();
}

static void default_route_takes_what_has_no_records(void)
{
	STAGE(.more = FEDERATION("route = \"hub.carrier.example\";"));
	fake_host("hub.carrier.example", PUBLIC3);
	ask(home, .to = "sip:bob@nowhere.example");
	hear(at("hub.carrier.example"), "INVITE sip:bob@nowhere.example", NULL);
	stage_close();
}

static void first_target_that_fails_is_passed_over(void)
{
	federated();
	fake_manner(PUBLIC1, FAKE_REFUSES);
	ask(home, .to = TO_BOB);
	hear(at(PARTNER), "INVITE", &h);
	CU_ASSERT_STRING_EQUAL(fake_of(h.by)->also, EDGE2);
	stage_close();
}

/* The text that a user of ours gets to see, and nobody else. */
static void ends_with(const char *text)
{
	char line[256];

	hear(home, "SIP/2.0 504 Server Time-out", &h);
	snprintf(line, sizeof(line), "Reason: SIP;cause=504;text=\"%s\"\r\n",
		 text);
	CU_ASSERT_TRUE(says(&h, line));
	if (!says(&h, line))
		printf("# wanted %s# heard %s", line, h.text);
	CU_ASSERT_EQUAL(values(&h, FIELD_VIA), 1);
}

static void no_record_is_told(void)
{
	STAGE(.more = FEDERATION("discovery = true;"));
	ask(home, .to = "sip:bob@nowhere.example");
	ends_with("nowhere.example: no SRV record");
	stage_close();
}

static void silent_dns_is_told(void)
{
	federated();
	fake_edge_slow(PARTNER);
	ask(home, .to = TO_BOB);
	CU_ASSERT_EQUAL(fake_lookups(), 1);
	fake_edge_answer(PARTNER, ETIMEDOUT);
	ends_with(PARTNER ": DNS did not answer");
	fake_edge_fails(PARTNER, EIO);
	ask(home, .to = TO_BOB, .branch = "z9hG4bK2");
	ends_with(PARTNER ": DNS does not work");
	stage_close();
}

static void refused_connection_is_told(void)
{
	federated();
	fake_manner(PUBLIC1, FAKE_HANGS);
	fake_manner(PUBLIC2, FAKE_HANGS);
	ask(home, .to = TO_BOB);
	fake_break(at(PARTNER), CONN_END_NAME);
	fake_settle();
	fake_break(at(PARTNER), CONN_END_CONNECT);
	fake_settle();
	ends_with(EDGE2 ": cannot connect");
	stage_close();
}

static void wrong_certificate_is_told(void)
{
	federated();
	fake_manner(PUBLIC3, FAKE_HANGS);
	ask(home, .to = "sip:bob@direct.example");
	fake_break(at("direct.example"), CONN_END_NAME);
	fake_settle();
	ends_with("certificate of edge.direct.example does not prove "
		  "direct.example");
	fake_pass(40000);
	ask(home, .to = "sip:bob@direct.example", .branch = "z9hG4bK2");
	fake_break(at("direct.example"), CONN_END_HANDSHAKE);
	fake_settle();
	ends_with("edge.direct.example: TLS refused");
	stage_close();
}

static void certificate_of_ours_not_believed_is_told(void)
{
	federated();
	ask(home, .to = "sip:bob@direct.example");
	fake_break(at("direct.example"), CONN_END_HANDSHAKE);
	fake_settle();
	ends_with("edge.direct.example: does not believe our certificate");
	stage_close();
}

/* DNS of another domain must not lead us to a machine inside. */
static void private_address_is_not_gone_to(void)
{
	STAGE(.more = FEDERATION("discovery = true;"));
	fake_edge("rebind.example", "sip.rebind.example", 5061);
	fake_host("sip.rebind.example", "10.0.0.31");
	ask(home, .to = "sip:bob@rebind.example");
	ends_with("sip.rebind.example: its address is not a public one");
	CU_ASSERT_EQUAL(fake_reaches(), 0);
	stage_close();
}

static void it_takes_five_seconds_at_most(void)
{
	federated();
	fake_manner(PUBLIC1, FAKE_HANGS);
	fake_manner(PUBLIC2, FAKE_HANGS);
	ask(home, .method = "MESSAGE", .to = TO_BOB);
	fake_pass(4999);
	hear(home, "SIP/2.0 100", NULL);
	quiet(home);
	fake_pass(1);
	ends_with(PARTNER ": its edge does not answer");
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

static void one_that_answers_has_its_time(void)
{
	federated();
	ask(home, .to = TO_BOB);
	hear(at(PARTNER), "INVITE", &h);
	answer(&h, 100, "");
	fake_pass(60000);
	hear(home, "SIP/2.0 100", NULL);
	quiet(home);
	answer(&h, 486, "");
	hear(home, "SIP/2.0 486", NULL);
	stage_close();
}

static void blocked_and_unlisted_domains_are_not_called(void)
{
	federated();
	ask(home, .to = "sip:bob@evil.example");
	hear(home, "SIP/2.0 403", NULL);
	ask(home, .to = "sip:bob@unlisted.example", .branch = "z9hG4bK2");
	hear(home, "SIP/2.0 404", NULL);
	CU_ASSERT_EQUAL(fake_asked_any(), 0);
	stage_close();
}

static void challenge_of_a_partner_is_403(void)
{
	federated();
	ask(home, .to = TO_BOB);
	hear(at(PARTNER), "INVITE", &h);
	answer(&h, 407, "Proxy-Authenticate: Digest realm=\"x\"\r\n");
	hear(at(PARTNER), "ACK", NULL);
	hear(home, "SIP/2.0 403", &h);
	CU_ASSERT_FALSE(says(&h, "Authenticate"));
	ask(home, .method = "MESSAGE", .to = TO_BOB, .branch = "z9hG4bK2");
	hear(at(PARTNER), "MESSAGE", &h);
	answer(&h, 401, "WWW-Authenticate: Digest realm=\"example.com\"\r\n");
	hear(home, "SIP/2.0 403", &h);
	CU_ASSERT_FALSE(says(&h, "Authenticate"));
	stage_close();
}

static void redirect_of_a_partner_is_480(void)
{
	federated();
	ask(home, .to = TO_BOB);
	hear(at(PARTNER), "INVITE", &h);
	answer(&h, 302, "Contact: <sip:root@10.0.0.31>\r\n");
	hear(home, "SIP/2.0 480", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_CONTACT), 0);
	stage_close();
}

static void caller_may_hang_up_meanwhile(void)
{
	federated();
	fake_edge_slow(PARTNER);
	ask(home, .to = TO_BOB);
	ask(home, .method = "CANCEL", .to = TO_BOB);
	hear(home, "SIP/2.0 200", NULL);
	hear(home, "SIP/2.0 487", NULL);
	CU_ASSERT_EQUAL(fake_lookups(), 0);
	fake_pass(10000);
	quiet(home);
	stage_close();
}

/* Two workers, one connection allowed: the second one goes by the first's. */
static void limit_of_connections_holds_for_all_workers(void)
{
	struct conn *other;

	STAGE(.workers = 2, .more = FEDERATION(""),
	      .limits = "partner_connections = 1;");
	other = fake_accept(1, LEG_INSIDE, DOOR_TLS, "10.0.0.98:40000", HOME02);
	ask(home, .method = "MESSAGE", .to = TO_BOB);
	hear(at(PARTNER), "MESSAGE", NULL);
	ask(other, .method = "MESSAGE", .to = TO_BOB, .branch = "z9hG4bK2");
	hear(at(PARTNER), "MESSAGE", &h);
	CU_ASSERT_EQUAL(fake_reaches(), 1);
	answer(&h, 200, "");
	hear(other, "SIP/2.0 200", NULL);
	stage_close();
}

static void place_of_a_connection_is_free_again(void)
{
	struct conn *other;

	STAGE(.workers = 2, .more = FEDERATION(""),
	      .limits = "partner_connections = 1;");
	other = fake_accept(1, LEG_INSIDE, DOOR_TLS, "10.0.0.98:40000", HOME02);
	ask(home, .method = "MESSAGE", .to = TO_BOB);
	hear(at(PARTNER), "MESSAGE", &h);
	answer(&h, 200, "");
	fake_break(at(PARTNER), CONN_END_PEER);
	fake_settle();
	ask(other, .method = "MESSAGE", .to = TO_BOB, .branch = "z9hG4bK2");
	hear(at(PARTNER), "MESSAGE", &h);
	CU_ASSERT_EQUAL(CONN_ID_WORKER(h.by->id), 1);
	stage_close();
}

/* On another worker, and not even open yet. */
static void connection_on_its_way_serves_other_workers(void)
{
	struct conn *other;

	STAGE(.workers = 2, .more = FEDERATION(""),
	      .limits = "partner_connections = 1;");
	other = fake_accept(1, LEG_INSIDE, DOOR_TLS, "10.0.0.98:40000", HOME02);
	fake_manner(PUBLIC1, FAKE_HANGS);
	ask(home, .method = "MESSAGE", .to = TO_BOB);
	ask(other, .method = "MESSAGE", .to = TO_BOB, .branch = "z9hG4bK2");
	CU_ASSERT_EQUAL(fake_reaches(), 1);
	fake_open(at(PARTNER));
	fake_settle();
	hear(at(PARTNER), "MESSAGE", NULL);
	hear(at(PARTNER), "MESSAGE", NULL);
	stage_close();
}

static void all_workers_learn_why_it_failed(void)
{
	struct conn *other;

	STAGE(.workers = 2, .more = FEDERATION(""),
	      .limits = "partner_connections = 1;");
	other = fake_accept(1, LEG_INSIDE, DOOR_TLS, "10.0.0.98:40000", HOME02);
	fake_manner(PUBLIC3, FAKE_HANGS);
	ask(home, .method = "MESSAGE", .to = "sip:bob@direct.example");
	ask(other, .method = "MESSAGE", .to = "sip:bob@direct.example",
	    .branch = "z9hG4bK2");
	fake_break(at("direct.example"), CONN_END_NAME);
	fake_settle();
	ends_with("certificate of edge.direct.example does not prove "
		  "direct.example");
	hear(other, "SIP/2.0 504", &h);
	CU_ASSERT_TRUE(says(&h, "does not prove direct.example"));
	stage_close();
}

static char way_back[2048];

/* The partner called; way_back: what later requests of ours go by. */
static struct conn *partner_calls(void)
{
	struct conn *edge;

	federated();
	edge = partner(PARTNER);
	ask(edge, .from = TO_BOB, .to = "alice",
	    .more = "Contact: <sip:bob@" PUBLIC1 ";transport=tls>\r\n");
	hear(at(DIR01), "INVITE sip:alice@example.com", &h);
	snprintf(way_back, sizeof(way_back), "Route: %.*s,%.*s\r\n",
		 SLICE_ARG(value(&h, FIELD_RECORD_ROUTE, 0)),
		 SLICE_ARG(value(&h, FIELD_RECORD_ROUTE, 1)));
	answer(&h, 200, "Contact: <sip:alice@10.0.0.31>\r\n");
	hear(edge, "SIP/2.0 200", NULL);
	return edge;
}

static void home_hangs_up(void)
{
	ask(home, .method = "BYE", .from = "alice", .from_tag = "t1",
	    .to = TO_BOB, .to_tag = "f1", .branch = "z9hG4bKbye",
	    .uri = "sip:bob@" PUBLIC1 ";transport=tls", .more = way_back);
}

static void dialog_stays_on_its_connection(void)
{
	struct conn *edge = partner_calls();

	home_hangs_up();
	hear(edge, "BYE sip:bob@" PUBLIC1, &h);
	CU_ASSERT_PTR_NULL(fake_reached(PARTNER));
	answer(&h, 200, "");
	hear(home, "SIP/2.0 200", NULL);
	stage_close();
}

static void dialog_outlives_its_connection(void)
{
	struct conn *edge = partner_calls();

	fake_break(edge, CONN_END_PEER);
	home_hangs_up();
	hear(at(PARTNER), "BYE sip:bob@" PUBLIC1, &h);
	answer(&h, 200, "");
	hear(home, "SIP/2.0 200", NULL);
	stage_close();
}

static void dialog_that_cannot_go_on_is_told_why(void)
{
	struct conn *edge = partner_calls();

	fake_break(edge, CONN_END_PEER);
	fake_edge_fails(PARTNER, EIO);
	home_hangs_up();
	ends_with(PARTNER ": DNS does not work");
	stage_close();
}

TEST_MAIN("proxy/partner",
	  {"a call from inside reaches the edge of its domain",
	   call_from_inside_reaches_the_edge},
	  {"the next request takes the same connection",
	   next_request_takes_the_same_connection},
	  {"one of ours may have passed the call on",
	   one_of_ours_may_have_passed_the_call_on},
	  {"a target outside of the domain must prove the domain",
	   target_elsewhere_must_prove_the_domain},
	  {"a record that DNSSEC vouches for may name anybody",
	   signed_record_may_name_anybody},
	  {"an edge that the settings name needs no records",
	   named_edge_needs_no_records},
	  {"a provider is one edge for all its domains",
	   provider_is_one_edge_for_all_its_domains},
	  {"the default route takes what has no records",
	   default_route_takes_what_has_no_records},
	  {"a target that fails is passed over",
	   first_target_that_fails_is_passed_over},
	  {"no SRV record: 504 that says so", no_record_is_told},
	  {"DNS fails: 504 that says so", silent_dns_is_told},
	  {"no connection: 504 that says so", refused_connection_is_told},
	  {"a certificate that does not do: 504 that says so",
	   wrong_certificate_is_told},
	  {"a certificate of ours that is not believed is told",
	   certificate_of_ours_not_believed_is_told},
	  {"a certificate of ours that is not believed is told",
	   certificate_of_ours_not_believed_is_told},
	  {"an address inside is not gone to", private_address_is_not_gone_to},
	  {"it takes five seconds at most", it_takes_five_seconds_at_most},
	  {"one that answers has its time", one_that_answers_has_its_time},
	  {"blocked and unlisted domains are not called",
	   blocked_and_unlisted_domains_are_not_called},
	  {"a challenge of a partner is 403", challenge_of_a_partner_is_403},
	  {"a redirect of a partner is 480", redirect_of_a_partner_is_480},
	  {"the caller may hang up meanwhile", caller_may_hang_up_meanwhile},
	  {"the limit of connections holds for all workers",
	   limit_of_connections_holds_for_all_workers},
	  {"the place of a connection that ended is free again",
	   place_of_a_connection_is_free_again},
	  {"a connection on its way serves other workers",
	   connection_on_its_way_serves_other_workers},
	  {"all workers learn why it failed", all_workers_learn_why_it_failed},
	  {"a dialog stays on its connection", dialog_stays_on_its_connection},
	  {"a dialog outlives its connection", dialog_outlives_its_connection},
	  {"a dialog that cannot go on is told why",
	   dialog_that_cannot_go_on_is_told_why})
