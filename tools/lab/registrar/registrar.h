/**
 * @file registrar.h
 * What the parts of lab-registrar share.
 */
#ifndef LAB_REGISTRAR_REGISTRAR_H
#define LAB_REGISTRAR_REGISTRAR_H

#include "kit/hub.h"
#include "kit/users.h"
#include "registrar/bindings.h"

#define ROUTES_MAX  32
#define TARGETS_MAX BINDINGS_PER_AOR

struct forward;

/** The whole program. */
struct registrar {
	struct hub_settings settings;
	struct hub *hub;
	struct users users;
	struct bindings bindings;
	const char *routes[ROUTES_MAX]; /**< AOR-URI=NEXT-HOP-URI */
	size_t route_count;
	const char *listen;
	char address[64];
	unsigned port;
	const char *fqdn;	   /**< in Via and Record-Route */
	const char *service_route; /**< for the 200 to REGISTER, or NULL */
	const char *out;	   /**< next hop of other domains, or NULL */
	struct forward *forwards;
	int fail;
	bool silent;
	bool tcp;
	bool record_route;
	bool challenge_calls;
	unsigned max_expires_s;
	unsigned flow_timer_s;
	unsigned long requests, registered, unregistered, challenges;
	unsigned long forwarded, not_found, failed_over;
};

/** One place to try. */
struct target {
	char *uri;   /**< new Request-URI, or NULL to keep it; owned */
	char *route; /**< Route values before those that are there, or NULL */
	const char *hop; /**< URI of the next hop when no Route says it, or
			    NULL: where the Request-URI leads; borrowed */
};

/**
 * Answer a REGISTER.
 *
 * @param r     the registrar
 * @param from  the link that it came by
 * @param sip   the request
 */
void enroll_answer(struct registrar *r, struct link *from, const sip_t *sip);

/**
 * Forward a request, statefully: the first target, and the next when one
 * answers 430 or cannot be reached.
 *
 * @param r        the registrar
 * @param from     the link that it came by
 * @param message  the request, copied
 * @param targets  to try in turn; their strings are owned by the callee
 * @param count    at least 1, at most TARGETS_MAX
 */
void forward_request(struct registrar *r, struct link *from, msg_t *message,
		     const struct target *targets, size_t count);

/**
 * Send a response back to where its request came from.
 *
 * @param r        the registrar
 * @param message  the response, edited
 */
void forward_response(struct registrar *r, msg_t *message);

/**
 * Answer a CANCEL and pass it on (RFC 3261 §9.2, §16.10).
 *
 * @param r     the registrar
 * @param from  the link that it came by
 * @param sip   the CANCEL
 */
void forward_cancel(struct registrar *r, struct link *from, const sip_t *sip);

/**
 * Is the ACK for a non-2xx that ended here (RFC 3261 §17.2.1)?
 *
 * @param r     the registrar
 * @param from  the link that it came by
 * @param sip   the ACK
 * @return      true when it goes no further
 */
bool forward_absorbs_ack(struct registrar *r, struct link *from,
			 const sip_t *sip);

/**
 * A link is gone: what waits for an answer on it tries the next target.
 *
 * @param r     the registrar
 * @param gone  id of the link
 */
void forward_link_closed(struct registrar *r, unsigned gone);

/**
 * Forget transactions that have ended or that are too old.
 *
 * @param r       the registrar
 * @param now_ms  monotonic time [ms]
 */
void forward_sweep(struct registrar *r, long long now_ms);

#endif
