/*
 * settings_describe.c - the table in words: names of rows and kinds, and the
 * list that the manual is checked against.
 */
#include "settings_room.h"

#include <stdio.h>

static const char *const kind_names[KIND_COUNT] = {
	[KIND_GROUP] = "group",
	[KIND_RECORDS] = "list of groups",
	[KIND_BOOL] = "true or false",
	[KIND_U32] = "number",
	[KIND_PORT] = "port",
	[KIND_TEXT] = "text",
	[KIND_HOST_NAME] = "host name",
	[KIND_HOST_PORT] = "host or host:port",
	[KIND_ADDRESS] = "address",
	[KIND_PREFIX] = "address or prefix",
	[KIND_DNS] = "address or address@port",
	[KIND_IDENTITY] = "SIP address",
	[KIND_METHOD] = "method",
	[KIND_CONTACT] = "SIP address",
	[KIND_LOG_LEVEL] = "level",
	[KIND_LEG] = "outside or inside",
	[KIND_DATE] = "date",
	[KIND_HEADER] = "header name",
	[KIND_MD5] = "MD5 in hex",
	[KIND_SHA256] = "SHA-256 in hex",
	[KIND_PARTNER] = "allowed, direct or provider",
	[KIND_VERIFY] = "source, always or never",
	[KIND_PURPOSE] = "any, client or sip",
	[KIND_REVOCATION] = "auto, off, soft or hard",
	[KIND_PROXY] = "http://host:port",
};

const char *settings_row_name(const struct row *row)
{
	const char *dot = strrchr(row->path, '.');

	return dot ? dot + 1 : row->path;
}

bool settings_row_within(const struct row *row, const char *group)
{
	size_t n = strlen(group);
	const char *name = settings_row_name(row);

	if (n == 0)
		return name == row->path;
	return (size_t)(name - row->path) == n + 1 &&
	       strncmp(row->path, group, n) == 0;
}

/* "number of seconds, 1 to 300" */
static void print_type(const struct row *row, char *out, size_t cap)
{
	const char *kind = kind_names[row->kind];

	if (row->kind == KIND_U32)
		snprintf(out, cap, "number of %s, %u to %u", row->unit,
			 row->min, row->max);
	else
		snprintf(out, cap, "%s%s",
			 row->flags & ROW_LIST ? "list of " : "", kind);
}

void settings_describe(void (*print)(const char *line, void *arg), void *arg)
{
	char line[512], type[128];

	for (size_t i = 0; i < settings_row_count; i++) {
		const struct row *row = &settings_rows[i];
		const char *def = row->def;

		if (!def)
			def = row->flags & ROW_REQUIRED ? "required" : "none";
		print_type(row, type, sizeof(type));
		snprintf(line, sizeof(line), "%s | %s | %s | %s", row->path,
			 type, def, row->help);
		print(line, arg);
	}
}
