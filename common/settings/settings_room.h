/**
 * @file settings_room.h
 * What the files of this room share: the table's rows, one loading under
 * way, and the memory of a snapshot.
 */
#ifndef SETTINGS_SETTINGS_ROOM_H
#define SETTINGS_SETTINGS_ROOM_H

#include "settings/settings.h"

#include <libconfig.h>

/** What a value is. */
enum kind {
	KIND_GROUP,   /* { ... }; its own rows follow in the table */
	KIND_RECORDS, /* ( { ... }, ... ) */
	KIND_BOOL,
	KIND_U32,
	KIND_PORT,
	KIND_TEXT,
	KIND_HOST_NAME,
	KIND_HOST_PORT,
	KIND_ADDRESS,
	KIND_PREFIX,
	KIND_DNS,
	KIND_IDENTITY,
	KIND_METHOD,
	KIND_CONTACT,
	KIND_LOG_LEVEL,
	KIND_LEG,
	KIND_DATE,
	KIND_HEADER,
	KIND_MD5,
	KIND_SHA256,
	KIND_PARTNER,
	KIND_VERIFY,
	KIND_PURPOSE,
	KIND_REVOCATION,
	KIND_PROXY,
	KIND_COUNT,
};

/** How often, and whether it may be left out. */
enum row_flag {
	ROW_REQUIRED = 1,
	ROW_LIST = 2, /* "x" or [ "x", "y" ] */
};

/** One setting. */
struct row {
	const char *path; /* "limits.handshake_s" */
	enum kind kind;
	unsigned flags;	     /* of enum row_flag */
	const char *def;     /* as text; NULL: none */
	const char *example; /* what to write; NULL: the default */
	const char *unit;    /* KIND_U32: "seconds" */
	uint32_t min, max;   /* KIND_U32, KIND_PORT */
	size_t at;	     /* offset in struct settings, or in the record */
	size_t size;	     /* KIND_RECORDS: of one record */
	const char *help;
};

/** How lists lie in struct settings: a pointer, then how many. */
struct vec {
	void *v;
	size_t n;
};

/** Memory of one snapshot, freed whole. */
struct arena {
	struct arena_piece *pieces;
};

/** One loading under way. */
struct load {
	const char *file;
	char *why;
	bool open_to_all; /* others than owner and group can read the file */
	bool planned;	  /* the files that it names may be made later */
	config_t cfg;
	struct arena *arena;
	struct settings *s;
};

/** The table, in the manual's order. */
extern const struct row settings_rows[];

/** How many rows it has. */
extern const size_t settings_row_count;

/**
 * Take zeroed memory that lives as long as the snapshot.
 *
 * @param a  arena; zeroed before its first use
 * @param n  how much [bytes]
 * @return   memory, or NULL
 */
void *settings_arena_take(struct arena *a, size_t n);

/**
 * Free everything taken.
 *
 * @param a  arena, empty afterwards
 */
void settings_arena_fini(struct arena *a);

/**
 * The name of a row without its groups.
 *
 * @param row  row
 * @return     borrowed: "handshake_s"
 */
const char *settings_row_name(const struct row *row);

/**
 * Is a row directly inside a group?
 *
 * @param row    row
 * @param group  path of the group; "" is the file itself
 * @return       true when it is
 */
bool settings_row_within(const struct row *row, const char *group);

/**
 * Read every value of the file into l->s, defaults included.
 *
 * @param l  loading, its file parsed
 * @return   0, EINVAL (told in l->why) or ENOMEM
 */
int settings_read(struct load *l);

/**
 * Check what no single row can: that the values fit together.
 *
 * @param l  loading, after settings_read()
 * @return   0 or EINVAL (told in l->why)
 */
int settings_check(struct load *l);

/**
 * Check what concerns devices.
 *
 * @param l  loading, after settings_read()
 * @return   0 or EINVAL (told in l->why)
 */
int settings_check_devices(struct load *l);

/**
 * Check what concerns federation.
 *
 * @param l  loading, after settings_read()
 * @return   0 or EINVAL (told in l->why)
 */
