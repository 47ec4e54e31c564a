/*
 * lint_room.h: what the rules of cert_lint() share. lint.c has their table;
 * each rule is one function, and tells under the table's id.
 */
#ifndef CERT_LINT_ROOM_H
#define CERT_LINT_ROOM_H

#include "cert/certificate.h"
#include "cert/lint.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#define LINT_TEXT_MAX 640
#define LINT_NAME_MAX 96 /* of a name that is quoted, escaped */
#define LINT_PATH_MAX 16 /* certificates that are walked through */
#define LINT_DAY_S    INT64_C(86400)
#define LINT_NOWHERE  (-1)

/* Where the way from the leaf up ends. */
enum lint_end {
	LINT_END_UNKNOWN,   /* its issuer was not sent; no trust to look into */
	LINT_END_TRUSTED,   /* at an authority that is trusted */
	LINT_END_ROOT,	    /* at a root that nobody trusts */
	LINT_END_MISSING,   /* the leaf's issuer is neither sent nor trusted */
	LINT_END_ELSEWHERE, /* an intermediate's issuer is neither */
	LINT_END_NAMESAKE,  /* an authority of that name is there, with another
			       key */
};

/* The way from the leaf up. */
struct lint_path {
	int at[LINT_PATH_MAX]; /* place in subject.rest of each step */
	int n;
	X509 *top; /* the last one reached: the leaf when n is 0; borrowed */
	enum lint_end end;
	int root; /* place of a root that was sent as well, or LINT_NOWHERE */
};

/* One run. */
struct lint {
	const struct cert_subject *s;
	cert_finding_fn *tell;
	void *arg;
	const struct cert_rule *rule; /* the one that is asked */
	int worst;
	/* read once, for certificate and request alike */
	const X509_NAME *subject;
	STACK_OF(X509_EXTENSION) * own; /* of a request; owned */
	const STACK_OF(X509_EXTENSION) * extensions;
	GENERAL_NAMES *san; /* owned; NULL: none */
	EVP_PKEY *key;	    /* public; borrowed */
	char *cn;	    /* the last one; owned; NULL: none */
	size_t cn_n;
	struct lint_path path;
	char is[LINT_TEXT_MAX], should[LINT_TEXT_MAX], mend[LINT_TEXT_MAX];
};

/* Words of the next finding, printf-like, cut. */
void lint_is(struct lint *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void lint_should(struct lint *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void lint_mend(struct lint *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Tell it, and begin the next. */
void lint_tell(struct lint *l, enum cert_severity severity);

/* Bytes of a certificate, escaped (\xHH) and cut; returns out. */
const char *lint_quote(char out[LINT_NAME_MAX], struct slice s);

/* A distinguished name likewise: its CN, or all of it. */
const char *lint_who(char out[LINT_NAME_MAX], const X509_NAME *name);

/* A day: 2026-03-15. */
const char *lint_day(char out[16], int64_t at_s);

/* Seconds since 1970. */
int64_t lint_time(const ASN1_TIME *t);

/* Is it the profile of an edge's own certificate? */
bool lint_is_edge(const struct cert_plan *plan);

/* lint_text.c: names */
struct slice lint_cn(const struct lint *l);
int lint_sans(const struct lint *l);
/* The DNS name at a place of the SAN; false: it is of another kind. */
bool lint_dns(const struct lint *l, int i, struct slice *out);
/* Place of a DNS name, or LINT_NOWHERE. */
int lint_find(const struct lint *l, struct slice name);
/* How many names a DNS or URI reader finds. */
int lint_named(const struct lint *l);
bool lint_is_host(struct slice s);
bool lint_is_wildcard(struct slice s);

/* lint_path.c */
void lint_walk(struct lint *l);
/* Did this one sign itself? */
bool lint_signed_itself(X509 *x);

typedef void lint_rule_fn(struct lint *l);

/* lint_name.c: the names, by themselves */
lint_rule_fn lint_cn_wildcard, lint_cn_twice, lint_cn_unlisted, lint_san_none,
	lint_san_first, lint_san_wildcard, lint_name_nul, lint_name_dot,
	lint_name_upper, lint_name_punycode, lint_name_unusable,
	lint_name_private, lint_name_twice, lint_san_ip, lint_san_sip,
	lint_san_uri, lint_san_other;

/* lint_plan.c: the names, by the plan */
lint_rule_fn lint_cn_fqdn, lint_name_missing, lint_name_superfluous,
	lint_san_order;

/* lint_key.c: key and signature */
lint_rule_fn lint_key_match, lint_key_mode, lint_key_weak, lint_key_odd,
	lint_signature_weak;

/* lint_use.c: what it is good for */
lint_rule_fn lint_use_server, lint_use_none, lint_use_no_client,
	lint_use_client, lint_use_signature, lint_use_authority,
	lint_extension_unknown, lint_must_staple, lint_revocation_unnamed,
	lint_serial;

/* lint_time.c */
lint_rule_fn lint_early, lint_expired, lint_soon, lint_long;

/* lint_chain.c */
lint_rule_fn lint_self_signed, lint_chain_incomplete, lint_chain_elsewhere,
	lint_chain_order, lint_chain_twice, lint_chain_unneeded,
	lint_chain_root, lint_chain_deep, lint_chain_time, lint_chain_broken;

#endif
