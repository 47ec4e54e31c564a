/**
 * @file keeper_rig.h
 * A keeper whose thread is the test, and a network that is this file.
 *
 * crl_fetch() gives what a test laid ready; what would be logged is kept.
 */
#ifndef TESTS_REVOCATION_KEEPER_RIG_H
#define TESTS_REVOCATION_KEEPER_RIG_H

#include "revocation/keeper.h"

#include "base/now.h"
#include "keeper_room.h"
#include "revocation/lists.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

#define URI(url) "URI:" url
#define OTHER	 "http://other.example.test/ca.crl"
#define REVOKED	 X509_V_ERR_CERT_REVOKED

/** What the network has: one file of the place for each URL. */
static struct {
	const char *url, *file;
} served[4];

static struct {
	unsigned asked;
	bool learnt, posted;
	bool hangs;		      /* until it is stopped */
	void (*meanwhile)(void *arg); /* while a fetch is under way */
	void *arg;
} net;

static struct place place;
static struct crl_keeper keeper; /* its thread is the test */
static struct crl_board *board;
static unsigned changes;
static char heard_lines[65536];

/* In the place of log.c: what would be written is kept. */
void log_event(enum log_level level, const char *id, const char *verb,
	       const char *fmt, ...)
{
	size_t n = strlen(heard_lines), room = sizeof(heard_lines) - n;
	va_list ap;

	(void)level;
	n += (size_t)snprintf(heard_lines + n, room, "%s %s ", id, verb);
	va_start(ap, fmt);
	n += (size_t)vsnprintf(heard_lines + n, sizeof(heard_lines) - n, fmt,
			       ap);
	va_end(ap);
	snprintf(heard_lines + n, sizeof(heard_lines) - n, "\n");
}

const char *log_text(char out[LOG_TEXT_MAX], struct slice s)
{
	snprintf(out, LOG_TEXT_MAX, "%.*s", SLICE_ARG(s));
	return out;
}

/* How often some words were written. */
static inline unsigned said(const char *words)
{
	unsigned times = 0;

	for (const char *p = heard_lines; (p = strstr(p, words)); p++)
		times++;
	return times;
}

int crl_fetch(struct buf *out, const struct crl_errand *e,
	      struct crl_fault *fault)
{
	net.asked++;
	net.learnt = e->learnt;
	net.posted = e->post.n > 0;
	while (net.hangs && !atomic_load(e->stop))
		sched_yield();
	if (net.hangs)
		return ECANCELED;
	if (net.meanwhile)
		net.meanwhile(net.arg);
	if (crl_point_path(e->where))
		return crl_file_read(out, e->where, fault);
	for (size_t i = 0; i < 4; i++) {
		if (served[i].url && strcmp(served[i].url, e->where) == 0)
			return crl_file_read(
				out, place_path(&place, served[i].file), fault);
	}
	crl_fault_set(fault, "", "nobody \"there\"");
	return EIO;
}

const char *crl_fetch_proxy(const struct settings *s, enum leg leg,
			    const char *where)
{
	(void)where;
	return s->leg[leg].revocation.proxy ? s->leg[leg].revocation.proxy : "";
}

static inline void serve(size_t n, const char *url, const char *file)
{
	served[n].url = url;
	served[n].file = file;
}

static inline void begin(const char *cdp)
{
	place_make(&place, cdp);
	memset(served, 0, sizeof(served));
	memset(&net, 0, sizeof(net));
	changes = 0;
	heard_lines[0] = '\0';
}

static inline void count_change(void *arg)
{
	(void)arg;
	changes++;
}

static inline void keeper_up(void)
{
	keeper = (struct crl_keeper){
		.board = board, .reloaded = true, .changed = count_change};
	pthread_mutex_init(&keeper.mutex, NULL);
	crl_keeper_gather(&keeper);
}

/** An edge starts: board and keeper, by what the place has. */
static inline void up(void)
{
	board = board_with(&place);
	keeper_up();
}

static inline void down(void)
{
	for (size_t i = 0; i < keeper.tasks; i++)
		crl_task_fini(&keeper.task[i]);
	free(keeper.task);
	pthread_mutex_destroy(&keeper.mutex);
	crl_board_destroy(&board);
}

static inline void end(void)
{
	down();
	place_drop(&place);
}

/* Everything that is due, once. */
static inline void keeper_round(bool all)
{
	for (size_t i = 0; i < keeper.tasks; i++) {
		if (all || keeper.task[i].due_ms <= now_mono_ms())
			crl_keeper_run(&keeper, &keeper.task[i]);
	}
}

static inline void list_of_leaf(const char *name, bool revoked, long number)
{
	list_write(&place, name,
		   &(struct list_order){.by = &place.middle,
					.revoked = revoked ? &place.leaf : NULL,
					.number = number},
		   "w");
}

/* The leaf names a source, and that has its list. */
static inline void begin_with_list(bool revoked, long number)
{
	begin(URI(CDP_URL));
	serve(0, CDP_URL, "a.der");
	list_of_leaf("a.der", revoked, number);
}

/* A list that ended an hour ago. */
static inline void list_expired(const char *name)
{
	list_write(&place, name,
		   &(struct list_order){.by = &place.middle,
					.this_s = -9 * HOUR_S,
					.next_s = -HOUR_S},
		   "w");
}

static inline void list_of_root(void)
{
	list_write(&place, "root.pem", &(struct list_order){.by = &place.root},
		   "w");
}

#endif
