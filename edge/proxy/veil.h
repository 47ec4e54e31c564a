/*
 * veil.h: what the far side is shown in place of what is inside, and what near
 * is given back for it.
 *
 * Outward: none of the Vias behind us; in Contact a word of ours, good inside
 * its dialog, for the URI that the dialog's Record-Route seals, or later a
 * token that seals it; a Call-ID that names an inside host in its
 * hidden form (token_hide); the standard reason phrases. Inward the same is
 * undone, and what the edge vouches for is added. Replaces, Join and
 * In-Reply-To name Call-IDs and are translated alike; Target-Dialog, what stands
 * inside a Refer-To, and bodies pass as they are.
 */
#ifndef PROXY_VEIL_H
#define PROXY_VEIL_H

#include "flow.h"

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

/* Look at the Contact of the message in hand, which goes outward: the functions
 * below are about what was seen. */
void veil_look(struct txn *t, struct job *j);

/* The Contact, when the token of a Record-Route should seal it; or absent. */
struct slice veil_to_seal(const struct txn *t, enum far_door door);

/* It does: it goes by a word that leads there. */
void veil_sealed(struct txn *t, enum far_door door);

/* Add to the rewrite what is shown in its place. 0, ENOMEM, or EBADMSG when
 * that is more than a device is sent. */
int veil_contact(struct txn *t, enum far_door door, struct rewrite *rw);

/* Add to the rewrite of the request in hand what else veils it; device: where it
 * goes to, or NULL. What the rewrite borrows lies in t->veil and in scratch
 * until the next request. 0 or ENOMEM. */
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
