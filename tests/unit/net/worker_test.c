/*
 * worker_test.c - workers with their threads, seen by a plain TLS client.
 */
#include "../cunit_main.h"
#include "net_lab.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdatomic.h>
#include <sys/socket.h>

/** Counted on the workers' threads. */
static struct {
	atomic_uint opens, closes, starts, stops, reloads, posted, drained;
	atomic_uint on_worker[4];
	atomic_bool busy;
	atomic_int fail_start; /* worker that fails, or -1 */
} seen;

static struct lab lab;
static uv_sem_t told;

static void on_open(struct conn *c, void *arg)
{
	(void)arg;
	atomic_fetch_add(&seen.opens, 1);
	atomic_fetch_add(&seen.on_worker[c->worker->index], 1);
}

static size_t on_bytes(struct conn *c, struct slice in, void *arg)
{
	(void)arg;
	conn_trust(c, CONN_PROVEN);
	conn_send(c, in);
	return in.n;
}

static void on_drained(struct conn *c, void *arg)
{
	(void)c, (void)arg;
}

static void on_closed(struct conn *c, enum conn_end why, void *arg)
{
	(void)c, (void)why, (void)arg;
	atomic_fetch_add(&seen.closes, 1);
}

static int on_start(struct worker *w, void *arg)
{
	(void)arg;
	atomic_fetch_add(&seen.starts, 1);
	return (int)w->index == atomic_load(&seen.fail_start) ? ENOTUNIQ : 0;
}

static void on_reloaded(struct worker *w, void *arg)
{
	(void)w, (void)arg;
	atomic_fetch_add(&seen.reloads, 1);
	uv_sem_post(&told);
}

static bool on_idle(struct worker *w, void *arg)
{
	(void)w, (void)arg;
	return !atomic_load(&seen.busy);
}

static void on_stop(struct worker *w, void *arg)
{
	(void)w, (void)arg;
	atomic_fetch_add(&seen.stops, 1);
}

static void begin(unsigned workers)
{
	memset(&seen, 0, sizeof(seen));
	atomic_store(&seen.fail_start, -1);
	CU_ASSERT_EQUAL_FATAL(uv_sem_init(&told, 0), 0);
	lab_open(&lab);
	lab.s->workers = workers;
}

static void finish(void)
{
	lab_close(&lab);
	uv_sem_destroy(&told);
}

static int start(struct workers **ws, char *why)
{
	struct worker_setup setup = {
		.settings = lab.s,
		.tls = lab.tls,
		.events = {.open = on_open,
			   .bytes = on_bytes,
			   .drained = on_drained,
			   .closed = on_closed},
		.start = on_start,
		.reloaded = on_reloaded,
		.idle = on_idle,
		.stop = on_stop,
	};

	why[0] = '\0';
	return workers_start(ws, &setup, why);
}

static struct workers *started(void)
{
	struct workers *ws = NULL;
	char why[WHY_MAX];

	CU_ASSERT_EQUAL_FATAL(start(&ws, why), 0);
	return ws;
}

/** A blocking TLS client. */
struct client {
	SSL_CTX *ctx;
	SSL *ssl;
	int fd;
};

static void client_open(struct client *c, const struct workers *ws)
{
	union addr to;

	CU_ASSERT_EQUAL_FATAL(workers_listen_at(ws, LEG_OUTSIDE, DOOR_TLS, &to),
			      0);
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	CU_ASSERT_EQUAL_FATAL(connect(c->fd, &to.sa, addr_len(&to)), 0);
	c->ctx = SSL_CTX_new(TLS_client_method());
	c->ssl = SSL_new(c->ctx);
	SSL_set_fd(c->ssl, c->fd);
	CU_ASSERT_EQUAL_FATAL(SSL_connect(c->ssl), 1);
}

static bool client_echo(struct client *c)
{
	char back[16] = "";

	return SSL_write(c->ssl, "ping", 4) == 4 &&
	       SSL_read(c->ssl, back, sizeof(back)) == 4 &&
	       memcmp(back, "ping", 4) == 0;
}

static void client_close(struct client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->ctx);
	close(c->fd);
}

static void bytes_cross_a_worker_and_come_back(void)
{
	struct workers *ws;
	struct client c;

	begin(1);
	ws = started();
	client_open(&c, ws);
	CU_ASSERT_TRUE(client_echo(&c));
	CU_ASSERT_TRUE(client_echo(&c));
	workers_stop(&ws);
	CU_ASSERT_PTR_NULL(ws);
	CU_ASSERT_EQUAL(seen.starts, 1);
	CU_ASSERT_EQUAL(seen.stops, 1);
	CU_ASSERT_EQUAL(seen.closes, 1);
	client_close(&c);
	finish();
}

