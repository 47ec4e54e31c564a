/* SPDX-License-Identifier: Apache-2.0 */
/* fake_worker.c - workers that take turns. */
#include "fake_room.h"

struct worker_setup fake_setup;
struct fake_worker fake_workers[FAKE_WORKERS];
unsigned fake_count;
unsigned fake_inside;

struct worker *fake_worker(unsigned index)
{
	return &fake_workers[index].pub;
}

static void worker_begin(unsigned i, unsigned count, uint64_t now_ms)
{
	struct fake_worker *w = &fake_workers[i];

	*w = (struct fake_worker){
		.pub =
			{
				.index = i,
				.count = count,
				.settings = settings_ref(fake_setup.settings),
				.now_ms = now_ms,
				.wall_s = 1700000000u,
			},
	};
	w->last = &w->first;
	deadline_clock_init(&w->pub.clock);
}

int fake_start(const struct worker_setup *setup, unsigned count)
{
	fake_setup = *setup;
	fake_count = 0;
	for (unsigned i = 0; i < count; i++) {
		int err;

		worker_begin(i, count, 1000000);
		fake_inside++;
		err = setup->start(&fake_workers[i].pub, setup->arg);
		fake_inside--;
		if (err) {
			settings_unref(&fake_workers[i].pub.settings);
			return err;
		}
		fake_count++;
	}
	return 0;
}

static bool deliver(struct fake_worker *w)
{
	struct post *p = w->first;

	if (!p)
		return false;
	w->first = p->next;
	if (!w->first)
		w->last = &w->first;
	p->next = NULL;
	fake_inside++;
	p->fn(p, &w->pub);
	fake_inside--;
	return true;
}

static bool deliver_all(void)
{
	bool any = false;

	for (unsigned i = 0; i < fake_count; i++)
		while (deliver(&fake_workers[i]))
			any = true;
	return any;
}

void fake_settle(void)
{
	while (fake_conns_turn() || deliver_all())
		;
}

void fake_stop(void)
{
	fake_conns_end();
	deliver_all();
	for (unsigned i = 0; i < fake_count; i++)
		fake_setup.stop(&fake_workers[i].pub, fake_setup.arg);
	deliver_all();
	for (unsigned i = 0; i < fake_count; i++)
		settings_unref(&fake_workers[i].pub.settings);
	fake_count = 0;
	fake_resolve_end();
}

void fake_reload(const struct settings *s)
{
	fake_judge++;
	for (unsigned i = 0; i < fake_count; i++) {
		struct worker *w = &fake_workers[i].pub;

		settings_unref(&w->settings);
		w->settings = settings_ref(s);
		fake_inside++;
		fake_setup.reloaded(w, fake_setup.arg);
		fake_inside--;
	}
}

bool fake_idle(unsigned worker)
{
	return fake_setup.idle(&fake_workers[worker].pub, fake_setup.arg);
}

static uint64_t next_due(uint64_t end)
{
	for (unsigned i = 0; i < fake_count; i++) {
		uint64_t due = deadline_next(&fake_workers[i].pub.clock);

		if (due < end)
			end = due;
	}
	return end;
}

void fake_pass(uint64_t ms)
{
	uint64_t now, end = fake_workers[0].pub.now_ms + ms;

	fake_settle();
	do {
		now = next_due(end);
		if (now < fake_workers[0].pub.now_ms)
			now = fake_workers[0].pub.now_ms;
		for (unsigned i = 0; i < fake_count; i++) {
			struct worker *w = &fake_workers[i].pub;

			w->wall_s += now / 1000 - w->now_ms / 1000;
			w->now_ms = now;
			fake_inside++;
			deadline_run(&w->clock, now);
			fake_inside--;
		}
		fake_settle();
	} while (now < end);
}

void worker_post(struct worker *w, unsigned index, struct post *p)
{
	struct fake_worker *to = &fake_workers[index];

	(void)w;
	p->next = NULL;
	*to->last = p;
	to->last = &p->next;
}

bool worker_exists(const struct worker *w, unsigned index)
{
	(void)w;
	return index < fake_count;
}
