/*
 * main.c: the program: reads its settings, starts the workers, and then waits
 * for signals. SIGHUP reloads, SIGTERM and SIGINT drain, SIGUSR1 logs counters.
 */
#include "base/log.h"
#include "base/now.h"
#include "net/worker.h"
#include "ops/ending.h"
#include "ops/lists.h"
#include "ops/verbs.h"
#include "proxy/proxy.h"
#include "settings/settings.h"
#include "token/token.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <uv.h>

#define EXIT_USAGE	2
#define ROTATE_CHECK_MS (10 * 60 * 1000)
#define DAY_S		86400
#define SOON_S		(30 * DAY_S)

/* Everything that lives as long as the program. */
struct edge {
	const char *path;
	uv_loop_t loop;
	struct postbox *box;
	const struct settings *settings;
	const struct tlsctx *tls;
	struct lists *lists;
	const struct token_keys *keys;
	struct resolver *resolver;
	struct proxy_shared *shared;
	struct workers *workers;
	struct verbs verbs;
	struct control *control;
	uv_signal_t hup, term, intr, usr1;
	uv_timer_t rotate;
	uint64_t told_s; /* when expiring devices were told, wall clock */
	struct post drained;
	bool draining;
};

static int complain(const char *why)
{
	fprintf(stderr, "%s\n", why);
	return EXIT_FAILURE;
}

/* What one file of settings comes to. */
struct loaded {
	const struct settings *settings;
	const struct crl_set *set;
	const struct tlsctx *tls;
	const char *rule; /* by which it failed, if it did */
};

static void unload(struct loaded *l)
{
	tlsctx_unref(&l->tls);
	crl_set_unref(&l->set);
	settings_unref(&l->settings);
}

/* The settings, and the lists and certificates they name; all or nothing. */
static int load(struct loaded *out, const char *path, struct crl_board *board,
		char *why)
{
	int err;

	*out = (struct loaded){.rule = "settings-must-be-valid"};
	err = settings_load(&out->settings, path, why);
	if (err)
		return err;
	out->rule = "certificates-must-load";
	err = tlsctx_create(&out->tls, out->settings, board, why);
	if (!err) {
		/* It looks for authorities in what was just checked. */
		out->rule = "lists-must-load";
		err = crl_set_load(&out->set, out->settings, why);
	}
	if (err)
		unload(out);
	return err;
}

/* What a running edge cannot change; NULL when nothing of it changed. */
static const char *needs_restart(const struct settings *a,
				 const struct settings *b)
{
	if (a->workers != b->workers)
		return "edge.workers";
	if (a->limits.registrations != b->limits.registrations)
		return "limits.registrations";
	if (slice_of(a->state_dir).n != slice_of(b->state_dir).n ||
	    !slice_eq(slice_of(a->state_dir), slice_of(b->state_dir)))
		return "edge.state_dir";
	if (!a->control != !b->control ||
	    (a->control && strcmp(a->control, b->control) != 0))
		return "edge.control";
	if (a->devices_enabled != b->devices_enabled ||
	    a->device_leg != b->device_leg || a->device_port != b->device_port)
		return "devices.enabled, leg or tcp_port";
	for (int i = 0; i < LEG_COUNT; i++) {
		const struct leg_settings *x = &a->leg[i], *y = &b->leg[i];

		if (x->tls_port != y->tls_port ||
		    x->users_port != y->users_port)
			return "a TLS port";
		if (x->addresses != y->addresses)
			return "a leg's address";
		for (size_t k = 0; k < x->addresses; k++)
			if (!addr_eq(&x->address[k], &y->address[k]))
				return "a leg's address";
	}
	return NULL;
}

static void keep_old(const char *rule, const char *why)
{
	char text[WHY_MAX];

	snprintf(text, sizeof(text), "%s", why);
	log_event(LOG_LEVEL_ERROR, "edge", "reload-refused",
		  "kept=old rule=%s reason=\"%s\"", rule, text);
}

