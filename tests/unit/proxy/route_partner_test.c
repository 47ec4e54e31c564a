/* SPDX-License-Identifier: Apache-2.0 */
/* route_partner_test.c - route sets of calls with partners, whose own proxies
 * stay in the dialog. */
#include "partner_kit.h"

static struct conn *home, *edge;
static struct heard invite, ok, h;
static char route[2048], told[512];

#define INSIDE	"@edge01.internal.example:5061;transport=tls;lr>"
#define OUTSIDE "@sip.example.com:5061;transport=tls;lr>"

static struct slice record(const struct heard *m, unsigned n)
{
	return value(m, FIELD_RECORD_ROUTE, n);
}

/* The URI of its Contact: whom a party may name in the dialog. */
static const char *contact_of(const struct heard *m)
{
	struct slice v = value(m, FIELD_CONTACT, 0);

	CU_ASSERT_TRUE_FATAL(v.n > 2 && v.p[0] == '<');
	snprintf(told, sizeof(told), "%.*s", (int)slice_index(v, '>') - 1,
		 v.p + 1);
	return told;
}

/* Record-Route lines of proxies at the partner that no token can seal. */
static const char *too_many_records(void)
{
	static char lines[4096];
	size_t n = 0;

	for (int i = 0; i < 12; i++)
		n += (size_t)snprintf(lines + n, sizeof(lines) - n,
				      "Record-Route: <sip:%0200d@h;lr>\r\n", i);
	return lines;
}

#define TO_EVE "sip:eve@" PARTNER
#define THEIRS                                                                 \
	"Record-Route: <sip:b.partner.example;lr>, "                           \
	"<sip:a.partner.example;lr;x=y>\r\n"

/* home01 calls eve at the partner, whose own proxies stay in the dialog. */
static void home_calls_eve(void)
{
	struct buf out = {0};
	char text[4096];

	STAGE_OPEN(.more = FEDERATION(""));
	partner_places();
	home = server(HOME01);
	ask(home, .from = "alice", .to = TO_EVE, .from_tag = "a1",
	    .more = "Record-Route: <sip:" HOME01 ";lr;cookie=7>\r\n" CONTACT);
	edge = at(PARTNER);
	hear(edge, "INVITE " TO_EVE, &invite);
	/* Its Record-Route is short: the partner seals it once more. */
	CU_ASSERT_TRUE(record(&invite, 0).n < 220);
	answer_write(&out, &invite, 200, "Contact: <sip:eve@192.0.2.77>\r\n",
		     "t1");
	buf_add(&out, (struct slice){"", 1});
	snprintf(text, sizeof(text), "%s", strstr(out.p, "Record-Route"));
	out.n = (size_t)(strstr(out.p, "Record-Route") - out.p);
	buf_puts(&out, THEIRS);
	buf_puts(&out, text);
	fake_feed(edge, buf_slice(&out));
	buf_fini(&out);
	hear(home, "SIP/2.0 200", &ok);
}

/* home01 in the dialog: its Route is what the answer recorded, backwards. */
static void home_says(const char *method, const char *branch)
{
	char both[4096];

	snprintf(both, sizeof(both), "Route: %.*s, %.*s\r\n",
		 SLICE_ARG(record(&ok, 1)), SLICE_ARG(record(&ok, 0)));
	ask(home, .method = method, .from = "alice", .to = TO_EVE,
	    .from_tag = "a1", .to_tag = "t1", .branch = branch, .cseq = 2,
	    .uri = "sip:eve@192.0.2.77", .more = both);
}

static void partners_routes_are_sealed_too(void)
{
	home_calls_eve();
	CU_ASSERT_EQUAL(values(&invite, FIELD_RECORD_ROUTE), 1);
	CU_ASSERT_FALSE(says(&invite, "internal"));
	CU_ASSERT_EQUAL(values(&ok, FIELD_RECORD_ROUTE), 3);
	CU_ASSERT_TRUE(holds(record(&ok, 0), OUTSIDE));
	CU_ASSERT_TRUE(holds(record(&ok, 1), INSIDE));
	CU_ASSERT_TRUE(holds(record(&ok, 2), "cookie=7"));
	CU_ASSERT_FALSE(says(&ok, "a.partner.example"));
	home_says("INFO", "z9hG4bKi");
	hear(edge, "INFO sip:eve@192.0.2.77", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_ROUTE), 2);
	CU_ASSERT_TRUE(slice_eq(value(&h, FIELD_ROUTE, 0),
				SLICE("<sip:a.partner.example;lr;x=y>")));
	CU_ASSERT_TRUE(slice_eq(value(&h, FIELD_ROUTE, 1),
				SLICE("<sip:b.partner.example;lr>")));
	answer(&h, 200, "");
	hear(home, "SIP/2.0 200", NULL);
	CU_ASSERT_EQUAL(fake_asked(PARTNER), 1);
	stage_close();
}

