/*
 * devices.c: a device goes by its name, whatever address or connection it uses
 * and whatever worker that lives on. One entry for each that was ever enrolled.
 */
/* Out of memory the element is not added, and its hh.tbl is NULL. */
#define HASH_NONFATAL_OOM 1

#include "devices.h"

#include "pace.h"

#include "base/hash.h"
#include "base/lock.h"

#include <errno.h>
#include <stdlib.h>
#include <uthash.h>

struct device {
	UT_hash_handle hh;
	uint64_t key; /* hash of its name */
	struct pace pace;
	unsigned wrong;	       /* digests since the last right one */
	uint64_t shut_till_ms; /* 0: it was never shut out */
};

struct devices {
	struct lock lock;
	struct device *table;
};

int devices_create(struct devices **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return ENOMEM;
	lock_init(&(*out)->lock);
	return 0;
}

void devices_destroy(struct devices **dp)
{
	struct devices *d = *dp;
	struct device *it, *tmp;

	*dp = NULL;
	if (!d)
		return;
	HASH_ITER (hh, d->table, it, tmp) {
		HASH_DEL(d->table, it);
		free(it);
	}
	lock_fini(&d->lock);
	free(d);
}

static struct device *device_need(struct devices *d, uint64_t key)
{
	struct device *it;

	HASH_FIND(hh, d->table, &key, sizeof(key), it);
	if (it)
		return it;
	it = calloc(1, sizeof(*it));
	if (!it)
		return NULL;
	it->key = key;
	HASH_ADD(hh, d->table, key, sizeof(it->key), it);
	if (it->hh.tbl)
		return it;
	free(it);
	return NULL;
}

bool devices_admit(struct devices *d, const struct device_settings *device,
		   uint64_t now_ms)
{
	uint64_t key = hash_bytes(0, slice_of(device->name));
	struct device *it;
	bool good;

	lock_take(&d->lock);
	it = device_need(d, key);
	good = !it || pace_take(&it->pace, device->calls_per_s, now_ms);
	lock_give(&d->lock);
	return good;
}

static enum devices_door device_prove(struct device *it,
				      enum digest_proof proof, uint64_t now_ms)
{
	if (now_ms < it->shut_till_ms)
		return DEVICES_SHUT;
	if (proof == DIGEST_GOOD)
		it->wrong = 0;
	if (proof != DIGEST_WRONG || ++it->wrong < DEVICES_WRONG_MAX)
		return DEVICES_OPEN;
	it->wrong = 0;
	it->shut_till_ms = now_ms + DEVICES_SHUT_MS;
	return DEVICES_NOW_SHUT;
}

enum devices_door devices_prove(struct devices *d,
				const struct device_settings *device,
				enum digest_proof proof, uint64_t now_ms)
{
	uint64_t key = hash_bytes(0, slice_of(device->name));
	enum devices_door door;
	struct device *it;

	lock_take(&d->lock);
	it = device_need(d, key);
	door = it ? device_prove(it, proof, now_ms) : DEVICES_OPEN;
	lock_give(&d->lock);
	return door;
}
