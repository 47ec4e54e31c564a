/**
 * @file settings.h
 * What the operator asked for: one immutable snapshot read from one file.
 *
 * A snapshot is shared by every thread, never changed, and counted: a reload
 * makes a new one and swaps it. Each setting is a row of the table in
 * settings_table.c: name, type, unit, default, check, one line of help.
 */
#ifndef SETTINGS_SETTINGS_H
#define SETTINGS_SETTINGS_H

#include "base/addr.h"
#include "base/log.h"
#include "base/slice.h"
#include "base/why.h"

#include <stdbool.h>
#include <stdint.h>

/** The two sides of the edge. */
enum leg { LEG_OUTSIDE, LEG_INSIDE, LEG_COUNT };

/** Names, in order. `n` strings owned by the snapshot. */
struct name_list {
	char **v;
	size_t n;
};

/** A host with its port, as in "home01.internal.example:5061". */
struct host_port {
	char *host;    /* lower case, no trailing dot; no brackets for IPv6 */
	uint16_t port; /* 0: not given, found by RFC 3263 or 5061 */
};

/** Servers, in order. */
struct host_list {
	struct host_port *v;
	size_t n;
};

/** A further certificate that a leg may show. */
struct certificate_settings {
	char *certificate, *key; /* PEM files */
	int line;
};

/** What is done about certificates that were revoked. */
enum revocation_mode {
	REVOCATION_AUTO, /* hard inside, soft outside, once there is a list to
			    look into; until then nothing, loudly */
	REVOCATION_OFF,
	REVOCATION_SOFT, /* no list, or an old one: believed */
	REVOCATION_HARD, /* no list, or one past its grace: not believed */
};

/** Where a leg's revocation lists come from. */
struct revocation_settings {
	enum revocation_mode mode;
	struct name_list crl;	  /* file path, or http, file or ldap URL */
	bool distribution_points; /* those that certificates name as well */
	char *proxy;	  /* "http://10.0.0.8:3128"; NULL: straight there */
	uint32_t grace_h; /* hard: a list is good so long past nextUpdate */
};

/** One leg: where it listens and who it is. */
struct leg_settings {
	union addr *address; /* port 0; each distinct */
	size_t addresses;
	char *fqdn;
	uint16_t tls_port;
	uint16_t users_port;		 /* outside only; 0 = off */
	char *certificate, *key, *trust; /* PEM files */
	struct name_list dns; /* "address" or "address@port"; none: system */
	char *trust_anchor; /* DNSSEC: file of DS or DNSKEY records, or NULL */
	char *client_certificate, *client_key; /* shown when we connect; NULL:
						  certificate and key */
	struct certificate_settings *also;     /* outside: chosen by SNI */
	size_t alsos;
	struct addr_prefix *proxy_from; /* outside: a PROXY header must come
					   from these */
	size_t proxy_froms;
	char *ocsp; /* staple: "auto", "off" or a file of DER; inside: NULL */
	struct revocation_settings revocation;
};

/** A pool of servers behind one name, or a standard server alone. */
struct pool_settings {
	char *name;		  /* inside; lower case */
	struct name_list members; /* none: it is a server by itself */
	char *web;		  /* its external web name, or NULL */
	int line;
};

/** What else the company runs: names that certificates must have. */
struct services_settings {
	char *av, *web_conferencing, *xmpp; /* outside names; NULL: none */
	char *director_web;		    /* outside name, or NULL */
	struct name_list web_names; /* further ones behind the reverse proxy:
				       "meet.example.com" */
	struct pool_settings *pool;
	size_t pools;
};

/** A name that needs no DNS. */
struct host_entry {
	char *name;
	union addr *address;
	size_t addresses;
};

/** Which home server serves a domain when there is no director. */
struct domain_home {
	char *domain;
	struct host_port home;
};

