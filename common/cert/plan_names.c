/*
 * plan_names.c - the names of a plan: why each is there, no two the same, and
 * which of them a wildcard may stand for.
 */
#include "plan_room.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

static const struct {
	const char *who, *breaks;
} reasons[PLAN_REASONS] = {
	[PLAN_ACCESS] = {"every client and partner outside: it is the name "
			 "that they connect to",
			 "nobody outside can sign in, and no partner can call"},
	[PLAN_PRIMARY] = {"clients of this domain where no SRV record tells "
			  "them the access name",
			  "those clients refuse the server; all others do "
			  "not notice"},
	[PLAN_FURTHER] = {"clients of this domain, and partners that call it: "
			  "they want a server of its own name",
			  "users of this domain are warned or refused, and "
			  "its partners cannot tie the edge to it"},
	[PLAN_AV] = {"clients outside and partners, for audio, video and "
		     "desktop sharing",
		     "calls with the outside connect without sound and "
		     "picture"},
	[PLAN_WEB_CONFERENCING] = {"clients outside in conferences with "
				   "slides and whiteboards",
				   "they see no slides, polls or whiteboards"},
	[PLAN_XMPP] = {"XMPP servers of other companies",
		       "no chat and no presence with them"},
	[PLAN_INSIDE] = {"directors and home servers: they compare it with "
			 "their list of trusted servers",
			 "they refuse the edge: nothing passes at all"},
	[PLAN_DIRECTOR] = {"the edge, and home servers: it is the name on "
			   "their lists",
			   "the edge refuses the director: nobody outside can "
			   "sign in"},
	[PLAN_SIGN_IN] = {"clients inside that find it by their SIP domain",
			  "strict ones are warned, or do not sign in"},
	[PLAN_SIGN_IN_HERE] = {"clients inside whose SIP domain leads here, "
			       "past the directors",
			       "strict ones are warned, or do not sign in"},
	[PLAN_POOL] = {"whoever is sent to the pool: directors, clients, the "
		       "edge",
		       "redirects to the pool end in a refused certificate"},
	[PLAN_MEMBER] = {"whoever talks to this very machine: its pool "
			 "members, the edge",
			 "the pool's members refuse each other, and the edge "
			 "refuses this one"},
	[PLAN_SERVER] = {"the edge, directors and clients: the server's own "
			 "name",
			 "users that live on it cannot sign in from outside"},
	[PLAN_VIP] = {"whoever connects to the load balancer: they asked for "
		      "the pool",
		      "every connection to the pool is refused"},
	[PLAN_PASSED] = {"whoever talks to this member, where TLS is passed "
			 "through to it",
			 "nothing where the load balancer ends TLS itself"},
	[PLAN_WEB_DIRECTOR] = {"the reverse proxy, when it connects to the "
			       "director's web site",
			       "web requests from outside end in an error of "
			       "the reverse proxy"},
	[PLAN_WEB_POOL] = {"the reverse proxy, when it connects to the pool's "
			   "web site",
			   "address book, meetings and mobile clients of this "
			   "pool fail from outside"},
	[PLAN_WEB_INSIDE] = {"browsers and clients inside that open these "
			     "names",
			     "browsers inside warn; SIP is not touched"},
	[PLAN_PROXY_DIRECTOR] = {"web clients outside, before it is known "
				 "where a user lives",
				 "web sign-in and discovery fail for everybody "
				 "outside"},
	[PLAN_PROXY_POOL] = {"web clients outside whose users live in this "
			     "pool",
			     "address book, meetings and mobile clients of "
			     "this pool fail from outside"},
	[PLAN_PROXY_WEB] = {"browsers and mobile clients outside",
			    "they warn, or mobile clients find no server"},
	[PLAN_WILDCARD] = {"the web names of this domain, all at once",
			   "browsers and mobile clients outside warn or find "
			   "no server"},
};

static void lower(char *s)
{
	size_t n = strlen(s);

	if (n && s[n - 1] == '.')
		s[n - 1] = '\0';
	for (; *s; s++)
		*s = (char)tolower((unsigned char)*s);
}

static struct cert_plan_name *find(const struct cert_plan *plan,
				   struct slice name)
{
	for (size_t i = 0; i < plan->n; i++) {
		if (slice_same_host(slice_of(plan->name[i].name), name))
			return &plan->name[i];
	}
	return NULL;
}

/* Room for one more; plans are short, and made once. */
static struct cert_plan_name *grow(struct draft *d)
{
	struct cert_plan *p = d->plan;
	struct cert_plan_name *more =
		realloc(p->name, (p->n + 1) * sizeof(*more));

	if (!more) {
		d->failed = true;
		return NULL;
	}
	p->name = more;
	return &more[p->n];
}

