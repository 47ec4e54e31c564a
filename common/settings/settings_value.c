/*
 * settings_value.c - from text to a value, a function for each kind.
 */
#include "settings_room.h"

#include <errno.h>

typedef int value_fn(struct load *l, const struct row *row, struct slice text,
		     void *at);

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static char *settings_copy(struct load *l, struct slice text)
{
	char *copy = settings_arena_take(l->arena, text.n + 1);

	if (copy && text.n > 0)
		memcpy(copy, text.p, text.n);
	return copy;
}

static bool is_printable(struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f)
			return false;
	}
	return text.n > 0;
}

static int copy_to(struct load *l, struct slice text, void *at)
{
	char *copy = settings_copy(l, text);

	if (!copy)
		return ENOMEM;
	memcpy(at, &copy, sizeof(copy));
	return 0;
}

/* Lower case, and without the dot that names the root. */
static char *copy_host(struct load *l, struct slice host)
{
	char *copy;

	if (host.n > 1 && host.p[host.n - 1] == '.')
		host.n--;
	copy = settings_copy(l, host);
	for (char *c = copy; c && *c; c++)
		*c = lower(*c);
	return copy;
}

static bool is_alnum(char c)
{
	char low = lower(c);

	return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9');
}

static bool is_label(struct slice s)
{
	if (s.n == 0 || s.n > 63 || !is_alnum(s.p[0]) ||
	    !is_alnum(s.p[s.n - 1]))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_alnum(s.p[i]) && s.p[i] != '-')
			return false;
	}
	return true;
}

static bool settings_is_host_name(struct slice text)
{
	struct slice label;

	if (text.n > 1 && text.p[text.n - 1] == '.')
		text.n--;
	if (text.n == 0 || text.n > 253)
		return false;
	do {
		size_t dot = slice_index(text, '.');

		label = (struct slice){text.p, dot < text.n ? dot : text.n};
		if (!is_label(label))
			return false;
		if (dot == text.n - 1)
			return false;
		text.p += label.n + (dot < text.n);
		text.n -= label.n + (dot < text.n);
	} while (text.n > 0);
	/* RFC 1123 §2.1: a last label of digits would be read as an address. */
	return label.p[0] < '0' || label.p[0] > '9';
}

static int port_value(uint16_t *out, struct slice text)
{
	uint32_t v;

	if (slice_to_u32(&v, text) || v < 1 || v > UINT16_MAX)
		return EINVAL;
	*out = (uint16_t)v;
	return 0;
}

/* "name:port" or "[v6]:port", but not the colons of a bare IPv6 address. */
static int split_port(struct slice *host, uint16_t *port)
{
	size_t colon = slice_index(*host, ':');
	struct slice rest;

	if (host->n > 0 && host->p[0] == '[')
		colon = slice_index(*host, ']') + 1; /* SIZE_MAX wraps to 0 */
	if (colon == 0)
		return EINVAL;
	if (colon >= host->n)
		return 0;
	if (host->p[colon] != ':')
		return EINVAL;
	rest = (struct slice){host->p + colon + 1, host->n - colon - 1};
	if (host->p[0] != '[' && slice_index(rest, ':') != SIZE_MAX)
		return 0;
	host->n = colon;
	return port_value(port, rest);
}

static int settings_host_port(struct load *l, struct host_port *out,
			      struct slice text)
{
	char literal[ADDR_TEXT_MAX];
	struct slice host = text;
	union addr a;

	out->port = 0;
	if (split_port(&host, &out->port))
		return EINVAL;
	if (addr_parse(&a, host, 0) == 0) {
		addr_host_text(&a, literal);
		out->host = settings_copy(l, slice_of(literal));
	} else if (settings_is_host_name(host)) {
		out->host = copy_host(l, host);
	} else {
		return EINVAL;
	}
	return out->host ? 0 : ENOMEM;
}

