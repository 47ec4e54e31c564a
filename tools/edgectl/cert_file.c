/*
 * cert_file.c: keys and certificates from files and into files.
 */
#include "cert_own.h"

#include "base/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES (1024 * 1024)

bool path_in(char out[PATH_MAX], const char *folder, const char *name)
{
	int n = snprintf(out, PATH_MAX, "%s/%s", folder, name);

	if (n > 0 && n < PATH_MAX)
		return true;
	no_look("%s: the name is too long", folder);
	return false;
}

void folder_of(char out[PATH_MAX], const char *path)
{
	const char *slash = strrchr(path, '/');
	int n = slash == path ? 1 : slash ? (int)(slash - path) : 1;

	snprintf(out, PATH_MAX, "%.*s", n, slash ? path : ".");
}

/* Nobody is asked: this may run from a hook at night. */
static int no_passphrase(char *buf, int size, int writes, void *arg)
{
	(void)buf;
	(void)size;
	(void)writes;
	*(bool *)arg = true;
	return -1;
}

int key_read(EVP_PKEY **out, const char *path, mode_t *mode, char *why)
{
	FILE *f = fopen(path, "re");
	struct stat st = {0};
	bool locked = false;

	if (!f) {
		int err = errno;

		snprintf(why, WHY_MAX, "%.200s: %s", path, strerror(err));
		return err;
	}
	if (fstat(fileno(f), &st) == 0 && mode)
		*mode = st.st_mode & 07777;
	*out = PEM_read_PrivateKey(f, NULL, no_passphrase, &locked);
	fclose(f);
	ERR_clear_error();
	if (*out)
		return 0;
	snprintf(why, WHY_MAX,
		 locked ? "%.200s: the key has a passphrase; the edge starts "
			  "without anybody to ask: openssl pkey takes it off"
			: "%.200s: no private key in PEM",
		 path);
	return EINVAL;
}

int certificates_read(STACK_OF(X509) * all, const char *path, char *why)
{
	char *p = NULL, said[WHY_MAX] = "out of memory";
	size_t n = 0;
	int err = file_read(&p, &n, path, FILE_BYTES);

	if (err) {
		snprintf(why, WHY_MAX, "%.200s: %s", path, strerror(err));
		return err;
	}
	err = cert_issued_find(all, (struct slice){p, n}, said);
	OPENSSL_cleanse(p, n);
	free(p);
	if (err)
		snprintf(why, WHY_MAX, "%.200s: %.200s", path, said);
	return err;
}

X509_STORE *trust_read(const char *path)
{
	X509_STORE *store = X509_STORE_new();
	int got = 0;

	if (store)
		got = path ? X509_STORE_load_file(store, path)
			   : X509_STORE_set_default_paths(store);
	ERR_clear_error();
	if (got == 1)
		return store;
	X509_STORE_free(store);
	return NULL;
}

/* What a memory BIO holds; the BIO goes. */
static bool take(struct bytes *out, BIO *b, bool good)
{
	char *p = NULL;
	long n = good ? BIO_get_mem_data(b, &p) : 0;

	*out = (struct bytes){.p = n > 0 ? malloc((size_t)n) : NULL};
	if (out->p) {
		memcpy(out->p, p, (size_t)n);
		out->n = (size_t)n;
	}
	BIO_free(b);
	ERR_clear_error();
	return out->p != NULL;
}

bool key_bytes(struct bytes *out, EVP_PKEY *key)
{
	BIO *b = BIO_new(BIO_s_secmem());

	return take(out, b,
		    b && PEM_write_bio_PKCS8PrivateKey(b, key, NULL, NULL, 0,
						       NULL, NULL) == 1);
}

bool chain_bytes(struct bytes *out, const struct cert_issued *issued)
{
	BIO *b = BIO_new(BIO_s_mem());
	bool good = b && PEM_write_bio_X509(b, issued->leaf) == 1;

	for (int i = 0; good && i < sk_X509_num(issued->rest); i++)
		good = PEM_write_bio_X509(b, sk_X509_value(issued->rest, i)) ==
		       1;
	return take(out, b, good);
}

void bytes_free(struct bytes *b)
{
	if (b->p)
		OPENSSL_cleanse(b->p, b->n);
	free(b->p);
	*b = (struct bytes){0};
}

/* The owner before the mode: no moment when somebody else may read it. */
static int give_to(int fd, const struct owner *owner)
{
	struct stat st;

	if (fstat(fd, &st))
		return errno;
	if ((st.st_uid != owner->uid || st.st_gid != owner->gid) &&
	    fchown(fd, owner->uid, owner->gid))
		return errno;
	return fchmod(fd, owner->mode & 07777) ? errno : 0;
}

int file_make(const char *path, const void *p, size_t n,
	      const struct owner *owner)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int err;

	if (fd < 0)
		return errno;
	err = owner ? give_to(fd, owner) : fchmod(fd, 0600) ? errno : 0;
	if (!err)
		err = disk_write(fd, (struct slice){p, n});
	if (close(fd) && !err)
		err = errno;
	if (err)
		unlink(path);
	return err;
}

int file_replace(const char *path, const void *p, size_t n,
		 const struct owner *owner)
{
	char next[PATH_MAX], folder[PATH_MAX];
	int err;

	if (snprintf(next, sizeof(next), "%s.new", path) >= (int)sizeof(next))
		return ENAMETOOLONG;
	unlink(next); /* of a run that was cut off */
	err = file_make(next, p, n, owner);
	if (!err && rename(next, path)) {
		err = errno;
		unlink(next);
	}
	folder_of(folder, path);
	return err ? err : folder_sync(folder);
}

int folder_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return errno;
	err = fsync(fd) ? errno : 0;
	close(fd);
	return err;
}