/* The text is the plan's from now on. */
static void add_owned(struct draft *d, char *text, enum plan_reason why,
		      unsigned flags)
{
	struct cert_plan_name *to = find(d->plan, slice_of(text));

	if (to) {
		to->web = to->web && flags & PLAN_WEB;
		to->optional = to->optional && flags & PLAN_OPTIONAL;
		free(text);
		return;
	}
	to = grow(d);
	if (!to) {
		free(text);
		return;
	}
	lower(text);
	*to = (struct cert_plan_name){
		.name = text,
		.who = reasons[why].who,
		.breaks = reasons[why].breaks,
		.web = flags & PLAN_WEB,
		.optional = flags & PLAN_OPTIONAL,
	};
	d->plan->n++;
}

void plan_add(struct draft *d, const char *name, enum plan_reason why,
	      unsigned flags)
{
	char *text;

	if (!name || d->failed)
		return;
	text = strdup(name);
	d->failed = !text;
	if (text)
		add_owned(d, text, why, flags);
}

/* PREFIX and a domain in one piece. */
static char *joined(const char *prefix, struct slice domain)
{
	size_t n = strlen(prefix);
	char *text = malloc(n + domain.n + 1);

	if (!text)
		return NULL;
	memcpy(text, prefix, n);
	memcpy(text + n, domain.p, domain.n);
	text[n + domain.n] = '\0';
	return text;
}

void plan_add_sip(struct draft *d, const char *domain, enum plan_reason why,
		  unsigned flags)
{
	char *text = d->failed ? NULL : joined("sip.", slice_of(domain));

	d->failed = d->failed || !text;
	if (text)
		add_owned(d, text, why, flags);
}

void plan_finish(struct draft *d)
{
	struct cert_plan *p = d->plan;
	size_t required = 0;

	if (d->failed)
		return;
	p->name[0].web = false;
	p->common_name = strdup(p->name[0].name);
	d->failed = !p->common_name;
	for (size_t i = 0; i < p->n; i++)
		required += !p->name[i].optional;
	p->cn_only_ok = p->leg == LEG_INSIDE && required == 1;
}

void cert_plan_destroy(struct cert_plan **plan)
{
	if (!*plan)
		return;
	for (size_t i = 0; i < (*plan)->n; i++)
		free((*plan)->name[i].name);
	free((*plan)->name);
	free((*plan)->common_name);
	free(*plan);
	*plan = NULL;
}

/* What a wildcard for this name would stand under: it covers one label (RFC
 * 6125 §6.4.3), and nothing right below a top-level domain. */
static struct slice parent(struct slice name)
{
	size_t dot = slice_index(name, '.');
	struct slice rest = {0};

	if (dot == SIZE_MAX)
		return rest;
	rest = (struct slice){name.p + dot + 1, name.n - dot - 1};
	return slice_index(rest, '.') == SIZE_MAX ? (struct slice){0} : rest;
}

static bool stands_for(const struct cert_plan *plan, struct slice wildcard)
{
	struct slice under = {wildcard.p + 2, wildcard.n - 2};

	for (size_t i = 0; i < plan->n; i++) {
		if (plan->name[i].web &&
		    slice_same_host(parent(slice_of(plan->name[i].name)),
				    under))
			return true;
	}
	return false;
}

bool cert_plan_wants(const struct cert_plan *plan, struct slice name)
{
	if (find(plan, name))
		return true;
	return name.n > 2 && !memcmp(name.p, "*.", 2) && stands_for(plan, name);
}

/* One wildcard takes the place of the first name that it stands for. */
static void fold_one(struct draft *to, struct cert_plan_name *name)
{
	struct slice under = parent(slice_of(name->name));
	char *text;

	if (!name->web || !under.p) {
		text = strdup(name->name);
		under = (struct slice){0};
	} else {
		text = joined("*.", under);
	}
	to->failed = to->failed || !text;
	if (!text)
		return;
	add_owned(to, text, PLAN_WILDCARD,
		  (name->web ? PLAN_WEB : 0u) |
			  (name->optional ? PLAN_OPTIONAL : 0u));
	if (to->failed || under.p)
		return;
	to->plan->name[to->plan->n - 1].who = name->who;
	to->plan->name[to->plan->n - 1].breaks = name->breaks;
}

int cert_plan_fold(struct cert_plan *plan)
{
	struct cert_plan folded = {0};
	struct draft to = {.plan = &folded};
	struct cert_plan *gone = calloc(1, sizeof(*gone));

	if (!gone)
		return ENOMEM;
	for (size_t i = 0; i < plan->n && !to.failed; i++)
		fold_one(&to, &plan->name[i]);
	/* Whichever is not wanted goes. */
	gone->name = to.failed ? folded.name : plan->name;
	gone->n = to.failed ? folded.n : plan->n;
	if (!to.failed) {
		plan->name = folded.name;
		plan->n = folded.n;
	}
	cert_plan_destroy(&gone);
	return to.failed ? ENOMEM : 0;
}
