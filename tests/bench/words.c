/*
 * The SIP that the benchmark programs speak: cut, look up, answer.
 */
#include "words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char words_sdp[] = "v=0\r\n"
			 "o=phone 20261122 1 IN IP4 127.0.0.1\r\n"
			 "s=call\r\n"
			 "c=IN IP4 127.0.0.1\r\n"
			 "t=0 0\r\n"
			 "m=audio 40000 RTP/SAVP 9 0 8 101\r\n"
			 "a=rtpmap:9 G722/8000\r\n"
			 "a=rtpmap:0 PCMU/8000\r\n"
			 "a=rtpmap:8 PCMA/8000\r\n"
			 "a=rtpmap:101 telephone-event/8000\r\n"
			 "a=fmtp:101 0-16\r\n"
			 "a=crypto:1 AES_CM_128_HMAC_SHA1_80 "
			 "inline:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd\r\n"
			 "a=ptime:20\r\n"
			 "a=sendrecv\r\n";

static bool has_name(const char *line, const char *eol, const char *name)
{
	size_t len = strlen(name);

	return (size_t)(eol - line) > len && line[len] == ':' &&
	       !strncasecmp(line, name, len);
}

struct piece words_next(const char **from, const char *end, const char *name)
{
	const char *line = *from, *eol, *value;

	for (; line < end; line = eol + 1) {
		eol = memchr(line, '\n', (size_t)(end - line));
		if (!eol || *line == '\r')
			break;
		if (!has_name(line, eol, name))
			continue;
		*from = eol + 1;
		value = line + strlen(name) + 1;
		while (value < eol && *value == ' ')
			value++;
		while (eol > value && (eol[-1] == '\r' || eol[-1] == ' '))
			eol--;
		return (struct piece){value, (size_t)(eol - value)};
	}
	*from = end;
	return (struct piece){NULL, 0};
}

struct piece words_field(struct piece m, const char *name)
{
	const char *from = m.at;

	return words_next(&from, m.at + m.len, name);
}

size_t words_length(const char *bytes, size_t len)
{
	const char *blank = memmem(bytes, len, "\r\n\r\n", 4);
	struct piece head, said;
	size_t all;

	if (!blank)
		return 0;
	head = (struct piece){bytes, (size_t)(blank + 4 - bytes)};
	said = words_field(head, "Content-Length");
	all = head.len + (said.at ? strtoul(said.at, NULL, 10) : 0);
	return all <= len ? all : 0;
}

static void add_line(struct heap *out, const char *name, struct piece value)
{
	heap_add(out, name, strlen(name));
	heap_add(out, ": ", 2);
	heap_add(out, value.at, value.len);
	heap_add(out, "\r\n", 2);
}

static void add_all(struct heap *out, struct piece m, const char *name)
{
	const char *from = m.at;
	struct piece value;

	while ((value = words_next(&from, m.at + m.len, name)).at)
		add_line(out, name, value);
}

static void add_to(struct heap *out, struct piece m, unsigned long tag)
{
	struct piece to = words_field(m, "To");
	char text[48];
	int n;

	if (!to.at || memmem(to.at, to.len, ";tag=", 5)) {
		add_all(out, m, "To");
		return;
	}
	heap_add(out, "To: ", 4);
	heap_add(out, to.at, to.len);
	n = snprintf(text, sizeof(text), ";tag=s%lx\r\n", tag);
	heap_add(out, text, (size_t)n);
}

void words_reply(struct heap *out, struct piece request,
		 const struct words_answer *a)
{
	size_t body = strlen(a->body);
	char text[128];
	int n;

	n = snprintf(text, sizeof(text), "SIP/2.0 %s\r\n", a->status);
	heap_add(out, text, (size_t)n);
	add_all(out, request, "Via");
	add_all(out, request, "Record-Route");
	add_all(out, request, "From");
	add_to(out, request, a->tag);
	add_all(out, request, "Call-ID");
	add_all(out, request, "CSeq");
	heap_add(out, a->extra, strlen(a->extra));
	n = snprintf(text, sizeof(text), "%sContent-Length: %zu\r\n\r\n",
		     body ? "Content-Type: application/sdp\r\n" : "", body);
	heap_add(out, text, (size_t)n);
	heap_add(out, a->body, body);
}
