/*
 * partner.c: `edgectl partner test`: every step of a connection to a partner,
 * and what usually is wrong with it.
 */
#include "partner.h"

#include "base/now.h"
#include "cert/certificate.h"
#include "policy/federation.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WITHIN_S 30

void trial_step(struct trial *t, bool good, const char *name, const char *fmt,
		...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report_step(t->r, good, name, "%s", text);
	t->failed += !good;
}

uint64_t trial_until(const struct trial *t, uint64_t ms)
{
	uint64_t until = now_mono_ms() + ms;

	return until < t->until_ms ? until : t->until_ms;
}

static const char *kind_word(enum partner_kind kind)
{
	switch (kind) {
	case PARTNER_ALLOWED:
		return "allowed";
	case PARTNER_DIRECT:
		return "direct";
	case PARTNER_PROVIDER:
		return "provider";
	case PARTNER_DISCOVERED:
		break;
	}
	return "discovered";
}

/* Would the edge try at all? The way it would go. */
static enum way_out settings_step(struct trial *t)
{
	enum way_out way =
		federation_way(&t->partner, t->s, slice_of(t->domain));

	if (settings_our_domain(t->s, slice_of(t->domain))) {
		trial_step(t, false, "settings", "%s is a domain of ours",
			   t->domain);
		return WAY_NONE;
	}
	if (!t->s->federation.enabled)
		trial_step(t, false, "settings",
			   "federation.enabled is false: no partner is served");
	else if (way == WAY_BLOCKED)
		trial_step(t, false, "settings",
			   "%s is on our block list (federation.blocked)",
			   t->domain);
	else if (way == WAY_NONE)
		trial_step(t, false, "settings",
			   "%s is not in federation.partners, and discovery "
			   "is off: our own allow list lacks it",
			   t->domain);
	else if (t->partner)
		trial_step(t, true, "settings", "listed as %s, line %d",
			   kind_word(t->partner->kind), t->partner->line);
	else
		trial_step(t, true, "settings", "not listed; %s",
			   way == WAY_ROUTE ? "goes by federation.route"
					    : "found by discovery");
	return way;
}

/* Can a partner tie our certificate to our domain? */
static void ours_step(struct trial *t)
{
	const struct leg_settings *leg = &t->s->leg[LEG_OUTSIDE];
	struct slice domain = slice_of(t->s->sip_domains.v[0]);
	struct cert_names *names = NULL;

	if (shown_names(&names, leg->certificate))
		return;
	if (cert_names_match(names, domain) ||
	    (cert_names_match(names, slice_of(leg->fqdn)) &&
	     slice_host_within(slice_of(leg->fqdn), domain)))
		trial_step(t, true, "our name",
			   "our certificate proves %.*s or a host in it",
			   SLICE_ARG(domain));
	else
		trial_step(t, false, "our name",
			   "our certificate names neither %.*s nor a host in "
			   "it: partners cannot tie it to us",
			   SLICE_ARG(domain));
	cert_names_destroy(&names);
}

static const char *dns_words(int err)
{
	switch (err) {
	case ENOENT:
		return "no such name, or it has no address";
	case ETIMEDOUT:
		return "no DNS server answers";
	case EIO:
		return "the DNS server fails, or DNSSEC says that the answer "
		       "is forged";
	default:
		return strerror(err);
	}
}

/* Handshake and OPTIONS at one address. */
static bool try_address(struct trial *t, struct target *g)
{
	bool good;

	g->fd = -1;
	g->asked = g->taken = false;
	good = tcp_step(t, g) && tls_step(t, g) && options_step(t, g);
	/* Their verdict on our certificate may come behind the handshake. */
	SSL_free(g->ssl);
	g->ssl = NULL;
	if (g->fd >= 0)
		close(g->fd);
	return good;
}

static void try_target(struct trial *t, struct target *g, struct dns *dns)
{
	struct resolved list;
	char text[ADDR_TEXT_MAX];
	int err = dns_addresses(dns, g->host, g->port, &list);

	if (err) {
		trial_step(t, false, "address", "%.*s: %s", SLICE_ARG(g->host),
			   dns_words(err));
		return;
	}
	for (unsigned i = 0; i < list.n; i++) {
		g->to = list.addr[i];
		if (!settings_partner_address(t->s, &g->to)) {
			trial_step(t, false, "address",
				   "%.*s is %s, which points inside, to a "
				   "private network or to ourselves; the edge "
				   "goes there only when "
				   "federation.private_ok lists it",
				   SLICE_ARG(g->host), addr_text(&g->to, text));
			continue;
		}
		trial_step(t, true, "address", "%.*s is %s", SLICE_ARG(g->host),
			   addr_text(&g->to, text));
		if (try_address(t, g))
			t->reached = true;
	}
}

