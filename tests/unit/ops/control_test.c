/* control_test.c - who is heard at the control socket, and for how long. */
#include "ops/control.h"

#include "cunit_main.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ASKED_MAX 16

static uv_loop_t loop;
static struct control *control;
static char folder[64], path[96], why[WHY_MAX];

/* What was asked; answered at once unless `later`. */
static struct {
	unsigned n;
	char verb[64], rest[1100];
	struct control_ask *ask[ASKED_MAX];
	bool later;
} asked;

static void on_ask(struct control_ask *ask, struct slice verb,
		   struct slice rest, void *arg)
{
	CU_ASSERT_PTR_EQUAL(arg, &asked);
	snprintf(asked.verb, sizeof(asked.verb), "%.*s", SLICE_ARG(verb));
	snprintf(asked.rest, sizeof(asked.rest), "%.*s", SLICE_ARG(rest));
	asked.ask[asked.n++ % ASKED_MAX] = ask;
	if (!asked.later)
		control_answer(ask, SLICE("{\"ok\":true}"));
}

static int open_it(void)
{
	return control_create(&control, &loop, path, on_ask, &asked, why);
}

static void begin(void)
{
	signal(SIGPIPE, SIG_IGN); /* as main.c does */
	memset(&asked, 0, sizeof(asked));
	snprintf(folder, sizeof(folder), "/tmp/control_test.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/control", folder);
	CU_ASSERT_EQUAL_FATAL(uv_loop_init(&loop), 0);
}

static void turn(void)
{
	for (int i = 0; i < 10; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
}

static void end(void)
{
	control_destroy(&control);
	turn();
	CU_ASSERT_EQUAL(uv_loop_close(&loop), 0);
	CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
	CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static int dial(void)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	memcpy(to.sun_path, path, strlen(path));
	CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&to, sizeof(to)),
			      0);
	return fd;
}

static void say(int fd, const char *text)
{
	CU_ASSERT_EQUAL(send(fd, text, strlen(text), MSG_NOSIGNAL),
			(ssize_t)strlen(text));
	turn();
}

/* What came: -1 closed without a word, 0 nothing yet. */
static int hear(int fd, char out[64])
{
	ssize_t n = recv(fd, out, 63, 0);

	out[n > 0 ? n : 0] = '\0';
	if (n > 0)
		return (int)n;
	return n < 0 && errno == EAGAIN ? 0 : -1;
}

static void one_line_in_one_line_out(void)
{
	char text[64];
	struct stat st;
	int fd;

	begin();
	CU_ASSERT_EQUAL_FATAL(open_it(), 0);
	CU_ASSERT_EQUAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 0777, 0660);
	fd = dial();
	say(fd, "recall  a@b");
	CU_ASSERT_EQUAL(asked.n, 0);
	say(fd, " c \r\nping\n");
	CU_ASSERT_EQUAL(asked.n, 1);
	CU_ASSERT_STRING_EQUAL(asked.verb, "recall");
	CU_ASSERT_STRING_EQUAL(asked.rest, "a@b c");
	CU_ASSERT(hear(fd, text) > 0);
	CU_ASSERT_STRING_EQUAL(text, "{\"ok\":true}\n");
	CU_ASSERT_EQUAL(hear(fd, text), -1);
	close(fd);
	end();
}

static void a_long_line_is_not_heard_out(void)
{
	char line[CONTROL_LINE_MAX + 1], text[64];
	int fd;

	begin();
	CU_ASSERT_EQUAL_FATAL(open_it(), 0);
	memset(line, 'x', sizeof(line));
	line[CONTROL_LINE_MAX] = '\0';
	fd = dial();
	say(fd, line);
	CU_ASSERT_EQUAL(hear(fd, text), -1);
	CU_ASSERT_EQUAL(asked.n, 0);
	close(fd);
	end();
}

