/*
 * board.c - what handshakes look at: the present lists, behind one lock, and
 * what peers' certificates name that no list is known of.
 */
#include "board_room.h"

#include "base/lock.h"
#include "base/now.h"

#include <errno.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>

#define LEARNT_MAX    64
#define LEARNT_KEPT_S 3600 /* at least, once learnt */

/** What a store was armed with. */
struct arm {
	struct crl_board *board;
	enum leg leg;
};

struct crl_board {
	struct lock lock;
	const struct crl_set *set;
	struct crl_learnt learnt[LEARNT_MAX];
	size_t learnts;
	void (*poke)(void *arg);
	void *poke_arg;
	struct arm arm[LEG_COUNT];
};

static int store_index = -1;

int crl_board_create(struct crl_board **out)
{
	struct crl_board *b = calloc(1, sizeof(*b));

	*out = b;
	if (!b)
		return ENOMEM;
	if (store_index < 0)
		store_index =
			X509_STORE_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	lock_init(&b->lock);
	for (int i = 0; i < LEG_COUNT; i++)
		b->arm[i] = (struct arm){.board = b, .leg = (enum leg)i};
	return 0;
}

void crl_learnt_fini(struct crl_learnt *l)
{
	crl_point_unref(&l->point);
	X509_free(l->issuer);
	l->issuer = NULL;
}

void crl_board_destroy(struct crl_board **bp)
{
	struct crl_board *b = *bp;

	*bp = NULL;
	if (!b)
		return;
	for (size_t i = 0; i < b->learnts; i++)
		crl_learnt_fini(&b->learnt[i]);
	crl_set_unref(&b->set);
	lock_fini(&b->lock);
	free(b);
}

const struct crl_set *crl_board_get(struct crl_board *b)
{
	const struct crl_set *set;

	lock_take(&b->lock);
	set = b->set ? crl_set_ref(b->set) : NULL;
	lock_give(&b->lock);
	return set;
}

bool crl_board_replace(struct crl_board *b, const struct crl_set *present,
		       const struct crl_set *set)
{
	const struct crl_set *old = NULL;
	bool same;

	lock_take(&b->lock);
	same = b->set == present;
	if (same) {
		old = b->set;
		b->set = crl_set_ref(set);
	}
	lock_give(&b->lock);
	crl_set_unref(&old);
	return same;
}

/* Without memory to carry over what the old one knew, the new one as it is. */
static bool swap_once(struct crl_board *b, const struct crl_set *set)
{
	const struct crl_set *old = crl_board_get(b), *put = NULL;
	bool done;

	if (crl_set_carry(&put, set, old))
		put = crl_set_ref(set);
	done = crl_board_replace(b, old, put);
	crl_set_unref(&put);
	crl_set_unref(&old);
	return done;
}

void crl_board_swap(struct crl_board *b, const struct crl_set *set)
{
	while (!swap_once(b, set))
		;
}

static bool judge_link(X509_STORE_CTX *check, const struct crl_set *set,
		       enum leg leg, int depth)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(check);
	X509 *cert = sk_X509_value(chain, depth);
	int code =
		crl_set_judge(set, leg, cert, sk_X509_value(chain, depth + 1));

	if (code == X509_V_OK)
		return true;
	X509_STORE_CTX_set_error(check, code);
	X509_STORE_CTX_set_error_depth(check, depth);
	X509_STORE_CTX_set_current_cert(check, cert);
	return X509_STORE_CTX_get_verify_cb(check)(0, check) != 0;
}

/* Signatures are verified only after revocation was looked into. */
static bool is_signed(const STACK_OF(X509) * chain)
{
	for (int i = 0; i + 1 < sk_X509_num(chain); i++) {
		if (X509_verify(
			    sk_X509_value(chain, i),
			    X509_get0_pubkey(sk_X509_value(chain, i + 1))) != 1)
			return false;
	}
	return true;
}

/*
 * Where the list is must be learnt of those that are turned away for want of
 * it: they would be for ever. Not from a stranger, who could have us fetch
 * whatever he likes.
 */
static void learn_of_refused(X509_STORE_CTX *check, const struct arm *arm)
{
	const STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(check);

	if (X509_STORE_CTX_get_error(check) == X509_V_ERR_UNABLE_TO_GET_CRL &&
	    is_signed(chain))
		crl_board_learn(arm->board, arm->leg, chain);
}

/*
 * In OpenSSL's place: its own check looks lists up by name, which ours would
 * stand, but verifies their signature in every handshake, and asks for a list
 * about the trust anchor (RFC 5280 §6.1 does not).
 */
