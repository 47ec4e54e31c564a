/*
 * board_test.c - which lists count, and what a chain is judged by.
 */
#include "revocation/board.h"

#include "base/now.h"
#include "board_room.h"
#include "files.h"
#include "revocation/lists.h"

#include <errno.h>
#include <pthread.h>
#include <sys/stat.h>

#define URI(url) "URI:" url

static struct place place;

/* Both lists of the chain: the issuer's about the leaf, the root's about the
 * issuer. */
static void both_lists(const struct cert *leaf, const struct cert *middle,
		       long next_s)
{
	list_write(&place, "issuer.pem",
		   &(struct list_order){.by = &place.middle,
					.revoked = leaf,
					.this_s = -40 * HOUR_S,
					.next_s = next_s},
		   "w");
	list_write(&place, "root.der",
		   &(struct list_order){.by = &place.root, .revoked = middle},
		   "w");
	place_lists(&place, "issuer.pem", "root.der", NULL);
}

static int load(char *why)
{
	const struct crl_set *set = NULL;
	int err = crl_set_load(&set, &place.settings, why);

	CU_ASSERT_EQUAL(err == 0, set != NULL);
	crl_set_unref(&set);
	return err;
}

static enum crl_standing standing(enum leg leg)
{
	const struct crl_set *set = NULL;
	enum crl_standing is;
	char why[WHY_MAX];

	CU_ASSERT_EQUAL_FATAL(crl_set_load(&set, &place.settings, why), 0);
	is = crl_set_standing(set, leg, now_wall_s());
	crl_set_unref(&set);
	return is;
}

/** What a mode makes of the lists. */
struct mode_row {
	const char *what;
	enum revocation_mode mode;
	bool revoked;	/* the leaf */
	bool revoked_2; /* the issuer */
	long next_s;	/* of the issuer's list; 0: there is none */
	int outside, inside;
	enum crl_standing standing; /* inside */
};

#define OK	X509_V_OK
#define REVOKED X509_V_ERR_CERT_REVOKED
#define NONE	X509_V_ERR_UNABLE_TO_GET_CRL
#define OLD	X509_V_ERR_CRL_HAS_EXPIRED

static const struct mode_row modes[] = {
	{"off: nothing counts", REVOCATION_OFF, true, true, HOUR_S, OK, OK,
	 CRL_STANDING_OFF},
	{"soft, good", REVOCATION_SOFT, false, false, HOUR_S, OK, OK,
	 CRL_STANDING_GOOD},
	{"hard, good", REVOCATION_HARD, false, false, HOUR_S, OK, OK,
	 CRL_STANDING_GOOD},
	{"auto, good", REVOCATION_AUTO, false, false, HOUR_S, OK, OK,
	 CRL_STANDING_GOOD},
	{"soft, revoked", REVOCATION_SOFT, true, false, HOUR_S, REVOKED,
	 REVOKED, CRL_STANDING_GOOD},
	{"hard, revoked", REVOCATION_HARD, true, false, HOUR_S, REVOKED,
	 REVOKED, CRL_STANDING_GOOD},
	{"auto, revoked", REVOCATION_AUTO, true, false, HOUR_S, REVOKED,
	 REVOKED, CRL_STANDING_GOOD},
	{"soft, issuer revoked", REVOCATION_SOFT, false, true, HOUR_S, REVOKED,
	 REVOKED, CRL_STANDING_GOOD},
	{"hard, issuer revoked", REVOCATION_HARD, false, true, HOUR_S, REVOKED,
	 REVOKED, CRL_STANDING_GOOD},
	{"soft, no list", REVOCATION_SOFT, false, false, 0, OK, OK,
	 CRL_STANDING_MISSING},
	{"soft, old list", REVOCATION_SOFT, false, false, -30 * HOUR_S, OK, OK,
	 CRL_STANDING_EXPIRED},
	{"hard, old list within its grace", REVOCATION_HARD, false, false,
	 -23 * HOUR_S, OK, OK, CRL_STANDING_EXPIRED},
	{"hard, old list past its grace", REVOCATION_HARD, false, false,
	 -25 * HOUR_S, OLD, OLD, CRL_STANDING_EXPIRED},
	{"auto, old list past its grace", REVOCATION_AUTO, false, false,
	 -25 * HOUR_S, OK, OLD, CRL_STANDING_EXPIRED},
	{"soft, revoked by an old list", REVOCATION_SOFT, true, false,
	 -30 * HOUR_S, REVOKED, REVOKED, CRL_STANDING_EXPIRED},
	{"hard, revoked by an old list", REVOCATION_HARD, true, false,
	 -30 * HOUR_S, REVOKED, REVOKED, CRL_STANDING_EXPIRED},
};

