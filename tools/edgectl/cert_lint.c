/*
 * cert_lint.c: `edgectl cert lint`: of settings, of a file, or of what a
 * server sends.
 */
#include "cert_lint.h"

#include "base/now.h"

#include <getopt.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>

#define FILE_MAX (1024 * 1024)

static const char usage_text[] =
	"usage: edgectl cert lint CONFIG [--profile PROFILE] [--offline]\n"
	"       edgectl cert lint FILE... --profile PROFILE [--config CONFIG]\n"
	"           [--pool NAME] [--key FILE] [--trust FILE] [--same-key]\n"
	"       edgectl cert lint HOST:PORT... [--config CONFIG]\n"
	"           [--profile PROFILE] [--pool NAME] [--name SNI]\n"
	"           [--leg outside|inside] [--trust FILE] [--same-key]\n"
	"           [--offline]\n"
	"       edgectl cert lint --rules\n";

enum target_kind { TARGET_CONFIG, TARGET_FILE, TARGET_SERVER };

/* A file with PEM, PKCS#7 or DER is certificates; settings are neither. */
static bool holds_certificates(const char *path)
{
	char *p = NULL;
	size_t n = 0;
	bool holds;

	if (file_read(&p, &n, path, FILE_MAX))
		return false;
	holds = n > 1 && ((unsigned char)p[0] == 0x30 ||
			  memmem(p, n, "-----BEGIN ", 11));
	free(p);
	return holds;
}

static enum target_kind kind_of(const char *target)
{
	if (dial_is_target(target))
		return TARGET_SERVER;
	return holds_certificates(target) ? TARGET_FILE : TARGET_CONFIG;
}

/* What one target is judged by. */
struct measure {
	struct cert_plan *plan; /* NULL: none */
	enum leg leg;
	X509_STORE *trust; /* NULL: none */
};

static bool is_inside_profile(enum cert_profile p)
{
	return p == CERT_INTERNAL_EDGE || p == CERT_DIRECTOR ||
	       p == CERT_POOL || p == CERT_POOL_VIP;
}

static bool fits(const struct cert_plan *plan, const char *pool, X509 *leaf)
{
	struct cert_names *names = NULL;
	char why[WHY_MAX];
	bool fit;

	if (pool)
		return slice_same_host(slice_of(plan->common_name),
				       slice_of(pool));
	if (!leaf || cert_names_of(&names, leaf, why))
		return false;
	fit = cert_names_match(names, slice_of(plan->common_name));
	cert_names_destroy(&names);
	return fit;
}

/* Of several of one profile: the one that is named, or whose name it has. */
static int choose_plan(struct cert_plan **out, struct linting *run,
		       enum cert_profile p, X509 *leaf)
{
	size_t n = cert_plan_count(run->s, p);
	char why[WHY_MAX] = "";

	for (size_t i = 0; i < n; i++) {
		if (cert_plan_make(out, run->s, p, i, why))
			return no_look("%s", why);
		if (n == 1 || fits(*out, run->o->pool, leaf))
			return 0;
		cert_plan_destroy(out);
	}
	if (n && run->o->pool)
		return no_look("the settings have no %s of the name %s",
			       cert_profile_word(p), run->o->pool);
	return cert_plan_make(out, run->s, p, 0, why) ? no_look("%s", why) : 0;
}

static int measure_by(struct measure *m, struct linting *run, X509 *leaf)
{
	const struct lint_asked *o = run->o;
	enum cert_profile p;
	const char *trust = o->trust;

	*m = (struct measure){.leg = o->leg};
	if (o->profile && cert_profile_of(&p, o->profile))
		return no_look("%s: no such profile", o->profile);
	if (o->profile)
		m->leg = is_inside_profile(p) ? LEG_INSIDE : LEG_OUTSIDE;
	if (o->profile && run->s && choose_plan(&m->plan, run, p, leaf))
		return EXIT_NO_LOOK;
	if (!trust && run->s)
		trust = run->s->leg[m->leg].trust;
	if (leaf && (trust || m->leg == LEG_OUTSIDE))
		m->trust = lint_trust(run, trust);
	return 0;
}

static void measure_fini(struct measure *m)
{
	cert_plan_destroy(&m->plan);
	X509_STORE_free(m->trust);
}

static void subject_by(struct cert_subject *subject, const struct linting *run,
		       const struct measure *m)
{
	subject->plan = m->plan;
	subject->trust = m->trust;
	subject->public_leg = m->leg == LEG_OUTSIDE;
	subject->federates = run->s && run->s->federation.enabled && m->plan &&
			     (m->plan->profile == CERT_EXTERNAL_EDGE ||
			      m->plan->profile == CERT_HYBRID);
	subject->wall_s = now_wall_s();
}

