/**
 * @file users.h
 * The people that a director or a registrar knows, and how they prove it.
 */
#ifndef LAB_KIT_USERS_H
#define LAB_KIT_USERS_H

#include <sofia-sip/sip.h>
#include <stdbool.h>

#include "kit/text.h"

#define USERS_MAX   4096
#define DOMAINS_MAX 16

struct user {
	char *name;
	char *password; /**< NULL: none is asked for */
};

/** All zero knows nobody and serves no domain. */
struct users {
	struct user user[USERS_MAX];
	size_t count;
	const char *domain[DOMAINS_MAX];
	size_t domain_count;
	const char *algorithm; /**< of challenges */
};

/**
 * Add a user.
 *
 * @param u     the users
 * @param spec  NAME or NAME:PASSWORD, copied
 * @return      false when the table is full
 */
bool users_add(struct users *u, const char *spec);

/**
 * Add users from a file: one a line, # begins a comment.
 *
 * @param u     the users
 * @param path  the file
 * @return      false when it cannot be read or the table is full
 */
bool users_read(struct users *u, const char *path);

/**
 * Find a user by name.
 *
 * @param u     the users
 * @param name  user part of an address, may be NULL
 * @return      borrowed, NULL when there is none
 */
const struct user *users_find(const struct users *u, const char *name);

/**
 * Is the host one of our domains?
 *
 * @param u     the users
 * @param host  may be NULL
 * @return      true when it is
 */
bool users_serve(const struct users *u, const char *host);

/**
 * Has the user proved who it is? If not, append the challenge header.
 *
 * @param u        the users
 * @param who      the user that the request is about
 * @param request  the request
 * @param proxy    look at and ask for Proxy-Authorization, not Authorization
 * @param header   the header to send with 401 or 407, when false is returned
 * @return         true when proved, or when no password is known
 */
bool users_proved(const struct users *u, const struct user *who,
		  const sip_t *request, bool proxy, struct text *header);

/**
 * Release what users_add() copied.
 *
 * @param u  the users
 */
void users_fini(struct users *u);

#endif