static bool row_holds(const struct mode_row *r)
{
	bool good;

	both_lists(r->revoked ? &place.leaf : NULL,
		   r->revoked_2 ? &place.middle : NULL, r->next_s);
	if (r->next_s == 0)
		unlink(place_path(&place, "issuer.pem"));
	place_mode(&place, r->mode);
	good = judged_by(&place, LEG_OUTSIDE) == r->outside &&
	       judged_by(&place, LEG_INSIDE) == r->inside &&
	       standing(LEG_INSIDE) == r->standing;
	return good;
}

static void each_mode_does_what_it_says(void)
{
	place_make(&place, NULL);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		bool holds = row_holds(&modes[i]);

		if (!holds)
			printf("    %s\n", modes[i].what);
		CU_ASSERT_TRUE(holds);
	}
	place_drop(&place);
}

static void auto_without_a_source_is_unchecked(void)
{
	place_make(&place, NULL);
	CU_ASSERT_EQUAL(judged_by(&place, LEG_INSIDE), X509_V_OK);
	CU_ASSERT_EQUAL(standing(LEG_INSIDE), CRL_STANDING_UNCHECKED);
	place_mode(&place, REVOCATION_HARD);
	CU_ASSERT_EQUAL(judged_by(&place, LEG_INSIDE), NONE);
	CU_ASSERT_EQUAL(standing(LEG_INSIDE), CRL_STANDING_MISSING);
	CU_ASSERT_STRING_EQUAL(crl_standing_word(CRL_STANDING_MISSING),
			       "missing");
	place_drop(&place);
}

static void our_own_certificate_names_a_source(void)
{
	place_make(&place, URI(CDP_URL));
	CU_ASSERT_EQUAL(standing(LEG_INSIDE), CRL_STANDING_MISSING);
	CU_ASSERT_EQUAL(judged_by(&place, LEG_INSIDE), NONE);
	CU_ASSERT_EQUAL(judged_by(&place, LEG_OUTSIDE), X509_V_OK);
	place.settings.leg[LEG_INSIDE].revocation.distribution_points = false;
	CU_ASSERT_EQUAL(standing(LEG_INSIDE), CRL_STANDING_UNCHECKED);
	place_drop(&place);
}

static void a_point_that_nobody_can_ask_is_no_source(void)
{
	place_make(&place, "URI:ldap:///CN=x?certificateRevocationList");
	CU_ASSERT_EQUAL(standing(LEG_INSIDE), CRL_STANDING_UNCHECKED);
	CU_ASSERT_EQUAL(judged_by(&place, LEG_INSIDE), X509_V_OK);
	place_mode(&place, REVOCATION_HARD);
	CU_ASSERT_EQUAL(judged_by(&place, LEG_INSIDE), NONE);
	place_drop(&place);
}

static void a_missing_file_stops_the_start_only_when_hard(void)
{
	char why[WHY_MAX];

	place_make(&place, NULL);
	place_lists(&place, "nowhere.crl", NULL);
	place_mode(&place, REVOCATION_SOFT);
	CU_ASSERT_EQUAL(load(why), 0);
	place_mode(&place, REVOCATION_HARD);
	CU_ASSERT_EQUAL(load(why), EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "nowhere.crl"));
	CU_ASSERT_PTR_NOT_NULL(strstr(why, "No such file"));
	place_mode(&place, REVOCATION_OFF);
	CU_ASSERT_EQUAL(load(why), 0);
	place_drop(&place);
}

