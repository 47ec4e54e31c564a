/*
 * worker.c - one worker: its loop, its clock, its turn.
 *
 * A turn: poll, timers and jobs act; then, before the loop sleeps, prepare
 * writes what they queued, ends what they closed and sets the one timer.
 */
#include "worker_state.h"

#include "base/now.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define ACCEPT_PAUSE_MS 100
#define DRAIN_LOOK_MS	50

void worker_tick(struct worker *w)
{
	struct worker_inner *i = worker_inner(w);

	if (i->fresh)
		return;
	i->fresh = true;
	w->now_ms = now_mono_ms();
	w->wall_s = now_wall_s();
}

static void on_timer(uv_poll_t *timer, int status, int events)
{
	struct worker_inner *w = timer->data;
	uint64_t fired;

	(void)status;
	(void)events;
	if (read(w->timer_fd, &fired, sizeof(fired)) != sizeof(fired))
		return;
	w->armed_ms = UINT64_MAX;
	worker_tick(&w->pub);
	deadline_run(&w->pub.clock, w->pub.now_ms);
}

static void set_timer(struct worker_inner *w, uint64_t in_ms)
{
	struct itimerspec t = {
		.it_value.tv_sec = (time_t)(in_ms / 1000),
		.it_value.tv_nsec = (long)(in_ms % 1000) * 1000000,
	};

	timerfd_settime(w->timer_fd, 0, &t, NULL);
}

/*
 * A timer that is set too early only wakes us once for nothing; so it is not
 * touched each time that the first deadline moves back. A timerfd rather than
 * the loop's own timer: that would be set anew in the kernel at each wait.
 */
static void arm(struct worker_inner *w)
{
	uint64_t next = deadline_next(&w->pub.clock);
	uint64_t now_ms = w->pub.now_ms;

	if (next >= w->armed_ms)
		return;
	w->armed_ms = next;
	set_timer(w, next > now_ms ? next - now_ms : 1);
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct worker_inner *w = prepare->data;

	worker_tick(&w->pub);
	conns_turn(&w->conns);
	arm(w);
	w->fresh = false;
}

/* The loop's timeout is 0 while it has more to do, or a descriptor that it
 * does not watch yet. */
bool worker_turn(void *arg)
{
	struct worker_inner *w = arg;

	uv_run(&w->loop, UV_RUN_NOWAIT);
	on_prepare(&w->prepare);
	return uv_backend_timeout(&w->loop) == 0;
}

static void before_jobs(void *arg)
{
	worker_tick(arg);
}

static void on_drain(struct deadline *d, uint64_t now_ms, void *arg)
{
	struct worker_inner *w = arg;
	const struct worker_setup *setup = w->setup;
	bool idle = !setup->idle || setup->idle(&w->pub, setup->arg);

	if (!idle && now_ms < w->drain_until_ms) {
		deadline_start(&w->drain_queue, d, now_ms);
		return;
	}
	if (atomic_fetch_sub(&w->set->draining, 1) == 1)
		w->set->drained(w->set->drained_arg);
}

static void close_listeners(struct worker_inner *w)
{
	for (unsigned i = 0; i < w->listeners; i++)
		listener_close(&w->listener[i]);
}

void worker_drain(struct worker_inner *w)
{
	if (w->pub.draining)
		return;
	w->pub.draining = true;
	close_listeners(w);
	w->drain_until_ms = w->pub.now_ms +
			    w->pub.settings->limits.drain_s * UINT64_C(1000);
	on_drain(&w->drain, w->pub.now_ms, w);
}

static int open_handles(struct worker_inner *w)
{
	int err = uv_prepare_init(&w->loop, &w->prepare);

	if (!err)
		err = uv_prepare_start(&w->prepare, on_prepare);
	w->prepare.data = w->timer.data = w;
	if (err)
		return -err;
	w->timer_fd =
		timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (w->timer_fd < 0)
		return errno;
	err = uv_poll_init(&w->loop, &w->timer, w->timer_fd);
	w->timer.data = w;
	if (!err)
		err = uv_poll_start(&w->timer, UV_READABLE, on_timer);
	return -err;
}

static int open_conns(struct worker_inner *w)
{
	struct conns *cs = &w->conns;

	cs->worker = &w->pub;
	cs->loop = &w->loop;
	cs->tls = w->tls;
	cs->events = w->setup->events;
	cs->arg = w->setup->arg;
	cs->gate = w->set->gate;
	cs->failures = w->set->failures;
	return conns_init(cs);
}

static int open_resolve(struct worker_inner *w)
{
	if (!w->setup->resolver)
		return 0;
	return resolve_front_create(&w->pub.resolve, w->setup->resolver,
				    w->pub.box, w->pub.settings);
}

static void start_clock(struct worker_inner *w)
{
	deadline_clock_init(&w->pub.clock);
	deadline_queue_init(&w->accept_queue, &w->pub.clock, ACCEPT_PAUSE_MS,
			    listener_resume, w);
	deadline_queue_init(&w->drain_queue, &w->pub.clock, DRAIN_LOOK_MS,
			    on_drain, w);
	w->armed_ms = UINT64_MAX;
	worker_tick(&w->pub);
}

static int fill(struct worker_inner *w)
{
	int err;

	start_clock(w);
	w->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	err = postbox_create(&w->pub.box, &w->loop, &w->pub);
	if (err)
		return err;
	postbox_before(w->pub.box, before_jobs);
	err = open_handles(w);
	if (!err)
		err = open_conns(w);
	return err ? err : open_resolve(w);
}

static struct worker_inner *worker_new(struct workers *set, unsigned index)
{
	struct worker_inner *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->set = set;
	w->setup = &set->setup;
	w->pub.index = index;
	w->pub.count = set->count;
	w->pub.settings = settings_ref(set->setup.settings);
	w->tls = tlsctx_ref(set->setup.tls);
	w->spare_fd = w->timer_fd = -1;
	return w;
}

int worker_create(struct worker_inner **out, struct workers *set,
		  unsigned index)
{
	struct worker_inner *w = worker_new(set, index);
	int err;

	if (!w)
		return ENOMEM;
	err = -uv_loop_init(&w->loop);
	if (err) {
		settings_unref(&w->pub.settings);
		tlsctx_unref(&w->tls);
		free(w);
		return err;
	}
	err = fill(w);
	if (err) {
		worker_destroy(&w);
		return err;
	}
	*out = w;
	return 0;
}

void worker_shut(struct worker_inner *w)
{
	w->pub.draining = true;
	deadline_stop(&w->drain);
	close_listeners(w);
	conns_shut(&w->conns, CONN_END_SHUTDOWN);
}

static void close_handle(uv_handle_t *handle, void *arg)
{
	(void)arg;
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* Resolver answers on their way are thrown away before the postbox goes. */
void worker_destroy(struct worker_inner **out)
{
	struct worker_inner *w = *out;

	*out = NULL;
	if (!w)
		return;
	resolve_front_destroy(&w->pub.resolve);
	postbox_close(&w->pub.box);
	uv_walk(&w->loop, close_handle, NULL);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	uv_loop_close(&w->loop);
	conns_fini(&w->conns);
	settings_unref(&w->pub.settings);
	tlsctx_unref(&w->tls);
	if (w->spare_fd >= 0)
		close(w->spare_fd);
	if (w->timer_fd >= 0)
		close(w->timer_fd);
	free(w->listener);
	free(w);
}
