/*
 * settings_say.c - complaints: where, what is wrong, what to write instead.
 */
#include "settings_room.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define NAME_BYTES  64
#define VALUE_BYTES 48

static const char *const musts[KIND_COUNT] = {
	[KIND_GROUP] = "must be a group of settings in { }",
	[KIND_RECORDS] = "must be a list of groups, ( { ... }, { ... } )",
	[KIND_BOOL] = "must be true or false",
	[KIND_TEXT] = "must be text in quotes",
	[KIND_HOST_NAME] = "must be a host name in quotes",
	[KIND_HOST_PORT] = "must be \"host\" or \"host:port\"",
	[KIND_ADDRESS] = "must be an IPv4 or IPv6 address in quotes",
	[KIND_PREFIX] = "must be \"address\" or \"address/bits\"",
	[KIND_DNS] = "must be \"address\" or \"address@port\"",
	[KIND_IDENTITY] = "must be \"sip:user@domain\"",
	[KIND_METHOD] = "must be the name of a SIP method in quotes",
	[KIND_CONTACT] = "must be \"sip:user@host:port;transport=tcp\"",
	[KIND_LOG_LEVEL] =
		"must be \"error\", \"notice\", \"info\" or \"debug\"",
	[KIND_LEG] = "must be \"outside\" or \"inside\"",
	[KIND_DATE] = "must be a day, \"year-month-day\"",
	[KIND_HEADER] = "must be the name of a header in quotes",
	[KIND_MD5] = "must be 32 hex digits in quotes",
	[KIND_SHA256] = "must be 64 hex digits in quotes",
	[KIND_PARTNER] = "must be \"allowed\", \"direct\" or \"provider\"",
	[KIND_VERIFY] = "must be \"source\", \"always\" or \"never\"",
	[KIND_PURPOSE] = "must be \"any\", \"client\" or \"sip\"",
	[KIND_REVOCATION] = "must be \"auto\", \"off\", \"soft\" or \"hard\"",
	[KIND_PROXY] = "must be \"http://host:port\"",
};

static int complain_v(struct load *l, unsigned line, const char *fmt,
		      va_list ap) __attribute__((format(printf, 3, 0)));

static int complain_v(struct load *l, unsigned line, const char *fmt,
		      va_list ap)
{
	int n = snprintf(l->why, WHY_MAX, "%.200s:%u: ", l->file, line);

	vsnprintf(l->why + n, WHY_MAX - (size_t)n, fmt, ap);
	return EINVAL;
}

int settings_complain(struct load *l, const config_setting_t *st,
		      const char *fmt, ...)
{
	unsigned line = st ? config_setting_source_line(st) : 1;
	va_list ap;

	va_start(ap, fmt);
	complain_v(l, line ? line : 1, fmt, ap);
	va_end(ap);
	return EINVAL;
}

/* As it stands in the file, more or less, and short. */
static void print_value(const config_setting_t *st, char out[VALUE_BYTES])
{
	switch (config_setting_type(st)) {
	case CONFIG_TYPE_GROUP:
		snprintf(out, VALUE_BYTES, "{ ... }");
		break;
	case CONFIG_TYPE_LIST:
		snprintf(out, VALUE_BYTES, "%s",
			 config_setting_length(st) ? "( ... )" : "( )");
		break;
	case CONFIG_TYPE_ARRAY:
		snprintf(out, VALUE_BYTES, "%s",
			 config_setting_length(st) ? "[ ... ]" : "[ ]");
		break;
	case CONFIG_TYPE_BOOL:
		snprintf(out, VALUE_BYTES, "%s",
			 config_setting_get_bool(st) ? "true" : "false");
		break;
	case CONFIG_TYPE_FLOAT:
		snprintf(out, VALUE_BYTES, "%g", config_setting_get_float(st));
		break;
	case CONFIG_TYPE_STRING:
		snprintf(out, VALUE_BYTES, "\"%.40s\"",
			 config_setting_get_string(st));
		break;
	default:
		snprintf(out, VALUE_BYTES, "%lld",
			 config_setting_get_int64(st));
	}
}

