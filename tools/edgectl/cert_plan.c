/*
 * cert_plan.c: `edgectl cert plan`: the names of each certificate, who needs
 * each of them, and what breaks without it.
 */
#include "cert.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE_WIDTH  100
#define NAME_MIN    24
#define NAME_WIDEST 36
#define LABEL	    13

/* What stands beside a plan, for each profile. */
static const struct {
	const char *shown_by, *note;
} profiles[CERT_PROFILES] = {
	[CERT_EXTERNAL_EDGE] = {"the edge, outside",
				"never a wildcard: SIP clients and partners "
				"do not believe it"},
	[CERT_INTERNAL_EDGE] = {"the edge, inside",
				"the common name alone will do for old "
				"servers; write the SAN all the same"},
	[CERT_DIRECTOR] = {"a director", NULL},
	[CERT_POOL] = {"a home server", NULL},
	[CERT_POOL_VIP] = {"the load balancer before a pool",
			   "where it passes TLS through, the members show "
			   "theirs: that of profile pool"},
	[CERT_REVERSE_PROXY] = {"the reverse proxy, outside",
				"the web names may be one wildcard a domain, "
				"the others not"},
	[CERT_HYBRID] = {"the edge and the reverse proxy, outside",
			 "in the place of external-edge and reverse-proxy; "
			 "wildcards for web names only"},
};

static const char *authority(const struct cert_plan *plan)
{
	return plan->leg == LEG_OUTSIDE
		       ? "public: clients and partners outside have to "
			 "know it"
		       : "internal: only our own machines have to know it";
}

static const char *usage_words(const struct cert_plan *plan)
{
	if (plan->client_auth)
		return "serverAuth, clientAuth: it connects to others too";
	return plan->profile == CERT_EXTERNAL_EDGE ||
			       plan->profile == CERT_HYBRID
		       ? "serverAuth; public authorities issue no clientAuth "
			 "any more, and partners have to do without"
		       : "serverAuth";
}

static const char *key_words(const struct cert_plan *plan)
{
	if (plan->shared_key)
		return "one for all members: request it once, export it to "
		       "the others";
	if (plan->profile == CERT_HYBRID)
		return "one for all machines that show it";
	return "of its own";
}

static const char *kind(const struct cert_plan_name *name)
{
	if (name->optional)
		return "optional";
	return name->web ? "web" : "required";
}

static int name_width(const struct cert_plan *plan)
{
	size_t width = NAME_MIN;

	for (size_t i = 0; i < plan->n; i++) {
		if (strlen(plan->name[i].name) > width)
			width = strlen(plan->name[i].name);
	}
	return width > NAME_WIDEST ? NAME_WIDEST : (int)width;
}

static void row(const char *n, const char *name, int width, const char *kind_,
		const char *who, const char *breaks)
{
	int rest = PAGE_WIDTH - 2 - 2 - 2 - width - 2 - 8 - 2 - 2;
	struct cell cell[] = {{n, 2},
			      {name, width},
			      {kind_, 8},
			      {who, rest / 2},
			      {breaks, rest - rest / 2}};

	cells_print(2, cell, sizeof(cell) / sizeof(*cell));
}

static void names_print(const struct cert_plan *plan)
{
	int width = name_width(plan);
	char n[24];

	row(" #", "subject alternative name", width, "kind", "who needs it",
	    "what breaks without it");
	for (size_t i = 0; i < plan->n; i++) {
		const struct cert_plan_name *name = &plan->name[i];

		snprintf(n, sizeof(n), "%2zu", i + 1);
		row(n, name->name, width, kind(name), name->who, name->breaks);
	}
}

static void line(const char *label, const char *text)
{
	struct cell cell[] = {{label, LABEL}, {text, PAGE_WIDTH - 4 - LABEL}};

	cells_print(2, cell, 2);
}

void plan_print(const struct cert_plan *plan)
{
	const char *note = profiles[plan->profile].note;

	puts(cert_profile_word(plan->profile));
	line("common name", plan->common_name);
	line("shown by", profiles[plan->profile].shown_by);
	line("authority", authority(plan));
	line("key usage", usage_words(plan));
	line("key", key_words(plan));
	if (note)
		line("note", note);
	names_print(plan);
}

static json_t *names_json(const struct cert_plan *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; i < plan->n; i++) {
		const struct cert_plan_name *name = &plan->name[i];

		json_array_append_new(
			list, json_pack("{sI ss ss sb sb ss ss}", "position",
					(json_int_t)i + 1, "name", name->name,
					"kind", kind(name), "web", name->web,
					"optional", name->optional, "who",
					name->who, "breaks", name->breaks));
	}
	return list;
}

json_t *plan_json(const struct cert_plan *plan)
{
	const char *note = profiles[plan->profile].note;
	bool out = plan->leg == LEG_OUTSIDE;
	json_t *usage = json_pack("[s]", "serverAuth");

	if (plan->client_auth)
		json_array_append_new(usage, json_string("clientAuth"));
	return json_pack("{ss ss ss ss ss so sb sb ss* so}", "profile",
			 cert_profile_word(plan->profile), "common_name",
			 plan->common_name, "shown_by",
			 profiles[plan->profile].shown_by, "leg",
			 settings_leg_word(plan->leg), "authority",
			 out ? "public" : "internal", "key_usage", usage,
			 "shared_key", plan->shared_key, "cn_only_ok",
			 plan->cn_only_ok, "note", note, "names",
			 names_json(plan));
}

/* The list with wildcards. */
static json_t *folded_json(const struct cert_plan *plan)
{
	json_t *list = json_array();

	for (size_t i = 0; i < plan->n; i++)
		json_array_append_new(list, json_string(plan->name[i].name));
	return list;
}

