/*
 * cert_lint_config.c: every certificate that the settings name, judged as the
 * leg shows it.
 */
#include "cert_lint.h"

#include "base/now.h"
#include "revocation/board.h"

#include <stdio.h>
#include <stdlib.h>

#define WHERE_MAX 64

/* What all of them are judged by. */
struct looking {
	struct linting *run;
	X509_STORE *trust[LEG_COUNT]; /* NULL: cannot be read */
	X509_STORE *armed[LEG_COUNT]; /* the same, looking into the lists */
	struct crl_board *board;
	char key[LEG_COUNT][65]; /* of the leg's own certificate */
};

/* One place of the settings. */
struct place {
	enum leg leg;
	const char *where, *certificate, *key;
	bool client; /* shown when we connect only */
	bool also;   /* one of several: no plan holds for it alone */
};

static void not_read(struct linting *run, const char *rule, bool is_key,
		     const char *why)
{
	static const struct lint_words words[] = {
		{"a PEM file: the certificate, its intermediates behind it",
		 "put it there (`edgectl cert import`), or correct the "
		 "settings"},
		{"a PEM file with a private key that the edge can read",
		 "run this as root or as the edge's user to judge the key; "
		 "when it is not there, make one (`edgectl cert csr`)"}};

	say_found(run, rule, is_key ? CERT_WARNING : CERT_ERROR, &words[is_key],
		  "%s", why);
}

static bool has_name(X509 *x, const char *name)
{
	struct cert_names *names = NULL;
	char why[WHY_MAX];
	bool has;

	if (cert_names_of(&names, x, why))
		return false;
	has = cert_names_match(names, slice_of(name));
	cert_names_destroy(&names);
	return has;
}

/* Which of outside.tls.also has a name; -1: none. */
static int also_with(const struct settings *s, const char *name)
{
	const struct leg_settings *leg = &s->leg[LEG_OUTSIDE];
	struct lint_pair pair;
	char why[WHY_MAX];
	int found = -1;

	for (size_t i = 0; i < leg->alsos && found < 0; i++) {
		if (pair_read(&pair, leg->also[i].certificate, why))
			continue;
		if (has_name(pair.leaf, name))
			found = (int)i;
		pair_fini(&pair);
	}
	return found;
}

/* A name that another certificate of the leg has is not missing. */
static void names_by_sni(struct linting *run, struct cert_plan *plan,
			 X509 *leaf)
{
	static const struct lint_words words = {
		"every name in the default certificate too, for who sends no "
		"SNI",
		"nothing, when all clients and partners of that domain send "
		"SNI"};

	for (size_t i = 1; i < plan->n; i++) {
		struct cert_plan_name *p = &plan->name[i];
		int at = has_name(leaf, p->name) ? -1
						 : also_with(run->s, p->name);

		if (at < 0)
			continue;
		p->optional = true;
		say_found(run, "name-by-sni", CERT_NOTE, &words,
			  "DNS:%s is in outside.tls.also[%d] only", p->name,
			  at + 1);
	}
}

static enum cert_profile profile_of(const struct linting *run, enum leg leg)
{
	enum cert_profile p;

	if (leg == LEG_OUTSIDE && run->o->profile &&
	    !cert_profile_of(&p, run->o->profile) && p == CERT_HYBRID)
		return p;
	return leg == LEG_OUTSIDE ? CERT_EXTERNAL_EDGE : CERT_INTERNAL_EDGE;
}

static struct cert_plan *plan_for(struct linting *run, const struct place *at,
				  X509 *leaf)
{
	struct cert_plan *plan = NULL;
	char why[WHY_MAX];

	if (at->also ||
	    cert_plan_make(&plan, run->s, profile_of(run, at->leg), 0, why))
		return NULL;
	if (at->leg == LEG_OUTSIDE && !at->client)
		names_by_sni(run, plan, leaf);
	return plan;
}

static void judge_revoked(struct looking *k, const struct place *at,
			  const struct lint_pair *pair)
{
	static const struct lint_words words = {
		"a certificate that its authority stands by",
		"do not use it: order another with a new key, and ask why"};
	struct cert_chain chain = {.leaf = pair->leaf, .rest = pair->rest};
	int depth = 0;

	if (k->armed[at->leg] &&
	    cert_chain_judge(k->armed[at->leg], &chain, &depth) ==
		    X509_V_ERR_CERT_REVOKED)
		say_found(k->run, "revoked", CERT_ERROR, &words,
			  depth ? "an intermediate of its chain is in a "
				  "revocation list"
				: "it is in the revocation list");
}

static void judge(struct looking *k, const struct place *at,
		  struct lint_pair *pair)
{
	const struct settings *s = k->run->s;
	bool outside = at->leg == LEG_OUTSIDE;
	struct cert_plan *plan = plan_for(k->run, at, pair->leaf);
	struct cert_subject subject = {
		.leaf = pair->leaf,
		.rest = pair->rest,
		.key = pair->key,
		/* Whom partners trust for clients, they know. */
		.trust = outside && at->client ? NULL : k->trust[at->leg],
		.plan = plan,
		.public_leg = outside && !at->client,
		.federates = outside && s->federation.enabled &&
			     !s->leg[at->leg].client_certificate && !at->also,
		.staples = is_stapled(s->leg[at->leg].ocsp, pair->leaf),
		.client = at->client,
		.key_mode = (unsigned)pair->mode,
		.wall_s = now_wall_s(),
	};

