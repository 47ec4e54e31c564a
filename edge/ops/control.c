/*
 * control.c: the control socket: who is heard, lines in, answers out.
 */
#include "ops/control.h"

#include "base/list.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG	   8
#define GROUPS_MAX 256

struct control {
	uv_pipe_t pipe;
	control_fn *fn;
	void *arg;
	struct list asks;
	unsigned clients;
	ino_t inode; /* of our file, so that no other one is removed */
	gid_t group;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

struct control_ask {
	struct list link;
	struct control *c; /* NULL when that is gone */
	uv_pipe_t pipe;
	uv_timer_t patience;
	uv_write_t write;
	char line[CONTROL_LINE_MAX];
	size_t n;
	char *answer;
	unsigned handles; /* not closed yet */
	bool waits;	  /* for control_answer() */
	bool closing;
};

static int fail(char *why, const char *path, int err, const char *what)
{
	snprintf(why, WHY_MAX, "edge.control: %.200s: %s (%s)", path, what,
		 strerror(err));
	return err;
}

/* Gone when its handles are closed and nobody will answer it any more. */
static void ask_let_go(struct control_ask *a)
{
	if (a->handles || a->waits)
		return;
	free(a->answer);
	free(a);
}

static void handle_closed(uv_handle_t *h)
{
	struct control_ask *a = h->data;

	a->handles--;
	ask_let_go(a);
}

static void ask_close(struct control_ask *a)
{
	if (a->closing)
		return;
	a->closing = true;
	list_remove(&a->link);
	if (a->c)
		a->c->clients--;
	uv_close((uv_handle_t *)&a->pipe, handle_closed);
	uv_close((uv_handle_t *)&a->patience, handle_closed);
}

static void out_of_patience(uv_timer_t *t)
{
	ask_close(t->data);
}

static void written(uv_write_t *w, int status)
{
	(void)status;
	ask_close(w->data);
}

void control_answer(struct control_ask *a, struct slice text)
{
	uv_buf_t out;

	a->waits = false;
	if (a->closing) {
		ask_let_go(a);
		return;
	}
	a->answer = malloc(text.n + 1);
	if (!a->answer) {
		ask_close(a);
		return;
	}
	memcpy(a->answer, text.p, text.n);
	a->answer[text.n] = '\n';
	a->write.data = a;
	out = uv_buf_init(a->answer, (unsigned)text.n + 1);
	if (uv_write(&a->write, (uv_stream_t *)&a->pipe, &out, 1, written))
		ask_close(a);
}

static void ask_now(struct control_ask *a, size_t n)
{
	struct slice line = slice_trim((struct slice){a->line, n});
	struct slice verb = line;
	size_t space = slice_index(line, ' ');

	uv_read_stop((uv_stream_t *)&a->pipe);
	if (space != SIZE_MAX)
		verb.n = space;
	line.p += verb.n;
	line.n -= verb.n;
	a->waits = true;
	a->c->fn(a, verb, slice_trim(line), a->c->arg);
}

static void room_to_read(uv_handle_t *h, size_t wanted, uv_buf_t *buf)
{
	struct control_ask *a = h->data;

	(void)wanted;
	*buf = uv_buf_init(a->line + a->n, (unsigned)(sizeof(a->line) - a->n));
}

static void readable(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct control_ask *a = s->data;
	char *end;

	(void)buf;
	if (n < 0) {
		ask_close(a);
		return;
	}
	a->n += (size_t)n;
	end = memchr(a->line, '\n', a->n);
	if (end)
		ask_now(a, (size_t)(end - a->line));
	else if (a->n == sizeof(a->line))
		ask_close(a);
}

static bool in_group(int fd, gid_t group)
{
	gid_t groups[GROUPS_MAX];
	socklen_t n = sizeof(groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &n))
		return false;
	for (size_t i = 0; i < n / sizeof(gid_t); i++)
		if (groups[i] == group)
			return true;
	return false;
}

/* The file's mode says so already; but a mode is soon changed. */
static bool may_ask(const struct control *c, uv_pipe_t *pipe)
{
	struct ucred who;
	socklen_t n = sizeof(who);
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)pipe, &fd) ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n))
		return false;
	if (who.uid == 0 || who.uid == geteuid() || who.gid == c->group ||
	    in_group(fd, c->group))
		return true;
	log_event(LOG_LEVEL_NOTICE, "control", "refuse",
		  "rule=control-peer uid=%u", who.uid);
	return false;
}

