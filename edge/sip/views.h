/*
 * views.h - do we and Sofia's parser read the same message?
 *
 * A field that two readers understand differently is how one is led past the
 * other. What matters for a decision is read by both, and compared.
 */
#ifndef EDGE_SIP_VIEWS_H
#define EDGE_SIP_VIEWS_H

#include "wire_private.h"

/* Start line, From, To, Call-ID, CSeq; the lists are compared one by one. */
bool views_agree(const struct msg *m);

/* Our reading of one value and Sofia's of the same. */
bool views_same_via(const struct part_via *ours, const sip_via_t *theirs);
bool views_same_uri(const struct uri_facts *ours, const url_t *theirs);

#endif
