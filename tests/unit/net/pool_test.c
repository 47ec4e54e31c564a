/*
 * pool_test.c - ways to partners: which names will do, who judges, and which
 * connection is used again.
 *
 * The partner's edge is our own outside door: sip.example.com, of the authority
 * "outer".
 */
#include "net_scene.h"

#include "cert/certificate.h"

static struct partner_settings partner;
static char trust_file[128], pin[65], domain[] = "p.example";
static char *pins[] = {pin}, *domains[] = {domain};
static const char *own, *leg; /* files, without their folder */
static bool pinned;

static void use_leg(struct lab *l, const char *file)
{
	char *trust = l->s->leg[LEG_OUTSIDE].trust;

	snprintf(trust, strlen(trust) + 1, "%s/%s", l->dir, file);
}

static void arrange(struct lab *l)
{
	partner = (struct partner_settings){.domains = {domains, 1}};
	if (own) {
		snprintf(trust_file, sizeof(trust_file), "%s/%s", l->dir, own);
		partner.trust = trust_file;
	}
	if (pinned)
		partner.pins = (struct name_list){pins, 1};
	if (!pin[0])
		cert_key_print(pin, l->out.x509);
	if (leg)
		use_leg(l, leg);
	l->s->federation.enabled = true;
	l->s->federation.partner = &partner;
	l->s->federation.partners = 1;
}

static void begin_with(const char *leg_file, const char *own_file,
		       const char *pin_text)
{
	leg = leg_file;
	own = own_file;
	pinned = pin_text != NULL;
	snprintf(pin, sizeof(pin), "%s", pin_text ? pin_text : "");
	lab_arrange = arrange;
	begin();
}

/* A reload: other contexts, of the settings as they are now. */
static void judge_anew(void)
{
	char why[WHY_MAX];

	tlsctx_unref(&st.w->tls);
	CU_ASSERT_EQUAL_FATAL(tlsctx_create(&st.w->tls, st.lab.s, NULL, why),
			      0);
	st.w->conns.tls = st.w->tls;
	st.w->conns.judge++;
}

static struct conn *go(const union addr *to, const char *name, const char *also,
		       const struct partner_settings *by)
{
	struct conn_way way = {.leg = LEG_OUTSIDE,
			       .tls = true,
			       .to = to,
			       .name = slice_of(name),
			       .also = slice_of(also),
			       .partner = by};
	struct conn *c = NULL;

	CU_ASSERT_EQUAL_FATAL(conn_reach(&c, &st.w->pub, &way), 0);
	return c;
}

/* To the partner's edge; true when it opens. */
static bool opens(const char *name, const char *also,
		  const struct partner_settings *by)
{
	conn_id id = go(&st.outside, name, also, by)->id;

	STAGE_UNTIL(&st, !conn_find(&st.w->pub, id) ||
				 conn_find(&st.w->pub, id)->open);
	seen.ours = conn_find(&st.w->pub, id);
	stage_spin(&st);
	return seen.ours != NULL;
}

static bool ended_as(enum conn_end why)
{
	for (unsigned i = 0; i < seen.closes && i < 8; i++) {
		if (seen.ends[i] == why)
			return true;
	}
	return false;
}

static void the_domain_or_the_target_will_do(void)
{
	begin_with(NULL, NULL, NULL);
	CU_ASSERT_TRUE(opens("sip.example.com", "", NULL));
	CU_ASSERT_TRUE(opens("p.example", "SIP.example.com", NULL));
	CU_ASSERT_TRUE(opens("sip.example.com", "other.example", NULL));
	CU_ASSERT_TRUE(seen.ours->names->chained);
	CU_ASSERT_FALSE(opens("p.example", "", NULL));
	CU_ASSERT_TRUE(ended_as(CONN_END_NAME));
	finish();
	begin_with(NULL, NULL, NULL);
	CU_ASSERT_FALSE(opens("p.example", "edge.p.example", NULL));
	CU_ASSERT_TRUE(ended_as(CONN_END_NAME));
	finish();
}

static bool asked_for(const char *name)
{
	SSL *ssl;

	STAGE_UNTIL(&st, seen.accepted);
	ssl = conn_inner(seen.accepted)->ssl;
	return strcmp(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name),
		      name) == 0;
}

static void the_target_is_what_is_asked_for(void)
{
	begin_with(NULL, NULL, NULL);
	CU_ASSERT_TRUE(opens("p.example", "sip.example.com", NULL));
	CU_ASSERT_TRUE(asked_for("sip.example.com"));
	finish();
	begin_with(NULL, NULL, NULL);
	CU_ASSERT_TRUE(opens("sip.example.com", "", NULL));
	CU_ASSERT_TRUE(asked_for("sip.example.com"));
	finish();
}

