/**
 * @file now.h
 * The one place that asks the system for the time.
 */
#ifndef BASE_NOW_H
#define BASE_NOW_H

#include <stdint.h>

/**
 * Monotonic time.
 *
 * @return  milliseconds since some fixed point, > 0
 */
uint64_t now_mono_ms(void);

/**
 * The same clock, for how long a thread waited.
 *
 * @return  nanoseconds
 */
uint64_t now_mono_ns(void);

/**
 * Wall clock in full, for log lines.
 *
 * @return  milliseconds since 1970
 */
uint64_t now_wall_ms(void);

/**
 * Wall clock, for what outlives the process: tokens and certificates.
 *
 * @return  seconds since 1970
 */
uint64_t now_wall_s(void);

#endif
