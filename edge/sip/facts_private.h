/*
 * facts_private.h - the parts of facts_read() that walk lists.
 */
#ifndef EDGE_SIP_FACTS_PRIVATE_H
#define EDGE_SIP_FACTS_PRIVATE_H

#include "sip/facts.h"
#include "wire_private.h"

/* Does a URI name one of our legs, by host and port? */
bool facts_names_us(const struct facts_self *self, const struct origin *by,
		    const struct uri_facts *uri);

/* Seconds; the largest that can be said when it is larger, UINT32_MAX when it
 * is no number. */
uint32_t facts_seconds(struct slice digits);

/* Route: what each is to us, and the token of the first that holds. 0, or
 * EBADMSG when there are too many. */
int facts_read_routes(struct facts *out, const struct msg *m,
		      const struct facts_self *self);

/* Contact. 0, or EBADMSG when a request has too many. */
int facts_read_contacts(struct facts *out, const struct msg *m);

/* The loop hash for our Via, and whether one of our Vias has it already. */
void facts_read_loop(struct facts *out, const struct msg *m,
		     const struct facts_self *self);

/* What the sender claims beside From: P-Asserted-Identity and the like. */
void facts_read_claims(struct facts *out, const struct msg *m,
		       const struct facts_self *self);

/* Does a device's request prove what its entry asks for? */
void facts_read_digest(struct facts *out, const struct msg *m,
		       const struct facts_self *self);

#endif