static void try_proxy(struct trial *t, const struct host_port *p,
		      struct dns *dns)
{
	struct target g = {
		.host = slice_of(p->host),
		.port = p->port ? p->port : 5061,
		.secure = true, /* the settings say so */
	};

	trial_step(t, true, "proxy", "%s:%u, by the settings", p->host, g.port);
	try_target(t, &g, dns);
}

static void say_edges(struct trial *t, const struct resolve_service *sv,
		      const struct target *g)
{
	if (g->in_domain || g->secure)
		trial_step(t, true, "srv", "%.*s:%u%s", SLICE_ARG(g->host),
			   g->port, sv->secure ? ", signed by DNSSEC" : "");
	else
		trial_step(t, true, "srv",
			   "%.*s:%u lies outside of %s and DNSSEC does not "
			   "vouch for it: only a certificate for %s itself "
			   "will do",
			   SLICE_ARG(g->host), g->port, t->domain, t->domain);
}

static void try_service(struct trial *t, struct dns *dns)
{
	const struct host_port *route = &t->s->federation.route;
	struct slice domain = slice_of(t->domain);
	struct resolve_service sv = {0};
	int err = dns_edges(dns, domain, &sv);

	if (err) {
		trial_step(t, false, "srv", "%s: %s", t->domain,
			   dns_words(err));
		return;
	}
	if (!sv.n) {
		trial_step(t, !!route->host, "srv",
			   "no SRV record _sipfederationtls._tcp.%s, nor "
			   "_sips._tcp.%s%s",
			   t->domain, t->domain,
			   route->host ? "; federation.route is used" : "");
		if (route->host)
			try_proxy(t, route, dns);
		return;
	}
	for (unsigned i = 0; i < sv.n; i++) {
		struct target g = {
			.host = slice_of(sv.edge[i].host),
			.port = sv.edge[i].port,
			.secure = sv.secure,
		};

		g.in_domain = slice_host_within(g.host, domain);
		say_edges(t, &sv, &g);
		try_target(t, &g, dns);
	}
}

static int run(struct trial *t, enum way_out way)
{
	char why[WHY_MAX] = "out of memory";
	struct dns *dns = NULL;

	if (way == WAY_NONE || way == WAY_BLOCKED)
		return EXIT_FINDINGS;
	ours_step(t);
	if (tlsctx_create(&t->tls, t->s, NULL, why) ||
	    dns_open(&dns, t->s, why))
		return no_look("%s", why);
	if (way == WAY_SERVICE)
		try_service(t, dns);
	else
		try_proxy(t,
			  way == WAY_PROXY ? &t->partner->proxy
					   : &t->s->federation.route,
			  dns);
	dns_close(&dns);
	return t->failed || !t->reached ? EXIT_FINDINGS : EXIT_FINE;
}

/* The name as DNS compares it. 0 or EINVAL. */
static int read_domain(char out[256], const char *given)
{
	size_t n = strlen(given);

	if (n && given[n - 1] == '.')
		n--;
	if (!n || n > 253)
		return EINVAL;
	for (size_t i = 0; i < n; i++) {
		char c = given[i];

		out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-.", out[i]))
			return EINVAL;
	}
	out[n] = '\0';
	return 0;
}

static int test(const char *config, const char *given, uint32_t within_s,
		bool json)
{
	struct trial t = {.until_ms =
				  now_mono_ms() + within_s * UINT64_C(1000)};
	char domain[256];
	int status;

	if (read_domain(domain, given))
		return no_look("%s is no domain", given);
	t.domain = domain;
	status = settings_get(&t.s, config);
	if (status)
		return status;
	t.r = report_begin(json);
	if (!t.r)
		return no_look("out of memory");
	status = run(&t, settings_step(&t));
	tlsctx_unref(&t.tls);
	settings_unref(&t.s);
	return report_end(&t.r, status);
}

int partner_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"within", required_argument, NULL, 'w'},
		{"json", no_argument, NULL, 'j'},
		{0},
	};
	uint32_t within_s = WITHIN_S;
	bool json = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == '?' ||
		    (opt == 'w' &&
		     (slice_to_u32(&within_s, slice_of(optarg)) || !within_s)))
			return no_look("partner: wrong option; see edgectl -h");
		json = json || opt == 'j';
	}
	if (argc - optind != 3 || strcmp(argv[optind], "test"))
		return no_look("partner test CONFIG DOMAIN");
	return test(argv[optind + 1], argv[optind + 2], within_s, json);
}