/* eve calls: near sees our URIs alone, she gets her own back. */
static void eve_calls_by(const char *records)
{
	char more[512];

	snprintf(more, sizeof(more), "%sContact: <sip:eve@192.0.2.77>\r\n",
		 records);
	STAGE_OPEN(.more = FEDERATION(""));
	partner_places();
	home = server(HOME01);
	edge = partner(PARTNER);
	ask(edge, .from = "sip:eve@" PARTNER, .to = "alice", .more = more);
	hear(at(DIR01), "INVITE sip:alice@example.com", &invite);
	answer(&invite, 302, "Contact: <sip:" HOME01 ">\r\n");
	hear(at(HOME01), "INVITE sip:alice@example.com", &invite);
	answer(&invite, 200, "Contact: <sip:alice@10.0.0.31>\r\n");
	hear(edge, "SIP/2.0 200", &ok);
}

static void eve_calls(void)
{
	eve_calls_by(THEIRS);
}

/* Should near's words come out, by a server that quotes what it got: they seal
 * what the partner wrote itself. */
static void what_near_is_shown_leads_a_partner_nowhere(void)
{
	char word[2048];
	struct slice near;
	unsigned asked;

	eve_calls_by("Record-Route: <sip:" HOME02 ":22;lr>\r\n");
	asked = fake_reaches();
	for (unsigned n = 0; n < 2; n++) {
		near = record(&invite, n);
		near.n = slice_index(near, '@');
		snprintf(word, sizeof(word), "Route: %.*s" OUTSIDE "\r\n",
			 SLICE_ARG(near));
		ask(edge, .method = "BYE", .from = "sip:eve@" PARTNER,
		    .to = "alice", .to_tag = "t1", .cseq = 2 + n,
		    .branch = n ? "z9hG4bKn1" : "z9hG4bKn0",
		    .uri = contact_of(&ok), .more = word);
		hear(edge, "SIP/2.0 500", NULL);
	}
	CU_ASSERT_EQUAL(fake_reaches(), asked);
	stage_close();
}

/* home01 in that dialog: what the INVITE recorded, as it stands. */
static void home_answers_back(const char *method, const char *branch)
{
	char both[4096];

	snprintf(both, sizeof(both), "Route: %.*s, %.*s\r\n",
		 SLICE_ARG(record(&invite, 0)), SLICE_ARG(record(&invite, 1)));
	ask(home, .method = method, .from = "alice", .to = "sip:eve@" PARTNER,
	    .from_tag = "t1", .to_tag = "f1", .branch = branch,
	    .uri = "sip:eve@192.0.2.77", .more = both);
}

static void calling_partners_routes_are_sealed_too(void)
{
	eve_calls();
	CU_ASSERT_EQUAL(values(&invite, FIELD_RECORD_ROUTE), 2);
	CU_ASSERT_TRUE(holds(record(&invite, 0), INSIDE));
	CU_ASSERT_TRUE(holds(record(&invite, 1), OUTSIDE));
	CU_ASSERT_FALSE(says(&invite, "a.partner.example"));
	CU_ASSERT_EQUAL(values(&ok, FIELD_RECORD_ROUTE), 3);
	CU_ASSERT_TRUE(holds(record(&ok, 0), OUTSIDE));
	CU_ASSERT_TRUE(holds(record(&ok, 1), "b.partner.example"));
	CU_ASSERT_TRUE(holds(record(&ok, 2), "a.partner.example;lr;x=y"));
	CU_ASSERT_FALSE(says(&ok, "internal"));
	ask(edge, .method = "ACK", .from = "sip:eve@" PARTNER, .to = "alice",
	    .to_tag = "t1", .branch = "z9hG4bKack", .uri = contact_of(&ok),
	    .more = route_line(route, record(&ok, 0)));
	hear(at(HOME01), "ACK sip:alice@10.0.0.31", NULL);
	home_answers_back("INFO", "z9hG4bKi");
	hear(edge, "INFO sip:eve@192.0.2.77", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_ROUTE), 2);
	CU_ASSERT_TRUE(slice_eq(value(&h, FIELD_ROUTE, 0),
				SLICE("<sip:b.partner.example;lr>")));
	CU_ASSERT_TRUE(slice_eq(value(&h, FIELD_ROUTE, 1),
				SLICE("<sip:a.partner.example;lr;x=y>")));
	stage_close();
}

static void calling_partner_is_found_again(void)
{
	eve_calls();
	fake_break(edge, CONN_END_PEER);
	fake_settle();
	home_answers_back("BYE", "z9hG4bKbye");
	hear(at(PARTNER), "BYE sip:eve@192.0.2.77", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_ROUTE), 2);
	edge = partner(PARTNER);
	ask(edge, .method = "INFO", .from = "sip:eve@" PARTNER, .to = "alice",
	    .to_tag = "t1", .branch = "z9hG4bKi", .uri = contact_of(&ok),
	    .more = route_line(route, record(&ok, 0)));
	hear(at(HOME01), "INFO sip:alice@10.0.0.31", NULL);
	stage_close();
}