/* Control characters of the file must not reach the operator's terminal. */
static void make_printable(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
	}
}

static void print_must(const struct row *row, char *out, size_t cap)
{
	if (row->kind == KIND_U32)
		snprintf(out, cap, "must be a number of %s from %u to %u",
			 row->unit, row->min, row->max);
	else if (row->kind == KIND_PORT)
		snprintf(out, cap, "must be a port from %u to %u", row->min,
			 row->max);
	else
		snprintf(out, cap, "%s%s", musts[row->kind],
			 row->flags & ROW_LIST ? ", or several in [ ]" : "");
}

/* `handshake_s = 10;` or `tls: { ... };` */
static void print_example(const struct row *row, char *out, size_t cap)
{
	bool quoted = !row->example && row->kind > KIND_PORT;

	snprintf(out, cap, "%s%s %s%s%s;", settings_row_name(row),
		 row->kind == KIND_GROUP ? ":" : " =", quoted ? "\"" : "",
		 row->example ? row->example : row->def, quoted ? "\"" : "");
}

int settings_say_bad_value(struct load *l, const struct row *row,
			   const config_setting_t *st)
{
	char value[VALUE_BYTES], must[128], example[192];

	print_value(st, value);
	make_printable(value);
	print_must(row, must, sizeof(must));
	print_example(row, example, sizeof(example));
	return settings_complain(l, st, "%s = %s: %s; write %s", row->path,
				 value, must, example);
}

int settings_say_missing(struct load *l, const struct row *row,
			 const config_setting_t *group)
{
	char example[192];
	size_t name_at = (size_t)(settings_row_name(row) - row->path);

	print_example(row, example, sizeof(example));
	if (name_at == 0)
		return settings_complain(l, NULL, "%s is missing; add %s",
					 row->path, example);
	return settings_complain(l, group, "%.*s: %s is missing; add %s",
				 (int)name_at - 1, row->path,
				 settings_row_name(row), example);
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* Levenshtein's distance, names cut at NAME_BYTES. */
static unsigned distance(const char *a, const char *b)
{
	size_t an = strnlen(a, NAME_BYTES - 1), bn = strnlen(b, NAME_BYTES - 1);
	unsigned row[NAME_BYTES];

	for (size_t j = 0; j <= bn; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= an; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= bn; j++) {
			unsigned above = row[j];

			row[j] = min3(above + 1, row[j - 1] + 1,
				      diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[bn];
}

static const char *nearest(const char *group, const char *name)
{
	unsigned best = (unsigned)strlen(name) / 3 + 2;
	const char *found = NULL;

	for (size_t i = 0; i < settings_row_count; i++) {
		const struct row *row = &settings_rows[i];
		unsigned d;

		if (!settings_row_within(row, group))
			continue;
		d = distance(name, settings_row_name(row));
		if (d < best) {
			best = d;
			found = settings_row_name(row);
		}
	}
	return found;
}

static void list_known(const char *group, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < settings_row_count; i++) {
		const char *name = settings_row_name(&settings_rows[i]);

		if (!settings_row_within(&settings_rows[i], group))
			continue;
		if (n + strlen(name) + 8 > cap) {
			snprintf(out + n, cap - n, ", ...");
			return;
		}
		n += (size_t)snprintf(out + n, cap - n, "%s%s", n ? ", " : "",
				      name);
	}
}

int settings_say_unknown(struct load *l, const char *group,
			 const config_setting_t *st)
{
	const char *name = config_setting_name(st);
	const char *near = nearest(group, name);
	const char *dot = *group ? "." : "";
	char known[200];

	if (near)
		return settings_complain(l, st,
					 "%s%s%.60s: there is no such setting; "
					 "did you mean %s?",
					 group, dot, name, near);
	list_known(group, known, sizeof(known));
	return settings_complain(l, st,
				 "%s%s%.60s: there is no such setting; known "
				 "here: %s",
				 group, dot, name, known);
}