static void an_answer_may_come_later_or_too_late(void)
{
	char text[64];
	int fd, gone;

	begin();
	CU_ASSERT_EQUAL_FATAL(open_it(), 0);
	asked.later = true;
	fd = dial();
	gone = dial();
	say(fd, "ping\n");
	say(gone, "ping\n");
	CU_ASSERT_EQUAL_FATAL(asked.n, 2);
	CU_ASSERT_EQUAL(hear(fd, text), 0);
	close(gone);
	turn();
	control_answer(asked.ask[0], SLICE("one"));
	control_answer(asked.ask[1], SLICE("two"));
	turn();
	CU_ASSERT(hear(fd, text) > 0);
	CU_ASSERT_STRING_EQUAL(text, "one\n");
	close(fd);
	/* And when the socket itself is gone. */
	fd = dial();
	say(fd, "ping\n");
	CU_ASSERT_EQUAL_FATAL(asked.n, 3);
	control_destroy(&control);
	turn();
	CU_ASSERT_EQUAL(hear(fd, text), -1);
	control_answer(asked.ask[2], SLICE("three"));
	close(fd);
	end();
}

static void only_so_many_are_heard_at_once(void)
{
	int fd[CONTROL_CLIENTS_MAX + 1];
	char text[64];

	begin();
	CU_ASSERT_EQUAL_FATAL(open_it(), 0);
	for (int i = 0; i <= CONTROL_CLIENTS_MAX; i++) {
		fd[i] = dial();
		turn();
	}
	CU_ASSERT_EQUAL(hear(fd[CONTROL_CLIENTS_MAX], text), -1);
	CU_ASSERT_EQUAL(hear(fd[0], text), 0);
	/* One that goes makes room. */
	close(fd[0]);
	turn();
	fd[0] = dial();
	say(fd[0], "ping\n");
	CU_ASSERT_EQUAL(asked.n, 1);
	for (int i = 0; i <= CONTROL_CLIENTS_MAX; i++)
		close(fd[i]);
	end();
}

static void what_a_dead_edge_left_is_taken_away(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd;

	begin();
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	CU_ASSERT_EQUAL(open_it(), 0);
	close(dial());
	turn();
	end();
}

static void a_living_edge_or_another_file_is_left_alone(void)
{
	struct control *second = NULL;
	int fd;

	begin();
	CU_ASSERT_EQUAL_FATAL(open_it(), 0);
	CU_ASSERT_EQUAL(control_create(&second, &loop, path, on_ask, &asked,
				       why),
			EADDRINUSE);
	CU_ASSERT_PTR_NULL(second);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "another edge answers there"));
	control_destroy(&control);
	turn();
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	close(fd);
	CU_ASSERT_EQUAL(open_it(), EEXIST);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, path));
	turn();
	CU_ASSERT_EQUAL(unlink(path), 0);
	/* Nor is a socket removed that took the place of ours. */
	CU_ASSERT_EQUAL_FATAL(open_it(), 0);
	CU_ASSERT_EQUAL(unlink(path), 0);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	control_destroy(&control);
	turn();
	CU_ASSERT_EQUAL(access(path, F_OK), 0);
	unlink(path);
	end();
}

static void a_path_that_cannot_be_is_told(void)
{
	char keep[96], longer[200];

	begin();
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	CU_ASSERT_EQUAL(control_create(&control, &loop, longer, on_ask, &asked,
				       why),
			ENAMETOOLONG);
	memcpy(keep, path, sizeof(keep));
	snprintf(path, sizeof(path), "%.70s/no/control", folder);
	CU_ASSERT_EQUAL(open_it(), ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "edge.control"));
	CU_ASSERT_PTR_NULL(control);
	memcpy(path, keep, sizeof(keep));
	end();
}

TEST_MAIN("ops/control",
	  {"one line in, one line out", one_line_in_one_line_out},
	  {"a long line is not heard out", a_long_line_is_not_heard_out},
	  {"an answer may come later, or too late",
	   an_answer_may_come_later_or_too_late},
	  {"only so many are heard at once", only_so_many_are_heard_at_once},
	  {"what a dead edge left is taken away",
	   what_a_dead_edge_left_is_taken_away},
	  {"a living edge, or another file, is left alone",
	   a_living_edge_or_another_file_is_left_alone},
	  {"a path that cannot be is told", a_path_that_cannot_be_is_told})
