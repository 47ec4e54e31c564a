/**
 * @file token_ring.h
 * What the files of this room share: the ring itself and its file.
 */
#ifndef TOKEN_TOKEN_RING_H
#define TOKEN_TOKEN_RING_H

#include "token/token.h"

#include <stdatomic.h>

/** Keys in a ring at most; the oldest leaves first. */
#define RING_MAX 64
/** HMAC-SHA256 and AES-256 alike [bytes]. */
#define RING_KEY_BYTES 32
/** SipHash [bytes]. */
#define RING_NAME_BYTES 16

/** One day's key. */
struct ring_key {
	uint8_t id;
	uint64_t created_s;
	uint64_t retired_s; /* when its successor was made; 0 for the newest */
	uint8_t mac[RING_KEY_BYTES];
	uint8_t seal[RING_KEY_BYTES];
};

/** The ring; immutable once a caller has it. */
struct token_keys {
	atomic_uint refs;
	uint64_t keep_s;
	uint8_t who[RING_NAME_BYTES];	 /* kept for good */
	uint8_t dialog[RING_NAME_BYTES]; /* kept for good */
	size_t n;
	struct ring_key key[RING_MAX]; /* oldest first; the last one signs */
};

/**
 * Lock the folder until ring_unlock(), creating it 0700 if missing.
 *
 * @param fd         its descriptor
 * @param state_dir  folder
 * @param why        WHY_MAX bytes, filled on failure
 * @return           0 or an errno
 */
int ring_lock(int *fd, const char *state_dir, char *why);

/**
 * Let the next one in.
 *
 * @param fd  from ring_lock()
 */
void ring_unlock(int fd);

/**
 * Read the ring's file.
 *
 * @param k          zeroed ring, filled
 * @param dir_fd     from ring_lock()
 * @param state_dir  its name, for why
 * @param why        WHY_MAX bytes, filled on failure
 * @return           0; ENOENT when there is none; EPERM when others can read
 *                   it; EINVAL when it is damaged; another errno
 */
int ring_read(struct token_keys *k, int dir_fd, const char *state_dir,
	      char *why);

/**
 * Write the ring's file, whole or not at all.
 *
 * @param k          ring
 * @param dir_fd     from ring_lock()
 * @param state_dir  its name, for why
 * @param why        WHY_MAX bytes, filled on failure
 * @return           0 or an errno
 */
int ring_write(const struct token_keys *k, int dir_fd, const char *state_dir,
	       char *why);

#endif
