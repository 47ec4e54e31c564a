/*
 * keeper_test.c - what is fetched, when, what of it counts, and what is said.
 */
#include "keeper_rig.h"

#include <sys/stat.h>

static enum crl_standing stands(enum leg leg)
{
	const struct crl_set *set = crl_board_get(board);
	enum crl_standing is = crl_set_standing(set, leg, now_wall_s());

	crl_set_unref(&set);
	return is;
}

static void what_has_no_list_is_fetched_and_kept_for_a_restart(void)
{
	begin_with_list(true, 1);
	up();
	CU_ASSERT_EQUAL(stands(LEG_INSIDE), CRL_STANDING_MISSING);
	CU_ASSERT_EQUAL(keeper.tasks, 2); /* one a leg */
	keeper_round(false);
	CU_ASSERT_EQUAL(changes, 2);
	CU_ASSERT_EQUAL(net.asked, 2);
	CU_ASSERT_FALSE(net.learnt);
	CU_ASSERT_EQUAL(stands(LEG_INSIDE), CRL_STANDING_GOOD);
	CU_ASSERT_EQUAL(judged(&place, board, LEG_OUTSIDE), REVOKED);
	keeper_round(false);
	CU_ASSERT_EQUAL(net.asked, 2); /* not yet due again */
	down();

	serve(0, NULL, NULL);
	up();
	CU_ASSERT_EQUAL(judged(&place, board, LEG_OUTSIDE), REVOKED);
	keeper_round(false);
	CU_ASSERT_EQUAL(net.asked, 2);
	end();
}

static void the_cache_is_ours_alone_and_is_not_believed(void)
{
	char path[300], hash[65];
	struct stat st;
	FILE *f;

	begin_with_list(false, 1);
	up();
	keeper_round(false);
	down();
	snprintf(path, sizeof(path), "cd %s/crl && ls | tr -d '\\n' > ../name",
		 place.dir);
	CU_ASSERT_EQUAL_FATAL(system(path), 0);
	f = fopen(place_path(&place, "name"), "r");
	CU_ASSERT_PTR_NOT_NULL_FATAL(fgets(hash, sizeof(hash), f));
	fclose(f);
	snprintf(path, sizeof(path), "%s/crl/%s", place.dir, hash);
	CU_ASSERT_EQUAL_FATAL(stat(path, &st), 0);
	CU_ASSERT_EQUAL(st.st_mode & 07777, 0600);

	CU_ASSERT_EQUAL(truncate(path, 100), 0);
	board = board_with(&place);
	CU_ASSERT_EQUAL(stands(LEG_OUTSIDE), CRL_STANDING_MISSING);
	crl_board_destroy(&board);
	/* Somebody else's list in its place is no better. */
	list_write(&place, "b.der", &(struct list_order){.by = &place.other},
		   "w");
	CU_ASSERT_EQUAL(rename(place_path(&place, "b.der"), path), 0);
	up();
	CU_ASSERT_EQUAL(stands(LEG_OUTSIDE), CRL_STANDING_MISSING);
	keeper_round(false);
	CU_ASSERT_EQUAL(stands(LEG_OUTSIDE), CRL_STANDING_GOOD);
	end();
}

/** What is fetched next, and whether it counts. */
static void later_lists_count_only_when_they_are_ours_and_newer(void)
{
	begin_with_list(true, 300);
	up();
	keeper_round(true);
	changes = 0;
	list_of_leaf("a.der", false, 299);
	keeper_round(true);
	CU_ASSERT_PTR_NOT_NULL(strstr(keeper.task[0].fault.what, "goes back"));
	list_write(&place, "a.der",
		   &(struct list_order){.by = &place.other, .number = 400},
		   "w");
	keeper_round(true);
	CU_ASSERT_PTR_NOT_NULL(
		strstr(keeper.task[0].fault.what, "no authority"));
	CU_ASSERT_EQUAL(keeper.task[0].fails, 2);
	CU_ASSERT_EQUAL(changes, 0);
	CU_ASSERT_EQUAL(judged(&place, board, LEG_OUTSIDE), REVOKED);
	list_of_leaf("a.der", false, 301);
	keeper_round(true);
	CU_ASSERT_EQUAL(keeper.task[0].fails, 0);
	CU_ASSERT_EQUAL(keeper.task[0].fault.what[0], '\0');
	CU_ASSERT_EQUAL(changes, 2);
	CU_ASSERT_EQUAL(judged(&place, board, LEG_OUTSIDE), X509_V_OK);
	keeper_round(true); /* the same again changes nothing */
	CU_ASSERT_EQUAL(changes, 2);
	end();
}