static void a_way_with_other_names_is_another_way(void)
{
	struct conn *c, *d;

	begin_with(NULL, NULL, NULL);
	c = go(&st.outside, "p.example", "sip.example.com", NULL);
	d = go(&st.outside, "P.example", "SIP.example.com", NULL);
	CU_ASSERT_PTR_EQUAL(c, d);
	CU_ASSERT_PTR_NOT_EQUAL(c, go(&st.outside, "p.example", "", NULL));
	CU_ASSERT_PTR_NOT_EQUAL(c, go(&st.outside, "p.example",
				      "sip.example.com", &partner));
	/* One name's end is not another's beginning. */
	CU_ASSERT_PTR_NOT_EQUAL(go(&st.outside, "a.exampleb", "c", NULL),
				go(&st.outside, "a.example", "bc", NULL));
	finish();
}

static void a_partners_own_authority_stands_in_for_the_legs(void)
{
	begin_with("inner.pem", "outer.pem", NULL);
	CU_ASSERT_FALSE(opens("p.example", "sip.example.com", NULL));
	CU_ASSERT_TRUE(ended_as(CONN_END_HANDSHAKE));
	CU_ASSERT_TRUE(opens("p.example", "sip.example.com", &partner));
	CU_ASSERT_FALSE(seen.ours->names->chained);
	CU_ASSERT_EQUAL(seen.ours->names->vouched, 1);
	CU_ASSERT_FALSE(opens("p.example", "edge.p.example", &partner));
	CU_ASSERT_TRUE(ended_as(CONN_END_NAME));
	finish();
	begin_with("outer.pem", "inner.pem", NULL);
	CU_ASSERT_FALSE(opens("p.example", "sip.example.com", &partner));
	CU_ASSERT_TRUE(ended_as(CONN_END_HANDSHAKE));
	finish();
}

static void a_partners_pin_stands_in_for_any_authority(void)
{
	begin_with("inner.pem", NULL, "");
	CU_ASSERT_TRUE(opens("p.example", "sip.example.com", &partner));
	CU_ASSERT_FALSE(seen.ours->names->chained);
	CU_ASSERT_STRING_EQUAL(seen.ours->names->key, pin);
	CU_ASSERT_FALSE(opens("p.example", "edge.p.example", &partner));
	CU_ASSERT_TRUE(ended_as(CONN_END_NAME));
	finish();
	begin_with("outer.pem", NULL, "00");
	CU_ASSERT_FALSE(opens("p.example", "sip.example.com", &partner));
	CU_ASSERT_TRUE(ended_as(CONN_END_HANDSHAKE));
	CU_ASSERT_FALSE(ended_as(CONN_END_NAME));
	finish();
}

/* The inside door wants a certificate of its own authority; in TLS 1.3 it
 * says so when our handshake is over. */
static void a_server_that_does_not_believe_ours_refused_the_handshake(void)
{
	begin_with(NULL, "inner.pem", NULL);
	go(&st.inside, "p.example", "edge01.internal.example", &partner);
	STAGE_UNTIL(&st, seen.closes == 2);
	CU_ASSERT_EQUAL(seen.opens, 1);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_HANDSHAKE);
	CU_ASSERT_EQUAL(seen.ends[1], CONN_END_HANDSHAKE);
	finish();
}

static void a_partner_with_neither_is_judged_by_the_leg(void)
{
	begin_with(NULL, NULL, NULL);
	CU_ASSERT_TRUE(opens("p.example", "sip.example.com", &partner));
	CU_ASSERT_TRUE(seen.ours->names->chained);
	finish();
	begin_with("inner.pem", NULL, NULL);
	CU_ASSERT_FALSE(opens("p.example", "sip.example.com", &partner));
	finish();
}

/* Whoever asks may still hold the snapshot of before. */
static void the_partner_of_now_judges(void)
{
	struct partner_settings before;

	begin_with("inner.pem", "outer.pem", NULL);
	before = partner;
	before.trust = NULL;
	CU_ASSERT_TRUE(opens("p.example", "sip.example.com", &before));
	CU_ASSERT_EQUAL(seen.ours->names->vouched, 1);
	finish();
}

static void a_provider_is_known_by_its_edge(void)
{
	char edge[] = "sip.example.com";

	begin_with("inner.pem", "outer.pem", NULL);
	CU_ASSERT_FALSE(opens("sip.example.com", "", &partner));
	partner.kind = PARTNER_PROVIDER;
	partner.proxy.host = edge;
	CU_ASSERT_TRUE(opens("sip.example.com", "", &partner));
	CU_ASSERT_EQUAL(seen.ours->names->vouched, 1);
	judge_anew();
	CU_ASSERT_EQUAL(conn_rejudge(seen.ours), 0);
	CU_ASSERT_EQUAL(seen.ours->names->vouched, 1);
	finish();
}

