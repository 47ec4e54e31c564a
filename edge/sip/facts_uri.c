/*
 * facts_uri.c - reads a URI as RFC 3261 §25.1 has it, and nothing more.
 *
 * An "@" may stand in no other part of a SIP URI than behind the user part,
 * so there is exactly one way to find the host. What does not fit the grammar
 * is refused: others would read it in their own way.
 */
#include "sip/facts.h"

#include "chars.h"

#include <errno.h>

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Value of the %HH at the front, or -1. */
static int escaped(struct slice s)
{
	if (s.n < 3 || s.p[0] != '%' || hex_value(s.p[1]) < 0 ||
	    hex_value(s.p[2]) < 0)
		return -1;
	return hex_value(s.p[1]) << 4 | hex_value(s.p[2]);
}

/* All of these classes, or a well-formed escape. */
static bool all_of(struct slice s, unsigned classes)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%') {
			if (escaped(slice_from(s, i)) < 0)
				return false;
			i += 2;
		} else if (!char_is(s.p[i], classes)) {
			return false;
		}
	}
	return true;
}

/* A parameter name may be escaped (RFC 3261 §19.1.4), and so hidden. */
static bool param_is(struct slice name, const char *lower)
{
	size_t i, n = strlen(lower);

	for (i = 0; i < n && name.n > 0; i++) {
		int c = name.p[0] == '%' ? escaped(name)
					 : (unsigned char)name.p[0];

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (c != lower[i])
			return false;
		name = slice_from(name, name.p[0] == '%' ? 3 : 1);
	}
	return i == n && name.n == 0;
}

static void know_param(struct uri_facts *out, struct slice param)
{
	size_t eq = slice_index(param, '=');
	struct slice name = {param.p, eq < param.n ? eq : param.n};
	struct slice value = {NULL, 0};

	if (eq < param.n)
		value = slice_from(param, eq + 1);
	if (param_is(name, "lr"))
		out->lr = true;
	else if (param_is(name, "ob"))
		out->ob = true;
	else if (param_is(name, "maddr"))
		out->maddr = true;
	else if (param_is(name, "transport") && !out->transport.p)
		out->transport = value;
}

/* uri-parameters = *( ";" uri-parameter), from the first semicolon on. */
static int read_params(struct uri_facts *out, struct slice s)
{
	struct slice param;
	size_t end;

	while (s.n > 0) {
		s = slice_from(s, 1);
		end = slice_index(s, ';');
		param = (struct slice){s.p, end < s.n ? end : s.n};
		if (param.n == 0 || !all_of(param, CHAR_PARAM) ||
		    param.p[0] == '=')
			return EBADMSG;
		know_param(out, param);
		s = slice_from(s, param.n);
	}
	return 0;
}

/* RFC 3261 §25.1: the last label of a name begins with a letter. Digits only,
 * or 0x..., would be an address to some resolvers and a name to others. */
static bool numeric_label(struct slice host)
{
	const char *dot = memrchr(host.p, '.', host.n);
	struct slice last = host;

	if (dot == host.p + host.n - 1 && host.n > 1)
		return numeric_label((struct slice){host.p, host.n - 1});
	if (dot)
		last = slice_from(host, (size_t)(dot - host.p) + 1);
	if (chars_span(last, CHAR_DIGIT) == last.n)
		return true;
	return last.n > 1 && last.p[0] == '0' && (last.p[1] | 0x20) == 'x';
}

static int read_name(struct uri_facts *out, struct slice host)
{
	union addr a;

	if (host.n == 0 || chars_span(host, CHAR_HOST) != host.n ||
	    host.p[0] == '.')
		return EBADMSG;
	out->host = host;
	if (!numeric_label(host))
		return 0;
	out->literal = addr_parse(&a, host, 0) == 0;
	return out->literal ? 0 : EBADMSG;
}

static int read_literal6(struct uri_facts *out, struct slice host)
{
	union addr a;

	if (addr_parse(&a, host, 0) || a.sa.sa_family != AF_INET6)
		return EBADMSG;
	out->host = host;
	out->literal = true;
	return 0;
}

static void read_port(struct uri_facts *out, struct slice port)
{
	uint32_t v = 0;

	if (slice_to_u32(&v, port) || v == 0 || v > UINT16_MAX)
		out->bad_port = true;
	else
		out->port = (uint16_t)v;
}

/* hostport = host [ ":" port ] */
static int read_hostport(struct uri_facts *out, struct slice s)
{
	size_t end, colon;
	int error;

	if (s.n > 0 && s.p[0] == '[') {
		end = slice_index(s, ']');
		if (end == SIZE_MAX)
			return EBADMSG;
		error = read_literal6(out, (struct slice){s.p + 1, end - 1});
		s = slice_from(s, end + 1);
		if (error || (s.n > 0 && s.p[0] != ':'))
			return EBADMSG;
	} else {
		colon = slice_index(s, ':');
		end = colon < s.n ? colon : s.n;
		error = read_name(out, (struct slice){s.p, end});
		s = slice_from(s, end);
	}
	if (!error && s.n > 0)
		read_port(out, slice_from(s, 1));
	return error;
}

static int read_user(struct uri_facts *out, struct slice info)
{
	size_t colon = slice_index(info, ':');

	out->user = info;
	if (colon < info.n) {
		out->has_password = true;
		out->user.n = colon;
		if (!all_of(slice_from(info, colon + 1), CHAR_USER))
			return EBADMSG;
	}
	if (out->user.n == 0 || !all_of(out->user, CHAR_USER))
		return EBADMSG;
	return 0;
}

