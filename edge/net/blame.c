/*
 * blame.c - why a handshake failed, in words.
 */
#include "blame.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

struct row {
	int code;
	const char *rule, *words;
};

static const struct row errors[] = {
	{SSL_R_UNSUPPORTED_PROTOCOL, "handshake-version",
	 "no TLS version in common: 1.2 and 1.3 are spoken here"},
	{SSL_R_VERSION_TOO_LOW, "handshake-version",
	 "no TLS version in common: 1.2 and 1.3 are spoken here"},
	{SSL_R_NO_PROTOCOLS_AVAILABLE, "handshake-version",
	 "no TLS version in common: 1.2 and 1.3 are spoken here"},
	{SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "handshake-version",
	 "the peer speaks neither TLS 1.2 nor 1.3"},
	{SSL_R_NO_SHARED_CIPHER, "handshake-cipher",
	 "no cipher in common: forward secret AEAD is spoken here"},
	{SSL_R_NO_SUITABLE_KEY_SHARE, "handshake-cipher",
	 "no key exchange group in common"},
	{SSL_R_NO_SHARED_GROUPS, "handshake-cipher",
	 "no key exchange group in common"},
	{SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, "handshake-cipher",
	 "no signature algorithm in common that fits a certificate"},
	{SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS, "handshake-cipher",
	 "no signature algorithm in common that fits a certificate"},
	{SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "handshake-cipher",
	 "the peer found nothing in common, or wants a certificate"},
	{SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, "certificate-required",
	 "the peer showed no certificate"},
	{SSL_R_CERTIFICATE_VERIFY_FAILED, "certificate-must-verify",
	 "the peer's certificate does not verify"},
	{SSL_R_HTTP_REQUEST, "not-tls", "the peer speaks HTTP, not TLS"},
	{SSL_R_HTTPS_PROXY_REQUEST, "not-tls", "the peer speaks HTTP, not TLS"},
	{SSL_R_WRONG_VERSION_NUMBER, "not-tls", "the peer does not speak TLS"},
	{SSL_R_BAD_RECORD_TYPE, "not-tls", "the peer does not speak TLS"},
	{SSL_R_PACKET_LENGTH_TOO_LONG, "not-tls",
	 "the peer does not speak TLS"},
	{SSL_R_UNEXPECTED_EOF_WHILE_READING, "peer-closed",
	 "the peer closed in the middle of the handshake"},
};

static const struct row *row_of(const struct row *rows, size_t n, int code)
{
	for (size_t i = 0; i < n; i++) {
		if (rows[i].code == code)
			return &rows[i];
	}
	return NULL;
}

static bool is_about_our_certificate(int alert)
{
	switch (alert) {
	case SSL_AD_BAD_CERTIFICATE:
	case SSL_AD_UNSUPPORTED_CERTIFICATE:
	case SSL_AD_CERTIFICATE_REVOKED:
	case SSL_AD_CERTIFICATE_EXPIRED:
	case SSL_AD_CERTIFICATE_UNKNOWN:
	case SSL_AD_UNKNOWN_CA:
	case SSL_AD_ACCESS_DENIED:
	case SSL_AD_CERTIFICATE_REQUIRED:
		return true;
	default:
		return false;
	}
}

static int alert_of(unsigned long code)
{
	int reason = ERR_GET_REASON(code);

	return reason > SSL_AD_REASON_OFFSET &&
			       reason < SSL_AD_REASON_OFFSET + 256
		       ? reason - SSL_AD_REASON_OFFSET
		       : -1;
}

const char *blame_alert(unsigned long code)
{
	int alert = alert_of(code);

	return alert < 0 ? NULL : SSL_alert_desc_string_long(alert);
}

struct blame blame_late(void)
{
	return (struct blame){"handshake-deadline",
			      "the handshake was not done in time"};
}

struct blame blame_error(unsigned long code)
{
	const struct row *r = row_of(errors, sizeof(errors) / sizeof(errors[0]),
				     ERR_GET_REASON(code));

	if (!code)
		return (struct blame){
			"peer-closed",
			"the peer closed in the middle of the handshake"};
	if (r)
		return (struct blame){r->rule, r->words};
	if (alert_of(code) < 0)
		return (struct blame){"handshake-broken",
				      "the peer broke the rules of TLS"};
	if (is_about_our_certificate(alert_of(code)))
		return (struct blame){
			"peer-refused-certificate",
			"the peer does not believe our certificate"};
	return (struct blame){"peer-gave-up", "the peer gave up with an alert"};
}