static void an_expired_list_is_better_than_none_but_a_failure(void)
{
	begin(URI(CDP_URL));
	serve(0, CDP_URL, "a.der");
	list_expired("a.der");
	up();
	keeper_round(true);
	CU_ASSERT_EQUAL(keeper.task[0].fails, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(keeper.task[0].fault.what, "expired"));
	CU_ASSERT_EQUAL(stands(LEG_OUTSIDE), CRL_STANDING_EXPIRED);
	end();
}

static void another_address_of_the_same_list_is_tried(void)
{
	begin("URI:ldap:///CN=x,URI:" CDP_URL ",URI:" OTHER);
	serve(0, OTHER, "a.der");
	list_of_leaf("a.der", true, 1);
	up();
	CU_ASSERT_STRING_EQUAL(keeper.task[0].point->where[0], CDP_URL);
	keeper_round(true);
	CU_ASSERT_EQUAL(judged(&place, board, LEG_OUTSIDE), REVOKED);
	CU_ASSERT_EQUAL(net.asked, 4);
	keeper_round(true); /* it remembers which one worked */
	CU_ASSERT_EQUAL(net.asked, 6);
	end();
}

/* A reload comes while a fetch is under way: neither undoes the other. */
static void reload_now(void *arg)
{
	const struct crl_set *set = NULL;
	char why[WHY_MAX];

	net.meanwhile = NULL;
	place_lists(&place, "root.pem", NULL);
	CU_ASSERT_EQUAL_FATAL(crl_set_load(&set, &place.settings, why), 0);
	crl_board_swap(arg, set);
	crl_set_unref(&set);
}

static void a_reload_during_a_fetch_loses_nothing(void)
{
	const struct crl_set *set;

	begin_with_list(true, 1);
	list_of_root();
	up();
	net.meanwhile = reload_now;
	net.arg = board;
	keeper_round(true);
	set = crl_board_get(board);
	CU_ASSERT_EQUAL(set->leg[LEG_OUTSIDE].n, 2);
	CU_ASSERT_EQUAL(crl_set_standing(set, LEG_OUTSIDE, now_wall_s()),
			CRL_STANDING_GOOD);
	crl_set_unref(&set);
	CU_ASSERT_EQUAL(judged(&place, board, LEG_OUTSIDE), REVOKED);
	end();
}

/* A folder that cannot be written: the list lives on over a reload. */
static void lists_survive_a_reload_without_a_cache(void)
{
	begin_with_list(true, 1);
	strcpy(place.settings.state_dir, "/no");
	up();
	keeper_round(true);
	list_of_root();
	reload_now(board);
	CU_ASSERT_EQUAL(judged(&place, board, LEG_OUTSIDE), REVOKED);
	end();
}

/* A peer showed this chain. */
static void learn(const struct cert *leaf, const struct cert *middle)
{
	STACK_OF(X509) *chain = sk_X509_new_null();

	sk_X509_push(chain, leaf->x509);
	if (middle)
		sk_X509_push(chain, middle->x509);
	sk_X509_push(chain, place.root.x509);
	crl_board_learn(board, LEG_OUTSIDE, chain);
	sk_X509_free(chain);
}

/* Our own lists are there; the leaf is a peer that names one more. */
static void begin_with_peer(void)
{
	begin(NULL);
	list_of_root();
	place_lists(&place, "root.pem", NULL);
	cert_free(&place.leaf);
	cert_make_naming(&place.leaf, &(struct cert_order){.cn = "peer.test"},
			 &place.middle, URI(CDP_URL));
	board = board_with(&place);
	learn(&place.leaf, &place.middle);
}

