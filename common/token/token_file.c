/*
 * token_file.c - the key ring's file, STATE_DIR/token-keys.
 *
 * Text, so that an operator can see what it is:
 *
 *	sip-edge token keys 1
 *	names <who> <dialog>
 *	key <id> <created> <retired> <mac> <seal>
 *	end <checksum of all above>
 *
 * The checksum finds accidents; it is the file's mode that keeps strangers
 * out. Whoever works on the file holds a lock on the folder.
 */
#include "token_ring.h"

#include "base/buf.h"
#include "base/disk.h"
#include "base/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME    "token-keys"
#define FILE_NEW     "token-keys.new"
#define FILE_TITLE   "sip-edge token keys 1\n"
#define FILE_MAX     (32 * 1024)
#define KEY_LINE_MAX 256

static const uint8_t checksum_key[16] = "token-keys sum";

static int fail(char *why, const char *dir, int err, const char *what)
{
	snprintf(why, WHY_MAX, "%.200s/" FILE_NAME ": %s: %s", dir, what,
		 strerror(err));
	return err;
}

static int damaged(char *why, const char *dir, const char *what)
{
	snprintf(why, WHY_MAX,
		 "%.200s/" FILE_NAME ": %s; restore the file, or delete it to "
		 "draw new keys (calls and registrations that are up then "
		 "have to be made again)",
		 dir, what);
	return EINVAL;
}

int ring_lock(int *fd, const char *state_dir, char *why)
{
	int dir, err;

	if (mkdir(state_dir, 0700) && errno != EEXIST) {
		err = errno;
		snprintf(why, WHY_MAX, "%.200s: cannot make this folder: %s",
			 state_dir, strerror(err));
		return err;
	}
	dir = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || flock(dir, LOCK_EX)) {
		err = errno;
		if (dir >= 0)
			close(dir);
		snprintf(why, WHY_MAX, "%.200s: cannot use this folder: %s",
			 state_dir, strerror(err));
		return err;
	}
	*fd = dir;
	return 0;
}

void ring_unlock(int fd)
{
	close(fd);
}

static int mode_check(int fd, const char *dir, char *why)
{
	struct stat st;

	if (fstat(fd, &st))
		return fail(why, dir, errno, "fstat");
	if (!S_ISREG(st.st_mode))
		return damaged(why, dir, "not a regular file");
	if ((st.st_mode & 077) == 0)
		return 0;
	snprintf(why, WHY_MAX,
		 "%.200s/" FILE_NAME ": others than its owner can reach the "
		 "token keys (mode %04o); chmod 0600 it, or delete it if "
		 "others may have read it",
		 dir, (unsigned)st.st_mode & 07777);
	return EPERM;
}

