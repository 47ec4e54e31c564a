/*
 * set.c - the lists of both legs, and what a chain is judged by.
 */
#include "set.h"

#include "base/now.h"
#include "files.h"

#include <errno.h>
#include <stdlib.h>

static const char *const standing_words[] = {
	[CRL_STANDING_OFF] = "off",
	[CRL_STANDING_UNCHECKED] = "unchecked",
	[CRL_STANDING_MISSING] = "missing",
	[CRL_STANDING_EXPIRED] = "expired",
	[CRL_STANDING_GOOD] = "good",
};

const char *crl_standing_word(enum crl_standing standing)
{
	return standing_words[standing];
}

const struct crl_set *crl_set_ref(const struct crl_set *set)
{
	atomic_fetch_add(&((struct crl_set *)set)->refs, 1);
	return set;
}

static void leg_fini(struct crl_leg *leg)
{
	for (size_t i = 0; i < leg->n; i++) {
		crl_point_unref(&leg->slot[i].point);
		crl_unref(&leg->slot[i].list);
	}
	free(leg->slot);
	sk_X509_pop_free(leg->authorities, X509_free);
}

void crl_set_unref(const struct crl_set **setp)
{
	struct crl_set *set = (struct crl_set *)*setp;

	*setp = NULL;
	if (!set || atomic_fetch_sub(&set->refs, 1) != 1)
		return;
	for (int i = 0; i < LEG_COUNT; i++)
		leg_fini(&set->leg[i]);
	for (size_t i = 0; i < set->staples; i++)
		staple_unref(&set->staple[i]);
	free(set->staple);
	settings_unref(&set->settings);
	free(set);
}

enum revocation_mode crl_mode(const struct settings *s, enum leg leg,
			      bool sources)
{
	enum revocation_mode mode = s->leg[leg].revocation.mode;

	if (mode != REVOCATION_AUTO)
		return mode;
	if (!sources)
		return REVOCATION_OFF;
	return leg == LEG_INSIDE ? REVOCATION_HARD : REVOCATION_SOFT;
}

static int hard_fails(char *why, const struct crl_slot *slot,
		      const struct crl_fault *fault)
{
	snprintf(why, WHY_MAX, "%.200s: %.200s: %.100s", slot->point->where[0],
		 fault->what, fault->mend);
	return EINVAL;
}

/* A file that is not there, or whose authority is none of ours any more, is a
 * state to be told, unless it must be there: an authority that goes on under
 * another intermediate stops no reload. One that is no list is an error. */
static int read_file(struct crl_slot *slot, const struct crl_leg *leg,
		     char *why)
{
	const char *path = crl_point_path(slot->point->where[0]);
	struct crl_fault fault = {.mend = ""};
	struct buf bytes = {0};
	int err = crl_file_read(&bytes, path, &fault);

	if (err && err != ENOMEM && leg->mode != REVOCATION_HARD) {
		buf_fini(&bytes);
		return 0;
	}
	if (!err)
		err = crl_read(&slot->list, buf_slice(&bytes), leg->authorities,
			       &fault);
	buf_fini(&bytes);
	if (err == EACCES && leg->mode != REVOCATION_HARD)
		err = 0;
	if (err && err != ENOMEM)
		return hard_fails(why, slot, &fault);
	slot->got_s = slot->list ? now_wall_s() : 0;
	return err;
}

/* The cache goes by the first address, wherever the list came from. */
static int read_where(struct buf *out, const struct crl_point *p, size_t nth,
		      const char *dir, uint64_t *got_s)
{
	const char *path = crl_point_path(p->where[nth]);
	struct crl_fault fault;

	if (path) {
		*got_s = now_wall_s();
		return crl_file_read(out, path, &fault);
	}
	return nth == 0 ? crl_cache_read(out, dir, p->where[0], got_s) : ENOENT;
}

/* What the cache has and is no good is as good as not there. */
static int read_kept(struct crl_slot *slot, const struct crl_leg *leg,
		     const char *dir)
{
	struct crl_fault fault = {.mend = ""};
	int err = 0;

	for (size_t i = 0; i < slot->point->n && !slot->list && !err; i++) {
		struct buf bytes = {0};

		if (!read_where(&bytes, slot->point, i, dir, &slot->got_s))
			err = crl_read(&slot->list, buf_slice(&bytes),
				       leg->authorities, &fault);
		buf_fini(&bytes);
		err = err == ENOMEM ? err : 0;
	}
	if (!slot->list)
		slot->got_s = 0;
	return err;
}

