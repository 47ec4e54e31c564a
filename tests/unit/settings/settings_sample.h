/**
 * @file settings_sample.h
 * A good settings file to change one thing in, and a folder for it.
 *
 * "@" stands for the folder, in the sample and in what is expected.
 */
#ifndef TESTS_UNIT_SETTINGS_SAMPLE_H
#define TESTS_UNIT_SETTINGS_SAMPLE_H

#include "settings/settings.h"

#include "cunit_main.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAMPLE_BYTES 16384

static char sample_dir[64], sample_file[96], sample_why[WHY_MAX];

static const char sample_text[] =
	/*  1 */
	"edge:\n"
	/*  2 */ "{\n"
	/*  3 */ "  state_dir = \"@/state\";\n"
	/*  4 */ "  sip_domains = [ \"example.com\", \"Example.ORG\" ];\n"
	/*  5 */ "};\n"
	/*  6 */ "outside:\n"
	/*  7 */ "{\n"
	/*  8 */ "  address = [ \"192.0.2.10\", \"2001:db8::10\" ];\n"
	/*  9 */ "  fqdn = \"sip.example.com\";\n"
	/* 10 */ "  tls:\n"
	/* 11 */ "  {\n"
	/* 12 */ "    certificate = \"@/outside.chain\";\n"
	/* 13 */ "    key = \"@/outside.key\";\n"
	/* 14 */ "    trust = \"@/outside-ca.crt\";\n"
	/* 15 */ "  };\n"
	/* 16 */ "};\n"
	/* 17 */ "inside:\n"
	/* 18 */ "{\n"
	/* 19 */ "  address = \"10.0.0.10\";\n"
	/* 20 */ "  fqdn = \"edge01.internal.example\";\n"
	/* 21 */ "  tls:\n"
	/* 22 */ "  {\n"
	/* 23 */ "    certificate = \"@/inside.chain\";\n"
	/* 24 */ "    key = \"@/inside.key\";\n"
	/* 25 */ "    trust = \"@/inside-ca.crt\";\n"
	/* 26 */ "  };\n"
	/* 27 */ "  trusted_servers = [ \"home01.internal.example\" ];\n"
	/* 28 */ "};\n"
	/* 29 */ "routing:\n"
	/* 30 */ "{\n"
	/* 31 */ "  directors = \"dir01.internal.example\";\n"
	/* 32 */ "  home_servers = [ \"home01.internal.example\", "
	"\"HOME02.internal.example.:5071\", \"[2001:DB8:0::9]\" ];\n"
	/* 33 */ "};\n"
	/* 34 */ "devices:\n"
	/* 35 */ "{\n"
	/* 36 */ "  enabled = true;\n"
	/* 37 */ "  leg = \"inside\";\n"
	/* 38 */ "  tcp_port = 5060;\n"
	/* 39 */ "  device = (\n"
	/* 40 */ "    { name = \"room1\";\n"
	/* 41 */ "      address = [ \"10.0.5.20\" ];\n"
	/* 42 */ "      identities = [ \"SIP:Room1@EXAMPLE.com\" ]; },\n"
	/* 43 */ "    { name = \"room2\";\n"
	/* 44 */ "      address = [ \"10.0.6.0/24\", \"10.0.7.1\" ];\n"
	/* 45 */ "      identities = \"sip:*@example.org\";\n"
	/* 46 */ "      register = true;\n"
	/* 47 */ "      contact = \"sip:r@10.0.6.1:5060;transport=tcp\"; }\n"
	/* 48 */ "  );\n"
	/* 49 */ "};\n"
	/* 50 */ "limits:\n"
	/* 51 */ "{\n"
	/* 52 */ "  handshake_s = 5;\n"
	/* 53 */ "};\n";

/* Each "@" that begins a path becomes the folder. */
static inline void sample_place(char *out, const char *text)
{
	size_t n = 0;

	for (; *text && n < SAMPLE_BYTES - 1; text++) {
		if (text[0] == '@' && text[1] == '/') {
			n += (size_t)snprintf(out + n, SAMPLE_BYTES - n, "%s",
					      sample_dir);
			continue;
		}
		out[n++] = *text;
	}
	CU_ASSERT_FATAL(n < SAMPLE_BYTES);
	out[n] = '\0';
}

