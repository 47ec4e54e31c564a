/* SPDX-License-Identifier: Apache-2.0 */
/* register_test.c - what a REGISTER means for the flow that it came by. */
#include "proxy_talk.h"

static struct conn *alice;
static struct heard h;

#define OUTBOUND                                                               \
	"Supported: path, outbound\r\n"                                        \
	"Contact: <sip:x@198.51.100.7:4242>;reg-id=1;"                         \
	"+sip.instance=\"<urn:uuid:1>\"\r\n"

static void register_with(const char *more)
{
	STAGE_OPEN(.routing = "home_servers = [ \"" HOME01 "\" ];\n");
	alice = phone("198.51.100.7:4242");
	ask(alice, .method = "REGISTER", .more = more);
	hear(at(HOME01), "REGISTER", &h);
}

/* May alice call? */
static bool is_registered(const char *branch)
{
	struct heard said;

	ask(alice, .method = "MESSAGE", .branch = branch);
	if (hear_any(alice, &said)) {
		CU_ASSERT_TRUE(says(&said, "SIP/2.0 403"));
		return false;
	}
	hear(at(HOME01), "MESSAGE", &said);
	answer(&said, 200, "");
	hear(alice, "SIP/2.0 200", NULL);
	return true;
}

static void only_success_registers(void)
{
	register_with(CONTACT);
	CU_ASSERT_FALSE(is_registered("z9hG4bKa"));
	answer(&h, 403, "");
	hear(alice, "SIP/2.0 403", NULL);
	CU_ASSERT_FALSE(is_registered("z9hG4bKb"));
	ask(alice, .method = "REGISTER", .branch = "z9hG4bKc", .more = CONTACT);
	hear(at(HOME01), "REGISTER", &h);
	answer(&h, 200, CONTACT);
	hear(alice, "SIP/2.0 200", NULL);
	CU_ASSERT_TRUE(is_registered("z9hG4bKd"));
	stage_close();
}

static void query_registers_nothing(void)
{
	register_with("");
	answer(&h, 200, CONTACT);
	hear(alice, "SIP/2.0 200", NULL);
	CU_ASSERT_FALSE(is_registered("z9hG4bKa"));
	stage_close();
}

static void only_this_address_of_record(void)
{
	register_with(CONTACT);
	answer(&h, 200, CONTACT);
	hear(alice, "SIP/2.0 200", NULL);
	ask(alice, .from = "bob", .to = "alice", .branch = "z9hG4bKb");
	hear(alice, "SIP/2.0 403", NULL);
	ask(alice, .from = "sip:alice@EXAMPLE.com:5061;x=y", .to = "bob",
	    .branch = "z9hG4bKc");
	hear(at(HOME01), "INVITE", NULL);
	stage_close();
}

/* By what the registrar grants, not by what was asked for. */
static void it_ends_when_the_registrar_says(void)
{
	static const char *const grants[] = {
		"Contact: "
		"<sip:x@198.51.100.7:4242;transport=tls>;expires=90\r\n",
		"Contact: <sip:y@h>;expires=900, "
		"<sip:x@198.51.100.7:4242;transport=tls>;expires=90\r\n",
		"Expires: 90\r\n",
	};

	for (size_t i = 0; i < sizeof(grants) / sizeof(*grants); i++) {
		register_with(CONTACT);
		answer(&h, 200, grants[i]);
		hear(alice, "SIP/2.0 200", NULL);
		fake_pass(89000);
		CU_ASSERT_TRUE(is_registered("z9hG4bKa"));
		fake_pass(1000);
		CU_ASSERT_FALSE(is_registered("z9hG4bKb"));
		CU_ASSERT_EQUAL(fake_of(alice)->trust, CONN_UNPROVEN);
		stage_close();
	}
}

/* Even when nothing more is said. */
static void quiet_flow_is_unproven_in_the_end(void)
{
	register_with(CONTACT);
	answer(&h, 200, "Expires: 90\r\n");
	fake_pass(119000);
	CU_ASSERT_EQUAL(fake_of(alice)->trust, CONN_PROVEN);
	fake_pass(1000);
	CU_ASSERT_EQUAL(fake_of(alice)->trust, CONN_UNPROVEN);
	CU_ASSERT_EQUAL(homes_flow(stage.shared->homes,
				   stage_who("sip:alice@example.com")),
			0);
	stage_close();
}

static void default_is_an_hour(void)
{
	register_with("Contact: <sip:x@198.51.100.7>\r\n");
	answer(&h, 200, "");
	hear(alice, "SIP/2.0 200", NULL);
	fake_pass(3599000);
	CU_ASSERT_TRUE(is_registered("z9hG4bKa"));
	fake_pass(60000);
	CU_ASSERT_FALSE(is_registered("z9hG4bKb"));
	stage_close();
}

static void path_names_the_flow(void)
{
	register_with("Path: <sip:evil.example;lr>\r\n"
		      "Service-Route: <sip:evil.example;lr>\r\n"
		      "Supported: path\r\n" CONTACT);
	CU_ASSERT_EQUAL(values(&h, FIELD_PATH), 1);
	CU_ASSERT_FALSE(says(&h, "evil"));
	CU_ASSERT_FALSE(holds(value(&h, FIELD_PATH, 0), ";ob"));
	CU_ASSERT_EQUAL(values(&h, FIELD_RECORD_ROUTE), 0);
	stage_close();
}

