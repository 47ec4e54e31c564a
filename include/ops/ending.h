/**
 * @file ending.h
 * Certificates of ours that end soon, or have ended: said in the log, early
 * enough to order the next.
 */
#ifndef OPS_ENDING_H
#define OPS_ENDING_H

#include "net/tlsctx.h"

/**
 * Log each certificate that the doors show and that is not valid yet, ends soon
 * or has ended, by the rules of cert_lint().
 *
 * @param t       contexts
 * @param wall_s  now [s since 1970]
 */
void ending_tell(const struct tlsctx *t, uint64_t wall_s);

#endif
