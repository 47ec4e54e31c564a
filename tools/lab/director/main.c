/*
 * lab-director: says where a user's home is, and nothing else.
 *
 * Answers REGISTER, INVITE, MESSAGE, SUBSCRIBE and OPTIONS with 302 (or 300,
 * 301) and the homes as Contacts, after a digest challenge when asked to.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kit/hub.h"
#include "kit/message.h"
#include "kit/options.h"
#include "kit/users.h"

#define HOMES_MAX 16

struct director {
	struct hub_settings settings;
	struct hub *hub;
	struct users users;
	const char *homes[HOMES_MAX];
	size_t home_count;
	const char *listen;
	char address[64];
	int code;
	int fail;
	bool silent;
	bool challenge;
	bool tcp;
	unsigned long requests, redirects, challenges, unknown;
};

static const char usage[] =
	"lab-director --listen ADDRESS[:PORT] --home URI[;q=Q] ... [options]\n"
	"  --cert FILE --key FILE --ca FILE   own chain, key; who signs "
	"clients\n"
	"  --home URI[;q=Q]    a Contact of the answer; {user} becomes the "
	"user\n"
	"  --code 300|301|302  of the answer (302)\n"
	"  --user NAME[:PASSWORD], --users FILE   others get 404; none: "
	"anybody\n"
	"  --domain NAME       served, first is the realm (example.com, .org)\n"
	"  --challenge         ask for a digest first\n"
	"  --algorithm MD5|SHA-256   of the challenge (MD5)\n"
	"  --fail CODE|drop    answer every request so\n"
	"  --any-client        TLS clients need no certificate\n"
	"  --tcp               plain TCP instead of TLS\n"
	"  --name NAME --trace FILE --dump FILE\n";

static void add_home(struct text *out, const char *home, const char *user)
{
	const char *q = strstr(home, ";q=");
	const char *mark = strstr(home, "{user}");
	int len = q ? (int)(q - home) : (int)strlen(home);

	if (mark)
		text_add(out, "Contact: <%.*s%s%.*s>%s\r\n", (int)(mark - home),
			 home, user, len - (int)(mark - home) - 6, mark + 6,
			 q ? q : "");
	else
		text_add(out, "Contact: <%.*s>%s\r\n", len, home, q ? q : "");
}

static void redirect(struct director *d, struct link *to, const sip_t *sip,
		     const char *user)
{
	struct text contacts = {0};

	for (size_t i = 0; i < d->home_count; i++)
		add_home(&contacts, d->homes[i], user ? user : "");
	d->redirects++;
	message_answer(to, sip, d->code, contacts.data);
	text_fini(&contacts);
}

/* The user that a request is about: of To in REGISTER, else whom it is for; a
 * call to another domain is its sender's, and leaves by the sender's home. */
static const char *user_of(const struct director *d, const sip_t *sip)
{
	const url_t *whom = sip->sip_request->rq_url;

	if (sip->sip_request->rq_method == sip_method_register)
		return sip->sip_to->a_url->url_user;
	if (!users_serve(&d->users, whom->url_host))
		return sip->sip_from->a_url->url_user;
	return whom->url_user;
}

static void answer(struct director *d, struct link *from, const sip_t *sip)
{
	const char *name = user_of(d, sip);
	const struct user *user = users_find(&d->users, name);
	struct text challenge = {0};

	if (d->users.count && !user) {
		d->unknown++;
		message_answer(from, sip, 404, NULL);
		return;
	}
	if (d->challenge && user &&
	    !users_proved(&d->users, user, sip, false, &challenge)) {
		d->challenges++;
		message_answer(from, sip, 401, challenge.data);
		text_fini(&challenge);
		return;
	}
	redirect(d, from, sip, name);
}