static void outbound_is_said_when_we_are_first(void)
{
	register_with(OUTBOUND);
	CU_ASSERT_TRUE(holds(value(&h, FIELD_PATH, 0), ";ob>"));
	stage_close();
	register_with(
		"Via: SIP/2.0/TLS other.invalid;branch=z9hG4bKo\r\n" OUTBOUND);
	CU_ASSERT_FALSE(holds(value(&h, FIELD_PATH, 0), ";ob"));
	CU_ASSERT_TRUE(says(&h, "reg-id=1"));
	stage_close();
	register_with("Supported: path, outbound\r\n" CONTACT);
	CU_ASSERT_FALSE(holds(value(&h, FIELD_PATH, 0), ";ob"));
	stage_close();
}

static void flow_timer_is_promised(void)
{
	register_with(OUTBOUND);
	answer(&h, 200, "Require: outbound\r\n" CONTACT);
	hear(alice, "SIP/2.0 200", &h);
	CU_ASSERT_TRUE(says(&h, "Flow-Timer: 120\r\n"));
	CU_ASSERT_EQUAL(fake_of(alice)->trust, CONN_KEPT_ALIVE);
	stage_close();
	register_with(OUTBOUND);
	answer(&h, 200, "Require: outbound\r\nFlow-Timer: 60\r\n" CONTACT);
	hear(alice, "SIP/2.0 200", &h);
	CU_ASSERT_TRUE(says(&h, "Flow-Timer: 60\r\n"));
	CU_ASSERT_FALSE(says(&h, "Flow-Timer: 120\r\n"));
	stage_close();
	register_with(OUTBOUND);
	answer(&h, 200, CONTACT);
	hear(alice, "SIP/2.0 200", &h);
	CU_ASSERT_FALSE(says(&h, "Flow-Timer"));
	CU_ASSERT_EQUAL(fake_of(alice)->trust, CONN_PROVEN);
	stage_close();
}

static void flow_holds_four_addresses(void)
{
	static const char *const users[] = {"a", "b", "c", "d", "e"};

	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	for (int i = 0; i < 4; i++)
		enroll(alice, users[i]);
	ask(alice, .method = "REGISTER", .from = "e", .more = CONTACT);
	hear(alice, "SIP/2.0 403", NULL);
	ask(alice, .method = "REGISTER", .from = "d", .branch = "z9hG4bKd",
	    .more = CONTACT);
	hear(at(HOME01), "REGISTER", NULL);
	stage_close();
}

static void address_holds_few_flows(void)
{
	struct conn *third;

	STAGE_OPEN(.limits = "flows_per_aor = 2;");
	enroll(phone("198.51.100.7:1"), "alice");
	ask(phone("198.51.100.7:2"), .method = "REGISTER", .more = CONTACT);
	hear(at(HOME01), "REGISTER", &h);
	answer(&h, 200, CONTACT);
	third = phone("198.51.100.7:3");
	ask(third, .method = "REGISTER", .more = CONTACT);
	hear(third, "SIP/2.0 403", NULL);
	stage_close();
}

static void device_registers(void)
{
	struct conn *room;

	STAGE_OPEN();
	room = fake_accept(0, LEG_INSIDE, DOOR_DEVICE, "10.0.5.20:7000", NULL);
	ask(room, .method = "REGISTER", .from = "room",
	    .more = "Contact: <sip:room@10.0.5.20>\r\n");
	hear(at(DIR01), "REGISTER", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_PATH), 1);
	answer(&h, 200, "");
	hear(room, "SIP/2.0 200", NULL);
	CU_ASSERT_TRUE(says(&h, "edge01.internal.example"));
	ask(room, .method = "REGISTER", .from = "hall", .branch = "z9hG4bKh",
	    .more = CONTACT);
	hear(room, "SIP/2.0 403", NULL);
	stage_close();
}

static void goodbye_of_one_leaves_the_other(void)
{
	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	enroll(alice, "alice");
	enroll(alice, "carol");
	ask(alice, .method = "REGISTER", .branch = "z9hG4bKbye",
	    .more = "Contact: *\r\nExpires: 0\r\n");
	hear(at(HOME01), "REGISTER", &h);
	answer(&h, 200, "");
	hear(alice, "SIP/2.0 200", NULL);
	CU_ASSERT_EQUAL(fake_of(alice)->trust, CONN_PROVEN);
	CU_ASSERT_FALSE(is_registered("z9hG4bKa"));
	ask(alice, .from = "carol", .branch = "z9hG4bKb");
	hear(at(HOME01), "INVITE", NULL);
	enroll(alice, "dave");
	ask(alice, .method = "REGISTER", .branch = "z9hG4bKbye2",
	    .from = "dave", .more = "Contact: *\r\nExpires: 0\r\n");
	hear(at(HOME01), "REGISTER", &h);
	answer(&h, 200, "");
	hear(alice, "SIP/2.0 200", NULL);
	ask(alice, .from = "carol", .branch = "z9hG4bKc");
	hear(at(HOME01), "INVITE", NULL);
	stage_close();
}