static void what_peers_name_is_fetched_as_a_strangers_wish(void)
{
	const struct crl_set *set;

	begin_with_peer();
	list_of_leaf("a.der", true, 1);
	serve(0, CDP_URL, "a.der");
	keeper_up();
	CU_ASSERT_EQUAL(keeper.tasks, 3);
	keeper_round(true);
	CU_ASSERT_TRUE(net.learnt);
	CU_ASSERT_EQUAL(judged(&place, board, LEG_OUTSIDE), REVOKED);
	CU_ASSERT_EQUAL(judged(&place, board, LEG_INSIDE),
			X509_V_ERR_UNABLE_TO_GET_CRL);
	set = crl_board_get(board);
	reload_now(board); /* it stays over a reload */
	CU_ASSERT_EQUAL(judged(&place, board, LEG_OUTSIDE), REVOKED);
	crl_set_unref(&set);
	end();
}

/* A stranger's dead address is no alarm of ours. */
static void what_peers_name_raises_no_alarm(void)
{
	begin_with_peer();
	keeper_up();
	keeper_round(true);
	CU_ASSERT_EQUAL(stands(LEG_OUTSIDE), CRL_STANDING_GOOD);
	end();
}

/* A stranger's slow server costs half a minute, and there may be many. */
static void what_peers_name_waits_behind_our_own(void)
{
	struct crl_task *ours, *peers;

	begin_with_peer();
	keeper_up();
	CU_ASSERT_EQUAL_FATAL(keeper.tasks, 3);
	for (size_t i = 0; i < 3; i++)
		keeper.task[i].due_ms = 1000;
	ours = &keeper.task[0];
	peers = &keeper.task[2];
	CU_ASSERT_EQUAL_FATAL(peers->point->by, CRL_BY_PEER);
	peers->due_ms = 0;
	CU_ASSERT_PTR_EQUAL(crl_keeper_next(&keeper, 999), peers);
	CU_ASSERT_PTR_EQUAL(crl_keeper_next(&keeper, 1001), ours);
	end();
}

static void a_file_is_read_again_when_it_is_another_one(void)
{
	begin(NULL);
	place_mode(&place, REVOCATION_SOFT);
	list_of_leaf("a.pem", false, 1);
	place_lists(&place, "a.pem", NULL);
	up();
	keeper_round(true);
	net.asked = 0;
	keeper_round(true);
	CU_ASSERT_EQUAL(net.asked, 0);
	CU_ASSERT_EQUAL(changes, 0);
	list_of_leaf("b.pem", true, 2);
	rename(place_path(&place, "b.pem"), place_path(&place, "a.pem"));
	keeper_round(true);
	CU_ASSERT_EQUAL(changes, 2);
	CU_ASSERT_EQUAL(judged(&place, board, LEG_OUTSIDE), REVOKED);
	end();
}

static void reload_by_board(void)
{
	keeper.reloaded = true;
	crl_keeper_gather(&keeper);
}

/* Nothing that is fetched could make it better. */
static void what_files_have_is_said_before_any_fetch(void)
{
	static char url[] = CDP_URL, *far[] = {url};

	begin(NULL);
	place_mode(&place, REVOCATION_SOFT);
	list_expired("a.pem");
	place_lists(&place, "a.pem", NULL);
	place.settings.leg[LEG_OUTSIDE].revocation.crl =
		(struct name_list){far, 1};
	up();
	crl_keeper_say(&keeper);
	CU_ASSERT_EQUAL(said("crl-expired leg=inside"), 1);
	CU_ASSERT_EQUAL(said("leg=outside"), 0);
	CU_ASSERT_EQUAL(net.asked, 0);
	reload_by_board();
	crl_keeper_say(&keeper);
	CU_ASSERT_EQUAL(said("crl-expired leg=inside"), 2);
	end();
}

