/*
 * cert_table.c: tables whose cells are sentences.
 */
#include "cert.h"

#include <stdio.h>

#define CELLS_MAX 8

/* How much of a text goes on a line, spaces at the cut not counted. */
static size_t fitting(const char *text, size_t width)
{
	size_t n = strlen(text), cut = width;

	if (n <= width)
		return n;
	while (cut > 0 && text[cut] != ' ')
		cut--;
	return cut ? cut : strcspn(text, " ");
}

/* One line of one cell; returns false when it stuck out. */
static bool cell_line(const char **text, int width, bool last)
{
	size_t n = fitting(*text, (size_t)width);

	printf("%.*s", (int)n, *text);
	*text += n;
	*text += strspn(*text, " ");
	if (n > (size_t)width)
		return false;
	if (!last)
		printf("%*s", width - (int)n + 2, "");
	return true;
}

static bool any_left(const char *const *left, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (*left[i])
			return true;
	}
	return false;
}

/* What comes behind the last cell that has something to say is not padded. */
static void print_line(const char **left, const struct cell *cell, size_t n)
{
	size_t last = 0;

	for (size_t i = 0; i < n; i++) {
		if (*left[i])
			last = i;
	}
	for (size_t i = 0; i <= last; i++) {
		if (!cell_line(&left[i], cell[i].width, i == last))
			break;
	}
	putchar('\n');
}

void cells_print(int indent, const struct cell *cell, size_t n)
{
	const char *left[CELLS_MAX];

	for (size_t i = 0; i < n; i++)
		left[i] = cell[i].text;
	while (any_left(left, n)) {
		printf("%*s", indent, "");
		print_line(left, cell, n);
	}
}
