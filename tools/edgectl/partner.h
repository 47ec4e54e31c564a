/*
 * partner.h: the pieces of `edgectl partner test`.
 */
#ifndef EDGECTL_PARTNER_H
#define EDGECTL_PARTNER_H

#include "edgectl.h"

#include "net/resolve.h"
#include "net/tlsctx.h"

#define TEXT_MAX 700

/* One test. */
struct trial {
	const struct settings *s;
	const struct tlsctx *tls;
	const char *domain;
	const struct partner_settings *partner; /* NULL: not listed */
	struct report *r;
	uint64_t until_ms; /* all of it */
	unsigned failed;   /* steps */
	bool reached;	   /* some target answered */
};

/* One target of it, step by step. */
struct target {
	struct slice host;
	uint16_t port;
	bool in_domain, secure; /* a certificate for it will do as well */
	union addr to;
	int fd;
	SSL *ssl;
	bool asked; /* they asked for our certificate */
	bool taken; /* and showed that they took it */
	char text[TEXT_MAX];
};

/* A step is done; counts failures. */
void trial_step(struct trial *t, bool good, const char *name, const char *fmt,
		...) __attribute__((format(printf, 4, 5)));

/* The earlier of the trial's end and ms from now. */
uint64_t trial_until(const struct trial *t, uint64_t ms);

/* DNS as the edge asks it. 0, or an errno of net/resolve. */
struct dns;
int dns_open(struct dns **out, const struct settings *s, char *why);
void dns_close(struct dns **d);
int dns_edges(struct dns *d, struct slice domain, struct resolve_service *out);
int dns_addresses_of(struct dns *d, enum leg leg, struct slice host,
		     uint16_t port, struct resolved *out);
int dns_addresses(struct dns *d, struct slice host, uint16_t port,
		  struct resolved *out);

/* Connect by TCP from the outside leg. */
bool tcp_step(struct trial *t, struct target *g);

/* Handshake, and what the certificate is good for. */
bool tls_step(struct trial *t, struct target *g);

/* What an alert of theirs means; NULL: nothing that we know. */
const char *tls_alert_words(void);

/* OPTIONS and its answer. */
bool options_step(struct trial *t, struct target *g);

#endif
