/*
 * verbs.c: questions of the control socket, answered as JSON.
 */
#include "verbs_room.h"

#include "base/now.h"
#include "proxy/partners.h"
#include "proxy/recall.h"
#include "words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void verbs_answer(struct control_ask *ask, json_t *o)
{
	char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;

	json_decref(o);
	control_answer(ask, text ? slice_of(text)
				 : SLICE("{\"ok\":false,\"error\":\"out of "
					 "memory\"}"));
	free(text);
}

void verbs_sorry(struct control_ask *ask, const char *error)
{
	verbs_answer(ask, json_pack("{s:b,s:s}", "ok", 0, "error", error));
}

json_t *verbs_text(const char *s, size_t n)
{
	char plain[512];

	if (n > sizeof(plain))
		n = sizeof(plain);
	for (size_t i = 0; i < n; i++)
		plain[i] = s[i] < 0x20 || s[i] > 0x7e ? '?' : s[i];
	return json_stringn(plain, n);
}

static void ping(struct control_ask *ask, struct slice rest, struct verbs *v)
{
	(void)rest, (void)v;
	verbs_answer(ask, json_pack("{s:b}", "ok", 1));
}

static json_t *counted(const struct proxy_counters *c)
{
	const struct {
		const char *name;
		uint64_t n;
	} rows[] = {
		{"requests", c->requests},
		{"responses", c->responses},
		{"forwarded", c->forwarded},
		{"answered", c->answered},
		{"refused", c->refused},
		{"dropped", c->dropped},
		{"stray", c->stray},
		{"redirects", c->redirects},
		{"failovers", c->failovers},
		{"undecided", c->undecided},
		{"transactions", c->transactions},
		{"flows", c->flows},
		{"handshakes_failed", c->handshakes_failed},
		{"revoked", c->revoked},
		{"distrusted", c->distrusted},
	};
	json_t *o = json_object();

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		json_object_set_new(o, rows[i].name,
				    json_integer((json_int_t)rows[i].n));
	return o;
}

static const char *standing_of(const struct crl_set *set, enum leg leg)
{
	return crl_standing_word(set ? crl_set_standing(set, leg, now_wall_s())
				     : CRL_STANDING_OFF);
}

static json_t *standings(const struct verbs *v)
{
	const struct crl_set *set = v->board ? crl_board_get(v->board) : NULL;
	json_t *o =
		json_pack("{s:s,s:s}", "outside", standing_of(set, LEG_OUTSIDE),
			  "inside", standing_of(set, LEG_INSIDE));

	crl_set_unref(&set);
	return o;
}

static void counters(struct control_ask *ask, struct slice rest,
		     struct verbs *v)
{
	struct proxy_counters c;

	(void)rest;
	proxy_count(v->shared, &c);
	verbs_answer(ask, json_pack("{s:b,s:o,s:o}", "ok", 1, "counters",
				    counted(&c), "revocation", standings(v)));
}

static void add_partner(const struct partner_account *a, void *arg)
{
	json_array_append_new(
		arg, json_pack("{s:o,s:b,s:b,s:b,s:I,s:I,s:I,s:I,s:I,s:i,s:i}",
			       "domain", verbs_text(a->domain.p, a->domain.n),
			       "discovered", a->discovered, "slow", a->slow,
			       "watched", a->watched, "requests",
			       (json_int_t)a->requests, "outward",
			       (json_int_t)a->outward, "refused",
			       (json_int_t)a->refused, "successes",
			       (json_int_t)a->successes, "failures",
			       (json_int_t)a->failures, "addresses",
			       (int)a->addresses, "connections",
			       (int)a->connections));
}

static void partners(struct control_ask *ask, struct slice rest,
		     struct verbs *v)
{
	json_t *list = json_array();

	(void)rest;
	if (partners_each(v->shared, add_partner, list)) {
		json_decref(list);
		verbs_sorry(ask, "out of memory");
		return;
	}
	verbs_answer(ask, json_pack("{s:b,s:o}", "ok", 1, "partners", list));
}

static void reload(struct control_ask *ask, struct slice rest, struct verbs *v)
{
	char why[WHY_MAX] = "out of memory";
	const char *rule = NULL;

	(void)rest;
	if (v->reload(&rule, why, v->arg))
		verbs_answer(ask,
			     json_pack("{s:b,s:s?,s:o}", "ok", 0, "rule", rule,
				       "error", verbs_text(why, strlen(why))));
	else
		verbs_answer(ask, json_pack("{s:b}", "ok", 1));
}

static json_t *tries_of(const struct recall_entry *e)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < e->tries && i < RECALL_TRIES_MAX; i++) {
		const struct recall_try *t = &e->target[i];

		json_array_append_new(
			list,
			json_pack("{s:o,s:i,s:s?}", "target",
				  verbs_text(t->target, strlen(t->target)),
				  "status", t->status, "reason", t->reason));
	}
	return list;
}

static json_t *text_of(const char *s)
{
	return verbs_text(s, strlen(s));
}

static json_t *entry_of(const struct recall_entry *e)
{
	struct verdict v = {.kind = e->kind, .to = e->to};

	return json_pack(
		"{s:I,s:I,s:o,s:o,s:o,s:o,s:s,s:s,s:s,s:s?,s:i,s:s?,s:i,s:s?,"
		"s:o}",
		"wall_ms", (json_int_t)e->wall_ms, "final_ms",
		(json_int_t)e->final_ms, "method", text_of(e->method), "from",
		text_of(e->from), "uri", text_of(e->uri), "peer",
		text_of(e->peer), "leg", settings_leg_word(e->leg), "class",
		words_class(e->class), "decision", explain_verdict_word(&v),
		"to", words_to(e->kind == VERDICT_FORWARD ? e->to : TO_NOWHERE),
		"status", e->status, "rule", e->rule, "answered", e->answered,
		"ended", e->ended, "tries", tries_of(e));
}

static void recalled(const struct recall_entry *e, size_t n, void *arg)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, entry_of(&e[i]));
	verbs_answer(arg, json_pack("{s:b,s:o}", "ok", 1, "requests", list));
}

static void recall(struct control_ask *ask, struct slice rest, struct verbs *v)
{
	int err;

	if (!rest.n) {
		verbs_sorry(ask, "recall which Call-ID?");
		return;
	}
	err = recall_ask(v->shared, v->box, rest, recalled, ask);
	if (err)
		verbs_sorry(ask,
			    err == ENOENT ? "no worker runs" : "out of memory");
}

static const struct {
	const char *name;
	void (*run)(struct control_ask *ask, struct slice rest,
		    struct verbs *v);
} table[] = {
	{"ping", ping},		{"counters", counters},
	{"partners", partners}, {"reload", reload},
	{"recall", recall},	{"connections", verbs_connections},
};

void verbs_ask(struct control_ask *ask, struct slice verb, struct slice rest,
	       void *arg)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (!slice_eq(verb, slice_of(table[i].name)))
			continue;
		table[i].run(ask, rest, arg);
		return;
	}
	verbs_sorry(ask,
		    "ping, counters, partners, connections, reload or recall "
		    "CALL-ID");
}
