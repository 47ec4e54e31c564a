/*
 * resolve_job.c - the steps of one lookup (RFC 3263 §4.2 without NAPTR: the
 * transport is fixed by who asks).
 */
#include "resolve_job.h"

#include <errno.h>
#include <stdlib.h>

#define TTL_MIN_S      5
#define TTL_MAX_S      3600
#define TTL_TROUBLED_S 60 /* some of it is missing: look again soon */

/** Where the service is: from an SRV record, or the host itself. */
struct job_target {
	struct resolve_job *job;
	struct resolve_rank rank;
	uint16_t port;
	struct resolve_name name;
	struct resolve_ask a, aaaa;
	union addr addr[2 * RESOLVE_MAX]; /* each family has its half */
	unsigned n;
};

static uint16_t default_port(bool tls)
{
	return tls ? 5061 : 5060;
}

static void note_ttl(struct resolve_job *j, uint32_t ttl_s)
{
	if (ttl_s < j->ttl_s)
		j->ttl_s = ttl_s;
}

static uint32_t ttl_of(const struct resolve_job *j)
{
	uint32_t max = j->troubled ? TTL_TROUBLED_S : TTL_MAX_S;

	if (j->ttl_s > max)
		return max;
	return j->ttl_s < TTL_MIN_S ? TTL_MIN_S : j->ttl_s;
}

/* One more target of the set, unless the leg can reach none of its addresses */
static void set_add(struct resolve_set *set, const struct job_target *t,
		    struct resolve_families fam)
{
	struct resolve_target *to = &set->target[set->targets];

	if (set->targets > 0)
		to->first = (uint16_t)(to[-1].first + to[-1].n);
	to->rank = t->rank;
	to->n = (uint16_t)resolve_choose(set->addr + to->first, RESOLVE_MAX,
					 t->addr, t->n, fam, t->port);
	if (to->n > 0)
		set->targets++;
}

static int make_set(struct resolve_job *j)
{
	struct resolve_set *set;
	size_t addrs = 0;

	for (unsigned i = 0; i < j->targets; i++)
		addrs += j->target[i].n;
	set = calloc(1, sizeof(*set) + addrs * sizeof(set->addr[0]));
	if (!set)
		return EIO;
	for (unsigned i = 0; i < j->targets; i++)
		set_add(set, &j->target[i], j->resolver->families[j->leg]);
	if (set->targets == 0) {
		free(set);
		return ENOENT;
	}
	set->refs = 1;
	set->ttl_s = ttl_of(j);
	j->set = set;
	return 0;
}

static void finish(struct resolve_job *j, int err)
{
	j->err = err;
	resolve_job_reset(j);
	resolver_done(j);
}

/* `otherwise` is why, when there is not one address. */
static void conclude(struct resolve_job *j, int otherwise)
{
	int err = make_set(j);

	finish(j, err == ENOENT ? otherwise : err);
}

static void close_one(struct resolve_job *j)
{
	if (--j->open == 0)
		conclude(j, j->troubled ? EIO : ENOENT);
}

static bool read_addr(union addr *out, enum resolve_type type,
		      const struct resolve_answer *answer, size_t i)
{
	*out = (union addr){0};
	if (type == RESOLVE_A && answer->len[i] == 4) {
		out->sa.sa_family = AF_INET;
		memcpy(&out->in4.sin_addr, answer->data[i], 4);
		return true;
	}
	if (type == RESOLVE_AAAA && answer->len[i] == 16) {
		out->sa.sa_family = AF_INET6;
		memcpy(&out->in6.sin6_addr, answer->data[i], 16);
		return true;
	}
	return false;
}

static void take_addrs(struct job_target *t, enum resolve_type type,
		       const struct resolve_answer *answer)
{
	unsigned end = t->n + RESOLVE_MAX;

	if (answer->err == EIO)
		t->job->troubled = true;
	if (answer->err)
		return;
	note_ttl(t->job, answer->ttl_s);
	for (size_t i = 0; i < answer->n && t->n < end; i++) {
		if (read_addr(&t->addr[t->n], type, answer, i))
			t->n++;
	}
}

