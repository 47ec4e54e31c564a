/*
 * resolve_records_test.c - who serves a domain's federation: two SRV names,
 * their order, and how far DNSSEC vouches for them.
 */
#include "net/resolve_rig.h"

#define FEDERATION "_sipfederationtls._tcp.p.example"
#define SIPS	   "_sips._tcp.p.example"

/** A waiter for edges and what it was told. */
struct edges_waiter {
	struct resolve_wait wait;
	int told, err;
	struct resolve_service service;
};

static struct resolve_service service;

static void on_service(int err, const struct resolve_service *found, void *arg)
{
	struct edges_waiter *w = arg;

	w->told++;
	w->err = err;
	if (found)
		w->service = *found;
	CU_ASSERT_EQUAL(err != 0, !found);
}

static int start_edges(struct edges_waiter *w, const char *domain,
		       uint64_t now_ms)
{
	*w = (struct edges_waiter){
		.wait = {.service_fn = on_service, .arg = w}};
	return resolve_edges(front, slice_of(domain), now_ms, &service,
			     &w->wait);
}

/* One search from start to end, in words; service has it as well. */
static const char *edges_at(const char *domain, uint64_t now_ms)
{
	static char out[4096];
	struct edges_waiter w;
	int err = start_edges(&w, domain, now_ms);
	size_t n = 0;

	if (err == EINPROGRESS) {
		settle();
		CU_ASSERT_EQUAL(w.told, 1);
		err = w.err;
		service = w.service;
	}
	if (err)
		return err == EIO ? "EIO" : "other";
	if (service.n == 0)
		return "nobody";
	for (unsigned i = 0; i < service.n; i++)
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s:%u",
				      i ? " " : "", service.edge[i].host,
				      service.edge[i].port);
	return out;
}

static const char *edges(const char *domain)
{
	return edges_at(domain, NOW);
}

static void federation_comes_first(void)
{
	struct fake_row *srv;

	set_up();
	srv = fake_row(FEDERATION, RESOLVE_SRV);
	fake_srv(srv, 20, 0, 5062, "edge2.p.example");
	fake_srv(srv, 10, 0, 5061, "edge1.p.example");
	fake_srv(fake_row(SIPS, RESOLVE_SRV), 1, 0, 5061, "users.p.example");
	CU_ASSERT_STRING_EQUAL(edges("P.example."),
			       "edge1.p.example:5061 edge2.p.example:5062");
	CU_ASSERT_EQUAL(fake_asks, 1);		   /* and no address */
	CU_ASSERT_EQUAL(fake_asked[0].servers, 1); /* of the outside leg */
	tear_down();
}

static void sips_stands_in(void)
{
	set_up();
	fake_srv(fake_row(SIPS, RESOLVE_SRV), 1, 0, 5071, "sip.p.example");
	CU_ASSERT_STRING_EQUAL(edges("p.example"), "sip.p.example:5071");
	CU_ASSERT_EQUAL(fake_asks, 2);
	tear_down();
}

static void neither_is_nobody(void)
{
	set_up();
	CU_ASSERT_STRING_EQUAL(edges("p.example"), "nobody");
	CU_ASSERT_EQUAL(fake_asks, 2);
	CU_ASSERT_STRING_EQUAL(edges_at("p.example", NOW + 4999), "nobody");
	CU_ASSERT_EQUAL(fake_asks, 2);
	fake_srv(fake_row(SIPS, RESOLVE_SRV), 1, 0, 5061, "sip.p.example");
	CU_ASSERT_STRING_EQUAL(edges_at("p.example", NOW + 5000),
			       "sip.p.example:5061");
	tear_down();
}

static void a_dot_is_nobody_and_final(void)
{
	set_up();
	fake_srv(fake_row(FEDERATION, RESOLVE_SRV), 0, 0, 0, ".");
	fake_srv(fake_row(SIPS, RESOLVE_SRV), 1, 0, 5061, "sip.p.example");
	CU_ASSERT_STRING_EQUAL(edges("p.example"), "nobody");
	CU_ASSERT_EQUAL(fake_asks, 1);
	tear_down();
}

