/**
 * @file net_lab.h
 * A folder with certificates and settings, and workers on the test's thread.
 */
#ifndef TESTS_UNIT_NET_LAB_H
#define TESTS_UNIT_NET_LAB_H

#include "net_certs.h"

#include "net/tlsctx.h"
#include "worker_state.h"

#include <dirent.h>
#include <signal.h>

/** What most tests of this room need. */
struct lab {
	char dir[64];
	struct cert outer, inner; /* authorities: outside, inside */
	struct cert out, in;	  /* our leaves */
	struct settings *s;	  /* ours to change before it is used */
	const struct tlsctx *tls;
};

static inline void lab_settings(struct lab *l)
{
	char path[128], why[WHY_MAX];
	const struct settings *s;
	FILE *f;

	snprintf(path, sizeof(path), "%s/edge.cfg", l->dir);
	f = fopen(path, "w");
	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	fprintf(f,
		"edge: { state_dir = \"%s\"; workers = 1;\n"
		"  sip_domains = [\"example.com\"]; };\n"
		"outside: { address = [\"127.0.0.1\"];\n"
		"  fqdn = \"sip.example.com\"; users_port = 4443;\n"
		"  tls: { port = 5061; certificate = \"%s/out.pem\";\n"
		"    key = \"%s/out.key\"; trust = \"%s/outer.pem\"; }; };\n"
		"inside: { address = [\"127.0.0.2\"];\n"
		"  fqdn = \"edge01.internal.example\";\n"
		"  trusted_servers = [\"edge01.internal.example\"];\n"
		"  tls: { port = 5062; certificate = \"%s/in.pem\";\n"
		"    key = \"%s/in.key\"; trust = \"%s/inner.pem\"; }; };\n"
		"routing: { directors = [\"edge01.internal.example\"];\n"
		"  home_servers = [\"edge01.internal.example\"]; };\n"
		"devices: { enabled = true; leg = \"inside\"; tcp_port = "
		"5060;\n"
		"  device = ( { name = \"room1\"; address = \"127.0.0.2\";\n"
		"    identities = [\"sip:room1@example.com\"];\n"
		"    methods = [\"INVITE\"]; } ); };\n",
		l->dir, l->dir, l->dir, l->dir, l->dir, l->dir, l->dir);
	fclose(f);
	why[0] = '\0';
	if (settings_load(&s, path, why)) {
		printf("%s\n", why);
		CU_FAIL_FATAL("the settings do not load");
	}
	l->s = (struct settings *)s;
}

static inline void lab_certs(struct lab *l)
{
	cert_make(&l->outer,
		  &(struct cert_order){.cn = "outer", .authority = true}, NULL);
	cert_make(&l->inner,
		  &(struct cert_order){.cn = "inner", .authority = true}, NULL);
	cert_make(&l->out,
		  &(struct cert_order){.cn = "sip.example.com",
				       .san = "DNS:sip.example.com",
				       .usage = "serverAuth"},
		  &l->outer);
	cert_make(&l->in,
		  &(struct cert_order){.cn = "edge01.internal.example",
				       .san = "DNS:edge01.internal.example",
				       .usage = "serverAuth,clientAuth"},
		  &l->inner);
	cert_save(&l->outer, NULL, l->dir, "outer");
	cert_save(&l->inner, NULL, l->dir, "inner");
	cert_save(&l->out, NULL, l->dir, "out");
	cert_save(&l->in, NULL, l->dir, "in");
}

/** Every port is 0: the system finds one. */
static inline void lab_open(struct lab *l)
{
	char why[WHY_MAX];

	*l = (struct lab){.dir = "/tmp/sip-edge-test-XXXXXX"};
	signal(SIGPIPE, SIG_IGN);
	log_set_level(LOG_LEVEL_ERROR);
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(l->dir));
	lab_certs(l);
	lab_settings(l);
	l->s->leg[LEG_OUTSIDE].tls_port = 0;
	l->s->leg[LEG_OUTSIDE].users_port = 0;
	l->s->leg[LEG_INSIDE].tls_port = 0;
	l->s->device_port = 0;
	l->s->limits.unauth_rate = 1000;
	why[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(tlsctx_create(&l->tls, l->s, why), 0);
}

static inline void lab_close(struct lab *l)
{
	const struct settings *s = l->s;
	DIR *d = opendir(l->dir);
	struct dirent *e;
	char path[512];

	tlsctx_unref(&l->tls);
	settings_unref(&s);
	cert_free(&l->outer);
	cert_free(&l->inner);
	cert_free(&l->out);
	cert_free(&l->in);
	while (d && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s", l->dir, e->d_name);
		unlink(path);
	}
	closedir(d);
	rmdir(l->dir);
}

/** One worker whose loop the test turns; it listens where it is told. */
struct stage {
	struct lab lab;
	struct workers *set;
	struct worker_inner *w;
	union addr outside, inside, users, device;
};

static inline void stage_listen(struct stage *st, unsigned i, enum leg leg,
				enum conn_door door, union addr *out)
{
	struct listener_door at = {.leg = leg, .door = door};
	char why[WHY_MAX];
	int fd;

	at.addr = st->lab.s->leg[leg].address[0];
	CU_ASSERT_EQUAL_FATAL(listener_bind(&fd, &at, false, why), 0);
	CU_ASSERT_EQUAL_FATAL(
		listener_open(&st->w->listener[i], st->w, fd, &at), 0);
	st->w->listeners = i + 1;
	*out = at.addr;
}

static inline void stage_open(struct stage *st,
			      const struct conn_events *events, void *arg)
{
	struct gate_limits gate = {64, 1000, 512, 1024};

	lab_open(&st->lab);
	st->set = calloc(1, sizeof(*st->set) + sizeof(st->set->worker[0]));
	st->set->count = 1;
	st->set->setup.settings = st->lab.s;
	st->set->setup.tls = st->lab.tls;
	st->set->setup.events = *events;
	st->set->setup.arg = arg;
	CU_ASSERT_EQUAL_FATAL(gate_create(&st->set->gate, &gate), 0);
	CU_ASSERT_EQUAL_FATAL(worker_create(&st->w, st->set, 0), 0);
	st->set->worker[0] = st->w;
	st->w->listener = calloc(4, sizeof(*st->w->listener));
	stage_listen(st, 0, LEG_OUTSIDE, DOOR_TLS, &st->outside);
	stage_listen(st, 1, LEG_INSIDE, DOOR_TLS, &st->inside);
	stage_listen(st, 2, LEG_OUTSIDE, DOOR_USERS, &st->users);
	stage_listen(st, 3, LEG_INSIDE, DOOR_DEVICE, &st->device);
}

/** One turn of the loop; waits for something to happen. */
static inline void stage_turn(struct stage *st)
{
	uv_run(&st->w->loop, UV_RUN_ONCE);
}

static inline void stage_close(struct stage *st)
{
	worker_shut(st->w);
	worker_destroy(&st->w);
	gate_destroy(&st->set->gate);
	free(st->set);
	lab_close(&st->lab);
}

/** Turn the loop until something is true; a hang ends by the test's time. */
#define STAGE_UNTIL(st, truth)                                                 \
	while (!(truth))                                                       \
	stage_turn(st)

#endif
