/*
 * headers_slim.c - what an old device is not sent: fields by name, and lines
 * that are too long for it.
 */
#include "headers_private.h"

/* A message is nothing without them (RFC 3261 §8.1.1, §12.1, §20). */
#define ESSENTIAL                                                              \
	(FIELD_BIT(FIELD_VIA) | FIELD_BIT(FIELD_FROM) | FIELD_BIT(FIELD_TO) |  \
	 FIELD_BIT(FIELD_CALL_ID) | FIELD_BIT(FIELD_CSEQ) |                    \
	 FIELD_BIT(FIELD_CONTACT) | FIELD_BIT(FIELD_ROUTE) |                   \
	 FIELD_BIT(FIELD_RECORD_ROUTE) | FIELD_BIT(FIELD_CONTENT_LENGTH) |     \
	 FIELD_BIT(FIELD_CONTENT_TYPE))

/* The registered compact forms; an operator writes the long ones. */
static const char *const compact[26] = {
	['a' - 'a'] = "Accept-Contact",	     /* RFC 3841 */
	['b' - 'a'] = "Referred-By",	     /* RFC 3892 */
	['c' - 'a'] = "Content-Type",	     /* RFC 3261 */
	['d' - 'a'] = "Request-Disposition", /* RFC 3841 */
	['e' - 'a'] = "Content-Encoding",    /* RFC 3261 */
	['f' - 'a'] = "From",		     /* RFC 3261 */
	['i' - 'a'] = "Call-ID",	     /* RFC 3261 */
	['j' - 'a'] = "Reject-Contact",	     /* RFC 3841 */
	['k' - 'a'] = "Supported",	     /* RFC 3261 */
	['l' - 'a'] = "Content-Length",	     /* RFC 3261 */
	['m' - 'a'] = "Contact",	     /* RFC 3261 */
	['n' - 'a'] = "Identity-Info",	     /* RFC 4474 */
	['o' - 'a'] = "Event",		     /* RFC 6665 */
	['r' - 'a'] = "Refer-To",	     /* RFC 3515 */
	['s' - 'a'] = "Subject",	     /* RFC 3261 */
	['t' - 'a'] = "To",		     /* RFC 3261 */
	['u' - 'a'] = "Allow-Events",	     /* RFC 6665 */
	['v' - 'a'] = "Via",		     /* RFC 3261 */
	['x' - 'a'] = "Session-Expires",     /* RFC 4028 */
	['y' - 'a'] = "Identity",	     /* RFC 8224 */
};

/* The long form of a name; other names are their own. */
static struct slice long_name(struct slice name)
{
	char c = name.n == 1 ? name.p[0] | 0x20 : '\0';

	return c >= 'a' && c <= 'z' && compact[c - 'a']
		       ? slice_of(compact[c - 'a'])
		       : name;
}

/* A field's name as it came: up to the colon, white space cut off. */
static struct slice name_of(const struct frame *f, unsigned i)
{
	struct slice line = {f->bytes.p + f->line[i].start,
			     f->line[i].end - f->line[i].start};

	line.n = slice_index(line, ':');
	return long_name(slice_trim(line));
}

static bool is_unsent(const struct name_list *unsent, struct slice name)
{
	for (size_t i = 0; unsent && i < unsent->n; i++) {
		if (slice_ieq(long_name(slice_of(unsent->v[i])), name))
			return true;
	}
	return false;
}

/* Fields of the body's own (RFC 3261 §7.4.1). */
static bool is_of_body(struct slice name)
{
	struct slice begin = SLICE("Content-");

	return name.n >= begin.n &&
	       slice_ieq((struct slice){name.p, begin.n}, begin);
}

bool headers_too_much(const struct writer *w, unsigned i)
{
	const struct rewrite_slim *slim = w->rw->slim;
	const struct frame_line *l = &w->f->line[i];
	struct slice name;
	bool longer;

	if (FIELD_BIT(l->field) & ESSENTIAL)
		return false;
	name = name_of(w->f, i);
	longer = slim->line_bytes && l->end - l->start - 2 > slim->line_bytes;
	return is_unsent(slim->unsent, name) || (longer && !is_of_body(name));
}
