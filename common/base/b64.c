/*
 * b64.c - base64url without padding (RFC 4648 §5).
 */
#include "base/b64.h"

#include <errno.h>

static const char alphabet[64] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Value + 1 of each character; 0 is "not in the alphabet". */
static const uint8_t value_plus_1[256] = {
	['A'] = 1,  ['B'] = 2,	['C'] = 3,  ['D'] = 4,	['E'] = 5,  ['F'] = 6,
	['G'] = 7,  ['H'] = 8,	['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12,
	['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18,
	['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,
	['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
	['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54,
	['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,
	['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

size_t b64_encode(char *out, const uint8_t *in, size_t n)
{
	char *to = out;
	uint32_t bits = 0;
	unsigned held = 0;

	for (size_t i = 0; i < n; i++) {
		bits = bits << 8 | in[i];
		held += 8;
		while (held >= 6) {
			held -= 6;
			*to++ = alphabet[bits >> held & 63];
		}
	}
	if (held > 0)
		*to++ = alphabet[bits << (6 - held) & 63];
	return (size_t)(to - out);
}

int b64_decode(uint8_t *out, size_t cap, size_t *n, struct slice in)
{
	size_t len = in.n * 3 / 4, at = 0;
	uint32_t bits = 0;
	unsigned held = 0;

	if (in.n % 4 == 1)
		return EINVAL;
	if (len > cap)
		return ENOSPC;
	for (size_t i = 0; i < in.n; i++) {
		uint8_t v = value_plus_1[(unsigned char)in.p[i]];

		if (v == 0)
			return EINVAL;
		bits = bits << 6 | (uint32_t)(v - 1);
		held += 6;
		if (held >= 8) {
			held -= 8;
			out[at++] = (uint8_t)(bits >> held);
		}
	}
	/* RFC 4648 §3.5: spare bits must be zero, or two spellings would do. */
	if ((bits & ((1U << held) - 1)) != 0)
		return EINVAL;
	*n = at;
	return 0;
}
