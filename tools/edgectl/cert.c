/*
 * cert.c: `edgectl cert`, which sub-command is meant.
 */
#include "cert.h"

#include <stdio.h>
#include <string.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage; /* without "edgectl cert " */
} commands[] = {
	{"plan", cert_plan_main,
	 "plan CONFIG [--profile PROFILE] [--stub nginx|haproxy]"},
	{"csr", cert_csr_main,
	 "csr CONFIG --profile PROFILE [--pool NAME | --nth N] --out DIR\n"
	 "           [--rsa BITS | --key FILE] [--wildcard-web]"},
	{"import", cert_import_main,
	 "import CONFIG --profile PROFILE [--pool NAME | --nth N] [FILE]...\n"
	 "           [--key FILE | --from DIR] [--force] [--dry-run]"},
	{"export", cert_export_main,
	 "export CONFIG --profile PROFILE [--pool NAME | --nth N] --p12 FILE\n"
	 "           [--from DIR] [--passphrase-file FILE] [--legacy]"},
	{"trust", cert_trust_main,
	 "trust CONFIG [--offline] [--reg | --policy]"},
	{"lint", cert_lint_main,
	 "lint CONFIG | FILE... | HOST:PORT... [OPTION]...  (lint --help)"},
	{NULL, NULL, NULL},
};

static int usage(FILE *to, int status)
{
	for (const struct command *c = commands; c->name; c++)
		fprintf(to, "%s edgectl cert %s\n",
			c == commands ? "usage:" : "      ", c->usage);
	fputs("each takes --json; exit status 0 fine, 1 findings, 2 could not "
	      "look\n",
	      to);
	return status;
}

int cert_main(int argc, char **argv)
{
	if (argc > 1 && (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help")))
		return usage(stdout, EXIT_FINE);
	for (const struct command *c = commands; argc > 1 && c->name; c++)
		if (!strcmp(argv[1], c->name))
			return c->run(argc - 1, argv + 1);
	return usage(stderr, EXIT_NO_LOOK);
}
