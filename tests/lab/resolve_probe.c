/*
 * resolve_probe.c - asks the resolver what it is told on standard input.
 *
 *	resolve_probe OUTSIDE-SERVERS INSIDE-SERVERS HOST=ADDRESS...
 *
 * Servers are separated by commas. The outside leg speaks IPv4, the inside leg
 * both, IPv6 first. Each line is a command, each answered with one line:
 *
 *	look LEG tls|tcp HOST PORT     addresses, or why there is none
 *	many LEG COUNT HOST            looks up nI.HOST all at once: how many
 *	leave LEG COUNT HOST           the same, cancelled at once
 *	cost LEG COUNT HOST            [ns] of a lookup that is known
 *	edges DOMAIN                   secure or not, and its edges; nobody
 *	reload OUTSIDE-SERVERS INSIDE-SERVERS [TRUST-ANCHOR]
 *
 * The resolver is on the main thread, the front on another, as in the edge.
 */
#include "base/now.h"
#include "net/resolve.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define SERVERS_MAX 8
#define HOSTS_MAX   8
#define MANY_MAX    1000

/** A waiter on the asking thread. */
struct waiter {
	struct resolve_wait wait;
	int err; /* EINPROGRESS until told */
	struct resolved list;
};

/** A snapshot that the main thread shall use. */
struct change {
	struct post post;
	struct settings s;
	char *server[LEG_COUNT][SERVERS_MAX], text[LEG_COUNT][600];
	char anchor[600];
	char why[WHY_MAX];
	int err;
	bool done;
};

static union addr v4, both[2], host_addr[HOSTS_MAX];
static struct host_entry host[HOSTS_MAX];
static size_t hosts;
static struct change first_change, second_change;

static uv_loop_t main_loop, asking_loop;
static struct postbox *main_box, *asking_box;
static struct resolver *resolver;
static struct resolve_front *front;

/* In place of the settings room: our snapshots live as long as we do. */
const struct settings *settings_ref(const struct settings *s);
void settings_unref(const struct settings **s);

const struct settings *settings_ref(const struct settings *s)
{
	return s;
}

void settings_unref(const struct settings **s)
{
	*s = NULL;
}

static void split(struct change *c, enum leg leg, const char *servers)
{
	struct name_list *dns = &c->s.leg[leg].dns;
	char *save = NULL, *word;

	snprintf(c->text[leg], sizeof(c->text[leg]), "%s", servers);
	dns->v = c->server[leg];
	dns->n = 0;
	for (word = strtok_r(c->text[leg], ",", &save);
	     word && dns->n < SERVERS_MAX; word = strtok_r(NULL, ",", &save))
		dns->v[dns->n++] = word;
}

static void make_snapshot(struct change *c, const char *outside,
			  const char *inside, const char *anchor)
{
	c->s = (struct settings){.host = host, .hosts = hosts};
	c->s.leg[LEG_OUTSIDE].address = &v4;
	c->s.leg[LEG_OUTSIDE].addresses = 1;
	c->s.leg[LEG_INSIDE].address = both;
	c->s.leg[LEG_INSIDE].addresses = 2;
	split(c, LEG_OUTSIDE, outside);
	split(c, LEG_INSIDE, inside);
	snprintf(c->anchor, sizeof(c->anchor), "%s", anchor);
	if (anchor[0])
		c->s.leg[LEG_OUTSIDE].trust_anchor = c->anchor;
}

static void told(int err, const struct resolved *list, void *arg)
{
	struct waiter *w = arg;

	w->err = err;
	if (list)
		w->list = *list;
}

static void start(struct waiter *w, const struct resolve_key *key)
{
	*w = (struct waiter){.wait = {.fn = told, .arg = w}};
	w->err = resolve_lookup(front, key, now_mono_ms(), &w->list, &w->wait);
}

static void finish(struct waiter *w)
{
	while (w->err == EINPROGRESS)
		uv_run(&asking_loop, UV_RUN_ONCE);
}

static const char *word_of(int err)
{
	switch (err) {
	case ENOENT:
		return "ENOENT";
	case ETIMEDOUT:
		return "ETIMEDOUT";
	case EIO:
		return "EIO";
	default:
		return "other";
	}
}

static struct resolve_key key_of(const char *leg, bool tls, const char *name,
				 unsigned port)
{
	return (struct resolve_key){
		.leg = leg[0] == 'i' ? LEG_INSIDE : LEG_OUTSIDE,
		.tls = tls,
		.host = slice_of(name),
		.port = (uint16_t)port,
	};
}

static void look(struct resolve_key key)
{
	char text[ADDR_TEXT_MAX];
	struct waiter w;

	start(&w, &key);
	finish(&w);
	if (w.err)
		printf("%s", word_of(w.err));
	for (unsigned i = 0; !w.err && i < w.list.n; i++)
		printf("%s%s", i ? " " : "", addr_text(&w.list.addr[i], text));
	printf("\n");
}

/** A waiter for the edges of a domain. */
struct edges_waiter {
	struct resolve_wait wait;
	int err; /* EINPROGRESS until told */
	struct resolve_service service;
};

static void edges_told(int err, const struct resolve_service *service,
		       void *arg)
{
	struct edges_waiter *w = arg;

	w->err = err;
	if (service)
		w->service = *service;
}

static void edges(const char *domain)
{
	struct edges_waiter w = {.wait = {.service_fn = edges_told, .arg = &w}};

	w.err = resolve_edges(front, slice_of(domain), now_mono_ms(),
			      &w.service, &w.wait);
	while (w.err == EINPROGRESS)
		uv_run(&asking_loop, UV_RUN_ONCE);
	if (w.err) {
		printf("%s\n", word_of(w.err));
		return;
	}
	if (w.service.n == 0)
		printf("nobody\n");
	for (unsigned i = 0; i < w.service.n; i++)
		printf("%s %s:%u%s",
		       i		  ? ""
		       : w.service.secure ? "secure"
					  : "open",
		       w.service.edge[i].host, w.service.edge[i].port,
		       i + 1 == w.service.n ? "\n" : "");
}

