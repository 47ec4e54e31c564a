/*
 * register.h: what a REGISTER means for the flow that it came by.
 */
#ifndef PROXY_REGISTER_H
#define PROXY_REGISTER_H

#include "txn.h"

/* May this flow, and this address of record, hold one more registration? */
struct verdict register_room(struct job *j);

/* Note what a REGISTER in hand asks for. */
void register_begin(struct txn *t, struct job *j);

/* Its 2xx is in hand: bind or unbind, remember or forget the home.
 * Returns true when a Flow-Timer is to be added to the answer. */
bool register_done(struct txn *t, struct job *j);

/* The Contacts in the 2xx to t, bit n for the n-th, that name a host inside
 * and were not sent by this client. */
uint32_t register_inside(const struct txn *t, const struct facts *f);

#endif
