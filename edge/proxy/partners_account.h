/*
 * partners_account.h: one partner's account, for partners*.c, which hold its
 * shard's lock.
 */
#ifndef PROXY_PARTNERS_ACCOUNT_H
#define PROXY_PARTNERS_ACCOUNT_H

#include "base/list.h"
#include "pace.h"
#include "partners_book.h"

#include <uthash.h>

/* Answers looked at, at most. */
#define ACCOUNT_WINDOW_MAX 1024
/* Local addresses are counted for an hour, and so long it stays watched. */
#define ACCOUNT_HOUR_MS 3600000u
/* Without a failure for so long a slow one is promoted. */
#define ACCOUNT_CLEAN_MS 600000u

/* The last answers, one bit each: it failed. */
struct account_window {
	uint32_t n, at, failures;
	uint64_t failed[ACCOUNT_WINDOW_MAX / 64];
};

/* Local addresses asked for: a hash set that grows; 0 is no member. */
struct account_addresses {
	uint32_t *slot;
	uint32_t slots, n;
	uint64_t since_ms;
};

struct account {
	UT_hash_handle hh;
	struct list lru;
	uint64_t key;
	char *domain;
	bool discovered, slow, watched;
	struct pace pace;
	struct account_addresses addresses;
	uint64_t watched_ms, failed_ms; /* when last */
	struct account_window window;
	uint64_t requests, outward, refused, successes, failures;
	unsigned lines;
	struct partners_line line[PARTNERS_LINES_MAX];
};

/* What changed, told in the log when the lock is open again. */
enum account_change {
	ACCOUNT_SAME,
	ACCOUNT_WATCHED,   /* too many addresses */
	ACCOUNT_UNWATCHED, /* its hour is over */
	ACCOUNT_SLOWED,	   /* too many failures */
	ACCOUNT_PROMOTED,  /* back to the full rate */
};

/* May a discovered partner ask this? */
struct verdict account_admit(struct account *a, const struct limits *l,
			     const struct partners_ask *ask, uint64_t now_ms,
			     enum account_change *change);

/* It was answered so. */
enum account_change account_answered(struct account *a, const struct limits *l,
				     uint16_t status, uint64_t now_ms);

/* Free what it holds. */
void account_fini(struct account *a);

#endif