static int read_slot(struct crl_slot *slot, const struct crl_leg *leg,
		     const struct settings *s, char *why)
{
	if (slot->point->by == CRL_BY_SETTINGS &&
	    crl_point_path(slot->point->where[0]))
		return read_file(slot, leg, why);
	return read_kept(slot, leg, s->state_dir);
}

/* A source that nobody can ask makes no leg hard: it would shut all out. */
static size_t askable(const struct crl_points *points)
{
	size_t n = 0;

	for (size_t i = 0; i < points->n; i++)
		n += crl_point_askable(points->v[i]);
	return n;
}

static int load_leg(struct crl_leg *leg, enum leg which,
		    const struct settings *s, char *why)
{
	struct crl_points points;
	int err = crl_points_list(&points, s, which);
	size_t sources = askable(&points);

	leg->mode = crl_mode(s, which, sources > 0);
	leg->grace_s = (uint64_t)s->leg[which].revocation.grace_h * 3600;
	leg->unchecked = s->leg[which].revocation.mode == REVOCATION_AUTO &&
			 sources == 0;
	if (!err && leg->mode != REVOCATION_OFF) {
		leg->authorities = crl_authorities(s, which);
		leg->slot = calloc(points.n + 1, sizeof(*leg->slot));
		err = leg->authorities && leg->slot ? 0 : ENOMEM;
		for (size_t i = 0; i < points.n && !err; i++) {
			leg->slot[i].point = crl_point_ref(points.v[i]);
			leg->n++;
			err = read_slot(&leg->slot[i], leg, s, why);
		}
	}
	crl_points_fini(&points);
	return err;
}

/* An answer that was kept, or lies in the settings' file. */
static int read_staple(struct staple **st, const struct settings *s)
{
	struct crl_fault fault = {.mend = ""};
	struct staple *answered;
	struct buf bytes = {0};
	uint64_t got_s = 0;
	int err;

	if (!(*st)->where)
		return 0;
	if (crl_point_path((*st)->where)) {
		err = crl_file_read(&bytes, (*st)->where, &fault);
		got_s = now_wall_s();
	} else {
		err = crl_cache_read(&bytes, s->state_dir, (*st)->fingerprint,
				     &got_s);
	}
	if (!err &&
	    !staple_answer(&answered, *st, buf_slice(&bytes), got_s, &fault)) {
		staple_unref(st);
		*st = answered;
	}
	buf_fini(&bytes);
	return 0;
}

static int load_staples(struct crl_set *set, const struct settings *s)
{
	const char *ocsp = s->leg[LEG_OUTSIDE].ocsp, *path;
	int err = 0;

	if (!ocsp)
		return 0;
	set->staple =
		calloc(s->leg[LEG_OUTSIDE].alsos + 2, sizeof(struct staple *));
	if (!set->staple)
		return ENOMEM;
	for (size_t i = 0; crl_own_file(s, LEG_OUTSIDE, i, &path) && !err;
	     i++) {
		struct staple **st = &set->staple[set->staples];

		if (!path || i == 1)
			continue; /* a client has no use for it */
		err = staple_create(st, path, ocsp, s);
		if (!err && *st) {
			set->staples++;
			err = read_staple(st, s);
		}
	}
	return err;
}

int crl_set_load(const struct crl_set **out, const struct settings *s,
		 char *why)
{
	struct crl_set *set = calloc(1, sizeof(*set));
	const struct crl_set *made = set;
	int err = 0;

	*out = NULL;
	why[0] = '\0';
	if (!set)
		return ENOMEM;
	set->refs = 1;
	set->settings = settings_ref(s);
	for (int i = 0; i < LEG_COUNT && !err; i++)
		err = load_leg(&set->leg[i], (enum leg)i, s, why);
	if (!err)
		err = load_staples(set, s);
	if (err)
		crl_set_unref(&made);
	*out = made;
	return err;
}

/** What the lists say of one certificate. */
struct said {
	bool revoked, covered;
	uint64_t until_s; /* of the freshest that covers it */
};

