/*
 * peer_revoked_test.c - handshakes look at the board: who was revoked is
 * refused, or nobody, by the mode of its leg; our OCSP answer goes along.
 *
 * Handshakes run in memory, between a session of ours and a peer made here.
 */
#include "../cunit_main.h"
#include "net_pair.h"

#include "revocation/board.h"
#include "tlsctx_room.h"
#include "tlsctx_seen.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>

static struct crl_board *board;
static struct cert own, good, bad, own_bad, below;
static struct partner_settings partner;
static char own_file[96], list_file[LEG_COUNT][96], answer_file[96];
static char *lists[LEG_COUNT][1] = {{list_file[0]}, {list_file[1]}};
static char domain[] = "p.example", *domains[] = {domain};
static char off[] = "off";

/* A list of an authority, with one who was revoked, or nobody. */
static void add_list(const char *path, const struct cert *by,
		     const struct cert *revoked, const char *mode)
{
	X509_CRL *list = X509_CRL_new();
	ASN1_TIME *t = X509_gmtime_adj(NULL, -3600);
	FILE *f = fopen(path, mode);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	X509_CRL_set_version(list, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(list, X509_get_subject_name(by->x509));
	X509_CRL_set1_lastUpdate(list, t);
	if (revoked) {
		X509_REVOKED *r = X509_REVOKED_new();

		X509_REVOKED_set_serialNumber(
			r, X509_get_serialNumber(revoked->x509));
		X509_REVOKED_set_revocationDate(r, t);
		X509_CRL_add0_revoked(list, r);
	}
	X509_gmtime_adj(t, 3600);
	X509_CRL_set1_nextUpdate(list, t);
	ASN1_TIME_free(t);
	CU_ASSERT_TRUE_FATAL(X509_CRL_sign(list, by->key, EVP_sha256()) > 0);
	PEM_write_X509_CRL(f, list);
	X509_CRL_free(list);
	fclose(f);
}

/* What the files hold now is what handshakes look into. */
static void swap(void)
{
	const struct crl_set *set;

	CU_ASSERT_EQUAL_FATAL(crl_set_load(&set, lab.s, why), 0);
	crl_board_swap(board, set);
	crl_set_unref(&set);
}

static void set_leg(struct lab *l, enum leg leg)
{
	struct leg_settings *to = &l->s->leg[leg];

	snprintf(list_file[leg], sizeof(list_file[leg]), "%s/%d.crl", l->dir,
		 leg);
	to->revocation.crl = (struct name_list){lists[leg], 1};
	to->revocation.mode =
		leg == LEG_INSIDE ? REVOCATION_HARD : REVOCATION_SOFT;
	to->revocation.distribution_points = false;
	to->ocsp = off;
}

static void arrange(struct lab *l)
{
	partner = (struct partner_settings){.domains = {domains, 1},
					    .trust = own_file};
	snprintf(own_file, sizeof(own_file), "%s/own.pem", l->dir);
	snprintf(answer_file, sizeof(answer_file), "%s/ocsp.der", l->dir);
	cert_save(&own, NULL, l->dir, "own");
	set_leg(l, LEG_OUTSIDE);
	set_leg(l, LEG_INSIDE);
	l->s->federation.enabled = true;
	l->s->federation.partner = &partner;
	l->s->federation.partners = 1;
}

static void make(struct cert *c, const char *san, const struct cert *by)
{
	cert_make(c, &(struct cert_order){.cn = "leaf", .san = san}, by);
}

/* Of a leg's authority one is good and one was revoked. */
static void begin_with(const struct cert *by, enum leg leg)
{
	cert_make(&own, &(struct cert_order){.cn = "own", .authority = true},
		  NULL);
	lab_arrange = arrange;
	lab_open(&lab);
	make(&good, "DNS:p.example", by);
	make(&bad, "DNS:p.example", by);
	make(&own_bad, "DNS:p.example", &own);
	add_list(list_file[leg], by, &bad, "w");
	add_list(list_file[!leg], leg ? &lab.outer : &lab.inner, NULL, "w");
	CU_ASSERT_EQUAL_FATAL(crl_board_create(&board), 0);
	swap();
	tlsctx_unref(&lab.tls);
	CU_ASSERT_EQUAL_FATAL(tlsctx_create(&lab.tls, lab.s, board, why), 0);
}

static void finish(void)
{
	ERR_clear_error();
	lab_close(&lab);
	crl_board_destroy(&board);
	cert_free(&own);
	cert_free(&good);
	cert_free(&bad);
	cert_free(&own_bad);
	cert_free(&below);
}

/** What came of a handshake. */
struct outcome {
	bool open, named;
	char rule[40]; /* "": nothing was refused */
};

static struct outcome meet(enum tls_door door, const struct cert *shown)
{
	bool ours = door == TLS_TO_INSIDE || door == TLS_TO_OUTSIDE;
	struct peer_judge by = {
		.tls = lab.tls,
		.leg = door == TLS_INSIDE || door == TLS_TO_INSIDE,
		.ours = ours,
	};
	struct cert_names *names = NULL;
	struct outcome out = {0};
	struct pair p;

	pair_open(&p, door, ours ? "p.example" : NULL);
	show(p.peer, shown);
	if (below.x509)
		SSL_add1_chain_cert(p.peer, below.x509);
	out.open = shake(&p);
	if (out.open)
		peer_names_read(&names, p.ours, &by, why);
	out.named = names != NULL;
	if (tlsctx_refused(p.ours))
		snprintf(out.rule, sizeof(out.rule), "%s",
			 tlsctx_refused(p.ours)->rule);
	cert_names_destroy(&names);
	pair_close(&p);
	return out;
}

static void ends_as(enum tls_door door, const struct cert *shown, bool open,
		    const char *rule)
{
	struct outcome o = meet(door, shown);

	CU_ASSERT_EQUAL(o.open, open);
	CU_ASSERT_EQUAL(o.named, !*rule);
	CU_ASSERT_STRING_EQUAL(o.rule, rule);
}

static void inside_who_was_revoked_shakes_no_hands(void)
{
	begin_with(&lab.inner, LEG_INSIDE);
	ends_as(TLS_INSIDE, &good, true, "");
	ends_as(TLS_TO_INSIDE, &good, true, "");
	ends_as(TLS_INSIDE, &bad, false, "certificate-revoked");
	ends_as(TLS_TO_INSIDE, &bad, false, "certificate-revoked");
	finish();
}

static void outside_who_was_revoked_is_nobody(void)
{
	begin_with(&lab.outer, LEG_OUTSIDE);
	ends_as(TLS_OUTSIDE, &good, true, "");
	ends_as(TLS_OUTSIDE, &bad, true, "certificate-revoked");
	ends_as(TLS_TO_OUTSIDE, &good, true, "");
	ends_as(TLS_TO_OUTSIDE, &bad, false, "certificate-revoked");
	finish();
}

/* A partner's own authority has lists as the leg's has. */
static void who_a_partners_own_authority_revoked_is_nobody(void)
{
	begin_with(&lab.outer, LEG_OUTSIDE);
	ends_as(TLS_OUTSIDE, &own_bad, true, "");
	add_list(list_file[LEG_OUTSIDE], &own, &own_bad, "a");
	swap();
	CU_ASSERT_FALSE(meet(TLS_OUTSIDE, &own_bad).named);
	finish();
}

/* By the very contexts that were made before. */
static void a_new_list_counts_from_the_next_handshake_on(void)
{
	begin_with(&lab.inner, LEG_INSIDE);
	ends_as(TLS_INSIDE, &good, true, "");
	add_list(list_file[LEG_INSIDE], &lab.inner, &good, "w");
	swap();
	ends_as(TLS_INSIDE, &good, false, "certificate-revoked");
	ends_as(TLS_INSIDE, &bad, true, "");
	finish();
}

/* The lists are the root's; of what its intermediate issued they say nothing. */
static void issue_below(const struct cert *root)
{
	cert_free(&below);
	cert_make(&below,
		  &(struct cert_order){.cn = "below", .authority = true}, root);
	cert_free(&good);
	make(&good, "DNS:p.example", &below);
}

static void without_a_list_hard_refuses_and_soft_does_not(void)
{
	begin_with(&lab.inner, LEG_INSIDE);
	issue_below(&lab.inner);
	ends_as(TLS_INSIDE, &good, false, "revocation-list-missing");
	cert_save(&below, &lab.inner, lab.dir, "inner");
	add_list(list_file[LEG_INSIDE], &below, NULL, "a");
	swap();
	ends_as(TLS_INSIDE, &good, true, "");
	issue_below(&lab.outer);
	ends_as(TLS_OUTSIDE, &good, true, "");
	finish();
}

/* One that is open is judged again by the lists of now. */
static void who_is_connected_is_judged_by_the_lists_of_now(void)
{
	struct peer_judge by = {.leg = LEG_OUTSIDE};
	struct cert_names *names;
	struct pair p;

	begin_with(&lab.outer, LEG_OUTSIDE);
	by.tls = lab.tls;
	pair_open(&p, TLS_OUTSIDE, NULL);
	show(p.peer, &good);
	CU_ASSERT_TRUE(shake(&p));
	CU_ASSERT_EQUAL(peer_names_read(&names, p.ours, &by, why), 0);
	cert_names_destroy(&names);
	add_list(list_file[LEG_OUTSIDE], &lab.outer, &good, "w");
	swap();
	CU_ASSERT_EQUAL(peer_names_read(&names, p.ours, &by, why), EACCES);
	CU_ASSERT_PTR_NULL(names);
	CU_ASSERT_STRING_EQUAL(tlsctx_refused(p.ours)->rule,
			       "certificate-revoked");
	pair_close(&p);
	finish();
}

/* As the authority would say it: good, for an hour. */
static void save_answer(const struct cert *of, const struct cert *by)
{
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), of->x509, by->x509);
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	ASN1_TIME *from = X509_gmtime_adj(NULL, -60);
	ASN1_TIME *to = X509_gmtime_adj(NULL, 3600);
	OCSP_RESPONSE *answer;
	FILE *f = fopen(answer_file, "w");

	OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_GOOD, 0, NULL, from,
			       to);
	CU_ASSERT_EQUAL(OCSP_basic_sign(basic, by->x509, by->key, EVP_sha256(),
					NULL, 0),
			1);
	answer = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	ASN1_i2d_fp_of(OCSP_RESPONSE, i2d_OCSP_RESPONSE, f, answer);
	fclose(f);
	OCSP_RESPONSE_free(answer);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(from);
	ASN1_TIME_free(to);
}

