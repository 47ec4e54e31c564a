/**
 * @file explain.h
 * Walks one message through framer, sanity, facts and policy, and tells what
 * each of them said: the very code that the workers run, and nothing acts.
 */
#ifndef OPS_EXPLAIN_H
#define OPS_EXPLAIN_H

#include "sip/facts.h"
#include "sip/verdict.h"

/** What a line of the walk is about. */
enum explain_part {
	EXPLAIN_READ,	 /* framer, parsers, sanity; name says which */
	EXPLAIN_FACT,	 /* what was read; name is the fact */
	EXPLAIN_RULE,	 /* a rule of policy that was asked; name is the rule */
	EXPLAIN_VERDICT, /* "decision", "status", "rule", "reason" */
	EXPLAIN_HOP,	 /* where it would go */
	EXPLAIN_CHANGE,	 /* a header field; name as it stands there */
	EXPLAIN_NOTE,	 /* what the operator should know besides */
	EXPLAIN_PARTS
};

/**
 * One line of the walk.
 *
 * @param part  what it is about
 * @param name  borrowed for this call
 * @param text  borrowed for this call; a peer's bytes, not escaped
 * @param arg   as given
 */
typedef void explain_fn(enum explain_part part, struct slice name,
			struct slice text, void *arg);

/** What is explained. */
struct explain_ask {
	const struct settings *settings;
	struct token_pen *pen;
	uint64_t wall_s;
	struct origin origin; /* by what connection it came */
	struct slice bytes;   /* one message, and what may follow it */
};

/**
 * Walk.
 *
 * @param out   the decision: of the framer, of sanity or of policy; PASS for
 *              a response, which never meets policy
 * @param ask   what, borrowed for this call
 * @param tell  called for each line, in order
 * @param arg   passed to tell
 * @return      0; EBADMSG when there is no whole message in the bytes (told
 *              as a note, and why); ENOMEM
 */
int explain_walk(struct verdict *out, const struct explain_ask *ask,
		 explain_fn *tell, void *arg);

/**
 * The word for what a verdict does, such as "refuse".
 *
 * @param v  verdict
 * @return   constant text
 */
const char *explain_verdict_word(const struct verdict *v);

#endif
