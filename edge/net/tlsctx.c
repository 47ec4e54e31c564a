/*
 * tlsctx.c - one SSL_CTX a door.
 */
#include "net/tlsctx.h"

#include "cert/certificate.h"
#include "revocation/board.h"
#include "tlsctx_own.h"
#include "tlsctx_room.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* RFC 9325 §4.2: forward secret, AEAD. */
#define SUITES_12 "ECDHE+AESGCM:ECDHE+CHACHA20"
#define SUITES_13                                                              \
	"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"                       \
	"TLS_CHACHA20_POLY1305_SHA256"
#define GROUPS	      "X25519:P-256:P-384"
#define CHAIN_BYTES   (32 * 1024)
#define TICKET_LIFE_S 3600

struct tlsctx {
	atomic_uint refs;
	SSL_CTX *ctx[TLS_DOORS];
	struct vouch *vouch;
	struct crl_board *board; /* borrowed; NULL: none */
};

/** What a door demands of the other side. */
enum demand {
	DEMAND_NOTHING,
	DEMAND_SHOWN_IS_READ, /* any certificate; proves nothing by itself */
	DEMAND_VERIFIED
};

struct door_row {
	enum leg leg;
	bool accepts;
	enum demand demand;
	unsigned tickets;
	const char *name; /* session id context */
};

static const struct door_row doors[TLS_DOORS] = {
	[TLS_OUTSIDE] = {LEG_OUTSIDE, true, DEMAND_SHOWN_IS_READ, 1, "outside"},
	[TLS_USERS] = {LEG_OUTSIDE, true, DEMAND_NOTHING, 1, "users"},
	[TLS_INSIDE] = {LEG_INSIDE, true, DEMAND_VERIFIED, 0, "inside"},
	[TLS_TO_OUTSIDE] = {LEG_OUTSIDE, false, DEMAND_VERIFIED, 0, "to-out"},
	[TLS_TO_INSIDE] = {LEG_INSIDE, false, DEMAND_VERIFIED, 0, "to-in"},
};

static SSL *ssl_of(X509_STORE_CTX *store)
{
	return X509_STORE_CTX_get_ex_data(store,
					  SSL_get_ex_data_X509_STORE_CTX_idx());
}

static int verify_strictly(int ok, X509_STORE_CTX *store)
{
	int error = X509_STORE_CTX_get_error(store);
	struct refused_cert r;

	if (ok)
		return 1;
	refused_cert_fill(&r, X509_STORE_CTX_get0_cert(store), error,
			  X509_STORE_CTX_get_error_depth(store));
	tlsctx_refuse(ssl_of(store), &r);
	return 0;
}

/*
 * The handshake goes on, whatever was shown: whoever cannot prove a name is
 * nobody special. Who vouches for it is asked afterwards, by peer.c, and
 * SSL_get_verify_result() is never good. No ticket for one who showed a
 * certificate: a resumed session would not show it again.
 */
static int verify_later(X509_STORE_CTX *store, void *arg)
{
	(void)arg;
	SSL_set_num_tickets(ssl_of(store), 0);
	X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return 1;
}

/* A pin says who it is, whoever signed it: peer.c compares the key. */
static int verify_by_pin(int ok, X509_STORE_CTX *store)
{
	(void)ok, (void)store;
	return 1;
}

/* To servers we may show another one than to clients. */
static int load_own(SSL_CTX *ctx, const struct door_row *d,
		    const struct leg_settings *leg, char *why)
{
	bool other = !d->accepts && leg->client_certificate;

	return tlsctx_own_load(
		ctx, other ? leg->client_certificate : leg->certificate,
		other ? leg->client_key : leg->key, why);
}

static int load_trust(SSL_CTX *ctx, const struct leg_settings *leg, char *why)
{
	int err = tlsctx_readable(leg->trust, "trusted certificates", why);

	if (err)
		return err;
	if (SSL_CTX_load_verify_file(ctx, leg->trust) != 1)
		return tlsctx_fail(
			why, leg->trust, "no trusted certificate in it",
			"write the authorities' certificates in PEM");
	return 0;
}

