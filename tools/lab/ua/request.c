/*
 * Sends requests and waits for their answers.
 */
#include <stdio.h>
#include <string.h>

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip_parser.h>

#include "kit/digest.h"
#include "ua/ua.h"

struct link *request_flow(struct ua *ua)
{
	struct link *l = hub_link(ua->hub, ua->link);

	if (!l)
		l = hub_connect(ua->hub, &ua->proxy);
	if (!l) {
		trace_say(hub_trace(ua->hub), "cannot connect to %s:%u",
			  ua->proxy.host, ua->proxy.port);
		return NULL;
	}
	ua->link = link_id(l);
	while (!link_is_open(l)) {
		if (!ua_step(ua, 100))
			return NULL;
		l = hub_link(ua->hub, ua->link);
		if (!l)
			return NULL;
	}
	return l;
}

char *request_call_id(const struct ua *ua)
{
	char token[MESSAGE_TOKEN];
	struct text out = {0};

	message_token(token);
	text_add(&out, "%s", token);
	if (ua->call_id_host)
		text_add(&out, "@%s", ua->call_id_host);
	return out.data;
}

void request_contact(const struct ua *ua, const struct link *l,
		     struct text *out)
{
	bool six = strchr(ua->bind, ':');
	char local[64];

	if (ua->bind_port)
		snprintf(local, sizeof(local), six ? "[%s]:%u" : "%s:%u",
			 ua->bind, ua->bind_port);
	else
		link_local(l, local, sizeof(local));
	text_add(out, "sip:%s@%s;transport=%s", ua->user, local,
		 link_is_tls(l) ? "tls" : "tcp");
}

static void add_via(struct text *out, const struct link *l, const char *branch)
{
	char local[64];

	link_local(l, local, sizeof(local));
	text_add(out, "Via: SIP/2.0/%s %s;branch=%s;rport\r\n",
		 link_is_tls(l) ? "TLS" : "TCP", local, branch);
}

static void add_addresses(struct text *out, const struct outgoing *o)
{
	text_add(out, "From: <%s>;tag=%s\r\n", o->from, o->from_tag);
	text_add(out, "To: <%s>", o->to);
	if (o->to_tag)
		text_add(out, ";tag=%s", o->to_tag);
	text_add(out, "\r\nCall-ID: %s\r\nCSeq: %u %s\r\n", o->call_id,
		 *o->cseq, o->method);
}

/* Everything up to the headers that only some requests have. */
static void begin(struct text *out, const struct ua *ua, const struct link *l,
		  const struct outgoing *o, const char *branch)
{
	text_add(out, "%s %s SIP/2.0\r\n", o->method, o->uri);
	add_via(out, l, branch);
	if (o->routes)
		text_add(out, "Route: %s\r\n", o->routes);
	text_add(out, "Max-Forwards: 70\r\n");
	add_addresses(out, o);
	text_add(out, "User-Agent: sip-edge lab-ua (%s)\r\n",
		 ua->settings.name);
}

static void add_contact(struct text *out, const struct ua *ua,
			const struct link *l)
{
	text_add(out, "Contact: <");
	request_contact(ua, l, out);
	text_add(out, ">");
}

static bool has_contact(const char *method)
{
	return !strcmp(method, "INVITE") || !strcmp(method, "SUBSCRIBE");
}

static void send_it(struct ua *ua, struct link *l, const struct outgoing *o,
		    const char *authorization)
{
	struct exchange *x = &ua->x;

	x->method = o->method;
	x->status = 0;
	x->lost = false;
	x->cancel_ms = o->cancel_ms;
	msg_destroy(x->final);
	x->final = NULL;
	x->sent.len = 0;
	strcpy(x->branch, "z9hG4bK");
	message_token(x->branch + strlen(x->branch));

	begin(&x->sent, ua, l, o, x->branch);
	if (has_contact(o->method)) {
		add_contact(&x->sent, ua, l);
		text_add(&x->sent, "\r\n");
	}
	text_add(&x->sent, "%s%s", o->headers ? o->headers : "",
		 authorization ? authorization : "");
	for (size_t i = 0; i < ua->header_count; i++)
		text_add(&x->sent, "%s\r\n", ua->headers[i]);
	message_end(&x->sent, o->type, o->body);
	trace_say(hub_trace(ua->hub), "sent %s %s to %s %s", o->method, o->uri,
		  link_is_tls(l) ? "TLS" : "TCP", link_peer(l));
	link_send(l, x->sent.data, x->sent.len);
}

