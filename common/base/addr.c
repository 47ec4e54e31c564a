/*
 * addr.c - socket addresses: parse, print, compare.
 */
#include "base/addr.h"

#include "base/hash.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

#define V6_LINE_BYTES  8 /* a subscriber line is a /64 */
#define V4_MAPPED_BITS 96

/* The bytes of the host part; an IPv4-mapped address counts as IPv4. */
static struct slice host_bytes(const union addr *a)
{
	const char *v6 = (const char *)&a->in6.sin6_addr;

	if (a->sa.sa_family == AF_INET)
		return (struct slice){(const char *)&a->in4.sin_addr, 4};
	if (a->sa.sa_family != AF_INET6)
		return (struct slice){0};
	if (IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
		return (struct slice){v6 + 12, 4};
	return (struct slice){v6, 16};
}

static struct slice without_brackets(struct slice s)
{
	if (s.n < 2 || s.p[0] != '[' || s.p[s.n - 1] != ']')
		return s;
	return (struct slice){s.p + 1, s.n - 2};
}

/* RFC 3986 §3.2.2: dec-octet, without leading zeros. */
static bool take_octet(struct slice *s, uint8_t *out)
{
	unsigned v = 0;
	size_t i = 0;

	while (i < s->n && i < 3 && s->p[i] >= '0' && s->p[i] <= '9')
		v = v * 10 + (unsigned)(s->p[i++] - '0');
	if (i == 0 || v > 255 || (i > 1 && s->p[0] == '0'))
		return false;
	*out = (uint8_t)v;
	*s = (struct slice){s->p + i, s->n - i};
	return true;
}

static bool parse_v4(struct in_addr *out, struct slice s)
{
	uint8_t octet[4];

	for (int i = 0; i < 4; i++) {
		if (i > 0) {
			if (s.n == 0 || s.p[0] != '.')
				return false;
			s = (struct slice){s.p + 1, s.n - 1};
		}
		if (!take_octet(&s, &octet[i]))
			return false;
	}
	memcpy(out, octet, sizeof(octet));
	return s.n == 0;
}

static bool parse_v6(struct in6_addr *out, struct slice s)
{
	char z[INET6_ADDRSTRLEN + 1];

	/* Most of what is asked about is a name, which has no colon. */
	if (s.n == 0 || s.n >= sizeof(z) || !memchr(s.p, ':', s.n) ||
	    memchr(s.p, '\0', s.n))
		return false;
	memcpy(z, s.p, s.n);
	z[s.n] = '\0';
	return inet_pton(AF_INET6, z, out) == 1;
}

int addr_parse(union addr *out, struct slice text, uint16_t port)
{
	struct slice bare = without_brackets(text);
	union addr a = {0};

	if (bare.n == text.n && parse_v4(&a.in4.sin_addr, bare)) {
		a.in4.sin_family = AF_INET;
		a.in4.sin_port = htons(port);
	} else if (parse_v6(&a.in6.sin6_addr, bare)) {
		a.in6.sin6_family = AF_INET6;
		a.in6.sin6_port = htons(port);
	} else {
		return EINVAL;
	}
	*out = a;
	return 0;
}

/* "::ffff:10.0.0.0/104" is 10.0.0.0/8 in other words. */
static void unmap_prefix(struct addr_prefix *p)
{
	struct slice v4 = host_bytes(&p->addr);
	union addr a = {.in4.sin_family = AF_INET};

	if (p->addr.sa.sa_family != AF_INET6 || v4.n != 4 ||
	    p->bits < V4_MAPPED_BITS)
		return;
	memcpy(&a.in4.sin_addr, v4.p, 4);
	p->addr = a;
	p->bits -= V4_MAPPED_BITS;
}

static void clear_host_bits(struct addr_prefix *p)
{
	bool v4 = p->addr.sa.sa_family == AF_INET;
	uint8_t *b = v4 ? (uint8_t *)&p->addr.in4.sin_addr
			: (uint8_t *)&p->addr.in6.sin6_addr;
	unsigned all = v4 ? 32 : 128;

	for (unsigned bit = p->bits; bit < all; bit++)
		b[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
}

int addr_prefix_parse(struct addr_prefix *out, struct slice text)
{
	size_t slash = slice_index(text, '/');
	struct slice host = {text.p, slash == SIZE_MAX ? text.n : slash};
	struct addr_prefix p = {0};
	uint32_t all, bits;

	if (addr_parse(&p.addr, host, 0))
		return EINVAL;
	all = bits = p.addr.sa.sa_family == AF_INET ? 32 : 128;
	if (slash != SIZE_MAX &&
	    slice_to_u32(&bits, (struct slice){text.p + slash + 1,
					       text.n - slash - 1}))
		return EINVAL;
	if (bits > all)
		return EINVAL;
	p.bits = (uint8_t)bits;
	unmap_prefix(&p);
	clear_host_bits(&p);
	*out = p;
	return 0;
}

bool addr_within(const struct addr_prefix *p, const union addr *a)
{
	struct slice net = host_bytes(&p->addr), host = host_bytes(a);
	unsigned whole = p->bits / 8, rest = p->bits % 8;
	uint8_t differ;

	if (net.n == 0 || net.n != host.n)
		return false;
	if (memcmp(net.p, host.p, whole) != 0)
		return false;
	if (rest == 0)
		return true;
	differ = (uint8_t)(net.p[whole] ^ host.p[whole]);
	return differ >> (8 - rest) == 0;
}

bool addr_eq(const union addr *a, const union addr *b)
{
	return addr_port(a) == addr_port(b) && addr_same_host(a, b);
}

static uint32_t scope(const union addr *a)
{
	return a->sa.sa_family == AF_INET6 ? a->in6.sin6_scope_id : 0;
}

bool addr_same_host(const union addr *a, const union addr *b)
{
	return slice_eq(host_bytes(a), host_bytes(b)) && scope(a) == scope(b);
}

uint16_t addr_port(const union addr *a)
{
	if (a->sa.sa_family == AF_INET)
		return ntohs(a->in4.sin_port);
	if (a->sa.sa_family == AF_INET6)
		return ntohs(a->in6.sin6_port);
	return 0;
}

socklen_t addr_len(const union addr *a)
{
	return a->sa.sa_family == AF_INET ? sizeof(a->in4) : sizeof(a->in6);
}

const char *addr_text(const union addr *a, char *out)
{
	bool v6 = a->sa.sa_family == AF_INET6;
	char host[ADDR_TEXT_MAX];

	addr_host_text(a, host);
	snprintf(out, ADDR_TEXT_MAX, v6 ? "[%.46s]:%u" : "%.46s:%u", host,
		 addr_port(a));
	return out;
}

static char *put_number(char *out, unsigned n)
{
	if (n >= 100)
		*out++ = (char)('0' + n / 100);
	if (n >= 10)
		*out++ = (char)('0' + n / 10 % 10);
	*out++ = (char)('0' + n % 10);
	return out;
}

/* Every message that passes writes one; inet_ntop() goes through sprintf(). */
static void write_v4(char *out, const unsigned char *host)
{
	for (int i = 0; i < 4; i++) {
		out = put_number(out, host[i]);
		*out++ = '.';
	}
	out[-1] = '\0';
}

const char *addr_host_text(const union addr *a, char *out)
{
	if (a->sa.sa_family == AF_INET)
		write_v4(out, (const unsigned char *)&a->in4.sin_addr);
	else if (!inet_ntop(a->sa.sa_family, &a->in6.sin6_addr, out,
			    ADDR_TEXT_MAX))
		memcpy(out, "none", sizeof("none"));
	return out;
}

uint64_t addr_hash_host(const union addr *a)
{
	struct slice host = host_bytes(a);

	if (host.n == 16)
		host.n = V6_LINE_BYTES;
	return hash_bytes(0, host);
}
