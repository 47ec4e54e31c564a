/*
 * conn_test.c - connections from their first byte to their last call.
 */
#include "net_scene.h"

static void it_leaves_by_its_legs_address(void)
{
	begin();
	open_both();
	CU_ASSERT_TRUE(addr_same_host(&seen.accepted->peer,
				      &st.lab.s->leg[LEG_INSIDE].address[0]));
	CU_ASSERT_TRUE(addr_eq(&seen.accepted->peer, &seen.ours->local));
	CU_ASSERT_TRUE(addr_eq(&seen.accepted->local, &seen.ours->peer));
	finish();
}

static void a_server_of_another_name_gets_not_one_byte(void)
{
	struct conn *c;

	begin();
	c = reach(&st.inside, "home01.internal.example");
	conn_send(c, SLICE("secret"));
	STAGE_UNTIL(&st, seen.closes == 2);
	CU_ASSERT_TRUE(seen.ends[0] == CONN_END_NAME ||
		       seen.ends[1] == CONN_END_NAME);
	CU_ASSERT_EQUAL(seen.accepted_bytes, 0);
	finish();
}

static void one_connection_serves_one_name_at_one_address(void)
{
	struct conn *first, *again, *other;

	begin();
	first = reach_inside();
	again = reach(&st.inside, "edge01.INTERNAL.example");
	CU_ASSERT_PTR_EQUAL(first, again);
	other = reach(&st.inside, "home01.internal.example");
	CU_ASSERT_PTR_NOT_EQUAL(first, other);
	other = reach(&st.outside, "edge01.internal.example");
	CU_ASSERT_PTR_NOT_EQUAL(first, other);
	finish();
}

static void a_closing_connection_is_not_given_out(void)
{
	struct conn *first, *second;
	conn_id id;

	begin();
	first = reach_inside();
	id = first->id;
	CU_ASSERT_PTR_EQUAL(conn_find(&st.w->pub, id), first);
	conn_close(first, CONN_END_REFUSED);
	conn_close(first, CONN_END_STALLED);
	CU_ASSERT_EQUAL(seen.closes, 0);
	CU_ASSERT_EQUAL(conn_send(first, SLICE("x")), EPIPE);
	CU_ASSERT_PTR_NULL(conn_find(&st.w->pub, id));
	second = reach_inside();
	CU_ASSERT_PTR_NOT_EQUAL(first, second);
	CU_ASSERT_NOT_EQUAL(second->id, id);
	STAGE_UNTIL(&st, seen.closes == 1);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_REFUSED);
	finish();
}

static void ids_are_never_met_again(void)
{
	conn_id id = 0, last;

	begin();
	for (int i = 0; i < 3000; i++) {
		last = id;
		id = reach_inside()->id;
		CU_ASSERT_NOT_EQUAL(id, last);
		CU_ASSERT_PTR_NULL(conn_find(&st.w->pub, last));
		conn_close(conn_find(&st.w->pub, id), CONN_END_REFUSED);
		conns_turn(&st.w->conns);
	}
	CU_ASSERT_PTR_NULL(conn_find(&st.w->pub, 0));
	CU_ASSERT_PTR_NULL(conn_find(&st.w->pub, UINT64_MAX));
	finish();
}

static void nobody_there_ends_as_connect(void)
{
	union addr nowhere;

	begin();
	nowhere = st.inside;
	listener_close(&st.w->listener[1]);
	reach(&nowhere, "edge01.internal.example");
	STAGE_UNTIL(&st, seen.closes == 1);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_CONNECT);
	CU_ASSERT_EQUAL(seen.opens, 0);
	finish();
}

static void a_family_without_address_is_refused_at_once(void)
{
	struct conn *c = NULL;
	union addr v6;

	begin();
	addr_parse(&v6, SLICE("::1"), 5061);
	CU_ASSERT_EQUAL(
		conn_reach(&c, &st.w->pub,
			   &(struct conn_way){
				   .leg = LEG_INSIDE,
				   .tls = true,
				   .to = &v6,
				   .name = SLICE("edge01.internal.example")}),
		EADDRNOTAVAIL);
	CU_ASSERT_PTR_NULL(c);
	finish();
}

static void an_address_that_is_not_ours_is_refused_at_once(void)
{
	struct conn *c = NULL;

	begin();
	addr_parse(&st.lab.s->leg[LEG_INSIDE].address[0], SLICE("192.0.2.9"),
		   0);
	CU_ASSERT_EQUAL(conn_reach(&c, &st.w->pub,
				   &(struct conn_way){.leg = LEG_INSIDE,
						      .tls = true,
						      .to = &st.inside,
						      .name = SLICE("x")}),
			EADDRNOTAVAIL);
	CU_ASSERT_PTR_NULL(c);
	finish();
}

