/**
 * @file token.h
 * The signed words that the edge writes into Path, Record-Route and Via and
 * believes only when they come back unchanged (RFC 5626 §5.2).
 *
 * A route token says which connection, whose, which dialog, and may seal the
 * rest of a route set so that the outside never reads it. A branch names the
 * transaction that waits for the answer. HMAC-SHA256 cut to 128 bits; sealed
 * parts are encrypted first (AES-256-CTR, then MAC). base64url, so a token is
 * a legal user part of a SIP URI and a legal Via branch. A hidden text (SIV)
 * stands for a Call-ID that may not be shown.
 *
 * Keys are drawn from getrandom, kept in STATE_DIR/token-keys (0600), and
 * rotated daily: `token_keys` is the key ring, shared and immutable;
 * `token_pen` is one thread's means to use it.
 */
#ifndef TOKEN_TOKEN_H
#define TOKEN_TOKEN_H

#include "base/slice.h"
#include "base/why.h"

#include <stdint.h>

/** Longest sealed part [bytes]. */
#define TOKEN_SEALED_MAX 2048
/** Room for the longest token, no NUL. */
#define TOKEN_MAX 2880
/** Length of a branch, "z9hG4bK" included; all have the same. */
#define TOKEN_BRANCH_LEN 54
/** Length of a nonce; all have the same. */
#define TOKEN_NONCE_LEN 40

/** What a route token is for. */
enum token_kind {
	TOKEN_FLOW = 1,	   /* Path: requests from inside go down this flow */
	TOKEN_DIALOG = 2,  /* Record-Route: requests inside one dialog */
	TOKEN_CONTACT = 3, /* Contact: seals the URI of a party inside */
};

/** Where the connection of a token lies; 0 is "no connection". */
typedef uint64_t token_conn;

/** What a route token says. */
struct token {
	enum token_kind kind;
	uint8_t door;	 /* how that connection is reached, < 16; opaque here */
	token_conn conn; /* the flow to the outside party */
	uint64_t who;	 /* token_who() of the outside party's AOR, or device */
	uint64_t dialog; /* token_dialog(); 0 for TOKEN_FLOW */
	uint64_t issued_s;   /* wall clock */
	struct slice sealed; /* opaque to this module; may be empty */
};

/** What a branch says. */
struct token_branch {
	uint8_t worker;
	uint32_t slot, generation; /* of the transaction */
	uint64_t loop; /* RFC 5393 §4.2: hash of what decides the next hop */
};

struct token_keys;
struct token_pen;

/**
 * Read the key ring, making it when there is none; rotate what is older than
 * a day. Old keys stay for as long as route tokens live.
 *
 * @param out        the ring, one reference held by the caller
 * @param state_dir  folder, created 0700 if missing
 * @param wall_s     wall clock [s]
 * @param keep_s     how long an old key is still believed [s]
 * @param why        WHY_MAX bytes, filled on failure
 * @return           0, or an errno; EPERM when the file can be read by others
 */
int token_keys_open(const struct token_keys **out, const char *state_dir,
		    uint64_t wall_s, uint64_t keep_s, char *why);

/**
 * When must token_keys_open() be called again to rotate?
 *
 * @param k  ring
 * @return   wall clock [s]
 */
uint64_t token_keys_rotate_at(const struct token_keys *k);

/**
 * Hold a ring a little longer.
 *
 * @param k  ring
 * @return   k
 */
const struct token_keys *token_keys_ref(const struct token_keys *k);

/**
 * Let go; the last reference wipes and frees the keys.
 *
 * @param k  set to NULL; NULL inside is fine
 */
void token_keys_unref(const struct token_keys **k);

/**
 * Make one thread's pen for a ring.
 *
 * @param out  the pen
 * @param k    ring; the pen takes its own reference
 * @return     0 or ENOMEM
 */
int token_pen_create(struct token_pen **out, const struct token_keys *k);

/**
 * Destroy a pen.
 *
 * @param pen  set to NULL; NULL inside is fine
 */
void token_pen_destroy(struct token_pen **pen);

/**
 * Write a route token, signed with the newest key.
 *
 * @param pen  this thread's pen
 * @param t    what it says; sealed at most TOKEN_SEALED_MAX
 * @param out  TOKEN_MAX bytes
 * @return     its length, 0 when sealed is too long or libcrypto failed
 */
size_t token_mint(struct token_pen *pen, const struct token *t, char *out);