static void set_demand(SSL_CTX *ctx, const struct door_row *d)
{
	int mode = SSL_VERIFY_PEER;

	if (d->demand == DEMAND_NOTHING) {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
		return;
	}
	if (d->accepts && d->demand == DEMAND_VERIFIED)
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(ctx, mode, verify_strictly);
	if (d->demand == DEMAND_SHOWN_IS_READ)
		SSL_CTX_set_cert_verify_callback(ctx, verify_later, NULL);
	/* Public authorities issue no clientAuth any more; peer.c decides. */
	if (d->accepts)
		X509_VERIFY_PARAM_set_purpose(SSL_CTX_get0_param(ctx),
					      X509_PURPOSE_ANY);
}

static bool set_suites(SSL_CTX *ctx)
{
	return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(ctx, SUITES_12) == 1 &&
	       SSL_CTX_set_ciphersuites(ctx, SUITES_13) == 1 &&
	       SSL_CTX_set1_groups_list(ctx, GROUPS) == 1;
}

/*
 * TLS 1.2 has promised its ticket before it sees the client's certificate. It
 * is worth nothing here: whoever shows one shows it each time, and is judged
 * each time.
 */
static SSL_TICKET_RETURN take_ticket(SSL *ssl, SSL_SESSION *session,
				     const unsigned char *name, size_t n,
				     SSL_TICKET_STATUS status, void *arg)
{
	(void)ssl, (void)name, (void)n, (void)arg;
	if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	if (SSL_SESSION_get0_peer(session))
		return SSL_TICKET_RETURN_IGNORE;
	return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE
					    : SSL_TICKET_RETURN_USE_RENEW;
}

static bool set_sessions(SSL_CTX *ctx, const struct door_row *d)
{
	SSL_CTX_set_session_ticket_cb(ctx, NULL, take_ticket, NULL);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(ctx, TICKET_LIFE_S);
	if (d->tickets == 0)
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	return SSL_CTX_set_num_tickets(ctx, d->tickets) == 1 &&
	       SSL_CTX_set_session_id_context(ctx,
					      (const unsigned char *)d->name,
					      (unsigned)strlen(d->name)) == 1;
}

static void set_habits(SSL_CTX *ctx, enum leg leg)
{
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_NO_COMPRESSION |
					 SSL_OP_IGNORE_UNEXPECTED_EOF |
					 SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* What is shown is what the file has: not whatever else those whom we
	 * trust would make of it, at each handshake anew. */
	SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
	/* Outside are thousands of idle connections, inside a few busy ones. */
	if (leg == LEG_OUTSIDE)
		SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_verify_depth(ctx, CERT_CHAIN_DEPTH);
	SSL_CTX_set_max_cert_list(ctx, CHAIN_BYTES);
}

static int fill_door(SSL_CTX *ctx, const struct door_row *d,
		     const struct leg_settings *leg, char *why)
{
	int err;

	ERR_clear_error();
	set_habits(ctx, d->leg);
	set_demand(ctx, d);
	if (!set_suites(ctx) || !set_sessions(ctx, d))
		return tlsctx_fail(
			why, d->name, "OpenSSL refuses our TLS settings",
			"install OpenSSL 3.0 with its default provider");
	err = load_own(ctx, d, leg, why);
	if (!err && d->demand != DEMAND_NOTHING)
		err = load_trust(ctx, leg, why);
	return err;
}

static int open_door(SSL_CTX **out, const struct door_row *d,
		     const struct settings *s, struct tlsctx_own *own,
		     char *why)
{
	SSL_CTX *ctx = SSL_CTX_new(d->accepts ? TLS_server_method()
					      : TLS_client_method());
	int err;

	if (!ctx)
		return ENOMEM;
	*out = ctx;
	err = fill_door(ctx, d, &s->leg[d->leg], why);
	if (!err)
		err = tlsctx_own_hold(own, ctx);
	if (!err && d->accepts && d->leg == LEG_OUTSIDE)
		tlsctx_own_show(own, ctx);
	return err;
}

/* The contexts hold what is shown, for as long as they are in use. */
static int open_doors(struct tlsctx *t, const struct settings *s,
		      struct crl_board *board, char *why)
{
	struct tlsctx_own *own;
	int err = tlsctx_own_create(&own, s, board, why);

	for (int i = 0; i < TLS_DOORS && !err; i++) {
		err = open_door(&t->ctx[i], &doors[i], s, own, why);
		if (!err)
			crl_board_arm(SSL_CTX_get_cert_store(t->ctx[i]), board,
				      doors[i].leg);
	}
	tlsctx_own_unref(&own);
	return err;
}

int tlsctx_create(const struct tlsctx **out, const struct settings *s,
		  struct crl_board *board, char *why)
{
	struct tlsctx *t = calloc(1, sizeof(*t));
	const struct tlsctx *made = t;
	int err;

