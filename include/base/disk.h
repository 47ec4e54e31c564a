/**
 * @file disk.h
 * Bytes into files, so that they are there after a power cut: all of them, or
 * what was there before.
 */
#ifndef BASE_DISK_H
#define BASE_DISK_H

#include "base/slice.h"

/**
 * Write all bytes, and wait until the disk has them.
 *
 * @param fd     an open file
 * @param bytes  borrowed for this call
 * @return       0, or the errno of write() or fsync()
 */
int disk_write(int fd, struct slice bytes);

/**
 * Put a file in the place of another, in one step. It is the owner's alone
 * (mode 0600). Whoever calls sees to it that nobody else does the same in this
 * folder at this time.
 *
 * @param folder  an open folder
 * @param draft   the file's name until it is complete; one that is there
 *                already is of a run that was cut off, and goes
 * @param name    the file to replace, or to make
 * @param bytes   borrowed for this call
 * @return        0, or an errno: the old file is as it was, unless only the
 *                folder's own fsync() failed
 */
int disk_replace(int folder, const char *draft, const char *name,
		 struct slice bytes);

#endif