/** Lists that count for nothing, and a word of why. */
struct bad_row {
	const char *word;
	struct list_order order;
};

static void lists_that_do_not_count_are_refused_with_the_reason(void)
{
	const struct bad_row rows[] = {
		{"no authority", {.by = &place.other}},
		{"delta", {.by = &place.middle, .number = 3, .delta = true}},
		{"indirect", {.by = &place.middle, .idp = "indirectCRL:TRUE"}},
		{"attribute", {.by = &place.middle, .idp = "onlyAA:TRUE"}},
		{"reasons",
		 {.by = &place.middle, .idp = "onlysomereasons:keyCompromise"}},
		{"future", {.by = &place.middle, .this_s = HOUR_S}},
		{"next update",
		 {.by = &place.middle, .next_s = -60 * 366 * CERT_DAY_S}},
		{"too many", {.by = &place.middle, .addresses = 17}},
	};
	char why[WHY_MAX];

	place_make(&place, NULL);
	place_lists(&place, "a.pem", NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct list_order o = rows[i].order;

		list_write(&place, "a.pem", &o, "w");
		CU_ASSERT_EQUAL(load(why), EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, "a.pem"));
		CU_ASSERT_PTR_NOT_NULL(strstr(why, rows[i].word));
		if (!strstr(why, rows[i].word))
			printf("    %s: %s\n", rows[i].word, why);
	}
	place_drop(&place);
}

static void a_list_of_no_authority_of_ours_stops_the_start_only_when_hard(void)
{
	static const struct {
		enum revocation_mode mode;
		int err;
	} rows[] = {
		{REVOCATION_SOFT, 0},
		{REVOCATION_AUTO, EINVAL},
		{REVOCATION_HARD, EINVAL},
		{REVOCATION_OFF, 0},
	};
	struct list_order other = {.by = &place.other};
	char why[WHY_MAX];

	place_make(&place, NULL);
	place_lists(&place, "a.pem", NULL);
	list_write(&place, "a.pem", &other, "w");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		place_mode(&place, rows[i].mode);
		CU_ASSERT_EQUAL(load(why), rows[i].err);
		if (rows[i].err)
			CU_ASSERT_PTR_NOT_NULL(strstr(why, "no authority"));
	}
	place_drop(&place);
}

static void what_is_no_list_stops_the_start(void)
{
	static const char *const texts[] = {"", "hello", "-----BEGIN X509 CRL"};
	char why[WHY_MAX];

	place_make(&place, NULL);
	place_lists(&place, "a.pem", NULL);
	for (size_t i = 0; i < 3; i++) {
		FILE *f = fopen(place_path(&place, "a.pem"), "w");

		fputs(texts[i], f);
		fclose(f);
		CU_ASSERT_EQUAL(load(why), EINVAL);
		CU_ASSERT_PTR_NOT_NULL(strstr(why, "not a revocation list"));
	}
	unlink(place_path(&place, "a.pem"));
	mkfifo(place_path(&place, "a.pem"), 0600);
	place_mode(&place, REVOCATION_HARD);
	CU_ASSERT_EQUAL(load(why), EINVAL);
	place_drop(&place);
}

/* Same name, another key: its list says nothing of our leaf. */
static void a_list_counts_for_the_key_that_signed_it(void)
{
	FILE *trust;

	place_make(&place, NULL);
	list_write(&place, "a.pem",
		   &(struct list_order){.by = &place.other,
					.revoked = &place.leaf},
		   "w");
	trust = fopen(place_path(&place, "trust.pem"), "a");
	PEM_write_X509(trust, place.other.x509);
	fclose(trust);
	place_lists(&place, "a.pem", NULL);
	place_mode(&place, REVOCATION_SOFT);
	CU_ASSERT_EQUAL(judged_by(&place, LEG_OUTSIDE), X509_V_OK);
	place_mode(&place, REVOCATION_HARD);
	CU_ASSERT_EQUAL(judged_by(&place, LEG_OUTSIDE), NONE);
	place_drop(&place);
}

