/*
 * pen.c: the keys of the edge, read from a copy: opening the key ring rotates
 * it, and that is the edge's to do.
 */
#include "edgectl.h"

#include "base/now.h"
#include "token/token.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEY_FILE  "token-keys"
#define KEY_BYTES (64 * 1024)

static int put(const char *folder, const char *text, size_t n)
{
	char path[64];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/" KEY_FILE, folder);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	if (write(fd, text, n) != (ssize_t)n)
		err = EIO;
	close(fd);
	return err;
}

static bool copy(const struct settings *s, const char *folder)
{
	char path[512], *text = NULL;
	size_t n = 0;
	int err;

	snprintf(path, sizeof(path), "%s/" KEY_FILE, s->state_dir);
	err = file_read(&text, &n, path, KEY_BYTES);
	if (err)
		return false;
	err = put(folder, text, n);
	OPENSSL_cleanse(text, n);
	free(text);
	return !err;
}

/* In memory when there is such a place. */
static bool make_folder(char out[32])
{
	snprintf(out, 32, "/dev/shm/edgectl.XXXXXX");
	if (mkdtemp(out))
		return true;
	snprintf(out, 32, "/tmp/edgectl.XXXXXX");
	return mkdtemp(out) != NULL;
}

int pen_get(struct token_pen **out, const struct settings *s, bool *borrowed,
	    char *why)
{
	char folder[32], path[64];
	const struct token_keys *keys = NULL;
	int err;

	if (!make_folder(folder)) {
		snprintf(why, WHY_MAX, "cannot make a folder in /tmp");
		return errno;
	}
	*borrowed = copy(s, folder);
	err = token_keys_open(&keys, folder, now_wall_s(),
			      s->limits.dialog_token_s, why);
	if (!err)
		err = token_pen_create(out, keys);
	token_keys_unref(&keys);
	snprintf(path, sizeof(path), "%s/" KEY_FILE, folder);
	unlink(path);
	rmdir(folder);
	return err;
}
