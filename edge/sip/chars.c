/*
 * chars.c - the table behind chars.h.
 */
#include "chars.h"

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
	['%'] = T | P | V,
	['+'] = T | U | P | V,
	['`'] = T | V,
	['('] = U | P,
	[')'] = U | P,
	['&'] = U | P | V,
	['='] = U | P | V,
	['$'] = U | P | V,
	[','] = U,
	[';'] = U,
	['?'] = U | P | V,
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
