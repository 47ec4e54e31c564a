/*
 * cert_install.c: a new pair takes the place of the old one in one step.
 *
 * Certificate and key are two files, and two renames leave a moment when they
 * do not fit: an edge that starts just then does not start. So both become
 * links through one folder, and that folder's name is all that changes:
 *
 *	outside.chain -> outside.key.pairs/current/chain.pem
 *	outside.key   -> outside.key.pairs/current/key.pem
 *	outside.key.pairs/current -> 20260102-030405-1a2b3c4d
 *
 * Files that are not links yet are copied into a pair of their own first, so
 * that what is read stays the same until `current` is renamed. Whatever is cut
 * off in between leaves a pair that fits; the next run begins anew. Old pairs
 * are kept.
 */
#include "cert_own.h"

#include "base/now.h"
#include "cert/certificate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <openssl/crypto.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CURRENT	    "current"
#define CHAIN	    "chain.pem"
#define KEY	    "key.pem"
#define PART	    ".part" /* not finished yet */
#define TRIES	    10
#define FILE_BYTES  (1024 * 1024)
#define PUBLIC_MODE 0644
#define SECRET_MODE 0600

/* One installation under way. */
struct move {
	const char *certificate, *key; /* as the settings name them */
	char base[PATH_MAX];	       /* KEY.pairs, absolute */
	char chain_target[PATH_MAX], key_target[PATH_MAX];
	int lock;
	struct owner folder, chain_owner, key_owner;
	struct bytes old_chain, old_key; /* what is read there now */
	char stamp[16];			 /* 20260102-030405 */
	char *why;
};

static int fail(struct move *m, const char *what, int err)
{
	snprintf(m->why, WHY_MAX, "%.300s: %s", what, strerror(err));
	return err;
}

static int join(struct move *m, char out[PATH_MAX], const char *a,
		const char *b)
{
	if (snprintf(out, PATH_MAX, "%s/%s", a, b) < PATH_MAX)
		return 0;
	return fail(m, a, ENAMETOOLONG);
}

/* An absolute name, so that links hold wherever they are read from. */
static int find_base(struct move *m)
{
	char folder[PATH_MAX], whole[PATH_MAX], name[NAME_MAX + 8];
	const char *slash = strrchr(m->key, '/');

	folder_of(folder, m->key);
	if (!realpath(folder, whole))
		return fail(m, folder, errno);
	snprintf(name, sizeof(name), "%.240s.pairs",
		 slash ? slash + 1 : m->key);
	return join(m, m->base, whole, name);
}

static struct owner owner_of(const struct stat *st, mode_t mode)
{
	return (struct owner){st->st_uid, st->st_gid, mode};
}

/* The first pair belongs to whom the edge's state belongs: who runs it. */
static void guess_owner(struct move *m, const char *state_dir)
{
	struct stat st;

	m->key_owner = m->folder;
	if (state_dir && stat(state_dir, &st) == 0 && geteuid() == 0)
		m->key_owner = owner_of(&st, 0);
	m->chain_owner = m->key_owner;
	m->key_owner.mode = SECRET_MODE;
	m->chain_owner.mode = PUBLIC_MODE;
}

/* As those of the old files; but a key that others may read is none. */
static int find_owners(struct move *m, const char *state_dir)
{
	char folder[PATH_MAX];
	struct stat st;

	folder_of(folder, m->base);
	if (stat(folder, &st))
		return fail(m, folder, errno);
	m->folder = owner_of(&st, st.st_mode & 07777);
	guess_owner(m, state_dir);
	if (stat(m->certificate, &st) == 0)
		m->chain_owner = owner_of(&st, st.st_mode & 0777);
	if (stat(m->key, &st) == 0)
		m->key_owner = owner_of(&st, st.st_mode & 0700);
	return 0;
}

static int refuse(struct move *m, const char *folder, const char *problem)
{
	snprintf(m->why, WHY_MAX, "%.300s: %s", folder, problem);
	return EPERM;
}

/* Root's rights are not needed for what follows, and not given back. */
static int become(struct move *m, uid_t uid, gid_t gid)
{
	const struct passwd *p = getpwuid(uid);

	if (p ? initgroups(p->pw_name, gid) : setgroups(0, NULL))
		return fail(m, m->base, errno);
	if (setgid(gid) || setuid(uid))
		return fail(m, m->base, errno);
	return 0;
}

/* Whoever may rename files in a folder can have root read, write and give away
 * what a link of his points to. So root works there as the folder's owner, and
 * not at all where others may write as well. */
