/*
 * conn_hand.c - the TLS handshake, and who it proved to be there.
 */
#include "conn_state.h"
#include "peer.h"
#include "pool.h"
#include "tlsctx_seen.h"
#include "worker_state.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>

#define NAMES_TEXT 256
#define STEPS_MAX  64 /* a minute; a KeyUpdate and its answer take about four */

static const char *peer_of(const struct conn_inner *c, char *out)
{
	return addr_text(&c->pub.peer, out);
}

/* What the peer showed; it proves nothing. */
static void say_refused(const struct conn_inner *c, const char *verb,
			const struct refused_cert *r)
{
	char peer[ADDR_TEXT_MAX], name[24];
	char reason[LOG_TEXT_MAX], subject[LOG_TEXT_MAX];

	log_event(LOG_LEVEL_NOTICE, conn_name(&c->pub, name), verb,
		  "peer=%s rule=%s reason=%s depth=%d subject=%s names=%s "
		  "sha256=%s",
		  peer_of(c, peer), r->rule,
		  log_text(reason, slice_of(r->reason)), r->depth,
		  log_text(subject, slice_of(r->subject)), r->names,
		  r->fingerprint);
}

static void say_failed(const struct conn_inner *c, const char *reason)
{
	const struct refused_cert *r = tlsctx_refused(c->ssl);
	char peer[ADDR_TEXT_MAX], name[24], text[LOG_TEXT_MAX];

	if (r) {
		say_refused(c, "handshake", r);
		return;
	}
	log_event(LOG_LEVEL_NOTICE, conn_name(&c->pub, name), "handshake",
		  "peer=%s reason=%s", peer_of(c, peer),
		  log_text(text, slice_of(reason)));
}

/* One rule said why this certificate names nobody. */
static void say_nobody(const struct conn_inner *c)
{
	const struct refused_cert *r = tlsctx_refused(c->ssl);

	if (r)
		say_refused(c, "certificate", r);
}

static void list_names(char out[NAMES_TEXT], const struct cert_names *names)
{
	size_t at = 0;

	out[0] = '-';
	out[1] = '\0';
	for (size_t i = 0; names && i < names->n; i++) {
		int n = snprintf(out + at, NAMES_TEXT - at, "%s%s",
				 i ? "," : "", names->name[i].text);

		if (n < 0 || (size_t)n >= NAMES_TEXT - at)
			return;
		at += (size_t)n;
	}
}

static void say_name(const struct conn_inner *c)
{
	char peer[ADDR_TEXT_MAX], name[24];
	char names[NAMES_TEXT], wanted[LOG_TEXT_MAX], other[LOG_TEXT_MAX];
	struct slice also = pool_also(c);

	list_names(names, c->pub.names);
	log_event(LOG_LEVEL_NOTICE, conn_name(&c->pub, name), "name",
		  "peer=%s rule=certificate-must-prove-name wanted=%s also=%s "
		  "names=%s",
		  peer_of(c, peer), log_text(wanted, pool_name(c)),
		  also.n ? log_text(other, also) : "-", names);
}

static void say_open(const struct conn_inner *c)
{
	const char *print = c->pub.names ? c->pub.names->fingerprint : "-";
	char peer[ADDR_TEXT_MAX], name[24], names[NAMES_TEXT];

	list_names(names, c->pub.names);
	log_event(LOG_LEVEL_INFO, conn_name(&c->pub, name), "open",
		  "peer=%s leg=%s by=%s version=%s cipher=%s names=%s "
		  "sha256=%s",
		  peer_of(c, peer),
		  c->pub.leg == LEG_OUTSIDE ? "outside" : "inside",
		  c->pub.door == DOOR_OUT ? "us" : "peer",
		  SSL_get_version(c->ssl), SSL_get_cipher_name(c->ssl), names,
		  print);
}

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
	int err = peer_names_read(out, c->ssl, &by, why);

	c->judged = cs->judge;
	if (err == EACCES)
		say_nobody(c);
	return err;
}

/* RFC 5922 §7.3: the certificate proves the name that was asked for. */
static bool proves_name(const struct conn_inner *c)
{
	struct slice also = pool_also(c);

	return cert_names_match(c->pub.names, pool_name(c)) ||
	       (also.n > 0 && cert_names_match(c->pub.names, also));
}

/* 0, or why it may not stay. */
static int judge(struct conn_inner *c, enum conn_end *end)
{
	bool ours = c->pub.door == DOOR_OUT;
	int err = read_names(&c->pub.names, c, pool_partner(c));

	*end = CONN_END_HANDSHAKE;
	if (err && (err != EACCES || ours || c->pub.leg == LEG_INSIDE))
		return err;
	if (!ours || proves_name(c))
		return 0;
	say_name(c);
	*end = CONN_END_NAME;
	return EACCES;
}

int conn_rejudge(struct conn *pub)
{
	struct conn_inner *c = conn_inner(pub);
	struct cert_names *names = NULL;
	bool believed = pub->names != NULL;

	if (!c->ssl || !pub->open || c->judged == conn_home(c)->judge)
		return 0;
	read_names(&names, c, pool_partner_now(c));
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
		  "peer=%s rule=handshake-messages-a-minute", peer_of(c, peer));
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
		conn_close(&c->pub, end);
		return;
	}
	if (log_wanted(LOG_LEVEL_INFO))
		say_open(c);
	guard(c);
	conn_opened(c);
}

static void failed(struct conn_inner *c, int error)
{
	unsigned long code = ERR_peek_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	if (error == SSL_ERROR_SYSCALL && !reason)
		reason = "connection lost";
	say_failed(c, reason ? reason : "closed by the peer");
	c->broken = true;
	conn_close(&c->pub, CONN_END_HANDSHAKE);
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
		failed(c, error);
		return;
	}
	c->blocked = error == SSL_ERROR_WANT_WRITE;
	conn_watch(c);
}
