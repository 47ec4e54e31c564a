/* SPDX-License-Identifier: Apache-2.0 */
/* fake_room.h - what the fakes share. */
#ifndef TESTS_FAKES_NET_FAKE_ROOM_H
#define TESTS_FAKES_NET_FAKE_ROOM_H

#include "net_fake.h"

struct fake_worker {
	struct worker pub;
	struct post *first, **last;
};

extern struct worker_setup fake_setup;
extern struct fake_worker fake_workers[FAKE_WORKERS];
extern unsigned fake_count;
extern unsigned fake_judge; /* counts reloads */
extern struct fake_conn *fake_conns[FAKE_CONNS];

/* Anything done? */
bool fake_conns_turn(void);
void fake_conns_end(void);
void fake_resolve_end(void);

/* fake_service.c */
unsigned fake_service_waits(void);
void fake_service_cancel(struct resolve_wait *wait);
void fake_service_end(void);

/* fake_asked.c */
void fake_note_asked(struct slice name);
void fake_asked_end(void);

#endif
