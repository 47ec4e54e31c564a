/**
 * @file net_pair.h
 * Handshakes in memory, between a session of ours and a peer made by the test.
 */
#ifndef TESTS_UNIT_NET_PAIR_H
#define TESTS_UNIT_NET_PAIR_H

#include "net_lab.h"
#include "peer.h"

static struct lab lab;
static char why[WHY_MAX];

/** Our session, and the peer's. */
struct pair {
	SSL_CTX *ctx;
	SSL *ours, *peer;
};

static inline void pair_open(struct pair *p, enum tls_door door,
			     const char *name)
{
	bool accepts =
		door == TLS_OUTSIDE || door == TLS_USERS || door == TLS_INSIDE;
	BIO *a, *b;

	p->ctx = SSL_CTX_new(accepts ? TLS_client_method()
				     : TLS_server_method());
	p->ours = tlsctx_session(lab.tls, door, slice_of(name));
	p->peer = SSL_new(p->ctx);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p->ours);
	BIO_new_bio_pair(&a, 0, &b, 0);
	SSL_set_bio(p->ours, a, a);
	SSL_set_bio(p->peer, b, b);
	if (accepts)
		SSL_set_connect_state(p->peer);
	else
		SSL_set_accept_state(p->peer);
}

static inline void pair_close(struct pair *p)
{
	SSL_free(p->ours);
	SSL_free(p->peer);
	SSL_CTX_free(p->ctx);
}

static inline void show(SSL *ssl, const struct cert *c)
{
	CU_ASSERT_EQUAL_FATAL(SSL_use_certificate(ssl, c->x509), 1);
	CU_ASSERT_EQUAL_FATAL(SSL_use_PrivateKey(ssl, c->key), 1);
}

static inline bool over(SSL *ssl, int result)
{
	int error = SSL_get_error(ssl, result);

	return error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
}

/* True when both are done; a refusal by either ends it. */
static inline bool shake(struct pair *p)
{
	char byte;

	for (int i = 0; i < 20; i++) {
		int ours = SSL_do_handshake(p->ours);
		int peer = SSL_do_handshake(p->peer);

		if ((ours != 1 && over(p->ours, ours)) ||
		    (peer != 1 && over(p->peer, peer)))
			return false;
		if (ours == 1 && peer == 1)
			break;
	}
	/* What follows the handshake: tickets, or an alert. */
	return !over(p->peer, SSL_read(p->peer, &byte, 1)) &&
	       SSL_is_init_finished(p->ours);
}

static inline int read_names(struct cert_names **out, SSL *ours,
			     enum tls_door door)
{
	const struct peer_judge by = {
		.tls = lab.tls,
		.leg = door == TLS_INSIDE ? LEG_INSIDE : LEG_OUTSIDE,
	};

	return peer_names_read(out, ours, &by, why);
}

#endif
