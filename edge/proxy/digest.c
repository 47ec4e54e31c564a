/*
 * digest.c: asks devices for a digest, and counts who answers wrongly.
 *
 * RFC 3261 §22.3, RFC 7616. What was answered is judged in facts; the nonce is
 * a signed word, so that nothing is kept of a question.
 */
#include "digest.h"

#include "devices.h"

static void put_nonce(struct buf *out, const struct job *j)
{
	char nonce[TOKEN_NONCE_LEN];

	token_nonce_mint(j->p->pen, j->flow->conn->id, j->p->w->wall_s, nonce);
	buf_add(out, (struct slice){nonce, sizeof(nonce)});
}

/* MD5 alone: the secret is an MD5 already, and old units know nothing else. */
static struct verdict ask(struct job *j, struct verdict v)
{
	struct buf *out = &j->p->top;

	buf_reset(out);
	buf_puts(out, "Proxy-Authenticate: Digest realm=\"");
	buf_puts(out, j->p->w->settings->sip_domains.v[0]);
	buf_puts(out, "\", nonce=\"");
	put_nonce(out, j);
	/* RFC 7616 §3.3: the answer was right, the question too old. */
	buf_puts(out, j->f->digest == DIGEST_STALE ? "\", stale=true" : "\"");
	buf_puts(out, ", algorithm=MD5, qop=\"auth\"\r\n");
	if (out->failed)
		return verdict_refuse(503, "out-of-memory");
	v.extra = buf_slice(out);
	return v;
}

static void log_shut(const struct job *j)
{
	char name[24], addr[ADDR_TEXT_MAX], device[LOG_TEXT_MAX];

	log_event(LOG_LEVEL_NOTICE, conn_name(j->flow->conn, name),
		  "device-shut", "device=%s wrong=%d for_s=%d peer=%s",
		  log_text(device, slice_of(j->f->origin.device->name)),
		  DEVICES_WRONG_MAX, DEVICES_SHUT_MS / 1000,
		  addr_text(&j->flow->conn->peer, addr));
}

struct verdict digest_settle(struct job *j, struct verdict v)
{
	const struct facts *f = j->f;
	bool asks = v.kind == VERDICT_REFUSE && v.status == 407;

	if (f->digest == DIGEST_UNASKED || (!asks && v.kind != VERDICT_FORWARD))
		return v;
	switch (devices_prove(j->p->shared->devices, f->origin.device,
			      f->digest, j->p->w->now_ms)) {
	case DEVICES_NOW_SHUT:
		log_shut(j);
		return verdict_refuse(403, "device-shut");
	case DEVICES_SHUT:
		return verdict_refuse(403, "device-shut");
	case DEVICES_OPEN:
		break;
	}
	return asks ? ask(j, v) : v;
}
