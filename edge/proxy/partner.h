/*
 * partner.h: out to the edge of another domain, and what its answers mean to
 * us (RFC 3263 §4, RFC 5922 §7).
 *
 * Where to: the targets of the domain's SRV records, the edge that the
 * settings name, or the default route; each must prove by its certificate that
 * it serves the domain. Users of ours learn by 504 and a Reason why it could
 * not be reached; nobody else does.
 */
#ifndef PROXY_PARTNER_H
#define PROXY_PARTNER_H

#include "txn.h"

/* On its way to the domain of its Request-URI, which becomes t->far_domain; t
 * may be gone afterwards. 0 or ENOMEM. */
int partner_begin(struct txn *t, struct job *j);

/* Inside a dialog, when the connection that its token names is gone: on its way
 * to that domain anew; t may be gone afterwards. 0 or ENOMEM. */
int partner_again(struct txn *t, struct slice domain);

/* A final answer other than 2xx of a partner is in hand. True when it is not to
 * be passed on and was dealt with; t may be gone then. */
bool partner_answer(struct txn *t, struct job *j);

#endif