static void connected(uv_stream_t *listener, int status)
{
	struct control *c = listener->data;
	struct control_ask *a = status ? NULL : calloc(1, sizeof(*a));

	if (!a)
		return;
	a->c = c;
	a->handles = 2;
	list_init(&a->link);
	uv_pipe_init(listener->loop, &a->pipe, 0);
	uv_timer_init(listener->loop, &a->patience);
	a->pipe.data = a->patience.data = a;
	list_append(&c->asks, &a->link);
	c->clients++;
	if (uv_accept(listener, (uv_stream_t *)&a->pipe) ||
	    c->clients > CONTROL_CLIENTS_MAX || !may_ask(c, &a->pipe)) {
		ask_close(a);
		return;
	}
	uv_timer_start(&a->patience, out_of_patience, CONTROL_PATIENCE_MS, 0);
	if (uv_read_start((uv_stream_t *)&a->pipe, room_to_read, readable))
		ask_close(a);
}

/* Does anybody answer there? */
static bool is_alive(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool alive;

	if (fd < 0)
		return true;
	memcpy(to.sun_path, path, strlen(path));
	alive = !connect(fd, (struct sockaddr *)&to, sizeof(to)) ||
		errno == EAGAIN;
	close(fd);
	return alive;
}

static int clear_stale(const char *path, char *why)
{
	struct stat st;

	if (lstat(path, &st))
		return errno == ENOENT
			       ? 0
			       : fail(why, path, errno, "cannot look at it");
	if (!S_ISSOCK(st.st_mode))
		return fail(why, path, EEXIST, "is there and is no socket");
	if (is_alive(path))
		return fail(why, path, EADDRINUSE,
			    "another edge answers there");
	return unlink(path) ? fail(why, path, errno, "cannot remove it") : 0;
}

/* By hand: libuv would remove the file at the end, whosever it is by then. */
static int bind_to(struct control *c, char *why)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	mode_t before = umask(0117); /* 0660 from its first moment */
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;
	struct stat st;

	memcpy(at.sun_path, c->path, strlen(c->path));
	err = fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) ? errno
								     : 0;
	umask(before);
	if (!err)
		err = -uv_pipe_open(&c->pipe, fd);
	if (err) {
		if (fd >= 0)
			close(fd);
		return fail(why, c->path, err, "cannot be made");
	}
	if (lstat(c->path, &st))
		return fail(why, c->path, errno, "cannot look at it");
	c->inode = st.st_ino;
	c->group = st.st_gid;
	err = -uv_listen((uv_stream_t *)&c->pipe, BACKLOG, connected);
	return err ? fail(why, c->path, err, "cannot listen") : 0;
}

static void control_closed(uv_handle_t *h)
{
	free(h->data);
}

int control_create(struct control **out, uv_loop_t *loop, const char *path,
		   control_fn *fn, void *arg, char *why)
{
	struct control *c;
	int err;

	if (strlen(path) >= sizeof(c->path))
		return fail(why, path, ENAMETOOLONG, "the path is too long");
	err = clear_stale(path, why);
	if (err)
		return err;
	c = calloc(1, sizeof(*c));
	if (!c)
		return ENOMEM;
	list_init(&c->asks);
	c->fn = fn;
	c->arg = arg;
	memcpy(c->path, path, strlen(path));
	uv_pipe_init(loop, &c->pipe, 0);
	c->pipe.data = c;
	err = bind_to(c, why);
	if (err)
		control_destroy(&c);
	*out = c;
	return err;
}

void control_destroy(struct control **cp)
{
	struct control *c = *cp;
	struct list *it, *tmp;
	struct stat st;

	*cp = NULL;
	if (!c)
		return;
	LIST_EACH (&c->asks, it, tmp) {
		struct control_ask *a =
			LIST_OWNER(it, struct control_ask, link);

		ask_close(a);
		a->c = NULL;
	}
	if (c->inode && !lstat(c->path, &st) && st.st_ino == c->inode)
		unlink(c->path);
	uv_close((uv_handle_t *)&c->pipe, control_closed);
}
