/*
 * ending.c: certificates of ours that end soon.
 */
#include "ops/ending.h"

#include "base/log.h"
#include "cert/certificate.h"
#include "cert/lint.h"

#include <string.h>

static const struct row {
	const char *rule, *verb;
} rows[] = {
	{"not-yet-valid", "certificate-early"},
	{"expires-soon", "certificate-expires"},
	{"expired", "certificate-expired"},
};

struct telling {
	X509 *cert;
	uint64_t wall_s;
};

static const char *verb_of(const char *rule)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!strcmp(rows[i].rule, rule))
			return rows[i].verb;
	}
	return NULL;
}

static void on_finding(const struct cert_finding *f, void *arg)
{
	const struct telling *t = arg;
	const char *verb = verb_of(f->rule);
	char subject[256], text[LOG_TEXT_MAX], print[65];

	if (!verb)
		return;
	cert_fingerprint(print, t->cert);
	X509_NAME_oneline(X509_get_subject_name(t->cert), subject,
			  sizeof(subject));
	log_event(f->severity == CERT_ERROR ? LOG_LEVEL_ERROR
					    : LOG_LEVEL_NOTICE,
		  "edge", verb, "subject=%s sha256=%s reason=\"%s\"",
		  log_text(text, slice_of(subject)), print, f->is);
}

static void on_shown(X509 *cert, void *arg)
{
	struct telling *t = arg;
	struct cert_subject subject = {.leaf = cert, .wall_s = t->wall_s};

	t->cert = cert;
	cert_lint(&subject, on_finding, t);
}

void ending_tell(const struct tlsctx *t, uint64_t wall_s)
{
	struct telling telling = {.wall_s = wall_s};

	tlsctx_each_shown(t, on_shown, &telling);
}
