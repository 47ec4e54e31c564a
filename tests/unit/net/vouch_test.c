/*
 * vouch_test.c - who vouches for a certificate, and whose word counts for whom.
 */
#include "../cunit_main.h"
#include "net_pair.h"

#include "cert/certificate.h"
#include "vouch.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

enum { OWN, PINNED, PLAIN, MIDDLE, PARTNERS };

static struct cert own, root, middle, pinned;
static struct partner_settings partners[65];
static char own_file[128], middle_file[128], pin[65];
static char *pins[] = {pin};
static struct cert_names *names;

/* Four partners: with an authority of its own, with a pin, without either, and
 * with one that is not its own issuer. */
static void arrange(struct lab *l)
{
	memset(partners, 0, sizeof(partners));
	cert_save(&own, NULL, l->dir, "own");
	cert_save(&middle, NULL, l->dir, "middle");
	snprintf(own_file, sizeof(own_file), "%s/own.pem", l->dir);
	snprintf(middle_file, sizeof(middle_file), "%s/middle.pem", l->dir);
	cert_key_print(pin, pinned.x509);
	partners[OWN].trust = own_file;
	partners[PINNED].pins = (struct name_list){pins, 1};
	partners[MIDDLE].trust = middle_file;
	l->s->federation.enabled = true;
	l->s->federation.partner = partners;
	l->s->federation.partners = PARTNERS;
}

static void authority(struct cert *out, const char *cn, const char *usage,
		      const struct cert *by)
{
	cert_make(out,
		  &(struct cert_order){
			  .cn = cn, .authority = true, .usage = usage},
		  by);
}

static void begin(void)
{
	authority(&own, "own", NULL, NULL);
	authority(&root, "root", NULL, NULL);
	authority(&middle, "middle", NULL, &root);
	cert_make(&pinned, &(struct cert_order){.san = "DNS:pinned.example"},
		  NULL);
	lab_arrange = arrange;
	lab_open(&lab);
}

static void finish(void)
{
	ERR_clear_error();
	lab_close(&lab);
	cert_names_destroy(&names);
	cert_free(&own);
	cert_free(&root);
	cert_free(&middle);
	cert_free(&pinned);
}

/* A client of the outside shows a certificate; the names it then has. */
static const struct cert_names *enter(const struct cert *shown,
				      const struct cert *below)
{
	struct pair p;

	cert_names_destroy(&names);
	pair_open(&p, TLS_OUTSIDE, NULL);
	SSL_set_security_level(p.peer, 0);
	show(p.peer, shown);
	if (below)
		SSL_add1_chain_cert(p.peer, below->x509);
	CU_ASSERT_TRUE(shake(&p));
	read_names(&names, p.ours, TLS_OUTSIDE);
	CU_ASSERT_EQUAL(!names, why[0] != '\0');
	pair_close(&p);
	return names;
}

static const struct cert_names *enter_with(struct cert_order order,
					   const struct cert *by)
{
	struct cert c;

	if (!order.san)
		order.san = "DNS:edge.p.example";
	cert_make(&c, &order, by);
	enter(&c, NULL);
	cert_free(&c);
	return names;
}

static void what_a_public_authority_signs_is_chained(void)
{
	begin();
	CU_ASSERT_PTR_NOT_NULL_FATAL(
		enter_with((struct cert_order){0}, &lab.outer));
	CU_ASSERT_TRUE(names->chained);
	CU_ASSERT_EQUAL(names->vouched, 0);
	CU_ASSERT_TRUE(cert_names_match(names, SLICE("edge.p.example")));
	finish();
}