static int judge_chain(X509_STORE_CTX *check)
{
	const struct arm *arm = X509_STORE_get_ex_data(
		X509_STORE_CTX_get0_store(check), store_index);
	int last = sk_X509_num(X509_STORE_CTX_get0_chain(check)) - 1;
	const struct crl_set *set = arm ? crl_board_get(arm->board) : NULL;
	bool good = true;

	for (int i = 0; set && i < last && good; i++)
		good = judge_link(check, set, arm->leg, i);
	if (!good)
		learn_of_refused(check, arm);
	crl_set_unref(&set);
	return good;
}

void crl_board_arm(X509_STORE *store, struct crl_board *b, enum leg leg)
{
	if (!b)
		return;
	X509_STORE_set_ex_data(store, store_index, &b->arm[leg]);
	X509_STORE_set_check_revocation(store, judge_chain);
}

/* Is it known, or is there room? Room is made by the oldest, after a while. */
static bool has_room(struct crl_board *b, const struct crl_point *p,
		     uint64_t wall_s)
{
	size_t oldest = 0;

	for (size_t i = 0; i < b->learnts; i++) {
		if (crl_point_meets(b->learnt[i].point, p))
			return false;
		if (b->learnt[i].since_s < b->learnt[oldest].since_s)
			oldest = i;
	}
	if (b->learnts < LEARNT_MAX)
		return true;
	if (b->learnt[oldest].since_s + LEARNT_KEPT_S > wall_s)
		return false;
	crl_learnt_fini(&b->learnt[oldest]);
	b->learnt[oldest] = b->learnt[--b->learnts];
	return true;
}

static void learn(struct crl_board *b, struct crl_point *p, X509 *issuer)
{
	uint64_t wall_s = now_wall_s();
	void (*poke)(void *arg) = NULL;

	lock_take(&b->lock);
	if (has_room(b, p, wall_s)) {
		X509_up_ref(issuer);
		b->learnt[b->learnts++] = (struct crl_learnt){
			.point = crl_point_ref(p),
			.issuer = issuer,
			.since_s = wall_s,
		};
		poke = b->poke;
	}
	if (poke)
		poke(b->poke_arg);
	lock_give(&b->lock);
}

static void learn_link(struct crl_board *b, const struct crl_set *set,
		       enum leg leg, X509 *cert, X509 *issuer)
{
	struct crl_point *p;

	if (crl_set_covers(set, leg, cert, issuer))
		return;
	p = crl_point_of(leg, CRL_BY_PEER, cert);
	if (!p)
		return;
	if (!crl_set_slot(set, p))
		learn(b, p, issuer);
	crl_point_unref(&p);
}

void crl_board_learn(struct crl_board *b, enum leg leg,
		     const STACK_OF(X509) * chain)
{
	const struct crl_set *set = b ? crl_board_get(b) : NULL;
	int last = sk_X509_num(chain) - 1;

	if (!set)
		return;
	if (set->leg[leg].mode != REVOCATION_OFF &&
	    set->settings->leg[leg].revocation.distribution_points) {
		for (int i = 0; i < last; i++)
			learn_link(b, set, leg, sk_X509_value(chain, i),
				   sk_X509_value(chain, i + 1));
	}
	crl_set_unref(&set);
}

size_t crl_board_learnt(struct crl_board *b, struct crl_learnt **out)
{
	size_t n = 0;

	*out = calloc(LEARNT_MAX, sizeof(**out));
	if (!*out)
		return 0;
	lock_take(&b->lock);
	for (; n < b->learnts; n++) {
		(*out)[n] = b->learnt[n];
		crl_point_ref((*out)[n].point);
		X509_up_ref((*out)[n].issuer);
	}
	lock_give(&b->lock);
	return n;
}

void crl_board_on_learn(struct crl_board *b, void (*poke)(void *arg), void *arg)
{
	lock_take(&b->lock);
	b->poke = poke;
	b->poke_arg = arg;
	lock_give(&b->lock);
}

static size_t copy_answer(const struct staple *st, unsigned char **der)
{
	if (!st->der || st->next_s <= now_wall_s())
		return 0;
	*der = OPENSSL_memdup(st->der, st->n);
	return *der ? st->n : 0;
}

size_t crl_board_staple(struct crl_board *b, const char *fingerprint,
			unsigned char **der)
{
	const struct crl_set *set = b ? crl_board_get(b) : NULL;
	size_t n = 0;

	*der = NULL;
	for (size_t i = 0; set && i < set->staples && n == 0; i++) {
		if (strcmp(set->staple[i]->fingerprint, fingerprint) == 0)
			n = copy_answer(set->staple[i], der);
	}
	crl_set_unref(&set);
	return n;
}