/** An enrolled video-conferencing system. */
struct device_settings {
	char *name;
	struct addr_prefix *address;
	size_t addresses;
	struct name_list
		identities; /* "sip:room1@example.com", "sip:*@example.com" */
	struct name_list methods; /* upper case */
	char *contact; /* "sip:user@host:port;transport=tcp", or NULL */
	bool may_register;
	uint64_t expires_s;	 /* last good second, wall clock; 0: for ever */
	uint32_t calls_per_s;	 /* requests outside of dialogs */
	char *digest;		 /* HA1 in lower-case hex, or NULL: no digest */
	struct name_list unsent; /* header names that it is not sent */
	uint32_t line_bytes;	 /* longest header line that it is sent */
	int line;
};

/** How a partner is found (federation.md). */
enum partner_kind {
	PARTNER_ALLOWED,    /* by the SRV records of its domain */
	PARTNER_DIRECT,	    /* one domain, edge named by us */
	PARTNER_PROVIDER,   /* many domains behind one edge */
	PARTNER_DISCOVERED, /* not listed; never in the settings */
};

/** Is what a partner says of its users believed? */
enum partner_verify {
	VERIFY_SOURCE, /* believe its source mark; none: unverified */
	VERIFY_ALWAYS, /* verified, whatever it says */
	VERIFY_NEVER,  /* unverified, whatever it says */
};

/** What a partner's certificate has to be good for, when it comes to us. */
enum partner_purpose {
	PURPOSE_ANY,	/* serverAuth alone will do: public authorities issue
			   nothing else */
	PURPOSE_CLIENT, /* clientAuth, or no extended key usage at all */
	PURPOSE_SIP,	/* id-kp-sipDomain (RFC 5924), in both directions */
};

/** A federation partner. */
struct partner_settings {
	struct name_list domains; /* lower case; exactly one unless provider */
	enum partner_kind kind;
	struct host_port proxy; /* its edge; host NULL: by SRV */
	enum partner_verify verify;
	char *trust; /* PEM file that alone signs its certificate, or NULL:
			outside.tls.trust */
	struct name_list pins; /* SHA-256 of its public key (SPKI), lower-case
				  hex; one must fit, whoever signed it */
	enum partner_purpose purpose;
	int line;
};

/** Federation. */
struct federation_settings {
	bool enabled;
	bool discovery; /* partners that are not listed */
	struct partner_settings *partner;
	size_t partners;
	struct name_list blocked; /* domains and edge names, lower case */
	struct host_port route;	  /* where domains without SRV go; host NULL:
				     nowhere */
	struct addr_prefix *private_ok; /* private addresses that a partner's
					   DNS may name */
	size_t private_oks;
};

/** What the outside is shown. */
struct boundary_settings {
	bool hide_contact; /* Contact of the inside becomes a token */
	bool hide_call_id; /* so does a Call-ID that names an inside host */
	bool ms_mark;	   /* the source mark in its Microsoft form as well */
};

/** Every figure of the design's table of limits; each is a setting. */
struct limits {
	uint32_t handshake_s, header_s, body_s, first_request_s;
	uint32_t unauth_connections, unauth_rate, half_open;
	uint32_t aors_per_flow, flows_per_aor;
	uint32_t message_bytes, device_message_bytes, header_bytes, line_bytes;
	uint32_t headers, vias, routes, contacts;
	uint32_t out_queue_bytes, out_stall_s, messages_per_turn;
	uint32_t connect_ms;	 /* TCP and TLS set-up to a next hop */
	uint32_t hop_answer_s;	 /* first answer from a next hop */
	uint32_t target_aside_s; /* a failed target is passed over so long */
	uint32_t transaction_s;	 /* Timer F, H and the like: 64*T1 */
	uint32_t timer_c_s;
	uint32_t flow_timer_s;	/* RFC 5626 Flow-Timer; 0 = not offered */
	uint32_t server_idle_s; /* idle connection that we opened */
	uint32_t transactions;	/* a worker, at once */
	uint32_t held_bytes;	/* of requests under way, a worker */
	uint32_t registrations; /* AORs remembered, all workers */
	uint32_t home_s;	/* home learnt without a registration is kept */
	uint32_t dialog_token_s;      /* Record-Route tokens stay good */
	uint32_t drain_s;	      /* SIGTERM to exit at most */
	uint32_t partner_connections; /* to one partner, all workers */
	uint32_t partner_idle_s;      /* idle connections to one */
	uint32_t partner_answer_s; /* 504 when it cannot be reached by then */
	uint32_t discovered_rate;  /* messages a second, a partner */
	uint32_t discovered_addresses; /* distinct local addresses asked for */
	uint32_t discovered_slow_rate; /* messages a second when demoted */
	uint32_t discovered_window;    /* answers looked at for demotion */
	uint32_t discovered_failures;  /* [%] of them that demote */
	uint32_t discovered_partners;  /* remembered */
	uint32_t recent_requests;      /* kept for explain, a worker */
};

