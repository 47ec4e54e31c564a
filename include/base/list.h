/**
 * @file list.h
 * Intrusive doubly linked list: the link lies inside the thing listed.
 *
 * A link is either zeroed / self-linked (not listed) or on exactly one list.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/** Both the head of a list and the link in each member. */
struct list {
	struct list *next, *prev;
};

/** The structure that holds a link. */
#define LIST_OWNER(link, type, member)                                         \
	((type *)(void *)((char *)(link)-offsetof(type, member)))

/** Walk a list; the current member may be removed inside the loop. */
#define LIST_EACH(head, it, tmp)                                               \
	for ((it) = (head)->next, (tmp) = (it)->next; (it) != (head);          \
	     (it) = (tmp), (tmp) = (it)->next)

/**
 * Make an empty list, or an unlisted link.
 *
 * @param l  head or link
 */
static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

/**
 * Is the list empty, or the link unlisted?
 *
 * @param l  initialised head or link
 * @return   true when nothing else is on it
 */
static inline bool list_empty(const struct list *l)
{
	return l->next == l || !l->next;
}

/**
 * Add at the end.
 *
 * @param head  list
 * @param l     unlisted link
 */
static inline void list_append(struct list *head, struct list *l)
{
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
}

/**
 * Take off whatever list it is on; an unlisted link is left alone.
 *
 * @param l  link
 */
static inline void list_remove(struct list *l)
{
	if (list_empty(l))
		return;
	l->prev->next = l->next;
	l->next->prev = l->prev;
	list_init(l);
}

#endif
