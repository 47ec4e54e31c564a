/*
 * partner.h: out to the edge of another domain, and what its answers mean to
 * us (RFC 3263 §4, RFC 5922 §7).
 *
 * Where to: a connection that is open; else the targets of the domain's SRV
 * records, the edge that the settings name, or the default route. Each must
 * prove by its certificate that it serves the domain. Users of ours learn by
 * 504 and a Reason why it could not be reached; nobody else does.
 */
#ifndef PROXY_PARTNER_H
#define PROXY_PARTNER_H

#include "txn.h"

/* The far party is the domain of the Request-URI. 0 or ENOMEM. */
int partner_party(struct txn *t, struct job *j);

/* On its way to t->far_domain; t may be gone afterwards. 0 or ENOMEM. */
int partner_begin(struct txn *t);

/* Inside a dialog, when the connection that its token names is gone: on its way
 * to that domain anew; t may be gone afterwards. 0 or ENOMEM. */
int partner_again(struct txn *t, struct slice domain);

/* Was its domain blocked, or federation turned off, since the dialog began? True:
 * it was answered so, and t may be gone. What ends a dialog passes always. */
bool partner_is_shut(struct txn *t);

/* A final answer other than 2xx of a partner is in hand. True when it is not to
 * be passed on and was dealt with; t may be gone then. */
bool partner_answer(struct txn *t, struct job *j);

/* A request of a partner got a final answer. */
void partner_count(const struct txn *t, uint16_t status);

/* For hop.c: connect to the address in hand (0, EBUSY at the limit, or another
 * errno), leave out addresses that no partner may have, and the end. */
int partner_connect(struct txn *t);
void partner_sift(struct hop *h);
void partner_exhausted(struct txn *t);

/* The connection that t used or waits for ended so. */
void partner_lost(struct txn *t, enum conn_end why);

/* A connection is gone. */
void partner_closed(const struct flow *f, struct proxy *p);

/* The timer's queue, and its length anew. */
void partner_start(struct proxy *p);
void partner_reload(struct proxy *p);

#endif
