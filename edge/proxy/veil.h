/*
 * veil.h: what the far side is shown in place of what is inside, and what near
 * is given back for it.
 *
 * Outward: none of the Vias behind us; in Contact a token of ours that seals
 * the URI, good inside its dialog; a Call-ID that names an inside host in its
 * hidden form (token_hide); the standard reason phrases. Inward the same is
 * undone, and what the edge vouches for is added. Replaces, Join and
 * In-Reply-To name Call-IDs and are translated alike; URIs and header fields
 * inside a Refer-To, and bodies, pass as they are.
 */
#ifndef PROXY_VEIL_H
#define PROXY_VEIL_H

#include "room.h"

#include "base/buf.h"
#include "sip/headers.h"

struct txn;

/* What a transaction keeps of it; zeroed at first. */
struct veil {
	struct buf vias;     /* received Via lines, for the answers */
	struct buf call_id;  /* as the sender wrote it, where it was changed */
	struct buf contact;  /* URI last shown */
	uint64_t contact_of; /* hash of the one that it stands for */
	struct rewrite_slim slim;
};

/* Free what it keeps. */
void veil_fini(struct veil *v);

/* Add to the rewrite of the request in hand what veils it; device: where it
 * goes to, or NULL. What the rewrite borrows lies in t->veil and in scratch
 * until the next request. 0, ENOMEM, or EBADMSG when a line is more than the
 * device is sent. */
int veil_request(struct txn *t, struct job *j,
		 const struct device_settings *device, struct rewrite *rw);

/* The same for the answer in hand. */
int veil_answer(struct txn *t, struct job *j, struct rewrite *rw);

/* Did the request lose its Vias? */
static inline bool veil_took_vias(const struct veil *v)
{
	return v->vias.n > 0;
}

/* Turn an answer of our own to the request as it was sent, our Via on top,
 * into one for its sender. 0, EBADMSG or ENOMEM. */
int veil_own_answer(const struct veil *v, struct buf *answer);

#endif
