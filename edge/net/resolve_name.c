/*
 * resolve_name.c - host names and SRV records.
 */
#include "resolve_name.h"

#include <errno.h>

#define LABEL_MAX	63
#define SRV_FIXED_BYTES 6

enum {
	BAD = 0,
	DOT = 1,
	DIGIT = 2,
	OTHER = 3,
};

static int kind_of(char c)
{
	if (c == '.')
		return DOT;
	if (c >= '0' && c <= '9')
		return DIGIT;
	if ((c >= 'a' && c <= 'z') || c == '-' || c == '_')
		return OTHER;
	return BAD;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

int resolve_name_read(struct resolve_name *out, struct slice host)
{
	unsigned label = 0;
	bool numeric = true;

	if (host.n > 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (host.n == 0 || host.n > RESOLVE_NAME_MAX)
		return EINVAL;

	for (size_t i = 0; i < host.n; i++) {
		char c = lower(host.p[i]);
		int kind = kind_of(c);

		if (kind == BAD || (kind == DOT && label == 0))
			return EINVAL;
		numeric = kind == DOT || (numeric && kind == DIGIT);
		label = kind == DOT ? 0 : label + 1;
		if (label > LABEL_MAX)
			return EINVAL;
		out->text[i] = c;
	}
	/* RFC 3696 §2: no top-level domain is all digits, so no IPv4 either. */
	if (label == 0 || numeric)
		return EINVAL;
	out->text[host.n] = '\0';
	out->n = (uint8_t)host.n;
	return 0;
}

int resolve_name_below(struct resolve_name *out, struct slice label,
		       const struct resolve_name *host)
{
	if (label.n + host->n > RESOLVE_NAME_MAX)
		return EINVAL;
	memcpy(out->text, label.p, label.n);
	memcpy(out->text + label.n, host->text, host->n + 1U);
	out->n = (uint8_t)(label.n + host->n);
	return 0;
}

int resolve_name_srv(struct resolve_name *out, const struct resolve_name *host,
		     bool tls)
{
	return resolve_name_below(
		out, tls ? SLICE("_sips._tcp.") : SLICE("_sip._tcp."), host);
}

/* RFC 1035 §3.1: labels with their lengths, the empty one ends the name. */
static int read_wire_name(struct resolve_name *out, struct slice wire)
{
	char text[RESOLVE_NAME_MAX + 1];
	size_t n = 0, at = 0;

	while (at < wire.n && wire.p[at] != 0) {
		size_t label = (unsigned char)wire.p[at++];

		if (label > LABEL_MAX || at + label > wire.n ||
		    n + label + 1 > sizeof(text))
			return EINVAL;
		if (memchr(wire.p + at, '.', label))
			return EINVAL;
		memcpy(text + n, wire.p + at, label);
		n += label;
		text[n++] = '.';
		at += label;
	}
	if (at + 1 != wire.n)
		return EINVAL;
	if (n == 0)
		return ENOENT;
	return resolve_name_read(out, (struct slice){text, n});
}

static uint16_t read_u16(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return (uint16_t)(u[0] << 8 | u[1]);
}

int resolve_srv_read(struct resolve_srv *out, struct slice rdata)
{
	int err;

	if (rdata.n <= SRV_FIXED_BYTES)
		return EINVAL;
	out->priority = read_u16(rdata.p);
	out->weight = read_u16(rdata.p + 2);
	out->port = read_u16(rdata.p + 4);
	err = read_wire_name(&out->target,
			     (struct slice){rdata.p + SRV_FIXED_BYTES,
					    rdata.n - SRV_FIXED_BYTES});
	if (err)
		return err;
	return out->port ? 0 : EINVAL;
}
