/*
 * lab-registrar: a home. Registers users (Path, outbound), finds them again,
 * and forwards what is for them.
 */
#include "registrar/registrar.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sofia-sip/su_alloc.h>

#include "kit/message.h"
#include "kit/options.h"

static const char usage[] =
	"lab-registrar --listen ADDRESS[:PORT] --fqdn NAME [options]\n"
	"  --cert FILE --key FILE --ca FILE   own chain, key; who signs peers\n"
	"  --hosts NAME=ADDRESS               for next hops; there is no DNS\n"
	"  --domain NAME       served, first is the realm (example.com, .org)\n"
	"  --user NAME[:PASSWORD], --users FILE   others get 404; none: "
	"anybody\n"
	"  --algorithm MD5|SHA-256            of the challenge (MD5)\n"
	"  --route URI=NEXT-HOP               for who does not register\n"
	"  --out URI           next hop of other domains\n"
	"  --record-route                     stay in the dialogs\n"
	"  --challenge-calls                  407 to INVITE from our users\n"
	"  --service-route URI                in the 200 to REGISTER\n"
	"  --max-expires S --flow-timer S\n"
	"  --fail CODE|drop    answer every request so\n"
	"  --any-client        TLS clients need no certificate\n"
	"  --tcp               plain TCP instead of TLS\n"
	"  --name NAME --trace FILE --dump FILE   SIGUSR1 prints counters\n";

static bool registrar_is_me(const struct registrar *r, const url_t *url)
{
	struct hub_target target;

	message_target(&target, url);
	return target.port == r->port && (!strcasecmp(target.host, r->fqdn) ||
					  !strcmp(target.host, r->address));
}

static bool is_ours(const struct registrar *r, const url_t *url)
{
	return users_serve(&r->users, url->url_host) || registrar_is_me(r, url);
}

/* user@host; what is addressed to this machine is of the first domain */
static void aor_of(const struct registrar *r, const url_t *url, char *out,
		   size_t len)
{
	const char *host = users_serve(&r->users, url->url_host)
				   ? url->url_host
				   : r->users.domain[0];

	snprintf(out, len, "%s@%s", url->url_user, host);
}

static const char *static_route(const struct registrar *r, const char *aor)
{
	size_t len = strlen(aor);

	for (size_t i = 0; i < r->route_count; i++) {
		const char *colon = strchr(r->routes[i], ':');

		if (colon && !strncmp(colon + 1, aor, len) &&
		    colon[1 + len] == '=')
			return colon + len + 2;
	}
	return NULL;
}

static size_t find_targets(struct registrar *r, const url_t *url,
			   struct target *out)
{
	const struct binding *found[BINDINGS_PER_AOR];
	const char *route;
	struct text hop = {0};
	char aor[320];
	size_t n;

	aor_of(r, url, aor, sizeof(aor));
	route = static_route(r, aor);
	if (route) {
		text_add(&hop, "<%s>", route);
		*out = (struct target){.route = hop.data};
		return 1;
	}
	n = bindings_find(&r->bindings, aor, hub_now_ms(), found);
	for (size_t i = 0; i < n; i++)
		out[i] = (struct target){
			.uri = text_copy(found[i]->contact),
			.route = text_copy(found[i]->path),
		};
	return n;
}

static void deliver(struct registrar *r, struct link *from, msg_t *message)
{
	const sip_t *sip = sip_object(message);
	const url_t *url = sip->sip_request->rq_url;
	struct target targets[TARGETS_MAX];
	size_t n;
	bool known;

	/* RFC 3261 §17.1.1.3: only the ACK for a refusal still has this URI */
	if (sip->sip_request->rq_method == sip_method_ack)
		return;
	if (!url->url_user) {
		message_answer(from, sip, 200, NULL);
		return;
	}
	n = find_targets(r, url, targets);
	if (n) {
		forward_request(r, from, message, targets, n);
		return;
	}
	known = users_find(&r->users, url->url_user);
	r->not_found++;
	message_answer(from, sip, known ? 480 : 404, NULL);
}