static void one_file_may_have_several_lists(void)
{
	place_make(&place, NULL);
	list_write(&place, "all.pem", &(struct list_order){.by = &place.root},
		   "w");
	list_write(&place, "all.pem",
		   &(struct list_order){.by = &place.middle,
					.revoked = &place.leaf},
		   "a");
	place_lists(&place, "all.pem", NULL);
	CU_ASSERT_EQUAL(judged_by(&place, LEG_INSIDE), REVOKED);
	place_drop(&place);
}

/* Sharded lists: each is for the certificates that name it. */
static void a_list_for_one_point_is_for_those_that_name_it(void)
{
	static const struct {
		const char *idp;
		int code;
	} rows[] = {
		{"fullname:URI:" CDP_URL, REVOKED},
		{"fullname:URI:http://crl.example.test/other.crl", OK},
		{"onlyuser:TRUE", REVOKED},
		{"onlyCA:TRUE", OK},
	};

	place_make(&place, URI(CDP_URL));
	place_lists(&place, "a.pem", NULL);
	place_mode(&place, REVOCATION_SOFT);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		list_write(&place, "a.pem",
			   &(struct list_order){.by = &place.middle,
						.revoked = &place.leaf,
						.idp = rows[i].idp},
			   "w");
		CU_ASSERT_EQUAL(judged_by(&place, LEG_OUTSIDE), rows[i].code);
	}
	place_drop(&place);
}

static void swap_files(struct crl_board *b)
{
	const struct crl_set *set = NULL;
	char why[WHY_MAX];

	CU_ASSERT_EQUAL_FATAL(crl_set_load(&set, &place.settings, why), 0);
	crl_board_swap(b, set);
	crl_set_unref(&set);
}

static void a_swap_takes_effect_in_armed_stores(void)
{
	struct crl_board *b;

	place_make(&place, NULL);
	both_lists(NULL, NULL, HOUR_S);
	b = board_with(&place);
	CU_ASSERT_EQUAL(judged(&place, b, LEG_INSIDE), X509_V_OK);
	both_lists(&place.leaf, NULL, HOUR_S);
	swap_files(b);
	CU_ASSERT_EQUAL(judged(&place, b, LEG_INSIDE), REVOKED);
	crl_board_destroy(&b);
	CU_ASSERT_PTR_NULL(b);
	place_drop(&place);
}

static void a_number_does_not_go_back(void)
{
	struct crl_board *b;

	place_make(&place, NULL);
	place_lists(&place, "a.pem", NULL);
	place_mode(&place, REVOCATION_SOFT);
	list_write(&place, "a.pem",
		   &(struct list_order){.by = &place.middle,
					.revoked = &place.leaf,
					.number = 300},
		   "w");
	b = board_with(&place);
	list_write(&place, "a.pem",
		   &(struct list_order){.by = &place.middle, .number = 299},
		   "w");
	swap_files(b);
	CU_ASSERT_EQUAL(judged(&place, b, LEG_OUTSIDE), REVOKED);
	list_write(&place, "a.pem",
		   &(struct list_order){.by = &place.middle, .number = 65537},
		   "w");
	swap_files(b);
	CU_ASSERT_EQUAL(judged(&place, b, LEG_OUTSIDE), X509_V_OK);
	crl_board_destroy(&b);
	place_drop(&place);
}

