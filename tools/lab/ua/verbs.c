/*
 * The verbs of the command line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sofia-sip/msg_header.h>

#include "kit/options.h"
#include "ua/ua.h"

#define PING_EVERY_MS 25000

typedef bool verb_fn(struct ua *ua, const struct verb *v);

static bool as_expected(const struct verb *v, int status)
{
	return v->expect ? status == v->expect : status / 100 == 2;
}

static void add_register_contact(struct text *out, const struct ua *ua,
				 const struct link *l, unsigned expires_s)
{
	text_add(out, "Contact: <");
	request_contact(ua, l, out);
	text_add(out, ">");
	if (ua->outbound)
		text_add(out, ";+sip.instance=\"<%s>\";reg-id=1", ua->instance);
	text_add(out, ";expires=%u\r\n", expires_s);
	text_add(out, "Supported: path%s\r\n",
		 ua->outbound ? ", outbound, gruu" : "");
}

static void learn_expires(struct ua *ua)
{
	const sip_t *sip = ua->x.final ? sip_object(ua->x.final) : NULL;
	const sip_contact_t *c = sip ? sip->sip_contact : NULL;

	ua->reg.expires_s =
		c && c->m_expires ? (unsigned)atoi(c->m_expires) : 0;
}

static int send_register(struct ua *ua, unsigned expires_s)
{
	struct text uri = {0}, headers = {0};
	struct link *l = request_flow(ua);
	struct outgoing o = {.method = "REGISTER",
			     .from = ua->from ? ua->from : ua->aor,
			     .from_tag = ua->reg.tag,
			     .to = ua->aor,
			     .call_id = ua->reg.call_id,
			     .cseq = &ua->reg.cseq};
	int status;

	if (!l)
		return 0;
	text_add(&uri, "sip:%s", ua->domain);
	add_register_contact(&headers, ua, l, expires_s);
	o.uri = uri.data;
	o.headers = headers.data;
	status = request_run(ua, &o);
	learn_expires(ua);
	text_fini(&uri);
	text_fini(&headers);
	return status;
}

static bool do_register(struct ua *ua, const struct verb *v)
{
	return as_expected(v, send_register(ua, ua->expires_s));
}

static bool do_unregister(struct ua *ua, const struct verb *v)
{
	return as_expected(v, send_register(ua, 0));
}

static int send_alone(struct ua *ua, const struct verb *v, const char *method,
		      const char *headers)
{
	char *call_id = request_call_id(ua), tag[MESSAGE_TOKEN];
	unsigned cseq = 0;
	int status;
	struct outgoing o = {.method = method,
			     .uri = v->uri,
			     .from = ua->from ? ua->from : ua->aor,
			     .from_tag = tag,
			     .to = v->uri,
			     .call_id = call_id,
			     .cseq = &cseq,
			     .headers = headers};

	message_token(tag);
	if (!strcmp(method, "MESSAGE")) {
		o.type = "text/plain";
		o.body = v->text ? v->text : "hello";
	}
	status = request_run(ua, &o);
	free(call_id);
	return status;
}

static bool do_options(struct ua *ua, const struct verb *v)
{
	return as_expected(v, send_alone(ua, v, "OPTIONS", NULL));
}

static bool do_message(struct ua *ua, const struct verb *v)
{
	return as_expected(v, send_alone(ua, v, "MESSAGE", NULL));
}

static bool do_subscribe(struct ua *ua, const struct verb *v)
{
	return as_expected(v, send_alone(ua, v, "SUBSCRIBE",
					 "Event: presence\r\n"
					 "Expires: 60\r\n"));
}

static bool do_receive(struct ua *ua, const struct verb *v)
{
	(void)v;
	while (ua->messages == ua->messages_claimed)
		if (!ua_step(ua, 100))
			return false;
	ua->messages_claimed++;
	return true;
}

static bool do_connect(struct ua *ua, const struct verb *v)
{
	(void)v;
	return request_flow(ua);
}

/* Ask, and the peer must answer: a stranger's connection is closed instead. */
static bool do_keepalive(struct ua *ua, const struct verb *v)
{
	unsigned before = ua->pongs;
	struct link *l = request_flow(ua);

	(void)v;
	if (!l)
		return false;
	trace_say(hub_trace(ua->hub), "sent keep-alive");
	link_ping(l);
	while (ua->pongs == before)
		if (!ua_step(ua, 100) || !hub_link(ua->hub, ua->link))
			return false;
	return true;
}

