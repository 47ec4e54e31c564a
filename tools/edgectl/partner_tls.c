/*
 * partner_tls.c: to the partner's port, and what its certificate is good for.
 */
#include "partner.h"
#include "reach.h"

#include "cert/certificate.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#define SOON_DAYS 14

static const union addr *leave_by(const struct settings *s,
				  const union addr *to)
{
	const struct leg_settings *leg = &s->leg[LEG_OUTSIDE];

	for (size_t i = 0; i < leg->addresses; i++)
		if (leg->address[i].sa.sa_family == to->sa.sa_family)
			return &leg->address[i];
	return NULL;
}

static const char *dial_words(int err)
{
	switch (err) {
	case ECONNREFUSED:
		return "nobody listens there";
	case ETIMEDOUT:
		return "no answer: a firewall, theirs or ours, drops it";
	case EHOSTUNREACH:
	case ENETUNREACH:
		return "there is no route";
	case EADDRNOTAVAIL:
		return "outside.address is not an address of this machine";
	default:
		return strerror(err);
	}
}

bool tcp_step(struct trial *t, struct target *g)
{
	char to[ADDR_TEXT_MAX], by[ADDR_TEXT_MAX];
	const union addr *from = leave_by(t->s, &g->to);
	int err = EAFNOSUPPORT;

	if (from)
		err = reach_connect(&g->fd, &g->to.sa, addr_len(&g->to), from,
				    trial_until(t, t->s->limits.connect_ms));
	addr_text(&g->to, to);
	if (!from)
		trial_step(t, false, "connect",
			   "%s: the outside leg has no address of this family",
			   to);
	else if (err)
		trial_step(t, false, "connect", "%s from %s: %s", to,
			   addr_host_text(from, by), dial_words(err));
	else
		trial_step(t, true, "connect", "%s from %s", to,
			   addr_host_text(from, by));
	return !err;
}

static int count_asked(SSL *ssl, void *arg)
{
	(void)ssl;
	((struct target *)arg)->asked = true;
	return 1;
}

const char *tls_alert_words(void)
{
	switch (ERR_GET_REASON(ERR_peek_last_error())) {
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
		return "their side does not know our authority: it lacks our "
		       "root certificate";
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
		return "their side refuses our certificate: it lacks our root "
		       "or an intermediate, or wants clientAuth, which public "
		       "authorities no longer issue";
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
		return "their side says that our certificate has expired";
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
		return "their side says that our certificate was revoked";
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
		return "their side wants a certificate and took none of ours";
	case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
		return "their side refuses the handshake: no common TLS "
		       "version or cipher, or our certificate";
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
	case SSL_R_UNSUPPORTED_PROTOCOL:
		return "their side speaks no TLS 1.2 or 1.3";
	case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
		return "their side knows our certificate and denies access";
	case SSL_R_TLSV1_UNRECOGNIZED_NAME:
		return "their side has no certificate for the name asked for";
	case SSL_R_WRONG_VERSION_NUMBER:
	case SSL_R_HTTP_REQUEST:
		return "what listens there does not speak TLS";
	default:
		return NULL;
	}
}

static bool open_tls(struct trial *t, struct target *g)
{
	struct slice sni =
		g->in_domain || g->secure ? g->host : slice_of(t->domain);
	const char *words;
	int err;

	g->ssl = tlsctx_session(t->tls, TLS_TO_OUTSIDE, sni);
	if (!g->ssl || !SSL_set_fd(g->ssl, g->fd))
		return false;
	/* Every fault is to be told, not only the first. */
	SSL_set_verify(g->ssl, SSL_VERIFY_NONE, NULL);
	SSL_set_cert_cb(g->ssl, count_asked, g);
	err = reach_shake(
		g->ssl, g->fd,
		trial_until(t, t->s->limits.handshake_s * UINT64_C(1000)));
	if (!err) {
		trial_step(t, true, "tls", "%s %s, asked for as %.*s",
			   SSL_get_version(g->ssl), SSL_get_cipher(g->ssl),
			   SLICE_ARG(sni));
		return true;
	}
	words = err == ETIMEDOUT ? "no answer to our hello" : tls_alert_words();
	if (!words)
		words = ERR_reason_error_string(ERR_peek_last_error());
	trial_step(t, false, "tls", "%s",
		   words ? words : "their side closed the connection");
	return false;
}

static void add_names(char *out, size_t cap, const struct cert_names *names)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < names->n && n < cap; i++)
		n += (size_t)snprintf(
			out + n, cap - n, "%s%s%s", i ? ", " : "",
			names->name[i].kind == CERT_NAME_URI ? "sip:" : "",
			names->name[i].text);
	if (!names->n)
		snprintf(out, cap, "no name of a host or domain");
}

/* Authorities write where their own certificate lies; whoever sends no
 * intermediate leaves that to be guessed. */
static bool lacks_intermediate(X509 *leaf, STACK_OF(X509) * chain, int code)
{
	AUTHORITY_INFO_ACCESS *aia;
	bool has_aia;

	if (code != X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY &&
	    code != X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE &&
	    code != X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT)
		return false;
	aia = X509_get_ext_d2i(leaf, NID_info_access, NULL, NULL);
	has_aia = aia != NULL;
	AUTHORITY_INFO_ACCESS_free(aia);
	return has_aia && sk_X509_num(chain) <= 1;
}