static void a_answered(const struct resolve_answer *answer, void *arg)
{
	struct job_target *t = arg;

	take_addrs(t, RESOLVE_A, answer);
	close_one(t->job);
}

static void aaaa_answered(const struct resolve_answer *answer, void *arg)
{
	struct job_target *t = arg;

	take_addrs(t, RESOLVE_AAAA, answer);
	close_one(t->job);
}

static void ask(struct resolve_job *j, struct resolve_ask *q,
		const struct resolve_name *name, enum resolve_type type)
{
	if (resolve_ask(q, j->resolver->view[j->leg], name->text, type))
		j->troubled = true;
	else
		j->open++;
}

static void ask_addrs(struct job_target *t)
{
	struct resolve_job *j = t->job;
	const struct resolve_families *fam = &j->resolver->families[j->leg];
	const struct resolve_addrs *known = resolve_hosts_find(
		j->resolver->hosts, &t->name, resolve_hosts_hash(&t->name));

	if (known) {
		for (size_t i = 0; i < known->n && i < 2 * RESOLVE_MAX; i++)
			t->addr[t->n++] = known->v[i];
		return;
	}
	t->a = (struct resolve_ask){.fn = a_answered, .arg = t};
	t->aaaa = (struct resolve_ask){.fn = aaaa_answered, .arg = t};
	if (fam->v4)
		ask(j, &t->a, &t->name, RESOLVE_A);
	if (fam->v6)
		ask(j, &t->aaaa, &t->name, RESOLVE_AAAA);
}

/* Counts itself as a question: the job cannot end before all are asked. */
static void ask_targets(struct resolve_job *j)
{
	j->open++;
	for (unsigned i = 0; i < j->targets; i++)
		ask_addrs(&j->target[i]);
	close_one(j);
}

static int make_targets(struct resolve_job *j, unsigned n)
{
	j->target = calloc(n, sizeof(*j->target));
	if (!j->target)
		return ENOMEM;
	j->targets = n;
	for (unsigned i = 0; i < n; i++)
		j->target[i].job = j;
	return 0;
}

static void ask_host(struct resolve_job *j)
{
	if (make_targets(j, 1)) {
		conclude(j, EIO);
		return;
	}
	j->target[0].name = j->host;
	j->target[0].port = j->port ? j->port : default_port(j->tls);
	ask_targets(j);
}

/* All records that name a host, in the order in which they came. */
static unsigned read_srv(struct resolve_srv *out,
			 const struct resolve_answer *answer)
{
	unsigned n = 0;

	for (size_t i = 0; i < answer->n && n < RESOLVE_SRV_MAX; i++) {
		struct slice rdata = {answer->data[i], (size_t)answer->len[i]};

		if (resolve_srv_read(&out[n], rdata) == 0)
			n++;
	}
	return n;
}

/* More records than we can use: those that one draw puts first. */
static void ask_services(struct resolve_job *j, const struct resolve_srv *srv,
			 unsigned n)
{
	struct resolve_rank rank[RESOLVE_SRV_MAX];
	uint8_t order[RESOLVE_SRV_MAX];

	if (make_targets(j, n < RESOLVE_MAX ? n : RESOLVE_MAX)) {
		conclude(j, EIO);
		return;
	}
	for (unsigned i = 0; i < n; i++)
		rank[i] = (struct resolve_rank){srv[i].priority, srv[i].weight};
	resolve_rank(order, rank, n, &j->resolver->rng);
	for (unsigned i = 0; i < j->targets; i++) {
		const struct resolve_srv *s = &srv[order[i]];

		j->target[i].rank = rank[order[i]];
		j->target[i].port = s->port;
		j->target[i].name = s->target;
	}
	ask_targets(j);
}