static int bool_value(struct load *l, const struct row *row, struct slice text,
		      void *at)
{
	bool yes = slice_eq(text, SLICE("true"));

	(void)l;
	(void)row;
	if (!yes && !slice_eq(text, SLICE("false")))
		return EINVAL;
	memcpy(at, &yes, sizeof(yes));
	return 0;
}

static int u32_value(struct load *l, const struct row *row, struct slice text,
		     void *at)
{
	uint32_t v;

	(void)l;
	if (slice_to_u32(&v, text) || v < row->min || v > row->max)
		return EINVAL;
	memcpy(at, &v, sizeof(v));
	return 0;
}

static int port_row_value(struct load *l, const struct row *row,
			  struct slice text, void *at)
{
	uint32_t v;
	uint16_t port;
	int err = u32_value(l, row, text, &v);

	if (err)
		return err;
	port = (uint16_t)v;
	memcpy(at, &port, sizeof(port));
	return 0;
}

static int text_value(struct load *l, const struct row *row, struct slice text,
		      void *at)
{
	(void)row;
	return is_printable(text) ? copy_to(l, text, at) : EINVAL;
}

static int host_name_value(struct load *l, const struct row *row,
			   struct slice text, void *at)
{
	char *copy;

	(void)row;
	if (!settings_is_host_name(text))
		return EINVAL;
	copy = copy_host(l, text);
	if (!copy)
		return ENOMEM;
	memcpy(at, &copy, sizeof(copy));
	return 0;
}

static int host_port_value(struct load *l, const struct row *row,
			   struct slice text, void *at)
{
	(void)row;
	return settings_host_port(l, at, text);
}

static int address_value(struct load *l, const struct row *row,
			 struct slice text, void *at)
{
	(void)l;
	(void)row;
	return addr_parse(at, text, 0);
}

static int prefix_value(struct load *l, const struct row *row,
			struct slice text, void *at)
{
	(void)l;
	(void)row;
	return addr_prefix_parse(at, text);
}

static int dns_value(struct load *l, const struct row *row, struct slice text,
		     void *at)
{
	size_t sign = slice_index(text, '@');
	struct slice host = {text.p, sign < text.n ? sign : text.n};
	uint16_t port;
	union addr a;

	(void)row;
	if (addr_parse(&a, host, 0))
		return EINVAL;
	if (sign < text.n &&
	    port_value(&port,
		       (struct slice){text.p + sign + 1, text.n - sign - 1}))
		return EINVAL;
	return copy_to(l, text, at);
}

/* Cut "sip:" off; 0 only when something stands behind it. */
static int cut_scheme(struct slice *text)
{
	if (text->n < 5 ||
	    !slice_ieq((struct slice){text->p, 4}, SLICE("sip:")))
		return EINVAL;
	text->p += 4;
	text->n -= 4;
	return 0;
}

static bool is_user(struct slice s)
{
	static const char forbidden[] = "<>\"@:;?/ \\";

	if (!is_printable(s))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (strchr(forbidden, s.p[i]) || (s.p[i] & 0x80))
			return false;
	}
	return true;
}

/* "sip:user@host" with scheme and host in lower case, as facts have it. */
static int identity_value(struct load *l, const struct row *row,
			  struct slice text, void *at)
{
	struct slice rest = text, host;
	size_t sign;
	char *copy;

	(void)row;
	if (cut_scheme(&rest))
		return EINVAL;
	sign = slice_index(rest, '@');
	if (sign == SIZE_MAX || !is_user((struct slice){rest.p, sign}))
		return EINVAL;
	host = (struct slice){rest.p + sign + 1, rest.n - sign - 1};
	if (!settings_is_host_name(host))
		return EINVAL;
	if (host.p[host.n - 1] == '.')
		text.n--;
	copy = settings_copy(l, text);
	if (!copy)
		return ENOMEM;
	for (size_t i = 0; i < text.n; i++) {
		if (i < 4 || i > 4 + sign)
			copy[i] = lower(copy[i]);
	}
	memcpy(at, &copy, sizeof(copy));
	return 0;
}

