/*
 * Cuts SIP messages out of a byte stream (RFC 3261 §18.3).
 */
#include "kit/frame.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool names_it(const char *line, size_t name_len, const char *name,
		     char compact)
{
	if (name_len == strlen(name) && !strncasecmp(line, name, name_len))
		return true;
	return compact && name_len == 1 && (line[0] | 0x20) == compact;
}

static const char *trim(const char *from, const char *end, size_t *len)
{
	while (from < end && (*from == ' ' || *from == '\t'))
		from++;
	while (end > from && (end[-1] == ' ' || end[-1] == '\r'))
		end--;
	*len = (size_t)(end - from);
	return from;
}

const char *frame_header(const char *bytes, size_t len, const char *name,
			 char compact, size_t *value_len)
{
	const char *end = bytes + len, *line = bytes;

	while ((line = memchr(line, '\n', (size_t)(end - line)))) {
		const char *stop, *colon;
		size_t name_len;

		if (++line == end || *line == '\r')
			return NULL;
		stop = memchr(line, '\n', (size_t)(end - line));
		stop = stop ? stop : end;
		colon = memchr(line, ':', (size_t)(stop - line));
		if (!colon)
			continue;
		trim(line, colon, &name_len);
		if (names_it(line, name_len, name, compact))
			return trim(colon + 1, stop, value_len);
	}
	return NULL;
}

ssize_t frame_length(const char *bytes, size_t len)
{
	const char *gap = memmem(bytes, len, "\r\n\r\n", 4);
	const char *value;
	size_t head, value_len, body = 0;

	if (!gap)
		return len > FRAME_MAX ? -1 : 0;

	head = (size_t)(gap - bytes) + 4;
	value = frame_header(bytes, head, "Content-Length", 'l', &value_len);
	if (value)
		body = strtoul(value, NULL, 10);
	if (body > FRAME_MAX)
		return -1;
	return len < head + body ? 0 : (ssize_t)(head + body);
}
