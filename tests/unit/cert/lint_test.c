/*
 * lint_test.c - each rule of cert/lint against certificates made for it: the
 * whole list of findings, not only the one that is meant.
 */
#include "cert/lint_bench.h"

/* Names of plans are owned and may be changed; these are not. */
#define NAME(text) .name = (char[]){text}, .who = "who", .breaks = "what"

static struct cert_plan_name edge_names[] = {
	{NAME("sip.example.com")},
	{NAME("sip.example.org")},
};

static const struct cert_plan edge_plan = {
	.profile = CERT_EXTERNAL_EDGE,
	.common_name = (char[]){"sip.example.com"},
	.n = 2,
	.name = edge_names,
};

static struct cert_plan_name inside_names[] = {
	{NAME("edge.internal.example")},
};

static const struct cert_plan inside_plan = {
	.profile = CERT_INTERNAL_EDGE,
	.leg = LEG_INSIDE,
	.common_name = (char[]){"edge.internal.example"},
	.client_auth = true,
	.cn_only_ok = true,
	.n = 1,
	.name = inside_names,
};

static struct cert_plan_name web_names[] = {
	{NAME("web.example.com")},
	{NAME("meet.example.com"), .web = true},
	{NAME("dialin.example.com"), .web = true},
	{NAME("old.example.com"), .optional = true},
};

static const struct cert_plan web_plan = {
	.profile = CERT_REVERSE_PROXY,
	.common_name = (char[]){"web.example.com"},
	.n = 4,
	.name = web_names,
};

/** A leaf behind the good intermediate, and what is found. */
struct row {
	const char *what;
	struct bench_order order;
	const char *expected;
};

#define GOOD "DNS:sip.example.com,DNS:sip.example.org"

