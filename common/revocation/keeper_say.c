/*
 * keeper_say.c - how the legs stand, loudly.
 */
#include "keeper_room.h"

#include "base/log.h"
#include "base/now.h"

#include <stdlib.h>

#define DAY_S (24 * 3600u)

/** Log lines of the standings that are not as they should be. */
static const char *const verbs[] = {
	[CRL_STANDING_UNCHECKED] = "crl-unchecked",
	[CRL_STANDING_MISSING] = "crl-missing",
	[CRL_STANDING_EXPIRED] = "crl-expired",
};

static bool is_loud(enum crl_standing s)
{
	return s == CRL_STANDING_UNCHECKED || s == CRL_STANDING_MISSING ||
	       s == CRL_STANDING_EXPIRED;
}

/* The first source that is to blame. */
static const struct crl_slot *culprit(const struct crl_leg *leg,
				      enum crl_standing is, uint64_t wall_s)
{
	for (size_t i = 0; i < leg->n; i++) {
		const struct crl_slot *slot = &leg->slot[i];

		if (slot->point->by == CRL_BY_PEER)
			continue;
		if (is == CRL_STANDING_MISSING && !slot->list)
			return slot;
		if (is == CRL_STANDING_EXPIRED && slot->list &&
		    crl_until(slot->list) < wall_s)
			return slot;
	}
	return NULL;
}

static void say_unchecked(enum leg leg)
{
	log_event(LOG_LEVEL_ERROR, "crl", verbs[CRL_STANDING_UNCHECKED],
		  "leg=%s reason=\"revoked certificates are not known: set "
		  "%s.revocation.crl, or mode = \\\"off\\\"\"",
		  settings_leg_word(leg), settings_leg_word(leg));
}

static void say_missing(const struct crl_leg *leg, enum leg which,
			uint64_t wall_s)
{
	const struct crl_slot *slot =
		culprit(leg, CRL_STANDING_MISSING, wall_s);
	char where[LOG_TEXT_MAX];

	log_event(LOG_LEVEL_ERROR, "crl", verbs[CRL_STANDING_MISSING],
		  "leg=%s source=%s mode=%s", settings_leg_word(which),
		  slot ? log_text(where, slice_of(slot->point->where[0]))
		       : "none",
		  leg->mode == REVOCATION_HARD ? "hard" : "soft");
}

static void say_expired(const struct crl_leg *leg, enum leg which,
			uint64_t wall_s)
{
	const struct crl_slot *slot =
		culprit(leg, CRL_STANDING_EXPIRED, wall_s);
	char where[LOG_TEXT_MAX];
	uint64_t until = crl_until(slot->list);

	log_event(LOG_LEVEL_ERROR, "crl", verbs[CRL_STANDING_EXPIRED],
		  "leg=%s source=%s mode=%s age_s=%llu late_s=%llu "
		  "grace_s=%llu",
		  settings_leg_word(which),
		  log_text(where, slice_of(slot->point->where[0])),
		  leg->mode == REVOCATION_HARD ? "hard" : "soft",
		  (unsigned long long)(wall_s - slot->list->this_s),
		  (unsigned long long)(wall_s - until),
		  (unsigned long long)leg->grace_s);
}

static void say_good(const struct crl_leg *leg, enum leg which)
{
	log_event(LOG_LEVEL_NOTICE, "crl", "crl-good", "leg=%s sources=%zu",
		  settings_leg_word(which), leg->n);
}

static void say_leg(const struct crl_set *set, enum leg leg,
		    enum crl_standing is, uint64_t wall_s)
{
	if (is == CRL_STANDING_UNCHECKED)
		say_unchecked(leg);
	else if (is == CRL_STANDING_MISSING)
		say_missing(&set->leg[leg], leg, wall_s);
	else if (is == CRL_STANDING_EXPIRED)
		say_expired(&set->leg[leg], leg, wall_s);
	else if (is == CRL_STANDING_GOOD)
		say_good(&set->leg[leg], leg);
}

/* Lists or answers of ours that the network is asked for next: they may mend
 * it. What lies in files is known. */
static bool is_awaited(const struct crl_keeper *k, enum leg leg, bool ocsp)
{
	uint64_t now_ms = now_mono_ms();

	for (size_t i = 0; i < k->tasks; i++) {
		const struct crl_task *t = &k->task[i];
		enum crl_by by = t->point->by;

		if (t->point->leg == leg && by != CRL_BY_PEER &&
		    (by == CRL_BY_OCSP) == ocsp && !crl_task_path(t) &&
		    t->due_ms <= now_ms)
			return true;
	}
	return false;
}

