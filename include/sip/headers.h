/**
 * @file headers.h
 * Writes what leaves the edge: the received bytes with a few lines changed.
 *
 * One pass over the frame's line index into the output buffer. Everything not
 * named in the rewrite is copied byte for byte, order kept.
 */
#ifndef SIP_HEADERS_H
#define SIP_HEADERS_H

#include "base/buf.h"
#include "settings/settings.h"
#include "sip/framer.h"

/** rewrite.max_forwards: this hop was the last but one; zero is written. */
#define REWRITE_NO_HOPS (-1)

/** What an old device cannot read. Received lines only; ours are written. */
struct rewrite_slim {
	const struct name_list *unsent; /* names of fields left out, in every
				  spelling, compact and long; or NULL. Not those
				  without which a message is nothing */
	uint32_t line_bytes; /* fields longer than this, folds included, CRLF
				not, are left out, unless a message is nothing
				without them (From, To, Call-ID, CSeq, Via,
				Contact, Route, Record-Route, Content-Type,
				Content-Length) or they speak of its body
				(Content-*). 0: any length */
};

/** What to change on the way; zeroed changes nothing. */
struct rewrite {
	struct slice request_uri; /* absent: kept */
	struct slice via;      /* value of our Via, put on top; absent: none */
	struct slice via_mark; /* ";received=192.0.2.1;rport=5061" for the top
				  received Via, whose own received and rport
				  are replaced; absent: untouched */
	bool pop_via;	       /* responses: take the top Via off */
	int max_forwards;      /* > 0, or REWRITE_NO_HOPS: written, added when
			     absent; 0: kept */
	unsigned pop_routes;   /* Route values taken off the top */
	uint64_t drop;	       /* FIELD_BIT set: every such field is left out,
				  whatever else is said of it */
	struct slice add_top;  /* whole lines with CRLF put before the first
				 header field that is not Via: Route,
				 Record-Route, Path */
	struct slice add_end;  /* whole lines with CRLF behind the last field */
	struct slice reason;   /* responses: reason phrase; absent: kept */
	bool no_vias;	      /* received Vias are left out, all of them, marked
				  or not */
	struct slice vias;    /* responses, after pop_via: whole lines with CRLF
				  in place of all that remain, where the first
				  received one stood; absent: kept */
	struct slice contact; /* URI without <>, in place of the URI of every
				  Contact value; parameters stay, and so does
				  "*"; a value that cannot be read is left out;
				  absent: kept */
	uint32_t no_contacts; /* bit n: the n-th Contact value is left out,
				  counted from 0 over all lines; a line goes
				  with its last value */
	bool few_contacts;    /* Contact values behind the 32nd are left out */
	struct slice call_id; /* absent: kept */
	bool no_reason_text;  /* the text parameter of Reason is left out, and
				  what cannot be read */
	const struct rewrite_slim *slim; /* for old devices; NULL: everything */
};

/** Where a few things lie in what was written. */
struct rewritten {
	uint32_t branch; /* offset of our branch value in the output */
	uint32_t rest;	 /* offset of the first byte behind our Via line, i.e.
			  what stays the same when tried elsewhere */
};

/**
 * Write a message, changed.
 *
 * @param out   appended to; check out->failed
 * @param f     message as it came
 * @param rw    what to change
 * @param at    offsets counted from where out ended before; NULL if unwanted
 * @return      0; EBADMSG when the rewrite does not fit the message (no Via
 *              to pop, mark or replace, fewer Routes than
 *              pop_routes, a reason for a request, a Request-URI for a
 *              response); ENOMEM
 */
int headers_write(struct buf *out, const struct frame *f,
		  const struct rewrite *rw, struct rewritten *at);

/**
 * Write an answer of our own to a request (RFC 3261 §8.2.6): Via, From, To
 * (with a tag), Call-ID, CSeq, extra lines, Content-Length: 0.
 *
 * @param out        appended to
 * @param f          the request
 * @param skip_vias  Via values on top that are our own and left out
 * @param via_mark   as in struct rewrite, for the first Via written
 * @param status     status code
 * @param to_tag     added when To has none; absent: never added (100)
 * @param extra      whole lines with CRLF, or absent
 * @return           0; EBADMSG when the request lacks a needed field; ENOMEM
 */
int headers_answer(struct buf *out, const struct frame *f, unsigned skip_vias,
		   struct slice via_mark, uint16_t status, struct slice to_tag,
		   struct slice extra);

/**
 * Write the Vias of a request as whole lines, one each, as its answer carries
 * them.
 *
 * @param out       appended to
 * @param f         the request
 * @param via_mark  as in struct rewrite, for the top one
 * @return          0, or EBADMSG when there is none
 */
int headers_vias(struct buf *out, const struct frame *f, struct slice via_mark);

/**
 * The URI of a Contact, From, Route or like value.
 *
 * @param value  name-addr or addr-spec with what follows
 * @return       without <>, borrowed from value; absent when it has none
 */
struct slice headers_uri(struct slice value);

/**
 * Write the hop-by-hop ACK for a final answer other than 2xx (RFC 3261
 * §17.1.1.3), or the CANCEL (§9.1), of a request that we sent: same
 * Request-URI, top Via, Route, From, Call-ID; CSeq number with the method.
 *
 * @param out     appended to
 * @param sent    the request as we sent it
 * @param method  "ACK" or "CANCEL"
 * @param to      value of To: the answer's for ACK; absent: the request's
 * @return        0; EBADMSG; ENOMEM
 */
int headers_follow(struct buf *out, const struct frame *sent,
		   const char *method, struct slice to);

#endif
