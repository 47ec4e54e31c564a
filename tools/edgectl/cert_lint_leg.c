/*
 * cert_lint_leg.c: whom each leg trusts, and whether its names lead to it.
 */
#include "cert_lint.h"

#include "partner.h"

#include <errno.h>
#include <stdio.h>

#define WIDE	20 /* authorities; a company has few, a system's store hundreds */
#define SEVERAL 512

static int authorities(X509_STORE *store)
{
	return store ? sk_X509_OBJECT_num(X509_STORE_get0_objects(store)) : 0;
}

static void inside_trust(struct linting *run, int n)
{
	static const struct lint_words words = {
		"the company's own authority only: with a public store any of "
		"its authorities can make a server of ours",
		"name the internal authority's file in inside.tls.trust"};

	if (n > WIDE)
		say_found(run, "trust-inside-wide", CERT_WARNING, &words,
			  "%.200s has %d authorities",
			  run->s->leg[LEG_INSIDE].trust, n);
}

static void outside_trust(struct linting *run, int n)
{
	static const struct lint_words words = {
		"the system's store of public authorities: partners choose "
		"theirs from it",
		"outside.tls.trust = \"/etc/ssl/certs/ca-certificates.crt\"; "
		"as it is, when all partners are known to use these"};

	if (n > 0 && n <= WIDE)
		say_found(run, "trust-outside-narrow", CERT_NOTE, &words,
			  "%.200s has %d", run->s->leg[LEG_OUTSIDE].trust, n);
}

/* Of a wide store outside: does one of it vouch for the inside as well? */
static void inside_chain(struct linting *run)
{
	static const struct lint_words words = {
		"the company's own authority: public ones sign no inside names "
		"and are not for the inside to trust",
		"have the internal authority sign it: `edgectl cert csr "
		"--profile internal-edge`"};
	X509_STORE *public = trust_read(run->s->leg[LEG_OUTSIDE].trust);
	struct lint_pair pair = {0};
	struct cert_chain chain;
	char why[WHY_MAX];

	if (authorities(public) > WIDE &&
	    !pair_read(&pair, run->s->leg[LEG_INSIDE].certificate, why)) {
		chain = (struct cert_chain){.leaf = pair.leaf,
					    .rest = pair.rest};
		if (cert_chain_judge(public, &chain, NULL) == X509_V_OK)
			say_found(run, "inside-chain-public", CERT_WARNING,
				  &words, "signed by an authority of %.200s",
				  run->s->leg[LEG_OUTSIDE].trust);
		pair_fini(&pair);
	}
	X509_STORE_free(public);
}

void lint_leg_trust(struct linting *run, enum leg leg)
{
	X509_STORE *store = trust_read(run->s->leg[leg].trust);
	int n = authorities(store);

	X509_STORE_free(store);
	run->where =
		leg == LEG_OUTSIDE ? "outside.tls.trust" : "inside.tls.trust";
	if (leg == LEG_OUTSIDE) {
		outside_trust(run, n);
		return;
	}
	inside_trust(run, n);
	run->where = "inside.tls.certificate";
	inside_chain(run);
}

static bool is_ours(const struct leg_settings *leg, const union addr *a)
{
	for (size_t i = 0; i < leg->addresses; i++) {
		if (addr_same_host(&leg->address[i], a))
			return true;
	}
	return false;
}

static void add_address(char out[SEVERAL], const union addr *a)
{
	char text[ADDR_TEXT_MAX];
	size_t n = strlen(out);

	snprintf(out + n, SEVERAL - n, "%s%s", n ? ", " : "",
		 addr_host_text(a, text));
}

static void elsewhere(struct linting *run, enum leg which, const char *name,
		      const struct resolved *list)
{
	static const struct lint_words words = {
		"an address of that leg",
		"correct the record or the leg's address; as it is, when an "
		"address translator or a load balancer stands before it"};
	const struct leg_settings *leg = &run->s->leg[which];
	char has[SEVERAL] = "", ours[SEVERAL] = "";
	bool foreign = false;

	for (unsigned i = 0; i < list->n; i++) {
		foreign |= !is_ours(leg, &list->addr[i]);
		add_address(has, &list->addr[i]);
	}
	for (size_t i = 0; i < leg->addresses; i++)
		add_address(ours, &leg->address[i]);
	if (foreign)
		say_found(run, "dns-elsewhere", CERT_WARNING, &words,
			  "%s has %s; the leg has %s", name, has, ours);
}

/* Asks as the leg does. must: the leg's own name. */
static void ask_name(struct linting *run, struct dns *dns, enum leg leg,
		     const char *name, bool must)
{
	static const struct lint_words words = {
		"an A or AAAA record: who cannot find it cannot connect",
		"add the record to the DNS that this leg's clients ask"};
	struct resolved list = {0};
	int err = dns_addresses_of(dns, leg, slice_of(name),
				   run->s->leg[leg].tls_port, &list);

	if (err == ENOENT || (!err && !list.n))
		say_found(run, "dns-no-address",
			  must ? CERT_ERROR : CERT_WARNING, &words,
			  "%s has no address", name);
	else if (err)
		say_found(run, "dns-no-address", CERT_WARNING, &words,
			  "%s: DNS could not be asked: %s", name,
			  strerror(err));
	else if (must)
		elsewhere(run, leg, name, &list);
}

/* The names of the edge's own certificates; web names lie elsewhere. */
static void ask_leg(struct linting *run, struct dns *dns, enum leg leg)
{
	struct cert_plan *plan = NULL;
	char why[WHY_MAX];

	run->where = leg == LEG_OUTSIDE ? "outside.fqdn" : "inside.fqdn";
	if (cert_plan_make(&plan, run->s,
			   leg == LEG_OUTSIDE ? CERT_EXTERNAL_EDGE
					      : CERT_INTERNAL_EDGE,
			   0, why))
		return;
	for (size_t i = 0; i < plan->n; i++) {
		if (!plan->name[i].optional)
			ask_name(run, dns, leg, plan->name[i].name, i == 0);
	}
	cert_plan_destroy(&plan);
}

void lint_names_in_dns(struct linting *run)
{
	struct dns *dns = NULL;
	char why[WHY_MAX];

	if (dns_open(&dns, run->s, why)) {
		no_look("%s", why);
		return;
	}
	ask_leg(run, dns, LEG_OUTSIDE);
	ask_leg(run, dns, LEG_INSIDE);
	dns_close(&dns);
}
