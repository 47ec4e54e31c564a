/**
 * @file tlsctx_own.h
 * What our doors show of themselves: certificates chosen by the name that a
 * client asks for, OCSP answers with them; and where TLS secrets are written
 * when somebody debugs.
 *
 * One for the contexts of a snapshot, immutable. Each context that was given it
 * holds it, and so does each connection made of one.
 */
#ifndef NET_TLSCTX_OWN_H
#define NET_TLSCTX_OWN_H

#include "base/slice.h"
#include "net/tlsctx.h"

struct tlsctx_own;

/**
 * Read one certificate with its chain, and its key.
 *
 * @param ctx          gets them
 * @param certificate  PEM file, leaf first
 * @param key          PEM file
 * @param why          WHY_MAX bytes: file, what is wrong with it, what to do
 * @return             0 or EINVAL
 */
int tlsctx_own_load(SSL_CTX *ctx, const char *certificate, const char *key,
		    char *why);

/**
 * Read all that the outside may show.
 *
 * @param out    one reference held by the caller
 * @param s      snapshot; not kept
 * @param board  where OCSP answers are; borrowed for as long as any connection
 *               lives; NULL: none
 * @param why    WHY_MAX bytes: file, what is wrong with it, what to do
 * @return       0, EINVAL told in why, or ENOMEM
 */
int tlsctx_own_create(struct tlsctx_own **out, const struct settings *s,
		      struct crl_board *board, char *why);

/**
 * Let go; the last holder frees.
 *
 * @param o  set to NULL; NULL inside is fine
 */
void tlsctx_own_unref(struct tlsctx_own **o);

/**
 * What cannot be loaded, in words: file, problem, OpenSSL's reason, cure.
 *
 * @param why      WHY_MAX bytes
 * @param file     what it is about
 * @param problem  what is wrong
 * @param cure     what to write instead
 * @return         EINVAL
 */
int tlsctx_fail(char *why, const char *file, const char *problem,
		const char *cure);

/**
 * Can a file be read?
 *
 * @param file  path; NULL: none is set
 * @param what  what it should be
 * @param why   WHY_MAX bytes
 * @return      0, or EINVAL told in why
 */
int tlsctx_readable(const char *file, const char *what, char *why);

/**
 * Have a context write its secrets where the settings say, if they do.
 *
 * @param o    held by the context from now on
 * @param ctx  context
 * @return     0 or ENOMEM
 */
int tlsctx_own_hold(struct tlsctx_own *o, SSL_CTX *ctx);

/**
 * Is a certificate one that a client which asks for a name may get?
 *
 * @param ctx   context of a door that accepts
 * @param name  asked for; absent: none was
 * @param cert  certificate
 * @return      1 or 0; -1: there is none of that name, the door shows its own
 */
int tlsctx_own_fits(const SSL_CTX *ctx, struct slice name, const X509 *cert);

/**
 * The certificates that are shown by the name asked for, but for the leg's own.
 *
 * @param ctx  context of a door of the outside
 * @param fn   called for each of them
 * @param arg  passed to fn
 */
void tlsctx_own_each(const SSL_CTX *ctx, tlsctx_shown_fn *fn, void *arg);

/**
 * Have a door of the outside show the certificate that a client asks for, or
 * its own when there is none of that name, and the OCSP answer for it.
 *
 * @param o    that the context holds
 * @param ctx  context of a door that accepts
 */
void tlsctx_own_show(const struct tlsctx_own *o, SSL_CTX *ctx);

#endif
