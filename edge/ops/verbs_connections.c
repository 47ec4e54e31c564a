/*
 * verbs_connections.c: which connections there are, as JSON.
 */
#include "verbs_room.h"

#include "proxy/connections.h"
#include "words.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static const char *door_word(enum conn_door door)
{
	static const char *const words[] = {
		[DOOR_TLS] = "tls",
		[DOOR_USERS] = "users",
		[DOOR_DEVICE] = "device",
		[DOOR_OUT] = "out",
	};

	return words[door];
}

/* "2026-03-01T12:00:00Z"; null when there is none. */
static json_t *time_of(uint64_t wall_s)
{
	time_t s = (time_t)wall_s;
	char text[32];
	struct tm tm;

	if (!wall_s || !gmtime_r(&s, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		return json_null();
	return json_string(text);
}

static json_t *text_or_null(const char *s)
{
	return *s ? verbs_text(s, strlen(s)) : json_null();
}

static json_t *entry_of(const struct connections_entry *e)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:b,s:s,s:o,s:o,s:o,s:o,s:o,s:b,"
			 "s:b}",
			 "id", e->name, "leg", settings_leg_word(e->leg),
			 "door", door_word(e->door), "peer", e->peer, "tls",
			 e->tls, "class", words_class(e->class), "since",
			 time_of(e->shown.since_s), "names",
			 text_or_null(e->names), "sha256",
			 text_or_null(e->fingerprint), "ours",
			 text_or_null(e->shown.ours), "ours_ends",
			 time_of(e->shown.ends_s), "old", e->shown.old,
			 "retired", e->retired);
}

static json_t *entries_of(const struct connections_told *t)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < t->n_entry; i++)
		json_array_append_new(list, entry_of(&t->entry[i]));
	return list;
}

static json_t *ours_of(const struct connections_told *t)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < t->n_ours; i++) {
		const struct connections_ours *o = &t->ours[i];

		json_array_append_new(
			list, json_pack("{s:s,s:s,s:o,s:b,s:I}", "leg",
					settings_leg_word(o->leg), "sha256",
					o->fingerprint, "ends",
					time_of(o->ends_s), "old", o->old,
					"connections", (json_int_t)o->n));
	}
	return list;
}

static void told(const struct connections_told *t, void *arg)
{
	verbs_answer(arg,
		     json_pack("{s:b,s:I,s:I,s:I,s:o,s:I,s:o,s:I}", "ok", 1,
			       "open", (json_int_t)t->n, "plain",
			       (json_int_t)t->plain, "old", (json_int_t)t->old,
			       "certificates", ours_of(t), "other",
			       (json_int_t)t->other, "connections",
			       entries_of(t), "untold", (json_int_t)t->untold));
}

void verbs_connections(struct control_ask *ask, struct slice rest,
		       struct verbs *v)
{
	int err;

	if (rest.n && !slice_eq(rest, SLICE("old"))) {
		verbs_sorry(ask, "connections, or connections old");
		return;
	}
	err = connections_ask(v->shared, v->box, rest.n > 0, told, ask);
	if (err)
		verbs_sorry(ask,
			    err == ENOENT ? "no worker runs" : "out of memory");
}