static int be_careful(struct move *m)
{
	char folder[PATH_MAX];
	struct stat st;

	if (geteuid() != 0)
		return 0;
	folder_of(folder, m->certificate);
	if (stat(folder, &st))
		return fail(m, folder, errno);
	if ((st.st_mode | m->folder.mode) & 022)
		return refuse(m, folder,
			      "others may write where certificate and key lie; "
			      "run chmod go-w on the folder");
	if (st.st_uid != m->folder.uid)
		return refuse(m, folder,
			      "not of the owner of the key's folder; keep both "
			      "in one");
	if (m->folder.uid == 0)
		return 0;
	if (m->key_owner.uid != m->folder.uid)
		return refuse(m, folder,
			      "neither root's nor of whom the key belongs to; "
			      "run chown root on the folder");
	return become(m, m->folder.uid, m->folder.gid);
}

static int read_old(struct move *m, struct bytes *out, const char *path)
{
	int err = file_read(&out->p, &out->n, path, FILE_BYTES);

	return err && err != ENOENT ? fail(m, path, err) : 0;
}

/* Whoever may enter the folder above may enter it. */
static int make_folder(struct move *m, const char *path)
{
	struct stat st;

	if (mkdir(path, 0700))
		return errno;
	if (stat(path, &st))
		return errno;
	if ((st.st_uid != m->folder.uid || st.st_gid != m->folder.gid) &&
	    chown(path, m->folder.uid, m->folder.gid))
		return errno;
	return chmod(path, m->folder.mode) ? errno : 0;
}