static void no_name_is_nobody(void)
{
	char longest[254];

	set_up();
	CU_ASSERT_STRING_EQUAL(edges("192.0.2.1"), "nobody");
	CU_ASSERT_STRING_EQUAL(edges("2001:db8::1"), "nobody");
	CU_ASSERT_STRING_EQUAL(edges("a b"), "nobody");
	CU_ASSERT_STRING_EQUAL(edges(""), "nobody");
	for (size_t i = 0; i < 253; i++)
		longest[i] = i % 50 == 49 ? '.' : 'x';
	longest[253] = '\0';
	CU_ASSERT_STRING_EQUAL(edges(longest), "nobody");
	CU_ASSERT_EQUAL(fake_asks, 0);
	tear_down();
}

static void secure_is_told(void)
{
	struct fake_row *srv;

	set_up();
	srv = fake_row(FEDERATION, RESOLVE_SRV);
	fake_srv(srv, 1, 0, 5061, "edge.p.example");
	edges("p.example");
	CU_ASSERT_FALSE(service.secure);
	srv->secure = true;
	edges_at("p.example", NOW + 300000);
	CU_ASSERT_TRUE(service.secure);
	edges_at("p.example", NOW + 300001); /* known now, and still */
	CU_ASSERT_TRUE(service.secure);
	tear_down();
}

static void failures(void)
{
	set_up();
	fake_fails(FEDERATION, RESOLVE_SRV, EIO);
	fake_srv(fake_row(SIPS, RESOLVE_SRV), 1, 0, 5061, "sip.p.example");
	CU_ASSERT_STRING_EQUAL(edges("p.example"), "EIO"); /* is no absence */
	CU_ASSERT_STRING_EQUAL(edges_at("p.example", NOW + 4999), "EIO");
	CU_ASSERT_EQUAL(fake_asks, 1);
	fake_fails("_sips._tcp.q.example", RESOLVE_SRV, EIO);
	CU_ASSERT_STRING_EQUAL(edges("q.example"), "EIO");
	fake_ask_fails = true;
	CU_ASSERT_STRING_EQUAL(edges("r.example"), "EIO");
	tear_down();
}

static void kept_for_ttl(void)
{
	struct fake_row *srv;

	set_up();
	srv = fake_row(FEDERATION, RESOLVE_SRV);
	srv->ttl_s = 60;
	fake_srv(srv, 1, 0, 5061, "edge.p.example");
	edges("p.example");
	edges_at("p.example", NOW + 59999);
	CU_ASSERT_EQUAL(fake_asks, 1);
	edges_at("p.example", NOW + 60000);
	CU_ASSERT_EQUAL(fake_asks, 2);
	tear_down();
}

static void weights_are_drawn(void)
{
	struct fake_row *srv;
	int first = 0;

	set_up();
	srv = fake_row(FEDERATION, RESOLVE_SRV);
	fake_srv(srv, 1, 50, 5061, "a.p.example");
	fake_srv(srv, 1, 50, 5061, "b.p.example");
	for (int i = 0; i < 1000; i++)
		first += edges("p.example")[0] == 'a';
	CU_ASSERT_TRUE(first > 350 && first < 650);
	CU_ASSERT_EQUAL(fake_asks, 1);
	tear_down();
}

static void cut_at_eight(void)
{
	struct fake_row *srv;
	char name[32];

	set_up();
	srv = fake_row(FEDERATION, RESOLVE_SRV);
	for (uint16_t i = 20; i > 0; i--) {
		snprintf(name, sizeof(name), "e%u.p.example", i);
		fake_srv(srv, i, 0, 5061, name);
	}
	edges("p.example");
	CU_ASSERT_EQUAL(service.n, SERVICE_EDGES_MAX);
	CU_ASSERT_STRING_EQUAL(service.edge[0].host, "e1.p.example");
	CU_ASSERT_STRING_EQUAL(service.edge[7].host, "e8.p.example");
	tear_down();
}