static void srv_answered(const struct resolve_answer *answer, void *arg)
{
	struct resolve_srv srv[RESOLVE_SRV_MAX];
	struct resolve_job *j = arg;
	unsigned n;

	j->open--;
	if (answer->err == ENOENT) {
		ask_host(j);
		return;
	}
	if (answer->err) {
		conclude(j, answer->err);
		return;
	}
	note_ttl(j, answer->ttl_s);
	n = read_srv(srv, answer);
	/* RFC 2782: target "." says that the service is not there. */
	if (n == 0)
		conclude(j, ENOENT);
	else
		ask_services(j, srv, n);
}

/* `srv` are the n records that name a host; without them nobody is there. */
static void conclude_edges(struct resolve_job *j, const struct resolve_srv *srv,
			   unsigned n, bool secure)
{
	int err = resolve_records_make(&j->records, srv, n, &j->resolver->rng);

	if (!err) {
		j->records->secure = secure;
		j->records->ttl_s = n > 0 ? ttl_of(j) : TTL_MIN_S;
	}
	finish(j, err ? EIO : 0);
}

static void ask_edges(struct resolve_job *j, struct slice service,
		      resolve_answer_fn *fn)
{
	struct resolve_name name;

	if (resolve_name_below(&name, service, &j->host)) {
		conclude_edges(j, NULL, 0, false);
		return;
	}
	j->srv = (struct resolve_ask){.fn = fn, .arg = j};
	ask(j, &j->srv, &name, RESOLVE_SRV);
	if (j->open == 0)
		finish(j, EIO);
}

static void take_edges(struct resolve_job *j,
		       const struct resolve_answer *answer)
{
	struct resolve_srv srv[RESOLVE_SRV_MAX] = {0};
	unsigned n = 0;

	if (answer->err && answer->err != ENOENT) {
		finish(j, answer->err);
		return;
	}
	if (!answer->err) {
		note_ttl(j, answer->ttl_s);
		n = read_srv(srv, answer);
	}
	conclude_edges(j, srv, n, answer->secure);
}

static void sips_answered(const struct resolve_answer *answer, void *arg)
{
	struct resolve_job *j = arg;

	j->open--;
	take_edges(j, answer);
}

static void federation_answered(const struct resolve_answer *answer, void *arg)
{
	struct resolve_job *j = arg;

	j->open--;
	if (answer->err == ENOENT)
		ask_edges(j, SLICE("_sips._tcp."), sips_answered);
	else
		take_edges(j, answer);
}

void resolve_job_begin(struct resolve_job *j)
{
	struct resolve_name service;

	resolve_job_reset(j);
	if (j->edges) {
		ask_edges(j, SLICE("_sipfederationtls._tcp."),
			  federation_answered);
		return;
	}
	if (j->port || resolve_name_srv(&service, &j->host, j->tls)) {
		ask_host(j);
		return;
	}
	j->srv = (struct resolve_ask){.fn = srv_answered, .arg = j};
	ask(j, &j->srv, &service, RESOLVE_SRV);
	if (j->open == 0)
		conclude(j, EIO);
}

void resolve_job_expire(struct resolve_job *j)
{
	j->troubled = true;
	if (j->edges)
		finish(j, ETIMEDOUT);
	else
		conclude(j, ETIMEDOUT);
}

void resolve_job_reset(struct resolve_job *j)
{
	resolve_ask_cancel(&j->srv);
	for (unsigned i = 0; i < j->targets; i++) {
		resolve_ask_cancel(&j->target[i].a);
		resolve_ask_cancel(&j->target[i].aaaa);
	}
	free(j->target);
	j->target = NULL;
	j->targets = j->open = 0;
	j->troubled = false;
	j->ttl_s = UINT32_MAX;
}

void resolve_job_destroy(struct resolve_job *j)
{
	resolve_set_unref(&j->set);
	resolve_records_unref(&j->records);
	resolve_link_unref(&j->link);
	free(j);
}
