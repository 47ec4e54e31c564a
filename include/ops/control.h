/**
 * @file control.h
 * The control socket: a local stream where an operator asks a running edge.
 *
 * One line in, one line of JSON out, then it is closed. Only root, the edge's
 * own user and the group of the socket's file are heard. Few clients at once,
 * each with a deadline; nothing here waits. Main thread only.
 */
#ifndef OPS_CONTROL_H
#define OPS_CONTROL_H

#include "base/slice.h"
#include "base/why.h"

#include <uv.h>

/** Longest question, line feed included [bytes]. */
#define CONTROL_LINE_MAX 1024
/** Clients heard at once. */
#define CONTROL_CLIENTS_MAX 8
/** From being accepted to having read the answer [ms]. */
#define CONTROL_PATIENCE_MS 10000

struct control;

/** One question; it waits for exactly one control_answer(). */
struct control_ask;

/**
 * A question came.
 *
 * @param ask   to be answered now or later
 * @param verb  its first word; borrowed for this call
 * @param rest  what follows, trimmed; borrowed for this call
 * @param arg   as given
 */
typedef void control_fn(struct control_ask *ask, struct slice verb,
			struct slice rest, void *arg);

/**
 * Open the socket, mode 0660. One that a dead edge left is taken away.
 *
 * @param out   control
 * @param loop  main loop
 * @param path  where; its folder must exist
 * @param fn    called for each question
 * @param arg   passed to fn
 * @param why   WHY_MAX bytes, filled on failure
 * @return      0; EADDRINUSE when an edge answers there; another errno
 */
int control_create(struct control **out, uv_loop_t *loop, const char *path,
		   control_fn *fn, void *arg, char *why);

/**
 * Close it and remove its file. The memory goes when the loop has closed the
 * handles; questions that wait may still be answered.
 *
 * @param c  set to NULL; NULL inside is fine
 */
void control_destroy(struct control **c);

/**
 * Answer, once.
 *
 * @param ask   question; gone afterwards
 * @param text  one line without line feed; copied
 */
void control_answer(struct control_ask *ask, struct slice text);

#endif
