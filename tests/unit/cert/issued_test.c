/*
 * issued_test.c - what authorities send: forms, orders, and what is not theirs.
 */
#include "cert/issued.h"

#include "../cunit_main.h"
#include "cert/certs.h"

#include <errno.h>
#include <openssl/pkcs7.h>

/* root signs middle signs low signs leaf; other is a stranger. */
static struct cert root, middle, low, leaf, other;

static void make_all(void)
{
	cert_make(&root, &(struct cert_order){.cn = "root", .authority = true},
		  NULL);
	cert_make(&middle,
		  &(struct cert_order){.cn = "middle", .authority = true},
		  &root);
	cert_make(&low, &(struct cert_order){.cn = "low", .authority = true},
		  &middle);
	cert_make(&leaf,
		  &(struct cert_order){.cn = "sip.example.com",
				       .san = "DNS:sip.example.com"},
		  &low);
	cert_make(&other, &(struct cert_order){.cn = "other"}, NULL);
}

static void free_all(void)
{
	struct cert *all[] = {&root, &middle, &low, &leaf, &other};

	for (size_t i = 0; i < 5; i++)
		cert_free(all[i]);
}

static const struct cert *by_letter(char c)
{
	return c == 'r'	  ? &root
	       : c == 'm' ? &middle
	       : c == 'l' ? &low
	       : c == 'x' ? &leaf
			  : &other;
}

/* "xlm": the leaf, low, middle. */
static STACK_OF(X509) * stack_of(const char *letters)
{
	STACK_OF(X509) *all = sk_X509_new_null();

	for (; *letters; letters++)
		X509_add_cert(all, by_letter(*letters)->x509,
			      X509_ADD_FLAG_UP_REF);
	return all;
}

static const char *letters_of(X509 *first, STACK_OF(X509) * rest)
{
	static char text[16];
	size_t n = 0;

	for (int i = -1; i < sk_X509_num(rest) && n < sizeof(text) - 1; i++) {
		X509 *x = i < 0 ? first : sk_X509_value(rest, i);

		for (const char *c = "rmlxo"; x && *c; c++)
			if (X509_cmp(by_letter(*c)->x509, x) == 0)
				text[n++] = *c;
	}
	text[n] = '\0';
	return text;
}

/** What came, and what becomes of it. */
static const struct row {
	const char *came, *shown;
	bool in_order, rooted;
	unsigned others;
} orders[] = {
	{"xlm", "xlm", true, false, 0},	  {"xlmr", "xlm", true, true, 0},
	{"rmlx", "xlm", false, true, 0},  {"mlx", "xlm", false, false, 0},
	{"xml", "xlm", false, false, 0},  {"xrml", "xlm", false, true, 0},
	{"x", "x", true, false, 0},	  {"xm", "x", false, false, 1},
	{"oxlm", "xlm", false, false, 1}, {"xlmo", "xlm", false, false, 1},
	{"xxlm", "xlm", false, false, 1}, {"xllmm", "xlm", false, false, 2},
};

static void any_order_becomes_the_right_one(void)
{
	char why[WHY_MAX];

	make_all();
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		STACK_OF(X509) *all = stack_of(orders[i].came);
		struct cert_issued got = {0};

		printf("# %s\n", orders[i].came);
		CU_ASSERT_EQUAL(cert_issued_order(&got, all, leaf.key, why), 0);
		CU_ASSERT_STRING_EQUAL(letters_of(got.leaf, got.rest),
				       orders[i].shown);
		CU_ASSERT_EQUAL(got.in_order, orders[i].in_order);
		CU_ASSERT_EQUAL(got.rooted, orders[i].rooted);
		CU_ASSERT_EQUAL(got.others, orders[i].others);
		cert_issued_fini(&got);
		CU_ASSERT_PTR_NULL(got.leaf);
		sk_X509_pop_free(all, X509_free);
	}
	free_all();
}

static void another_key_gets_nothing(void)
{
	struct cert_issued got = {0};
	STACK_OF(X509) * all;
	char why[WHY_MAX] = "";

	make_all();
	all = stack_of("lmr");
	CU_ASSERT_EQUAL(cert_issued_order(&got, all, leaf.key, why), ENOENT);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "goes with the key"));
	CU_ASSERT_PTR_NULL(got.leaf);
	sk_X509_pop_free(all, X509_free);
	free_all();
}

