/**
 * @file message.h
 * Writes and reads SIP messages for the lab programs; parsing is Sofia's.
 */
#ifndef LAB_KIT_MESSAGE_H
#define LAB_KIT_MESSAGE_H

#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <stdbool.h>
#include <stddef.h>

#include "kit/hub.h"
#include "kit/text.h"

/** A random token with its closing NUL [bytes]. */
#define MESSAGE_TOKEN 17

/**
 * Make a random token, for tags, branches and Call-IDs.
 *
 * @param out  16 hexadecimal digits and NUL
 */
void message_token(char out[MESSAGE_TOKEN]);

/**
 * Begin a response: status line and all that is copied from the request
 * (RFC 3261 §8.2.6.2), Record-Route among it (§12.1.1).
 *
 * @param out      where to
 * @param request  parsed, borrowed
 * @param status   100 to 699; names its own phrase
 * @param tag      our To tag, used when the request has none; NULL for 100
 */
void message_reply(struct text *out, const sip_t *request, int status,
		   const char *tag);

/**
 * Close the headers and add the body.
 *
 * @param out   a message whose headers are all there
 * @param type  Content-Type, or NULL without a body
 * @param body  or NULL
 */
void message_end(struct text *out, const char *type, const char *body);

/**
 * Answer a request without a body, with a fresh To tag when it has none.
 *
 * @param to       the link that the request came by
 * @param request  parsed, borrowed
 * @param status   100 to 699
 * @param headers  whole lines to add, or NULL
 */
void message_answer(struct link *to, const sip_t *request, int status,
		    const char *headers);

/**
 * Write the ACK for a non-2xx (RFC 3261 §17.1.1.3) or the CANCEL (§9.1) that
 * belongs to a request.
 *
 * @param out     where to, a whole message
 * @param sent    the request as it was sent
 * @param method  ACK or CANCEL
 * @param to      To of the response for ACK, of the request for CANCEL
 */
void message_companion(struct text *out, const sip_t *sent, const char *method,
		       const sip_to_t *to);

/**
 * Where a URI leads; TLS for sips, transport=tls and port 5061.
 *
 * @param out  to be filled
 * @param url  a sip or sips URI
 */
void message_target(struct hub_target *out, const url_t *url);

/**
 * Serialise a message.
 *
 * @param message  parsed, perhaps edited
 * @param len      its length [bytes]
 * @return         borrowed from the message's memory
 */
char *message_bytes(msg_t *message, size_t *len);

/**
 * Is an option tag in a list (Supported, Require)?
 *
 * @param list  a Sofia option-tag header, may be NULL
 * @param tag   the option tag
 * @return      true when it is
 */
bool message_has_option(const msg_list_t *list, const char *tag);

#endif