static void plain_bytes_at_a_tls_door_are_closed_and_disturb_nobody(void)
{
	static const char plain[] = "OPTIONS sip:example.com SIP/2.0\r\n\r\n";
	struct guest g;

	begin();
	seen.echo = true;
	open_both();
	guest_dial(&g, &st.outside, "127.0.0.1");
	CU_ASSERT_TRUE(send(g.fd, plain, sizeof(plain), 0) > 0);
	guest_drain(&g, &st);
	CU_ASSERT_EQUAL(seen.closes, 1);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_HANDSHAKE);
	conn_send(seen.ours, SLICE("still here"));
	STAGE_UNTIL(&st, seen.got.n == 10);
	guest_close(&g);
	finish();
}

enum entered { REFUSED, AS_NOBODY, AS_PARTNER };

static enum entered guest_enters(const union addr *to, const struct cert *shown)
{
	enum entered how = REFUSED;
	unsigned closes = seen.closes;
	struct guest g;

	guest_dial(&g, to, "127.0.0.1");
	guest_shake(&g, &st, shown);
	STAGE_UNTIL(&st, seen.accepted || seen.closes > closes);
	if (seen.accepted)
		how = cert_names_match(seen.accepted->names, SLICE("p.example"))
			      ? AS_PARTNER
			      : AS_NOBODY;
	guest_close(&g);
	STAGE_UNTIL(&st, seen.closes > closes);
	return how;
}

static void who_shows_which_certificate_where_is_known(void)
{
	struct cert good, foreign;

	begin();
	cert_make(&good, &(struct cert_order){.san = "DNS:p.example"},
		  &st.lab.outer);
	cert_make(&foreign, &(struct cert_order){.san = "DNS:p.example"},
		  &st.lab.inner);
	CU_ASSERT_EQUAL(guest_enters(&st.outside, NULL), AS_NOBODY);
	CU_ASSERT_EQUAL(guest_enters(&st.outside, &foreign), AS_NOBODY);
	CU_ASSERT_EQUAL(guest_enters(&st.outside, &good), AS_PARTNER);
	CU_ASSERT_EQUAL(guest_enters(&st.users, &good), AS_NOBODY);
	CU_ASSERT_EQUAL(guest_enters(&st.inside, NULL), REFUSED);
	CU_ASSERT_EQUAL(guest_enters(&st.inside, &good), REFUSED);
	CU_ASSERT_EQUAL(guest_enters(&st.inside, &foreign), AS_PARTNER);
	cert_free(&good);
	cert_free(&foreign);
	finish();
}

static void a_flood_of_key_updates_is_ended(void)
{
	struct guest g;

	begin();
	seen.echo = true;
	guest_dial(&g, &st.users, "127.0.0.1");
	CU_ASSERT_TRUE(guest_shake(&g, &st, NULL));
	for (int i = 0; i < 4; i++) {
		SSL_key_update(g.ssl, SSL_KEY_UPDATE_REQUESTED);
		CU_ASSERT_EQUAL(SSL_write(g.ssl, "x", 1), 1);
	}
	STAGE_UNTIL(&st, seen.accepted_bytes == 4);
	CU_ASSERT_EQUAL(seen.closes, 0);
	for (int i = 0; i < 60; i++) {
		SSL_key_update(g.ssl, SSL_KEY_UPDATE_REQUESTED);
		SSL_do_handshake(g.ssl);
	}
	STAGE_UNTIL(&st, seen.closes == 1);
	CU_ASSERT_EQUAL(seen.accepted_bytes, 4);
	guest_close(&g);
	finish();
}

static void every_end_has_its_word(void)
{
	for (int why = CONN_END_PEER; why <= CONN_END_SHUTDOWN; why++)
		CU_ASSERT_PTR_NOT_NULL(conn_end_word((enum conn_end)why));
	CU_ASSERT_STRING_EQUAL(conn_end_word(CONN_END_STALLED), "stalled");
}

static void a_connection_has_a_short_name(void)
{
	struct conn c = {.id = (conn_id)3 << 56 | (conn_id)12 << 32 | 77};
	char name[24];

	CU_ASSERT_STRING_EQUAL(conn_name(&c, name), "w3c12");
	CU_ASSERT_EQUAL(CONN_ID_WORKER(c.id), 3);
}

TEST_MAIN("net/conn",
	  {"it leaves by its leg's address", it_leaves_by_its_legs_address},
	  {"a server of another name gets not one byte",
	   a_server_of_another_name_gets_not_one_byte},
	  {"one connection serves one name at one address",
	   one_connection_serves_one_name_at_one_address},
	  {"a closing connection is not given out",
	   a_closing_connection_is_not_given_out},
	  {"ids are never met again", ids_are_never_met_again},
	  {"nobody there ends as connect", nobody_there_ends_as_connect},
	  {"a family without address is refused at once",
	   a_family_without_address_is_refused_at_once},
	  {"an address that is not ours is refused at once",
	   an_address_that_is_not_ours_is_refused_at_once},
	  {"plain bytes at a TLS door are closed and disturb nobody",
	   plain_bytes_at_a_tls_door_are_closed_and_disturb_nobody},
	  {"who shows which certificate where is known",
	   who_shows_which_certificate_where_is_known},
	  {"a flood of KeyUpdates is ended", a_flood_of_key_updates_is_ended},
	  {"every end has its word", every_end_has_its_word},
	  {"a connection has a short name", a_connection_has_a_short_name})
