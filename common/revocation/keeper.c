/*
 * keeper.c - the thread that keeps lists and staples fresh.
 */
#include "keeper_room.h"

#include "base/now.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define LOOK_MS 60000u /* at files, and at how the legs stand */

static void wake(struct crl_keeper *k)
{
	k->again = true;
	pthread_cond_signal(&k->woken);
}

/* By any thread, the board locked. */
static void poked(void *arg)
{
	struct crl_keeper *k = arg;

	pthread_mutex_lock(&k->mutex);
	wake(k);
	pthread_mutex_unlock(&k->mutex);
}

/* However many slow servers strangers name, they wait behind our own. */
static uint64_t turn_ms(const struct crl_task *t, uint64_t now_ms)
{
	bool late = t->point->by == CRL_BY_PEER && t->due_ms < now_ms;

	return late ? now_ms : t->due_ms;
}

struct crl_task *crl_keeper_next(struct crl_keeper *k, uint64_t now_ms)
{
	struct crl_task *next = NULL;

	for (size_t i = 0; i < k->tasks; i++) {
		struct crl_task *t = &k->task[i];

		if (!next || turn_ms(t, now_ms) < turn_ms(next, now_ms))
			next = t;
	}
	return next;
}

static struct timespec moment(uint64_t ms)
{
	return (struct timespec){
		.tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000,
	};
}

/* Until a task is due, something is new, or a while is over. */
static void rest(struct crl_keeper *k, uint64_t now_ms)
{
	const struct crl_task *next = crl_keeper_next(k, now_ms);
	uint64_t until = now_ms + LOOK_MS;
	struct timespec at;

	if (next && next->due_ms < until)
		until = next->due_ms;
	at = moment(until);
	pthread_mutex_lock(&k->mutex);
	if (!k->stop && !k->again)
		pthread_cond_timedwait(&k->woken, &k->mutex, &at);
	pthread_mutex_unlock(&k->mutex);
}

/* True: what the board has is to be looked at. */
static bool take_again(struct crl_keeper *k, bool *stop)
{
	bool again;

	pthread_mutex_lock(&k->mutex);
	again = k->again;
	k->again = false;
	*stop = k->stop;
	pthread_mutex_unlock(&k->mutex);
	return again;
}

static void *keep(void *arg)
{
	struct crl_keeper *k = arg;
	bool stop = false;

	while (!stop) {
		uint64_t now_ms = now_mono_ms();
		struct crl_task *next;

		if (take_again(k, &stop))
			crl_keeper_gather(k);
		if (stop)
			break;
		crl_keeper_say(k);
		next = crl_keeper_next(k, now_ms);
		if (next && next->due_ms <= now_ms)
			crl_keeper_run(k, next);
		else
			rest(k, now_ms);
	}
	return NULL;
}

/* Signals are the main thread's. */
static int start(struct crl_keeper *k)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&k->thread, NULL, keep, k);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}

static void init_locks(struct crl_keeper *k)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&k->woken, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&k->mutex, NULL);
}

static void keeper_free(struct crl_keeper *k)
{
	for (size_t i = 0; i < k->tasks; i++)
		crl_task_fini(&k->task[i]);
	free(k->task);
	pthread_cond_destroy(&k->woken);
	pthread_mutex_destroy(&k->mutex);
	curl_global_cleanup();
	free(k);
}

int crl_keeper_create(struct crl_keeper **out, struct crl_board *b,
		      const struct settings *s, void (*changed)(void *arg),
		      void *arg, char *why)
{
	struct crl_keeper *k = calloc(1, sizeof(*k));
	int err;

	*out = NULL;
	if (!k || curl_global_init(CURL_GLOBAL_DEFAULT)) {
		free(k);
		snprintf(why, WHY_MAX, "out of memory");
		return ENOMEM;
	}
	k->board = b;
	k->changed = changed;
	k->arg = arg;
	k->again = k->reloaded = true;
	init_locks(k);
	crl_keeper_say_environment();
	crl_cache_prune(s->state_dir, now_wall_s());
	crl_board_on_learn(b, poked, k);
	err = start(k);
	if (err) {
		crl_board_on_learn(b, NULL, NULL);
		snprintf(why, WHY_MAX, "cannot start a thread: %s",
			 strerror(err));
		keeper_free(k);
		return err;
	}
	*out = k;
	return 0;
}

void crl_keeper_reload(struct crl_keeper *k)
{
	pthread_mutex_lock(&k->mutex);
	k->reloaded = true;
	wake(k);
	pthread_mutex_unlock(&k->mutex);
}

void crl_keeper_destroy(struct crl_keeper **kp)
{
	struct crl_keeper *k = *kp;

	*kp = NULL;
	if (!k)
		return;
	crl_board_on_learn(k->board, NULL, NULL);
	atomic_store(&k->give_up, true);
	pthread_mutex_lock(&k->mutex);
	k->stop = true;
	pthread_cond_signal(&k->woken);
	pthread_mutex_unlock(&k->mutex);
	pthread_join(k->thread, NULL);
	keeper_free(k);
}