static void stopping_says_goodbye_to_each_client(void)
{
	struct workers *ws;
	struct client c;
	char rest[8];
	int n;

	begin(2);
	ws = started();
	client_open(&c, ws);
	CU_ASSERT_TRUE(client_echo(&c));
	workers_stop(&ws);
	n = SSL_read(c.ssl, rest, sizeof(rest));
	CU_ASSERT_EQUAL(SSL_get_error(c.ssl, n), SSL_ERROR_ZERO_RETURN);
	client_close(&c);
	finish();
}

static void four_workers_share_the_connections(void)
{
	struct client c[32];
	struct workers *ws;
	unsigned busy = 0;

	begin(4);
	ws = started();
	for (int i = 0; i < 32; i++)
		client_open(&c[i], ws);
	for (int i = 0; i < 32; i++)
		CU_ASSERT_TRUE(client_echo(&c[i]));
	for (int i = 0; i < 4; i++)
		busy += seen.on_worker[i] > 0;
	CU_ASSERT_EQUAL(seen.opens, 32);
	CU_ASSERT_TRUE(busy > 1);
	workers_stop(&ws);
	CU_ASSERT_EQUAL(seen.closes, 32);
	CU_ASSERT_EQUAL(seen.stops, 4);
	for (int i = 0; i < 32; i++)
		client_close(&c[i]);
	finish();
}

/** A job that goes round all workers. */
struct round_trip {
	struct post post;
	unsigned left;
};

static void pass_on(struct post *p, void *arg)
{
	struct round_trip *t = (struct round_trip *)(void *)p;
	struct worker *w = arg;

	atomic_fetch_add(&seen.posted, 1);
	CU_ASSERT_TRUE(w->now_ms > 0);
	if (t->left-- > 1)
		worker_post(w, (w->index + 1) % w->count, p);
	else
		uv_sem_post(&told);
}

static void a_job_goes_round_all_workers(void)
{
	struct round_trip t = {{NULL, pass_on}, 1000};
	struct workers *ws;

	begin(4);
	ws = started();
	worker_post(&ws->worker[0]->pub, 3, &t.post);
	uv_sem_wait(&told);
	CU_ASSERT_EQUAL(seen.posted, 1000);
	CU_ASSERT_TRUE(worker_exists(&ws->worker[0]->pub, 3));
	CU_ASSERT_FALSE(worker_exists(&ws->worker[0]->pub, 4));
	workers_stop(&ws);
	finish();
}

static void jobs_under_way_run_before_the_workers_stop(void)
{
	static struct round_trip t[64];
	struct workers *ws;

	begin(4);
	ws = started();
	for (int i = 0; i < 64; i++) {
		t[i] = (struct round_trip){{NULL, pass_on}, 100};
		worker_post(&ws->worker[0]->pub, i % 4, &t[i].post);
	}
	workers_stop(&ws);
	CU_ASSERT_EQUAL(seen.posted, 6400);
	finish();
}

static void take_port(int *fd, union addr *at)
{
	static const int one = 1;
	socklen_t n = sizeof(*at);

	addr_parse(at, SLICE("127.0.0.1"), 0);
	*fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(*fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	CU_ASSERT_EQUAL_FATAL(bind(*fd, &at->sa, addr_len(at)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(*fd, 1), 0);
	CU_ASSERT_EQUAL_FATAL(getsockname(*fd, &at->sa, &n), 0);
}

static void a_port_in_use_starts_nothing_and_is_named(unsigned workers)
{
	char why[WHY_MAX], text[ADDR_TEXT_MAX];
	struct workers *ws = NULL;
	union addr at;
	int fd;

	begin(workers);
	take_port(&fd, &at);
	lab.s->leg[LEG_OUTSIDE].tls_port = addr_port(&at);
	CU_ASSERT_EQUAL(start(&ws, why), EADDRINUSE);
	CU_ASSERT_PTR_NULL(ws);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, addr_text(&at, text)));
	CU_ASSERT_EQUAL(seen.starts, 0);
	close(fd);
	finish();
}

static void one_worker_and_a_port_in_use(void)
{
	a_port_in_use_starts_nothing_and_is_named(1);
}

static void two_workers_and_a_shared_port_in_use(void)
{
	a_port_in_use_starts_nothing_and_is_named(2);
}

static void a_worker_that_cannot_start_stops_all(void)
{
	struct workers *ws = NULL;
	char why[WHY_MAX];

	begin(3);
	atomic_store(&seen.fail_start, 1);
	CU_ASSERT_EQUAL(start(&ws, why), ENOTUNIQ);
	CU_ASSERT_PTR_NULL(ws);
	CU_ASSERT_TRUE(why[0] != '\0');
	CU_ASSERT_EQUAL(seen.starts, 3);
	CU_ASSERT_EQUAL(seen.stops, 2);
	finish();
}