static int method_value(struct load *l, const struct row *row,
			struct slice text, void *at)
{
	char *copy;

	(void)row;
	for (size_t i = 0; i < text.n; i++) {
		if (!is_alnum(text.p[i]))
			return EINVAL;
	}
	if (text.n == 0)
		return EINVAL;
	copy = settings_copy(l, text);
	if (!copy)
		return ENOMEM;
	for (char *c = copy; *c; c++)
		*c = *c >= 'a' && *c <= 'z' ? (char)(*c & ~0x20) : *c;
	memcpy(at, &copy, sizeof(copy));
	return 0;
}

static bool has_tcp(struct slice params)
{
	while (params.n > 0) {
		size_t end = slice_index(params, ';');
		struct slice one = {params.p, end < params.n ? end : params.n};

		if (slice_ieq(one, SLICE("transport=tcp")))
			return true;
		params.p += one.n + (end < params.n);
		params.n -= one.n + (end < params.n);
	}
	return false;
}

/* "sip:user@host:port;transport=tcp" */
static int contact_value(struct load *l, const struct row *row,
			 struct slice text, void *at)
{
	struct slice rest = text, host, params;
	struct host_port where;
	size_t sign, semi;
	int err;

	(void)row;
	if (cut_scheme(&rest) || !is_printable(rest))
		return EINVAL;
	sign = slice_index(rest, '@');
	if (sign != SIZE_MAX && !is_user((struct slice){rest.p, sign}))
		return EINVAL;
	if (sign != SIZE_MAX)
		rest = (struct slice){rest.p + sign + 1, rest.n - sign - 1};
	semi = slice_index(rest, ';');
	if (semi == SIZE_MAX)
		return EINVAL;
	host = (struct slice){rest.p, semi};
	params = (struct slice){rest.p + semi + 1, rest.n - semi - 1};
	if (!has_tcp(params) || slice_index(params, '?') != SIZE_MAX)
		return EINVAL;
	err = settings_host_port(l, &where, host);
	return err ? err : copy_to(l, text, at);
}

static int log_level_value(struct load *l, const struct row *row,
			   struct slice text, void *at)
{
	(void)l;
	(void)row;
	return log_level_parse(at, text);
}

static int date_value(struct load *l, const struct row *row, struct slice text,
		      void *at)
{
	(void)l;
	(void)row;
	return settings_day_end(at, text);
}

/* RFC 3261 §25.1: a header's name is a token. */
static int header_value(struct load *l, const struct row *row,
			struct slice text, void *at)
{
	(void)row;
	for (size_t i = 0; i < text.n; i++) {
		if (!is_alnum(text.p[i]) &&
		    (!text.p[i] || !strchr("-.!%*_+`'~", text.p[i])))
			return EINVAL;
	}
	return text.n > 0 ? copy_to(l, text, at) : EINVAL;
}

static int hex_value(struct load *l, const struct row *row, struct slice text,
		     void *at)
{
	char digits[64];

	if (text.n != (row->kind == KIND_MD5 ? 32 : sizeof(digits)))
		return EINVAL;
	for (size_t i = 0; i < text.n; i++) {
		digits[i] = lower(text.p[i]);
		if (!is_alnum(digits[i]) || digits[i] > 'f')
			return EINVAL;
	}
	return copy_to(l, (struct slice){digits, text.n}, at);
}

_Static_assert(sizeof(enum leg) == sizeof(unsigned) &&
		       sizeof(enum partner_kind) == sizeof(unsigned) &&
		       sizeof(enum partner_verify) == sizeof(unsigned) &&
		       sizeof(enum partner_purpose) == sizeof(unsigned) &&
		       sizeof(enum revocation_mode) == sizeof(unsigned),
	       "a word's index is stored as its enum");

