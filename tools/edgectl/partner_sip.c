/*
 * partner_sip.c: OPTIONS to the partner's domain, and what its answer means.
 */
#include "partner.h"
#include "reach.h"

#include "base/buf.h"
#include "base/now.h"

#include <inttypes.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define ANSWER_MS    8000
#define ALERT_MS     1000
#define ANSWER_BYTES 16384

static void write_options(struct buf *out, const struct trial *t)
{
	const struct settings *s = t->s;
	uint64_t id[2] = {0};
	char text[1024];

	if (getrandom(id, sizeof(id), 0) != sizeof(id))
		id[0] = now_mono_ms();
	snprintf(text, sizeof(text),
		 "OPTIONS sip:%s SIP/2.0\r\n"
		 "Via: SIP/2.0/TLS %s:%u;branch=z9hG4bK%016" PRIx64 ";rport\r\n"
		 "Max-Forwards: 70\r\n"
		 "From: <sip:edgectl@%s>;tag=%08" PRIx32 "\r\n"
		 "To: <sip:%s>\r\n"
		 "Call-ID: %016" PRIx64 "\r\n"
		 "CSeq: 1 OPTIONS\r\n"
		 "Contact: <sip:%s:%u;transport=tls>\r\n"
		 "Accept: application/sdp\r\n"
		 "Content-Length: 0\r\n\r\n",
		 t->domain, s->leg[LEG_OUTSIDE].fqdn,
		 s->leg[LEG_OUTSIDE].tls_port, id[0], s->sip_domains.v[0],
		 (uint32_t)id[1], t->domain, id[1] ^ id[0],
		 s->leg[LEG_OUTSIDE].fqdn, s->leg[LEG_OUTSIDE].tls_port);
	buf_puts(out, text);
}

/* RFC 8446 §4.6.1: a ticket comes once they have taken our certificate. */
static void watch(int is_write, int version, int type, const void *p, size_t n,
		  SSL *ssl, void *arg)
{
	struct target *g = arg;

	(void)version, (void)ssl;
	if (!is_write && type == SSL3_RT_HANDSHAKE && n &&
	    *(const unsigned char *)p == SSL3_MT_NEWSESSION_TICKET)
		g->taken = true;
}

/* > 0: bytes; 0: too late, or taken; < 0: they closed, or an alert. */
static int some(struct target *g, char *p, int n, uint64_t until,
		const bool *enough)
{
	for (;;) {
		int r, e;

		ERR_clear_error();
		r = SSL_read(g->ssl, p, n);
		if (r > 0)
			return r;
		e = SSL_get_error(g->ssl, r);
		if (e != SSL_ERROR_WANT_READ && e != SSL_ERROR_WANT_WRITE)
			return -1;
		if (enough && *enough)
			return 0;
		if (!reach_wait(g->fd, e == SSL_ERROR_WANT_WRITE, until))
			return 0;
	}
}

/* The status of the first final answer in the bytes; 0: none yet. */
static unsigned final_status(struct buf *in)
{
	for (;;) {
		char *end = in->n ? memmem(in->p, in->n, "\r\n\r\n", 4) : NULL;
		unsigned status = 0;

		if (!end)
			return 0;
		*end = '\0';
		if (sscanf(in->p, "SIP/2.0 %3u", &status) != 1)
			return 999;
		if (status >= 200)
			return status;
		buf_consume(in, (size_t)(end - in->p) + 4);
	}
}

static unsigned wait_answer(struct trial *t, struct target *g, int *how)
{
	uint64_t until = trial_until(t, ANSWER_MS);
	struct buf in = {0};
	unsigned status = 0;
	char part[2048];

	while (!status && in.n < ANSWER_BYTES) {
		*how = some(g, part, sizeof(part), until, NULL);
		if (*how <= 0)
			break;
		buf_add(&in, (struct slice){part, (size_t)*how});
		status = in.failed ? 0 : final_status(&in);
	}
	buf_fini(&in);
	return status;
}

/* What each answer usually means between two edges. */
static bool explain_status(struct trial *t, unsigned status)
{
	switch (status) {
	case 403:
		trial_step(t, false, "options",
			   "403: their side does not list us: a one-sided "
			   "allow list (or it blocks us); they must allow %s",
			   t->s->sip_domains.v[0]);
		return false;
	case 401:
	case 407:
		trial_step(t, false, "options",
			   "%u: they ask for a password, and take us for a "
			   "user: their side does not know our certificate as "
			   "a partner's",
			   status);
		return false;
	case 503:
	case 504:
		trial_step(t, false, "options",
			   "%u: their edge talks to us, but cannot reach its "
			   "own servers, or has enough of us",
			   status);
		return false;
	case 999:
		trial_step(t, false, "options", "what they say is not SIP");
		return false;
	default:
		trial_step(t, true, "options",
			   status < 300 ? "%u: they answer"
					: "%u: they answer, and let us in",
			   status);
		return true;
	}
}

static bool say_silence(struct trial *t, int how)
{
	const char *words = how < 0 ? tls_alert_words() : NULL;

	if (words)
		trial_step(t, false, "options", "%s", words);
	else if (how < 0)
		trial_step(t, false, "options",
			   "they closed the connection: their side refuses our "
			   "certificate or does not list us");
	else
		trial_step(t, false, "options",
			   "no answer within %u s: their side drops what it "
			   "does not list",
			   ANSWER_MS / 1000);
	return false;
}

/* RFC 8446 §4.4.2.4: what they think of our certificate comes behind the
 * handshake, and is lost when they close on bytes that they did not read. */
static bool hear_alert(struct trial *t, struct target *g)
{
	char part[256];

	SSL_set_msg_callback(g->ssl, watch);
	SSL_set_msg_callback_arg(g->ssl, g);
	return some(g, part, sizeof(part), trial_until(t, ALERT_MS),
		    &g->taken) >= 0;
}

bool options_step(struct trial *t, struct target *g)
{
	struct buf out = {0};
	unsigned status;
	int how = -1;

	if (!hear_alert(t, g))
		return say_silence(t, -1);
	write_options(&out, t);
	ERR_clear_error();
	if (out.failed || SSL_write(g->ssl, out.p, (int)out.n) <= 0) {
		buf_fini(&out);
		return say_silence(t, -1);
	}
	buf_fini(&out);
	status = wait_answer(t, g, &how);
	return status ? explain_status(t, status) : say_silence(t, how);
}
