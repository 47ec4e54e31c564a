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

#endif
