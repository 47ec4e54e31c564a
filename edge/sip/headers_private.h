/*
 * headers_private.h - a message on its way out, as the pieces of
 * headers_write() share it.
 *
 * The received bytes are copied in runs as long as possible: `copied` is the
 * first byte not written yet, and whatever changes ends the run before it.
 */
#ifndef EDGE_SIP_HEADERS_PRIVATE_H
#define EDGE_SIP_HEADERS_PRIVATE_H

#include "put.h"
#include "sip/headers.h"

/* One message on its way out. */
struct writer {
	struct buf *out;
	const struct frame *f;
	const struct rewrite *rw;
	const char *copied; /* everything before it is dealt with */
	uint64_t touched;   /* fields that may change; others are copied */
	unsigned routes;    /* Route values still to be taken off */
	unsigned contacts;  /* Contact values met */
	bool via_done;	    /* the top Via was met */
	bool top_added;
	bool hops_written;
};

static inline const char *writer_at(const struct writer *w, uint32_t offset)
{
	return w->f->bytes.p + offset;
}

/* End the run in front of a place, and go on behind another. */
static inline void writer_cut(struct writer *w, const char *from,
			      const char *to)
{
	put_range(w->out, w->copied, from);
	w->copied = to;
}

/* Leave out a whole line. */
static inline void writer_drop(struct writer *w, unsigned i)
{
	writer_cut(w, writer_at(w, w->f->line[i].start),
		   writer_at(w, w->f->line[i].end));
}

/* Contact: values that go, and the URI of those that stay. */
void headers_contact(struct writer *w, unsigned i);

/* RFC 3326 §2: Reason without its text. */
void headers_reason(struct writer *w, unsigned i);

/* Must the line be left out for an old device? */
bool headers_too_much(const struct writer *w, unsigned i);

#endif
