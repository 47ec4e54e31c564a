/*
 * hash.c - SipHash (Aumasson and Bernstein, 2012): 2-4 for what others may
 * see, 1-3 for tables in this process.
 */
#include "base/hash.h"

#include <endian.h>
#include <stdlib.h>
#include <sys/random.h>

#define FOLD_MAX 512

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint8_t process_key[16];

/* Without a secret key the tables would be open to chosen collisions. */
__attribute__((constructor)) static void draw_process_key(void)
{
	if (getrandom(process_key, sizeof(process_key), 0) !=
	    (ssize_t)sizeof(process_key))
		abort();
}

static inline uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline void sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v2 = rotl(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t m, int rounds)
{
	s->v3 ^= m;
	for (int i = 0; i < rounds; i++)
		sip_round(s);
	s->v0 ^= m;
}

static inline uint64_t load_le64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static uint64_t last_word(const char *p, size_t left, size_t total)
{
	uint64_t v = 0;

	if (left > 0)
		memcpy(&v, p, left);
	return le64toh(v) | (uint64_t)total << 56;
}

__attribute__((always_inline)) static inline uint64_t hash_with(
	const uint8_t key[16], uint64_t seed, struct slice s, int rounds)
{
	uint64_t k0 = load_le64(key), k1 = load_le64(key + 8);
	struct sip h = {
		.v0 = k0 ^ 0x736f6d6570736575ULL,
		.v1 = k1 ^ 0x646f72616e646f6dULL,
		.v2 = k0 ^ 0x6c7967656e657261ULL,
		.v3 = k1 ^ 0x7465646279746573ULL,
	};
	size_t whole = s.n & ~(size_t)7;

	/* A chained call hashes the earlier result as one word in front. */
	if (seed)
		sip_word(&h, seed, rounds);
	for (size_t i = 0; i < whole; i += 8)
		sip_word(&h, load_le64(s.p + i), rounds);
	sip_word(&h,
		 last_word(whole < s.n ? s.p + whole : NULL, s.n - whole, s.n),
		 rounds);
	h.v2 ^= 0xff;
	for (int i = 0; i < rounds + 2; i++)
		sip_round(&h);
	return h.v0 ^ h.v1 ^ h.v2 ^ h.v3;
}

uint64_t hash_keyed(const uint8_t key[16], uint64_t seed, struct slice s)
{
	return hash_with(key, seed, s, 2);
}

uint64_t hash_bytes(uint64_t seed, struct slice s)
{
	return hash_with(process_key, seed, s, 1);
}

uint64_t hash_icase(uint64_t seed, struct slice s)
{
	char folded[FOLD_MAX];
	size_t n = s.n < FOLD_MAX ? s.n : FOLD_MAX;
	uint64_t h;

	for (size_t i = 0; i < n; i++) {
		char c = s.p[i];

		folded[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	h = hash_bytes(seed, (struct slice){folded, n});
	if (n == s.n)
		return h;
	return hash_bytes(h, (struct slice){s.p + n, s.n - n});
}
