/**
 * @file proxy_fake.h
 * What a test says that the proxies know; they are asked by the room ops.
 */
#ifndef TESTS_FAKES_PROXY_PROXY_FAKE_H
#define TESTS_FAKES_PROXY_PROXY_FAKE_H

#include "proxy/connections.h"
#include "proxy/partners.h"
#include "proxy/recall.h"

/** All of it. */
struct proxy_fake {
	struct proxy_counters counters;
	struct partner_account partner[4];
	size_t partners;
	int partners_err, recall_err;
	struct recall_entry entry[4];
	size_t entries;
	char asked[128]; /* the Call-ID */
	struct connections_told told;
	bool old_only;
	recall_fn *fn; /* waits for proxy_fake_recall() */
	void *arg;
};

extern struct proxy_fake proxy_fake;

/** The workers have told. */
void proxy_fake_recall(void);

#endif
