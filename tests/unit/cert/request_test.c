/*
 * request_test.c - what is asked for is what the plan says, in its order.
 */
#include "cert/request.h"

#include "../cunit_main.h"
#include "cert/certs.h"

#include <errno.h>

#define NAMES_MAX 12

/* A plan made by hand. */
static struct cert_plan *plan_of(const char *cn, const char *const *names)
{
	struct cert_plan *plan = calloc(1, sizeof(*plan));

	plan->common_name = strdup(cn);
	plan->name = calloc(NAMES_MAX, sizeof(*plan->name));
	for (; *names; names++) {
		plan->name[plan->n++].name = strdup(*names);
	}
	return plan;
}

static void plan_free(struct cert_plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		free(plan->name[i].name);
	free(plan->name);
	free(plan->common_name);
	free(plan);
}

/* An extension as openssl prints it, "" when it is not asked for. */
static const char *asked(X509_REQ *req, int nid)
{
	static char text[512];
	STACK_OF(X509_EXTENSION) *all = X509_REQ_get_extensions(req);
	int at = X509v3_get_ext_by_NID(all, nid, -1), n = 0;
	BIO *out = BIO_new(BIO_s_mem());

	if (at >= 0) {
		X509V3_EXT_print(out, X509v3_get_ext(all, at), 0, 0);
		n = BIO_read(out, text, sizeof(text) - 1);
	}
	text[n > 0 ? n : 0] = '\0';
	BIO_free(out);
	sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
	return text;
}

static bool is_critical(X509_REQ *req, int nid)
{
	STACK_OF(X509_EXTENSION) *all = X509_REQ_get_extensions(req);
	int at = X509v3_get_ext_by_NID(all, nid, -1);
	bool critical =
		at >= 0 && X509_EXTENSION_get_critical(X509v3_get_ext(all, at));

	sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
	return critical;
}

static const char *cn_of(X509_REQ *req)
{
	static char text[128];

	X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(req),
				  NID_commonName, text, sizeof(text));
	return text;
}

static void asks_for_what_the_plan_says(void)
{
	static const char *const names[] = {
		"sip.example.com", "sip.example.org", "av.example.com", NULL};
	struct cert_plan *plan = plan_of("sip.example.com", names);
	X509_REQ *req = NULL;
	EVP_PKEY *key = NULL;
	char why[WHY_MAX];

	CU_ASSERT_EQUAL_FATAL(cert_key_make(&key, 0), 0);
	CU_ASSERT_EQUAL_FATAL(cert_request_make(&req, plan, key, why), 0);
	CU_ASSERT_EQUAL(X509_REQ_verify(req, key), 1);
	CU_ASSERT_EQUAL(X509_REQ_get_version(req), 0);
	CU_ASSERT_STRING_EQUAL(cn_of(req), "sip.example.com");
	CU_ASSERT_STRING_EQUAL(asked(req, NID_subject_alt_name),
			       "DNS:sip.example.com, DNS:sip.example.org, "
			       "DNS:av.example.com");
	CU_ASSERT_STRING_EQUAL(asked(req, NID_key_usage), "Digital Signature");
	CU_ASSERT_TRUE(is_critical(req, NID_key_usage));
	CU_ASSERT_STRING_EQUAL(asked(req, NID_ext_key_usage),
			       "TLS Web Server Authentication");
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	plan_free(plan);
}

static void who_connects_too_asks_for_client_auth(void)
{
	static const char *const names[] = {"edge01.internal.example", NULL};
	struct cert_plan *plan = plan_of("edge01.internal.example", names);
	X509_REQ *req = NULL;
	EVP_PKEY *key = NULL;
	char why[WHY_MAX];

	plan->client_auth = true;
	CU_ASSERT_EQUAL_FATAL(cert_key_make(&key, 2048), 0);
	CU_ASSERT_EQUAL_FATAL(cert_request_make(&req, plan, key, why), 0);
	CU_ASSERT_STRING_EQUAL(asked(req, NID_ext_key_usage),
			       "TLS Web Server Authentication, "
			       "TLS Web Client Authentication");
	CU_ASSERT_STRING_EQUAL(asked(req, NID_key_usage),
			       "Digital Signature, Key Encipherment");
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	plan_free(plan);
}

static void keys_are_of_the_kind_that_was_asked_for(void)
{
	static const unsigned refused[] = {1, 1024, 2047, 4097, 8192};
	EVP_PKEY *key = NULL;
	char curve[32] = "";

	CU_ASSERT_EQUAL_FATAL(cert_key_make(&key, 0), 0);
	EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL);
	CU_ASSERT_STRING_EQUAL(curve, "prime256v1");
	EVP_PKEY_free(key);
	CU_ASSERT_EQUAL_FATAL(cert_key_make(&key, 3072), 0);
	CU_ASSERT_EQUAL(EVP_PKEY_get_base_id(key), EVP_PKEY_RSA);
	CU_ASSERT_EQUAL(EVP_PKEY_get_bits(key), 3072);
	EVP_PKEY_free(key);
	key = NULL;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		CU_ASSERT_EQUAL(cert_key_make(&key, refused[i]), EINVAL);
	CU_ASSERT_PTR_NULL(key);
}

static void two_keys_are_two(void)
{
	EVP_PKEY *one = NULL, *other = NULL;

	CU_ASSERT_EQUAL_FATAL(cert_key_make(&one, 0), 0);
	CU_ASSERT_EQUAL_FATAL(cert_key_make(&other, 0), 0);
	CU_ASSERT_NOT_EQUAL(EVP_PKEY_eq(one, other), 1);
	EVP_PKEY_free(one);
	EVP_PKEY_free(other);
}

static void a_common_name_without_room_is_told(void)
{
	static const char long_name[] =
		"a-name-that-is-much-too-long-for-any-certificate."
		"internal.example";
	static const char *const names[] = {long_name, NULL};
	struct cert_plan *plan = plan_of(long_name, names);
	X509_REQ *req = NULL;
	EVP_PKEY *key = NULL;
	char why[WHY_MAX] = "";

	CU_ASSERT_EQUAL(strlen(long_name), 65);
	CU_ASSERT_EQUAL_FATAL(cert_key_make(&key, 0), 0);
	CU_ASSERT_EQUAL(cert_request_make(&req, plan, key, why), EINVAL);
	CU_ASSERT_PTR_NULL(req);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "64 bytes"));
	plan->common_name[64] = '\0';
	CU_ASSERT_EQUAL(cert_request_make(&req, plan, key, why), 0);
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	plan_free(plan);
}

TEST_MAIN("cert/request",
	  {"a request has the plan's names in the plan's order",
	   asks_for_what_the_plan_says},
	  {"a server that connects as well asks for clientAuth",
	   who_connects_too_asks_for_client_auth},
	  {"keys are P-256, or RSA of 2048 to 4096 bits",
	   keys_are_of_the_kind_that_was_asked_for},
	  {"two keys are two", two_keys_are_two},
	  {"a common name that has no room is told",
	   a_common_name_without_room_is_told})
