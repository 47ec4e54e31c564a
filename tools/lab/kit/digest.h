/**
 * @file digest.h
 * Digest authentication (RFC 3261 §22, RFC 7616, RFC 8760): both ends of it.
 *
 * Nonces are good for five minutes and need no memory: they carry their time
 * and a keyed hash of it.
 */
#ifndef LAB_KIT_DIGEST_H
#define LAB_KIT_DIGEST_H

#include <sofia-sip/sip.h>
#include <stdbool.h>

#include "kit/text.h"

/** Who answers a challenge, and for what. */
struct digest_claim {
	const char *user;
	const char *password;
	const char *method;
	const char *uri; /**< Request-URI of the request */
};

/**
 * Append the value of a WWW-Authenticate or Proxy-Authenticate.
 *
 * @param out        where to
 * @param realm      the protection domain
 * @param algorithm  "MD5" or "SHA-256"
 * @param stale      the credentials were right, the nonce was old
 */
void digest_challenge(struct text *out, const char *realm,
		      const char *algorithm, bool stale);

/**
 * Append the value of an Authorization that answers a challenge.
 *
 * @param out        where to
 * @param challenge  WWW-Authenticate or Proxy-Authenticate as parsed
 * @param claim      borrowed for this call
 * @return           false when the challenge is not one we can answer
 */
bool digest_answer(struct text *out, const msg_auth_t *challenge,
		   const struct digest_claim *claim);

/**
 * The user that credentials name.
 *
 * @param credentials  as parsed, may be NULL
 * @param out          the name, "" when there is none
 * @param len          of out [bytes]
 */
void digest_user(const msg_auth_t *credentials, char *out, size_t len);

enum digest_result { DIGEST_GOOD, DIGEST_STALE, DIGEST_BAD };

/**
 * Check credentials.
 *
 * @param credentials  Authorization or Proxy-Authorization, may be NULL
 * @param method       of the request
 * @param password     of the user that the credentials name
 * @return             whether they hold
 */
enum digest_result digest_check(const msg_auth_t *credentials,
				const char *method, const char *password);

#endif