static int open_base(struct move *m)
{
	int err = make_folder(m, m->base);

	if (err && err != EEXIST)
		return fail(m, m->base, err);
	m->lock = open(m->base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (m->lock < 0)
		return fail(m, m->base, errno);
	if (flock(m->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	snprintf(m->why, WHY_MAX, "%.300s: another import is at work there",
		 m->base);
	return EBUSY;
}

/* A folder that was never finished: a key lies in it, perhaps. */
static void remove_part(const char *path)
{
	static const char *const names[] = {CHAIN, KEY};
	char file[PATH_MAX];

	for (size_t i = 0; i < 2; i++) {
		if (snprintf(file, sizeof(file), "%s/%s", path, names[i]) <
		    (int)sizeof(file))
			unlink(file);
	}
	rmdir(path);
}

/* What runs that were cut off have left behind. */
static void remove_parts(struct move *m)
{
	DIR *d = opendir(m->base);
	struct dirent *e;
	char path[PATH_MAX];

	while (d && (e = readdir(d)) != NULL) {
		size_t n = strlen(e->d_name);

		if (n > strlen(PART) &&
		    strcmp(e->d_name + n - strlen(PART), PART) == 0 &&
		    join(m, path, m->base, e->d_name) == 0)
			remove_part(path);
	}
	if (d)
		closedir(d);
}

/* A folder of its own for a pair; name is what `current` will point to. */
static int new_folder(struct move *m, char path[PATH_MAX], char name[64],
		      const char *tail)
{
	char part[80];
	int err = EEXIST;

	for (unsigned i = 0; i < TRIES && err == EEXIST; i++) {
		snprintf(name, 64, "%s-%.16s", m->stamp, tail);
		if (i > 0)
			snprintf(name, 64, "%s-%.16s.%u", m->stamp, tail, i);
		snprintf(part, sizeof(part), "%s" PART, name);
		if (join(m, path, m->base, name))
			return ENAMETOOLONG;
		if (access(path, F_OK) == 0)
			continue;
		if (join(m, path, m->base, part))
			return ENAMETOOLONG;
		err = make_folder(m, path);
	}
	return err ? fail(m, path, err) : 0;
}

/* All of it is on the disk: it may have its name. */
static int finish(struct move *m, const char *part, const char *name)
{
	char path[PATH_MAX];
	int err = join(m, path, m->base, name);

	if (err)
		return err;
	err = folder_sync(part);
	if (!err && rename(part, path))
		err = errno;
	if (!err)
		err = folder_sync(m->base);
	return err ? fail(m, part, err) : 0;
}

static int put(struct move *m, const char *folder, const char *name,
	       const struct bytes *b, const struct owner *owner)
{
	char path[PATH_MAX];
	int err = join(m, path, folder, name);

	if (err || !b->p)
		return err;
	err = file_make(path, b->p, b->n, owner);
	return err ? fail(m, path, err) : 0;
}

/* A pair in a folder of its own, down to the disk; nobody reads it yet. */
static int put_pair(struct move *m, char name[64], const char *tail,
		    const struct bytes *chain, const struct bytes *key)
{
	char path[PATH_MAX];
	int err = new_folder(m, path, name, tail);

	if (!err)
		err = put(m, path, CHAIN, chain, &m->chain_owner);
	if (!err)
		err = put(m, path, KEY, key, &m->key_owner);
	return err ? err : finish(m, path, name);
}

/* A link in one step, whatever was there. */
static int link_to(struct move *m, const char *path, const char *to)
{
	char next[PATH_MAX], folder[PATH_MAX];
	int err = 0;

	if (snprintf(next, sizeof(next), "%s.new", path) >= (int)sizeof(next))
		return fail(m, path, ENAMETOOLONG);
	unlink(next); /* of a run that was cut off */
	if (symlink(to, next) || rename(next, path))
		err = errno;
	if (err)
		unlink(next);
	folder_of(folder, path);
	if (!err)
		err = folder_sync(folder);
	return err ? fail(m, path, err) : 0;
}

/* The one step that changes what is read. */
static int turn_to(struct move *m, const char *name)
{
	char path[PATH_MAX];
	int err = join(m, path, m->base, CURRENT);

	return err ? err : link_to(m, path, name);
}

/* Is it a link of ours? target is where that points. */
static bool is_ours(const char *path, const char *target)
{
	char now[PATH_MAX];
	ssize_t n = readlink(path, now, sizeof(now) - 1);

	if (n < 0)
		return false;
	now[n] = '\0';
	return strcmp(now, target) == 0;
}

/* Where the links of a pair that we put there point. */
static int find_targets(struct move *m)
{
	char current[PATH_MAX];
	int err = join(m, current, m->base, CURRENT);

	if (!err)
		err = join(m, m->chain_target, current, CHAIN);
	return err ? err : join(m, m->key_target, current, KEY);
}

static bool is_linked(struct move *m)
{
	return is_ours(m->certificate, m->chain_target) &&
	       is_ours(m->key, m->key_target);
}

/* Each step leaves what is read as it is. */
static int link_both(struct move *m)
{
	int err = 0;

	if (!is_ours(m->certificate, m->chain_target))
		err = link_to(m, m->certificate, m->chain_target);
	if (!err && !is_ours(m->key, m->key_target))
		err = link_to(m, m->key, m->key_target);
	return err;
}

/* Make links of plain files: into a pair of their own, for the time being. */
static int take_over(struct move *m)
{
	char name[64];
	int err;

	if (is_linked(m) || (!m->old_chain.p && !m->old_key.p))
		return 0;
	err = put_pair(m, name, "before", &m->old_chain, &m->old_key);
	if (!err)
		err = turn_to(m, name);
	return err ? err : link_both(m);
}

static void say_old(struct move *m, struct installed *out)
{
	char path[PATH_MAX], whole[PATH_MAX];

	if (m->old_chain.p && m->old_key.p &&
	    join(m, path, m->base, CURRENT) == 0 && realpath(path, whole))
		snprintf(out->old, sizeof(out->old), "%s", whole);
}

static int begin(struct move *m, const struct own *own)
{
	time_t now = (time_t)now_wall_s();
	struct tm tm;
	int err;

	strftime(m->stamp, sizeof(m->stamp), "%Y%m%d-%H%M%S",
		 gmtime_r(&now, &tm));
	if (strcmp(m->certificate, m->key) == 0) {
		snprintf(m->why, WHY_MAX,
			 "%.300s is certificate and key in one file; name two "
			 "in the settings",
			 m->key);
		return EINVAL;
	}
	err = find_base(m);
	if (!err)
		err = find_targets(m);
	if (!err)
		err = find_owners(m, own->s->state_dir);
	if (!err)
		err = be_careful(m);
	if (!err)
		err = open_base(m);
	if (!err)
		err = read_old(m, &m->old_chain, m->certificate);
	return err ? err : read_old(m, &m->old_key, m->key);
}

static int install(struct move *m, struct installed *out,
		   const struct bytes *chain, const struct bytes *key,
		   const char *print)
{
	char name[64];
	int err;

	remove_parts(m);
	err = take_over(m);
	if (err)
		return err;
	say_old(m, out);
	err = put_pair(m, name, print, chain, key);
	if (!err)
		err = turn_to(m, name);
	return err ? err : link_both(m);
}

int pair_install(struct installed *out, const struct own *own,
		 const struct cert_issued *issued, EVP_PKEY *key, char *why)
{
	struct move m = {.certificate = own->certificate,
			 .key = own->key,
			 .lock = -1,
			 .why = why};
	struct bytes chain_pem = {0}, key_pem = {0};
	char print[65];
	int err = ENOMEM;

	*out = (struct installed){0};
	snprintf(why, WHY_MAX, "out of memory");
	cert_fingerprint(print, issued->leaf);
	print[8] = '\0';
	if (chain_bytes(&chain_pem, issued) && key_bytes(&key_pem, key))
		err = begin(&m, own);
	if (!err)
		err = install(&m, out, &chain_pem, &key_pem, print);
	if (m.lock >= 0)
		close(m.lock);
	bytes_free(&m.old_chain);
	bytes_free(&m.old_key);
	bytes_free(&chain_pem);
	bytes_free(&key_pem);
	return err;
}
