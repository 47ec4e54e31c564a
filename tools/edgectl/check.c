/*
 * check.c: `edgectl check`, which sub-command is meant.
 */
#include "check.h"

#include <stdio.h>
#include <string.h>

static const char usage_text[] =
	"usage: edgectl check crl CONFIG [--json]\n"
	"           ask each source of revocation lists, and each OCSP "
	"responder, once\n"
	"exit status 0 fine, 1 findings, 2 could not look\n";

int check_main(int argc, char **argv)
{
	if (argc > 1 &&
	    (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
		fputs(usage_text, stdout);
		return EXIT_FINE;
	}
	if (argc > 1 && !strcmp(argv[1], "crl"))
		return check_crl_main(argc - 1, argv + 1);
	fputs(usage_text, stderr);
	return EXIT_NO_LOOK;
}
