/*
 * reply.h: the answers that the edge gives itself.
 */
#ifndef PROXY_REPLY_H
#define PROXY_REPLY_H

#include "txn.h"

/* Refuse, drop or accept the request in hand without a transaction; logs the
 * rule. */
void reply_verdict(struct job *j, const struct verdict *v);

/* Answer the request in hand with a status, quietly. */
void reply_now(struct job *j, uint16_t status, struct slice extra);

/* Is the ACK in hand that of a refusal by the two above? */
bool reply_was_final(const struct job *j);

/* Answer a frame that never became a message; false when it cannot be. */
bool reply_frame(struct flow *f, const struct frame *frame,
		 const struct verdict *v);

/* 100 Trying for a transaction under way. */
void reply_trying(struct txn *t);

/* End a transaction with a final answer of our own; an ACK just ends. The
 * INVITE stays for its ACK. */
void reply_final(struct txn *t, uint16_t status, const char *rule);

/* The same, with whole header lines that say more. */
void reply_final_with(struct txn *t, uint16_t status, const char *rule,
		      struct slice extra);

#endif
