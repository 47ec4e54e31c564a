/*
 * cert_lint.h: the pieces of `edgectl cert lint`: what was asked, one run of
 * it, and who looks where.
 */
#ifndef EDGECTL_CERT_LINT_H
#define EDGECTL_CERT_LINT_H

#include "cert_own.h"

#include "cert/certificate.h"

#define LINT_TARGETS_MAX 16

/* The command line. */
struct lint_asked {
	const char *target[LINT_TARGETS_MAX];
	size_t targets;
	const char *config, *profile, *pool, *key, *name, *trust;
	enum leg leg;
	bool json, offline, same_key;
};

/* One run. */
struct linting {
	const struct lint_asked *o;
	const struct settings *s;		/* NULL: none */
	json_t *root, *certificates, *findings; /* NULL: lines */
	const char *where;			/* what is judged now */
	int worst;			/* of enum cert_severity; -1: none */
	char key[LINT_TARGETS_MAX][65]; /* prints of public keys, by target */
	size_t keys;
};

/* A certificate with what came with it. */
struct lint_pair {
	STACK_OF(X509) * all;  /* as the file has it; owned */
	X509 *leaf;	       /* the first of them */
	STACK_OF(X509) * rest; /* the others; members are borrowed */
	EVP_PKEY *key;	       /* owned; NULL: none */
	mode_t mode;	       /* of the key's file; 0: unknown */
};

/* cert_lint_say.c: what is told */
bool say_begin(struct linting *run, bool json);
int say_end(struct linting *run, int status);
/* From now on this is judged; file: "" or where it lies. */
void say_certificate(struct linting *run, const char *where, const char *file,
		     X509 *leaf);
/* A cert_finding_fn; arg is the struct linting. */
void say_finding(const struct cert_finding *f, void *arg);
/* A rule of the command's own, with what should be and how to mend it. */
struct lint_words {
	const char *should, *mend;
};
void say_found(struct linting *run, const char *rule,
	       enum cert_severity severity, const struct lint_words *words,
	       const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* `edgectl cert lint --rules`: all ids. */
int say_rules(void);
/* The exit status of what was found. */
int say_status(const struct linting *run);

/* cert_lint_pair.c: files */
void pair_fini(struct lint_pair *p);
/* 0, or an errno, told in why. */
int pair_read(struct lint_pair *p, const char *path, char *why);
int pair_key(struct lint_pair *p, const char *path, char *why);
/* From certificates as they were sent; they are taken over. */
int pair_take(struct lint_pair *p, STACK_OF(X509) * all);
/* The authorities of a file; NULL path: the system's. NULL: told. */
X509_STORE *lint_trust(struct linting *run, const char *path);

/* cert_lint_config.c: all that the settings name; an exit status when it could
 * not look, else 0 */
int lint_config(struct linting *run);

/* cert_lint_leg.c: what a leg trusts, and where its names lie */
void lint_leg_trust(struct linting *run, enum leg leg);
void lint_names_in_dns(struct linting *run);

/* cert_lint_lists.c: revocation of both legs, by the settings */
struct crl_set;
/* What files and cache have; NULL: told. */
const struct crl_set *lint_lists_load(struct linting *run);
/* How they stand; unless offline each source is asked, and what came put in. */
void lint_lists(struct linting *run, const struct crl_set **set);

/* cert_lint_ask.c: the lists and responders that a server's certificate names:
 * only when its chain is good, and nobody inside or private but as the settings
 * allow */
struct lint_ask {
	X509 *leaf;
	STACK_OF(X509) * rest;
	X509_STORE *trust; /* NULL: none */
	enum leg leg;
};
void lint_online(struct linting *run, const struct lint_ask *ask);
/* An OCSP answer; how it came: "staple", or the responder's address. */
void lint_answer(struct linting *run, const struct lint_ask *ask,
		 const unsigned char *der, long n, const char *how);

/* cert_lint_dial.c: what a server sends */
struct dialled {
	STACK_OF(X509) * all; /* owned */
	unsigned char *staple;
	long staple_n; /* <= 0: none */
};
bool dial_is_target(const char *text);
int dial(struct dialled *out, const struct lint_asked *o, const char *target,
	 char *why);
void dial_fini(struct dialled *d);

#endif