	cert_lint(&subject, say_finding, k->run);
	judge_revoked(k, at, pair);
	cert_plan_destroy(&plan);
}

static void look_at(struct looking *k, const struct place *at)
{
	struct lint_pair pair;
	char why[WHY_MAX];

	if (pair_read(&pair, at->certificate, why)) {
		k->run->where = at->where;
		not_read(k->run, "file-not-read", false, why);
		return;
	}
	say_certificate(k->run, at->where, at->certificate, pair.leaf);
	if (pair_key(&pair, at->key, why))
		not_read(k->run, "key-not-read", true, why);
	judge(k, at, &pair);
	if (!at->client && !at->also)
		cert_key_print(k->key[at->leg], pair.leaf);
	pair_fini(&pair);
}

static void look_at_leg(struct looking *k, enum leg leg)
{
	const struct leg_settings *l = &k->run->s->leg[leg];
	const char *name = settings_leg_word(leg);
	char where[WHERE_MAX];
	struct place at = {
		.leg = leg,
		.where = where,
		.certificate = l->certificate,
		.key = l->key,
	};

	snprintf(where, sizeof(where), "%s.tls.certificate", name);
	look_at(k, &at);
	for (size_t i = 0; i < l->alsos; i++) {
		snprintf(where, sizeof(where), "%s.tls.also[%zu]", name, i + 1);
		at.certificate = l->also[i].certificate;
		at.key = l->also[i].key;
		at.also = true;
		look_at(k, &at);
	}
	if (!l->client_certificate)
		return;
	snprintf(where, sizeof(where), "%s.tls.client_certificate", name);
	at.certificate = l->client_certificate;
	at.key = l->client_key;
	at.client = true;
	at.also = false;
	look_at(k, &at);
}

static void compare_keys(struct looking *k)
{
	static const struct lint_words words = {
		"a key of its own for each leg: whoever takes the outside's "
		"could pass for us inside",
		"make a new key for one of them: `edgectl cert csr`"};

	if (!*k->key[LEG_OUTSIDE] ||
	    strcmp(k->key[LEG_OUTSIDE], k->key[LEG_INSIDE]) != 0)
		return;
	k->run->where = "inside.tls.key";
	say_found(k->run, "key-on-both-legs", CERT_WARNING, &words,
		  "the key of outside.tls.certificate");
}

static void judge_key_log(struct linting *run)
{
	static const struct lint_words words = {
		"no key log: whoever reads the file reads all traffic",
		"take edge.key_log out and reload; delete the file"};

	if (!run->s->key_log)
		return;
	run->where = "edge.key_log";
	say_found(run, "key-log", CERT_WARNING, &words, "%.200s",
		  run->s->key_log);
}

static void begin(struct looking *k, const struct crl_set *set)
{
	static const char *const places[LEG_COUNT] = {
		[LEG_OUTSIDE] = "outside.tls.trust",
		[LEG_INSIDE] = "inside.tls.trust",
	};

	if (set && crl_board_create(&k->board))
		no_look("out of memory");
	for (int leg = 0; leg < LEG_COUNT; leg++) {
		const char *path = k->run->s->leg[leg].trust;

		k->run->where = places[leg];
		k->trust[leg] = lint_trust(k->run, path);
		if (!k->trust[leg] || !k->board)
			continue;
		k->armed[leg] = lint_trust(k->run, path);
		crl_board_arm(k->armed[leg], k->board, (enum leg)leg);
	}
}

static void end(struct looking *k)
{
	for (int leg = 0; leg < LEG_COUNT; leg++) {
		X509_STORE_free(k->trust[leg]);
		X509_STORE_free(k->armed[leg]);
	}
	crl_board_destroy(&k->board);
}

static bool is_asked(const struct linting *run, enum leg leg)
{
	enum cert_profile p;

	return !run->o->profile || cert_profile_of(&p, run->o->profile) ||
	       (p == CERT_INTERNAL_EDGE) == (leg == LEG_INSIDE);
}

int lint_config(struct linting *run)
{
	struct looking k = {.run = run};
	const struct crl_set *set = lint_lists_load(run);

	begin(&k, set);
	if (set)
		lint_lists(run, &set);
	if (k.board) /* certificates are judged by what came */
		crl_board_swap(k.board, set);
	for (int leg = 0; leg < LEG_COUNT; leg++) {
		if (!is_asked(run, (enum leg)leg))
			continue;
		look_at_leg(&k, (enum leg)leg);
		lint_leg_trust(run, (enum leg)leg);
	}
	compare_keys(&k);
	judge_key_log(run);
	if (!run->o->offline)
		lint_names_in_dns(run);
	end(&k);
	crl_set_unref(&set);
	return 0;
}
