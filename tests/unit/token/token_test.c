/*
 * token_test.c - what the edge signs comes back believed, and nothing else.
 */
#include "token/token.h"

#include "base/b64.h"

#include "cunit_main.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOON  1700000000ULL
#define DAY   86400ULL
#define KEEP  28800ULL
#define MAX_S 28800ULL

static char root[64], dir[80], file[96], why[WHY_MAX];

static void fresh_dir(void)
{
	snprintf(root, sizeof(root), "/tmp/token_test.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(root));
	snprintf(dir, sizeof(dir), "%s/state", root);
	snprintf(file, sizeof(file), "%s/token-keys", dir);
}

static void remove_dir(void)
{
	unlink(file);
	rmdir(dir);
	rmdir(root);
}

static struct token_pen *pen_at(uint64_t wall_s)
{
	const struct token_keys *k = NULL;
	struct token_pen *pen = NULL;

	CU_ASSERT_EQUAL_FATAL(token_keys_open(&k, dir, wall_s, KEEP, why), 0);
	CU_ASSERT_EQUAL_FATAL(token_pen_create(&pen, k), 0);
	token_keys_unref(&k);
	CU_ASSERT_PTR_NULL(k);
	return pen;
}

static struct token sample(struct slice sealed)
{
	return (struct token){
		.kind = TOKEN_DIALOG,
		.conn = 0x0102030405060708ULL,
		.who = 0x1112131415161718ULL,
		.dialog = 0xf1f2f3f4f5f6f7f8ULL,
		.issued_s = NOON,
		.sealed = sealed,
	};
}

static const struct token_branch branch_sample = {
	.worker = 200,
	.slot = 0xfffffffe,
	.generation = 0x01020304,
	.loop = 0x8182838485868788ULL,
};

static size_t mint(struct token_pen *pen, const struct token *t, char *out)
{
	size_t n = token_mint(pen, t, out);

	CU_ASSERT_FATAL(n > 0 && n <= TOKEN_MAX);
	return n;
}

static int check(struct token_pen *pen, struct token *out, const char *p,
		 size_t n, uint64_t wall_s)
{
	static char scratch[TOKEN_SEALED_MAX];

	return token_check(pen, out, (struct slice){p, n}, wall_s, MAX_S,
			   scratch);
}

static void route_says_what_was_written(void)
{
	char text[TOKEN_MAX];
	struct token t = sample((struct slice){0}), got;
	struct token_pen *pen;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	n = mint(pen, &t, text);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON + 5), 0);
	CU_ASSERT_EQUAL(got.kind, TOKEN_DIALOG);
	CU_ASSERT_EQUAL(got.conn, t.conn);
	CU_ASSERT_EQUAL(got.who, t.who);
	CU_ASSERT_EQUAL(got.dialog, t.dialog);
	CU_ASSERT_EQUAL(got.issued_s, NOON);
	CU_ASSERT_EQUAL(got.sealed.n, 0);
	token_pen_destroy(&pen);
	CU_ASSERT_PTR_NULL(pen);
	remove_dir();
}

static void sealed_part_comes_back_and_is_hidden(void)
{
	struct slice secret = SLICE("<sip:home01.internal.example;lr>");
	char one[TOKEN_MAX], two[TOKEN_MAX];
	uint8_t raw[TOKEN_MAX];
	struct token t = sample(secret), got;
	struct token_pen *pen;
	size_t n, len;

	fresh_dir();
	pen = pen_at(NOON);
	n = mint(pen, &t, one);
	CU_ASSERT_EQUAL(check(pen, &got, one, n, NOON), 0);
	CU_ASSERT_TRUE(slice_eq(got.sealed, secret));
	CU_ASSERT_EQUAL(
		b64_decode(raw, sizeof(raw), &len, (struct slice){one, n}), 0);
	CU_ASSERT_PTR_NULL(memmem(raw, len, "home01", 6));
	/* The same words are never sealed alike. */
	CU_ASSERT_EQUAL(mint(pen, &t, two), n);
	CU_ASSERT_NOT_EQUAL(memcmp(one, two, n), 0);
	token_pen_destroy(&pen);
	remove_dir();
}

static void sealed_part_has_a_longest_length(void)
{
	static char bytes[TOKEN_SEALED_MAX + 1];
	char text[TOKEN_MAX];
	struct token t = sample((struct slice){bytes, TOKEN_SEALED_MAX}), got;
	struct token_pen *pen;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	n = mint(pen, &t, text);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON), 0);
	CU_ASSERT_EQUAL(got.sealed.n, TOKEN_SEALED_MAX);
	t.sealed.n++;
	CU_ASSERT_EQUAL(token_mint(pen, &t, text), 0);
	token_pen_destroy(&pen);
	remove_dir();
}