static const struct row outside[] = {
	{"as it should be", {0}, ""},
	{"CN is another host of the SAN",
	 {.cn = "sip.example.org"},
	 "E:cn-is-not-the-fqdn W:san-first-is-not-the-cn"},
	{"CN is a host that no SAN repeats",
	 {.cn = "other.example.com"},
	 "E:cn-is-not-the-fqdn E:cn-not-in-san"},
	{"no CN", {.cn = ""}, "E:cn-is-not-the-fqdn"},
	{"wildcard CN",
	 {.cn = "*.example.com"},
	 "E:cn-is-not-the-fqdn E:cn-is-a-wildcard"},
	{"two CNs",
	 {.cn = "first.example.com", .cn_too = "sip.example.com"},
	 "W:cn-more-than-one"},
	{"CN in capital letters is the same host",
	 {.cn = "SIP.Example.COM"},
	 ""},
	{"no SAN", {.san = ""}, "E:san-missing E:name-missing E:name-missing"},
	{"only e-mail in the SAN",
	 {.san = "email:a@example.com"},
	 "E:san-missing E:name-missing E:name-missing N:san-other-kind"},
	{"first SAN is not the CN",
	 {.san = "DNS:sip.example.org,DNS:sip.example.com"},
	 "W:san-first-is-not-the-cn"},
	{"the CN's SAN is missing",
	 {.san = "DNS:sip.example.org"},
	 "E:name-missing"},
	{"a domain's SAN is missing",
	 {.san = "DNS:sip.example.com"},
	 "E:name-missing"},
	{"wildcard SAN in place of a name",
	 {.san = "DNS:sip.example.com,DNS:*.example.org"},
	 "E:san-wildcard E:name-missing"},
	{"wildcard SAN beside all names",
	 {.san = GOOD ",DNS:*.example.com"},
	 "E:san-wildcard"},
	{"wildcard inside a label",
	 {.san = GOOD ",DNS:s*p.example.com"},
	 "E:san-wildcard"},
	{"superfluous name",
	 {.san = GOOD ",DNS:www.example.com"},
	 "N:name-superfluous"},
	{"a name twice",
	 {.san = GOOD ",DNS:SIP.example.org."},
	 "N:name-twice W:name-trailing-dot N:name-upper-case"},
	{"inside name outside",
	 {.san = GOOD ",DNS:edge01.corp.internal"},
	 "N:name-superfluous E:name-not-public"},
	{"single label outside",
	 {.san = GOOD ",DNS:edge01"},
	 "N:name-superfluous E:name-not-public"},
	{"NUL in a name",
	 {.nul_dns = "sip.example.com!.evil.test"},
	 "E:name-missing E:name-missing E:name-nul"},
	{"a name with a space",
	 {.san = GOOD ",DNS:sip example.com"},
	 "E:name-unusable"},
	{"an empty label",
	 {.san = GOOD ",DNS:sip..example.com"},
	 "E:name-unusable"},
	{"an underscore",
	 {.san = GOOD ",DNS:_sip.example.com"},
	 "E:name-unusable"},
	{"trailing dot",
	 {.san = "DNS:sip.example.com.,DNS:sip.example.org"},
	 "W:name-trailing-dot"},
	{"upper case",
	 {.san = "DNS:sip.example.com,DNS:SIP.EXAMPLE.ORG"},
	 "N:name-upper-case"},
	{"punycode",
	 {.san = GOOD ",DNS:sip.xn--bcher-kva.example"},
	 "N:name-superfluous N:name-punycode"},
	{"IP SAN", {.san = GOOD ",IP:192.0.2.1"}, "W:san-ip"},
	{"sip: URI SAN", {.san = GOOD ",URI:sip:example.com"}, "N:san-sip-uri"},
	{"sips: URI SAN",
	 {.san = GOOD ",URI:sips:example.com"},
	 "N:san-uri-unused"},
	{"sip: URI with a user",
	 {.san = GOOD ",URI:sip:a@example.com"},
	 "N:san-uri-unused"},
	{"clientAuth only",
	 {.eku = "clientAuth"},
	 "E:usage-no-server N:usage-client"},
	{"clientAuth too", {.eku = "serverAuth,clientAuth"}, "N:usage-client"},
	{"any purpose", {.eku = "anyExtendedKeyUsage"}, ""},
	{"a purpose of e-mail",
	 {.eku = "emailProtection"},
	 "E:usage-no-server"},
	{"no extended key usage", {.eku = ""}, "N:usage-none"},
	{"no digitalSignature",
	 {.ku = "critical,keyEncipherment"},
	 "E:usage-no-signature"},
	{"a CA as leaf", {.ca = "critical,CA:TRUE"}, "E:is-an-authority"},
	{"unknown critical extension",
	 {.odd_oid = "1.3.6.1.4.1.99999.1"},
	 "E:extension-unknown"},
	{"must-staple",
	 {.extra_nid = NID_tlsfeature, .extra = "status_request"},
	 "W:must-staple"},
	{"no CRL, no OCSP", {.crl = ""}, "W:revocation-unnamed"},
	{"OCSP only",
	 {.crl = "",
	  .extra_nid = NID_info_access,
	  .extra = "OCSP;URI:http://ocsp.example.com"},
	 ""},
	{"short-lived needs no list", {.crl = "", .from_d = -1, .to_d = 9}, ""},
	{"serial zero", {.serial = -1}, "W:serial-odd"},
	{"1024-bit RSA", {.key = KEY_RSA1024}, "E:key-weak"},
	{"2048-bit RSA", {.key = KEY_RSA2048}, ""},
	{"5000-bit RSA", {.key = KEY_RSA5000}, "W:key-odd"},
	{"P-224", {.key = KEY_P224}, "E:key-weak"},
	{"P-521", {.key = KEY_P521}, "W:key-odd"},
	{"secp256k1", {.key = KEY_K256}, "E:key-odd"},
	{"Ed25519", {.key = KEY_ED25519}, "E:key-odd"},
	{"SHA-1", {.md = EVP_sha1}, "E:signature-weak"},
	{"not yet valid", {.from_d = 1, .to_d = 90}, "E:not-yet-valid"},
	{"expired", {.from_d = -90, .to_d = -1}, "E:expired"},
	{"29 days left", {.from_d = -100, .to_d = 29}, "W:expires-soon"},
	{"31 days left", {.from_d = -100, .to_d = 31}, ""},
	{"6 days left", {.from_d = -100, .to_d = 6}, "E:expires-soon"},
	{"16 of 47 days left", {.from_d = -31, .to_d = 16}, ""},
	{"15 of 47 days left", {.from_d = -32, .to_d = 15}, "W:expires-soon"},
	{"201 days, from 2026 on",
	 {.from_d = -1, .to_d = 200},
	 "W:lifetime-too-long"},
	{"200 days, from 2026 on", {.from_d = -1, .to_d = 199}, ""},
	{"398 days, from 2025", {.from_d = -180, .to_d = 218}, ""},
	{"399 days, from 2025",
	 {.from_d = -180, .to_d = 219},
	 "W:lifetime-too-long"},
};

