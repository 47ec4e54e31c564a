/*
 * token_keys_test.c - keys outlive a restart, rotate, and stay private.
 */
#include "token_place.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static void restart_keeps_tokens_good(void)
{
	char text[TOKEN_MAX], branch[TOKEN_BRANCH_LEN];
	struct slice b = {branch, sizeof(branch)};
	struct token t = sample(SLICE("route set")), got;
	struct token_branch bgot;
	struct token_pen *pen;
	uint64_t who, dialog;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	n = mint(pen, &t, text);
	token_branch_mint(pen, &branch_sample, branch);
	who = token_who(pen, SLICE("sip:alice@example.com"));
	dialog = token_dialog(pen, SLICE("call"), SLICE("tag"));
	token_pen_destroy(&pen);

	pen = pen_at(NOON + 60);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON + 60), 0);
	CU_ASSERT_TRUE(slice_eq(got.sealed, SLICE("route set")));
	CU_ASSERT_EQUAL(token_branch_check(pen, &bgot, b), 0);
	CU_ASSERT_EQUAL(token_who(pen, SLICE("sip:alice@example.com")), who);
	CU_ASSERT_EQUAL(token_dialog(pen, SLICE("call"), SLICE("tag")), dialog);
	token_pen_destroy(&pen);
	remove_dir();
}

static void rotation_signs_anew_and_believes_the_old(void)
{
	char old[TOKEN_MAX], new[TOKEN_MAX];
	struct token t = sample((struct slice){0}), got;
	struct token_pen *pen;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	n = mint(pen, &t, old);
	token_pen_destroy(&pen);

	pen = pen_at(NOON + DAY - 1);
	CU_ASSERT_EQUAL(mint(pen, &t, new), n);
	CU_ASSERT_EQUAL(memcmp(old, new, n), 0);
	token_pen_destroy(&pen);

	t.kind = TOKEN_FLOW;
	pen = pen_at(NOON + DAY);
	mint(pen, &t, new);
	CU_ASSERT_NOT_EQUAL(memcmp(old, new, n), 0);
	CU_ASSERT_EQUAL(check(pen, &got, new, n, NOON + DAY), 0);
	CU_ASSERT_EQUAL(check(pen, &got, old, n, NOON + KEEP), 0);
	token_pen_destroy(&pen);
	remove_dir();
}

static void retired_key_is_believed_for_keep_s_only(void)
{
	char text[TOKEN_MAX];
	struct token t = sample((struct slice){0}), got;
	struct token_pen *pen;
	size_t n;

	fresh_dir();
	t.kind = TOKEN_FLOW;
	pen = pen_at(NOON);
	n = mint(pen, &t, text);
	token_pen_destroy(&pen);
	pen = pen_at(NOON + DAY);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON + DAY + KEEP), 0);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON + DAY + KEEP + 1),
			ETIME);
	token_pen_destroy(&pen);
	/* Once past, the key leaves the ring: not even known any more. */
	pen = pen_at(NOON + DAY + KEEP + 1);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON + DAY), EBADMSG);
	token_pen_destroy(&pen);
	remove_dir();
}

static void many_rotations_keep_the_ring_small(void)
{
	const struct token_keys *k = NULL;
	struct stat st;

	fresh_dir();
	for (uint64_t day = 0; day < 300; day++) {
		CU_ASSERT_EQUAL_FATAL(token_keys_open(&k, dir, NOON + day * DAY,
						      1000 * DAY, why),
				      0);
		CU_ASSERT_EQUAL(token_keys_rotate_at(k),
				NOON + (day + 1) * DAY);
		token_keys_unref(&k);
	}
	CU_ASSERT_EQUAL(stat(file, &st), 0);
	CU_ASSERT_TRUE(st.st_size < 16 * 1024);
	remove_dir();
}

static void clock_that_was_far_ahead_gets_a_new_key(void)
{
	const struct token_keys *k = NULL;

	fresh_dir();
	CU_ASSERT_EQUAL(token_keys_open(&k, dir, NOON + 400 * DAY, KEEP, why),
			0);
	token_keys_unref(&k);
	CU_ASSERT_EQUAL(token_keys_open(&k, dir, NOON, KEEP, why), 0);
	CU_ASSERT_EQUAL(token_keys_rotate_at(k), NOON + DAY);
	token_keys_unref(&k);
	remove_dir();
}