static void on_message(struct link *from, msg_t *message, void *arg)
{
	struct director *d = arg;
	const sip_t *sip = sip_object(message);

	if (!sip->sip_request || sip->sip_request->rq_method == sip_method_ack)
		return;
	d->requests++;
	if (d->silent)
		return;
	if (d->fail)
		message_answer(from, sip, d->fail, NULL);
	else if (sip->sip_request->rq_method == sip_method_cancel)
		message_answer(from, sip, 200, NULL);
	else
		answer(d, from, sip);
}

static void on_closed(struct link *gone, const char *why, void *arg)
{
	struct director *d = arg;

	trace_say(hub_trace(d->hub), "closed %s (%s)", link_peer(gone), why);
}

static bool take_option(struct director *d, int value, const char *arg)
{
	switch (value) {
	case 'l':
		d->listen = arg;
		return true;
	case 'H':
		if (d->home_count < HOMES_MAX)
			d->homes[d->home_count++] = arg;
		return true;
	case 'C':
		d->code = atoi(arg);
		return true;
	case 'u':
		return users_add(&d->users, arg);
	case 'U':
		return users_read(&d->users, arg);
	case 'D':
		if (d->users.domain_count < DOMAINS_MAX)
			d->users.domain[d->users.domain_count++] = arg;
		return true;
	case 'x':
		d->challenge = true;
		return true;
	case 'g':
		d->users.algorithm = arg;
		return true;
	case 'f':
		d->silent = !strcmp(arg, "drop");
		d->fail = atoi(arg);
		return true;
	case 'y':
		d->settings.any_client = true;
		return true;
	case 'T':
		d->tcp = true;
		return true;
	default:
		return options_take(&d->settings, value, arg);
	}
}

static bool take_options(struct director *d, int argc, char **argv)
{
	static const struct option options[] = {
		OPTIONS_SHARED,
		{"listen", required_argument, NULL, 'l'},
		{"home", required_argument, NULL, 'H'},
		{"code", required_argument, NULL, 'C'},
		{"user", required_argument, NULL, 'u'},
		{"users", required_argument, NULL, 'U'},
		{"domain", required_argument, NULL, 'D'},
		{"challenge", no_argument, NULL, 'x'},
		{"algorithm", required_argument, NULL, 'g'},
		{"fail", required_argument, NULL, 'f'},
		{"any-client", no_argument, NULL, 'y'},
		{"tcp", no_argument, NULL, 'T'},
		{0},
	};
	int value;

	while ((value = getopt_long(argc, argv, "", options, NULL)) >= 0)
		if (!take_option(d, value, optarg))
			return false;
	if (!d->users.domain_count) {
		d->users.domain[d->users.domain_count++] = "example.com";
		d->users.domain[d->users.domain_count++] = "example.org";
	}
	return d->listen && optind == argc;
}

static bool start(struct director *d)
{
	struct hub_events events = {
		.message = on_message, .closed = on_closed, .arg = d};
	unsigned port = d->tcp ? 5060 : 5061;

	options_address(d->listen, d->address, sizeof(d->address), &port);
	d->settings.source = d->address;
	return !hub_create(&d->hub, &d->settings, &events) &&
	       !hub_listen(d->hub, d->address, port, !d->tcp);
}

static void report(const struct director *d)
{
	trace_say(hub_trace(d->hub),
		  "counters requests=%lu redirects=%lu challenges=%lu "
		  "unknown=%lu",
		  d->requests, d->redirects, d->challenges, d->unknown);
}

int main(int argc, char **argv)
{
	static struct director d = {.code = 302, .settings.name = "director"};

	if (!take_options(&d, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	options_signals();
	if (!start(&d)) {
		hub_destroy(&d.hub);
		return 1;
	}
	trace_say(hub_trace(d.hub), "ready");
	while (!options_stop) {
		hub_step(d.hub, -1);
		if (options_report) {
			options_report = 0;
			report(&d);
		}
	}
	report(&d);
	hub_destroy(&d.hub);
	users_fini(&d.users);
	return 0;
}
