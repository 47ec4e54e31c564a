/*
 * wire_private.h - what is behind struct msg; for edge/sip alone.
 */
#ifndef EDGE_SIP_WIRE_PRIVATE_H
#define EDGE_SIP_WIRE_PRIVATE_H

#include "said.h"
#include "sip/wire.h"

#include <sofia-sip/msg_types.h>
#include <sofia-sip/sip.h>

/* Longest header line that sanity adds to an answer. */
#define WIRE_EXTRA_MAX 512

/* Each letter of an unknown method in Sofia's copy. */
#define WIRE_DISGUISE 'X'

struct msg {
	const struct frame *frame; /* borrowed */
	msg_t *parsed; /* Sofia's message; owns this structure too */
	sip_t *sip;    /* its fields, in its own copy of the bytes */
	struct said said;
	char extra[WIRE_EXTRA_MAX];
};

#endif
