/* SPDX-License-Identifier: Apache-2.0 */
/* flow_test.c - who is at the other end of a connection. */
#include "flow.h"
#include "partner_kit.h"

static struct conn *edge;
static struct heard h;

#define BOB "sip:bob@" PARTNER

static enum peer_class class_of_conn(struct conn *c)
{
	struct origin o;

	flow_origin(c->user, c->worker->user, &o);
	CU_ASSERT_EQUAL(o.names != NULL, o.peer == PEER_PARTNER);
	return o.peer;
}

static void certificate_on_the_federation_door_is_a_partner(void)
{
	STAGE_OPEN(.more = FEDERATION(""));
	CU_ASSERT_EQUAL(class_of_conn(partner(PARTNER)), PEER_PARTNER);
	CU_ASSERT_EQUAL(class_of_conn(partner(NULL)), PEER_STRANGER);
	CU_ASSERT_EQUAL(class_of_conn(fake_accept(0, LEG_OUTSIDE, DOOR_USERS,
						  PUBLIC1 ":1", PARTNER)),
			PEER_STRANGER);
	CU_ASSERT_EQUAL(class_of_conn(fake_accept(0, LEG_INSIDE, DOOR_TLS,
						  "10.0.0.50:1", PARTNER)),
			PEER_STRANGER);
	stage_close();
}

static void without_federation_nobody_is(void)
{
	STAGE_OPEN();
	CU_ASSERT_EQUAL(class_of_conn(partner(PARTNER)), PEER_STRANGER);
	stage_close();
}

static void edge_that_we_called_may_call_back(void)
{
	struct conn *home;

	STAGE_OPEN(.more = FEDERATION(""));
	partner_places();
	home = server(HOME01);
	ask(home, .method = "MESSAGE", .to = BOB);
	CU_ASSERT_EQUAL(class_of_conn(at(PARTNER)), PEER_PARTNER);
	hear(at(PARTNER), "MESSAGE", NULL);
	ask(at(PARTNER), .from = BOB, .to = "alice", .more = CONTACT);
	hear(at(DIR01), "INVITE sip:alice@example.com", NULL);
	stage_close();
}

/* An authority is not enough to be let off the gate's count. */
static void only_a_request_that_passes_proves_a_partner(void)
{
	STAGE_OPEN(.more = FEDERATION(""));
	partner_places();
	edge = partner(PARTNER);
	ask(edge, .method = "REGISTER", .from = BOB);
	hear(edge, "SIP/2.0 403", NULL);
	ask(edge, .from = "sip:eve@elsewhere.example", .to = "alice");
	hear(edge, "SIP/2.0 403", NULL);
	CU_ASSERT_FALSE(fake_of(edge)->trusted);
	ask(edge, .from = BOB, .to = "alice", .branch = "z9hG4bK2");
	hear(at(DIR01), "INVITE", NULL);
	CU_ASSERT_EQUAL(fake_of(edge)->trust, CONN_PROVEN);
	stage_close();
}

static void blocked_partner_proves_nothing(void)
{
	STAGE_OPEN(.more = FEDERATION("discovery = true;"));
	edge = partner("evil.example");
	ask(edge, .from = "sip:x@evil.example", .to = "alice");
	hear(edge, "SIP/2.0 403", NULL);
	CU_ASSERT_FALSE(fake_of(edge)->trusted);
	CU_ASSERT_EQUAL(fake_reaches(), 0);
	stage_close();
}

static void reload_judges_anew(void)
{
	STAGE_OPEN(.more = FEDERATION(""));
	edge = partner(PARTNER);
	ask(edge, .from = BOB, .to = "alice");
	hear(at(DIR01), "INVITE", NULL);
	fake_reload(stage.settings);
	CU_ASSERT_EQUAL(class_of_conn(edge), PEER_PARTNER);
	CU_ASSERT_EQUAL(fake_of(edge)->rejudged, 1);
	CU_ASSERT_EQUAL(class_of_conn(edge), PEER_PARTNER);
	CU_ASSERT_EQUAL(fake_of(edge)->rejudged, 1);
	fake_of(edge)->disbelieved = true;
	fake_reload(stage.settings);
	ask(edge, .from = BOB, .to = "alice", .branch = "z9hG4bK2");
	hear(edge, "SIP/2.0 403", NULL);
	CU_ASSERT_TRUE(edge->retired);
	stage_close();
}

/* What is sent down it would go to somebody whom nobody vouches for. */
static void edge_that_is_believed_no_longer_is_closed(void)
{
	struct conn *home;

	STAGE_OPEN(.more = FEDERATION(""));
	partner_places();
	home = server(HOME01);
	ask(home, .method = "MESSAGE", .to = BOB);
	hear(at(PARTNER), "MESSAGE", &h);
	answer(&h, 200, "");
	hear(home, "SIP/2.0 200", NULL);
	fake_of(at(PARTNER))->disbelieved = true;
	fake_reload(stage.settings);
	edge = at(PARTNER);
	ask(home, .method = "MESSAGE", .to = BOB, .branch = "z9hG4bK2");
	CU_ASSERT_PTR_NOT_EQUAL(at(PARTNER), edge);
	hear(at(PARTNER), "MESSAGE", NULL);
	stage_close();
}

/* A call from alice is on its way to the director. */
static struct conn *call_under_way(struct conn **alice)
{
	*alice = phone("198.51.100.7:4242");
	enroll(*alice, "alice");
	ask(*alice, .more = CONTACT);
	hear(at(HOME01), "INVITE", &h);
	return at(HOME01);
}

static void disbelieve(struct conn *c)
{
	fake_of(c)->disbelieved = true;
	fake_reload(stage.settings);
	fake_sweep();
}

