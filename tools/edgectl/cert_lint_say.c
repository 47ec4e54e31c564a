/*
 * cert_lint_say.c: how findings are told, and the ids of the rules that need
 * more than a certificate. edgectl-findings(7) explains all of them.
 */
#include "cert_lint.h"

#include "base/buf.h"
#include "base/now.h"

#include <openssl/asn1.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TEXT_MAX 640
#define LEAD_D	 3 /* days from an order to a certificate in place */

static const struct cert_rule rules[] = {
	{"file-not-read", CERT_ERROR,
	 "A certificate that the settings name cannot be read."},
	{"key-not-read", CERT_WARNING,
	 "A private key that the settings name cannot be read."},
	{"trust-not-read", CERT_WARNING,
	 "The authorities to judge by cannot be read."},
	{"name-by-sni", CERT_NOTE,
	 "A planned name is only in a certificate that is chosen by SNI."},
	{"key-on-both-legs", CERT_WARNING,
	 "Outside and inside show the same key."},
	{"key-differs", CERT_ERROR,
	 "Machines that must share a key show different ones."},
	{"not-reloaded", CERT_WARNING,
	 "The server sends another certificate than the settings name."},
	{"trust-inside-wide", CERT_WARNING,
	 "Inside trusts a whole store of public authorities."},
	{"trust-outside-narrow", CERT_NOTE,
	 "Outside trusts a handful of authorities only."},
	{"inside-chain-public", CERT_WARNING,
	 "The inside certificate comes from a public authority."},
	{"key-log", CERT_WARNING, "TLS secrets are written to a file."},
	{"dns-no-address", CERT_ERROR, "A name has no A or AAAA record."},
	{"dns-elsewhere", CERT_WARNING,
	 "A name's address is none of that leg."},
	{"revocation-off", CERT_NOTE, "Revocation is switched off on a leg."},
	{"revocation-unchecked", CERT_WARNING,
	 "No revocation list is known on a leg: nobody is checked."},
	{"crl-missing", CERT_ERROR, "A source has no revocation list."},
	{"crl-expired", CERT_ERROR,
	 "A revocation list is past its next update."},
	{"crl-not-tried", CERT_NOTE,
	 "A distribution point or responder is not asked from here."},
	{"ocsp-no-answer", CERT_WARNING,
	 "An OCSP responder gives no answer that is good."},
	{"staple-bad", CERT_ERROR,
	 "The server staples an OCSP answer that is no good."},
	{"revoked", CERT_ERROR, "The certificate was revoked."},
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

static void print_rules(const struct cert_rule *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		printf("%s | %s | %s\n", r[i].rule,
		       cert_severity_word(r[i].severity), r[i].help);
}

int say_rules(void)
{
	size_t n;
	const struct cert_rule *pure = cert_lint_rules(&n);

	print_rules(pure, n);
	print_rules(rules, RULES);
	return EXIT_FINE;
}

bool say_begin(struct linting *run, bool json)
{
	run->worst = -1;
	if (!json)
		return true;
	run->root = json_object();
	run->certificates = json_array();
	run->findings = json_array();
	return json_object_set_new(run->root, "certificates",
				   run->certificates) == 0 &&
	       json_object_set_new(run->root, "findings", run->findings) == 0;
}

int say_status(const struct linting *run)
{
	return run->worst > CERT_NOTE ? EXIT_FINDINGS : EXIT_FINE;
}

int say_end(struct linting *run, int status)
{
	if (!run->root) {
		if (status == EXIT_FINE && run->worst < 0)
			puts("no findings");
		return status;
	}
	json_object_set_new(run->root, "exit", json_integer(status));
	json_dumpf(run->root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(run->root);
	run->root = NULL;
	return status;
}

static void day_of(char out[16], const ASN1_TIME *at, int less_days)
{
	struct tm tm = {0};
	time_t t;

	snprintf(out, 16, "?");
	if (!ASN1_TIME_to_tm(at, &tm))
		return;
	t = timegm(&tm) - (time_t)less_days * 24 * 3600;
	if (gmtime_r(&t, &tm))
		strftime(out, 16, "%Y-%m-%d", &tm);
}

static int days_left(const ASN1_TIME *to)
{
	int days = 0, seconds = 0;

	ASN1_TIME_diff(&days, &seconds, NULL, to);
	return days;
}

void say_certificate(struct linting *run, const char *where, const char *file,
		     X509 *leaf)
{
	const ASN1_TIME *to = X509_get0_notAfter(leaf);
	char from_day[16], day[16], order[16], print[65];
	int left = days_left(to);

	run->where = where;
	cert_fingerprint(print, leaf);
	day_of(from_day, X509_get0_notBefore(leaf), 0);
	day_of(day, to, 0);
	day_of(order, to, LEAD_D);
	if (run->certificates) {
		json_array_append_new(
			run->certificates,
			json_pack("{so so ss ss ss si ss}", "where",
				  plain_json(where), "file", plain_json(file),
				  "fingerprint", print, "not_before", from_day,
				  "not_after", day, "days_left", left,
				  "order_by", order));
		return;
	}
	printf("%s%s%s: valid %s to %s, %d days left, order the next by %s\n",
	       where, *file ? " " : "", file, from_day, day, left, order);
}

static void print_finding(const char *where, const struct cert_finding *f)
{
	struct buf is = {0};

	plain_add(&is, slice_of(f->is));
	printf("%-7s %s: %s: %.*s; should be: %s; to mend it: %s\n",
	       cert_severity_word(f->severity), f->rule, where,
	       SLICE_ARG(buf_slice(&is)), f->should, f->mend);
	buf_fini(&is);
}

void say_finding(const struct cert_finding *f, void *arg)
{
	struct linting *run = arg;
	json_t *item;

	if ((int)f->severity > run->worst)
		run->worst = (int)f->severity;
	if (!run->findings) {
		print_finding(run->where, f);
		return;
	}
	item = finding_json(f);
	json_object_set_new(item, "where", plain_json(run->where));
	json_array_append_new(run->findings, item);
}

void say_found(struct linting *run, const char *rule,
	       enum cert_severity severity, const struct lint_words *words,
	       const char *fmt, ...)
{
	char is[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(is, sizeof(is), fmt, ap);
	va_end(ap);
	say_finding(&(struct cert_finding){.rule = rule,
					   .severity = severity,
					   .is = is,
					   .should = words->should,
					   .mend = words->mend},
		    run);
}