static void how_a_leg_stands_is_said_once_daily_and_when_it_ends(void)
{
	begin(NULL);
	place_mode(&place, REVOCATION_SOFT);
	place_lists(&place, CDP_URL, NULL);
	place.settings.leg[LEG_OUTSIDE].revocation.mode = REVOCATION_OFF;
	up();
	crl_keeper_say(&keeper);
	CU_ASSERT_EQUAL(said("crl-missing"), 0);
	keeper_round(true);
	CU_ASSERT_EQUAL(said("reason=\"nobody ?there?\"\n"), 1);
	for (int i = 0; i < 3; i++)
		crl_keeper_say(&keeper);
	CU_ASSERT_EQUAL(said("crl-missing leg=inside source=" CDP_URL), 1);
	keeper.said[LEG_INSIDE].at_s -= 24 * 3600;
	for (int i = 0; i < 3; i++)
		crl_keeper_say(&keeper);
	CU_ASSERT_EQUAL(said("crl-missing"), 2);
	reload_by_board();
	crl_keeper_say(&keeper);
	CU_ASSERT_EQUAL(said("crl-missing"), 2); /* it may come yet */
	keeper_round(false);
	crl_keeper_say(&keeper);
	crl_keeper_say(&keeper);
	CU_ASSERT_EQUAL(said("crl-missing"), 3);

	serve(0, CDP_URL, "a.der");
	list_expired("a.der");
	keeper_round(true);
	crl_keeper_say(&keeper);
	CU_ASSERT_EQUAL(said("crl-expired leg=inside"), 1);
	CU_ASSERT_EQUAL(said("age_s=324"), 1);
	list_of_leaf("a.der", false, 5);
	keeper_round(true);
	crl_keeper_say(&keeper);
	crl_keeper_say(&keeper);
	CU_ASSERT_EQUAL(said("crl-good leg=inside"), 1);
	CU_ASSERT_EQUAL(said("leg=outside"), 0);
	end();
}

static void nothing_checked_and_proxies_of_the_environment_are_said(void)
{
	begin(NULL);
	up();
	crl_keeper_say(&keeper);
	CU_ASSERT_EQUAL(said("crl-unchecked leg=inside"), 1);
	CU_ASSERT_EQUAL(said("crl-unchecked leg=outside"), 1);
	setenv("http_proxy", "http://user:secret@192.0.2.1:3128", 1);
	crl_keeper_say_environment();
	unsetenv("http_proxy");
	CU_ASSERT_EQUAL(said("proxy-ignored environment=http_proxy"), 1);
	CU_ASSERT_EQUAL(said("secret"), 0);
	end();
}

/** Reports of a try. */
struct heard {
	unsigned n, failed, spare;
	char first[WHY_MAX];
	char proxy[64];
};

static void hear(const struct crl_report *r, void *arg)
{
	struct heard *h = arg;

	h->n++;
	h->failed += r->failed[0] != '\0';
	h->spare += r->spare;
	snprintf(h->proxy, sizeof(h->proxy), "%s", r->proxy);
	if (r->failed[0] && !h->first[0])
		snprintf(h->first, sizeof(h->first), "%s", r->failed);
}

static void a_try_tells_of_each_address_and_writes_nothing(void)
{
	struct heard h = {0};
	struct stat st;

	begin("URI:" CDP_URL ",URI:" OTHER);
	serve(0, OTHER, "a.der");
	list_of_leaf("a.der", false, 1);
	place.settings.leg[LEG_INSIDE].revocation.proxy =
		strdup("http://proxy.test:3128");
	CU_ASSERT_EQUAL(crl_keeper_try(&place.settings, NULL, hear, &h), 0);
	CU_ASSERT_EQUAL(h.n, 4);
	CU_ASSERT_EQUAL(h.failed, 2);
	CU_ASSERT_EQUAL(h.spare, 2);
	CU_ASSERT_STRING_EQUAL(h.first, "nobody \"there\"");
	CU_ASSERT_STRING_EQUAL(h.proxy, "http://proxy.test:3128");
	CU_ASSERT_NOT_EQUAL(stat(place_path(&place, "crl"), &st), 0);
	free(place.settings.leg[LEG_INSIDE].revocation.proxy);
	place_drop(&place);
}

/* What was asked once need not be asked again to be judged by. */
static void a_try_hands_back_what_came(void)
{
	const struct crl_set *set = NULL;
	struct heard h = {0};
	char why[WHY_MAX];

	begin_with_list(true, 1);
	CU_ASSERT_EQUAL_FATAL(crl_set_load(&set, &place.settings, why), 0);
	CU_ASSERT_EQUAL(crl_set_standing(set, LEG_INSIDE, now_wall_s()),
			CRL_STANDING_MISSING);
	CU_ASSERT_EQUAL(crl_keeper_try(&place.settings, &set, hear, &h), 0);
	CU_ASSERT_EQUAL(net.asked, 2); /* once a leg */
	CU_ASSERT_EQUAL(crl_set_standing(set, LEG_INSIDE, now_wall_s()),
			CRL_STANDING_GOOD);
	CU_ASSERT_EQUAL_FATAL(crl_board_create(&board), 0);
	crl_board_swap(board, set);
	CU_ASSERT_EQUAL(judged(&place, board, LEG_INSIDE), REVOKED);
	crl_board_destroy(&board);
	crl_set_unref(&set);
	place_drop(&place);
}

