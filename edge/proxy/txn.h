/*
 * txn.h: proxy transactions, server and client side in one, since the edge
 * never forks (RFC 3261 §16, §17; RFC 6026; RFC 4320).
 *
 * Reliable transports only: nothing is retransmitted, so a transaction other
 * than INVITE ends with its final answer.
 */
#ifndef PROXY_TXN_H
#define PROXY_TXN_H

#include "flow.h"
#include "veil.h"

enum txn_state {
	TXN_ROUTING,	/* looking for a next hop; nothing was sent */
	TXN_SENT,	/* the request went out, no answer yet */
	TXN_PROCEEDING, /* a provisional answer came */
	TXN_ACCEPTED,	/* INVITE: 2xx passed; more may follow (RFC 6026) */
	TXN_COMPLETED,	/* INVITE: another final passed; waits for ACK */
	TXN_STATES
};

/* What a REGISTER under way asks for (register.c). */
struct txn_register {
	uint64_t contact; /* hash of the Contact URI bound or removed; 0: a
			     query, or every one removed */
	uint32_t expires; /* asked for [s] */
	bool outbound;	  /* Path said ";ob" */
	bool leaves;	  /* un-REGISTER */
	char *aor;	  /* for the log, when it is wanted; owned */
};

struct txn {
	UT_hash_handle hh; /* proxy->by_key, unless ACK */
	struct proxy *p;
	uint64_t key;
	uint32_t slot, generation;
	enum txn_state state;
	enum method method;
	enum verdict_to to;
	uint32_t cseq;
	uint64_t who;	/* AOR whose home is asked */
	bool keyed;	/* in by_key */
	bool from_near; /* the sender is a server of ours */
	bool outward;	/* it goes to the far side */
	bool cancel_wanted, cancel_sent, answered;
	bool target_is_callee; /* who is the one called, not the caller */
	bool hides; /* the far party knows the Call-ID in its hidden form */
	uint8_t asker, asked; /* enum peer_class of either end */

	/* server side */
	struct flow *up; /* NULL once that connection is gone */
	struct list up_link;

	/* client side */
	struct flow *down;     /* on this worker; NULL when abroad or none */
	conn_id down_id;       /* connection that the request used */
	struct list down_link; /* down->sent, or proxy->abroad */
	char *sent;	       /* the request as it goes out; owned */
	uint32_t sent_len, branch_at;
	char branch[TOKEN_BRANCH_LEN];
	uint64_t loop;	   /* RFC 5393 hash, in the branch */
	unsigned attempts; /* each has a branch of its own */
	unsigned answers;  /* that came from far and were passed back */
	struct hop *hop;   /* where it may still go; owned; see target.h */
	char *rr; /* outward: Record-Route lines for the answers, of a partner
		     without ours; inward: the sealed hop, once hop is gone;
		     owned */
	char *rr_far; /* inward: those of a partner, for the answers; owned */
	char *shown;  /* token of the Record-Route last shown to far; owned */
	uint64_t shown_of; /* hash of the route set that it seals */
	uint64_t far_conn, far_who, dialog; /* what a Record-Route token says;
					       no dialog: none is written */
	uint64_t talk;	     /* the dialog it forms or belongs to; 0: none */
	uint32_t line_bytes; /* longest line that the far party, a device, is
				sent; 0: any */
	struct veil veil;
	enum far_door door; /* of the far party */
	char *far_domain;   /* outward to a partner: its domain; owned */
	uint64_t partner;   /* the far party in partners.h; 0: it is none */
	uint32_t recalled;  /* its record in recall.h; 0: none */
	struct txn_register reg;

	struct deadline life;	   /* Trying, Timer C, F, H or L, by state */
	struct deadline hop_timer; /* first answer of this hop */
	uint16_t best;		   /* status of a hop that was given up */
};

/* Key of the server transaction that a request belongs to (§17.2.3); for ACK
 * and CANCEL that of their INVITE. */
uint64_t txn_key(const struct facts *f, enum method method);

/* Is the request part of a dialog? Those are never shed. */
bool is_in_dialog(const struct facts *f);

/* Make one, in TXN_ROUTING, for the request in hand; NULL: at the limit or out
 * of memory. ACK gets no key. */
struct txn *txn_create(struct job *j, const struct verdict *v);

/* Find by key. */
struct txn *txn_find(struct proxy *p, uint64_t key);

/* Find by what a branch says. */
struct txn *txn_at(struct proxy *p, uint32_t slot, uint32_t generation);

/* Is its final answer still to come? */
bool txn_under_way(const struct txn *t);

/* The only writer of t->state; asserts the table of legal moves. */
void txn_enter(struct txn *t, enum txn_state state);

/* Let go of the request as it went out. */
void txn_forget_sent(struct txn *t);

/* It was sent: TXN_SENT, and a first answer is waited for. */
void txn_await(struct txn *t);

/* Forget it: no timer, wait or list knows it afterwards. */
void txn_destroy(struct txn *t);

/* Take it off the connection it used, so that no answer counts any more. */
void txn_leave_hop(struct txn *t);

/* Put it on the connection it is going to use. */
void txn_join_hop(struct txn *t, struct flow *down);

/* Short name for the log: "w0c12.34". */
const char *txn_name(const struct txn *t, char out[40]);

/* The timers' queues, their lengths anew, and the end of all transactions. */
void txn_start(struct proxy *p);
void txn_reload(struct proxy *p);
void txn_stop(struct proxy *p);

#endif
