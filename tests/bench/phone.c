/*
 * One phone of the load: what it says, what it makes of the answers.
 */
#include "phone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MESSAGE_MAX 16384

static const char *transport(const struct phone_world *w)
{
	return w->tcp ? "tcp" : "tls";
}

void phone_turn(struct phone *p, const struct phone_world *w)
{
	p->turn++;
	snprintf(p->user, sizeof(p->user), "phone%d-%ld", p->number,
		 w->fresh ? p->turn : p->turn % w->users);
}

static void send_it(struct phone *p, const char *text, int len)
{
	if (len >= MESSAGE_MAX)
		wire_die("message too long");
	wire_send(&p->wire, text, (size_t)len);
}

void phone_register(struct phone *p, const struct phone_world *w)
{
	char text[MESSAGE_MAX];
	int n = snprintf(
		text, sizeof(text),
		"REGISTER sip:example.com SIP/2.0\r\n"
		"Via: SIP/2.0/%s %s:%d;branch=z9hG4bKr%d-%ld;rport\r\n"
		"Max-Forwards: 70\r\n"
		"From: <sip:%s@example.com>;tag=f%d-%ld\r\n"
		"To: <sip:%s@example.com>\r\n"
		"Call-ID: r-%d-%ld@bench\r\n"
		"CSeq: %ld REGISTER\r\n"
		"Contact: <sip:%s@%s:%d;transport=%s>;reg-id=1;expires=3600;"
		"+sip.instance=\"<urn:uuid:00000000-0000-4000-8000-"
		"%012d>\"\r\n"
		"Supported: path, outbound, gruu\r\n"
		"User-Agent: bench phone\r\n"
		"Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, MESSAGE\r\n"
		"Expires: 3600\r\n"
		"Content-Length: 0\r\n\r\n",
		w->tcp ? "TCP" : "TLS", w->from, p->port, p->number, p->turn,
		p->user, p->number, p->turn, p->user, p->number, p->turn,
		p->turn, p->user, w->from, p->port, transport(w), p->number);

	p->state = PHONE_REGISTERS;
	send_it(p, text, n);
}

void phone_call(struct phone *p, const struct phone_world *w)
{
	char text[MESSAGE_MAX];
	int n = snprintf(
		text, sizeof(text),
		"INVITE sip:called%d@example.com SIP/2.0\r\n"
		"Via: SIP/2.0/%s %s:%d;branch=z9hG4bKi%d-%ld;rport\r\n"
		"Max-Forwards: 70\r\n"
		"From: <sip:%s@example.com>;tag=f%d-%ld\r\n"
		"To: <sip:called%d@example.com>\r\n"
		"Call-ID: i-%d-%ld@bench\r\n"
		"CSeq: 1 INVITE\r\n"
		"Contact: <sip:%s@%s:%d;transport=%s>\r\n"
		"Supported: 100rel, timer, outbound\r\n"
		"User-Agent: bench phone\r\n"
		"Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, NOTIFY, MESSAGE\r\n"
		"Content-Type: application/sdp\r\n"
		"Content-Length: %zu\r\n\r\n%s",
		p->number, w->tcp ? "TCP" : "TLS", w->from, p->port, p->number,
		p->turn, p->user, p->number, p->turn, p->number, p->number,
		p->turn, p->user, w->from, p->port, transport(w),
		strlen(words_sdp), words_sdp);

	p->state = PHONE_CALLS;
	send_it(p, text, n);
}

static void send_within(struct phone *p, const struct phone_world *w,
			const char *method, int cseq)
{
	char text[MESSAGE_MAX];
	int n = snprintf(
		text, sizeof(text),
		"%s %s SIP/2.0\r\n"
		"Via: SIP/2.0/%s %s:%d;branch=z9hG4bK%c%d-%ld;rport\r\n"
		"Max-Forwards: 70\r\n"
		"%.*s"
		"From: <sip:%s@example.com>;tag=f%d-%ld\r\n"
		"To: %s\r\n"
		"Call-ID: i-%d-%ld@bench\r\n"
		"CSeq: %d %s\r\n"
		"User-Agent: bench phone\r\n"
		"Content-Length: 0\r\n\r\n",
		method, p->target, w->tcp ? "TCP" : "TLS", w->from, p->port,
		method[0], p->number, p->turn, (int)p->route.len,
		p->route.len ? p->route.data : "", p->user, p->number, p->turn,
		p->said_to, p->number, p->turn, cseq, method);

	send_it(p, text, n);
}

void phone_hang_up(struct phone *p, const struct phone_world *w)
{
	p->state = PHONE_HANGS_UP;
	send_within(p, w, "BYE", 2);
}

/* RFC 3261 §12.1.2: the route set is the Record-Routes in reverse order. */
static void learn_routes(struct phone *p, struct piece m)
{
	struct piece found[16];
	const char *from = m.at;
	size_t n = 0;

	heap_drop(&p->route, p->route.len);
	while (n < 16 &&
	       (found[n] = words_next(&from, m.at + m.len, "Record-Route")).at)
		n++;
	while (n--) {
		heap_add(&p->route, "Route: ", 7);
		heap_add(&p->route, found[n].at, found[n].len);
		heap_add(&p->route, "\r\n", 2);
	}
}

static bool learn_dialog(struct phone *p, struct piece m)
{
	struct piece to = words_field(m, "To");
	struct piece contact = words_field(m, "Contact");
	const char *open, *close;

	if (!to.at || !contact.at)
		return false;
	open = memchr(contact.at, '<', contact.len);
	close = memchr(contact.at, '>', contact.len);
	if (!open || !close || close < open)
		return false;
	snprintf(p->said_to, sizeof(p->said_to), "%.*s", (int)to.len, to.at);
	snprintf(p->target, sizeof(p->target), "%.*s", (int)(close - open - 1),
		 open + 1);
	learn_routes(p, m);
	return true;
}

/* Late answers to an earlier turn are not this turn's. */
static bool is_of_this_turn(const struct phone *p, struct piece m)
{
	struct piece id = words_field(m, "Call-ID");
	long turn;
	int number;

	return id.at && sscanf(id.at + 1, "-%d-%ld@", &number, &turn) == 2 &&
	       number == p->number && turn == p->turn;
}

enum phone_news phone_hear(struct phone *p, const struct phone_world *w,
			   struct piece m)
{
	int status;

	if (m.len < 12 || memcmp(m.at, "SIP/2.0 ", 8) || !is_of_this_turn(p, m))
		return PHONE_NOTHING;
	status = atoi(m.at + 8);
	if (status < 200)
		return PHONE_NOTHING;
	if (p->state == PHONE_IDLE || p->state == PHONE_TALKS)
		return PHONE_NOTHING;
	if (status != 200 || (p->state == PHONE_CALLS && !learn_dialog(p, m))) {
		p->state = PHONE_IDLE;
		return PHONE_FAILED;
	}
	if (p->state == PHONE_CALLS) {
		send_within(p, w, "ACK", 1);
		p->state = PHONE_TALKS;
		return PHONE_ANSWERED;
	}
	p->state = PHONE_IDLE;
	return PHONE_DONE;
}