/* How many bytes come with the certificate; -1: none. */
static long stapled(enum tls_door door, int version, bool asks)
{
	unsigned char *der;
	struct pair p;
	long n;

	pair_open(&p, door, NULL);
	SSL_set_max_proto_version(p.peer, version);
	if (asks)
		SSL_set_tlsext_status_type(p.peer, TLSEXT_STATUSTYPE_ocsp);
	CU_ASSERT_TRUE(shake(&p));
	n = SSL_get_tlsext_status_ocsp_resp(p.peer, &der);
	pair_close(&p);
	return n;
}

static void who_asks_gets_our_authoritys_answer(void)
{
	begin_with(&lab.outer, LEG_OUTSIDE);
	CU_ASSERT_EQUAL(stapled(TLS_OUTSIDE, TLS1_3_VERSION, true), -1);
	save_answer(&lab.out, &lab.outer);
	lab.s->leg[LEG_OUTSIDE].ocsp = answer_file;
	swap();
	CU_ASSERT_TRUE(stapled(TLS_OUTSIDE, TLS1_3_VERSION, true) > 100);
	CU_ASSERT_TRUE(stapled(TLS_OUTSIDE, TLS1_2_VERSION, true) > 100);
	CU_ASSERT_TRUE(stapled(TLS_USERS, TLS1_3_VERSION, true) > 100);
	CU_ASSERT_EQUAL(stapled(TLS_OUTSIDE, TLS1_3_VERSION, false), -1);
	finish();
}

TEST_MAIN("net/peer revoked",
	  {"inside, who was revoked shakes no hands",
	   inside_who_was_revoked_shakes_no_hands},
	  {"outside, who was revoked is nobody",
	   outside_who_was_revoked_is_nobody},
	  {"who a partner's own authority revoked is nobody",
	   who_a_partners_own_authority_revoked_is_nobody},
	  {"a new list counts from the next handshake on",
	   a_new_list_counts_from_the_next_handshake_on},
	  {"without a list hard refuses and soft does not",
	   without_a_list_hard_refuses_and_soft_does_not},
	  {"who is connected is judged by the lists of now",
	   who_is_connected_is_judged_by_the_lists_of_now},
	  {"who asks gets our authority's answer",
	   who_asks_gets_our_authoritys_answer})
