/*
 * files.c - lists as files, and the cache.
 *
 * STATE_DIR/crl/HASH, by the SHA-256 of the URL, holds the bytes as they came.
 * They are judged anew whenever they are read: the cache is not believed.
 */
#include "files.h"

#include "base/disk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES (64 * 1024)
#define KEPT_S	   (30 * 24 * 3600)

static const char mend_file[] =
	"put the list there, readable for the edge, or correct the setting";

void crl_file_stamp(struct crl_stamp *out, const char *path)
{
	struct stat st;

	*out = (struct crl_stamp){0};
	if (stat(path, &st))
		return;
	*out = (struct crl_stamp){
		.inode = st.st_ino,
		.size = (uint64_t)st.st_size,
		.s = st.st_mtim.tv_sec,
		.ns = st.st_mtim.tv_nsec,
	};
}

static int read_all(struct buf *out, int fd)
{
	ssize_t got = 1;

	while (got != 0) {
		char *to = buf_reserve(out, READ_BYTES);

		if (!to)
			return ENOMEM;
		got = read(fd, to, READ_BYTES);
		if (got < 0 && errno != EINTR)
			return errno;
		out->n += got > 0 ? (size_t)got : 0;
		if (out->n > CRL_BYTES_MAX)
			return EFBIG;
	}
	return 0;
}

/* A pipe or a device would have us wait: regular files only. */
static int read_regular(struct buf *out, int fd, uint64_t *when_s)
{
	struct stat st;

	if (fstat(fd, &st))
		return errno;
	if (!S_ISREG(st.st_mode))
		return EINVAL;
	if (when_s)
		*when_s = (uint64_t)st.st_mtim.tv_sec;
	return read_all(out, fd);
}

int crl_file_read(struct buf *out, const char *path, struct crl_fault *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err = fd < 0 ? errno : read_regular(out, fd, NULL);

	if (fd >= 0)
		close(fd);
	if (err)
		crl_fault_set(fault, mend_file, "cannot read the file: %s",
			      strerror(err));
	return err;
}

static void hash_name(char out[65], const char *where)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char md[EVP_MAX_MD_SIZE] = {0};
	unsigned n = 0;

	EVP_Digest(where, strlen(where), md, &n, EVP_sha256(), NULL);
	for (size_t i = 0; i < 32; i++) {
		out[2 * i] = digits[md[i] >> 4];
		out[2 * i + 1] = digits[md[i] & 15];
	}
	out[64] = '\0';
}

/* Negative: minus an errno. */
static int folder_open(const char *dir, bool make)
{
	int up = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;

	if (up < 0)
		return -errno;
	if (make)
		mkdirat(up, "crl", 0700);
	fd = openat(up, "crl", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(up);
	return fd;
}

int crl_cache_read(struct buf *out, const char *dir, const char *where,
		   uint64_t *got_s)
{
	int folder = folder_open(dir, false), fd, err;
	char name[65];

	if (folder < 0)
		return -folder;
	hash_name(name, where);
	fd = openat(folder, name,
		    O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	err = fd < 0 ? errno : read_regular(out, fd, got_s);
	if (fd >= 0)
		close(fd);
	close(folder);
	return err;
}

int crl_cache_write(const char *dir, const char *where, struct slice bytes)
{
	int folder = folder_open(dir, true), err;
	char name[65];

	if (folder < 0)
		return -folder;
	hash_name(name, where);
	err = disk_replace(folder, "new", name, bytes);
	close(folder);
	return err;
}

static void prune_one(int folder, const char *name, uint64_t wall_s)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_mtim.tv_sec + KEPT_S < wall_s)
		unlinkat(folder, name, 0);
}

void crl_cache_prune(const char *dir, uint64_t wall_s)
{
	int folder = folder_open(dir, false);
	struct dirent *entry;
	DIR *all;

	if (folder < 0)
		return;
	all = fdopendir(folder);
	if (!all) {
		close(folder);
		return;
	}
	while ((entry = readdir(all)))
		prune_one(folder, entry->d_name, wall_s);
	closedir(all);
}
