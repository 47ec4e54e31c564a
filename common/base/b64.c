/*
 * b64.c - base64url without padding (RFC 4648 §5).
 */
#include "base/b64.h"

#include <endian.h>
#include <errno.h>

/* The compiler's own vectors: any machine, one instruction where it has it. */
typedef unsigned char wide __attribute__((vector_size(16)));

#define WIDE_CHARS 16
#define WIDE_BYTES 12

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

/* Three bytes, four characters. */
static void encode_three(char *to, const uint8_t *in)
{
	uint32_t bits = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];

	to[0] = alphabet[bits >> 18];
	to[1] = alphabet[bits >> 12 & 63];
	to[2] = alphabet[bits >> 6 & 63];
	to[3] = alphabet[bits & 63];
}

size_t b64_encode(char *out, const uint8_t *in, size_t n)
{
	uint8_t last[3] = {0};
	size_t left = n % 3;
	char *to = out, four[4];

	for (size_t i = 0; i + 3 <= n; i += 3, to += 4)
		encode_three(to, in + i);
	if (left > 0) {
		memcpy(last, in + n - left, left);
		encode_three(four, last);
		memcpy(to, four, left + 1);
		to += left + 1;
	}
	return (size_t)(to - out);
}

/* Four characters, three bytes; false when one is not in the alphabet. */
static bool decode_four(uint8_t *out, const char *in)
{
	uint32_t bits = 0, stray = 0;

	for (int i = 0; i < 4; i++) {
		uint32_t v = value_plus_1[(unsigned char)in[i]];

		stray |= v - 1; /* only 0 - 1 has its high bits set */
		bits = bits << 6 | ((v - 1) & 63);
	}
	out[0] = (uint8_t)(bits >> 16);
	out[1] = (uint8_t)(bits >> 8);
	out[2] = (uint8_t)bits;
	return stray < 64;
}

/* Eight values of six bits, a byte each, are drawn together pair by pair. */
static void pack_eight(uint8_t out[6], const uint8_t in[8])
{
	uint64_t x;

	memcpy(&x, in, sizeof(x));
	x = be64toh(x);
	x = (x & 0x003f003f003f003fULL) | (x >> 2 & 0x0fc00fc00fc00fc0ULL);
	x = (x & 0x00000fff00000fffULL) | (x >> 4 & 0x00fff00000fff000ULL);
	x = (x & 0x0000000000ffffffULL) | (x >> 8 & 0x0000ffffff000000ULL);
	x = htobe64(x << 16);
	memcpy(out, &x, 6);
}

/* Sixteen characters, twelve bytes; false when one is not in the alphabet. */
static bool decode_wide(uint8_t *out, const char *in)
{
	wide c, upper, lower, digit, dash, line, value;
	uint8_t six[WIDE_CHARS];
	uint64_t known[2];

	memcpy(&c, in, sizeof(c));
	upper = (wide)(c - 'A' < 26);
	lower = (wide)(c - 'a' < 26);
	digit = (wide)(c - '0' < 10);
	dash = (wide)(c == '-');
	line = (wide)(c == '_');
	value = ((c - 'A') & upper) | ((c - 'a' + 26) & lower) |
		((c - '0' + 52) & digit) | (dash & 62) | (line & 63);
	memcpy(six, &value, sizeof(six));
	pack_eight(out, six);
	pack_eight(out + 6, six + 8);
	value = upper | lower | digit | dash | line;
	memcpy(known, &value, sizeof(known));
	return (known[0] & known[1]) == UINT64_MAX;
}

/* The two or three characters that stand at the end: "A" is zero bits. */
static bool decode_last(uint8_t *out, struct slice in)
{
	char four[4] = {'A', 'A', 'A', 'A'};
	uint8_t three[3];

	memcpy(four, in.p, in.n);
	if (!decode_four(three, four))
		return false;
	memcpy(out, three, in.n - 1);
	/* RFC 4648 §3.5: spare bits must be zero, or two spellings would do. */
	return three[in.n - 1] == 0;
}

int b64_decode(uint8_t *out, size_t cap, size_t *n, struct slice in)
{
	size_t len = in.n * 3 / 4, left = in.n % 4, i = 0, at = 0;

	if (left == 1)
		return EINVAL;
	if (len > cap)
		return ENOSPC;
	for (; i + WIDE_CHARS <= in.n; i += WIDE_CHARS, at += WIDE_BYTES) {
		if (!decode_wide(out + at, in.p + i))
			return EINVAL;
	}
	for (; i + 4 <= in.n; i += 4, at += 3) {
		if (!decode_four(out + at, in.p + i))
			return EINVAL;
	}
	if (left > 0 &&
	    !decode_last(out + at, (struct slice){in.p + in.n - left, left}))
		return EINVAL;
	*n = len;
	return 0;
}