	why[0] = '\0';
	if (!t)
		return ENOMEM;
	tlsctx_seen_init();
	t->refs = 1;
	t->board = board;
	err = open_doors(t, s, board, why);
	if (!err)
		err = vouch_create(&t->vouch, s, board, why);
	if (err) {
		tlsctx_unref(&made);
		return err;
	}
	*out = t;
	return 0;
}

const struct tlsctx *tlsctx_ref(const struct tlsctx *t)
{
	struct tlsctx *counted = (struct tlsctx *)t;

	atomic_fetch_add(&counted->refs, 1);
	return t;
}

void tlsctx_unref(const struct tlsctx **t)
{
	struct tlsctx *counted = (struct tlsctx *)*t;

	*t = NULL;
	if (!counted || atomic_fetch_sub(&counted->refs, 1) != 1)
		return;
	for (int i = 0; i < TLS_DOORS; i++)
		SSL_CTX_free(counted->ctx[i]);
	vouch_destroy(&counted->vouch);
	free(counted);
}

const struct vouch *tlsctx_vouch(const struct tlsctx *t)
{
	return t->vouch;
}

bool tlsctx_shows(const struct tlsctx *t, enum tls_door door, struct slice name,
		  const X509 *cert)
{
	const SSL_CTX *ctx = t->ctx[door];
	int fits = -1;

	if (doors[door].accepts && doors[door].leg == LEG_OUTSIDE)
		fits = tlsctx_own_fits(ctx, name, cert);
	if (fits >= 0)
		return fits > 0;
	return !X509_cmp(SSL_CTX_get0_certificate(ctx), cert);
}

/* Did a door before this one show it? */
static bool is_shown_before(const struct tlsctx *t, int door, const X509 *cert)
{
	for (int i = 0; i < door; i++) {
		if (!X509_cmp(SSL_CTX_get0_certificate(t->ctx[i]), cert))
			return true;
	}
	return false;
}

void tlsctx_each_shown(const struct tlsctx *t, tlsctx_shown_fn *fn, void *arg)
{
	for (int i = 0; i < TLS_DOORS; i++) {
		X509 *cert = SSL_CTX_get0_certificate(t->ctx[i]);

		if (!is_shown_before(t, i, cert))
			fn(cert, arg);
	}
	tlsctx_own_each(t->ctx[TLS_OUTSIDE], fn, arg);
}

struct crl_board *tlsctx_board(const struct tlsctx *t)
{
	return t->board;
}

X509_STORE *tlsctx_trust(const struct tlsctx *t, enum leg leg)
{
	return SSL_CTX_get_cert_store(
		t->ctx[leg == LEG_OUTSIDE ? TLS_TO_OUTSIDE : TLS_TO_INSIDE]);
}

void tlsctx_judged_by(const struct tlsctx *t, SSL *ssl,
		      const struct partner_settings *partner)
{
	X509_STORE *own = vouch_store(t->vouch, partner);

	/* peer.c looks for the purpose that it has to have instead. */
	if (partner->purpose == PURPOSE_SIP)
		X509_VERIFY_PARAM_set_purpose(SSL_get0_param(ssl),
					      X509_PURPOSE_ANY);
	if (partner->pins.n > 0)
		SSL_set_verify(ssl, SSL_VERIFY_PEER, verify_by_pin);
	else if (own)
		SSL_set1_verify_cert_store(ssl, own);
}

/* RFC 6066 §3: literal addresses are not permitted in "HostName". */
static bool set_sni(SSL *ssl, struct slice name)
{
	union addr literal;
	char host[256];

	if (name.n == 0 || name.n >= sizeof(host) ||
	    addr_parse(&literal, name, 0) == 0)
		return true;
	memcpy(host, name.p, name.n);
	host[name.n] = '\0';
	return SSL_set_tlsext_host_name(ssl, host) == 1;
}

SSL *tlsctx_session(const struct tlsctx *t, enum tls_door door,
		    struct slice name)
{
	SSL *ssl = SSL_new(t->ctx[door]);

	if (!ssl)
		return NULL;
	if (doors[door].accepts) {
		SSL_set_accept_state(ssl);
		return ssl;
	}
	SSL_set_connect_state(ssl);
	if (set_sni(ssl, name))
		return ssl;
	SSL_free(ssl);
	return NULL;
}