static bool do_drop(struct ua *ua, const struct verb *v)
{
	struct link *l = hub_link(ua->hub, ua->link);

	(void)v;
	if (l)
		link_close(l);
	ua->link = 0;
	ua_step(ua, 0);
	return true;
}

static bool do_wait(struct ua *ua, const struct verb *v)
{
	return ua_wait(ua, v->ms);
}

/* Until the peer closes the connection. */
static bool do_closed(struct ua *ua, const struct verb *v)
{
	(void)v;
	while (hub_link(ua->hub, ua->link))
		if (!ua_step(ua, 100))
			return false;
	return true;
}

static void refresh(struct ua *ua, long long *next_ping_ms,
		    long long *next_register_ms)
{
	long long now_ms = hub_now_ms();

	if (now_ms >= *next_register_ms && ua->reg.expires_s) {
		send_register(ua, ua->expires_s);
		*next_register_ms = now_ms + ua->reg.expires_s * 500LL;
	}
	if (now_ms >= *next_ping_ms && hub_link(ua->hub, ua->link)) {
		link_ping(hub_link(ua->hub, ua->link));
		*next_ping_ms = now_ms + PING_EVERY_MS;
	}
}

/* Registered and answering until a signal ends it. */
static bool do_stay(struct ua *ua, const struct verb *v)
{
	long long now_ms = hub_now_ms();
	long long ping_ms = now_ms + PING_EVERY_MS;
	long long register_ms = now_ms + ua->reg.expires_s * 500LL;

	(void)v;
	ua->deadline_ms = 0;
	while (!options_stop) {
		ua_step(ua, 500);
		refresh(ua, &ping_ms, &register_ms);
	}
	return true;
}

static const struct {
	const char *name;
	verb_fn *run;
	bool needs_uri;
} table[] = {
	{"connect", do_connect, false},
	{"register", do_register, false},
	{"unregister", do_unregister, false},
	{"call", call_place, true},
	{"answer", call_take, false},
	{"message", do_message, true},
	{"receive", do_receive, false},
	{"options", do_options, true},
	{"subscribe", do_subscribe, true},
	{"keepalive", do_keepalive, false},
	{"wait", do_wait, false},
	{"closed", do_closed, false},
	{"drop", do_drop, false},
	{"stay", do_stay, false},
};

#define VERBS (sizeof(table) / sizeof(table[0]))

static size_t find_verb(const char *name)
{
	size_t i = 0;

	while (i < VERBS && strcmp(table[i].name, name) != 0)
		i++;
	return i;
}

static bool take_word(struct verb *v, const char *word)
{
	const char *value = strchr(word, '=');

	if (!strcmp(word, "hold"))
		v->hold = true;
	else if (!strcmp(word, "wait-bye"))
		v->wait_bye = true;
	else if (value && !strncmp(word, "ms=", 3))
		v->ms = (unsigned)atoi(value + 1);
	else if (value && !strncmp(word, "cancel=", 7))
		v->cancel = (unsigned)atoi(value + 1);
	else if (value && !strncmp(word, "expect=", 7))
		v->expect = atoi(value + 1);
	else if (value && !strncmp(word, "text=", 5))
		v->text = value + 1;
	else
		return false;
	return true;
}

/* Reads one verb; returns how many words it took, 0 when it is wrong. */
static int read_verb(struct verb *v, int count, char **words)
{
	size_t i = find_verb(words[0]);
	int at = 1;

	*v = (struct verb){.name = words[0]};
	if (i == VERBS || (table[i].needs_uri && count < 2))
		return 0;
	if (table[i].needs_uri)
		v->uri = words[at++];
	if (!strcmp(v->name, "call"))
		v->ms = 300;
	while (at < count && take_word(v, words[at]))
		at++;
	return at;
}

bool verbs_check(int count, char **words)
{
	struct verb v;

	for (int at = 0, n; at < count; at += n) {
		n = read_verb(&v, count - at, words + at);
		if (n)
			continue;
		fprintf(stderr, "lab-ua: cannot understand '%s'\n", words[at]);
		return false;
	}
	return true;
}

bool verbs_run(struct ua *ua, int count, char **words)
{
	struct verb v;

	for (int at = 0; at < count;) {
		bool good;

		at += read_verb(&v, count - at, words + at);
		good = table[find_verb(v.name)].run(ua, &v);
		trace_say(hub_trace(ua->hub), "%s %s", v.name,
			  good ? "done" : "FAILED");
		if (!good)
			return false;
	}
	return true;
}
