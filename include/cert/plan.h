/**
 * @file plan.h
 * Which names each certificate of a deployment must have, by the settings.
 *
 * A profile is a kind of machine that shows a certificate. There is one
 * `director` for each of routing.directors; one `pool` for each entry of
 * services.pools, good for all its members, then one for each home server that
 * no pool lists; and one `pool-vip` for each pool that has members.
 */
#ifndef CERT_PLAN_H
#define CERT_PLAN_H

#include "base/why.h"
#include "settings/settings.h"

/** A kind of machine that shows a certificate. */
enum cert_profile {
	CERT_EXTERNAL_EDGE, /* the edge, outside */
	CERT_INTERNAL_EDGE, /* the edge, inside */
	CERT_DIRECTOR,	    /* routing.directors */
	CERT_POOL,	    /* home servers: a pool, or a standard server;
			       called "registrar" as well */
	CERT_POOL_VIP,	    /* what a load balancer shows for a pool */
	CERT_REVERSE_PROXY, /* the external web names */
	CERT_HYBRID,	    /* one for external edge and reverse proxy */
	CERT_PROFILES
};

/** One subject alternative name (DNS), and why it is there. */
struct cert_plan_name {
	char *name;	    /* lower case; "*.example.com" for a wildcard */
	const char *who;    /* who needs it; constant text */
	const char *breaks; /* what does not work without it; constant text */
	bool web;	    /* a web name: a wildcard may stand in its place */
	bool optional;	    /* may be missing without a finding */
};

/** What a certificate must say. */
struct cert_plan {
	enum cert_profile profile;
	enum leg leg;	   /* whose clients have to trust it */
	char *common_name; /* lower case; never a wildcard */
	bool client_auth;  /* needs clientAuth as well as serverAuth */
	bool shared_key;   /* members of the pool show the same certificate and
			      key: made once, exported to the others */
	bool cn_only_ok;   /* no SAN at all is accepted: inside only */
	size_t n;
	struct cert_plan_name *name; /* in the order that is required */
};

/**
 * The word for a profile, such as "external-edge".
 *
 * @param p  profile
 * @return   constant text
 */
const char *cert_profile_word(enum cert_profile p);

/**
 * The profile of a word; "registrar" is CERT_POOL.
 *
 * @param out   filled
 * @param word  as written
 * @return      0 or EINVAL
 */
int cert_profile_of(enum cert_profile *out, const char *word);

/**
 * How many certificates of a profile the settings ask for.
 *
 * @param s  snapshot
 * @param p  profile
 * @return   0 when they have no use for one
 */
size_t cert_plan_count(const struct settings *s, enum cert_profile p);

/**
 * Make the plan of one certificate.
 *
 * @param out  owned by the caller
 * @param s    snapshot; not kept
 * @param p    profile
 * @param nth  which of cert_plan_count(): a director or a pool
 * @param why  WHY_MAX bytes: what the settings lack, and what to write
 * @return     0; ENOENT when the settings have no use for it (told in why);
 *             ENOMEM
 */
int cert_plan_make(struct cert_plan **out, const struct settings *s,
		   enum cert_profile p, size_t nth, char *why);

/**
 * Put one wildcard a domain in the place of all web names of it, where the
 * first of them was. The common name stays, and so does all else.
 *
 * @param plan  changed; on failure as it was
 * @return      0 or ENOMEM
 */
int cert_plan_fold(struct cert_plan *plan);

/**
 * Free a plan.
 *
 * @param plan  set to NULL; NULL inside is fine
 */
void cert_plan_destroy(struct cert_plan **plan);

/**
 * Is a name one that the plan asks for? A wildcard stands for web names only.
 *
 * @param plan  plan
 * @param name  a certificate's name, "*.example.com" too
 * @return      true when it is, or covers one
 */
bool cert_plan_wants(const struct cert_plan *plan, struct slice name);

#endif
