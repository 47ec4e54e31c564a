/*
 * pace.h: how much somebody may ask a second: that much at once, and nothing
 * more until the second that began with it is over.
 */
#ifndef PROXY_PACE_H
#define PROXY_PACE_H

#include <stdbool.h>
#include <stdint.h>

#define PACE_MS 1000

/* Zeroed: nothing was asked. */
struct pace {
	uint64_t begun_ms;
	uint32_t taken;
};

/* Take one of so many a second; false: not now. */
static inline bool pace_take(struct pace *p, uint32_t rate, uint64_t now_ms)
{
	if (!p->begun_ms || now_ms - p->begun_ms >= PACE_MS) {
		p->begun_ms = now_ms;
		p->taken = 0;
	}
	if (p->taken >= rate)
		return false;
	p->taken++;
	return true;
}

#endif
