/**
 * @file files.h
 * Lists as files: those that the settings name, and the cache in
 * edge.state_dir of what was fetched.
 */
#ifndef REVOCATION_FILES_H
#define REVOCATION_FILES_H

#include "base/buf.h"
#include "fault.h"

#include <stdint.h>

/** Longest list that is read or fetched [bytes]. */
#define CRL_BYTES_MAX (32u << 20)

/** Longest list that is fetched because a peer named it [bytes]. */
#define CRL_LEARNT_MAX (4u << 20)

/** Which file it was, to see when it is another one. */
struct crl_stamp {
	uint64_t inode, size;
	int64_t s, ns;
};

/**
 * When was a file written, and which is it?
 *
 * @param out   filled; zero when there is none
 * @param path  file
 */
void crl_file_stamp(struct crl_stamp *out, const char *path);

/**
 * Read a regular file.
 *
 * @param out    bytes are added
 * @param path   file
 * @param fault  filled on error
 * @return       0, ENOENT, EFBIG, ENOMEM or another errno
 */
int crl_file_read(struct buf *out, const char *path, struct crl_fault *fault);

/**
 * Read from the cache.
 *
 * @param out    bytes are added
 * @param dir    edge.state_dir
 * @param where  URL that they came from
 * @param got_s  when [s since 1970]
 * @return       0, ENOENT or another errno
 */
int crl_cache_read(struct buf *out, const char *dir, const char *where,
		   uint64_t *got_s);

/**
 * Write to the cache: whole or not at all, for nobody else's eyes.
 *
 * @param dir    edge.state_dir
 * @param where  URL
 * @param bytes  what came from there
 * @return       0 or an errno
 */
int crl_cache_write(const char *dir, const char *where, struct slice bytes);

/**
 * Drop what nobody refreshed for a month.
 *
 * @param dir     edge.state_dir
 * @param wall_s  now [s since 1970]
 */
void crl_cache_prune(const char *dir, uint64_t wall_s);

#endif