static void partner_records_more_than_is_sealed(void)
{
	STAGE_OPEN(.more = FEDERATION(""));
	edge = partner(PARTNER);
	ask(edge, .from = "sip:eve@" PARTNER, .to = "alice",
	    .more = too_many_records());
	hear(edge, "SIP/2.0 400", NULL);
	CU_ASSERT_EQUAL(fake_reaches(), 0);
	CU_ASSERT_EQUAL(stage_transactions(), 0);
	stage_close();
}

/* Its Contact may name anybody inside: our servers speak to it by way of us,
 * whatever it recorded. */
static void accepting_partner_cannot_take_us_out_of_the_way(void)
{
	char lines[8192];

	STAGE_OPEN(.more = FEDERATION(""));
	partner_places();
	home = server(HOME01);
	ask(home, .from = "alice", .to = TO_EVE, .from_tag = "a1",
	    .more = CONTACT);
	edge = at(PARTNER);
	hear(edge, "INVITE " TO_EVE, &invite);
	snprintf(lines, sizeof(lines), "%sContact: <sip:" HOME01 ":22>\r\n",
		 too_many_records());
	answer(&invite, 200, lines);
	hear(home, "SIP/2.0 200", &ok);
	CU_ASSERT_EQUAL(values(&ok, FIELD_RECORD_ROUTE), 2);
	CU_ASSERT_TRUE(holds(record(&ok, 0), OUTSIDE));
	CU_ASSERT_TRUE(holds(record(&ok, 1), INSIDE));
	home_says("BYE", "z9hG4bKbye");
	hear(edge, "BYE sip:eve@192.0.2.77", &h);
	CU_ASSERT_EQUAL(values(&h, FIELD_ROUTE), 0);
	answer(&h, 200, "");
	hear(home, "SIP/2.0 200", NULL);
	stage_close();
}

/* 18x and 2xx show the same; each answer is read anew. */
static void partners_answers_show_one_way(void)
{
	static struct heard ringing;

	STAGE_OPEN(.more = FEDERATION(""));
	partner_places();
	home = server(HOME01);
	ask(home, .from = "alice", .to = TO_EVE, .more = CONTACT);
	hear(at(PARTNER), "INVITE", &invite);
	answer(&invite, 180, "");
	hear(home, "SIP/2.0 180", &ringing);
	answer(&invite, 200, "");
	hear(home, "SIP/2.0 200", &ok);
	CU_ASSERT_EQUAL(values(&ok, FIELD_RECORD_ROUTE), 2);
	CU_ASSERT_TRUE(slice_eq(record(&ringing, 1), record(&ok, 1)));
	stage_close();
}

/* Its domain is blocked while the call is up: nothing goes there any more but
 * the end of it. */
static void blocked_partner_is_told_of_the_end_only(void)
{
	struct federation_settings *f;
	char *was;

	home_calls_eve();
	f = &((struct settings *)(uintptr_t)stage_proxy(0)->w->settings)
		     ->federation;
	was = f->blocked.v[0];
	f->blocked.v[0] = slice_dup(SLICE(PARTNER));
	home_says("INFO", "z9hG4bKi");
	hear(home, "SIP/2.0 403", NULL);
	quiet(edge);
	free(f->blocked.v[0]);
	f->blocked.v[0] = was;
	f->enabled = false;
	home_says("UPDATE", "z9hG4bKu");
	hear(home, "SIP/2.0 404", NULL);
	quiet(edge);
	home_says("BYE", "z9hG4bKb");
	hear(edge, "BYE", NULL);
	f->enabled = true;
	stage_close();
}

/* What it left is found again by the domain that the token seals. */
static void partner_is_found_again(void)
{
	home_calls_eve();
	fake_break(edge, CONN_END_PEER);
	fake_settle();
	home_says("BYE", "z9hG4bKbye");
	hear(at(PARTNER), "BYE sip:eve@192.0.2.77", &h);
	CU_ASSERT_TRUE(slice_eq(value(&h, FIELD_ROUTE, 0),
				SLICE("<sip:a.partner.example;lr;x=y>")));
	answer(&h, 200, "");
	hear(home, "SIP/2.0 200", NULL);
	stage_close();
}

TEST_MAIN("proxy/route with partners",
	  {"a partner's routes are sealed, and restored in order",
	   partners_routes_are_sealed_too},
	  {"so are those of a partner that calls, who gets them back",
	   calling_partners_routes_are_sealed_too},
	  {"what near is shown leads a partner nowhere",
	   what_near_is_shown_leads_a_partner_nowhere},
	  {"which is found again too, and may come by another connection",
	   calling_partner_is_found_again},
	  {"more than a token seals is refused",
	   partner_records_more_than_is_sealed},
	  {"a partner that accepts cannot take us out of the way",
	   accepting_partner_cannot_take_us_out_of_the_way},
	  {"all answers of a partner show one way",
	   partners_answers_show_one_way},
	  {"one that is blocked is told of the end only",
	   blocked_partner_is_told_of_the_end_only},
	  {"a partner that left is found again by its domain",
	   partner_is_found_again})
