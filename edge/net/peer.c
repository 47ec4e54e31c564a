/*
 * peer.c - who is at the other end of a handshake.
 */
#include "peer.h"

#include "cert/certificate.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>

/* A session that was resumed has not been looked at since it began. */
static const char *why_not_believed(const SSL *ssl, X509 *cert)
{
	long result = SSL_get_verify_result(ssl);

	if (result != X509_V_OK)
		return X509_verify_cert_error_string(result);
	if (X509_cmp_current_time(X509_get0_notAfter(cert)) <= 0)
		return "certificate has expired";
	return NULL;
}

int peer_names_read(struct cert_names **out, SSL *ssl, char *why)
{
	X509 *cert = SSL_get0_peer_certificate(ssl);
	const char *reason;

	*out = NULL;
	why[0] = '\0';
	if (!cert)
		return 0;
	reason = why_not_believed(ssl, cert);
	if (reason) {
		snprintf(why, WHY_MAX, "%s", reason);
		return EACCES;
	}
	return cert_names_of(out, cert, why);
}
