/*
 * devices.h: how much each enrolled device asks, and how often its digest was
 * wrong, for all workers.
 */
#ifndef PROXY_DEVICES_H
#define PROXY_DEVICES_H

#include "sip/facts.h"

/* So many wrong digests without a right one between them, and for so long
 * nobody is heard who comes as this device. */
#define DEVICES_WRONG_MAX 5
#define DEVICES_SHUT_MS	  60000

struct devices;

enum devices_door { DEVICES_OPEN, DEVICES_NOW_SHUT, DEVICES_SHUT };

/* Make an empty table. 0 or ENOMEM. */
int devices_create(struct devices **out);

/* Destroy. */
void devices_destroy(struct devices **d);

/* May it ask something new now? By its name and its calls_per_s; true when
 * there is no memory to count it. */
bool devices_admit(struct devices *d, const struct device_settings *device,
		   uint64_t now_ms);

/* What a digest, or the lack of one, means for its device: DEVICES_NOW_SHUT for
 * the wrong one that was one too many; DEVICES_SHUT for any in the time after
 * it. DEVICES_OPEN when there is no memory to count it. */
enum devices_door devices_prove(struct devices *d,
				const struct device_settings *device,
				enum digest_proof proof, uint64_t now_ms);

#endif
