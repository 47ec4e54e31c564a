/*
 * certificate_test.c - which names a certificate proves, and which it does not.
 */
#include "cert/certificate.h"

#include "../cunit_main.h"
#include "cert/certs.h"

#include <errno.h>

/** A certificate, and what it proves. */
struct row {
	const char *what;
	struct cert_order order;
	const char *wanted;
	bool proves;
};

static const struct row cases[] = {
	{"SAN DNS proves",
	 {.san = "DNS:sip.example.com"},
	 "sip.example.com",
	 true},
	{"another host is another host",
	 {.san = "DNS:sip.example.com"},
	 "www.example.com",
	 false},
	{"the domain above is not proven",
	 {.san = "DNS:sip.example.com"},
	 "example.com",
	 false},
	{"the host below is not proven",
	 {.san = "DNS:example.com"},
	 "sip.example.com",
	 false},
	{"upper case in the certificate",
	 {.san = "DNS:SIP.Example.COM"},
	 "sip.example.com",
	 true},
	{"upper case in what is wanted",
	 {.san = "DNS:sip.example.com"},
	 "SIP.EXAMPLE.COM",
	 true},
	{"trailing dot in the certificate",
	 {.san = "DNS:sip.example.com."},
	 "sip.example.com",
	 true},
	{"two trailing dots in the certificate are no name",
	 {.san = "DNS:sip.example.com.."},
	 "sip.example.com",
	 false},
	{"trailing dot in what is wanted",
	 {.san = "DNS:sip.example.com"},
	 "sip.example.com.",
	 true},
	{"the second SAN counts too",
	 {.san = "DNS:a.example.com,DNS:b.example.com"},
	 "b.example.com",
	 true},
	{"SAN URI sip: proves the domain",
	 {.san = "URI:sip:example.com"},
	 "example.com",
	 true},
	{"scheme in upper case",
	 {.san = "URI:SIP:example.com"},
	 "example.com",
	 true},
	{"sips: is no identity",
	 {.san = "URI:sips:example.com"},
	 "example.com",
	 false},
	{"another scheme is no identity",
	 {.san = "URI:https://example.com"},
	 "example.com",
	 false},
	{"a URI with a user is no domain",
	 {.san = "URI:sip:alice@example.com"},
	 "example.com",
	 false},
	{"a URI with a parameter is no domain",
	 {.san = "URI:sip:example.com;lr"},
	 "example.com",
	 false},
	{"an empty URI is nothing", {.san = "URI:sip:"}, "", false},
	{"a wildcard proves no host below",
	 {.san = "DNS:*.example.com"},
	 "sip.example.com",
	 false},
	{"a wildcard does not prove itself",
	 {.san = "DNS:*.example.com"},
	 "*.example.com",
	 false},
	{"a wildcard inside a label",
	 {.san = "DNS:s*p.example.com"},
	 "sip.example.com",
	 false},
	{"a NUL in a name ends nothing",
	 {.nul_dns = "sip.example.com!.evil.test"},
	 "sip.example.com",
	 false},
	{"a NUL at the end",
	 {.nul_dns = "sip.example.com!"},
	 "sip.example.com",
	 false},
	{"a space in a name",
	 {.san = "DNS:sip.exa mple.com"},
	 "sip.exa mple.com",
	 false},
	{"an empty label",
	 {.san = "DNS:sip..example.com"},
	 "sip.example.com",
	 false},
	{"a leading dot", {.san = "DNS:.example.com"}, ".example.com", false},
	{"punycode is only text",
	 {.san = "DNS:xn--bcher-kva.example"},
	 "xn--bcher-kva.example",
	 true},
	{"the CN when there is no SAN",
	 {.cn = "sip.example.com"},
	 "sip.example.com",
	 true},
	{"the CN is silent beside SAN DNS",
	 {.cn = "sip.example.com", .san = "DNS:other.example.com"},
	 "sip.example.com",
	 false},
	{"the CN is silent beside SAN URI",
	 {.cn = "sip.example.com", .san = "URI:sip:other.example.com"},
	 "sip.example.com",
	 false},
	{"the CN is silent beside an unusable SAN",
	 {.cn = "sip.example.com", .san = "DNS:*.example.com"},
	 "sip.example.com",
	 false},
	{"the CN speaks beside SAN e-mail",
	 {.cn = "sip.example.com", .san = "email:a@example.com"},
	 "sip.example.com",
	 true},
	{"a CN that is no host",
	 {.cn = "Example Company"},
	 "Example Company",
	 false},
	{"a wildcard CN", {.cn = "*.example.com"}, "sip.example.com", false},
	{"SAN IP proves the address",
	 {.san = "IP:192.0.2.1"},
	 "192.0.2.1",
	 true},
	{"another address is not proven",
	 {.san = "IP:192.0.2.1"},
	 "192.0.2.2",
	 false},
	{"SAN IP, version 6, however written",
	 {.san = "IP:2001:db8::1"},
	 "2001:DB8:0:0::1",
	 true},
	{"an address written as a DNS name",
	 {.san = "DNS:192.0.2.1"},
	 "192.0.2.1",
	 false},
	{"an address in the CN", {.cn = "192.0.2.1"}, "192.0.2.1", false},
	{"no name at all proves nothing",
	 {.san = "email:a@example.com"},
	 "",
	 false},
	{"no name wanted", {.san = "DNS:sip.example.com"}, "", false},
};

