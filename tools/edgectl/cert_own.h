/*
 * cert_own.h: what csr, import and export share: which certificate of the plan
 * is meant, where its files lie, and what is told.
 */
#ifndef EDGECTL_CERT_OWN_H
#define EDGECTL_CERT_OWN_H

#include "cert.h"

#include "cert/issued.h"

#include <limits.h>
#include <sys/types.h>

/* What is told: lines at once, or one JSON object at the end. */
struct told {
	json_t *root;	  /* NULL: lines */
	json_t *findings; /* of root */
	int worst;	  /* of enum cert_severity; -1: none */
};

/* false: no memory. */
bool told_begin(struct told *t, bool json);

/* `name  text`, and in JSON a member of that name. */
void told_say(struct told *t, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A cert_finding_fn; arg is the struct told. */
void told_finding(const struct cert_finding *f, void *arg);

/* One finding; owned by the caller. */
json_t *finding_json(const struct cert_finding *f);

/* Print what is left; returns the status. */
int told_end(struct told *t, int status);

/* Options that say which certificate is meant. */
struct own_asked {
	const char *config, *profile, *pool;
	uint32_t nth; /* from 1; 0: not said */
};

/* One certificate of the plan. */
struct own {
	const struct settings *s;
	struct cert_plan *plan;
	char stem[300]; /* of its files: "external-edge", "pool-fe01.x" */
	const char *certificate, *key; /* where the settings have it; NULL: it
					  is another machine's */
};

/* Take --profile p, --nth n or --pool P, with optarg; false: another option, or
 * a wrong value. */
bool own_option(struct own_asked *asked, int opt);

/* 0, or an exit status, told. */
int own_find(struct own *out, const struct own_asked *asked);
void own_fini(struct own *own);

/* Does the edge staple an answer, by a leg's tls.ocsp? With "auto" it needs a
 * responder to ask; the inside has none (NULL). leaf NULL: not known yet. */
bool is_stapled(const char *ocsp, X509 *leaf);

/* Judge by the plan, and by what the leg trusts; findings are told. */
void own_judge(struct told *t, const struct own *own, struct cert_subject *of);

/* "FOLDER/NAME"; false when it is too long, told. */
bool path_in(char out[PATH_MAX], const char *folder, const char *name);

/* "FOLDER/STEM.END"; false when it is too long, told. */
bool own_path(char out[PATH_MAX], const struct own *own, const char *folder,
	      const char *end);

/* The folder that a file lies in, "." for none. */
void folder_of(char out[PATH_MAX], const char *path);

/* A private key in PEM without a passphrase; *mode is its file's. */
int key_read(EVP_PKEY **out, const char *path, mode_t *mode, char *why);

/* All certificates of a file, appended. */
int certificates_read(STACK_OF(X509) * all, const char *path, char *why);

/* The authorities of a file in PEM; NULL path: the system's. NULL: they cannot
 * be read. */
X509_STORE *trust_read(const char *path);

/* As PEM; freed by bytes_free(), which wipes them. */
struct bytes {
	char *p;
	size_t n;
};

bool key_bytes(struct bytes *out, EVP_PKEY *key);
bool chain_bytes(struct bytes *out, const struct cert_issued *issued);
void bytes_free(struct bytes *b);

/* Whose a new file is. */
struct owner {
	uid_t uid;
	gid_t gid;
	mode_t mode;
};

/* Make a file that must not be there yet, down to the disk; owner NULL: ours,
 * 0600. 0 or an errno; a failure leaves no file. */
int file_make(const char *path, const void *p, size_t n,
	      const struct owner *owner);

/* The same by a rename, whatever is there. */
int file_replace(const char *path, const void *p, size_t n,
		 const struct owner *owner);

/* What was done to a folder is on the disk. 0 or an errno. */
int folder_sync(const char *path);

/* What became of an installation. */
struct installed {
	char old[PATH_MAX]; /* folder of the old pair; "" when there was none */
};

/* Put a pair in the place where the settings look; see cert_install.c. 0 or an
 * errno, told in why. */
int pair_install(struct installed *out, const struct own *own,
		 const struct cert_issued *issued, EVP_PKEY *key, char *why);

#endif