/** The whole snapshot. */
struct settings {
	/* edge */
	char *state_dir;
	uint32_t workers; /* never 0 here: 0 in the file becomes the cores */
	struct name_list sip_domains; /* lower case; [0] is primary */
	enum log_level log_level;
	char *control; /* path of the control socket; NULL: none */
	char *key_log; /* debug: TLS secrets go to this file; NULL: nowhere */
	/* legs */
	struct leg_settings leg[LEG_COUNT];
	struct name_list trusted_servers;   /* lower case */
	struct addr_prefix *inside_network; /* addresses that are inside */
	size_t inside_networks;
	/* hosts */
	struct host_entry *host;
	size_t hosts;
	/* routing */
	struct host_list directors;
	struct host_list home_servers;
	struct domain_home *domain_home;
	size_t domain_homes;
	uint32_t max_redirects;
	/* devices */
	bool devices_enabled;
	enum leg device_leg;
	uint16_t device_port;
	struct device_settings *device;
	size_t devices;
	/* users */
	bool users_enabled;
	bool users_require_registration;

	struct federation_settings federation;
	struct boundary_settings boundary;
	struct services_settings services;
	struct limits limits;
};

/**
 * Read and check a file. Nothing but the file, and the existence of the
 * files it names, is looked at.
 *
 * @param out   the snapshot, one reference held by the caller
 * @param path  file to read
 * @param why   WHY_MAX bytes: "FILE:LINE: what is wrong, what to write"
 * @return      0; EINVAL when something is wrong, told in why; ENOMEM
 */
int settings_load(const struct settings **out, const char *path, char *why);

/**
 * The same for tools that make what it names: certificates, keys and other
 * files need not be there yet, nor be readable.
 *
 * @param out   as settings_load()
 * @param path  file to read
 * @param why   as settings_load()
 * @return      as settings_load()
 */
int settings_load_planned(const struct settings **out, const char *path,
			  char *why);

/**
 * Hold a snapshot a little longer.
 *
 * @param s  snapshot
 * @return   s
 */
const struct settings *settings_ref(const struct settings *s);

/**
 * Let go of a snapshot; the last reference frees it.
 *
 * @param s  set to NULL; NULL inside is fine
 */
void settings_unref(const struct settings **s);

/**
 * Print every setting with type, unit, default and help, for the manual.
 *
 * @param print  called once a line, without newline
 * @param arg    passed to print
 */
void settings_describe(void (*print)(const char *line, void *arg), void *arg);

/**
 * Is a host in a list of them?
 *
 * @param list  host names or domains
 * @param host  compared as DNS does
 * @return      true when it is
 */
bool settings_lists_host(const struct name_list *list, struct slice host);

/**
 * Is a host one of our SIP domains?
 *
 * @param s     snapshot
 * @param host  host part of a URI
 * @return      true when it is
 */
bool settings_our_domain(const struct settings *s, struct slice host);

/**
 * The partner that a domain belongs to.
 *
 * @param s       snapshot
 * @param domain  host part of a URI
 * @return        borrowed from s; NULL when it is not listed
 */
