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
 * Decide about one request.
 *
 * @param s  settings snapshot
 * @param f  facts of a request
 * @return   VERDICT_FORWARD, VERDICT_REFUSE or VERDICT_DROP; never PASS
 */
struct verdict policy_decide(const struct settings *s, const struct facts *f);

#endif
