/*
 * partner_dns.c: the edge's own lookups (net/resolve), waited for.
 */
#include "partner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "base/now.h"

struct dns {
	uv_loop_t loop;
	struct postbox *box;
	struct resolver *resolver;
	struct resolve_front *front;
	struct resolve_wait wait;
	bool done;
	int err;
	struct resolve_service *service;
	struct resolved *list;
};

int dns_open(struct dns **out, const struct settings *s, char *why)
{
	struct dns *d = calloc(1, sizeof(*d));
	int err;

	snprintf(why, WHY_MAX, "out of memory");
	if (!d)
		return ENOMEM;
	uv_loop_init(&d->loop);
	err = postbox_create(&d->box, &d->loop, d);
	if (!err)
		err = resolver_create(&d->resolver, &d->loop, d->box, s, why);
	if (!err)
		err = resolve_front_create(&d->front, d->resolver, d->box, s);
	*out = d;
	if (err)
		dns_close(out);
	return err;
}

void dns_close(struct dns **dp)
{
	struct dns *d = *dp;

	*dp = NULL;
	if (!d)
		return;
	resolve_front_destroy(&d->front);
	resolver_destroy(&d->resolver);
	postbox_close(&d->box);
	uv_run(&d->loop, UV_RUN_DEFAULT);
	uv_loop_close(&d->loop);
	free(d);
}

static void got_service(int err, const struct resolve_service *service,
			void *arg)
{
	struct dns *d = arg;

	d->done = true;
	d->err = err;
	if (!err)
		*d->service = *service;
}

static void got_list(int err, const struct resolved *list, void *arg)
{
	struct dns *d = arg;

	d->done = true;
	d->err = err;
	if (!err)
		*d->list = *list;
}

/* net/resolve ends each lookup by itself, within five seconds. */
static int finish(struct dns *d, int err)
{
	if (err != EINPROGRESS)
		return err;
	while (!d->done)
		uv_run(&d->loop, UV_RUN_ONCE);
	return d->err;
}

static void begin(struct dns *d)
{
	d->done = false;
	d->wait = (struct resolve_wait){
		.fn = got_list,
		.service_fn = got_service,
		.arg = d,
	};
}

int dns_edges(struct dns *d, struct slice domain, struct resolve_service *out)
{
	begin(d);
	d->service = out;
	return finish(d, resolve_edges(d->front, domain, now_mono_ms(), out,
				       &d->wait));
}

int dns_addresses_of(struct dns *d, enum leg leg, struct slice host,
		     uint16_t port, struct resolved *out)
{
	struct resolve_key key = {
		.leg = leg,
		.tls = true,
		.host = host,
		.port = port,
	};

	begin(d);
	d->list = out;
	return finish(d, resolve_lookup(d->front, &key, now_mono_ms(), out,
					&d->wait));
}

int dns_addresses(struct dns *d, struct slice host, uint16_t port,
		  struct resolved *out)
{
	return dns_addresses_of(d, LEG_OUTSIDE, host, port, out);
}
