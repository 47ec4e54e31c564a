/*
 * deadline_test.c - timers run out in order, once, and not after a stop.
 */
#include "base/deadline.h"

#include "cunit_main.h"

/** A timer that remembers. */
struct alarm {
	struct deadline d;
	char name;
};

/** What callbacks wrote down, and what they are told to do. */
static struct {
	char ran[64];
	struct deadline_queue *again; /* start over on this queue */
	struct deadline *stop;	      /* stop this one */
} diary;

static void ring(struct deadline *d, uint64_t now_ms, void *arg)
{
	struct alarm *a = (struct alarm *)(void *)d;
	size_t n = strlen(diary.ran);

	CU_ASSERT_FALSE(deadline_running(d));
	CU_ASSERT_TRUE(d->due_ms <= now_ms);
	CU_ASSERT_PTR_EQUAL(arg, &diary);
	diary.ran[n] = a->name;
	if (diary.stop)
		deadline_stop(diary.stop);
	if (diary.again)
		deadline_start(diary.again, d, now_ms);
}

static struct deadline_clock clock_;
static struct deadline_queue second, minute;
static struct alarm a, b, c;

static void set_up(void)
{
	memset(&diary, 0, sizeof(diary));
	a = (struct alarm){.name = 'a'};
	b = (struct alarm){.name = 'b'};
	c = (struct alarm){.name = 'c'};
	deadline_clock_init(&clock_);
	deadline_queue_init(&second, &clock_, 1000, ring, &diary);
	deadline_queue_init(&minute, &clock_, 60000, ring, &diary);
}

static void first_started_runs_out_first(void)
{
	set_up();
	deadline_start(&second, &a.d, 100);
	deadline_start(&second, &b.d, 200);
	deadline_start(&second, &c.d, 200);
	deadline_run(&clock_, 1099);
	CU_ASSERT_STRING_EQUAL(diary.ran, "");
	deadline_run(&clock_, 1100);
	CU_ASSERT_STRING_EQUAL(diary.ran, "a");
	deadline_run(&clock_, 5000);
	CU_ASSERT_STRING_EQUAL(diary.ran, "abc");
	deadline_run(&clock_, 9000);
	CU_ASSERT_STRING_EQUAL(diary.ran, "abc");
}

static void next_is_the_earliest_of_all_queues(void)
{
	set_up();
	CU_ASSERT_EQUAL(deadline_next(&clock_), UINT64_MAX);
	deadline_start(&minute, &a.d, 1);
	CU_ASSERT_EQUAL(deadline_next(&clock_), 60001);
	deadline_start(&second, &b.d, 500);
	CU_ASSERT_EQUAL(deadline_next(&clock_), 1500);
	deadline_stop(&b.d);
	CU_ASSERT_EQUAL(deadline_next(&clock_), 60001);
	deadline_run(&clock_, 60001);
	CU_ASSERT_EQUAL(deadline_next(&clock_), UINT64_MAX);
}

static void stopped_does_not_run(void)
{
	set_up();
	CU_ASSERT_FALSE(deadline_running(&a.d));
	deadline_stop(&a.d);
	deadline_start(&second, &a.d, 0);
	CU_ASSERT_TRUE(deadline_running(&a.d));
	deadline_stop(&a.d);
	deadline_stop(&a.d);
	CU_ASSERT_FALSE(deadline_running(&a.d));
	deadline_run(&clock_, 5000);
	CU_ASSERT_STRING_EQUAL(diary.ran, "");
}

static void started_over_waits_its_whole_length(void)
{
	set_up();
	deadline_start(&second, &a.d, 0);
	deadline_start(&second, &b.d, 0);
	deadline_start(&second, &a.d, 900);
	deadline_run(&clock_, 1000);
	CU_ASSERT_STRING_EQUAL(diary.ran, "b");
	CU_ASSERT_EQUAL(deadline_next(&clock_), 1900);
	deadline_start(&minute, &a.d, 950); /* on another queue */
	deadline_run(&clock_, 2000);
	CU_ASSERT_STRING_EQUAL(diary.ran, "b");
}

static void callback_may_start_it_again(void)
{
	set_up();
	diary.again = &second;
	deadline_start(&second, &a.d, 0);
	deadline_run(&clock_, 1000);
	deadline_run(&clock_, 1999);
	CU_ASSERT_STRING_EQUAL(diary.ran, "a");
	deadline_run(&clock_, 2000);
	CU_ASSERT_STRING_EQUAL(diary.ran, "aa");
}

/* A timer of no length must not keep the thread busy for ever. */
static void length_zero_runs_once_a_turn(void)
{
	set_up();
	deadline_queue_set(&second, 0);
	diary.again = &second;
	deadline_start(&second, &a.d, 5);
	deadline_run(&clock_, 5);
	CU_ASSERT_STRING_EQUAL(diary.ran, "a");
	deadline_run(&clock_, 5);
	CU_ASSERT_STRING_EQUAL(diary.ran, "aa");
}

static void callback_may_stop_one_that_is_due_too(void)
{
	set_up();
	diary.stop = &b.d;
	deadline_start(&second, &a.d, 0);
	deadline_start(&second, &b.d, 0);
	deadline_start(&second, &c.d, 0);
	deadline_run(&clock_, 1000);
	CU_ASSERT_STRING_EQUAL(diary.ran, "ac");
	CU_ASSERT_FALSE(deadline_running(&b.d));
}

static void new_length_counts_from_now_on(void)
{
	set_up();
	deadline_start(&second, &a.d, 0);
	deadline_queue_set(&second, 3000);
	deadline_start(&second, &b.d, 0);
	deadline_run(&clock_, 1000);
	CU_ASSERT_STRING_EQUAL(diary.ran, "a");
	CU_ASSERT_EQUAL(deadline_next(&clock_), 3000);
	/* A shorter length waits behind what is queued, in order. */
	deadline_queue_set(&second, 10);
	deadline_start(&second, &c.d, 0);
	deadline_run(&clock_, 2999);
	CU_ASSERT_STRING_EQUAL(diary.ran, "a");
	deadline_run(&clock_, 3000);
	CU_ASSERT_STRING_EQUAL(diary.ran, "abc");
}

static void lists_take_and_give_back(void)
{
	struct list head, one = {0}, two, *it, *tmp;
	unsigned seen = 0;

	list_init(&head);
	list_init(&two);
	CU_ASSERT_TRUE(list_empty(&head));
	CU_ASSERT_TRUE(list_empty(&one));
	list_remove(&one);
	list_append(&head, &one);
	list_append(&head, &two);
	CU_ASSERT_PTR_EQUAL(head.next, &one);
	LIST_EACH (&head, it, tmp) {
		list_remove(it);
		seen++;
	}
	CU_ASSERT_EQUAL(seen, 2);
	CU_ASSERT_TRUE(list_empty(&head));
	CU_ASSERT_TRUE(list_empty(&two));
}

TEST_MAIN("base/deadline",
	  {"what was started first runs out first",
	   first_started_runs_out_first},
	  {"the next one is the earliest of all queues",
	   next_is_the_earliest_of_all_queues},
	  {"a stopped timer does not run", stopped_does_not_run},
	  {"a timer started over waits its whole length",
	   started_over_waits_its_whole_length},
	  {"a callback may start its timer again", callback_may_start_it_again},
	  {"a timer of no length runs once a turn",
	   length_zero_runs_once_a_turn},
	  {"a callback may stop a timer that is due too",
	   callback_may_stop_one_that_is_due_too},
	  {"a new length counts from then on", new_length_counts_from_now_on},
	  {"a list gives back what it took", lists_take_and_give_back})
