/*
 * settings_memory_test.c - loading again and again with 0, 1, 2 ... pieces of
 * memory to be had: it fails cleanly, until it succeeds.
 *
 * The two arena functions below take the place of the room's own.
 */
#include "settings_room.h"
#include "settings_sample.h"

#include <errno.h>

struct arena_piece {
	struct arena_piece *next;
	max_align_t bytes[];
};

static unsigned allowed, held;

void *settings_arena_take(struct arena *a, size_t n)
{
	struct arena_piece *p;

	if (allowed == 0)
		return NULL;
	allowed--;
	p = calloc(1, sizeof(*p) + n);
	CU_ASSERT_PTR_NOT_NULL_FATAL(p);
	p->next = a->pieces;
	a->pieces = p;
	held++;
	return p->bytes;
}

void settings_arena_fini(struct arena *a)
{
	while (a->pieces) {
		struct arena_piece *p = a->pieces;

		a->pieces = p->next;
		free(p);
		held--;
	}
}

static const char more[] =
	"federation: { partners = ( { domain = \"a.example\"; } ); };\n"
	"services: { av = \"av.example.com\"; web_names = "
	"\"meet.example.com\"; pools = ( { name = \"p.example\"; members = "
	"\"m.example\"; } ); };\n";

static void every_allocation_may_fail(void)
{
	char text[SAMPLE_BYTES];
	const struct settings *s = NULL;
	unsigned failures = 0;
	int err;

	sample_open();
	snprintf(text, sizeof(text), "%s%s", sample_text, more);
	do {
		allowed = failures;
		err = sample_load(&s, text);
		if (!err)
			break;
		CU_ASSERT_EQUAL(err, ENOMEM);
		CU_ASSERT_PTR_NULL(s);
		CU_ASSERT_EQUAL(held, 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(sample_why, "out of memory"));
	} while (++failures < 10000);
	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT_TRUE(failures > 30);
	settings_unref(&s);
	CU_ASSERT_EQUAL(held, 0);
	sample_close();
}

TEST_MAIN("settings/memory",
	  {"a load that runs out of memory fails cleanly, wherever it does",
	   every_allocation_may_fail})