static struct bench bench;

static void judge(const struct row *row, struct cert_subject *subject)
{
	STACK_OF(X509) *rest = sk_X509_new_null();
	struct cert leaf;

	bench_make(&leaf, &row->order, &bench.issuer);
	sk_X509_push(rest, bench.issuer.x509);
	subject->leaf = leaf.x509;
	subject->rest = rest;
	subject->trust = bench.trust;
	subject->wall_s = (uint64_t)DAY;
	bench_expect(row->what, subject, row->expected);
	sk_X509_free(rest);
	cert_free(&leaf);
}

static void each_fault_outside_has_its_finding_and_no_other(void)
{
	struct cert_subject subject = {.plan = &edge_plan, .public_leg = true};

	bench_init(&bench);
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
		judge(&outside[i], &subject);
	bench_fini(&bench);
}

#define INSIDE .cn = "edge.internal.example", .eku = "serverAuth,clientAuth"
#define ITSELF "DNS:edge.internal.example"

static const struct row inside[] = {
	{"as it should be", {INSIDE, .san = ITSELF}, ""},
	{"the CN alone will do", {INSIDE, .san = ""}, "N:san-missing"},
	{"serverAuth only",
	 {.cn = "edge.internal.example", .san = ITSELF},
	 "W:usage-no-client"},
	{"IP SAN", {INSIDE, .san = ITSELF ",IP:10.0.0.1"}, "N:san-ip"},
	{"no list", {INSIDE, .san = ITSELF, .crl = ""}, "N:revocation-unnamed"},
	{"two years", {INSIDE, .san = ITSELF, .from_d = -30, .to_d = 700}, ""},
	{"three years",
	 {INSIDE, .san = ITSELF, .from_d = -30, .to_d = 1065},
	 "N:lifetime-too-long"},
	{"the public name",
	 {.eku = "serverAuth,clientAuth"},
	 "E:cn-is-not-the-fqdn E:name-missing N:name-superfluous "
	 "N:name-superfluous"},
};

static void each_fault_inside_has_its_finding_and_no_other(void)
{
	struct cert_subject subject = {.plan = &inside_plan};

	bench_init(&bench);
	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
		judge(&inside[i], &subject);
	bench_fini(&bench);
}

#define WEB .cn = "web.example.com"

static const struct row web[] = {
	{"a name each",
	 {WEB, .san = "DNS:web.example.com,DNS:meet.example.com,"
		      "DNS:dialin.example.com"},
	 ""},
	{"a wildcard for web names",
	 {WEB, .san = "DNS:web.example.com,DNS:*.example.com"},
	 "N:san-wildcard"},
	{"a wildcard of another domain",
	 {WEB, .san = "DNS:web.example.com,DNS:*.example.org"},
	 "W:san-wildcard E:name-missing E:name-missing"},
	{"another order",
	 {WEB, .san = "DNS:web.example.com,DNS:dialin.example.com,"
		      "DNS:meet.example.com"},
	 "N:san-order"},
};

static void a_wildcard_stands_for_web_names_only(void)
{
	struct cert_subject subject = {.plan = &web_plan, .public_leg = true};

	bench_init(&bench);
	for (size_t i = 0; i < sizeof(web) / sizeof(web[0]); i++)
		judge(&web[i], &subject);
	bench_fini(&bench);
}