static void file_and_folder_are_private(void)
{
	struct token_pen *pen;
	struct stat st;

	fresh_dir();
	pen = pen_at(NOON);
	CU_ASSERT_EQUAL(stat(dir, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0700);
	CU_ASSERT_EQUAL(stat(file, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);
	token_pen_destroy(&pen);
	remove_dir();
}

static void file_that_others_can_read_is_refused(void)
{
	const struct token_keys *k = NULL;
	struct token_pen *pen;

	fresh_dir();
	pen = pen_at(NOON);
	token_pen_destroy(&pen);
	for (mode_t bit = 1; bit <= 040; bit <<= 1) {
		CU_ASSERT_EQUAL(chmod(file, 0600 | bit), 0);
		CU_ASSERT_EQUAL(token_keys_open(&k, dir, NOON, KEEP, why),
				EPERM);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, "chmod 0600"));
		CU_ASSERT_PTR_NOT_NULL(strstr(why, file));
	}
	CU_ASSERT_PTR_NULL(k);
	remove_dir();
}

static void write_file(const char *text, size_t n)
{
	int fd = open(file, O_WRONLY | O_TRUNC | O_CREAT, 0600);

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, n), (ssize_t)n);
	close(fd);
}

static size_t read_file(char *text, size_t cap)
{
	int fd = open(file, O_RDONLY);
	ssize_t n = read(fd, text, cap);

	close(fd);
	CU_ASSERT_FATAL(n > 0);
	return (size_t)n;
}

static void damaged_file_is_named_and_left_alone(void)
{
	const struct token_keys *k = NULL;
	char was[4096], now[4096];
	struct token_pen *pen;
	unsigned opened = 0;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	token_pen_destroy(&pen);
	n = read_file(was, sizeof(was));
	for (size_t i = 0; i < n; i++) {
		memcpy(now, was, n);
		now[i] ^= 1;
		write_file(now, n);
		opened += !token_keys_open(&k, dir, NOON, KEEP, why);
		write_file(was, i); /* cut short */
		opened += !token_keys_open(&k, dir, NOON, KEEP, why);
	}
	CU_ASSERT_EQUAL(opened, 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, file));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "delete it"));
	CU_ASSERT_EQUAL(read_file(now, sizeof(now)), n - 1);
	remove_dir();
}

static void endless_file_is_refused(void)
{
	const struct token_keys *k = NULL;
	static char text[200000];

	fresh_dir();
	CU_ASSERT_EQUAL(mkdir(dir, 0700), 0);
	memset(text, 'x', sizeof(text));
	write_file(text, sizeof(text));
	CU_ASSERT_EQUAL(token_keys_open(&k, dir, NOON, KEEP, why), EINVAL);
	remove_dir();
}

static void link_in_place_of_the_file_is_refused(void)
{
	const struct token_keys *k = NULL;

	fresh_dir();
	CU_ASSERT_EQUAL(mkdir(dir, 0700), 0);
	CU_ASSERT_EQUAL(symlink("/dev/zero", file), 0);
	CU_ASSERT_EQUAL(token_keys_open(&k, dir, NOON, KEEP, why), ELOOP);
	remove_dir();
}

static void missing_parent_folder_is_told(void)
{
	const struct token_keys *k = NULL;

	CU_ASSERT_EQUAL(token_keys_open(&k, "/nonexistent/state", NOON, KEEP,
					why),
			ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "/nonexistent/state"));
}

static void leftover_of_a_broken_write_is_no_harm(void)
{
	struct token_pen *pen;
	char left[128];

	fresh_dir();
	CU_ASSERT_EQUAL(mkdir(dir, 0700), 0);
	snprintf(left, sizeof(left), "%s/token-keys.new", dir);
	close(open(left, O_WRONLY | O_CREAT, 0644));
	pen = pen_at(NOON);
	CU_ASSERT_NOT_EQUAL(access(left, F_OK), 0);
	token_pen_destroy(&pen);
	remove_dir();
}

TEST_MAIN("token/keys",
	  {"a restart keeps tokens good", restart_keeps_tokens_good},
	  {"after a day a new key signs and the old one is believed",
	   rotation_signs_anew_and_believes_the_old},
	  {"a retired key is believed as long as asked and no longer",
	   retired_key_is_believed_for_keep_s_only},
	  {"many rotations keep the ring small",
	   many_rotations_keep_the_ring_small},
	  {"a clock that was far ahead gets a new key",
	   clock_that_was_far_ahead_gets_a_new_key},
	  {"the key file and its folder are private",
	   file_and_folder_are_private},
	  {"a key file that others can reach is refused",
	   file_that_others_can_read_is_refused},
	  {"a damaged key file is named and left alone",
	   damaged_file_is_named_and_left_alone},
	  {"an endless key file is refused", endless_file_is_refused},
	  {"a link in place of the key file is refused",
	   link_in_place_of_the_file_is_refused},
	  {"a missing parent folder is told", missing_parent_folder_is_told},
	  {"the leftover of a broken write does no harm",
	   leftover_of_a_broken_write_is_no_harm})