/* The same name asked for in both ways is two questions, and two answers. */
static void addresses_and_edges_are_apart(void)
{
	set_up();
	fake_srv(fake_row(FEDERATION, RESOLVE_SRV), 1, 0, 5061,
		 "edge.p.example");
	fake_addr(fake_row("p.example", RESOLVE_A), "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(look("p.example", 0), "192.0.2.1:5061");
	CU_ASSERT_STRING_EQUAL(edges("p.example"), "edge.p.example:5061");
	CU_ASSERT_STRING_EQUAL(look("p.example", 0), "192.0.2.1:5061");
	tear_down();
}

static void waiting(void)
{
	struct edges_waiter w[3];

	set_up();
	fake_srv(fake_row(FEDERATION, RESOLVE_SRV), 1, 0, 5061,
		 "edge.p.example");
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(start_edges(&w[i], "p.example", NOW),
				EINPROGRESS);
	resolve_cancel(&w[1].wait);
	settle();
	CU_ASSERT_EQUAL(w[0].told + w[2].told, 2);
	CU_ASSERT_EQUAL(w[1].told, 0);
	CU_ASSERT_EQUAL(fake_asks, 1);
	tear_down();
}

/* In the second step as well: the time is that of both together. */
static void no_answer(void)
{
	struct edges_waiter w;

	set_up();
	CU_ASSERT_EQUAL(start_edges(&w, "p.example", NOW), EINPROGRESS);
	turn();
	fake_answer_all(resolver->view[LEG_OUTSIDE]);
	CU_ASSERT_EQUAL(fake_count(SIPS, RESOLVE_SRV), 1);
	resolver_expire(resolver, now_mono_ms() + RESOLVE_JOB_MS);
	turn();
	CU_ASSERT_EQUAL(w.told, 1);
	CU_ASSERT_EQUAL(w.err, ETIMEDOUT);
	CU_ASSERT_EQUAL(start_edges(&w, "p.example", NOW), EINPROGRESS);
	settle();
	CU_ASSERT_EQUAL(w.err, 0);
	CU_ASSERT_EQUAL(w.service.n, 0);
	tear_down();
}

/* Strangers name domains: that many of them push out no host of ours. */
static void domains_leave_hosts_alone(void)
{
	char name[32];

	set_up();
	fake_addr(fake_row("a.example", RESOLVE_A), "192.0.2.1");
	look("a.example", 5061);
	for (int i = 0; i < 1500; i++) {
		snprintf(name, sizeof(name), "d%d.example", i);
		edges(name);
	}
	look("a.example", 5061);
	CU_ASSERT_EQUAL(fake_count("a.example", RESOLVE_A), 1);
	edges("d0.example");
	CU_ASSERT_EQUAL(fake_count("_sips._tcp.d0.example", RESOLVE_SRV), 2);
	tear_down();
}

static void reload(void)
{
	char why[WHY_MAX];
	struct edges_waiter w;

	set_up();
	edges("p.example");
	start_edges(&w, "q.example", NOW);
	turn();
	CU_ASSERT_EQUAL(resolver_reload(resolver, &other_snapshot, why), 0);
	resolve_front_reload(front, &other_snapshot);
	settle();
	CU_ASSERT_EQUAL(w.told, 1);
	CU_ASSERT_EQUAL(fake_asked[fake_asks - 1].servers, 0);
	edges("p.example");
	CU_ASSERT_EQUAL(fake_count(FEDERATION, RESOLVE_SRV), 2);
	tear_down();
}

TEST_MAIN("net/resolve_records",
	  {"the federation's SRV records come first", federation_comes_first},
	  {"without them _sips._tcp stands in", sips_stands_in},
	  {"neither is nobody, for five seconds", neither_is_nobody},
	  {"a dot is nobody, and final", a_dot_is_nobody_and_final},
	  {"what is no name is nobody, unasked", no_name_is_nobody},
	  {"DNSSEC's word is passed on", secure_is_told},
	  {"a failing server is no absence", failures},
	  {"records are kept for their time to live", kept_for_ttl},
	  {"weights are drawn anew each time", weights_are_drawn},
	  {"the best eight are kept", cut_at_eight},
	  {"a name's addresses and its edges are apart",
	   addresses_and_edges_are_apart},
	  {"many wait for one question, and may leave", waiting},
	  {"five seconds without an answer end it", no_answer},
	  {"domains push out no host", domains_leave_hosts_alone},
	  {"a reload asks again with the new servers", reload})
