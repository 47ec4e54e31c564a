/*
 * lint_name.c - rules for names by themselves. What RFC 5922 §7 and RFC 6125
 * readers make of each is in edgectl-findings(7).
 */
#include "lint_room.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

void lint_cn_wildcard(struct lint *l)
{
	char cn[LINT_NAME_MAX];

	if (!lint_is_wildcard(lint_cn(l)))
		return;
	lint_is(l, "CN=%s", lint_quote(cn, lint_cn(l)));
	lint_should(l, "CN=%s, the whole name of one host",
		    l->s->plan ? l->s->plan->common_name : "the server's name");
	lint_mend(l, "request it anew with that CN; a wildcard goes into the "
		     "alternative names, and for web names only");
	lint_tell(l, CERT_ERROR);
}

void lint_cn_twice(struct lint *l)
{
	char cn[LINT_NAME_MAX];
	int n = 0;

	for (int i = -1;
	     (i = X509_NAME_get_index_by_NID(l->subject, NID_commonName, i)) >=
	     0;)
		n++;
	if (n < 2)
		return;
	lint_is(l, "%d common names, the last is %s", n,
		lint_quote(cn, lint_cn(l)));
	lint_should(l, "one: some readers take the first, others the last");
	lint_mend(l, "request it anew with one CN");
	lint_tell(l, CERT_WARNING);
}

static bool plan_misses(const struct lint *l, struct slice name)
{
	const struct cert_plan *p = l->s->plan;

	for (size_t i = 0; p && i < p->n; i++) {
		if (slice_same_host(slice_of(p->name[i].name), name))
			return true;
	}
	return false;
}

/* RFC 6125 §6.4.4: beside alternative names the CN is not looked at. */
void lint_cn_unlisted(struct lint *l)
{
	char cn[LINT_NAME_MAX];

	if (!lint_is_host(lint_cn(l)) || !lint_named(l) ||
	    lint_find(l, lint_cn(l)) != LINT_NOWHERE ||
	    plan_misses(l, lint_cn(l)))
		return;
	lint_is(l, "CN=%s, and no alternative name that repeats it",
		lint_quote(cn, lint_cn(l)));
	lint_should(l, "DNS:%s as the first alternative name",
		    lint_quote(cn, lint_cn(l)));
	lint_mend(l, "request it anew with that name: beside alternative "
		     "names nobody reads the CN");
	lint_tell(l, CERT_ERROR);
}

void lint_san_none(struct lint *l)
{
	const struct cert_plan *plan = l->s->plan;
	bool fine = plan && plan->cn_only_ok && !l->s->public_leg;

	if (lint_named(l))
		return;
	lint_is(l, "no DNS name and no URI among its alternative names");
	lint_should(l, fine ? "a DNS name that repeats the CN; inside, servers "
			      "of this kind take the CN alone"
			    : "a DNS name for each name it serves, the CN's "
			      "first");
	lint_mend(l, "request it anew with alternative names: `edgectl cert "
		     "csr`");
	lint_tell(l, fine			? CERT_NOTE
		     : l->s->public_leg || plan ? CERT_ERROR
						: CERT_WARNING);
}

static bool first_dns(const struct lint *l, struct slice *out)
{
	for (int i = 0; i < lint_sans(l); i++) {
		if (lint_dns(l, i, out))
			return true;
	}
	return false;
}

void lint_san_first(struct lint *l)
{
	char cn[LINT_NAME_MAX], first[LINT_NAME_MAX];
	struct slice dns;

	if (lint_find(l, lint_cn(l)) == LINT_NOWHERE || !first_dns(l, &dns) ||
	    slice_same_host(dns, lint_cn(l)))
		return;
	lint_is(l, "the first alternative name is %s", lint_quote(first, dns));
	lint_should(l, "%s, as the CN: some devices read the first only",
		    lint_quote(cn, lint_cn(l)));
	lint_mend(l, "request it anew with that order; an authority that "
		     "sorts names does not keep it: then see that no such "
		     "device is in use");
	lint_tell(l, CERT_WARNING);
}

/* "*.example.com", and nothing cleverer. */
static bool is_plain_wildcard(struct slice s)
{
	struct slice tail;

	if (s.n < 3 || memcmp(s.p, "*.", 2) != 0)
		return false;
	tail = (struct slice){.p = s.p + 2, .n = s.n - 2};
	return lint_is_host(tail) && memchr(tail.p, '.', tail.n);
}

static void tell_wildcard(struct lint *l, struct slice dns)
{
	const struct cert_plan *plan = l->s->plan;
	bool plain = is_plain_wildcard(dns);
	bool wanted = plain && plan && cert_plan_wants(plan, dns);
	char text[LINT_NAME_MAX];

	lint_is(l, "DNS:%s", lint_quote(text, dns));
	if (!plain)
		lint_should(l, "no such pattern: a wildcard is the whole first "
			       "label, with two labels behind it");
	else if (wanted)
		lint_should(l, "as it is: it stands for web names only; SIP "
			       "does not read it");
	else
		lint_should(l, "each host by its own name: in SIP nobody may "
			       "take a wildcard for a name (RFC 5922 7.2)");
	lint_mend(l, wanted ? "nothing; who has its key is any web host there"
			    : "request it anew with the names of `edgectl "
			      "cert plan`");
	if (!plain || lint_is_edge(plan))
		lint_tell(l, CERT_ERROR);
	else
		lint_tell(l, wanted ? CERT_NOTE : CERT_WARNING);
}

