/*
 * keeper_task.c - one source: get it, and know when to ask again.
 */
#include "keeper_room.h"

#include "base/now.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#define MINUTE_S 60u
#define PEER_S	 (10 * MINUTE_S) /* each new list has all chains judged anew */
#define HOUR_S	 3600u
#define DAY_S	 (24 * HOUR_S)

const char *crl_task_path(const struct crl_task *t)
{
	return crl_point_path(t->point->where[t->at]);
}

void crl_task_fini(struct crl_task *t)
{
	crl_point_unref(&t->point);
	X509_free(t->issuer);
	t->issuer = NULL;
}

static uint32_t revoked_in(const struct crl *list)
{
	uint32_t n = 0;

	for (; list; list = list->next)
		n += list->revoked;
	return n;
}

void crl_task_describe(struct crl_task *t, const struct crl *list)
{
	uint64_t until = crl_until(list);

	if (!list)
		return;
	t->this_s = list->this_s;
	t->next_s = until == UINT64_MAX ? 0 : until;
	t->revoked = revoked_in(list);
	X509_NAME_oneline(list->issuer, t->name, sizeof(t->name));
}

static struct crl_errand errand_of(const struct crl_task *t,
				   const struct crl_job *job)
{
	return (struct crl_errand){
		.settings = job->settings,
		.leg = t->point->leg,
		.where = t->point->where[t->at],
		.learnt = t->point->by == CRL_BY_PEER,
		.stop = job->stop,
	};
}

static int read_list(struct crl **out, struct buf *raw, struct crl_task *t,
		     const struct crl_job *job)
{
	STACK_OF(X509) *signers =
		X509_chain_up_ref(job->set->leg[t->point->leg].authorities);
	int err = ENOMEM;

	if (signers && t->issuer)
		X509_add_cert(signers, t->issuer, X509_ADD_FLAG_UP_REF);
	if (signers)
		err = crl_read(out, buf_slice(raw), signers, &t->fault);
	sk_X509_pop_free(signers, X509_free);
	return err;
}

static int judge_list(struct crl_task *t, const struct crl *list,
		      const struct crl *have)
{
	if (crl_older(list, have)) {
		crl_fault_set(&t->fault,
			      "see who put an older list there; when the "
			      "authority was made anew, delete the cache and "
			      "start the edge again",
			      "older than the list that is there already: its "
			      "number goes back");
		return EINVAL;
	}
	if (crl_until(list) >= now_wall_s())
		return 0;
	crl_fault_set(&t->fault,
		      "have the authority publish a new one, and see that "
		      "nothing on the way keeps the old one",
		      "the list there has expired");
	return ESTALE;
}

int crl_task_list(struct crl **out, struct buf *raw, struct crl_task *t,
		  const struct crl_job *job, const struct crl *have)
{
	struct crl_errand e = errand_of(t, job);
	int err;

	*out = NULL;
	t->tried_s = now_wall_s();
	crl_fault_clear(&t->fault);
	if (crl_task_path(t))
		crl_file_stamp(&t->stamp, crl_task_path(t));
	err = crl_fetch(raw, &e, &t->fault);
	if (!err)
		err = read_list(out, raw, t, job);
	if (!err)
		err = judge_list(t, *out, have);
	if (err && err != ESTALE)
		crl_unref(out);
	if (err == ENOMEM)
		crl_fault_set(&t->fault, "", "out of memory");
	if (*out) {
		t->got_s = t->tried_s;
		crl_task_describe(t, *out);
	}
	return err;
}

int crl_task_staple(struct staple **out, struct buf *raw, struct crl_task *t,
		    const struct crl_job *job, const struct staple *of)
{
	struct crl_errand e = errand_of(t, job);
	unsigned char *ask = NULL;
	int err = ENOMEM;

	*out = NULL;
	t->tried_s = now_wall_s();
	crl_fault_clear(&t->fault);
	X509_NAME_oneline(X509_get_subject_name(of->cert), t->name,
			  sizeof(t->name));
	if (crl_task_path(t))
		crl_file_stamp(&t->stamp, crl_task_path(t));
	e.post.n = staple_request(of, &ask);
	e.post.p = (const char *)ask;
	if (e.post.n > 0)
		err = crl_fetch(raw, &e, &t->fault);
	OPENSSL_free(ask);
	if (!err)
		err = staple_answer(out, of, buf_slice(raw), t->tried_s,
				    &t->fault);
	if (!err) {
		t->got_s = t->tried_s;
		t->this_s = (*out)->this_s;
		t->next_s = (*out)->next_s;
	}
	return err;
}

static uint64_t clamp(uint64_t v, uint64_t min, uint64_t max)
{
	if (v < min)
		return min;
	return v > max ? max : v;
}

/* So that edges which started together do not ask together: a tenth less at
 * most. */
static uint64_t jitter(uint64_t ms)
{
	uint32_t r = 0;

	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != (ssize_t)sizeof(r))
		r = 0;
	return ms - ms / 10 * (r % 1024) / 1024;
}

/* Half of the time that is left; the nearer the end, the more often, but not
 * more than hourly unless lists live shorter than that. */
static uint64_t fresh_s(const struct crl_task *t, uint64_t wall_s)
{
	uint64_t life, left, least;

	if (t->next_s <= t->this_s)
		return DAY_S;
	life = t->next_s - t->this_s;
	left = t->next_s > wall_s ? t->next_s - wall_s : 0;
	least = t->point->by == CRL_BY_PEER ? PEER_S : MINUTE_S;
	return clamp(left / 2, clamp(life / 8, least, HOUR_S), DAY_S);
}

static uint64_t backoff_s(unsigned fails)
{
	return fails > 6 ? HOUR_S
			 : clamp((uint64_t)MINUTE_S << (fails - 1), MINUTE_S,
				 HOUR_S);
}

/* Files are looked at once a minute, which costs one stat(). */
void crl_task_plan(struct crl_task *t, uint64_t wall_s, uint64_t now_ms)
{
	uint64_t s = t->fails ? backoff_s(t->fails) : fresh_s(t, wall_s);

	t->due_ms = now_ms +
		    (crl_task_path(t) ? MINUTE_S * 1000 : jitter(s * 1000));
}

void crl_task_report(struct crl_report *out, const struct crl_task *t,
		     const struct settings *s)
{
	const char *where = t->point->where[t->at];

	*out = (struct crl_report){
		.leg = t->point->leg,
		.where = where,
		.by = crl_by_word(t->point->by),
		.proxy = crl_fetch_proxy(s, t->point->leg, where),
		.issuer = t->name,
		.tried_s = t->tried_s,
		.got_s = t->got_s,
		.this_s = t->this_s,
		.next_s = t->next_s,
		.revoked = t->revoked,
		.failed = t->fault.what,
		.mend = t->fault.mend ? t->fault.mend : "",
	};
}
