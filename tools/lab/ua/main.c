/*
 * lab-ua: a user agent that does what its command line says, and tells.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sofia-sip/su_alloc.h>

#include "kit/options.h"
#include "ua/ua.h"

static const char usage[] =
	"lab-ua --aor sip:USER@DOMAIN --proxy HOST[:PORT][;transport=tls|tcp]\n"
	"       [options] VERB...\n"
	"  --password WORD     for digest challenges\n"
	"  --ca FILE           who signs the proxy; its name is checked\n"
	"  --cert FILE --key FILE   a client certificate, for partners\n"
	"  --hosts NAME=ADDRESS     there is no DNS\n"
	"  --bind ADDRESS[:PORT]    leave by it; with PORT listen there (TCP)\n"
	"  --outbound          +sip.instance and reg-id (RFC 5626)\n"
	"  --instance URN      for --outbound; else a random one\n"
	"  --expires S         asked for (600)\n"
	"  --answer-after MS   ring so long (0); --decline CODE  do not "
	"answer\n"
	"  --from URI          From other than the AOR\n"
	"  --header LINE       added to every request, repeatable\n"
	"  --call-id-host NAME      Call-IDs end in @NAME, as with old phones\n"
	"  --timeout S         for all verbs together (30)\n"
	"  --name NAME --trace FILE --dump FILE\n"
	"Verbs, done in turn; any but wait takes expect=STATUS where it asks:\n"
	"  connect  register  unregister  keepalive  drop  closed  stay\n"
	"  call URI [ms=300] [hold] [wait-bye] [cancel=MS]    answer [ms=MS]\n"
	"  message URI [text=T]  receive  options URI  subscribe URI\n"
	"  wait ms=MS\n";

bool ua_step(struct ua *ua, int wait_ms)
{
	call_tick(ua, hub_now_ms());
	hub_step(ua->hub, wait_ms > 20 && ua->d.invite ? 20 : wait_ms);
	call_tick(ua, hub_now_ms());
	if (options_stop)
		return false;
	if (ua->deadline_ms && hub_now_ms() > ua->deadline_ms) {
		trace_say(hub_trace(ua->hub), "out of time");
		return false;
	}
	return true;
}

bool ua_wait(struct ua *ua, unsigned ms)
{
	long long until_ms = hub_now_ms() + ms;
	long long left_ms;

	while ((left_ms = until_ms - hub_now_ms()) > 0)
		if (!ua_step(ua, (int)left_ms))
			return false;
	return true;
}

static void on_message(struct link *from, msg_t *message, void *arg)
{
	struct ua *ua = arg;

	if (sip_object(message)->sip_status)
		request_take_response(ua, from, message);
	else
		call_take_request(ua, from, message);
}

static void on_pong(struct link *from, void *arg)
{
	struct ua *ua = arg;

	trace_say(hub_trace(ua->hub), "got keep-alive answer from %s",
		  link_peer(from));
	ua->pongs++;
}

static void on_closed(struct link *gone, const char *why, void *arg)
{
	struct ua *ua = arg;

	trace_say(hub_trace(ua->hub), "closed %s (%s)", link_peer(gone), why);
}

static bool take_proxy(struct ua *ua, const char *arg)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	bool has_scheme = !strncmp(arg, "sip:", 4) || !strncmp(arg, "sips:", 5);
	struct text whole = {0};
	url_t *url;

	text_add(&whole, "%s%s", has_scheme ? "" : "sip:", arg);
	url = url_make(home, whole.data);
	if (url)
		message_target(&ua->proxy, url);
	text_fini(&whole);
	su_home_deinit(home);
	return url;
}

static bool take_aor(struct ua *ua, const char *arg)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	url_t *url = url_make(home, arg);
	bool good = url && url->url_user && url->url_host;

	ua->aor = arg;
	if (good) {
		snprintf(ua->user, sizeof(ua->user), "%s", url->url_user);
		snprintf(ua->domain, sizeof(ua->domain), "%s", url->url_host);
	}
	su_home_deinit(home);
	return good;
}

static bool take_bind(struct ua *ua, const char *arg)
{
	options_address(arg, ua->bind, sizeof(ua->bind), &ua->bind_port);
	ua->settings.source = ua->bind;
	return true;
}

static bool take_number(struct ua *ua, int value, const char *arg)
{
	unsigned number = (unsigned)atoi(arg);

	switch (value) {
	case 'e':
		ua->expires_s = number;
		return true;
	case 'w':
		ua->answer_after_ms = number;
		return true;
	case 'x':
		ua->decline = (int)number;
		return true;
	case 'T':
		ua->timeout_s = number;
		return true;
	default:
		return options_take(&ua->settings, value, arg);
	}
}

static bool take_option(struct ua *ua, int value, const char *arg)
{
	switch (value) {
	case 'A':
		return take_aor(ua, arg);
	case 'P':
		return take_proxy(ua, arg);
	case 'b':
		return take_bind(ua, arg);
	case 'p':
		ua->password = arg;
		return true;
	case 'O':
		ua->outbound = true;
		return true;
	case 'i':
		snprintf(ua->instance, sizeof(ua->instance), "%s", arg);
		return true;
	case 'H':
		ua->call_id_host = arg;
		return true;
	case 'f':
		ua->from = arg;
		return true;
	case 'h':
		if (ua->header_count < HEADERS_MAX)
			ua->headers[ua->header_count++] = arg;
		return true;
	default:
		return take_number(ua, value, arg);
	}
}

static bool take_options(struct ua *ua, int argc, char **argv)
{
	static const struct option options[] = {
		OPTIONS_SHARED,
		{"aor", required_argument, NULL, 'A'},
		{"proxy", required_argument, NULL, 'P'},
		{"bind", required_argument, NULL, 'b'},
		{"password", required_argument, NULL, 'p'},
		{"outbound", no_argument, NULL, 'O'},
		{"instance", required_argument, NULL, 'i'},
		{"from", required_argument, NULL, 'f'},
		{"header", required_argument, NULL, 'h'},
		{"call-id-host", required_argument, NULL, 'H'},
		{"expires", required_argument, NULL, 'e'},
		{"answer-after", required_argument, NULL, 'w'},
		{"decline", required_argument, NULL, 'x'},
		{"timeout", required_argument, NULL, 'T'},
		{0},
	};
	int value;

	while ((value = getopt_long(argc, argv, "", options, NULL)) >= 0)
		if (!take_option(ua, value, optarg))
			return false;
	if (!ua->settings.name)
		ua->settings.name = ua->user;
	return ua->aor && optind < argc &&
	       verbs_check(argc - optind, argv + optind);
}

static void make_instance(struct ua *ua)
{
	char a[MESSAGE_TOKEN], b[MESSAGE_TOKEN];

	if (*ua->instance)
		return;
	message_token(a);
	message_token(b);
	snprintf(ua->instance, sizeof(ua->instance),
		 "urn:uuid:%.8s-%.4s-4%.3s-8%.3s-%.12s", a, a + 8, a + 12, b,
		 b + 4);
}

static bool start(struct ua *ua)
{
	struct hub_events events = {.message = on_message,
				    .pong = on_pong,
				    .closed = on_closed,
				    .arg = ua};

	make_instance(ua);
	ua->reg.call_id = request_call_id(ua);
	message_token(ua->reg.tag);
	ua->deadline_ms = hub_now_ms() + ua->timeout_s * 1000LL;
	if (hub_create(&ua->hub, &ua->settings, &events))
		return false;
	return !ua->bind_port ||
	       !hub_listen(ua->hub, ua->bind, ua->bind_port, false);
}

static void finish(struct ua *ua)
{
	hub_destroy(&ua->hub);
	call_forget(&ua->d);
	free(ua->reg.call_id);
	msg_destroy(ua->x.final);
	text_fini(&ua->x.sent);
}

int main(int argc, char **argv)
{
	static struct ua ua = {.expires_s = 600, .timeout_s = 30};
	bool good;

	if (!take_options(&ua, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	options_signals();
	good = start(&ua) && verbs_run(&ua, argc - optind, argv + optind);
	finish(&ua);
	return good ? 0 : 1;
}