void lint_san_wildcard(struct lint *l)
{
	struct slice dns;

	for (int i = 0; i < lint_sans(l); i++) {
		if (lint_dns(l, i, &dns) && lint_is_wildcard(dns) &&
		    !memchr(dns.p, '\0', dns.n))
			tell_wildcard(l, dns);
	}
}

/* The bytes of a name of a kind that is text; {NULL, 0}: it is not. */
static struct slice text_at(const struct lint *l, int i)
{
	const GENERAL_NAME *g = sk_GENERAL_NAME_value(l->san, i);

	switch (g->type) {
	case GEN_DNS:
	case GEN_URI:
	case GEN_EMAIL:
		return cert_bytes(g->d.ia5);
	default:
		return (struct slice){NULL, 0};
	}
}

static bool has_nul(struct slice s)
{
	return s.n > 0 && memchr(s.p, '\0', s.n) != NULL;
}

static void tell_nul(struct lint *l, const char *where, struct slice s)
{
	char text[LINT_NAME_MAX];

	lint_is(l, "%s %s", where, lint_quote(text, s));
	lint_should(l, "no NUL byte: careless readers stop there and take it "
		       "for another host");
	lint_mend(l, "do not use it, and ask who requested it: this is how "
		     "names are forged");
	lint_tell(l, CERT_ERROR);
}

void lint_name_nul(struct lint *l)
{
	if (has_nul(lint_cn(l)))
		tell_nul(l, "CN", lint_cn(l));
	for (int i = 0; i < lint_sans(l); i++) {
		if (has_nul(text_at(l, i)))
			tell_nul(l, "the alternative name", text_at(l, i));
	}
}

/* A DNS name that no other rule has an opinion of. */
static bool plain_dns(const struct lint *l, int i, struct slice *out)
{
	return lint_dns(l, i, out) && !has_nul(*out) && !lint_is_wildcard(*out);
}

void lint_name_unusable(struct lint *l)
{
	char text[LINT_NAME_MAX];
	struct slice dns;

	for (int i = 0; i < lint_sans(l); i++) {
		if (!plain_dns(l, i, &dns) || lint_is_host(dns))
			continue;
		lint_is(l, "DNS:%s", lint_quote(text, dns));
		lint_should(l, "letters, digits, hyphens and dots, labels of "
			       "at most 63, 253 in all");
		lint_mend(l, "request it anew: no client can match this name");
		lint_tell(l, CERT_ERROR);
	}
}

void lint_name_dot(struct lint *l)
{
	char text[LINT_NAME_MAX];
	struct slice dns;

	for (int i = 0; i < lint_sans(l); i++) {
		if (!plain_dns(l, i, &dns) || !lint_is_host(dns) ||
		    dns.p[dns.n - 1] != '.')
			continue;
		lint_is(l, "DNS:%s", lint_quote(text, dns));
		lint_should(l, "the same without the dot (RFC 5280 4.2.1.6)");
		lint_mend(l, "request it anew; sip-edge takes both, many "
			     "clients do not");
		lint_tell(l, CERT_WARNING);
	}
}

static bool has_upper(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (isupper((unsigned char)s.p[i]))
			return true;
	}
	return false;
}

void lint_name_upper(struct lint *l)
{
	char text[LINT_NAME_MAX];
	struct slice dns;

	for (int i = 0; i < lint_sans(l); i++) {
		if (!plain_dns(l, i, &dns) || !lint_is_host(dns) ||
		    !has_upper(dns))
			continue;
		lint_is(l, "DNS:%s", lint_quote(text, dns));
		lint_should(l, "lower case");
		lint_mend(l, "nothing must be done: names are compared without "
			     "case; old devices are known to compare bytes");
		lint_tell(l, CERT_NOTE);
	}
}

static bool has_punycode(struct slice s)
{
	for (size_t i = 0; i + 4 <= s.n; i++) {
		struct slice four = {.p = s.p + i, .n = 4};

		if ((i == 0 || s.p[i - 1] == '.') &&
		    slice_ieq(four, SLICE("xn--")))
			return true;
	}
	return false;
}

void lint_name_punycode(struct lint *l)
{
	char text[LINT_NAME_MAX];
	struct slice dns;

	for (int i = 0; i < lint_sans(l); i++) {
		if (!plain_dns(l, i, &dns) || !lint_is_host(dns) ||
		    !has_punycode(dns))
			continue;
		lint_is(l, "DNS:%s", lint_quote(text, dns));
		lint_should(l, "as it is, when the domain is meant; it is read "
			       "as plain text, never decoded");
		lint_mend(l, "see that the settings and DNS write it the same "
			     "way, and that it does not look like another "
			     "domain");
		lint_tell(l, CERT_NOTE);
	}
}

