/**
 * @file class.h
 * Who is at the other end of a connection, before anything was said on it: by
 * its door, its leg, its certificate and the settings alone.
 */
#ifndef PROXY_CLASS_H
#define PROXY_CLASS_H

#include "net/conn.h"
#include "sip/facts.h"

/**
 * The class of a connection; a stranger may become a user by registering.
 *
 * @param s  settings snapshot
 * @param c  connection; leg, door, tls and names are looked at
 * @return   never PEER_USER
 */
enum peer_class class_of(const struct settings *s, const struct conn *c);

/**
 * Does it lead to a device, by plain TCP?
 *
 * @param c  connection; door and tls are looked at
 * @return   true when it does
 */
bool class_is_device_side(const struct conn *c);

#endif