/** Waits for the keeper's thread. */
static struct {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	unsigned n;
} heard_change = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static void change_heard(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&heard_change.mutex);
	heard_change.n++;
	pthread_cond_signal(&heard_change.cond);
	pthread_mutex_unlock(&heard_change.mutex);
}

static void wait_for_changes(unsigned n)
{
	pthread_mutex_lock(&heard_change.mutex);
	while (heard_change.n < n)
		pthread_cond_wait(&heard_change.cond, &heard_change.mutex);
	pthread_mutex_unlock(&heard_change.mutex);
}

static void the_thread_fetches_learns_reloads_and_ends(void)
{
	struct crl_keeper *k = NULL;
	char why[WHY_MAX];
	struct cert peer;

	begin(URI(CDP_URL));
	serve(0, CDP_URL, "a.der");
	serve(1, OTHER, "a2.der");
	list_of_leaf("a.der", true, 1);
	list_write(&place, "a2.der",
		   &(struct list_order){.by = &place.root,
					.revoked = &place.middle},
		   "w");
	cert_make_naming(&peer,
			 &(struct cert_order){.cn = "Sub", .authority = true},
			 &place.root, URI(OTHER));
	board = board_with(&place);
	CU_ASSERT_EQUAL_FATAL(crl_keeper_create(&k, board, &place.settings,
						change_heard, NULL, why),
			      0);
	wait_for_changes(2);
	CU_ASSERT_EQUAL(judged(&place, board, LEG_INSIDE), REVOKED);
	learn(&peer, NULL);
	wait_for_changes(3);
	crl_keeper_reload(k);
	crl_keeper_destroy(&k);
	CU_ASSERT_PTR_NULL(k);
	crl_board_destroy(&board);
	cert_free(&peer);
	place_drop(&place);
}

static void the_end_waits_for_no_fetch(void)
{
	struct crl_keeper *k = NULL;
	char why[WHY_MAX];

	begin(URI(CDP_URL));
	net.hangs = true;
	board = board_with(&place);
	CU_ASSERT_EQUAL_FATAL(crl_keeper_create(&k, board, &place.settings,
						change_heard, NULL, why),
			      0);
	crl_keeper_destroy(&k);
	crl_board_destroy(&board);
	place_drop(&place);
}

TEST_MAIN("revocation/keeper",
	  {"what has no list is fetched, and kept for a restart",
	   what_has_no_list_is_fetched_and_kept_for_a_restart},
	  {"the cache is ours alone and is not believed",
	   the_cache_is_ours_alone_and_is_not_believed},
	  {"later lists count only when they are ours and newer",
	   later_lists_count_only_when_they_are_ours_and_newer},
	  {"an expired list is better than none but a failure",
	   an_expired_list_is_better_than_none_but_a_failure},
	  {"another address of the same list is tried",
	   another_address_of_the_same_list_is_tried},
	  {"a reload during a fetch loses nothing",
	   a_reload_during_a_fetch_loses_nothing},
	  {"lists survive a reload without a cache",
	   lists_survive_a_reload_without_a_cache},
	  {"what peers name is fetched as a stranger's wish",
	   what_peers_name_is_fetched_as_a_strangers_wish},
	  {"what peers name raises no alarm", what_peers_name_raises_no_alarm},
	  {"what peers name waits behind our own",
	   what_peers_name_waits_behind_our_own},
	  {"a file is read again when it is another one",
	   a_file_is_read_again_when_it_is_another_one},
	  {"what files have is said before any fetch",
	   what_files_have_is_said_before_any_fetch},
	  {"how a leg stands is said once, daily, and when it ends",
	   how_a_leg_stands_is_said_once_daily_and_when_it_ends},
	  {"nothing checked, and proxies of the environment, are said",
	   nothing_checked_and_proxies_of_the_environment_are_said},
	  {"a try tells of each address and writes nothing",
	   a_try_tells_of_each_address_and_writes_nothing},
	  {"a try hands back what came", a_try_hands_back_what_came},
	  {"the thread fetches, learns, reloads and ends",
	   the_thread_fetches_learns_reloads_and_ends},
	  {"the end waits for no fetch", the_end_waits_for_no_fetch})