/* Names that CA/Browser Forum's rules call internal. */
static bool is_private(struct slice s)
{
	static const char *const tops[] = {
		"local",     "internal",    "lan",	"intranet",
		"corp",	     "home",	    "private",	"mail",
		"home.arpa", "localdomain", "localhost"};

	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	if (!memchr(s.p, '.', s.n))
		return true;
	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++) {
		if (slice_host_within(s, slice_of(tops[i])))
			return true;
	}
	return false;
}

void lint_name_private(struct lint *l)
{
	char text[LINT_NAME_MAX];
	struct slice dns;

	for (int i = 0; l->s->public_leg && i < lint_sans(l); i++) {
		if (!plain_dns(l, i, &dns) || !lint_is_host(dns) ||
		    !is_private(dns))
			continue;
		lint_is(l, "DNS:%s", lint_quote(text, dns));
		lint_should(l, "names of the public DNS only: an inside name "
			       "tells strangers about the inside, and no "
			       "public authority may sign it");
		lint_mend(l, "leave it out; inside names belong into the "
			     "certificate of the inside leg");
		lint_tell(l, CERT_ERROR);
	}
}

void lint_name_twice(struct lint *l)
{
	char text[LINT_NAME_MAX];
	struct slice dns;

	for (int i = 0; i < lint_sans(l); i++) {
		if (!lint_dns(l, i, &dns) || lint_find(l, dns) >= i ||
		    lint_find(l, dns) == LINT_NOWHERE)
			continue;
		lint_is(l, "DNS:%s more than once", lint_quote(text, dns));
		lint_should(l, "each name once: some authorities charge by the "
			       "name");
		lint_mend(l, "leave it out of the next request");
		lint_tell(l, CERT_NOTE);
	}
}

void lint_san_ip(struct lint *l)
{
	for (int i = 0; i < lint_sans(l); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(l->san, i);
		char text[INET6_ADDRSTRLEN] = "of no known kind";

		if (g->type != GEN_IPADD)
			continue;
		if (g->d.ip->length == 4 || g->d.ip->length == 16)
			inet_ntop(g->d.ip->length == 4 ? AF_INET : AF_INET6,
				  g->d.ip->data, text, sizeof(text));
		lint_is(l, "IP:%s", text);
		lint_should(l, "names: SIP proves a domain by names alone (RFC "
			       "5922 7.1)");
		lint_mend(l, l->s->public_leg
				     ? "leave it out: it ties the certificate "
				       "to an address, and few authorities "
				       "sign it"
				     : "keep it only for who connects by "
				       "address");
		lint_tell(l, l->s->public_leg ? CERT_WARNING : CERT_NOTE);
	}
}

static bool is_sip_domain(struct slice uri)
{
	if (uri.n <= 4 || !slice_ieq((struct slice){uri.p, 4}, SLICE("sip:")))
		return false;
	return lint_is_host((struct slice){.p = uri.p + 4, .n = uri.n - 4});
}

static bool uri_at(const struct lint *l, int i, struct slice *out)
{
	const GENERAL_NAME *g = sk_GENERAL_NAME_value(l->san, i);

	if (g->type != GEN_URI)
		return false;
	*out = cert_bytes(g->d.uniformResourceIdentifier);
	return !has_nul(*out);
}

void lint_san_sip(struct lint *l)
{
	char text[LINT_NAME_MAX];
	struct slice uri;

	for (int i = 0; i < lint_sans(l); i++) {
		if (!uri_at(l, i, &uri) || !is_sip_domain(uri))
			continue;
		lint_quote(text, uri);
		lint_is(l, "URI:%s", text);
		lint_should(l,
			    "as it is: it proves that whoever shows it "
			    "speaks for the SIP domain %s (RFC 5922 7.1)",
			    text + 4);
		lint_mend(l, "nothing; public authorities do not issue it");
		lint_tell(l, CERT_NOTE);
	}
}

void lint_san_uri(struct lint *l)
{
	char text[LINT_NAME_MAX];
	struct slice uri;

	for (int i = 0; i < lint_sans(l); i++) {
		if (!uri_at(l, i, &uri) || is_sip_domain(uri))
			continue;
		lint_is(l, "URI:%s", lint_quote(text, uri));
		lint_should(l, "sip: and a domain, without user, port or "
			       "parameters (RFC 5922 7.1), or a DNS name");
		lint_mend(l, "leave it out of the next request");
		lint_tell(l, CERT_NOTE);
	}
}

void lint_san_other(struct lint *l)
{
	char text[LINT_NAME_MAX];

	for (int i = 0; i < lint_sans(l); i++) {
		int type = sk_GENERAL_NAME_value(l->san, i)->type;

		if (type == GEN_DNS || type == GEN_URI || type == GEN_IPADD)
			continue;
		if (type == GEN_EMAIL)
			lint_is(l, "email:%s", lint_quote(text, text_at(l, i)));
		else
			lint_is(l, "an alternative name of kind %d", type);
		lint_should(l, "DNS names: nobody in SIP reads this kind");
		lint_mend(l, "leave it out of the next request");
		lint_tell(l, CERT_NOTE);
	}
}
