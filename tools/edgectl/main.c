/*
 * main.c: edgectl, what an operator asks of an edge.
 */
#include "edgectl.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{"explain", explain_main},	   {"partner", partner_main},
	{"partners", partners_main},	   {"counters", counters_main},
	{"reload", reload_main},	   {"cert", cert_main},
	{"connections", connections_main}, {"check", check_main},
};

static const char usage_text[] =
	"usage: edgectl explain CONFIG FILE.sip --from ADDRESS[:PORT] "
	"[OPTION]...\n"
	"           what the edge would do with the message in FILE.sip\n"
	"             --leg outside|inside   --door tls|users|device\n"
	"             --cert FILE.pem        shown by the sender\n"
	"             --srv HOST[:PORT][,secure]|none   SRV of the From "
	"domain\n"
	"             --registered AOR       registered on its connection\n"
	"             --lf                   FILE.sip has plain line feeds\n"
	"       edgectl explain CONFIG --call-id ID\n"
	"       edgectl explain --socket PATH --call-id ID\n"
	"           what a running edge did with recent requests\n"
	"       edgectl partner test CONFIG DOMAIN [--within SECONDS]\n"
	"           can this partner be reached, and does it answer?\n"
	"       edgectl cert COMMAND ...\n"
	"           plan, request, judge and install certificates; `edgectl "
	"cert -h`\n"
	"       edgectl check crl CONFIG\n"
	"           ask each source of revocation lists once, as the edge "
	"would\n"
	"       edgectl partners CONFIG | --socket PATH\n"
	"       edgectl counters CONFIG | --socket PATH\n"
	"       edgectl connections CONFIG | --socket PATH [--old]\n"
	"       edgectl reload   CONFIG | --socket PATH\n"
	"           ask a running edge, by its edge.control\n"
	"each takes --json; exit status 0 fine, 1 findings or refused, 2 could "
	"not look\n";

int no_look(const char *fmt, ...)
{
	va_list ap;

	fputs("edgectl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return EXIT_NO_LOOK;
}

int settings_get(const struct settings **out, const char *path)
{
	char why[WHY_MAX] = "out of memory";

	return settings_load(out, path, why) ? no_look("%s", why) : 0;
}

int settings_get_planned(const struct settings **out, const char *path)
{
	char why[WHY_MAX] = "out of memory";

	return settings_load_planned(out, path, why) ? no_look("%s", why) : 0;
}

static int read_up_to(FILE *f, char *p, size_t *n, size_t max)
{
	*n = fread(p, 1, max + 1, f);
	if (ferror(f))
		return EIO;
	return *n > max ? EFBIG : 0;
}

int file_read(char **out, size_t *n, const char *path, size_t max)
{
	FILE *f = fopen(path, "rbe");
	char *p;
	int err;

	if (!f)
		return errno;
	p = malloc(max + 1);
	err = p ? read_up_to(f, p, n, max) : ENOMEM;
	fclose(f);
	if (err) {
		free(p);
		return err;
	}
	*out = p;
	return 0;
}

int main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	/* A core would hold keys and passphrases. */
	setrlimit(RLIMIT_CORE, &(struct rlimit){0});
	if (argc > 1 &&
	    (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help"))) {
		fputs(usage_text, stdout);
		return EXIT_FINE;
	}
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands);
	     i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	fputs(usage_text, stderr);
	return EXIT_NO_LOOK;
}
