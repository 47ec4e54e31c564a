/*
 * redirect.c: the director redirect step.
 */
#include "redirect.h"

#include "flow.h"
#include "hop.h"
#include "reply.h"
#include "request.h"

#include <errno.h>
#include <stdlib.h>

static void add_list(struct hop *h, const struct host_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		hop_add(h, slice_of(list->v[i].host), list->v[i].port);
}

static void ask_director(struct hop *h)
{
	hop_restart(h, HOP_DIRECTOR);
	h->asked_director = true;
	add_list(h, &h->settings->directors);
}

/* Without a director: the home of the domain, else every home in order. */
static void go_static(struct hop *h, struct slice domain)
{
	const struct settings *s = h->settings;

	hop_restart(h, HOP_STATIC);
	for (size_t i = 0; i < s->domain_homes; i++) {
		const struct domain_home *d = &s->domain_home[i];

		if (!slice_same_host(slice_of(d->domain), domain))
			continue;
		hop_add(h, slice_of(d->home.host), d->home.port);
		return;
	}
	add_list(h, &s->home_servers);
}

static bool go_learnt(struct hop *h, uint64_t who)
{
	struct proxy *p = h->t->p;
	const struct host_port *known;
	struct home home;

	if (homes_get(p->shared->homes, &home, who, p->w->now_ms))
		return false;
	/* It may have left the list since. */
	known = settings_find_host(&h->settings->home_servers,
				   slice_of(home.host), home.port);
	if (!known) {
		homes_forget(p->shared->homes, who);
		return false;
	}
	hop_restart(h, HOP_LEARNT);
	hop_add(h, slice_of(known->host), known->port);
	return true;
}

int redirect_begin(struct txn *t, struct job *j)
{
	const struct facts *f = j->f;
	struct hop *h;

	if (hop_create(&t->hop, t, LEG_INSIDE, true))
		return ENOMEM;
	h = t->hop;
	/* A registered caller is served by its own home; for anybody else the
	 * home of the one called is asked for. */
	if (t->method != METHOD_REGISTER) {
		t->target_is_callee = !flow_has(j->flow, f->from_who);
		t->who = t->target_is_callee ? f->ruri_who : f->from_who;
	}
	if (!h->settings->directors.n)
		go_static(h, t->target_is_callee || t->method == METHOD_REGISTER
				     ? f->ruri.host
				     : f->from.host);
	else if (!go_learnt(h, t->who))
		ask_director(h);
	hop_next(t);
	return 0;
}

bool redirect_exhausted(struct txn *t)
{
	struct hop *h = t->hop;

	if (h->source == HOP_LEARNT)
		homes_forget(t->p->shared->homes, t->who);
	if (!h->settings->directors.n || h->asked_director)
		return false;
	ask_director(h);
	hop_next(t);
	return true;
}

void redirect_learn(struct txn *t, uint64_t until_ms)
{
	const struct hop_host *host;

	if (t->to != TO_HOME || !t->hop || t->hop->source == HOP_DIRECTOR ||
	    t->hop->source == HOP_STATIC)
		return;
	host = hop_host(t->hop);
	homes_learn(t->p->shared->homes, t->who, host->host, host->port,
		    until_ms, t->p->w->now_ms);
}

static bool was_tried(const struct hop *h, const struct host_port *home)
{
	for (unsigned i = 0; i < h->tried; i++)
		if (h->tried_host[i] == home->host)
			return true;
	return false;
}

static void log_target(struct txn *t, const char *rule, struct slice uri)
{
	char name[40], text[LOG_TEXT_MAX];

	log_event(LOG_LEVEL_NOTICE, txn_name(t, name), "redirect-refused",
		  "rule=%s target=%s", rule, log_text(text, uri));
}

/* The home server that a Contact names, or NULL with the reason logged. */
static const struct host_port *contact_home(struct txn *t,
					    const struct contact_facts *c)
{
	const struct host_port *home = NULL;

	if (c->uri.scheme == URI_SIP || c->uri.scheme == URI_SIPS)
		home = settings_find_host(&t->hop->settings->home_servers,
					  c->uri.host, c->uri.port);
	if (!home || c->uri.maddr) {
		log_target(t, "redirect-target-not-listed", c->uri.raw);
		return NULL;
	}
	if (was_tried(t->hop, home)) {
		log_target(t, "redirect-loop", c->uri.raw);
		return NULL;
	}
	return home;
}

