/*
 * put.h - what the two writers of messages share.
 */
#ifndef EDGE_SIP_PUT_H
#define EDGE_SIP_PUT_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdint.h>

/* Append the bytes between two places. */
static inline void put_range(struct buf *out, const char *from, const char *to)
{
	buf_add(out, (struct slice){from, (size_t)(to - from)});
}

/*
 * Append a Via element with our mark behind it; received and rport that were
 * there are left out (RFC 3261 §18.2.1, RFC 3581 §4). An absent mark changes
 * nothing.
 */
void put_via(struct buf *out, struct slice element, struct slice mark);

#endif
