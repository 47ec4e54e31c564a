/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_memory_test.c - plans made and folded again and again with 0, 1, 2 ...
 * pieces of memory to be had: it fails cleanly, until it succeeds.
 *
 * malloc() and its kin below take the place of the system's; an
 * AddressSanitizer would have them for itself.
 */
#include "cert/plan.h"

#include "cunit_main.h"

#include <errno.h>

#if defined(__SANITIZE_ADDRESS__)
#define CANNOT_FAIL "AddressSanitizer keeps malloc() to itself"
#elif defined(__clang__)
#if __has_feature(address_sanitizer)
#define CANNOT_FAIL "AddressSanitizer keeps malloc() to itself"
#endif
#endif

static unsigned allowed = UINT32_MAX;

#ifndef CANNOT_FAIL
#define CANNOT_FAIL NULL

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void __libc_free(void *p);

/* The C library has to find them, for strdup(). */
#define SEEN __attribute__((visibility("default")))

static long held; /* pieces, while some are counted */

static bool granted(void)
{
	if (allowed == UINT32_MAX)
		return true;
	if (allowed == 0)
		return false;
	allowed--;
	return true;
}

static void *counted(void *p)
{
	held += p && allowed != UINT32_MAX;
	return p;
}

SEEN void *malloc(size_t n)
{
	return granted() ? counted(__libc_malloc(n)) : NULL;
}

SEEN void *calloc(size_t n, size_t size)
{
	return granted() ? counted(__libc_calloc(n, size)) : NULL;
}

SEEN void *realloc(void *p, size_t n)
{
	bool more = !p;

	if (!granted())
		return NULL;
	p = __libc_realloc(p, n);
	return more ? counted(p) : p;
}

SEEN void free(void *p)
{
	held -= p && allowed != UINT32_MAX;
	__libc_free(p);
}
#else
static long held;
#endif

#define OWN(text) ((char *)(uintptr_t)(text))

static struct settings sample(void)
{
	static char *domains[2], *members[2], *web[2];
	static struct pool_settings pool;
	struct settings s = {0};

	domains[0] = OWN("example.com");
	domains[1] = OWN("example.org");
	members[0] = OWN("fe01.internal.example");
	members[1] = OWN("fe02.internal.example");
	web[0] = OWN("meet.example.com");
	web[1] = OWN("Meet.example.com");
	pool = (struct pool_settings){
		.name = OWN("pool01.internal.example"),
		.members = {members, 2},
		.web = OWN("web01.example.com"),
	};
	s.sip_domains = (struct name_list){domains, 2};
	s.leg[LEG_OUTSIDE].fqdn = OWN("sip.example.com");
	s.leg[LEG_INSIDE].fqdn = OWN("edge01.internal.example");
	s.services.web_names = (struct name_list){web, 2};
	s.services.pool = &pool;
	s.services.pools = 1;
	return s;
}

/* 0 or the error, with so many pieces; nothing stays behind. */
static int once(const struct settings *s, enum cert_profile p, unsigned pieces)
{
	struct cert_plan *plan = NULL;
	char why[WHY_MAX];
	size_t before;
	int err;

	held = 0;
	allowed = pieces;
	err = cert_plan_make(&plan, s, p, 0, why);
	if (!err) {
		before = plan->n;
		err = cert_plan_fold(plan);
		/* It is folded, or as it was. */
		if (err && plan->n != before)
			err = EINVAL;
	}
	cert_plan_destroy(&plan);
	allowed = UINT32_MAX;
	return held ? EINVAL : err;
}

static void every_allocation_may_fail(void)
{
	struct settings s = sample();

	if (CANNOT_FAIL) {
		test_skip(CANNOT_FAIL);
		return;
	}
	for (enum cert_profile p = 0; p < CERT_PROFILES; p++) {
		unsigned pieces = 0;
		int err = ENOENT;

		if (!cert_plan_count(&s, p))
			continue;
		while ((err = once(&s, p, pieces)) == ENOMEM)
			pieces++;
		CU_ASSERT_EQUAL(err, 0);
		CU_ASSERT_TRUE(pieces > 4);
	}
}

TEST_MAIN("cert/plan memory",
	  {"every allocation may fail, and nothing stays behind",
	   every_allocation_may_fail})