static struct cert authority;

static void make(struct cert *c, const struct cert_order *o)
{
	if (!authority.x509)
		cert_make(&authority,
			  &(struct cert_order){.cn = "ca", .authority = true},
			  NULL);
	cert_make(c, o, &authority);
}

static bool row_holds(const struct row *r)
{
	struct cert_names *names = NULL;
	char why[WHY_MAX];
	struct cert c;
	bool proves;

	make(&c, &r->order);
	CU_ASSERT_EQUAL_FATAL(cert_names_of(&names, c.x509, why), 0);
	CU_ASSERT_STRING_EQUAL(why, "");
	proves = cert_names_match(names, slice_of(r->wanted));
	cert_names_destroy(&names);
	CU_ASSERT_PTR_NULL(names);
	cert_free(&c);
	return proves == r->proves;
}

static void each_certificate_proves_what_it_should(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool holds = row_holds(&cases[i]);

		if (!holds)
			printf("    %s\n", cases[i].what);
		CU_ASSERT_TRUE(holds);
	}
	cert_free(&authority);
}

/* Whatever `uses` was, it is 0 when there are none. */
static int usage_result(const char *usage, unsigned *uses, char *why)
{
	struct cert_order o = {.san = "DNS:a.example.com", .usage = usage};
	struct cert_names *names = NULL;
	struct cert c;
	int err;

	make(&c, &o);
	err = cert_names_of(&names, c.x509, why);
	CU_ASSERT_EQUAL(err == 0, names != NULL);
	*uses = names ? names->uses : 0;
	cert_names_destroy(&names);
	cert_free(&c);
	return err;
}

static void usage_absent_or_for_sip_is_allowed(void)
{
	static const struct {
		const char *usage;
		unsigned uses;
	} good[] = {
		{NULL, CERT_USE_ANY},
		{"serverAuth", CERT_USE_SERVER},
		{"clientAuth", CERT_USE_CLIENT},
		{"serverAuth,clientAuth", CERT_USE_SERVER | CERT_USE_CLIENT},
		{"anyExtendedKeyUsage", CERT_USE_ANY},
		{"1.3.6.1.5.5.7.3.20", CERT_USE_SIP},
		{"1.3.6.1.5.5.7.3.20,serverAuth",
		 CERT_USE_SIP | CERT_USE_SERVER},
		{"codeSigning,serverAuth", CERT_USE_SERVER},
	};
	unsigned uses;
	char why[WHY_MAX];

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		CU_ASSERT_EQUAL(usage_result(good[i].usage, &uses, why), 0);
		CU_ASSERT_EQUAL(uses, good[i].uses);
	}
	cert_free(&authority);
}

static void usage_for_something_else_is_refused_and_said(void)
{
	static const char *const bad[] = {
		"codeSigning",
		"emailProtection",
		"timeStamping,OCSPSigning",
		"1.3.6.1.5.5.7.3.21",
	};
	unsigned uses;
	char why[WHY_MAX];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CU_ASSERT_EQUAL(usage_result(bad[i], &uses, why), EACCES);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, "extended key usage"));
	}
	cert_free(&authority);
}

static void names_are_lower_case_with_kind_and_fingerprint(void)
{
	struct cert_order o = {
		.san = "URI:sip:EXAMPLE.com,DNS:Sip.Example.com.,IP:::1"};
	struct cert_names *names = NULL;
	char why[WHY_MAX];
	struct cert c;

	make(&c, &o);
	CU_ASSERT_EQUAL_FATAL(cert_names_of(&names, c.x509, why), 0);
	CU_ASSERT_EQUAL_FATAL(names->n, 3);
	CU_ASSERT_EQUAL(names->name[0].kind, CERT_NAME_URI);
	CU_ASSERT_STRING_EQUAL(names->name[0].text, "example.com");
	CU_ASSERT_EQUAL(names->name[1].kind, CERT_NAME_DNS);
	CU_ASSERT_STRING_EQUAL(names->name[1].text, "sip.example.com");
	CU_ASSERT_EQUAL(names->name[2].kind, CERT_NAME_IP);
	CU_ASSERT_STRING_EQUAL(names->name[2].text, "::1");
	CU_ASSERT_EQUAL(strlen(names->fingerprint), 64);
	CU_ASSERT_EQUAL(strspn(names->fingerprint, "0123456789abcdef"), 64);
	cert_names_destroy(&names);
	cert_free(&c);
	cert_free(&authority);
}