static void tell_device(const struct device_settings *d, bool past, void *arg)
{
	time_t last = (time_t)d->expires_s;
	char name[LOG_TEXT_MAX], day[16] = "";
	struct tm tm;

	(void)arg;
	if (gmtime_r(&last, &tm))
		strftime(day, sizeof(day), "%Y-%m-%d", &tm);
	log_event(past ? LOG_LEVEL_ERROR : LOG_LEVEL_NOTICE, "edge",
		  past ? "device-expired" : "device-expires",
		  "device=%s last=%s line=%d",
		  log_text(name, slice_of(d->name)), day, d->line);
}

/* Exceptions and certificates have an end; who made them should hear of that
 * before users do. */
static void tell_expiring(struct edge *e)
{
	e->told_s = now_wall_s();
	settings_expiring(e->settings, e->told_s, SOON_S, tell_device, NULL);
	ending_tell(e->tls, e->told_s);
}

static void tell_standing(struct edge *e)
{
	lists_tell(e->lists, e->settings);
	tell_expiring(e);
}

static void swap_in(struct edge *e, struct loaded *new)
{
	struct loaded old = {.settings = e->settings, .tls = e->tls};

	lists_reload(e->lists, new->set);
	workers_reload(e->workers, new->settings, new->tls);
	log_set_level(new->settings->log_level);
	e->settings = new->settings;
	e->tls = new->tls;
	crl_set_unref(&new->set);
	unload(&old);
	tell_standing(e);
}

/* Lists changed: whoever is revoked by them is to be found. */
static void on_lists(void *arg)
{
	struct edge *e = arg;

	workers_reload(e->workers, e->settings, e->tls);
	log_event(LOG_LEVEL_NOTICE, "edge", "lists-changed", "judging=all");
}

/* May what was loaded take the place of what is there? */
static int suits(struct edge *e, struct loaded *new, char *why)
{
	const char *fixed = needs_restart(e->settings, new->settings);

	if (fixed) {
		new->rule = "needs-a-restart";
		snprintf(why, WHY_MAX, "%s: %s changed; that takes a restart",
			 e->path, fixed);
		return EINVAL;
	}
	new->rule = "resolver-must-start";
	return resolver_reload(e->resolver, new->settings, why);
}

/* All of it takes effect, or nothing does; both are logged. */
static int reload(const char **rule, char *why, void *arg)
{
	struct edge *e = arg;
	struct loaded new;
	int err = load(&new, e->path, lists_board(e->lists), why);

	if (!err) {
		err = suits(e, &new, why);
		if (err)
			unload(&new);
	}
	*rule = new.rule;
	if (err) {
		keep_old(new.rule, why);
		return err;
	}
	swap_in(e, &new);
	log_event(LOG_LEVEL_NOTICE, "edge", "reloaded", "file=%s", e->path);
	return 0;
}

static void on_hup(uv_signal_t *h, int signum)
{
	char why[WHY_MAX];
	const char *rule;

	(void)signum;
	reload(&rule, why, h->data);
}

/* Back on the main thread: everybody is done. */
static void all_drained(struct post *p, void *arg)
{
	(void)p;
	uv_stop(&((struct edge *)arg)->loop);
}

static void on_drained(void *arg)
{
	struct edge *e = arg;

	e->drained.fn = all_drained;
	postbox_put(e->box, &e->drained);
}

static void on_term(uv_signal_t *h, int signum)
{
	struct edge *e = h->data;

	if (e->draining) {
		uv_stop(&e->loop);
		return;
	}
	e->draining = true;
	log_event(LOG_LEVEL_NOTICE, "edge", "draining", "signal=%d within=%us",
		  signum, e->settings->limits.drain_s);
	workers_drain(e->workers, on_drained, e);
}

