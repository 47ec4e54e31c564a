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
#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/msg_parser.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/su_alloc.h>

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

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

/* The fields that sanity compares with its own reading. RFC 3261 §16.3 step 1:
 * a field that we need not read may be malformed, so the rest stays unparsed. */
static const char *const read_fields[] = {
	"Via",		 "From",	  "To",
	"Call-ID",	 "CSeq",	  "Contact",
	"Max-Forwards",	 "Route",	  "Record-Route",
	"Path",		 "Service-Route", "Content-Length",
	"Content-Type",	 "Expires",	  "Require",
	"Proxy-Require", "Authorization", "Proxy-Authorization",
};

static msg_mclass_t *message_class;

/* Once, before any thread; without memory Sofia's own class must do. */
__attribute__((constructor)) static void make_class(void)
{
	const msg_mclass_t *all = sip_default_mclass();
	msg_mclass_t *mine = msg_mclass_clone(all, 0, 1);
	size_t n = sizeof(read_fields) / sizeof(*read_fields);
	isize_t end;

	for (size_t i = 0; mine && i < n; i++)
		msg_mclass_insert(mine,
				  msg_find_hclass(all, read_fields[i], &end));
	message_class = mine;
}

__attribute__((destructor)) static void free_class(void)
{
	free(message_class);
}

static const msg_mclass_t *class_of_messages(void)
{
	return message_class ? message_class : sip_default_mclass();
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
	msg_t *parsed = msg_create(class_of_messages(), 0);
	struct msg *m;
	int error;

	if (!parsed)
		return ENOMEM;
	su_home_preload(msg_home(parsed), 1, POOL_BYTES);
	msg_maxsize(parsed, f->bytes.n + 1);
	m = su_alloc(msg_home(parsed), sizeof(*m));
	if (m)
		memset(m, 0, offsetof(struct msg, extra));
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

int wire_adopt(struct msg **out, const struct frame *f)
{
	struct msg *m = malloc(sizeof(*m));

	if (!m)
		return ENOMEM;
	m->frame = f;
	m->parsed = NULL;
	m->sip = NULL;
	memset(&m->said, 0, sizeof(m->said));
	*out = m;
	return 0;
}

void wire_destroy(struct msg **m)
{
	if (*m && (*m)->parsed)
		msg_destroy((*m)->parsed);
	else
		free(*m);
	*m = NULL;
}

const struct frame *wire_frame(const struct msg *m)
{
	return m->frame;
}
