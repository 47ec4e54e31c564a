/*
 * field.h - header field names, long and compact.
 */
#ifndef EDGE_SIP_FIELD_H
#define EDGE_SIP_FIELD_H

#include "sip/framer.h"

/*
 * Which field is it? The name must be a token: upper and lower case are told
 * apart by one bit, which would confuse other characters.
 */
enum field field_by_name(struct slice name);

#endif
