/*
 * Writes and reads SIP messages for the lab programs.
 */
#include "kit/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/msg_parser.h>
#include <sofia-sip/sip_status.h>

void message_token(char out[MESSAGE_TOKEN])
{
	unsigned char random[(MESSAGE_TOKEN - 1) / 2];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		abort();
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(out + 2 * i, 3, "%02x", random[i]);
}

static void add_value(struct text *out, const void *header)
{
	char value[4096];
	ssize_t len = msg_header_field_e(value, sizeof(value), header, 0);

	if (len > 0 && (size_t)len < sizeof(value))
		text_add_bytes(out, value, (size_t)len);
}

static void message_header(struct text *out, const char *name,
			   const void *header)
{
	for (const sip_header_t *h = header; h; h = h->sh_next) {
		text_add(out, "%s: ", name);
		add_value(out, h);
		text_add(out, "\r\n");
	}
}

static void add_to(struct text *out, const sip_to_t *to, const char *tag)
{
	text_add(out, "To: ");
	add_value(out, to);
	if (tag && !to->a_tag)
		text_add(out, ";tag=%s", tag);
	text_add(out, "\r\n");
}

/* RFC 5626 came after the library. */
static const char *phrase_of(int status)
{
	const char *phrase = sip_status_phrase(status);

	if (status == 430)
		return "Flow Failed";
	if (status == 439)
		return "First Hop Lacks Outbound Support";
	return phrase ? phrase : "Answer";
}

void message_reply(struct text *out, const sip_t *request, int status,
		   const char *tag)
{
	text_add(out, "SIP/2.0 %d %s\r\n", status, phrase_of(status));
	message_header(out, "Via", request->sip_via);
	if (status > 100 && status < 300)
		message_header(out, "Record-Route", request->sip_record_route);
	message_header(out, "From", request->sip_from);
	add_to(out, request->sip_to, tag);
	message_header(out, "Call-ID", request->sip_call_id);
	message_header(out, "CSeq", request->sip_cseq);
}

void message_end(struct text *out, const char *type, const char *body)
{
	if (!body) {
		text_add(out, "Content-Length: 0\r\n\r\n");
		return;
	}
	text_add(out, "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", type,
		 strlen(body), body);
}

void message_answer(struct link *to, const sip_t *request, int status,
		    const char *headers)
{
	struct text out = {0};
	char tag[MESSAGE_TOKEN];

	message_token(tag);
	message_reply(&out, request, status, status > 100 ? tag : NULL);
	text_add(&out, "%s", headers ? headers : "");
	message_end(&out, NULL, NULL);
	link_send(to, out.data, out.len);
	text_fini(&out);
}

static void add_first_via(struct text *out, const sip_t *sent)
{
	text_add(out, "Via: ");
	add_value(out, sent->sip_via);
	text_add(out, "\r\n");
}

void message_companion(struct text *out, const sip_t *sent, const char *method,
		       const sip_to_t *to)
{
	char uri[2048];

	url_e(uri, sizeof(uri), sent->sip_request->rq_url);
	text_add(out, "%s %s SIP/2.0\r\n", method, uri);
	add_first_via(out, sent);
	message_header(out, "Route", sent->sip_route);
	text_add(out, "Max-Forwards: 70\r\n");
	message_header(out, "From", sent->sip_from);
	add_to(out, to, NULL);
	message_header(out, "Call-ID", sent->sip_call_id);
	text_add(out, "CSeq: %u %s\r\n", sent->sip_cseq->cs_seq, method);
	message_end(out, NULL, NULL);
}

void message_target(struct hub_target *out, const url_t *url)
{
	char transport[8] = "";

	url_param(url->url_params, "transport", transport, sizeof(transport));
	snprintf(out->host, sizeof(out->host), "%s",
		 url->url_host ? url->url_host : "");
	out->port = url->url_port ? (unsigned)atoi(url->url_port) : 0;
	out->tls = url->url_type == url_sips || !strcasecmp(transport, "tls") ||
		   (!*transport && out->port == 5061);
	if (!out->port)
		out->port = out->tls ? 5061 : 5060;
}

char *message_bytes(msg_t *message, size_t *len)
{
	sip_t *sip = sip_object(message);

	msg_fragment_clear(sip->sip_common);
	return msg_as_string(msg_home(message), message, (msg_pub_t *)sip, 0,
			     len);
}

bool message_has_option(const msg_list_t *list, const char *tag)
{
	const msg_param_t *item = list ? list->k_items : NULL;

	for (; item && *item; item++)
		if (!strcasecmp(*item, tag))
			return true;
	return false;
}
