/*
 * staple_test.c - OCSP answers for our own certificates: which are stapled.
 */
#include "cert/certificate.h"
#include "keeper_rig.h"

#include <openssl/ocsp.h>

/* An answer of a responder that is the issuer itself. */
static void write_answer(const char *name, const struct cert *by,
			 const struct cert *of, int status, long next_s)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), of->x509, by->x509);
	ASN1_TIME *then = X509_gmtime_adj(NULL, -40 * HOUR_S),
		  *next = X509_gmtime_adj(NULL, next_s);
	OCSP_RESPONSE *r;
	BIO *file;
	FILE *f = fopen(place_path(&place, name), "w");

	OCSP_basic_add1_status(
		basic, id, status, 0,
		status == V_OCSP_CERTSTATUS_REVOKED ? then : NULL, then, next);
	OCSP_basic_sign(basic, by->x509, by->key, EVP_sha256(), NULL, 0);
	r = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	file = BIO_new_fp(f, BIO_CLOSE);
	i2d_OCSP_RESPONSE_bio(file, r);
	BIO_free(file);
	OCSP_RESPONSE_free(r);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(then);
	ASN1_TIME_free(next);
}

#define RESPONDER "http://ocsp.example.test/"

static void resign(const char *ocsp)
{
	X509_sign(place.leaf.x509, place.middle.key, EVP_sha256());
	cert_save(&place.leaf, &place.middle, place.dir, "own");
	free(place.settings.leg[LEG_OUTSIDE].ocsp);
	place.settings.leg[LEG_OUTSIDE].ocsp = strdup(ocsp);
}

static void demand_staple(const char *ocsp)
{
	cert_extend(place.leaf.x509, place.middle.x509, NID_info_access,
		    "OCSP;URI:" RESPONDER);
	resign(ocsp);
}

static size_t staple(void)
{
	char print[65];
	unsigned char *der = NULL;
	size_t n;

	cert_fingerprint(print, place.leaf.x509);
	n = crl_board_staple(board, print, &der);
	OPENSSL_free(der);
	return n;
}

static void a_staple_is_asked_for_judged_and_kept(void)
{
	begin(NULL);
	place_mode(&place, REVOCATION_OFF);
	demand_staple("auto");
	serve(0, RESPONDER, "answer");
	write_answer("answer", &place.middle, &place.leaf,
		     V_OCSP_CERTSTATUS_GOOD, 24 * HOUR_S);
	up();
	CU_ASSERT_EQUAL(staple(), 0);
	CU_ASSERT_EQUAL(keeper.tasks, 1);
	keeper_round(false);
	CU_ASSERT_TRUE(net.posted);
	CU_ASSERT(staple() > 100);
	CU_ASSERT_EQUAL(changes, 1);
	CU_ASSERT(keeper.task[0].due_ms > now_mono_ms() + 10 * 3600 * 1000);
	down();
	board = board_with(&place); /* a restart */
	CU_ASSERT(staple() > 100);
	crl_board_destroy(&board);
	place_drop(&place);
}

/** Answers that are not stapled, and a word of why. */
static void answers_that_are_no_good_are_not_stapled(void)
{
	struct cert sibling;
	const struct {
		const struct cert *by, *of;
		int status;
		long next_s;
		const char *word;
	} rows[] = {
		{&place.other, &place.leaf, V_OCSP_CERTSTATUS_GOOD, HOUR_S,
		 "not signed"},
		{&place.middle, &sibling, V_OCSP_CERTSTATUS_GOOD, HOUR_S,
		 "another certificate"},
		{&place.middle, &place.leaf, V_OCSP_CERTSTATUS_REVOKED, HOUR_S,
		 "was revoked"},
		{&place.middle, &place.leaf, V_OCSP_CERTSTATUS_UNKNOWN, HOUR_S,
		 "does not know"},
		{&place.middle, &place.leaf, V_OCSP_CERTSTATUS_GOOD, -HOUR_S,
		 "old answer"},
	};
	begin(NULL);
	cert_make(&sibling, &(struct cert_order){.cn = "b.test"},
		  &place.middle);
	place_mode(&place, REVOCATION_OFF);
	demand_staple("auto");
	serve(0, RESPONDER, "answer");
	up();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		write_answer("answer", rows[i].by, rows[i].of, rows[i].status,
			     rows[i].next_s);
		keeper_round(true);
		CU_ASSERT_PTR_NOT_NULL(
			strstr(keeper.task[0].fault.what, rows[i].word));
		CU_ASSERT_EQUAL(staple(), 0);
	}
	down();
	cert_free(&sibling);
	place_drop(&place);
}

static void a_staple_may_lie_in_a_file(void)
{
	begin(NULL);
	place_mode(&place, REVOCATION_OFF);
	demand_staple(place_path(&place, "answer"));
	write_answer("answer", &place.middle, &place.leaf,
		     V_OCSP_CERTSTATUS_GOOD, HOUR_S);
	board = board_with(&place);
	CU_ASSERT(staple() > 100);
	crl_board_destroy(&board);
	place_drop(&place);
}

/* Clients refuse it, and nothing will mend that by itself. */
static void what_demands_a_staple_and_gets_none_is_told(void)
{
	static const char *const ways[] = {"auto", "off", "/no/answer"};

	for (size_t i = 0; i < 3; i++) {
		begin(NULL);
		place_mode(&place, REVOCATION_OFF);
		cert_extend(place.leaf.x509, place.middle.x509, NID_tlsfeature,
			    "status_request");
		resign(ways[i]);
		up();
		crl_keeper_say(&keeper);
		CU_ASSERT_EQUAL(said("staple-missing certificate="), 1);
		CU_ASSERT_EQUAL(said("nobody is asked"), i < 2);
		crl_keeper_say(&keeper);
		CU_ASSERT_EQUAL(said("staple-missing"), 1);
		keeper_round(true);
		CU_ASSERT_EQUAL(staple(), 0);
		end();
	}
}

/* Whoever can be asked is asked first. */
static void a_staple_that_may_come_is_not_missed(void)
{
	begin(NULL);
	place_mode(&place, REVOCATION_OFF);
	cert_extend(place.leaf.x509, place.middle.x509, NID_tlsfeature,
		    "status_request");
	demand_staple("auto");
	up();
	crl_keeper_say(&keeper);
	CU_ASSERT_EQUAL(said("staple-missing"), 0);
	keeper_round(false);
	crl_keeper_say(&keeper);
	CU_ASSERT_EQUAL(said("reason=\"no good answer came\""), 1);
	end();
}

TEST_MAIN("revocation/staple",
	  {"a staple is asked for, judged and kept",
	   a_staple_is_asked_for_judged_and_kept},
	  {"answers that are no good are not stapled",
	   answers_that_are_no_good_are_not_stapled},
	  {"what demands a staple and gets none is told",
	   what_demands_a_staple_and_gets_none_is_told},
	  {"a staple that may come is not missed",
	   a_staple_that_may_come_is_not_missed},
	  {"a staple may lie in a file", a_staple_may_lie_in_a_file})