/* As public authorities issue them since 2026, their own purpose included. */
static void a_certificate_good_for_servers_only_will_do(void)
{
	struct cert issuer, leaf;

	begin();
	authority(&issuer, "issuer", "serverAuth", &lab.outer);
	cert_make(&leaf,
		  &(struct cert_order){.san = "DNS:edge.p.example",
				       .usage = "serverAuth"},
		  &issuer);
	CU_ASSERT_PTR_NOT_NULL_FATAL(enter(&leaf, &issuer));
	CU_ASSERT_TRUE(names->chained);
	CU_ASSERT_PTR_NULL(
		enter(&leaf, NULL)); /* its intermediate is missing */
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "issuer"));
	cert_free(&leaf);
	cert_free(&issuer);
	CU_ASSERT_PTR_NULL(enter_with(
		(struct cert_order){.usage = "codeSigning"}, &lab.outer));
	finish();
}

static void a_partners_own_authority_vouches_for_it_alone(void)
{
	begin();
	CU_ASSERT_PTR_NOT_NULL_FATAL(
		enter_with((struct cert_order){.usage = "serverAuth"}, &own));
	CU_ASSERT_FALSE(names->chained);
	CU_ASSERT_EQUAL(names->vouched, 1u << OWN);
	CU_ASSERT_PTR_NOT_NULL_FATAL(
		enter_with((struct cert_order){0}, &middle));
	CU_ASSERT_FALSE(names->chained);
	CU_ASSERT_EQUAL(names->vouched, 1u << MIDDLE);
	finish();
}

static void one_authority_may_be_the_legs_and_a_partners(void)
{
	begin();
	cert_save(&lab.outer, NULL, lab.dir, "own");
	tlsctx_unref(&lab.tls);
	CU_ASSERT_EQUAL_FATAL(tlsctx_create(&lab.tls, lab.s, NULL, why), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(
		enter_with((struct cert_order){0}, &lab.outer));
	CU_ASSERT_TRUE(names->chained);
	CU_ASSERT_EQUAL(names->vouched, 1u << OWN);
	finish();
}

static void a_pinned_key_has_its_names_whoever_signed(void)
{
	begin();
	CU_ASSERT_PTR_NOT_NULL_FATAL(enter(&pinned, NULL));
	CU_ASSERT_FALSE(names->chained);
	CU_ASSERT_EQUAL(names->vouched, 0);
	CU_ASSERT_STRING_EQUAL(names->key, pin);
	CU_ASSERT_PTR_NOT_NULL_FATAL(
		enter_with((struct cert_order){.san = "DNS:new.example",
					       .usage = "serverAuth",
					       .same_key = &pinned},
			   &lab.inner));
	CU_ASSERT_FALSE(names->chained);
	CU_ASSERT_STRING_EQUAL(names->key, pin);
	finish();
}

static void whom_nobody_vouches_for_has_no_name(void)
{
	begin();
	CU_ASSERT_PTR_NULL(enter_with((struct cert_order){0}, NULL));
	CU_ASSERT_PTR_NULL(enter_with((struct cert_order){0}, &lab.inner));
	CU_ASSERT_PTR_NULL(enter_with((struct cert_order){0}, &root));
	CU_ASSERT_TRUE(why[0] != '\0');
	finish();
}

/* Its time is enforced whoever vouches, a pin included. */
static void out_of_time_is_nobody(void)
{
	const struct cert_order order[] = {
		{.ends_s = -60},
		{.ends_s = -60, .same_key = &pinned},
		{.starts_s = 3600},
		{.starts_s = 3600, .same_key = &pinned},
	};
	const struct cert *by[] = {&lab.outer, &own, NULL};

	begin();
	for (size_t i = 0; i < 4; i++) {
		for (size_t b = 0; b < 3; b++) {
			CU_ASSERT_PTR_NULL(enter_with(order[i], by[b]));
			CU_ASSERT_PTR_NOT_NULL(strstr(
				why, order[i].ends_s ? "expired" : "not yet"));
		}
	}
	finish();
}

static void a_leaf_signs_for_nobody(void)
{
	struct cert leaf, below;

	begin();
	cert_make(&leaf, &(struct cert_order){.cn = "leaf"}, &lab.outer);
	cert_make(&below, &(struct cert_order){.san = "DNS:b.example"}, &leaf);
	CU_ASSERT_PTR_NULL(enter(&below, &leaf));
	cert_free(&leaf);
	cert_make(&leaf, &(struct cert_order){.cn = "leaf"}, &own);
	CU_ASSERT_PTR_NULL(enter(&below, &leaf));
	cert_free(&leaf);
	cert_free(&below);
	finish();
}

static void a_short_key_is_believed_no_more_than_in_a_handshake(void)
{
	struct cert c, weak = {.key = EVP_RSA_gen(1024)};

	begin();
	cert_make(&c,
		  &(struct cert_order){.san = "DNS:p.example",
				       .same_key = &weak},
		  &lab.outer);
	CU_ASSERT_PTR_NULL(enter(&c, NULL));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "weak"));
	cert_free(&c);
	cert_free(&weak);
	finish();
}

