/*
 * recall_notes.h: a worker's notes of its last requests: written as it goes,
 * into records of fixed size, and read on that worker alone (proxy/recall.h).
 */
#ifndef PROXY_RECALL_NOTES_H
#define PROXY_RECALL_NOTES_H

#include "txn.h"

struct recall;

/* Make room for limits.recent_requests, none is fine. 0 or ENOMEM. */
int recall_start(struct proxy *p);
void recall_reload(struct proxy *p);
void recall_stop(struct proxy *p);

/* A request was decided about; j->recalled names its record. */
void recall_request(struct job *j, const struct verdict *v);

/* t's request goes, or should go, to that address. */
void recall_try(struct txn *t, const union addr *to);

/* The last target failed without an answer; a constant word. */
void recall_lost(struct txn *t, const char *reason);

/* The last target gave a final answer. */
void recall_answer(struct txn *t, uint16_t status);

/* The sender got a final answer; of our own by that rule, else NULL. */
void recall_final(struct txn *t, uint16_t status, const char *rule);

#endif
