/*
 * lint_chain_test.c - what stands behind a certificate: each fault of a chain
 * has its finding, and no other.
 */
#include "cert/lint_bench.h"

#define CHAIN_MAX 8

/* Authorities that chains are made of. */
enum who {
	NOBODY,
	LEAF,
	ROOT,
	ISSUER,
	OTHER_ROOT,
	OTHER,
	SPARE,
	OLD,	      /* an intermediate that has expired */
	EARLY,	      /* one that expires before the leaf */
	WEAK,	      /* one with a short key */
	OF_SHA1,      /* one that was signed with SHA-1 */
	OF_RSA,	      /* signs with MD5 */
	FALSE_ISSUER, /* has the issuer's name and another key */
	NO_CA,	      /* an intermediate that is no authority */
	D1,
	D2,
	D3,
	D4,
	D5,
	WHO_MAX
};

/** Who signed the leaf, what is sent behind it, what is found. */
struct row {
	const char *what;
	enum who by;
	enum who rest[CHAIN_MAX];
	const char *expected;
};

static const struct row chains[] = {
	{"whole and in order", ISSUER, {ISSUER}, ""},
	{"by the root itself", ROOT, {NOBODY}, ""},
	{"missing intermediate", ISSUER, {NOBODY}, "E:chain-incomplete"},
	{"another intermediate in its place",
	 ISSUER,
	 {SPARE},
	 "E:chain-incomplete N:chain-unneeded"},
	{"wrong CA", OTHER, {OTHER}, "E:chain-ends-elsewhere"},
	{"wrong CA with its root",
	 OTHER,
	 {OTHER, OTHER_ROOT},
	 "E:chain-ends-elsewhere"},
	{"same name, other key",
	 FALSE_ISSUER,
	 {ISSUER},
	 "E:chain-ends-elsewhere N:chain-unneeded"},
	{"root included", ISSUER, {ISSUER, ROOT}, "N:chain-has-root"},
	{"root first", ISSUER, {ROOT, ISSUER}, "N:chain-has-root"},
	{"unneeded", ISSUER, {ISSUER, SPARE}, "N:chain-unneeded"},
	{"the leaf once more", ISSUER, {LEAF, ISSUER}, "W:chain-twice"},
	{"an intermediate twice", ISSUER, {ISSUER, ISSUER}, "W:chain-twice"},
	{"wrong order", D2, {D1, D2}, "W:chain-order"},
	{"depth 4", D4, {D4, D3, D2, D1}, ""},
	{"depth 5", D5, {D5, D4, D3, D2, D1}, "E:chain-too-deep"},
	{"a gap in the middle",
	 D3,
	 {D3, D1},
	 "E:chain-ends-elsewhere N:chain-unneeded"},
	{"an expired intermediate", OLD, {OLD}, "E:chain-expires"},
	{"an intermediate that expires first",
	 EARLY,
	 {EARLY},
	 "W:chain-expires"},
	{"an intermediate with a short key", WEAK, {WEAK}, "E:key-weak"},
	{"an intermediate signed with SHA-1",
	 OF_SHA1,
	 {OF_SHA1},
	 "E:signature-weak"},
	{"signed with MD5", OF_RSA, {OF_RSA}, "E:signature-weak"},
	{"an intermediate that is no authority",
	 NO_CA,
	 {NO_CA},
	 "E:chain-broken"},
	{"self-signed", LEAF, {NOBODY}, "E:self-signed"},
};

static struct bench bench;
static struct cert all[WHO_MAX];

static void authority(enum who who, const char *cn, const struct cert *by,
		      struct bench_order o)
{
	o.cn = cn;
	o.san = o.eku = "";
	o.ku = "critical,keyCertSign";
	o.ca = o.ca ? o.ca : "critical,CA:TRUE";
	o.from_d = -1000;
	o.to_d = o.to_d ? o.to_d : 3000;
	bench_make(&all[who], &o, by);
}

static void init(void)
{
	bench_init(&bench);
	authority(OLD, "Old", &bench.root, (struct bench_order){.to_d = -1});
	authority(EARLY, "Early", &bench.root,
		  (struct bench_order){.to_d = 40});
	authority(WEAK, "Weak", &bench.root,
		  (struct bench_order){.key = KEY_RSA1024});
	authority(OF_SHA1, "Sha1", &bench.root,
		  (struct bench_order){.md = EVP_sha1});
	authority(OF_RSA, "Rsa", &bench.root,
		  (struct bench_order){.key = KEY_RSA2048});
	authority(FALSE_ISSUER, "Issuing", &bench.root,
		  (struct bench_order){0});
	authority(NO_CA, "No CA", &bench.root,
		  (struct bench_order){.ca = "CA:FALSE"});
	authority(D1, "D1", &bench.root, (struct bench_order){0});
	authority(D2, "D2", &all[D1], (struct bench_order){0});
	authority(D3, "D3", &all[D2], (struct bench_order){0});
	authority(D4, "D4", &all[D3], (struct bench_order){0});
	authority(D5, "D5", &all[D4], (struct bench_order){0});
}