/* An INVITE from one of our users proves who sends it, when asked to. */
static bool is_proved(struct registrar *r, struct link *from, const sip_t *sip)
{
	const url_t *who = sip->sip_from->a_url;
	const struct user *user;
	struct text challenge = {0};

	if (!r->challenge_calls || sip->sip_to->a_tag ||
	    sip->sip_request->rq_method != sip_method_invite)
		return true;
	user = users_find(&r->users, who->url_user);
	if (!user || users_proved(&r->users, user, sip, true, &challenge))
		return true;
	r->challenges++;
	message_answer(from, sip, 407, challenge.data);
	text_fini(&challenge);
	return false;
}

/* RFC 3261 §16.4 */
static void drop_own_route(const struct registrar *r, msg_t *message)
{
	sip_t *sip = sip_object(message);

	while (sip->sip_route && registrar_is_me(r, sip->sip_route->r_url))
		msg_header_remove(message, (msg_pub_t *)sip,
				  (msg_header_t *)sip->sip_route);
}

/* Where its routes or its Request-URI lead. Other domains lie behind --out; an
 * URI with a port is the Contact of somebody, not a domain. */
static void pass_on(struct registrar *r, struct link *from, msg_t *message)
{
	const sip_t *sip = sip_object(message);
	struct target target = {0};

	if (r->out && !sip->sip_route && !sip->sip_request->rq_url->url_port)
		target.hop = r->out;
	forward_request(r, from, message, &target, 1);
}

static void route(struct registrar *r, struct link *from, msg_t *message)
{
	const sip_t *sip = sip_object(message);

	if (sip->sip_max_forwards && !sip->sip_max_forwards->mf_count) {
		message_answer(from, sip, 483, NULL);
		return;
	}
	if (!is_proved(r, from, sip))
		return;
	drop_own_route(r, message);
	if (!sip->sip_route && is_ours(r, sip->sip_request->rq_url))
		deliver(r, from, message);
	else
		pass_on(r, from, message);
}

static void take_request(struct registrar *r, struct link *from, msg_t *message)
{
	const sip_t *sip = sip_object(message);
	const sip_request_t *line = sip->sip_request;

	if (line->rq_method == sip_method_ack &&
	    (r->fail || forward_absorbs_ack(r, from, sip)))
		return;
	if (r->fail)
		message_answer(from, sip, r->fail, NULL);
	else if (line->rq_method == sip_method_cancel)
		forward_cancel(r, from, sip);
	else if (line->rq_method == sip_method_register &&
		 is_ours(r, line->rq_url))
		enroll_answer(r, from, sip);
	else
		route(r, from, message);
}

static void on_message(struct link *from, msg_t *message, void *arg)
{
	struct registrar *r = arg;
	const sip_t *sip = sip_object(message);

	if (!sip->sip_request) {
		forward_response(r, message);
		return;
	}
	r->requests++;
	if (!r->silent)
		take_request(r, from, message);
}

static void on_closed(struct link *gone, const char *why, void *arg)
{
	struct registrar *r = arg;

	trace_say(hub_trace(r->hub), "closed %s (%s)", link_peer(gone), why);
	forward_link_closed(r, link_id(gone));
}

static bool take_list_option(struct registrar *r, int value, const char *arg)
{
	switch (value) {
	case 'u':
		return users_add(&r->users, arg);
	case 'U':
		return users_read(&r->users, arg);
	case 'D':
		if (r->users.domain_count < DOMAINS_MAX)
			r->users.domain[r->users.domain_count++] = arg;
		return true;
	case 'R':
		if (r->route_count < ROUTES_MAX)
			r->routes[r->route_count++] = arg;
		return strchr(arg, '=');
	default:
		return options_take(&r->settings, value, arg);
	}
}

static bool take_option(struct registrar *r, int value, const char *arg)
{
	switch (value) {
	case 'l':
		r->listen = arg;
		return true;
	case 'q':
		r->fqdn = arg;
		return true;
	case 'O':
		r->out = arg;
		return true;
	case 'S':
		r->service_route = arg;
		return true;
	case 'g':
		r->users.algorithm = arg;
		return true;
	case 'm':
		r->max_expires_s = (unsigned)atoi(arg);
		return true;
	case 'F':
		r->flow_timer_s = (unsigned)atoi(arg);
		return true;
	case 'f':
		r->silent = !strcmp(arg, "drop");
		r->fail = atoi(arg);
		return true;
	default:
		return take_list_option(r, value, arg);
	}
}

