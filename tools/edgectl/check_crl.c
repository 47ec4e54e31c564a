/*
 * check_crl.c: `edgectl check crl`: each source of revocation lists, asked once
 * from here as the edge would ask it, and what it gave.
 */
#include "check.h"

#include "base/buf.h"
#include "base/now.h"
#include "revocation/keeper.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LABEL 12
#define AGE   48

/** A round of checks. */
struct check {
	const struct settings *s;
	uint64_t now_s;
	bool json;
	json_t *root, *sources;
	struct buf environment; /* names of proxy variables, "a, b" */
	size_t lists[LEG_COUNT];
	size_t findings;
	int section; /* printed last: a leg, LEG_COUNT for ocsp; -1: none */
};

static const char *const modes[] = {
	[REVOCATION_AUTO] = "auto",
	[REVOCATION_OFF] = "off",
	[REVOCATION_SOFT] = "soft",
	[REVOCATION_HARD] = "hard",
};

static const char *words(const json_t *source, const char *key)
{
	const char *text = json_string_value(json_object_get(source, key));

	return text ? text : "";
}

static uint64_t number(const json_t *source, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(source, key));
}

static void find_environment(struct buf *out)
{
	static const char *const names[] = {"http_proxy",  "HTTP_PROXY",
					    "https_proxy", "HTTPS_PROXY",
					    "all_proxy",   "ALL_PROXY"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);

		if (!value || !value[0])
			continue;
		if (out->n > 0)
			buf_puts(out, ", ");
		buf_puts(out, names[i]);
	}
	buf_add(out, (struct slice){"", 1});
}

/* "3 h", "2 d". */
static const char *span(char out[AGE], uint64_t s)
{
	if (s < 120)
		snprintf(out, AGE, "%llu s", (unsigned long long)s);
	else if (s < 2 * 3600)
		snprintf(out, AGE, "%llu min", (unsigned long long)s / 60);
	else if (s < 2 * 86400)
		snprintf(out, AGE, "%llu h", (unsigned long long)s / 3600);
	else
		snprintf(out, AGE, "%llu d", (unsigned long long)s / 86400);
	return out;
}

static const char *when(char out[AGE], uint64_t s)
{
	time_t t = (time_t)s;
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(out, AGE, "%Y-%m-%d %H:%M UTC", &tm);
	return out;
}

static void line(const char *label, const char *text)
{
	if (text[0])
		printf("        %-*s %s\n", LABEL, label, text);
}

static void dates_print(const struct check *c, const json_t *source)
{
	uint64_t this_s = number(source, "this_update");
	uint64_t next_s = number(source, "next_update");
	char date[AGE], gone[AGE], text[3 * AGE];

	if (this_s == 0)
		return;
	snprintf(text, sizeof(text), "%s, %s ago", when(date, this_s),
		 span(gone, c->now_s > this_s ? c->now_s - this_s : 0));
	line("issued", text);
	if (next_s == 0)
		snprintf(text, sizeof(text), "it does not say");
	else if (next_s >= c->now_s)
		snprintf(text, sizeof(text), "%s, in %s", when(date, next_s),
			 span(gone, next_s - c->now_s));
	else
		snprintf(text, sizeof(text), "%s, EXPIRED %s ago",
			 when(date, next_s), span(gone, c->now_s - next_s));
	line("next", text);
}

static void proxy_print(const struct check *c, const json_t *source)
{
	char text[512];

	if (json_is_true(json_object_get(source, "file")))
		return;
	snprintf(text, sizeof(text), "%s%s%s%s",
		 words(source, "proxy")[0] ? words(source, "proxy") : "none",
		 c->environment.n > 1 ? "; environment proxies are ignored ("
				      : "",
		 c->environment.n > 1 ? c->environment.p : "",
		 c->environment.n > 1 ? ")" : "");
	line("proxy", text);
}

static void kept_print(const struct check *c, const json_t *source)
{
	uint64_t got_s = number(source, "kept");
	char text[2 * AGE], gone[AGE];

	if (got_s == 0 || json_is_true(json_object_get(source, "file")))
		return;
	snprintf(text, sizeof(text), "fetched %s ago",
		 span(gone, c->now_s > got_s ? c->now_s - got_s : 0));
	line("edge's copy", text);
}

static void source_print(const struct check *c, const json_t *source)
{
	bool ocsp = strcmp(words(source, "by"), "ocsp") == 0;
	char n[32];

	snprintf(n, sizeof(n), "%llu",
		 (unsigned long long)number(source, "entries"));
	printf("  %-5s %s\n", words(source, "state"), words(source, "where"));
	line("named by", ocsp ? "our certificate, or outside.tls.ocsp"
			      : words(source, "by"));
	proxy_print(c, source);
	line(ocsp ? "certificate" : "issuer", words(source, "issuer"));
	dates_print(c, source);
	if (!ocsp && number(source, "this_update"))
		line("entries", n);
	kept_print(c, source);
	line("failed", words(source, "failed"));
	line("mend", words(source, "mend"));
	fflush(stdout);
}

static const char *effective(const struct check *c, enum leg leg, size_t lists)
{
	if (c->s->leg[leg].revocation.mode == REVOCATION_AUTO && lists == 0)
		return "unchecked";
	return modes[crl_mode(c->s, leg, lists > 0)];
}

