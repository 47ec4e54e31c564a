/*
 * redirect.h: the home step. A request goes to the home server of its address
 * of record when that is remembered, else to a director, whose 3xx names the
 * home servers; without a director, to the home server by setting.
 *
 * RFC 3261 §8.1.3.4, §16.5, §21.3.
 */
#ifndef PROXY_REDIRECT_H
#define PROXY_REDIRECT_H

#include "txn.h"

/* Find the first candidates for the request in hand and go. 0 or ENOMEM. */
int redirect_begin(struct txn *t, struct job *j);

/* All candidates failed. True when there is another way and t goes it. */
bool redirect_exhausted(struct txn *t);

/* A final answer is in hand: does the home step go on? True when it does, or
 * when it ended the transaction itself; t may be gone then. */
bool redirect_answer(struct txn *t, struct job *j);

/* The hop in hand is the home of t->who, until then [ms]. */
void redirect_learn(struct txn *t, uint64_t until_ms);

#endif