/* Members of a pool show one key: who is asked for media checks it. */
static void compare_key(struct linting *run, const struct measure *m,
			X509 *leaf)
{
	static const struct lint_words words = {
		"the same key on all of them",
		"export one: `edgectl cert export`, and import it on the "
		"others"};
	char *own = run->key[run->keys++];

	cert_key_print(own, leaf);
	if (run->keys < 2 ||
	    !(run->o->same_key || (m->plan && m->plan->shared_key)) ||
	    !strcmp(own, run->key[0]))
		return;
	say_found(run, "key-differs", CERT_ERROR, &words,
		  "its public key is %.16s..., that of %.200s is %.16s...", own,
		  run->o->target[0], run->key[0]);
}

static X509_REQ *request_in(const char *path)
{
	FILE *f = fopen(path, "re");
	X509_REQ *r = f ? PEM_read_X509_REQ(f, NULL, NULL, NULL) : NULL;

	if (f)
		fclose(f);
	ERR_clear_error();
	return r;
}

static int lint_request(struct linting *run, const char *path, X509_REQ *r)
{
	struct cert_subject subject = {.request = r};
	struct measure m;
	int status;

	run->where = path;
	status = measure_by(&m, run, NULL);
	if (!status) {
		subject_by(&subject, run, &m);
		cert_lint(&subject, say_finding, run);
	}
	measure_fini(&m);
	return status;
}

static int key_for(struct lint_pair *pair, const struct lint_asked *o)
{
	char why[WHY_MAX];

	if (o->key && pair_key(pair, o->key, why))
		return no_look("%s", why);
	return 0;
}

static int lint_certificates(struct linting *run, const char *path)
{
	struct cert_subject subject = {0};
	struct lint_pair pair;
	struct measure m = {0};
	char why[WHY_MAX];
	int status;

	if (pair_read(&pair, path, why))
		return no_look("%s", why);
	status = key_for(&pair, run->o);
	if (!status) {
		say_certificate(run, path, "", pair.leaf);
		status = measure_by(&m, run, pair.leaf);
	}
	if (!status) {
		subject.leaf = pair.leaf;
		subject.rest = pair.rest;
		subject.key = pair.key;
		subject.key_mode = (unsigned)pair.mode;
		subject.staples = true; /* a file cannot tell */
		subject_by(&subject, run, &m);
		cert_lint(&subject, say_finding, run);
		compare_key(run, &m, pair.leaf);
	}
	measure_fini(&m);
	pair_fini(&pair);
	return status;
}

static int lint_file(struct linting *run, const char *path)
{
	X509_REQ *r = request_in(path);
	int status =
		r ? lint_request(run, path, r) : lint_certificates(run, path);

	X509_REQ_free(r);
	return status;
}

/* An edge of these settings that was not reloaded since? */
static void compare_file(struct linting *run, const struct measure *m,
			 X509 *leaf)
{
	static const struct lint_words words = {
		"the certificate that the settings name",
		"`edgectl reload`; look into the log when it stays so"};
	struct lint_pair pair;
	char why[WHY_MAX];

	if (!run->s || !m->plan || run->o->name ||
	    (m->plan->profile != CERT_EXTERNAL_EDGE &&
	     m->plan->profile != CERT_INTERNAL_EDGE) ||
	    pair_read(&pair, run->s->leg[m->leg].certificate, why))
		return;
	if (X509_cmp(pair.leaf, leaf) != 0)
		say_found(run, "not-reloaded", CERT_WARNING, &words,
			  "another one than in %.200s",
			  run->s->leg[m->leg].certificate);
	pair_fini(&pair);
}

static void judge_sent(struct linting *run, const struct measure *m,
		       const struct lint_pair *pair, const struct dialled *d)
{
	struct cert_subject subject = {
		.leaf = pair->leaf,
		.rest = pair->rest,
		.staples = d->staple_n > 0,
	};
	struct lint_ask ask = {
		.leaf = pair->leaf,
		.rest = pair->rest,
		.trust = m->trust,
		.leg = m->leg,
	};

	subject_by(&subject, run, m);
	cert_lint(&subject, say_finding, run);
	compare_file(run, m, pair->leaf);
	compare_key(run, m, pair->leaf);
	if (d->staple_n > 0)
		lint_answer(run, &ask, d->staple, d->staple_n, "staple");
	if (!run->o->offline)
		lint_online(run, &ask);
}

