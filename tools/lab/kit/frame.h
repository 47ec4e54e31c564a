/**
 * @file frame.h
 * Cuts SIP messages out of a byte stream (RFC 3261 §18.3) and finds a header
 * in one without parsing it.
 */
#ifndef LAB_KIT_FRAME_H
#define LAB_KIT_FRAME_H

#include <stddef.h>
#include <sys/types.h>

/** More than this in one message and the connection is closed [bytes]. */
#define FRAME_MAX (1024 * 1024)

/**
 * Find the first header of a name.
 *
 * @param bytes    one message, or its start
 * @param len      [bytes]
 * @param name     long name, any case
 * @param compact  its compact form, or 0
 * @param value_len  the value's length [bytes], white space trimmed
 * @return         the value inside bytes, or NULL
 */
const char *frame_header(const char *bytes, size_t len, const char *name,
			 char compact, size_t *value_len);

/**
 * Length of the message that the bytes begin with.
 *
 * @param bytes  what has been read, no leading CRLF
 * @param len    [bytes]
 * @return       its length [bytes], 0 when more is needed, -1 when it cannot
 *               be a message
 */
ssize_t frame_length(const char *bytes, size_t len);

#endif
