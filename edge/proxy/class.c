/*
 * class.c: who is at the other end of a connection.
 */
#include "proxy/class.h"

bool class_is_device_side(const struct conn *c)
{
	return c->door == DOOR_DEVICE || (c->door == DOOR_OUT && !c->tls);
}

/* Which domain it may speak for is judged for each request. */
static bool is_partner(const struct settings *s, const struct conn *c)
{
	return s->federation.enabled && c->tls && c->names &&
	       (c->door == DOOR_TLS || c->door == DOOR_OUT);
}

/* A server of ours is on the inside leg, by TLS, under a name that we list or
 * that we asked for ourselves. */
enum peer_class class_of(const struct settings *s, const struct conn *c)
{
	if (class_is_device_side(c))
		return PEER_DEVICE;
	if (c->leg != LEG_INSIDE)
		return is_partner(s, c) ? PEER_PARTNER : PEER_STRANGER;
	if ((c->door == DOOR_OUT && c->names) ||
	    cert_names_listed(c->names, &s->trusted_servers))
		return PEER_SERVER;
	return PEER_STRANGER;
}
