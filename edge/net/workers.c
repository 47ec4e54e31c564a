/*
 * workers.c - the set of workers and their threads.
 */
#include "conn_say.h"
#include "worker_state.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define GATE_PEERS    65536
#define FAILING_PEERS 1024

/** Places to listen, the same for each worker. */
struct doors {
	struct listener_door *v;
	unsigned n;
};

static struct gate_limits gate_limits_of(const struct limits *l)
{
	return (struct gate_limits){
		.connections = l->unauth_connections,
		.rate = l->unauth_rate,
		.half_open = l->half_open,
		.peers = GATE_PEERS,
	};
}

static void add_doors(struct doors *d, const struct settings *s, enum leg leg,
		      enum conn_door door, uint16_t port)
{
	const struct leg_settings *l = &s->leg[leg];

	for (size_t i = 0; i < l->addresses; i++) {
		struct listener_door *at = &d->v[d->n++];

		at->leg = leg;
		at->door = door;
		at->addr = l->address[i];
		if (at->addr.sa.sa_family == AF_INET)
			at->addr.in4.sin_port = htons(port);
		else
			at->addr.in6.sin6_port = htons(port);
	}
}

static int list_doors(struct doors *d, const struct settings *s)
{
	const struct leg_settings *out = &s->leg[LEG_OUTSIDE];
	const struct leg_settings *in = &s->leg[LEG_INSIDE];

	d->n = 0;
	d->v = calloc(3 * (out->addresses + in->addresses) + 1, sizeof(*d->v));
	if (!d->v)
		return ENOMEM;
	add_doors(d, s, LEG_OUTSIDE, DOOR_TLS, out->tls_port);
	add_doors(d, s, LEG_INSIDE, DOOR_TLS, in->tls_port);
	if (out->users_port)
		add_doors(d, s, LEG_OUTSIDE, DOOR_USERS, out->users_port);
	if (s->devices_enabled)
		add_doors(d, s, s->device_leg, DOOR_DEVICE, s->device_port);
	return 0;
}

static void say_listening(const struct listener_door *at)
{
	static const char *const doors[] = {"tls", "users", "device"};
	char text[ADDR_TEXT_MAX];

	log_event(LOG_LEVEL_NOTICE, "net", "listen", "at=%s leg=%s door=%s",
		  addr_text(&at->addr, text), settings_leg_word(at->leg),
		  doors[at->door]);
}

static int add_listener(struct worker_inner *w, struct listener_door *at,
			bool shared, char *why)
{
	struct listener *l = &w->listener[w->listeners];
	int fd, err = listener_bind(&fd, at, shared, why);

	if (err)
		return err;
	err = listener_open(l, w, fd, at);
	if (err) {
		close(fd);
		snprintf(why, WHY_MAX, "cannot watch a socket: %s",
			 strerror(err));
		return err;
	}
	w->listeners++;
	return 0;
}

/* The first worker finds port 0's number; the others get the same. */
static int open_door(struct workers *ws, struct listener_door *at, char *why)
{
	bool shared = ws->count > 1;
	int err = shared ? listener_probe(at, why) : 0;

	for (unsigned i = 0; i < ws->count && !err; i++)
		err = add_listener(ws->worker[i], at, shared, why);
	if (!err)
		say_listening(at);
	return err;
}

static int open_doors(struct workers *ws, char *why)
{
	struct doors doors;
	int err = list_doors(&doors, ws->setup.settings);

	for (unsigned i = 0; i < ws->count && !err; i++) {
		struct worker_inner *w = ws->worker[i];

		w->listener = calloc(doors.n + 1, sizeof(*w->listener));
		if (!w->listener)
			err = ENOMEM;
	}
	for (unsigned i = 0; i < doors.n && !err; i++)
		err = open_door(ws, &doors.v[i], why);
	free(doors.v);
	return err;
}

/* With one worker its loop waits itself. */
static void serve(struct worker_inner *w)
{
	struct workers *ws = w->set;

	if (!ws->turns) {
		uv_run(&w->loop, UV_RUN_DEFAULT);
		return;
	}
	turns_serve(ws->turns);
	/* Nobody is in a turn any more. */
	uv_barrier_wait(&ws->barrier);
}

static int take_turns(struct worker_inner *w)
{
	w->taker = (struct turn_taker){uv_backend_fd(&w->loop), w};
	uv_prepare_stop(&w->prepare); /* worker_turn() does its work */
	while (worker_turn(w))
		;
	return turns_add(w->set->turns, &w->taker);
}

static void stop_loop(struct post *p, void *arg)
{
	struct worker_inner *w = arg;

	(void)p;
	uv_stop(&w->loop);
}

/*
 * Jobs are owned by whom they were posted to, and running one may post
 * another: all workers clear their postboxes together, until a round in which
 * none of them had any.
 */
