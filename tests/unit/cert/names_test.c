/* SPDX-License-Identifier: Apache-2.0 */
/* names_test.c - whom the names of a certificate fit. */
#include "cert/names.h"

#include "cunit_main.h"

#include <stdlib.h>

static struct cert_names *two(void)
{
	struct cert_names *names =
		calloc(1, sizeof(*names) + 3 * sizeof(names->name[0]));

	CU_ASSERT_PTR_NOT_NULL_FATAL(names);
	names->name[names->n++] =
		(struct cert_name){CERT_NAME_URI, strdup("example.com")};
	names->name[names->n++] =
		(struct cert_name){CERT_NAME_DNS, strdup("sip.example.com")};
	names->name[names->n++] =
		(struct cert_name){CERT_NAME_IP, strdup("192.0.2.1")};
	return names;
}

static void a_name_fits_whole_and_in_any_case(void)
{
	struct cert_names *names = two();

	CU_ASSERT_TRUE(cert_names_match(names, SLICE("example.com")));
	CU_ASSERT_TRUE(cert_names_match(names, SLICE("SIP.Example.COM")));
	CU_ASSERT_TRUE(cert_names_match(names, SLICE("sip.example.com.")));
	CU_ASSERT_FALSE(cert_names_match(names, SLICE("a.sip.example.com")));
	CU_ASSERT_FALSE(cert_names_match(names, SLICE("com")));
	CU_ASSERT_FALSE(cert_names_match(names, SLICE("")));
	cert_names_destroy(&names);
}

static void an_address_fits_addresses_only(void)
{
	struct cert_names *names = two();

	CU_ASSERT_TRUE(cert_names_match(names, SLICE("192.0.2.1")));
	CU_ASSERT_FALSE(cert_names_match(names, SLICE("192.0.2.2")));
	cert_names_destroy(&names);
}

static void nobody_proves_nothing(void)
{
	struct cert_names *none = NULL;

	CU_ASSERT_FALSE(cert_names_match(NULL, SLICE("sip.example.com")));
	cert_names_destroy(&none);
	CU_ASSERT_PTR_NULL(none);
}

TEST_MAIN("cert/names",
	  {"a name fits whole, in any case", a_name_fits_whole_and_in_any_case},
	  {"an address fits addresses only", an_address_fits_addresses_only},
	  {"nobody proves nothing", nobody_proves_nothing})