/* [ userinfo "@" ] hostport uri-parameters [ headers ] */
static int read_sip(struct uri_facts *out, struct slice s)
{
	size_t sign = slice_index(s, '@'), end;
	struct slice hostport;

	if (sign < s.n) {
		if (read_user(out, (struct slice){s.p, sign}))
			return EBADMSG;
		s = slice_from(s, sign + 1);
	}
	end = slice_index(s, '?');
	if (end < s.n) {
		out->has_headers = true;
		if (!all_of(slice_from(s, end), CHAR_PARAM))
			return EBADMSG;
		s.n = end;
	}
	end = slice_index(s, ';');
	hostport = (struct slice){s.p, end < s.n ? end : s.n};
	if (read_hostport(out, hostport))
		return EBADMSG;
	return read_params(out, slice_from(s, hostport.n));
}

/* Another scheme: its bytes must at least be printable and not break out. */
static int read_other(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= ' ' || s.p[i] == 0x7f || s.p[i] == '<' ||
		    s.p[i] == '>' || s.p[i] == '"')
			return EBADMSG;
	}
	return s.n > 0 ? 0 : EBADMSG;
}

static enum uri_scheme scheme_of(struct slice name)
{
	if (slice_ieq(name, SLICE("sip")))
		return URI_SIP;
	if (slice_ieq(name, SLICE("sips")))
		return URI_SIPS;
	return slice_ieq(name, SLICE("tel")) ? URI_TEL : URI_OTHER;
}

/* RFC 3261 §25.1: scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ) */
static bool good_scheme(struct slice name)
{
	if (name.n == 0 || !char_is(name.p[0], CHAR_ALPHA))
		return false;
	for (size_t i = 1; i < name.n; i++) {
		char c = name.p[i];

		if (!char_is(c, CHAR_ALPHA | CHAR_DIGIT) && c != '+' &&
		    c != '-' && c != '.')
			return false;
	}
	return true;
}

int facts_uri(struct uri_facts *out, struct slice text)
{
	struct slice name, rest;
	size_t colon;

	*out = (struct uri_facts){0};
	if (text.n > 1 && text.p[0] == '<' && text.p[text.n - 1] == '>')
		text = (struct slice){text.p + 1, text.n - 2};
	colon = slice_index(text, ':');
	if (colon >= text.n)
		return EBADMSG;
	name = (struct slice){text.p, colon};
	rest = slice_from(text, colon + 1);
	if (!good_scheme(name))
		return EBADMSG;
	out->raw = text;
	out->scheme = scheme_of(name);
	if (out->scheme == URI_SIP || out->scheme == URI_SIPS)
		return read_sip(out, rest);
	return read_other(rest);
}

/* RFC 3261 §19.1.4: an escaped unreserved character is that character. */
static size_t put_user(char *to, struct slice user)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = 0;

	for (size_t i = 0; i < user.n; i++) {
		int c = escaped(slice_from(user, i));
		bool alnum = c > 0 && c < 0x80 &&
			     char_is((char)c, CHAR_ALPHA | CHAR_DIGIT);

		if (c < 0) {
			to[n++] = user.p[i];
			continue;
		}
		i += 2;
		if (alnum || (c > 0 && strchr("-_.!~*'()", c))) {
			to[n++] = (char)c;
			continue;
		}
		to[n++] = '%';
		to[n++] = digits[c >> 4];
		to[n++] = digits[c & 15];
	}
	return n;
}

int facts_aor(char out[FACTS_AOR_MAX], const struct uri_facts *uri)
{
	struct slice host = uri->host;
	bool v6 = uri->literal && slice_index(host, ':') < host.n;
	size_t n = 4;

	if ((uri->scheme != URI_SIP && uri->scheme != URI_SIPS) || !host.n ||
	    uri->user.n + host.n + sizeof("sip:@[]") > FACTS_AOR_MAX)
		return EBADMSG;
	memcpy(out, "sip:", 4);
	if (uri->user.n > 0) {
		n += put_user(out + n, uri->user);
		out[n++] = '@';
	}
	if (host.n > 1 && host.p[host.n - 1] == '.')
		host.n--;
	if (v6)
		out[n++] = '[';
	for (size_t i = 0; i < host.n; i++) {
		char c = host.p[i];

		out[n++] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	if (v6)
		out[n++] = ']';
	out[n] = '\0';
	return 0;
}

enum method facts_method(struct slice name)
{
	static const struct {
		struct slice name;
		enum method method;
	} known[] = {
		{{"REGISTER", 8}, METHOD_REGISTER},
		{{"INVITE", 6}, METHOD_INVITE},
		{{"ACK", 3}, METHOD_ACK},
		{{"BYE", 3}, METHOD_BYE},
		{{"CANCEL", 6}, METHOD_CANCEL},
		{{"OPTIONS", 7}, METHOD_OPTIONS},
		{{"MESSAGE", 7}, METHOD_MESSAGE},
		{{"SUBSCRIBE", 9}, METHOD_SUBSCRIBE},
		{{"NOTIFY", 6}, METHOD_NOTIFY},
		{{"INFO", 4}, METHOD_INFO},
		{{"UPDATE", 6}, METHOD_UPDATE},
		{{"PRACK", 5}, METHOD_PRACK},
		{{"REFER", 5}, METHOD_REFER},
		{{"PUBLISH", 7}, METHOD_PUBLISH},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (slice_eq(known[i].name, name))
			return known[i].method;
	}
	return METHOD_OTHER;
}
