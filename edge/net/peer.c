/*
 * peer.c - who is at the other end of a handshake.
 */
#include "peer.h"

#include "cert/certificate.h"
#include "tlsctx_room.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>

/* Came to us: it is for policy to say what each of these is worth. */
static bool judge_guest(struct cert_names *names, struct refused_cert *r,
			const struct peer_judge *by,
			const struct vouch_chain *chain)
{
	const struct vouch *v = tlsctx_vouch(by->tls);

	names->chained = vouch_verify(r, tlsctx_trust(by->tls, by->leg), chain);
	if (by->leg == LEG_INSIDE)
		return names->chained;
	names->vouched = vouch_partners(v, chain);
	return names->chained || names->vouched || vouch_pinned(v, names->key);
}

/* We went to it: one judge alone. */
static bool judge_host(struct cert_names *names, struct refused_cert *r,
		       const struct peer_judge *by,
		       const struct vouch_chain *chain)
{
	const struct vouch *v = tlsctx_vouch(by->tls);
	X509_STORE *own = by->partner ? vouch_store(v, by->partner) : NULL;
	bool pins = by->partner && by->partner->pins.n > 0;
	bool good = false;

	names->chained = vouch_verify(r, tlsctx_trust(by->tls, by->leg), chain);
	if (own)
		good = vouch_verify(r, own, chain);
	if (good)
		names->vouched = UINT64_C(1) << vouch_number(v, by->partner);
	if (!pins)
		return own ? good : names->chained;
	refused_cert_by_rule(r, chain->leaf, "certificate-pin",
			     "none of the partner's pins");
	return settings_pin_fits(by->partner, names->key);
}

static int judge(struct cert_names *names, SSL *ssl,
		 const struct peer_judge *by, char *why)
{
	struct vouch_chain chain = {
		.ssl = ssl,
		.leaf = SSL_get0_peer_certificate(ssl),
		.server = by->ours,
	};
	int late = cert_time_judge(chain.leaf);
	struct refused_cert r;
	bool good = false;

	/* A pin makes no chain good, nor does it make it any younger. */
	if (late)
		refused_cert_fill(&r, chain.leaf, late, 0);
	else if (by->ours)
		good = judge_host(names, &r, by, &chain);
	else
		good = judge_guest(names, &r, by, &chain);
	if (good)
		return 0;
	snprintf(why, WHY_MAX, "%s", r.reason);
	tlsctx_refuse(ssl, &r);
	return EACCES;
}

static void refuse_usage(SSL *ssl, const X509 *cert)
{
	struct refused_cert r;

	refused_cert_by_rule(&r, cert, "certificate-must-allow-sip",
			     "its extended key usage forbids SIP");
	tlsctx_refuse(ssl, &r);
}

int peer_names_read(struct cert_names **out, SSL *ssl,
		    const struct peer_judge *by, char *why)
{
	X509 *cert = SSL_get0_peer_certificate(ssl);
	int err;

	*out = NULL;
	why[0] = '\0';
	if (!cert)
		return 0;
	err = cert_names_of(out, cert, why);
	if (err == EACCES)
		refuse_usage(ssl, cert);
	if (!err)
		err = judge(*out, ssl, by, why);
	if (err)
		cert_names_destroy(out);
	return err;
}
