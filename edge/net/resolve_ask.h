/**
 * @file resolve_ask.h
 * The one door to libunbound: a leg's view of DNS, and one question.
 *
 * Main thread only. No answer ever comes from inside a call.
 */
#ifndef NET_RESOLVE_ASK_H
#define NET_RESOLVE_ASK_H

#include "base/list.h"
#include "base/slice.h"
#include "settings/settings.h"

#include <uv.h>

struct resolve_view;

/** Record types (RFC 1035, 3596, 2782). */
enum resolve_type {
	RESOLVE_A = 1,
	RESOLVE_AAAA = 28,
	RESOLVE_SRV = 33,
};

/** What came back. */
struct resolve_answer {
	int err; /* 0; ENOENT no such name or record; EIO the server failed, or
		    DNSSEC says that the answer is forged */
	bool secure; /* DNSSEC-validated */
	uint32_t ttl_s;
	char **data; /* n records as on the wire; borrowed */
	const int *len;
	size_t n;
};

/**
 * A question is answered; it may be used again.
 *
 * @param answer  borrowed for this call
 * @param arg     as given
 */
typedef void resolve_answer_fn(const struct resolve_answer *answer, void *arg);

/** One question, embedded in who asks; zeroed before first use. */
struct resolve_ask {
	struct list link;
	struct resolve_view *view; /* NULL unless under way */
	resolve_answer_fn *fn;
	void *arg;
	int id;
};

/**
 * Open a view.
 *
 * @param out   view
 * @param loop  main loop
 * @param leg   its servers, none: /etc/resolv.conf; its DNSSEC trust anchor,
 *              NULL: nothing is validated
 * @param why   WHY_MAX bytes, filled on failure
 * @return      0 or an errno
 */
int resolve_view_open(struct resolve_view **out, uv_loop_t *loop,
		      const struct leg_settings *leg, char *why);

/**
 * Close it; questions under way are never answered. The memory goes when the
 * loop has closed the handle.
 *
 * @param v  set to NULL; NULL inside is fine
 */
void resolve_view_close(struct resolve_view **v);

/**
 * Ask.
 *
 * @param q     question with fn and arg set, not under way
 * @param v     view
 * @param name  complete host name; copied
 * @param type  record type
 * @return      0 or EIO
 */
int resolve_ask(struct resolve_ask *q, struct resolve_view *v, const char *name,
		enum resolve_type type);

/**
 * Never mind the answer; harmless when the question is not under way.
 *
 * @param q  question
 */
void resolve_ask_cancel(struct resolve_ask *q);

#endif
