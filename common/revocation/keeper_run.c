/*
 * keeper_run.c - which tasks there are, and doing one.
 */
#include "keeper_room.h"

#include "base/now.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

/** Tasks being gathered. */
struct gathering {
	struct crl_task *task;
	size_t n;
	bool retry; /* what failed is tried at once */
};

static struct crl_task *known_task(struct crl_keeper *k,
				   const struct crl_point *point,
				   const char *fingerprint)
{
	for (size_t i = 0; i < k->tasks; i++) {
		struct crl_task *t = &k->task[i];

		if (t->point && crl_point_meets(t->point, point) &&
		    strcmp(t->fingerprint, fingerprint) == 0)
			return t;
	}
	return NULL;
}

/* What is known of it moves over. */
static struct crl_task *add(struct gathering *g, struct crl_keeper *k,
			    struct crl_point *point, const char *fingerprint)
{
	struct crl_task *known = known_task(k, point, fingerprint);
	struct crl_task *t = &g->task[g->n++];

	if (known) {
		*t = *known;
		crl_point_unref(&known->point);
		known->issuer = NULL;
		if (t->at >= point->n)
			t->at = 0;
		if (g->retry && t->fails)
			t->due_ms = 0;
	} else {
		*t = (struct crl_task){.fault.mend = ""};
		snprintf(t->fingerprint, sizeof(t->fingerprint), "%s",
			 fingerprint);
	}
	t->point = crl_point_ref(point);
	return t;
}

/* What the cache or the file gave already need not be asked for at once. */
static void add_slot(struct gathering *g, struct crl_keeper *k,
		     const struct crl_slot *slot)
{
	struct crl_task *t = add(g, k, slot->point, "");

	if (!slot->list)
		return;
	crl_task_describe(t, slot->list);
	t->got_s = slot->got_s;
	if (!t->fails && t->due_ms == 0 && crl_until(slot->list) > now_wall_s())
		crl_task_plan(t, now_wall_s(), now_mono_ms());
}

static void add_staple(struct gathering *g, struct crl_keeper *k,
		       const struct staple *st)
{
	struct crl_point *point = NULL;
	struct crl_task *t;

	if (st->where)
		point = crl_point_create(LEG_OUTSIDE, CRL_BY_OCSP, st->where);
	if (!point)
		return;
	t = add(g, k, point, st->fingerprint);
	crl_point_unref(&point);
	X509_NAME_oneline(X509_get_subject_name(st->cert), t->name,
			  sizeof(t->name));
	if (!st->der)
		return;
	t->got_s = st->got_s;
	t->this_s = st->this_s;
	t->next_s = st->next_s;
	if (!t->fails && t->due_ms == 0)
		crl_task_plan(t, now_wall_s(), now_mono_ms());
}

static void add_learnt(struct gathering *g, struct crl_keeper *k,
		       struct crl_learnt *l, const struct crl_set *set)
{
	const struct crl_slot *slot = crl_set_slot(set, l->point);
	struct crl_task *t;

	if (slot && slot->point->by != CRL_BY_PEER)
		return;
	t = add(g, k, l->point, "");
	X509_free(t->issuer);
	t->issuer = l->issuer;
	l->issuer = NULL;
}

static bool is_learnt(const struct crl_learnt *l, size_t n,
		      const struct crl_point *point)
{
	for (size_t i = 0; i < n; i++) {
		if (crl_point_meets(l[i].point, point))
			return true;
	}
	return false;
}

/* Lists of sources that had to make room are let go. */
static void forget(struct crl_keeper *k, const struct crl_set *set,
		   const struct crl_learnt *l, size_t n)
{
	for (int leg = 0; leg < LEG_COUNT; leg++) {
		for (size_t i = 0; i < set->leg[leg].n; i++) {
			struct crl_point *p = set->leg[leg].slot[i].point;
			const struct crl_set *less = NULL, *now;

			if (p->by != CRL_BY_PEER || is_learnt(l, n, p))
				continue;
			now = crl_board_get(k->board);
			if (!crl_set_without(&less, now, p))
				crl_board_replace(k->board, now, less);
			crl_set_unref(&less);
			crl_set_unref(&now);
		}
	}
}

static void gather_all(struct gathering *g, struct crl_keeper *k,
		       const struct crl_set *set, struct crl_learnt *l,
		       size_t learnt)
{
	for (int leg = 0; leg < LEG_COUNT; leg++) {
		for (size_t i = 0; i < set->leg[leg].n; i++) {
			if (set->leg[leg].slot[i].point->by != CRL_BY_PEER)
				add_slot(g, k, &set->leg[leg].slot[i]);
		}
	}
	for (size_t i = 0; i < set->staples; i++)
		add_staple(g, k, set->staple[i]);
	for (size_t i = 0; i < learnt; i++) {
		if (set->leg[l[i].point->leg].mode != REVOCATION_OFF)
			add_learnt(g, k, &l[i], set);
	}
}

static void put_tasks(struct crl_keeper *k, struct gathering *g)
{
	for (size_t i = 0; i < k->tasks; i++) {
		if (k->task[i].point)
			crl_task_fini(&k->task[i]);
	}
	free(k->task);
	k->task = g->task;
	k->tasks = g->n;
}

static bool take_reloaded(struct crl_keeper *k)
{
	bool reloaded;

	pthread_mutex_lock(&k->mutex);
	reloaded = k->reloaded;
	k->reloaded = false;
	pthread_mutex_unlock(&k->mutex);
	for (int i = 0; i < LEG_COUNT && reloaded; i++)
		k->said[i].again = true;
	if (reloaded)
		k->staples_said.again = true;
	return reloaded;
}