static void on_usr1(uv_signal_t *h, int signum)
{
	struct edge *e = h->data;
	struct proxy_counters c;

	(void)signum;
	proxy_count(e->shared, &c);
	log_event(
		LOG_LEVEL_ERROR, "edge", "counters",
		"requests=%llu responses=%llu forwarded=%llu answered=%llu "
		"refused=%llu dropped=%llu stray=%llu redirects=%llu "
		"failovers=%llu undecided=%llu transactions=%llu flows=%llu "
		"handshakes_failed=%llu revoked=%llu distrusted=%llu",
		(unsigned long long)c.requests, (unsigned long long)c.responses,
		(unsigned long long)c.forwarded, (unsigned long long)c.answered,
		(unsigned long long)c.refused, (unsigned long long)c.dropped,
		(unsigned long long)c.stray, (unsigned long long)c.redirects,
		(unsigned long long)c.failovers,
		(unsigned long long)c.undecided,
		(unsigned long long)c.transactions, (unsigned long long)c.flows,
		(unsigned long long)c.handshakes_failed,
		(unsigned long long)c.revoked,
		(unsigned long long)c.distrusted);
}

static void rotate(struct edge *e)
{
	const struct token_keys *keys = NULL;
	char why[WHY_MAX];

	if (now_wall_s() < token_keys_rotate_at(e->keys))
		return;
	if (token_keys_open(&keys, e->settings->state_dir, now_wall_s(),
			    e->settings->limits.dialog_token_s, why)) {
		log_event(LOG_LEVEL_ERROR, "edge", "keys-kept", "reason=\"%s\"",
			  why);
		return;
	}
	proxy_shared_keys(e->shared, keys);
	token_keys_unref(&e->keys);
	e->keys = keys;
	workers_reload(e->workers, e->settings, e->tls);
	log_event(LOG_LEVEL_NOTICE, "edge", "keys-rotated", "next=%llu",
		  (unsigned long long)token_keys_rotate_at(keys));
}

static void on_rotate(uv_timer_t *h)
{
	struct edge *e = h->data;

	rotate(e);
	if (now_wall_s() >= e->told_s + DAY_S)
		tell_expiring(e);
}

static void watch(struct edge *e, uv_signal_t *h, uv_signal_cb fn, int signum)
{
	uv_signal_init(&e->loop, h);
	h->data = e;
	uv_signal_start(h, fn, signum);
}

static void watch_all(struct edge *e)
{
	watch(e, &e->hup, on_hup, SIGHUP);
	watch(e, &e->term, on_term, SIGTERM);
	watch(e, &e->intr, on_term, SIGINT);
	watch(e, &e->usr1, on_usr1, SIGUSR1);
	uv_timer_init(&e->loop, &e->rotate);
	e->rotate.data = e;
	uv_timer_start(&e->rotate, on_rotate, ROTATE_CHECK_MS, ROTATE_CHECK_MS);
}

static void close_handle(uv_handle_t *h, void *arg)
{
	(void)arg;
	if (!uv_is_closing(h))
		uv_close(h, NULL);
}

/* While this is still the only thread: the socket is made under a umask. */
static int listen_to_operator(struct edge *e, char *why)
{
	e->verbs = (struct verbs){
		.shared = e->shared,
		.board = lists_board(e->lists),
		.box = e->box,
		.reload = reload,
		.arg = e,
	};
	if (!e->settings->control)
		return 0;
	return control_create(&e->control, &e->loop, e->settings->control,
			      verbs_ask, &e->verbs, why);
}

static int start(struct edge *e, char *why)
{
	struct worker_setup setup = {0};
	int err;

	uv_loop_init(&e->loop);
	/* First of all: a signal in the middle of starting waits its turn. */
	watch_all(e);
	err = postbox_create(&e->box, &e->loop, e);
	if (err) {
		snprintf(why, WHY_MAX, "cannot make a postbox: errno %d", err);
		return err;
	}
	err = token_keys_open(&e->keys, e->settings->state_dir, now_wall_s(),
			      e->settings->limits.dialog_token_s, why);
	if (err)
		return err;
	err = resolver_create(&e->resolver, &e->loop, e->box, e->settings, why);
	if (err)
		return err;
	err = proxy_shared_create(&e->shared, e->settings, e->keys);
	if (err) {
		snprintf(why, WHY_MAX, "out of memory");
		return err;
	}
	err = listen_to_operator(e, why);
	if (err)
		return err;
	setup.settings = e->settings;
	setup.tls = e->tls;
	setup.resolver = e->resolver;
	proxy_setup(&setup, e->shared);
	err = workers_start(&e->workers, &setup, why);
	if (err)
		return err;
	return lists_start(e->lists, e->settings, e->box, on_lists, e, why);
}