static void head_print(const struct check *c, enum leg leg, size_t lists)
{
	bool is_auto = c->s->leg[leg].revocation.mode == REVOCATION_AUTO;

	printf("%s: %s%s\n", settings_leg_word(leg), effective(c, leg, lists),
	       is_auto ? " (auto)" : "");
}

static void section_print(struct check *c, const struct crl_report *r)
{
	int section = strcmp(r->by, "ocsp") == 0 ? LEG_COUNT : (int)r->leg;

	if (section == c->section)
		return;
	c->section = section;
	if (section == LEG_COUNT)
		puts("staples of the outside:");
	else
		head_print(c, r->leg,
			   strncasecmp(r->where, "ldap:///", 8) != 0);
}

static const char *state_of(const struct crl_report *r)
{
	if (!r->failed[0])
		return "ok";
	return r->spare ? "spare" : "FAIL";
}

static json_t *source_json(const struct crl_report *r)
{
	json_t *o = json_object();

	json_object_set_new(o, "leg", json_string(settings_leg_word(r->leg)));
	json_object_set_new(o, "where", plain_json(r->where));
	json_object_set_new(o, "by", json_string(r->by));
	json_object_set_new(o, "file",
			    json_boolean(strncmp(r->where, "http:", 5) != 0 &&
					 strncmp(r->where, "ldap:", 5) != 0));
	json_object_set_new(o, "state", json_string(state_of(r)));
	json_object_set_new(o, "proxy", plain_json(r->proxy));
	json_object_set_new(o, "issuer", plain_json(r->issuer));
	json_object_set_new(o, "this_update",
			    json_integer((json_int_t)r->this_s));
	json_object_set_new(o, "next_update",
			    json_integer((json_int_t)r->next_s));
	json_object_set_new(o, "entries", json_integer(r->revoked));
	json_object_set_new(o, "kept", json_integer((json_int_t)r->got_s));
	json_object_set_new(o, "failed", plain_json(r->failed));
	json_object_set_new(o, "mend", plain_json(r->mend));
	return o;
}

static void tell(const struct crl_report *r, void *arg)
{
	struct check *c = arg;
	json_t *o = source_json(r);
	bool ocsp = strcmp(r->by, "ocsp") == 0;

	/* What names no server makes no leg look into lists. */
	if (!ocsp && strncasecmp(r->where, "ldap:///", 8) != 0)
		c->lists[r->leg]++;
	if (r->failed[0] && !r->spare)
		c->findings++;
	if (!c->json) {
		section_print(c, r);
		source_print(c, o);
	}
	json_array_append_new(c->sources, o);
}

/* A leg that looks into nothing, though nobody said that it should not. */
static void bare_leg(struct check *c, enum leg leg)
{
	if (c->lists[leg] > 0)
		return;
	if (!c->json)
		head_print(c, leg, 0);
	if (c->s->leg[leg].revocation.mode == REVOCATION_OFF)
		return;
	c->findings++;
	if (c->json)
		return;
	printf("  FAIL  no source of lists: revoked certificates are not "
	       "known\n");
	printf("        %-*s set %s.revocation.crl, or mode = \"off\"\n", LABEL,
	       "mend", settings_leg_word(leg));
}

static json_t *leg_json(const struct check *c, enum leg leg)
{
	const struct revocation_settings *r = &c->s->leg[leg].revocation;
	json_t *o = json_object();

	json_object_set_new(o, "mode", json_string(modes[r->mode]));
	json_object_set_new(o, "effective",
			    json_string(effective(c, leg, c->lists[leg])));
	json_object_set_new(o, "proxy", plain_json(r->proxy ? r->proxy : ""));
	json_object_set_new(o, "grace_h", json_integer(r->grace_h));
	json_object_set_new(o, "sources",
			    json_integer((json_int_t)c->lists[leg]));
	return o;
}

static void print_json(struct check *c, int status)
{
	for (int i = 0; i < LEG_COUNT; i++)
		json_object_set_new(c->root, settings_leg_word((enum leg)i),
				    leg_json(c, (enum leg)i));
	json_object_set(c->root, "sources", c->sources);
	json_object_set_new(c->root, "environment_proxies_ignored",
			    json_string(c->environment.p));
	json_object_set_new(c->root, "exit", json_integer(status));
	json_dumpf(c->root, stdout, JSON_INDENT(2));
	putchar('\n');
}

static int check_all(struct check *c)
{
	int status;

	if (crl_keeper_try(c->s, NULL, tell, c))
		return no_look("out of memory");
	for (int i = 0; i < LEG_COUNT; i++)
		bare_leg(c, (enum leg)i);
	status = c->findings ? EXIT_FINDINGS : EXIT_FINE;
	if (c->json)
		print_json(c, status);
	return status;
}

static int run(const char *config, bool json)
{
	struct check c = {.json = json, .section = -1};
	int status = settings_get_planned(&c.s, config);

	if (status)
		return status;
	c.now_s = now_wall_s();
	c.root = json_object();
	c.sources = json_array();
	find_environment(&c.environment);
	status =
		c.environment.failed ? no_look("out of memory") : check_all(&c);
	buf_fini(&c.environment);
	json_decref(c.sources);
	json_decref(c.root);
	settings_unref(&c.s);
	return status;
}

int check_crl_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
	bool json = false;
	int o;

	while ((o = getopt_long(argc, argv, "", options, NULL)) == 'j')
		json = true;
	if (o != -1 || optind + 1 != argc)
		return no_look("usage: edgectl check crl CONFIG [--json]");
	return run(argv[optind], json);
}