static int lint_server(struct linting *run, const char *target)
{
	struct dialled d;
	struct lint_pair pair = {0};
	struct measure m = {0};
	char why[WHY_MAX];
	int status = 0;

	if (dial(&d, run->o, target, why)) {
		dial_fini(&d);
		return no_look("%s", why);
	}
	if (pair_take(&pair, d.all))
		status = no_look("out of memory");
	d.all = NULL;
	if (!status) {
		say_certificate(run, target, "", pair.leaf);
		status = measure_by(&m, run, pair.leaf);
	}
	if (!status)
		judge_sent(run, &m, &pair, &d);
	measure_fini(&m);
	pair_fini(&pair);
	dial_fini(&d);
	return status;
}

/* The settings name the edge's own certificates, nobody else's. */
static bool is_own_profile(const char *profile)
{
	enum cert_profile p;

	return !profile || (!cert_profile_of(&p, profile) &&
			    (p == CERT_EXTERNAL_EDGE ||
			     p == CERT_INTERNAL_EDGE || p == CERT_HYBRID));
}

static int lint_settings(struct linting *run, const char *path)
{
	int status;

	if (run->o->targets > 1 || run->o->config)
		return no_look("%s: neither certificates nor HOST:PORT", path);
	if (!is_own_profile(run->o->profile))
		return no_look("%s: settings have certificates of "
			       "external-edge, internal-edge and hybrid; name "
			       "the file, and --config CONFIG",
			       run->o->profile);
	status = settings_get_planned(&run->s, path);
	return status ? status : lint_config(run);
}

static int lint_target(struct linting *run, const char *target)
{
	switch (kind_of(target)) {
	case TARGET_SERVER:
		return lint_server(run, target);
	case TARGET_FILE:
		return lint_file(run, target);
	case TARGET_CONFIG:
		break;
	}
	return lint_settings(run, target);
}

static int lint_all(const struct lint_asked *o)
{
	struct linting run = {.o = o};
	int status = 0;

	if (!say_begin(&run, o->json))
		return no_look("out of memory");
	if (o->config)
		status = settings_get_planned(&run.s, o->config);
	for (size_t i = 0; i < o->targets && !status; i++)
		status = lint_target(&run, o->target[i]);
	settings_unref(&run.s);
	return say_end(&run, status ? status : say_status(&run));
}

static const struct option options[] = {
	{"config", required_argument, NULL, 'c'},
	{"profile", required_argument, NULL, 'p'},
	{"pool", required_argument, NULL, 'P'},
	{"key", required_argument, NULL, 'k'},
	{"trust", required_argument, NULL, 't'},
	{"name", required_argument, NULL, 'n'},
	{"leg", required_argument, NULL, 'l'},
	{"same-key", no_argument, NULL, 's'},
	{"offline", no_argument, NULL, 'o'},
	{"json", no_argument, NULL, 'j'},
	{"rules", no_argument, NULL, 'r'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

static bool take_text(struct lint_asked *o, int c)
{
	switch (c) {
	case 'c':
		o->config = optarg;
		return true;
	case 'p':
		o->profile = optarg;
		return true;
	case 'P':
		o->pool = optarg;
		return true;
	case 'k':
		o->key = optarg;
		return true;
	case 't':
		o->trust = optarg;
		return true;
	case 'n':
		o->name = optarg;
		return true;
	default:
		return false;
	}
}

static bool take_option(struct lint_asked *o, int c)
{
	if (c == 's')
		o->same_key = true;
	else if (c == 'o')
		o->offline = true;
	else if (c == 'j')
		o->json = true;
	else if (c == 'l' && !strcmp(optarg, "inside"))
		o->leg = LEG_INSIDE;
	else if (c != 'l' || strcmp(optarg, "outside"))
		return take_text(o, c);
	return true;
}

int cert_lint_main(int argc, char **argv)
{
	struct lint_asked o = {.leg = LEG_OUTSIDE};
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (c == 'r')
			return say_rules();
		if (c == 'h') {
			fputs(usage_text, stdout);
			return EXIT_FINE;
		}
		if (!take_option(&o, c)) {
			fputs(usage_text, stderr);
			return EXIT_NO_LOOK;
		}
	}
	for (; optind < argc && o.targets < LINT_TARGETS_MAX; optind++)
		o.target[o.targets++] = argv[optind];
	if (o.targets && optind == argc)
		return lint_all(&o);
	fputs(usage_text, stderr);
	return EXIT_NO_LOOK;
}