static void of_two_for_the_key_the_newer_is_taken(void)
{
	struct cert newer;
	struct cert_issued got = {0};
	STACK_OF(X509) * all;
	char why[WHY_MAX];

	make_all();
	cert_make(&newer,
		  &(struct cert_order){.cn = "sip.example.com",
				       .starts_s = -3600,
				       .same_key = &leaf},
		  &low);
	all = stack_of("xlm");
	X509_add_cert(all, newer.x509, X509_ADD_FLAG_UP_REF);
	CU_ASSERT_EQUAL(cert_issued_order(&got, all, leaf.key, why), 0);
	CU_ASSERT_EQUAL(X509_cmp(got.leaf, newer.x509), 0);
	CU_ASSERT_EQUAL(sk_X509_num(got.rest), 2);
	cert_issued_fini(&got);
	sk_X509_pop_free(all, X509_free);
	cert_free(&newer);
	free_all();
}

static void one_that_signs_itself_is_its_own_chain(void)
{
	struct cert_issued got = {0};
	STACK_OF(X509) * all;
	char why[WHY_MAX];

	make_all();
	all = stack_of("o");
	CU_ASSERT_EQUAL(cert_issued_order(&got, all, other.key, why), 0);
	CU_ASSERT_EQUAL(sk_X509_num(got.rest), 0);
	CU_ASSERT_TRUE(got.in_order);
	CU_ASSERT_FALSE(got.rooted);
	cert_issued_fini(&got);
	sk_X509_pop_free(all, X509_free);
	free_all();
}

/* Two authorities that sign each other make no endless chain. */
static void a_ring_of_authorities_ends(void)
{
	struct cert a, b, a_by_b, b_by_a, x;
	struct cert_issued got = {0};
	STACK_OF(X509) *all = sk_X509_new_null();
	char why[WHY_MAX];

	cert_make(&a, &(struct cert_order){.cn = "a", .authority = true}, NULL);
	cert_make(&b, &(struct cert_order){.cn = "b", .authority = true}, NULL);
	cert_make(&a_by_b,
		  &(struct cert_order){
			  .cn = "a", .authority = true, .same_key = &a},
		  &b);
	cert_make(&b_by_a,
		  &(struct cert_order){
			  .cn = "b", .authority = true, .same_key = &b},
		  &a);
	cert_make(&x, &(struct cert_order){.cn = "x"}, &a);
	X509_add_cert(all, x.x509, X509_ADD_FLAG_UP_REF);
	X509_add_cert(all, a_by_b.x509, X509_ADD_FLAG_UP_REF);
	X509_add_cert(all, b_by_a.x509, X509_ADD_FLAG_UP_REF);
	CU_ASSERT_EQUAL(cert_issued_order(&got, all, x.key, why), 0);
	CU_ASSERT_EQUAL(sk_X509_num(got.rest), 2);
	cert_issued_fini(&got);
	sk_X509_pop_free(all, X509_free);
	cert_free(&a);
	cert_free(&b);
	cert_free(&a_by_b);
	cert_free(&b_by_a);
	cert_free(&x);
}

static PKCS7 *bundle(const char *letters)
{
	PKCS7 *p7 = PKCS7_new();

	PKCS7_set_type(p7, NID_pkcs7_signed);
	PKCS7_content_new(p7, NID_pkcs7_data);
	for (; *letters; letters++)
		PKCS7_add_certificate(p7, by_letter(*letters)->x509);
	return p7;
}

/* Returns what was found, NULL when it was refused. */
static const char *found(BIO *in, char *why)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	char *p = NULL;
	long n = BIO_get_mem_data(in, &p);
	int err = cert_issued_find(all, (struct slice){p, (size_t)n}, why);
	const char *text = err ? NULL : letters_of(NULL, all);

	sk_X509_pop_free(all, X509_free);
	BIO_free(in);
	return text;
}

static BIO *pem_of(const char *letters)
{
	BIO *out = BIO_new(BIO_s_mem());

	BIO_puts(out, "Bag Attributes: whatever\r\nsubject=x\n");
	for (; *letters; letters++)
		PEM_write_bio_X509(out, by_letter(*letters)->x509);
	return out;
}

