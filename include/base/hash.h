/**
 * @file hash.h
 * Keyed 64-bit hash (SipHash) for tables that strangers can fill.
 *
 * The key is drawn once per process from getrandom(), so nobody outside can
 * choose colliding names. Not for anything that leaves the process.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/slice.h"

/**
 * Hash bytes.
 *
 * @param seed  chains calls: 0, or an earlier result
 * @param s     bytes
 * @return      hash, differing from process to process
 */
uint64_t hash_bytes(uint64_t seed, struct slice s);

/**
 * Hash text without regard to ASCII case.
 *
 * @param seed  chains calls: 0, or an earlier result
 * @param s     text; only its first 512 bytes fold case
 * @return      hash, differing from process to process
 */
uint64_t hash_icase(uint64_t seed, struct slice s);

/**
 * Hash with a key of the caller's, equal in every process that has it.
 *
 * @param key   16 bytes
 * @param seed  chains calls: 0, or an earlier result
 * @param s     bytes
 * @return      hash
 */
uint64_t hash_keyed(const uint8_t key[16], uint64_t seed, struct slice s);

#endif
