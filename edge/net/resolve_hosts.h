/**
 * @file resolve_hosts.h
 * Names that need no DNS: the settings' hosts, then /etc/hosts.
 *
 * Read once, never changed; belongs to one thread.
 */
#ifndef NET_RESOLVE_HOSTS_H
#define NET_RESOLVE_HOSTS_H

#include "resolve_name.h"
#include "settings/settings.h"

/** All addresses of one name, port 0. */
struct resolve_addrs {
	union addr *v;
	size_t n;
};

/** The table. */
struct resolve_hosts;

/**
 * Read both.
 *
 * @param out   table
 * @param s     snapshot, not kept
 * @param path  file in the form of hosts(5); one that is not there is empty
 * @return      0 or ENOMEM
 */
int resolve_hosts_create(struct resolve_hosts **out, const struct settings *s,
			 const char *path);

/**
 * Destroy.
 *
 * @param t  set to NULL; NULL inside is fine
 */
void resolve_hosts_destroy(struct resolve_hosts **t);

/**
 * Find a name.
 *
 * @param t     table
 * @param name  name
 * @param hash  resolve_hosts_hash() of it
 * @return      borrowed, or NULL
 */
const struct resolve_addrs *resolve_hosts_find(const struct resolve_hosts *t,
					       const struct resolve_name *name,
					       unsigned hash);

/**
 * Hash a name.
 *
 * @param name  name
 * @return      hash
 */
unsigned resolve_hosts_hash(const struct resolve_name *name);

#endif
