/**
 * @file turns.h
 * Who runs which worker next, when there are several.
 *
 * Workers share nothing, but their threads do: any thread may run any worker's
 * turn, one at a time. One thread does it all while that is enough: a light
 * load, on however many workers, stays in one CPU's caches. One that hardly
 * pauses, or is held up in a turn, gets help.
 */
#ifndef NET_TURNS_H
#define NET_TURNS_H

#include <stdbool.h>

/** The place where turns are taken. */
struct turns;

/** One that has turns; lives as long as the place. */
struct turn_taker {
	int fd; /* readable when there is something to do; borrowed */
	void *who;
};

/**
 * Run one turn.
 *
 * @param who  whose; nobody else runs it meanwhile
 * @return     true when it needs another at once
 */
typedef bool turns_fn(void *who);

/**
 * Make it.
 *
 * @param out  the place
 * @param run  runs a turn
 * @return     0 or an errno
 */
int turns_create(struct turns **out, turns_fn *run);

/**
 * Let one take turns from now on. From any thread.
 *
 * @param t      place
 * @param taker  borrowed
 * @return       0 or an errno
 */
int turns_add(struct turns *t, struct turn_taker *taker);

/**
 * Run turns until turns_stop(). For any number of threads.
 *
 * @param t  place
 */
void turns_serve(struct turns *t);

/**
 * Send all threads home, once their turns are over. From any thread.
 *
 * @param t  place
 */
void turns_stop(struct turns *t);

/**
 * Free it, when no thread is there any more.
 *
 * @param t  place; set to NULL, NULL inside is fine
 */
void turns_destroy(struct turns **t);

#endif
