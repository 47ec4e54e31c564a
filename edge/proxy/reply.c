/*
 * reply.c: answers of our own, and the log line that names the rule.
 */
#include "reply.h"

#include "hop.h"
#include "recall_notes.h"
#include "veil.h"

#include "base/b64.h"
#include "base/hash.h"
#include "sip/sanity.h"

#define TAG_LEN B64_LEN(sizeof(uint64_t))

/* A To tag: any word that no stranger can guess. */
static struct slice make_tag(char out[TAG_LEN], uint64_t seed)
{
	uint64_t h = hash_bytes(seed, SLICE("tag"));

	b64_encode(out, (const uint8_t *)&h, sizeof(h));
	return (struct slice){.p = out, .n = TAG_LEN};
}

/* A device is asked for its digest: every call begins so. */
static bool is_question(const struct facts *f, const struct verdict *v)
{
	return v->status == 407 && f->digest != DIGEST_WRONG;
}

static void log_refusal(struct job *j, const struct verdict *v)
{
	char name[24], addr[ADDR_TEXT_MAX];
	char method[LOG_TEXT_MAX], from[LOG_TEXT_MAX], uri[LOG_TEXT_MAX];
	enum log_level level =
		is_question(j->f, v) ? LOG_LEVEL_INFO : LOG_LEVEL_NOTICE;
	const char *verb = v->kind == VERDICT_DROP ? "drop" : "refuse";

	if (!log_admits(level, verb))
		return;
	log_event(level, conn_name(j->flow->conn, name), verb,
		  "rule=%s status=%u method=%s from=%s uri=%s peer=%s", v->rule,
		  v->status, log_text(method, j->f->method_name),
		  log_text(from, slice_of(j->f->from_aor)),
		  log_text(uri, j->f->ruri.raw),
		  addr_text(&j->flow->conn->peer, addr));
}

static struct slice tag_of(const struct job *j, char out[TAG_LEN])
{
	return make_tag(out, hash_bytes(j->flow->conn->id, j->f->branch));
}

/* Nothing is kept of such an answer but its tag, which follows from what was
 * answered. The ACK of a call that is up carries our Route, and is looked at no
 * further. */
bool reply_was_final(const struct job *j)
{
	char tag[TAG_LEN];

	return !j->f->routes && slice_eq(j->f->to_tag, tag_of(j, tag));
}

void reply_now(struct job *j, uint16_t status, struct slice extra)
{
	struct buf out = {0};
	char tag[TAG_LEN];

	if (j->f->method == METHOD_ACK)
		return;
	if (!headers_answer(&out, wire_frame(j->msg), 0, j->mark, status,
			    tag_of(j, tag), extra) &&
	    !out.failed)
		flow_send(j->flow, buf_slice(&out));
	buf_fini(&out);
	count_up(&j->p->count.answered);
}

void reply_verdict(struct job *j, const struct verdict *v)
{
	if (v->kind == VERDICT_FORWARD) {
		reply_now(j, 200, (struct slice){0});
		return;
	}
	log_refusal(j, v);
	if (v->kind == VERDICT_DROP) {
		count_up(&j->p->count.dropped);
		return;
	}
	count_up(&j->p->count.refused);
	reply_now(j, v->status, v->extra);
}

bool reply_frame(struct flow *f, const struct frame *frame,
		 const struct verdict *v)
{
	struct buf out = {0};
	char tag[TAG_LEN];

	if (frame->response || !sanity_answerable(frame))
		return false;
	/* RFC 3261 §17.1.1.2: an ACK is never answered. */
	if (frame->bytes.n > 4 && !memcmp(frame->bytes.p, "ACK ", 4))
		return true;
	if (!headers_answer(&out, frame, 0, (struct slice){0}, v->status,
			    make_tag(tag, f->conn->id), v->extra) &&
	    !out.failed)
		flow_send(f, buf_slice(&out));
	buf_fini(&out);
	return true;
}

/* The request as we kept it has our own Via on top, and outward no other. */
static void answer_kept(struct txn *t, uint16_t status, struct slice extra)
{
	static const struct slice none;
	static _Thread_local struct frame kept;
	struct buf out = {0};
	unsigned own = veil_took_vias(&t->veil) ? 0 : 1;
	char tag[TAG_LEN];

	if (!t->up || !t->sent ||
	    framer_index(&kept, (struct slice){.p = t->sent, .n = t->sent_len}))
		return;
	if (!headers_answer(&out, &kept, own, none, status,
			    status == 100 ? none : make_tag(tag, t->key),
			    extra) &&
	    !veil_own_answer(&t->veil, &out) && !out.failed)
		flow_send(t->up, buf_slice(&out));
	buf_fini(&out);
	count_up(&t->p->count.answered);
}

void reply_trying(struct txn *t)
{
	if (!t->answered)
		answer_kept(t, 100, (struct slice){0});
	t->answered = true;
}

static void log_final(struct txn *t, uint16_t status, const char *rule)
{
	char name[40];

	log_event(LOG_LEVEL_NOTICE, txn_name(t, name), "give-up",
		  "rule=%s status=%u", rule, status);
}

void reply_final_with(struct txn *t, uint16_t status, const char *rule,
		      struct slice extra)
{
	struct proxy *p = t->p;

	if (t->method == METHOD_ACK) {
		txn_destroy(t);
		return;
	}
	log_final(t, status, rule);
	recall_final(t, status, rule);
	deadline_stop(&t->hop_timer);
	answer_kept(t, status, extra);
	if (t->method != METHOD_INVITE) {
		txn_destroy(t);
		return;
	}
	hop_destroy(&t->hop);
	deadline_stop(&t->hop_timer);
	txn_enter(t, TXN_COMPLETED);
	deadline_start(&p->life, &t->life, p->w->now_ms);
}

void reply_final(struct txn *t, uint16_t status, const char *rule)
{
	reply_final_with(t, status, rule, (struct slice){0});
}
