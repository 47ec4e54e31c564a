/*
 * conn_turn.c - all connections of a worker, once a turn of its loop.
 */
#include "conn_say.h"
#include "worker_state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

static struct conn_inner *first_of(struct list *queue)
{
	return LIST_OWNER(queue->next, struct conn_inner, queue);
}

static void on_life(struct deadline *d, uint64_t now_ms, void *arg)
{
	static const enum conn_end ends[LIVES] = {
		[LIFE_CONNECT] = CONN_END_DEADLINE_HANDSHAKE,
		[LIFE_HANDSHAKE] = CONN_END_DEADLINE_HANDSHAKE,
		[LIFE_REQUEST] = CONN_END_DEADLINE_REQUEST,
		[LIFE_IDLE] = CONN_END_IDLE,
		[LIFE_PARTNER] = CONN_END_IDLE,
		[LIFE_KEPT] = CONN_END_IDLE,
	};
	struct conn_inner *c = LIST_OWNER(d, struct conn_inner, lives);

	(void)now_ms, (void)arg;
	if (c->state == CONN_SHAKING || c->state == CONN_INTRODUCING) {
		conn_count_failed(c);
		conn_say_late(c);
	}
	conn_close(&c->pub, c->state == CONN_CONNECTING ? CONN_END_CONNECT
							: ends[c->life]);
}

static void on_wait(struct deadline *d, uint64_t now_ms, void *arg)
{
	struct conn_inner *c = LIST_OWNER(d, struct conn_inner, waits);

	(void)now_ms, (void)arg;
	conn_close(&c->pub, c->wait == CONN_WAIT_HEAD ? CONN_END_DEADLINE_HEAD
						      : CONN_END_DEADLINE_BODY);
}

static void on_stall(struct deadline *d, uint64_t now_ms, void *arg)
{
	struct conn_out *o = LIST_OWNER(d, struct conn_out, stall);

	(void)now_ms, (void)arg;
	conn_close(&o->conn->pub, CONN_END_STALLED);
}

/* Connections with bytes inside OpenSSL, of which poll says nothing. */
static void on_idle(uv_idle_t *idle)
{
	struct conns *cs = idle->data;
	struct list now;

	worker_tick(cs->worker);
	list_init(&now);
	while (!list_empty(&cs->ready)) {
		struct list *l = cs->ready.next;

		list_remove(l);
		list_append(&now, l);
	}
	while (!list_empty(&now)) {
		struct conn_inner *c = first_of(&now);

		list_remove(&c->queue);
		conn_read(c);
	}
	if (list_empty(&cs->ready))
		uv_idle_stop(idle);
}

void conns_again(struct conn_inner *c)
{
	struct conns *cs = conn_home(c);

	if (!list_empty(&c->queue))
		return;
	if (list_empty(&cs->ready))
		uv_idle_start(&cs->idle, on_idle);
	list_append(&cs->ready, &c->queue);
}

static void add_life(struct conns *cs, enum conn_life life)
{
	deadline_queue_init(&cs->lives[life], &cs->worker->clock, 0, on_life,
			    cs);
}

static void add_deadlines(struct conns *cs)
{
	struct deadline_clock *clock = &cs->worker->clock;

	for (int life = LIFE_FOR_EVER + 1; life < LIVES; life++)
		add_life(cs, (enum conn_life)life);
	deadline_queue_init(&cs->head, clock, 0, on_wait, cs);
	deadline_queue_init(&cs->body, clock, 0, on_wait, cs);
	deadline_queue_init(&cs->stall, clock, 0, on_stall, cs);
	conns_judge_init(cs);
	conn_say_init(cs);
	conns_limits(cs);
}

int conns_init(struct conns *cs)
{
	int err;

	list_init(&cs->dirty);
	list_init(&cs->ready);
	list_init(&cs->closing);
	cs->read_buf = malloc(READ_BYTES);
	if (!cs->read_buf)
		return ENOMEM;
	err = uv_idle_init(cs->loop, &cs->idle);
	if (err) {
		free(cs->read_buf);
		cs->read_buf = NULL;
		return -err;
	}
	cs->idle.data = cs;
	add_deadlines(cs);
	return 0;
}

void conns_limits(struct conns *cs)
{
	const struct limits *l = &cs->worker->settings->limits;

	deadline_queue_set(&cs->lives[LIFE_CONNECT], l->connect_ms);
	deadline_queue_set(&cs->lives[LIFE_HANDSHAKE], l->handshake_s * 1000);
	deadline_queue_set(&cs->lives[LIFE_REQUEST], l->first_request_s * 1000);
	deadline_queue_set(&cs->lives[LIFE_IDLE], l->server_idle_s * 1000);
	deadline_queue_set(&cs->lives[LIFE_PARTNER], l->partner_idle_s * 1000);
	deadline_queue_set(&cs->lives[LIFE_KEPT], l->flow_timer_s * 2000);
	deadline_queue_set(&cs->head, l->header_s * 1000);
	deadline_queue_set(&cs->body, l->body_s * 1000);
	deadline_queue_set(&cs->stall, l->out_stall_s * 1000);
}

static void flush_dirty(struct conns *cs)
{
	while (!list_empty(&cs->dirty)) {
		struct conn_inner *c =
			LIST_OWNER(cs->dirty.next, struct conn_inner, dirty);

		list_remove(&c->dirty);
		conn_flush(c);
	}
}

static void finish_closing(struct conns *cs)
{
	while (!list_empty(&cs->closing)) {
		struct conn_inner *c = first_of(&cs->closing);

		list_remove(&c->queue);
		conn_finish(c);
	}
}

/* What the room above does in its last calls makes others dirty or closing. */
void conns_turn(struct conns *cs)
{
	while (!list_empty(&cs->dirty) || !list_empty(&cs->closing)) {
		flush_dirty(cs);
		finish_closing(cs);
	}
}

void conns_shut(struct conns *cs, enum conn_end why)
{
	cs->shut = true;
	for (uint32_t i = 0; i < cs->slots.n; i++) {
		struct conn_inner *c = cs->slots.v[i].conn;

		if (c)
			conn_close(&c->pub, why);
	}
	conns_turn(cs);
}

void conns_fini(struct conns *cs)
{
	while (cs->spare) {
		struct conn_out *o = cs->spare;

		cs->spare = o->next;
		buf_fini(&o->bytes);
		free(o);
	}
	conn_slots_fini(&cs->slots);
	free(cs->read_buf);
	cs->read_buf = NULL;
}
