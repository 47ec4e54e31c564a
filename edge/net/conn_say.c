/*
 * conn_say.c - what is logged of handshakes and certificates.
 *
 * Nobody who fails makes us write more than a few lines a minute. Before it is
 * known that a line is wanted nothing is read or printed.
 */
#include "conn_say.h"

#include "blame.h"
#include "cert/certificate.h"
#include "pool.h"
#include "tlsctx_seen.h"
#include "worker_state.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#define NAMES_TEXT 256
#define LOOK_MS	   5000 /* is somebody's minute over? */

static void count_up(uint64_t *c)
{
	__atomic_store_n(c, *c + 1, __ATOMIC_RELAXED);
}

static const char *by_word(const struct conn_inner *c)
{
	return c->pub.door == DOOR_OUT ? "us" : "peer";
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

/* Verified or not; "" when none was shown. */
static void shown_names(char names[NAMES_TEXT], char print[65], const SSL *ssl)
{
	X509 *cert = ssl ? SSL_get0_peer_certificate(ssl) : NULL;
	struct cert_names *n = NULL;
	char why[WHY_MAX];

	snprintf(names, NAMES_TEXT, "-");
	snprintf(print, 65, "-");
	if (!cert)
		return;
	cert_fingerprint(print, cert);
	if (cert_names_of(&n, cert, why) == 0)
		list_names(names, n);
	cert_names_destroy(&n);
}

static bool may_tell(const struct conn_inner *c, const char *rule)
{
	struct conns *cs = conn_home(c);

	if (!log_wanted(LOG_LEVEL_NOTICE))
		return false;
	if (cs->failures && !deadline_running(&cs->telling))
		deadline_start(&cs->telling_queue, &cs->telling,
			       cs->worker->now_ms);
	return failures_tell(cs->failures, &c->pub.peer, rule,
			     cs->worker->now_ms);
}

static void count_revoked(const struct conn_inner *c,
			  const struct refused_cert *r)
{
	if (!strcmp(r->rule, "certificate-revoked"))
		count_up(&c->pub.worker->counters.revoked);
}

/* What the peer showed; it proves nothing. */
static void say_refused(struct conn_inner *c, const char *verb,
			const struct refused_cert *r)
{
	char peer[ADDR_TEXT_MAX], name[24];
	char subject[LOG_TEXT_MAX], names[LOG_TEXT_MAX];

	count_revoked(c, r);
	if (!may_tell(c, r->rule))
		return;
	log_event(LOG_LEVEL_NOTICE, conn_name(&c->pub, name), verb,
		  "peer=%s leg=%s by=%s rule=%s reason=\"%s\" depth=%d "
		  "names=%s sha256=%s subject=%s",
		  addr_text(&c->pub.peer, peer), settings_leg_word(c->pub.leg),
		  by_word(c), r->rule, r->reason, r->depth,
		  log_text(names, slice_of(r->names)), r->fingerprint,
		  log_text(subject, slice_of(r->subject)));
}

static void say_blame(struct conn_inner *c, const struct blame *b,
		      const char *alert)
{
	char peer[ADDR_TEXT_MAX], name[24], names[NAMES_TEXT], print[65];
	char shown[LOG_TEXT_MAX];

	if (!may_tell(c, b->rule))
		return;
	shown_names(names, print, c->ssl);
	log_event(LOG_LEVEL_NOTICE, conn_name(&c->pub, name), "handshake",
		  "peer=%s leg=%s by=%s rule=%s reason=\"%s\"%s%s%s names=%s "
		  "sha256=%s",
		  addr_text(&c->pub.peer, peer), settings_leg_word(c->pub.leg),
		  by_word(c), b->rule, b->words, alert ? " alert=\"" : "",
		  alert ? alert : "", alert ? "\"" : "",
		  log_text(shown, slice_of(names)), print);
}

void conn_count_failed(struct conn_inner *c)
{
	count_up(&c->pub.worker->counters.handshakes_failed);
}

void conn_say_failed(struct conn_inner *c, unsigned long code)
{
	const struct refused_cert *r = c->ssl ? tlsctx_refused(c->ssl) : NULL;
	struct blame b = blame_error(code);

	if (r && !blame_alert(code))
		say_refused(c, "handshake", r);
	else
		say_blame(c, &b, blame_alert(code));
}

void conn_say_late(struct conn_inner *c)
{
	struct blame late = blame_late();

	if (c->state == CONN_INTRODUCING)
		conn_say_header(c, "its PROXY header did not come in time");
	else
		say_blame(c, &late, NULL);
}

void conn_say_header(struct conn_inner *c, const char *fault)
{
	struct blame b = {.rule = "proxy-header", .words = fault};

	say_blame(c, &b, NULL);
}

void conn_say_introduced(const struct conn_inner *c, const union addr *peer)
{
	char by[ADDR_TEXT_MAX], is[ADDR_TEXT_MAX], name[24];

	if (!log_wanted(LOG_LEVEL_DEBUG))
		return;
	log_event(LOG_LEVEL_DEBUG, conn_name(&c->pub, name), "introduce",
		  "peer=%s balancer=%s", addr_text(peer, is),
		  addr_text(&c->pub.peer, by));
}

void conn_say_turned_away(const struct conn_inner *c, const char *rule)
{
	char peer[ADDR_TEXT_MAX], name[24];

	log_event(LOG_LEVEL_NOTICE, conn_name(&c->pub, name), "refuse",
		  "peer=%s door=%s rule=%s", addr_text(&c->pub.peer, peer),
		  c->pub.door == DOOR_USERS ? "users" : "tls", rule);
}

void conn_say_nobody(struct conn_inner *c)
{
	const struct refused_cert *r = tlsctx_refused(c->ssl);

	if (r)
		say_refused(c, "certificate", r);
}

void conn_say_name(struct conn_inner *c)
{
	char peer[ADDR_TEXT_MAX], name[24];
	char names[NAMES_TEXT], wanted[LOG_TEXT_MAX], other[LOG_TEXT_MAX];
	struct slice also = pool_also(c);

	if (!may_tell(c, "certificate-must-prove-name"))
		return;
	list_names(names, c->pub.names);
	log_event(LOG_LEVEL_NOTICE, conn_name(&c->pub, name), "name",
		  "peer=%s leg=%s rule=certificate-must-prove-name wanted=%s "
		  "also=%s names=%s sha256=%s",
		  addr_text(&c->pub.peer, peer), settings_leg_word(c->pub.leg),
		  log_text(wanted, pool_name(c)),
		  also.n ? log_text(other, also) : "-", names,
		  c->pub.names ? c->pub.names->fingerprint : "-");
}

void conn_say_open(const struct conn_inner *c)
{
	const char *print = c->pub.names ? c->pub.names->fingerprint : "-";
	char peer[ADDR_TEXT_MAX], name[24], names[NAMES_TEXT];

	list_names(names, c->pub.names);
	log_event(LOG_LEVEL_INFO, conn_name(&c->pub, name), "open",
		  "peer=%s leg=%s by=%s version=%s cipher=%s names=%s "
		  "sha256=%s",
		  addr_text(&c->pub.peer, peer), settings_leg_word(c->pub.leg),
		  by_word(c), SSL_get_version(c->ssl),
		  SSL_get_cipher_name(c->ssl), names, print);
}

void conn_say_lost(const struct conn_inner *c, const struct cert_names *names)
{
	const struct refused_cert *r = tlsctx_refused(c->ssl);
	char peer[ADDR_TEXT_MAX], name[24], text[NAMES_TEXT];

	if (!r)
		return;
	count_revoked(c, r);
	list_names(text, names);
	log_event(LOG_LEVEL_NOTICE, conn_name(&c->pub, name), "disbelieved",
		  "peer=%s leg=%s by=%s rule=%s reason=\"%s\" names=%s "
		  "sha256=%s",
		  addr_text(&c->pub.peer, peer), settings_leg_word(c->pub.leg),
		  by_word(c), r->rule, r->reason, text, names->fingerprint);
}

static void say_sum(const struct failures_sum *sum, void *arg)
{
	char peer[ADDR_TEXT_MAX];

	(void)arg;
	log_event(LOG_LEVEL_NOTICE, "net", "handshakes",
		  "peer=%s suppressed=%llu within_s=%u last=%s",
		  sum->peer ? addr_text(sum->peer, peer) : "others",
		  (unsigned long long)sum->suppressed, FAILURES_MS / 1000,
		  sum->rule);
}

static void on_look(struct deadline *d, uint64_t now_ms, void *arg)
{
	struct conns *cs = arg;

	if (failures_end(cs->failures, now_ms, say_sum, NULL))
		deadline_start(&cs->telling_queue, d, now_ms);
}

void conn_say_init(struct conns *cs)
{
	deadline_queue_init(&cs->telling_queue, &cs->worker->clock, LOOK_MS,
			    on_look, cs);
}

void conn_say_rest(struct failures *f)
{
	if (f)
		failures_end(f, UINT64_MAX, say_sum, NULL);
}
