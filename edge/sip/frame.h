/*
 * frame.h - the line index of a head, scanned or about to be.
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

/*
 * Index a head that nobody has scanned, if it is as almost all are.
 *
 * limit: look no further.
 * most: header fields that are still good.
 * Returns false when the head is not whole, has a folded line, or when there
 * is anything at all to say against its bytes: scan it, then. True says
 * nothing of the start line.
 */
bool frame_index_plain(struct frame *out, struct slice bytes, size_t limit,
		       uint32_t most);

#endif