const struct partner_settings *settings_partner(const struct settings *s,
						struct slice domain);

/**
 * The word for a leg, as the settings have it.
 *
 * @param leg  leg
 * @return     "outside" or "inside"
 */
const char *settings_leg_word(enum leg leg);

/**
 * The pool that a name belongs to: its own name, or one of its members.
 *
 * @param s     snapshot
 * @param name  host name
 * @return      borrowed from s; NULL when there is none
 */
const struct pool_settings *settings_pool(const struct settings *s,
					  struct slice name);

/**
 * Is a key one of a partner's pins?
 *
 * @param partner  partner; NULL: nobody has pins
 * @param key      SHA-256 of a public key in hex, as cert_names.key
 * @return         true when it is
 */
bool settings_pin_fits(const struct partner_settings *partner, const char *key);

/**
 * Is a domain, or the name of an edge, on the block list?
 *
 * @param s     snapshot
 * @param name  host name
 * @return      true when it is
 */
bool settings_blocked(const struct settings *s, struct slice name);

/**
 * Does a host lie inside: an address or a name that no outsider is to see or
 * to name?
 *
 * Loopback, link-local, inside.networks, the inside leg's own addresses and
 * name; directors, home servers, trusted servers and pools; names under the
 * parent domain of inside.fqdn unless that is a SIP domain of ours.
 *
 * @param s     snapshot
 * @param host  host part of a URI, without brackets
 * @return      true when it does
 */
bool settings_inside_host(const struct settings *s, struct slice host);

/**
 * The same, but that an address merely lies in inside.networks does not count:
 * private addresses are in use at home as well as here.
 *
 * @param s     snapshot
 * @param host  host part of a URI, without brackets
 * @return      true when it is a host of the inside, or loopback
 */
bool settings_inside_server(const struct settings *s, struct slice host);

/**
 * May a connection to a partner go there? Not to private, loopback,
 * link-local or inside addresses, nor to ourselves, unless
 * federation.private_ok lists it; never to one of our own.
 *
 * @param s   snapshot
 * @param to  address that DNS gave, any port
 * @return    true when it may
 */
bool settings_partner_address(const struct settings *s, const union addr *to);

/**
 * Find a server in a list.
 *
 * @param list  servers
 * @param host  host, name or IP literal without brackets
 * @param port  0 or the default SIPS port 5061 match an entry without port
 * @return      the entry, or NULL
 */
const struct host_port *settings_find_host(const struct host_list *list,
					   struct slice host, uint16_t port);

/**
 * The device enrolled for an address.
 *
 * @param s     snapshot
 * @param peer  source address
 * @return      borrowed from s, or NULL
 */
const struct device_settings *settings_device_at(const struct settings *s,
						 const union addr *peer);

/**
 * Is an identity one that the device may use?
 *
 * @param d    device
 * @param aor  "sip:user@host", lower-case scheme and host
 * @return     true when listed, or under a listed "sip:*@host"
 */
bool settings_device_is(const struct device_settings *d, struct slice aor);

/**
 * Is an address one of outside.proxy_from?
 *
 * @param s     snapshot
 * @param peer  source address
 * @return      true when a PROXY header must come from there
 */
bool settings_is_balancer(const struct settings *s, const union addr *peer);

/**
 * A device whose exception ends soon, or has ended.
 *
 * @param d     borrowed for this call
 * @param past  it has: the device is refused
 * @param arg   as given
 */
typedef void settings_expiring_fn(const struct device_settings *d, bool past,
				  void *arg);

/**
 * Go through the devices whose exception ends soon, in the file's order.
 *
 * @param s         snapshot
 * @param wall_s    wall clock [s since 1970]
 * @param within_s  what is soon [s]
 * @param fn        called for each of them
 * @param arg       passed to fn
 */
void settings_expiring(const struct settings *s, uint64_t wall_s,
		       uint64_t within_s, settings_expiring_fn *fn, void *arg);

#endif
