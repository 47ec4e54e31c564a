/*
 * disk.c - bytes into files, so that they are there after a power cut.
 */
#include "base/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int disk_write(int fd, struct slice bytes)
{
	while (bytes.n > 0) {
		ssize_t w = write(fd, bytes.p, bytes.n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return errno;
		bytes.p += w;
		bytes.n -= (size_t)w;
	}
	return fsync(fd) ? errno : 0;
}

int disk_replace(int folder, const char *draft, const char *name,
		 struct slice bytes)
{
	int fd, err;

	if (unlinkat(folder, draft, 0) && errno != ENOENT)
		return errno;
	fd = openat(folder, draft,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	err = disk_write(fd, bytes);
	if (close(fd) && !err)
		err = errno;
	if (!err && renameat(folder, draft, folder, name))
		err = errno;
	if (!err && fsync(folder))
		err = errno;
	return err;
}
