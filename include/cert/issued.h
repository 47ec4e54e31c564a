/**
 * @file issued.h
 * Certificates as an authority sends them: found in whatever form they come,
 * paired with their key, put in the order in which a server shows them.
 *
 * Pure: bytes in, certificates out.
 */
#ifndef CERT_ISSUED_H
#define CERT_ISSUED_H

#include "base/slice.h"
#include "base/why.h"

#include <openssl/x509.h>
#include <stdbool.h>

/** Certificates that one file may hold. */
#define CERT_ISSUED_MAX 32

/**
 * Find the certificates in a file: PEM in any order, with whatever stands
 * between them; one in DER; PKCS#7 in PEM or DER (RFC 2315).
 *
 * @param all    they are added to it, in the file's order
 * @param bytes  the file's
 * @param why    WHY_MAX bytes, filled on failure
 * @return       0; EINVAL when there is none, or one that cannot be read;
 *               E2BIG; ENOMEM
 */
int cert_issued_find(STACK_OF(X509) * all, struct slice bytes, char *why);

/** A certificate with its chain, as a server shows them. */
struct cert_issued {
	X509 *leaf;
	struct stack_st_X509 *rest; /* leaf's issuer first, no root */
	bool in_order;	 /* they were found in this order, with nothing behind
			  but a root */
	bool rooted;	 /* the root was there too; it is not in rest */
	unsigned others; /* were there and do not belong to the chain */
};

/**
 * Pick the certificate that goes with a key and put its chain in order.
 * Several that go with it: the one that begins last.
 *
 * @param out  owned by the caller, for cert_issued_fini()
 * @param all  as found; borrowed
 * @param key  the waiting key, or its public half; borrowed
 * @param why  WHY_MAX bytes, filled on failure
 * @return     0; ENOENT when none goes with the key; ENOMEM
 */
int cert_issued_order(struct cert_issued *out, STACK_OF(X509) * all,
		      EVP_PKEY *key, char *why);

/**
 * Let go of what cert_issued_order() made.
 *
 * @param issued  emptied; may be all zero
 */
void cert_issued_fini(struct cert_issued *issued);

#endif