/* text has FILE_MAX + 1 bytes; the last one tells a file that is too long. */
static int read_all(int fd, char *text, size_t *n, const char *dir, char *why)
{
	size_t got = 0;
	ssize_t r;

	while (got <= FILE_MAX) {
		r = read(fd, text + got, FILE_MAX + 1 - got);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return fail(why, dir, errno, "cannot read");
		if (r == 0) {
			*n = got;
			return 0;
		}
		got += (size_t)r;
	}
	return damaged(why, dir, "too long for a file of token keys");
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool unhex(uint8_t *out, size_t n, const char *hex)
{
	if (strlen(hex) != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = hex_value(hex[2 * i]), lo = hex_value(hex[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

static bool read_names(struct token_keys *k, const char *line)
{
	char who[65], dialog[65];

	return sscanf(line, "names %64s %64s", who, dialog) == 2 &&
	       unhex(k->who, sizeof(k->who), who) &&
	       unhex(k->dialog, sizeof(k->dialog), dialog);
}

static bool read_key(struct token_keys *k, const char *line)
{
	struct ring_key *key = &k->key[k->n];
	char mac[65], seal[65];
	bool good;

	if (k->n == RING_MAX)
		return false;
	good = sscanf(line, "key %3" SCNu8 " %" SCNu64 " %" SCNu64 " %64s %64s",
		      &key->id, &key->created_s, &key->retired_s, mac,
		      seal) == 5 &&
	       unhex(key->mac, sizeof(key->mac), mac) &&
	       unhex(key->seal, sizeof(key->seal), seal);
	k->n += good;
	OPENSSL_cleanse(mac, sizeof(mac));
	OPENSSL_cleanse(seal, sizeof(seal));
	return good;
}

/* The last line; what it sums up is everything above. */
static bool checksum_fits(struct slice *text)
{
	static const size_t line = sizeof("end 0123456789abcdef\n") - 1;
	char want[32];

	if (text->n < line)
		return false;
	text->n -= line;
	snprintf(want, sizeof(want), "end %016" PRIx64 "\n",
		 hash_keyed(checksum_key, 0, *text));
	return memcmp(text->p + text->n, want, line) == 0;
}

static bool take_line(struct slice *text, char line[KEY_LINE_MAX])
{
	size_t n = slice_index(*text, '\n');

	if (n >= KEY_LINE_MAX)
		return false;
	memcpy(line, text->p, n);
	line[n] = '\0';
	text->p += n + 1;
	text->n -= n + 1;
	return true;
}

static bool read_lines(struct token_keys *k, struct slice text)
{
	char line[KEY_LINE_MAX];
	bool good = take_line(&text, line) && read_names(k, line);

	while (good && text.n > 0)
		good = take_line(&text, line) && read_key(k, line);
	OPENSSL_cleanse(line, sizeof(line));
	return good && k->n > 0;
}

static int parse(struct token_keys *k, struct slice text, const char *dir,
		 char *why)
{
	struct slice title = SLICE(FILE_TITLE);

	if (text.n < title.n || memcmp(text.p, title.p, title.n) != 0)
		return damaged(why, dir, "not a file of token keys, version 1");
	if (!checksum_fits(&text))
		return damaged(why, dir, "damaged, its checksum is wrong");
	text.p += title.n;
	text.n -= title.n;
	if (!read_lines(k, text))
		return damaged(why, dir, "damaged, a line makes no sense");
	return 0;
}

int ring_read(struct token_keys *k, int dir_fd, const char *state_dir,
	      char *why)
{
	int fd = openat(dir_fd, FILE_NAME, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[FILE_MAX + 1];
	size_t n = 0;
	int err;

	if (fd < 0)
		return fail(why, state_dir, errno, "cannot open");
	err = mode_check(fd, state_dir, why);
	if (!err)
		err = read_all(fd, text, &n, state_dir, why);
	close(fd);
	if (!err)
		err = parse(k, (struct slice){text, n}, state_dir, why);
	OPENSSL_cleanse(text, sizeof(text));
	return err;
}

static void add_hex(struct buf *b, const uint8_t *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	buf_puts(b, " ");
	for (size_t i = 0; i < n; i++) {
		char pair[2] = {digits[p[i] >> 4], digits[p[i] & 15]};

		buf_add(b, (struct slice){pair, 2});
	}
}

static void add_key(struct buf *b, const struct ring_key *key)
{
	buf_puts(b, "key ");
	buf_u64(b, key->id);
	buf_puts(b, " ");
	buf_u64(b, key->created_s);
	buf_puts(b, " ");
	buf_u64(b, key->retired_s);
	add_hex(b, key->mac, sizeof(key->mac));
	add_hex(b, key->seal, sizeof(key->seal));
	buf_puts(b, "\n");
}

/* Room is taken at once, so that no copy of a key is left on the heap. */
static bool print(struct buf *b, const struct token_keys *k)
{
	char end[32];

	if (!buf_reserve(b, FILE_MAX))
		return false;
	buf_puts(b, FILE_TITLE "names");
	add_hex(b, k->who, sizeof(k->who));
	add_hex(b, k->dialog, sizeof(k->dialog));
	buf_puts(b, "\n");
	for (size_t i = 0; i < k->n; i++)
		add_key(b, &k->key[i]);
	snprintf(end, sizeof(end), "end %016" PRIx64 "\n",
		 hash_keyed(checksum_key, 0, buf_slice(b)));
	buf_puts(b, end);
	return !b->failed;
}

int ring_write(const struct token_keys *k, int dir_fd, const char *state_dir,
	       char *why)
{
	struct buf b = {0};
	int err = ENOMEM;

	if (print(&b, k))
		err = disk_replace(dir_fd, FILE_NEW, FILE_NAME, buf_slice(&b));
	if (err)
		fail(why, state_dir, err, "cannot write");
	if (b.p)
		OPENSSL_cleanse(b.p, b.n);
	buf_fini(&b);
	return err;
}
