/*
 * resolve_ask.c - libunbound: one context a leg, its thread does the asking.
 *
 * Answers come through a pipe that the main loop watches. Only the main
 * thread touches a context, so a cancelled question is never answered.
 */
#include "resolve_ask.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unbound.h>
#include <unistd.h>

#define RESOLV_CONF   "/etc/resolv.conf"
#define CLASS_IN      1
#define RCODE_OK      0
#define RCODE_NO_NAME 3

struct resolve_view {
	uv_poll_t poll;
	struct ub_ctx *ctx;
	struct list asks;
};

/* Differences from libunbound's defaults, each with its reason. */
static const struct {
	const char *option, *value;
} options[] = {
	/* Servers on loopback addresses are servers. */
	{"do-not-query-localhost:", "no"},
	/* How long a "no" is believed is said by the cache above. */
	{"cache-max-negative-ttl:", "5"},
	/* A server that comes back is found within seconds, not 15 minutes. */
	{"infra-host-ttl:", "30"},
	{"infra-keep-probing:", "yes"},
	/* Sockets and memory for a signalling server, not for a resolver. */
	{"outgoing-range:", "256"},
};

static int tell(char *why, int err, const char *what)
{
	snprintf(why, WHY_MAX, "dns: %.200s: %.200s", what, ub_strerror(err));
	return err == UB_NOMEM ? ENOMEM : EINVAL;
}

static int set_options(struct ub_ctx *ctx, char *why)
{
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		int err = ub_ctx_set_option(ctx, options[i].option,
					    options[i].value);

		if (err)
			return tell(why, err, options[i].option);
	}
	return 0;
}

static int set_servers(struct ub_ctx *ctx, const struct name_list *servers,
		       char *why)
{
	int err;

	for (size_t i = 0; i < servers->n; i++) {
		err = ub_ctx_set_fwd(ctx, servers->v[i]);
		if (err)
			return tell(why, err, servers->v[i]);
	}
	if (servers->n > 0 || access(RESOLV_CONF, R_OK))
		return 0;
	err = ub_ctx_resolvconf(ctx, RESOLV_CONF);
	return err ? tell(why, err, RESOLV_CONF) : 0;
}

/* libunbound reads the file only when it begins its work: here, not later. */
static int read_anchor(struct ub_ctx *ctx, const char *file, char *why)
{
	int err;

	if (!file)
		return 0;
	err = ub_ctx_zone_remove(ctx, "invalid.");
	return err ? tell(why, err, file) : 0;
}

static int set_anchor(struct ub_ctx *ctx, const char *file, char *why)
{
	int err;

	if (!file)
		return 0;
	if (access(file, R_OK)) {
		snprintf(why, WHY_MAX, "dns: %.200s: %.200s", file,
			 strerror(errno));
		return EINVAL;
	}
	err = ub_ctx_add_ta_file(ctx, file);
	return err ? tell(why, err, file) : 0;
}

static int configure(struct ub_ctx *ctx, const struct leg_settings *leg,
		     char *why)
{
	int err = ub_ctx_debugout(ctx, NULL); /* standard error is the log's */

	if (err)
		return tell(why, err, "log");
	err = set_options(ctx, why);
	if (err)
		return err;
	err = set_servers(ctx, &leg->dns, why);
	if (!err)
		err = set_anchor(ctx, leg->trust_anchor, why);
	if (err)
		return err;
	err = ub_ctx_async(ctx, 1);
	if (err)
		return tell(why, err, "thread");
	return read_anchor(ctx, leg->trust_anchor, why);
}

static void readable(uv_poll_t *poll, int status, int events)
{
	struct resolve_view *v = poll->data;

	(void)events;
	if (status == 0 && ub_process(v->ctx) == UB_NOERROR)
		return;
	/* The thread behind is gone: lookups time out until a reload. */
	uv_poll_stop(poll);
	log_event(LOG_LEVEL_ERROR, "dns", "broken", "until=reload");
}

int resolve_view_open(struct resolve_view **out, uv_loop_t *loop,
		      const struct leg_settings *leg, char *why)
{
	struct resolve_view *v = calloc(1, sizeof(*v));
	int err = ENOMEM;

	if (!v)
		return ENOMEM;
	v->ctx = ub_ctx_create();
	if (!v->ctx)
		goto out;
	err = configure(v->ctx, leg, why);
	if (err)
		goto out;
	err = -uv_poll_init(loop, &v->poll, ub_fd(v->ctx));
	if (err)
		goto out;
	v->poll.data = v;
	list_init(&v->asks);
	uv_poll_start(&v->poll, UV_READABLE, readable);
	*out = v;
	return 0;
out:
	if (v->ctx)
		ub_ctx_delete(v->ctx);
	free(v);
	return err;
}

static void closed(uv_handle_t *h)
{
	free(h->data);
}

void resolve_view_close(struct resolve_view **vp)
{
	struct resolve_view *v = *vp;
	struct list *it, *tmp;

	*vp = NULL;
	if (!v)
		return;
	LIST_EACH (&v->asks, it, tmp) {
		LIST_OWNER(it, struct resolve_ask, link)->view = NULL;
		list_remove(it);
	}
	/* Off the loop first: deleting the context closes the descriptor. */
	uv_close((uv_handle_t *)&v->poll, closed);
	ub_ctx_delete(v->ctx);
}

static int error_of(int err, const struct ub_result *r)
{
	if (err || !r || r->bogus)
		return EIO;
	if (r->havedata)
		return 0;
	return r->rcode == RCODE_OK || r->rcode == RCODE_NO_NAME ? ENOENT : EIO;
}

static void answered(void *arg, int err, struct ub_result *r)
{
	struct resolve_ask *q = arg;
	struct resolve_answer a = {.err = error_of(err, r)};

	list_remove(&q->link);
	q->view = NULL;
	a.secure = r && r->secure;
	if (a.err == 0) {
		a.ttl_s = r->ttl > 0 ? (uint32_t)r->ttl : 0;
		a.data = r->data;
		a.len = r->len;
		while (r->data[a.n])
			a.n++;
	}
	q->fn(&a, q->arg);
	ub_resolve_free(r);
}

int resolve_ask(struct resolve_ask *q, struct resolve_view *v, const char *name,
		enum resolve_type type)
{
	if (ub_resolve_async(v->ctx, name, type, CLASS_IN, q, answered, &q->id))
		return EIO;
	q->view = v;
	list_init(&q->link);
	list_append(&v->asks, &q->link);
	return 0;
}

void resolve_ask_cancel(struct resolve_ask *q)
{
	if (!q->view)
		return;
	ub_cancel(q->view->ctx, q->id);
	list_remove(&q->link);
	q->view = NULL;
}