static void ask_list(struct said *said, const struct crl *l, X509 *cert,
		     X509 *issuer)
{
	enum crl_answer a = crl_ask(l, cert, issuer);
	uint64_t until_s = l->next_s ? l->next_s : UINT64_MAX;

	if (a == CRL_SILENT)
		return;
	said->covered = true;
	if (a == CRL_REVOKED)
		said->revoked = true;
	if (until_s > said->until_s)
		said->until_s = until_s;
}

static struct said ask_all(const struct crl_leg *leg, X509 *cert, X509 *issuer)
{
	struct said said = {0};

	for (size_t i = 0; i < leg->n; i++) {
		const struct crl *l = leg->slot[i].list;

		for (; l; l = l->next)
			ask_list(&said, l, cert, issuer);
	}
	return said;
}

/* The one place that knows what the modes mean. */
int crl_set_judge(const struct crl_set *set, enum leg which, X509 *cert,
		  X509 *issuer)
{
	const struct crl_leg *leg = &set->leg[which];
	struct said said;

	if (leg->mode == REVOCATION_OFF)
		return X509_V_OK;
	said = ask_all(leg, cert, issuer);
	if (said.revoked)
		return X509_V_ERR_CERT_REVOKED;
	if (leg->mode == REVOCATION_SOFT)
		return X509_V_OK;
	if (!said.covered)
		return X509_V_ERR_UNABLE_TO_GET_CRL;
	if (said.until_s == UINT64_MAX ||
	    now_wall_s() <= said.until_s + leg->grace_s)
		return X509_V_OK;
	return X509_V_ERR_CRL_HAS_EXPIRED;
}

bool crl_set_covers(const struct crl_set *set, enum leg leg, X509 *cert,
		    X509 *issuer)
{
	return ask_all(&set->leg[leg], cert, issuer).covered;
}

/* What a stranger's certificate named is no business of the operator's. */
enum crl_standing crl_set_standing(const struct crl_set *set, enum leg which,
				   uint64_t wall_s)
{
	const struct crl_leg *leg = &set->leg[which];
	enum crl_standing worst = CRL_STANDING_GOOD;
	size_t own = 0;

	if (leg->unchecked)
		return CRL_STANDING_UNCHECKED;
	if (leg->mode == REVOCATION_OFF)
		return CRL_STANDING_OFF;
	for (size_t i = 0; i < leg->n; i++) {
		const struct crl_slot *slot = &leg->slot[i];

		if (slot->point->by == CRL_BY_PEER)
			continue;
		own++;
		if (!slot->list)
			return CRL_STANDING_MISSING;
		if (crl_until(slot->list) < wall_s)
			worst = CRL_STANDING_EXPIRED;
	}
	return own ? worst : CRL_STANDING_MISSING;
}

static size_t slot_of(const struct crl_set *set, const struct crl_point *point)
{
	const struct crl_leg *leg = &set->leg[point->leg];
	size_t i = 0;

	while (i < leg->n && !crl_point_meets(leg->slot[i].point, point))
		i++;
	return i;
}

const struct crl_slot *crl_set_slot(const struct crl_set *set,
				    const struct crl_point *point)
{
	size_t i = slot_of(set, point);

	return i < set->leg[point->leg].n ? &set->leg[point->leg].slot[i]
					  : NULL;
}

static STACK_OF(X509) * authorities_ref(const STACK_OF(X509) * from)
{
	return from ? X509_chain_up_ref((STACK_OF(X509) *)from) : NULL;
}

static int copy_leg(struct crl_leg *to, const struct crl_leg *from)
{
	*to = *from;
	to->n = 0;
	to->authorities = authorities_ref(from->authorities);
	to->slot = calloc(from->n + 1, sizeof(*to->slot));
	if (!to->slot || (from->authorities && !to->authorities))
		return ENOMEM;
	for (; to->n < from->n; to->n++) {
		struct crl_slot *slot = &to->slot[to->n];

		*slot = from->slot[to->n];
		crl_point_ref(slot->point);
		crl_ref(slot->list);
	}
	return 0;
}

static int copy_staples(struct crl_set *to, const struct crl_set *from)
{
	to->staple = calloc(from->staples + 1, sizeof(struct staple *));
	if (!to->staple)
		return ENOMEM;
	for (; to->staples < from->staples; to->staples++)
		to->staple[to->staples] = staple_ref(from->staple[to->staples]);
	return 0;
}

