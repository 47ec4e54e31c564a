/*
 * lists_test.c - the revocation lists of a running edge: news of the keeper
 * goes to the main thread, and what is not well is said. Link-time fakes: the
 * keeper, the postbox, the log, who holds settings.
 */
#include "ops/lists.h"

#include "cunit_main.h"
#include "revocation/keeper.h"

#include <stdarg.h>

static struct lists *lists;
static struct settings settings = {.workers = 1};
static unsigned changes, posts;
static struct post *posted;
static void (*keeper_changed)(void *arg);
static void *keeper_arg;

int crl_keeper_create(struct crl_keeper **out, struct crl_board *b,
		      const struct settings *s, void (*changed)(void *arg),
		      void *arg, char *why)
{
	CU_ASSERT_PTR_EQUAL(b, lists_board(lists));
	CU_ASSERT_PTR_EQUAL(s, &settings);
	(void)why;
	keeper_changed = changed;
	keeper_arg = arg;
	*out = (struct crl_keeper *)(void *)&keeper_arg;
	return 0;
}

void crl_keeper_reload(struct crl_keeper *k)
{
	(void)k;
}

void crl_keeper_destroy(struct crl_keeper **k)
{
	*k = NULL;
}

void postbox_put(struct postbox *b, struct post *p)
{
	(void)b;
	posted = p;
	posts++;
}

static void deliver(void)
{
	struct post *p = posted;

	posted = NULL;
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	p->fn(p, NULL);
}

static void on_change(void *arg)
{
	CU_ASSERT_PTR_EQUAL(arg, &settings);
	changes++;
}

static void begin(void)
{
	char why[WHY_MAX];

	changes = posts = 0;
	CU_ASSERT_EQUAL_FATAL(lists_create(&lists), 0);
	CU_ASSERT_EQUAL_FATAL(lists_start(lists, &settings, NULL, on_change,
					  &settings, why),
			      0);
}

static void end(void)
{
	lists_destroy(&lists);
	CU_ASSERT_PTR_NULL(lists);
}

static void news_of_the_keeper_goes_to_the_main_thread(void)
{
	begin();
	keeper_changed(keeper_arg);
	keeper_changed(keeper_arg);
	CU_ASSERT_EQUAL(posts, 1);
	CU_ASSERT_EQUAL(changes, 0);
	deliver();
	CU_ASSERT_EQUAL(changes, 1);
	keeper_changed(keeper_arg);
	deliver();
	CU_ASSERT_EQUAL(changes, 2);
	end();
}

static void news_that_comes_too_late_is_dropped(void)
{
	begin();
	keeper_changed(keeper_arg);
	lists_stop(lists);
	deliver();
	CU_ASSERT_EQUAL(changes, 0);
	end();
}

/* In the place of log.c: what would be written is kept. */
static char heard[4096];

void log_event(enum log_level level, const char *id, const char *verb,
	       const char *fmt, ...)
{
	size_t n = strlen(heard);
	va_list ap;

	(void)level;
	n += (size_t)snprintf(heard + n, sizeof(heard) - n, "%s %s ", id, verb);
	va_start(ap, fmt);
	vsnprintf(heard + n, sizeof(heard) - n, fmt, ap);
	va_end(ap);
}

const char *log_text(char out[LOG_TEXT_MAX], struct slice s)
{
	(void)s;
	return strcpy(out, "text");
}

/* In the place of settings.c: ours is static. */
const struct settings *settings_ref(const struct settings *s)
{
	return s;
}

void settings_unref(const struct settings **s)
{
	*s = NULL;
}

/* All other standings are the keeper's to say. */
static void of_the_legs_only_those_that_are_off_are_told(void)
{
	static struct settings s = {.workers = 1};
	const struct crl_set *set = NULL;
	char why[WHY_MAX];

	s.leg[LEG_INSIDE].revocation.mode = REVOCATION_OFF;
	begin();
	CU_ASSERT_EQUAL_FATAL(crl_set_load(&set, &s, why), 0);
	CU_ASSERT_EQUAL(crl_set_standing(set, LEG_OUTSIDE, 1),
			CRL_STANDING_UNCHECKED);
	lists_reload(lists, set);
	lists_tell(lists, &s);
	CU_ASSERT_STRING_EQUAL(
		heard, "edge revocation leg=inside standing=off reason=\"the "
		       "settings say that nobody is checked\"");
	crl_set_unref(&set);
	end();
}

TEST_MAIN("ops/lists",
	  {"of the legs only those that are off are told",
	   of_the_legs_only_those_that_are_off_are_told},
	  {"news of the keeper goes to the main thread",
	   news_of_the_keeper_goes_to_the_main_thread},
	  {"news that comes too late is dropped",
	   news_that_comes_too_late_is_dropped})
