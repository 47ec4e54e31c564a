/**
 * @file names.h
 * The names that a verified certificate proves (RFC 5922 §7), as plain data.
 *
 * SAN URI `sip:domain` and SAN DNS; the CN only when there is neither; IP
 * addresses for peers asked for by address. A name with a NUL, a wildcard or a
 * character that no host has is not a name. certificate.h reads them.
 */
#ifndef CERT_NAMES_H
#define CERT_NAMES_H

#include "base/slice.h"
#include "settings/settings.h"

/** How a name was given. */
enum cert_name_kind {
	CERT_NAME_URI,
	CERT_NAME_DNS,
	CERT_NAME_CN,
	CERT_NAME_IP
};

/** One name, lower case, without trailing dot. */
struct cert_name {
	enum cert_name_kind kind;
	char *text;
};

/** What a certificate is good for: its extended key usage. */
enum cert_use {
	CERT_USE_ANY = 1, /* no extended key usage, or anyExtendedKeyUsage */
	CERT_USE_SERVER = 2,
	CERT_USE_CLIENT = 4,
	CERT_USE_SIP = 8, /* id-kp-sipDomain, RFC 5924 */
};

/** All names of one certificate, and its prints. */
struct cert_names {
	char fingerprint[65]; /* SHA-256 of all of it, lower-case hex */
	char key[65];	      /* SHA-256 of its public key (SPKI) */
	bool chained;	      /* an authority that the leg trusts signed it */
	uint64_t vouched; /* bit n: the authority of federation partner n did;
			     by the settings it was judged with */
	unsigned uses;	  /* of enum cert_use */
	size_t n;
	struct cert_name name[];
};

/**
 * Free names.
 *
 * @param names  set to NULL; NULL inside is fine
 */
void cert_names_destroy(struct cert_names **names);

/**
 * Does the certificate prove a name? Exact, case-insensitive, no wildcard.
 *
 * @param names   NULL proves nothing
 * @param wanted  host name or IP literal without brackets
 * @return        true when it does
 */
bool cert_names_match(const struct cert_names *names, struct slice wanted);

/**
 * Does it prove one of a list?
 *
 * @param names  NULL proves nothing
 * @param list   host names
 * @return       true when it does
 */
bool cert_names_listed(const struct cert_names *names,
		       const struct name_list *list);

#endif