/* Contacts by falling q, in the order given among equals. */
static unsigned by_q(const struct facts *f, unsigned order[])
{
	for (unsigned i = 0; i < f->contacts; i++) {
		unsigned at = i;

		while (at && f->contact[order[at - 1]].q < f->contact[i].q) {
			order[at] = order[at - 1];
			at--;
		}
		order[at] = i;
	}
	return f->contacts;
}

/* RFC 3261 §16.5: a Contact with a user part replaces the Request-URI; that
 * of a REGISTER stays the domain, which names the registrar's realm. The
 * Contact's parameters and header fields are not taken over. */
static int retarget(struct txn *t, const struct contact_facts *c)
{
	struct buf uri = {0};
	int err;

	if (!c->uri.user.n || t->method == METHOD_REGISTER)
		return 0;
	buf_puts(&uri, c->uri.scheme == URI_SIPS ? "sips:" : "sip:");
	buf_add(&uri, c->uri.user);
	buf_puts(&uri, "@");
	buf_puts(&uri, slice_index(c->uri.host, ':') != SIZE_MAX ? "[" : "");
	buf_add(&uri, c->uri.host);
	buf_puts(&uri, slice_index(c->uri.host, ':') != SIZE_MAX ? "]" : "");
	if (c->uri.port) {
		buf_puts(&uri, ":");
		buf_u64(&uri, c->uri.port);
	}
	err = uri.failed ? ENOMEM : request_retarget(t, buf_slice(&uri));
	buf_fini(&uri);
	return err;
}

/* Take the Contacts of a 3xx as candidates. 0; ENOENT: none is good. */
static int follow(struct txn *t, const struct facts *f)
{
	unsigned order[FACTS_CONTACTS_MAX], n = by_q(f, order);
	const struct contact_facts *first = NULL;
	struct hop *h = t->hop;

	hop_restart(h, HOP_REDIRECT);
	for (unsigned i = 0; i < n; i++) {
		const struct contact_facts *c = &f->contact[order[i]];
		const struct host_port *home = contact_home(t, c);

		if (!home)
			continue;
		if (!first)
			first = c;
		hop_add(h, slice_of(home->host), home->port);
	}
	if (!first)
		return ENOENT;
	return retarget(t, first);
}

static void absorb(struct txn *t, struct job *j)
{
	struct hop *h = t->hop;
	char name[40];

	count_up(&t->p->count.redirects);
	log_event(LOG_LEVEL_INFO, txn_name(t, name), "redirect",
		  "status=%u contacts=%u", j->f->status, j->f->contacts);
	if (h->redirects++ >= h->settings->max_redirects) {
		log_target(t, "too-many-redirects", (struct slice){0});
		reply_final(t, 502, "too-many-redirects");
		return;
	}
	if (follow(t, j->f)) {
		reply_final(t, 502, "redirect-refused");
		return;
	}
	hop_next(t);
}

static bool is_redirect(uint16_t status)
{
	return status >= 300 && status <= 302;
}

/* Does this answer of a remembered home say that it is not the home? */
static bool disowns(const struct txn *t, uint16_t status)
{
	if (status == 404)
		return t->method == METHOD_REGISTER || t->target_is_callee;
	return status == 408 || status == 503 || is_redirect(status);
}

bool redirect_answer(struct txn *t, struct job *j)
{
	struct hop *h = t->hop;
	uint16_t status = j->f->status;
	uint32_t keep_s = t->p->w->settings->limits.home_s;

	if (t->to != TO_HOME || !h)
		return false;
	if (h->source == HOP_LEARNT && disowns(t, status)) {
		homes_forget(t->p->shared->homes, t->who);
		if (h->settings->directors.n && !h->asked_director) {
			ask_director(h);
			hop_next(t);
			return true;
		}
	}
	if (is_redirect(status)) {
		absorb(t, j);
		return true;
	}
	if (status < 500 && status != 404 && status != 408)
		redirect_learn(t, t->p->w->now_ms + keep_s * 1000ull);
	return false;
}