static void look_at(struct crl_keeper *k, const struct crl_set *set,
		    enum leg leg)
{
	uint64_t wall_s = now_wall_s();
	enum crl_standing is = crl_set_standing(set, leg, wall_s);
	struct crl_said *said = &k->said[leg];
	bool new = said->at_s == 0 || said->standing != is;
	bool due = is_loud(is) && (said->again || wall_s >= said->at_s + DAY_S);

	if ((!new && !due) || (is_loud(is) && is_awaited(k, leg, false)))
		return;
	*said = (struct crl_said){.standing = is, .at_s = wall_s};
	say_leg(set, leg, is, wall_s);
}

/* RFC 7633: clients refuse such a certificate without its staple. */
static void look_at_staples(struct crl_keeper *k, const struct crl_set *set)
{
	struct crl_said *said = &k->staples_said;
	uint64_t wall_s = now_wall_s();

	if (is_awaited(k, LEG_OUTSIDE, true) ||
	    (!said->again && wall_s < said->at_s + DAY_S))
		return;
	said->again = false;
	for (size_t i = 0; i < set->staples; i++) {
		const struct staple *st = set->staple[i];

		if (!st->must || (st->der && st->next_s > wall_s))
			continue;
		said->at_s = wall_s;
		log_event(LOG_LEVEL_ERROR, "crl", "staple-missing",
			  "certificate=%s reason=\"%s\"", st->fingerprint,
			  st->where ? "no good answer came"
				    : "nobody is asked for one: see "
				      "outside.tls.ocsp");
	}
}

void crl_keeper_say(struct crl_keeper *k)
{
	const struct crl_set *set = crl_board_get(k->board);

	if (!set)
		return;
	for (int i = 0; i < LEG_COUNT; i++)
		look_at(k, set, (enum leg)i);
	look_at_staples(k, set);
	crl_set_unref(&set);
}

/* For people, and between quotes: servers have a say in it. */
static const char *sentence(char out[WHY_MAX], const char *text)
{
	size_t n = 0;

	for (; text[n] && n < WHY_MAX - 1; n++) {
		bool fine = text[n] >= ' ' && text[n] <= '~' &&
			    text[n] != '"' && text[n] != '\\';

		out[n] = fine ? text[n] : '?';
	}
	out[n] = '\0';
	return out;
}

/* Of strangers' sources only the first failure, and quietly; of ours the
 * first, second, fourth, eighth ... */
static void say_failed(const struct crl_report *r, const struct crl_task *t)
{
	bool peer = t->point->by == CRL_BY_PEER;
	char where[LOG_TEXT_MAX], failed[WHY_MAX], proxy[LOG_TEXT_MAX];

	if (t->fails & (t->fails - 1) || (peer && t->fails > 1))
		return;
	log_event(peer ? LOG_LEVEL_INFO : LOG_LEVEL_NOTICE, "crl", "crl-failed",
		  "leg=%s source=%s by=%s proxy=%s fails=%u "
		  "reason=\"%s\"",
		  settings_leg_word(r->leg),
		  log_text(where, slice_of(r->where)), r->by,
		  r->proxy[0] ? log_text(proxy, slice_of(r->proxy)) : "none",
		  t->fails, sentence(failed, r->failed));
}

void crl_keeper_say_task(const struct settings *s, const struct crl_task *t,
			 int err)
{
	char where[LOG_TEXT_MAX], proxy[LOG_TEXT_MAX];
	struct crl_report r;

	crl_task_report(&r, t, s);
	if (err) {
		say_failed(&r, t);
		return;
	}
	log_event(LOG_LEVEL_INFO, "crl", "crl-got",
		  "leg=%s source=%s by=%s proxy=%s this=%llu next=%llu "
		  "revoked=%u",
		  settings_leg_word(r.leg), log_text(where, slice_of(r.where)),
		  r.by,
		  r.proxy[0] ? log_text(proxy, slice_of(r.proxy)) : "none",
		  (unsigned long long)r.this_s, (unsigned long long)r.next_s,
		  r.revoked);
}

void crl_keeper_say_cache(const struct settings *s, int err)
{
	log_event(LOG_LEVEL_ERROR, "crl", "crl-cache-failed",
		  "folder=%s/crl errno=%d", s->state_dir, err);
}

/* Their values may hold passwords. */
void crl_keeper_say_environment(void)
{
	static const char *const names[] = {"http_proxy",  "https_proxy",
					    "HTTPS_PROXY", "all_proxy",
					    "ALL_PROXY",   "HTTP_PROXY"};
	struct buf found = {0};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *value = getenv(names[i]);

		if (!value || !value[0])
			continue;
		if (found.n > 0)
			buf_puts(&found, ",");
		buf_puts(&found, names[i]);
	}
	if (found.n > 0)
		log_event(LOG_LEVEL_NOTICE, "crl", "proxy-ignored",
			  "environment=%.*s", (int)found.n, found.p);
	buf_fini(&found);
}
