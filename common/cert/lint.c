/*
 * lint.c - the table of rules, and who asks each of them once.
 */
#include "lint_room.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>

/* What a rule cannot do without. */
enum need {
	NEED_LEAF = 1, /* a certificate, not a request */
	NEED_PLAN = 2,
	NEED_KEY = 4,
	NEED_CHAIN = 8, /* intermediates or trust to judge by */
};

static const struct {
	lint_rule_fn *ask;
	unsigned needs;
} asks[] = {
	{lint_cn_fqdn, NEED_PLAN},
	{lint_cn_wildcard, 0},
	{lint_cn_twice, 0},
	{lint_cn_unlisted, 0},
	{lint_san_none, 0},
	{lint_san_first, 0},
	{lint_san_order, NEED_PLAN},
	{lint_san_wildcard, 0},
	{lint_name_missing, NEED_PLAN},
	{lint_name_superfluous, NEED_PLAN},
	{lint_name_twice, 0},
	{lint_name_private, 0},
	{lint_name_nul, 0},
	{lint_name_unusable, 0},
	{lint_name_dot, 0},
	{lint_name_upper, 0},
	{lint_name_punycode, 0},
	{lint_san_ip, 0},
	{lint_san_sip, 0},
	{lint_san_uri, 0},
	{lint_san_other, 0},
	{lint_key_match, NEED_KEY},
	{lint_key_mode, 0},
	{lint_key_weak, 0},
	{lint_key_odd, 0},
	{lint_signature_weak, 0},
	{lint_use_server, 0},
	{lint_use_none, NEED_LEAF},
	{lint_use_no_client, 0},
	{lint_use_client, 0},
	{lint_use_signature, 0},
	{lint_use_authority, 0},
	{lint_extension_unknown, 0},
	{lint_must_staple, 0},
	{lint_revocation_unnamed, NEED_LEAF},
	{lint_serial, NEED_LEAF},
	{lint_early, NEED_LEAF},
	{lint_expired, NEED_LEAF},
	{lint_soon, NEED_LEAF},
	{lint_long, NEED_LEAF},
	{lint_self_signed, NEED_LEAF},
	{lint_chain_incomplete, NEED_CHAIN},
	{lint_chain_elsewhere, NEED_CHAIN},
	{lint_chain_order, NEED_CHAIN},
	{lint_chain_twice, NEED_CHAIN},
	{lint_chain_unneeded, NEED_CHAIN},
	{lint_chain_root, NEED_CHAIN},
	{lint_chain_deep, NEED_CHAIN},
	{lint_chain_time, NEED_CHAIN},
	{lint_chain_broken, NEED_CHAIN},
};

#define RULES (sizeof(asks) / sizeof(asks[0]))

/* A row each, in the order of asks[]. */
static const struct cert_rule rules[RULES] = {
	{"cn-is-not-the-fqdn", CERT_ERROR,
	 "The common name is not the name that the plan asks for."},
	{"cn-is-a-wildcard", CERT_ERROR, "The common name is a wildcard."},
	{"cn-more-than-one", CERT_WARNING,
	 "The subject has more than one common name."},
	{"cn-not-in-san", CERT_ERROR,
	 "The common name is missing among the alternative names."},
	{"san-missing", CERT_ERROR, "It has no subject alternative name."},
	{"san-first-is-not-the-cn", CERT_WARNING,
	 "The first alternative name does not repeat the common name."},
	{"san-order", CERT_NOTE,
	 "The alternative names are in another order than the plan's."},
	{"san-wildcard", CERT_ERROR, "An alternative name is a wildcard."},
	{"name-missing", CERT_ERROR,
	 "A name that the plan asks for is missing."},
	{"name-superfluous", CERT_NOTE,
	 "It has a name that the plan does not ask for."},
	{"name-twice", CERT_NOTE, "A name is there twice."},
	{"name-not-public", CERT_ERROR,
	 "A name on the outside is one that public authorities may not sign."},
	{"name-nul", CERT_ERROR, "A name has a NUL byte in it."},
	{"name-unusable", CERT_ERROR, "A name is none that a host can have."},
	{"name-trailing-dot", CERT_WARNING, "A name ends in a dot."},
	{"name-upper-case", CERT_NOTE, "A name has capital letters."},
	{"name-punycode", CERT_NOTE, "A name is internationalised (xn--)."},
	{"san-ip", CERT_WARNING, "An alternative name is an IP address."},
	{"san-sip-uri", CERT_NOTE,
	 "An alternative name is a sip: URI: it proves a SIP domain."},
	{"san-uri-unused", CERT_NOTE,
	 "An alternative name is a URI that proves nothing in SIP."},
	{"san-other-kind", CERT_NOTE,
	 "An alternative name is neither a host, an address nor a URI."},
	{"key-mismatch", CERT_ERROR,
	 "The private key does not belong to the certificate."},
	{"key-file-open", CERT_ERROR,
	 "Others than its owner can reach the key's file."},
	{"key-weak", CERT_ERROR, "A public key is too short."},
	{"key-odd", CERT_ERROR,
	 "The key is of a kind or size that others do not take."},
	{"signature-weak", CERT_ERROR,
	 "It was signed with a hash that is broken."},
	{"usage-no-server", CERT_ERROR,
	 "Its extended key usage lacks serverAuth."},
	{"usage-none", CERT_NOTE, "It has no extended key usage."},
	{"usage-no-client", CERT_WARNING,
	 "Its extended key usage lacks clientAuth."},
	{"usage-client", CERT_NOTE,
	 "It has clientAuth, which its renewal will not have."},
	{"usage-no-signature", CERT_ERROR,
	 "Its key usage lacks digitalSignature."},
	{"is-an-authority", CERT_ERROR,
	 "It is a certificate of an authority, not of a server."},
	{"extension-unknown", CERT_ERROR,
	 "It has a critical extension that is not known."},
	{"must-staple", CERT_WARNING,
	 "It demands an OCSP staple, and none is sent."},
	{"revocation-unnamed", CERT_WARNING,
	 "It names neither a revocation list nor an OCSP responder."},
	{"serial-odd", CERT_WARNING,
	 "Its serial number is not one that an authority may give."},
	{"not-yet-valid", CERT_ERROR, "It is not valid yet."},
	{"expired", CERT_ERROR, "It has expired."},
	{"expires-soon", CERT_ERROR, "It expires soon."},
	{"lifetime-too-long", CERT_WARNING,
	 "It lives longer than public authorities may issue."},
	{"self-signed", CERT_ERROR, "It signed itself."},
	{"chain-incomplete", CERT_ERROR,
	 "The certificate of its issuer is missing."},
	{"chain-ends-elsewhere", CERT_ERROR,
	 "The chain ends at an authority that this leg's clients do not "
	 "trust."},
	{"chain-order", CERT_WARNING, "The chain is not in order."},
	{"chain-twice", CERT_WARNING, "A certificate is in the chain twice."},
	{"chain-unneeded", CERT_NOTE,
	 "A certificate in the chain leads nowhere."},
	{"chain-has-root", CERT_NOTE, "The chain has the root in it."},
	{"chain-too-deep", CERT_ERROR, "The chain is longer than peers take."},
	{"chain-expires", CERT_ERROR,
	 "An intermediate has expired, or does so before the certificate."},
	{"chain-broken", CERT_ERROR, "The chain does not verify."},
};

