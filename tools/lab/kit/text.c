/*
 * A growing piece of text: how the lab programs write their messages.
 */
#include "kit/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void reserve(struct text *t, size_t more)
{
	size_t room = t->room ? t->room : 512;

	while (room < t->len + more + 1)
		room *= 2;
	if (room == t->room)
		return;

	t->data = realloc(t->data, room);
	if (!t->data)
		abort();
	t->room = room;
}

void text_add(struct text *t, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (len < 0)
		return;

	reserve(t, (size_t)len);
	va_start(args, fmt);
	vsnprintf(t->data + t->len, (size_t)len + 1, fmt, args);
	va_end(args);
	t->len += (size_t)len;
}

void text_add_bytes(struct text *t, const void *data, size_t len)
{
	reserve(t, len);
	memcpy(t->data + t->len, data, len);
	t->len += len;
	t->data[t->len] = '\0';
}

void text_drop(struct text *t, size_t len)
{
	if (!len)
		return;
	memmove(t->data, t->data + len, t->len - len + 1);
	t->len -= len;
}

void text_fini(struct text *t)
{
	free(t->data);
	*t = (struct text){0};
}

char *text_copy(const char *s)
{
	char *copy;

	if (!s)
		return NULL;
	copy = strdup(s);
	if (!copy)
		abort();
	return copy;
}
