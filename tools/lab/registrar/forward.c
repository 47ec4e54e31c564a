/*
 * Forwards requests statefully (RFC 3261 §16): tries targets in turn, passes
 * responses back, CANCEL on, and answers for what cannot be reached.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>

#include "kit/message.h"
#include "registrar/registrar.h"

#define BRANCH_MAX    128
#define KEEP_ENDED_MS 40000
#define KEEP_OPEN_MS  300000

/* One request on its way; owned by the registrar's list. */
struct forward {
	struct forward *next;
	unsigned from_link;
	unsigned to_link;
	char server_branch[BRANCH_MAX];
	char branch[BRANCH_MAX];
	struct text request; /* as it came */
	struct text sent;    /* as it went to the target of now */
	bool invite;
	bool answered; /* something came from the target of now */
	bool ended;
	bool cancelled;
	struct target targets[TARGETS_MAX];
	size_t count;
	size_t tried;
	long long since_ms;
};

static void try_next(struct registrar *r, struct forward *f);

static msg_t *parse(const struct text *t)
{
	return msg_make(sip_default_mclass(), 0, t->data, (ssize_t)t->len);
}

static void release(struct forward *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->targets[i].uri);
		free(f->targets[i].route);
	}
	text_fini(&f->request);
	text_fini(&f->sent);
	free(f);
}

void forward_sweep(struct registrar *r, long long now_ms)
{
	struct forward **at = &r->forwards, *f;

	while ((f = *at)) {
		long long keep_ms = f->ended ? KEEP_ENDED_MS : KEEP_OPEN_MS;

		if (now_ms - f->since_ms < keep_ms) {
			at = &f->next;
			continue;
		}
		*at = f->next;
		release(f);
	}
}

static void answer_back(struct registrar *r, struct forward *f, int status)
{
	struct link *l = hub_link(r->hub, f->from_link);
	msg_t *message = parse(&f->request);

	f->ended = status >= 200;
	if (l)
		message_answer(l, sip_object(message), status, NULL);
	msg_destroy(message);
}

static void remove_header(msg_t *m, void *header)
{
	msg_header_remove(m, (msg_pub_t *)sip_object(m), header);
}

static void insert_header(msg_t *m, void *header)
{
	msg_header_insert(m, (msg_pub_t *)sip_object(m), header);
}

static void set_request_uri(msg_t *m, const char *uri)
{
	sip_t *sip = sip_object(m);
	sip_request_t *line =
		sip_request_format(msg_home(m), "%s %s SIP/2.0",
				   sip->sip_request->rq_method_name, uri);

	if (!line)
		return;
	remove_header(m, sip->sip_request);
	insert_header(m, line);
}

/* RFC 3261 §16.6 step 3 */
static void count_hop(msg_t *m)
{
	sip_t *sip = sip_object(m);
	unsigned long left = 70;

	if (sip->sip_max_forwards) {
		left = sip->sip_max_forwards->mf_count;
		remove_header(m, sip->sip_max_forwards);
	}
	insert_header(m, sip_max_forwards_format(msg_home(m), "%lu", left - 1));
}

static void add_own_uri(struct text *out, const struct registrar *r)
{
	text_add(out, "sip:%s:%u;transport=%s;lr", r->fqdn, r->port,
		 r->tcp ? "tcp" : "tls");
}

/* The routes of the target come first, then those that are there. */
static void set_routes(msg_t *m, const char *route)
{
	sip_t *sip = sip_object(m);
	struct text all = {0};

	if (!route)
		return;
	text_add(&all, "%s", route);
	for (sip_route_t *o = sip->sip_route; o; o = o->r_next)
		text_add(&all, ", %s",
			 sip_header_as_string(msg_home(m), (sip_header_t *)o));
	while (sip->sip_route)
		remove_header(m, sip->sip_route);
	insert_header(m, sip_route_make(msg_home(m), all.data));
	text_fini(&all);
}

static void record_route(struct registrar *r, msg_t *m)
{
	struct text uri = {0};

	text_add(&uri, "<");
	add_own_uri(&uri, r);
	text_add(&uri, ">");
	insert_header(m, sip_record_route_make(msg_home(m), uri.data));
	text_fini(&uri);
}

static bool starts_dialog(const sip_t *sip)
{
	sip_method_t method = sip->sip_request->rq_method;

	return !sip->sip_to->a_tag &&
	       (method == sip_method_invite || method == sip_method_subscribe);
}

/* RFC 3261 §16.6, steps 2 to 8 */
static void edit(struct registrar *r, msg_t *m, const struct target *t,
		 const char *branch)
{
	if (t->uri)
		set_request_uri(m, t->uri);
	count_hop(m);
	if (r->record_route && starts_dialog(sip_object(m)))
		record_route(r, m);
	set_routes(m, t->route);
	insert_header(m,
		      sip_via_format(msg_home(m), "SIP/2.0/%s %s:%u;branch=%s",
				     r->tcp ? "TCP" : "TLS", r->fqdn, r->port,
				     branch));
}

static struct link *next_hop(struct registrar *r, msg_t *m,
			     const struct target *t)
{
	const sip_t *sip = sip_object(m);
	const url_t *url = sip->sip_request->rq_url;
	struct hub_target target;

	if (sip->sip_route)
		url = sip->sip_route->r_url;
	else if (t->hop)
		url = url_make(msg_home(m), t->hop);
	message_target(&target, url);
	return hub_connect(r->hub, &target);
}