/* The words of each kind that is one, in the order of its enum. */
static const char *const words[KIND_COUNT][4] = {
	[KIND_LEG] = {[LEG_OUTSIDE] = "outside", [LEG_INSIDE] = "inside"},
	[KIND_PARTNER] = {[PARTNER_ALLOWED] = "allowed",
			  [PARTNER_DIRECT] = "direct",
			  [PARTNER_PROVIDER] = "provider"},
	[KIND_VERIFY] = {[VERIFY_SOURCE] = "source",
			 [VERIFY_ALWAYS] = "always",
			 [VERIFY_NEVER] = "never"},
	[KIND_PURPOSE] = {[PURPOSE_ANY] = "any",
			  [PURPOSE_CLIENT] = "client",
			  [PURPOSE_SIP] = "sip"},
	[KIND_REVOCATION] = {[REVOCATION_AUTO] = "auto",
			     [REVOCATION_OFF] = "off",
			     [REVOCATION_SOFT] = "soft",
			     [REVOCATION_HARD] = "hard"},
};

static int word_value(struct load *l, const struct row *row, struct slice text,
		      void *at)
{
	(void)l;
	for (unsigned i = 0; i < 4 && words[row->kind][i]; i++) {
		if (!slice_eq(text, slice_of(words[row->kind][i])))
			continue;
		memcpy(at, &i, sizeof(i));
		return 0;
	}
	return EINVAL;
}

/* "http://host:port" and nothing behind it */
static int proxy_value(struct load *l, const struct row *row, struct slice text,
		       void *at)
{
	struct slice scheme = SLICE("http://"), rest;
	struct host_port where;
	int err;

	(void)row;
	if (text.n <= scheme.n || memcmp(text.p, scheme.p, scheme.n) != 0)
		return EINVAL;
	rest = (struct slice){text.p + scheme.n, text.n - scheme.n};
	err = settings_host_port(l, &where, rest);
	if (!err && where.port == 0)
		return EINVAL;
	return err ? err : copy_to(l, text, at);
}

static const struct {
	value_fn *parse;
	size_t size;
} kinds[KIND_COUNT] = {
	[KIND_BOOL] = {bool_value, sizeof(bool)},
	[KIND_U32] = {u32_value, sizeof(uint32_t)},
	[KIND_PORT] = {port_row_value, sizeof(uint16_t)},
	[KIND_TEXT] = {text_value, sizeof(char *)},
	[KIND_HOST_NAME] = {host_name_value, sizeof(char *)},
	[KIND_HOST_PORT] = {host_port_value, sizeof(struct host_port)},
	[KIND_ADDRESS] = {address_value, sizeof(union addr)},
	[KIND_PREFIX] = {prefix_value, sizeof(struct addr_prefix)},
	[KIND_DNS] = {dns_value, sizeof(char *)},
	[KIND_IDENTITY] = {identity_value, sizeof(char *)},
	[KIND_METHOD] = {method_value, sizeof(char *)},
	[KIND_CONTACT] = {contact_value, sizeof(char *)},
	[KIND_LOG_LEVEL] = {log_level_value, sizeof(enum log_level)},
	[KIND_LEG] = {word_value, sizeof(enum leg)},
	[KIND_DATE] = {date_value, sizeof(uint64_t)},
	[KIND_HEADER] = {header_value, sizeof(char *)},
	[KIND_MD5] = {hex_value, sizeof(char *)},
	[KIND_SHA256] = {hex_value, sizeof(char *)},
	[KIND_PARTNER] = {word_value, sizeof(enum partner_kind)},
	[KIND_VERIFY] = {word_value, sizeof(enum partner_verify)},
	[KIND_PURPOSE] = {word_value, sizeof(enum partner_purpose)},
	[KIND_REVOCATION] = {word_value, sizeof(enum revocation_mode)},
	[KIND_PROXY] = {proxy_value, sizeof(char *)},
};

size_t settings_value_size(enum kind kind)
{
	return kinds[kind].size;
}

int settings_value(struct load *l, const struct row *row, struct slice text,
		   void *at)
{
	return kinds[row->kind].parse(l, row, text, at);
}
