/*
 * proxy_header.c - reading the PROXY header.
 *
 * Section numbers are those of "The PROXY protocol, versions 1 & 2". Read
 * strictly: who writes it is a machine, and what it says decides who is
 * counted.
 */
#include "proxy_header.h"

#include <string.h>

#define TEXT_SIGN   SLICE("PROXY ")
#define BINARY_SIGN SLICE("\r\n\r\n\0\r\nQUIT\n")
#define TEXT_MAX    107 /* §2.1, with CRLF */
#define FIXED	    16	/* §2.2: signature, version, family, length */
#define COMMAND_AT  12
#define FAMILY_AT   13
#define LENGTH_AT   14
#define LOCAL	    0
#define PROXY	    1
#define UNSPEC	    0x00
#define TCP4	    0x11
#define TCP6	    0x21

static enum proxy_header_answer bad(struct proxy_header *h, const char *fault)
{
	h->fault = fault;
	return PROXY_HEADER_BAD;
}

/* As far as it goes. */
static bool begins(struct slice in, struct slice sign)
{
	return memcmp(in.p, sign.p, in.n < sign.n ? in.n : sign.n) == 0;
}

/* A mapped address would be counted by its /64, with all of IPv4. */
static void unmap(union addr *a)
{
	union addr v4 = {.in4.sin_family = AF_INET};

	if (a->sa.sa_family != AF_INET6 ||
	    !IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
		return;
	v4.in4.sin_port = a->in6.sin6_port;
	memcpy(&v4.in4.sin_addr, a->in6.sin6_addr.s6_addr + 12, 4);
	*a = v4;
}

/* Nobody comes from "this network", a group, or what is reserved. */
static bool is_somebody(const union addr *a)
{
	uint32_t first;

	if (a->sa.sa_family == AF_INET6)
		return !IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr) &&
		       !IN6_IS_ADDR_MULTICAST(&a->in6.sin6_addr);
	first = ntohl(a->in4.sin_addr.s_addr) >> 24;
	return first > 0 && first < 224;
}

static enum proxy_header_answer named(struct proxy_header *h)
{
	unmap(&h->source);
	if (!is_somebody(&h->source))
		return bad(h, "its PROXY header names nobody's address");
	h->named = true;
	return PROXY_HEADER_WHOLE;
}

static struct slice take_word(struct slice *line)
{
	size_t n = slice_index(*line, ' ');
	struct slice word = *line;

	if (n == SIZE_MAX) {
		*line = (struct slice){line->p + line->n, 0};
		return word;
	}
	*line = (struct slice){line->p + n + 1, line->n - n - 1};
	return (struct slice){word.p, n};
}

static bool read_address(union addr *out, struct slice word, sa_family_t family)
{
	return word.n > 0 && word.p[0] != '[' &&
	       addr_parse(out, word, 0) == 0 && out->sa.sa_family == family;
}

/* §2.1: decimal, 0 to 65535, without leading zeros. */
static bool read_port(uint16_t *out, struct slice word)
{
	unsigned v = 0;

	if (word.n == 0 || word.n > 5 || (word.n > 1 && word.p[0] == '0'))
		return false;
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] < '0' || word.p[i] > '9')
			return false;
		v = v * 10 + (unsigned)(word.p[i] - '0');
	}
	*out = (uint16_t)v;
	return v <= UINT16_MAX;
}

/* Source, destination, and the port of each. */
static bool read_ends(union addr *source, struct slice line, sa_family_t family)
{
	union addr to;
	struct slice from = take_word(&line);
	uint16_t from_port, to_port;

	if (!read_address(source, from, family) ||
	    !read_address(&to, take_word(&line), family) ||
	    !read_port(&from_port, take_word(&line)) ||
	    !read_port(&to_port, line))
		return false;
	if (family == AF_INET)
		source->in4.sin_port = htons(from_port);
	else
		source->in6.sin6_port = htons(from_port);
	return true;
}