static void send_companion(struct ua *ua, struct link *l, const char *method,
			   const sip_to_t *to)
{
	struct exchange *x = &ua->x;
	msg_t *sent = msg_make(sip_default_mclass(), 0, x->sent.data,
			       (ssize_t)x->sent.len);
	const sip_t *sip = sip_object(sent);
	struct text out = {0};

	message_companion(&out, sip, method, to ? to : sip->sip_to);
	trace_say(hub_trace(ua->hub), "sent %s", method);
	link_send(l, out.data, out.len);
	text_fini(&out);
	msg_destroy(sent);
}

static struct link *link_of(struct ua *ua, const struct outgoing *o)
{
	struct link *l = o->link ? hub_link(ua->hub, o->link) : NULL;

	return l ? l : request_flow(ua);
}

static void cancel_when_due(struct ua *ua, struct link *l)
{
	struct exchange *x = &ua->x;

	/* RFC 3261 §9.1: not before something has been heard */
	if (!l || !x->cancel_ms || !x->status || hub_now_ms() < x->cancel_ms)
		return;
	x->cancel_ms = 0;
	send_companion(ua, l, "CANCEL", NULL);
}

static int await(struct ua *ua, unsigned link)
{
	struct exchange *x = &ua->x;

	while (!x->final && !x->lost) {
		if (!ua_step(ua, 50))
			return 0;
		x->lost = !hub_link(ua->hub, link) && !x->final;
		cancel_when_due(ua, hub_link(ua->hub, link));
	}
	if (x->lost)
		trace_say(hub_trace(ua->hub),
			  "lost the connection before %s "
			  "was answered",
			  x->method);
	return x->final ? x->status : 0;
}

static int send_and_await(struct ua *ua, const struct outgoing *o,
			  const char *authorization)
{
	struct link *l = link_of(ua, o);
	unsigned id;

	if (!l)
		return 0;
	id = link_id(l);
	++*o->cseq;
	send_it(ua, l, o, authorization);
	return await(ua, id);
}

static bool answer_challenge(struct ua *ua, const struct outgoing *o,
			     struct text *authorization)
{
	const sip_t *sip = sip_object(ua->x.final);
	bool proxy = ua->x.status == 407;
	struct digest_claim claim = {.user = ua->user,
				     .password = ua->password,
				     .method = o->method,
				     .uri = o->uri};
	bool good;

	if (!ua->password)
		return false;
	text_add(authorization,
		 proxy ? "Proxy-Authorization: " : "Authorization: ");
	good = digest_answer(authorization,
			     proxy ? sip->sip_proxy_authenticate
				   : sip->sip_www_authenticate,
			     &claim);
	text_add(authorization, "\r\n");
	return good;
}

int request_run(struct ua *ua, const struct outgoing *o)
{
	struct text authorization = {0};
	int status = send_and_await(ua, o, NULL);

	/* Director and home may both ask: one answer to each. */
	for (int tries = 0; tries < 2; tries++) {
		if (status != 401 && status != 407)
			break;
		if (!answer_challenge(ua, o, &authorization))
			break;
		status = send_and_await(ua, o, authorization.data);
	}
	text_fini(&authorization);
	return status;
}

void request_ack(struct ua *ua, const struct outgoing *o)
{
	struct outgoing ack = *o;
	struct link *l = link_of(ua, o);
	struct text out = {0};
	char branch[32] = "z9hG4bK";

	if (!l)
		return;
	ack.method = "ACK";
	message_token(branch + strlen(branch));
	begin(&out, ua, l, &ack, branch);
	message_end(&out, NULL, NULL);
	trace_say(hub_trace(ua->hub), "sent ACK %s", o->uri);
	link_send(l, out.data, out.len);
	text_fini(&out);
}

void request_take_response(struct ua *ua, struct link *from, msg_t *message)
{
	const sip_t *sip = sip_object(message);
	struct exchange *x = &ua->x;
	const char *branch = sip->sip_via->v_branch;
	int status = sip->sip_status->st_status;

	trace_say(hub_trace(ua->hub), "got %d %s to %s", status,
		  sip->sip_status->st_phrase, sip->sip_cseq->cs_method_name);
	if (!x->method || !branch || strcmp(branch, x->branch) != 0 ||
	    strcmp(sip->sip_cseq->cs_method_name, x->method) != 0)
		return;
	if (status >= 300 && !strcmp(x->method, "INVITE"))
		send_companion(ua, from, "ACK", sip->sip_to);
	if (x->final)
		return;
	x->status = status;
	if (status >= 200)
		x->final = msg_ref_create(message);
}