static void clear_jobs(struct worker_inner *w)
{
	struct workers *ws = w->set;

	for (unsigned round = 0;; round++) {
		atomic_uint *ran = &ws->ran[round % 2];

		uv_barrier_wait(&ws->barrier);
		atomic_fetch_add(ran, (unsigned)postbox_run(w->pub.box));
		conns_turn(&w->conns);
		uv_barrier_wait(&ws->barrier);
		if (atomic_load(ran) == 0)
			return;
		uv_barrier_wait(&ws->barrier);
		atomic_store(ran, 0);
	}
}

/* A batch thread that wakes waits for the one that runs on its CPU to pause
 * (sched(7)), and so finds more at once and breaks in on nobody; on a CPU
 * that is free it runs as soon. Needs no privilege; where a sandbox forbids
 * it, all works as before.
 */
static void be_batch(struct worker_inner *w)
{
	int err = pthread_setschedparam(pthread_self(), SCHED_BATCH,
					&(struct sched_param){0});

	if (err)
		log_event(LOG_LEVEL_INFO, "net", "not-batch",
			  "worker=%u why=\"%s\"", w->pub.index, strerror(err));
}

static void worker_main(void *arg)
{
	struct worker_inner *w = arg;
	const struct worker_setup *setup = w->setup;

	be_batch(w);
	worker_tick(&w->pub);
	if (setup->start)
		w->start_err = setup->start(&w->pub, setup->arg);
	w->started = w->start_err == 0;
	if (!w->started)
		worker_shut(w);
	else if (w->set->turns)
		w->start_err = take_turns(w);
	uv_sem_post(&w->set->started);
	serve(w);
	worker_shut(w);
	clear_jobs(w);
	if (w->started && setup->stop)
		setup->stop(&w->pub, setup->arg);
	resolve_front_destroy(&w->pub.resolve);
}

/* Signals are the main thread's, but for those that tell of our own bugs. */
static int start_thread(struct worker_inner *w)
{
	static const int bugs[] = {SIGSEGV, SIGBUS,  SIGFPE,
				   SIGILL,  SIGTRAP, SIGABRT};
	sigset_t all, old;
	int err;

	sigfillset(&all);
	for (size_t i = 0; i < sizeof(bugs) / sizeof(bugs[0]); i++)
		sigdelset(&all, bugs[i]);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = -uv_thread_create(&w->thread, worker_main, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!err)
		w->set->running++;
	return err;
}

static int start_threads(struct workers *ws, char *why)
{
	int err = 0;

	for (unsigned i = 0; i < ws->count && !err; i++)
		err = start_thread(ws->worker[i]);
	for (unsigned i = 0; i < ws->running; i++)
		uv_sem_wait(&ws->started);
	for (unsigned i = 0; i < ws->running && !err; i++)
		err = ws->worker[i]->start_err;
	if (err)
		snprintf(why, WHY_MAX, "cannot start a worker: %s",
			 strerror(err));
	return err;
}

static int create_workers(struct workers *ws)
{
	struct gate_limits limits = gate_limits_of(&ws->setup.settings->limits);
	int err = gate_create(&ws->gate, &limits);

	if (!err && ws->count > 1)
		err = turns_create(&ws->turns, worker_turn);
	if (!err)
		err = failures_create(&ws->failures, FAILING_PEERS);
	for (unsigned i = 0; i < ws->count && !err; i++)
		err = worker_create(&ws->worker[i], ws, i);
	return err;
}

static int bring_up(struct workers *ws, char *why)
{
	int err = create_workers(ws);

	if (!err)
		err = open_doors(ws, why);
	if (!err)
		err = start_threads(ws, why);
	if (err && !why[0])
		snprintf(why, WHY_MAX, "cannot make the workers: %s",
			 strerror(err));
	return err;
}

static int workers_new(struct workers **out, const struct worker_setup *setup)
{
	unsigned count = setup->settings->workers;
	struct workers *ws =
		calloc(1, sizeof(*ws) + count * sizeof(ws->worker[0]));

	if (!ws)
		return ENOMEM;
	ws->setup = *setup;
	ws->count = count;
	if (uv_sem_init(&ws->started, 0)) {
		free(ws);
		return ENOMEM;
	}
	if (uv_barrier_init(&ws->barrier, count)) {
		uv_sem_destroy(&ws->started);
		free(ws);
		return ENOMEM;
	}
	*out = ws;
	return 0;
}

int workers_start(struct workers **out, const struct worker_setup *setup,
		  char *why)
{
	struct workers *ws;
	int err;

	why[0] = '\0';
	err = workers_new(&ws, setup);
	if (err)
		return err;
	err = bring_up(ws, why);
	if (err) {
		workers_stop(&ws);
		return err;
	}
	*out = ws;
	return 0;
}

