/**
 * @file facts.h
 * All that policy and proxy may know of a message, read once.
 *
 * Plain data: no OpenSSL, no Sofia. Slices point into the message's frame or
 * into the facts' own text; both must outlive the facts.
 */
#ifndef SIP_FACTS_H
#define SIP_FACTS_H

#include "base/addr.h"
#include "base/slice.h"
#include "cert/names.h"
#include "net/service.h"
#include "settings/settings.h"
#include "sip/wire.h"
#include "token/token.h"

/** Most Route values that facts list; sanity refuses more than the setting. */
#define FACTS_ROUTES_MAX 32
/** Most Contact values that facts list. */
#define FACTS_CONTACTS_MAX 32
/** Longest canonical address of record, with NUL; longer ones are refused. */
#define FACTS_AOR_MAX 300
/** User part of a Contact of ours that stands for the URI which the dialog's
 * own token seals, behind the tab in its first line. */
#define FACTS_SEALED_USER "~"

/** Methods that the edge treats in their own way. */
enum method {
	METHOD_OTHER,
	METHOD_REGISTER,
	METHOD_INVITE,
	METHOD_ACK,
	METHOD_BYE,
	METHOD_CANCEL,
	METHOD_OPTIONS,
	METHOD_MESSAGE,
	METHOD_SUBSCRIBE,
	METHOD_NOTIFY,
	METHOD_INFO,
	METHOD_UPDATE,
	METHOD_PRACK,
	METHOD_REFER,
	METHOD_PUBLISH,
};

/** Who is at the other end (design §1). */
enum peer_class {
	PEER_STRANGER,
	PEER_SERVER,
	PEER_USER,
	PEER_PARTNER, /* shows a certificate; whose domain it may speak for is
			 judged for each request (policy/federation.h) */
	PEER_DEVICE,
	PEER_CLASSES
};

/** A nonce is good for so long [s]; then it is asked again, for free. */
#define FACTS_NONCE_S 300

/** What a device proves with a digest (RFC 3261 §22.3). */
enum digest_proof {
	DIGEST_UNASKED, /* its entry has none, or this request needs none */
	DIGEST_ABSENT,	/* no answer to a question of ours */
	DIGEST_STALE, /* right, for a nonce too old or of another connection */
	DIGEST_WRONG,
	DIGEST_GOOD,
};

/** What is known of the connection that a message came by. */
struct origin {
	enum leg leg;
	enum peer_class peer;
	const union addr *source;	      /* from the socket */
	const struct device_settings *device; /* PEER_DEVICE, else NULL */
	token_conn conn;
	const uint64_t *who; /* token_who() of each AOR registered on it */
	size_t whos;
	const struct cert_names *names; /* PEER_PARTNER: what it proved */
	bool opened; /* PEER_PARTNER: by us, so it proved what we asked for */
	/* PEER_PARTNER: who serves the From domain, by DNS; NULL: not asked */
	const struct resolve_service *service;
	uint64_t wall_s; /* when it came [s]; facts_read() fills it */
};

/** A SIP or SIPS URI, or another scheme by its raw text. */
struct uri_facts {
	struct slice raw; /* without <> */
	enum uri_scheme { URI_OTHER, URI_SIP, URI_SIPS, URI_TEL } scheme;
	struct slice user; /* as written, password cut off */
	struct slice host; /* as written, brackets cut off */
	uint16_t port;	   /* 0: none written */
	bool bad_port;	   /* written, but 0 or no number */
	bool has_password, has_headers, lr, maddr, ob;
	bool literal;		/* host is an IP literal */
	struct slice transport; /* value of the parameter, or absent */
};

/** How a Route from this peer is to be taken. */
enum route_mark {
	ROUTE_FOREIGN, /* names somebody else */
	ROUTE_OURS,    /* our host and port, no or an empty user part */
	ROUTE_SIGNED,  /* our host, and a token that holds */
	ROUTE_FORGED, /* our host, and a user part that is not ours (EBADMSG) */
	ROUTE_STALE,  /* our host, and a token that is too old (ETIME) */
};

/** One Route value. */
struct route_facts {
	struct uri_facts uri;
	struct slice value; /* the whole element as it stands */
	enum route_mark mark;
};

/** One Contact value. */
struct contact_facts {
	struct uri_facts uri;  /* of a REGISTER and its 2xx only uri.raw */
	struct slice value;    /* the whole element as it stands */
	uint32_t q;	       /* thousandths; 1000 when absent */
	uint32_t expires;      /* [s], UINT32_MAX when absent */
	struct slice instance; /* +sip.instance, quotes cut off */
	bool has_reg_id;
};

/**
 * Everything read from one request or response.
 *
 * Of an answer only what matches it, and its Record-Route; Contact, Expires,
 * Supported and Require of REGISTER and of redirects only.
 */