static void a_board_without_lists_lets_all_pass(void)
{
	struct crl_board *b = NULL;
	unsigned char *der;

	place_make(&place, NULL);
	CU_ASSERT_EQUAL_FATAL(crl_board_create(&b), 0);
	CU_ASSERT_EQUAL(judged(&place, b, LEG_INSIDE), X509_V_OK);
	CU_ASSERT_EQUAL(judged(&place, NULL, LEG_INSIDE), X509_V_OK);
	CU_ASSERT_PTR_NULL(crl_board_get(b));
	CU_ASSERT_EQUAL(crl_board_staple(b, "00", &der), 0);
	crl_board_learn(b, LEG_OUTSIDE, NULL);
	crl_board_destroy(&b);
	place_drop(&place);
}

static void a_list_without_an_end_stays_good(void)
{
	place_make(&place, NULL);
	list_write(&place, "all.pem",
		   &(struct list_order){.by = &place.root, .endless = true},
		   "w");
	list_write(&place, "all.pem",
		   &(struct list_order){.by = &place.middle, .endless = true},
		   "a");
	place_lists(&place, "all.pem", NULL);
	CU_ASSERT_EQUAL(judged_by(&place, LEG_INSIDE), X509_V_OK);
	CU_ASSERT_EQUAL(standing(LEG_INSIDE), CRL_STANDING_GOOD);
	place_drop(&place);
}

/* What crl_board_learn() saw of a chain. */
static size_t learn(struct crl_board *b)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct crl_learnt *all;
	size_t n;

	sk_X509_push(chain, place.leaf.x509);
	sk_X509_push(chain, place.middle.x509);
	sk_X509_push(chain, place.root.x509);
	crl_board_learn(b, LEG_OUTSIDE, chain);
	sk_X509_free(chain);
	n = crl_board_learnt(b, &all);
	for (size_t i = 0; i < n; i++)
		crl_learnt_fini(&all[i]);
	free(all);
	return n;
}

static void rename_leaf(const char *cdp)
{
	cert_free(&place.leaf);
	cert_make_naming(&place.leaf, &(struct cert_order){.cn = "peer.test"},
			 &place.middle, cdp);
}

static void points_of_peers_are_learnt_once_bounded_and_http_only(void)
{
	struct crl_board *b;
	char uri[64];

	place_make(&place, NULL);
	list_write(&place, "root.pem", &(struct list_order){.by = &place.root},
		   "w");
	place_lists(&place, "root.pem", NULL);
	b = board_with(&place);
	CU_ASSERT_EQUAL(learn(b), 0);
	rename_leaf("URI:ldap://127.0.0.1/cn=x,URI:file:///etc/passwd");
	CU_ASSERT_EQUAL(learn(b), 0);
	rename_leaf(URI(CDP_URL));
	CU_ASSERT_EQUAL(learn(b), 1);
	CU_ASSERT_EQUAL(learn(b), 1);
	for (int i = 0; i < 70; i++) {
		snprintf(uri, sizeof(uri), "URI:http://crl%d.example.test/", i);
		rename_leaf(uri);
		CU_ASSERT(learn(b) <= 64);
	}
	CU_ASSERT_EQUAL(learn(b), 64);
	crl_board_destroy(&b);
	place_drop(&place);
}

static void what_a_list_covers_is_not_learnt(void)
{
	struct crl_board *b;

	place_make(&place, NULL);
	both_lists(NULL, NULL, HOUR_S);
	rename_leaf(URI(CDP_URL));
	b = board_with(&place);
	CU_ASSERT_EQUAL(learn(b), 0);
	crl_board_destroy(&b);
	place_drop(&place);
}

static size_t learnt(struct crl_board *b)
{
	struct crl_learnt *all;
	size_t n = crl_board_learnt(b, &all);

	for (size_t i = 0; i < n; i++)
		crl_learnt_fini(&all[i]);
	free(all);
	return n;
}