static void it_is_found_by_its_name(void)
{
	struct conn *c, *d;

	begin_with(NULL, NULL, NULL);
	CU_ASSERT_PTR_NULL(
		conn_opened_for(&st.w->pub, LEG_OUTSIDE, SLICE("p.example")));
	c = go(&st.outside, "p.example", "sip.example.com", NULL);
	CU_ASSERT_PTR_EQUAL(conn_opened_for(&st.w->pub, LEG_OUTSIDE,
					    SLICE("P.example")),
			    c);
	CU_ASSERT_PTR_NULL(
		conn_opened_for(&st.w->pub, LEG_INSIDE, SLICE("p.example")));
	CU_ASSERT_PTR_NULL(conn_opened_for(&st.w->pub, LEG_OUTSIDE,
					   SLICE("sip.example.com")));
	CU_ASSERT_PTR_NULL(
		conn_opened_for(&st.w->pub, LEG_OUTSIDE, (struct slice){0}));
	d = go(&st.users, "p.example", "sip.example.com", NULL);
	CU_ASSERT_PTR_NOT_EQUAL(c, d);
	conn_close(c, CONN_END_REFUSED);
	CU_ASSERT_PTR_EQUAL(conn_opened_for(&st.w->pub, LEG_OUTSIDE,
					    SLICE("p.example")),
			    d);
	conn_close(d, CONN_END_REFUSED);
	CU_ASSERT_PTR_NULL(
		conn_opened_for(&st.w->pub, LEG_OUTSIDE, SLICE("p.example")));
	finish();
}

static void after_a_reload_it_is_used_only_if_still_believed(void)
{
	struct conn *c;

	begin_with(NULL, NULL, NULL);
	CU_ASSERT_TRUE(opens("sip.example.com", "", NULL));
	c = seen.ours;
	judge_anew();
	CU_ASSERT_PTR_EQUAL(go(&st.outside, "sip.example.com", "", NULL), c);
	use_leg(&st.lab, "inner.pem");
	judge_anew();
	CU_ASSERT_PTR_NOT_EQUAL(go(&st.outside, "sip.example.com", "", NULL),
				c);
	STAGE_UNTIL(&st, seen.ours != c);
	CU_ASSERT_TRUE(ended_as(CONN_END_DISTRUST));
	finish();
	begin_with(NULL, NULL, NULL);
	CU_ASSERT_TRUE(opens("p.example", "sip.example.com", NULL));
	snprintf(pin, sizeof(pin), "another key");
	partner.pins = (struct name_list){pins, 1};
	judge_anew();
	CU_ASSERT_PTR_NULL(
		conn_opened_for(&st.w->pub, LEG_OUTSIDE, SLICE("p.example")));
	finish();
}

/* edge01 is a member of a pool, and the settings say so, or no more. */
static void a_pools_member_will_do_while_it_is_one(void)
{
	static char name[] = "pool01.internal.example",
		    member[] = "edge01.internal.example";
	static char *both[] = {name, member};
	static struct pool_settings pool = {.name = name,
					    .members = {both + 1, 1}};
	struct conn *c;

	begin_with(NULL, NULL, NULL);
	st.lab.s->trusted_servers = (struct name_list){both, 2};
	st.lab.s->services.pool = &pool;
	st.lab.s->services.pools = 1;
	c = reach(&st.inside, name);
	STAGE_UNTIL(&st, seen.opens == 2);
	judge_anew();
	CU_ASSERT_EQUAL(conn_rejudge(c), 0);
	CU_ASSERT_PTR_EQUAL(
		conn_opened_for(&st.w->pub, LEG_INSIDE, slice_of(name)), c);
	st.lab.s->services.pools = 0;
	judge_anew();
	CU_ASSERT_PTR_NULL(
		conn_opened_for(&st.w->pub, LEG_INSIDE, slice_of(name)));
	STAGE_UNTIL(&st, ended_as(CONN_END_DISTRUST));
	reach(&st.inside, name);
	STAGE_UNTIL(&st, seen.closes >= 3);
	CU_ASSERT_PTR_NULL(seen.ours);
	finish();
}