/* Somebody else's binding, or an older one of the same phone. */
static void goodbye_of_another_contact_changes_nothing(void)
{
	register_with(CONTACT);
	answer(&h, 200, CONTACT);
	hear(alice, "SIP/2.0 200", NULL);
	ask(alice, .method = "REGISTER", .branch = "z9hG4bKo",
	    .more = "Contact: <sip:old@192.0.2.77>;expires=0\r\n");
	hear(at(HOME01), "REGISTER", &h);
	answer(&h, 200, CONTACT);
	hear(alice, "SIP/2.0 200", NULL);
	CU_ASSERT_TRUE(is_registered("z9hG4bKa"));
	stage_close();
}

/* One leaves, one stays: it is registered. */
static void one_of_two_contacts_stays(void)
{
	register_with("Contact: <sip:old@192.0.2.77>;expires=0, "
		      "<sip:x@198.51.100.7:4242>;expires=60\r\n");
	answer(&h, 200, "Contact: <sip:x@198.51.100.7:4242>;expires=60\r\n");
	hear(alice, "SIP/2.0 200", NULL);
	CU_ASSERT_TRUE(is_registered("z9hG4bKa"));
	fake_pass(61000);
	CU_ASSERT_FALSE(is_registered("z9hG4bKb"));
	stage_close();
}

static void stranger_asks_only_so_often(void)
{
	char branch[32];

	STAGE_OPEN();
	alice = phone("198.51.100.7:4242");
	for (int i = 0; i < 8; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bKr%d", i);
		ask(alice, .method = "REGISTER", .branch = branch,
		    .more = CONTACT);
		hear(at(DIR01), "REGISTER", &h);
	}
	ask(alice, .method = "REGISTER", .branch = "z9hG4bKmore",
	    .more = CONTACT);
	hear(alice, "SIP/2.0 503", NULL);
	answer(&h, 401, "");
	hear(alice, "SIP/2.0 401", NULL);
	ask(alice, .method = "REGISTER", .branch = "z9hG4bKagain",
	    .more = CONTACT);
	hear(at(DIR01), "REGISTER", NULL);
	stage_close();
}

/* The answer comes when its flow is gone: nothing is bound. */
static void flow_ends_before_the_answer(void)
{
	register_with(CONTACT);
	fake_break(alice, CONN_END_PEER);
	answer(&h, 200, CONTACT);
	CU_ASSERT_EQUAL(homes_flow(stage.shared->homes,
				   stage_who("sip:alice@example.com")),
			0);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

/* More than we look at: what nobody read may be inside. */
static void bindings_that_nobody_read_are_left_out(void)
{
	char bound[4096] = "";
	size_t n = 0;

	STAGE_OPEN(.routing = "home_servers = [ \"" HOME01 "\" ];\n");
	alice = phone("198.51.100.7:4242");
	ask(alice, .method = "REGISTER", .more = CONTACT);
	hear(at(HOME01), "REGISTER", &h);
	for (unsigned i = 0; i < 40; i++)
		n += (size_t)snprintf(bound + n, sizeof(bound) - n,
				      "Contact: <sip:x%u@%s>\r\n", i,
				      i < 32 ? "203.0.113.5" : "10.0.0.10");
	answer(&h, 200, bound);
	hear(alice, "SIP/2.0 200", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_CONTACT), 32);
	CU_ASSERT_FALSE(says(&h, "10.0.0.10"));
	stage_close();
}

TEST_MAIN("proxy/register", {"only a 2xx registers", only_success_registers},
	  {"a query registers nothing", query_registers_nothing},
	  {"it opens the door for its own address of record",
	   only_this_address_of_record},
	  {"it ends when the registrar says", it_ends_when_the_registrar_says},
	  {"a flow with nothing left on it is unproven",
	   quiet_flow_is_unproven_in_the_end},
	  {"an hour when nobody says", default_is_an_hour},
	  {"one Path goes with it, ours", path_names_the_flow},
	  {"ob is said by the first hop of an outbound client",
	   outbound_is_said_when_we_are_first},
	  {"a Flow-Timer is promised to who is kept alive",
	   flow_timer_is_promised},
	  {"a flow holds four addresses", flow_holds_four_addresses},
	  {"an address holds a few flows", address_holds_few_flows},
	  {"a device registers as itself", device_registers},
	  {"one goodbye leaves the other addresses",
	   goodbye_of_one_leaves_the_other},
	  {"a goodbye of another Contact changes nothing",
	   goodbye_of_another_contact_changes_nothing},
	  {"one of two Contacts stays", one_of_two_contacts_stays},
	  {"a stranger has few requests under way",
	   stranger_asks_only_so_often},
	  {"nothing is bound when the flow ended first",
	   flow_ends_before_the_answer},
	  {"bindings that nobody read are not shown",
	   bindings_that_nobody_read_are_left_out})