static void server_believed_no_longer_gets_nothing_new(void)
{
	struct conn *alice, *old;

	STAGE_OPEN();
	old = call_under_way(&alice);
	disbelieve(old);
	CU_ASSERT_TRUE(old->retired);
	ask(alice, .method = "MESSAGE", .branch = "z9hG4bK2");
	quiet(old);
	CU_ASSERT_PTR_NOT_EQUAL(at(HOME01), old);
	hear(at(HOME01), "MESSAGE", NULL);
	stage_close();
}

static void what_is_under_way_on_it_ends_first(void)
{
	struct conn *alice, *old;
	conn_id id;

	STAGE_OPEN();
	old = call_under_way(&alice);
	id = old->id;
	disbelieve(old);
	fake_pass(5000);
	CU_ASSERT_PTR_NOT_NULL(conn_find(fake_worker(0), id));
	hear(alice, "SIP/2.0 100", NULL);
	call_rings(alice, &h);
	answer(&h, 486, "");
	hear(old, "ACK", NULL);
	hear(alice, "SIP/2.0 486", NULL);
	fake_pass(LEAVE_MS);
	CU_ASSERT_PTR_NULL(conn_find(fake_worker(0), id));
	CU_ASSERT_EQUAL(stage_counters().distrusted, 1);
	stage_close();
}

static void idle_one_is_closed_though_nobody_speaks(void)
{
	conn_id partners, servers;

	STAGE_OPEN(.more = FEDERATION(""));
	edge = partner(PARTNER);
	partners = edge->id;
	fake_of(edge)->disbelieved = true;
	edge = server(HOME01);
	servers = edge->id;
	fake_of(edge)->disbelieved = true;
	edge = server(HOME02);
	fake_reload(stage.settings);
	fake_pass(10000);
	CU_ASSERT_PTR_NOT_NULL(conn_find(fake_worker(0), partners));
	fake_sweep();
	fake_pass(LEAVE_MS);
	CU_ASSERT_PTR_NULL(conn_find(fake_worker(0), partners));
	CU_ASSERT_PTR_NULL(conn_find(fake_worker(0), servers));
	CU_ASSERT_PTR_NOT_NULL(conn_find(fake_worker(0), edge->id));
	CU_ASSERT_EQUAL(stage_counters().distrusted, 2);
	stage_close();
}

/* Their answers come by this connection, and go to the others. */
static void requests_of_other_workers_have_their_time(void)
{
	struct flow *f;
	conn_id id;

	STAGE_OPEN(.workers = 2, .more = FEDERATION(""));
	edge = partner(PARTNER);
	id = edge->id;
	f = edge->user;
	f->abroad = 2;
	disbelieve(edge);
	fake_pass(stage.settings->limits.transaction_s * 1000 - LEAVE_MS);
	CU_ASSERT_PTR_NOT_NULL(conn_find(fake_worker(0), id));
	fake_pass(2 * LEAVE_MS);
	CU_ASSERT_PTR_NULL(conn_find(fake_worker(0), id));
	stage_close();
}

static void device_may_ask_twice_a_second(void)
{
	struct conn *room;
	char branch[32];
	unsigned passed = 0;

	STAGE_OPEN(.workers = 2);
	room = fake_accept(0, LEG_INSIDE, DOOR_DEVICE, "10.0.5.20:5060", NULL);
	for (unsigned i = 0; i < 5; i++) {
		snprintf(branch, sizeof(branch), "z9hG4bKd%u", i);
		ask(room, .from = "room", .branch = branch);
	}
	while (hear_any(at(DIR01), &h))
		passed++;
	CU_ASSERT_EQUAL(passed, 2);
	hear(room, "SIP/2.0 503", &h);
	CU_ASSERT_TRUE(says(&h, "Retry-After: 1\r\n"));
	/* It is known by its name, on whatever worker. */
	room = fake_accept(1, LEG_INSIDE, DOOR_DEVICE, "10.0.5.20:5061", NULL);
	ask(room, .from = "room");
	hear(room, "SIP/2.0 503", NULL);
	/* The other one has its own two, and a second later they are back. */
	room = fake_accept(0, LEG_INSIDE, DOOR_DEVICE, "10.0.5.21:5060", NULL);
	ask(room, .from = "hall", .branch = "z9hG4bKh");
	hear(at(DIR01), "INVITE", NULL);
	fake_pass(1000);
	room = fake_accept(1, LEG_INSIDE, DOOR_DEVICE, "10.0.5.20:5062", NULL);
	ask(room, .from = "room", .branch = "z9hG4bKl");
	hear(at(DIR01), "INVITE", NULL);
	stage_close();
}

TEST_MAIN("proxy/flow",
	  {"a certificate on the federation door makes a partner",
	   certificate_on_the_federation_door_is_a_partner},
	  {"without federation nobody is one", without_federation_nobody_is},
	  {"an edge that we called may call back",
	   edge_that_we_called_may_call_back},
	  {"only a request that passes proves a partner",
	   only_a_request_that_passes_proves_a_partner},
	  {"a blocked partner proves nothing", blocked_partner_proves_nothing},
	  {"after a reload it is judged anew", reload_judges_anew},
	  {"an edge that is believed no longer is closed",
	   edge_that_is_believed_no_longer_is_closed},
	  {"a server that is believed no longer gets nothing new",
	   server_believed_no_longer_gets_nothing_new},
	  {"what is under way on it ends first",
	   what_is_under_way_on_it_ends_first},
	  {"an idle one is closed though nobody speaks",
	   idle_one_is_closed_though_nobody_speaks},
	  {"requests of other workers have their time",
	   requests_of_other_workers_have_their_time},
	  {"a device may ask twice a second, by its name",
	   device_may_ask_twice_a_second})
