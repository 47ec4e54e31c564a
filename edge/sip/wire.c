/*
 * wire.c - one frame through Sofia's parser.
 *
 * Sofia is given exactly one message that our scan let pass, in one piece,
 * with its size said beforehand: fed otherwise it may wait for ever or abort.
 * It parses in its own copy; the frame stays as it came.
 */
#include "wire_private.h"

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/su_alloc.h>

#include <errno.h>

/* One piece of memory for a usual message, rather than one a field. */
#define POOL_BYTES 4096
/* Pieces that Sofia's buffer may come in; a fresh one comes in one. */
#define PIECES 4

static int copy_in(msg_t *parsed, struct slice bytes)
{
	msg_iovec_t piece[PIECES];
	ssize_t n = msg_recv_iovec(parsed, piece, PIECES, bytes.n, 1);
	struct slice left = bytes;

	if (n <= 0)
		return ENOMEM;
	for (ssize_t i = 0; i < n && left.n > 0; i++) {
		size_t take =
			piece[i].mv_len < left.n ? piece[i].mv_len : left.n;

		memcpy(piece[i].mv_base, left.p, take);
		left = (struct slice){left.p + take, left.n - take};
	}
	if (left.n > 0)
		return ENOMEM;
	return msg_recv_commit(parsed, bytes.n, 1) < 0 ? ENOMEM : 0;
}

int wire_parse(struct msg **out, const struct frame *f)
{
	msg_t *parsed = msg_create(sip_default_mclass(), 0);
	struct msg *m;
	int error;

	if (!parsed)
		return ENOMEM;
	su_home_preload(msg_home(parsed), 1, POOL_BYTES);
	msg_maxsize(parsed, f->bytes.n + 1);
	m = su_zalloc(msg_home(parsed), sizeof(*m));
	error = m ? copy_in(parsed, f->bytes) : ENOMEM;
	if (!error && msg_extract(parsed) <= 0)
		error = EBADMSG;
	if (!error && !(sip_object(parsed)->sip_flags & MSG_FLG_COMPLETE))
		error = EBADMSG;
	if (error) {
		msg_destroy(parsed);
		return error;
	}
	m->frame = f;
	m->parsed = parsed;
	m->sip = sip_object(parsed);
	*out = m;
	return 0;
}

void wire_destroy(struct msg **m)
{
	if (*m)
		msg_destroy((*m)->parsed);
	*m = NULL;
}

const struct frame *wire_frame(const struct msg *m)
{
	return m->frame;
}