/* Not all of them came up: those that did must not wait for the others. */
static void fit_barrier(struct workers *ws)
{
	if (ws->running == ws->count || ws->running == 0)
		return;
	uv_barrier_destroy(&ws->barrier);
	if (uv_barrier_init(&ws->barrier, ws->running))
		abort();
}

static void join(struct workers *ws)
{
	fit_barrier(ws);
	if (ws->turns)
		turns_stop(ws->turns);
	for (unsigned i = 0; i < ws->running && !ws->turns; i++) {
		ws->worker[i]->stop_post.fn = stop_loop;
		postbox_put(ws->worker[i]->pub.box, &ws->worker[i]->stop_post);
	}
	for (unsigned i = 0; i < ws->running; i++)
		uv_thread_join(&ws->worker[i]->thread);
}

void workers_stop(struct workers **out)
{
	struct workers *ws = *out;

	*out = NULL;
	if (!ws)
		return;
	join(ws);
	for (unsigned i = ws->running; i < ws->count; i++) {
		if (ws->worker[i])
			worker_shut(ws->worker[i]);
	}
	for (unsigned i = 0; i < ws->count; i++)
		worker_destroy(&ws->worker[i]);
	turns_destroy(&ws->turns);
	gate_destroy(&ws->gate);
	conn_say_rest(ws->failures);
	failures_destroy(&ws->failures);
	uv_barrier_destroy(&ws->barrier);
	uv_sem_destroy(&ws->started);
	free(ws);
}

/** A new snapshot on its way to one worker. */
struct reload_post {
	struct post post;
	const struct settings *settings;
	const struct tlsctx *tls;
};

/* Connections keep the contexts that they were made with. */
static void take_reload(struct post *p, void *arg)
{
	struct reload_post *r = (struct reload_post *)(void *)p;
	struct worker_inner *w = arg;

	settings_unref(&w->pub.settings);
	tlsctx_unref(&w->tls);
	w->pub.settings = r->settings;
	w->tls = w->conns.tls = r->tls;
	free(r);
	conns_limits(&w->conns);
	if (w->pub.resolve)
		resolve_front_reload(w->pub.resolve, w->pub.settings);
	if (w->started && w->setup->reloaded)
		w->setup->reloaded(&w->pub, w->setup->arg);
	conns_judge(&w->conns);
}

/* All or none: what each worker gets is made before the first one gets it. */
static struct reload_post **make_reloads(unsigned n)
{
	struct reload_post **r = calloc(n + 1, sizeof(struct reload_post *));

	for (unsigned i = 0; r && i < n; i++) {
		r[i] = calloc(1, sizeof(*r[i]));
		if (r[i])
			continue;
		while (i-- > 0)
			free(r[i]);
		free(r);
		return NULL;
	}
	return r;
}

void workers_reload(struct workers *ws, const struct settings *s,
		    const struct tlsctx *tls)
{
	struct gate_limits limits = gate_limits_of(&s->limits);
	struct reload_post **r = make_reloads(ws->count);

	if (!r) {
		log_event(LOG_LEVEL_ERROR, "net", "reload", "error=no-memory");
		return;
	}
	gate_set(ws->gate, &limits);
	for (unsigned i = 0; i < ws->count; i++) {
		r[i]->post.fn = take_reload;
		r[i]->settings = settings_ref(s);
		r[i]->tls = tlsctx_ref(tls);
		postbox_put(ws->worker[i]->pub.box, &r[i]->post);
	}
	free(r);
}

static void begin_drain(struct post *p, void *arg)
{
	(void)p;
	worker_drain(arg);
}

void workers_drain(struct workers *ws, void (*done)(void *arg), void *arg)
{
	assert(!ws->drained);
	ws->drained = done;
	ws->drained_arg = arg;
	atomic_store(&ws->draining, ws->count);
	for (unsigned i = 0; i < ws->count; i++) {
		ws->worker[i]->drain_post.fn = begin_drain;
		postbox_put(ws->worker[i]->pub.box, &ws->worker[i]->drain_post);
	}
}

int workers_listen_at(const struct workers *ws, enum leg leg,
		      enum conn_door door, union addr *out)
{
	const struct worker_inner *w = ws->worker[0];

	for (unsigned i = 0; i < w->listeners; i++) {
		const struct listener_door *at = &w->listener[i].at;

		if (at->leg == leg && at->door == door) {
			*out = at->addr;
			return 0;
		}
	}
	return ENOENT;
}

void worker_post(struct worker *w, unsigned index, struct post *p)
{
	assert(worker_exists(w, index));
	postbox_put(worker_inner(w)->set->worker[index]->pub.box, p);
}

bool worker_exists(const struct worker *w, unsigned index)
{
	return index < w->count;
}
