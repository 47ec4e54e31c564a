/*
 * resolve_set.c - the order of addresses: RFC 2782 among targets, families by
 * turns inside one.
 */
#include "resolve_set.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

void resolve_rng_init(struct resolve_rng *rng)
{
	if (getrandom(&rng->state, sizeof(rng->state), 0) !=
	    (ssize_t)sizeof(rng->state))
		abort();
}

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static uint64_t draw(struct resolve_rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

struct resolve_families resolve_families_of(const struct leg_settings *leg)
{
	struct resolve_families fam = {0};

	for (size_t i = 0; i < leg->addresses; i++) {
		bool v6 = leg->address[i].sa.sa_family == AF_INET6;

		if (i == 0)
			fam.v6_first = v6;
		fam.v4 |= !v6;
		fam.v6 |= v6;
	}
	return fam;
}

static bool is_one_v4_host(const struct in_addr *a)
{
	uint32_t host = ntohl(a->s_addr);

	return host != INADDR_ANY && !IN_MULTICAST(host) && !IN_BADCLASS(host);
}

static bool is_one_v6_host(const struct in6_addr *a)
{
	return !IN6_IS_ADDR_UNSPECIFIED(a) && !IN6_IS_ADDR_MULTICAST(a) &&
	       !IN6_IS_ADDR_V4MAPPED(a);
}

/* The next address of one family at or after `at`; n when there is none. */
static size_t next_of(const union addr *in, size_t n, size_t at, bool v6)
{
	for (; at < n; at++) {
		sa_family_t family = in[at].sa.sa_family;

		if (v6 && family == AF_INET6 &&
		    is_one_v6_host(&in[at].in6.sin6_addr))
			return at;
		if (!v6 && family == AF_INET &&
		    is_one_v4_host(&in[at].in4.sin_addr))
			return at;
	}
	return n;
}

static void put(union addr *out, const union addr *a, uint16_t port)
{
	*out = *a;
	if (a->sa.sa_family == AF_INET)
		out->in4.sin_port = htons(port);
	else
		out->in6.sin6_port = htons(port);
}

unsigned resolve_choose(union addr *out, unsigned max, const union addr *in,
			size_t n, struct resolve_families fam, uint16_t port)
{
	size_t at[2] = {
		fam.v4 ? next_of(in, n, 0, false) : n,
		fam.v6 ? next_of(in, n, 0, true) : n,
	};
	bool v6 = fam.v6_first;
	unsigned chosen = 0;

	while (chosen < max && (at[0] < n || at[1] < n)) {
		if (at[v6] < n) {
			put(&out[chosen++], &in[at[v6]], port);
			at[v6] = next_of(in, n, at[v6] + 1, v6);
		}
		v6 = !v6;
	}
	return chosen;
}

/* By priority; RFC 2782: those of weight 0 at the beginning of their list. */
static bool comes_before(const struct resolve_rank *a,
			 const struct resolve_rank *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return a->weight == 0 && b->weight != 0;
}

static void sort(uint8_t *order, const struct resolve_rank *rank, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		unsigned at = i;

		while (at > 0 && comes_before(&rank[i], &rank[order[at - 1]])) {
			order[at] = order[at - 1];
			at--;
		}
		order[at] = (uint8_t)i;
	}
}

/*
 * RFC 2782: a number between 0 and the sum inclusive; the first record whose
 * running sum is greater or equal. Weights all 0 say nothing: all are alike.
 */
static unsigned pick(const uint8_t *order, const struct resolve_rank *rank,
		     unsigned n, struct resolve_rng *rng)
{
	uint32_t sum = 0, running = 0, mark;

	for (unsigned i = 0; i < n; i++)
		sum += rank[order[i]].weight;
	if (sum == 0)
		return (unsigned)(draw(rng) % n);

	mark = (uint32_t)(draw(rng) % (sum + 1));
	for (unsigned i = 0; i < n; i++) {
		running += rank[order[i]].weight;
		if (running >= mark)
			return i;
	}
	return n - 1;
}

static unsigned same_priority(const uint8_t *order,
			      const struct resolve_rank *rank, unsigned n)
{
	unsigned same = 1;

	while (same < n &&
	       rank[order[same]].priority == rank[order[0]].priority)
		same++;
	return same;
}

void resolve_rank(uint8_t *order, const struct resolve_rank *rank, unsigned n,
		  struct resolve_rng *rng)
{
	assert(n <= RESOLVE_SRV_MAX);
	sort(order, rank, n);
	while (n > 1) {
		unsigned same = same_priority(order, rank, n);
		unsigned at = same > 1 ? pick(order, rank, same, rng) : 0;
		uint8_t picked = order[at];

		memmove(order + 1, order, at);
		order[0] = picked;
		order++;
		n--;
	}
}

static void append(struct resolved *out, const union addr *addr, unsigned n)
{
	if (n > RESOLVE_MAX - out->n)
		n = RESOLVE_MAX - out->n;
	memcpy(out->addr + out->n, addr, n * sizeof(*addr));
	out->n += n;
}

void resolve_set_draw(struct resolved *out, const struct resolve_set *set,
		      struct resolve_rng *rng)
{
	struct resolve_rank rank[RESOLVE_MAX];
	uint8_t order[RESOLVE_MAX];

	for (unsigned i = 0; i < set->targets; i++)
		rank[i] = set->target[i].rank;
	resolve_rank(order, rank, set->targets, rng);

	out->n = 0;
	for (unsigned i = 0; i < set->targets; i++) {
		const struct resolve_target *t = &set->target[order[i]];

		append(out, set->addr + t->first, t->n);
	}
}

void resolve_set_unref(struct resolve_set **setp)
{
	struct resolve_set *set = *setp;

	*setp = NULL;
	if (set && --set->refs == 0)
		free(set);
}
