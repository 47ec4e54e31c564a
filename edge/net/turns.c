/*
 * turns.c - who runs which worker next.
 *
 * Threads have a rank. The first one polls; each calls the next when it hardly
 * pauses, and the last one called goes when it pauses most of the time. The
 * next one also looks, now and then, whether those who poll are all held up,
 * each in one turn.
 *
 * Each descriptor is armed for one event (EPOLLONESHOT): whoever is told of it
 * has the turn alone, and arms it again behind it. What came meanwhile is
 * told at once.
 */
#include "turns.h"

#include "base/now.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <uv.h>

/* How often one who polls looks whether it is too much for it, or too little,
 * and the next one whether all are held up. */
#define WINDOW_NS UINT64_C(2000000)
#define LOOK_NS	  UINT64_C(100000000)

struct turns {
	turns_fn *run;
	int epoll_fd;
	int stop_fd; /* once stopped, readable for ever */
	atomic_bool stopped;
	atomic_uint waiting; /* of those who poll, the ones in no turn */
	atomic_uint changes; /* a turn began or ended */
	atomic_uint polling; /* those of a rank below; set under the lock */
	unsigned threads;    /* under the lock */
	uv_mutex_t lock;
	uv_cond_t called;
};

/** How one who polls fared since it last looked. */
struct window {
	uint64_t since_ns, waited_ns;
};

static int arm(struct turns *t, int op, struct turn_taker *taker)
{
	struct epoll_event ev = {
		.events = EPOLLIN | EPOLLONESHOT,
		.data.ptr = taker,
	};

	return epoll_ctl(t->epoll_fd, op, taker->fd, &ev) ? errno : 0;
}

static int make_lock(struct turns *t)
{
	if (uv_mutex_init(&t->lock))
		return ENOMEM;
	if (uv_cond_init(&t->called)) {
		uv_mutex_destroy(&t->lock);
		return ENOMEM;
	}
	return 0;
}

static int open_fds(struct turns *t)
{
	struct epoll_event stop = {.events = EPOLLIN};

	t->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	t->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->epoll_fd < 0 || t->stop_fd < 0 ||
	    epoll_ctl(t->epoll_fd, EPOLL_CTL_ADD, t->stop_fd, &stop))
		return errno;
	return 0;
}

int turns_create(struct turns **out, turns_fn *run)
{
	struct turns *t = calloc(1, sizeof(*t));
	int err;

	if (!t)
		return ENOMEM;
	t->run = run;
	t->polling = 1;
	err = make_lock(t);
	if (err) {
		free(t);
		return err;
	}
	err = open_fds(t);
	if (err)
		turns_destroy(&t);
	*out = t;
	return err;
}

int turns_add(struct turns *t, struct turn_taker *taker)
{
	return arm(t, EPOLL_CTL_ADD, taker);
}

/* Let that rank poll too, if there is one. Under the lock. */
static void call_in(struct turns *t, unsigned rank)
{
	if (t->stopped || rank < t->polling || rank >= t->threads)
		return;
	t->polling = rank + 1;
	uv_cond_broadcast(&t->called);
}

static void call(struct turns *t, unsigned rank)
{
	uv_mutex_lock(&t->lock);
	call_in(t, rank);
	uv_mutex_unlock(&t->lock);
}

/* One after the other, the last one first. */
static void send_home(struct turns *t, unsigned rank)
{
	uv_mutex_lock(&t->lock);
	if (rank + 1 == t->polling)
		t->polling = rank;
	uv_mutex_unlock(&t->lock);
}

/* Nobody waits, and since the last look no turn began or ended. */
static bool held_up(struct turns *t, unsigned *seen)
{
	unsigned before = *seen;

	*seen = atomic_load(&t->changes);
	return *seen == before && atomic_load(&t->waiting) == 0;
}

static void stand_by(struct turns *t, unsigned rank)
{
	unsigned seen = atomic_load(&t->changes);

	uv_mutex_lock(&t->lock);
	while (t->polling <= rank && !atomic_load(&t->stopped)) {
		if (t->polling < rank)
			uv_cond_wait(&t->called, &t->lock);
		else if (uv_cond_timedwait(&t->called, &t->lock, LOOK_NS) &&
			 held_up(t, &seen))
			call_in(t, rank);
	}
	uv_mutex_unlock(&t->lock);
}

static void take_turn(struct turns *t, struct turn_taker *taker)
{
	atomic_fetch_add(&t->changes, 1);
	while (t->run(taker->who) && !atomic_load(&t->stopped))
		;
	atomic_fetch_add(&t->changes, 1);
	if (arm(t, EPOLL_CTL_MOD, taker))
		abort();
}

/* NULL when there is none. */
static struct turn_taker *wait_for_next(struct turns *t, struct window *w,
					uint64_t *now)
{
	struct epoll_event ev = {0};
	uint64_t before = now_mono_ns();

	atomic_fetch_add(&t->waiting, 1);
	if (epoll_wait(t->epoll_fd, &ev, 1, -1) < 0)
		ev.data.ptr = NULL;
	atomic_fetch_sub(&t->waiting, 1);
	*now = now_mono_ns();
	w->waited_ns += *now - before;
	return ev.data.ptr;
}

/* Too much to do calls the next; too little sends the last one called home, but
 * not the first, and not while all the others are in a turn.
 */
static void look_round(struct turns *t, unsigned rank, struct window *w,
		       uint64_t now)
{
	uint64_t all = now - w->since_ns;
	uint64_t waited = w->waited_ns;

	if (all < WINDOW_NS)
		return;
	*w = (struct window){.since_ns = now};
	if (waited < all / 8)
		call(t, rank + 1);
	else if (waited > all / 2 && rank > 0 && atomic_load(&t->waiting) > 0)
		send_home(t, rank);
}

static void poll_turns(struct turns *t, unsigned rank)
{
	uint64_t now = now_mono_ns();
	struct window w = {.since_ns = now};

	while (rank < atomic_load(&t->polling)) {
		struct turn_taker *next = wait_for_next(t, &w, &now);

		if (next)
			take_turn(t, next);
		look_round(t, rank, &w, now);
	}
}

void turns_serve(struct turns *t)
{
	unsigned rank;

	uv_mutex_lock(&t->lock);
	rank = t->threads++;
	uv_mutex_unlock(&t->lock);
	while (!atomic_load(&t->stopped)) {
		stand_by(t, rank);
		poll_turns(t, rank);
	}
}

void turns_stop(struct turns *t)
{
	uint64_t one = 1;

	uv_mutex_lock(&t->lock);
	t->stopped = true;
	t->polling = 0;
	uv_cond_broadcast(&t->called);
	uv_mutex_unlock(&t->lock);
	if (write(t->stop_fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

void turns_destroy(struct turns **t)
{
	if (!*t)
		return;
	if ((*t)->epoll_fd >= 0)
		close((*t)->epoll_fd);
	if ((*t)->stop_fd >= 0)
		close((*t)->stop_fd);
	uv_cond_destroy(&(*t)->called);
	uv_mutex_destroy(&(*t)->lock);
	free(*t);
	*t = NULL;
}