static void every_form_is_read(void)
{
	char why[WHY_MAX] = "";
	PKCS7 *p7;
	BIO *b;

	make_all();
	CU_ASSERT_STRING_EQUAL(found(pem_of("mxlr"), why), "mxlr");

	b = BIO_new(BIO_s_mem());
	i2d_X509_bio(b, leaf.x509);
	CU_ASSERT_STRING_EQUAL(found(b, why), "x");

	p7 = bundle("rlxm");
	b = BIO_new(BIO_s_mem());
	i2d_PKCS7_bio(b, p7);
	CU_ASSERT_STRING_EQUAL(found(b, why), "rlxm");

	b = BIO_new(BIO_s_mem());
	PEM_write_bio_PKCS7(b, p7);
	CU_ASSERT_STRING_EQUAL(found(b, why), "rlxm");

	b = pem_of("x");
	PEM_write_bio_PKCS7(b, p7);
	CU_ASSERT_STRING_EQUAL(found(b, why), "xrlxm");

	/* PKCS#7 under the label of a certificate */
	b = BIO_new(BIO_s_mem());
	PEM_ASN1_write_bio((i2d_of_void *)(void *)i2d_PKCS7, PEM_STRING_X509, b,
			   p7, NULL, NULL, 0, NULL, NULL);
	CU_ASSERT_STRING_EQUAL(found(b, why), "rlxm");
	PKCS7_free(p7);
	free_all();
}

static void keys_beside_it_are_passed_over(void)
{
	char why[WHY_MAX] = "";
	BIO *b = BIO_new(BIO_s_mem());

	make_all();
	PEM_write_bio_PrivateKey(b, other.key, NULL, NULL, 0, NULL, NULL);
	PEM_write_bio_X509(b, leaf.x509);
	CU_ASSERT_STRING_EQUAL(found(b, why), "x");
	b = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(b, other.key, NULL, NULL, 0, NULL, NULL);
	CU_ASSERT_PTR_NULL(found(b, why));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "no certificate in it"));
	free_all();
}

static void what_is_none_is_told(void)
{
	char why[WHY_MAX] = "";
	char *p = NULL;
	long n;
	BIO *b, *cut;

	make_all();
	b = BIO_new(BIO_s_mem());
	CU_ASSERT_PTR_NULL(found(b, why));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "empty"));

	b = BIO_new(BIO_s_mem());
	BIO_puts(b, "<html>Your order is being processed</html>");
	CU_ASSERT_PTR_NULL(found(b, why));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "neither a certificate"));

	b = pem_of("xl");
	n = BIO_get_mem_data(b, &p);
	cut = BIO_new(BIO_s_mem());
	BIO_write(cut, p, (int)n - 60);
	BIO_free(b);
	CU_ASSERT_PTR_NULL(found(cut, why));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "cut or broken"));
	free_all();
}

/* Whatever it is: read, or told, and nothing worse. */
static void every_cut_and_change_is_borne(void)
{
	char why[WHY_MAX], *p = NULL, copy[8192];
	PKCS7 *p7;
	BIO *b = BIO_new(BIO_s_mem());
	long n;

	make_all();
	p7 = bundle("xl");
	i2d_PKCS7_bio(b, p7);
	n = BIO_get_mem_data(b, &p);
	CU_ASSERT_FATAL(n > 0 && n < (long)sizeof(copy));
	for (long i = 0; i < n; i++) {
		BIO *cut = BIO_new(BIO_s_mem()), *changed;

		BIO_write(cut, p, (int)i);
		CU_ASSERT_PTR_NULL(found(cut, why));
		memcpy(copy, p, (size_t)n);
		copy[i] ^= 0x41;
		changed = BIO_new(BIO_s_mem());
		BIO_write(changed, copy, (int)n);
		found(changed, why);
	}
	BIO_free(b);
	PKCS7_free(p7);
	free_all();
}

static void a_flood_of_certificates_is_refused(void)
{
	char many[CERT_ISSUED_MAX + 2], why[WHY_MAX] = "";

	make_all();
	memset(many, 'o', sizeof(many));
	many[CERT_ISSUED_MAX + 1] = '\0';
	CU_ASSERT_PTR_NULL(found(pem_of(many), why));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "more than 32"));
	many[CERT_ISSUED_MAX] = '\0';
	CU_ASSERT_PTR_NOT_NULL(found(pem_of(many), why));
	free_all();
}

TEST_MAIN("cert/issued",
	  {"any order becomes the right one, the root goes",
	   any_order_becomes_the_right_one},
	  {"certificates for another key are refused",
	   another_key_gets_nothing},
	  {"of two for the key the newer one is taken",
	   of_two_for_the_key_the_newer_is_taken},
	  {"one that signs itself is its own chain",
	   one_that_signs_itself_is_its_own_chain},
	  {"a ring of authorities ends", a_ring_of_authorities_ends},
	  {"PEM, DER and PKCS#7 are read, whatever the label says",
	   every_form_is_read},
	  {"keys beside certificates are passed over",
	   keys_beside_it_are_passed_over},
	  {"what is no certificate, or cut, is told", what_is_none_is_told},
	  {"every cut and every changed byte is borne",
	   every_cut_and_change_is_borne},
	  {"a flood of certificates is refused",
	   a_flood_of_certificates_is_refused})