void crl_keeper_gather(struct crl_keeper *k)
{
	const struct crl_set *set = crl_board_get(k->board);
	struct crl_learnt *learnt;
	struct gathering g = {0};
	size_t n;

	if (!set)
		return;
	n = crl_board_learnt(k->board, &learnt);
	forget(k, set, learnt, n);
	g.retry = take_reloaded(k);
	g.task = calloc(set->leg[LEG_OUTSIDE].n + set->leg[LEG_INSIDE].n +
				set->staples + n + 1,
			sizeof(*g.task));
	if (g.task) {
		gather_all(&g, k, set, learnt, n);
		put_tasks(k, &g);
	}
	for (size_t i = 0; i < n; i++)
		crl_learnt_fini(&learnt[i]);
	free(learnt);
	crl_set_unref(&set);
}

/* Onto whatever the board has by now; false: nobody wants it any more. */
static bool put_list(struct crl_keeper *k, const struct crl_slot *given)
{
	bool done = false, wanted = true;

	while (!done && wanted) {
		const struct crl_set *now = crl_board_get(k->board);
		const struct crl_set *with = NULL;

		wanted = (given->point->by == CRL_BY_PEER ||
			  crl_set_slot(now, given->point)) &&
			 !crl_set_with(&with, now, given);
		if (wanted)
			done = crl_board_replace(k->board, now, with);
		crl_set_unref(&with);
		crl_set_unref(&now);
	}
	return done;
}

static bool is_same(const struct crl *list, const struct crl *have)
{
	return have && !crl_older(have, list) && !crl_older(list, have) &&
	       list->this_s == have->this_s && list->next_s == have->next_s &&
	       list->revoked == have->revoked && !list->next == !have->next;
}

static const struct staple *staple_of(const struct crl_set *set,
				      const struct crl_task *t, size_t *nth)
{
	for (*nth = 0; *nth < set->staples; ++*nth) {
		if (strcmp(set->staple[*nth]->fingerprint, t->fingerprint) == 0)
			return set->staple[*nth];
	}
	return NULL;
}

static bool put_staple(struct crl_keeper *k, const struct crl_task *t,
		       struct staple *given)
{
	bool done = false, wanted = true;

	while (!done && wanted) {
		const struct crl_set *now = crl_board_get(k->board);
		const struct crl_set *with = NULL;
		size_t nth;

		wanted = staple_of(now, t, &nth) &&
			 !crl_set_with_staple(&with, now, nth, given);
		if (wanted)
			done = crl_board_replace(k->board, now, with);
		crl_set_unref(&with);
		crl_set_unref(&now);
	}
	return done;
}

static void keep_raw(const struct crl_job *job, const char *name,
		     const struct buf *raw)
{
	int err =
		crl_cache_write(job->settings->state_dir, name, buf_slice(raw));

	if (err)
		crl_keeper_say_cache(job->settings, err);
}

/* The cache first: a reload that comes between finds it there. */
static int do_list(struct crl_keeper *k, struct crl_task *t,
		   const struct crl_job *job, bool *changed)
{
	const struct crl_slot *slot = crl_set_slot(job->set, t->point);
	const struct crl *have = slot ? slot->list : NULL;
	struct crl_slot given = {.point = t->point};
	struct buf raw = {0};
	int err = crl_task_list(&given.list, &raw, t, job, have);

	if (given.list && !crl_task_path(t))
		keep_raw(job, t->point->where[0], &raw);
	buf_fini(&raw);
	given.got_s = t->got_s;
	if (given.list && !is_same(given.list, have))
		*changed = put_list(k, &given);
	crl_unref(&given.list);
	return err;
}

static int do_staple(struct crl_keeper *k, struct crl_task *t,
		     const struct crl_job *job, bool *changed)
{
	size_t nth;
	const struct staple *of = staple_of(job->set, t, &nth);
	struct staple *answered = NULL;
	struct buf raw = {0};
	int err = of ? crl_task_staple(&answered, &raw, t, job, of) : ENOENT;

	if (answered && !crl_task_path(t))
		keep_raw(job, t->fingerprint, &raw);
	buf_fini(&raw);
	if (answered)
		*changed = put_staple(k, t, answered);
	staple_unref(&answered);
	return err;
}

/* All addresses of the source in turn, the one that worked last first. */
static int do_task(struct crl_keeper *k, struct crl_task *t,
		   const struct crl_job *job, bool *changed)
{
	int err = EIO;

	for (size_t i = 0; i < t->point->n && err && err != ECANCELED; i++) {
		if (t->fingerprint[0])
			err = do_staple(k, t, job, changed);
		else
			err = do_list(k, t, job, changed);
		if (err && err != ECANCELED && i + 1 < t->point->n)
			t->at = (t->at + 1) % t->point->n;
	}
	return err;
}

/* A file that is still the one that was read. */
static bool is_read(const struct crl_task *t)
{
	struct crl_stamp now;

	if (!crl_task_path(t) || t->fails || t->got_s == 0)
		return false;
	crl_file_stamp(&now, crl_task_path(t));
	return memcmp(&now, &t->stamp, sizeof(now)) == 0;
}

void crl_keeper_run(struct crl_keeper *k, struct crl_task *t)
{
	struct crl_job job = {.stop = &k->give_up};
	struct crl_task worked = *t;
	bool changed = false, quiet = is_read(t);
	int err = 0;

	job.set = crl_board_get(k->board);
	job.settings = job.set->settings;
	if (!quiet)
		err = do_task(k, &worked, &job, &changed);
	if (err != ECANCELED)
		worked.fails = err ? worked.fails + 1 : 0;
	crl_task_plan(&worked, now_wall_s(), now_mono_ms());
	*t = worked;
	if (!quiet && err != ECANCELED)
		crl_keeper_say_task(job.settings, t, err);
	crl_set_unref(&job.set);
	if (changed)
		k->changed(k->arg);
}
