/*
 * words.h: words for what has only a number.
 */
#ifndef OPS_WORDS_H
#define OPS_WORDS_H

#include "ops/explain.h"

/* "stranger", "server", "user", "partner", "device" */
const char *words_class(enum peer_class c);

/* "home", "inside", "flow", "device", "partner", "edge"; NULL: nowhere */
const char *words_to(enum verdict_to to);

#endif