int settings_check_federation(struct load *l);

/**
 * Check what concerns a leg's certificates, and lists of revoked ones.
 *
 * @param l    loading, after settings_read()
 * @param leg  leg
 * @return     0 or EINVAL (told in l->why)
 */
int settings_check_tls(struct load *l, enum leg leg);

/**
 * Check what concerns services and pools.
 *
 * @param l  loading, after settings_read()
 * @return   0 or EINVAL (told in l->why)
 */
int settings_check_services(struct load *l);

/**
 * Check that a file which the settings name is there, and can be read.
 *
 * @param l           loading
 * @param here        the setting that names it
 * @param what        how that is called: "outside.tls.key"
 * @param path        the file
 * @param is_private  nobody but its owner may reach it
 * @return            0 or EINVAL (told in l->why)
 */
int settings_check_file(struct load *l, const config_setting_t *here,
			const char *what, const char *path, bool is_private);

/**
 * Where a setting stands, by its path.
 *
 * @param l     loading
 * @param path  as in the table, without records in it
 * @param n     when it is a list: which of its elements
 * @return      borrowed; NULL when the file has no such thing
 */
const config_setting_t *settings_place(struct load *l, const char *path,
				       size_t n);

/**
 * Where a setting of a leg stands.
 *
 * @param l     loading
 * @param leg   leg
 * @param name  path below the leg: "tls.key"
 * @param n     when it is a list: which of its elements
 * @return      borrowed; NULL when the file has no such thing
 */
const config_setting_t *settings_leg_place(struct load *l, enum leg leg,
					   const char *name, size_t n);

/**
 * Where a value of a record stands.
 *
 * @param record  one record
 * @param key     name in it
 * @param n       when it is a list: which of its elements
 * @return        borrowed; NULL when it is left out
 */
const config_setting_t *settings_value_place(const config_setting_t *record,
					     const char *key, size_t n);

/**
 * The line of a setting, for a complaint about another one.
 *
 * @param st  setting
 * @return    line in the file
 */
int settings_line(const config_setting_t *st);

/**
 * Turn text into the value of a row.
 *
 * @param l     loading
 * @param row   of a kind written as a string, or any row's default
 * @param text  as written
 * @param at    where the value goes
 * @return      0, EINVAL when it is none of that kind, ENOMEM
 */
int settings_value(struct load *l, const struct row *row, struct slice text,
		   void *at);

/**
 * Space that one value of a kind takes.
 *
 * @param kind  not a group or records
 * @return      size [bytes]
 */
size_t settings_value_size(enum kind kind);

/**
 * Complain: "FILE:LINE: " and a sentence, into l->why.
 *
 * @param l    loading
 * @param st   where it is, or NULL for the file's first line
 * @param fmt  printf format of what is wrong and what to write
 * @return     EINVAL
 */
int settings_complain(struct load *l, const config_setting_t *st,
		      const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * Complain that a value is none of its row's kind.
 *
 * @param l    loading
 * @param row  row
 * @param st   the value
 * @return     EINVAL
 */
int settings_say_bad_value(struct load *l, const struct row *row,
			   const config_setting_t *st);

/**
 * Complain that a key is in no row.
 *
 * @param l      loading
 * @param group  path of the group that it stands in
 * @param st     the unknown setting
 * @return       EINVAL
 */
int settings_say_unknown(struct load *l, const char *group,
			 const config_setting_t *st);

/**
 * Read a day, "2027-06-30".
 *
 * @param out   its last second, UTC, since 1970 [s]
 * @param text  as written
 * @return      0 or EINVAL
 */
int settings_day_end(uint64_t *out, struct slice text);

/**
 * Complain that a required setting is missing.
 *
 * @param l      loading
 * @param row    what is missing
 * @param group  where it should stand, or NULL for the file itself
 * @return       EINVAL
 */
int settings_say_missing(struct load *l, const struct row *row,
			 const config_setting_t *group);

#endif
