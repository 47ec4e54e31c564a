/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file proxy_stage.h
 * A stage: settings, keys, workers, and the servers that can be reached.
 *
 * dir01 at 10.0.0.21, home01 at 10.0.0.31, home02 at 10.0.0.32; users at
 * example.com and example.org; the devices room (10.0.5.20, with a contact,
 * may register) and hall (10.0.5.21).
 */
#ifndef TESTS_UNIT_PROXY_STAGE_H
#define TESTS_UNIT_PROXY_STAGE_H

#include "cunit_main.h"
#include "net/net_fake.h"
#include "room.h"

#include <fcntl.h>
#include <unistd.h>

#define DIR01  "dir01.internal.example"
#define HOME01 "home01.internal.example"
#define HOME02 "home02.internal.example"

/** What a test wants otherwise. */
struct stage_wish {
	unsigned workers;    /* 0: one */
	const char *routing; /* lines of that group instead of director+homes */
	const char *limits;  /* lines of that group */
	const char *devices; /* the group, instead of room and hall */
	const char *more;    /* further groups */
};

static struct stage {
	char dir[32];
	const struct settings *settings;
	const struct token_keys *keys;
	struct proxy_shared *shared;
	unsigned workers;
} stage;

#define STAGE_DIRECTOR                                                         \
	"directors = [ \"" DIR01 "\" ];\n"                                     \
	"home_servers = [ \"" HOME01 "\", \"" HOME02 "\" ];\n"

#define STAGE_TLS                                                              \
	"tls: { certificate = \"%1$s/pem\"; key = \"%1$s/pem\"; "              \
	"trust = \"%1$s/pem\"; };\n"

/* clang-format off */
#define STAGE_DEVICES                                                          \
	"devices: { enabled = true; leg = \"inside\"; tcp_port = 5060;\n"      \
	"  device = ( { name = \"room\"; address = [ \"10.0.5.20\" ];\n"       \
	"    identities = [ \"sip:room@example.com\" ]; register = true;\n"    \
	"    contact = \"sip:room@10.0.5.20:5060;transport=tcp\"; },\n"        \
	"    { name = \"hall\"; address = [ \"10.0.5.21\" ];\n"                \
	"      identities = [ \"sip:hall@example.com\" ]; } ); };\n"

static const char stage_text[] =
	"edge: { state_dir = \"%1$s\"; log_level = \"error\";\n"
	"  sip_domains = [ \"example.com\", \"example.org\" ]; };\n"
	"outside: { address = [ \"192.0.2.10\", \"2001:db8::10\" ];\n"
	"  fqdn = \"sip.example.com\"; users_port = 443;\n"
	STAGE_TLS "};\n"
	"inside: { address = [ \"10.0.0.10\", \"fd00::10\" ];\n"
	"  fqdn = \"edge01.internal.example\";\n"
	STAGE_TLS
	"  trusted_servers = [ \"" DIR01 "\", \"" HOME01 "\", \"" HOME02
	"\" ]; };\n"
	"routing: { %2$s };\n"
	"%5$s\n"
	"limits: { %3$s };\n"
	"%4$s\n";
/* clang-format on */

static inline void stage_path(char out[64], const char *name)
{
	snprintf(out, 64, "%s/%s", stage.dir, name);
}

static inline void stage_write(const char *name, const char *text)
{
	char path[64];
	int fd;

	stage_path(path, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	CU_ASSERT_FATAL(fd >= 0);
	CU_ASSERT_EQUAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static inline void stage_settings(const struct stage_wish *w)
{
	char text[8192], path[64], why[WHY_MAX] = "";
	int n, err;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	n = snprintf(text, sizeof(text), stage_text, stage.dir,
		     w->routing ? w->routing : STAGE_DIRECTOR,
		     w->limits ? w->limits : "", w->more ? w->more : "",
		     w->devices ? w->devices : STAGE_DEVICES);
#pragma GCC diagnostic pop
	CU_ASSERT_FATAL(n > 0 && n < (int)sizeof(text));
	stage_write("edge.cfg", text);
	stage_path(path, "edge.cfg");
	settings_unref(&stage.settings);
	err = settings_load(&stage.settings, path, why);
	if (err)
		printf("# %s\n", why);
	CU_ASSERT_EQUAL_FATAL(err, 0);
}

static inline void stage_hosts(void)
{
	fake_host(DIR01, "10.0.0.21");
	fake_host(HOME01, "10.0.0.31");
	fake_host(HOME02, "10.0.0.32");
}

/** Workers begin, with the keys of the folder. */
static inline void stage_start(void)
{
	struct worker_setup setup = {.settings = stage.settings};
	char why[WHY_MAX];

	CU_ASSERT_EQUAL_FATAL(token_keys_open(&stage.keys, stage.dir,
					      1700000000u, 28800, why),
			      0);
	CU_ASSERT_EQUAL_FATAL(proxy_shared_create(&stage.shared, stage.settings,
						  stage.keys),
			      0);
	proxy_setup(&setup, stage.shared);
	stage_hosts();
	CU_ASSERT_EQUAL_FATAL(fake_start(&setup, stage.workers), 0);
}

static inline void stage_stop(void)
{
	fake_stop();
	proxy_shared_destroy(&stage.shared);
	token_keys_unref(&stage.keys);
}

/** The edge ends and begins anew: connections are gone, keys are not. */
static inline void stage_restart(void)
{
	stage_stop();
	stage_start();
}

static inline void stage_open(struct stage_wish w)
{
	log_set_level(LOG_LEVEL_ERROR);
	stage = (struct stage){.workers = w.workers ? w.workers : 1};
	snprintf(stage.dir, sizeof(stage.dir), "/tmp/proxy_test.XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(stage.dir));
	stage_write("pem", "PEM\n");
	stage_settings(&w);
	stage_start();
}

#define STAGE_OPEN(...) stage_open((struct stage_wish){__VA_ARGS__})

static inline void stage_close(void)
{
	static const char *const names[] = {"pem", "edge.cfg", "token-keys"};
	char path[64];

	stage_stop();
	settings_unref(&stage.settings);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		stage_path(path, names[i]);
		unlink(path);
	}
	CU_ASSERT_EQUAL(rmdir(stage.dir), 0);
}

static inline struct proxy *stage_proxy(unsigned worker)
{
	return fake_worker(worker)->user;
}

static inline struct proxy_counters stage_counters(void)
{
	struct proxy_counters c;

	proxy_count(stage.shared, &c);
	return c;
}

/** Transactions of all workers; what a finished dialogue leaves is none. */
static inline uint64_t stage_transactions(void)
{
	return stage_counters().transactions;
}

static inline uint64_t stage_who(const char *aor)
{
	return token_who(stage_proxy(0)->pen, slice_of(aor));
}

#endif
