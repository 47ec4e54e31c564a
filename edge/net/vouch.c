/*
 * vouch.c - who vouches for a certificate.
 */
#include "vouch.h"

#include "cert/certificate.h"
#include "revocation/board.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

struct vouch {
	const struct settings *settings;
	size_t stores;	     /* 0 without federation */
	X509_STORE *store[]; /* by partner; NULL: none of its own */
};

static int fail(char *why, const struct partner_settings *p,
		const char *problem)
{
	snprintf(why, WHY_MAX, "%s: %s: %s", p->trust, problem,
		 "write the authorities of this partner in PEM, or leave "
		 "\"trust\" out");
	ERR_clear_error();
	return EINVAL;
}

/*
 * Whatever the file holds is trusted by itself, be it the authority that signed
 * the partner's certificate without that one's own issuer, or the certificate.
 */
static int read_store(X509_STORE **out, const struct partner_settings *p,
		      struct crl_board *board, char *why)
{
	X509_STORE *store = X509_STORE_new();

	if (!store)
		return ENOMEM;
	*out = store;
	ERR_clear_error();
	if (X509_STORE_load_file(store, p->trust) != 1)
		return fail(why, p, "no trusted certificate can be read");
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	crl_board_arm(store, board, LEG_OUTSIDE);
	return 0;
}

static int read_stores(struct vouch *v, struct crl_board *board, char *why)
{
	const struct federation_settings *f = &v->settings->federation;
	int err = 0;

	for (size_t i = 0; i < v->stores && !err; i++) {
		const struct partner_settings *p = &f->partner[i];

		if (!p->trust)
			continue;
		if (i < sizeof(uint64_t) * 8)
			err = read_store(&v->store[i], p, board, why);
		else
			err = fail(why, p,
				   "only the first 64 partners may have "
				   "authorities of their own");
	}
	return err;
}

int vouch_create(struct vouch **out, const struct settings *s,
		 struct crl_board *board, char *why)
{
	size_t n = s->federation.enabled ? s->federation.partners : 0;
	struct vouch *v = calloc(1, sizeof(*v) + n * sizeof(X509_STORE *));
	int err;

	if (!v)
		return ENOMEM;
	v->settings = settings_ref(s);
	v->stores = n;
	err = read_stores(v, board, why);
	if (err)
		vouch_destroy(&v);
	*out = v;
	return err;
}

void vouch_destroy(struct vouch **vp)
{
	struct vouch *v = *vp;

	*vp = NULL;
	if (!v)
		return;
	for (size_t i = 0; i < v->stores; i++)
		X509_STORE_free(v->store[i]);
	settings_unref(&v->settings);
	free(v);
}

size_t vouch_number(const struct vouch *v,
		    const struct partner_settings *partner)
{
	return (size_t)(partner - v->settings->federation.partner);
}

X509_STORE *vouch_store(const struct vouch *v,
			const struct partner_settings *partner)
{
	size_t n = vouch_number(v, partner);

	return n < v->stores ? v->store[n] : NULL;
}

bool vouch_verify(struct refused_cert *r, X509_STORE *store,
		  const struct vouch_chain *chain)
{
	struct cert_chain shown = {
		.leaf = chain->leaf,
		.rest = SSL_get_peer_cert_chain(chain->ssl),
		.level = SSL_get_security_level(chain->ssl),
		.server = chain->server,
		.verified = chain->verified,
	};
	int depth, code = cert_chain_judge(store, &shown, &depth);

	if (code != X509_V_OK && r)
		refused_cert_fill(r, chain->leaf, code, depth);
	return code == X509_V_OK;
}

uint64_t vouch_partners(const struct vouch *v, const struct vouch_chain *chain)
{
	uint64_t vouched = 0;

	for (size_t i = 0; i < v->stores; i++) {
		if (v->store[i] && vouch_verify(NULL, v->store[i], chain))
			vouched |= UINT64_C(1) << i;
	}
	return vouched;
}

bool vouch_pinned(const struct vouch *v, const char *key)
{
	const struct partner_settings *p = v->settings->federation.partner;

	for (size_t i = 0; i < v->stores; i++) {
		if (settings_pin_fits(&p[i], key))
			return true;
	}
	return false;
}
