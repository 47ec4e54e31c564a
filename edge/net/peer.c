/*
 * peer.c - who is at the other end of a handshake.
 */
#include "peer.h"

#include "cert/certificate.h"
#include "revocation/board.h"
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

/* RFC 5924 §4.1: id-kp-sipDomain is enough for a server too, and what a
 * partner of purpose "sip" has to have. */
static bool wants_sip(const struct peer_judge *by)
{
	return by->partner && by->partner->purpose == PURPOSE_SIP;
}

static bool fits_pin(const struct cert_names *names, struct refused_cert *r,
		     const struct peer_judge *by, X509 *leaf)
{
	refused_cert_by_rule(r, leaf, "certificate-pin",
			     "none of the partner's pins");
	return settings_pin_fits(by->partner, names->key);
}

/* We went to it: one judge alone. */
static bool judge_chain(struct cert_names *names, struct refused_cert *r,
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
	return fits_pin(names, r, by, chain->leaf);
}

static bool judge_host(struct cert_names *names, struct refused_cert *r,
		       const struct peer_judge *by,
		       const struct vouch_chain *chain)
{
	if (!judge_chain(names, r, by, chain))
		return false;
	if (!wants_sip(by) || names->uses & CERT_USE_SIP)
		return true;
	refused_cert_by_rule(r, chain->leaf, "certificate-not-for-sip",
			     "the partner's purpose is \"sip\"");
	return false;
}

static bool is_good(struct cert_names *names, struct refused_cert *r,
		    const struct peer_judge *by,
		    const struct vouch_chain *chain)
{
	int late = cert_time_judge(chain->leaf);

	/* A pin makes no chain good, nor does it make it any younger. */
	if (late) {
		refused_cert_fill(r, chain->leaf, late, 0);
		return false;
	}
	return by->ours ? judge_host(names, r, by, chain)
			: judge_guest(names, r, by, chain);
}

static int judge(struct cert_names *names, SSL *ssl,
		 const struct peer_judge *by, char *why)
{
	struct crl_board *board = tlsctx_board(by->tls);
	STACK_OF(X509) *verified = NULL;
	struct vouch_chain chain = {
		.ssl = ssl,
		.leaf = SSL_get0_peer_certificate(ssl),
		.server = by->ours && !wants_sip(by),
		.verified = board ? &verified : NULL,
	};
	struct refused_cert r;
	bool good = is_good(names, &r, by, &chain);

	if (good && verified)
		crl_board_learn(board, by->leg, verified);
	sk_X509_pop_free(verified, X509_free);
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

static bool proves_trusted(const struct cert_names *names,
			   const struct settings *s, struct slice name)
{
	return settings_lists_host(&s->trusted_servers, name) &&
	       cert_names_match(names, name);
}

bool peer_stands_for(const struct cert_names *names, const struct settings *s,
		     struct slice wanted)
{
	const struct pool_settings *pool = settings_pool(s, wanted);

	if (!pool || !settings_lists_host(&s->trusted_servers, wanted))
		return false;
	if (!slice_same_host(wanted, slice_of(pool->name)))
		return proves_trusted(names, s, slice_of(pool->name));
	for (size_t i = 0; i < pool->members.n; i++) {
		if (proves_trusted(names, s, slice_of(pool->members.v[i])))
			return true;
	}
	return false;
}
