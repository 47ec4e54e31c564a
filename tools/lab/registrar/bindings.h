/**
 * @file bindings.h
 * Where registered users are: Contact and Path per address of record
 * (RFC 3261 §10.3, RFC 3327, RFC 5626 §6).
 */
#ifndef LAB_REGISTRAR_BINDINGS_H
#define LAB_REGISTRAR_BINDINGS_H

#include <stdbool.h>
#include <stddef.h>

/** Most bindings of one address of record. */
#define BINDINGS_PER_AOR 10

struct binding {
	struct binding *next;
	char *aor;	/**< user@host */
	char *contact;	/**< URI */
	char *path;	/**< Route values, comma-separated; NULL without Path */
	char *instance; /**< +sip.instance, or NULL */
	unsigned reg_id;
	long long until_ms;
};

/** Newest first; all zero is empty. */
struct bindings {
	struct binding *first;
	size_t count;
};

/**
 * Add a binding, or refresh the one with the same instance and reg-id, or
 * without these the same Contact.
 *
 * @param b     the table
 * @param what  strings are copied
 */
void bindings_put(struct bindings *b, const struct binding *what);

/**
 * Remove the binding that bindings_put() would refresh.
 *
 * @param b     the table
 * @param what  borrowed for this call
 */
void bindings_remove(struct bindings *b, const struct binding *what);

/**
 * Remove all bindings of an address of record.
 *
 * @param b    the table
 * @param aor  user@host
 */
void bindings_clear(struct bindings *b, const char *aor);

/**
 * Remove all bindings.
 *
 * @param b  the table
 */
void bindings_fini(struct bindings *b);

/**
 * Find the bindings that have not expired.
 *
 * @param b       the table; expired ones leave it
 * @param aor     user@host
 * @param now_ms  monotonic time [ms]
 * @param found   newest first, borrowed until the table changes
 * @return        how many
 */
size_t bindings_find(struct bindings *b, const char *aor, long long now_ms,
		     const struct binding *found[BINDINGS_PER_AOR]);

#endif