static void finish(struct edge *e)
{
	control_destroy(&e->control);
	lists_stop(e->lists);
	workers_stop(&e->workers);
	resolver_destroy(&e->resolver);
	proxy_shared_destroy(&e->shared);
	token_keys_unref(&e->keys);
	postbox_close(&e->box);
	uv_walk(&e->loop, close_handle, NULL);
	uv_run(&e->loop, UV_RUN_DEFAULT);
	uv_loop_close(&e->loop);
	tlsctx_unref(&e->tls);
	lists_destroy(&e->lists);
	settings_unref(&e->settings);
}

/* As many descriptors as we may have; no core dumps, for they hold keys. */
static void harden(void)
{
	struct rlimit r;

	if (!getrlimit(RLIMIT_NOFILE, &r)) {
		r.rlim_cur = r.rlim_max;
		setrlimit(RLIMIT_NOFILE, &r);
	}
	r = (struct rlimit){0};
	setrlimit(RLIMIT_CORE, &r);
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGPIPE, SIG_IGN);
}

static int load_first(struct edge *e, char *why)
{
	struct loaded first;
	int err = lists_create(&e->lists);

	if (err) {
		snprintf(why, WHY_MAX, "out of memory");
		return err;
	}
	err = load(&first, e->path, lists_board(e->lists), why);
	if (err) {
		lists_destroy(&e->lists);
		return err;
	}
	lists_reload(e->lists, first.set);
	crl_set_unref(&first.set);
	e->settings = first.settings;
	e->tls = first.tls;
	return 0;
}

static int run(struct edge *e)
{
	char why[WHY_MAX] = "";
	int err = load_first(e, why);

	if (err)
		return complain(why);
	harden();
	log_set_level(e->settings->log_level);
	err = start(e, why);
	if (!err) {
		log_event(LOG_LEVEL_NOTICE, "edge", "started", "workers=%u",
			  e->settings->workers);
		tell_standing(e);
		uv_run(&e->loop, UV_RUN_DEFAULT);
	}
	finish(e);
	if (err)
		return complain(why);
	log_event(LOG_LEVEL_NOTICE, "edge", "stopped", "file=%s", e->path);
	return EXIT_SUCCESS;
}

static int check(const char *path)
{
	struct loaded all;
	char why[WHY_MAX] = "";

	if (load(&all, path, NULL, why))
		return complain(why);
	printf("%s: fine\n", path);
	unload(&all);
	return EXIT_SUCCESS;
}

static void print_line(const char *line, void *arg)
{
	(void)arg;
	puts(line);
}

static int usage(FILE *to, int status)
{
	fputs("usage: sip-edge FILE      run with the settings in FILE\n"
	      "       sip-edge -t FILE   check FILE, and the certificates and "
	      "lists it names\n"
	      "       sip-edge -s        list every setting\n"
	      "       sip-edge -h        this text\n",
	      to);
	return status;
}

int main(int argc, char **argv)
{
	static struct edge edge;
	bool check_only = false;
	int opt;

	while ((opt = getopt(argc, argv, "tsh")) != -1) {
		switch (opt) {
		case 't':
			check_only = true;
			break;
		case 's':
			settings_describe(print_line, NULL);
			return EXIT_SUCCESS;
		case 'h':
			return usage(stdout, EXIT_SUCCESS);
		default:
			return usage(stderr, EXIT_USAGE);
		}
	}
	if (optind + 1 != argc)
		return usage(stderr, EXIT_USAGE);
	if (check_only)
		return check(argv[optind]);
	edge.path = argv[optind];
	return run(&edge);
}