static void many(struct resolve_key key, unsigned n, bool leave)
{
	struct waiter *w = calloc(n, sizeof(*w));
	char name[300];
	unsigned found = 0;

	for (unsigned i = 0; w && i < n; i++) {
		snprintf(name, sizeof(name), "n%u.%.*s", i,
			 SLICE_ARG(key.host));
		start(&w[i], &(struct resolve_key){key.leg, true,
						   slice_of(name), key.port});
		if (leave)
			resolve_cancel(&w[i].wait);
	}
	for (unsigned i = 0; w && !leave && i < n; i++) {
		finish(&w[i]);
		found += w[i].err == 0;
	}
	printf("%u\n", found);
	free(w);
}

static void cost(struct resolve_key key, unsigned n)
{
	struct waiter w;
	struct timespec from, to;
	double ns;

	start(&w, &key);
	finish(&w);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
	for (unsigned i = 0; i < n; i++)
		w.err |= resolve_lookup(front, &key, now_mono_ms(), &w.list,
					&w.wait);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
	ns = (double)(to.tv_sec - from.tv_sec) * 1e9 +
	     (double)(to.tv_nsec - from.tv_nsec);
	printf("%s %.0f\n", w.err ? word_of(w.err) : "ok", ns / n);
}

/* Back on the asking thread. */
static void changed(struct post *p, void *arg)
{
	(void)arg;
	LIST_OWNER(p, struct change, post)->done = true;
}

/* On the main thread. */
static void change(struct post *p, void *arg)
{
	struct change *c = LIST_OWNER(p, struct change, post);

	(void)arg;
	c->err = resolver_reload(resolver, &c->s, c->why);
	p->fn = changed;
	postbox_put(asking_box, p);
}

static void reload(const char *outside, const char *inside, const char *anchor)
{
	static struct change *used = &first_change;
	struct change *c =
		used == &first_change ? &second_change : &first_change;

	make_snapshot(c, outside, inside, anchor);
	c->done = false;
	c->post.fn = change;
	postbox_put(main_box, &c->post);
	while (!c->done)
		uv_run(&asking_loop, UV_RUN_ONCE);
	if (c->err) {
		printf("failed: %s\n", c->why);
		return;
	}
	resolve_front_reload(front, &c->s);
	used = c;
	printf("ok\n");
}

static void obey(char *line)
{
	char verb[16] = "", a[600] = "", b[600] = "", name[600] = "";
	unsigned port = 0, n;

	sscanf(line, "%15s %599s %599s %599s %u", verb, a, b, name, &port);
	n = (unsigned)strtoul(b, NULL, 10);
	if (strcmp(verb, "look") == 0)
		look(key_of(a, strcmp(b, "tls") == 0, name, port));
	else if (strcmp(verb, "reload") == 0)
		reload(a, b, name);
	else if (strcmp(verb, "edges") == 0)
		edges(a);
	else if (strcmp(verb, "cost") == 0)
		cost(key_of(a, true, name, 5061), n);
	else if (n <= MANY_MAX)
		many(key_of(a, true, name, 5061), n,
		     strcmp(verb, "leave") == 0);
	fflush(stdout);
}

static void stop(struct post *p, void *arg)
{
	(void)p;
	(void)arg;
	resolver_destroy(&resolver);
	postbox_close(&main_box);
}

static void *asking(void *arg)
{
	static struct post last = {.fn = stop};
	char line[2048];

	while (fgets(line, sizeof(line), stdin))
		obey(line);
	resolve_front_destroy(&front);
	postbox_close(&asking_box);
	uv_run(&asking_loop, UV_RUN_DEFAULT);
	postbox_put(main_box, &last);
	return arg;
}

static void read_hosts(int n, char **word)
{
	for (int i = 0; i < n && hosts < HOSTS_MAX; i++) {
		char *mark = strchr(word[i], '=');

		if (!mark ||
		    addr_parse(&host_addr[hosts], slice_of(mark + 1), 0))
			exit(2);
		*mark = '\0';
		host[hosts] =
			(struct host_entry){word[i], &host_addr[hosts], 1};
		hosts++;
	}
}

static int open_all(void)
{
	char why[WHY_MAX] = "";
	int err;

	uv_loop_init(&main_loop);
	uv_loop_init(&asking_loop);
	err = postbox_create(&main_box, &main_loop, NULL);
	if (!err)
		err = postbox_create(&asking_box, &asking_loop, NULL);
	if (!err)
		err = resolver_create(&resolver, &main_loop, main_box,
				      &first_change.s, why);
	if (!err)
		err = resolve_front_create(&front, resolver, asking_box,
					   &first_change.s);
	if (err)
		fprintf(stderr, "resolve_probe: %s: %s\n", strerror(err), why);
	return err;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc < 3)
		return 2;
	addr_parse(&v4, SLICE("127.0.0.1"), 0);
	addr_parse(&both[0], SLICE("::1"), 0);
	addr_parse(&both[1], SLICE("127.0.0.1"), 0);
	read_hosts(argc - 3, argv + 3);
	make_snapshot(&first_change, argv[1], argv[2], "");
	if (open_all())
		return 1;
	if (pthread_create(&thread, NULL, asking, NULL))
		return 1;
	uv_run(&main_loop, UV_RUN_DEFAULT);
	pthread_join(thread, NULL);
	return uv_loop_close(&main_loop) || uv_loop_close(&asking_loop);
}
