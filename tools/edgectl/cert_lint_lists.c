/*
 * cert_lint_lists.c: is there a revocation list for each leg, and is it good?
 */
#include "cert_lint.h"

#include "base/now.h"
#include "revocation/keeper.h"

#include <stdio.h>

static const char *const places[LEG_COUNT] = {
	[LEG_OUTSIDE] = "outside.revocation",
	[LEG_INSIDE] = "inside.revocation",
};

static const struct lint_words missing_words = {
	"a list of each authority: without it nobody knows who was revoked",
	"`edgectl check crl CONFIG` tells each source, and what failed"};

/* Of a source: there is one. */
static enum cert_severity how_bad(const struct settings *s, enum leg leg)
{
	return crl_mode(s, leg, true) == REVOCATION_HARD ? CERT_ERROR
							 : CERT_WARNING;
}

/* What the files and the cache have. */
static void standing(struct linting *run, enum leg leg,
		     enum crl_standing standing)
{
	static const struct lint_words off = {
		"auto: hard inside, soft outside",
		"take revocation.mode out of the settings, unless this is "
		"meant"};
	static const struct lint_words unchecked = {
		"a source: revocation.crl, or an authority whose certificates "
		"name one",
		"write revocation.crl = [ ... ]; to live without it knowingly, "
		"revocation.mode = \"off\""};
	enum cert_severity bad = how_bad(run->s, leg);

	run->where = places[leg];
	if (standing == CRL_STANDING_OFF)
		say_found(run, "revocation-off", CERT_NOTE, &off,
			  "nobody's certificate is looked up");
	else if (standing == CRL_STANDING_UNCHECKED)
		say_found(run, "revocation-unchecked", CERT_WARNING, &unchecked,
			  "no list and no source of one is known: who was "
			  "revoked gets in");
	else if (standing == CRL_STANDING_MISSING && run->o->offline)
		say_found(run, "crl-missing", bad, &missing_words,
			  "some source has no list in the cache");
	else if (standing == CRL_STANDING_EXPIRED && run->o->offline)
		say_found(run, "crl-expired", bad, &missing_words,
			  "some list is past its next update");
}

/* One source, tried. */
static void tried(const struct crl_report *r, void *arg)
{
	struct linting *run = arg;
	enum cert_severity bad = how_bad(run->s, r->leg);
	struct lint_words words = missing_words;

	run->where = places[r->leg];
	if (*r->mend)
		words.mend = r->mend;
	if (*r->failed && strcmp(r->by, "ocsp") == 0)
		say_found(run, "ocsp-no-answer", CERT_WARNING, &words,
			  "%.200s: %.300s", r->where, r->failed);
	else if (r->next_s && r->next_s < now_wall_s() && !r->spare)
		say_found(run, "crl-expired", bad, &words,
			  "%.200s: past its next update", r->where);
	else if (*r->failed && !r->spare)
		say_found(run, "crl-missing", bad, &words, "%.200s: %.300s",
			  r->where, r->failed);
}

const struct crl_set *lint_lists_load(struct linting *run)
{
	const struct crl_set *set = NULL;
	char why[WHY_MAX] = "out of memory";

	if (!crl_set_load(&set, run->s, why))
		return set;
	run->where = "revocation";
	say_found(run, "crl-missing", CERT_ERROR, &missing_words, "%s", why);
	return NULL;
}

void lint_lists(struct linting *run, const struct crl_set **set)
{
	for (int leg = 0; leg < LEG_COUNT; leg++)
		standing(run, (enum leg)leg,
			 crl_set_standing(*set, (enum leg)leg, now_wall_s()));
	if (!run->o->offline && crl_keeper_try(run->s, set, tried, run))
		no_look("out of memory");
}