struct facts {
	struct origin origin;
	bool response;
	uint16_t status;    /* responses */
	enum method method; /* from CSeq for responses */
	struct slice method_name;
	uint32_t cseq;
	struct uri_facts ruri; /* requests */
	bool ruri_ours;	       /* host is a SIP domain of ours */
	bool ruri_self; /* host (and port) is this edge itself, user or not */
	struct slice call_id;	  /* as our servers know it */
	struct slice call_id_far; /* as it came from a far peer that knows its
				     hidden form (token_hide), else absent */
	struct uri_facts from, to;
	struct slice from_tag, to_tag;
	/* Addresses of record. Where a token says where the request goes, in
	 * the hands of a server or inside its dialog, only a far From has one. */
	char from_aor[FACTS_AOR_MAX], to_aor[FACTS_AOR_MAX],
		ruri_aor[FACTS_AOR_MAX], preferred_aor[FACTS_AOR_MAX];
	bool from_ours, to_ours;
	uint64_t from_who, to_who, ruri_who; /* token_who() of the AORs */
	uint64_t from_domain_who; /* PEER_PARTNER: facts_domain_who() of From */
	/* What far peers claim, of servers unread: */
	struct slice asserted;	/* host of P-Asserted-Identity, absent when
				  there is none; empty, which equals no host,
				  when its values name different ones or none */
	bool asserted_ours;	/* any P-Asserted-Identity is in a domain of
				  ours, or cannot be read */
	struct slice preferred; /* value of P-Preferred-Identity */
	uint64_t preferred_who; /* PEER_USER: token_who() of preferred_aor */
	struct slice mark;	/* value of X-Edge-Source as it came */
	struct token target;	/* of a Request-URI that is a Contact we wrote
				(TOKEN_CONTACT, or FACTS_SEALED_USER), else
				zeroed */
	char target_uri[TOKEN_SEALED_MAX]; /* what target.sealed points into */
	bool target_fits;     /* target is of the dialog of this request */
	struct slice branch;  /* top Via; absent when it has none */
	bool branch_rfc3261;  /* magic cookie and something behind it */
	struct slice sent_by; /* top Via host[:port] as written */
	unsigned vias;
	bool loop; /* one of our own Vias with the same loop hash (RFC 5393) */
	uint64_t loop_hash; /* for our Via */
	int max_forwards;   /* -1 when absent */
	unsigned routes;
	struct route_facts route[FACTS_ROUTES_MAX];
	struct token token; /* of the first ROUTE_SIGNED, else zeroed */
	char sealed[TOKEN_SEALED_MAX]; /* what token.sealed points into */
	char shown[TOKEN_SEALED_MAX];  /* what call_id may point into */
	unsigned contacts;
	bool contact_star;
	struct contact_facts contact[FACTS_CONTACTS_MAX];
	uint32_t expires; /* [s], UINT32_MAX when absent */
	bool supports_outbound, requires_outbound; /* Supported; Require */
	bool has_record_route, has_path, has_flow_timer, has_privacy;
	enum digest_proof digest;
	struct slice content_type; /* "application/sdp", params cut off */
	bool dialog_fits; /* token is of the dialog that Call-ID and one tag name */
};

/** What facts_read() compares with, per worker. */
struct facts_self {
	const struct settings *settings;
	struct token_pen *pen;
	uint64_t wall_s;
};

/**
 * Read a message that passed sanity_check().
 *
 * @param out   facts; large, meant to be reused
 * @param m     message, borrowed as long as the facts are used
 * @param from  what is known of its connection, copied
 * @param self  who we are
 * @return      0, or EBADMSG when a needed field cannot be read (an AOR that
 *              is too long, more routes than fit)
 */
int facts_read(struct facts *out, const struct msg *m,
	       const struct origin *from, const struct facts_self *self);

/**
 * Read one URI, with or without <>.
 *
 * @param out   URI
 * @param text  borrowed
 * @return      0, or EBADMSG
 */
int facts_uri(struct uri_facts *out, struct slice text);

/**
 * Canonical address of record: "sip:user@host", host in lower case without
 * trailing dot, no port, no parameters, %-escapes of unreserved characters
 * undone (RFC 3261 §10.3 step 5, §19.1.4); sips and sip give the same.
 *
 * @param out  FACTS_AOR_MAX bytes
 * @param uri  sip or sips URI
 * @return     0; EBADMSG when it is another scheme, has no host or is too long
 */
int facts_aor(char out[FACTS_AOR_MAX], const struct uri_facts *uri);

/**
 * Name a partner inside tokens by its domain: token_who() of "domain:HOST",
 * lower case without trailing dot.
 *
 * @param pen   this thread's pen
 * @param host  domain, borrowed
 * @return      never 0, but for a host that is empty or longer than any AOR
 */
uint64_t facts_domain_who(struct token_pen *pen, struct slice host);

/**
 * Method by name; case-sensitive as RFC 3261 §7.1 has it.
 *
 * @param name  method
 * @return      METHOD_OTHER for what the edge treats alike
 */
enum method facts_method(struct slice name);

#endif
