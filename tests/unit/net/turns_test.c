/*
 * turns_test.c - several threads run turns, each taker's one at a time, and no
 * more of them than there is work for.
 *
 * Time here passes in turns or in waits, as a test says.
 */
#include "base/now.h"
#include "turns.h"

#include "../cunit_main.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

#define THREADS 4
#define TAKERS	3
#define LONG_NS 100000000

/** One whose turns are counted. */
struct taker {
	struct turn_taker pub;
	atomic_uint inside, turns, met; /* met: another was inside */
	uv_sem_t ran;
	uv_sem_t *until; /* its turn lasts until this is posted, or NULL */
};

static struct turns *place;
static struct taker taker[TAKERS];
static uv_thread_t thread[THREADS];
static atomic_bool active[THREADS]; /* had a turn */
static _Thread_local unsigned me;

static _Atomic uint64_t clock_ns;
static atomic_uint turn_lasts_ns, wait_lasts_ns;
static atomic_uint waiting;
static atomic_bool looks; /* who stands by looks, again and again */

uint64_t now_mono_ns(void)
{
	return clock_ns;
}

int epoll_wait(int fd, struct epoll_event *ev, int n, int timeout)
{
	int got;

	clock_ns += wait_lasts_ns;
	waiting++;
	got = epoll_pwait(fd, ev, n, timeout, NULL);
	waiting--;
	return got;
}

int uv_cond_timedwait(uv_cond_t *cond, uv_mutex_t *lock, uint64_t timeout)
{
	CU_ASSERT_TRUE(timeout > 0);
	if (looks) {
		uv_mutex_unlock(lock);
		sched_yield();
		uv_mutex_lock(lock);
		return UV_ETIMEDOUT;
	}
	uv_cond_wait(cond, lock);
	return 0;
}

static bool run(void *who)
{
	struct taker *t = who;
	uint64_t n;

	if (atomic_fetch_add(&t->inside, 1) > 0)
		atomic_fetch_add(&t->met, 1);
	CU_ASSERT_EQUAL(read(t->pub.fd, &n, sizeof(n)), sizeof(n));
	active[me] = true;
	clock_ns += turn_lasts_ns;
	atomic_fetch_add(&t->turns, 1);
	if (t->until)
		uv_sem_wait(t->until);
	atomic_fetch_sub(&t->inside, 1);
	uv_sem_post(&t->ran);
	return false;
}

/* There is always more to do, and no call needed for it. */
static bool run_for_ever(void *who)
{
	struct taker *t = who;

	if (atomic_fetch_add(&t->turns, 1) == 1)
		uv_sem_post(&t->ran);
	return true;
}

static void serve(void *arg)
{
	me = (unsigned)((uv_thread_t *)arg - thread);
	turns_serve(place);
}

static void call(struct taker *t)
{
	uint64_t one = 1;

	CU_ASSERT_EQUAL(write(t->pub.fd, &one, sizeof(one)), sizeof(one));
}

static void call_each(unsigned times)
{
	while (times--) {
		for (int i = 0; i < TAKERS; i++)
			call(&taker[i]);
		for (int i = 0; i < TAKERS; i++)
			uv_sem_wait(&taker[i].ran);
	}
}

static unsigned threads_active(void)
{
	unsigned n = 0;

	for (int i = 0; i < THREADS; i++)
		n += active[i];
	return n;
}

