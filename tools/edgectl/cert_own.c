/*
 * cert_own.c: which certificate of the plan is meant, what it is judged by,
 * and how all that is told.
 */
#include "cert_own.h"

#include "base/now.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define LABEL_WIDTH 13
#define TEXT_WIDTH  83

bool told_begin(struct told *t, bool json)
{
	*t = (struct told){.worst = -1};
	if (!json)
		return true;
	t->root = json_object();
	t->findings = json_array();
	return json_object_set_new(t->root, "findings", t->findings) == 0;
}

static void line(const char *label, const char *text)
{
	struct cell cell[] = {{label, LABEL_WIDTH}, {text, TEXT_WIDTH}};

	cells_print(2, cell, 2);
}

/* The label as a program would have it: "old_pair". */
static const char *member(char key[32], const char *label)
{
	snprintf(key, 32, "%s", label);
	for (char *p = key; *p; p++) {
		if (*p == ' ')
			*p = '_';
	}
	return key;
}

json_t *finding_json(const struct cert_finding *f)
{
	return json_pack("{ss ss so so so}", "severity",
			 cert_severity_word(f->severity), "rule", f->rule, "is",
			 plain_json(f->is), "should", plain_json(f->should),
			 "mend", plain_json(f->mend));
}

static void finding_line(const struct cert_finding *f)
{
	char text[4096];

	snprintf(text, sizeof(text), "%s: %s; should be: %s; to mend it: %s",
		 f->rule, f->is, f->should, f->mend);
	line(cert_severity_word(f->severity), text);
}

void told_say(struct told *t, const char *name, const char *fmt, ...)
{
	char text[PATH_MAX + 512], key[32];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (t->root)
		json_object_set_new(t->root, member(key, name),
				    plain_json(text));
	else
		line(name, text);
}

void told_finding(const struct cert_finding *f, void *arg)
{
	struct told *t = arg;

	if ((int)f->severity > t->worst)
		t->worst = (int)f->severity;
	if (t->root)
		json_array_append_new(t->findings, finding_json(f));
	else
		finding_line(f);
}