/* Else it would be refused for ever; but a stranger teaches us nothing. */
static void who_is_refused_for_want_of_a_list_says_where_it_is(void)
{
	struct cert forged;
	struct crl_board *b;

	place_make(&place, NULL);
	list_write(&place, "root.pem", &(struct list_order){.by = &place.root},
		   "w");
	place_lists(&place, "root.pem", NULL);
	place_mode(&place, REVOCATION_HARD);
	b = board_with(&place);
	forged = (struct cert){.x509 = place.middle.x509,
			       .key = place.other.key};
	cert_free(&place.leaf);
	cert_make_naming(&place.leaf, &(struct cert_order){.cn = "peer.test"},
			 &forged, URI(CDP_URL));
	CU_ASSERT_NOT_EQUAL(judged(&place, b, LEG_INSIDE), OK);
	CU_ASSERT_EQUAL(learnt(b), 0);
	rename_leaf(URI(CDP_URL));
	CU_ASSERT_EQUAL(judged(&place, b, LEG_INSIDE), NONE);
	CU_ASSERT_EQUAL(learnt(b), 1);
	crl_board_destroy(&b);
	place_drop(&place);
}

static void *verify_often(void *arg)
{
	for (int i = 0; i < 300; i++) {
		if (judged(&place, arg, LEG_INSIDE) != REVOKED)
			return &place;
	}
	return NULL;
}

/* Threads look up while lists are swapped: run it under TSan as well. */
static void a_large_list_is_fast_and_safe_for_threads(void)
{
	struct crl_board *b;
	pthread_t thread[4];
	void *failed = NULL;
	uint64_t began;

	place_make(&place, NULL);
	both_lists(&place.leaf, NULL, HOUR_S);
	list_write(&place, "issuer.pem",
		   &(struct list_order){.by = &place.middle,
					.revoked = &place.leaf,
					.also = 100000},
		   "w");
	b = board_with(&place);
	began = now_mono_ms();
	for (int i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, verify_often, b);
	for (int i = 0; i < 3; i++)
		swap_files(b);
	for (int i = 0; i < 4; i++) {
		void *bad = NULL;

		pthread_join(thread[i], &bad);
		failed = bad ? bad : failed;
	}
	CU_ASSERT_PTR_NULL(failed);
	CU_ASSERT(now_mono_ms() - began < 20000);
	crl_board_destroy(&b);
	place_drop(&place);
}

TEST_MAIN("revocation/board",
	  {"each mode does what it says", each_mode_does_what_it_says},
	  {"auto without a source is unchecked",
	   auto_without_a_source_is_unchecked},
	  {"our own certificate names a source",
	   our_own_certificate_names_a_source},
	  {"a point that nobody can ask is no source",
	   a_point_that_nobody_can_ask_is_no_source},
	  {"a missing file stops the start only when hard",
	   a_missing_file_stops_the_start_only_when_hard},
	  {"lists that do not count are refused with the reason",
	   lists_that_do_not_count_are_refused_with_the_reason},
	  {"a list of no authority of ours stops the start only when hard",
	   a_list_of_no_authority_of_ours_stops_the_start_only_when_hard},
	  {"what is no list stops the start", what_is_no_list_stops_the_start},
	  {"a list counts for the key that signed it",
	   a_list_counts_for_the_key_that_signed_it},
	  {"one file may have several lists", one_file_may_have_several_lists},
	  {"a list for one point is for those that name it",
	   a_list_for_one_point_is_for_those_that_name_it},
	  {"a swap takes effect in armed stores",
	   a_swap_takes_effect_in_armed_stores},
	  {"a number does not go back", a_number_does_not_go_back},
	  {"a board without lists lets all pass",
	   a_board_without_lists_lets_all_pass},
	  {"a list without an end stays good",
	   a_list_without_an_end_stays_good},
	  {"points of peers are learnt once, bounded, and http only",
	   points_of_peers_are_learnt_once_bounded_and_http_only},
	  {"who is refused for want of a list says where it is",
	   who_is_refused_for_want_of_a_list_says_where_it_is},
	  {"what a list covers is not learnt",
	   what_a_list_covers_is_not_learnt},
	  {"a large list is fast and safe for threads",
	   a_large_list_is_fast_and_safe_for_threads})
