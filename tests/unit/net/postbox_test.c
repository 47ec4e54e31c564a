/*
 * postbox_test.c - jobs from thread to thread.
 */
#include "net/postbox.h"

#include "../cunit_main.h"

#define SENDERS	 4
#define JOBS	 5000
#define ALL_JOBS (SENDERS * JOBS)

struct job {
	struct post post; /* first */
	int sender, number;
};

struct receiver {
	uv_loop_t loop;
	struct postbox *box;
	int next[SENDERS]; /* number expected */
	int ran, out_of_order, batches;
};

static struct job jobs[SENDERS][JOBS];
static struct receiver *to;

static void arrive(struct post *p, void *arg)
{
	struct job *j = (struct job *)p;
	struct receiver *r = arg;

	if (j->number != r->next[j->sender]++)
		r->out_of_order++;
	if (++r->ran == ALL_JOBS)
		uv_stop(&r->loop);
}

static void begin(struct receiver *r)
{
	*r = (struct receiver){0};
	to = r;
	CU_ASSERT_EQUAL_FATAL(uv_loop_init(&r->loop), 0);
	CU_ASSERT_EQUAL_FATAL(postbox_create(&r->box, &r->loop, r), 0);
}

static void finish(struct receiver *r)
{
	postbox_close(&r->box);
	CU_ASSERT_PTR_NULL(r->box);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	CU_ASSERT_EQUAL(uv_loop_close(&r->loop), 0);
}

static void send_all(void *arg)
{
	int sender = *(int *)arg;

	for (int i = 0; i < JOBS; i++) {
		struct job *j = &jobs[sender][i];

		*j = (struct job){{NULL, arrive}, sender, i};
		postbox_put(to->box, &j->post);
	}
}

static void jobs_of_one_sender_arrive_in_order(void)
{
	static int numbers[SENDERS] = {0, 1, 2, 3};
	uv_thread_t thread[SENDERS];
	struct receiver r;

	begin(&r);
	for (int i = 0; i < SENDERS; i++)
		uv_thread_create(&thread[i], send_all, &numbers[i]);
	uv_run(&r.loop, UV_RUN_DEFAULT);
	for (int i = 0; i < SENDERS; i++)
		uv_thread_join(&thread[i]);
	CU_ASSERT_EQUAL(r.ran, ALL_JOBS);
	CU_ASSERT_EQUAL(r.out_of_order, 0);
	finish(&r);
}

static void jobs_inside_run_when_it_closes(void)
{
	static int number = 2;
	struct receiver r;

	begin(&r);
	send_all(&number);
	CU_ASSERT_EQUAL(r.ran, 0);
	finish(&r);
	CU_ASSERT_EQUAL(r.ran, JOBS);
}

static void send_again(struct post *p, void *arg)
{
	struct receiver *r = arg;

	if (++r->ran < 3)
		postbox_put(r->box, p);
}

static void a_job_may_post_itself_again(void)
{
	struct post p = {.fn = send_again};
	struct receiver r;

	begin(&r);
	postbox_put(r.box, &p);
	CU_ASSERT_EQUAL(postbox_run(r.box), 1);
	CU_ASSERT_EQUAL(postbox_run(r.box), 1);
	CU_ASSERT_EQUAL(postbox_run(r.box), 1);
	CU_ASSERT_EQUAL(postbox_run(r.box), 0);
	CU_ASSERT_EQUAL(r.ran, 3);
	finish(&r);
}

static void count_batch(void *arg)
{
	((struct receiver *)arg)->batches++;
}

static void a_function_is_called_before_each_batch(void)
{
	static int number = 1;
	struct receiver r;

	begin(&r);
	postbox_before(r.box, count_batch);
	postbox_run(r.box);
	CU_ASSERT_EQUAL(r.batches, 0);
	send_all(&number);
	postbox_run(r.box);
	CU_ASSERT_EQUAL(r.batches, 1);
	finish(&r);
}

static void closing_nothing_is_harmless(void)
{
	struct postbox *none = NULL;

	postbox_close(&none);
	CU_ASSERT_PTR_NULL(none);
}

TEST_MAIN("net/postbox",
	  {"jobs of one sender among four arrive in order",
	   jobs_of_one_sender_arrive_in_order},
	  {"jobs inside run when it closes", jobs_inside_run_when_it_closes},
	  {"a job may post itself again", a_job_may_post_itself_again},
	  {"a function is called before each batch",
	   a_function_is_called_before_each_batch},
	  {"closing nothing is harmless", closing_nothing_is_harmless})
