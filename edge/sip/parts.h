/*
 * parts.h - reads the values of header fields: parameters, name-addr, Via.
 *
 * Ours, and stricter than Sofia's: what both of them accept and read alike is
 * believed (see views.c). Slices point into the value that was read.
 */
#ifndef EDGE_SIP_PARTS_H
#define EDGE_SIP_PARTS_H

#include "base/slice.h"

/* One ";name=value". */
struct part_param {
	struct slice whole; /* from the semicolon to the end of the value */
	struct slice name;
	struct slice value; /* quotes cut off; absent without "=" */
};

/* name-addr or addr-spec with what follows. */
struct part_addr {
	struct slice uri;    /* without <> */
	struct slice params; /* from the first semicolon behind it, or empty */
	struct slice tag;    /* value of ;tag=, or absent */
};

/* One Via value. */
struct part_via {
	struct slice sent_by; /* host[:port] as written */
	struct slice host;    /* without brackets */
	struct slice port;    /* digits, or absent */
	struct slice params;  /* from the first semicolon, or empty */
	struct slice branch;  /* or absent */
};

/*
 * Cut the first parameter off a list of them.
 *
 * Returns 0; ENOENT at the end; EBADMSG when something else stands there.
 */
int parts_param(struct slice *rest, struct part_param *out);

/* Read a To, From, Contact, Route or like value. 0 or EBADMSG. */
int parts_addr(struct part_addr *out, struct slice value);

/* Read one Via value. 0 or EBADMSG. */
int parts_via(struct part_via *out, struct slice value);

#endif
