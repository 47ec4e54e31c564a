/*
 * verbs_room.h: what the verbs share: how they answer.
 */
#ifndef OPS_VERBS_ROOM_H
#define OPS_VERBS_ROOM_H

#include "ops/verbs.h"

#include <jansson.h>

/* Answer with an object, which is used up; NULL: no memory. */
void verbs_answer(struct control_ask *ask, json_t *o);

/* Answer that it did not work. */
void verbs_sorry(struct control_ask *ask, const char *error);

/* A peer's bytes: what is not plain ASCII becomes '?'. */
json_t *verbs_text(const char *s, size_t n);

/* The verb `connections [old]`. */
void verbs_connections(struct control_ask *ask, struct slice rest,
		       struct verbs *v);

#endif
