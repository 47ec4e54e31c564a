/*
 * cert_dns.c: SRV records of any service, by the servers and the trust anchor
 * that the edge's outside leg asks with. net/resolve looks for two services
 * only; clients look for more.
 */
#include "cert.h"

#include "base/now.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unbound.h>
#include <unistd.h>

#define TYPE_SRV    33
#define CLASS_IN    1
#define ASK_MS	    5000
#define RESOLV_CONF "/etc/resolv.conf"

struct srv_asker {
	struct ub_ctx *ctx;
	struct ub_result *result;
	int err;
	bool done;
};

static int set_up(struct ub_ctx *ctx, const struct leg_settings *leg)
{
	int err = ub_ctx_debugout(ctx, NULL);

	if (!err)
		err = ub_ctx_set_option(ctx, "do-not-query-localhost:", "no");
	for (size_t i = 0; i < leg->dns.n && !err; i++)
		err = ub_ctx_set_fwd(ctx, leg->dns.v[i]);
	if (!err && !leg->dns.n && !access(RESOLV_CONF, R_OK))
		err = ub_ctx_resolvconf(ctx, RESOLV_CONF);
	if (!err && leg->trust_anchor)
		err = ub_ctx_add_ta_file(ctx, leg->trust_anchor);
	return err ? err : ub_ctx_async(ctx, 1);
}

int srv_open(struct srv_asker **out, const struct leg_settings *leg, char *why)
{
	struct srv_asker *a = calloc(1, sizeof(*a));
	int err = UB_NOMEM;

	*out = a;
	if (a)
		a->ctx = ub_ctx_create();
	if (a && a->ctx)
		err = set_up(a->ctx, leg);
	if (!err)
		return 0;
	snprintf(why, WHY_MAX, "dns: %.200s", ub_strerror(err));
	srv_close(out);
	return EINVAL;
}

void srv_close(struct srv_asker **ap)
{
	struct srv_asker *a = *ap;

	*ap = NULL;
	if (!a)
		return;
	ub_ctx_delete(a->ctx);
	free(a);
}

static void answered(void *arg, int err, struct ub_result *result)
{
	struct srv_asker *a = arg;

	a->done = true;
	a->err = err;
	a->result = result;
}

/* 0 or an errno; the answer is in a->result then. */
static int wait_for(struct srv_asker *a, int id)
{
	uint64_t now, until = now_mono_ms() + ASK_MS;
	struct pollfd p = {.fd = ub_fd(a->ctx), .events = POLLIN};

	while (!a->done) {
		now = now_mono_ms();
		if (now < until && poll(&p, 1, (int)(until - now)) > 0 &&
		    !ub_process(a->ctx))
			continue;
		if (a->done)
			break;
		ub_cancel(a->ctx, id);
		return ETIMEDOUT;
	}
	return a->err ? EIO : 0;
}

/* It goes into files that others read: what no host has is no name. */
static bool name_char(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '_';
}

static int copy_label(char *to, const unsigned char *from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = from[i];

		if (c >= 'A' && c <= 'Z')
			c = (unsigned char)(c + 'a' - 'A');
		if (!name_char(c))
			return EINVAL;
		to[i] = (char)c;
	}
	to[n] = '\0';
	return 0;
}

/* RFC 1035 §3.1, uncompressed (RFC 2782). "" for the root: no such service. */
static int read_name(char out[256], const unsigned char *p, size_t n)
{
	size_t at = 0, end = 0;

	out[0] = '\0';
	while (at < n && p[at]) {
		size_t len = p[at];

		if (len > 63 || at + 1 + len >= n || end + len + 2 > 255)
			return EINVAL;
		if (end)
			out[end++] = '.';
		if (copy_label(out + end, p + at + 1, len))
			return EINVAL;
		end += len;
		at += 1 + len;
	}
	return at < n ? 0 : EINVAL;
}

static uint16_t read_u16(const unsigned char *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static int read_record(struct srv_record *out, const char *data, int len)
{
	const unsigned char *p = (const unsigned char *)data;

	if (len < 7)
		return EINVAL;
	out->priority = read_u16(p);
	out->weight = read_u16(p + 2);
	out->port = read_u16(p + 4);
	return read_name(out->host, p + 6, (size_t)len - 6);
}

static int by_rank(const void *a, const void *b)
{
	const struct srv_record *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return strcmp(x->host, y->host);
}

static int read_all(const struct ub_result *r, struct srv_record out[SRV_MAX],
		    size_t *n)
{
	if (r->bogus || (r->rcode != 0 && r->rcode != 3))
		return EIO;
	if (!r->havedata)
		return ENOENT;
	for (size_t i = 0; r->data[i] && *n < SRV_MAX; i++) {
		if (!read_record(&out[*n], r->data[i], r->len[i]))
			(*n)++;
	}
	qsort(out, *n, sizeof(*out), by_rank);
	return *n ? 0 : EIO;
}

int srv_ask(struct srv_asker *a, const char *name,
	    struct srv_record out[SRV_MAX], size_t *n)
{
	int id = 0, err;

	*n = 0;
	a->done = false;
	a->result = NULL;
	if (ub_resolve_async(a->ctx, name, TYPE_SRV, CLASS_IN, a, answered,
			     &id))
		return EIO;
	err = wait_for(a, id);
	if (!err)
		err = read_all(a->result, out, n);
	ub_resolve_free(a->result);
	return err;
}
