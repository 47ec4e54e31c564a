/*
 * The load: phones that register and call, at a rate or as fast as it goes.
 *
 *   bench-load mode=register|call|churn|idle to=ADDRESS from=ADDRESS ca=FILE
 *              [connections=64] [count=1000] [rate=0] [users=1] [fresh=0]
 *              [tcp=0] [hold_ms=10] [connect_rate=500] [limit_s=60]
 *
 * It connects, registers the phones' users unless they are fresh, prints
 * `ready`, waits for a line, runs, prints `done ...`, waits for a line, ends.
 */
#include "phone.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS		512
#define CONNECTIONS_MAX 20000
#define COUNT_MAX	1000000
#define LIMIT_MAX_S	300

enum mode { REGISTER, CALL, CHURN, IDLE };

static struct {
	const char *mode, *to, *ca;
	long connections, count, users, fresh, tcp;
	double rate, hold_ms, connect_rate, limit_s;
} ask = {.mode = "register",
	 .connections = 64,
	 .count = 1000,
	 .users = 1,
	 .hold_ms = 10,
	 .connect_rate = 500,
	 .limit_s = 60};

static struct phone_world world;
static enum mode mode;
static struct phone *phones;
static SSL_CTX *tls;
static int epoll;
static bool running; /* the measured part has begun */
static double stop_at;

/* Phones that may begin, and phones that talk: two queues of one length. */
static struct phone **idle, **talking;
static long idle_in, idle_out, talking_in, talking_out;

static long opened, began, done, failed, complained;
static float *took_ms;

static void usage(void)
{
	fputs("usage: bench-load mode=register|call|churn|idle to=ADDRESS "
	      "from=ADDRESS ca=FILE [name=value...]\n",
	      stderr);
	exit(2);
}

static void complain(const char *what, struct piece m)
{
	if (complained++ < 3)
		fprintf(stderr, "bench-load: %s %.*s\n", what,
			(int)(m.len < 60 ? m.len : 60), m.at ? m.at : "");
}

static void make_idle(struct phone *p)
{
	p->state = PHONE_IDLE;
	idle[idle_in++ % ask.connections] = p;
}

static void finish(struct phone *p, bool good)
{
	if (good && running)
		took_ms[done] = (float)((wire_now() - p->began) * 1000);
	if (good)
		done++;
	else
		failed++;
	if (mode == CHURN && running)
		wire_close(&p->wire);
	make_idle(p);
}

static void lost(struct phone *p)
{
	bool busy = p->state != PHONE_IDLE || !p->wire.up;

	wire_close(&p->wire);
	complain("connection lost", (struct piece){NULL, 0});
	if (busy || !running)
		finish(p, false);
}

static void open_wire(struct phone *p)
{
	p->wire.epoll = epoll;
	p->wire.owner = p;
	if (wire_connect(&p->wire, tls, world.from, ask.to,
			 world.tcp ? 5060 : 5061))
		lost(p);
}

static void begin(struct phone *p)
{
	began++;
	p->began = wire_now();
	phone_turn(p, &world);
	if (mode == CHURN) {
		p->state = PHONE_REGISTERS; /* sent when the wire is up */
		open_wire(p);
	} else if (p->wire.fd < 0) {
		finish(p, false);
	} else if (mode == CALL) {
		phone_call(p, &world);
	} else {
		phone_register(p, &world);
	}
}

static void hear(struct phone *p, struct piece m)
{
	enum phone_news news = phone_hear(p, &world, m);

	if (news == PHONE_ANSWERED) {
		p->hang_up_at = wire_now() + ask.hold_ms / 1000;
		talking[talking_in++ % ask.connections] = p;
		return;
	}
	if (news == PHONE_FAILED)
		complain("refused:", m);
	if (news != PHONE_NOTHING)
		finish(p, news == PHONE_DONE);
}

static void read_all(struct phone *p)
{
	size_t at = 0, len;

	while (p->wire.fd >= 0 && (len = words_length(p->wire.in.data + at,
						      p->wire.in.len - at))) {
		hear(p, (struct piece){p->wire.in.data + at, len});
		at += len;
	}
	if (at && p->wire.fd >= 0)
		heap_drop(&p->wire.in, at);
}

static void came_up(struct phone *p)
{
	opened++;
	p->port = wire_port(&p->wire);
	if (running && mode == CHURN)
		phone_register(p, &world);
}

static void work(struct phone *p)
{
	bool was_up = p->wire.up;
	int over;

	if (p->wire.fd < 0)
		return;
	over = wire_progress(&p->wire);
	if (p->wire.up && !was_up)
		came_up(p);
	if (p->wire.in.len)
		read_all(p);
	if (over && p->wire.fd >= 0)
		lost(p);
}

static void step(int wait_ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(epoll, events, EVENTS, wait_ms);

	for (int i = 0; i < n; i++)
		work(((struct wire *)events[i].data.ptr)->owner);
}

static bool late(void)
{
	return wire_now() > stop_at;
}

/* Let each phone do something, at the connect rate, and wait for all. */
static void each_phone(void (*act)(struct phone *), const long *counter)
{
	long goal = *counter + failed + ask.connections, i = 0;
	double start = wire_now();

	while (*counter + failed < goal && !late()) {
		while (i < ask.connections &&
		       (double)i <= (wire_now() - start) * ask.connect_rate)
			act(&phones[i++]);
		step(1);
	}
}