static int copy(struct crl_set **out, const struct crl_set *set)
{
	struct crl_set *made = calloc(1, sizeof(*made));
	int err = 0;

	*out = made;
	if (!made)
		return ENOMEM;
	made->refs = 1;
	made->settings = settings_ref(set->settings);
	for (int i = 0; i < LEG_COUNT && !err; i++)
		err = copy_leg(&made->leg[i], &set->leg[i]);
	return err ? err : copy_staples(made, set);
}

/* Give it away, or let go of it. */
static int done(const struct crl_set **out, struct crl_set *made, int err)
{
	const struct crl_set *set = made;

	if (err)
		crl_set_unref(&set);
	*out = set;
	return err;
}

/* A copy has room for one more in each leg. */
static int put_slot(struct crl_set *set, const struct crl_slot *given)
{
	struct crl_leg *leg = &set->leg[given->point->leg];
	size_t i = slot_of(set, given->point);
	struct crl_slot *grown;

	if (i < leg->n) {
		crl_unref(&leg->slot[i].list);
	} else {
		grown = realloc(leg->slot, (leg->n + 1) * sizeof(*grown));
		if (!grown)
			return ENOMEM;
		leg->slot = grown;
		leg->slot[leg->n++].point = crl_point_ref(given->point);
	}
	leg->slot[i].list = crl_ref(given->list);
	leg->slot[i].got_s = given->got_s;
	return 0;
}

int crl_set_with(const struct crl_set **out, const struct crl_set *set,
		 const struct crl_slot *given)
{
	struct crl_set *made;
	int err = copy(&made, set);

	if (!err)
		err = put_slot(made, given);
	return done(out, made, err);
}

int crl_set_without(const struct crl_set **out, const struct crl_set *set,
		    const struct crl_point *point)
{
	struct crl_set *made;
	int err = copy(&made, set);
	struct crl_leg *leg;
	size_t i;

	if (err)
		return done(out, made, err);
	leg = &made->leg[point->leg];
	i = slot_of(made, point);
	if (i < leg->n && leg->slot[i].point->by == CRL_BY_PEER) {
		crl_point_unref(&leg->slot[i].point);
		crl_unref(&leg->slot[i].list);
		leg->slot[i] = leg->slot[--leg->n];
	}
	return done(out, made, 0);
}

int crl_set_with_staple(const struct crl_set **out, const struct crl_set *set,
			size_t nth, struct staple *given)
{
	struct crl_set *made;
	int err = copy(&made, set);

	if (!err) {
		staple_unref(&made->staple[nth]);
		made->staple[nth] = staple_ref(given);
	}
	return done(out, made, err);
}

/* Nothing of a leg that is off; and peers' sources only while they count. */
static bool is_kept(const struct crl_set *set, const struct crl_slot *old,
		    enum leg which)
{
	const struct crl_leg *leg = &set->leg[which];
	const struct crl_slot *slot = crl_set_slot(set, old->point);

	if (leg->mode == REVOCATION_OFF || !old->list)
		return false;
	if (!slot)
		return old->point->by == CRL_BY_PEER &&
		       set->settings->leg[which].revocation.distribution_points;
	return !slot->list || crl_older(slot->list, old->list);
}

static int carry_leg(struct crl_set *made, const struct crl_leg *old,
		     enum leg which)
{
	int err = 0;

	for (size_t i = 0; i < old->n && !err; i++) {
		if (is_kept(made, &old->slot[i], which))
			err = put_slot(made, &old->slot[i]);
	}
	return err;
}

static void carry_staples(struct crl_set *made, const struct crl_set *old)
{
	for (size_t i = 0; i < made->staples; i++) {
		for (size_t k = 0; k < old->staples; k++) {
			struct staple *mine = made->staple[i];
			struct staple *other = old->staple[k];

			if (strcmp(mine->fingerprint, other->fingerprint) ||
			    !mine->where || !other->where ||
			    strcmp(mine->where, other->where) || mine->der)
				continue;
			staple_unref(&made->staple[i]);
			made->staple[i] = staple_ref(other);
		}
	}
}

int crl_set_carry(const struct crl_set **out, const struct crl_set *set,
		  const struct crl_set *old)
{
	struct crl_set *made;
	int err = copy(&made, set);

	for (int i = 0; i < LEG_COUNT && old && !err; i++)
		err = carry_leg(made, &old->leg[i], (enum leg)i);
	if (!err && old)
		carry_staples(made, old);
	return done(out, made, err);
}
