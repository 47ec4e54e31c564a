/**
 * @file resolve.h
 * From a host to addresses in the order to try them (RFC 3263 for TLS, TCP).
 *
 * IP literals, the settings' hosts and /etc/hosts answer at once; the rest is
 * asked of libunbound, one context a leg, on the main thread, and cached per
 * worker for the records' time to live. With a port: A and AAAA. Without: SRV
 * `_sips._tcp` (TLS) or `_sip._tcp` (TCP) by priority and weight, then A and
 * AAAA at 5061 or 5060.
 *
 * `resolver` is the main thread's half, `resolve_front` a worker's. A lookup as
 * a whole ends within five seconds, with what was found until then.
 *
 * Only families that the leg has an address of are looked at; IPv4 and IPv6
 * take turns, that of the leg's first address begins. Weights are drawn anew
 * for each lookup (RFC 2782).
 */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include "base/list.h"
#include "net/postbox.h"
#include "net/service.h"
#include "settings/settings.h"

/** Most addresses that one name is good for. */
#define RESOLVE_MAX 16

/** Addresses with ports, best first. */
struct resolved {
	unsigned n;
	union addr addr[RESOLVE_MAX];
};

struct resolver;
struct resolve_front;

/**
 * A lookup ended; not called after resolve_cancel().
 *
 * @param err   0; ENOENT no such name or no address; ETIMEDOUT no answer;
 *              EIO the server failed
 * @param list  borrowed for this call; NULL on failure
 * @param arg   as given
 */
typedef void resolve_fn(int err, const struct resolved *list, void *arg);

/**
 * A search for a domain's edges ended; not called after resolve_cancel().
 *
 * @param err      0, even when there is no record (n is 0); ETIMEDOUT no
 *                 answer; EIO the server failed, or DNSSEC says that the
 *                 answer is forged
 * @param service  borrowed for this call; NULL on failure
 * @param arg      as given
 */
typedef void resolve_service_fn(int err, const struct resolve_service *service,
				void *arg);

/** One waiting lookup, embedded in who waits; zeroed before first use. */
struct resolve_wait {
	struct list link;
	resolve_fn *fn;			/* for resolve_lookup() */
	resolve_service_fn *service_fn; /* for resolve_edges() */
	void *arg;
};

/** What to look up. */
struct resolve_key {
	enum leg leg; /* whose view of DNS */
	bool tls;
	struct slice host; /* name or IP literal without brackets */
	uint16_t port;	   /* 0: SRV, then the default */
};

/**
 * Make the main thread's half.
 *
 * @param out   resolver
 * @param loop  main loop
 * @param box   main thread's postbox
 * @param s     snapshot: dns and hosts of each leg; referenced
 * @param why   WHY_MAX bytes, filled on failure
 * @return      0 or an errno
 */
int resolver_create(struct resolver **out, uv_loop_t *loop, struct postbox *box,
		    const struct settings *s, char *why);

/**
 * Use another snapshot's servers and hosts from now on.
 *
 * @param r    resolver
 * @param s    snapshot
 * @param why  WHY_MAX bytes, filled on failure
 * @return     0, or an errno and everything stays as it was
 */
int resolver_reload(struct resolver *r, const struct settings *s, char *why);

/**
 * Destroy; all fronts must be gone. The memory goes when the loop has closed
 * the handles.
 *
 * @param r  set to NULL; NULL inside is fine
 */
void resolver_destroy(struct resolver **r);

/**
 * Make a worker's half.
 *
 * @param out  front
 * @param r    resolver, borrowed
 * @param box  this worker's postbox, for the answers
 * @param s    snapshot: hosts; referenced
 * @return     0 or an errno
 */
int resolve_front_create(struct resolve_front **out, struct resolver *r,
			 struct postbox *box, const struct settings *s);

/**
 * Use another snapshot; the cache is emptied.
 *
 * @param f  front
 * @param s  snapshot
 */
void resolve_front_reload(struct resolve_front *f, const struct settings *s);

/**
 * Destroy; answers under way are thrown away when they come.
 *
 * @param f  set to NULL; NULL inside is fine
 */
void resolve_front_destroy(struct resolve_front **f);

/**
 * Look up.
 *
 * @param f       front
 * @param key     what
 * @param now_ms  monotonic time [ms]
 * @param out     filled when the answer is known now
 * @param wait    used when it is not: fn and arg set by the caller
 * @return        0 out is filled; EINPROGRESS wait->fn will be called later;
 *                ENOENT or EIO known to fail now (negative answers are kept
 *                five seconds); ENOMEM
 */
int resolve_lookup(struct resolve_front *f, const struct resolve_key *key,
		   uint64_t now_ms, struct resolved *out,
		   struct resolve_wait *wait);

/**
 * Who serves the federation of a domain? `_sipfederationtls._tcp`, and when
 * that does not exist `_sips._tcp`, in the outside leg's view.
 *
 * @param f       front
 * @param domain  domain
 * @param now_ms  monotonic time [ms]
 * @param out     filled when the answer is known now, n 0 for "nobody"
 * @param wait    used when it is not: service_fn and arg set by the caller
 * @return        0 out is filled; EINPROGRESS wait->service_fn will be called
 *                later; EIO known to fail now (kept five seconds); ENOMEM
 */
int resolve_edges(struct resolve_front *f, struct slice domain, uint64_t now_ms,
		  struct resolve_service *out, struct resolve_wait *wait);

/**
 * Stop waiting; harmless when nothing waits.
 *
 * @param wait  as given to resolve_lookup()
 */
void resolve_cancel(struct resolve_wait *wait);

#endif
