/*
 * token_keys.c - the key ring: drawn once, rotated daily, shared by threads.
 */
#include "token_ring.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define ROTATE_S (24 * 3600)

static int draw(void *out, size_t n)
{
	return getrandom(out, n, 0) == (ssize_t)n ? 0 : EIO;
}

static int draw_names(struct token_keys *k)
{
	int err = draw(k->who, sizeof(k->who));

	return err ? err : draw(k->dialog, sizeof(k->dialog));
}

static void drop_oldest(struct token_keys *k)
{
	memmove(&k->key[0], &k->key[1], (k->n - 1) * sizeof(k->key[0]));
	k->n--;
	OPENSSL_cleanse(&k->key[k->n], sizeof(k->key[0]));
}

/* The first key's id is drawn: tokens of a deleted ring rarely name it. */
static int add_key(struct token_keys *k, uint64_t wall_s)
{
	struct ring_key key = {.created_s = wall_s};
	int err = draw(key.mac, sizeof(key.mac));

	if (!err)
		err = draw(key.seal, sizeof(key.seal));
	if (!err && k->n == 0)
		err = draw(&key.id, sizeof(key.id));
	if (err)
		return err;
	if (k->n == RING_MAX)
		drop_oldest(k);
	if (k->n > 0) {
		k->key[k->n - 1].retired_s = wall_s;
		key.id = (uint8_t)(k->key[k->n - 1].id + 1);
	}
	k->key[k->n++] = key;
	OPENSSL_cleanse(&key, sizeof(key));
	return 0;
}

static bool is_past(const struct token_keys *k, const struct ring_key *key,
		    uint64_t wall_s)
{
	return key->retired_s != 0 && wall_s > key->retired_s &&
	       wall_s - key->retired_s > k->keep_s;
}

/* A key from more than a day ahead means that the clock was wrong then. */
static bool must_rotate(const struct token_keys *k, uint64_t wall_s)
{
	uint64_t created_s;

	if (k->n == 0)
		return true;
	created_s = k->key[k->n - 1].created_s;
	return wall_s >= created_s + ROTATE_S || created_s > wall_s + ROTATE_S;
}

static int bring_up_to_date(struct token_keys *k, uint64_t wall_s,
			    bool *changed)
{
	*changed = false;
	while (k->n > 1 && is_past(k, &k->key[0], wall_s)) {
		drop_oldest(k);
		*changed = true;
	}
	if (!must_rotate(k, wall_s))
		return 0;
	*changed = true;
	return add_key(k, wall_s);
}

static int ring_load(struct token_keys *k, int dir, const char *state_dir,
		     uint64_t wall_s, char *why)
{
	int err = ring_read(k, dir, state_dir, why);
	bool changed;

	if (err && err != ENOENT)
		return err;
	err = err == ENOENT ? draw_names(k) : 0;
	if (!err)
		err = bring_up_to_date(k, wall_s, &changed);
	if (err) {
		snprintf(why, WHY_MAX, "%.200s: cannot draw keys: %s",
			 state_dir, strerror(err));
		return err;
	}
	return changed ? ring_write(k, dir, state_dir, why) : 0;
}

static void ring_destroy(struct token_keys *k)
{
	OPENSSL_cleanse(k, sizeof(*k));
	free(k);
}

int token_keys_open(const struct token_keys **out, const char *state_dir,
		    uint64_t wall_s, uint64_t keep_s, char *why)
{
	struct token_keys *k = calloc(1, sizeof(*k));
	int dir, err;

	if (!k) {
		snprintf(why, WHY_MAX, "%.200s: out of memory", state_dir);
		return ENOMEM;
	}
	atomic_init(&k->refs, 1);
	k->keep_s = keep_s;
	err = ring_lock(&dir, state_dir, why);
	if (!err) {
		err = ring_load(k, dir, state_dir, wall_s, why);
		ring_unlock(dir);
	}
	if (err) {
		ring_destroy(k);
		return err;
	}
	*out = k;
	return 0;
}

uint64_t token_keys_rotate_at(const struct token_keys *k)
{
	return k->key[k->n - 1].created_s + ROTATE_S;
}

/* The count is the one part of a ring that changes. */
static struct token_keys *writable(const struct token_keys *k)
{
	return (struct token_keys *)(uintptr_t)k;
}

const struct token_keys *token_keys_ref(const struct token_keys *k)
{
	atomic_fetch_add(&writable(k)->refs, 1);
	return k;
}

void token_keys_unref(const struct token_keys **k)
{
	const struct token_keys *ring = *k;

	*k = NULL;
	if (ring && atomic_fetch_sub(&writable(ring)->refs, 1) == 1)
		ring_destroy(writable(ring));
}