static const struct row unplanned[] = {
	{"as it should be", {0}, ""},
	{"whatever names", {.cn = "a.example", .san = "DNS:a.example"}, ""},
	{"wildcard", {.san = GOOD ",DNS:*.example.com"}, "W:san-wildcard"},
	{"no SAN", {.san = ""}, "W:san-missing"},
	{"CN that no SAN repeats",
	 {.cn = "other.example.com"},
	 "E:cn-not-in-san"},
};

static void without_a_plan_no_name_is_missing(void)
{
	struct cert_subject subject = {0};

	bench_init(&bench);
	for (size_t i = 0; i < sizeof(unplanned) / sizeof(unplanned[0]); i++)
		judge(&unplanned[i], &subject);
	bench_fini(&bench);
}

static void who_is_shown_to_partners_may_lack_client_auth(void)
{
	static const struct row row = {
		"serverAuth only", {0}, "N:usage-no-client"};
	struct cert_subject subject = {
		.plan = &edge_plan, .public_leg = true, .federates = true};

	bench_init(&bench);
	judge(&row, &subject);
	bench_fini(&bench);
}

static void a_client_certificate_need_not_be_a_servers(void)
{
	static const struct row client = {"client", {.eku = "clientAuth"}, ""};
	struct cert_subject subject = {
		.plan = &edge_plan, .public_leg = true, .client = true};

	bench_init(&bench);
	judge(&client, &subject);
	bench_fini(&bench);
}

static void must_staple_is_fine_when_it_is_stapled(void)
{
	static const struct row row = {"must-staple",
				       {.extra_nid = NID_tlsfeature,
					.extra = "status_request"},
				       ""};
	struct cert_subject subject = {
		.plan = &edge_plan, .public_leg = true, .staples = true};

	bench_init(&bench);
	judge(&row, &subject);
	bench_fini(&bench);
}

static void the_key_fits_and_is_its_owners_alone(void)
{
	struct cert_subject subject = {.wall_s = (uint64_t)DAY};
	struct bench_order order = {0};
	struct cert leaf, other;

	bench_init(&bench);
	bench_make(&leaf, &order, &bench.issuer);
	bench_make(&other, &order, &bench.issuer);
	subject.leaf = leaf.x509;
	subject.key = leaf.key;
	subject.key_mode = 0600;
	bench_expect("its key", &subject, "");
	subject.key = other.key;
	bench_expect("another key", &subject, "E:key-mismatch");
	subject.key_mode = 0640;
	subject.key = NULL;
	bench_expect("the group may read", &subject, "E:key-file-open");
	cert_free(&leaf);
	cert_free(&other);
	bench_fini(&bench);
}

static X509_REQ *request_of(const char *cn, const char *san, EVP_PKEY *key)
{
	STACK_OF(X509_EXTENSION) *all = sk_X509_EXTENSION_new_null();
	X509_REQ *r = X509_REQ_new();

	X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(r), "CN",
				   MBSTRING_UTF8, (const unsigned char *)cn, -1,
				   -1, 0);
	sk_X509_EXTENSION_push(all,
			       X509V3_EXT_conf_nid(NULL, NULL,
						   NID_subject_alt_name, san));
	X509_REQ_add_extensions(r, all);
	sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
	X509_REQ_set_pubkey(r, key);
	X509_REQ_sign(r, key, EVP_sha256());
	return r;
}

static void a_request_is_judged_before_it_is_sent(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509_REQ *good = request_of("sip.example.com", GOOD, key);
	X509_REQ *bad = request_of("sip.example.org",
				   "DNS:sip.example.org,DNS:edge.local", key);
	struct cert_subject subject = {
		.request = good,
		.key = key,
		.plan = &edge_plan,
		.public_leg = true,
	};

	bench_expect("good", &subject, "");
	subject.request = bad;
	bench_expect("bad", &subject,
		     "E:cn-is-not-the-fqdn E:name-missing "
		     "N:name-superfluous E:name-not-public");
	X509_REQ_free(good);
	X509_REQ_free(bad);
	EVP_PKEY_free(key);
}

static void keep_nul(const struct cert_finding *f, void *arg)
{
	if (!strcmp(f->rule, "name-nul"))
		snprintf(arg, 700, "%s", f->is);
}