const struct cert_rule *cert_lint_rules(size_t *n)
{
	*n = RULES;
	return rules;
}

const char *cert_severity_word(enum cert_severity s)
{
	static const char *const words[] = {
		[CERT_NOTE] = "note",
		[CERT_WARNING] = "warning",
		[CERT_ERROR] = "error",
	};

	return words[s];
}

static void say(char out[LINT_TEXT_MAX], const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static void say(char out[LINT_TEXT_MAX], const char *fmt, va_list ap)
{
	vsnprintf(out, LINT_TEXT_MAX, fmt, ap);
}

void lint_is(struct lint *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(l->is, fmt, ap);
	va_end(ap);
}

void lint_should(struct lint *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(l->should, fmt, ap);
	va_end(ap);
}

void lint_mend(struct lint *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(l->mend, fmt, ap);
	va_end(ap);
}

void lint_tell(struct lint *l, enum cert_severity severity)
{
	struct cert_finding f = {
		.rule = l->rule->rule,
		.severity = severity,
		.is = l->is,
		.should = l->should,
		.mend = l->mend,
	};

	if ((int)severity > l->worst)
		l->worst = (int)severity;
	l->tell(&f, l->arg);
	l->is[0] = l->should[0] = l->mend[0] = '\0';
}

/* The last CN is the most specific one. */
static void read_cn(struct lint *l)
{
	unsigned char *utf8 = NULL;
	int last = -1, n;

	for (int i = -1;
	     (i = X509_NAME_get_index_by_NID(l->subject, NID_commonName, i)) >=
	     0;)
		last = i;
	if (last < 0)
		return;
	n = ASN1_STRING_to_UTF8(&utf8,
				X509_NAME_ENTRY_get_data(
					X509_NAME_get_entry(l->subject, last)));
	if (n < 0)
		return;
	l->cn = (char *)utf8;
	l->cn_n = (size_t)n;
}

static void begin(struct lint *l)
{
	const struct cert_subject *s = l->s;

	if (s->leaf) {
		l->subject = X509_get_subject_name(s->leaf);
		l->extensions = X509_get0_extensions(s->leaf);
		l->key = X509_get0_pubkey(s->leaf);
		lint_walk(l);
	} else {
		l->subject = X509_REQ_get_subject_name(s->request);
		l->own = X509_REQ_get_extensions(s->request);
		l->extensions = l->own;
		l->key = X509_REQ_get0_pubkey(s->request);
	}
	l->san =
		X509V3_get_d2i(l->extensions, NID_subject_alt_name, NULL, NULL);
	read_cn(l);
}

static void end(struct lint *l)
{
	GENERAL_NAMES_free(l->san);
	sk_X509_EXTENSION_pop_free(l->own, X509_EXTENSION_free);
	OPENSSL_free(l->cn);
	ERR_clear_error();
}

int cert_lint(const struct cert_subject *subject, cert_finding_fn *tell,
	      void *arg)
{
	struct lint l = {.s = subject, .tell = tell, .arg = arg, .worst = -1};
	unsigned has = (subject->leaf ? NEED_LEAF : 0) |
		       (subject->plan ? NEED_PLAN : 0) |
		       (subject->key ? NEED_KEY : 0);

	if (!subject->leaf && !subject->request)
		return -1;
	if (subject->leaf && (subject->rest || subject->trust))
		has |= NEED_CHAIN;
	begin(&l);
	for (size_t i = 0; i < RULES; i++) {
		l.rule = &rules[i];
		if ((asks[i].needs & ~has) == 0)
			asks[i].ask(&l);
	}
	end(&l);
	return l.worst;
}
