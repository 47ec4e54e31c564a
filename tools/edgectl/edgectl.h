/*
 * edgectl.h: what the sub-commands share: the report that they write, the
 * settings that they read, and their names.
 */
#ifndef EDGECTL_EDGECTL_H
#define EDGECTL_EDGECTL_H

#include "base/slice.h"
#include "base/why.h"
#include "settings/settings.h"

#include <jansson.h>
#include <openssl/x509.h>

struct buf;

/* Exit status. */
enum {
	EXIT_FINE = 0,
	EXIT_FINDINGS = 1, /* refused, or something is wrong */
	EXIT_NO_LOOK = 2,  /* wrong command line, or could not look */
};

/* What is written: sections of named lines, as text or as one JSON object. */
struct report;

/* Begin; json: nothing is printed before report_end(). NULL: no memory. */
struct report *report_begin(bool json);

/* The section that the next lines belong to. */
void report_section(struct report *r, const char *name);

/* One line, `name  text`; in JSON {"name": ..., "text": ...}. */
void report_line(struct report *r, struct slice name, struct slice text);

/* The same, printf-like, cut at 1 KiB. */
void report_say(struct report *r, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A step of a test: ok or FAIL, its name, and what was found. */
void report_step(struct report *r, bool good, const char *name, const char *fmt,
		 ...) __attribute__((format(printf, 4, 5)));

/* Print what is left, with the exit status; returns it. */
int report_end(struct report **r, int status);

/* Append; what a terminal or JSON cannot bear becomes \xHH. */
void plain_add(struct buf *b, struct slice s);

/* The same as a string of JSON; owned by the caller. */
json_t *plain_json(const char *text);

/* One sentence on standard error; returns EXIT_NO_LOOK. */
int no_look(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Read the settings; on failure says why, and returns EXIT_NO_LOOK. */
int settings_get(const struct settings **out, const char *path);

/* The same before the files that they name are there. */
int settings_get_planned(const struct settings **out, const char *path);

/* Bytes of a file, at most max; owned by the caller. 0 or an errno. */
int file_read(char **out, size_t *n, const char *path, size_t max);

struct cert_names;

/* A certificate file as a TLS door would have judged it. */
struct shown {
	struct cert_names *names; /* NULL: believed for nothing */
	char why[WHY_MAX];	  /* what the check of its chain said */
};

/* Read and judge; 0 or EXIT_NO_LOOK, told. */
int shown_read(struct shown *out, const struct settings *s, enum leg leg,
	       const char *path);

/* The names of the first certificate in a file, judged by nobody. 0 or an
 * errno. */
int shown_names(struct cert_names **out, const char *path);

/* By whom, and what for, a chain is judged. */
struct shown_by {
	const char *trust; /* PEM file of authorities */
	bool own;	   /* a partner's: each is trusted by itself */
	bool server;	   /* we connected: it has to be good for a server */
};

/* Judge a chain, leaf first. "" or OpenSSL's words; *code is its number. */
const char *shown_judge(X509 *leaf, STACK_OF(X509) * chain,
			const struct shown_by *by, int *code);

/* The pen that reads tokens with the keys of the edge; it changes nothing in
 * its folder. *borrowed: false when other keys had to be made. */
struct token_pen;
int pen_get(struct token_pen **out, const struct settings *s, bool *borrowed,
	    char *why);

/* The sub-commands; argv[0] is their name. */
int explain_main(int argc, char **argv);
int partners_main(int argc, char **argv);
int counters_main(int argc, char **argv);
int connections_main(int argc, char **argv);
int reload_main(int argc, char **argv);
int partner_main(int argc, char **argv);
int cert_main(int argc, char **argv);
int check_main(int argc, char **argv);

/* `explain --call-id ID`, by the control socket at path. */
int recall_print(const char *path, const char *call_id, bool json);

#endif