static size_t wildcards(const struct cert_plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++)
		n += plan->name[i].name[0] == '*';
	return n;
}

/* What one certificate for all outside costs; constant text. */
static const char *const costs[] = {
	"authorities charge by the name or by the wildcard, and issue a "
	"wildcard only to who can write into the domain's DNS",
	"one wildcard a domain: it covers one label, so a further domain "
	"is a further wildcard",
	"a change of any name, and each renewal, replaces it on every "
	"machine that shows it, at once",
	"one key lies on all of them: a machine that is broken into can "
	"pass for every other",
};

#define COSTS (sizeof(costs) / sizeof(*costs))

/* One run. */
struct planning {
	const struct settings *s;
	json_t *plans; /* NULL: as text */
	bool begun;
};

static void folded_print(const struct cert_plan *plan, size_t by_name)
{
	char text[64];

	snprintf(text, sizeof(text), "%zu names, wildcards among them: %zu",
		 plan->n, wildcards(plan));
	line("folded", text);
	for (size_t i = 0; i < plan->n; i++)
		line("", plan->name[i].name);
	if (plan->profile != CERT_HYBRID)
		return;
	snprintf(text, sizeof(text), "%zu names by name, %zu folded", by_name,
		 plan->n);
	line("what it costs", text);
	for (size_t i = 0; i < COSTS; i++)
		line("", costs[i]);
}

static void folded_add(json_t *to, const struct cert_plan *plan, size_t by_name)
{
	json_t *notes = json_array();

	json_object_set_new(to, "folded", folded_json(plan));
	for (size_t i = 0; i < COSTS; i++)
		json_array_append_new(notes, json_string(costs[i]));
	if (plan->profile == CERT_HYBRID)
		json_object_set_new(
			to, "cost",
			json_pack("{sI sI sI sO}", "names", (json_int_t)by_name,
				  "folded_names", (json_int_t)plan->n,
				  "wildcards", (json_int_t)wildcards(plan),
				  "notes", notes));
	json_decref(notes);
}

/* All that is said of one certificate. */
static int say(struct planning *p, struct cert_plan *plan)
{
	size_t by_name = plan->n;
	json_t *to = p->plans ? plan_json(plan) : NULL;
	bool folds =
		plan->leg == LEG_OUTSIDE && plan->profile != CERT_EXTERNAL_EDGE;

	if (to)
		json_array_append_new(p->plans, to);
	else
		printf("%s", p->begun ? "\n" : "");
	p->begun = true;
	if (!to)
		plan_print(plan);
	if (!folds)
		return 0;
	if (cert_plan_fold(plan))
		return no_look("out of memory");
	if (to)
		folded_add(to, plan, by_name);
	else
		folded_print(plan, by_name);
	return 0;
}

static int say_profile(struct planning *p, enum cert_profile profile)
{
	size_t n = cert_plan_count(p->s, profile);
	struct cert_plan *plan = NULL;
	char why[WHY_MAX];
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		if (cert_plan_make(&plan, p->s, profile, i, why))
			return no_look("%s", why);
		err = say(p, plan);
		cert_plan_destroy(&plan);
	}
	return err;
}

/* One profile, which has to be there, or all that are. */
static int say_all(struct planning *p, int profile)
{
	struct cert_plan *none = NULL;
	char why[WHY_MAX];
	int err = 0;

	if (profile >= 0 &&
	    !cert_plan_count(p->s, (enum cert_profile)profile)) {
		cert_plan_make(&none, p->s, (enum cert_profile)profile, 0, why);
		no_look("%s", why);
		return EXIT_FINDINGS;
	}
	for (int i = 0; i < CERT_PROFILES && !err; i++) {
		if (profile < 0 || profile == i)
			err = say_profile(p, (enum cert_profile)i);
	}
	if (!err && !p->plans)
		puts("\nkind: web is required, but a wildcard may stand in "
		     "its place; optional may be missing");
	return err;
}

static int plan_config(const char *config, int profile, bool json)
{
	struct planning p = {.plans = json ? json_array() : NULL};
	int status = settings_get_planned(&p.s, config);
	json_t *all;

	if (!status)
		status = say_all(&p, profile);
	if (json && status != EXIT_NO_LOOK) {
		all = json_pack("{sO si}", "plans", p.plans, "exit", status);
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(all);
	}
	json_decref(p.plans);
	settings_unref(&p.s);
	return status;
}

static int wrong_profile(const char *word)
{
	char all[256] = "";
	size_t n = 0;

	for (int i = 0; i < CERT_PROFILES && n < sizeof(all); i++)
		n += (size_t)snprintf(all + n, sizeof(all) - n, " %s",
				      cert_profile_word((enum cert_profile)i));
	return no_look("cert: %s is no profile; there are%s", word, all);
}

int cert_plan_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"profile", required_argument, NULL, 'p'},
		{"stub", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{0},
	};
	enum cert_profile profile;
	const char *stub = NULL;
	bool json = false;
	int opt, wanted = -1;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == '?')
			return no_look("cert plan: wrong option; see edgectl "
				       "cert -h");
		json = json || opt == 'j';
		if (opt == 's')
			stub = optarg;
		if (opt != 'p')
			continue;
		if (cert_profile_of(&profile, optarg))
			return wrong_profile(optarg);
		wanted = (int)profile;
	}
	if (argc - optind != 1)
		return no_look("cert plan CONFIG [--profile PROFILE] [--stub "
			       "nginx|haproxy]");
	if (stub)
		return stub_print(argv[optind], wanted, stub, json);
	return plan_config(argv[optind], wanted, json);
}