/* Flip each bit of the bytes behind the text. */
static unsigned believed_flips(struct token_pen *pen, const char *text,
			       size_t n)
{
	uint8_t raw[TOKEN_MAX];
	char flipped[TOKEN_MAX];
	struct token got;
	unsigned believed = 0;
	size_t len;

	CU_ASSERT_EQUAL_FATAL(
		b64_decode(raw, sizeof(raw), &len, (struct slice){text, n}), 0);
	for (size_t bit = 0; bit < len * 8; bit++) {
		raw[bit / 8] ^= (uint8_t)(1U << bit % 8);
		b64_encode(flipped, raw, len);
		believed += check(pen, &got, flipped, n, NOON) != EBADMSG;
		raw[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	return believed;
}

static void one_flipped_bit_is_refused(void)
{
	struct token plain = sample((struct slice){0});
	struct token sealed = sample(SLICE("some route"));
	char text[TOKEN_MAX];
	struct token_pen *pen;

	fresh_dir();
	pen = pen_at(NOON);
	CU_ASSERT_EQUAL(believed_flips(pen, text, mint(pen, &plain, text)), 0);
	CU_ASSERT_EQUAL(believed_flips(pen, text, mint(pen, &sealed, text)), 0);
	token_pen_destroy(&pen);
	remove_dir();
}

/* Each character in turn becomes each other character of the alphabet. */
static void one_changed_character_is_refused(void)
{
	char text[TOKEN_MAX];
	struct token t = sample((struct slice){0}), got;
	struct token_pen *pen;
	unsigned believed = 0;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	n = mint(pen, &t, text);
	for (size_t i = 0; i < n; i++) {
		char was = text[i];

		for (int c = 1; c < 256; c++) {
			text[i] = (char)c;
			if (text[i] != was)
				believed += check(pen, &got, text, n, NOON) !=
					    EBADMSG;
		}
		text[i] = was;
	}
	CU_ASSERT_EQUAL(believed, 0);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON), 0);
	token_pen_destroy(&pen);
	remove_dir();
}

static void other_lengths_are_refused(void)
{
	char text[TOKEN_MAX + 8];
	struct token t = sample(SLICE("abc")), got;
	struct token_pen *pen;
	unsigned believed = 0;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	memset(text, 'A', sizeof(text));
	n = mint(pen, &t, text);
	for (size_t i = 0; i < sizeof(text); i++) {
		if (i != n)
			believed += check(pen, &got, text, i, NOON) != EBADMSG;
	}
	CU_ASSERT_EQUAL(believed, 0);
	CU_ASSERT_EQUAL(check(pen, &got, NULL, 0, NOON), EBADMSG);
	token_pen_destroy(&pen);
	remove_dir();
}

static void another_ring_believes_nothing(void)
{
	char text[TOKEN_MAX], branch[TOKEN_BRANCH_LEN];
	struct token t = sample((struct slice){0}), got;
	struct token_branch b;
	struct token_pen *pen;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	n = mint(pen, &t, text);
	token_branch_mint(pen, &branch_sample, branch);
	token_pen_destroy(&pen);
	unlink(file);
	pen = pen_at(NOON);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON), EBADMSG);
	CU_ASSERT_EQUAL(
		token_branch_check(pen, &b,
				   (struct slice){branch, sizeof(branch)}),
		EBADMSG);
	token_pen_destroy(&pen);
	remove_dir();
}

static void branch_says_what_was_written(void)
{
	char text[TOKEN_BRANCH_LEN];
	struct slice s = {text, sizeof(text)};
	struct token_branch got = {0};
	struct token_pen *pen;

	fresh_dir();
	pen = pen_at(NOON);
	token_branch_mint(pen, &branch_sample, text);
	CU_ASSERT_EQUAL(memcmp(text, "z9hG4bK", 7), 0);
	CU_ASSERT_EQUAL(token_branch_check(pen, &got, s), 0);
	CU_ASSERT_EQUAL(got.worker, branch_sample.worker);
	CU_ASSERT_EQUAL(got.slot, branch_sample.slot);
	CU_ASSERT_EQUAL(got.generation, branch_sample.generation);
	CU_ASSERT_EQUAL(got.loop, branch_sample.loop);
	token_pen_destroy(&pen);
	remove_dir();
}

static void changed_branch_is_refused(void)
{
	char text[TOKEN_BRANCH_LEN];
	struct token_branch got;
	struct token_pen *pen;
	unsigned believed = 0;

	fresh_dir();
	pen = pen_at(NOON);
	token_branch_mint(pen, &branch_sample, text);
	for (size_t i = 0; i < sizeof(text); i++) {
		char was = text[i];

		for (int c = 1; c < 256; c++) {
			struct slice s = {text, sizeof(text)};

			text[i] = (char)c;
			if (text[i] != was)
				believed += !token_branch_check(pen, &got, s);
		}
		text[i] = was;
		believed +=
			!token_branch_check(pen, &got, (struct slice){text, i});
	}
	CU_ASSERT_EQUAL(believed, 0);
	token_pen_destroy(&pen);
	remove_dir();
}

