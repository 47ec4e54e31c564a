/**
 * @file lint.h
 * Judges a certificate, its chain and its key: one finding for each thing that
 * is not as it should be.
 *
 * Pure: no file, no network, no clock but the one that is given. Each rule has
 * an id that never changes; edgectl-findings(7) explains all of them.
 */
#ifndef CERT_LINT_H
#define CERT_LINT_H

#include "cert/plan.h"

#include <openssl/x509.h>
#include <stdint.h>

/** How bad. */
enum cert_severity {
	CERT_NOTE,    /* good to know */
	CERT_WARNING, /* somebody will be hurt by it, or soon */
	CERT_ERROR,   /* does not work, or is not safe */
};

/** One finding. */
struct cert_finding {
	const char *rule; /* id, such as "cn-is-not-the-fqdn"; constant */
	enum cert_severity severity;
	const char *is;	    /* what is there; borrowed for the call */
	const char *should; /* what should be; borrowed for the call */
	const char *mend;   /* how to mend it; borrowed for the call */
};

/**
 * One finding.
 *
 * @param f    borrowed for this call; text of a certificate is escaped
 * @param arg  as given
 */
typedef void cert_finding_fn(const struct cert_finding *f, void *arg);

/** What is judged. What is NULL is not judged. */
struct cert_subject {
	X509 *leaf;
	struct stack_st_X509 *rest; /* as sent or as the file has it: leaf's
				       issuer first */
	EVP_PKEY *key;		    /* the private key that goes with it */
	X509_REQ *request;	    /* in place of leaf: what is asked for */
	X509_STORE *trust;	    /* what that leg's clients trust */
	const struct cert_plan *plan;
	bool public_leg;   /* rules of public authorities hold */
	bool federates;	   /* it is shown to partners as a client too */
	bool staples;	   /* an OCSP answer is stapled to it */
	bool client;	   /* it is shown when we connect, never to clients */
	unsigned key_mode; /* of the key's file, such as 0600; 0: unknown */
	uint64_t wall_s;   /* now [s since 1970] */
};

/**
 * Judge.
 *
 * @param subject  what; borrowed
 * @param tell     called once a finding, errors not first
 * @param arg      passed to tell
 * @return         the worst severity told, or -1 when there was none
 */
int cert_lint(const struct cert_subject *subject, cert_finding_fn *tell,
	      void *arg);

/** A rule, for manuals. */
struct cert_rule {
	const char *rule;
	enum cert_severity severity; /* the worst that it can be */
	const char *help;	     /* one sentence */
};

/**
 * All rules of cert_lint().
 *
 * @param n  how many
 * @return   constant table
 */
const struct cert_rule *cert_lint_rules(size_t *n);

/**
 * The word for a severity: "note", "warning", "error".
 *
 * @param s  severity
 * @return   constant text
 */
const char *cert_severity_word(enum cert_severity s);

#endif
