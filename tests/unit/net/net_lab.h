/**
 * @file net_lab.h
 * A folder with certificates and settings, and workers on the test's thread.
 */
#ifndef TESTS_UNIT_NET_LAB_H
#define TESTS_UNIT_NET_LAB_H

#include "cert/certs.h"

#include "net/tlsctx.h"
#include "worker_state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>

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

/** Settings that a test wants changed before they are used; NULL: none. */
static void (*lab_arrange)(struct lab *);

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
	if (lab_arrange)
		lab_arrange(l);
	why[0] = '\0';
	CU_ASSERT_EQUAL_FATAL(tlsctx_create(&l->tls, l->s, NULL, why), 0);
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

/** Turn the loop once without waiting. */
static inline void stage_spin(struct stage *st)
{
	uv_run(&st->w->loop, UV_RUN_NOWAIT);
}

/** Let every deadline run out that is due so much later. */
static inline void stage_later(struct stage *st, uint64_t ms)
{
	deadline_run(&st->w->pub.clock, st->w->pub.now_ms + ms);
	stage_spin(st);
}

/** The other end: a bare socket, with TLS when asked. */
struct guest {
	int fd;
	SSL_CTX *ctx;
	SSL *ssl;
};

/** Connect from an address; the kernel answers at once on loopback. */
static inline void guest_dial(struct guest *g, const union addr *to,
			      const char *from)
{
	union addr own;

	*g = (struct guest){.fd = socket(AF_INET, SOCK_STREAM, 0)};
	addr_parse(&own, slice_of(from), 0);
	CU_ASSERT_EQUAL_FATAL(bind(g->fd, &own.sa, addr_len(&own)), 0);
	CU_ASSERT_EQUAL_FATAL(connect(g->fd, &to->sa, addr_len(to)), 0);
	CU_ASSERT_EQUAL_FATAL(fcntl(g->fd, F_SETFL, O_NONBLOCK), 0);
}

/** Shake hands over TLS by g->ssl. */
static inline bool guest_go_on(struct guest *g, struct stage *st)
{
	int n;

	while ((n = SSL_connect(g->ssl)) != 1) {
		if (SSL_get_error(g->ssl, n) != SSL_ERROR_WANT_READ)
			return false;
		stage_spin(st);
	}
	return true;
}

static inline void guest_ssl(struct guest *g, int verify)
{
	g->ctx = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_verify(g->ctx, verify, NULL);
	g->ssl = SSL_new(g->ctx);
	SSL_set_fd(g->ssl, g->fd);
}

/** Shake hands over TLS, showing a certificate unless that is NULL. */
static inline bool guest_shake(struct guest *g, struct stage *st,
			       const struct cert *shown)
{
	guest_ssl(g, SSL_VERIFY_NONE);
	if (shown) {
		SSL_use_certificate(g->ssl, shown->x509);
		SSL_use_PrivateKey(g->ssl, shown->key);
	}
	return guest_go_on(g, st);
}

/** Shake hands over TLS, believing no authority. */
static inline bool guest_shake_strictly(struct guest *g, struct stage *st)
{
	guest_ssl(g, SSL_VERIFY_PEER);
	return guest_go_on(g, st);
}

static inline ssize_t guest_read(struct guest *g, char *p, size_t n)
{
	int got;

	if (!g->ssl) {
		ssize_t r = recv(g->fd, p, n, 0);

		return r < 0 && errno == EAGAIN ? -1 : r < 0 ? 0 : r;
	}
	got = SSL_read(g->ssl, p, (int)n);
	if (got > 0)
		return got;
	return SSL_get_error(g->ssl, got) == SSL_ERROR_WANT_READ ? -1 : 0;
}

/** Read until the other end closes; what came before is counted. */
static inline size_t guest_drain(struct guest *g, struct stage *st)
{
	char bytes[4096];
	size_t all = 0;
	ssize_t n;

	while ((n = guest_read(g, bytes, sizeof(bytes))) != 0) {
		if (n > 0)
			all += (size_t)n;
		else
			stage_spin(st);
	}
	return all;
}

static inline void guest_close(struct guest *g)
{
	SSL_free(g->ssl);
	SSL_CTX_free(g->ctx);
	if (g->fd >= 0)
		close(g->fd);
	*g = (struct guest){.fd = -1};
}

#endif