static void without_federation_partners_vouch_for_nobody(void)
{
	begin();
	lab.s->federation.enabled = false;
	partners[OWN].trust = lab.dir; /* not even looked at */
	tlsctx_unref(&lab.tls);
	CU_ASSERT_EQUAL_FATAL(tlsctx_create(&lab.tls, lab.s, NULL, why), 0);
	CU_ASSERT_PTR_NULL(enter(&pinned, NULL));
	CU_ASSERT_PTR_NULL(enter_with((struct cert_order){0}, &own));
	CU_ASSERT_PTR_NOT_NULL(enter_with((struct cert_order){0}, &lab.outer));
	finish();
}

static int create_again(void)
{
	const struct tlsctx *t = NULL;
	int err = tlsctx_create(&t, lab.s, NULL, why);

	tlsctx_unref(&t);
	return err;
}

static void a_file_without_authority_is_named(void)
{
	begin();
	snprintf(own_file, sizeof(own_file), "%s/none.pem", lab.dir);
	CU_ASSERT_EQUAL(create_again(), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "none.pem"));
	snprintf(own_file, sizeof(own_file), "%s/own.key", lab.dir);
	CU_ASSERT_EQUAL(create_again(), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "own.key"));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "PEM"));
	finish();
}

static void the_partners_with_authorities_are_among_the_first_64(void)
{
	begin();
	partners[OWN].trust = NULL;
	partners[63].trust = own_file;
	lab.s->federation.partners = 65;
	tlsctx_unref(&lab.tls);
	CU_ASSERT_EQUAL_FATAL(tlsctx_create(&lab.tls, lab.s, NULL, why), 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(enter_with((struct cert_order){0}, &own));
	CU_ASSERT_EQUAL(names->vouched, UINT64_C(1) << 63);
	partners[64].trust = own_file;
	CU_ASSERT_EQUAL(create_again(), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "first 64"));
	finish();
}

TEST_MAIN("net/vouch",
	  {"what a public authority signs is chained",
	   what_a_public_authority_signs_is_chained},
	  {"a certificate good for servers only will do",
	   a_certificate_good_for_servers_only_will_do},
	  {"a partner's own authority vouches for it alone",
	   a_partners_own_authority_vouches_for_it_alone},
	  {"one authority may be the leg's and a partner's",
	   one_authority_may_be_the_legs_and_a_partners},
	  {"a pinned key has its names, whoever signed",
	   a_pinned_key_has_its_names_whoever_signed},
	  {"whom nobody vouches for has no name",
	   whom_nobody_vouches_for_has_no_name},
	  {"out of time is nobody, a pin included", out_of_time_is_nobody},
	  {"a leaf signs for nobody", a_leaf_signs_for_nobody},
	  {"a short key is believed no more than in a handshake",
	   a_short_key_is_believed_no_more_than_in_a_handshake},
	  {"without federation partners vouch for nobody",
	   without_federation_partners_vouch_for_nobody},
	  {"a file without authority is named",
	   a_file_without_authority_is_named},
	  {"partners with authorities are among the first 64",
	   the_partners_with_authorities_are_among_the_first_64})