/* A guest shows a certificate that only the partner's own authority signed. */
static void who_came_in_is_judged_by_the_settings_of_now(void)
{
	struct cert c;
	struct guest g;

	begin_with(NULL, "inner.pem", NULL);
	cert_make(&c, &(struct cert_order){.san = "DNS:p.example"},
		  &st.lab.inner);
	guest_dial(&g, &st.outside, "127.0.0.1");
	CU_ASSERT_TRUE(guest_shake(&g, &st, &c));
	STAGE_UNTIL(&st, seen.accepted);
	CU_ASSERT_EQUAL_FATAL(seen.accepted->names->vouched, 1);
	CU_ASSERT_EQUAL(conn_rejudge(seen.accepted), 0);
	partner.trust = NULL;
	judge_anew();
	CU_ASSERT_EQUAL(conn_rejudge(seen.accepted), EACCES);
	CU_ASSERT_PTR_NULL(seen.accepted->names);
	judge_anew();
	CU_ASSERT_EQUAL(conn_rejudge(seen.accepted), 0); /* nobody, as before */
	use_leg(&st.lab, "inner.pem");
	judge_anew();
	CU_ASSERT_EQUAL(conn_rejudge(seen.accepted), 0);
	CU_ASSERT_TRUE_FATAL(seen.accepted->names != NULL);
	CU_ASSERT_TRUE(seen.accepted->names->chained);
	guest_close(&g);
	cert_free(&c);
	finish();
}

static void who_showed_nothing_stays_nobody(void)
{
	struct guest g;

	begin_with(NULL, NULL, NULL);
	guest_dial(&g, &st.outside, "127.0.0.1");
	CU_ASSERT_TRUE(guest_shake(&g, &st, NULL));
	STAGE_UNTIL(&st, seen.accepted);
	judge_anew();
	CU_ASSERT_EQUAL(conn_rejudge(seen.accepted), 0);
	CU_ASSERT_PTR_NULL(seen.accepted->names);
	guest_close(&g);
	finish();
	begin();
	open_device(&g);
	judge_anew();
	CU_ASSERT_EQUAL(conn_rejudge(seen.accepted), 0);
	guest_close(&g);
	finish();
}

static void one_to_a_partner_ends_when_idle(void)
{
	uint64_t limit_ms;

	begin_with(NULL, NULL, NULL);
	st.lab.s->limits.partner_idle_s = 20;
	st.lab.s->limits.server_idle_s = 600;
	conns_limits(&st.w->conns);
	limit_ms = 20000;
	open_both(); /* inside */
	conn_trust(seen.accepted, CONN_PROVEN);
	CU_ASSERT_TRUE(opens("sip.example.com", "", NULL));
	STAGE_UNTIL(&st, seen.opens == 4);
	conn_trust(seen.accepted, CONN_PROVEN);
	stage_later(&st, limit_ms - 1000);
	CU_ASSERT_EQUAL(seen.closes, 0);
	stage_later(&st, limit_ms + 1);
	CU_ASSERT_EQUAL(seen.closes, 1);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_IDLE);
	CU_ASSERT_PTR_NULL(seen.ours);
	finish();
}

static void what_is_sent_or_comes_keeps_it(void)
{
	begin_with(NULL, NULL, NULL);
	st.lab.s->limits.partner_idle_s = 20;
	conns_limits(&st.w->conns);
	seen.echo = true;
	CU_ASSERT_TRUE(opens("sip.example.com", "", NULL));
	st.w->pub.now_ms += 19000;
	conn_send(seen.ours, SLICE("x"));
	conns_turn(&st.w->conns);
	deadline_run(&st.w->pub.clock, st.w->pub.now_ms + 19000);
	CU_ASSERT_TRUE(seen.ours->open);
	deadline_run(&st.w->pub.clock, st.w->pub.now_ms + 20001);
	CU_ASSERT_FALSE(seen.ours->open);
	finish();
}

TEST_MAIN("net/pool",
	  {"the domain or the target will do, nothing else",
	   the_domain_or_the_target_will_do},
	  {"the target is what is asked for", the_target_is_what_is_asked_for},
	  {"a way with other names is another way",
	   a_way_with_other_names_is_another_way},
	  {"a partner's own authority stands in for the leg's",
	   a_partners_own_authority_stands_in_for_the_legs},
	  {"a partner's pin stands in for any authority",
	   a_partners_pin_stands_in_for_any_authority},
	  {"a server that does not believe ours refused the handshake",
	   a_server_that_does_not_believe_ours_refused_the_handshake},
	  {"a partner with neither is judged by the leg's trust",
	   a_partner_with_neither_is_judged_by_the_leg},
	  {"the partner of now judges", the_partner_of_now_judges},
	  {"a provider is known by its edge", a_provider_is_known_by_its_edge},
	  {"a connection is found by its name", it_is_found_by_its_name},
	  {"after a reload it is used only if still believed",
	   after_a_reload_it_is_used_only_if_still_believed},
	  {"a pool's member will do while it is one",
	   a_pools_member_will_do_while_it_is_one},
	  {"who came in is judged by the settings of now",
	   who_came_in_is_judged_by_the_settings_of_now},
	  {"who showed nothing stays nobody", who_showed_nothing_stays_nobody},
	  {"one to a partner ends when idle", one_to_a_partner_ends_when_idle},
	  {"what is sent or comes keeps it", what_is_sent_or_comes_keeps_it})
