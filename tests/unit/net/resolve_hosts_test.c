/*
 * resolve_hosts_test.c - names that need no DNS.
 */
#include "resolve_hosts.h"

#include "cunit_main.h"

#include <unistd.h>

static const struct settings *with_host(const char *name, const char *address)
{
	static union addr addr;
	static struct host_entry entry = {.address = &addr, .addresses = 1};
	static struct settings s = {.host = &entry, .hosts = 1};
	static char copy[64];

	snprintf(copy, sizeof(copy), "%s", name);
	entry.name = copy;
	CU_ASSERT_EQUAL(addr_parse(&addr, slice_of(address), 0), 0);
	return &s;
}

static struct resolve_hosts *read_hosts(const struct settings *s,
					const char *text)
{
	char path[] = "/tmp/hosts-test-XXXXXX";
	int fd = mkstemp(path);
	struct resolve_hosts *t = NULL;

	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	CU_ASSERT_EQUAL_FATAL(resolve_hosts_create(&t, s, path), 0);
	unlink(path);
	return t;
}

/* All addresses of a name with spaces between. */
static const char *look(const struct resolve_hosts *t, const char *text)
{
	static char found[512];
	const struct resolve_addrs *addrs;
	struct resolve_name name;
	char one[ADDR_TEXT_MAX];

	CU_ASSERT_EQUAL(resolve_name_read(&name, slice_of(text)), 0);
	addrs = resolve_hosts_find(t, &name, resolve_hosts_hash(&name));
	if (!addrs)
		return "none";
	found[0] = '\0';
	for (size_t i = 0; i < addrs->n; i++) {
		size_t n = strlen(found);

		snprintf(found + n, sizeof(found) - n, "%s%s", i ? " " : "",
			 addr_host_text(&addrs->v[i], one));
	}
	return found;
}

static void a_hosts_file(void)
{
	struct settings none = {0};
	struct resolve_hosts *t =
		read_hosts(&none, "# comment\n"
				  "127.0.0.1\tlocalhost  Alias.Example # more\n"
				  "  192.0.2.7   seven.example.  seven  \r\n"
				  "2001:db8::7 seven.example\n"
				  "192.0.2.7 seven.example\n"
				  "not-an-address x.example\n"
				  "fe80::1%lo scoped.example\n"
				  "192.0.2.9 bad..name good.example\n"
				  "192.0.2.10\n"
				  "\n"
				  "192.0.2.8 last.example");

	CU_ASSERT_STRING_EQUAL(look(t, "localhost"), "127.0.0.1");
	CU_ASSERT_STRING_EQUAL(look(t, "alias.example"), "127.0.0.1");
	CU_ASSERT_STRING_EQUAL(look(t, "Seven.Example"),
			       "192.0.2.7 2001:db8::7");
	CU_ASSERT_STRING_EQUAL(look(t, "seven"), "192.0.2.7");
	CU_ASSERT_STRING_EQUAL(look(t, "good.example"), "192.0.2.9");
	CU_ASSERT_STRING_EQUAL(look(t, "last.example"), "192.0.2.8");
	CU_ASSERT_STRING_EQUAL(look(t, "more"), "none");
	CU_ASSERT_STRING_EQUAL(look(t, "x.example"), "none");
	CU_ASSERT_STRING_EQUAL(look(t, "scoped.example"), "none");
	resolve_hosts_destroy(&t);
	CU_ASSERT_PTR_NULL(t);
}

static void settings_win(void)
{
	struct resolve_hosts *t =
		read_hosts(with_host("home01.internal.example", "127.0.20.4"),
			   "192.0.2.1 home01.internal.example other.example\n");

	CU_ASSERT_STRING_EQUAL(look(t, "home01.internal.example"),
			       "127.0.20.4");
	CU_ASSERT_STRING_EQUAL(look(t, "other.example"), "192.0.2.1");
	resolve_hosts_destroy(&t);
}

static void no_file(void)
{
	struct resolve_hosts *t = NULL;

	CU_ASSERT_EQUAL_FATAL(
		resolve_hosts_create(&t, with_host("a.example", "192.0.2.1"),
				     "/nonexistent/hosts"),
		0);
	CU_ASSERT_STRING_EQUAL(look(t, "a.example"), "192.0.2.1");
	resolve_hosts_destroy(&t);
	resolve_hosts_destroy(&t);
}

static void many_lines(void)
{
	struct settings none = {0};
	struct resolve_hosts *t;
	size_t room = 200000, n = 0;
	char *text = malloc(room), name[32];

	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	for (unsigned i = 0; i < 2000; i++)
		n += (size_t)snprintf(text + n, room - n,
				      "10.0.%u.%u h%u.example all.example\n",
				      i / 256, i % 256, i);
	t = read_hosts(&none, text);
	free(text);
	for (unsigned i = 0; i < 2000; i += 7) {
		snprintf(name, sizeof(name), "h%u.example", i);
		CU_ASSERT_STRING_NOT_EQUAL(look(t, name), "none");
	}
	CU_ASSERT_STRING_NOT_EQUAL(look(t, "all.example"), "none");
	resolve_hosts_destroy(&t);
}

TEST_MAIN("net/resolve_hosts",
	  {"a hosts file is read as hosts(5) says", a_hosts_file},
	  {"the settings' names are theirs alone", settings_win},
	  {"a file that is not there is empty", no_file},
	  {"many lines, many names, one with many addresses", many_lines})
