/**
 * @file peer.h
 * The names that a verified certificate proves (RFC 5922 §7).
 *
 * SAN URI `sip:domain` and SAN DNS; the CN only when there is neither; IP
 * addresses for peers asked for by address. A name with a NUL, a wildcard or a
 * character that no host has is not a name. EKU must be absent, or hold any,
 * serverAuth, clientAuth or id-kp-sipDomain (RFC 5924).
 */
#ifndef NET_PEER_H
#define NET_PEER_H

#include "settings/settings.h"

#include <openssl/types.h>

/** How a name was given. */
enum peer_name_kind {
	PEER_NAME_URI,
	PEER_NAME_DNS,
	PEER_NAME_CN,
	PEER_NAME_IP
};

/** One name, lower case, without trailing dot. */
struct peer_name {
	enum peer_name_kind kind;
	char *text;
};

/** All names of one certificate, and its print for the log. */
struct peer_names {
	char fingerprint[65]; /* SHA-256, lower-case hex */
	size_t n;
	struct peer_name name[];
};

/**
 * Read the names of a connection's verified peer certificate.
 *
 * @param out  owned by the caller; NULL when the peer showed none, or one
 *             that did not verify
 * @param ssl  finished handshake
 * @param why  WHY_MAX bytes: which rule failed, for the log; "" when fine
 * @return     0; EACCES when a certificate was shown and not believed; ENOMEM
 */
int peer_names_read(struct peer_names **out, SSL *ssl, char *why);

/**
 * Read the names of a certificate, verified or not.
 *
 * @param out   owned by the caller
 * @param cert  certificate, borrowed
 * @param why   WHY_MAX bytes, filled on EACCES
 * @return      0; EACCES when its extended key usage forbids SIP; ENOMEM
 */
int peer_names_of(struct peer_names **out, X509 *cert, char *why);

/**
 * Free names.
 *
 * @param names  set to NULL; NULL inside is fine
 */
void peer_names_destroy(struct peer_names **names);

/**
 * Does the certificate prove a name? Exact, case-insensitive, no wildcard.
 *
 * @param names   NULL proves nothing
 * @param wanted  host name or IP literal without brackets
 * @return        true when it does
 */
bool peer_names_match(const struct peer_names *names, struct slice wanted);

/**
 * Does it prove one of a list?
 *
 * @param names  NULL proves nothing
 * @param list   host names
 * @return       true when it does
 */
bool peer_names_listed(const struct peer_names *names,
		       const struct name_list *list);

#endif
