/*
 * round.c: a question that goes from worker to worker, and back to whoever
 * asked.
 */
#include "round.h"

#include <errno.h>

static struct round *round_of(struct post *p)
{
	return (struct round *)(void *)p;
}

static void round_ends(struct post *post, void *arg)
{
	struct round *r = round_of(post);

	(void)arg;
	r->back(r);
}

static void round_arrives(struct post *post, void *arg)
{
	struct round *r = round_of(post);
	struct worker *w = arg;

	r->visit(r, w);
	if (w->index + 1 < w->count) {
		worker_post(w, w->index + 1, post);
		return;
	}
	post->fn = round_ends;
	postbox_put(r->box, post);
}

int round_begin(struct round *r, struct proxy_shared *p)
{
	struct worker *w = NULL;

	r->post.fn = round_arrives;
	lock_take(&p->lock);
	if (!list_empty(&p->proxies))
		w = LIST_OWNER(p->proxies.next, struct proxy, link)->w;
	lock_give(&p->lock);
	if (!w)
		return ENOENT;
	worker_post(w, 0, &r->post);
	return 0;
}
