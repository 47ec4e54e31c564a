/*
 * partner.c: from a domain to the edge that takes a request for it.
 */
#include "partner.h"

#include "reply.h"

#include <errno.h>
#include <stdlib.h>

int partner_again(struct txn *t, struct slice domain)
{
	char *text = slice_dup(domain);

	if (!text)
		return ENOMEM;
	free(t->far_domain);
	t->far_domain = text;
	reply_final(t, 504, "partner-unreachable");
	return 0;
}

int partner_begin(struct txn *t, struct job *j)
{
	return partner_again(t, j->f->ruri.host);
}

/* RFC 3261 §22.3 has a proxy pass challenges on; a challenge of another domain
 * would ask our users for the password they have here. A redirect would name
 * the next hop to servers of ours (§16.7 step 4 lets a proxy follow it; we do
 * neither). */
bool partner_answer(struct txn *t, struct job *j)
{
	uint16_t status = j->f->status;

	if (!t->from_near || !t->far_domain)
		return false;
	if (status == 401 || status == 407) {
		reply_final(t, 403, "partner-challenges");
		return true;
	}
	if (status >= 300 && status < 400) {
		reply_final(t, 480, "partner-redirects");
		return true;
	}
	return false;
}
