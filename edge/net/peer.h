/**
 * @file peer.h
 * The names that a finished handshake proved.
 */
#ifndef NET_PEER_H
#define NET_PEER_H

#include "cert/names.h"
#include "net/tlsctx.h"

/** By what a peer's certificate is judged. */
struct peer_judge {
	const struct tlsctx *tls;
	enum leg leg;
	bool ours; /* we connected */
	/* We connected to it: its pins, else its own authority, else the leg's
	 * trust. NULL: the leg's trust. Of the snapshot of `tls`. */
	const struct partner_settings *partner;
};

/**
 * Read the names of a connection's peer certificate, when somebody vouches for
 * it: an authority of the leg; for one that came to the outside also the own
 * authority of any partner, or any partner's pin. What that is worth for one
 * domain, the names themselves say. Nobody vouches for one whose time is over
 * or has not come.
 *
 * @param out  owned by the caller; NULL when the peer showed none, or one
 *             that is not believed
 * @param ssl  finished handshake
 * @param by   judge
 * @param why  WHY_MAX bytes: which rule failed, for the log; "" when fine
 * @return     0; EACCES when a certificate was shown and not believed; ENOMEM
 */
int peer_names_read(struct cert_names **out, SSL *ssl,
		    const struct peer_judge *by, char *why);

/**
 * Does a server of the inside stand for the name that was asked for, though it
 * proves another? Behind a pool's name is any of its members; a member may show
 * the pool's certificate. Both names are to be trusted servers.
 *
 * @param names   what it proved
 * @param s       snapshot
 * @param wanted  name that was asked for
 * @return        true when it does
 */
bool peer_stands_for(const struct cert_names *names, const struct settings *s,
		     struct slice wanted);

#endif
