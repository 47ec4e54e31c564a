/*
 * keeper_try.c - every source once, without a daemon; and strangers' ones.
 */
#include "keeper_room.h"

#include "base/now.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>

/** A round of tries. */
struct round {
	const struct settings *settings;
	struct crl_set set;	      /* has the authorities only */
	const struct crl_set **fresh; /* NULL: not wanted */
	crl_report_fn *fn;
	void *arg;
};

/* What the daemon kept of it, to see that numbers do not go back. */
static struct crl *kept_list(const struct round *r, struct crl_task *t)
{
	const struct crl_leg *leg = &r->set.leg[t->point->leg];
	struct crl_fault fault = {.mend = ""};
	struct buf bytes = {0};
	struct crl *list = NULL;

	if (!crl_task_path(t) && !crl_cache_read(&bytes, r->settings->state_dir,
						 t->point->where[0], &t->got_s))
		crl_read(&list, buf_slice(&bytes), leg->authorities, &fault);
	buf_fini(&bytes);
	if (!list)
		t->got_s = 0;
	return list;
}

/* The newest of what came, and of what was known. */
static void put_fresh(const struct round *r, const struct crl_task *t,
		      struct crl *list)
{
	struct crl_slot given = {
		.point = t->point, .list = list, .got_s = t->tried_s};
	const struct crl_slot *slot;
	const struct crl_set *with = NULL;

	if (!r->fresh || !list)
		return;
	slot = crl_set_slot(*r->fresh, t->point);
	if (slot && crl_older(list, slot->list))
		return;
	if (!crl_set_with(&with, *r->fresh, &given)) {
		crl_set_unref(r->fresh);
		*r->fresh = with;
	}
}

static int try_one(const struct round *r, struct crl_task *t)
{
	struct crl_job job = {.set = &r->set, .settings = r->settings};
	struct crl *have = kept_list(r, t), *list = NULL;
	uint64_t kept_s = t->got_s;
	struct buf raw = {0};
	int err;

	crl_task_describe(t, have);
	err = crl_task_list(&list, &raw, t, &job, have);
	put_fresh(r, t, list);
	if (!crl_task_path(t))
		t->got_s = kept_s; /* this one is not kept */
	buf_fini(&raw);
	crl_unref(&list);
	crl_unref(&have);
	return err;
}

/* Each address of a source is tried, and told when all are. */
static void try_point(const struct round *r, struct crl_point *point)
{
	struct crl_task t[CRL_WHERES] = {0};
	struct crl_report report;
	bool works = false;

	for (size_t i = 0; i < point->n; i++) {
		t[i].point = point;
		t[i].at = i;
		if (try_one(r, &t[i]) == 0)
			works = true;
	}
	for (size_t i = 0; i < point->n; i++) {
		crl_task_report(&report, &t[i], r->settings);
		report.spare = works && report.failed[0];
		r->fn(&report, r->arg);
	}
}

static int try_leg(struct round *r, enum leg leg)
{
	struct crl_points points = {0};
	int err = 0;

	if (r->settings->leg[leg].revocation.mode == REVOCATION_OFF)
		return 0;
	r->set.leg[leg].authorities = crl_authorities(r->settings, leg);
	if (!r->set.leg[leg].authorities)
		err = ENOMEM;
	if (!err)
		err = crl_points_list(&points, r->settings, leg);
	for (size_t i = 0; i < points.n && !err; i++)
		try_point(r, points.v[i]);
	crl_points_fini(&points);
	sk_X509_pop_free(r->set.leg[leg].authorities, X509_free);
	r->set.leg[leg].authorities = NULL;
	return err;
}

static int try_staple(const struct round *r, const struct staple *of)
{
	struct crl_job job = {.set = &r->set, .settings = r->settings};
	struct crl_task t = {
		.point = crl_point_create(LEG_OUTSIDE, CRL_BY_OCSP, of->where)};
	struct staple *answered = NULL;
	struct crl_report report;
	struct buf raw = {0};

	if (!t.point)
		return ENOMEM;
	crl_task_staple(&answered, &raw, &t, &job, of);
	crl_task_report(&report, &t, r->settings);
	r->fn(&report, r->arg);
	buf_fini(&raw);
	staple_unref(&answered);
	crl_point_unref(&t.point);
	return 0;
}

static int try_staples(const struct round *r)
{
	const char *ocsp = r->settings->leg[LEG_OUTSIDE].ocsp, *path;
	int err = 0;

	if (!ocsp || strcmp(ocsp, "off") == 0)
		return 0;
	for (size_t i = 0;
	     crl_own_file(r->settings, LEG_OUTSIDE, i, &path) && !err; i++) {
		struct staple *st = NULL;

		if (!path || i == 1)
			continue;
		err = staple_create(&st, path, ocsp, r->settings);
		if (st && st->where)
			err = try_staple(r, st);
		staple_unref(&st);
	}
	return err;
}

int crl_keeper_try(const struct settings *s, const struct crl_set **set,
		   crl_report_fn *fn, void *arg)
{
	struct round r = {.settings = s, .fresh = set, .fn = fn, .arg = arg};
	int err = 0;

	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return ENOMEM;
	for (int i = 0; i < LEG_COUNT && !err; i++)
		err = try_leg(&r, (enum leg)i);
	if (!err)
		err = try_staples(&r);
	curl_global_cleanup();
	return err;
}

/* Whoever has no settings has no private network either. */
static const struct settings *nobodys(void)
{
	static char none[] = "";
	static const struct settings s = {
		.leg = {[LEG_OUTSIDE] = {.fqdn = none},
			[LEG_INSIDE] = {.fqdn = none}},
	};

	return &s;
}

int crl_probe(struct buf *out, const struct crl_probe *p, char *why)
{
	struct crl_fault fault = {.mend = ""};
	struct crl_errand e = {
		.settings = p->settings ? p->settings : nobodys(),
		.leg = p->settings ? p->leg : LEG_OUTSIDE,
		.where = p->url,
		.learnt = true,
		.unbound = true,
		.post = p->post,
	};
	int err = ENOMEM;

	if (!curl_global_init(CURL_GLOBAL_DEFAULT)) {
		err = crl_fetch(out, &e, &fault);
		curl_global_cleanup();
	}
	snprintf(why, WHY_MAX, "%s",
		 err == ENOMEM ? "out of memory" : fault.what);
	return err;
}
