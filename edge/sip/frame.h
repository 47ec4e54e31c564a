/*
 * frame.h - the line index of a head that was already scanned.
 */
#ifndef EDGE_SIP_FRAME_H
#define EDGE_SIP_FRAME_H

#include "sip/framer.h"

/*
 * Index the header fields of a head whose lines end in CRLF.
 *
 * limit: bytes known to be whole, clean lines; the empty line ends earlier.
 * most: header fields that are still good.
 * Returns NULL, or the rule that was broken; out->line holds what came before.
 */
const char *frame_index_head(struct frame *out, struct slice bytes,
			     size_t limit, uint32_t most);

#endif
