/*
 * settings.c - load a file into a snapshot; hold it and let go of it.
 *
 * The file is read here and handed to libconfig as text: its own reader ends
 * the process on what is not a regular file.
 */
#include "settings_room.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (4 * 1024 * 1024)

/** A snapshot and what keeps it alive. */
struct holder {
	struct settings s; /* first: the snapshot's address is the holder's */
	atomic_uint refs;
	struct arena arena;
};

static struct holder *holder_of(const struct settings *s)
{
	return (struct holder *)(uintptr_t)s;
}

static void holder_destroy(struct holder *h)
{
	settings_arena_fini(&h->arena);
	free(h);
}

static int say_file(struct load *l, int err, const char *what)
{
	snprintf(l->why, WHY_MAX, "%.300s: %s", l->file, what);
	return err;
}

static int read_text(struct load *l, int fd, struct buf *text)
{
	while (text->n < FILE_MAX) {
		char *to = buf_reserve(text, 16384);
		ssize_t r;

		if (!to)
			return ENOMEM;
		r = read(fd, to, 16383);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return say_file(l, EINVAL, strerror(errno));
		to[r] = '\0';
		text->n += (size_t)r;
		if (r == 0)
			return 0;
	}
	return say_file(l, EINVAL, "too long for a settings file");
}

static int read_file(struct load *l, struct buf *text)
{
	struct stat st;
	int fd = open(l->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err;

	if (fd < 0)
		return say_file(l, EINVAL, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		err = say_file(l, EINVAL, "not a regular file");
	else
		err = read_text(l, fd, text);
	l->open_to_all = !err && st.st_mode & S_IROTH;
	close(fd);
	if (!err && memchr(text->p, '\0', text->n))
		return say_file(l, EINVAL, "holds a NUL byte: not a text file");
	return err;
}

/* Included files would escape the checks above. */
static int refuse_includes(struct load *l, const char *text)
{
	unsigned line = 1;

	while (text) {
		const char *word = text + strspn(text, " \t");

		if (strncmp(word, "@include", 8) == 0) {
			snprintf(l->why, WHY_MAX,
				 "%.300s:%u: @include is not supported; write "
				 "all settings into this one file",
				 l->file, line);
			return EINVAL;
		}
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
		line++;
	}
	return 0;
}

static int parse_text(struct load *l, const char *text)
{
	const char *what;

	if (config_read_string(&l->cfg, text) == CONFIG_TRUE)
		return 0;
	what = config_error_text(&l->cfg);
	snprintf(l->why, WHY_MAX, "%.300s:%d: %.80s%s", l->file,
		 config_error_line(&l->cfg), what ? what : "syntax error",
		 what && strcmp(what, "syntax error") != 0
			 ? ""
			 : "; look for a missing ; or \" or bracket here or in "
			   "the line before");
	return EINVAL;
}

static int load_all(struct load *l)
{
	struct buf text = {0};
	int err = read_file(l, &text);

	if (!err)
		err = refuse_includes(l, text.p);
	if (!err)
		err = parse_text(l, text.p);
	buf_fini(&text);
	if (!err)
		err = settings_read(l);
	if (!err)
		err = settings_check(l);
	if (err == ENOMEM)
		say_file(l, err, "out of memory");
	return err;
}

static int load(const struct settings **out, const char *path, bool planned,
		char *why)
{
	struct holder *h = calloc(1, sizeof(*h));
	struct load l = {.file = path, .why = why, .planned = planned};
	int err;

	if (!h)
		return say_file(&l, ENOMEM, "out of memory");
	atomic_init(&h->refs, 1);
	l.s = &h->s;
	l.arena = &h->arena;
	config_init(&l.cfg);
	err = load_all(&l);
	config_destroy(&l.cfg);
	if (err) {
		holder_destroy(h);
		return err;
	}
	*out = &h->s;
	return 0;
}

int settings_load(const struct settings **out, const char *path, char *why)
{
	return load(out, path, false, why);
}

int settings_load_planned(const struct settings **out, const char *path,
			  char *why)
{
	return load(out, path, true, why);
}

const struct settings *settings_ref(const struct settings *s)
{
	atomic_fetch_add(&holder_of(s)->refs, 1);
	return s;
}

void settings_unref(const struct settings **s)
{
	struct holder *h = holder_of(*s);

	*s = NULL;
	if (h && atomic_fetch_sub(&h->refs, 1) == 1)
		holder_destroy(h);
}
