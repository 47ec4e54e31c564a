/*
 * disk_test.c - a file is replaced whole, by one that is its owner's alone,
 * and what stands in the way of the draft is not followed.
 */
#include "base/disk.h"

#include "cunit_main.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char where[] = "/tmp/disk-test-XXXXXX";
static int folder = -1;

static void begin(void)
{
	memcpy(where + sizeof(where) - 7, "XXXXXX", 6);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(where));
	folder = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CU_ASSERT_FATAL(folder >= 0);
}

static void end(void)
{
	unlinkat(folder, "it", 0);
	unlinkat(folder, "it.new", 0);
	unlinkat(folder, "other", 0);
	close(folder);
	CU_ASSERT_EQUAL(rmdir(where), 0);
}

static int put(const char *text)
{
	return disk_replace(folder, "it.new", "it", slice_of(text));
}

static void make(const char *name, const char *text)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	CU_ASSERT_EQUAL(disk_write(fd, slice_of(text)), 0);
	close(fd);
}

static bool holds(const char *name, const char *text)
{
	char got[64];
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, got, sizeof(got));

	if (fd >= 0)
		close(fd);
	return n >= 0 &&
	       slice_eq((struct slice){got, (size_t)n}, slice_of(text));
}

static bool is_there(const char *name)
{
	struct stat st;

	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void the_file_is_made_and_replaced(void)
{
	struct stat st;

	begin();
	CU_ASSERT_EQUAL(put("one"), 0);
	CU_ASSERT_TRUE(holds("it", "one"));
	CU_ASSERT_EQUAL(put(""), 0);
	CU_ASSERT_TRUE(holds("it", ""));
	CU_ASSERT_FALSE(is_there("it.new"));
	CU_ASSERT_EQUAL(fstatat(folder, "it", &st, 0), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	end();
}

static void a_draft_of_a_run_cut_off_goes(void)
{
	begin();
	make("it.new", "half of something that was longer");
	CU_ASSERT_EQUAL(put("two"), 0);
	CU_ASSERT_TRUE(holds("it", "two"));
	end();
}

static void a_link_is_replaced_and_not_followed(void)
{
	begin();
	make("other", "theirs");
	CU_ASSERT_EQUAL(symlinkat("other", folder, "it.new"), 0);
	CU_ASSERT_EQUAL(symlinkat("other", folder, "it"), 0);
	CU_ASSERT_EQUAL(put("ours"), 0);
	CU_ASSERT_TRUE(holds("it", "ours"));
	CU_ASSERT_TRUE(holds("other", "theirs"));
	end();
}

static void without_room_the_old_file_stays(void)
{
	struct rlimit was, none = {0};

	begin();
	CU_ASSERT_EQUAL(put("old"), 0);
	getrlimit(RLIMIT_FSIZE, &was);
	none.rlim_max = was.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
	CU_ASSERT_EQUAL(put("new"), EFBIG);
	setrlimit(RLIMIT_FSIZE, &was);
	CU_ASSERT_TRUE(holds("it", "old"));
	end();
}

static void what_cannot_be_written_is_told(void)
{
	int fd;

	begin();
	CU_ASSERT_EQUAL(mkdirat(folder, "it.new", 0700), 0);
	CU_ASSERT_NOT_EQUAL(put("x"), 0);
	CU_ASSERT_FALSE(is_there("it"));
	CU_ASSERT_EQUAL(unlinkat(folder, "it.new", AT_REMOVEDIR), 0);
	make("other", "");
	fd = openat(folder, "other", O_RDONLY | O_CLOEXEC);
	CU_ASSERT_EQUAL(disk_write(fd, SLICE("x")), EBADF);
	close(fd);
	end();
}

TEST_MAIN("base/disk",
	  {"the file is made and replaced", the_file_is_made_and_replaced},
	  {"a draft of a run cut off goes", a_draft_of_a_run_cut_off_goes},
	  {"a link is replaced and not followed",
	   a_link_is_replaced_and_not_followed},
	  {"without room the old file stays", without_room_the_old_file_stays},
	  {"what cannot be written is told", what_cannot_be_written_is_told})