int told_end(struct told *t, int status)
{
	if (!t->root)
		return status;
	json_object_set_new(t->root, "exit", json_integer(status));
	json_dumpf(t->root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(t->root);
	t->root = NULL;
	return status;
}

static int which_profile(enum cert_profile *out, const char *word)
{
	char all[256] = "";
	size_t n = 0;

	if (word && cert_profile_of(out, word) == 0)
		return 0;
	for (int i = 0; i < CERT_PROFILES && n < sizeof(all); i++)
		n += (size_t)snprintf(all + n, sizeof(all) - n, " %s",
				      cert_profile_word((enum cert_profile)i));
	return word ? no_look("%s is no profile; there are%s", word, all)
		    : no_look("which certificate? write --profile and one of%s",
			      all);
}

static bool has_name(const struct cert_plan *plan, const char *name)
{
	return slice_same_host(slice_of(plan->common_name), slice_of(name));
}

/* Its members show the pool's certificate, so their names mean it as well. */
static bool is_of_pool(const struct own *own, const char *name)
{
	const struct pool_settings *pool =
		settings_pool(own->s, slice_of(name));

	return pool && has_name(own->plan, pool->name);
}

static int make_plan(struct own *own, enum cert_profile p, size_t nth)
{
	char why[WHY_MAX] = "out of memory";

	cert_plan_destroy(&own->plan);
	return cert_plan_make(&own->plan, own->s, p, nth, why)
		       ? no_look("%s", why)
		       : 0;
}

static int by_name(struct own *own, enum cert_profile p, const char *name)
{
	size_t n = cert_plan_count(own->s, p);
	int err;

	for (size_t i = 0; i < n; i++) {
		err = make_plan(own, p, i);
		if (err || has_name(own->plan, name) || is_of_pool(own, name))
			return err;
	}
	return no_look("%s is none of the %zu that the settings have of "
		       "profile %s",
		       name, n, cert_profile_word(p));
}

static int by_number(struct own *own, enum cert_profile p, uint32_t nth)
{
	size_t n = cert_plan_count(own->s, p);

	if (n > 1 && nth == 0)
		return no_look("the settings have %zu of profile %s; write "
			       "--pool and the name of one, or --nth 1 to %zu",
			       n, cert_profile_word(p), n);
	if (n > 0 && nth > n)
		return no_look("--nth %u: the settings have %zu of profile %s",
			       nth, n, cert_profile_word(p));
	return make_plan(own, p, nth ? nth - 1 : 0);
}

/* The machines of a kind are told apart by their names. */
static void set_stem(struct own *own)
{
	enum cert_profile p = own->plan->profile;
	bool many = p == CERT_DIRECTOR || p == CERT_POOL || p == CERT_POOL_VIP;

	snprintf(own->stem, sizeof(own->stem), "%s%s%s", cert_profile_word(p),
		 many ? "-" : "", many ? own->plan->common_name : "");
}

/* Only the edge's own are named by the settings. */
static void set_place(struct own *own)
{
	enum cert_profile p = own->plan->profile;
	const struct leg_settings *leg = &own->s->leg[own->plan->leg];

	if (p != CERT_EXTERNAL_EDGE && p != CERT_INTERNAL_EDGE &&
	    p != CERT_HYBRID)
		return;
	own->certificate = leg->certificate;
	own->key = leg->key;
}

bool own_option(struct own_asked *asked, int opt)
{
	switch (opt) {
	case 'p':
		asked->profile = optarg;
		return true;
	case 'n':
		return slice_to_u32(&asked->nth, slice_of(optarg)) == 0 &&
		       asked->nth > 0;
	case 'P':
		asked->pool = optarg;
		return true;
	default:
		return false;
	}
}

int own_find(struct own *out, const struct own_asked *asked)
{
	enum cert_profile p;
	int status = which_profile(&p, asked->profile);

	*out = (struct own){0};
	if (!status)
		status = settings_get_planned(&out->s, asked->config);
	if (!status)
		status = asked->pool ? by_name(out, p, asked->pool)
				     : by_number(out, p, asked->nth);
	if (status) {
		own_fini(out);
		return status;
	}
	set_stem(out);
	set_place(out);
	return 0;
}

void own_fini(struct own *own)
{
	cert_plan_destroy(&own->plan);
	settings_unref(&own->s);
}

bool own_path(char out[PATH_MAX], const struct own *own, const char *folder,
	      const char *end)
{
	char name[320];

	snprintf(name, sizeof(name), "%s.%s", own->stem, end);
	return path_in(out, folder, name);
}

/* What that leg's clients trust; without it the chain is not judged, and that
 * is a finding. */
static X509_STORE *trust_of(struct told *t, const struct own *own)
{
	const char *path = own->s->leg[own->plan->leg].trust;
	X509_STORE *store = trust_read(path);

	if (store)
		return store;
	told_finding(
		&(struct cert_finding){
			.rule = "trust-not-read",
			.severity = CERT_WARNING,
			.is = path,
			.should = "a PEM file of authorities that can be read",
			.mend = "put it there: without it nobody can say "
				"whether the chain is believed"},
		t);
	return NULL;
}

bool is_stapled(const char *ocsp, X509 *leaf)
{
	STACK_OF(OPENSSL_STRING) *urls = leaf ? X509_get1_ocsp(leaf) : NULL;
	bool named = !leaf || sk_OPENSSL_STRING_num(urls) > 0;

	X509_email_free(urls);
	if (!ocsp || strcmp(ocsp, "off") == 0)
		return false;
	return strcmp(ocsp, "auto") != 0 || named;
}

void own_judge(struct told *t, const struct own *own, struct cert_subject *of)
{
	of->plan = own->plan;
	of->public_leg = own->plan->leg == LEG_OUTSIDE;
	of->federates = own->s->federation.enabled && own->certificate &&
			own->plan->leg == LEG_OUTSIDE;
	of->staples = is_stapled(own->s->leg[own->plan->leg].ocsp, of->leaf);
	of->wall_s = now_wall_s();
	of->trust = of->leaf ? trust_of(t, own) : NULL;
	cert_lint(of, told_finding, t);
	X509_STORE_free(of->trust);
	of->trust = NULL;
}
