/*
 * conn_judge_test.c - certificates in use, after authorities or lists changed.
 */
#include "net_scene.h"

#include "cert/certificate.h"

#define GUESTS 20

static unsigned judged, left;

static void on_judged(struct conn *c, void *arg)
{
	(void)arg;
	judged++;
	left += c->retired;
}

static void begin_judging(void)
{
	begin();
	judged = left = 0;
	st.w->conns.events.judged = on_judged;
}

static void set_trust(enum leg leg, const char *file)
{
	char *trust = st.lab.s->leg[leg].trust;

	snprintf(trust, strlen(trust) + 1, "%s/%s", st.lab.dir, file);
}

/* What a reload does. */
static void judge_again(void)
{
	char why[WHY_MAX];

	tlsctx_unref(&st.w->tls);
	CU_ASSERT_EQUAL_FATAL(tlsctx_create(&st.w->tls, st.lab.s, NULL, why),
			      0);
	st.w->conns.tls = st.w->tls;
	conns_judge(&st.w->conns);
}

static void all_are_judged_though_nobody_speaks(void)
{
	begin_judging();
	open_both();
	judge_again();
	stage_later(&st, 1);
	CU_ASSERT_EQUAL(judged, 2);
	CU_ASSERT_EQUAL(left, 0);
	CU_ASSERT_PTR_NOT_NULL(seen.ours->names);
	set_trust(LEG_INSIDE, "outer.pem");
	judge_again();
	stage_later(&st, 1);
	CU_ASSERT_EQUAL(judged, 4);
	CU_ASSERT_EQUAL(left, 2);
	CU_ASSERT_PTR_NULL(seen.ours->names);
	CU_ASSERT_EQUAL(seen.closes, 0);
	CU_ASSERT_EQUAL(conn_send(seen.ours, SLICE("still goes out")), 0);
	finish();
}

static void one_that_is_retired_is_given_out_no_more(void)
{
	struct conn *old;

	begin_judging();
	open_both();
	old = seen.ours;
	CU_ASSERT_PTR_EQUAL(reach_inside(), old);
	conn_retire(old);
	conn_retire(old);
	CU_ASSERT_PTR_NOT_EQUAL(reach_inside(), old);
	CU_ASSERT_PTR_EQUAL(conn_find(&st.w->pub, old->id), old);
	finish();
}

static void nobody_above_means_it_is_closed(void)
{
	begin();
	open_both();
	set_trust(LEG_INSIDE, "outer.pem");
	judge_again();
	stage_later(&st, 1);
	CU_ASSERT_EQUAL(seen.closes, 2);
	CU_ASSERT_EQUAL(seen.ends[0], CONN_END_DISTRUST);
	finish();
}

/* A certificate, or a list, may have expired. */
static void after_an_hour_all_are_judged_again(void)
{
	begin_judging();
	open_both();
	conn_trust(seen.accepted, CONN_PROVEN);
	st.lab.s->limits.server_idle_s = 86400;
	conns_limits(&st.w->conns);
	CU_ASSERT_EQUAL(conn_send(seen.ours, SLICE("x")), 0);
	stage_spin(&st);
	stage_later(&st, 3590000);
	CU_ASSERT_EQUAL(judged, 0);
	stage_later(&st, 3600500);
	stage_later(&st, 3600501);
	CU_ASSERT_EQUAL(judged, 2);
	stage_later(&st, 7201000);
	stage_later(&st, 7201001);
	CU_ASSERT_EQUAL(judged, 4);
	finish();
}

/* Deadlines alone, by a clock that stands still between them. */
static unsigned judged_by(uint64_t ms)
{
	deadline_run(&st.w->pub.clock, st.w->pub.now_ms + ms);
	return judged;
}

static void a_few_are_judged_at_a_time(void)
{
	struct guest g[GUESTS];

	begin_judging();
	for (unsigned i = 0; i < GUESTS; i++) {
		guest_dial(&g[i], &st.outside, "127.0.0.1");
		CU_ASSERT_TRUE(guest_shake(&g[i], &st, &st.lab.out));
		STAGE_UNTIL(&st, seen.opens == i + 1);
	}
	judge_again();
	CU_ASSERT_EQUAL(judged_by(1), 8);
	CU_ASSERT_EQUAL(judged_by(2), 16);
	CU_ASSERT_EQUAL(judged_by(3), GUESTS);
	CU_ASSERT_EQUAL(judged_by(4), GUESTS);
	for (unsigned i = 0; i < GUESTS; i++)
		guest_close(&g[i]);
	finish();
}

static struct conn_shown shown[4];
static unsigned shows;

static void on_each(const struct conn *c, const struct conn_shown *s, void *arg)
{
	(void)c, (void)arg;
	CU_ASSERT_FATAL(shows < 4);
	shown[shows++] = *s;
}

static void the_certificate_that_is_shown_is_told(void)
{
	char print[65];

	begin_judging();
	open_both();
	cert_fingerprint(print, st.lab.in.x509);
	shows = 0;
	conn_each(&st.w->pub, on_each, NULL);
	CU_ASSERT_EQUAL_FATAL(shows, 2);
	CU_ASSERT_STRING_EQUAL(shown[0].ours, print);
	CU_ASSERT_STRING_EQUAL(shown[1].ours, print);
	CU_ASSERT_FALSE(shown[0].old);
	CU_ASSERT_TRUE(shown[0].ends_s > st.w->pub.wall_s);
	CU_ASSERT_TRUE(shown[0].since_s <= st.w->pub.wall_s);
	finish();
}

static void one_from_before_a_reload_is_old(void)
{
	struct cert fresh;
	struct guest g;

	begin_judging();
	open_both();
	cert_make(&fresh,
		  &(struct cert_order){.cn = "edge01.internal.example",
				       .san = "DNS:edge01.internal.example",
				       .usage = "serverAuth,clientAuth"},
		  &st.lab.inner);
	cert_save(&fresh, NULL, st.lab.dir, "in");
	judge_again();
	guest_dial(&g, &st.outside, "127.0.0.1");
	CU_ASSERT_TRUE(guest_shake(&g, &st, NULL));
	STAGE_UNTIL(&st, seen.opens == 3);
	shows = 0;
	conn_each(&st.w->pub, on_each, NULL);
	CU_ASSERT_EQUAL_FATAL(shows, 3);
	CU_ASSERT_TRUE(shown[0].old);
	CU_ASSERT_TRUE(shown[1].old);
	CU_ASSERT_FALSE(shown[2].old);
	guest_close(&g);
	cert_free(&fresh);
	finish();
}

TEST_MAIN("net/conn_judge",
	  {"all are judged, though nobody speaks",
	   all_are_judged_though_nobody_speaks},
	  {"one that is retired is given out no more",
	   one_that_is_retired_is_given_out_no_more},
	  {"nobody above means that it is closed",
	   nobody_above_means_it_is_closed},
	  {"after an hour all are judged again",
	   after_an_hour_all_are_judged_again},
	  {"a few are judged at a time", a_few_are_judged_at_a_time},
	  {"the certificate that is shown is told",
	   the_certificate_that_is_shown_is_told},
	  {"one from before a reload is old", one_from_before_a_reload_is_old})