static void take_defaults(struct registrar *r)
{
	r->port = r->tcp ? 5060 : 5061;
	options_address(r->listen, r->address, sizeof(r->address), &r->port);
	r->settings.source = r->address;
	if (!r->fqdn)
		r->fqdn = r->address;
	if (!r->users.domain_count) {
		r->users.domain[r->users.domain_count++] = "example.com";
		r->users.domain[r->users.domain_count++] = "example.org";
	}
}

/* Is --out a URI, when it is there? */
static bool can_go_out(const struct registrar *r)
{
	su_home_t home[1] = {SU_HOME_INIT(home)};
	url_t *url = r->out ? url_make(home, r->out) : NULL;
	bool good = !r->out || (url && url->url_host);

	su_home_deinit(home);
	return good;
}

static bool take_options(struct registrar *r, int argc, char **argv)
{
	int any_client = 0, tcp = 0, record_route = 0, challenge_calls = 0;
	const struct option options[] = {
		OPTIONS_SHARED,
		{"listen", required_argument, NULL, 'l'},
		{"fqdn", required_argument, NULL, 'q'},
		{"domain", required_argument, NULL, 'D'},
		{"user", required_argument, NULL, 'u'},
		{"users", required_argument, NULL, 'U'},
		{"algorithm", required_argument, NULL, 'g'},
		{"route", required_argument, NULL, 'R'},
		{"out", required_argument, NULL, 'O'},
		{"service-route", required_argument, NULL, 'S'},
		{"max-expires", required_argument, NULL, 'm'},
		{"flow-timer", required_argument, NULL, 'F'},
		{"fail", required_argument, NULL, 'f'},
		{"record-route", no_argument, &record_route, 1},
		{"challenge-calls", no_argument, &challenge_calls, 1},
		{"any-client", no_argument, &any_client, 1},
		{"tcp", no_argument, &tcp, 1},
		{0},
	};
	int value;

	while ((value = getopt_long(argc, argv, "", options, NULL)) >= 0)
		if (value && !take_option(r, value, optarg))
			return false;
	r->record_route = record_route;
	r->challenge_calls = challenge_calls;
	r->settings.any_client = any_client;
	r->tcp = tcp;
	return r->listen && optind == argc && can_go_out(r);
}

static bool start(struct registrar *r)
{
	struct hub_events events = {
		.message = on_message, .closed = on_closed, .arg = r};

	take_defaults(r);
	return !hub_create(&r->hub, &r->settings, &events) &&
	       !hub_listen(r->hub, r->address, r->port, !r->tcp);
}

static void report(const struct registrar *r)
{
	trace_say(hub_trace(r->hub),
		  "counters requests=%lu registered=%lu unregistered=%lu "
		  "challenges=%lu bindings=%zu forwarded=%lu failed-over=%lu "
		  "not-found=%lu",
		  r->requests, r->registered, r->unregistered, r->challenges,
		  r->bindings.count, r->forwarded, r->failed_over,
		  r->not_found);
}

static void run(struct registrar *r)
{
	trace_say(hub_trace(r->hub), "ready");
	while (!options_stop) {
		hub_step(r->hub, -1);
		forward_sweep(r, hub_now_ms());
		if (options_report)
			report(r);
		options_report = 0;
	}
	report(r);
}

static void finish(struct registrar *r)
{
	hub_destroy(&r->hub);
	forward_sweep(r, hub_now_ms() + 1000000);
	bindings_fini(&r->bindings);
	users_fini(&r->users);
}

int main(int argc, char **argv)
{
	static struct registrar r = {.settings.name = "registrar",
				     .max_expires_s = 3600};
	bool started;

	if (!take_options(&r, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	options_signals();
	started = start(&r);
	if (started)
		run(&r);
	finish(&r);
	return started ? 0 : 1;
}
