/*
 * buf.c - the growing byte buffer.
 */
#include "base/buf.h"

#include <assert.h>
#include <stdlib.h>

#define FIRST_CAP   256
#define SCRATCH_CAP (64 * 1024)

void buf_fini(struct buf *b)
{
	free(b->p);
	*b = (struct buf){0};
}

void buf_reset(struct buf *b)
{
	if (b->failed || b->cap > SCRATCH_CAP)
		buf_fini(b);
	b->n = 0;
}

static bool grow(struct buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : FIRST_CAP;
	char *p;

	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	p = realloc(b->p, cap);
	if (!p)
		return false;
	b->p = p;
	b->cap = cap;
	return true;
}

char *buf_reserve(struct buf *b, size_t n)
{
	if (b->failed)
		return NULL;
	if (n > SIZE_MAX - b->n) {
		b->failed = true;
		return NULL;
	}
	if ((!b->p || b->n + n > b->cap) && !grow(b, b->n + n)) {
		b->failed = true;
		return NULL;
	}
	return b->p + b->n;
}

void buf_u64(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v > 0);
	buf_add(b, (struct slice){digits + at, sizeof(digits) - at});
}

void buf_consume(struct buf *b, size_t n)
{
	assert(n <= b->n);
	b->n -= n;
	if (b->n > 0 && n > 0)
		memmove(b->p, b->p + n, b->n);
}
