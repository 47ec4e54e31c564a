/**
 * @file ua.h
 * What the parts of lab-ua share: one address, one flow, one call at a time.
 */
#ifndef LAB_UA_UA_H
#define LAB_UA_UA_H

#include "kit/hub.h"
#include "kit/message.h"
#include "kit/text.h"

#define HEADERS_MAX 16

/** The request that is waiting for its answer. */
struct exchange {
	struct text sent;
	char branch[32];
	const char *method;
	int status;	     /**< the last one that came, 0 before */
	msg_t *final;	     /**< the response >= 200, owned */
	bool lost;	     /**< the link went first */
	long long cancel_ms; /**< time to CANCEL at, 0 = never */
};

/** The call, ours or theirs (RFC 3261 §12). */
struct dialog {
	bool on;
	bool incoming;
	bool confirmed; /**< ACK sent or received */
	char *call_id;
	char tag[MESSAGE_TOKEN]; /**< ours */
	char *remote_tag;
	char *remote; /**< URI */
	char *local;  /**< URI */
	char *target; /**< URI of the remote Contact */
	char *routes; /**< Route values, or NULL */
	unsigned cseq;
	unsigned link;
	msg_t *invite;	     /**< theirs, while it is unanswered; owned */
	long long answer_ms; /**< time to answer it at */
};

/** How the registration stands. */
struct registration {
	char *call_id; /**< owned */
	char tag[MESSAGE_TOKEN];
	unsigned cseq;
	unsigned expires_s; /**< as granted */
};

/** The whole program. */
struct ua {
	struct hub_settings settings;
	struct hub *hub;
	const char *aor;
	char user[128];
	char domain[256];
	const char *password;
	const char *from; /**< instead of the AOR, to try what is forbidden */
	const char *headers[HEADERS_MAX];
	size_t header_count;
	const char *call_id_host; /**< behind the @ of Call-IDs, or NULL */
	struct hub_target proxy;
	char bind[64];
	unsigned bind_port; /**< != 0: listens there, plain TCP */
	bool outbound;
	char instance[64];
	unsigned expires_s;
	unsigned answer_after_ms;
	int decline;
	unsigned timeout_s;
	long long deadline_ms; /**< 0 = none */
	unsigned link;	       /**< the flow to the proxy */
	struct registration reg;
	struct exchange x;
	struct dialog d;
	unsigned pongs, calls_done, calls_claimed, messages, messages_claimed;
};

/** One request to be sent. */
struct outgoing {
	const char *method;
	const char *uri;
	const char *from; /**< URI */
	const char *from_tag;
	const char *to;	    /**< URI */
	const char *to_tag; /**< or NULL */
	const char *call_id;
	unsigned *cseq;	     /**< counted up */
	const char *routes;  /**< or NULL */
	const char *headers; /**< whole lines, or NULL */
	const char *body;    /**< or NULL */
	const char *type;    /**< of the body */
	unsigned link;	     /**< 0 = the flow to the proxy */
	long long cancel_ms; /**< time to CANCEL at, 0 = never */
};

/** One verb with what follows it on the command line. */
struct verb {
	const char *name;
	const char *uri;
	unsigned ms;
	unsigned cancel;
	int expect;
	bool hold;
	bool wait_bye;
	const char *text;
};

/* main.c */

/**
 * One step of the program: wait, deal with it, answer a call that is due.
 *
 * @param ua       the user agent
 * @param wait_ms  at most this long [ms]
 * @return         false when it is time to give up
 */
bool ua_step(struct ua *ua, int wait_ms);

/**
 * Go on for a while.
 *
 * @param ua  the user agent
 * @param ms  how long [ms]
 * @return    false when it is time to give up
 */
bool ua_wait(struct ua *ua, unsigned ms);

/* request.c */

/**
 * The flow to the proxy, connected first when there is none.
 *
 * @param ua  the user agent
 * @return    an open link, or NULL
 */
struct link *request_flow(struct ua *ua);

/**
 * Send a request and wait for its final answer; one challenge is answered.
 *
 * @param ua  the user agent; the answer is in ua->x.final
 * @param o   borrowed for this call
 * @return    the final status, 0 when none came
 */
int request_run(struct ua *ua, const struct outgoing *o);

/**
 * Send an ACK for a 2xx (RFC 3261 §13.2.2.4).
 *
 * @param ua  the user agent
 * @param o   of the INVITE; routes and uri are those of the dialog
 */
void request_ack(struct ua *ua, const struct outgoing *o);

/**
 * Take a response.
 *
 * @param ua       the user agent
 * @param from     the link that it came by
 * @param message  the response
 */
void request_take_response(struct ua *ua, struct link *from, msg_t *message);

/**
 * Make a Call-ID.
 *
 * @param ua  the user agent
 * @return    owned by the caller
 */
char *request_call_id(const struct ua *ua);

/**
 * Our Contact, as it is reached on a link.
 *
 * @param ua  the user agent
 * @param l   the link
 * @param out the URI is appended
 */
void request_contact(const struct ua *ua, const struct link *l,
		     struct text *out);

/* call.c */

/**
 * Place a call, hold it, hang up.
 *
 * @param ua  the user agent
 * @param v   uri, ms, hold, cancel, wait_bye, expect
 * @return    true when all went as expected
 */
bool call_place(struct ua *ua, const struct verb *v);

/**
 * Wait for a call that was taken and ended, or end it after v->ms.
 *
 * @param ua  the user agent
 * @param v   ms
 * @return    true when it went as expected
 */
bool call_take(struct ua *ua, const struct verb *v);

/**
 * Answer what comes in.
 *
 * @param ua       the user agent
 * @param from     the link that it came by
 * @param message  the request
 */
void call_take_request(struct ua *ua, struct link *from, msg_t *message);

/**
 * Answer the waiting INVITE when its time has come.
 *
 * @param ua      the user agent
 * @param now_ms  monotonic time [ms]
 */
void call_tick(struct ua *ua, long long now_ms);

/**
 * Forget the call.
 *
 * @param d  the dialog
 */
void call_forget(struct dialog *d);

/* verbs.c */

/**
 * Do what the command line says, one verb after the other.
 *
 * @param ua     the user agent
 * @param count  of words
 * @param words  verbs and what belongs to them
 * @return       true when every one succeeded
 */
bool verbs_run(struct ua *ua, int count, char **words);

/**
 * Is the command line one that verbs_run() understands?
 *
 * @param count  of words
 * @param words  verbs and what belongs to them
 * @return       false after saying what is wrong
 */
bool verbs_check(int count, char **words);

#endif
