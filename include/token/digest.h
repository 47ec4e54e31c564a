/**
 * @file digest.h
 * Does an answer to a digest challenge prove the secret? (RFC 7616 §3.4, MD5:
 * the devices that it is for know nothing newer.)
 *
 * Nothing but arithmetic; who was asked what, and when, is the caller's.
 */
#ifndef TOKEN_DIGEST_H
#define TOKEN_DIGEST_H

#include "base/slice.h"

/** Length of an MD5 in hex: of HA1 and of an answer. */
#define DIGEST_HEX_LEN 32

/** What a Proxy-Authorization says; all borrowed from its value. */
struct digest_claim {
	struct slice username, realm, nonce, uri, response;
	struct slice qop; /* "auth", or absent (RFC 2069), and then so are: */
	struct slice nc, cnonce;
};

/**
 * Compare an answer with what it should be, in constant time.
 *
 * @param c       what was answered
 * @param ha1     MD5 of user:realm:password, DIGEST_HEX_LEN of lower-case hex
 * @param method  of the request
 * @return        true when only somebody with ha1 can have answered so
 */
bool digest_fits(const struct digest_claim *c, struct slice ha1,
		 struct slice method);

#endif
