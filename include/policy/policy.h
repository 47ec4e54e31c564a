/**
 * @file policy.h
 * May it? Plain C over facts: the rules, asked in one fixed order.
 *
 * The first rule that decides wins, and its name goes with the decision. No
 * rule has a side effect, none can fail, and nothing leaves undecided.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "sip/facts.h"
#include "sip/verdict.h"

/**
 * What one rule said.
 *
 * @param name  the rule's own name, such as "dialog_route"
 * @param v     its verdict, VERDICT_PASS included
 * @param arg   as given
 */
typedef void policy_step_fn(const char *name, const struct verdict *v,
			    void *arg);

/**
 * Decide as policy_decide() does, and tell each step.
 *
 * @param s     settings snapshot
 * @param f     facts of a request
 * @param step  called for every rule asked, in order
 * @param arg   passed to step
 * @return      the decision
 */
struct verdict policy_walk(const struct settings *s, const struct facts *f,
			   policy_step_fn *step, void *arg);

/**
 * Decide about one request.
 *
 * @param s  settings snapshot
 * @param f  facts of a request
 * @return   VERDICT_FORWARD, VERDICT_REFUSE, VERDICT_DROP or VERDICT_ASK;
 *           never PASS
 */
struct verdict policy_decide(const struct settings *s, const struct facts *f);

#endif
