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

/* How many bytes at the front are of these classes, or well-formed escapes? */
static size_t span(struct slice s, unsigned classes)
{
	size_t i = 0;

	do {
		i += chars_span_long(slice_from(s, i), classes);
		if (escaped(slice_from(s, i)) < 0)
			return i;
		i += 3;
	} while (i < s.n);
	return i;
}

/* A parameter name may be escaped (RFC 3261 §19.1.4), and so hidden. */
static bool param_is(struct slice name, struct slice lower)
{
	size_t i;

	/* An escape is longer than what it stands for. */
	if (name.n <= lower.n)
		return slice_ieq(name, lower);
	if ((name.p[0] | 0x20) != lower.p[0] && name.p[0] != '%')
		return false;
	for (i = 0; i < lower.n && name.n > 0; i++) {
		int c = name.p[0] == '%' ? escaped(name)
					 : (unsigned char)name.p[0];

		if (c >= 'A' && c <= 'Z')
			c |= 0x20;
		if (c != lower.p[i])
			return false;
		name = slice_from(name, name.p[0] == '%' ? 3 : 1);
	}
	return i == lower.n && name.n == 0;
}

static void know_param(struct uri_facts *out, struct slice name,
		       struct slice value)
{
	if (param_is(name, SLICE("lr")))
		out->lr = true;
	else if (param_is(name, SLICE("ob")))
		out->ob = true;
	else if (param_is(name, SLICE("maddr")))
		out->maddr = true;
	else if (param_is(name, SLICE("transport")) && !out->transport.p)
		out->transport = value;
}

/* The same, of what parameters are made of, and these bytes too. */
static size_t span_also(struct slice s, const char *also)
{
	size_t i = span(s, CHAR_PARAM);

	while (i < s.n && s.p[i] && strchr(also, s.p[i])) {
		i++;
		i += span(slice_from(s, i), CHAR_PARAM);
	}
	return i;
}

/* [ "=" pvalue ]; absent without "=" */
static struct slice read_value(struct slice *s)
{
	struct slice value = {NULL, 0};

	if (s->n == 0 || s->p[0] != '=')
		return value;
	value = slice_from(*s, 1);
	value.n = span_also(value, "=");
	*s = slice_from(*s, 1 + value.n);
	return value;
}

/* uri-parameters = *( ";" uri-parameter ), and [ headers ] behind them */
static int read_params(struct uri_facts *out, struct slice s)
{
	struct slice name;

	while (s.n > 0 && s.p[0] == ';') {
		s = slice_from(s, 1);
		name = (struct slice){s.p, span(s, CHAR_PARAM)};
		if (name.n == 0)
			return EBADMSG;
		s = slice_from(s, name.n);
		know_param(out, name, read_value(&s));
	}
	if (s.n == 0)
		return 0;
	out->has_headers = s.p[0] == '?';
	return out->has_headers && span_also(s, "=?") == s.n ? 0 : EBADMSG;
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

	/* One dot may end a name (RFC 1034 §3.1); two are no name. */
	if (host.n == 0 || host.p[0] == '.' ||
	    (host.n > 1 && memcmp(host.p + host.n - 2, "..", 2) == 0))
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

/* What stands behind the colon, up to parameters or headers. */
static void read_port(struct uri_facts *out, struct slice *s)
{
	struct slice port = {s->p, 0};
	uint32_t v = 0;

	while (port.n < s->n && port.p[port.n] != ';' && port.p[port.n] != '?')
		port.n++;
	*s = slice_from(*s, port.n);
	if (slice_to_u32(&v, port) || v == 0 || v > UINT16_MAX)
		out->bad_port = true;
	else
		out->port = (uint16_t)v;
}

/* host, an IPv6 one in brackets */
static int read_host(struct uri_facts *out, struct slice *s)
{
	size_t n;
	int error;

	if (s->n > 0 && s->p[0] == '[') {
		n = slice_index(*s, ']');
		if (n == SIZE_MAX)
			return EBADMSG;
		error = read_literal6(out, (struct slice){s->p + 1, n - 1});
		*s = slice_from(*s, n + 1);
		return error;
	}
	n = chars_span(*s, CHAR_HOST);
	error = read_name(out, (struct slice){s->p, n});
	*s = slice_from(*s, n);
	return error;
}

static int read_user(struct uri_facts *out, struct slice info)
{
	struct slice password;

	out->user = (struct slice){info.p, span(info, CHAR_USER)};
	if (out->user.n == 0)
		return EBADMSG;
	if (out->user.n == info.n)
		return 0;
	if (info.p[out->user.n] != ':')
		return EBADMSG;
	out->has_password = true;
	password = slice_from(info, out->user.n + 1);
	return span(password, CHAR_USER) == password.n ? 0 : EBADMSG;
}

/* [ userinfo "@" ] host [ ":" port ] uri-parameters [ headers ] */
static int read_sip(struct uri_facts *out, struct slice s)
{
	size_t sign = slice_index(s, '@');

	if (sign < s.n) {
		if (read_user(out, (struct slice){s.p, sign}))
			return EBADMSG;
		s = slice_from(s, sign + 1);
	}
	if (read_host(out, &s))
		return EBADMSG;
	if (s.n > 0 && s.p[0] == ':') {
		s = slice_from(s, 1);
		read_port(out, &s);
	}
	return read_params(out, s);
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
static size_t scheme_span(struct slice s)
{
	size_t i = 0;

	if (s.n == 0 || !char_is(s.p[0], CHAR_ALPHA))
		return 0;
	while (i < s.n && (char_is(s.p[i], CHAR_ALPHA | CHAR_DIGIT) ||
			   s.p[i] == '+' || s.p[i] == '-' || s.p[i] == '.'))
		i++;
	return i;
}

/* Cut the scheme and its colon off. Almost all are "sip:", in lower case. */
static int take_scheme(struct slice *s, enum uri_scheme *scheme)
{
	size_t n;

	if (s->n > 4 && memcmp(s->p, "sip:", 4) == 0) {
		*scheme = URI_SIP;
		*s = slice_from(*s, 4);
		return 0;
	}
	n = scheme_span(*s);
	if (n == 0 || n == s->n || s->p[n] != ':')
		return EBADMSG;
	*scheme = scheme_of((struct slice){s->p, n});
	*s = slice_from(*s, n + 1);
	return 0;
}

int facts_uri(struct uri_facts *out, struct slice text)
{
	struct slice rest;

	*out = (struct uri_facts){0};
	if (text.n > 1 && text.p[0] == '<' && text.p[text.n - 1] == '>')
		text = (struct slice){text.p + 1, text.n - 2};
	rest = text;
	if (take_scheme(&rest, &out->scheme))
		return EBADMSG;
	out->raw = text;
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
