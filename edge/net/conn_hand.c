/*
 * conn_hand.c - the TLS handshake, and who it proved to be there.
 */
#include "conn_say.h"
#include "peer.h"
#include "pool.h"
#include "tlsctx_seen.h"
#include "worker_state.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#define STEPS_MAX 64 /* a minute; a KeyUpdate and its answer take about four */

static int read_names(struct cert_names **out, struct conn_inner *c,
		      const struct partner_settings *partner)
{
	struct conns *cs = conn_home(c);
	const struct peer_judge by = {
		.tls = cs->tls,
		.leg = c->pub.leg,
		.ours = c->pub.door == DOOR_OUT,
		.partner = partner,
	};
	char why[WHY_MAX];

	c->judged = cs->judge;
	return peer_names_read(out, c->ssl, &by, why);
}

/* RFC 5922 §7.3: the certificate proves the name that was asked for. */
static bool proves_name(const struct conn_inner *c,
			const struct cert_names *names)
{
	struct slice also = pool_also(c);

	return cert_names_match(names, pool_name(c)) ||
	       (also.n > 0 && cert_names_match(names, also)) ||
	       (c->pub.leg == LEG_INSIDE &&
		peer_stands_for(names, c->pub.worker->settings, pool_name(c)));
}

/* 0, or why it may not stay. */
static int judge(struct conn_inner *c, enum conn_end *end)
{
	bool ours = c->pub.door == DOOR_OUT;
	int err = read_names(&c->pub.names, c, pool_partner(c));

	*end = CONN_END_HANDSHAKE;
	if (err == EACCES)
		conn_say_nobody(c);
	if (err && (err != EACCES || ours || c->pub.leg == LEG_INSIDE))
		return err;
	if (!ours || proves_name(c, c->pub.names))
		return 0;
	conn_say_name(c);
	*end = CONN_END_NAME;
	return EACCES;
}

static void refuse_name(const struct conn_inner *c)
{
	struct refused_cert r;

	refused_cert_by_rule(&r, SSL_get0_peer_certificate(c->ssl),
			     "certificate-must-prove-name",
			     "it has not the name that is wanted now");
	tlsctx_refuse(c->ssl, &r);
}

int conn_rejudge(struct conn *pub)
{
	struct conn_inner *c = conn_inner(pub);
	struct cert_names *names = NULL;
	bool believed = pub->names != NULL;

	if (!c->ssl || !pub->open || c->judged == conn_home(c)->judge)
		return 0;
	read_names(&names, c, pool_partner_now(c));
	/* Who is in a pool may have changed. */
	if (c->entry && names && !proves_name(c, names)) {
		refuse_name(c);
		cert_names_destroy(&names);
	}
	if (believed && !names)
		conn_say_lost(c, pub->names);
	cert_names_destroy(&pub->names);
	pub->names = names;
	return believed && !names ? EACCES : 0;
}

/*
 * A flood of KeyUpdates (RFC 8446 §4.6.3): each costs us a key, and none ever
 * reaches the room above. What OpenSSL has read is bounded; after that it
 * reads an end.
 */
static void on_step(const SSL *ssl, int where, int value)
{
	struct conn_inner *c = SSL_get_app_data(ssl);
	char peer[ADDR_TEXT_MAX], name[24];
	uint16_t minute;

	(void)value;
	if (!c || !(where & SSL_CB_LOOP) || c->state != CONN_OPEN)
		return;
	minute = (uint16_t)(c->pub.worker->now_ms / 60000);
	if (c->shaken_min != minute) {
		c->shaken_min = minute;
		c->shaken = 0;
	}
	if (c->shaken++ != STEPS_MAX)
		return;
	log_event(LOG_LEVEL_NOTICE, conn_name(&c->pub, name), "flood",
		  "peer=%s rule=handshake-messages-a-minute",
		  addr_text(&c->pub.peer, peer));
	shutdown(c->fd, SHUT_RDWR);
}

static void guard(struct conn_inner *c)
{
	SSL_set_app_data(c->ssl, c);
	SSL_set_info_callback(c->ssl, on_step);
}

static void done(struct conn_inner *c)
{
	enum conn_end end;

	if (judge(c, &end)) {
		conn_count_failed(c);
		conn_close(&c->pub, end);
		return;
	}
	if (log_wanted(LOG_LEVEL_INFO))
		conn_say_open(c);
	guard(c);
	conn_opened(c);
}

/* A balancer that speaks for itself and leaves: is anybody there? */
static bool is_health_check(const struct conn_inner *c)
{
	return c->unnamed && BIO_number_read(SSL_get_rbio(c->ssl)) == 0;
}

void conn_shake_failed(struct conn_inner *c, unsigned long code)
{
	enum conn_end why = CONN_END_PEER;

	if (!is_health_check(c)) {
		why = CONN_END_HANDSHAKE;
		conn_count_failed(c);
		conn_say_failed(c, code);
	}
	c->broken = true;
	conn_close(&c->pub, why);
}

void conn_shake(struct conn_inner *c)
{
	int result, error;

	ERR_clear_error();
	result = SSL_do_handshake(c->ssl);
	if (result == 1) {
		done(c);
		return;
	}
	error = SSL_get_error(c->ssl, result);
	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
		conn_shake_failed(c, ERR_peek_error());
		return;
	}
	c->blocked = error == SSL_ERROR_WANT_WRITE;
	conn_watch(c);
}