static void say_chain_fault(struct trial *t, X509 *leaf, STACK_OF(X509) * chain,
			    int code, const char *said, const char *trust)
{
	char issuer[200];

	X509_NAME_oneline(X509_get_issuer_name(leaf), issuer, sizeof(issuer));
	if (lacks_intermediate(leaf, chain, code))
		trial_step(t, false, "chain",
			   "their side sends no intermediate certificate: "
			   "issued by %s, which is not in %s; they must send "
			   "the whole chain",
			   issuer, trust);
	else if (code == X509_V_ERR_CERT_HAS_EXPIRED)
		trial_step(t, false, "chain", "a certificate has expired");
	else if (code == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT)
		trial_step(t, false, "chain",
			   "self-signed, and not in %s; pin its key if that "
			   "is meant",
			   trust);
	else
		trial_step(t, false, "chain",
			   "%s: issued by %s, judged by %s: our side lacks "
			   "their root, or they sent not the whole chain",
			   said, issuer, trust);
}

static bool chain_step(struct trial *t, X509 *leaf, STACK_OF(X509) * chain,
		       const struct cert_names *names)
{
	const struct partner_settings *p = t->partner;
	struct shown_by by = {
		.trust =
			p && p->trust ? p->trust : t->s->leg[LEG_OUTSIDE].trust,
		.own = p && p->trust,
		.server = !p || p->purpose != PURPOSE_SIP,
	};
	const char *said;
	int code;

	if (p && p->pins.n) {
		if (settings_pin_fits(p, names->key))
			trial_step(t, true, "chain", "its key is pinned");
		else
			trial_step(t, false, "chain",
				   "its key is not the one that is pinned: "
				   "%s",
				   names->key);
		return settings_pin_fits(p, names->key);
	}
	said = shown_judge(leaf, chain, &by, &code);
	if (code == X509_V_OK)
		trial_step(t, true, "chain", "signed by an authority in %s",
			   by.trust);
	else
		say_chain_fault(t, leaf, chain, code, said, by.trust);
	return code == X509_V_OK;
}

/* What our edge asks of it beyond being for servers, if the entry does. */
static bool purpose_step(struct trial *t, const struct cert_names *names)
{
	enum partner_purpose purpose =
		t->partner ? t->partner->purpose : PURPOSE_ANY;

	if (purpose == PURPOSE_SIP) {
		bool good = names->uses & CERT_USE_SIP;

		trial_step(t, good, "purpose",
			   good ? "it is for SIP (id-kp-sipDomain)"
				: "its purpose is to be \"sip\", and it is not "
				  "for that (id-kp-sipDomain)");
		return good;
	}
	if (purpose == PURPOSE_CLIENT &&
	    !(names->uses & (CERT_USE_ANY | CERT_USE_CLIENT)))
		trial_step(t, true, "purpose",
			   "for servers only: should they come to us with this "
			   "one, it is refused, for their purpose is "
			   "\"client\"");
	return true;
}

static bool time_step(struct trial *t, X509 *leaf)
{
	int days = 0, seconds = 0;

	if (X509_cmp_current_time(X509_get0_notBefore(leaf)) > 0) {
		trial_step(t, false, "dates", "it is not valid yet");
		return false;
	}
	ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(leaf));
	if (days < 0 || seconds < 0) {
		trial_step(t, false, "dates", "it expired %d days ago", -days);
		return false;
	}
	trial_step(t, true, "dates", "good for %d more days%s", days,
		   days < SOON_DAYS ? ": they have to renew it now" : "");
	return true;
}

static bool name_step(struct trial *t, const struct target *g,
		      const struct cert_names *names)
{
	char all[400];
	bool domain = cert_names_match(names, slice_of(t->domain));
	bool host =
		(g->in_domain || g->secure) && cert_names_match(names, g->host);

	add_names(all, sizeof(all), names);
	if (domain || host)
		trial_step(t, true, "name", "it proves %s (it has %s)",
			   domain ? "the domain" : "the target", all);
	else if (cert_names_match(names, g->host))
		trial_step(t, false, "name",
			   "it names %.*s only, which lies outside of %s, and "
			   "no DNSSEC vouches for that SRV record; list the "
			   "partner with this proxy, or have them sign their "
			   "zone (it has %s)",
			   SLICE_ARG(g->host), t->domain, all);
	else
		trial_step(t, false, "name",
			   "it proves neither %s nor %.*s; it has %s",
			   t->domain, SLICE_ARG(g->host), all);
	return domain || host;
}

static bool judge(struct trial *t, struct target *g, X509 *leaf,
		  STACK_OF(X509) * chain)
{
	struct cert_names *names = NULL;
	char why[WHY_MAX];
	bool good;

	if (cert_names_of(&names, leaf, why)) {
		trial_step(t, false, "certificate", "%s", why);
		return false;
	}
	good = chain_step(t, leaf, chain, names);
	good = purpose_step(t, names) && good;
	good = time_step(t, leaf) && good;
	good = name_step(t, g, names) && good;
	cert_names_destroy(&names);
	if (g->asked)
		trial_step(t, true, "ours", "they asked for our certificate");
	else
		trial_step(t, false, "ours",
			   "they did not ask for our certificate: this is no "
			   "federation port, or it takes users only");
	return good && g->asked;
}

bool tls_step(struct trial *t, struct target *g)
{
	X509 *leaf;

	if (!open_tls(t, g))
		return false;
	leaf = SSL_get0_peer_certificate(g->ssl);
	if (leaf)
		return judge(t, g, leaf, SSL_get_peer_cert_chain(g->ssl));
	trial_step(t, false, "certificate", "they showed none");
	return false;
}
