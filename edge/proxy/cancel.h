/*
 * cancel.h: CANCEL, hop by hop (RFC 3261 §9, §16.10), and the ACK that a final
 * answer other than 2xx gets from each hop (§17.1.1.3).
 */
#ifndef PROXY_CANCEL_H
#define PROXY_CANCEL_H

#include "txn.h"

/* A CANCEL is in hand. */
void cancel_arrive(struct job *j);

/* An ACK is in hand. True when it belonged to a transaction and ended it. */
bool cancel_ack_arrive(struct job *j);

/* Nobody wants the answer to this INVITE any more: pass that on, or end it
 * when nothing was sent. t may be gone afterwards. */
void cancel_txn(struct txn *t);

/* Send the CANCEL that was held back for a provisional answer. */
void cancel_send(struct txn *t);

/* Acknowledge the final answer in hand towards the hop that sent it. */
void cancel_ack(struct txn *t, struct job *j);

#endif