static void branch_is_no_route_and_route_no_branch(void)
{
	char branch[TOKEN_BRANCH_LEN], text[TOKEN_MAX];
	struct token t = sample((struct slice){0}), got;
	struct token_branch b;
	struct token_pen *pen;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	token_branch_mint(pen, &branch_sample, branch);
	CU_ASSERT_EQUAL(check(pen, &got, branch + 7, sizeof(branch) - 7, NOON),
			EBADMSG);
	n = mint(pen, &t, text);
	CU_ASSERT_EQUAL(token_branch_check(pen, &b, (struct slice){text, n}),
			EBADMSG);
	token_pen_destroy(&pen);
	remove_dir();
}

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

static void old_dialogs_are_refused_and_old_flows_are_not(void)
{
	char text[TOKEN_MAX];
	struct token t = sample((struct slice){0}), got;
	struct token_pen *pen;
	size_t n;

	fresh_dir();
	pen = pen_at(NOON);
	n = mint(pen, &t, text);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON + MAX_S), 0);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON + MAX_S + 1), ETIME);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON - 3600), 0);
	t.kind = TOKEN_FLOW;
	n = mint(pen, &t, text);
	CU_ASSERT_EQUAL(check(pen, &got, text, n, NOON + 10 * MAX_S), 0);
	CU_ASSERT_EQUAL(got.kind, TOKEN_FLOW);
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

static void names_differ_where_they_must(void)
{
	struct slice alice = SLICE("sip:alice@example.com");
	struct token_pen *pen;

	fresh_dir();
	pen = pen_at(NOON);
	CU_ASSERT_NOT_EQUAL(token_who(pen, alice), 0);
	CU_ASSERT_NOT_EQUAL(token_who(pen, alice),
			    token_who(pen, SLICE("sip:bob@example.com")));
	CU_ASSERT_NOT_EQUAL(token_dialog(pen, SLICE("ab"), SLICE("c")),
			    token_dialog(pen, SLICE("a"), SLICE("bc")));
	CU_ASSERT_NOT_EQUAL(token_dialog(pen, SLICE("ab"), SLICE("c")),
			    token_dialog(pen, SLICE("c"), SLICE("ab")));
	CU_ASSERT_NOT_EQUAL(token_dialog(pen, alice, (struct slice){0}),
			    token_who(pen, alice));
	token_pen_destroy(&pen);
	remove_dir();
}

static void pens_outlive_the_callers_ring(void)
{
	const struct token_keys *k = NULL, *none = NULL;
	struct token_pen *one = NULL, *two = NULL;
	struct token t = sample((struct slice){0}), got;
	char text[TOKEN_MAX];
	size_t n;

	fresh_dir();
	CU_ASSERT_EQUAL_FATAL(token_keys_open(&k, dir, NOON, KEEP, why), 0);
	CU_ASSERT_EQUAL_FATAL(token_pen_create(&one, k), 0);
	CU_ASSERT_EQUAL_FATAL(token_pen_create(&two, k), 0);
	token_keys_unref(&k);
	n = mint(one, &t, text);
	token_pen_destroy(&one);
	CU_ASSERT_EQUAL(check(two, &got, text, n, NOON), 0);
	token_pen_destroy(&two);
	token_pen_destroy(&two);
	token_keys_unref(&none);
	remove_dir();
}

TEST_MAIN("token/token",
	  {"a route token says what was written into it",
	   route_says_what_was_written},
	  {"a sealed part comes back, and is hidden on the way",
	   sealed_part_comes_back_and_is_hidden},
	  {"a sealed part has a longest length",
	   sealed_part_has_a_longest_length},
	  {"a token with one bit flipped is refused",
	   one_flipped_bit_is_refused},
	  {"a token with one character changed is refused",
	   one_changed_character_is_refused},
	  {"a token cut short or made longer is refused",
	   other_lengths_are_refused},
	  {"another ring believes nothing", another_ring_believes_nothing},
	  {"a branch says what was written into it",
	   branch_says_what_was_written},
	  {"a changed branch is refused", changed_branch_is_refused},
	  {"a branch is no route token, a route token no branch",
	   branch_is_no_route_and_route_no_branch},
	  {"a restart keeps tokens good", restart_keeps_tokens_good},
	  {"an old dialog token is refused, an old flow token is not",
	   old_dialogs_are_refused_and_old_flows_are_not},
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
	   leftover_of_a_broken_write_is_no_harm},
	  {"names differ where they must", names_differ_where_they_must},
	  {"a pen outlives its caller's ring", pens_outlive_the_callers_ring})
