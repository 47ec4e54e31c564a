/*
 * wire.c - one frame through Sofia's parser.
 *
 * Sofia is given exactly one message that our scan let pass, in one piece,
 * with its size said beforehand: fed otherwise it may wait for ever or abort.
 * It parses in its own copy; the frame stays as it came.
 */
#include "wire_private.h"

#include "chars.h"

#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/su_alloc.h>

#include <errno.h>

/* One piece of memory for a usual message, rather than one a field. */
#define POOL_BYTES 4096

/* Sofia takes no unknown method that begins as a known one does and is
 * shorter, such as SERVICE or PING, nor one with "+" or "`" in it. It is given
 * as many other letters in its copy, where only views.c looks at the method. */
static void disguise(char *copy, struct slice bytes, struct slice method)
{
	if (method.n > 0 && facts_method(method) == METHOD_OTHER)
		memset(copy + (method.p - bytes.p), WIRE_DISGUISE, method.n);
}

static void disguise_methods(char *copy, const struct frame *f)
{
	int cseq = frame_find(f, FIELD_CSEQ, 0);
	struct slice s = f->bytes;

	s.n = chars_span(s, CHAR_TOKEN);
	if (!f->response)
		disguise(copy, f->bytes, s);
	if (cseq < 0)
		return;
	s = frame_value(f, (unsigned)cseq);
	s = slice_skip_space(slice_from(s, chars_span(s, CHAR_DIGIT)));
	s.n = chars_span(s, CHAR_TOKEN);
	disguise(copy, f->bytes, s);
}

static int copy_in(msg_t *parsed, const struct frame *f)
{
	msg_iovec_t piece[1];
	size_t n = f->bytes.n;

	if (msg_recv_iovec(parsed, piece, 1, n, 1) != 1 || piece[0].mv_len < n)
		return ENOMEM;
	memcpy(piece[0].mv_base, f->bytes.p, n);
	disguise_methods(piece[0].mv_base, f);
	return msg_recv_commit(parsed, n, 1) < 0 ? ENOMEM : 0;
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
	error = m ? copy_in(parsed, f) : ENOMEM;
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