static void register_user(struct phone *p)
{
	phone_turn(p, &world);
	if (p->wire.fd >= 0)
		phone_register(p, &world);
	else
		finish(p, false);
}

static void prepare(void)
{
	if (mode == CHURN)
		return;
	each_phone(open_wire, &opened);
	if (world.fresh)
		return;
	for (int i = 0; i < world.users; i++)
		each_phone(register_user, &done);
}

static void hang_up_due(void)
{
	struct phone *p;

	while (talking_out < talking_in) {
		p = talking[talking_out % ask.connections];
		if (p->hang_up_at > wire_now())
			return;
		talking_out++;
		if (p->state == PHONE_TALKS && p->wire.fd >= 0)
			phone_hang_up(p, &world);
	}
}

static void run(void)
{
	double start = wire_now();

	while (done + failed < ask.count && !late()) {
		while (began < ask.count && idle_out < idle_in &&
		       (ask.rate <= 0 ||
			(double)began < (wire_now() - start) * ask.rate))
			begin(idle[idle_out++ % ask.connections]);
		hang_up_due();
		step(1);
	}
	failed = ask.count - done;
}

static int by_size(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static void report(double seconds)
{
	qsort(took_ms, (size_t)done, sizeof(*took_ms), by_size);
	printf("done ok=%ld failed=%ld rate=%.1f p50_ms=%.3f p99_ms=%.3f\n",
	       done, failed, (double)done / seconds,
	       done ? took_ms[done / 2] : 0,
	       done ? took_ms[done * 99 / 100] : 0);
}

static void wait_line(void)
{
	char line[16];

	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		exit(1);
}

static bool take(const char *word)
{
	const struct {
		const char *name;
		const char **text;
		long *whole;
		double *real;
	} rows[] = {
		{"mode", &ask.mode, NULL, NULL},
		{"to", &ask.to, NULL, NULL},
		{"from", &world.from, NULL, NULL},
		{"ca", &ask.ca, NULL, NULL},
		{"connections", NULL, &ask.connections, NULL},
		{"count", NULL, &ask.count, NULL},
		{"users", NULL, &ask.users, NULL},
		{"fresh", NULL, &ask.fresh, NULL},
		{"tcp", NULL, &ask.tcp, NULL},
		{"rate", NULL, NULL, &ask.rate},
		{"hold_ms", NULL, NULL, &ask.hold_ms},
		{"connect_rate", NULL, NULL, &ask.connect_rate},
		{"limit_s", NULL, NULL, &ask.limit_s},
	};
	const char *value = strchr(word, '=');

	for (size_t i = 0; value && i < sizeof(rows) / sizeof(*rows); i++) {
		size_t len = strlen(rows[i].name);

		if (len != (size_t)(value - word) ||
		    memcmp(rows[i].name, word, len))
			continue;
		if (rows[i].text)
			*rows[i].text = value + 1;
		else if (rows[i].whole)
			*rows[i].whole = atol(value + 1);
		else
			*rows[i].real = atof(value + 1);
		return true;
	}
	return false;
}

static void read_words(int argc, char **argv)
{
	static const char *const names[] = {"register", "call", "churn",
					    "idle"};

	for (int i = 1; i < argc; i++)
		if (!take(argv[i]))
			usage();
	for (mode = REGISTER; mode <= IDLE; mode++)
		if (!strcmp(ask.mode, names[mode]))
			break;
	if (mode > IDLE || !ask.to || !world.from || (!ask.ca && !ask.tcp) ||
	    ask.connections < 1 || ask.connections > CONNECTIONS_MAX ||
	    ask.count < 0 || ask.count > COUNT_MAX || ask.users < 1 ||
	    ask.limit_s > LIMIT_MAX_S)
		usage();
	world.tcp = ask.tcp;
	world.fresh = ask.fresh;
	world.users = (int)ask.users;
}

static void make_phones(void)
{
	size_t n = (size_t)ask.connections;
	struct wire_trust trust = {false, NULL, ask.ca};

	phones = calloc(n, sizeof(*phones));
	idle = calloc(n, sizeof(struct phone *));
	talking = calloc(n, sizeof(struct phone *));
	took_ms = calloc((size_t)ask.count + 1, sizeof(*took_ms));
	if (!phones || !idle || !talking || !took_ms)
		wire_die("memory");
	if (!world.tcp)
		tls = wire_context(&trust);
	epoll = epoll_create1(0);
	for (size_t i = 0; i < n; i++) {
		phones[i].wire.fd = -1;
		phones[i].number = (int)i;
	}
}

int main(int argc, char **argv)
{
	double start;

	read_words(argc, argv);
	signal(SIGPIPE, SIG_IGN);
	alarm(LIMIT_MAX_S * 2);
	make_phones();
	stop_at = wire_now() + ask.limit_s;
	prepare();
	printf("ready open=%ld failed=%ld\n", opened, failed);
	wait_line();

	running = true;
	began = done = failed = idle_in = 0;
	for (long i = 0; i < ask.connections; i++)
		make_idle(&phones[i]);
	start = wire_now();
	stop_at = start + ask.limit_s;
	if (mode != IDLE)
		run();
	report(wire_now() - start);
	wait_line();
	return 0;
}