static bool send_to(struct registrar *r, struct forward *f,
		    const struct target *t)
{
	msg_t *m = parse(&f->request);
	struct link *l;
	char *bytes;
	size_t len;

	snprintf(f->branch, sizeof(f->branch), "z9hG4bK");
	message_token(f->branch + strlen(f->branch));
	edit(r, m, t, f->branch);
	bytes = message_bytes(m, &len);
	l = next_hop(r, m, t);
	f->sent.len = 0;
	text_add_bytes(&f->sent, bytes, len);
	f->to_link = l ? link_id(l) : 0;
	f->answered = false;
	if (l)
		link_send(l, bytes, len);
	msg_destroy(m);
	return l;
}

static void try_next(struct registrar *r, struct forward *f)
{
	while (f->tried < f->count) {
		r->forwarded++;
		if (f->tried)
			r->failed_over++;
		if (send_to(r, f, &f->targets[f->tried++]))
			return;
	}
	if (!f->ended)
		answer_back(r, f, 480);
}

static const char *branch_of(const sip_t *sip)
{
	const char *branch = sip->sip_via->v_branch;

	return branch ? branch : "";
}

static struct forward *remember(struct registrar *r, struct link *from,
				msg_t *message)
{
	const sip_t *sip = sip_object(message);
	struct forward *f = calloc(1, sizeof(*f));
	size_t len;
	char *bytes;

	if (!f)
		abort();
	snprintf(f->server_branch, sizeof(f->server_branch), "%s",
		 branch_of(sip));
	f->invite = sip->sip_request->rq_method == sip_method_invite;
	bytes = message_bytes(message, &len);
	text_add_bytes(&f->request, bytes, len);
	f->from_link = link_id(from);
	f->since_ms = hub_now_ms();
	f->next = r->forwards;
	r->forwards = f;
	return f;
}

void forward_request(struct registrar *r, struct link *from, msg_t *message,
		     const struct target *targets, size_t count)
{
	struct forward *f = remember(r, from, message);

	memcpy(f->targets, targets, count * sizeof(*targets));
	f->count = count;
	if (sip_object(message)->sip_request->rq_method == sip_method_ack)
		f->ended = true; /* nothing answers it */
	if (f->invite)
		answer_back(r, f, 100);
	try_next(r, f);
}

/* RFC 3261 §17.1.1.3: an ACK for a non-2xx goes hop by hop. */
static void send_companion(struct registrar *r, struct forward *f,
			   const char *method, const sip_to_t *to)
{
	struct link *l = hub_link(r->hub, f->to_link);
	msg_t *sent = parse(&f->sent);
	const sip_t *sip = sip_object(sent);
	struct text out = {0};

	message_companion(&out, sip, method, to ? to : sip->sip_to);
	if (l)
		link_send(l, out.data, out.len);
	text_fini(&out);
	msg_destroy(sent);
}

static struct forward *find_by_branch(struct registrar *r, const sip_t *sip)
{
	struct forward *f = r->forwards;

	while (f && strcmp(f->branch, branch_of(sip)) != 0)
		f = f->next;
	return f;
}

static struct forward *find_by_server(struct registrar *r, struct link *from,
				      const sip_t *sip)
{
	struct forward *f = r->forwards;

	while (f && (f->from_link != link_id(from) || !f->invite ||
		     strcmp(f->server_branch, branch_of(sip)) != 0))
		f = f->next;
	return f;
}

static void pass_back(struct registrar *r, struct forward *f, msg_t *message)
{
	struct link *l = hub_link(r->hub, f->from_link);
	char *bytes;
	size_t len;

	remove_header(message, sip_object(message)->sip_via);
	bytes = message_bytes(message, &len);
	if (l)
		link_send(l, bytes, len);
}

static void take_provisional(struct registrar *r, struct forward *f,
			     msg_t *message, int status)
{
	bool first = !f->answered;

	f->answered = true;
	if (f->cancelled && first)
		send_companion(r, f, "CANCEL", NULL);
	if (status > 100)
		pass_back(r, f, message);
}

void forward_response(struct registrar *r, msg_t *message)
{
	const sip_t *sip = sip_object(message);
	struct forward *f = find_by_branch(r, sip);
	int status = sip->sip_status->st_status;

	if (!f || sip->sip_cseq->cs_method == sip_method_cancel)
		return;
	if (status < 200) {
		take_provisional(r, f, message, status);
		return;
	}
	if (f->invite && status >= 300)
		send_companion(r, f, "ACK", sip->sip_to);
	if (f->ended && status >= 300)
		return;
	/* RFC 5626 §5.3: 430 means that this flow is gone, try another */
	if (status == 430 && !f->cancelled) {
		try_next(r, f);
		return;
	}
	f->ended = true;
	pass_back(r, f, message);
}

void forward_cancel(struct registrar *r, struct link *from, const sip_t *sip)
{
	struct forward *f = find_by_server(r, from, sip);

	message_answer(from, sip, f ? 200 : 481, NULL);
	if (!f || f->ended || f->cancelled)
		return;
	f->cancelled = true;
	/* RFC 3261 §9.1: not before something has been heard */
	if (f->answered)
		send_companion(r, f, "CANCEL", NULL);
}

bool forward_absorbs_ack(struct registrar *r, struct link *from,
			 const sip_t *sip)
{
	return find_by_server(r, from, sip);
}

void forward_link_closed(struct registrar *r, unsigned gone)
{
	for (struct forward *f = r->forwards; f; f = f->next) {
		if (f->ended || f->to_link != gone)
			continue;
		if (f->cancelled)
			answer_back(r, f, 487);
		else
			try_next(r, f);
	}
}
