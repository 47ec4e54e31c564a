/*
 * settings_read.c - walk the file along the table, values into the snapshot.
 */
#include "settings_room.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define NUMBER_MAX 24

static int read_group(struct load *l, const char *group,
		      const config_setting_t *st, char *base);

/* The text behind a scalar; numbers and booleans are printed into room. */
static const char *scalar_text(const config_setting_t *st,
			       char room[NUMBER_MAX])
{
	switch (config_setting_type(st)) {
	case CONFIG_TYPE_BOOL:
		return config_setting_get_bool(st) ? "true" : "false";
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(room, NUMBER_MAX, "%lld",
			 config_setting_get_int64(st));
		return room;
	case CONFIG_TYPE_STRING:
		return config_setting_get_string(st);
	default:
		return NULL;
	}
}

/* "5061" is no number, 5061 no host and "true" no boolean. */
static bool type_fits(enum kind kind, int type)
{
	switch (kind) {
	case KIND_BOOL:
		return type == CONFIG_TYPE_BOOL;
	case KIND_U32:
	case KIND_PORT:
		return type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64;
	default:
		return type == CONFIG_TYPE_STRING;
	}
}

static int read_one(struct load *l, const struct row *row,
		    const config_setting_t *st, void *at)
{
	char room[NUMBER_MAX];
	int err = EINVAL;

	if (type_fits(row->kind, config_setting_type(st)))
		err = settings_value(l, row, slice_of(scalar_text(st, room)),
				     at);
	return err == EINVAL ? settings_say_bad_value(l, row, st) : err;
}

static int vec_take(struct load *l, void *at, size_t n, size_t size,
		    struct vec *vec)
{
	*vec = (struct vec){.n = n};
	if (n > 0) {
		vec->v = settings_arena_take(l->arena, n * size);
		if (!vec->v)
			return ENOMEM;
	}
	memcpy(at, vec, sizeof(*vec));
	return 0;
}

static bool is_sequence(const config_setting_t *st)
{
	return config_setting_is_array(st) || config_setting_is_list(st);
}

static int read_list(struct load *l, const struct row *row,
		     const config_setting_t *st, void *at)
{
	size_t size = settings_value_size(row->kind);
	bool many = is_sequence(st);
	size_t n = many ? (size_t)config_setting_length(st) : 1;
	struct vec vec;
	int err = vec_take(l, at, n, size, &vec);

	for (size_t i = 0; !err && i < n; i++) {
		const config_setting_t *one =
			many ? config_setting_get_elem(st, (unsigned)i) : st;

		err = read_one(l, row, one, (char *)vec.v + i * size);
	}
	if (!err && n == 0 && row->flags & ROW_REQUIRED)
		return settings_say_bad_value(l, row, st);
	return err;
}

static int read_records(struct load *l, const struct row *row,
			const config_setting_t *st, void *at)
{
	size_t n;
	struct vec vec;
	int err;

	if (!config_setting_is_list(st))
		return settings_say_bad_value(l, row, st);
	n = (size_t)config_setting_length(st);
	err = vec_take(l, at, n, row->size, &vec);
	for (size_t i = 0; !err && i < n; i++) {
		const config_setting_t *one =
			config_setting_get_elem(st, (unsigned)i);

		if (!config_setting_is_group(one))
			return settings_say_bad_value(l, row, one);
		err = read_group(l, row->path, one,
				 (char *)vec.v + i * row->size);
	}
	return err;
}

static int default_list(struct load *l, const struct row *row, void *at)
{
	size_t size = settings_value_size(row->kind), n = 1;
	const char *word = row->def;
	struct vec vec;
	int err;

	for (const char *c = word; *c; c++)
		n += *c == ' ';
	err = vec_take(l, at, n, size, &vec);
	for (size_t i = 0; !err && i < n; i++) {
		size_t len = strcspn(word, " ");

		err = settings_value(l, row, (struct slice){word, len},
				     (char *)vec.v + i * size);
		word += len + 1;
	}
	return err;
}

static int read_default(struct load *l, const struct row *row, void *at)
{
	if (!row->def)
		return 0;
	if (row->flags & ROW_LIST)
		return default_list(l, row, at);
	return settings_value(l, row, slice_of(row->def), at);
}

/* group: where the row should stand; NULL when that group is left out. */
static int read_row(struct load *l, const struct row *row,
		    const config_setting_t *group, char *base)
{
	const config_setting_t *st = NULL;
	void *at = base + row->at;

	if (group)
		st = config_setting_get_member(group, settings_row_name(row));
	if (!st && row->flags & ROW_REQUIRED)
		return settings_say_missing(l, row, group);
	if (row->kind == KIND_GROUP)
		return read_group(l, row->path, st, base);
	if (!st)
		return read_default(l, row, at);
	if (row->kind == KIND_RECORDS)
		return read_records(l, row, st, at);
	if (row->flags & ROW_LIST)
		return read_list(l, row, st, at);
	return read_one(l, row, st, at);
}

static bool is_known(const char *group, const char *name)
{
	for (size_t i = 0; i < settings_row_count; i++) {
		const struct row *row = &settings_rows[i];

		if (settings_row_within(row, group) &&
		    strcmp(settings_row_name(row), name) == 0)
			return true;
	}
	return false;
}

static int refuse_unknown(struct load *l, const char *group,
			  const config_setting_t *st)
{
	int n = st ? config_setting_length(st) : 0;

	for (int i = 0; i < n; i++) {
		const config_setting_t *one =
			config_setting_get_elem(st, (unsigned)i);

		if (!is_known(group, config_setting_name(one)))
			return settings_say_unknown(l, group, one);
	}
	return 0;
}

static const struct row *row_at(const char *path)
{
	for (size_t i = 0; i < settings_row_count; i++) {
		if (strcmp(settings_rows[i].path, path) == 0)
			return &settings_rows[i];
	}
	return NULL;
}

static int read_group(struct load *l, const char *group,
		      const config_setting_t *st, char *base)
{
	int err;

	if (st && !config_setting_is_group(st))
		return settings_say_bad_value(l, row_at(group), st);
	err = refuse_unknown(l, group, st);
	for (size_t i = 0; !err && i < settings_row_count; i++) {
		if (settings_row_within(&settings_rows[i], group))
			err = read_row(l, &settings_rows[i], st, base);
	}
	return err;
}

int settings_read(struct load *l)
{
	const config_setting_t *root = config_root_setting(&l->cfg);
	int err = read_group(l, "", root, (char *)l->s);
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (l->s->workers == 0)
		l->s->workers = cores < 1     ? 1
				: cores > 128 ? 128
					      : (uint32_t)cores;
	return err;
}