static void print_of_server(char out[65], const struct client *c)
{
	unsigned char md[32];
	unsigned n;

	X509_digest(SSL_get0_peer_certificate(c->ssl), EVP_sha256(), md, &n);
	for (unsigned i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", md[i]);
}

static void a_reload_changes_the_certificate_and_keeps_connections(void)
{
	char before[65], after[65], why[WHY_MAX];
	const struct tlsctx *tls = NULL;
	struct client old, new;
	struct workers *ws;

	begin(2);
	ws = started();
	client_open(&old, ws);
	cert_free(&lab.out);
	cert_make(&lab.out,
		  &(struct cert_order){.cn = "new", .san = "DNS:new.example"},
		  &lab.outer);
	cert_save(&lab.out, NULL, lab.dir, "out");
	CU_ASSERT_EQUAL_FATAL(tlsctx_create(&tls, lab.s, NULL, why), 0);
	workers_reload(ws, lab.s, tls);
	tlsctx_unref(&tls);
	uv_sem_wait(&told);
	uv_sem_wait(&told);
	client_open(&new, ws);
	print_of_server(before, &old);
	print_of_server(after, &new);
	CU_ASSERT_STRING_NOT_EQUAL(before, after);
	CU_ASSERT_TRUE(client_echo(&old));
	CU_ASSERT_TRUE(client_echo(&new));
	CU_ASSERT_EQUAL(seen.reloads, 2);
	CU_ASSERT_EQUAL(ws->worker[1]->conns.judge, 1); /* by new contexts */
	workers_stop(&ws);
	client_close(&old);
	client_close(&new);
	finish();
}

static void done(void *arg)
{
	(void)arg;
	atomic_fetch_add(&seen.drained, 1);
	uv_sem_post(&told);
}

static bool may_connect(const union addr *to)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool may = connect(fd, &to->sa, addr_len(to)) == 0;

	close(fd);
	return may;
}

static void draining_takes_nobody_and_keeps_who_is_there(void)
{
	struct workers *ws;
	struct client c;
	union addr to;

	begin(2);
	ws = started();
	client_open(&c, ws);
	workers_listen_at(ws, LEG_OUTSIDE, DOOR_TLS, &to);
	workers_drain(ws, done, NULL);
	uv_sem_wait(&told);
	CU_ASSERT_EQUAL(seen.drained, 1);
	CU_ASSERT_TRUE(client_echo(&c));
	CU_ASSERT_FALSE(may_connect(&to));
	workers_stop(&ws);
	client_close(&c);
	finish();
}

static void draining_waits_until_nothing_is_under_way(void)
{
	struct workers *ws;
	union addr to;

	begin(2);
	ws = started();
	workers_listen_at(ws, LEG_OUTSIDE, DOOR_TLS, &to);
	atomic_store(&seen.busy, true);
	workers_drain(ws, done, NULL);
	while (may_connect(&to))
		;
	CU_ASSERT_EQUAL(seen.drained, 0);
	atomic_store(&seen.busy, false);
	uv_sem_wait(&told);
	CU_ASSERT_EQUAL(seen.drained, 1);
	workers_stop(&ws);
	finish();
}

static void stopping_nothing_is_harmless(void)
{
	struct workers *none = NULL;

	workers_stop(&none);
	CU_ASSERT_PTR_NULL(none);
}

TEST_MAIN("net/worker",
	  {"bytes cross a worker and come back",
	   bytes_cross_a_worker_and_come_back},
	  {"stopping says goodbye to each client",
	   stopping_says_goodbye_to_each_client},
	  {"four workers share the connections",
	   four_workers_share_the_connections},
	  {"a job goes round all workers", a_job_goes_round_all_workers},
	  {"jobs under way run before the workers stop",
	   jobs_under_way_run_before_the_workers_stop},
	  {"a port in use starts nothing and is named",
	   one_worker_and_a_port_in_use},
	  {"a shared port in use starts nothing and is named",
	   two_workers_and_a_shared_port_in_use},
	  {"a worker that cannot start stops all",
	   a_worker_that_cannot_start_stops_all},
	  {"a reload changes the certificate and keeps connections",
	   a_reload_changes_the_certificate_and_keeps_connections},
	  {"draining takes nobody and keeps who is there",
	   draining_takes_nobody_and_keeps_who_is_there},
	  {"draining waits until nothing is under way",
	   draining_waits_until_nothing_is_under_way},
	  {"stopping nothing is harmless", stopping_nothing_is_harmless})
