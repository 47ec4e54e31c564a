/*
 * cert.h: the sub-commands of `edgectl cert`.
 */
#ifndef EDGECTL_CERT_H
#define EDGECTL_CERT_H

#include "edgectl.h"

#include "cert/lint.h"
#include "cert/plan.h"

/* Each has its own file, cert_NAME.c; argv[0] is its name. */
int cert_plan_main(int argc, char **argv);
int cert_csr_main(int argc, char **argv);
int cert_import_main(int argc, char **argv);
int cert_export_main(int argc, char **argv);
int cert_lint_main(int argc, char **argv);
int cert_trust_main(int argc, char **argv);

/* A plan as a table of 100 columns. */
void plan_print(const struct cert_plan *plan);

/* `cert plan --stub`: a configuration for the reverse proxy of that name;
 * profile: an enum cert_profile, or less than 0 for none. Returns the exit
 * status. */
int stub_print(const char *config, int profile, const char *word, bool json);

/* All of it; owned by the caller. */
json_t *plan_json(const struct cert_plan *plan);

/* Cells of one row of a table side by side, each wrapped at its width; one
 * that is longer than its width without a space sticks out, and has a line of
 * its own. Two spaces between. */
struct cell {
	const char *text;
	int width;
};

void cells_print(int indent, const struct cell *cell, size_t n);

/* SRV records as the outside leg asks for them; NULL before the first. */
struct srv_record {
	uint16_t priority, weight, port;
	char host[256]; /* lower case, no trailing dot */
};

#define SRV_MAX 8

struct srv_asker;
int srv_open(struct srv_asker **out, const struct leg_settings *leg, char *why);
void srv_close(struct srv_asker **a);

/* Best first. 0; ENOENT no such record; ETIMEDOUT no answer within five
 * seconds; EIO the server failed, or DNSSEC says that the answer is forged. */
int srv_ask(struct srv_asker *a, const char *name,
	    struct srv_record out[SRV_MAX], size_t *n);

#endif
