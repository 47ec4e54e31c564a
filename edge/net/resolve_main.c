/*
 * resolve_main.c - the main thread's half: views, hosts, jobs under way.
 */
#include "resolve_job.h"

#include "base/log.h"
#include "base/now.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ETC_HOSTS "/etc/hosts"

/** What a snapshot says, ready for use. */
struct outlook {
	struct resolve_hosts *hosts;
	struct resolve_view *view[LEG_COUNT];
};

static void outlook_close(struct outlook *o)
{
	resolve_hosts_destroy(&o->hosts);
	for (int leg = 0; leg < LEG_COUNT; leg++)
		resolve_view_close(&o->view[leg]);
}

static int outlook_open(struct outlook *o, uv_loop_t *loop,
			const struct settings *s, char *why)
{
	int err = resolve_hosts_create(&o->hosts, s, ETC_HOSTS);

	if (err)
		snprintf(why, WHY_MAX, "dns: out of memory");
	for (int leg = 0; leg < LEG_COUNT && !err; leg++)
		err = resolve_view_open(&o->view[leg], loop, &s->leg[leg], why);
	if (err)
		outlook_close(o);
	return err;
}

/* What was there before is left in o. */
static void outlook_swap(struct resolver *r, struct outlook *o,
			 const struct settings *s)
{
	struct outlook old = {.hosts = r->hosts};

	r->hosts = o->hosts;
	for (int leg = 0; leg < LEG_COUNT; leg++) {
		old.view[leg] = r->view[leg];
		r->view[leg] = o->view[leg];
		r->families[leg] = resolve_families_of(&s->leg[leg]);
	}
	settings_unref(&r->settings);
	r->settings = settings_ref(s);
	*o = old;
}

static void unref(struct resolver *r)
{
	if (atomic_fetch_sub(&r->refs, 1) == 1)
		free(r);
}

static void timer_closed(uv_handle_t *h)
{
	unref(h->data);
}

static void on_timer(uv_timer_t *timer)
{
	resolver_expire(timer->data, now_mono_ms());
}

static void arm(struct resolver *r, uint64_t now_ms)
{
	uint64_t due_ms = deadline_next(&r->clock);

	if (due_ms == UINT64_MAX)
		uv_timer_stop(&r->timer);
	else
		uv_timer_start(&r->timer, on_timer,
			       due_ms > now_ms ? due_ms - now_ms : 1, 0);
}

static void overdue(struct deadline *d, uint64_t now_ms, void *arg)
{
	(void)now_ms;
	(void)arg;
	resolve_job_expire(LIST_OWNER(d, struct resolve_job, deadline));
}

void resolver_expire(struct resolver *r, uint64_t now_ms)
{
	deadline_run(&r->clock, now_ms);
	arm(r, now_ms);
}

int resolver_create(struct resolver **out, uv_loop_t *loop, struct postbox *box,
		    const struct settings *s, char *why)
{
	struct resolver *r = calloc(1, sizeof(*r));
	struct outlook o = {0};
	int err = ENOMEM;

	if (r)
		err = outlook_open(&o, loop, s, why);
	if (err) {
		free(r);
		return err;
	}
	r->loop = loop;
	r->box = box;
	outlook_swap(r, &o, s);
	resolve_rng_init(&r->rng);
	list_init(&r->jobs);
	deadline_clock_init(&r->clock);
	deadline_queue_init(&r->deadlines, &r->clock, RESOLVE_JOB_MS, overdue,
			    r);
	uv_timer_init(loop, &r->timer);
	r->timer.data = r;
	atomic_init(&r->refs, 2);
	*out = r;
	return 0;
}

/* Jobs under way ask the new servers; their time goes on. */
int resolver_reload(struct resolver *r, const struct settings *s, char *why)
{
	struct outlook o = {0};
	struct list *it, *tmp;
	int err = outlook_open(&o, r->loop, s, why);

	if (err)
		return err;
	outlook_swap(r, &o, s);
	LIST_EACH (&r->jobs, it, tmp)
		resolve_job_reset(LIST_OWNER(it, struct resolve_job, all));
	outlook_close(&o);
	LIST_EACH (&r->jobs, it, tmp)
		resolve_job_begin(LIST_OWNER(it, struct resolve_job, all));
	return 0;
}

static const char *word_of(int err)
{
	switch (err) {
	case 0:
		return "found";
	case ENOENT:
		return "no-such-name";
	case ETIMEDOUT:
		return "no-answer";
	default:
		return "server-failed";
	}
}

static void drop(struct resolve_job *j)
{
	struct resolver *r = j->resolver;

	resolve_job_reset(j);
	list_remove(&j->all);
	resolve_job_destroy(j);
	unref(r);
}

void resolver_destroy(struct resolver **rp)
{
	struct resolver *r = *rp;
	struct list *it, *tmp;

	*rp = NULL;
	if (!r)
		return;
	r->closed = true;
	LIST_EACH (&r->jobs, it, tmp)
		drop(LIST_OWNER(it, struct resolve_job, all));
	outlook_close(&(struct outlook){.hosts = r->hosts,
					.view = {r->view[LEG_OUTSIDE],
						 r->view[LEG_INSIDE]}});
	settings_unref(&r->settings);
	uv_close((uv_handle_t *)&r->timer, timer_closed);
	unref(r);
}

/* On the main thread. */
static void arrived(struct post *p, void *arg)
{
	struct resolve_job *j = LIST_OWNER(p, struct resolve_job, post);
	struct resolver *r = j->resolver;
	uint64_t now_ms = now_mono_ms();

	(void)arg;
	list_init(&j->all);
	if (r->closed) {
		drop(j);
		return;
	}
	list_append(&r->jobs, &j->all);
	deadline_start(&r->deadlines, &j->deadline, now_ms);
	arm(r, now_ms);
	resolve_job_begin(j);
}

void resolver_ask(struct resolver *r, struct resolve_job *j)
{
	atomic_fetch_add(&r->refs, 1);
	j->resolver = r;
	j->post.fn = arrived;
	postbox_put(r->box, &j->post);
}

static void tell(const struct resolve_job *j)
{
	bool failed = j->err == EIO || j->err == ETIMEDOUT;
	bool none = j->edges && !failed && j->records->n == 0;
	char host[LOG_TEXT_MAX];

	log_event(failed ? LOG_LEVEL_NOTICE : LOG_LEVEL_DEBUG, "dns",
		  failed ? "failed" : "answered",
		  "leg=%s %s=%s port=%u result=%s", settings_leg_word(j->leg),
		  j->edges ? "edges-of" : "host",
		  log_text(host, resolve_name_slice(&j->host)), j->port,
		  word_of(none ? ENOENT : j->err));
}

void resolver_done(struct resolve_job *j)
{
	struct resolver *r = j->resolver;

	tell(j);
	list_remove(&j->all);
	deadline_stop(&j->deadline);
	j->resolver = NULL;
	j->post.fn = j->answered;
	if (!resolve_link_put(j->link, &j->post))
		resolve_job_destroy(j);
	unref(r);
}
