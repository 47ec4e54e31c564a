/*
 * parts.c - parameters, name-addr and Via (RFC 3261 §25.1).
 */
#include "parts.h"

#include "chars.h"

#include <errno.h>

/* Bytes of the quoted string in front, quotes included; 0 when unclosed. */
static size_t quoted_span(struct slice s)
{
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '"')
			return i + 1;
		if (s.p[i] == '\\')
			i++;
	}
	return 0;
}

/* RFC 3261 §25.1: gen-value = token / host / quoted-string */
static int param_value(struct slice *s, struct slice *out)
{
	size_t n;

	if (s->n > 0 && s->p[0] == '"') {
		n = quoted_span(*s);
		if (n == 0)
			return EBADMSG;
		*out = (struct slice){s->p + 1, n - 2};
	} else {
		n = chars_span_long(*s, CHAR_VALUE);
		if (n == 0)
			return EBADMSG;
		*out = (struct slice){s->p, n};
	}
	*s = slice_from(*s, n);
	return 0;
}

int parts_param(struct slice *rest, struct part_param *out)
{
	struct slice s = slice_skip_space(*rest), after;
	const char *start = s.p;
	size_t n;

	if (s.n == 0)
		return ENOENT;
	if (s.p[0] != ';')
		return EBADMSG;
	s = slice_skip_space(slice_from(s, 1));
	n = chars_span(s, CHAR_TOKEN);
	if (n == 0)
		return EBADMSG;
	out->name = (struct slice){s.p, n};
	out->value = (struct slice){NULL, 0};
	s = slice_from(s, n);
	/* RFC 3261 §25.1: EQUAL = SWS "=" SWS */
	after = slice_skip_space(s);
	if (after.n > 0 && after.p[0] == '=') {
		s = slice_skip_space(slice_from(after, 1));
		if (param_value(&s, &out->value))
			return EBADMSG;
	}
	out->whole = (struct slice){start, (size_t)(s.p - start)};
	*rest = s;
	return 0;
}

/* Walk to the end: each parameter must be good, and this one, kept in value,
 * comes once. */
static int params_walk(struct slice rest, struct slice name,
		       struct slice *value)
{
	struct part_param p;
	int error;

	while ((error = parts_param(&rest, &p)) == 0) {
		if (p.name.n != name.n || !slice_ieq(p.name, name))
			continue;
		if (value->p || !p.value.p)
			return EBADMSG;
		*value = p.value;
	}
	return error == ENOENT ? 0 : EBADMSG;
}

/* Bytes above 0x7f in an unquoted display name are not legal, but do no harm:
 * nothing is read from it. */
static size_t display_span(struct slice s)
{
	size_t i = 0;

	if (s.n > 0 && s.p[0] == '"')
		return quoted_span(s);
	while (i < s.n && (char_is(s.p[i], CHAR_TOKEN) ||
			   char_is_space(s.p[i]) || (s.p[i] & 0x80)))
		i++;
	return i;
}

/* RFC 3261 §20: without <>, what follows a semicolon belongs to the header
 * field, and neither a comma nor a question mark may stand in the URI. */
static int bare_addr(struct part_addr *out, struct slice s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != ';' && !char_is_space(s.p[n])) {
		if (s.p[n] == ',' || s.p[n] == '?' || s.p[n] == '"' ||
		    s.p[n] == '<' || s.p[n] == '>')
			return EBADMSG;
		n++;
	}
	out->uri = (struct slice){s.p, n};
	out->params = slice_from(s, n);
	return n > 0 ? params_walk(out->params, SLICE("tag"), &out->tag)
		     : EBADMSG;
}

int parts_addr(struct part_addr *out, struct slice value)
{
	struct slice s = slice_skip_space(value), inside;
	size_t n = display_span(s), end;
	bool quoted = s.n > 0 && s.p[0] == '"';

	*out = (struct part_addr){0};
	inside = slice_skip_space(slice_from(s, n));
	if (inside.n == 0 || inside.p[0] != '<')
		return quoted ? EBADMSG : bare_addr(out, s);
	inside = slice_from(inside, 1);
	end = slice_index(inside, '>');
	if (end == SIZE_MAX || end == 0)
		return EBADMSG;
	out->uri = (struct slice){inside.p, end};
	out->params = slice_from(inside, end + 1);
	return params_walk(out->params, SLICE("tag"), &out->tag);
}

/* Skip a word that must stand there, and white space behind it. */
static bool skip_word(struct slice *s, struct slice word)
{
	if (s->n < word.n || !slice_ieq((struct slice){s->p, word.n}, word))
		return false;
	*s = slice_skip_space(slice_from(*s, word.n));
	return true;
}

/* RFC 3261 §25.1: white space may stand around each slash; it rarely does. */
static bool via_version(struct slice *s)
{
	static const struct slice usual = {"SIP/2.0/", 8};

	if (s->n > usual.n && memcmp(s->p, usual.p, usual.n) == 0) {
		*s = slice_skip_space(slice_from(*s, usual.n));
		return true;
	}
	return skip_word(s, SLICE("SIP")) && skip_word(s, SLICE("/")) &&
	       skip_word(s, SLICE("2.0")) && skip_word(s, SLICE("/"));
}

/* RFC 3261 §25.1: sent-protocol LWS; true when 2.0 over something. */
static bool via_protocol(struct slice *s)
{
	size_t n;

	if (!via_version(s))
		return false;
	n = chars_span(*s, CHAR_TOKEN);
	if (n == 0 || n == s->n || !char_is_space(s->p[n]))
		return false;
	*s = slice_skip_space(slice_from(*s, n));
	return true;
}

/* RFC 3261 §25.1: host, an IPv6 one in brackets. */
static bool via_host(struct slice *s, struct slice *host)
{
	size_t n;

	if (s->n > 0 && s->p[0] == '[') {
		n = slice_index(*s, ']');
		if (n == SIZE_MAX || n < 2)
			return false;
		*host = (struct slice){s->p + 1, n - 1};
		*s = slice_from(*s, n + 1);
		return true;
	}
	n = chars_span(*s, CHAR_HOST);
	*host = (struct slice){s->p, n};
	*s = slice_from(*s, n);
	return n > 0;
}

/* RFC 3261 §25.1: [ COLON port ], white space allowed around the colon. */
static bool via_port(struct slice *s, struct slice *port)
{
	struct slice at = slice_skip_space(*s);
	size_t n;

	if (at.n == 0 || at.p[0] != ':')
		return true;
	at = slice_skip_space(slice_from(at, 1));
	n = chars_span(at, CHAR_DIGIT);
	*port = (struct slice){at.p, n};
	*s = slice_from(at, n);
	return n > 0;
}

int parts_via(struct part_via *out, struct slice value)
{
	struct slice s = slice_skip_space(value);
	const char *start;

	*out = (struct part_via){0};
	if (!via_protocol(&s))
		return EBADMSG;
	start = s.p;
	if (!via_host(&s, &out->host) || !via_port(&s, &out->port))
		return EBADMSG;
	out->sent_by = (struct slice){start, (size_t)(s.p - start)};
	out->params = s;
	return params_walk(out->params, SLICE("branch"), &out->branch);
}
