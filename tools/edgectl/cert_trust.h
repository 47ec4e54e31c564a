/*
 * cert_trust.h: the pieces of `edgectl cert trust`.
 */
#ifndef EDGECTL_CERT_TRUST_H
#define EDGECTL_CERT_TRUST_H

#include "cert.h"
#include "partner.h"

#include "cert/names.h"

/* What is written. */
enum {
	TRUST_TEXT = 1,
	TRUST_REG,
	TRUST_POLICY,
};

/* What was asked for. */
struct trust_ask {
	int form;
	bool offline, json;
};

/* A server that clients of a domain have to be told to trust. */
struct pretrust {
	char host[256];
	const char *domain; /* borrowed from the settings */
};

/* One look. */
struct trust {
	const struct settings *s;
	struct report *r; /* NULL: a file alone is written */
	struct dns *dns;  /* NULL: by the settings alone, like srv */
	struct srv_asker *srv;
	struct cert_names **shown; /* what the outside leg may show */
	size_t n;
	struct pretrust *pretrust; /* a pair once */
	size_t pretrusts;
	bool findings; /* something is wrong */
	bool blind;    /* something could not be looked at */
};

/* A strict client of domain is sent to host. */
void pretrust_add(struct trust *t, const char *host, const char *domain);

/* The list and, as asked for, the policy. */
void pretrust_report(struct trust *t, const struct trust_ask *ask);

/* The list as a file for regedit, on standard output. */
void pretrust_reg(const struct trust *t);

#endif
