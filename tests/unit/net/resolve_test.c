/*
 * resolve_test.c - from a name to addresses, with both halves on one loop and
 * a fake where libunbound is.
 */
#include "net/resolve_rig.h"

static void literals(void)
{
	struct resolve_key key = {LEG_INSIDE, false, SLICE("2001:db8::1"), 0};

	set_up();
	CU_ASSERT_STRING_EQUAL(look("192.0.2.7", 5080), "192.0.2.7:5080");
	CU_ASSERT_STRING_EQUAL(look("192.0.2.7", 0), "192.0.2.7:5061");
	CU_ASSERT_STRING_EQUAL(look_at(key, NOW), "[2001:db8::1]:5060");
	CU_ASSERT_STRING_EQUAL(look("2001:db8::1", 5061), "ENOENT"); /* IPv4 */
	CU_ASSERT_STRING_EQUAL(look("0.0.0.0", 5061), "ENOENT");
	CU_ASSERT_EQUAL(fake_asks, 0);
	tear_down();
}

static void not_a_name(void)
{
	set_up();
	CU_ASSERT_STRING_EQUAL(look("", 5061), "ENOENT");
	CU_ASSERT_STRING_EQUAL(look("a..example", 5061), "ENOENT");
	CU_ASSERT_STRING_EQUAL(look("192.0.2.400", 5061), "ENOENT");
	CU_ASSERT_STRING_EQUAL(look("a b.example", 5061), "ENOENT");
	CU_ASSERT_EQUAL(fake_asks, 0);
	tear_down();
}

static void hosts(void)
{
	struct resolve_key key = {LEG_INSIDE, true,
				  SLICE("HOME01.Internal.Example."), 5070};

	set_up();
	CU_ASSERT_STRING_EQUAL(look("home01.internal.example", 0),
			       "127.0.20.4:5061");
	CU_ASSERT_STRING_EQUAL(look_at(key, NOW), "[::1]:5070 127.0.20.4:5070");
	CU_ASSERT_EQUAL(fake_asks, 0);
	tear_down();
}

static void families_asked(void)
{
	struct resolve_key key = key_of("a.example", 5061);

	set_up();
	fake_addr(fake_row("a.example", RESOLVE_A), "192.0.2.1");
	fake_addr(fake_row("a.example", RESOLVE_AAAA), "2001:db8::1");
	CU_ASSERT_STRING_EQUAL(look_at(key, NOW), "192.0.2.1:5061");
	CU_ASSERT_EQUAL(fake_asks, 1);
	key.leg = LEG_INSIDE;
	CU_ASSERT_STRING_EQUAL(look_at(key, NOW),
			       "[2001:db8::1]:5061 192.0.2.1:5061");
	CU_ASSERT_EQUAL(fake_asks, 3);
	CU_ASSERT_EQUAL(fake_asked[0].servers, 1); /* each leg its servers */
	CU_ASSERT_EQUAL(fake_asked[1].servers, 2);
	tear_down();
}

static void kept_for_ttl(void)
{
	struct fake_row *row;
	struct resolve_key key = key_of("a.example", 5061);

	set_up();
	row = fake_addr(fake_row("a.example", RESOLVE_A), "192.0.2.1");
	row->ttl_s = 60;
	look_at(key, NOW);
	fake_addr(row, "192.0.2.2");
	CU_ASSERT_STRING_EQUAL(look_at(key, NOW + 59999), "192.0.2.1:5061");
	key.host = SLICE("A.EXAMPLE.");
	CU_ASSERT_STRING_EQUAL(look_at(key, NOW + 59999), "192.0.2.1:5061");
	CU_ASSERT_EQUAL(fake_asks, 1);
	CU_ASSERT_STRING_EQUAL(look_at(key, NOW + 60000),
			       "192.0.2.1:5061 192.0.2.2:5061");
	CU_ASSERT_EQUAL(fake_asks, 2);
	tear_down();
}

static void ttl_bounds(void)
{
	set_up();
	fake_addr(fake_row("short.example", RESOLVE_A), "192.0.2.1")->ttl_s = 0;
	fake_addr(fake_row("long.example", RESOLVE_A), "192.0.2.1")->ttl_s =
		86400;
	look("short.example", 5061);
	look("long.example", 5061);
	look_at(key_of("short.example", 5061), NOW + 4999);
	look_at(key_of("long.example", 5061), NOW + 3599999);
	CU_ASSERT_EQUAL(fake_asks, 2);
	look_at(key_of("short.example", 5061), NOW + 5000);
	look_at(key_of("long.example", 5061), NOW + 3600000);
	CU_ASSERT_EQUAL(fake_asks, 4);
	tear_down();
}

