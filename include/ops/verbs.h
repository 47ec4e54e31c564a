/**
 * @file verbs.h
 * What the control socket understands: ping, counters, partners, reload,
 * `connections [old]` and `recall CALL-ID`. Each answer is one JSON object with "ok".
 */
#ifndef OPS_VERBS_H
#define OPS_VERBS_H

#include "ops/control.h"
#include "proxy/proxy.h"
#include "revocation/board.h"

/** What the verbs look at and call; must outlive the control socket. */
struct verbs {
	struct proxy_shared *shared;
	struct crl_board *board; /* NULL: revocation is off */
	struct postbox *box; /* main thread's: answers of workers come here */
	/** Read the settings again. 0, or an errno, the rule that failed (a
	 * constant word) and why (WHY_MAX). */
	int (*reload)(const char **rule, char *why, void *arg);
	void *arg; /* passed to reload */
};

/**
 * Do what a question says; a control_fn.
 *
 * @param ask   answered now, or when the workers have told
 * @param verb  first word
 * @param rest  what follows it
 * @param arg   struct verbs
 */
void verbs_ask(struct control_ask *ask, struct slice verb, struct slice rest,
	       void *arg);

#endif