static void text_of_a_certificate_is_escaped_and_cut(void)
{
	struct cert_subject subject = {.wall_s = (uint64_t)DAY};
	struct bench_order order = {
		.nul_dns = "a\r\n\x1b[2Jx!aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test"};
	struct cert leaf;
	char is[700] = "";

	bench_make(&leaf, &order, NULL);
	subject.leaf = leaf.x509;
	cert_lint(&subject, keep_nul, is);
	CU_ASSERT_PTR_NOT_NULL(strstr(is, "a\\x0d\\x0a\\x1b[2Jx\\x00aaa"));
	CU_ASSERT_PTR_NOT_NULL(strstr(is, "aaa..."));
	CU_ASSERT_TRUE(strlen(is) < 140);
	cert_free(&leaf);
}

static void ignore(const struct cert_finding *f, void *arg)
{
	CU_ASSERT_TRUE_FATAL(f->is && f->should && f->mend);
	++*(unsigned *)arg;
}

/* Whatever a stranger sends is judged, not believed. */
static void no_broken_byte_of_a_certificate_is_fatal(void)
{
	struct bench_order order = {
		.san = GOOD
		",IP:192.0.2.1,URI:sip:example.com,email:a@b.example",
		.extra_nid = NID_info_access,
		.extra = "OCSP;URI:http://ocsp.example.com"};
	struct cert_subject subject = {.plan = &edge_plan,
				       .public_leg = true,
				       .wall_s = (uint64_t)DAY};
	unsigned char *der = NULL;
	unsigned told = 0;
	struct cert leaf;
	int n;

	bench_init(&bench);
	bench_make(&leaf, &order, &bench.issuer);
	subject.trust = bench.trust;
	n = i2d_X509(leaf.x509, &der);
	for (int i = 0; i < 4 * n; i++) {
		static const unsigned char odd[] = {0, 0xff, '*', 1};
		unsigned char was = der[i / 4];
		const unsigned char *p = der;

		der[i / 4] = odd[i % 4];
		subject.leaf = d2i_X509(NULL, &p, n);
		cert_lint(&subject, ignore, &told);
		X509_free(subject.leaf);
		der[i / 4] = was;
	}
	CU_ASSERT_TRUE(told > 1000);
	OPENSSL_free(der);
	cert_free(&leaf);
	bench_fini(&bench);
}

static void each_rule_has_an_id_and_a_sentence(void)
{
	size_t n;
	const struct cert_rule *r = cert_lint_rules(&n);

	CU_ASSERT_TRUE(n >= 40);
	for (size_t i = 0; i < n; i++) {
		CU_ASSERT_TRUE(r[i].rule && r[i].help &&
			       r[i].help[strlen(r[i].help) - 1] == '.');
		for (size_t j = 0; r[i].rule && j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(r[i].rule, r[j].rule);
	}
	CU_ASSERT_STRING_EQUAL(cert_severity_word(CERT_WARNING), "warning");
}

TEST_MAIN("cert/lint",
	  {"outside: each fault has its finding, and no other",
	   each_fault_outside_has_its_finding_and_no_other},
	  {"inside: each fault has its finding, and no other",
	   each_fault_inside_has_its_finding_and_no_other},
	  {"a wildcard stands for web names only",
	   a_wildcard_stands_for_web_names_only},
	  {"without a plan no name is missing",
	   without_a_plan_no_name_is_missing},
	  {"who is shown to partners may lack clientAuth",
	   who_is_shown_to_partners_may_lack_client_auth},
	  {"a client certificate need not be a server's",
	   a_client_certificate_need_not_be_a_servers},
	  {"must-staple is fine when it is stapled",
	   must_staple_is_fine_when_it_is_stapled},
	  {"the key fits, and is its owner's alone",
	   the_key_fits_and_is_its_owners_alone},
	  {"a request is judged before it is sent",
	   a_request_is_judged_before_it_is_sent},
	  {"text of a certificate is escaped and cut",
	   text_of_a_certificate_is_escaped_and_cut},
	  {"no broken byte of a certificate is fatal",
	   no_broken_byte_of_a_certificate_is_fatal},
	  {"each rule has an id and a sentence",
	   each_rule_has_an_id_and_a_sentence})
