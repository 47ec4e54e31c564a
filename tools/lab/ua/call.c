/*
 * Calls, placed and taken (RFC 3261 §12 to §15), and answers to the rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sofia-sip/msg_addr.h>

#include "ua/ua.h"

#define SDP_TYPE "application/sdp"

static char *sdp(const struct ua *ua, const char *direction)
{
	const char *address = *ua->bind ? ua->bind : "127.0.0.1";
	const char *family = strchr(address, ':') ? "IP6" : "IP4";
	struct text out = {0};

	text_add(&out,
		 "v=0\r\no=%s 1 1 IN %s %s\r\ns=lab\r\nc=IN %s %s\r\nt=0 0\r\n"
		 "m=audio 40000 RTP/AVP 0\r\na=%s\r\n",
		 ua->user, family, address, family, address, direction);
	return out.data;
}

static char *uri_of(const url_t *url)
{
	char uri[2048];

	url_e(uri, sizeof(uri), url);
	return text_copy(uri);
}

/* RFC 3261 §12.1: the caller takes Record-Route backwards. */
static char *routes_of(const sip_record_route_t *rr, bool backwards)
{
	struct text out = {0}, whole = {0};
	char *uri;

	for (; rr; rr = rr->r_next) {
		uri = uri_of(rr->r_url);
		whole.len = 0;
		if (backwards)
			text_add(&whole, "<%s>%s%s", uri, out.len ? ", " : "",
				 out.len ? out.data : "");
		else
			text_add(&whole, "%s%s<%s>", out.len ? out.data : "",
				 out.len ? ", " : "", uri);
		out.len = 0;
		text_add_bytes(&out, whole.data, whole.len);
		free(uri);
	}
	text_fini(&whole);
	return out.data;
}

void call_forget(struct dialog *d)
{
	free(d->call_id);
	free(d->remote_tag);
	free(d->remote);
	free(d->local);
	free(d->target);
	free(d->routes);
	msg_destroy(d->invite);
	*d = (struct dialog){0};
}

static struct outgoing in_dialog(struct dialog *d, const char *method)
{
	return (struct outgoing){
		.method = method,
		.uri = d->target,
		.from = d->local,
		.from_tag = d->tag,
		.to = d->remote,
		.to_tag = d->remote_tag,
		.call_id = d->call_id,
		.cseq = &d->cseq,
		.routes = d->routes,
		.link = d->link,
	};
}

static void set_target(struct dialog *d, const sip_t *sip)
{
	if (!sip->sip_contact)
		return;
	free(d->target);
	d->target = uri_of(sip->sip_contact->m_url);
}

/* The 2xx to our INVITE makes the dialog (§12.1.2). */
static void enter_as_caller(struct ua *ua)
{
	struct dialog *d = &ua->d;
	const sip_t *sip = sip_object(ua->x.final);

	free(d->remote_tag);
	d->remote_tag = text_copy(sip->sip_to->a_tag);
	d->routes = routes_of(sip->sip_record_route, true);
	d->on = true;
	d->link = ua->link;
	set_target(d, sip);
}

static void ack_it(struct ua *ua)
{
	struct outgoing ack = in_dialog(&ua->d, "ACK");

	request_ack(ua, &ack);
	ua->d.confirmed = true;
}

static int invite(struct ua *ua, const struct verb *v)
{
	struct dialog *d = &ua->d;
	char *body = sdp(ua, "sendrecv");
	struct outgoing o;
	int status;

	call_forget(d);
	message_token(d->tag);
	d->call_id = request_call_id(ua);
	d->local = text_copy(ua->from ? ua->from : ua->aor);
	d->remote = text_copy(v->uri);
	d->target = text_copy(v->uri);
	o = in_dialog(d, "INVITE");
	o.body = body;
	o.type = SDP_TYPE;
	if (v->cancel)
		o.cancel_ms = hub_now_ms() + v->cancel;
	status = request_run(ua, &o);
	free(body);
	return status;
}

static bool reinvite(struct ua *ua, const char *direction)
{
	struct outgoing o = in_dialog(&ua->d, "INVITE");
	char *body = sdp(ua, direction);
	int status;

	o.body = body;
	o.type = SDP_TYPE;
	status = request_run(ua, &o);
	free(body);
	if (status / 100 != 2)
		return false;
	set_target(&ua->d, sip_object(ua->x.final));
	ack_it(ua);
	return true;
}

static bool hold(struct ua *ua, unsigned ms)
{
	return ua_wait(ua, ms) && reinvite(ua, "sendonly") && ua_wait(ua, ms) &&
	       reinvite(ua, "sendrecv");
}

static bool hang_up(struct ua *ua)
{
	struct outgoing o = in_dialog(&ua->d, "BYE");
	int status = request_run(ua, &o);

	call_forget(&ua->d);
	return status / 100 == 2;
}

static bool wait_for_bye(struct ua *ua)
{
	while (ua->d.on)
		if (!ua_step(ua, 100))
			return false;
	return true;
}

static bool hold_the_line(struct ua *ua, unsigned ms)
{
	if (!ua_wait(ua, ms))
		return false;
	if (!ua->d.on)
		trace_say(hub_trace(ua->hub), "the other side hung up first");
	return ua->d.on;
}

bool call_place(struct ua *ua, const struct verb *v)
{
	int status = invite(ua, v);

	if (status / 100 != 2) {
		call_forget(&ua->d);
		return v->expect && status == v->expect;
	}
	enter_as_caller(ua);
	ack_it(ua);
	if (v->hold && !hold(ua, v->ms / 3))
		return false;
	if (v->wait_bye)
		return wait_for_bye(ua) && (!v->expect || status == v->expect);
	return hold_the_line(ua, v->ms) && hang_up(ua) &&
	       (!v->expect || status == v->expect);
}

