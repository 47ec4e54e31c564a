/*
 * lists.c: the revocation lists of a running edge.
 */
#include "ops/lists.h"

#include "base/list.h"
#include "base/log.h"
#include "base/now.h"
#include "revocation/keeper.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

struct lists {
	struct crl_board *board;
	struct crl_keeper *keeper;
	struct postbox *box;
	struct post news;
	atomic_bool on_its_way; /* news is in the postbox */
	void (*changed)(void *arg);
	void *arg;
};

int lists_create(struct lists **out)
{
	struct lists *l = calloc(1, sizeof(*l));

	if (!l || crl_board_create(&l->board)) {
		free(l);
		return ENOMEM;
	}
	*out = l;
	return 0;
}

void lists_destroy(struct lists **lp)
{
	struct lists *l = *lp;

	*lp = NULL;
	if (!l)
		return;
	lists_stop(l);
	crl_board_destroy(&l->board);
	free(l);
}

struct crl_board *lists_board(struct lists *l)
{
	return l->board;
}

static void news_here(struct post *p, void *arg)
{
	struct lists *l = LIST_OWNER(p, struct lists, news);

	(void)arg;
	atomic_store(&l->on_its_way, false);
	if (l->keeper) /* else it is over */
		l->changed(l->arg);
}

/* On the keeper's thread. What comes while news is on its way is told by it. */
static void on_changed(void *arg)
{
	struct lists *l = arg;

	if (!atomic_exchange(&l->on_its_way, true))
		postbox_put(l->box, &l->news);
}

int lists_start(struct lists *l, const struct settings *s, struct postbox *box,
		void (*changed)(void *arg), void *arg, char *why)
{
	l->box = box;
	l->changed = changed;
	l->arg = arg;
	l->news.fn = news_here;
	return crl_keeper_create(&l->keeper, l->board, s, on_changed, l, why);
}

void lists_stop(struct lists *l)
{
	crl_keeper_destroy(&l->keeper);
}

void lists_reload(struct lists *l, const struct crl_set *set)
{
	crl_board_swap(l->board, set);
	if (l->keeper)
		crl_keeper_reload(l->keeper);
}

static void tell_leg(const struct crl_set *set, enum leg leg)
{
	if (crl_set_standing(set, leg, now_wall_s()) == CRL_STANDING_OFF)
		log_event(LOG_LEVEL_NOTICE, "edge", "revocation",
			  "leg=%s standing=off reason=\"the settings say that "
			  "nobody is checked\"",
			  settings_leg_word(leg));
}

void lists_tell(struct lists *l, const struct settings *s)
{
	const struct crl_set *set = crl_board_get(l->board);
	char file[LOG_TEXT_MAX];

	for (int leg = 0; set && leg < LEG_COUNT; leg++)
		tell_leg(set, (enum leg)leg);
	crl_set_unref(&set);
	if (s->key_log)
		log_event(LOG_LEVEL_ERROR, "edge", "key-log",
			  "file=%s reason=\"who has this file reads all TLS; "
			  "take edge.key_log out when the fault is found\"",
			  log_text(file, slice_of(s->key_log)));
}
