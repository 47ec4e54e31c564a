/*
 * list_test.c - the link inside the thing.
 */
#include "base/list.h"

#include "cunit_main.h"

struct thing {
	int value;
	struct list link;
};

static struct thing things[3];
static struct list head;

static void three_are_listed(void)
{
	list_init(&head);
	for (int i = 0; i < 3; i++) {
		things[i] = (struct thing){.value = i};
		list_append(&head, &things[i].link);
	}
}

/* The values, front to back: 1 and 2 are 12. */
static int read_forward(void)
{
	struct list *it, *tmp;
	int said = 0;

	LIST_EACH (&head, it, tmp)
		said = said * 10 + LIST_OWNER(it, struct thing, link)->value;
	return said;
}

static int read_backward(void)
{
	int said = 0;

	for (struct list *it = head.prev; it != &head; it = it->prev)
		said = said * 10 + LIST_OWNER(it, struct thing, link)->value;
	return said;
}

static void order_is_kept(void)
{
	three_are_listed();
	CU_ASSERT_FALSE(list_empty(&head));
	CU_ASSERT_EQUAL(read_forward(), 12);
	CU_ASSERT_EQUAL(read_backward(), 210);
}

static void any_may_leave(void)
{
	three_are_listed();
	list_remove(&things[1].link);
	CU_ASSERT_EQUAL(read_forward(), 2);
	CU_ASSERT_EQUAL(read_backward(), 20);
	list_append(&head, &things[1].link);
	CU_ASSERT_EQUAL(read_forward(), 21);
	list_remove(&things[0].link);
	list_remove(&things[2].link);
	list_remove(&things[1].link);
	CU_ASSERT_TRUE(list_empty(&head));
	CU_ASSERT_EQUAL(read_forward(), 0);
}

static void who_left_may_leave_again(void)
{
	struct thing fresh = {0};

	three_are_listed();
	list_remove(&things[1].link);
	CU_ASSERT_TRUE(list_empty(&things[1].link));
	list_remove(&things[1].link);
	CU_ASSERT_TRUE(list_empty(&fresh.link));
	list_remove(&fresh.link);
	CU_ASSERT_EQUAL(read_forward(), 2);
}

static void walker_may_remove(void)
{
	struct list *it, *tmp;
	int seen = 0;

	three_are_listed();
	LIST_EACH (&head, it, tmp) {
		list_remove(it);
		seen++;
	}
	CU_ASSERT_EQUAL(seen, 3);
	CU_ASSERT_TRUE(list_empty(&head));
}

TEST_MAIN("base/list", {"members stay in order, both ways", order_is_kept},
	  {"any may leave, and come back at the end", any_may_leave},
	  {"who is on no list may leave again", who_left_may_leave_again},
	  {"the current one may be removed on a walk", walker_may_remove})
