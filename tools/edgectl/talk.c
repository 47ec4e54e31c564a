/*
 * talk.c: questions to a running edge, by its control socket.
 */
#include "edgectl.h"

#include "base/buf.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_S   12
#define ANSWER_BYTES (4 * 1024 * 1024)

static int dial(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = PATIENCE_S};
	int fd, err;

	if (strlen(path) >= sizeof(to.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(to.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (!connect(fd, (struct sockaddr *)&to, sizeof(to)))
		return fd;
	err = errno;
	close(fd);
	errno = err;
	return -1;
}

static int exchange(int fd, struct slice line, struct buf *out)
{
	char part[4096];
	ssize_t n;

	if (send(fd, line.p, line.n, MSG_NOSIGNAL) != (ssize_t)line.n)
		return errno;
	while (out->n < ANSWER_BYTES && (n = read(fd, part, sizeof(part))) > 0)
		buf_add(out, (struct slice){part, (size_t)n});
	return out->n ? 0 : ECONNRESET;
}

static const char *cure(int err)
{
	switch (err) {
	case ENOENT:
	case ECONNREFUSED:
		return "is the edge running, with this edge.control?";
	case EACCES:
	case ECONNRESET:
		return "only root, the edge's user and the group of the socket "
		       "are heard";
	default:
		return strerror(err);
	}
}

/* Ask one line. The answer, owned by the caller, or NULL: told. */
static json_t *ask(const char *path, const char *verb, const char *rest)
{
	struct buf line = {0}, out = {0};
	json_t *answer = NULL;
	int fd = dial(path), err = fd < 0 ? errno : 0;

	buf_puts(&line, verb);
	buf_puts(&line, rest ? " " : "");
	buf_puts(&line, rest ? rest : "");
	buf_puts(&line, "\n");
	if (!err && !line.failed)
		err = exchange(fd, buf_slice(&line), &out);
	if (fd >= 0)
		close(fd);
	if (err)
		no_look("%s: %s", path, cure(err));
	else
		answer = json_loadb(out.p, out.n, 0, NULL);
	if (!err && !answer)
		no_look("%s: the answer is not one of an edge", path);
	buf_fini(&line);
	buf_fini(&out);
	return answer;
}

static const char *text_at(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static long long number_at(json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

static bool true_at(json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

static void print_counters(json_t *answer)
{
	const char *name;
	json_t *value;

	json_object_foreach(json_object_get(answer, "counters"), name, value)
		printf("%-17s %lld\n", name,
		       (long long)json_integer_value(value));
	json_object_foreach(json_object_get(answer, "revocation"), name, value)
		printf("revocation %-6s %s\n", name, json_string_value(value));
}

static void print_partners(json_t *answer)
{
	json_t *p;
	size_t i;

	printf("%-32s %-10s %9s %9s %9s %9s %9s %9s %5s\n", "domain", "kind",
	       "requests", "outward", "refused", "answered", "failed",
	       "addresses", "conns");
	json_array_foreach(json_object_get(answer, "partners"), i, p)
		printf("%-32s %-10s %9lld %9lld %9lld %9lld %9lld %9lld "
		       "%5lld%s%s\n",
		       text_at(p, "domain"),
		       true_at(p, "discovered") ? "discovered" : "listed",
		       number_at(p, "requests"), number_at(p, "outward"),
		       number_at(p, "refused"), number_at(p, "successes"),
		       number_at(p, "failures"), number_at(p, "addresses"),
		       number_at(p, "connections"),
		       true_at(p, "slow") ? " slow" : "",
		       true_at(p, "watched") ? " watched" : "");
}

static const char *or_dash(json_t *o, const char *key)
{
	const char *s = text_at(o, key);

	return *s ? s : "-";
}

static void print_ours(json_t *answer)
{
	json_t *c;
	size_t i;

	json_array_foreach(json_object_get(answer, "certificates"), i, c)
		printf("%-8s %s, until %s%s: %lld connection%s\n",
		       text_at(c, "leg"), text_at(c, "sha256"),
		       or_dash(c, "ends"), true_at(c, "old") ? ", OLD" : "",
		       number_at(c, "connections"),
		       number_at(c, "connections") == 1 ? "" : "s");
	if (number_at(answer, "other"))
		printf("further certificates: %lld connections\n",
		       number_at(answer, "other"));
	printf("%lld open, %lld of them without TLS, %lld with an old "
	       "certificate of ours\n",
	       number_at(answer, "open"), number_at(answer, "plain"),
	       number_at(answer, "old"));
}

/* The first 16 digits of a fingerprint tell one from the other. */
static void print_connections(json_t *answer)
{
	json_t *c;
	size_t i;

	print_ours(answer);
	json_array_foreach(json_object_get(answer, "connections"), i, c)
	{
		if (i == 0)
			printf("%-9s %-7s %-6s %-8s %-20s %-16s %-16s %s\n",
			       "id", "leg", "door", "class", "since", "ours",
			       "theirs", "peer, names");
		printf("%-9s %-7s %-6s %-8s %-20s %-16.16s %-16.16s %s "
		       "%s%s%s\n",
		       text_at(c, "id"), text_at(c, "leg"), text_at(c, "door"),
		       text_at(c, "class"), or_dash(c, "since"),
		       or_dash(c, "ours"), or_dash(c, "sha256"),
		       text_at(c, "peer"), or_dash(c, "names"),
		       true_at(c, "old") ? " OLD" : "",
		       true_at(c, "retired") ? " CLOSES-WHEN-IDLE" : "");
	}
	if (number_at(answer, "untold"))
		printf("and %lld more\n", number_at(answer, "untold"));
}

static void print_time(long long ms)
{
	time_t s = (time_t)(ms / 1000);
	struct tm tm;
	char text[32];

	gmtime_r(&s, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	printf("%s.%03lldZ", text, ms % 1000);
}

/* Nobody answers one (RFC 3261 §17). */
static bool is_ack(json_t *request)
{
	return strcmp(text_at(request, "method"), "ACK") == 0;
}

static void print_tries(json_t *request)
{
	json_t *t;
	size_t i;

	json_array_foreach(json_object_get(request, "tries"), i, t)
	{
		printf("  tried    %s", text_at(t, "target"));
		if (number_at(t, "status"))
			printf(": %lld", number_at(t, "status"));
		else if (!is_ack(request))
			printf(": no answer");
		printf("%s%s\n", *text_at(t, "reason") ? ", " : "",
		       text_at(t, "reason"));
	}
}

static void print_request(json_t *r)
{
	print_time(number_at(r, "wall_ms"));
	printf(" %s %s\n", text_at(r, "method"), text_at(r, "uri"));
	printf("  from     %s, a %s on the %s leg, %s\n", text_at(r, "from"),
	       text_at(r, "class"), text_at(r, "leg"), text_at(r, "peer"));
	printf("  decision %s", text_at(r, "decision"));
	if (number_at(r, "status"))
		printf(" %lld", number_at(r, "status"));
	printf(" by rule %s", text_at(r, "rule"));
	printf("%s%s\n", *text_at(r, "to") ? ", to " : "", text_at(r, "to"));
	print_tries(r);
	if (!number_at(r, "answered")) {
		printf("  answered %s\n", is_ack(r) ? "never" : "not yet");
		return;
	}
	printf("  answered %lld after %lld ms%s%s\n", number_at(r, "answered"),
	       number_at(r, "final_ms") - number_at(r, "wall_ms"),
	       *text_at(r, "ended") ? ", " : "", text_at(r, "ended"));
}

static void print_recalled(json_t *answer)
{
	json_t *r;
	size_t i;

	json_array_foreach(json_object_get(answer, "requests"), i, r)
		print_request(r);
}

static int print(json_t *answer, bool json, void (*as_text)(json_t *))
{
	bool good = true_at(answer, "ok");

	if (json) {
		json_dumpf(answer, stdout, JSON_INDENT(2));
		fputc('\n', stdout);
	} else if (!good) {
		fprintf(stderr, "edgectl: %s%s%s\n", text_at(answer, "rule"),
			*text_at(answer, "rule") ? ": " : "",
			text_at(answer, "error"));
	} else if (as_text) {
		as_text(answer);
	} else {
		puts("ok");
	}
	return good ? EXIT_FINE : EXIT_FINDINGS;
}

int recall_print(const char *path, const char *call_id, bool json)
{
	json_t *answer = ask(path, "recall", call_id);
	int status;

	if (!answer)
		return EXIT_NO_LOOK;
	status = print(answer, json, print_recalled);
	if (!status && !json_array_size(json_object_get(answer, "requests"))) {
		status = EXIT_FINDINGS;
		if (!json)
			printf("no recent request has this Call-ID\n");
	}
	json_decref(answer);
	return status;
}

/* CONFIG's edge.control, or --socket. */
static int socket_path(char **out, const char *given, const char *config)
{
	const struct settings *s = NULL;
	int status = 0;

	*out = NULL;
	if (given) {
		*out = slice_dup(slice_of(given));
	} else {
		status = config ? settings_get(&s, config)
				: no_look("say CONFIG or --socket PATH");
		if (!status && s->control)
			*out = slice_dup(slice_of(s->control));
		else if (!status)
			status = no_look("%s: edge.control is not set, so the "
					 "edge answers nobody",
					 config);
		settings_unref(&s);
	}
	return *out || status ? status : no_look("out of memory");
}

/* What the command line asks for. */
struct asking {
	const char *socket;
	bool json, old;
};

static int read_options(struct asking *out, int argc, char **argv, bool has_old)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"old", no_argument, NULL, 'o'},
		{0},
	};
	int opt;

	*out = (struct asking){0};
	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == '?' || (opt == 'o' && !has_old))
			return no_look("%s: wrong option; see edgectl -h",
				       argv[0]);
		if (opt == 's')
			out->socket = optarg;
		out->json = out->json || opt == 'j';
		out->old = out->old || opt == 'o';
	}
	return 0;
}

/* The answer, owned by the caller; NULL: told. */
static json_t *ask_edge(const struct asking *a, const char *verb,
			const char *rest, const char *config)
{
	json_t *answer;
	char *path;

	if (socket_path(&path, a->socket, config))
		return NULL;
	answer = ask(path, verb, rest);
	free(path);
	return answer;
}

static int ask_main(int argc, char **argv, void (*as_text)(json_t *))
{
	struct asking a;
	json_t *answer;
	int status = read_options(&a, argc, argv, false);

	if (status)
		return status;
	answer = ask_edge(&a, argv[0], NULL, argv[optind]);
	if (!answer)
		return EXIT_NO_LOOK;
	status = print(answer, a.json, as_text);
	json_decref(answer);
	return status;
}

/* With --old, to wait for: 1 while there are any. */
int connections_main(int argc, char **argv)
{
	struct asking a;
	json_t *answer;
	int status = read_options(&a, argc, argv, true);

	if (status)
		return status;
	answer =
		ask_edge(&a, "connections", a.old ? "old" : NULL, argv[optind]);
	if (!answer)
		return EXIT_NO_LOOK;
	status = print(answer, a.json, print_connections);
	if (!status && a.old && number_at(answer, "old"))
		status = EXIT_FINDINGS;
	json_decref(answer);
	return status;
}

int partners_main(int argc, char **argv)
{
	return ask_main(argc, argv, print_partners);
}

int counters_main(int argc, char **argv)
{
	return ask_main(argc, argv, print_counters);
}

int reload_main(int argc, char **argv)
{
	return ask_main(argc, argv, NULL);
}
