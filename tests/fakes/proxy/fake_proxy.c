/* fake_proxy.c - proxies that know what a test says. */
#include "proxy_fake.h"

#include <stdio.h>

struct proxy_fake proxy_fake;

void proxy_count(struct proxy_shared *p, struct proxy_counters *out)
{
	(void)p;
	*out = proxy_fake.counters;
}

int partners_each(struct proxy_shared *p, partners_fn *fn, void *arg)
{
	(void)p;
	for (size_t i = 0; !proxy_fake.partners_err && i < proxy_fake.partners;
	     i++)
		fn(&proxy_fake.partner[i], arg);
	return proxy_fake.partners_err;
}

int recall_ask(struct proxy_shared *p, struct postbox *box,
	       struct slice call_id, recall_fn *fn, void *arg)
{
	(void)p, (void)box;
	snprintf(proxy_fake.asked, sizeof(proxy_fake.asked), "%.*s",
		 SLICE_ARG(call_id));
	proxy_fake.fn = fn;
	proxy_fake.arg = arg;
	return proxy_fake.recall_err;
}

int connections_ask(struct proxy_shared *p, struct postbox *box, bool old_only,
		    connections_fn *fn, void *arg)
{
	(void)p, (void)box;
	proxy_fake.old_only = old_only;
	if (!proxy_fake.recall_err)
		fn(&proxy_fake.told, arg);
	return proxy_fake.recall_err;
}

void proxy_fake_recall(void)
{
	proxy_fake.fn(proxy_fake.entry, proxy_fake.entries, proxy_fake.arg);
}