bool call_take(struct ua *ua, const struct verb *v)
{
	while (ua->calls_done == ua->calls_claimed) {
		if (!ua_step(ua, 100))
			return false;
		if (!v->ms || !ua->d.on || !ua->d.confirmed)
			continue;
		if (!hold_the_line(ua, v->ms) || !hang_up(ua))
			return false;
		ua->calls_done++;
	}
	ua->calls_claimed++;
	return true;
}

/* Their INVITE makes the dialog (§12.1.1). */
static void enter_as_callee(struct ua *ua, struct link *from, msg_t *message)
{
	struct dialog *d = &ua->d;
	const sip_t *sip = sip_object(message);

	call_forget(d);
	d->on = true;
	d->incoming = true;
	d->call_id = text_copy(sip->sip_call_id->i_id);
	message_token(d->tag);
	d->remote_tag = text_copy(sip->sip_from->a_tag);
	d->remote = uri_of(sip->sip_from->a_url);
	d->local = uri_of(sip->sip_to->a_url);
	d->routes = routes_of(sip->sip_record_route, false);
	d->link = link_id(from);
	set_target(d, sip);
}

static void answer_invite(struct ua *ua, struct link *to, const sip_t *sip,
			  int status)
{
	struct text out = {0};
	char *body = status == 200 ? sdp(ua, "sendrecv") : NULL;

	message_reply(&out, sip, status, ua->d.tag);
	text_add(&out, "Contact: <");
	request_contact(ua, to, &out);
	text_add(&out, ">\r\n");
	message_end(&out, SDP_TYPE, body);
	trace_say(hub_trace(ua->hub), "sent %d to INVITE", status);
	link_send(to, out.data, out.len);
	text_fini(&out);
	free(body);
}

void call_tick(struct ua *ua, long long now_ms)
{
	struct dialog *d = &ua->d;
	struct link *l;

	if (!d->invite || now_ms < d->answer_ms)
		return;
	l = hub_link(ua->hub, d->link);
	if (l)
		answer_invite(ua, l, sip_object(d->invite), 200);
	msg_destroy(d->invite);
	d->invite = NULL;
}

static void reply(struct ua *ua, struct link *to, const sip_t *sip, int status)
{
	trace_say(hub_trace(ua->hub), "sent %d to %s", status,
		  sip->sip_request->rq_method_name);
	message_answer(to, sip, status, NULL);
}

static void take_invite(struct ua *ua, struct link *from, msg_t *message)
{
	const sip_t *sip = sip_object(message);

	if (ua->decline || ua->d.on) {
		reply(ua, from, sip, ua->d.on ? 486 : ua->decline);
		if (!ua->d.on)
			ua->calls_done++;
		return;
	}
	enter_as_callee(ua, from, message);
	ua->d.invite = msg_ref_create(message);
	ua->d.answer_ms = hub_now_ms() + ua->answer_after_ms;
	answer_invite(ua, from, sip, 180);
}

static bool is_ours(const struct dialog *d, const sip_t *sip)
{
	return d->on && !strcmp(d->call_id, sip->sip_call_id->i_id) &&
	       sip->sip_to->a_tag && !strcmp(d->tag, sip->sip_to->a_tag);
}

static void take_bye(struct ua *ua, struct link *from, const sip_t *sip)
{
	reply(ua, from, sip, 200);
	if (ua->d.incoming && !ua->d.confirmed)
		trace_say(hub_trace(ua->hub), "the call had no ACK");
	else if (ua->d.incoming)
		ua->calls_done++;
	call_forget(&ua->d);
}

/* What belongs to the call of now. */
static void take_in_dialog(struct ua *ua, struct link *from, const sip_t *sip)
{
	switch (sip->sip_request->rq_method) {
	case sip_method_ack:
		ua->d.confirmed = true;
		break;
	case sip_method_bye:
		take_bye(ua, from, sip);
		break;
	case sip_method_invite:
		set_target(&ua->d, sip);
		answer_invite(ua, from, sip, 200);
		break;
	default:
		reply(ua, from, sip, 200);
	}
}

static void take_cancel(struct ua *ua, struct link *from, const sip_t *sip)
{
	struct dialog *d = &ua->d;
	bool mine = d->invite && !strcmp(d->call_id, sip->sip_call_id->i_id);

	reply(ua, from, sip, mine ? 200 : 481);
	if (!mine)
		return;
	answer_invite(ua, from, sip_object(d->invite), 487);
	call_forget(d);
	ua->calls_done++;
}

static void take_outside_dialog(struct ua *ua, struct link *from,
				msg_t *message)
{
	const sip_t *sip = sip_object(message);

	switch (sip->sip_request->rq_method) {
	case sip_method_ack:
		break;
	case sip_method_invite:
		take_invite(ua, from, message);
		break;
	case sip_method_bye:
		reply(ua, from, sip, 481);
		break;
	case sip_method_message:
		ua->messages++;
		reply(ua, from, sip, 200);
		break;
	default:
		reply(ua, from, sip, 200);
	}
}

void call_take_request(struct ua *ua, struct link *from, msg_t *message)
{
	const sip_t *sip = sip_object(message);

	trace_say(hub_trace(ua->hub), "got %s from %s",
		  sip->sip_request->rq_method_name, link_peer(from));
	if (sip->sip_request->rq_method == sip_method_cancel)
		take_cancel(ua, from, sip);
	else if (is_ours(&ua->d, sip))
		take_in_dialog(ua, from, sip);
	else
		take_outside_dialog(ua, from, message);
}