static enum proxy_header_answer read_line(struct proxy_header *h,
					  struct slice line)
{
	struct slice family = take_word(&line);
	bool good = false;

	/* §2.1: whatever is behind UNKNOWN is ignored. */
	if (slice_eq(family, SLICE("UNKNOWN")))
		return PROXY_HEADER_WHOLE;
	if (slice_eq(family, SLICE("TCP4")))
		good = read_ends(&h->source, line, AF_INET);
	else if (slice_eq(family, SLICE("TCP6")))
		good = read_ends(&h->source, line, AF_INET6);
	if (!good)
		return bad(h, "its PROXY line cannot be read");
	return named(h);
}

static enum proxy_header_answer read_text(struct proxy_header *h,
					  struct slice in)
{
	size_t most = in.n < TEXT_MAX ? in.n : TEXT_MAX;
	const char *end = memchr(in.p, '\n', most);
	struct slice line;

	if (!end)
		return in.n < TEXT_MAX ? PROXY_HEADER_MORE
				       : bad(h, "its PROXY line is too long");
	if (end[-1] != '\r')
		return bad(h, "its PROXY line does not end in CRLF");
	h->n = (size_t)(end + 1 - in.p);
	line.p = in.p + TEXT_SIGN.n;
	line.n = (size_t)(end - 1 - line.p);
	return read_line(h, line);
}

/* Ports are behind both addresses; what is behind the ports is passed over. */
static void take_source(struct proxy_header *h, uint8_t family, const char *p)
{
	union addr *a = &h->source;

	if (family == TCP4) {
		a->in4.sin_family = AF_INET;
		memcpy(&a->in4.sin_addr, p, 4);
		memcpy(&a->in4.sin_port, p + 8, 2);
	} else {
		a->in6.sin6_family = AF_INET6;
		memcpy(&a->in6.sin6_addr, p, 16);
		memcpy(&a->in6.sin6_port, p + 32, 2);
	}
}

/* NULL, or what is wrong with the fixed part. */
static const char *fault_of(uint8_t command, uint8_t family, size_t length)
{
	if (command >> 4 != 2)
		return "its PROXY header is of an unknown version";
	if ((command & 0xf) > PROXY)
		return "its PROXY header has an unknown command";
	if (length > PROXY_HEADER_MAX - FIXED)
		return "its PROXY header is too long";
	if ((command & 0xf) == LOCAL || family == UNSPEC)
		return NULL;
	if (family != TCP4 && family != TCP6)
		return "its PROXY header is not about TCP over IP";
	if (length < (family == TCP4 ? 12 : 36))
		return "its PROXY header is too short for its addresses";
	return NULL;
}

static enum proxy_header_answer read_binary(struct proxy_header *h,
					    struct slice in)
{
	const uint8_t *b = (const uint8_t *)in.p;
	const char *fault;

	if (in.n < FIXED)
		return PROXY_HEADER_MORE;
	h->n = FIXED + ((size_t)b[LENGTH_AT] << 8 | b[LENGTH_AT + 1]);
	fault = fault_of(b[COMMAND_AT], b[FAMILY_AT], h->n - FIXED);
	if (fault)
		return bad(h, fault);
	if (in.n < h->n)
		return PROXY_HEADER_MORE;
	/* §2.2: LOCAL, or of a kind that the balancer does not know: the
	 * addresses are those of the connection itself. */
	if ((b[COMMAND_AT] & 0xf) == LOCAL || b[FAMILY_AT] == UNSPEC)
		return PROXY_HEADER_WHOLE;
	take_source(h, b[FAMILY_AT], in.p + FIXED);
	return named(h);
}

enum proxy_header_answer proxy_header_read(struct proxy_header *out,
					   struct slice in)
{
	*out = (struct proxy_header){0};
	if (in.n == 0)
		return PROXY_HEADER_MORE;
	if (begins(in, BINARY_SIGN))
		return read_binary(out, in);
	if (begins(in, TEXT_SIGN))
		return read_text(out, in);
	return bad(out, "it does not begin with a PROXY header");
}
