/*
 * chars.c - the table behind chars.h, and sixteen bytes looked at at once.
 */
#include "chars.h"

/* The compiler's own vectors: any machine, one instruction where it has it. */
typedef unsigned char wide __attribute__((vector_size(16)));

#define T     CHAR_TOKEN
#define U     CHAR_USER
#define P     CHAR_PARAM
#define H     CHAR_HOST
#define V     CHAR_VALUE
#define ALNUM (T | U | P | H | V)

/* Bytes above 0x7f are in no class: they may stand only in display names,
 * quoted strings and reason phrases. */
const uint8_t chars_table[256] = {
	['0' ... '9'] = ALNUM | CHAR_DIGIT | CHAR_HEX,
	['A' ... 'F'] = ALNUM | CHAR_ALPHA | CHAR_HEX,
	['G' ... 'Z'] = ALNUM | CHAR_ALPHA,
	['a' ... 'f'] = ALNUM | CHAR_ALPHA | CHAR_HEX,
	['g' ... 'z'] = ALNUM | CHAR_ALPHA,
	['-'] = T | U | P | H | V,
	['.'] = T | U | P | H | V,
	['_'] = T | U | P | H | V,
	['!'] = T | U | P | V,
	['~'] = T | U | P | V,
	['*'] = T | U | P | V,
	['\''] = T | U | P | V,
	['%'] = T | V,
	['+'] = T | U | P | V,
	['`'] = T | V,
	['('] = U | P,
	[')'] = U | P,
	['&'] = U | P | V,
	['='] = U | V,
	['$'] = U | P | V,
	[','] = U,
	[';'] = U,
	['?'] = U | V,
	['/'] = U | P | V,
	[':'] = P | V,
	['['] = P | V,
	[']'] = P | V,
	['@'] = V,
	['#'] = V,
	['^'] = V,
	['{'] = V,
	['|'] = V,
	['}'] = V,
	['\\'] = V,
};

static wide wide_load(const char *p)
{
	wide w;

	memcpy(&w, p, sizeof(w));
	return w;
}

static bool wide_any(wide w)
{
	uint64_t half[2];

	memcpy(half, &w, sizeof(half));
	return (half[0] | half[1]) != 0;
}

static wide wide_between(wide w, unsigned char first, unsigned char last)
{
	return (wide)(w - first <= (unsigned char)(last - first));
}

/* Sixteen bytes: which are none of the plain ones? */
static wide wide_fancy(const char *p)
{
	wide w = wide_load(p), letter = wide_between(w | 0x20, 'a', 'z');

	return ~(letter | wide_between(w, '-', '.') |
		 wide_between(w, '0', '9') | (wide)(w == '_'));
}

size_t chars_plain(struct slice s)
{
	size_t i = 0;

	while (i + sizeof(wide) <= s.n && !wide_any(wide_fancy(s.p + i)))
		i += sizeof(wide);
	return i;
}

static wide wide_control(const char *p)
{
	wide w = wide_load(p);

	return (wide)(w < 0x20) | (wide)(w == 0x7f);
}

bool chars_have_control(struct slice s)
{
	size_t i = 0;
	wide bad = {0};

	if (s.n < sizeof(wide)) {
		while (i < s.n && (unsigned char)s.p[i] >= 0x20 &&
		       s.p[i] != 0x7f)
			i++;
		return i < s.n;
	}
	for (; i + sizeof(wide) <= s.n; i += sizeof(wide))
		bad |= wide_control(s.p + i);
	/* The last sixteen, most of them a second time. */
	return wide_any(bad | wide_control(s.p + s.n - sizeof(wide)));
}

/* Sixteen bytes and the one behind each: a CR and a LF come only together. */
static wide wide_unpaired(const char *p)
{
	wide w = wide_load(p), behind = wide_load(p + 1);

	return (wide)((w == '\r') ^ (behind == '\n')) | (wide)(w == '\0');
}

bool chars_lines_clean(struct slice s)
{
	const char *last;
	wide bad = {0};

	if (s.n < sizeof(wide) + 1)
		return false;
	last = s.p + s.n - sizeof(wide) - 1;
	for (const char *p = s.p; p < last; p += sizeof(wide))
		bad |= wide_unpaired(p);
	/* The last ones, most of them a second time. */
	return !wide_any(bad | wide_unpaired(last));
}
