/**
 * @file log.h
 * One line an event: `<id> verb key=value ...`, to standard error.
 *
 * Never blocks: a line that the reader does not take is dropped and counted.
 * Only net, proxy, ops, main and the keeper of revocation lists log. Bytes that
 * a peer chose go through log_text(). Credentials and bodies are never logged.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/slice.h"

/** How loud a line is. */
enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/** Longest escaped peer text, with NUL. */
#define LOG_TEXT_MAX 256

/**
 * Drop lines above this level from now on.
 *
 * @param max  loudest level written
 */
void log_set_level(enum log_level max);

/**
 * Parse a level's name.
 *
 * @param out   level
 * @param name  "error", "notice", "info" or "debug"
 * @return      0, or EINVAL
 */
int log_level_parse(enum log_level *out, struct slice name);

/**
 * Would a line of this level be written?
 *
 * @param level  level
 * @return       true when log_event() would do something
 */
bool log_wanted(enum log_level level);

/**
 * Is a line of this verb worth its words? Asked before texts are made for a
 * line that a flood repeats; log_event() comes next when it is.
 *
 * @param level  level
 * @param verb   constant word
 * @return       false when log_event() would write nothing; counted as it does
 */
bool log_admits(enum log_level level, const char *verb);

/**
 * Write one event. Lines of one verb above 50 a second are counted and told
 * later as one `suppressed` line, except at debug level.
 *
 * @param level  how loud
 * @param id     who, such as "w0c12"; no spaces
 * @param verb   what happened; a constant word
 * @param fmt    printf format of the `key=value` pairs, or ""
 */
void log_event(enum log_level level, const char *id, const char *verb,
	       const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/**
 * Make peer bytes safe for a log line: control characters, space, quote, `=`,
 * backslash and bytes above 0x7e become a backslash, "x" and two hex digits;
 * long text is cut and ends in "...".
 *
 * @param out  at least LOG_TEXT_MAX bytes
 * @param s    peer bytes
 * @return     out, NUL-terminated
 */
const char *log_text(char out[LOG_TEXT_MAX], struct slice s);

#endif
