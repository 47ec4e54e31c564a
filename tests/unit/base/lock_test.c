/*
 * lock_test.c - one at a time.
 */
#include "base/lock.h"

#include "cunit_main.h"

#include <errno.h>

#define THREADS 4
#define ROUNDS	20000

static struct {
	struct lock lock;
	int inside;
	long count;
	int crowded;
} room;

static void *go_in_and_out(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		lock_take(&room.lock);
		room.crowded += room.inside++ != 0;
		room.count++;
		room.inside--;
		lock_give(&room.lock);
	}
	return NULL;
}

static void one_at_a_time(void)
{
	pthread_t thread[THREADS];

	room.count = room.crowded = room.inside = 0;
	lock_init(&room.lock);
	for (int i = 0; i < THREADS; i++)
		CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL,
						     go_in_and_out, NULL),
				      0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	CU_ASSERT_EQUAL(room.count, THREADS * (long)ROUNDS);
	CU_ASSERT_EQUAL(room.crowded, 0);
	lock_fini(&room.lock);
}

static void open_again_after_give(void)
{
	struct lock l;

	lock_init(&l);
	CU_ASSERT_EQUAL(pthread_mutex_trylock(&l.mutex), 0);
	pthread_mutex_unlock(&l.mutex);
	lock_take(&l);
	CU_ASSERT_EQUAL(pthread_mutex_trylock(&l.mutex), EBUSY);
	lock_give(&l);
	CU_ASSERT_EQUAL(pthread_mutex_trylock(&l.mutex), 0);
	pthread_mutex_unlock(&l.mutex);
	lock_fini(&l);
}

TEST_MAIN("base/lock", {"one thread at a time is inside", one_at_a_time},
	  {"it is closed while held, and open after", open_again_after_give})