static void fini(void)
{
	for (int i = OLD; i < WHO_MAX; i++)
		cert_free(&all[i]);
	bench_fini(&bench);
}

static const struct cert *whose(enum who who, const struct cert *leaf)
{
	switch (who) {
	case LEAF:
		return leaf;
	case ROOT:
		return &bench.root;
	case ISSUER:
		return &bench.issuer;
	case OTHER_ROOT:
		return &bench.other_root;
	case OTHER:
		return &bench.other;
	case SPARE:
		return &bench.spare;
	default:
		return &all[who];
	}
}

static void judge(const struct row *row, X509_STORE *trust, bool public_leg)
{
	struct cert_subject subject = {
		.trust = trust,
		.public_leg = public_leg,
		.wall_s = (uint64_t)DAY,
	};
	struct bench_order order = {
		.md = row->by == OF_RSA ? EVP_md5 : NULL,
	};
	struct cert leaf;

	bench_make(&leaf, &order,
		   row->by == LEAF ? NULL : whose(row->by, NULL));
	subject.leaf = leaf.x509;
	subject.rest = sk_X509_new_null();
	for (int i = 0; row->rest[i]; i++)
		sk_X509_push(subject.rest, whose(row->rest[i], &leaf)->x509);
	bench_expect(row->what, &subject, row->expected);
	sk_X509_free(subject.rest);
	cert_free(&leaf);
}

static void each_fault_of_a_chain_has_its_finding_and_no_other(void)
{
	init();
	for (size_t i = 0; i < sizeof(chains) / sizeof(chains[0]); i++) {
		judge(&chains[i], bench.trust, true);
		judge(&chains[i], bench.trust, false);
	}
	fini();
}

static void without_trust_only_what_is_sent_counts(void)
{
	static const struct row whole = {"whole", ISSUER, {ISSUER}, ""},
				lone = {"lone", ISSUER, {NOBODY}, ""},
				sold = {"lone, public",
					ISSUER,
					{NOBODY},
					"E:chain-incomplete"},
				other = {"other", OTHER, {OTHER}, ""};

	init();
	judge(&whole, NULL, true);
	judge(&lone, NULL, false);
	judge(&sold, NULL, true);
	judge(&other, NULL, true);
	fini();
}

static void who_trusts_a_self_signed_one_is_warned(void)
{
	struct cert_subject subject = {.wall_s = (uint64_t)DAY};
	struct bench_order order = {0};
	struct cert leaf;

	bench_make(&leaf, &order, NULL);
	subject.leaf = leaf.x509;
	subject.trust = X509_STORE_new();
	X509_STORE_add_cert(subject.trust, leaf.x509);
	bench_expect("inside", &subject, "W:self-signed");
	subject.public_leg = true;
	bench_expect("outside", &subject, "E:self-signed");
	X509_STORE_free(subject.trust);
	cert_free(&leaf);
}

/* As when a new root was signed by an old one for who knows only that. */
static void a_cross_signed_root_is_not_followed_beyond_trust(void)
{
	struct cert_subject subject = {.public_leg = true,
				       .wall_s = (uint64_t)DAY};
	struct bench_order order = {0}, ca = {.cn = "Root",
					      .san = "",
					      .eku = "",
					      .ku = "critical,keyCertSign",
					      .ca = "critical,CA:TRUE",
					      .from_d = -1000,
					      .to_d = 3000};
	struct cert leaf, cross;

	bench_init(&bench);
	bench_make(&leaf, &order, &bench.issuer);
	bench_make(&cross, &ca, &bench.other_root);
	X509_set_pubkey(cross.x509, bench.root.key);
	X509_sign(cross.x509, bench.other_root.key, EVP_sha256());
	subject.leaf = leaf.x509;
	subject.trust = bench.trust;
	subject.rest = sk_X509_new_null();
	sk_X509_push(subject.rest, bench.issuer.x509);
	sk_X509_push(subject.rest, cross.x509);
	bench_expect("cross-signed", &subject, "N:chain-unneeded");
	sk_X509_free(subject.rest);
	cert_free(&leaf);
	cert_free(&cross);
	bench_fini(&bench);
}

TEST_MAIN("cert/lint_chain",
	  {"each fault of a chain has its finding, and no other",
	   each_fault_of_a_chain_has_its_finding_and_no_other},
	  {"without trust only what is sent counts",
	   without_trust_only_what_is_sent_counts},
	  {"who trusts a self-signed one is warned",
	   who_trusts_a_self_signed_one_is_warned},
	  {"a cross-signed root is not followed beyond trust",
	   a_cross_signed_root_is_not_followed_beyond_trust})
