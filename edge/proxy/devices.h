/*
 * devices.h: how much each enrolled device asks, for all workers.
 */
#ifndef PROXY_DEVICES_H
#define PROXY_DEVICES_H

#include "settings/settings.h"

struct devices;

/* Make an empty table. 0 or ENOMEM. */
int devices_create(struct devices **out);

/* Destroy. */
void devices_destroy(struct devices **d);

/* May it ask something new now? By its name and its calls_per_s; true when
 * there is no memory to count it. */
bool devices_admit(struct devices *d, const struct device_settings *device,
		   uint64_t now_ms);

#endif
