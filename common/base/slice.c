/*
 * slice.c - borrowed bytes: compare, cut, convert.
 */
#include "base/slice.h"

#include <errno.h>
#include <stdlib.h>

static unsigned char lower(char c)
{
	unsigned char u = (unsigned char)c;

	return u >= 'A' && u <= 'Z' ? u | 0x20 : u;
}

struct slice slice_of(const char *text)
{
	return (struct slice){.p = text, .n = text ? strlen(text) : 0};
}

bool slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool slice_ieq(struct slice a, struct slice b)
{
	if (a.n != b.n)
		return false;
	/* Names are mostly written alike: then nothing is folded. */
	if (a.n == 0 || memcmp(a.p, b.p, a.n) == 0)
		return true;
	for (size_t i = 0; i < a.n; i++) {
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	}
	return true;
}

/* RFC 1034 §3.1: a trailing dot only says that the name is complete. */
static struct slice without_root(struct slice s)
{
	if (s.n > 1 && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

bool slice_same_host(struct slice a, struct slice b)
{
	if (a.n == 0 || b.n == 0)
		return false;
	return slice_ieq(without_root(a), without_root(b));
}

bool slice_host_within(struct slice name, struct slice domain)
{
	struct slice tail;

	name = without_root(name);
	domain = without_root(domain);
	if (name.n <= domain.n)
		return slice_same_host(name, domain);
	if (domain.n == 0 || name.p[name.n - domain.n - 1] != '.')
		return false;
	tail = (struct slice){name.p + name.n - domain.n, domain.n};
	return slice_ieq(tail, domain);
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice s)
{
	while (s.n > 0 && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n > 0 && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

int slice_to_u32(uint32_t *out, struct slice s)
{
	uint64_t v = 0;
	bool fits = true;

	if (s.n == 0)
		return EINVAL;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return EINVAL;
		if (fits)
			v = v * 10 + (uint64_t)(s.p[i] - '0');
		fits = v <= UINT32_MAX;
	}
	if (!fits)
		return ERANGE;
	*out = (uint32_t)v;
	return 0;
}

size_t slice_index(struct slice s, char c)
{
	const char *at = s.n > 0 ? memchr(s.p, c, s.n) : NULL;

	return at ? (size_t)(at - s.p) : SIZE_MAX;
}

char *slice_dup(struct slice s)
{
	char *copy = malloc(s.n + 1);

	if (!copy)
		return NULL;
	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}
