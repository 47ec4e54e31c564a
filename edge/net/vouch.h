/**
 * @file vouch.h
 * Who vouches for a certificate: the authorities of a leg, those of one partner
 * alone, or a pin of its key.
 *
 * Part of the TLS contexts of a snapshot: shared by all workers, immutable.
 */
#ifndef NET_VOUCH_H
#define NET_VOUCH_H

#include "cert/names.h"
#include "tlsctx_seen.h"

struct crl_board;
struct vouch;

/** A chain that a peer showed in a finished handshake. */
struct vouch_chain {
	SSL *ssl;
	X509 *leaf;
	bool server; /* we connected: it has to be good for a server */
	struct stack_st_X509 **verified; /* as in struct cert_chain */
};

/**
 * Read the partners' own authorities.
 *
 * @param out    owned by the caller
 * @param s      snapshot; referenced
 * @param board  revocation lists that they look into; NULL: none
 * @param why    WHY_MAX bytes: file, what is wrong with it, what to do
 * @return       0, EINVAL told in why, or ENOMEM
 */
int vouch_create(struct vouch **out, const struct settings *s,
		 struct crl_board *board, char *why);

/**
 * Destroy.
 *
 * @param v  set to NULL; NULL inside is fine
 */
void vouch_destroy(struct vouch **v);

/**
 * The authorities of a partner's own.
 *
 * @param v        vouch
 * @param partner  of its snapshot
 * @return         borrowed; NULL when it has none
 */
X509_STORE *vouch_store(const struct vouch *v,
			const struct partner_settings *partner);

/**
 * Does an authority of a store vouch for a chain, now?
 *
 * @param r      filled when it does not; NULL: never mind
 * @param store  authorities
 * @param chain  as shown
 * @return       true when it does
 */
bool vouch_verify(struct refused_cert *r, X509_STORE *store,
		  const struct vouch_chain *chain);

/**
 * Which partners' own authorities vouch for a chain, now?
 *
 * @param v      vouch
 * @param chain  as shown
 * @return       bit n: that of federation partner n
 */
uint64_t vouch_partners(const struct vouch *v, const struct vouch_chain *chain);

/**
 * Is a key pinned, for any partner?
 *
 * @param v    vouch
 * @param key  its print, as in cert_names
 * @return     true when it is
 */
bool vouch_pinned(const struct vouch *v, const char *key);

/**
 * The number of a partner: its bit in cert_names.vouched.
 *
 * @param v        vouch
 * @param partner  of its snapshot
 * @return         number
 */
size_t vouch_number(const struct vouch *v,
		    const struct partner_settings *partner);

#endif
