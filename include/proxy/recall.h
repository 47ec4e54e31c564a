/**
 * @file recall.h
 * What was decided lately, and how it ended: each worker keeps a record of its
 * last limits.recent_requests requests, for the operator who asks why.
 */
#ifndef PROXY_RECALL_H
#define PROXY_RECALL_H

#include "net/postbox.h"
#include "proxy/proxy.h"
#include "sip/facts.h"
#include "sip/verdict.h"

/** Room for the texts of a record, with NUL; longer ones are cut. */
#define RECALL_TEXT_MAX 96
/** Targets kept of one request; of more, the last ones. */
#define RECALL_TRIES_MAX 4
/** Records told at most of one Call-ID. */
#define RECALL_TOLD_MAX 64

/** One target that a request was sent, or should have been sent, to. */
struct recall_try {
	char target[112];   /* "host (address:port)", or the address */
	uint16_t status;    /* its final answer; 0: none */
	const char *reason; /* constant word for why there was none, or NULL */
};

/** One request. */
struct recall_entry {
	uint64_t wall_ms, final_ms; /* it came, it was answered; 0: not yet */
	char call_id[RECALL_TEXT_MAX];
	char from[RECALL_TEXT_MAX], uri[RECALL_TEXT_MAX];
	char method[16], peer[ADDR_TEXT_MAX];
	enum leg leg;
	enum peer_class class;
	enum verdict_kind kind;
	enum verdict_to to;
	uint16_t status;   /* of a refusal */
	uint16_t answered; /* final status that its sender got; 0: none yet */
	const char *rule;  /* that decided it; constant word */
	const char *ended; /* rule of our own final answer, or NULL */
	unsigned tries;
	struct recall_try target[RECALL_TRIES_MAX];
};

/**
 * What is known of a Call-ID, oldest first a worker.
 *
 * @param e    records, borrowed for this call
 * @param n    how many, 0 for none
 * @param arg  as given
 */
typedef void recall_fn(const struct recall_entry *e, size_t n, void *arg);

/**
 * Ask all workers for a Call-ID.
 *
 * @param p        shared state; its workers run
 * @param box      postbox of the thread that asks: fn is called there, once
 * @param call_id  as it came; copied
 * @param fn       told the answer
 * @param arg      passed to fn
 * @return         0; ENOENT when no worker runs; ENOMEM
 */
int recall_ask(struct proxy_shared *p, struct postbox *box,
	       struct slice call_id, recall_fn *fn, void *arg);

#endif