static inline void sample_path(char out[128], const char *name)
{
	snprintf(out, 128, "%s/%s", sample_dir, name);
}

static inline void sample_write(const char *name, const char *text, mode_t mode)
{
	char path[128];
	int fd;

	sample_path(path, name);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static const char *const sample_names[] = {
	"outside.chain", "outside.key", "outside-ca.crt",
	"inside.chain",	 "inside.key",	"inside-ca.crt",
};

#define SAMPLE_NAMES (sizeof(sample_names) / sizeof(sample_names[0]))

/** Make the folder with the files that the sample names. */
static inline void sample_open(void)
{
	snprintf(sample_dir, sizeof(sample_dir), "/tmp/settings_test.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(sample_dir));
	snprintf(sample_file, sizeof(sample_file), "%s/edge.cfg", sample_dir);
	for (size_t i = 0; i < SAMPLE_NAMES; i++)
		sample_write(sample_names[i], "PEM\n", 0600);
}

static inline void sample_close(void)
{
	char path[128];

	for (size_t i = 0; i < SAMPLE_NAMES; i++) {
		sample_path(path, sample_names[i]);
		unlink(path);
	}
	unlink(sample_file);
	CU_ASSERT_EQUAL(rmdir(sample_dir), 0);
}

/** Load a text as edge.cfg. */
static inline int sample_load(const struct settings **s, const char *text)
{
	char placed[SAMPLE_BYTES];

	sample_place(placed, text);
	sample_write("edge.cfg", placed, 0600);
	sample_why[0] = '\0';
	return settings_load(s, sample_file, sample_why);
}

/** The sample with the first `find` replaced. */
static inline void sample_edit(char out[SAMPLE_BYTES], const char *find,
			       const char *put)
{
	const char *at = strstr(sample_text, find);
	int n;

	CU_ASSERT_PTR_NOT_NULL_FATAL(at);
	n = snprintf(out, SAMPLE_BYTES, "%.*s%s%s", (int)(at - sample_text),
		     sample_text, put, at + strlen(find));
	CU_ASSERT_TRUE_FATAL(n < SAMPLE_BYTES);
}

/** As little as an edge can do with. */
#define SAMPLE_MINIMAL                                                         \
	"edge: { state_dir = \"@/state\"; sip_domains = \"example.com\"; };\n" \
	"outside: { address = \"192.0.2.10\"; fqdn = \"sip.example.com\";\n"   \
	"  tls: { certificate = \"@/outside.chain\";\n"                        \
	"    key = \"@/outside.key\"; trust = \"@/outside-ca.crt\"; }; };\n"   \
	"inside: { address = \"10.0.0.10\"; fqdn = \"e.internal.example\";\n"  \
	"  tls: { certificate = \"@/inside.chain\";\n"                         \
	"    key = \"@/inside.key\"; trust = \"@/inside-ca.crt\"; };\n"        \
	"  trusted_servers = \"home01.internal.example\"; };\n"                \
	"routing: { home_servers = \"home01.internal.example\"; };\n"

/** Load a text that must be good. */
static inline const struct settings *sample_good(const char *text)
{
	const struct settings *s = NULL;
	int err = sample_load(&s, text);

	if (err)
		fprintf(stderr, "%s\n", sample_why);
	CU_ASSERT_EQUAL_FATAL(err, 0);
	return s;
}

/** Load a text that must not be good; want: what is said behind "FILE:". */
static inline void sample_refused(const char *text, const char *want)
{
	char wanted[SAMPLE_BYTES], placed[SAMPLE_BYTES];
	const struct settings *s = NULL;

	snprintf(wanted, sizeof(wanted), "@/edge.cfg:%s", want);
	sample_place(placed, wanted);
	CU_ASSERT_EQUAL(sample_load(&s, text), EINVAL);
	CU_ASSERT_PTR_NULL(s);
	CU_ASSERT_STRING_EQUAL(sample_why, placed);
	if (strcmp(sample_why, placed) != 0)
		fprintf(stderr, "got  %s\nwant %s\n", sample_why, placed);
	settings_unref(&s);
}

/** A text is what it should be. */
static inline void is_text(const char *got, const char *want)
{
	CU_ASSERT_PTR_NOT_NULL_FATAL(got);
	CU_ASSERT_STRING_EQUAL(got, want);
}

#endif