static void negative(void)
{
	set_up();
	fake_fails("broken.example", RESOLVE_A, EIO);
	CU_ASSERT_STRING_EQUAL(look("none.example", 5061), "ENOENT");
	CU_ASSERT_STRING_EQUAL(look("broken.example", 5061), "EIO");
	CU_ASSERT_EQUAL(fake_asks, 2);
	CU_ASSERT_STRING_EQUAL(
		look_at(key_of("none.example", 5061), NOW + 4999), "ENOENT");
	CU_ASSERT_STRING_EQUAL(
		look_at(key_of("broken.example", 5061), NOW + 4999), "EIO");
	CU_ASSERT_EQUAL(fake_asks, 2);
	look_at(key_of("none.example", 5061), NOW + 5000);
	CU_ASSERT_EQUAL(fake_asks, 3);
	fake_ask_fails = true;
	CU_ASSERT_STRING_EQUAL(look("unasked.example", 5061), "EIO");
	CU_ASSERT_STRING_EQUAL(look("unasked.example", 0), "EIO");
	tear_down();
}

static void one_question_for_many(void)
{
	struct waiter w[4];

	set_up();
	fake_addr(fake_row("a.example", RESOLVE_A), "192.0.2.1");
	for (int i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(start(&w[i], key_of("a.example", 5061), NOW),
				EINPROGRESS);
	CU_ASSERT_EQUAL(start(&w[3], key_of("a.example", 5062), NOW),
			EINPROGRESS); /* another port is another question */
	settle();
	for (int i = 0; i < 4; i++) {
		CU_ASSERT_EQUAL(w[i].told, 1);
		CU_ASSERT_EQUAL(w[i].list.n, 1);
	}
	CU_ASSERT_EQUAL(fake_asks, 2);
	tear_down();
}

static void cancelling(void)
{
	struct waiter w[4];

	set_up();
	fake_addr(fake_row("a.example", RESOLVE_A), "192.0.2.1");
	for (int i = 0; i < 4; i++)
		start(&w[i], key_of("a.example", 5061), NOW);
	resolve_cancel(&w[0].wait);
	resolve_cancel(&w[0].wait);
	w[1].cancels = &w[2]; /* still to be told */
	w[3].cancels = &w[1]; /* told already */
	settle();
	CU_ASSERT_EQUAL(w[0].told + w[2].told, 0);
	CU_ASSERT_EQUAL(w[1].told, 1);
	CU_ASSERT_EQUAL(w[3].told, 1);
	for (int i = 0; i < 4; i++)
		resolve_cancel(&w[i].wait);
	tear_down();
}

static void asking_inside_the_answer(void)
{
	struct waiter w;

	set_up();
	fake_addr(fake_row("a.example", RESOLVE_A), "192.0.2.1");
	start(&w, key_of("a.example", 5061), NOW);
	w.asks_again = true;
	settle();
	CU_ASSERT_EQUAL(w.told, 1);
	CU_ASSERT_EQUAL(list.n, 1);
	tear_down();
}

static void front_goes_inside_the_answer(void)
{
	struct waiter w[2];

	set_up();
	fake_addr(fake_row("a.example", RESOLVE_A), "192.0.2.1");
	for (int i = 0; i < 2; i++)
		start(&w[i], key_of("a.example", 5061), NOW);
	w[0].destroys_front = true;
	settle();
	CU_ASSERT_EQUAL(w[0].told, 1);
	CU_ASSERT_EQUAL(w[1].told, 0);
	resolve_cancel(&w[1].wait);
	tear_down();
}

/* At each station of the way: posted, asking, answered but not delivered. */
static void front_goes_under_way(void)
{
	for (int station = 0; station < 3; station++) {
		struct waiter w;

		set_up();
		fake_addr(fake_row("a.example", RESOLVE_A), "192.0.2.1");
		start(&w, key_of("a.example", 5061), NOW);
		if (station > 0)
			turn();
		if (station > 1)
			fake_answer_all(resolver->view[LEG_OUTSIDE]);
		resolve_front_destroy(&front);
		settle();
		CU_ASSERT_EQUAL(w.told, 0);
		resolve_cancel(&w.wait);
		tear_down();
	}
}

static void all_goes_under_way(void)
{
	struct waiter w;

	for (int station = 0; station < 2; station++) {
		set_up();
		start(&w, key_of("a.example", 0), NOW);
		if (station > 0)
			turn();
		tear_down();
		CU_ASSERT_EQUAL(w.told, 0);
	}
}

static void no_answer(void)
{
	struct resolve_key key = key_of("slow.example", 5061);
	struct waiter w;

	set_up();
	CU_ASSERT_EQUAL(start(&w, key, NOW), EINPROGRESS);
	turn();
	resolver_expire(resolver, now_mono_ms() + RESOLVE_JOB_MS - 1000);
	turn();
	CU_ASSERT_EQUAL(w.told, 0);
	resolver_expire(resolver, now_mono_ms() + RESOLVE_JOB_MS);
	turn();
	CU_ASSERT_EQUAL(w.told, 1);
	CU_ASSERT_EQUAL(w.err, ETIMEDOUT);
	CU_ASSERT_EQUAL(start(&w, key, NOW), EINPROGRESS); /* asked anew */
	settle();
	CU_ASSERT_EQUAL(w.err, ENOENT);
	tear_down();
}

static void cache_is_bounded(void)
{
	static struct waiter w[1025];
	char name[32];

	set_up();
	for (int i = 0; i < 1024; i++) {
		snprintf(name, sizeof(name), "n%d.example", i);
		CU_ASSERT_EQUAL(start(&w[i], key_of(name, 5061), NOW),
				EINPROGRESS);
	}
	CU_ASSERT_EQUAL(start(&w[1024], key_of("more.example", 5061), NOW),
			ENOMEM);
	settle();
	CU_ASSERT_EQUAL(start(&w[0], key_of("n0.example", 5061), NOW), ENOENT);
	CU_ASSERT_EQUAL(start(&w[1024], key_of("more.example", 5061), NOW),
			EINPROGRESS);
	settle();
	CU_ASSERT_EQUAL(start(&w[0], key_of("n0.example", 5061), NOW), ENOENT);
	CU_ASSERT_EQUAL(start(&w[1], key_of("n1.example", 5061), NOW),
			EINPROGRESS); /* least recently used: gone */
	settle();
	tear_down();
}

static void reload(void)
{
	char why[WHY_MAX];
	struct waiter w;

	set_up();
	fake_addr(fake_row("a.example", RESOLVE_A), "192.0.2.1");
	look("a.example", 5061);
	start(&w, key_of("b.example", 5061), NOW);
	turn();
	fake_addr(fake_row("b.example", RESOLVE_A), "192.0.2.2");
	CU_ASSERT_EQUAL(resolver_reload(resolver, &other_snapshot, why), 0);
	resolve_front_reload(front, &other_snapshot);
	settle();
	CU_ASSERT_EQUAL(w.told, 1);
	CU_ASSERT_EQUAL(w.list.n, 1);
	CU_ASSERT_EQUAL(fake_asked[fake_asks - 1].servers, 0);
	look("a.example", 5061);
	look("b.example", 5061);
	look(home_name, 5061);
	CU_ASSERT_EQUAL(fake_count("a.example", RESOLVE_A), 2);
	CU_ASSERT_EQUAL(fake_count("b.example", RESOLVE_A), 3);
	CU_ASSERT_EQUAL(fake_count(home_name, RESOLVE_A), 1);
	tear_down();
}

static void reload_fails(void)
{
	char why[WHY_MAX] = "";

	set_up();
	fake_view_fails = true;
	CU_ASSERT_EQUAL(resolver_reload(resolver, &other_snapshot, why),
			EINVAL);
	CU_ASSERT_STRING_EQUAL(why, "no view today");
	fake_addr(fake_row("a.example", RESOLVE_A), "192.0.2.1");
	CU_ASSERT_STRING_EQUAL(look("a.example", 5061), "192.0.2.1:5061");
	CU_ASSERT_EQUAL(fake_asked[0].servers, 1);
	tear_down();
}

TEST_MAIN("net/resolve", {"IP literals answer at once", literals},
	  {"what is no name is not asked for", not_a_name},
	  {"the settings' hosts answer at once", hosts},
	  {"each leg asks its servers for its families", families_asked},
	  {"an answer is kept for its time to live", kept_for_ttl},
	  {"that time has bounds", ttl_bounds},
	  {"a failure is kept five seconds", negative},
	  {"many waiters, one question", one_question_for_many},
	  {"cancelling is safe, inside another's answer too", cancelling},
	  {"a waiter may ask again inside its answer",
	   asking_inside_the_answer},
	  {"the front may go inside an answer", front_goes_inside_the_answer},
	  {"the front may go while an answer travels", front_goes_under_way},
	  {"everything may go while a question travels", all_goes_under_way},
	  {"five seconds without an answer end a lookup", no_answer},
	  {"the cache is bounded, what is unused goes first", cache_is_bounded},
	  {"a reload asks again with the new servers and hosts", reload},
	  {"a reload that fails changes nothing", reload_fails})
