/**
 * @file trace.h
 * Writes down each message that a lab program sends or receives.
 *
 * The trace has one line a message, fields parted by tabs: microseconds of
 * the wall clock, local name, "sent" or "got", transport, peer address, first
 * line, Call-ID, CSeq. The dump has the whole messages. Both files are
 * appended to, a line or a message in one write.
 */
#ifndef LAB_KIT_TRACE_H
#define LAB_KIT_TRACE_H

#include <stdbool.h>
#include <stddef.h>

/** Where to write; NULL means not at all. */
struct trace {
	const char *name;
	int lines_fd;
	int dump_fd;
};

/** One message and where it goes to or comes from. */
struct trace_entry {
	bool sent;
	const char *transport;
	const char *peer;
	const char *bytes;
	size_t len;
};

/**
 * Open the files.
 *
 * @param t      to be filled
 * @param name   name of this program in the trace, borrowed for good
 * @param lines  file for the lines, or NULL
 * @param dump   file for the whole messages, or NULL
 * @return       0, or the errno of the open that failed
 */
int trace_open(struct trace *t, const char *name, const char *lines,
	       const char *dump);

/**
 * Write one message down.
 *
 * @param t  an open trace
 * @param e  the message, borrowed for this call
 */
void trace_message(const struct trace *t, const struct trace_entry *e);

/**
 * Tell an event on standard output, with a time stamp and the local name.
 *
 * @param t    an open trace
 * @param fmt  as for printf, without a newline
 */
void trace_say(const struct trace *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * Close the files.
 *
 * @param t  the trace
 */
void trace_close(struct trace *t);

#endif
