/*
 * check.h: the sub-commands of `edgectl check`.
 */
#ifndef EDGECTL_CHECK_H
#define EDGECTL_CHECK_H

#include "edgectl.h"

/* argv[0] is its name. */
int check_crl_main(int argc, char **argv);

#endif