static void begin_with(turns_fn *fn, bool with_looks)
{
	turn_lasts_ns = wait_lasts_ns = 0;
	looks = with_looks;
	CU_ASSERT_EQUAL_FATAL(turns_create(&place, fn), 0);
	for (int i = 0; i < TAKERS; i++) {
		taker[i].pub.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		taker[i].pub.who = &taker[i];
		taker[i].until = NULL;
		taker[i].inside = taker[i].turns = taker[i].met = 0;
		uv_sem_init(&taker[i].ran, 0);
		CU_ASSERT_EQUAL_FATAL(turns_add(place, &taker[i].pub), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		active[i] = false;
		uv_thread_create(&thread[i], serve, &thread[i]);
	}
}

static void begin(turns_fn *fn)
{
	begin_with(fn, false);
}

static void end(void)
{
	turns_stop(place);
	for (int i = 0; i < THREADS; i++)
		uv_thread_join(&thread[i]);
	for (int i = 0; i < TAKERS; i++) {
		close(taker[i].pub.fd);
		uv_sem_destroy(&taker[i].ran);
	}
	turns_destroy(&place);
	CU_ASSERT_PTR_NULL(place);
}

static void each_call_gets_a_turn(void)
{
	begin(run);
	call_each(100);
	end();
	for (int i = 0; i < TAKERS; i++)
		CU_ASSERT_EQUAL(taker[i].turns, 100);
}

static void one_who_is_called_in_its_turn_gets_another_behind_it(void)
{
	uv_sem_t until;

	begin(run);
	uv_sem_init(&until, 0);
	taker[0].until = &until;
	call(&taker[0]);
	while (atomic_load(&taker[0].turns) == 0)
		;
	for (int n = 0; n < 10; n++)
		call(&taker[0]);
	CU_ASSERT_EQUAL(taker[0].turns, 1);
	uv_sem_post(&until);
	uv_sem_post(&until);
	uv_sem_wait(&taker[0].ran);
	uv_sem_wait(&taker[0].ran);
	end();
	CU_ASSERT_EQUAL(taker[0].turns, 2);
	CU_ASSERT_EQUAL(taker[0].met, 0);
	uv_sem_destroy(&until);
}

static void nobody_is_in_its_turn_twice(void)
{
	begin_with(run, true);
	turn_lasts_ns = LONG_NS;
	for (int n = 0; n < 10000; n++)
		call(&taker[n % TAKERS]);
	for (int i = 0; i < TAKERS; i++)
		uv_sem_wait(&taker[i].ran);
	end();
	for (int i = 0; i < TAKERS; i++) {
		CU_ASSERT_TRUE(taker[i].turns > 0);
		CU_ASSERT_EQUAL(taker[i].met, 0);
	}
}

static void little_work_stays_on_one_thread(void)
{
	begin(run);
	wait_lasts_ns = LONG_NS;
	call_each(100);
	CU_ASSERT_EQUAL(threads_active(), 1);
	end();
}

static void one_that_hardly_pauses_gets_help(void)
{
	begin(run);
	turn_lasts_ns = LONG_NS;
	while (threads_active() < 2)
		call_each(1);
	end();
}

static bool at_most_one_waits(void)
{
	for (int i = 0; i < 1000; i++) {
		if (waiting > 1)
			return false;
		sched_yield();
	}
	return true;
}

/* Fails by never coming back. */
static void comes_down_to_one(void)
{
	turn_lasts_ns = 0;
	wait_lasts_ns = LONG_NS;
	do
		call_each(1);
	while (!at_most_one_waits());
}

static void help_goes_when_there_is_little_to_do(void)
{
	begin(run);
	turn_lasts_ns = LONG_NS;
	while (threads_active() < THREADS)
		call_each(1);
	comes_down_to_one();
	end();
}

static void one_that_waits_needs_no_help(void)
{
	begin_with(run, true);
	comes_down_to_one();
	end();
}

static void one_that_is_held_up_holds_up_nobody(void)
{
	uv_sem_t until;

	begin_with(run, true);
	uv_sem_init(&until, 0);
	taker[0].until = taker[1].until = &until;
	call(&taker[0]);
	call(&taker[1]);
	while (taker[0].turns + taker[1].turns < 2)
		;
	call(&taker[2]);
	uv_sem_wait(&taker[2].ran);
	uv_sem_post(&until);
	uv_sem_post(&until);
	end();
	uv_sem_destroy(&until);
}

static void help_stays_while_one_is_held_up(void)
{
	uv_sem_t until;

	begin_with(run, true);
	uv_sem_init(&until, 0);
	taker[0].until = &until;
	call(&taker[0]);
	while (taker[0].turns == 0)
		;
	call(&taker[1]);
	uv_sem_wait(&taker[1].ran);
	looks = false;
	wait_lasts_ns = LONG_NS;
	for (int n = 0; n < 100; n++) {
		call(&taker[1]);
		uv_sem_wait(&taker[1].ran);
	}
	uv_sem_post(&until);
	end();
	uv_sem_destroy(&until);
}

static void one_who_never_comes_to_an_end_is_stopped(void)
{
	begin(run_for_ever);
	call(&taker[0]);
	uv_sem_wait(&taker[0].ran);
	end();
	CU_ASSERT_TRUE(taker[0].turns > 1);
}

static void stopped_before_it_began_it_serves_nobody(void)
{
	CU_ASSERT_EQUAL_FATAL(turns_create(&place, run), 0);
	turns_stop(place);
	turns_serve(place);
	turns_destroy(&place);
	turns_destroy(&place);
}

TEST_MAIN("net/turns", {"each call gets a turn", each_call_gets_a_turn},
	  {"one who is called in its turn gets another behind it",
	   one_who_is_called_in_its_turn_gets_another_behind_it},
	  {"nobody is in its turn twice", nobody_is_in_its_turn_twice},
	  {"little work stays on one thread", little_work_stays_on_one_thread},
	  {"one that hardly pauses gets help",
	   one_that_hardly_pauses_gets_help},
	  {"help goes when there is little to do",
	   help_goes_when_there_is_little_to_do},
	  {"one that waits needs no help", one_that_waits_needs_no_help},
	  {"one that is held up holds up nobody",
	   one_that_is_held_up_holds_up_nobody},
	  {"help stays while one is held up", help_stays_while_one_is_held_up},
	  {"one who never comes to an end is stopped",
	   one_who_never_comes_to_an_end_is_stopped},
	  {"stopped before it began it serves nobody",
	   stopped_before_it_began_it_serves_nobody})
