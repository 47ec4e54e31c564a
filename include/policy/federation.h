/**
 * @file federation.h
 * Whose domain may a peer with a certificate speak for?
 *
 * A name in it must serve the From domain: SAN URI or DNS equal to the domain,
 * the edge that the settings name, or a target of the domain's SRV records
 * when that lies in the domain or DNSSEC vouches for it (RFC 5922 §7, RFC 3263).
 * Inside a dialog whose token this connection and its domain were given, nothing
 * is asked again but the block list.
 */
#ifndef POLICY_FEDERATION_H
#define POLICY_FEDERATION_H

#include "sip/facts.h"

/** What showed that it may. */
enum proof_by {
	PROOF_NONE,
	PROOF_ASK,     /* DNS has to be asked first */
	PROOF_DOMAIN,  /* a name equal to the domain */
	PROOF_PROXY,   /* the edge that the settings name */
	PROOF_SERVICE, /* an SRV target */
	PROOF_DIALOG,  /* a dialog that this very connection has with us */
};

/** The judgement. */
struct proof {
	enum proof_by by;
	enum partner_kind kind;
	const struct partner_settings *partner; /* NULL: discovered */
	struct slice peer; /* the name that proved it, for mark and log;
			      borrowed from settings and facts */
	const char *rule;  /* PROOF_NONE and PROOF_ASK: why; constant word */
};

/**
 * Judge the sender of a request.
 *
 * @param out  filled
 * @param s    settings snapshot
 * @param f    facts of a request whose origin is PEER_PARTNER
 */
void federation_prove(struct proof *out, const struct settings *s,
		      const struct facts *f);

/**
 * May the users of our domains believe who it says it comes from? By the
 * partner's level of verification and its source mark.
 *
 * @param proof  a judgement other than PROOF_NONE and PROOF_ASK
 * @param f      the facts it was made of
 * @return       true: verified
 */
bool federation_verified(const struct proof *proof, const struct facts *f);

/**
 * Where does a request from inside to a domain that is not ours go?
 */
enum way_out {
	WAY_NONE,    /* no federation, or not with this one */
	WAY_BLOCKED, /* the domain is on the block list */
	WAY_SERVICE, /* by its SRV records */
	WAY_PROXY,   /* to partner->proxy */
	WAY_ROUTE,   /* to federation.route */
};

/**
 * Judge a domain.
 *
 * @param partner  its entry, or NULL
 * @param s        settings snapshot
 * @param domain   host of a Request-URI
 * @return         the way
 */
enum way_out federation_way(const struct partner_settings **partner,
			    const struct settings *s, struct slice domain);

#endif
