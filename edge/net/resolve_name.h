/**
 * @file resolve_name.h
 * Host names as DNS wants them, and the one record that holds a name: SRV.
 */
#ifndef NET_RESOLVE_NAME_H
#define NET_RESOLVE_NAME_H

#include "base/slice.h"

#define RESOLVE_NAME_MAX 253 /* RFC 1035 §2.3.4, written without last dot */

/** A valid host name: lower case, no trailing dot, NUL-terminated. */
struct resolve_name {
	uint8_t n;
	char text[RESOLVE_NAME_MAX + 1];
};

/** SRV record (RFC 2782). */
struct resolve_srv {
	uint16_t priority, weight, port;
	struct resolve_name target;
};

/**
 * Check a host name and write it in its one form. An IP literal is no name.
 *
 * @param out   name
 * @param host  letters, digits, "-" and "_" in labels of 1..63 characters,
 *              the last not all digits; one trailing dot is dropped
 * @return      0 or EINVAL
 */
int resolve_name_read(struct resolve_name *out, struct slice host);

/**
 * A name below a host's.
 *
 * @param out    name
 * @param label  labels with their dots: "_sip._tcp."
 * @param host   host
 * @return       0, or EINVAL when that would be too long
 */
int resolve_name_below(struct resolve_name *out, struct slice label,
		       const struct resolve_name *host);

/**
 * The name under which a host's SRV records lie (RFC 3263 §4.1).
 *
 * @param out   name
 * @param host  host
 * @param tls   _sips._tcp, else _sip._tcp
 * @return      0, or EINVAL when that would be too long
 */
int resolve_name_srv(struct resolve_name *out, const struct resolve_name *host,
		     bool tls);

/**
 * Read an SRV record.
 *
 * @param out    record
 * @param rdata  as on the wire, the name not compressed
 * @return       0; ENOENT when the target is "." (no such service here);
 *               EINVAL when it is malformed or names no host
 */
int resolve_srv_read(struct resolve_srv *out, struct slice rdata);

/**
 * The name as a slice.
 *
 * @param name  name
 * @return      borrowed from name
 */
static inline struct slice resolve_name_slice(const struct resolve_name *name)
{
	return (struct slice){name->text, name->n};
}

#endif