static void a_list_needs_one_name_that_is_proven(void)
{
	char x[] = "x.example.com", y[] = "y.example.com",
	     b[] = "b.example.com";
	char *some[] = {x, b}, *none[] = {x, y};
	struct cert_order o = {.san = "DNS:a.example.com,DNS:b.example.com"};
	struct cert_names *names = NULL;
	char why[WHY_MAX];
	struct cert c;

	make(&c, &o);
	CU_ASSERT_EQUAL_FATAL(cert_names_of(&names, c.x509, why), 0);
	CU_ASSERT_TRUE(cert_names_listed(names, &(struct name_list){some, 2}));
	CU_ASSERT_FALSE(cert_names_listed(names, &(struct name_list){none, 2}));
	CU_ASSERT_FALSE(cert_names_listed(names, &(struct name_list){NULL, 0}));
	CU_ASSERT_FALSE(cert_names_listed(NULL, &(struct name_list){some, 2}));
	cert_names_destroy(&names);
	cert_free(&c);
	cert_free(&authority);
}

static void hundreds_of_names_are_cut_not_grown(void)
{
	static char san[200 * 24];
	struct cert_order o = {.san = san};
	struct cert_names *names = NULL;
	char why[WHY_MAX];
	struct cert c;
	size_t at = 0;

	for (int i = 0; i < 200; i++)
		at += (size_t)snprintf(san + at, sizeof(san) - at,
				       "%sDNS:h%d.example.com", i ? "," : "",
				       i);
	make(&c, &o);
	CU_ASSERT_EQUAL_FATAL(cert_names_of(&names, c.x509, why), 0);
	CU_ASSERT_EQUAL(names->n, 128);
	cert_names_destroy(&names);
	cert_free(&c);
	cert_free(&authority);
}

static void nobody_proves_nothing(void)
{
	struct cert_names *none = NULL;

	CU_ASSERT_FALSE(cert_names_match(NULL, SLICE("sip.example.com")));
	cert_names_destroy(&none);
	CU_ASSERT_PTR_NULL(none);
}

static int judged(X509_STORE *by, const struct cert *c, bool server)
{
	struct cert_chain chain = {
		.leaf = c->x509,
		.level = 1,
		.server = server,
	};
	int depth = -1, code = cert_chain_judge(by, &chain, &depth);

	CU_ASSERT_EQUAL(depth, 0);
	CU_ASSERT_EQUAL(cert_chain_judge(by, &chain, NULL), code);
	return code;
}

/* What it is for is asked of servers only. */
static void an_authority_vouches_for_what_it_signed(void)
{
	struct cert_order o = {.san = "DNS:a.example.com",
			       .usage = "clientAuth"};
	X509_STORE *store = X509_STORE_new(), *empty = X509_STORE_new();
	struct cert c;

	make(&c, &o);
	X509_STORE_add_cert(store, authority.x509);
	CU_ASSERT_EQUAL(judged(store, &c, false), X509_V_OK);
	CU_ASSERT_EQUAL(judged(store, &c, true), X509_V_ERR_INVALID_PURPOSE);
	CU_ASSERT_EQUAL(judged(empty, &c, false),
			X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY);
	X509_STORE_free(store);
	X509_STORE_free(empty);
	cert_free(&c);
	cert_free(&authority);
}

static void a_certificate_has_its_time(void)
{
	struct cert_order past = {.starts_s = -2 * CERT_DAY_S,
				  .ends_s = -CERT_DAY_S},
			  now = {0},
			  later = {.starts_s = CERT_DAY_S,
				   .ends_s = 2 * CERT_DAY_S};
	const struct {
		const struct cert_order *o;
		int code;
	} rows[] = {{&past, X509_V_ERR_CERT_HAS_EXPIRED},
		    {&now, X509_V_OK},
		    {&later, X509_V_ERR_CERT_NOT_YET_VALID}};
	struct cert c;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		make(&c, rows[i].o);
		CU_ASSERT_EQUAL(cert_time_judge(c.x509), rows[i].code);
		cert_free(&c);
		cert_free(&authority);
	}
}

TEST_MAIN("cert/certificate",
	  {"an authority vouches for what it signed",
	   an_authority_vouches_for_what_it_signed},
	  {"a certificate has its time", a_certificate_has_its_time},
	  {"each certificate proves what it should and no more",
	   each_certificate_proves_what_it_should},
	  {"a usage that is absent or for SIP is allowed",
	   usage_absent_or_for_sip_is_allowed},
	  {"a usage for something else is refused and said",
	   usage_for_something_else_is_refused_and_said},
	  {"names are lower case, with kind and fingerprint",
	   names_are_lower_case_with_kind_and_fingerprint},
	  {"a list needs one name that is proven",
	   a_list_needs_one_name_that_is_proven},
	  {"hundreds of names are cut, not grown",
	   hundreds_of_names_are_cut_not_grown},
	  {"nobody proves nothing", nobody_proves_nothing})
