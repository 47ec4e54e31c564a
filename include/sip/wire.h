/**
 * @file wire.h
 * The only door to Sofia's parser.
 *
 * A frame goes in, copied once; a parsed message comes out, good for reading.
 * Nobody outside edge/sip sees Sofia's types: they read facts (sip/facts.h),
 * and what leaves the edge is written from the frame's own bytes
 * (sip/headers.h), so that what is not changed on purpose stays byte for byte.
 */
#ifndef SIP_WIRE_H
#define SIP_WIRE_H

#include "sip/framer.h"

struct msg;

/**
 * Parse one framed message.
 *
 * @param out  the message, owned by the caller; f must outlive it
 * @param f    frame, borrowed
 * @return     0; ENOMEM; EBADMSG when Sofia's parser gave up on it (a message
 *             that parsed with errors is returned: see sanity_check())
 */
int wire_parse(struct msg **out, const struct frame *f);

/**
 * Take a message without Sofia, where nothing is decided by what Sofia would
 * compare: a response of one of our own servers, which is only matched and
 * passed back (sanity_answer() checks it), or a request whose way is settled
 * by what was signed or proved before (sanity_check() then has one reader).
 *
 * @param out  the message, owned by the caller; f must outlive it
 * @param f    frame, borrowed
 * @return     0 or ENOMEM
 */
int wire_adopt(struct msg **out, const struct frame *f);

/**
 * Free a message.
 *
 * @param m  set to NULL; NULL inside is fine
 */
void wire_destroy(struct msg **m);

/**
 * The frame it was parsed from.
 *
 * @param m  message
 * @return   borrowed
 */
const struct frame *wire_frame(const struct msg *m);

#endif
