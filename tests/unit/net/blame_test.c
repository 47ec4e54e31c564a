/* blame_test.c - OpenSSL's numbers in the words of an operator. */
#include "blame.h"

#include "../cunit_main.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

static unsigned long error(int reason)
{
	return ERR_PACK(ERR_LIB_SSL, 0, reason);
}

static void each_failure_has_its_rule(void)
{
	static const struct {
		int reason;
		const char *rule;
	} rows[] = {
		{SSL_R_UNSUPPORTED_PROTOCOL, "handshake-version"},
		{SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "handshake-version"},
		{SSL_R_NO_SHARED_CIPHER, "handshake-cipher"},
		{SSL_R_NO_SUITABLE_KEY_SHARE, "handshake-cipher"},
		{SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE,
		 "certificate-required"},
		{SSL_R_CERTIFICATE_VERIFY_FAILED, "certificate-must-verify"},
		{SSL_R_HTTP_REQUEST, "not-tls"},
		{SSL_R_WRONG_VERSION_NUMBER, "not-tls"},
		{SSL_R_UNEXPECTED_EOF_WHILE_READING, "peer-closed"},
		{SSL_R_TLSV1_ALERT_UNKNOWN_CA, "peer-refused-certificate"},
		{SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,
		 "peer-refused-certificate"},
		{SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,
		 "peer-refused-certificate"},
		{SSL_R_TLSV1_ALERT_INTERNAL_ERROR, "peer-gave-up"},
		{SSL_R_BAD_LENGTH, "handshake-broken"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct blame b = blame_error(error(rows[i].reason));

		CU_ASSERT_STRING_EQUAL(b.rule, rows[i].rule);
		CU_ASSERT_TRUE(strlen(b.words) > 8);
	}
	CU_ASSERT_STRING_EQUAL(blame_error(0).rule, "peer-closed");
}

static void an_alert_has_its_name(void)
{
	CU_ASSERT_STRING_EQUAL(blame_alert(error(SSL_R_TLSV1_ALERT_UNKNOWN_CA)),
			       "unknown CA");
	CU_ASSERT_PTR_NULL(blame_alert(error(SSL_R_NO_SHARED_CIPHER)));
	CU_ASSERT_PTR_NULL(blame_alert(0));
}

TEST_MAIN("net/blame", {"each failure has its rule", each_failure_has_its_rule},
	  {"an alert has its name", an_alert_has_its_name})