/**
 * Believe a route token, or not.
 *
 * @param pen      this thread's pen
 * @param out      what it says; out->sealed points into scratch
 * @param text     as it came in the user part of a Route
 * @param wall_s   wall clock [s]
 * @param max_s    older ones are refused [s]; for TOKEN_FLOW age is not
 *                 looked at, since the flow itself ends
 * @param scratch  TOKEN_SEALED_MAX bytes for the sealed part
 * @return         0; EBADMSG when it is not ours or was changed; ETIME when
 *                 it, or its key, is too old
 */
int token_check(struct token_pen *pen, struct token *out, struct slice text,
		uint64_t wall_s, uint64_t max_s, char *scratch);

/**
 * Write a Via branch.
 *
 * @param pen  this thread's pen
 * @param b    what it says
 * @param out  TOKEN_BRANCH_LEN bytes
 */
void token_branch_mint(struct token_pen *pen, const struct token_branch *b,
		       char *out);

/**
 * Believe a Via branch, or not.
 *
 * @param pen   this thread's pen
 * @param out   what it says
 * @param text  value of the branch parameter
 * @return      0 or EBADMSG
 */
int token_branch_check(struct token_pen *pen, struct token_branch *out,
		       struct slice text);

/**
 * Read a Via branch without believing it: good for finding the transaction
 * that it names, which has the branch it was given to compare with.
 *
 * @param out   what it says
 * @param text  value of the branch parameter
 * @return      0, or EBADMSG when it is not even in our form
 */
int token_branch_read(struct token_branch *out, struct slice text);

/**
 * Compare branches in constant time: the MAC in one is a secret until shown.
 *
 * @param a  one
 * @param b  other
 * @return   true when equal
 */
bool token_branch_same(struct slice a, struct slice b);

/**
 * Name an address of record inside tokens; equal after a restart.
 *
 * @param pen  this thread's pen; the name depends on a key kept for good
 * @param aor  canonical "sip:user@host", see facts
 * @return     never 0
 */
uint64_t token_who(struct token_pen *pen, struct slice aor);

/**
 * Name a dialog by what both directions share (RFC 3261 §12): Call-ID and
 * the tag of the party that began it.
 *
 * @param pen      this thread's pen
 * @param call_id  Call-ID
 * @param tag      From tag of the dialog-forming request
 * @return         never 0
 */
uint64_t token_dialog(struct token_pen *pen, struct slice call_id,
		      struct slice tag);

/**
 * Hide a text that an outsider must give back but not read, such as a Call-ID
 * with an inside host in it. One text has one hidden form, as long as the
 * ring's file is kept: neither rotation nor a restart changes it.
 *
 * @param pen   this thread's pen
 * @param text  1 to TOKEN_SEALED_MAX bytes
 * @param out   TOKEN_MAX bytes; a word (RFC 3261 §25.1) of letters, digits,
 *              "-" and "_", some 26 + 4/3 of the text long
 * @return      its length, 0 when text is empty or too long or libcrypto failed
 */
size_t token_hide(struct token_pen *pen, struct slice text, char *out);

/**
 * Does a text look as token_hide() writes? Cheap, and believes nothing.
 *
 * @param text  such as a Call-ID
 * @return      true when token_show() is worth asking
 */
bool token_is_hidden(struct slice text);

/**
 * Undo token_hide().
 *
 * @param pen      this thread's pen
 * @param out      the text, pointing into scratch; untouched on failure
 * @param text     as it came
 * @param scratch  TOKEN_SEALED_MAX bytes
 * @return         0, or EBADMSG when it is not ours or was changed
 */
int token_show(struct token_pen *pen, struct slice *out, struct slice text,
	       char *scratch);

/**
 * Write a nonce for a digest challenge (RFC 7616 §3.3): it says when it was
 * asked, and on which connection, so that nothing has to be remembered.
 *
 * @param pen     this thread's pen
 * @param conn    connection that is asked
 * @param wall_s  wall clock [s]
 * @param out     TOKEN_NONCE_LEN bytes of base64url
 */
void token_nonce_mint(struct token_pen *pen, token_conn conn, uint64_t wall_s,
		      char *out);

/**
 * Believe a nonce, or not.
 *
 * @param pen     this thread's pen
 * @param conn    connection that it came back by
 * @param text    as it came
 * @param wall_s  wall clock [s]
 * @param max_s   older ones are too old [s]
 * @return        0; EBADMSG when it is not ours or was changed; ETIME when it
 *                is too old, or another connection was asked
 */
int token_nonce_check(struct token_pen *pen, token_conn conn, struct slice text,
		      uint64_t wall_s, uint64_t max_s);

#endif
